/* SPDX-License-Identifier: MIT */
/* The 1-D transforms B^T d and A^T m over vectors of channels, factored.
 *
 * For a pair of points +-p the row of B^T is the polynomial (x +- p) E(x^2), times x where 0 is a
 * point, so both rows share their even and odd halves: out(+-p) = odd +- even. In the same way
 * A^T's columns for +-p combine as s = m(+p) + m(-p) in even powers, t = m(+p) - m(-p) in odd
 * ones. E's coefficients are elementary symmetric functions of the other points' squares.
 * Results: docs/maths/winograd.md, table 2. */
#ifndef COVEY_WINO_LINES_INTERNAL_H
#define COVEY_WINO_LINES_INTERNAL_H

#include "simd_internal.h"
#include "wino_points_internal.h"

/* a = even +- odd into two places. */
COVEY__INLINE void both(vec *plus, vec *minus, vec a, vec b) {
    *plus = vec_add(a, b);
    *minus = vec_sub(a, b);
}

/* ---- F(4,3): points 0, +-P, +-Q, infinity ------------------------------------------------- */

#define W4_P ((float)WINO4_P)
#define W4_Q ((float)WINO4_Q)

COVEY__INLINE void wino4_bt(vec o[6], const vec d[6]) {
    const float p2 = W4_P * W4_P, q2 = W4_Q * W4_Q;
    vec sum = vec_set(p2 + q2), product = vec_set(p2 * q2);
    o[0] = vec_fma(product, d[0], vec_fnma(sum, d[2], d[4]));
    both(&o[1], &o[2], vec_fnma(vec_set(q2), d[2], d[4]),
         vec_mul(vec_set(W4_P), vec_fnma(vec_set(q2), d[1], d[3])));
    both(&o[3], &o[4], vec_fnma(vec_set(p2), d[2], d[4]),
         vec_mul(vec_set(W4_Q), vec_fnma(vec_set(p2), d[1], d[3])));
    o[5] = vec_fma(product, d[1], vec_fnma(sum, d[3], d[5]));
}

COVEY__INLINE void wino4_at(vec y[4], const vec m[6]) {
    const float p = W4_P, q = W4_Q;
    vec s1, t1, s2, t2;
    both(&s1, &t1, m[1], m[2]);
    both(&s2, &t2, m[3], m[4]);
    y[0] = vec_add(m[0], vec_add(s1, s2));
    y[1] = vec_fma(vec_set(q), t2, vec_mul(vec_set(p), t1));
    y[2] = vec_fma(vec_set(q * q), s2, vec_mul(vec_set(p * p), s1));
    y[3] = vec_fma(vec_set(q * q * q), t2, vec_fma(vec_set(p * p * p), t1, m[5]));
}

/* ---- F(6,3): points 0, +-P, +-Q, +-R, infinity -------------------------------------------- */

#define W6_P ((float)WINO6_P)
#define W6_Q ((float)WINO6_Q)
#define W6_R ((float)WINO6_R)

/* Rows of the pair +-p, a2 and b2 being the squares of the other two points. */
COVEY__INLINE void wino6_pair(vec *plus, vec *minus, const vec d[8], float p, float a2, float b2) {
    vec sum = vec_set(a2 + b2), product = vec_set(a2 * b2);
    vec even = vec_fma(product, d[2], vec_fnma(sum, d[4], d[6]));
    vec odd = vec_fma(product, d[1], vec_fnma(sum, d[3], d[5]));
    *plus = vec_fma(vec_set(p), odd, even);
    *minus = vec_fnma(vec_set(p), odd, even);
}

COVEY__INLINE void wino6_bt(vec o[8], const vec d[8]) {
    const float p2 = W6_P * W6_P, q2 = W6_Q * W6_Q, r2 = W6_R * W6_R;
    vec e1 = vec_set(p2 + q2 + r2), e2 = vec_set(p2 * q2 + p2 * r2 + q2 * r2);
    vec e3 = vec_set(p2 * q2 * r2);
    o[0] = vec_fnma(e3, d[0], vec_fma(e2, d[2], vec_fnma(e1, d[4], d[6])));
    wino6_pair(&o[1], &o[2], d, W6_P, q2, r2);
    wino6_pair(&o[3], &o[4], d, W6_Q, p2, r2);
    wino6_pair(&o[5], &o[6], d, W6_R, p2, q2);
    o[7] = vec_fnma(e3, d[1], vec_fma(e2, d[3], vec_fnma(e1, d[5], d[7])));
}

COVEY__INLINE vec wino6_three(vec a, vec b, vec c, float p, float q, float r) {
    return vec_fma(vec_set(r), c, vec_fma(vec_set(q), b, vec_mul(vec_set(p), a)));
}

