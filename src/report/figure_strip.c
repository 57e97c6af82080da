/* SPDX-License-Identifier: MIT */
/* Feature maps small enough for a page: side by side in one PNG without words. */
#include <math.h>
#include <string.h>

#include "figure_internal.h"

enum { MOST_MAPS = 64, SECONDS = 30 };

/* The mean over squares of `by` by `by`; what is left over at the far ends is not shown. */
static uint8_t shrunk(const uint8_t *map, size_t width, size_t by, size_t row, size_t column) {
    unsigned sum = 0;
    for (size_t i = 0; i < by; ++i)
        for (size_t j = 0; j < by; ++j)
            sum += map[(row * by + i) * width + column * by + j];
    return (uint8_t)((sum + by * by / 2) / (by * by));
}

/* One map [height][width], its own range over the colours: rgb [height / by][width / by][3]. */
static void paint(uint8_t *rgb, const uint8_t *map, size_t height, size_t width, size_t by) {
    int low = 255, high = 0;
    size_t rows = height / by, columns = width / by;
    for (size_t i = 0; i < rows; ++i)
        for (size_t j = 0; j < columns; ++j) {
            int value = shrunk(map, width, by, i, j);
            low = value < low ? value : low;
            high = value > high ? value : high;
        }
    for (size_t i = 0; i < rows; ++i)
        for (size_t j = 0; j < columns; ++j) {
            int value = shrunk(map, width, by, i, j);
            const uint8_t *colour =
                covey__viridis[high > low ? (value - low) * 255 / (high - low) : 0];
            memcpy(rgb + 3 * (i * columns + j), colour, 3);
        }
}

covey_status covey_figure_encode_strip(uint8_t **png, size_t *bytes, const uint8_t *maps, size_t n,
                                       size_t height, size_t width, size_t side,
                                       covey_error *err) {
    covey_status status = COVEY_OK;
    covey__text out = {0};
    covey__canvas canvas = {0};
    uint8_t *rgb = NULL;
    const double pixel = 1.0 / COVEY__FIGURE_SCALE; /* a canvas counts in logical ones */
    COVEY_FAIL_IF(n == 0 || n > MOST_MAPS || height == 0 || width == 0 || side == 0 ||
                      height > 4096 || width > 4096,
                  err, COVEY_E_ARGUMENT, NULL, "a strip holds 1 to %d maps of 1 to 4096 pixels",
                  MOST_MAPS);
    size_t largest = height > width ? height : width, by = largest > side ? largest / side : 1;
    by = by < height && by < width ? by : (height < width ? height : width);
    size_t across = width / by, down = height / by, gap = across > 32 ? 2 : 1;
    rgb = covey__alloc(across * down * 3);
    COVEY_NOMEM_IF(!rgb, err);
    COVEY_TRY(covey__canvas_open(&canvas, "strip.png",
                                 ceil((double)(n * (across + gap) - gap) * pixel),
                                 ceil((double)down * pixel), err));
    for (size_t i = 0; i < n; ++i) {
        covey__box box = {(double)(i * (across + gap)) * pixel, 0, (double)across * pixel,
                          (double)down * pixel};
        paint(rgb, maps + i * height * width, height, width, by);
        COVEY_TRY(covey__canvas_image(&canvas, box, rgb, across, down, 1, err));
    }
    COVEY_TRY(covey__draw(&out, &canvas.list, SECONDS, err));
    *png = (uint8_t *)out.data;
    *bytes = out.size;
    out = (covey__text){0};
done:
    covey__canvas_close(&canvas);
    covey__free(rgb);
    covey__text_fini(&out);
    return status;
}
