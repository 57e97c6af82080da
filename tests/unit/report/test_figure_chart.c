/* SPDX-License-Identifier: MIT */
#include "folder_fixture.h"

#include <cairo.h>

#include "covey/chart.h"
#include "figure_chart_internal.h"

static covey_error err;

static char *read_back(const char *name, size_t *size) {
    char path[300], *data;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_ok(covey__file_read(&data, size, path, (size_t)1 << 28, &err));
    return data;
}

static void test_axis_ticks_are_round(void **state) {
    (void)state;
    covey__axis axis;
    char label[32];
    covey__axis_init(&axis, -0.3, 9.7, 0, 1);
    assert_close(axis.low, -2, 0, 1e-12);
    assert_close(axis.high, 10, 0, 1e-12);
    assert_int_equal(axis.n_ticks, 7);
    covey__axis_label(label, &axis, 1);
    assert_string_equal(label, "0");
    assert_close(covey__axis_place(&axis, 4), 0.5, 1e-12, 0);
    covey__axis_init(&axis, 3e-9, 20, 1, 1);
    assert_close(axis.low, -10, 0, 1e-12);
    assert_close(axis.high, 2, 0, 1e-12);
    covey__axis_label(label, &axis, 0);
    assert_string_equal(label, "1e-10");
    assert_true(isnan(covey__axis_place(&axis, 0)));
    /* One value, no value: an axis all the same. */
    covey__axis_init(&axis, 5, 5, 0, 1);
    assert_true(axis.low < 5 && axis.high > 5 && axis.n_ticks >= 2);
}

enum { SIDE = 21 };
static const double line_x[] = {0, 1, 2, 3, 4}, line_y[] = {1, NAN, 3, INFINITY, 2};
static const double level_x[] = {0, 4}, level_y[] = {1, 1};
static double bowl[SIDE * SIDE];

static covey_status save(const char *name, int with_field) {
    char path[300];
    for (int j = 0; j < SIDE; ++j)
        for (int i = 0; i < SIDE; ++i)
            bowl[j * SIDE + i] = (i - 10) * (i - 10) + (j - 10) * (j - 10);
    covey_series series[] = {{"level", level_x, level_y, 2, 0, 0},
                             {"with gaps", line_x, line_y, 5, 5, 0}};
    covey_panel panels[] = {{.title = "one", .x_label = "x", .y_label = "y", .series = series,
                             .n_series = 2, .x_low = 0, .x_high = 4, .y_low = 0, .y_high = 4},
                            {.title = "two", .series = series, .n_series = 1, .log_y = 1,
                             .field = with_field ? bowl : NULL, .field_width = SIDE,
                             .field_height = SIDE}};
    covey_figure figure = {.title = "A figure", .note = "n", .panels = panels, .n_panels = 2,
                           .columns = 2};
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return covey_figure_save(path, &figure, &err);
}

static void test_same_chart_same_bytes(void **state) {
    (void)state;
    static const char *const names[] = {"a.png", "b.png", "a.svg", "b.svg"};
    for (int i = 0; i < 4; i += 2) {
        size_t a_size, b_size;
        assert_ok(save(names[i], 1));
        assert_ok(save(names[i + 1], 1));
        char *a = read_back(names[i], &a_size), *b = read_back(names[i + 1], &b_size);
        assert_int_equal(a_size, b_size);
        assert_memory_equal(a, b, a_size);
        if (i == 2) {
            assert_null(strstr(a, "<text"));
            assert_null(strstr(a, "font-family"));
            assert_non_null(strstr(a, "stroke-dasharray")); /* the second line is dashed */
        }
        covey__free(a);
        covey__free(b);
    }
}

static uint32_t pixel(cairo_surface_t *picture, double x, double y) {
    uint32_t value;
    int stride = cairo_image_surface_get_stride(picture);
    memcpy(&value,
           cairo_image_surface_get_data(picture) + (int)(2 * y) * stride + 4 * (int)(2 * x), 4);
    return value & 0xFFFFFF;
}

/* Frames begin at 28 + 62 from the left and 28 + 40 + 20 + 14 + 42 from above, 300 by 200. */
static void test_lines_lie_where_the_axes_say(void **state) {
    (void)state;
    char path[300];
    const double left = 90, top = 144;
    assert_ok(save("where.png", 1));
    snprintf(path, sizeof path, "%s/where.png", folder);
    cairo_surface_t *picture = cairo_image_surface_create_from_png(path);
    assert_int_equal(cairo_surface_status(picture), CAIRO_STATUS_SUCCESS);
    /* y = 1 of 0..4 is three quarters down; a solid blue line. */
    for (double x = 20; x < 300; x += 37)
        assert_int_equal(pixel(picture, left + x, top + 150), 0x0072B2);
    /* The line with gaps has nothing between its lone points: no orange half way from 0 to 2. */
    for (double y = 20; y < 140; ++y)
        assert_int_not_equal(pixel(picture, left + 75, top + y), 0xD55E00);
    /* Its lone point at (2, 3) has a marker. */
    assert_int_equal(pixel(picture, left + 150, top + 50), 0xD55E00);
    /* The bowl: darkest in the middle, brightest in the corners, equal in opposite ones. */
    const double second = left + 300 + 62 + 14;
    uint32_t middle = pixel(picture, second + 151, top + 94);
    uint32_t corner = pixel(picture, second + 4, top + 4);
    assert_int_equal(corner, pixel(picture, second + 295, top + 195));
    assert_true((middle >> 8 & 255) < (corner >> 8 & 255));
    cairo_surface_destroy(picture);
}

static void test_bad_charts(void **state) {
    (void)state;
    char path[300];
    covey_series nameless = {NULL, level_x, level_y, 2, 0, 0};
    covey_panel panel = {.series = &nameless, .n_series = 1};
    covey_figure figure = {.panels = &panel, .n_panels = 1, .columns = 1};
    snprintf(path, sizeof path, "%s/bad.png", folder);
    assert_status(covey_figure_save(path, &figure, &err), COVEY_E_ARGUMENT);
    nameless.name = "named";
    figure.columns = 0;
    assert_status(covey_figure_save(path, &figure, &err), COVEY_E_ARGUMENT);
    figure.columns = 1;
    figure.width = 59;
    assert_status(covey_figure_save(path, &figure, &err), COVEY_E_ARGUMENT);
    figure.width = NAN;
    assert_status(covey_figure_save(path, &figure, &err), COVEY_E_ARGUMENT);
    figure.width = 0;
    panel.field = bowl;
    panel.field_width = panel.field_height = 1;
    assert_status(covey_figure_save(path, &figure, &err), COVEY_E_ARGUMENT);
    panel.field_width = panel.field_height = 2;
    bowl[1] = NAN;
    assert_status(covey_figure_save(path, &figure, &err), COVEY_E_NUMERIC);
    panel.field = NULL;
    assert_status(covey_figure_save("chart.gif", &figure, &err), COVEY_E_ARGUMENT);
    assert_ok(covey_figure_save(path, &figure, &err));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_axis_ticks_are_round),
        cmocka_unit_test(test_same_chart_same_bytes),
        cmocka_unit_test(test_lines_lie_where_the_axes_say),
        cmocka_unit_test(test_bad_charts),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
