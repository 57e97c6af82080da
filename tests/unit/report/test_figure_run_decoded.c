/* SPDX-License-Identifier: MIT */
/* The pictures of a run, decoded from its photos by covey-decode. */
#include "covey_test.h"

#include <cairo.h>

#include "report_fixture.h"

static covey_error err;

static void write_photo(const char *folder, const char *name, double red, double green,
                        double blue) {
    char path[400];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 60, 60);
    cairo_t *cairo = cairo_create(surface);
    cairo_set_source_rgb(cairo, red, green, blue);
    cairo_paint(cairo);
    assert_int_equal(cairo_surface_write_to_png(surface, path), CAIRO_STATUS_SUCCESS);
    cairo_destroy(cairo);
    cairo_surface_destroy(surface);
}

/* The colour in the middle of tile (column, 0). */
static uint32_t tile_colour(const char *folder, const char *name, int column) {
    char path[400];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    cairo_surface_t *surface = cairo_image_surface_create_from_png(path);
    assert_int_equal(cairo_surface_status(surface), CAIRO_STATUS_SUCCESS);
    const unsigned char *data = cairo_image_surface_get_data(surface);
    uint32_t pixel;
    size_t x = 2 * (28 + 164 * (size_t)column + 74), y = 2 * (28 + 44 + 74);
    memcpy(&pixel, data + y * (size_t)cairo_image_surface_get_stride(surface) + 4 * x, 4);
    cairo_surface_destroy(surface);
    return pixel & 0xFFFFFF;
}

static void test_strips_and_sheet(void **state) {
    (void)state;
    static const char *const names[] = {"a.png", "b.png", "c.png", "gone.png"};
    char folder[256], figures[300];
    covey_test_folder(folder);
    setenv("COVEY_DECODE", COVEY_TEST_BUILD "/covey-decode", 1);
    write_photo(folder, "a.png", 1, 0, 0);
    write_photo(folder, "b.png", 0, 1, 0);
    write_photo(folder, "c.png", 0, 0, 1);
    fixture_options o = {.n = 4, .k = 4, .n_losses = 2, .photos = 1, .names = names};
    covey_run *run = fixture_new(&o);
    run->roots[0] = folder;
    snprintf(figures, sizeof figures, "%s/figures", folder);
    assert_ok(covey_figures_save_run(run, figures, COVEY_LANGUAGE_EN, &err));
    static const char *const made[] = {"contact_sheet.png", "representatives_square.png",
                                       "representatives_absolute.png"};
    for (size_t i = 0; i < LENGTH(made); ++i) {
        assert_int_equal(tile_colour(figures, made[i], 0), 0xFF0000);
        assert_int_equal(tile_colour(figures, made[i], 1), 0x00FF00);
        assert_int_equal(tile_colour(figures, made[i], 2), 0x0000FF);
        /* A photo that is not there any more is a grey box, and no reason to fail. */
        assert_int_equal(tile_colour(figures, made[i], 3), 0xEBEBE8);
        char path[400];
        snprintf(path, sizeof path, "%s/%.*ssvg", figures, (int)strlen(made[i]) - 3, made[i]);
        assert_int_equal(access(path, R_OK), 0);
    }
    fixture_free(run);
    covey_test_remove(folder);
}

static void test_a_run_without_photos_has_no_pictures(void **state) {
    (void)state;
    char folder[256], figures[300], path[400];
    covey_test_folder(folder);
    snprintf(figures, sizeof figures, "%s/figures", folder);
    fixture_options o = {.n = 9, .k = 3, .n_losses = 2};
    covey_run *run = fixture_new(&o);
    assert_ok(covey_figures_save_run(run, figures, COVEY_LANGUAGE_EN, &err));
    snprintf(path, sizeof path, "%s/contact_sheet.png", figures);
    assert_int_not_equal(access(path, F_OK), 0);
    fixture_free(run);
    covey_test_remove(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strips_and_sheet),
        cmocka_unit_test(test_a_run_without_photos_has_no_pictures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