COVEY__INLINE void wino6_at(vec y[6], const vec m[8]) {
    const float p = W6_P, q = W6_Q, r = W6_R, p2 = p * p, q2 = q * q, r2 = r * r;
    vec s1, t1, s2, t2, s3, t3;
    both(&s1, &t1, m[1], m[2]);
    both(&s2, &t2, m[3], m[4]);
    both(&s3, &t3, m[5], m[6]);
    y[0] = vec_add(vec_add(m[0], s1), vec_add(s2, s3));
    y[1] = wino6_three(t1, t2, t3, p, q, r);
    y[2] = wino6_three(s1, s2, s3, p2, q2, r2);
    y[3] = wino6_three(t1, t2, t3, p2 * p, q2 * q, r2 * r);
    y[4] = wino6_three(s1, s2, s3, p2 * p2, q2 * q2, r2 * r2);
    y[5] = vec_add(m[7], wino6_three(t1, t2, t3, p2 * p2 * p, q2 * q2 * q, r2 * r2 * r));
}

/* ---- F(7,3): points +-P, +-Q, +-R, +-S, infinity ------------------------------------------ */

#define W7_P ((float)WINO7_P)
#define W7_Q ((float)WINO7_Q)
#define W7_R ((float)WINO7_R)
#define W7_S ((float)WINO7_S)

/* Rows of the pair +-p; a, b, c are the squares of the other three points. */
COVEY__INLINE void wino7_pair(vec *plus, vec *minus, const vec d[9], float p, float a, float b,
                              float c) {
    vec e1 = vec_set(a + b + c), e2 = vec_set(a * b + a * c + b * c), e3 = vec_set(a * b * c);
    vec even = vec_fnma(e3, d[0], vec_fma(e2, d[2], vec_fnma(e1, d[4], d[6])));
    vec odd = vec_fnma(e3, d[1], vec_fma(e2, d[3], vec_fnma(e1, d[5], d[7])));
    *plus = vec_fma(vec_set(p), even, odd);
    *minus = vec_fnma(vec_set(p), even, odd);
}

COVEY__INLINE void wino7_bt(vec o[9], const vec d[9]) {
    const float p = W7_P * W7_P, q = W7_Q * W7_Q, r = W7_R * W7_R, s = W7_S * W7_S;
    wino7_pair(&o[0], &o[1], d, W7_P, q, r, s);
    wino7_pair(&o[2], &o[3], d, W7_Q, p, r, s);
    wino7_pair(&o[4], &o[5], d, W7_R, p, q, s);
    wino7_pair(&o[6], &o[7], d, W7_S, p, q, r);
    vec e1 = vec_set(p + q + r + s);
    vec e2 = vec_set(p * q + p * r + p * s + q * r + q * s + r * s);
    vec e3 = vec_set(p * q * r + p * q * s + p * r * s + q * r * s), e4 = vec_set(p * q * r * s);
    vec low = vec_fma(e4, d[0], vec_fnma(e3, d[2], vec_mul(e2, d[4])));
    o[8] = vec_add(low, vec_fnma(e1, d[6], d[8]));
}

COVEY__INLINE vec wino7_four(vec a, vec b, vec c, vec d, float p, float q, float r, float s) {
    vec ab = vec_fma(vec_set(q), b, vec_mul(vec_set(p), a));
    return vec_fma(vec_set(s), d, vec_fma(vec_set(r), c, ab));
}

COVEY__INLINE void wino7_at(vec y[7], const vec m[9]) {
    const float p = W7_P, q = W7_Q, r = W7_R, s = W7_S;
    const float p2 = p * p, q2 = q * q, r2 = r * r, s2 = s * s;
    vec s1, t1, s_2, t2, s3, t3, s4, t4;
    both(&s1, &t1, m[0], m[1]);
    both(&s_2, &t2, m[2], m[3]);
    both(&s3, &t3, m[4], m[5]);
    both(&s4, &t4, m[6], m[7]);
    y[0] = vec_add(vec_add(s1, s_2), vec_add(s3, s4));
    y[1] = wino7_four(t1, t2, t3, t4, p, q, r, s);
    y[2] = wino7_four(s1, s_2, s3, s4, p2, q2, r2, s2);
    y[3] = wino7_four(t1, t2, t3, t4, p2 * p, q2 * q, r2 * r, s2 * s);
    y[4] = wino7_four(s1, s_2, s3, s4, p2 * p2, q2 * q2, r2 * r2, s2 * s2);
    y[5] = wino7_four(t1, t2, t3, t4, p2 * p2 * p, q2 * q2 * q, r2 * r2 * r, s2 * s2 * s);
    y[6] = vec_add(m[8], wino7_four(s1, s_2, s3, s4, p2 * p2 * p2, q2 * q2 * q2, r2 * r2 * r2,
                                    s2 * s2 * s2));
}

#endif
