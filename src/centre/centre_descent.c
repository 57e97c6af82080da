/* SPDX-License-Identifier: MIT */
/* Plain gradient descent: mu <- mu - t grad, t halved until the objective falls by a share of what
 * the slope promises [NocedalWright2006, eq. 3.4], and doubled for the next step where the first
 * try was good. The first t is 1 / sum w psi(u)/u, the IRLS step's where all coordinates share it.
 *
 * Nothing is learnt of the curvature, so that long narrow valleys take many steps: it is here to be
 * looked at beside the others (docs/maths/landscape.md), not to be chosen. */
#include <math.h>
#include <string.h>

#include "solvers_internal.h"

enum { STEPS = 1000, HALVINGS = 60 };

static const double ARMIJO = 1e-4;
static const double LEAST_FALL = 1e-16;
static const double AT_REST = 1e-6; /* as for IRLS: where values no longer tell */

size_t covey__descent_bytes(const covey__points *points) {
    return 2 * covey__evaluation_bytes(points) +
           covey__work_bytes(covey__padded(points->d), sizeof(double));
}

static double first_step(const covey__evaluation *e, const covey__problem *problem) {
    double most = 0;
    for (size_t j = 0; j < problem->d; ++j)
        most = fmax(most, e->majoriser[j]);
    return most > 0 && isfinite(most) ? 1 / most : 1 / problem->total_weight;
}

covey_status covey__solve_descent(double *centre, covey__solver_call *call, covey_error *err) {
    covey__problem *problem = call->problem;
    covey__evaluation e, trial;
    (void)err;
    covey__evaluation_init(&e, problem, call->work);
    covey__evaluation_init(&trial, problem, call->work);
    double *next = covey__work_take(call->work, problem->padded, sizeof(double));
    int limit = call->limit ? call->limit : STEPS;
    covey__problem_evaluate(&e, problem, centre);
    double t = first_step(&e, problem);
    while (call->iterations < limit && covey__optimality(problem, &e) > COVEY__SOLVED) {
        double slope = covey__dot(e.gradient, e.gradient, problem->d);
        int halvings = 0;
        for (; halvings <= HALVINGS; ++halvings, t /= 2) {
            for (size_t j = 0; j < problem->d; ++j)
                next[j] = centre[j] - t * e.gradient[j];
            covey__problem_evaluate(&trial, problem, next);
            if (trial.value <= e.value - ARMIJO * t * slope)
                break;
        }
        if (halvings > HALVINGS)
            break; /* rounding, or a kink that the gradient cannot see beyond */
        if (halvings == 0)
            t *= 2;
        ++call->iterations;
        double fall = e.value - trial.value;
        memcpy(centre, next, problem->d * sizeof *centre);
        covey__evaluation swap = e;
        e = trial;
        trial = swap;
        covey__tell_step(call, centre, e.value);
        if (fall <= LEAST_FALL * fabs(e.value))
            break;
    }
    call->value = e.value;
    call->converged = covey__optimality(problem, &e) <= AT_REST;
    return COVEY_OK;
}
