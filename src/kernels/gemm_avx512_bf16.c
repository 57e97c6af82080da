/* SPDX-License-Identifier: MIT */
/* c = a b for AVX512_BF16: as gemm_avx512.c, each 32-bit place of a and b holding two bfloat16
 * values, each step adding their two products (VDPBF16PS: float32 sums, subnormals as zero).
 * Registers: 14 rows x 2 vectors = 28 sums, 2 of b, 1 broadcast: 31 of 32 zmm.
 * Tail: 1..13 rows by the same body with fewer rows, each element's chain being the same. */
#if !defined(__AVX512BF16__)
#error "the build gives this file its instruction set by suffix"
#endif

#define GEMM_ROWS 14
#define GEMM_VECTORS 2
#define GEMM_STEP(sum, value, b) _mm512_dpbf16_ps(sum, (__m512bh)(value), (__m512bh)(b))
#define gemm_deep_enough(rows, k) ((rows) >= 8 && (k) >= 128)

#include "gemm_body_internal.h"

void covey__gemm_14x32_avx512_bf16(float *c, size_t ldc, const float *a, size_t lda,
                                   const float *b, size_t rows, size_t k, size_t panels,
                                   const float *next) {
    gemm_body(c, ldc, a, lda, b, rows, k, panels, next);
}
