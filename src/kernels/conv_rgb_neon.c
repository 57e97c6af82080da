/* SPDX-License-Identifier: MIT */
/* First layer, direct, and max-pool (conv_rgb_internal.h).
 * Registers: 6 pixels x 4 vectors = 24 sums, 4 weights, 1 broadcast of 32. Tail: pixels
 * beyond a multiple of 6 singly, channels beyond the wide group one vector at a time. */
#include "conv_rgb_internal.h"

#if !defined(__aarch64__)
#error "the build leaves this file out of other architectures"
#endif

void covey__conv_rgb_neon(float *out, const float *const rows[3], const float *weights,
                          const float *bias, size_t width, size_t channels, int relu) {
    conv_rgb(out, rows, weights, bias, width, channels, relu, 4);
}

void covey__max_pool_neon(float *out, const float *in, size_t width, size_t channels) {
    max_pool(out, in, width, channels);
}
