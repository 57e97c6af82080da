/* SPDX-License-Identifier: MIT */
/* Barron's general loss, with alpha <= 2, c > 0, b = |alpha - 2| and z = (r/c)^2:
 *
 *     rho(r) = b/alpha ((z/b + 1)^(alpha/2) - 1)     psi(r) = r/c^2 (z/b + 1)^(alpha/2 - 1)
 *
 * with the limits  alpha = 2: z/2;  alpha = 0: log(1 + z/2);  alpha = -inf: 1 - exp(-z/2).
 * Radial. One number sweeps the family: 2 square, 1 pseudo-Huber, 0 Cauchy, -2 Geman-McClure, -inf
 * correntropy. Convex for alpha >= 1 and bounded for alpha < 0 only, so that neither is claimed.
 * Half-quadratic for every alpha <= 2. Powers go through log1p and expm1, which keeps their digits
 * near the limits. [Barron2019, eqs. 8 and 9]
 *
 * By default alpha = 0 and c the median distance: the Cauchy loss, which has the vote.
 * Pinned by tests/unit/loss/test_losses.c and tests/unit/loss/test_loss_barron.c. */
#include <math.h>

#include "loss_internal.h"

static double rho(double r, const double *params) {
    double alpha = params[0], b = fabs(alpha - 2), z = (r / params[1]) * (r / params[1]);
    if (b == 0)
        return z / 2;
    if (alpha == 0)
        return log1p(z / 2);
    if (isinf(alpha))
        return -expm1(-z / 2);
    return b / alpha * expm1(alpha / 2 * log1p(z / b));
}

static double weight(double r, const double *params) {
    double alpha = params[0], c = params[1], b = fabs(alpha - 2), z = (r / c) * (r / c);
    if (b == 0)
        return 1 / (c * c);
    if (isinf(alpha))
        return exp(-z / 2) / (c * c);
    return exp((alpha / 2 - 1) * log1p(z / b)) / (c * c);
}

static double psi(double r, const double *params) {
    return r * weight(r, params);
}

static double curvature(double r, const double *params) {
    double alpha = params[0], c = params[1], b = fabs(alpha - 2), z = (r / c) * (r / c);
    double v = weight(r, params);
    if (b == 0)
        return v;
    if (isinf(alpha))
        return v * (1 - z);
    return v * (1 + (alpha - 2) * (z / b) / (1 + z / b));
}

static const char *const aliases[] = {"general", "adaptive", NULL};

const covey_loss_ops covey__loss_barron = {
    .name = "barron",
    .aliases = aliases,
    .title = "Barron",
    .formula = "|alpha-2|/alpha (((r/c)^2/|alpha-2| + 1)^(alpha/2) - 1)",
    .citation = "Barron2019",
    .geometry = COVEY_GEOMETRY_RADIAL,
    .traits = COVEY_LOSS_SMOOTH | COVEY_LOSS_HALF_QUADRATIC,
    .params = {{.name = "alpha", .lower = -INFINITY, .upper = 2, .closed = 3, .fallback = 0},
               {.name = "c", .lower = 0, .upper = INFINITY, .fallback = 1, .constant = 1,
                .quantile = 0.5}},
    .rho = rho,
    .psi = psi,
    .weight = weight,
    .curvature = curvature,
};
