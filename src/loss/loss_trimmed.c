/* SPDX-License-Identifier: MIT */
/* Trimmed square loss: rho(r) = r^2 for the rows kept, nothing for those trimmed off.
 *
 * Radial; `fraction` in [0, 1) of all rows, 0.05 by default: enough for the stray photos of a
 * folder, too little to lose a group. After each assignment the rows that lie farthest from their
 * nearest centre, whatever cluster that is, are left out (label -1), and the centres are the means
 * of the rest; which rows those are is asked again in every round. floor(fraction n) rows go, but
 * never so many that fewer rows than clusters are left; of equally far rows the higher numbers go.
 * Both steps lower the same sum, so that the objective never rises. For rows once chosen the loss
 * is the square's; as a whole it is min(r^2, c^2) with a c that the data set, hence not convex.
 * fraction 0 is the square loss. [CuestaAlbertosEtAl1997; ChawlaGionis2013]
 * Pinned by tests/unit/loss/test_losses.c and tests/unit/cluster/test_cluster_trim.c. */
#include "loss_internal.h"

static double rho(double r, const double *params) {
    (void)params;
    return r * r;
}

static double psi(double r, const double *params) {
    (void)params;
    return 2 * r;
}

static double weight(double r, const double *params) {
    (void)r;
    (void)params;
    return 2;
}

static const char *const aliases[] = {"trimmed_kmeans", NULL};

const covey_loss_ops covey__loss_trimmed = {
    .name = "trimmed",
    .aliases = aliases,
    .title = "Trimmed square",
    .formula = "r^2, 0 for the farthest rows",
    .citation = "CuestaAlbertosEtAl1997",
    .exact_centre = "mean",
    .geometry = COVEY_GEOMETRY_RADIAL,
    .traits = COVEY_LOSS_SMOOTH | COVEY_LOSS_HALF_QUADRATIC | COVEY_LOSS_PANEL | COVEY_LOSS_TRIMS,
    .params = {{.name = "fraction", .lower = 0, .upper = 1, .closed = 1, .fallback = 0.05}},
    .rho = rho,
    .psi = psi,
    .weight = weight,
    .curvature = weight,
};
