/* SPDX-License-Identifier: MIT */
/* The row kernels for AVX2; without it the compiler has no 32-bit vector product. */
#if defined(__AVX2__)
#include "resample_rows_internal.h"

void covey__resample_across_avx2(uint8_t *out, const uint8_t *in, size_t n,
                                 const covey__taps *taps, const int32_t *weights, size_t stride) {
    across_body(out, in, n, taps, weights, stride);
}

void covey__resample_down_avx2(uint8_t *out, int32_t *sums, const uint8_t *const *rows,
                               const int32_t *weights, size_t taps, size_t n) {
    down_body(out, sums, rows, weights, taps, n);
}
#else
#error "this file is compiled with -mavx2"
#endif
