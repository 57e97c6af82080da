/* SPDX-License-Identifier: MIT */
/* Order statistics of many columns at once: medians and quantiles of a cluster's coordinates. */
#ifndef COVEY_SELECT_INTERNAL_H
#define COVEY_SELECT_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#include "ranks_internal.h"

enum { COVEY__SELECT_COLUMNS = 16 }; /* at a time: one cache line of float32 */

/* What of it depends on the instruction set. keys [m][16]: the numbers of `columns` <= 16 columns of
 * x (row stride d) in rows `rows` [m] (NULL: 0 .. m-1) as integers of the same order; low, high [16]:
 * the least and largest of each column, for m = 0 the largest and least integer. */
typedef struct covey__select_passes {
    void (*gather)(int32_t *low, int32_t *high, int32_t *keys, const float *x,
                   const uint32_t *rows, size_t m, size_t d, size_t columns);
    /* Of each column: count, keys <= pivot; before, the largest of them; after, the least key
     * beyond. Of nothing: whatever. */
    void (*pass)(int32_t *count, int32_t *before, int32_t *after, const int32_t *keys, size_t m,
                 const int32_t *pivot);
} covey__select_passes;

extern const covey__select_passes covey__select_scalar, covey__select_avx2, covey__select_avx512,
    covey__select_neon;

/* That of the instruction set in use. */
const covey__select_passes *covey__select_get(void);

/* Whose columns are looked at, and where. */
typedef struct covey__selection {
    const float *x;       /* [n][d] */
    const uint32_t *rows; /* [m], ascending; NULL: rows 0 .. m-1 */
    size_t m, d;
    const covey__share *share; /* which of the rows are here; NULL: all. Otherwise all ranks call */
    size_t rank;          /* the value wanted, the smallest has 0; below m */
    int pair;             /* 1: the midpoint of that and the next rank's, which must exist */
    const double *guess;  /* [d], where to look first, or NULL; a good one saves passes */
    const covey__select_passes *passes; /* NULL: covey__select_get */
} covey__selection;

/* out [d] <- of each column the value wanted. Exact, and the same whatever the instruction set and
 * the ranks. keys [covey__select_cells] is scratch. Finite rows only. */
void covey__select_all(double *out, int32_t *keys, const covey__selection *selection);
size_t covey__select_cells(const covey__selection *selection);

/* The rank of the quantile tau, 0 < tau < 1, of m > 0 values by the inverted distribution
 * function: the least with (rank + 1) >= tau m. */
size_t covey__quantile_rank(double tau, size_t m);

#endif
