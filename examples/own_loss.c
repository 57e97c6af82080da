/* SPDX-License-Identifier: MIT */
/* A loss of one's own: arctan(r^2), as SciPy's least_squares has it. rho, psi = rho' and the weight
 * psi(r)/r are all that is needed; the functions are called from several threads at once. */
#include <covey/covey.h>
#include <math.h>
#include <stdio.h>

static double rho(double r, const double *params) {
    double u = r / params[0];
    return params[0] * params[0] * atan(u * u);
}

static double weight(double r, const double *params) {
    double u = r / params[0];
    return 2 / (1 + u * u * u * u);
}

static double psi(double r, const double *params) {
    return r * weight(r, params);
}

static const char *const no_aliases[] = {NULL};

static const covey_loss_ops arctan_loss = {
    .name = "arctan",
    .aliases = no_aliases,
    .title = "Arctan",
    .formula = "c^2 arctan((r/c)^2)",
    .citation = "",
    .geometry = COVEY_GEOMETRY_RADIAL,
    /* psi(r)/r never increases: IRLS cannot go up. */
    .traits = COVEY_LOSS_SMOOTH | COVEY_LOSS_BOUNDED | COVEY_LOSS_HALF_QUADRATIC,
    .params = {{.name = "c", .lower = 0, .upper = HUGE_VAL, .fallback = 1, .constant = 2, .quantile = 0.5}},
    .rho = rho,
    .psi = psi,
    .weight = weight,
};

int main(void) {
    const float x[8][1] = {{0.0f}, {0.1f}, {0.2f}, {0.3f}, {10.0f}, {10.1f}, {10.2f}, {60.0f}};
    covey_error err;
    covey_clustering groups;
    covey_loss loss = {&arctan_loss, {1.0}, {0}}; /* c = 1; is_auto = 1 would estimate it */
    covey_cluster_params params = covey_cluster_params_default();
    params.k = 2;
    params.start = COVEY_START_LOSSPP; /* the squared distance would begin at the blunder, 60 */
    if (covey_cluster_compute(&groups, &x[0][0], 8, 1, &loss, &params, &err) != COVEY_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    for (size_t j = 0; j < groups.k; ++j)
        printf("%s: group %zu holds %zu values, centre %.2f\n", loss.ops->name, j, groups.sizes[j],
               groups.centres[j]);
    covey_clustering_fini(&groups);
    return 0;
}
