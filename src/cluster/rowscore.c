/* SPDX-License-Identifier: MIT */
#include "rowscore_internal.h"

#include "covey/cpu.h"

covey_status covey__score_kernels_get(const covey__score_kernels **out, covey_error *err) {
    covey_isa isa = COVEY_ISA_SCALAR;
    covey_status status = covey_isa_in_use(&isa, err);
    if (status != COVEY_OK)
        return status;
    *out = &covey__score_kernels_scalar;
#if defined(__x86_64__)
    if (covey_isa_has(isa, COVEY_ISA_AVX2))
        *out = &covey__score_kernels_avx2;
    if (covey_isa_has(isa, COVEY_ISA_AVX512))
        *out = &covey__score_kernels_avx512;
#elif defined(__aarch64__)
    if (covey_isa_has(isa, COVEY_ISA_NEON))
        *out = &covey__score_kernels_neon;
#endif
    return COVEY_OK;
}
