/* SPDX-License-Identifier: MIT */
/* Sums whose result does not depend on who adds what when.
 *
 * Rows are cut into chunks of COVEY__CHUNK_ROWS; inside a chunk rows are added in order, in
 * float64; the chunk sums are combined by the fixed binary tree over chunk numbers: node (level,
 * i) is the sum of nodes (level-1, 2i) and (level-1, 2i+1), a lone left child passing upwards.
 * Another machine that owns a run of whole chunks can therefore send roots of subtrees. */
#ifndef COVEY_SUM_INTERNAL_H
#define COVEY_SUM_INTERNAL_H

#include <stddef.h>

enum { COVEY__CHUNK_ROWS = 4096 };

static inline size_t covey__chunk_count(size_t rows) {
    return (rows + COVEY__CHUNK_ROWS - 1) / COVEY__CHUNK_ROWS;
}

/* Combines `chunks` vectors of `width` numbers, [chunks][width], in place: the total lands in the
 * first. chunks >= 1. */
void covey__sum_tree(double *partial, size_t chunks, size_t width);

#endif
