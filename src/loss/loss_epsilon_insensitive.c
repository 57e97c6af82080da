/* SPDX-License-Identifier: MIT */
/* Epsilon-insensitive loss (the tube), with epsilon > 0:
 *
 *     rho(r) = max(0, r - epsilon)     psi(r) = 1 beyond epsilon, else 0     psi(r)/r = 1/r or 0
 *
 * Radial. Convex; psi jumps at epsilon. Points within epsilon of the centre cost nothing, so that
 * the centre need not be unique: where a ball of radius epsilon holds all points the objective is
 * 0 on a whole region. psi(r)/r goes up at epsilon, hence not half-quadratic: a plain IRLS step
 * can raise the objective, and the solver must look before it steps. [Vapnik1995; Leski2001]
 *
 * epsilon by default: the 25 % quantile of the distances; were it above most distances, most
 * points would have no say.
 * Pinned by tests/unit/loss/test_losses.c and tests/unit/centre/test_centre_tube.c. */
#include <math.h>

#include "loss_internal.h"

static double rho(double r, const double *params) {
    return r > params[0] ? r - params[0] : 0;
}

static double psi(double r, const double *params) {
    return r > params[0] ? 1 : 0;
}

static double weight(double r, const double *params) {
    return r > params[0] ? 1 / r : 0;
}

static double curvature(double r, const double *params) {
    (void)r;
    (void)params;
    return 0;
}

static const char *const aliases[] = {"tube", "svr", NULL};

const covey_loss_ops covey__loss_epsilon_insensitive = {
    .name = "epsilon_insensitive",
    .aliases = aliases,
    .title = "Epsilon-insensitive",
    .formula = "max(0, r - epsilon)",
    .citation = "Vapnik1995",
    .geometry = COVEY_GEOMETRY_RADIAL,
    .traits = COVEY_LOSS_CONVEX | COVEY_LOSS_PANEL,
    .params = {{.name = "epsilon", .lower = 0, .upper = INFINITY, .fallback = 1, .constant = 1,
                .quantile = 0.25}},
    .rho = rho,
    .psi = psi,
    .weight = weight,
    .curvature = curvature,
};
