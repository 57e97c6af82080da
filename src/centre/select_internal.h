/* SPDX-License-Identifier: MIT */
/* Order statistics of many columns at once: medians and quantiles of a cluster's coordinates. */
#ifndef COVEY_SELECT_INTERNAL_H
#define COVEY_SELECT_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

enum { COVEY__SELECT_COLUMNS = 16 }; /* at a time: one cache line of float32 */

/* out [columns <= 16] <- in each of `columns` columns of x (row stride d) the value of rank `rank`
 * (the smallest has 0) among its rows `rows` [m], m > rank; NULL: rows 0 .. m-1. `pair`: the
 * midpoint of that value and the next larger rank's, which must exist. Exact, and the same whatever
 * the instruction set. keys [m][16] is scratch; `guess` [columns] (may be NULL) is where to look
 * first, a good one saves passes. Finite rows only. */
typedef void covey__select_fn(double *out, int32_t *keys, const float *x, const uint32_t *rows,
                              size_t m, size_t d, size_t columns, size_t rank, int pair,
                              const double *guess);

covey__select_fn covey__select_scalar, covey__select_avx2, covey__select_avx512;

/* That of the instruction set in use. */
covey__select_fn *covey__select_get(void);

/* out [d] <- the same for all d columns. */
void covey__select_all(double *out, int32_t *keys, const float *x, const uint32_t *rows, size_t m,
                       size_t d, size_t rank, int pair, const double *guess);

/* The rank of the quantile tau, 0 < tau < 1, of m > 0 values by the inverted distribution
 * function: the least with (rank + 1) >= tau m. */
size_t covey__quantile_rank(double tau, size_t m);

#endif
