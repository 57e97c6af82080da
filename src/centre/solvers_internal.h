/* SPDX-License-Identifier: MIT */
/* The solvers of a centre problem, of one signature: centre [d] in the start, out the answer;
 * iterations and converged are filled in, the rest of the report is covey__centre_solve's.
 * NAME_bytes says what a solver takes from the work memory beyond the problem's own. */
#ifndef COVEY_SOLVERS_INTERNAL_H
#define COVEY_SOLVERS_INTERNAL_H

#include "rows_internal.h"

/* Relative optimality (covey__optimality) that counts as the optimum. */
#define COVEY__SOLVED 1e-10

typedef struct covey__solver_call {
    covey__problem *problem;
    covey__centre_work *work;
    int limit; /* of iterations; 0: the solver's own */
    int iterations;
    int converged;
    double tolerance; /* of covey__optimality; 0: COVEY__SOLVED */
    double value;     /* the objective at the answer, where the solver knows it; else NaN */
    covey_step_fn step; /* or NULL */
    void *step_user;
} covey__solver_call;

/* For solvers to call after each iteration that moved the centre. */
static inline void covey__tell_step(const covey__solver_call *call, const double *centre,
                                    double value) {
    if (call->step)
        call->step(call->step_user, call->iterations, centre, value);
}

/* The mean, the median, as the row says. */
covey_status covey__solve_exact(double *centre, covey__solver_call *call, covey_error *err);
size_t covey__exact_bytes(const covey__points *points);
void covey__weighted_mean(double *mean, covey__problem *problem);
void covey__coordinate_median(double *median, covey__problem *problem, void *scratch);
size_t covey__median_bytes(const covey__points *points);

/* Weighted means; where the row is not half-quadratic a step that goes up is halved. */
covey_status covey__solve_irls(double *centre, covey__solver_call *call, covey_error *err);
size_t covey__irls_bytes(const covey__points *points);

/* Newton's method with a bracket for each coordinate of a convex coordinate loss. */
covey_status covey__solve_newton(double *centre, covey__solver_call *call, covey_error *err);
size_t covey__newton_bytes(const covey__points *points);

/* L-BFGS whose first metric is the IRLS majoriser, with a line search that never goes up. */
covey_status covey__solve_quasi(double *centre, covey__solver_call *call, covey_error *err);
size_t covey__quasi_bytes(const covey__points *points);

/* NLopt's L-BFGS. */
covey_status covey__solve_lbfgs(double *centre, covey__solver_call *call, covey_error *err);
size_t covey__lbfgs_bytes(const covey__points *points);

/* BFGS with the full matrix, as scipy.optimize.minimize's. */
covey_status covey__solve_bfgs(double *centre, covey__solver_call *call, covey_error *err);
size_t covey__bfgs_bytes(const covey__points *points);

/* Steepest descent whose step is halved until the objective falls enough. */
covey_status covey__solve_descent(double *centre, covey__solver_call *call, covey_error *err);
size_t covey__descent_bytes(const covey__points *points);

/* The epsilon tube: smoothed, the smoothing then taken away step by step. */
covey_status covey__solve_tube(double *centre, covey__solver_call *call, covey_error *err);
size_t covey__tube_bytes(const covey__points *points);

static inline double covey__dot(const double *a, const double *b, size_t n) {
    double lanes[COVEY__LANES] = {0};
    size_t j = 0;
    for (; j + COVEY__LANES <= n; j += COVEY__LANES)
        for (size_t l = 0; l < COVEY__LANES; ++l)
            lanes[l] += a[j + l] * b[j + l];
    for (size_t l = 0; j < n; ++j, ++l)
        lanes[l] += a[j] * b[j];
    for (size_t half = COVEY__LANES / 2; half > 0; half /= 2)
        for (size_t l = 0; l < half; ++l)
            lanes[l] += lanes[l + half];
    return lanes[0];
}

#endif
