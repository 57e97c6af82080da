/* SPDX-License-Identifier: MIT */
/* Log-cosh loss, with delta > 0 and t = u / delta:
 *
 *     rho(u) = delta^2 log cosh t     psi(u) = delta tanh t     psi(u)/u = tanh(t) / t
 *
 * Per coordinate. Strictly convex and smooth: like u^2/2 near 0, delta |u| far out. log cosh t is
 * computed as log1p(2 sinh^2(t/2)) near 0 and |t| - log 2 + log1p(exp(-2|t|)) beyond, so that it
 * neither loses digits nor overflows. Half-quadratic. [Green1990]
 *
 * delta by default: 1.4826 median |u|, as for pseudo-Huber.
 * Pinned by tests/unit/loss/test_losses.c and tests/unit/centre/test_centre_convex.c. */
#include <math.h>

#include "loss_internal.h"

static double rho(double u, const double *params) {
    double delta = params[0], t = fabs(u) / delta;
    if (t < 1) {
        double s = sinh(t / 2);
        return delta * delta * log1p(2 * s * s);
    }
    return delta * delta * (t - M_LN2 + log1p(exp(-2 * t)));
}

static double psi(double u, const double *params) {
    return params[0] * tanh(u / params[0]);
}

static double weight(double u, const double *params) {
    double t = fabs(u) / params[0];
    return t > 0 ? tanh(t) / t : 1;
}

static double curvature(double u, const double *params) {
    double t = tanh(u / params[0]);
    return 1 - t * t;
}

static const char *const aliases[] = {"logcosh", NULL};

const covey_loss_ops covey__loss_log_cosh = {
    .name = "log_cosh",
    .aliases = aliases,
    .title = "Log-cosh",
    .formula = "delta^2 log cosh(u/delta)",
    .citation = "Green1990",
    .geometry = COVEY_GEOMETRY_COORDINATE,
    .traits = COVEY_LOSS_CONVEX | COVEY_LOSS_SMOOTH | COVEY_LOSS_HALF_QUADRATIC | COVEY_LOSS_PANEL,
    .params = {{.name = "delta", .lower = 0, .upper = INFINITY, .fallback = 1,
                .constant = 1.4826, .quantile = 0.5}},
    .rho = rho,
    .psi = psi,
    .weight = weight,
    .curvature = curvature,
};
