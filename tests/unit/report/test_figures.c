/* SPDX-License-Identifier: MIT */
#include "folder_fixture.h"

#include <cairo.h>

#include "base_internal.h"
#include "covey/report.h"
#include "figure_internal.h"

static covey_error err;

static char *read_back(const char *name, size_t *size) {
    char path[300], *data;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_ok(covey__file_read(&data, size, path, (size_t)1 << 28, &err));
    return data;
}

static unsigned big_endian(const char *p) {
    const unsigned char *u = (const unsigned char *)p;
    return (unsigned)u[0] << 24 | (unsigned)u[1] << 16 | (unsigned)u[2] << 8 | u[3];
}

/* Eight tiles, one without a picture, with captions in several scripts and one that is none. */
static covey_status save_tiles(const char *name, size_t n, size_t columns) {
    static uint8_t rgb[30 * 20 * 3];
    static const char *const captions[] = {
        "IMG_0001.jpg", "\xDA\xAF\xD8\xB1\xD8\xA8\xD9\x87.jpg\n5 of 6", "bad \xFF name",
        "<&>\"'", "", NULL, "a name that is far too long for a tile to hold whole.jpeg",
        "\xE2\x80\xAEgpj.exe"};
    for (size_t i = 0; i < sizeof rgb; ++i)
        rgb[i] = (uint8_t)(i * 7);
    covey_tile tiles[16];
    for (size_t i = 0; i < n; ++i)
        tiles[i] = (covey_tile){i == 3 ? NULL : rgb, i % 2 ? 20 : 30, i % 2 ? 30 : 20,
                                captions[i % 8]};
    char path[300];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return covey_figure_save_tiles(path, "Representative photos", tiles, n, columns, &err);
}

static void test_png_of_tiles(void **state) {
    (void)state;
    size_t size;
    assert_ok(save_tiles("tiles.png", 8, 4));
    char *png = read_back("tiles.png", &size);
    assert_memory_equal(png, "\x89PNG\r\n\x1A\n", 8);
    /* Margins of 28, tiles of 148, gaps of 16, a title of 44, two caption lines of 15 and 5 above
     * them; two pixels for each. */
    assert_int_equal(big_endian(png + 16), 2 * (2 * 28 + 4 * 148 + 3 * 16));
    assert_int_equal(big_endian(png + 20), 2 * (2 * 28 + 44 + 2 * (148 + 16 + 5 + 30) - 16));
    covey__free(png);
}

static void test_svg_has_outlines_and_no_text(void **state) {
    (void)state;
    size_t size;
    assert_ok(save_tiles("tiles.svg", 8, 4));
    char *svg = read_back("tiles.svg", &size);
    assert_non_null(strstr(svg, "<svg "));
    assert_non_null(strstr(svg, "<path "));
    assert_null(strstr(svg, "<text"));
    assert_null(strstr(svg, "font"));
    assert_non_null(strstr(svg, "data:image/png;base64,"));
    covey__free(svg);
}

static void test_same_figure_same_bytes(void **state) {
    (void)state;
    static const char *const names[][2] = {{"a.png", "b.png"}, {"a.svg", "b.svg"}};
    for (size_t i = 0; i < LENGTH(names); ++i) {
        size_t first, second;
        assert_ok(save_tiles(names[i][0], 12, 5));
        assert_ok(save_tiles("between.svg", 3, 1));
        assert_ok(save_tiles(names[i][1], 12, 5));
        char *a = read_back(names[i][0], &first), *b = read_back(names[i][1], &second);
        assert_int_equal(first, second);
        assert_memory_equal(a, b, first);
        covey__free(a);
        covey__free(b);
    }
}

static void test_bad_requests(void **state) {
    (void)state;
    char path[300];
    assert_status(save_tiles("tiles.jpg", 2, 2), COVEY_E_ARGUMENT);
    assert_non_null(strstr(err.message, ".png"));
    assert_status(save_tiles(".svg", 0, 2), COVEY_E_ARGUMENT);
    assert_status(save_tiles("no/such/folder.png", 2, 2), COVEY_E_NOT_FOUND);
    static covey_tile many[20000];
    snprintf(path, sizeof path, "%s/many.png", folder);
    assert_status(covey_figure_save_tiles(path, "", many, LENGTH(many), 100, &err),
                  COVEY_E_LIMIT);
    assert_int_not_equal(access(path, F_OK), 0);
}

