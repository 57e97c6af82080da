/* SPDX-License-Identifier: MIT */
/* Quantile (pinball) loss, 0 < tau < 1:
 *
 *     rho(u) = tau u         u >= 0      psi(u) = tau          psi(u)/u = tau / |u|, infinite at 0
 *              (tau - 1) u   u < 0               tau - 1                  (1 - tau) / |u|
 *
 * Per coordinate, not symmetric: points above the centre weigh tau, points below 1 - tau. Convex;
 * the centre is the tau-quantile of each coordinate by the inverted distribution function, the
 * least datum with a share of at least tau at or below it. The weights of the two sides differ, so
 * that it is not half-quadratic and IRLS must be safeguarded. tau = 0.5 is half the absolute loss
 * (with the lower of two middle values), which has the vote. [KoenkerBassett1978]
 * Pinned by tests/unit/loss/test_losses.c and tests/unit/centre/test_centre_median.c. */
#include <math.h>

#include "loss_internal.h"

static double rho(double u, const double *params) {
    return u >= 0 ? params[0] * u : (params[0] - 1) * u;
}

static double psi(double u, const double *params) {
    return u > 0 ? params[0] : u < 0 ? params[0] - 1 : 0;
}

static double weight(double u, const double *params) {
    return (u >= 0 ? params[0] : 1 - params[0]) / fabs(u);
}

static double curvature(double u, const double *params) {
    (void)u;
    (void)params;
    return 0;
}

static const char *const aliases[] = {"pinball", NULL};

const covey_loss_ops covey__loss_quantile = {
    .name = "quantile",
    .aliases = aliases,
    .title = "Quantile",
    .formula = "tau u if u >= 0, else (tau - 1) u",
    .citation = "KoenkerBassett1978",
    .exact_centre = "quantile",
    .geometry = COVEY_GEOMETRY_COORDINATE,
    .traits = COVEY_LOSS_CONVEX,
    .params = {{.name = "tau", .lower = 0, .upper = 1, .fallback = 0.5}},
    .rho = rho,
    .psi = psi,
    .weight = weight,
    .curvature = curvature,
};
