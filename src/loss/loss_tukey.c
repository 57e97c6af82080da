/* SPDX-License-Identifier: MIT */
/* Tukey's biweight, with c > 0 and t = 1 - (r/c)^2:
 *
 *     rho(r) = c^2/6 (1 - t^3)   r <= c      psi(r) = r t^2      psi(r)/r = t^2
 *              c^2/6             beyond               0                     0
 *
 * Radial. Bounded, not convex: whoever is further than c has no weight at all. Where that is
 * everybody the centre stays. Half-quadratic. [BeatonTukey1974]
 *
 * c by default: 1.5 times the 95 % quantile of the distances. In many dimensions all distances are
 * nearly the same, and a c below them would throw everybody out.
 * Pinned by tests/unit/loss/test_losses.c and tests/unit/centre/test_centre_nonconvex.c. */
#include <math.h>

#include "loss_internal.h"

static double inside(double r, double c) {
    double t = 1 - (r / c) * (r / c);
    return t > 0 ? t : 0;
}

static double rho(double r, const double *params) {
    double c = params[0], z = (r / c) * (r / c);
    /* 1 - (1-z)^3 = z (3 - 3z + z^2), which keeps its digits near 0. */
    return c * c / 6 * (z < 1 ? z * (3 - 3 * z + z * z) : 1);
}

static double psi(double r, const double *params) {
    double t = inside(r, params[0]);
    return r * t * t;
}

static double weight(double r, const double *params) {
    double t = inside(r, params[0]);
    return t * t;
}

static double curvature(double r, const double *params) {
    double t = inside(r, params[0]), z = (r / params[0]) * (r / params[0]);
    return t * (1 - 5 * z);
}

static const char *const aliases[] = {"biweight", "bisquare", NULL};

const covey_loss_ops covey__loss_tukey = {
    .name = "tukey",
    .aliases = aliases,
    .title = "Tukey biweight",
    .formula = "c^2/6 (1 - (1 - (r/c)^2)^3) if r <= c, else c^2/6",
    .citation = "BeatonTukey1974",
    .geometry = COVEY_GEOMETRY_RADIAL,
    .traits = COVEY_LOSS_SMOOTH | COVEY_LOSS_BOUNDED | COVEY_LOSS_HALF_QUADRATIC |
              COVEY_LOSS_PANEL,
    .params = {{.name = "c", .lower = 0, .upper = INFINITY, .fallback = 1,
                .constant = 1.5, .quantile = 0.95}},
    .rho = rho,
    .psi = psi,
    .weight = weight,
    .curvature = curvature,
};
