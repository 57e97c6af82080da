/* SPDX-License-Identifier: MIT */
/* The matrix product c = a b (covey__gemm_fn) for vectors of any width: a row-major, broadcast from
 * memory; b in panels [k][GEMM_VECTORS LANES]. A file that includes this gives
 *   GEMM_ROWS   most rows of a register block, at most 14
 *   GEMM_VECTORS  vectors of b in a register block
 *   GEMM_STEP   sum + value * b, on 32-bit places
 *   GEMM_BY_ELEMENT  if defined, `value` is the number itself, not broadcast over a vector
 *   gemm_deep_enough(rows, k): whether a block of fewer rows than that has the time to fetch
 * Rows are cut into blocks of even sizes: 16 as 8 and 8, not 14 and 2, whose two rows would wait
 * for b. An element's chain of additions is the same in every block. */
#ifndef COVEY_GEMM_BODY_INTERNAL_H
#define COVEY_GEMM_BODY_INTERNAL_H

#include <assert.h>

#include "kernels_internal.h"
#include "simd_internal.h"

enum { TILE_N = GEMM_VECTORS * LANES, LINE = 16 /* of a cache, in floats */ };

#if defined(GEMM_BY_ELEMENT)
typedef float gemm_value;
#define GEMM_VALUE(number) (number)
#else
typedef vec gemm_value;
#define GEMM_VALUE(number) vec_set(number)
#endif

#if defined(__clang__)
#define GEMM_UNROLL _Pragma("clang loop unroll(full)")
#else
#define GEMM_UNROLL _Pragma("GCC unroll 14")
#endif

/* `rows` is constant where this is inlined, so that the sums stay in registers. `next` is fetched
 * into L2, one row of the panel per step. */
COVEY__INLINE void gemm_block(float *c, size_t ldc, const float *a, size_t lda, const float *b,
                              size_t k, const float *next, int rows) {
    vec sum[GEMM_ROWS][GEMM_VECTORS];
    GEMM_UNROLL
    for (int i = 0; i < rows; ++i)
        for (int v = 0; v < GEMM_VECTORS; ++v)
            sum[i][v] = vec_set(0);
    for (size_t l = 0; l < k; ++l, b += TILE_N) {
        vec columns[GEMM_VECTORS];
        for (int v = 0; v < GEMM_VECTORS; ++v)
            columns[v] = vec_load(b + v * LANES);
        if (next) {
            __builtin_prefetch(next + l * TILE_N, 0, 2);
            if (TILE_N > LINE)
                __builtin_prefetch(next + l * TILE_N + LINE, 0, 2);
        }
        GEMM_UNROLL
        for (int i = 0; i < rows; ++i) {
            gemm_value value = GEMM_VALUE(a[(size_t)i * lda + l]);
            for (int v = 0; v < GEMM_VECTORS; ++v)
                sum[i][v] = GEMM_STEP(sum[i][v], value, columns[v]);
        }
    }
    GEMM_UNROLL
    for (int i = 0; i < rows; ++i)
        for (int v = 0; v < GEMM_VECTORS; ++v)
            vec_store(c + (size_t)i * ldc + v * LANES, sum[i][v]);
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
