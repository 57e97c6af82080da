/* SPDX-License-Identifier: MIT */
/* Absolute loss: rho(u) = |u|, psi(u) = sign(u), psi(u)/u = 1/|u|, infinite at 0.
 *
 * No parameter. Per coordinate. Convex, not strictly: the centre is the median of each coordinate;
 * for an even count every point between the two middle values is optimal and the midpoint is
 * taken, as numpy does. Half-quadratic, but IRLS stalls when a point sits on the centre, so the
 * exact median is the default. [BradleyEtAl1996]
 * Pinned by tests/unit/loss/test_losses.c and tests/unit/centre/test_centre_exact.c. */
#include <math.h>

#include "loss_internal.h"

static double rho(double u, const double *params) {
    (void)params;
    return fabs(u);
}

static double psi(double u, const double *params) {
    (void)params;
    return (u > 0) - (u < 0);
}

static double weight(double u, const double *params) {
    (void)params;
    return 1 / fabs(u);
}

static double curvature(double u, const double *params) {
    (void)u;
    (void)params;
    return 0;
}

static const char *const aliases[] = {"l1", "manhattan", "cityblock", "median", NULL};

const covey_loss_ops covey__loss_absolute = {
    .name = "absolute",
    .aliases = aliases,
    .title = "Absolute",
    .formula = "|u|",
    .citation = "BradleyEtAl1996",
    .exact_centre = "median",
    .geometry = COVEY_GEOMETRY_COORDINATE,
    .traits = COVEY_LOSS_CONVEX | COVEY_LOSS_HALF_QUADRATIC | COVEY_LOSS_PANEL,
    .rho = rho,
    .psi = psi,
    .weight = weight,
    .curvature = curvature,
};
