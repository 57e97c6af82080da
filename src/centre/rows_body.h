/* SPDX-License-Identifier: MIT */
/* The inner loops over one row, in plain C for the compiler to vectorise; included by rows_ISA.c,
 * which differ in their flags alone. Formulas are those of src/loss/loss_NAME.c, and a test holds
 * the two equal. Loops run over padded widths in whole lanes: the padding is a residual of 0,
 * which adds 0 to every sum but the majoriser's padding, which nobody reads. */
#include <math.h>

#include "rows_internal.h"
#include "rows_math.h"

typedef struct element {
    double rho, psi, slope, size;
} element;

/* Both sides of every choice are computed before it: a division behind a branch is one the
 * compiler may not hoist, and the loop would stay scalar. 1/0 is an infinity that is not chosen. */
static inline element absolute_element(double u, const double *params, int weights) {
    (void)params;
    double size = fabs(u), sign = copysign(1.0, u), inverse = weights ? 1 / size : 0.0;
    return (element){size, size > 0 ? sign : 0.0, size > 0 ? inverse : 0.0, size > 0 ? 0.0 : 1.0};
}

static inline element huber_element(double u, const double *params, int weights) {
    double delta = params[0], size = fabs(u);
    double within = 0.5 * size * size, beyond = delta * (size - 0.5 * delta);
    double slope = weights ? delta / size : 0.0;
    double psi = size <= delta ? size : delta;
    return (element){size <= delta ? within : beyond, copysign(psi, u),
                     size <= delta ? 1.0 : slope, psi};
}

static inline element pseudo_huber_element(double u, const double *params, int weights) {
    double scale = 1 / params[0], t = u * scale; /* the quotient is the loop's, not the row's */
    double s = sqrt(1 + t * t), both = 1 / (s * (s + 1));
    double inverse = both * (s + 1), psi = u * inverse;
    return (element){u * u * (both * s), psi, weights ? inverse : inverse * inverse * inverse,
                     fabs(psi)};
}

static inline element quantile_element(double u, const double *params, int weights) {
    double tau = params[0], size = fabs(u), side = u >= 0 ? tau : 1 - tau;
    double inverse = weights ? side / size : 0.0, psi = u >= 0 ? side : -side;
    return (element){side * size, size > 0 ? psi : 0.0, size > 0 ? inverse : 0.0,
                     size > 0 ? 0.0 : 1.0};
}

static inline element log_cosh_element(double u, const double *params, int weights) {
    double delta = params[0], t = fabs(u) * (1 / delta);
    hyperbolic h = hyperbolic_of(t);
    double weight = weights ? h.tanh / t : 0.0, psi = delta * h.tanh;
    double slope = weights ? (t > 0 ? weight : 1.0) : 1 - h.tanh * h.tanh;
    return (element){delta * delta * h.log_cosh, copysign(psi, u), slope, psi};
}

/* For p > 1: psi = p rho / u, and psi/u = p rho / u^2. Residuals so small that u^2 is no normal
 * number count as 0, where nothing is singular if p = 2. What depends on p alone is arithmetic and
 * no choice, which the compiler would make a branch of. */
static inline element lp_element(double u, const double *params, int weights) {
    static const double LEAST = 0x1p-511;
    double p = params[0], high = power_high(p), size = fabs(u), mean = (double)(p == 2);
    double safe = size < LEAST ? 1.0 : size;
    double rho = power(safe, high, p - high);
    double inverse = 1 / safe, psi = p * rho * inverse, slope = (weights ? 1.0 : p - 1) * psi * inverse;
    double slope_at_zero = weights ? 2 * mean : 0.0;
    psi = size < LEAST ? 0.0 : psi;
    double single = size < LEAST ? 1.0 - mean : 0.0;
    return (element){size < LEAST ? 0.0 : rho, copysign(psi, u),
                     size < LEAST ? slope_at_zero : slope, single + mean * psi};
}

#define COORDINATE(name, weights, suffix)                                                        \
    static void name##_##suffix(double *restrict sums, const double *restrict u, double w,       \
                                const double *params, size_t padded) {                           \
        double *restrict rho = sums, *restrict psi = sums + padded;                              \
        double *restrict slope = sums + 2 * padded, *restrict size = sums + 3 * padded;          \
        const double local[COVEY_LOSS_PARAMS] = {params[0], params[1]};                          \
        for (size_t j = 0; j < padded; ++j) {                                                    \
            element e = name##_element(u[j], local, weights);                                    \
            rho[j] += w * e.rho;                                                                 \
            psi[j] += w * e.psi;                                                                 \
            slope[j] += w * e.slope;                                                             \
            size[j] += w * e.size;                                                               \
        }                                                                                        \
    }

