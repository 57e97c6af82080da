/* SPDX-License-Identifier: MIT */
/* Cauchy (Lorentz) loss, with c > 0 and t = (r/c)^2 / 2:
 *
 *     rho(r) = log(1 + t)     psi(r) = r / (c^2 (1 + t))     psi(r)/r = 1 / (c^2 (1 + t))
 *
 * Radial. Not convex, not bounded: far points keep a pull that fades like 1/r. Half-quadratic;
 * alpha = 0 of Barron's family. [Barron2019]
 *
 * c by default: the median distance, where the weight is 2/3 of that at the centre.
 * Pinned by tests/unit/loss/test_losses.c and tests/unit/centre/test_centre_nonconvex.c. */
#include <math.h>

#include "loss_internal.h"

static double half_square(double r, double c) {
    return 0.5 * (r / c) * (r / c);
}

static double rho(double r, const double *params) {
    return log1p(half_square(r, params[0]));
}

static double weight(double r, const double *params) {
    return 1 / (params[0] * params[0] * (1 + half_square(r, params[0])));
}

static double psi(double r, const double *params) {
    return r * weight(r, params);
}

static double curvature(double r, const double *params) {
    double t = half_square(r, params[0]);
    return (1 - t) / (params[0] * params[0] * (1 + t) * (1 + t));
}

static const char *const aliases[] = {"lorentzian", NULL};

const covey_loss_ops covey__loss_cauchy = {
    .name = "cauchy",
    .aliases = aliases,
    .title = "Cauchy",
    .formula = "log(1 + (r/c)^2 / 2)",
    .citation = "Barron2019",
    .geometry = COVEY_GEOMETRY_RADIAL,
    .traits = COVEY_LOSS_SMOOTH | COVEY_LOSS_HALF_QUADRATIC | COVEY_LOSS_PANEL,
    .params = {{.name = "c", .lower = 0, .upper = INFINITY, .fallback = 1,
                .constant = 1, .quantile = 0.5}},
    .rho = rho,
    .psi = psi,
    .weight = weight,
    .curvature = curvature,
};
