/* SPDX-License-Identifier: MIT */
/* Newton's method for each coordinate of a convex coordinate loss.
 *
 * The objective is a sum over coordinates of convex functions of one number, F_j(mu_j) with
 * F_j' = -sum_i w_i psi(x_ij - mu_j), F_j'' = sum_i w_i psi'. All coordinates of a panel step
 * together, so that the pass over the rows vectorises. Each keeps a bracket: F_j' < 0 says the
 * minimum lies to the right, > 0 to the left. A Newton step that leaves the bracket, or that has
 * not halved over two steps, gives way to the secant of the bracket's ends, every third time to
 * bisection; a step that raised F_j is behind the bracket by convexity. Terms whose psi' is
 * infinite, lp at a residual of 0, are left out of F_j''. Huber's psi is piecewise linear, so that the last step is exact.
 * docs/maths/centres.md, section 3. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "solvers_internal.h"

enum { PANEL = 64, SWEEPS = 120 };

/* Steps below this share of the data's range are not worth a pass. */
static const double LAST_STEP = 1e-14;

/* Two sums of the same terms, seen from points a rounding apart, differ by less than this share. */
static const double ROUNDING = 1e-14;

typedef struct panel {
    const covey__points *points;
    covey__problem *problem;
    size_t first, width, padded; /* columns of x */
    size_t own, own_end;         /* entries whose rows are here */
    float *x32;                  /* [own_end - own][width], or NULL */
    double *x64;
    double *mu, *low, *high;     /* [padded] */
    double *best, *best_value;   /* [padded]: the best point tried, and F_j there */
    double *slope_low, *slope_high; /* F_j' at the bracket's ends; NaN where not yet known */
    double *step, *before;       /* the last two steps */
    double *span;                /* the data's range */
    int *done;
    double *residual;            /* [padded] */
    double *nodes;               /* [depth][4 padded] */
} panel;

size_t covey__newton_bytes(const covey__points *points) {
    size_t width = points->d < PANEL ? points->d : PANEL, padded = covey__padded(width);
    size_t own, end;
    covey__points_own(&own, &end, points);
    return covey__work_bytes(end - own, width * (points->x32 ? sizeof(float) : sizeof(double))) +
           11 * covey__work_bytes(padded, sizeof(double)) + covey__work_bytes(padded, sizeof(int)) +
           covey__work_bytes(covey__sum_depth(points), 4 * padded * sizeof(double));
}

static void panel_init(panel *p, covey__solver_call *call) {
    const covey__points *points = call->problem->points;
    size_t width = points->d < PANEL ? points->d : PANEL, padded = covey__padded(width);
    *p = (panel){.points = points, .problem = call->problem};
    covey__points_own(&p->own, &p->own_end, points);
    if (points->x32)
        p->x32 = covey__work_take(call->work, p->own_end - p->own, width * sizeof(float));
    else
        p->x64 = covey__work_take(call->work, p->own_end - p->own, width * sizeof(double));
    double **vectors[] = {&p->mu,        &p->low,        &p->high, &p->best,   &p->best_value,
                          &p->slope_low, &p->slope_high, &p->step, &p->before, &p->residual,
                          &p->span};
    for (size_t v = 0; v < sizeof vectors / sizeof *vectors; ++v)
        *vectors[v] = covey__work_take(call->work, padded, sizeof(double));
    p->done = covey__work_take(call->work, padded, sizeof(int));
    p->nodes =
        covey__work_take(call->work, covey__sum_depth(points), 4 * padded * sizeof(double));
}

/* Copies the columns and notes their ranges: the minimum lies within them. */
static void panel_gather(panel *p, size_t first, const double *centre) {
    const covey__points *points = p->points;
    size_t d = points->d;
    p->first = first;
    p->width = d - first < PANEL ? d - first : PANEL;
    p->padded = covey__padded(p->width);
    for (size_t j = 0; j < p->width; ++j) {
        p->mu[j] = centre[first + j];
        p->low[j] = DBL_MAX;
        p->high[j] = -DBL_MAX;
        p->slope_low[j] = p->slope_high[j] = NAN;
        p->step[j] = p->before[j] = INFINITY;
        p->best_value[j] = INFINITY;
        p->best[j] = p->mu[j];
        p->done[j] = 0;
    }
    for (size_t i = p->own; i < p->own_end; ++i) {
        size_t offset = covey__row_number(points, i) * d + first, at = (i - p->own) * p->width;
        if (p->x32) {
            covey__spill_pace(points->x32 + offset, i);
            memcpy(p->x32 + at, points->x32 + offset, p->width * sizeof(float));
        } else {
            memcpy(p->x64 + at, points->x64 + offset, p->width * sizeof(double));
        }
        if (covey__row_weight(points, i) == 0)
            continue;
        for (size_t j = 0; j < p->width; ++j) {
            double x = (p->x32 ? (double)p->x32[at + j] : p->x64[at + j]) + 0.0; /* no -0 */
            p->low[j] = x < p->low[j] ? x : p->low[j];
            p->high[j] = x > p->high[j] ? x : p->high[j];
        }
    }
    covey__points_extremes(p->low, p->high, p->width, points);
}

