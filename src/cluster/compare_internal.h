/* SPDX-License-Identifier: MIT */
/* The parts of a comparison. */
#ifndef COVEY_COMPARE_INTERNAL_H
#define COVEY_COMPARE_INTERNAL_H

#include "cluster_internal.h"
#include "covey/compare.h"

/* numbers [k] <- for each cluster of `labels` (0..k-1) the number of the cluster of `reference` it
 * is matched to on overlap, or a next free number from `next` on, by size, ties to the lowest row.
 * reference [n]: values 0..k_reference-1 or -1. *next moves on. Clusters without an overlap with
 * their match are not matched. */
covey_status covey__match_numbers(int32_t *numbers, int32_t *next, const int32_t *labels,
                                  size_t k, const int32_t *reference, size_t k_reference, size_t n,
                                  covey_error *err);

/* numbers [k] <- 0 .. k-1 by falling size, ties to the lowest row. */
covey_status covey__size_numbers(int32_t *numbers, const int32_t *labels, size_t k, size_t n,
                                 covey_error *err);

/* Gives cluster j of `clustering` the number numbers[j]; k becomes one more than the largest. A
 * number that is not used has no rows, representative and medoid -1, and a centre of NaN. */
covey_status covey__renumber(covey_clustering *clustering, const int32_t *numbers,
                             covey_error *err);

/* The same for bare labels [n] and, where not NULL, representatives. */
void covey__renumber_labels(int32_t *labels, size_t n, const int32_t *numbers);

/* Simplified silhouette of a partition: a = distance to the mean of the own cluster, b = to the
 * nearest other mean, mean of (b - a) / max(a, b); 0 for single rows and for k = 1
 * [HruschkaEtAl2004]. sum_l2, sum_l1 (may be NULL): squared distances to means, L1 distances to
 * medians. labels: 0..k-1, empty clusters allowed. */
covey_status covey__yardsticks(double *silhouette, double *sum_l2, double *sum_l1,
                               const covey__data *data, const int32_t *labels, size_t k,
                               covey_error *err);

/* k for -k auto and what speaks for each k of the range, under `loss`: out->k_chosen, k_clear, k_reason,
 * k_table (docs/maths/choosing-k.md). */
covey_status covey__choose_k(covey_comparison *out, const covey__data *data,
                             const covey_loss *loss, size_t k_low, size_t k_high,
                             const covey_cluster_params *params, covey_error *err);

/* What one seed says, numbered as the reference. */
typedef struct covey__seed_run {
    int32_t *labels;          /* [n] */
    int64_t *representatives; /* [k] */
    size_t k;
} covey__seed_run;

/* in_panel and panel_size of `out`, from the losses as used. */
void covey__choose_panel(covey_comparison *out);

/* Votes, disagreement and stability of `out`, whose clusterings are numbered alike. */
covey_status covey__count_votes(covey_comparison *out, const covey__seed_run *seeds,
                                size_t n_seeds, covey_error *err);

#endif
