/* SPDX-License-Identifier: MIT */
/* Feature maps: the write-up's normalisation, viridis, and a grid with the photo beside it. */
#include <math.h>

#include "figure_internal.h"

/* 112 logical are 224 PNG pixels: the maps of a photo of 224 by 224 come out at whole factors. */
enum { MAP = 112, GAP = 14, MARGIN = 28, TITLE = 44, CAPTION = 19, TEXT = 11 };

/* NumPy's sum of float32: halves down to 128 numbers, eight partial sums there. The rounding is
 * part of the result, since the maps are compared to the bit. */
static float block_sum(const float *x, size_t n) {
    float part[8], sum = 0;
    size_t i = 0;
    if (n >= 8) {
        for (size_t j = 0; j < 8; ++j)
            part[j] = x[j];
        for (i = 8; i < n - n % 8; i += 8)
            for (size_t j = 0; j < 8; ++j)
                part[j] += x[i + j];
        sum = ((part[0] + part[1]) + (part[2] + part[3])) +
              ((part[4] + part[5]) + (part[6] + part[7]));
    }
    for (; i < n; ++i)
        sum += x[i];
    return sum;
}

/* That sum over x - shift, or over its squared differences to *mean; each array that NumPy would
 * make is rounded to float32 here too. */
static float pairwise_sum(const float *x, size_t n, float shift, const float *mean) {
    if (n <= 128) {
        float block[128];
        for (size_t i = 0; i < n; ++i) {
            block[i] = x[i] - shift;
            if (mean) {
                block[i] = block[i] - *mean;
                block[i] = block[i] * block[i];
            }
        }
        return block_sum(block, n);
    }
    size_t half = n / 2;
    half -= half % 8;
    return pairwise_sum(x, half, shift, mean) + pairwise_sum(x + half, n - half, shift, mean);
}

void covey_figure_normalise_map(uint8_t *out, const float *map, size_t n) {
    if (!n)
        return;
    /* arr = arr - arr.mean(); arr = arr / (arr.std() + 1e-5); arr.std() takes the mean again. */
    float mean = pairwise_sum(map, n, 0.0f, NULL) / (float)n;
    float again = pairwise_sum(map, n, mean, NULL) / (float)n;
    float by = sqrtf(pairwise_sum(map, n, mean, &again) / (float)n) + 1e-5f;
    for (size_t i = 0; i < n; ++i) {
        float value = (map[i] - mean) / by * 64.0f + 128.0f;
        value = value > 0.0f ? value : 0.0f; /* also where it is NaN */
        out[i] = (uint8_t)(value < 255.0f ? value : 255.0f);
    }
}

/* out [n][3]: the colours of map [n] over low..high; a constant map gets the lowest. */
static void colour_map(uint8_t *out, const uint8_t *map, size_t n, int low, int high) {
    if (low >= high) {
        low = 255;
        high = 0;
        for (size_t i = 0; i < n; ++i) {
            low = map[i] < low ? map[i] : low;
            high = map[i] > high ? map[i] : high;
        }
    }
    for (size_t i = 0; i < n; ++i) {
        int index = high > low ? (int)((double)(map[i] - low) / (high - low) * 256) : 0;
        index = index < 0 ? 0 : index > 255 ? 255 : index;
        for (int c = 0; c < 3; ++c)
            out[3 * i + (size_t)c] = covey__viridis[index][c];
    }
}

static size_t columns_of(size_t n) { return n <= 4 ? n : n <= 16 ? 4 : n <= 64 ? 8 : 16; }

covey_status covey_figure_save_maps(const char *path, const char *title, const uint8_t *maps,
                                    size_t n, size_t height, size_t width,
                                    const char *const *titles, const uint8_t *photo, size_t side,
                                    int range_low, int range_high, covey_error *err) {
    covey_status status = COVEY_OK;
    covey__canvas canvas = {0};
    uint8_t *rgb = NULL;
    size_t pixels, bytes;
    COVEY_FAIL_IF(n == 0 || height == 0 || width == 0, err, COVEY_E_ARGUMENT, path,
                  "a figure needs at least one feature map");
    COVEY_NOMEM_IF(covey__mul_size(&pixels, height, width) || covey__mul_size(&bytes, pixels, 3),
                   err);
    rgb = covey__alloc(bytes);
    COVEY_NOMEM_IF(!rgb, err);
    size_t columns = columns_of(n), rows = (n + columns - 1) / columns;
    double head = title && *title ? TITLE : 0, down = MAP + CAPTION + GAP;
    /* The photo is two maps high where there are two rows. */
    double shown = photo && side ? (rows > 1 ? MAP + down : MAP) : 0;
    double left = MARGIN + (shown > 0 ? shown + 2 * GAP : 0);
    double total = left + (double)columns * (MAP + GAP) - GAP + MARGIN;
    COVEY_TRY(covey__canvas_open(&canvas, path, total,
                                 2 * MARGIN + head + (double)rows * down - GAP, err));
    if (head > 0)
        COVEY_TRY(covey__canvas_text(&canvas, MARGIN, MARGIN - 6, total - 2 * MARGIN, title,
                                     (covey__line){.size = 20, .bold = 1}, err));
    if (shown > 0)
        COVEY_TRY(covey__canvas_image(&canvas,
                                      (covey__box){MARGIN, MARGIN + head, shown, shown}, photo,
                                      side, side, 0, err));
    for (size_t i = 0; i < n; ++i) {
        double x = left + (double)(i % columns) * (MAP + GAP);
        double y = MARGIN + head + (double)(i / columns) * down;
        colour_map(rgb, maps + i * pixels, pixels, range_low, range_high);
        COVEY_TRY(covey__canvas_image(&canvas, (covey__box){x, y, MAP, MAP}, rgb, width, height,
                                      width <= 2 * MAP && height <= 2 * MAP, err));
        if (titles && titles[i])
            COVEY_TRY(covey__canvas_text(&canvas, x, y + MAP + 3, MAP, titles[i],
                                         (covey__line){.size = TEXT, .soft = 1, .centred = 1},
                                         err));
    }
    COVEY_TRY(covey__canvas_save(&canvas, path, err));
done:
    covey__canvas_close(&canvas);
    covey__free(rgb);
    return status;
}
