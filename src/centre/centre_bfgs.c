/* SPDX-License-Identifier: MIT */
/* BFGS with the full inverse Hessian [NocedalWright2006, algorithm 6.1], of the habits of
 * scipy.optimize.minimize(method='BFGS'), so that the original's procedure can be followed: H
 * starts as the identity, strong Wolfe conditions with c1 = 1e-4 and c2 = 0.9 [algorithms 3.5 and
 * 3.6], first trial step from the last decrease, the end when the largest gradient entry is below
 * 1e-5. scipy's gradients are finite differences there; ours are exact. */
#include <math.h>
#include <string.h>

#include "solvers_internal.h"

enum { ITERATIONS_PER_COORDINATE = 200, EXPANSIONS = 20, ZOOMS = 30 };
static const double SUFFICIENT = 1e-4, CURVATURE = 0.9, GRADIENT_TOLERANCE = 1e-5;

typedef struct bfgs {
    covey__problem *problem;
    size_t d;
    double *inverse; /* [d][d], symmetric */
    double *direction, *next, *change, *image;
    covey__evaluation e, trial;
    double value, slope; /* phi(0), phi'(0) of the search under way */
} bfgs;

size_t covey__bfgs_bytes(const covey__points *points) {
    size_t d = points->d;
    return 2 * covey__evaluation_bytes(points) + covey__work_bytes(d * d, sizeof(double)) +
           4 * covey__work_bytes(covey__padded(d), sizeof(double));
}

/* phi(t) and phi'(t) on the ray from mu; `next` and `trial` are left at the point. */
static double look(bfgs *b, const double *mu, double t, double *slope) {
    for (size_t j = 0; j < b->d; ++j)
        b->next[j] = mu[j] + t * b->direction[j];
    covey__problem_evaluate(&b->trial, b->problem, b->next);
    *slope = covey__dot(b->trial.gradient, b->direction, b->d);
    return b->trial.value;
}

static int sufficient(const bfgs *b, double t, double value) {
    return value <= b->value + SUFFICIENT * t * b->slope;
}

static int flat(const bfgs *b, double slope) {
    return fabs(slope) <= -CURVATURE * b->slope;
}

/* Narrows (low, high), whose low end is the best so far, to a strong Wolfe point. */
static int zoom(bfgs *b, const double *mu, double low, double value_low, double slope_low,
                double high, double value_high) {
    for (int i = 0; i < ZOOMS; ++i) {
        double width = high - low, slope;
        double bend = value_high - value_low - slope_low * width;
        double t = bend > 0 ? low - slope_low * width * width / (2 * bend) : low + width / 2;
        double margin = 0.1 * fabs(width);
        if (!(fabs(t - low) >= margin && fabs(t - high) >= margin))
            t = low + width / 2;
        double value = look(b, mu, t, &slope);
        if (!sufficient(b, t, value) || value >= value_low) {
            high = t;
            value_high = value;
            continue;
        }
        if (flat(b, slope))
            return 1;
        if (slope * width >= 0) {
            high = low;
            value_high = value_low;
        }
        low = t;
        value_low = value;
        slope_low = slope;
    }
    return 0;
}

static int wolfe(bfgs *b, const double *mu, double t) {
    double before = 0, value_before = b->value, slope_before = b->slope;
    for (int i = 0; i < EXPANSIONS; ++i) {
        double slope, value = look(b, mu, t, &slope);
        if (!sufficient(b, t, value) || (i && value >= value_before))
            return zoom(b, mu, before, value_before, slope_before, t, value);
        if (flat(b, slope))
            return 1;
        if (slope >= 0)
            return zoom(b, mu, t, value, slope, before, value_before);
        before = t;
        value_before = value;
        slope_before = slope;
        t *= 2;
    }
    return 0;
}

static void multiply(double *out, const bfgs *b, const double *v) {
    for (size_t i = 0; i < b->d; ++i)
        out[i] = covey__dot(b->inverse + i * b->d, v, b->d);
}

/* H <- (I - s y'/s'y) H (I - y s'/s'y) + s s'/s'y, with s = direction * t, y = change. */
static void update(bfgs *b, const double *s) {
    double inner = covey__dot(s, b->change, b->d);
    if (inner == 0)
        return;
    multiply(b->image, b, b->change);
    double factor = (1 + covey__dot(b->change, b->image, b->d) / inner) / inner;
    for (size_t i = 0; i < b->d; ++i) {
        double along = factor * s[i] - b->image[i] / inner, across = s[i] / inner;
        double *row = b->inverse + i * b->d;
        for (size_t j = 0; j < b->d; ++j)
            row[j] += along * s[j] - across * b->image[j];
    }
}

static double largest(const double *v, size_t n) {
    double most = 0;
    for (size_t j = 0; j < n; ++j)
        most = fabs(v[j]) > most ? fabs(v[j]) : most;
    return most;
}

static void bfgs_init(bfgs *b, covey__solver_call *call) {
    size_t d = call->problem->d;
    *b = (bfgs){.problem = call->problem, .d = d};
    covey__evaluation_init(&b->e, b->problem, call->work);
    covey__evaluation_init(&b->trial, b->problem, call->work);
    b->inverse = covey__work_take(call->work, d * d, sizeof(double));
    b->direction = covey__work_take(call->work, b->problem->padded, sizeof(double));
    b->next = covey__work_take(call->work, b->problem->padded, sizeof(double));
    b->change = covey__work_take(call->work, b->problem->padded, sizeof(double));
    b->image = covey__work_take(call->work, b->problem->padded, sizeof(double));
    for (size_t j = 0; j < d; ++j)
        b->inverse[j * d + j] = 1;
}

covey_status covey__solve_bfgs(double *centre, covey__solver_call *call, covey_error *err) {
    size_t d = call->problem->d;
    bfgs b;
    (void)err;
    bfgs_init(&b, call);
    int limit = call->limit ? call->limit : ITERATIONS_PER_COORDINATE * (int)d;
    covey__problem_evaluate(&b.e, b.problem, centre);
    double older = b.e.value + sqrt(covey__dot(b.e.gradient, b.e.gradient, d)) / 2;
    while (largest(b.e.gradient, d) > GRADIENT_TOLERANCE && call->iterations < limit) {
        multiply(b.direction, &b, b.e.gradient);
        for (size_t j = 0; j < d; ++j)
            b.direction[j] = -b.direction[j];
        b.value = b.e.value;
        b.slope = covey__dot(b.direction, b.e.gradient, d);
        double first = 1.01 * 2 * (b.value - older) / b.slope;
        if (!(b.slope < 0) || !wolfe(&b, centre, first > 0 && first < 1 ? first : 1))
            break;
        ++call->iterations;
        older = b.value;
        for (size_t j = 0; j < d; ++j) {
            double moved = b.next[j] - centre[j];
            centre[j] = b.next[j];
            b.next[j] = moved;
            b.change[j] = b.trial.gradient[j] - b.e.gradient[j];
        }
        update(&b, b.next);
        covey__evaluation swap = b.e;
        b.e = b.trial;
        b.trial = swap;
        covey__tell_step(call, centre, b.e.value);
    }
    call->converged = largest(b.e.gradient, d) <= GRADIENT_TOLERANCE;
    return COVEY_OK;
}
