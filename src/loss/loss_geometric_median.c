/* SPDX-License-Identifier: MIT */
/* Geometric median (Fermat, Weber): rho(r) = r, psi(r) = 1, psi(r)/r = 1/r, infinite at 0.
 *
 * Radial, no parameter. Convex; unique unless the points lie on a line. psi jumps at r = 0: a point
 * on the centre may balance the pull of all others, and the optimum often is a point. Half of the
 * weight must move before the centre can be carried away. The coordinate-wise median is another
 * loss (absolute): this one turns with the data. [Weiszfeld1937; VardiZhang2000]
 * Pinned by tests/unit/loss/test_losses.c and tests/unit/centre/test_centre_median.c. */
#include <math.h>

#include "loss_internal.h"

static double rho(double r, const double *params) {
    (void)params;
    return fabs(r);
}

static double psi(double r, const double *params) {
    (void)params;
    return (r > 0) - (r < 0);
}

static double weight(double r, const double *params) {
    (void)params;
    return 1 / fabs(r);
}

static double curvature(double r, const double *params) {
    (void)r;
    (void)params;
    return 0;
}

static const char *const aliases[] = {"spatial_median", "l1_radial", "weber", NULL};

const covey_loss_ops covey__loss_geometric_median = {
    .name = "geometric_median",
    .aliases = aliases,
    .title = "Geometric median",
    .formula = "r",
    .citation = "VardiZhang2000",
    .geometry = COVEY_GEOMETRY_RADIAL,
    .traits = COVEY_LOSS_CONVEX | COVEY_LOSS_HALF_QUADRATIC | COVEY_LOSS_PANEL,
    .rho = rho,
    .psi = psi,
    .weight = weight,
    .curvature = curvature,
};
