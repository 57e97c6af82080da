/* SPDX-License-Identifier: MIT */
/* Centres that have a formula: the mean, and the median of each coordinate. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "select_internal.h"
#include "solvers_internal.h"

/* ---- mean --------------------------------------------------------------------------------- */

static void mean_chunk(void *context, double *sums, size_t begin, size_t end) {
    covey__problem *problem = context;
    for (size_t i = begin; i < end; ++i) {
        covey__residual(problem, problem->residual, i, problem->here);
        problem->kernels->add_scaled(sums, problem->residual,
                                     covey__row_weight(problem->points, i), problem->padded);
    }
}

void covey__weighted_mean(double *mean, covey__problem *problem) {
    memset(problem->here, 0, problem->padded * sizeof *problem->here);
    covey__sum_rows(problem->nodes, problem->padded, problem->points, mean_chunk, problem);
    for (size_t j = 0; j < problem->d; ++j)
        mean[j] = problem->nodes[j] / problem->total_weight;
}

/* The mean's direction: of all unit vectors it has the largest summed cosine with the rows, which
 * have length 1 [DhillonModha2001, eq. 3]. Rows that cancel out leave the centre where it is. */
static void mean_direction(double *centre, covey__problem *problem) {
    double *mean = problem->nodes;
    covey__weighted_mean(mean, problem);
    double length = sqrt(covey__dot(mean, mean, problem->d));
    for (size_t j = 0; length > 0 && j < problem->d; ++j)
        centre[j] = mean[j] / length;
}

/* ---- median ------------------------------------------------------------------------------- */

enum { COLUMNS = 16 }; /* gathered at a time: one cache line of float32 */

typedef struct weighted_value {
    double value, weight;
} weighted_value;

/* Hoare's selection with the median of three: afterwards v[k] is the value sorting would put
 * there, nothing before it is larger and nothing behind it smaller. */
static void select_nth(double *v, size_t n, size_t k) {
    ptrdiff_t low = 0, high = (ptrdiff_t)n - 1, wanted = (ptrdiff_t)k;
    while (low < high) {
        double a = v[low], b = v[low + (high - low) / 2], c = v[high];
        double pivot = a < b ? (b < c ? b : a < c ? c : a) : (a < c ? a : b < c ? c : b);
        ptrdiff_t i = low, j = high;
        while (i <= j) {
            while (v[i] < pivot)
                ++i;
            while (pivot < v[j])
                --j;
            if (i > j)
                break;
            double swap = v[i];
            v[i++] = v[j];
            v[j--] = swap;
        }
        /* v[low..j] <= pivot <= v[i..high], and what lies between equals it. */
        if (wanted <= j)
            high = j;
        else if (wanted >= i)
            low = i;
        else
            return;
    }
}

static double median_of(double *v, size_t n) {
    size_t upper = n / 2;
    select_nth(v, n, upper);
    if (n % 2)
        return v[upper];
    double below = v[0];
    for (size_t i = 1; i < upper; ++i)
        below = v[i] > below ? v[i] : below;
    return (below + v[upper]) / 2;
}

static int by_value(const void *a, const void *b) {
    double x = ((const weighted_value *)a)->value, y = ((const weighted_value *)b)->value;
    return (x > y) - (x < y);
}

/* The least value with half the weight at or below it; exactly half: the midpoint to the next. */
static double weighted_median(weighted_value *v, size_t n) {
    double total = 0, below = 0;
    qsort(v, n, sizeof *v, by_value);
    for (size_t i = 0; i < n; ++i)
        total += v[i].weight;
    for (size_t i = 0; i < n; ++i) {
        below += v[i].weight;
        if (below < total / 2 || v[i].weight == 0)
            continue;
        if (below > total / 2)
            return v[i].value;
        for (size_t next = i + 1; next < n; ++next)
            if (v[next].weight > 0)
                return (v[i].value + v[next].value) / 2;
        return v[i].value;
    }
    return v[n - 1].value;
}

static double entry(const covey__points *points, size_t i, size_t j) {
    size_t offset = covey__row_number(points, i) * points->d + j;
    return points->x32 ? (double)points->x32[offset] : points->x64[offset];
}

