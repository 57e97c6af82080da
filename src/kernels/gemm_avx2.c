/* SPDX-License-Identifier: MIT */
/* c = a b for AVX2 with FMA (covey__gemm_fn).
 * Registers: 6 rows x 2 vectors = 12 sums, 2 of b, 1 broadcast: 15 of 16 ymm; 12 FMA per 8 loads.
 * Tail: 1..5 rows by the same body with fewer rows, each element's chain of FMAs being the same. */
#if !defined(__AVX2__) || !defined(__FMA__)
#error "the build gives this file its instruction set by suffix"
#endif

#define GEMM_ROWS 6
#define GEMM_VECTORS 2
#define GEMM_STEP(sum, value, b) vec_fma(value, b, sum)
#define gemm_deep_enough(rows, k) ((void)(k), (rows) >= 4)

#include "gemm_body_internal.h"

void covey__gemm_6x16_avx2(float *c, size_t ldc, const float *a, size_t lda, const float *b,
                           size_t rows, size_t k, size_t panels, const float *next) {
    gemm_body(c, ldc, a, lda, b, rows, k, panels, next);
}
