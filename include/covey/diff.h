/* SPDX-License-Identifier: MIT */
/* What changed between two runs. Pure: reads both, writes neither; safe from any thread. */
#ifndef COVEY_DIFF_H
#define COVEY_DIFF_H

#include "covey/run.h"

COVEY_BEGIN_DECLS

/* A photo that both runs have. Runs of features files: rows of the same number. */
typedef struct covey_diff_pair {
    size_t row_a, row_b;
    int32_t cluster_a, cluster_b; /* -1: trimmed off */
    int same_content;             /* 0: matched by its path alone, the file has changed */
    int moved;                    /* its group in B is not the one its group in A became */
} covey_diff_pair;

/* A group and what became of it. */
typedef struct covey_diff_group {
    int32_t cluster_a, cluster_b; /* -1: has no counterpart */
    size_t size_a, size_b, both;  /* rows; those that are in both groups */
    int64_t cover_a, cover_b;     /* representatives' rows, -1: none */
    int cover_changed;            /* 0 where a side has no group */
} covey_diff_group;

/* Arrays are owned by the struct (covey_diff_fini). */
typedef struct covey_diff {
    size_t loss_a, loss_b; /* indices into the runs' clusterings */
    covey_diff_pair *pairs; /* [n_pairs], by row_a */
    size_t n_pairs;
    size_t *only_a, *only_b; /* rows */
    size_t n_only_a, n_only_b;
    covey_diff_group *groups; /* [n_groups], by cluster_a, then those of B alone */
    size_t n_groups, n_matched;
    size_t moved, covers_changed, changed_content;
    double ari, nmi; /* of the two partitions over the photos in both; NaN if there are none */
} covey_diff;
COVEY_API void covey_diff_fini(covey_diff *diff); /* accepts a zeroed one */

/* Photos are matched by content (SHA-256, of equal ones those with equal paths first), the rest by
 * path within their root; groups so that most photos stay together (covey_match_compute on the
 * overlap), without overlap not at all. `loss`: a canonical name; NULL: the first of A's losses
 * that B has too. A run without groups, a loss that one of them lacks, a run of photos against one
 * of a features file: COVEY_E_ARGUMENT with a sentence. */
COVEY_API COVEY_NODISCARD covey_status covey_diff_compute(covey_diff *out, const covey_run *a,
                                                          const covey_run *b, const char *loss,
                                                          covey_error *err);

COVEY_END_DECLS

#endif
