/* SPDX-License-Identifier: MIT */
#include "select_internal.h"

#include <math.h>

#include "covey/cpu.h"

covey__select_fn *covey__select_get(void) {
#if defined(__x86_64__)
    covey_isa isa = COVEY_ISA_SCALAR;
    if (covey_isa_in_use(&isa, NULL) != COVEY_OK)
        isa = covey_isa_machine(); /* a misspelt COVEY_ISA is reported where a status can be */
    if (isa >= COVEY_ISA_AVX512)
        return covey__select_avx512;
    if (isa >= COVEY_ISA_AVX2)
        return covey__select_avx2;
#endif
    return covey__select_scalar;
}

void covey__select_all(double *out, int32_t *keys, const float *x, const uint32_t *rows, size_t m,
                       size_t d, size_t rank, int pair, const double *guess) {
    covey__select_fn *select = covey__select_get();
    for (size_t first = 0; first < d; first += COVEY__SELECT_COLUMNS) {
        size_t left = d - first;
        select(out + first, keys, x + first, rows, m, d,
               left < COVEY__SELECT_COLUMNS ? left : COVEY__SELECT_COLUMNS, rank, pair,
               guess ? guess + first : NULL);
    }
}

size_t covey__quantile_rank(double tau, size_t m) {
    double wanted = tau * (double)m;
    size_t rank = (size_t)wanted;
    if (rank >= m)
        rank = m - 1;
    while (rank > 0 && (double)rank >= wanted)
        --rank;
    while (rank + 1 < m && (double)(rank + 1) < wanted)
        ++rank;
    return rank;
}
