/* SPDX-License-Identifier: MIT */
/* The stranger test: how far do centres and representatives move when far-off rows are mixed in?
 *
 * A stranger is a copy of a random row, moved by `far` units along one random direction, the same
 * for all of them: a far cloud of the rows' own shape, all on one side. The unit is the median
 * distance of the rows to their centres under the reference loss. Strangers come after any
 * normalisation. Results depend on rows, comparison, parameters and seed alone: the same for any
 * number of threads. Safe from any thread on different outputs. */
#ifndef COVEY_STRANGERS_H
#define COVEY_STRANGERS_H

#include "covey/compare.h"

COVEY_BEGIN_DECLS

/* How many strangers, and how far off; begin with covey_strangers_params_default. */
typedef struct covey_strangers_params {
    double share;  /* the most strangers, as a share of the rows: above 0, at most 1 */
    size_t points; /* shares tried: share * i / points for i = 1 .. points; 1..100 */
    double far;    /* units that a stranger is moved by, above 0 */
} covey_strangers_params;

/* 0.1, 5, 10. */
COVEY_API covey_strangers_params covey_strangers_params_default(void);

/* One loss with one number of strangers. Clusters are matched to those without strangers by the
 * least summed distance of the centres [Kuhn1955]; moves are in units. */
typedef struct covey_strangers_row {
    size_t loss;      /* index into the comparison */
    size_t strangers; /* mixed in */
    double share;     /* strangers / n */
    double centre_mean, centre_most; /* moves of the matched centres */
    double representative_mean;      /* of the representatives, from row to row */
    size_t changed;   /* clusters whose representative is another row */
    size_t taken;     /* clusters that a stranger represents */
    double ari;       /* of the n rows' labels, with and without strangers */
} covey_strangers_row;

/* What became of centres. Owned by the struct (covey_strangers_fini). */
typedef struct covey_strangers {
    double unit;
    size_t points;
    covey_strangers_row *rows; /* [n_rows] by loss, then share ascending from 0; owned */
    size_t n_rows;             /* n_losses * (points + 1) */
} covey_strangers;
COVEY_API void covey_strangers_fini(covey_strangers *strangers); /* accepts a zeroed one */

/* `clean`: what covey_compare_compute made of x [n][d] by `cluster` (its k may be 0: the one chosen
 * is kept). Each loss is fitted again, with the parameters of the clean fit, from the start rows
 * that won there, strangers among the rows. Empty clusters are kept where `cluster` drops them.
 * Errors: a parameter outside its range or `clean` of other rows (COVEY_E_ARGUMENT), and those of
 * covey_cluster_compute. */
COVEY_API COVEY_NODISCARD covey_status covey_strangers_compute(
    covey_strangers *out, const covey_comparison *clean, const float *x, size_t n, size_t d,
    const covey_cluster_params *cluster, const covey_strangers_params *params, covey_error *err);

COVEY_END_DECLS

#endif
