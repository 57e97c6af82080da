/* SPDX-License-Identifier: MIT */
/* c = a b for AVX-512 (covey__gemm_fn): a row-major, broadcast from memory; b in panels
 * [k][32], two loads a step.
 * Registers: 14 rows x 2 vectors = 28 sums, 2 of b, 1 broadcast: 31 of 32 zmm; 28 FMA per 16 loads.
 * Tail: 1..13 rows by the same body with fewer rows, each element's chain of FMAs being the same. */
#include <assert.h>
#include <immintrin.h>

#include "kernels_internal.h"

#if !defined(__AVX512F__)
#error "the build gives this file its instruction set by suffix"
#endif

enum { TILE_M = 14, TILE_N = 32 };

/* A tail alone in its block fetches ahead from this many rows and this depth on: fewer read b
 * faster than it arrives, and then fetches are in the way; shorter panels the hardware foresees. */
enum { TAIL_MIN = 8, K_MIN = 128 };

/* `rows` is constant where this is inlined, so that the sums stay in registers. `next` is fetched
 * into L2, one panel row per step. */
static inline __attribute__((always_inline)) void block(float *c, size_t ldc, const float *a,
                                                        size_t lda, const float *b, size_t k,
                                                        const float *next, int rows) {
    __m512 sum[TILE_M][2];
#pragma GCC unroll 14
    for (int i = 0; i < rows; ++i)
        sum[i][0] = sum[i][1] = _mm512_setzero_ps();
    for (size_t l = 0; l < k; ++l, b += TILE_N) {
        __m512 left = _mm512_load_ps(b), right = _mm512_load_ps(b + 16);
        if (next) {
            _mm_prefetch((const char *)(next + l * TILE_N), _MM_HINT_T1);
            _mm_prefetch((const char *)(next + l * TILE_N + 16), _MM_HINT_T1);
        }
#pragma GCC unroll 14
        for (int i = 0; i < rows; ++i) {
            __m512 value = _mm512_set1_ps(a[(size_t)i * lda + l]);
            sum[i][0] = _mm512_fmadd_ps(value, left, sum[i][0]);
            sum[i][1] = _mm512_fmadd_ps(value, right, sum[i][1]);
        }
    }
#pragma GCC unroll 14
    for (int i = 0; i < rows; ++i) {
        _mm512_store_ps(c + (size_t)i * ldc, sum[i][0]);
        _mm512_store_ps(c + (size_t)i * ldc + 16, sum[i][1]);
    }
}

#define ROWS(n)                                                                                  \
    case n:                                                                                      \
        if (next)                                                                                \
            block(c, ldc, a, lda, b, k, next, n);                                                \
        else                                                                                     \
            block(c, ldc, a, lda, b, k, NULL, n);                                                \
        break;

static void tail(float *c, size_t ldc, const float *a, size_t lda, const float *b, size_t k,
                 const float *next, size_t rows) {
    switch (rows) {
        ROWS(1) ROWS(2) ROWS(3) ROWS(4) ROWS(5) ROWS(6) ROWS(7)
        ROWS(8) ROWS(9) ROWS(10) ROWS(11) ROWS(12) ROWS(13)
    default:
        assert(0);
    }
}

void covey__gemm_14x32_avx512(float *c, size_t ldc, const float *a, size_t lda, const float *b,
                              size_t rows, size_t k, size_t panels, const float *next) {
    assert((uintptr_t)b % 64 == 0 && (uintptr_t)c % 64 == 0 && ldc % 16 == 0);
    for (size_t panel = 0; panel < panels; ++panel, b += k * TILE_N, c += TILE_N) {
        size_t i = 0;
        const float *ahead = panel + 1 < panels ? b + k * TILE_N : next;
        for (; i + TILE_M <= rows; i += TILE_M) {
            if (i == 0 && ahead)
                block(c, ldc, a, lda, b, k, ahead, TILE_M);
            else
                block(c + i * ldc, ldc, a + i * lda, lda, b, k, NULL, TILE_M);
        }
        if (i < rows)
            tail(c + i * ldc, ldc, a + i * lda, lda, b, k,
                 i || rows < TAIL_MIN || k < K_MIN ? NULL : ahead, rows - i);
    }
}
