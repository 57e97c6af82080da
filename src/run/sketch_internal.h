/* SPDX-License-Identifier: MIT */
/* Bounds of the cosines of all pairs of rows, by the matrix product. */
#ifndef COVEY_SKETCH_INTERNAL_H
#define COVEY_SKETCH_INTERNAL_H

#include <stddef.h>

#include "covey/status.h"
#include "kernels_internal.h"
#include "threads_internal.h"

enum { COVEY__SKETCH_ROWS = 64, COVEY__SKETCH_COLUMNS = 512 }; /* of one product */

/* Each row scaled to length 1 and shortened to `width` numbers: its coordinates along width - 1
 * orthonormal directions q, and the length of what they leave out. With u = Q x, v = Q y
 *     x.y = u.v + (x - Q'u).(y - Q'v) <= u.v + |x - Q'u| |y - Q'v|      (Cauchy-Schwarz),
 * which is the product of the two short rows. The directions are those along which a sample of the
 * rows has most of its squared length, so that few numbers leave little out. width == d: the row
 * itself, and the product is the cosine. */
typedef struct covey__sketch {
    const covey__kernels *kernels;
    size_t n, d, width;
    float *packed; /* [n up to whole blocks of COVEY__SKETCH_COLUMNS][width], as covey__gemm_pack */
    double slack;  /* what float32 may take off a bound */
} covey__sketch;

/* The sketch of `rows` [n][d] that promises the least work to find the pairs from `threshold` on.
 * Rows of no length, or not finite, have the product 0 with all. */
covey_status covey__sketch_new(covey__sketch *out, const float *rows, size_t n, size_t d,
                               double threshold, covey__pool *pool, covey_error *err);
void covey__sketch_fini(covey__sketch *sketch);

/* bounds [COVEY__SKETCH_ROWS][COVEY__SKETCH_COLUMNS], 64-byte aligned <- products of the rows from
 * `first` on, a multiple of COVEY__SKETCH_ROWS, with column block `block`; 0 beyond the last row.
 * `scratch` [COVEY__SKETCH_ROWS][width]. */
void covey__sketch_multiply(float *bounds, float *scratch, const covey__sketch *sketch,
                            size_t first, size_t block);

/* out [d] <- x [d] scaled to length 1; 0, and all zeros, where it has none or is not finite. */
int covey__sketch_unit(float *out, const float *x, size_t d);

#endif