static void panel_chunk(void *context, double *sums, size_t begin, size_t end) {
    panel *p = context;
    const covey__problem *problem = p->problem;
    const covey_loss *loss = problem->loss;
    const covey__row_kernels *kernels = problem->kernels;
    for (size_t i = begin; i < end; ++i) {
        double w = covey__row_weight(p->points, i);
        size_t at = (i - p->own) * p->width;
        if (p->x32)
            kernels->residual_f32(p->residual, p->x32 + at, p->mu, p->width);
        else
            kernels->residual_f64(p->residual, p->x64 + at, p->mu, p->width);
        if (problem->shape != COVEY__SHAPE_GENERIC) {
            kernels->coordinate[problem->shape][COVEY__SLOPE_CURVATURE](sums, p->residual, w,
                                                                        loss->params, p->padded);
            continue;
        }
        for (size_t j = 0; j < p->width; ++j) {
            double u = p->residual[j];
            sums[j] += w * loss->ops->rho(u, loss->params);
            sums[p->padded + j] += w * loss->ops->psi(u, loss->params);
            double bend = loss->ops->curvature ? loss->ops->curvature(u, loss->params) : 0;
            sums[2 * p->padded + j] += isinf(bend) ? 0 : w * bend;
        }
    }
}

/* Where to look next, strictly inside (low, high): Newton, else the secant of the bracket's
 * slopes, else the middle. */
static double next_point(const panel *p, size_t j, double slope, double curvature, int sweep) {
    double low = p->low[j], high = p->high[j], mu = p->mu[j];
    double middle = low + (high - low) / 2;
    if (curvature > 0) {
        double newton = mu - slope / curvature;
        int shrinks = fabs(newton - mu) <= 0.5 * p->before[j];
        if (newton > low && newton < high && shrinks)
            return newton;
    }
    double rise = p->slope_high[j] - p->slope_low[j];
    if (rise > 0 && sweep % 3) { /* NaN fails */
        double secant = low - p->slope_low[j] * ((high - low) / rise);
        if (secant > low && secant < high)
            return secant;
    }
    return middle;
}

/* One coordinate after a pass: notes the best, narrows the bracket, moves. */
static void advance(panel *p, size_t j, int sweep) {
    double value = p->nodes[j], slope = -p->nodes[p->padded + j];
    double curvature = p->nodes[2 * p->padded + j], mu = p->mu[j];
    double smallest = 2 * DBL_EPSILON * (fabs(mu) + p->span[j]);
    if (slope < 0 && mu >= p->low[j]) {
        p->low[j] = mu;
        p->slope_low[j] = slope;
    } else if (slope > 0 && mu <= p->high[j]) {
        p->high[j] = mu;
        p->slope_high[j] = slope;
    }
    /* The next step would not be worth taking, or there is nowhere left to go. */
    double worth = LAST_STEP * p->span[j];
    if (slope == 0 || p->step[j] <= worth || fabs(slope) <= curvature * (worth + smallest) ||
        p->high[j] - p->low[j] <= smallest)
        p->done[j] = 1;
    /* At the end the values differ by the rounding of the sum alone: the slope knows better. */
    double allowed = p->done[j] ? ROUNDING * p->best_value[j] : 0;
    if (value <= p->best_value[j] + allowed) {
        p->best_value[j] = value;
        p->best[j] = mu;
    }
    if (p->done[j])
        return;
    double next = next_point(p, j, slope, curvature, sweep);
    p->before[j] = p->step[j];
    p->step[j] = fabs(next - mu);
    p->mu[j] = next;
}

/* A start outside the data's range, or a range of one point: both settle before the first pass. */
static void settle(panel *p, size_t j) {
    if (p->mu[j] < p->low[j])
        p->mu[j] = p->low[j];
    if (p->mu[j] > p->high[j])
        p->mu[j] = p->high[j];
    p->best[j] = p->mu[j];
    p->span[j] = p->high[j] - p->low[j];
}

covey_status covey__solve_newton(double *centre, covey__solver_call *call, covey_error *err) {
    covey__problem *problem = call->problem;
    (void)err;
    call->value = 0;
    int limit = call->limit ? call->limit : SWEEPS, all_done = 1;
    panel p;
    panel_init(&p, call);
    for (size_t first = 0; first < problem->d; first += PANEL) {
        panel_gather(&p, first, centre);
        for (size_t j = 0; j < p.width; ++j)
            settle(&p, j);
        size_t open = p.width;
        /* One pass more than steps: the last step is evaluated too. */
        for (int sweep = 0; sweep <= limit && open; ++sweep) {
            covey__sum_rows(p.nodes, 4 * p.padded, p.points, panel_chunk, &p);
            open = 0;
            for (size_t j = 0; j < p.width; ++j) {
                if (!p.done[j])
                    advance(&p, j, sweep);
                open += !p.done[j];
            }
            call->iterations = sweep > call->iterations ? sweep : call->iterations;
            problem->evaluations = sweep + 1 > problem->evaluations ? sweep + 1
                                                                    : problem->evaluations;
        }
        all_done &= open == 0;
        memcpy(centre + first, p.best, p.width * sizeof *centre);
        for (size_t j = 0; j < p.width; ++j)
            call->value += p.best_value[j];
    }
    call->converged = all_done;
    return COVEY_OK;
}
