/* SPDX-License-Identifier: MIT */
/* Row kernels in plain C: the definition, for any processor. Four lanes of one array stand for a
 * register, since one running sum of 512 numbers would lose more of float32. */
#include <math.h>

enum { VF_LANES = 4, TILE_ROWS = 1, TILE_CENTRES = 4 };
typedef float vf __attribute__((vector_size(VF_LANES * sizeof(float))));

static inline vf vf_set(float value) {
    return (vf){value, value, value, value};
}
static inline vf vf_abs(vf a) {
    return (vf){fabsf(a[0]), fabsf(a[1]), fabsf(a[2]), fabsf(a[3])};
}
static inline vf vf_min(vf a, vf b) {
    for (int i = 0; i < VF_LANES; ++i)
        a[i] = b[i] < a[i] ? b[i] : a[i];
    return a;
}
static inline vf vf_max(vf a, vf b) {
    for (int i = 0; i < VF_LANES; ++i)
        a[i] = b[i] > a[i] ? b[i] : a[i];
    return a;
}
static inline vf vf_sqrt(vf a) {
    return (vf){sqrtf(a[0]), sqrtf(a[1]), sqrtf(a[2]), sqrtf(a[3])};
}
static inline vf vf_fma(vf a, vf b, vf c) {
    return a * b + c;
}
static inline unsigned vf_not_above(vf a, vf b) {
    unsigned bits = 0;
    for (int i = 0; i < VF_LANES; ++i)
        bits |= (unsigned)!(a[i] > b[i]) << i;
    return bits;
}
static inline float vf_total(vf a) {
    return (a[0] + a[2]) + (a[1] + a[3]);
}

#include "rowscore_body.h"

const covey__score_kernels covey__score_kernels_scalar = ROWSCORE_TABLE;
