/* SPDX-License-Identifier: MIT */
/* Row kernels for AVX-512: 4 rows x 4 centres are 16 of 32 registers. */
#if !defined(__AVX512F__)
#error "this file is compiled with AVX-512"
#endif
#include <immintrin.h>

enum { VF_LANES = 16, TILE_ROWS = 4, TILE_CENTRES = 4 };
typedef __m512 vf;

static inline vf vf_set(float value) {
    return _mm512_set1_ps(value);
}
static inline vf vf_abs(vf a) {
    return _mm512_abs_ps(a);
}
static inline vf vf_min(vf a, vf b) {
    return _mm512_min_ps(a, b);
}
static inline vf vf_max(vf a, vf b) {
    return _mm512_max_ps(a, b);
}
static inline vf vf_sqrt(vf a) {
    return _mm512_sqrt_ps(a);
}
static inline vf vf_fma(vf a, vf b, vf c) {
    return _mm512_fmadd_ps(a, b, c);
}
static inline unsigned vf_not_above(vf a, vf b) {
    return _mm512_cmp_ps_mask(a, b, _CMP_NGT_UQ);
}
static inline float vf_total(vf a) {
    return _mm512_reduce_add_ps(a);
}

#include "rowscore_body.h"

const covey__score_kernels covey__score_kernels_avx512 = ROWSCORE_TABLE;
