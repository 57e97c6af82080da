/* SPDX-License-Identifier: MIT */
/* L-BFGS on top of IRLS: the two-loop recursion [Nocedal1980] with 1 / sum w psi(u)/u for its
 * first metric, so that the first step is the IRLS step and the later ones learn what the
 * majoriser cannot see. A backtracking search accepts only what lowers the objective; where the
 * learnt step fails, the memory is dropped and the IRLS step tried, which a half-quadratic loss
 * cannot refuse. Pairs of non-positive curvature are not kept, so that non-convex losses stay
 * safe. docs/maths/centres.md, section 4. */
#include <math.h>
#include <string.h>

#include "solvers_internal.h"

/* As many pairs as kinks of the tube meet at its optimum on real features (a few dozen). */
enum { MEMORY = 40, STEPS = 500, BACKTRACKS = 30, PATIENCE = 3 };

/* Sufficient decrease [NocedalWright2006, eq. 3.4]. */
static const double ARMIJO = 1e-4;
static const double LEAST_FALL = 2e-16;

/* A level step may rise by this share of the value. The stages of the tube, which are given a
 * tolerance of their own, take none: on nearly sharp kinks halving the gradient leads astray. */
static const double LEVEL = 1e-15;

typedef struct quasi {
    size_t d;
    int count, newest, memory;
    double *s[MEMORY], *y[MEMORY]; /* [padded] */
    double inner[MEMORY];          /* s.y */
    double level;
    double *direction, *next;
} quasi;

size_t covey__quasi_bytes(const covey__points *points) {
    return 2 * covey__evaluation_bytes(points) +
           (2 * MEMORY + 2) * covey__work_bytes(covey__padded(points->d), sizeof(double));
}

/* direction = -H gradient. */
static void find_direction(quasi *q, const covey__evaluation *e) {
    double alpha[MEMORY];
    double *v = q->direction;
    memcpy(v, e->gradient, q->d * sizeof *v);
    for (int a = 0; a < q->count; ++a) {
        int i = (q->newest - a + q->memory) % q->memory;
        alpha[i] = covey__dot(q->s[i], v, q->d) / q->inner[i];
        for (size_t j = 0; j < q->d; ++j)
            v[j] -= alpha[i] * q->y[i][j];
    }
    for (size_t j = 0; j < q->d; ++j)
        v[j] /= e->majoriser[j];
    for (int a = q->count - 1; a >= 0; --a) {
        int i = (q->newest - a + q->memory) % q->memory;
        double beta = covey__dot(q->y[i], v, q->d) / q->inner[i];
        for (size_t j = 0; j < q->d; ++j)
            v[j] += (alpha[i] - beta) * q->s[i][j];
    }
    for (size_t j = 0; j < q->d; ++j)
        v[j] = -v[j];
}

static void learn(quasi *q, const double *mu, const covey__evaluation *old,
                  const covey__evaluation *new) {
    int i = (q->newest + 1) % q->memory;
    for (size_t j = 0; j < q->d; ++j) {
        q->s[i][j] = q->next[j] - mu[j];
        q->y[i][j] = new->gradient[j] - old->gradient[j];
    }
    double inner = covey__dot(q->s[i], q->y[i], q->d);
    double size = covey__dot(q->s[i], q->s[i], q->d) * covey__dot(q->y[i], q->y[i], q->d);
    if (!(inner > 1e-10 * sqrt(size)))
        return;
    q->inner[i] = inner;
    q->newest = i;
    q->count += q->count < q->memory;
}

/* Backtracks from t = 1 by the parabola through value, slope and trial; 0 where nothing falls. */
static int search(quasi *q, const double *mu, const covey__evaluation *e,
                  covey__evaluation *trial, covey__problem *problem, double slope) {
    double t = 1;
    for (int tries = 0; tries < BACKTRACKS; ++tries) {
        for (size_t j = 0; j < q->d; ++j)
            q->next[j] = mu[j] + t * q->direction[j];
        covey__problem_evaluate(trial, problem, q->next);
        if (trial->value <= e->value + ARMIJO * t * slope)
            return 1;
        /* Near the minimum the fall drowns in the rounding of the sums while the gradient still
         * tells: a level step that halves it is good. */
        if (trial->value <= e->value + q->level * fabs(e->value) &&
            covey__optimality(problem, trial) <= 0.5 * covey__optimality(problem, e))
            return 1;
        double bend = trial->value - e->value - t * slope;
        double vertex = bend > 0 ? -slope * t * t / (2 * bend) : t / 2;
        t = vertex < 0.1 * t ? 0.1 * t : vertex > 0.5 * t ? 0.5 * t : vertex;
    }
    return 0;
}

