/* SPDX-License-Identifier: MIT */
/* Pseudo-Huber loss of the distance in Barron's scaling, with c > 0 and s = sqrt(1 + (r/c)^2):
 *
 *     rho(r) = s - 1     psi(r) = r / (c^2 s)     psi(r)/r = 1 / (c^2 s)
 *
 * Radial. Strictly convex and smooth; alpha = 1 of Barron's family. Half-quadratic.
 * [CharbonnierEtAl1997; Barron2019]
 *
 * c by default: the median distance, where the weight is 0.71 of that at the centre.
 * Pinned by tests/unit/loss/test_losses.c and tests/unit/centre/test_centre_convex.c. */
#include <math.h>

#include "loss_internal.h"

static double root(double r, double c) {
    return sqrt(1 + (r / c) * (r / c));
}

static double rho(double r, const double *params) {
    double t = r / params[0];
    return t * t / (root(r, params[0]) + 1);
}

static double weight(double r, const double *params) {
    return 1 / (params[0] * params[0] * root(r, params[0]));
}

static double psi(double r, const double *params) {
    return r * weight(r, params);
}

static double curvature(double r, const double *params) {
    double s = root(r, params[0]);
    return 1 / (params[0] * params[0] * s * s * s);
}

static const char *const aliases[] = {"charbonnier_radial", NULL};

const covey_loss_ops covey__loss_pseudo_huber_radial = {
    .name = "pseudo_huber_radial",
    .aliases = aliases,
    .title = "Pseudo-Huber, radial",
    .formula = "sqrt(1 + (r/c)^2) - 1",
    .citation = "CharbonnierEtAl1997",
    .geometry = COVEY_GEOMETRY_RADIAL,
    .traits = COVEY_LOSS_CONVEX | COVEY_LOSS_SMOOTH | COVEY_LOSS_HALF_QUADRATIC | COVEY_LOSS_PANEL,
    .params = {{.name = "c", .lower = 0, .upper = INFINITY, .fallback = 1,
                .constant = 1, .quantile = 0.5}},
    .rho = rho,
    .psi = psi,
    .weight = weight,
    .curvature = curvature,
};
