/* SPDX-License-Identifier: MIT */
/* Geman-McClure loss in Barron's scaling, with c > 0, t = (r/c)^2 and s = c (t + 4):
 *
 *     rho(r) = 2 t / (t + 4)     psi(r) = 16 r / s^2     psi(r)/r = 16 / s^2
 *
 * Radial. Bounded by 2, not convex: far points lose their weight like 1/r^4. alpha = -2 of Barron's
 * family. Half-quadratic. [GemanMcClure1985; Barron2019]
 *
 * c by default: the median distance, where the weight is 0.64 of that at the centre.
 * Pinned by tests/unit/loss/test_losses.c and tests/unit/centre/test_centre_nonconvex.c. */
#include <math.h>

#include "loss_internal.h"

static double square(double r, double c) {
    return (r / c) * (r / c);
}

static double rho(double r, const double *params) {
    double t = square(r, params[0]);
    return isinf(t) ? 2 : 2 * t / (t + 4);
}

static double weight(double r, const double *params) {
    double s = square(r, params[0]) + 4;
    return 16 / (params[0] * params[0] * s * s);
}

static double psi(double r, const double *params) {
    return r * weight(r, params);
}

static double curvature(double r, const double *params) {
    double t = square(r, params[0]), s = t + 4;
    return 16 * (4 - 3 * t) / (params[0] * params[0] * s * s * s);
}

static const char *const aliases[] = {"geman", NULL};

const covey_loss_ops covey__loss_geman_mcclure = {
    .name = "geman_mcclure",
    .aliases = aliases,
    .title = "Geman-McClure",
    .formula = "2 (r/c)^2 / ((r/c)^2 + 4)",
    .citation = "GemanMcClure1985",
    .geometry = COVEY_GEOMETRY_RADIAL,
    .traits = COVEY_LOSS_SMOOTH | COVEY_LOSS_BOUNDED | COVEY_LOSS_HALF_QUADRATIC |
              COVEY_LOSS_PANEL,
    .params = {{.name = "c", .lower = 0, .upper = INFINITY, .fallback = 1,
                .constant = 1, .quantile = 0.5}},
    .rho = rho,
    .psi = psi,
    .weight = weight,
    .curvature = curvature,
};
