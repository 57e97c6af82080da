/* SPDX-License-Identifier: MIT */
/* Which pictures a run gets, and which photo stands where on them. */
#include "covey_test.h"

#include <cairo.h>

#include "figure_internal.h"
#include "report_fixture.h"

static covey_error err;

/* Row r is a square of one colour; row 3 cannot be had any more. */
static uint32_t colour_of(int64_t row) { return (uint32_t)(0x10203 * (row + 1)) & 0xFFFFFF; }

static covey_status coloured_pictures(covey_picture **out, const covey_run *run,
                                      const int64_t *rows, size_t n, size_t side,
                                      covey_error *e) {
    (void)e;
    covey_picture *pictures = covey__calloc(n, sizeof *pictures);
    assert_non_null(pictures);
    assert_true(side >= 2 * 148); /* sharp at the size it is drawn */
    for (size_t i = 0; i < n; ++i) {
        assert_in_range(rows[i], 0, run->n_photos - 1);
        if (rows[i] == 3)
            continue;
        pictures[i].rgb = covey__alloc(8 * 8 * 3);
        pictures[i].width = pictures[i].height = 8;
        for (size_t p = 0; p < 64; ++p)
            for (int c = 0; c < 3; ++c)
                pictures[i].rgb[3 * p + (size_t)c] = (uint8_t)(colour_of(rows[i]) >> (16 - 8 * c));
    }
    *out = pictures;
    return COVEY_OK;
}

static covey_status no_pictures(covey_picture **out, const covey_run *run, const int64_t *rows,
                                size_t n, size_t side, covey_error *e) {
    (void)out, (void)run, (void)rows, (void)n, (void)side;
    return covey__fail(e, COVEY_E_DECODER, NULL, "the decoder is not there");
}

/* The colour in the middle of tile `column` of the first row. */
static uint32_t tile_colour(const char *path, size_t column) {
    cairo_surface_t *surface = cairo_image_surface_create_from_png(path);
    assert_int_equal(cairo_surface_status(surface), CAIRO_STATUS_SUCCESS);
    const unsigned char *data = cairo_image_surface_get_data(surface);
    size_t x = 2 * (28 + 164 * column + 74), y = 2 * (28 + 44 + 74);
    assert_true(x < (size_t)cairo_image_surface_get_width(surface));
    uint32_t pixel;
    memcpy(&pixel, data + y * (size_t)cairo_image_surface_get_stride(surface) + 4 * x, 4);
    cairo_surface_destroy(surface);
    return pixel & 0xFFFFFF;
}

static void test_strips_and_sheet(void **state) {
    (void)state;
    char folder[256], path[400];
    covey_test_folder(folder);
    fixture_options o = {.n = 40, .k = 5, .n_losses = 2, .photos = 1, .empty = 1};
    covey_run *run = fixture_new(&o);
    assert_ok(covey__figures_save(run, folder, COVEY_LANGUAGE_EN, coloured_pictures, &err));
    for (size_t l = 0; l < 2; ++l) {
        const covey_clustering *c = &run->comparison.clusterings[l];
        snprintf(path, sizeof path, "%s/representatives_%s.png", folder, c->loss.ops->name);
        for (size_t j = 0; j < 4; ++j)
            if (c->representatives[j] != 3)
                assert_int_equal(tile_colour(path, j), colour_of(c->representatives[j]));
        snprintf(path, sizeof path, "%s/representatives_%s.svg", folder, c->loss.ops->name);
        assert_int_equal(access(path, R_OK), 0);
    }
    snprintf(path, sizeof path, "%s/contact_sheet.png", folder);
    assert_int_equal(tile_colour(path, 0), colour_of(0));
    assert_int_equal(tile_colour(path, 7), colour_of(7));
    /* A photo that is not there any more is a grey box, and no reason to fail. */
    assert_int_equal(tile_colour(path, 3), 0xEBEBE8);
    fixture_free(run);
    covey_test_remove(folder);
}

static void test_large_runs_get_a_sample(void **state) {
    (void)state;
    char folder[256], path[400];
    covey_test_folder(folder);
    fixture_options o = {.n = 480, .k = 240, .n_losses = 1, .photos = 1};
    covey_run *run = fixture_new(&o);
    assert_ok(covey__figures_save(run, folder, COVEY_LANGUAGE_EN, coloured_pictures, &err));
    snprintf(path, sizeof path, "%s/contact_sheet.png", folder);
    assert_int_equal(tile_colour(path, 1), colour_of(10)); /* 48 of 480 */
    fixture_free(run);
    covey_test_remove(folder);
}

static void test_without_photos_or_decoder(void **state) {
    (void)state;
    char folder[256], path[400];
    covey_test_folder(folder);
    fixture_options o = {.n = 9, .k = 3, .n_losses = 2};
    covey_run *run = fixture_new(&o);
    assert_ok(covey__figures_save(run, folder, COVEY_LANGUAGE_EN, no_pictures, &err));
    snprintf(path, sizeof path, "%s/contact_sheet.png", folder);
    assert_int_not_equal(access(path, F_OK), 0);
    fixture_free(run);
    o.photos = 1;
    run = fixture_new(&o);
    assert_status(covey__figures_save(run, folder, COVEY_LANGUAGE_EN, no_pictures, &err), COVEY_E_DECODER);
    assert_int_not_equal(access(path, F_OK), 0);
    fixture_free(run);
    covey_test_remove(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strips_and_sheet),
        cmocka_unit_test(test_large_runs_get_a_sample),
        cmocka_unit_test(test_without_photos_or_decoder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
