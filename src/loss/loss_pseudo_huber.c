/* SPDX-License-Identifier: MIT */
/* Pseudo-Huber loss, with delta > 0 and s = sqrt(1 + (u/delta)^2):
 *
 *     rho(u) = delta^2 (s - 1)     psi(u) = u / s     psi(u)/u = 1/s     psi'(u) = 1/s^3
 *
 * Per coordinate. Strictly convex and smooth: the centre is unique. Like u^2/2 near 0 and
 * delta |u| far out. s - 1 is computed as (u/delta)^2 / (s + 1), which loses no digits near 0.
 * [CharbonnierEtAl1997]
 *
 * delta by default as for Huber's loss, without the 1.345: the bend is gradual, so that
 * 1.4826 * median |u| already leaves most points a weight between 0.5 and 1.
 * Pinned by tests/unit/loss/test_losses.c and tests/unit/centre/test_centre_newton.c. */
#include <math.h>

#include "loss_internal.h"

static double root(double u, double delta) {
    return sqrt(1 + (u / delta) * (u / delta));
}

static double rho(double u, const double *params) {
    return u * u / (root(u, params[0]) + 1);
}

static double psi(double u, const double *params) {
    return u / root(u, params[0]);
}

static double weight(double u, const double *params) {
    return 1 / root(u, params[0]);
}

static double curvature(double u, const double *params) {
    double s = root(u, params[0]);
    return 1 / (s * s * s);
}

static const char *const aliases[] = {"soft_l1", "charbonnier", "l1_l2", NULL};

const covey_loss_ops covey__loss_pseudo_huber = {
    .name = "pseudo_huber",
    .aliases = aliases,
    .title = "Pseudo-Huber",
    .formula = "delta^2 (sqrt(1 + (u/delta)^2) - 1)",
    .citation = "CharbonnierEtAl1997",
    .geometry = COVEY_GEOMETRY_COORDINATE,
    .traits = COVEY_LOSS_CONVEX | COVEY_LOSS_SMOOTH | COVEY_LOSS_HALF_QUADRATIC | COVEY_LOSS_PANEL,
    .params = {{.name = "delta", .lower = 0, .upper = INFINITY, .fallback = 1,
                .constant = 1.4826, .quantile = 0.5}},
    .rho = rho,
    .psi = psi,
    .weight = weight,
    .curvature = curvature,
};
