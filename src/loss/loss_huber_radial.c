/* SPDX-License-Identifier: MIT */
/* Huber's loss of the distance, with delta > 0:
 *
 *     rho(r) = r^2 / 2                  r <= delta      psi(r) = min(r, delta)
 *              delta (r - delta / 2)    beyond          psi(r)/r = min(1, delta / r)
 *
 * Radial. Convex, psi continuous: between the mean (delta large) and the geometric median (small).
 * Half-quadratic. [Huber1964]
 *
 * delta by default: 0.8 of the median distance, so that most points are beyond it. A delta made for
 * one coordinate is far too small here: distances grow with the root of the dimension.
 * Pinned by tests/unit/loss/test_losses.c and tests/unit/centre/test_centre_convex.c. */
#include <math.h>

#include "loss_internal.h"

static double rho(double r, const double *params) {
    double delta = params[0];
    return r <= delta ? 0.5 * r * r : delta * (r - 0.5 * delta);
}

static double psi(double r, const double *params) {
    return r <= params[0] ? r : params[0];
}

static double weight(double r, const double *params) {
    return r <= params[0] ? 1 : params[0] / r;
}

static double curvature(double r, const double *params) {
    return r <= params[0] ? 1 : 0;
}

static const char *const aliases[] = {NULL};

const covey_loss_ops covey__loss_huber_radial = {
    .name = "huber_radial",
    .aliases = aliases,
    .title = "Huber, radial",
    .formula = "r^2/2 if r <= delta, else delta (r - delta/2)",
    .citation = "Huber1964",
    .geometry = COVEY_GEOMETRY_RADIAL,
    .traits = COVEY_LOSS_CONVEX | COVEY_LOSS_SMOOTH | COVEY_LOSS_HALF_QUADRATIC | COVEY_LOSS_PANEL,
    .params = {{.name = "delta", .lower = 0, .upper = INFINITY, .fallback = 1,
                .constant = 0.8, .quantile = 0.5}},
    .rho = rho,
    .psi = psi,
    .weight = weight,
    .curvature = curvature,
};
