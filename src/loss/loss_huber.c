/* SPDX-License-Identifier: MIT */
/* Huber's loss, with delta > 0:
 *
 *     rho(u) = u^2 / 2                     |u| <= delta      psi(u) = clamp(u, -delta, delta)
 *              delta (|u| - delta / 2)     beyond            psi(u)/u = min(1, delta / |u|)
 *
 * Per coordinate. Convex, psi continuous and piecewise linear, so that Newton with a bracket ends
 * after finitely many steps. The centre is unique unless an even split of the points leaves a gap
 * wider than 2 delta; the minimiser nearest the start is then taken. [Huber1964]
 *
 * delta by default: 1.345 * 1.4826 * median |u|, pooled over all coordinates: 95 % efficiency for
 * normal residuals, and one scale for all coordinates, since a delta of its own would blow up the
 * coordinates that hardly vary.
 * Pinned by tests/unit/loss/test_losses.c and tests/unit/centre/test_centre_newton.c. */
#include <math.h>

#include "loss_internal.h"

static double rho(double u, const double *params) {
    double delta = params[0], size = fabs(u);
    return size <= delta ? 0.5 * size * size : delta * (size - 0.5 * delta);
}

static double psi(double u, const double *params) {
    double delta = params[0];
    return u > delta ? delta : u < -delta ? -delta : u;
}

static double weight(double u, const double *params) {
    double delta = params[0], size = fabs(u);
    return size <= delta ? 1 : delta / size;
}

static double curvature(double u, const double *params) {
    return fabs(u) <= params[0] ? 1 : 0;
}

static const char *const aliases[] = {NULL};

const covey_loss_ops covey__loss_huber = {
    .name = "huber",
    .aliases = aliases,
    .title = "Huber",
    .formula = "u^2/2 if |u| <= delta, else delta (|u| - delta/2)",
    .citation = "Huber1964",
    .geometry = COVEY_GEOMETRY_COORDINATE,
    .traits = COVEY_LOSS_CONVEX | COVEY_LOSS_SMOOTH | COVEY_LOSS_HALF_QUADRATIC | COVEY_LOSS_PANEL,
    .params = {{.name = "delta", .lower = 0, .upper = INFINITY, .fallback = 1,
                .constant = 1.345 * 1.4826, .quantile = 0.5}},
    .rho = rho,
    .psi = psi,
    .weight = weight,
    .curvature = curvature,
};
