/* SPDX-License-Identifier: MIT */
/* Square loss: rho(u) = u^2, psi(u) = 2u, psi(u)/u = 2.
 *
 * No parameter. Sums of coordinates and the squared distance are the same number, so the loss is
 * both radial and coordinate; it is listed as radial because the nearest centre is then read off.
 * Convex; the centre is the mean, unique. One far point moves it without bound: that is what the
 * other rows are for. Ties: none, the mean does not depend on the order of the points. [Lloyd1982]
 * Pinned by tests/unit/loss/test_losses.c and tests/unit/centre/test_centre_exact.c. */
#include "loss_internal.h"

static double rho(double u, const double *params) {
    (void)params;
    return u * u;
}

static double psi(double u, const double *params) {
    (void)params;
    return 2 * u;
}

static double weight(double u, const double *params) {
    (void)u;
    (void)params;
    return 2;
}

static const char *const aliases[] = {"l2", "squared", "mse", NULL};

const covey_loss_ops covey__loss_square = {
    .name = "square",
    .aliases = aliases,
    .title = "Square",
    .formula = "u^2",
    .citation = "Lloyd1982",
    .exact_centre = "mean",
    .geometry = COVEY_GEOMETRY_RADIAL,
    .traits = COVEY_LOSS_CONVEX | COVEY_LOSS_SMOOTH | COVEY_LOSS_HALF_QUADRATIC | COVEY_LOSS_PANEL,
    .rho = rho,
    .psi = psi,
    .weight = weight,
    .curvature = weight,
};
