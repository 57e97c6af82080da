/* SPDX-License-Identifier: MIT */
/* Direct first layer and max-pool over LANES channels at a time; contracts in kernels_internal.h.
 * Register block of the convolution: PIXELS x vectors accumulators; per step of the 27 (row,
 * column, colour) as many weight vectors and PIXELS broadcasts. */
#ifndef COVEY_CONV_RGB_INTERNAL_H
#define COVEY_CONV_RGB_INTERNAL_H

#include <assert.h>

#include "kernels_internal.h"
#include "simd_internal.h"

enum { PIXELS = 6, VECTORS_MAX = 4 };

COVEY__INLINE void conv_rgb_block(float *out, const float *const rows[3], const float *weights,
                                  const float *bias, size_t x, size_t channels, int relu,
                                  int pixels, int vectors) {
    vec sum[PIXELS][VECTORS_MAX];
    for (int p = 0; p < pixels; ++p)
        for (int v = 0; v < vectors; ++v)
            sum[p][v] = vec_load(bias + v * LANES);
    for (int r = 0; r < 3; ++r)
        for (int l = 0; l < 9; ++l) {
            const float *w = weights + (size_t)(9 * r + l) * channels;
            vec weight[VECTORS_MAX];
            for (int v = 0; v < vectors; ++v)
                weight[v] = vec_load(w + v * LANES);
            for (int p = 0; p < pixels; ++p) {
                vec value = vec_set(rows[r][3 * (x + (size_t)p) + (size_t)l]);
                for (int v = 0; v < vectors; ++v)
                    sum[p][v] = vec_fma(value, weight[v], sum[p][v]);
            }
        }
    for (int p = 0; p < pixels; ++p)
        for (int v = 0; v < vectors; ++v)
            vec_store(out + (x + (size_t)p) * channels + v * LANES,
                      relu ? vec_max(sum[p][v], vec_set(0)) : sum[p][v]);
}

/* A row of `vectors` x LANES channels. */
COVEY__INLINE void conv_rgb_row(float *out, const float *const rows[3], const float *weights,
                                const float *bias, size_t width, size_t channels, int relu,
                                int vectors) {
    size_t x = 0;
    for (; x + PIXELS <= width; x += PIXELS)
        conv_rgb_block(out, rows, weights, bias, x, channels, relu, PIXELS, vectors);
    for (; x < width; ++x)
        conv_rgb_block(out, rows, weights, bias, x, channels, relu, 1, vectors);
}

/* Channels in groups of `wide` vectors while they last, then one vector at a time. */
COVEY__INLINE void conv_rgb(float *out, const float *const rows[3], const float *weights,
                            const float *bias, size_t width, size_t channels, int relu, int wide) {
    assert(channels % COVEY__CHANNELS == 0);
    size_t c = 0;
    for (; c + (size_t)wide * LANES <= channels; c += (size_t)wide * LANES)
        conv_rgb_row(out + c, rows, weights + c, bias + c, width, channels, relu, wide);
    for (; c < channels; c += LANES)
        conv_rgb_row(out + c, rows, weights + c, bias + c, width, channels, relu, 1);
}

COVEY__INLINE void max_pool(float *out, const float *in, size_t width, size_t channels) {
    const float *below = in + width * channels;
    for (size_t x = 0; x < width / 2; ++x, in += 2 * channels, below += 2 * channels)
        for (size_t c = 0; c < channels; c += LANES)
            vec_store(out + x * channels + c,
                      vec_max(vec_max(vec_load(in + c), vec_load(in + channels + c)),
                              vec_max(vec_load(below + c), vec_load(below + channels + c))));
}

#endif