/* Where psi jumps at 0 the optimum may be a point, which steps approach but never meet: the member
 * nearest to mu is tried. 1 where it is no worse; it is then in q->next. */
static int try_nearest_member(quasi *q, const double *mu, covey__problem *problem, double value) {
    const covey__points *points = problem->points;
    double nearest = INFINITY;
    size_t first, end, entry = points->m;
    covey__points_own(&first, &end, points);
    for (size_t i = first; i < end; ++i) {
        double square = covey__residual(problem, problem->residual, i, mu);
        if (square >= nearest || covey__row_weight(points, i) == 0)
            continue;
        nearest = square;
        entry = i;
    }
    entry = covey__points_nearest(&nearest, entry, points);
    for (size_t j = 0; entry < points->m && j < q->d; ++j) {
        size_t at = covey__row_number(points, entry) * points->d + j;
        q->next[j] = points->x32 ? (double)points->x32[at] : points->x64[at];
    }
    return nearest > 0 && isfinite(nearest) &&
           covey__problem_value(problem, q->next) <= value + LEVEL * fabs(value);
}

static void descend(double *centre, quasi *q, covey__evaluation *e, covey__evaluation *trial,
                    covey__solver_call *call, int limit, double tolerance) {
    covey__problem *problem = call->problem;
    int still = 0;
    covey__problem_evaluate(e, problem, centre);
    while (call->iterations < limit) {
        /* Majoriser 0: nobody pulls, every weight is 0. */
        if (covey__optimality(problem, e) <= tolerance || !(e->majoriser[0] > 0))
            break;
        find_direction(q, e);
        /* Points left behind on the kink of the geometric median ask for their share. */
        double slope = covey__dot(q->direction, e->gradient, q->d) +
                       covey__held(problem, 1, e->at_kink[0]) *
                           sqrt(covey__dot(q->direction, q->direction, q->d));
        int found = slope < 0 && search(q, centre, e, trial, problem, slope);
        if (!found && q->count) {
            q->count = 0;
            continue;
        }
        if (!found)
            break;
        ++call->iterations;
        learn(q, centre, e, trial);
        double fall = e->value - trial->value;
        memcpy(centre, q->next, q->d * sizeof *centre);
        covey__evaluation swap = *e;
        *e = *trial;
        *trial = swap;
        covey__tell_step(call, centre, e->value);
        still = fall <= LEAST_FALL * fabs(e->value) ? still + 1 : 0;
        if (still >= PATIENCE)
            break;
    }
}

covey_status covey__solve_quasi(double *centre, covey__solver_call *call, covey_error *err) {
    covey__problem *problem = call->problem;
    covey__evaluation e, trial;
    quasi q = {.d = problem->d, .level = call->tolerance > 0 ? 0 : LEVEL};
    int limit = call->limit ? call->limit : STEPS;
    double tolerance = call->tolerance > 0 ? call->tolerance : COVEY__SOLVED;
    (void)err;
    covey__evaluation_init(&e, problem, call->work);
    covey__evaluation_init(&trial, problem, call->work);
    q.memory = limit < MEMORY ? limit : MEMORY;
    for (int i = 0; i < q.memory; ++i) {
        q.s[i] = covey__work_take(call->work, problem->padded, sizeof(double));
        q.y[i] = covey__work_take(call->work, problem->padded, sizeof(double));
    }
    q.direction = covey__work_take(call->work, problem->padded, sizeof(double));
    q.next = covey__work_take(call->work, problem->padded, sizeof(double));
    descend(centre, &q, &e, &trial, call, limit, tolerance);
    if (problem->kink > 0 && covey__optimality(problem, &e) > tolerance && limit > 1 &&
        try_nearest_member(&q, centre, problem, e.value)) {
        memcpy(centre, q.next, q.d * sizeof *centre);
        q.count = 0;
        descend(centre, &q, &e, &trial, call, limit, tolerance);
    }
    call->value = e.value;
    /* A search that fails at a tiny gradient has met the rounding of the sum, not a wall. */
    call->converged = covey__optimality(problem, &e) <= 1e-6;
    return COVEY_OK;
}
