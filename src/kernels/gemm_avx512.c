/* SPDX-License-Identifier: MIT */
/* c = a b for AVX-512 (covey__gemm_fn).
 * Registers: 14 rows x 2 vectors = 28 sums, 2 of b, 1 broadcast: 31 of 32 zmm; 28 FMA per 16 loads.
 * Tail: 1..13 rows by the same body with fewer rows, each element's chain of FMAs being the same. */
#if !defined(__AVX512F__)
#error "the build gives this file its instruction set by suffix"
#endif

#define GEMM_ROWS 14
#define GEMM_VECTORS 2
#define GEMM_STEP(sum, value, b) vec_fma(value, b, sum)

/* Fewer rows read b faster than it arrives, and then fetches are in the way; shorter panels the
 * hardware foresees. */
#define gemm_deep_enough(rows, k) ((rows) >= 8 && (k) >= 128)

#include "gemm_body_internal.h"

void covey__gemm_14x32_avx512(float *c, size_t ldc, const float *a, size_t lda, const float *b,
                              size_t rows, size_t k, size_t panels, const float *next) {
    gemm_body(c, ldc, a, lda, b, rows, k, panels, next);
}
