/* SPDX-License-Identifier: MIT */
/* The few vector operations the Winograd, pooling and first-layer kernels need, as wide as the
 * including file's instruction set. Included by files named _avx2.c, _avx512.c and _neon.c only. */
#ifndef COVEY_SIMD_INTERNAL_H
#define COVEY_SIMD_INTERNAL_H

#if defined(__aarch64__)
#include <arm_neon.h>
#else
#include <immintrin.h>
#endif

#define COVEY__INLINE static inline __attribute__((always_inline))

#if defined(__AVX512F__)
typedef __m512 vec;
enum { LANES = 16 };
COVEY__INLINE vec vec_load(const float *p) { return _mm512_loadu_ps(p); }
COVEY__INLINE void vec_store(float *p, vec a) { _mm512_storeu_ps(p, a); }
COVEY__INLINE vec vec_set(float a) { return _mm512_set1_ps(a); }
COVEY__INLINE vec vec_add(vec a, vec b) { return _mm512_add_ps(a, b); }
COVEY__INLINE vec vec_sub(vec a, vec b) { return _mm512_sub_ps(a, b); }
COVEY__INLINE vec vec_mul(vec a, vec b) { return _mm512_mul_ps(a, b); }
COVEY__INLINE vec vec_max(vec a, vec b) { return _mm512_max_ps(a, b); }
COVEY__INLINE vec vec_fma(vec a, vec b, vec c) { return _mm512_fmadd_ps(a, b, c); } /* ab + c */
COVEY__INLINE vec vec_fnma(vec a, vec b, vec c) { return _mm512_fnmadd_ps(a, b, c); } /* c - ab */
#elif defined(__AVX2__) && defined(__FMA__)
typedef __m256 vec;
enum { LANES = 8 };
COVEY__INLINE vec vec_load(const float *p) { return _mm256_loadu_ps(p); }
COVEY__INLINE void vec_store(float *p, vec a) { _mm256_storeu_ps(p, a); }
COVEY__INLINE vec vec_set(float a) { return _mm256_set1_ps(a); }
COVEY__INLINE vec vec_add(vec a, vec b) { return _mm256_add_ps(a, b); }
COVEY__INLINE vec vec_sub(vec a, vec b) { return _mm256_sub_ps(a, b); }
COVEY__INLINE vec vec_mul(vec a, vec b) { return _mm256_mul_ps(a, b); }
COVEY__INLINE vec vec_max(vec a, vec b) { return _mm256_max_ps(a, b); }
COVEY__INLINE vec vec_fma(vec a, vec b, vec c) { return _mm256_fmadd_ps(a, b, c); }
COVEY__INLINE vec vec_fnma(vec a, vec b, vec c) { return _mm256_fnmadd_ps(a, b, c); }
#elif defined(__aarch64__)
typedef float32x4_t vec;
enum { LANES = 4 };
COVEY__INLINE vec vec_load(const float *p) { return vld1q_f32(p); }
COVEY__INLINE void vec_store(float *p, vec a) { vst1q_f32(p, a); }
COVEY__INLINE vec vec_set(float a) { return vdupq_n_f32(a); }
COVEY__INLINE vec vec_add(vec a, vec b) { return vaddq_f32(a, b); }
COVEY__INLINE vec vec_sub(vec a, vec b) { return vsubq_f32(a, b); }
COVEY__INLINE vec vec_mul(vec a, vec b) { return vmulq_f32(a, b); }
/* Of a NaN and a number the number, so that a NaN does not outlive ReLU on one machine alone. */
COVEY__INLINE vec vec_max(vec a, vec b) { return vmaxnmq_f32(a, b); }
COVEY__INLINE vec vec_fma(vec a, vec b, vec c) { return vfmaq_f32(c, a, b); }
COVEY__INLINE vec vec_fnma(vec a, vec b, vec c) { return vfmsq_f32(c, a, b); }
#else
#error "simd_internal.h needs AVX2 with FMA, AVX-512 or AArch64; the build gives the flag by file suffix"
#endif

#endif
