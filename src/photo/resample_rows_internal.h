/* SPDX-License-Identifier: MIT */
/* The bodies of the row kernels, written so that compilers vectorise them; each ISA's file includes
 * this under its own flags. Integer sums are exact, so every ISA gives the same bytes.
 *
 * A weight has 22 bits after the point, a sample 8 bits, and the weights of one output add up to
 * about 1: the sum stays below 2^31. No read goes past the taps. */
#ifndef COVEY_RESAMPLE_ROWS_INTERNAL_H
#define COVEY_RESAMPLE_ROWS_INTERNAL_H

#include "resample_internal.h"

enum { PRECISION_BITS = 32 - 8 - 2 };

static inline uint8_t round_sample(int32_t sum) {
    int32_t value = (sum + (1 << (PRECISION_BITS - 1))) >> PRECISION_BITS;
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

static inline void across_body(uint8_t *out, const uint8_t *in, size_t n, const covey__taps *taps,
                               const int32_t *weights, size_t stride) {
    for (size_t x = 0; x < n; ++x) {
        const uint8_t *p = in + 3 * taps[x].first;
        const int32_t *w = weights + 3 * stride * x;
        size_t count = taps[x].count, t = 0;
        if (count < 8) {
            int32_t red = 0, green = 0, blue = 0;
            for (; t < 3 * count; t += 3) {
                red += w[t] * p[t];
                green += w[t] * p[t + 1];
                blue += w[t] * p[t + 2];
            }
            out[3 * x] = round_sample(red);
            out[3 * x + 1] = round_sample(green);
            out[3 * x + 2] = round_sample(blue);
            continue;
        }
        /* Eight pixels are 24 samples: whole vectors, and each lane keeps to one colour. */
        int32_t lanes[24] = {0};
        for (; t + 8 <= count; t += 8)
            for (size_t j = 0; j < 24; ++j)
                lanes[j] += w[3 * t + j] * p[3 * t + j];
        for (size_t j = 0; t < count; ++t, j += 3) {
            lanes[j] += w[3 * t] * p[3 * t];
            lanes[j + 1] += w[3 * t + 1] * p[3 * t + 1];
            lanes[j + 2] += w[3 * t + 2] * p[3 * t + 2];
        }
        for (size_t c = 0; c < 3; ++c) {
            int32_t sum = 0;
            for (size_t j = c; j < 24; j += 3)
                sum += lanes[j];
            out[3 * x + c] = round_sample(sum);
        }
    }
}

static inline void down_body(uint8_t *restrict out, int32_t *restrict sums,
                             const uint8_t *const *rows, const int32_t *weights, size_t taps,
                             size_t n) {
    for (size_t j = 0; j < n; ++j)
        sums[j] = 0;
    for (size_t t = 0; t < taps; ++t) {
        const uint8_t *restrict row = rows[t];
        int32_t w = weights[t];
        for (size_t j = 0; j < n; ++j)
            sums[j] += w * row[j];
    }
    for (size_t j = 0; j < n; ++j)
        out[j] = round_sample(sums[j]);
}

#endif