static covey__selection select_of(const covey__points *points, size_t rank, int pair,
                                  const double *guess) {
    return (covey__selection){.x = points->x32, .rows = points->rows, .m = points->m,
                              .d = points->d, .share = points->share, .rank = rank, .pair = pair,
                              .guess = guess};
}

/* Room for either kind: the quantile sorts weighted values whether or not there are weights. */
size_t covey__median_bytes(const covey__points *points) {
    if (!points->weights && points->x32) {
        covey__selection of = select_of(points, 0, 0, NULL);
        return covey__work_bytes(covey__select_cells(&of), sizeof(int32_t));
    }
    return covey__work_bytes(points->m, points->weights ? sizeof(weighted_value)
                                                        : COLUMNS * sizeof(double));
}

static void plain_medians(double *median, const covey__points *points, double *columns) {
    size_t m = points->m;
    for (size_t first = 0; first < points->d; first += COLUMNS) {
        size_t count = points->d - first < COLUMNS ? points->d - first : COLUMNS;
        for (size_t i = 0; i < m; ++i)
            for (size_t c = 0; c < count; ++c)
                columns[c * m + i] = entry(points, i, first + c);
        for (size_t c = 0; c < count; ++c)
            median[first + c] = median_of(columns + c * m, m);
    }
}

void covey__coordinate_median(double *median, covey__problem *problem, void *scratch) {
    const covey__points *points = problem->points;
    size_t m = points->m;
    if (!points->weights && points->x32) {
        covey__selection of = select_of(points, (m - 1) / 2, m % 2 == 0, NULL);
        covey__select_all(median, scratch, &of);
        return;
    }
    if (!points->weights) {
        plain_medians(median, points, scratch);
        return;
    }
    weighted_value *values = scratch;
    for (size_t j = 0; j < points->d; ++j) {
        for (size_t i = 0; i < points->m; ++i)
            values[i] = (weighted_value){entry(points, i, j), points->weights[i]};
        median[j] = weighted_median(values, points->m);
    }
}

/* ---- quantile ----------------------------------------------------------------------------- */

/* The inverted distribution function: the least datum with a share of tau at or below it. */
static void coordinate_quantile(double *out, covey__problem *problem, double tau,
                                weighted_value *values) {
    const covey__points *points = problem->points;
    if (!points->weights && points->x32) {
        covey__selection of = select_of(points, covey__quantile_rank(tau, points->m), 0, out);
        covey__select_all(out, (int32_t *)(void *)values, &of);
        return;
    }
    for (size_t j = 0; j < points->d; ++j) {
        double total = 0, below = 0;
        for (size_t i = 0; i < points->m; ++i)
            values[i] = (weighted_value){entry(points, i, j), covey__row_weight(points, i)};
        qsort(values, points->m, sizeof *values, by_value);
        for (size_t i = 0; i < points->m; ++i)
            total += values[i].weight;
        for (size_t i = 0; i < points->m; ++i) {
            below += values[i].weight;
            if (values[i].weight == 0)
                continue;
            out[j] = values[i].value;
            if (below >= tau * total)
                break;
        }
    }
}

/* ---- the solver --------------------------------------------------------------------------- */

size_t covey__exact_bytes(const covey__points *points) {
    return covey__median_bytes(points);
}

covey_status covey__solve_exact(double *centre, covey__solver_call *call, covey_error *err) {
    const covey_loss_ops *ops = call->problem->loss->ops;
    const covey__points *points = call->problem->points;
    if (strcmp(ops->exact_centre, "mean") == 0)
        covey__weighted_mean(centre, call->problem);
    else if (strcmp(ops->exact_centre, "direction") == 0)
        mean_direction(centre, call->problem);
    else if (strcmp(ops->exact_centre, "median") == 0)
        covey__coordinate_median(
            centre, call->problem,
            covey__work_take(call->work, 1, covey__median_bytes(points)));
    else if (strcmp(ops->exact_centre, "quantile") == 0)
        coordinate_quantile(centre, call->problem, call->problem->loss->params[0],
                            covey__work_take(call->work, 1, covey__median_bytes(points)));
    else
        return covey__fail(err, COVEY_E_ARGUMENT, NULL,
                           "the loss %s names the exact centre '%.40s', which is not known",
                           ops->name, ops->exact_centre);
    call->iterations = 1;
    call->converged = 1;
    return COVEY_OK;
}
