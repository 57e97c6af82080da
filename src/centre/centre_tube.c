/* SPDX-License-Identifier: MIT */
/* The centre under the epsilon tube, min over mu of sum_i w_i max(0, |x_i - mu| - epsilon).
 *
 * The sum of the distances to balls: convex, with kinks on the spheres |x_i - mu| = epsilon, where
 * plain IRLS goes up and quasi-Newton methods stall. The hinge max(0, s) is replaced by
 *
 *     phi(s) = 0 for s <= -tau;  (s + tau)^2 / (4 tau) for |s| < tau;  s for s >= tau,
 *
 * convex, smooth, never below the hinge and never more than tau/4 above it. Its minimum is found
 * by the line-search method of centre_quasi.c and tau is divided, each stage starting from the last
 * [Nesterov2005]. The answer is the best point seen, judged by the true loss, so that it is never
 * above the start. docs/maths/centres.md, section 5, has the bound on what is left. */
#include <math.h>
#include <string.h>

#include "solvers_internal.h"

enum { STAGES = 24 };

/* tau begins at this share of epsilon, is multiplied by SHRINK from stage to stage, and ends where
 * all kinks together are worth less than LEFT of the objective. */
static const double FIRST = 0.5, SHRINK = 0.2, LEFT = 1e-10;

/* A stage is solved to this times tau / epsilon: the next one moves the minimum further anyway. */
static const double COARSE = 1e-2;

static double smooth_rho(double r, const double *params) {
    double s = r - params[0], tau = params[1];
    return s <= -tau ? 0 : s < tau ? (s + tau) * (s + tau) / (4 * tau) : s;
}

static double smooth_psi(double r, const double *params) {
    double s = r - params[0], tau = params[1];
    return s <= -tau ? 0 : s < tau ? (s + tau) / (2 * tau) : 1;
}

static double smooth_weight(double r, const double *params) {
    double psi = smooth_psi(r, params);
    return psi > 0 ? psi / r : 0;
}

static const covey_loss_ops smooth_tube = {
    .name = "smoothed epsilon_insensitive",
    .geometry = COVEY_GEOMETRY_RADIAL,
    .traits = COVEY_LOSS_CONVEX | COVEY_LOSS_SMOOTH,
    .rho = smooth_rho,
    .psi = smooth_psi,
    .weight = smooth_weight,
};

size_t covey__tube_bytes(const covey__points *points) {
    return covey__quasi_bytes(points) +
           2 * covey__work_bytes(covey__padded(points->d), sizeof(double));
}

covey_status covey__solve_tube(double *centre, covey__solver_call *call, covey_error *err) {
    covey_status status = COVEY_OK;
    covey__problem *problem = call->problem;
    const covey_loss *sharp = problem->loss;
    double epsilon = sharp->params[0];
    covey_loss smooth = {.ops = &smooth_tube, .params = {epsilon, FIRST * epsilon}};
    double *mu = covey__work_take(call->work, problem->padded, sizeof(double));
    memcpy(mu, centre, problem->d * sizeof *mu);
    double best = covey__problem_value(problem, centre);
    size_t mark = call->work->used;
    for (int stage = 0; stage < STAGES && best > 0; ++stage) {
        problem->loss = &smooth;
        call->work->used = mark;
        int before = call->iterations;
        call->iterations = 0;
        call->tolerance = smooth.params[1] / epsilon * COARSE;
        call->tolerance = call->tolerance > COVEY__SOLVED ? call->tolerance : COVEY__SOLVED;
        COVEY_TRY(covey__solve_quasi(mu, call, err));
        call->iterations += before;
        problem->loss = sharp;
        double value = covey__problem_value(problem, mu);
        if (value < best) {
            best = value;
            memcpy(centre, mu, problem->d * sizeof *mu);
        }
        call->converged = problem->total_weight * smooth.params[1] <= LEFT * best || best == 0;
        if (call->converged)
            break;
        smooth.params[1] *= SHRINK;
    }
    call->converged |= best == 0;
    call->value = best;
done:
    problem->loss = sharp;
    return status;
}
