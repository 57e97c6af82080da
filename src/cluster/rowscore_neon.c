/* SPDX-License-Identifier: MIT */
/* Row kernels for NEON: 4 rows x 4 centres are 16 of 32 registers. */
#if !defined(__aarch64__)
#error "the build leaves this file out of other architectures"
#endif
#include <arm_neon.h>

enum { VF_LANES = 4, TILE_ROWS = 4, TILE_CENTRES = 4 };
typedef float32x4_t vf;

static inline vf vf_set(float value) {
    return vdupq_n_f32(value);
}
static inline vf vf_abs(vf a) {
    return vabsq_f32(a);
}
/* Of a NaN and a number, the number: as on x86 where the number stands second. */
static inline vf vf_min(vf a, vf b) {
    return vminnmq_f32(a, b);
}
static inline vf vf_max(vf a, vf b) {
    return vmaxnmq_f32(a, b);
}
static inline vf vf_sqrt(vf a) {
    return vsqrtq_f32(a);
}
static inline vf vf_fma(vf a, vf b, vf c) {
    return vfmaq_f32(c, a, b);
}
static inline unsigned vf_not_above(vf a, vf b) {
    static const uint32_t bit[VF_LANES] = {1, 2, 4, 8};
    return vaddvq_u32(vbicq_u32(vld1q_u32(bit), vcgtq_f32(a, b)));
}
static inline float vf_total(vf a) {
    return (a[0] + a[2]) + (a[1] + a[3]);
}

#include "rowscore_body.h"

const covey__score_kernels covey__score_kernels_neon = ROWSCORE_TABLE;
