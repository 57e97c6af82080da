/* SPDX-License-Identifier: MIT */
/* New rows into the groups of a clustering, without refitting: centres, parameters and numbers stay
 * as they are. Safe from any thread on different outputs. docs/maths/assigning.md. */
#ifndef COVEY_ASSIGN_H
#define COVEY_ASSIGN_H

#include "covey/cluster.h"

COVEY_BEGIN_DECLS

/* Clusters with fewer rows than this say too little of how far their members may lie. */
enum { COVEY_ASSIGN_FEW = 10 };

/* Arrays are owned by the struct (covey_assignment_fini). */
typedef struct covey_assignment {
    size_t n;
    int32_t *labels;  /* [n], cluster; -1: belongs nowhere */
    int32_t *nearest; /* [n], the nearest cluster, whether or not the row belongs to it */
    double *distance; /* [n], to the nearest centre, by the assignment's measure */
    double *margin;   /* [n], (d2 - d1) / d2 between the two nearest centres; 1 if there is one */
    double *limit;    /* [clusters], the largest distance that still belongs; NaN: no cluster */
    size_t clusters;
    size_t outside;   /* rows of label -1 */
} covey_assignment;

COVEY_API void covey_assignment_fini(covey_assignment *assignment); /* accepts a zeroed one */

/* Puts x [n][d], normalised as the clustered rows were (covey_normalizer), to the nearest centre of
 * `clustering`, by float64 measure, ties to the lower number. A row belongs nowhere when its distance
 * exceeds its cluster's limit: the `quantile` (0..1, 1 is the farthest member; by the inverted CDF)
 * of the distances of the cluster's own rows, and in clusters of fewer than COVEY_ASSIGN_FEW rows at
 * least that quantile over all rows. Rows of label -1 and numbers without a cluster (centre NaN) are
 * left out. NaN or infinity: COVEY_E_NUMERIC, naming the row; another d: COVEY_E_ARGUMENT. */
COVEY_API COVEY_NODISCARD covey_status covey_assign_compute(covey_assignment *out, const float *x,
                                                            size_t n, size_t d,
                                                            const covey_clustering *clustering,
                                                            double quantile, int threads,
                                                            covey_error *err);

COVEY_END_DECLS

#endif
