/* SPDX-License-Identifier: MIT */
/* Scores that take exponentials and logarithms, for rowscore_body.h: float32, no table, no call.
 *
 *     log_cosh  sum of |t| + log(1 + exp(-2|t|)), t = u/p: log cosh t, plus log 2 for each term.
 *               The factors 1 + exp(-2|t|) lie in (1, 2], so that 64 of them are multiplied before
 *               one logarithm is taken. Off by less than 8 units of rounding of a term.
 *     lp        |u|^p = 2^(p log2 |u|). p e, with e the exponent of u, is split so that no digit of
 *               the fraction is lost. Off by less than 16 units of a term; below 2^-126: 2^-126. */
#ifndef COVEY_ROWSCORE_MATH_H
#define COVEY_ROWSCORE_MATH_H

typedef int32_t vfi __attribute__((vector_size(VF_LANES * sizeof(int32_t))));

/* 2^f for |f| <= 1/2, by Taylor's series of exp(f log 2). */
ALWAYS_INLINE vf vf_exp2_near(vf f) {
    vf r = f * vf_set(0x1.62e430p-1F);
    vf s = vf_fma(r, vf_set(1.0F / 5040), vf_set(1.0F / 720));
    s = vf_fma(s, r, vf_set(1.0F / 120));
    s = vf_fma(s, r, vf_set(1.0F / 24));
    s = vf_fma(s, r, vf_set(1.0F / 6));
    s = vf_fma(s, r, vf_set(0.5F));
    s = vf_fma(s, r, vf_set(1));
    return vf_fma(s, r, vf_set(1));
}

/* v 2^n for the integer n, -126 .. 127 in sum with v's exponent. */
ALWAYS_INLINE vf vf_scale(vf v, vf n) {
    vfi whole = (vfi)(n + vf_set(0x1.8p23F)) << 23;
    return (vf)((vfi)v + whole);
}

ALWAYS_INLINE vf vf_round(vf v) {
    return (v + vf_set(0x1.8p23F)) - vf_set(0x1.8p23F);
}

/* a = 2^e m, a normal and positive, sqrt(1/2) <= m < sqrt 2: log m, and e. */
ALWAYS_INLINE vf vf_log_of(vf a, vf *e) {
    vfi bits = (vfi)a - 0x3F3504F3; /* sqrt(1/2) */
    vfi whole = bits >> 23;
    *e = __builtin_convertvector(whole, vf);
    vf f = (vf)((vfi)a - (whole << 23)) - vf_set(1);
    vf s = f / (f + vf_set(2)), q = s * s;
    vf tail = vf_fma(q, vf_set(2.0F / 9), vf_set(2.0F / 7));
    tail = vf_fma(tail, q, vf_set(2.0F / 5));
    tail = vf_fma(tail, q, vf_set(2.0F / 3));
    return vf_fma(s * q, tail, s + s);
}

ALWAYS_INLINE vf vf_log(vf a) {
    vf e, l = vf_log_of(a, &e);
    return vf_fma(e, vf_set(0x1.62e430p-1F), l);
}

/* |u|^p, p = high + low: e high is exact. */
ALWAYS_INLINE vf vf_power(vf size, vf high, vf low) {
    vf e, l = vf_log_of(vf_max(size, vf_set(0x1p-126F)), &e) * vf_set(0x1.715476p+0F);
    vf whole = e * high, n = vf_round(whole);
    vf f = (whole - n) + vf_fma(low, e, vf_fma(high, l, low * l));
    vf k = vf_round(f);
    return vf_scale(vf_exp2_near(f - k), vf_max(n + k, vf_set(-126)));
}

/* p's upper 12 bits. */
ALWAYS_INLINE vf vf_upper(vf p) {
    return (vf)((vfi)p & ~0xFFF);
}

/* exp(-2t), t >= 0: at least 2^-126. */
ALWAYS_INLINE vf vf_exp_minus_twice(vf t) {
    vf y = vf_max(t * vf_set(-0x1.715476p+1F), vf_set(-126));
    vf n = vf_round(y);
    return vf_scale(vf_exp2_near(y - n), n);
}

enum { FACTORS = 64 };

ALWAYS_INLINE vf log_cosh_row(const float *row, const float *tail, size_t whole, size_t d,
                              const float *c, vf inverse) {
    vf sum = vf_set(0), product = vf_set(1);
    size_t left = FACTORS;
    for (size_t j = 0; j < d; j += VF_LANES) {
        vf t = vf_abs((j < whole ? load(row + j) : load(tail)) - load(c + j)) * inverse;
        sum = sum + t;
        product = vf_fma(product, vf_exp_minus_twice(t), product);
        if (--left == 0) {
            sum = sum + vf_log(product);
            product = vf_set(1);
            left = FACTORS;
        }
    }
    return sum + vf_log(product);
}

ALWAYS_INLINE vf power_row(const float *row, const float *tail, size_t whole, size_t d,
                           const float *c, vf high, vf low) {
    vf sum = vf_set(0);
    for (size_t j = 0; j < d; j += VF_LANES) {
        vf u = (j < whole ? load(row + j) : load(tail)) - load(c + j);
        sum = sum + vf_power(vf_abs(u), high, low);
    }
    return sum;
}

ALWAYS_INLINE vf pseudo_huber_row(const float *row, const float *tail, size_t whole, size_t d,
                                  const float *c, vf inverse) {
    vf sum = vf_set(0);
    for (size_t j = 0; j < d; j += VF_LANES) {
        vf t = ((j < whole ? load(row + j) : load(tail)) - load(c + j)) * inverse;
        sum = sum + vf_sqrt(vf_fma(t, t, vf_set(1)));
    }
    return sum;
}

/* Tiles would save loads only, of which there are few here; any number of rows and centres. */
ALWAYS_INLINE void score_costly(float *out, size_t stride, const float *x, size_t rows, size_t d,
                                const float *centres, size_t k, size_t d_pad, covey__kind kind,
                                vf p) {
    size_t whole = d / VF_LANES * VF_LANES;
    vf inverse = vf_set(1) / p, high = vf_upper(p), low = p - high;
    for (size_t r = 0; r < rows; ++r) {
        const float *row = x + r * d;
        float tail[VF_LANES] = {0};
        memcpy(tail, row + whole, (d - whole) * sizeof *x);
        for (size_t j = 0; j < k; ++j) {
            const float *c = centres + j * d_pad;
            vf sum = kind == COVEY__KIND_LP ? power_row(row, tail, whole, d, c, high, low)
                     : kind == COVEY__KIND_LOG_COSH
                         ? log_cosh_row(row, tail, whole, d, c, inverse)
                         : pseudo_huber_row(row, tail, whole, d, c, inverse);
            out[r * stride + j] = vf_total(sum);
        }
    }
}

#endif
