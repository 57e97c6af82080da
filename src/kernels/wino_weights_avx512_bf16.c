/* SPDX-License-Identifier: MIT */
/* U = G g G^T in float64, rounded to float32 and then to bfloat16, pairs of input channels in one
 * 32-bit place: u[point*stride + k/2*tile_n + j]. `inputs` is even. */
#include <immintrin.h>

#include "wino_weights_internal.h"

#if !defined(__AVX512BF16__)
#error "the build gives this file its instruction set by suffix"
#endif

void covey__wino_weights_avx512_bf16(float *u, size_t stride, const float *w, size_t outputs,
                                     size_t inputs, size_t first, size_t tile_n, int m) {
    assert(tile_n == PANEL && inputs % 2 == 0 && first < outputs);
    covey__wino_matrices mats;
    covey__wino_matrices_compute(&mats, m);
    size_t count = outputs - first < tile_n ? outputs - first : tile_n;
    size_t points = (size_t)(mats.n * mats.n);
    float pair[COVEY__WINO_MAX * COVEY__WINO_MAX * 2 * PANEL];
    /* Two input channels at a time: filters [count][2][3][3], U [point][2][PANEL]. */
    float filters[PANEL * 2 * 9];
    for (size_t k = 0; k < inputs; k += 2) {
        for (size_t j = 0; j < count; ++j)
            memcpy(filters + j * 18, w + ((first + j) * inputs + k) * 9, 18 * sizeof *filters);
        wino_weights_panel(pair, 2 * PANEL, filters, count, 2, PANEL, &mats, mats.n);
        for (size_t point = 0; point < points; ++point) {
            const float *even = pair + point * 2 * PANEL, *odd = even + PANEL;
            float *to = u + point * stride + k / 2 * PANEL;
            for (size_t j = 0; j < PANEL; j += 16) {
                __m512i low = _mm512_cvtepu16_epi32(
                    (__m256i)_mm512_cvtneps_pbh(_mm512_loadu_ps(even + j)));
                __m512i high = _mm512_cvtepu16_epi32(
                    (__m256i)_mm512_cvtneps_pbh(_mm512_loadu_ps(odd + j)));
                _mm512_storeu_si512(to + j,
                                    _mm512_or_si512(low, _mm512_slli_epi32(high, 16)));
            }
        }
    }
}
