/* SPDX-License-Identifier: MIT */
/* Which instruction set the kernels use.
 *
 * The choice is made once, from what the CPU and the operating system offer; COVEY_ISA=scalar|avx2|
 * avx512 in the environment can only lower it. Safe from any thread. */
#ifndef COVEY_CPU_H
#define COVEY_CPU_H

#include "covey/status.h"

COVEY_BEGIN_DECLS

/* Ordered: a CPU that has one has all before it. */
typedef enum covey_isa {
    COVEY_ISA_SCALAR = 0,
    COVEY_ISA_AVX2 = 1,       /* AVX2 + FMA */
    COVEY_ISA_AVX512 = 2,     /* AVX-512 F, BW, DQ, VL */
    COVEY_ISA_AVX512_BF16 = 3 /* the same + BF16; float32 kernels are those of AVX512 */
} covey_isa;

/* The best ISA of this machine, not lowered by the environment. */
COVEY_API covey_isa covey_isa_machine(void);

/* The ISA in use: covey_isa_machine(), lowered by COVEY_ISA. An unknown value of COVEY_ISA gives
 * COVEY_E_ARGUMENT with the names that are known. */
COVEY_API COVEY_NODISCARD covey_status covey_isa_in_use(covey_isa *isa, covey_error *err);

/* "scalar", "avx2", "avx512", "avx512_bf16". Static string; "unknown" for anything else. */
COVEY_API const char *covey_isa_name(covey_isa isa);

/* The processor's own name ("AMD EPYC ..."), or "unknown". Static string. */
COVEY_API const char *covey_cpu_name(void);

/* Cores this process may run on (affinity mask respected), at least 1. */
COVEY_API int covey_cpu_count(void);

COVEY_END_DECLS

#endif
