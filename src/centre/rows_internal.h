/* SPDX-License-Identifier: MIT */
/* Passes over rows: a loss's value and slopes summed in a fixed order, and their inner loops.
 *
 * The inner loops are plain C in rows_body.h, compiled once per instruction set by rows_ISA.c.
 * They add in the same order everywhere (sums over coordinates run in ROWS_LANES lanes that are
 * folded pairwise) and contraction is off, so that all of them give the same bits. */
#ifndef COVEY_ROWS_INTERNAL_H
#define COVEY_ROWS_INTERNAL_H

#include "base_internal.h"
#include "centre_internal.h"
#include "spill_internal.h"

enum { COVEY__LANES = 16 }; /* vectors are padded with zeros to a multiple of it */

static inline size_t covey__padded(size_t d) {
    return (d + COVEY__LANES - 1) / COVEY__LANES * COVEY__LANES;
}

/* Coordinate losses with an inner loop of their own; the others go through their callbacks. */
typedef enum covey__shape {
    COVEY__SHAPE_ABSOLUTE,
    COVEY__SHAPE_HUBER,
    COVEY__SHAPE_PSEUDO_HUBER,
    COVEY__SHAPE_QUANTILE,
    COVEY__SHAPE_LOG_COSH,
    COVEY__SHAPE_LP,
    COVEY__SHAPE_COUNT,
    COVEY__SHAPE_GENERIC = COVEY__SHAPE_COUNT
} covey__shape;

/* What the third vector of a coordinate pass holds: sums of psi', or of psi(u)/u. */
typedef enum covey__slope { COVEY__SLOPE_CURVATURE, COVEY__SLOPE_WEIGHT } covey__slope;

/* Adds one row with weight w to sums [4][padded]: rho; psi; psi' or psi(u)/u; and |psi| where the
 * loss is not singular at 0, else the weight of the residuals that are 0. */
typedef void (*covey__coordinate_fn)(double *sums, const double *u, double w, const double *params,
                                     size_t padded);

typedef struct covey__row_kernels {
    /* u [padded] = x [d] - mu, zeros beyond d; answers the sum of squares. */
    double (*residual_f32)(double *u, const float *x, const double *mu, size_t d);
    double (*residual_f64)(double *u, const double *x, const double *mu, size_t d);
    void (*add_scaled)(double *sum, const double *u, double w, size_t padded);
    covey__coordinate_fn coordinate[COVEY__SHAPE_COUNT][2]; /* by covey__slope */
    /* The loss of row x [d] to mu [d]: rho summed over the coordinates. */
    double (*value[COVEY__SHAPE_COUNT])(const float *x, const double *mu, const double *params,
                                        size_t d);
} covey__row_kernels;

extern const covey__row_kernels covey__rows_scalar, covey__rows_avx2, covey__rows_avx512;

/* ---- scratch memory ---------------------------------------------------------------------- */

size_t covey__work_bytes(size_t count, size_t size); /* what a take of that many will use */
/* Forgets what was taken and makes room for `bytes`. */
covey_status covey__work_reserve(covey__centre_work *work, size_t bytes, covey_error *err);
/* `count` zeroed things of `size`; the room was reserved. */
void *covey__work_take(covey__centre_work *work, size_t count, size_t size);

/* ---- sums over rows ----------------------------------------------------------------------- */

/* Adds the entries begin .. end-1 of `points`, all of one chunk, to sums [width]. */
typedef void (*covey__rows_fn)(void *context, double *sums, size_t begin, size_t end);

/* The entries first .. end-1 of `points` whose rows are on this rank. */
void covey__points_own(size_t *first, size_t *end, const covey__points *points);

/* low, high [n], finite <- the least and the largest of all ranks. */
void covey__points_extremes(double *low, double *high, size_t n, const covey__points *points);

/* Of all ranks the entry with the least *value (>= 0), ties to the lower entry; its row becomes
 * readable here. `entry` = m: this rank has none. */
size_t covey__points_nearest(double *value, size_t entry, const covey__points *points);
/* Entries list [count], the same on all ranks, become readable here. */
void covey__points_fetch(const covey__points *points, const size_t *list, size_t count);

size_t covey__sum_depth(const covey__points *points); /* vectors covey__sum_rows needs */
/* nodes [depth][width]; the total lands in the first. */
void covey__sum_rows(double *nodes, size_t width, const covey__points *points, covey__rows_fn fn,
                     void *context);

/* ---- a centre problem ---------------------------------------------------------------------- */

typedef struct covey__problem {
    const covey__points *points;
    const covey_loss *loss;
    const covey__row_kernels *kernels;
    covey__shape shape;
    covey__slope slope;
    size_t d, padded;
    double total_weight;
    int evaluations;
    double *residual; /* [padded] */
    double *nodes;    /* [depth][4 padded + 4] */
    double *here;     /* [padded], the point evaluated */
    int singular;     /* psi(u)/u is infinite at 0: such residuals are left out of the majoriser */
    double kink;      /* psi(0+) where psi jumps at 0, else 0 */
    double kink_below; /* -psi(0-), the same but for losses that are not symmetric */
} covey__problem;

/* At one point. Vectors are [padded] and belong to the caller; those of a radial loss hold the
 * same majoriser everywhere. */
typedef struct covey__evaluation {
    double value;
    double *gradient;  /* of the objective, kinks left out */
    double *majoriser; /* sum of w psi(u)/u: the step -gradient/majoriser is the IRLS step */
    double *at_kink;   /* weight of the points, per coordinate, whose residual is 0 (singular) */
    double scale;      /* norm of the sums of |w psi|: what the gradient is measured against */
} covey__evaluation;

size_t covey__problem_bytes(const covey__points *points);
void covey__problem_init(covey__problem *problem, const covey__points *points,
                         const covey_loss *loss, covey__centre_work *work);
size_t covey__evaluation_bytes(const covey__points *points);
void covey__evaluation_init(covey__evaluation *e, const covey__problem *problem,
                            covey__centre_work *work);

/* mu [d]. */
double covey__problem_value(covey__problem *problem, const double *mu);
void covey__problem_evaluate(covey__evaluation *e, covey__problem *problem, const double *mu);

/* What points on a kink can balance of a gradient of this sign, per coordinate or radially. */
static inline double covey__held(const covey__problem *problem, double gradient, double at_kink) {
    return (gradient > 0 ? problem->kink : problem->kink_below) * at_kink;
}

/* Distance of 0 from the subgradients of e, over e->scale: 0 at the optimum of a convex loss. */
double covey__optimality(const covey__problem *problem, const covey__evaluation *e);

static inline size_t covey__row_number(const covey__points *points, size_t i) {
    return points->rows ? points->rows[i] : i;
}

static inline double covey__row_weight(const covey__points *points, size_t i) {
    return points->weights ? points->weights[i] : 1.0;
}

/* residual = row i - mu; answers the squared distance. */
static inline double covey__residual(const covey__problem *problem, double *u, size_t i,
                                     const double *mu) {
    const covey__points *p = problem->points;
    size_t offset = covey__row_number(p, i) * p->d;
    return p->x32 ? problem->kernels->residual_f32(u, p->x32 + offset, mu, p->d)
                  : problem->kernels->residual_f64(u, p->x64 + offset, mu, p->d);
}

const covey__row_kernels *covey__row_kernels_get(void);
covey__shape covey__shape_of(const covey_loss *loss);

#endif