/* Values by NumPy 2.4: arr - mean, / (std + 1e-5), * 64 + 128, clip, astype uint8, in float32. */
static void test_normalised_map(void **state) {
    (void)state;
    float map[200];
    uint8_t out[200];
    for (int i = 0; i < 200; ++i)
        map[i] = (float)((i * 37) % 101) / 8.0f - (float)((i * i) % 13) * 0.75f;
    covey_figure_normalise_map(out, map, 200);
    static const uint8_t want[] = {
#include "figure_map_values.h"
    };
    assert_int_equal(LENGTH(want), 200);
    for (size_t i = 0; i < 200; ++i)
        if (out[i] != want[i])
            fail_msg("value %zu is %d, NumPy's is %d", i, out[i], want[i]);
    for (int i = 0; i < 200; ++i)
        map[i] = 3.25f;
    covey_figure_normalise_map(out, map, 200);
    for (size_t i = 0; i < 200; ++i)
        assert_int_equal(out[i], 128);
}

static void test_maps(void **state) {
    (void)state;
    enum { SIDE = 14, COUNT = 8 };
    static uint8_t maps[COUNT * SIDE * SIDE], photo[32 * 32 * 3];
    const char *titles[COUNT];
    for (size_t i = 0; i < sizeof maps; ++i)
        maps[i] = (uint8_t)(i * 13);
    memset(maps, 77, (size_t)SIDE * SIDE); /* a constant map: the lowest colour */
    for (size_t i = 0; i < COUNT; ++i)
        titles[i] = "channel";
    char path[300];
    size_t size;
    snprintf(path, sizeof path, "%s/maps.png", folder);
    assert_ok(covey_figure_save_maps(path, "layer 29", maps, COUNT, SIDE, SIDE, titles, photo, 32,
                                     0, 0, &err));
    char *png = read_back("maps.png", &size);
    assert_memory_equal(png, "\x89PNG\r\n\x1A\n", 8);
    /* The photo is as high as two maps with a caption and a gap between. */
    assert_int_equal(big_endian(png + 16),
                     2 * (28 + (112 + 112 + 19 + 14) + 28 + 4 * 112 + 3 * 14 + 28));
    covey__free(png);
    cairo_surface_t *picture = cairo_image_surface_create_from_png(path);
    assert_int_equal(cairo_surface_status(picture), CAIRO_STATUS_SUCCESS);
    const unsigned char *data = cairo_image_surface_get_data(picture);
    int stride = cairo_image_surface_get_stride(picture);
    int left = 2 * (28 + 257 + 28), top = 2 * (28 + 44);
    uint32_t constant, low;
    memcpy(&constant, data + (top + 9) * stride + 4 * (left + 9), 4);
    assert_int_equal(constant & 0xFFFFFF, 68 << 16 | 1 << 8 | 84);
    /* The second map's first pixel, 16 by 16 of the PNG's: its value over its own range. */
    const uint8_t *second = maps + SIDE * SIDE;
    int least = 255, most = 0;
    for (int i = 0; i < SIDE * SIDE; ++i) {
        least = second[i] < least ? second[i] : least;
        most = second[i] > most ? second[i] : most;
    }
    int index = (int)((double)(second[0] - least) / (most - least) * 256);
    const uint8_t *colour = covey__viridis[index > 255 ? 255 : index];
    left += 2 * (112 + 14);
    for (int corner = 0; corner < 16; corner += 15) {
        memcpy(&low, data + (top + corner) * stride + 4 * (left + corner), 4);
        assert_int_equal(low & 0xFFFFFF, colour[0] << 16 | colour[1] << 8 | colour[2]);
    }
    cairo_surface_destroy(picture);
    /* A fixed range draws the constant map in its own colour. */
    assert_ok(covey_figure_save_maps(path, NULL, maps, 1, SIDE, SIDE, NULL, NULL, 0, 0, 255,
                                     &err));
    picture = cairo_image_surface_create_from_png(path);
    data = cairo_image_surface_get_data(picture);
    memcpy(&constant, data + 60 * cairo_image_surface_get_stride(picture) + 4 * 60, 4);
    colour = covey__viridis[(int)(77 / 255. * 256)];
    assert_int_equal(constant & 0xFFFFFF, colour[0] << 16 | colour[1] << 8 | colour[2]);
    cairo_surface_destroy(picture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_png_of_tiles),
        cmocka_unit_test(test_svg_has_outlines_and_no_text),
        cmocka_unit_test(test_same_figure_same_bytes),
        cmocka_unit_test(test_bad_requests),
        cmocka_unit_test(test_normalised_map),
        cmocka_unit_test(test_maps),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
