/* SPDX-License-Identifier: MIT */
/* Minimum-cost assignment by shortest augmenting paths with potentials: the Hungarian method
 * [Kuhn1955] in its O(rows^2 cols) form [JonkerVolgenant1987]. Of several optima the one reached by
 * taking the lowest column on every tie is answered, so that the result is reproducible. */
#include <math.h>

#include "base_internal.h"
#include "covey/compare.h"

typedef struct solver {
    const double *cost;
    size_t rows, cols;
    double *row_price; /* [rows + 1]; index 0 of every array is the root of the search */
    double *col_price; /* [cols + 1] */
    double *slack;     /* [cols + 1] */
    size_t *owner;     /* [cols + 1], row matched to a column, 0 = none */
    size_t *before;    /* [cols + 1], column before this one on the path */
    char *seen;        /* [cols + 1] */
} solver;

/* Grows the matching by `row` (1-based) along the cheapest augmenting path. */
static void augment(solver *s, size_t row) {
    size_t column = 0;
    s->owner[0] = row;
    for (size_t j = 0; j <= s->cols; ++j) {
        s->slack[j] = INFINITY;
        s->seen[j] = 0;
    }
    do {
        size_t i = s->owner[column], next = 0;
        double step = INFINITY;
        s->seen[column] = 1;
        for (size_t j = 1; j <= s->cols; ++j) {
            if (s->seen[j])
                continue;
            double reduced =
                s->cost[(i - 1) * s->cols + j - 1] - s->row_price[i] - s->col_price[j];
            if (reduced < s->slack[j]) {
                s->slack[j] = reduced;
                s->before[j] = column;
            }
            if (s->slack[j] < step) {
                step = s->slack[j];
                next = j;
            }
        }
        for (size_t j = 0; j <= s->cols; ++j) {
            if (s->seen[j]) {
                s->row_price[s->owner[j]] += step;
                s->col_price[j] -= step;
            } else {
                s->slack[j] -= step;
            }
        }
        column = next;
    } while (s->owner[column]);
    while (column) {
        size_t previous = s->before[column];
        s->owner[column] = s->owner[previous];
        column = previous;
    }
}

covey_status covey_match_compute(int32_t *match, const double *cost, size_t rows, size_t cols) {
    covey_status status = COVEY_OK;
    solver s = {.cost = cost, .rows = rows, .cols = cols};
    if (rows > cols || cols >= INT32_MAX)
        return COVEY_E_ARGUMENT;
    for (size_t i = 0; i < rows * cols; ++i)
        if (!isfinite(cost[i]))
            return COVEY_E_NUMERIC;
    s.row_price = covey__calloc(rows + 1, sizeof *s.row_price);
    s.col_price = covey__calloc(cols + 1, sizeof *s.col_price);
    s.slack = covey__calloc(cols + 1, sizeof *s.slack);
    s.owner = covey__calloc(cols + 1, sizeof *s.owner);
    s.before = covey__calloc(cols + 1, sizeof *s.before);
    s.seen = covey__calloc(cols + 1, 1);
    COVEY_NOMEM_IF(!s.row_price || !s.col_price || !s.slack || !s.owner || !s.before || !s.seen,
                   NULL);
    for (size_t i = 1; i <= rows; ++i)
        augment(&s, i);
    for (size_t j = 1; j <= cols; ++j)
        if (s.owner[j])
            match[s.owner[j] - 1] = (int32_t)(j - 1);
done:
    covey__free(s.row_price);
    covey__free(s.col_price);
    covey__free(s.slack);
    covey__free(s.owner);
    covey__free(s.before);
    covey__free(s.seen);
    return status;
}
