/* SPDX-License-Identifier: MIT */
/* Which instruction set the kernels use.
 *
 * The choice is made once, from what the CPU and the operating system offer; COVEY_ISA=scalar|avx2|
 * avx512|avx512_bf16|amx|neon in the environment can only lower it. Safe from any thread. */
#ifndef COVEY_CPU_H
#define COVEY_CPU_H

#include "covey/status.h"

COVEY_BEGIN_DECLS

/* Every CPU has scalar. Beyond it there is a ladder per architecture: a CPU that has one step has
 * those before it (covey_isa_has). Values never change. */
typedef enum covey_isa {
    COVEY_ISA_SCALAR = 0,
    COVEY_ISA_AVX2 = 1,        /* AVX2 + FMA */
    COVEY_ISA_AVX512 = 2,      /* AVX-512 F, BW, DQ, VL */
    COVEY_ISA_AVX512_BF16 = 3, /* the same + BF16; float32 kernels are those of AVX512 */
    COVEY_ISA_NEON = 4,        /* AArch64's Advanced SIMD, which every 64-bit ARM has */
    COVEY_ISA_AMX = 5          /* AVX512_BF16 + AMX's tiles and bfloat16: the network's products */
} covey_isa;

/* 1 if a CPU with `isa` has `other` too: itself, an earlier step of its ladder, scalar; else 0. */
COVEY_API int covey_isa_has(covey_isa isa, covey_isa other);

/* The best ISA of this machine, not lowered by the environment. */
COVEY_API covey_isa covey_isa_machine(void);

/* The ISA in use: covey_isa_machine(), lowered by COVEY_ISA; a higher step of the machine's own
 * ladder lowers nothing. An unknown value of COVEY_ISA, or an ISA of another architecture, gives
 * COVEY_E_ARGUMENT with the names that are known. */
COVEY_API COVEY_NODISCARD covey_status covey_isa_in_use(covey_isa *isa, covey_error *err);

/* "scalar", "avx2", "avx512", "avx512_bf16", "neon", "amx". Static string; "unknown" for anything else. */
COVEY_API const char *covey_isa_name(covey_isa isa);

/* The processor's own name ("AMD EPYC ..."), or "unknown". Static string. */
COVEY_API const char *covey_cpu_name(void);

/* Cores this process may run on (affinity mask respected), at least 1. */
COVEY_API int covey_cpu_count(void);

COVEY_END_DECLS

#endif
