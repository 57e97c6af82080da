/* SPDX-License-Identifier: MIT */
/* Correntropy loss (Welsch), with sigma > 0 and e = exp(-r^2 / (2 sigma^2)):
 *
 *     rho(r) = 1 - e     psi(r) = r e / sigma^2     psi(r)/r = e / sigma^2
 *
 * Radial. Bounded and not convex: far points lose all weight, several local minima may exist, and
 * the default solver keeps the best of several starts. 1 - e is computed by expm1, which keeps
 * its digits for near points. Where every weight underflows the centre stays where it is.
 * Half-quadratic: IRLS never raises the objective. [LiuPokharelPrincipe2007; HollandWelsch1977]
 *
 * sigma by default: the median distance of the points to their centre. In 512 dimensions the
 * distance hardly varies, so that a spread is no size; with sigma = 1 on raw features every pair
 * would be 0 or 1.
 * Pinned by tests/unit/loss/test_losses.c and tests/unit/centre/test_centre_nonconvex.c. */
#include <math.h>

#include "loss_internal.h"

static double exponent(double r, double sigma) {
    double t = r / sigma;
    return -0.5 * t * t;
}

static double rho(double r, const double *params) {
    return -expm1(exponent(r, params[0]));
}

static double psi(double r, const double *params) {
    return r * exp(exponent(r, params[0])) / (params[0] * params[0]);
}

static double weight(double r, const double *params) {
    return exp(exponent(r, params[0])) / (params[0] * params[0]);
}

static double curvature(double r, const double *params) {
    double t = r / params[0];
    return exp(exponent(r, params[0])) / (params[0] * params[0]) * (1 - t * t);
}

static const char *const aliases[] = {"welsch", "leclerc", "mcc", NULL};

const covey_loss_ops covey__loss_correntropy = {
    .name = "correntropy",
    .aliases = aliases,
    .title = "Correntropy",
    .formula = "1 - exp(-r^2 / (2 sigma^2))",
    .citation = "LiuPokharelPrincipe2007",
    .geometry = COVEY_GEOMETRY_RADIAL,
    .traits = COVEY_LOSS_SMOOTH | COVEY_LOSS_BOUNDED | COVEY_LOSS_HALF_QUADRATIC | COVEY_LOSS_PANEL,
    .params = {{.name = "sigma", .lower = 0, .upper = INFINITY, .fallback = 1, .constant = 1,
                .quantile = 0.5}},
    .rho = rho,
    .psi = psi,
    .weight = weight,
    .curvature = curvature,
};
