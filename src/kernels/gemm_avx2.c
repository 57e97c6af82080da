/* SPDX-License-Identifier: MIT */
/* c = a b for AVX2 with FMA (covey__gemm_fn): a row-major, broadcast from memory; b in panels
 * [k][16], two loads a step.
 * Registers: 6 rows x 2 vectors = 12 sums, 2 of b, 1 broadcast: 15 of 16 ymm; 12 FMA per 8 loads.
 * Tail: 1..5 rows by the same body with fewer rows, each element's chain of FMAs being the same. */
#include <assert.h>
#include <immintrin.h>

#include "kernels_internal.h"

#if !defined(__AVX2__) || !defined(__FMA__)
#error "the build gives this file its instruction set by suffix"
#endif

enum { TILE_M = 6, TILE_N = 16 };

/* `rows` is constant where this is inlined, so that the sums stay in registers. `next` is fetched
 * into L2, one panel row per step. */
static inline __attribute__((always_inline)) void block(float *c, size_t ldc, const float *a,
                                                        size_t lda, const float *b, size_t k,
                                                        const float *next, int rows) {
    __m256 sum[TILE_M][2];
#pragma GCC unroll 6
    for (int i = 0; i < rows; ++i)
        sum[i][0] = sum[i][1] = _mm256_setzero_ps();
    for (size_t l = 0; l < k; ++l, b += TILE_N) {
        __m256 left = _mm256_load_ps(b), right = _mm256_load_ps(b + 8);
        if (next)
            _mm_prefetch((const char *)(next + l * TILE_N), _MM_HINT_T1);
#pragma GCC unroll 6
        for (int i = 0; i < rows; ++i) {
            __m256 value = _mm256_broadcast_ss(a + (size_t)i * lda + l);
            sum[i][0] = _mm256_fmadd_ps(value, left, sum[i][0]);
            sum[i][1] = _mm256_fmadd_ps(value, right, sum[i][1]);
        }
    }
#pragma GCC unroll 6
    for (int i = 0; i < rows; ++i) {
        _mm256_store_ps(c + (size_t)i * ldc, sum[i][0]);
        _mm256_store_ps(c + (size_t)i * ldc + 8, sum[i][1]);
    }
}

static void tail(float *c, size_t ldc, const float *a, size_t lda, const float *b, size_t k,
                 size_t rows) {
    switch (rows) {
    case 1:
        block(c, ldc, a, lda, b, k, NULL, 1);
        break;
    case 2:
        block(c, ldc, a, lda, b, k, NULL, 2);
        break;
    case 3:
        block(c, ldc, a, lda, b, k, NULL, 3);
        break;
    case 4:
        block(c, ldc, a, lda, b, k, NULL, 4);
        break;
    case 5:
        block(c, ldc, a, lda, b, k, NULL, 5);
        break;
    default:
        assert(0);
    }
}

void covey__gemm_6x16_avx2(float *c, size_t ldc, const float *a, size_t lda, const float *b,
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
            tail(c + i * ldc, ldc, a + i * lda, lda, b, k, rows - i);
    }
}
