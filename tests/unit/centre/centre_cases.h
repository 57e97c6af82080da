/* SPDX-License-Identifier: MIT */
/* Seeded points and the calls the tests of centres share. */
#ifndef COVEY_CENTRE_CASES_H
#define COVEY_CENTRE_CASES_H

#include "covey_test.h"

#include "covey/cluster.h"
#include "random_internal.h"

/* x [m][d]: normal clumps around two places, the second holding every third row. */
static inline void clumps(double *x, size_t m, size_t d, uint64_t seed) {
    for (size_t i = 0; i < m; ++i)
        for (size_t j = 0; j < d; ++j)
            x[i * d + j] = covey__normal(seed, COVEY__PURPOSE_TEST, i, j) + (i % 3 == 2 ? 4.0 : 0);
}

static inline covey_loss loss_with(const char *name, double scale) {
    covey_loss loss;
    covey_error err;
    assert_ok(covey_loss_find(&loss, name, &err));
    for (int p = 0; p < COVEY_LOSS_PARAMS && loss.ops->params[p].name; ++p)
        if (loss.ops->params[p].constant != 0)
            loss.params[p] = scale;
    return loss;
}

/* Centres on the unit sphere have a test of their own, test_centre_sphere.c. */
static inline int is_spherical(const covey_loss *loss) {
    return (loss->ops->traits & COVEY_LOSS_SPHERICAL) != 0;
}

static inline double total_loss(const covey_loss *loss, const double *x, const double *weights,
                                size_t m, size_t d, const double *mu) {
    double sum = 0;
    for (size_t i = 0; i < m; ++i)
        sum += (weights ? weights[i] : 1) * covey_loss_compute(loss, x + i * d, mu, d);
    return sum;
}

/* From `centre`, with err checked and the objective compared with the sum of the loss. */
static inline covey_centre_report solve(double *centre, const double *x, size_t m, size_t d,
                                        const double *weights, const covey_loss *loss,
                                        covey_solver solver) {
    covey_centre_report report;
    covey_error err;
    assert_ok(covey_centre_compute(centre, &report, x, m, d, weights, loss, solver, 0, &err));
    assert_close(report.objective, total_loss(loss, x, weights, m, d, centre), 1e-13, 1e-12);
    return report;
}

#endif
