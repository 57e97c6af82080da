/* SPDX-License-Identifier: MIT */
/* Transforms of Winograd F(6x6, 3x3): V = B^T d B and Y = A^T M A [LavinGray2016, eq. 8] with the
 * points of wino_points_internal.h, LANES channels at a time, in NHWC.
 * Registers: one line of 8 inputs and its 8 (B) or 6 (A) outputs at a time, of 32 registers; the
 * half-way array lies in L1. Tail: channels are a multiple of 16, hence of LANES; what lies outside
 * of the image is read from a block of zeros, and never written. */
#include "wino_tile_internal.h"

#if !defined(__aarch64__)
#error "the build leaves this file out of other architectures"
#endif

void covey__wino_f6x6_3x3_input_neon(float *v, size_t stride, const float *in, size_t height,
                                     size_t width, size_t channels, ptrdiff_t y, ptrdiff_t x) {
    input_tile(v, stride, in, height, width, channels, y, x, 6, wino6_bt, put_f32);
}

void covey__wino_f6x6_3x3_output_neon(float *out, const float *m, size_t stride, const float *bias,
                                      size_t height, size_t width, size_t channels, size_t y,
                                      size_t x, int flags) {
    output_flags(out, m, stride, bias, height, width, channels, y, x, flags, 6, wino6_at);
}
