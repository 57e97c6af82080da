/* SPDX-License-Identifier: MIT */
/* c[i][j] = sum over l of a[i][l] b[l][j], b in panels of 16 columns: the definition, and the
 * fallback. Element (i, j) is one chain of additions in order of l (covey__gemm_fn). */
#include "kernels_internal.h"

enum { TILE_N = 16 };

void covey__gemm_1x16_scalar(float *c, size_t ldc, const float *a, size_t lda, const float *b,
                             size_t rows, size_t k, size_t panels, const float *next) {
    (void)next;
    for (size_t panel = 0; panel < panels; ++panel)
        for (size_t i = 0; i < rows; ++i) {
            float sum[TILE_N] = {0};
            for (size_t l = 0; l < k; ++l)
                for (size_t j = 0; j < TILE_N; ++j)
                    sum[j] += a[i * lda + l] * b[(panel * k + l) * TILE_N + j];
            for (size_t j = 0; j < TILE_N; ++j)
                c[i * ldc + panel * TILE_N + j] = sum[j];
        }
}
