/* SPDX-License-Identifier: MIT */
/* Drawing start rows: what k-means++, its variants and k-means|| share. */
#ifndef COVEY_START_INTERNAL_H
#define COVEY_START_INTERNAL_H

#include "cluster_internal.h"

/* Rows drawn one after another, each with a probability in proportion to what the rows drawn
 * before leave of it: its squared distance to the nearest of them, or its loss. */
typedef struct covey__draws {
    const covey__data *data;
    const covey_loss *loss; /* NULL: the squared distance */
    const double *weight;   /* [n], what a row counts, or NULL: 1 each */
    size_t k;               /* rows per restart */
    size_t taken;           /* of which so many are in place already */
    size_t first_restart;   /* number of the first of */
    int restarts;
    uint64_t seed;
    uint32_t purpose;
} covey__draws;

/* rows [restarts][k], of which the first `taken` of each restart are in. *found <- how many of a
 * restart's rows are in place at the end, k or, where no other row differs, fewer (of several
 * restarts the fewest). */
covey_status covey__draw_rows(int64_t *rows, size_t *found, const covey__draws *draws,
                              covey_error *err);

/* rows [restarts][k] by k-means|| [BahmaniEtAl2012]. */
covey_status covey__start_parallel(int64_t *rows, const covey__data *data, size_t k, int restarts,
                                   uint64_t seed, uint32_t purpose, covey_error *err);

#endif
