/* SPDX-License-Identifier: MIT */
/* Losses side by side: clusters matched, agreement measured, representatives counted.
 *
 * Safe from any thread on different outputs. Results depend on rows, parameters and seed alone. */
#ifndef COVEY_COMPARE_H
#define COVEY_COMPARE_H

#include "covey/cluster.h"

COVEY_BEGIN_DECLS

/* A photo that represents a cluster under at least one loss. */
typedef struct covey_vote {
    int64_t row;
    int32_t cluster;     /* matched number */
    int losses;          /* panel losses under which it represents that cluster */
    int seeds;           /* of `n_seeds`, under the reference loss; 0 if seeds were not run */
} covey_vote;

/* What speaks for one number of groups; NaN where a measure says nothing. docs/maths/choosing-k.md. */
typedef struct covey_k_row {
    size_t k;
    double objective;         /* of the rough fit, under the reference loss */
    double silhouette;        /* simplified, -1..1 [HruschkaEtAl2004] */
    double calinski_harabasz; /* variance ratio, 0.. [CalinskiHarabasz1974] */
    double elbow;             /* second difference of the logarithm of the objective */
    double stability;         /* mean ARI between clusterings of overlapping samples
                                 [BenHurGuyon2003] */
} covey_k_row;

/* Several losses on the same rows. Arrays are owned by the struct (covey_comparison_fini). */
typedef struct covey_comparison {
    size_t n, d;
    size_t n_losses;
    covey_clustering *clusterings; /* [n_losses], numbered alike: cluster j is "the same" cluster */
    size_t k_all;                  /* matched numbers run 0 .. k_all-1 (>= every k). One that a
                                      clustering does not use has size 0, representative and medoid
                                      -1, and a centre of NaN there */
    double *ari;                   /* [n_losses][n_losses], adjusted Rand index
                                      [HubertArabie1985] */
    double *vi;                    /* [n_losses][n_losses], variation of information, nats
                                      [Meila2007] */
    int *in_panel;                 /* [n_losses], 1: has a vote (equal losses vote once) */
    int panel_size;
    int n_seeds;                   /* seeds tried under the reference loss, 0 = none */
    covey_vote *votes;             /* [n_votes], by cluster, then losses descending, then row */
    size_t n_votes;
    double *disagreement;          /* [n], share of panel losses (and seeds) whose matched cluster
                                      differs from the row's most frequent one */
    double *stability;             /* [k_all], mean Jaccard overlap of the reference's cluster with
                                      its match over panel losses and seeds [Hennig2007]; 0
                                      where the reference has no such cluster */
    /* A common yardstick, since objectives of different losses cannot be compared: */
    double *silhouette;            /* [n_losses], simplified: distances to means
                                      [HruschkaEtAl2004] */
    double *sum_l2;                /* [n_losses], squared distances to the partition's means */
    double *sum_l1;                /* [n_losses], sum of L1 distances to its medians */
    size_t k_chosen;
    char k_reason[256];            /* why this k, when chosen automatically; "" otherwise */
    int k_clear;                   /* 0: chosen automatically, and there is no clear k */
    covey_k_row *k_table;          /* [n_k_table], by k; none where k was given */
    size_t n_k_table;
} covey_comparison;

/* How clear the choice of k was. */
typedef enum covey_k_verdict {
    COVEY_K_GIVEN = 0,    /* k was not chosen, or there is no table */
    COVEY_K_ONLY = 1,     /* the only number in the range */
    COVEY_K_FLAT = 2,     /* not clear: the silhouette stays below `least` for every k */
    COVEY_K_END = 3,      /* not clear: highest at the end of the range */
    COVEY_K_UNSTABLE = 4, /* not clear: samples of the rows do not agree on its groups */
    COVEY_K_ALONE = 5,    /* not clear: no other measure names it */
    COVEY_K_CLEAR = 6
} covey_k_verdict;

/* Why k_chosen, in numbers. */
typedef struct covey_k_why {
    covey_k_verdict verdict;
    size_t low, high;      /* the range */
    double silhouette, stability; /* at the k that was chosen */
    double least;          /* silhouette from which a k can be clear */
    size_t agree;          /* of the 3 other measures, how many name the same k */
} covey_k_why;

/* What k_reason says, from the comparison's k_table. Safe from any thread. */
COVEY_API covey_k_why covey_comparison_why_k(const covey_comparison *comparison);

/* How losses are compared; begin with covey_compare_params_default. */
typedef struct covey_compare_params {
    covey_cluster_params cluster;  /* k 0: choose from k_low..k_high */
    size_t k_low, k_high;          /* 2 and min(20, n/3) where 0 */
    int seeds;                     /* votes over this many seeds, the first being the run's own;
                                      default 10; 0: none */
    /* Earlier result whose numbers are kept where clusters match, or NULL: labels [n] of the same
     * rows (-1: row unknown then), values below previous_k. */
    const int32_t *previous;
    size_t previous_k;
} covey_compare_params;
/* k chosen from 2..20, 10 seeds, the rest as covey_cluster_params_default. */
COVEY_API covey_compare_params covey_compare_params_default(void);

/* Clusters x [n][d] under every loss of `losses` [n_losses] from the same starts, numbers the
 * clusters alike (the first loss is the reference, its clusters ordered by size, the others
 * matched on overlap by the Hungarian method [Kuhn1955], unmatched ones next by size), and
 * compares. */
COVEY_API COVEY_NODISCARD covey_status covey_compare_compute(covey_comparison *out, const float *x,
                                                             size_t n, size_t d,
                                                             const covey_loss *losses,
                                                             size_t n_losses,
                                                             const covey_compare_params *params,
                                                             covey_error *err);
COVEY_API void covey_comparison_fini(covey_comparison *comparison); /* accepts a zeroed one */

/* Agreement of two labelings [n]; -1 is a class of its own. ari: 1 when equal, also when both are
 * trivial. */
COVEY_API COVEY_NODISCARD covey_status covey_agreement_compute(double *ari, double *nmi,
                                                               double *vi, const int32_t *a,
                                                               const int32_t *b, size_t n);

/* Minimum-cost assignment of rows to columns, cost [rows][cols], rows <= cols: match [rows]. */
COVEY_API COVEY_NODISCARD covey_status covey_match_compute(int32_t *match, const double *cost,
                                                           size_t rows, size_t cols);

COVEY_END_DECLS

#endif
