/* SPDX-License-Identifier: MIT */
/* First layer, direct, and max-pool (conv_rgb_internal.h).
 * Registers: 6 pixels x 2 vectors = 12 sums, 2 weights, 1 broadcast of 16 ymm. Tail: pixels
 * beyond a multiple of 6 singly, channels beyond the wide group one vector at a time. */
#include "conv_rgb_internal.h"

#if !defined(__AVX2__)
#error "the build gives this file its instruction set by suffix"
#endif

void covey__conv_rgb_avx2(float *out, const float *const rows[3], const float *weights,
                          const float *bias, size_t width, size_t channels, int relu) {
    conv_rgb(out, rows, weights, bias, width, channels, relu, 2);
}

void covey__max_pool_avx2(float *out, const float *in, size_t width, size_t channels) {
    max_pool(out, in, width, channels);
}
