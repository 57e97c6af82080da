/* SPDX-License-Identifier: MIT */
/* NLopt's L-BFGS (Luksan's PLIS) with exact gradients. [LiuNocedal1989; Johnson2007] */
#include <math.h>
#include <nlopt.h>
#include <string.h>

#include "solvers_internal.h"

enum { EVALUATIONS = 2000, MEMORY = 12 };

/* NLopt reports FAILURE when its line search can no longer tell values apart, which is what
 * success looks like from there: a relative gradient this small counts as converged. */
static const double SMALL_GRADIENT = 1e-6;

typedef struct session {
    covey__problem *problem;
    covey__evaluation e;
    nlopt_opt opt;
    double *best; /* [padded]: NLopt's answer after FAILURE need not be the best point it saw */
    double best_value;
    int limit, calls;
    covey__solver_call *call;
} session;

size_t covey__lbfgs_bytes(const covey__points *points) {
    return covey__evaluation_bytes(points) +
           2 * covey__work_bytes(covey__padded(points->d), sizeof(double));
}

static double objective(unsigned n, const double *mu, double *gradient, void *data) {
    session *s = data;
    covey__problem_evaluate(&s->e, s->problem, mu);
    ++s->calls;
    if (gradient)
        memcpy(gradient, s->e.gradient, n * sizeof *gradient);
    if (s->e.value < s->best_value) {
        s->best_value = s->e.value;
        memcpy(s->best, mu, n * sizeof *mu);
        s->call->iterations = s->calls;
        covey__tell_step(s->call, mu, s->e.value);
    }
    return s->e.value;
}

covey_status covey__solve_lbfgs(double *centre, covey__solver_call *call, covey_error *err) {
    covey_status status = COVEY_OK;
    covey__problem *problem = call->problem;
    session s = {.problem = problem, .best_value = INFINITY, .call = call};
    COVEY_FAIL_IF(problem->d > 1000000, err, COVEY_E_LIMIT, NULL,
                  "rows of %zu numbers are too wide for L-BFGS", problem->d);
    covey__evaluation_init(&s.e, problem, call->work);
    s.best = covey__work_take(call->work, problem->padded, sizeof(double));
    double *x = covey__work_take(call->work, problem->padded, sizeof(double));
    memcpy(x, centre, problem->d * sizeof *x);
    memcpy(s.best, centre, problem->d * sizeof *x);
    s.opt = nlopt_create(NLOPT_LD_LBFGS, (unsigned)problem->d);
    COVEY_NOMEM_IF(!s.opt, err);
    nlopt_set_min_objective(s.opt, objective, &s);
    nlopt_set_vector_storage(s.opt, MEMORY);
    nlopt_set_maxeval(s.opt, call->limit ? call->limit : EVALUATIONS);
    nlopt_set_ftol_rel(s.opt, 1e-15);
    double value;
    nlopt_result result = nlopt_optimize(s.opt, x, &value);
    COVEY_FAIL_IF(result == NLOPT_OUT_OF_MEMORY, err, COVEY_E_NOMEM, NULL,
                  "memory ran out inside NLopt; use fewer threads");
    COVEY_FAIL_IF(result == NLOPT_INVALID_ARGS, err, COVEY_E_INTERNAL, NULL,
                  "NLopt refused the problem; please report this");
    memcpy(centre, s.best, problem->d * sizeof *centre);
    call->iterations = s.calls; /* NLopt tells evaluations only */
    covey__problem_evaluate(&s.e, problem, centre);
    double optimality = covey__optimality(problem, &s.e);
    call->converged = result == NLOPT_MAXEVAL_REACHED ? optimality <= COVEY__SOLVED
                      : result > 0                    ? 1
                                                      : optimality <= SMALL_GRADIENT;
done:
    if (s.opt)
        nlopt_destroy(s.opt);
    return status;
}
