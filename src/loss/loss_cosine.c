/* SPDX-License-Identifier: MIT */
/* Cosine loss (spherical k-means): 1 - cos(x, mu) = r^2/2, r = |x/|x| - mu|, |mu| = 1.
 *
 * Radial on the unit sphere: rho(r) = r^2/2, psi(r) = r, psi(r)/r = 1. Rows of any length are
 * taken, their length does not count; a row of zeros has no direction and is an error that names
 * it. No parameter. The centre is the mean of the unit rows, scaled to length 1: among unit vectors
 * it has the largest summed cosine. Unique unless the rows cancel out; then every centre is equally
 * good and the present one stays. Neither convex (the sphere is not) nor robust: with rows of
 * length 1 it differs from the square loss by the length of the centres alone. [DhillonModha2001]
 * Pinned by tests/unit/loss/test_losses.c and tests/unit/cluster/test_cluster_sphere.c. */
#include "loss_internal.h"

static double rho(double r, const double *params) {
    (void)params;
    return r * r / 2;
}

static double psi(double r, const double *params) {
    (void)params;
    return r;
}

static double weight(double r, const double *params) {
    (void)r;
    (void)params;
    return 1;
}

static const char *const aliases[] = {"spherical", NULL};

const covey_loss_ops covey__loss_cosine = {
    .name = "cosine",
    .aliases = aliases,
    .title = "Cosine",
    .formula = "1 - cos(x, mu) = r^2/2 on the unit sphere",
    .citation = "DhillonModha2001",
    .exact_centre = "direction",
    .geometry = COVEY_GEOMETRY_RADIAL,
    .traits = COVEY_LOSS_SMOOTH | COVEY_LOSS_HALF_QUADRATIC | COVEY_LOSS_PANEL |
              COVEY_LOSS_SPHERICAL,
    .rho = rho,
    .psi = psi,
    .weight = weight,
    .curvature = weight,
};