/* The sum of rho alone. Whole lanes first, then what is left through zeroed ones. */
#define VALUE(name)                                                                              \
    static double name##_value(const float *restrict x, const double *restrict mu,               \
                               const double *params, size_t d) {                                 \
        double lanes[COVEY__LANES] = {0}, left[COVEY__LANES] = {0};                              \
        const double local[COVEY_LOSS_PARAMS] = {params[0], params[1]};                          \
        size_t j = 0;                                                                            \
        for (; j + COVEY__LANES <= d; j += COVEY__LANES)                                         \
            for (size_t l = 0; l < COVEY__LANES; ++l)                                            \
                lanes[l] += name##_element((double)x[j + l] - mu[j + l], local, 0).rho;          \
        for (size_t l = 0; j + l < d; ++l)                                                       \
            left[l] = (double)x[j + l] - mu[j + l];                                              \
        for (int l = 0; j < d && l < COVEY__LANES; ++l)                                          \
            lanes[l] += name##_element(left[l], local, 0).rho;                                   \
        return fold(lanes);                                                                      \
    }

/* ((l0+l8)+(l4+l12)) + ...: halves folded onto each other. */
static inline double fold(double lanes[COVEY__LANES]) {
    for (size_t half = COVEY__LANES / 2; half > 0; half /= 2)
        for (size_t l = 0; l < half; ++l)
            lanes[l] += lanes[l + half];
    return lanes[0];
}

#define SHAPE(name)                                                                              \
    COORDINATE(name, 0, curvature)                                                               \
    COORDINATE(name, 1, weight)                                                                  \
    VALUE(name)

SHAPE(absolute)
SHAPE(huber)
SHAPE(pseudo_huber)
SHAPE(quantile)
SHAPE(log_cosh)
SHAPE(lp)

#define RESIDUAL(suffix, type)                                                                   \
    static double residual_##suffix(double *restrict u, const type *restrict x,                  \
                                    const double *restrict mu, size_t d) {                       \
        double lanes[COVEY__LANES] = {0};                                                        \
        size_t j = 0;                                                                            \
        for (; j + COVEY__LANES <= d; j += COVEY__LANES)                                         \
            for (size_t l = 0; l < COVEY__LANES; ++l) {                                          \
                double difference = (double)x[j + l] - mu[j + l];                                \
                u[j + l] = difference;                                                           \
                lanes[l] += difference * difference;                                             \
            }                                                                                    \
        if (j < d)                                                                               \
            for (size_t l = 0; l < COVEY__LANES; ++l) {                                          \
                double difference = j + l < d ? (double)x[j + l] - mu[j + l] : 0.0;              \
                u[j + l] = difference;                                                           \
                lanes[l] += difference * difference;                                             \
            }                                                                                    \
        return fold(lanes);                                                                      \
    }

RESIDUAL(f32, float)
RESIDUAL(f64, double)

static void add_scaled(double *restrict sum, const double *restrict u, double w, size_t padded) {
    for (size_t j = 0; j < padded; ++j)
        sum[j] += w * u[j];
}

#define ROWS_ENTRY(shape, name)                                                                  \
    .coordinate[COVEY__SHAPE_##shape] = {name##_curvature, name##_weight},                       \
    .value[COVEY__SHAPE_##shape] = name##_value

#define ROWS_TABLE(isa)                                                                          \
    const covey__row_kernels covey__rows_##isa = {                                               \
        .residual_f32 = residual_f32,                                                            \
        .residual_f64 = residual_f64,                                                            \
        .add_scaled = add_scaled,                                                                \
        ROWS_ENTRY(ABSOLUTE, absolute),                                                          \
        ROWS_ENTRY(HUBER, huber),                                                                \
        ROWS_ENTRY(PSEUDO_HUBER, pseudo_huber),                                                  \
        ROWS_ENTRY(QUANTILE, quantile),                                                          \
        ROWS_ENTRY(LOG_COSH, log_cosh),                                                          \
        ROWS_ENTRY(LP, lp),                                                                      \
    }
