/* SPDX-License-Identifier: MIT */
/* The matrix product c = a b (covey__gemm_fn) for vectors of any width: a row-major, broadcast from
 * memory; b in panels [k][2 LANES], two loads a step. A file that includes this gives
 *   GEMM_ROWS   most rows of a register block, at most 14
 *   GEMM_STEP   sum + value * b, on 32-bit places
 *   gemm_deep_enough(rows, k): whether a block of fewer rows than that has the time to fetch
 * Rows are cut into blocks of even sizes: 16 as 8 and 8, not 14 and 2, whose two rows would wait
 * for b. An element's chain of additions is the same in every block. */
#ifndef COVEY_GEMM_BODY_INTERNAL_H
#define COVEY_GEMM_BODY_INTERNAL_H

#include <assert.h>

#include "kernels_internal.h"
#include "simd_internal.h"

enum { TILE_N = 2 * LANES };

/* `rows` is constant where this is inlined, so that the sums stay in registers. `next` is fetched
 * into L2, one row of the panel per step. */
COVEY__INLINE void gemm_block(float *c, size_t ldc, const float *a, size_t lda, const float *b,
                              size_t k, const float *next, int rows) {
    vec sum[GEMM_ROWS][2];
#pragma GCC unroll 14
    for (int i = 0; i < rows; ++i)
        sum[i][0] = sum[i][1] = vec_set(0);
    for (size_t l = 0; l < k; ++l, b += TILE_N) {
        vec left = vec_load(b), right = vec_load(b + LANES);
        if (next) {
            _mm_prefetch((const char *)(next + l * TILE_N), _MM_HINT_T1);
            if (LANES == 16)
                _mm_prefetch((const char *)(next + l * TILE_N + LANES), _MM_HINT_T1);
        }
#pragma GCC unroll 14
        for (int i = 0; i < rows; ++i) {
            vec value = vec_set(a[(size_t)i * lda + l]);
            sum[i][0] = GEMM_STEP(sum[i][0], value, left);
            sum[i][1] = GEMM_STEP(sum[i][1], value, right);
        }
    }
#pragma GCC unroll 14
    for (int i = 0; i < rows; ++i) {
        vec_store(c + (size_t)i * ldc, sum[i][0]);
        vec_store(c + (size_t)i * ldc + LANES, sum[i][1]);
    }
}

#define GEMM_CASE(n)                                                                             \
    case n:                                                                                      \
        if (n > GEMM_ROWS)                                                                       \
            break;                                                                               \
        if (next)                                                                                \
            gemm_block(c, ldc, a, lda, b, k, next, n > GEMM_ROWS ? 1 : n);                       \
        else                                                                                     \
            gemm_block(c, ldc, a, lda, b, k, NULL, n > GEMM_ROWS ? 1 : n);                       \
        break;

static void gemm_rows(float *c, size_t ldc, const float *a, size_t lda, const float *b, size_t k,
                      const float *next, size_t rows) {
    assert(rows <= GEMM_ROWS);
    switch (rows) {
        GEMM_CASE(1) GEMM_CASE(2) GEMM_CASE(3) GEMM_CASE(4) GEMM_CASE(5)
        GEMM_CASE(6) GEMM_CASE(7) GEMM_CASE(8) GEMM_CASE(9) GEMM_CASE(10)
        GEMM_CASE(11) GEMM_CASE(12) GEMM_CASE(13) GEMM_CASE(14)
    }
}

COVEY__INLINE void gemm_body(float *c, size_t ldc, const float *a, size_t lda, const float *b,
                             size_t rows, size_t k, size_t panels, const float *next) {
    assert((uintptr_t)b % 64 == 0 && (uintptr_t)c % 64 == 0 && ldc % 16 == 0);
    if (!rows)
        return;
    size_t blocks = (rows + GEMM_ROWS - 1) / GEMM_ROWS, even = (rows + blocks - 1) / blocks;
    int fetches = even == GEMM_ROWS || gemm_deep_enough(even, k);
    for (size_t panel = 0; panel < panels; ++panel, b += k * TILE_N, c += TILE_N) {
        const float *ahead = panel + 1 < panels ? b + k * TILE_N : next;
        for (size_t i = 0; i < rows; i += even)
            gemm_rows(c + i * ldc, ldc, a + i * lda, lda, b, k, fetches && i == 0 ? ahead : NULL,
                      rows - i < even ? rows - i : even);
    }
}

#endif
