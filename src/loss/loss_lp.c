/* SPDX-License-Identifier: MIT */
/* Power loss, 1 <= p <= 2:
 *
 *     rho(u) = |u|^p     psi(u) = p |u|^(p-1) sign(u)     psi(u)/u = p |u|^(p-2), infinite at 0
 *
 * Per coordinate, between the median (p = 1) and the mean (p = 2). Convex, strictly for p > 1.
 * Half-quadratic. psi' = p (p-1) |u|^(p-2), for p < 2 infinite at 0: Newton's method leaves such
 * terms out, its brackets hold. At p = 1 the centre is the median. [GoninMoney1989]
 *
 * p = 1.5 by default. It is a power and not a scale: scaling the data changes nothing but units.
 * Pinned by tests/unit/loss/test_losses.c and tests/unit/centre/test_centre_convex.c. */
#include <math.h>

#include "loss_internal.h"

static double rho(double u, const double *params) {
    return pow(fabs(u), params[0]);
}

static double psi(double u, const double *params) {
    if (u == 0)
        return 0;
    return copysign(params[0] * pow(fabs(u), params[0] - 1), u);
}

static double weight(double u, const double *params) {
    return params[0] * pow(fabs(u), params[0] - 2);
}

static double curvature(double u, const double *params) {
    double p = params[0];
    return p > 1 ? p * (p - 1) * pow(fabs(u), p - 2) : 0;
}

static const char *const aliases[] = {"power", NULL};

const covey_loss_ops covey__loss_lp = {
    .name = "lp",
    .aliases = aliases,
    .title = "Power (Lp)",
    .formula = "|u|^p",
    .citation = "GoninMoney1989",
    .geometry = COVEY_GEOMETRY_COORDINATE,
    .traits = COVEY_LOSS_CONVEX | COVEY_LOSS_HALF_QUADRATIC | COVEY_LOSS_PANEL,
    .params = {{.name = "p", .lower = 1, .upper = 2, .closed = 3, .fallback = 1.5}},
    .rho = rho,
    .psi = psi,
    .weight = weight,
    .curvature = curvature,
};
