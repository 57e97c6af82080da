/* SPDX-License-Identifier: MIT */
/* The direct convolution of the first layer, and the 2x2 max-pool, as their definitions read:
 *   out[x][c] = bias[c] + sum over row r, column s, colour q of rows[r][x + s][q] w[r][s][q][c]
 * in the order r, s, q. Tail: none, one element at a time. */
#include "kernels_internal.h"

void covey__conv_rgb_scalar(float *out, const float *const rows[3], const float *weights,
                            const float *bias, size_t width, size_t channels, int relu) {
    for (size_t x = 0; x < width; ++x)
        for (size_t c = 0; c < channels; ++c) {
            float sum = bias[c];
            for (size_t r = 0; r < 3; ++r)
                for (size_t l = 0; l < 9; ++l)
                    sum += rows[r][3 * x + l] * weights[(9 * r + l) * channels + c];
            out[x * channels + c] = relu && !(sum > 0) ? 0.0f : sum;
        }
}

void covey__max_pool_scalar(float *out, const float *in, size_t width, size_t channels) {
    for (size_t x = 0; x < width / 2; ++x)
        for (size_t c = 0; c < channels; ++c) {
            const float *corner = in + 2 * x * channels + c;
            float best = corner[0];
            for (size_t i = 1; i < 4; ++i) {
                float other = corner[(i / 2 * width + i % 2) * channels];
                best = other > best ? other : best;
            }
            out[x * channels + c] = best;
        }
}
