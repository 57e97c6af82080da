/* SPDX-License-Identifier: MIT */
/* The convolution of planes as its definition reads; planes_internal.h has the layout. Tail: none,
 * one position at a time. */
#include <assert.h>
#include <string.h>

#include "kernels_internal.h"

/* One tap of one chunk for all 32 outputs of a position. */
static void add_products(float *sums, const uint16_t *in, const uint16_t *weights) {
    for (size_t k = 0; k < COVEY__CHUNK; ++k) {
        const float x = covey__from_bf16(in[k]);
        const uint16_t *w = weights + k / 2 * 32 + k % 2;
        for (size_t o = 0; o < COVEY__CHUNK; ++o)
            sums[o] += x * covey__from_bf16(w[o / 16 * 512 + o % 16 * 2]);
    }
}

void covey__planes_convolve_scalar(float *sums, const uint16_t *in,
                                   const covey__planes_shape *shape, const uint16_t *weights,
                                   size_t positions) {
    for (size_t p = 0; p < positions; ++p, sums += COVEY__CHUNK) {
        const uint16_t *w = weights;
        float sum[COVEY__CHUNK] = {0};
        for (size_t c = 0; c < shape->chunks; ++c)
            for (size_t t = 0; t < shape->taps; ++t, w += shape->parts * COVEY__PANEL_STEP) {
                const uint16_t *at = in + p * shape->step + c * shape->plane;
                add_products(sum, at + shape->tap[t], w);
                if (shape->parts == 2) {
                    add_products(sum, at + shape->tap[t], w + COVEY__PANEL_STEP);
                    add_products(sum, at + shape->part + shape->tap[t], w);
                }
            }
        memcpy(sums, sum, sizeof sum);
    }
}

static float output_of(const float *sums, size_t in_pitch, float bias, int flags) {
    float x = sums[0];
    if (flags & COVEY__POOL)
        for (size_t i = 1; i < 4; ++i) {
            float other = sums[(i / 2 * in_pitch + i % 2) * COVEY__CHUNK];
            x = other > x ? other : x;
        }
    x += bias;
    return flags & COVEY__RELU && !(x > 0) ? 0.0f : x;
}

void covey__planes_store_scalar(const covey__planes_target *target, const float *sums,
                                size_t in_pitch, const float *bias, int flags) {
    size_t step = flags & COVEY__POOL ? 2 : 1;
    for (size_t y = 0; y < target->height; ++y)
        for (size_t x = 0; x < target->width + (target->planes != NULL); ++x)
            for (size_t o = 0; o < COVEY__CHUNK; ++o) {
                uint16_t part[2] = {0, 0};
                float value = 0;
                if (x < target->width) /* else the zeros behind the row */
                    value = output_of(sums + (y * in_pitch + x) * step * COVEY__CHUNK + o,
                                      in_pitch, bias[o], flags);
                if (!target->planes) {
                    if (o < target->channels)
                        target->floats[(y * target->width + x) * target->stride + o] = value;
                    continue;
                }
                assert(target->parts <= 2);
                covey__split_bf16(part, value, target->parts);
                for (size_t i = 0; i < target->parts; ++i)
                    target->planes[i * target->part +
                                   (y * (target->width + 1) + x) * COVEY__CHUNK + o] = part[i];
            }
}
