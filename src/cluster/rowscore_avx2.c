/* SPDX-License-Identifier: MIT */
/* Row kernels for AVX2 + FMA: 2 rows x 4 centres are 8 of 16 registers. */
#if !defined(__AVX2__) || !defined(__FMA__)
#error "this file is compiled with AVX2 and FMA"
#endif
#include <immintrin.h>

enum { VF_LANES = 8, TILE_ROWS = 2, TILE_CENTRES = 4 };
typedef __m256 vf;

static inline vf vf_set(float value) {
    return _mm256_set1_ps(value);
}
static inline vf vf_abs(vf a) {
    return _mm256_andnot_ps(_mm256_set1_ps(-0.0F), a);
}
static inline vf vf_min(vf a, vf b) {
    return _mm256_min_ps(a, b);
}
static inline vf vf_max(vf a, vf b) {
    return _mm256_max_ps(a, b);
}
static inline vf vf_sqrt(vf a) {
    return _mm256_sqrt_ps(a);
}
static inline vf vf_fma(vf a, vf b, vf c) {
    return _mm256_fmadd_ps(a, b, c);
}
static inline unsigned vf_not_above(vf a, vf b) {
    return (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_NGT_UQ));
}
static inline float vf_total(vf a) {
    float lane[8];
    _mm256_storeu_ps(lane, a);
    return ((lane[0] + lane[4]) + (lane[1] + lane[5])) +
           ((lane[2] + lane[6]) + (lane[3] + lane[7]));
}

#include "rowscore_body.h"

const covey__score_kernels covey__score_kernels_avx2 = ROWSCORE_TABLE;
