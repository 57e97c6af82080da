/* SPDX-License-Identifier: MIT */
/* Centres of rows that stay where they are: float32 or float64, chosen by number.
 *
 * The alternation calls covey__centre_solve once per cluster, from as many threads as it likes,
 * each with a covey__centre_work of its own; results depend on the arguments alone. All sums over
 * rows are in float64 by the chunks and the tree of sum_internal.h, a row's chunk being its number
 * in x. docs/maths/centres.md derives the methods. */
#ifndef COVEY_CENTRE_INTERNAL_H
#define COVEY_CENTRE_INTERNAL_H

#include <stdint.h>

#include "covey/cluster.h"
#include "ranks_internal.h"

/* m rows of width d. Exactly one of x32 and x64 is set; all arrays are the caller's. */
typedef struct covey__points {
    const float *x32;      /* [n][d] */
    const double *x64;     /* [n][d] */
    const uint32_t *rows;  /* [m], ascending; NULL: rows 0 .. m-1 */
    const double *weights; /* [m], >= 0, of the i-th entry of `rows`; NULL: all 1 */
    size_t m, d;
    const covey__share *share; /* which rows of x are here; NULL: all. Ranks solve side by side */
} covey__points;

typedef enum covey__effort {
    COVEY__EFFORT_STEP,  /* two passes over the rows, never above the start: for a round */
    COVEY__EFFORT_LOCAL, /* to tolerance, from the start given */
    COVEY__EFFORT_FULL   /* to tolerance, and from the other starts where the loss is not convex */
} covey__effort;

typedef struct covey__centre_options {
    covey_solver solver;
    covey__effort effort;  /* heeded by COVEY_SOLVER_AUTO only */
    int iteration_limit;   /* 0: the solver's own */
    covey_step_fn step;    /* told the way, or NULL; see covey_centre_trace */
    void *step_user;
} covey__centre_options;

/* Scratch memory kept between calls. Zero-initialise; grows as needed; one thread at a time. */
typedef struct covey__centre_work {
    char *data;
    size_t size; /* bytes at data */
    size_t used;
} covey__centre_work;
void covey__centre_work_fini(covey__centre_work *work);

/* centre [d]: in the start, out the answer, whose objective is never above the start's (relative
 * rounding of the sum apart). `report` may be NULL: that saves a pass. After a STEP its gradient is
 * NaN unless the loss has an exact centre. No rows,
 * or all weights zero: the centre stays. Rows are trusted to be finite. */
covey_status covey__centre_solve(double *centre, covey_centre_report *report,
                                 const covey__points *points, const covey_loss *loss,
                                 const covey__centre_options *options, covey__centre_work *work,
                                 covey_error *err);

/* *out = sum of weights * loss to `centre` [d]. */
covey_status covey__centre_objective(double *out, const double *centre,
                                     const covey__points *points, const covey_loss *loss,
                                     covey__centre_work *work, covey_error *err);

#endif
