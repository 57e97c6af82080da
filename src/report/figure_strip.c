/* SPDX-License-Identifier: MIT */
/* Feature maps small enough for a page: side by side in one PNG without words. */
#include <cairo.h>
#include <string.h>

#include "figure_internal.h"

enum { MOST_MAPS = 64 };

/* The mean over squares of `by` by `by`; what is left over at the far ends is not shown. */
static uint8_t shrunk(const uint8_t *map, size_t width, size_t by, size_t row, size_t column) {
    unsigned sum = 0;
    for (size_t i = 0; i < by; ++i)
        for (size_t j = 0; j < by; ++j)
            sum += map[(row * by + i) * width + column * by + j];
    return (uint8_t)((sum + by * by / 2) / (by * by));
}

/* One map [height][width] into the surface, its own range over the colours. */
static void paint(unsigned char *pixels, size_t stride, size_t left, const uint8_t *map,
                  size_t height, size_t width, size_t by) {
    int low = 255, high = 0;
    for (size_t i = 0; i < height / by; ++i)
        for (size_t j = 0; j < width / by; ++j) {
            int value = shrunk(map, width, by, i, j);
            low = value < low ? value : low;
            high = value > high ? value : high;
        }
    for (size_t i = 0; i < height / by; ++i)
        for (size_t j = 0; j < width / by; ++j) {
            int value = shrunk(map, width, by, i, j);
            const uint8_t *colour =
                covey__viridis[high > low ? (value - low) * 255 / (high - low) : 0];
            uint32_t pixel = 0xFF000000u | (uint32_t)colour[0] << 16 | (uint32_t)colour[1] << 8 |
                             colour[2];
            memcpy(pixels + i * stride + (left + j) * sizeof pixel, &pixel, sizeof pixel);
        }
}

static cairo_status_t add_bytes(void *closure, const unsigned char *data, unsigned int size) {
    covey__text *text = closure;
    covey__text_add_bytes(text, data, size);
    return text->failed ? CAIRO_STATUS_NO_MEMORY : CAIRO_STATUS_SUCCESS;
}

covey_status covey_figure_encode_strip(uint8_t **png, size_t *bytes, const uint8_t *maps, size_t n,
                                       size_t height, size_t width, size_t side,
                                       covey_error *err) {
    covey_status status = COVEY_OK;
    covey__text out = {0};
    cairo_surface_t *surface = NULL;
    COVEY_FAIL_IF(n == 0 || n > MOST_MAPS || height == 0 || width == 0 || side == 0 ||
                      height > 4096 || width > 4096,
                  err, COVEY_E_ARGUMENT, NULL, "a strip holds 1 to %d maps of 1 to 4096 pixels",
                  MOST_MAPS);
    size_t largest = height > width ? height : width, by = largest > side ? largest / side : 1;
    by = by < height && by < width ? by : (height < width ? height : width);
    size_t across = width / by, gap = across > 32 ? 2 : 1;
    surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, (int)(n * (across + gap) - gap),
                                         (int)(height / by));
    COVEY_FAIL_IF(cairo_surface_status(surface) != CAIRO_STATUS_SUCCESS, err, COVEY_E_NOMEM, NULL,
                  "memory ran out");
    cairo_surface_flush(surface);
    for (size_t i = 0; i < n; ++i)
        paint(cairo_image_surface_get_data(surface),
              (size_t)cairo_image_surface_get_stride(surface), i * (across + gap),
              maps + i * height * width, height, width, by);
    cairo_surface_mark_dirty(surface);
    COVEY_FAIL_IF(cairo_surface_write_to_png_stream(surface, add_bytes, &out) !=
                      CAIRO_STATUS_SUCCESS,
                  err, COVEY_E_NOMEM, NULL, "memory ran out");
    *png = (uint8_t *)out.data;
    *bytes = out.size;
    out = (covey__text){0};
done:
    if (surface)
        cairo_surface_destroy(surface);
    covey__text_fini(&out);
    return status;
}
