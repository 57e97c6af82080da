/* SPDX-License-Identifier: MIT */
/* c = a b for NEON (covey__gemm_fn).
 * Registers: 6 rows x 4 vectors = 24 sums, 4 of b, 1 number of a, of 32; 24 FMA per 10 loads. The
 * number of a is multiplied by element (FMLA v, v, v.s[0]): a plain load, where broadcasting one
 * would take a slot of the vector units on several cores.
 * Tail: 1..5 rows by the same body with fewer rows, each element's chain of FMAs being the same.
 * Speed on ARM processors: not measured; results are tested under emulation. */
#if !defined(__aarch64__)
#error "the build leaves this file out of other architectures"
#endif

#define GEMM_ROWS 6
#define GEMM_VECTORS 4
#define GEMM_BY_ELEMENT
#define GEMM_STEP(sum, value, b) vfmaq_n_f32(sum, b, value)
#define gemm_deep_enough(rows, k) ((void)(k), (rows) >= 4)

#include "gemm_body_internal.h"

void covey__gemm_6x16_neon(float *c, size_t ldc, const float *a, size_t lda, const float *b,
                           size_t rows, size_t k, size_t panels, const float *next) {
    gemm_body(c, ldc, a, lda, b, rows, k, panels, next);
}
