/* SPDX-License-Identifier: MIT */
/* The matrix product for callers with plain row-major matrices (kernels_internal.h). */
#include <assert.h>
#include <stdalign.h>
#include <string.h>

#include "kernels_internal.h"

void covey__gemm_pack(const covey__kernels *kernels, float *packed, const float *b, size_t ldb,
                      size_t n, size_t k) {
    size_t tile_n = kernels->gemm_tile_n, panels = covey__gemm_panels(kernels, n);
    for (size_t panel = 0; panel < panels; ++panel)
        for (size_t i = 0; i < k; ++i)
            for (size_t j = 0; j < tile_n; ++j) {
                size_t row = panel * tile_n + j;
                packed[(panel * k + i) * tile_n + j] = row < n ? b[row * ldb + i] : 0.0f;
            }
}

void covey__gemm_multiply(const covey__kernels *kernels, float *c, size_t ldc, const float *a,
                          size_t lda, const float *packed, size_t m, size_t n, size_t k) {
    /* The kernel writes whole aligned panels; a small block takes them on the way. */
    enum { ROWS = 42, WIDE = 32 };
    alignas(64) float block[ROWS * WIDE];
    size_t tile_n = kernels->gemm_tile_n;
    assert(tile_n <= WIDE);
    for (size_t row = 0; row < m; row += ROWS) {
        size_t rows = m - row < ROWS ? m - row : ROWS;
        for (size_t column = 0; column < n; column += tile_n) {
            size_t columns = n - column < tile_n ? n - column : tile_n;
            const float *panel = packed + column * k;
            kernels->gemm(block, tile_n, a + row * lda, lda, panel, rows, k, 1, NULL);
            for (size_t i = 0; i < rows; ++i)
                memcpy(c + (row + i) * ldc + column, block + i * tile_n,
                       columns * sizeof *block);
        }
    }
}
