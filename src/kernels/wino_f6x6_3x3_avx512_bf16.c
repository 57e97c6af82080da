/* SPDX-License-Identifier: MIT */
/* Input transform of Winograd F(6x6, 3x3), V = B^T d B, computed in float32 as in
 * wino_f6x6_3x3_avx512.c and rounded once, to bfloat16, on the way out. The output transform is
 * the float32 one. */
#include "wino_tile_internal.h"

#if !defined(__AVX512BF16__)
#error "the build gives this file its instruction set by suffix"
#endif

COVEY__INLINE void put_bf16(float *v, size_t c, vec value) {
    _mm256_storeu_si256((__m256i *)((uint16_t *)v + c), (__m256i)_mm512_cvtneps_pbh(value));
}

void covey__wino_f6x6_3x3_input_avx512_bf16(float *v, size_t stride, const float *in,
                                            size_t height, size_t width, size_t channels,
                                            ptrdiff_t y, ptrdiff_t x) {
    input_tile(v, stride, in, height, width, channels, y, x, 6, wino6_bt, put_bf16);
}
