/* SPDX-License-Identifier: MIT */
/* exp, log1p and powers as loops can have them side by side: no branch, no table, no call, the same
 * operations in the same order on every instruction set, contraction off. Included by rows_body.h.
 *
 * Relative errors, measured against long double over the ranges used (tests/unit/centre/test_rows.c):
 * below 8 units of 2^-53 for log cosh, 4 for tanh and powers. The series are Taylor's; each is cut where its first term
 * left out is below 2^-56 of the sum. */
#ifndef COVEY_ROWS_MATH_H
#define COVEY_ROWS_MATH_H

#include <stdint.h>
#include <string.h>

/* Adding this rounds a double below 2^51 to an integer, which its low bits then hold. */
#define TO_INTEGER 0x1.8p52
#define LOG2_E 0x1.71547652b82fep0
#define LN2_HIGH 0x1.62e42fefa38p-1 /* 42 bits: exact times an integer of 11 */
#define LN2_LOW 0x1.ef35793c7673p-45

static inline uint64_t bits_of(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline double double_of(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* 2^n for the integer n of -1023 (0) .. 1024 (infinity). */
static inline double power_of_two(double n) {
    return double_of((bits_of(n + TO_INTEGER) + 1023) << 52);
}

/* exp(r) - 1, |r| <= 0.35. */
static inline double expm1_near(double r) {
    double s = 1.0 / 87178291200;
    s = s * r + 1.0 / 6227020800;
    s = s * r + 1.0 / 479001600;
    s = s * r + 1.0 / 39916800;
    s = s * r + 1.0 / 3628800;
    s = s * r + 1.0 / 362880;
    s = s * r + 1.0 / 40320;
    s = s * r + 1.0 / 5040;
    s = s * r + 1.0 / 720;
    s = s * r + 1.0 / 120;
    s = s * r + 1.0 / 24;
    s = s * r + 1.0 / 6;
    s = s * r + 0.5;
    return r + r * r * s;
}

/* (2 atanh s - 2 s) / s^3, s^2 <= 0.0295. */
static inline double atanh_tail(double square) {
    double s = 2.0 / 23;
    s = s * square + 2.0 / 21;
    s = s * square + 2.0 / 19;
    s = s * square + 2.0 / 17;
    s = s * square + 2.0 / 15;
    s = s * square + 2.0 / 13;
    s = s * square + 2.0 / 11;
    s = s * square + 2.0 / 9;
    s = s * square + 2.0 / 7;
    s = s * square + 2.0 / 5;
    return s * square + 2.0 / 3;
}

/* log(1 + z) = 2 atanh(z / (2 + z)), -0.26 <= z <= 0.34. */
static inline double log1p_near(double z) {
    double s = z / (2 + z), square = s * s;
    return 2 * s + s * square * atanh_tail(square);
}

/* tanh and log cosh of t >= 0, t finite. With q = exp(-2t) - 1: tanh = -q / (2 + q), and
 * log cosh = -log(1 - tanh^2) / 2 near 0, where that keeps all digits, t - log 2 + log1p(q + 1)
 * farther out. */
typedef struct hyperbolic {
    double tanh, log_cosh;
} hyperbolic;

static inline hyperbolic hyperbolic_of(double t) {
    static const double NEAR = 0.5493, FAR = 350; /* tanh 0.5; exp(-700) is 0 beside 1 */
    double y = -2 * (t < FAR ? t : FAR);
    double n = (y * LOG2_E + TO_INTEGER) - TO_INTEGER;
    double r = (y - n * LN2_HIGH) - n * LN2_LOW;
    double scale = power_of_two(n), e = expm1_near(r);
    double q = scale * e + (scale - 1), far = scale + scale * e;
    double tanh = -q / (2 + q);
    double l = log1p_near(t < NEAR ? -tanh * tanh : far);
    return (hyperbolic){tanh, t < NEAR ? -0.5 * l : (t - 0x1.62e42fefa39efp-1) + l};
}

/* size^p, 2^-1000 <= size < 2^1000, 1 <= p <= 2; 0 or infinity where the power leaves the normal
 * numbers. p = high + low, high having few enough bits that high times the exponent is exact. */
static inline double power(double size, double high, double low) {
    /* size = 2^e m, sqrt(1/2) <= m < sqrt 2 */
    uint64_t bits = bits_of(size) + ((uint64_t)1023 << 52) - 0x3FE6A09E667F3BCD;
    double e = double_of((bits >> 52) | 0x4330000000000000) - (0x1p52 + 1023);
    double m = double_of(bits_of(size) - (((bits >> 52) - 1023) << 52));
    double f = m - 1, s = f / (2 + f), square = s * s;
    double log_m = 2 * s + s * square * atanh_tail(square);
    double whole = high * e, n = (whole + TO_INTEGER) - TO_INTEGER;
    double t = (whole - n) * 0x1.62e42fefa39efp-1 + (low * e * 0x1.62e42fefa39efp-1) +
               (high * log_m + low * log_m);
    double k = (t * LOG2_E + TO_INTEGER) - TO_INTEGER;
    double r = (t - k * LN2_HIGH) - k * LN2_LOW;
    n += k;
    n = n < -1023 ? -1023 : n;
    n = n > 1024 ? 1024 : n;
    double scale = power_of_two(n);
    return scale + scale * expm1_near(r);
}

/* p as power's `high`: its upper 40 bits. */
static inline double power_high(double p) {
    return double_of(bits_of(p) & ~(uint64_t)0xFFF);
}

#endif
