/* SPDX-License-Identifier: MIT */
/* What the processor can do at most: float32 multiply-adds on registers alone, by one thread. */
#ifndef COVEY_BENCH_PEAK_H
#define COVEY_BENCH_PEAK_H

#include <time.h>

#include "covey/cpu.h"
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

enum { BENCH_CHAINS = 10, BENCH_STEPS = 4000000 }; /* chains that hide the latency */

#if defined(__x86_64__)
#define BENCH_REGISTER "v"
#elif defined(__aarch64__)
#define BENCH_REGISTER "w"
#endif
#if defined(BENCH_REGISTER)
/* Kept from being folded into one, and in a register. */
#define BENCH_CHAIN(c, fma) sum##c = fma(sum##c, a, b); __asm__ volatile("" : "+" BENCH_REGISTER(sum##c));
#define BENCH_PEAK_LOOP(name, flags, type, set, fma, lanes)                                      \
    flags __attribute__((noinline)) static double name(void) {                                   \
        type a = set(0.999F), b = set(0.001F), sum0 = a, sum1 = a, sum2 = a, sum3 = a, sum4 = a;  \
        type sum5 = a, sum6 = a, sum7 = a, sum8 = a, sum9 = a;                                   \
        for (int i = 0; i < BENCH_STEPS; ++i) {                                                  \
            BENCH_CHAIN(0, fma) BENCH_CHAIN(1, fma) BENCH_CHAIN(2, fma) BENCH_CHAIN(3, fma)      \
            BENCH_CHAIN(4, fma) BENCH_CHAIN(5, fma) BENCH_CHAIN(6, fma) BENCH_CHAIN(7, fma)      \
            BENCH_CHAIN(8, fma) BENCH_CHAIN(9, fma)                                              \
        }                                                                                        \
        return 2.0 * BENCH_CHAINS * BENCH_STEPS * lanes;                                         \
    }
#endif
#if defined(__x86_64__)
BENCH_PEAK_LOOP(bench_peak_avx2, __attribute__((target("avx2,fma"))), __m256, _mm256_set1_ps, _mm256_fmadd_ps, 8)
BENCH_PEAK_LOOP(bench_peak_avx512, __attribute__((target("avx512f"))), __m512, _mm512_set1_ps, _mm512_fmadd_ps, 16)
#elif defined(__aarch64__)
#define BENCH_NEON_FMA(sum, a, b) vfmaq_f32(b, sum, a)
BENCH_PEAK_LOOP(bench_peak_neon, , float32x4_t, vdupq_n_f32, BENCH_NEON_FMA, 4)
#endif

/* Operations per second, two for a multiply-add; 0 where it is not known how to ask. */
static inline double bench_peak(covey_isa isa) {
    double best = 0;
    for (int repeat = 0; repeat < 5; ++repeat) {
        struct timespec from, to;
        double operations = 0;
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
#if defined(__x86_64__)
        operations = covey_isa_has(isa, COVEY_ISA_AVX512) ? bench_peak_avx512()
                     : covey_isa_has(isa, COVEY_ISA_AVX2) ? bench_peak_avx2()
                                                          : 0;
#elif defined(__aarch64__)
        operations = isa == COVEY_ISA_NEON ? bench_peak_neon() : 0;
#else
        (void)isa;
#endif
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
        double seconds = (double)(to.tv_sec - from.tv_sec) +
                         1e-9 * (double)(to.tv_nsec - from.tv_nsec);
        best = operations / seconds > best ? operations / seconds : best;
    }
    return best;
}

#endif
