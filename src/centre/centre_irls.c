/* SPDX-License-Identifier: MIT */
/* Iteratively reweighted least squares: mu <- sum w_i psi(u_i)/u_i x_i / sum w_i psi(u_i)/u_i.
 *
 * The weighted mean minimises a parabola that touches the objective at mu and, where psi(u)/u
 * never increases (half-quadratic rows), lies above it everywhere: the objective never rises
 * [HollandWelsch1977]. Elsewhere a step that raises it is halved.
 * Where points sit on a kink at mu (the median's, the geometric median's) their pull is any vector
 * up to their weight: the step is shortened by that share, and mu is optimal when nothing is left
 * of it [VardiZhang2000]. */
#include <math.h>
#include <string.h>

#include "solvers_internal.h"

enum { STEPS = 1000, HALVINGS = 40 };

/* Below this relative fall of the objective the steps are rounding noise. */
static const double LEAST_FALL = 1e-16;

/* A value right to the last digit leaves the gradient right to half of them. */
static const double AT_REST = 1e-6;

size_t covey__irls_bytes(const covey__points *points) {
    return 2 * covey__evaluation_bytes(points) +
           covey__work_bytes(covey__padded(points->d), sizeof(double));
}

/* next = mu - t step, kinks minded. */
static void take_step(double *next, const double *mu, const covey__evaluation *e,
                      const covey__problem *problem, double t) {
    int radial = problem->loss->ops->geometry == COVEY_GEOMETRY_RADIAL;
    double pull = radial ? sqrt(covey__dot(e->gradient, e->gradient, problem->d)) : 0;
    for (size_t j = 0; j < problem->d; ++j) {
        double force = radial ? pull : fabs(e->gradient[j]);
        double held = covey__held(problem, e->gradient[j], e->at_kink[j]);
        double share = force > held ? 1 - held / force : 0;
        next[j] = e->majoriser[j] > 0 ? mu[j] - t * share * e->gradient[j] / e->majoriser[j]
                                      : mu[j];
    }
}

covey_status covey__solve_irls(double *centre, covey__solver_call *call, covey_error *err) {
    covey__problem *problem = call->problem;
    covey__evaluation e, trial;
    (void)err;
    covey__evaluation_init(&e, problem, call->work);
    covey__evaluation_init(&trial, problem, call->work);
    double *next = covey__work_take(call->work, problem->padded, sizeof(double));
    int limit = call->limit ? call->limit : STEPS;
    covey__problem_evaluate(&e, problem, centre);
    while (call->iterations < limit) {
        if (covey__optimality(problem, &e) <= COVEY__SOLVED) {
            call->converged = 1;
            break;
        }
        double t = 1;
        int halvings = 0;
        for (; halvings <= HALVINGS; ++halvings, t /= 2) {
            take_step(next, centre, &e, problem, t);
            covey__problem_evaluate(&trial, problem, next);
            if (trial.value <= e.value)
                break;
        }
        if (halvings > HALVINGS)
            break;
        ++call->iterations;
        double fall = e.value - trial.value;
        memcpy(centre, next, problem->d * sizeof *centre);
        covey__evaluation swap = e;
        e = trial;
        trial = swap;
        covey__tell_step(call, centre, e.value);
        if (fall <= LEAST_FALL * fabs(e.value)) {
            /* Nothing more to gain in float64. */
            call->converged = covey__optimality(problem, &e) <= AT_REST;
            break;
        }
    }
    if (!call->converged)
        call->converged = covey__optimality(problem, &e) <= COVEY__SOLVED;
    return COVEY_OK;
}
