/* SPDX-License-Identifier: MIT */
/* Generalized clustering: start, assign, re-centre, under any loss.
 *
 * Results depend on the rows, the parameters and the seed alone: the same bytes for any number of
 * threads. All functions may be called from several threads on different outputs. The method:
 * docs/maths/alternation.md [Lloyd1982; ArthurVassilvitskii2007;
 * BahmaniEtAl2012]. */
#ifndef COVEY_CLUSTER_H
#define COVEY_CLUSTER_H

#include <stdint.h>

#include "covey/loss.h"

COVEY_BEGIN_DECLS

/* How a centre is found. docs/maths/centres.md. */
typedef enum covey_solver {
    COVEY_SOLVER_AUTO = 0, /* the fastest that reaches the optimum of the loss */
    COVEY_SOLVER_EXACT = 1,
    COVEY_SOLVER_IRLS = 2,
    COVEY_SOLVER_LBFGS = 3,
    COVEY_SOLVER_BFGS = 4,
    COVEY_SOLVER_NEWTON = 5, /* per coordinate */
    COVEY_SOLVER_DESCENT = 6 /* plain gradient descent with backtracking: slow, to look at */
} covey_solver;

/* Where the alternation begins. docs/maths/alternation.md. */
typedef enum covey_start {
    COVEY_START_KMEANSPP = 0, /* squared-distance k-means++: the same rows for every loss
                                 [ArthurVassilvitskii2007] */
    COVEY_START_RANDOM = 1,   /* k distinct rows */
    COVEY_START_CENTRES = 2,  /* params.centres */
    COVEY_START_LOSSPP = 3,   /* k-means++ whose probabilities are the loss itself: other rows for
                                 every loss */
    COVEY_START_KMEANS_PARALLEL = 4 /* k-means|| [BahmaniEtAl2012]: 6 passes over the rows in place
                                       of k; the same rows for every loss */
} covey_start;

/* What becomes of a cluster that lost all its rows. */
typedef enum covey_empty {
    COVEY_EMPTY_REFILL = 0, /* by the worst-fitting point */
    COVEY_EMPTY_KEEP = 1,
    COVEY_EMPTY_DROP = 2,
    COVEY_EMPTY_ERROR = 3
} covey_empty;

/* What is done to rows before they are clustered. */
typedef enum covey_normalize {
    COVEY_NORMALIZE_NONE = 0,
    COVEY_NORMALIZE_L2 = 1,      /* rows to length 1; a zero row stays */
    COVEY_NORMALIZE_STANDARD = 2, /* columns to mean 0 and population deviation 1 */
    /* COVEY_NORMALIZE_PCA + N: rows to length 1, less their mean, onto the N first principal
     * components; as many columns then. covey_normalizer alone, not covey_normalize_rows. */
    COVEY_NORMALIZE_PCA = 1 << 20
} covey_normalize;

/* How rows are clustered; begin with covey_cluster_params_default. */
typedef struct covey_cluster_params {
    size_t k;
    covey_start start;
    const double *centres; /* [k][d], for COVEY_START_CENTRES; one restart then */
    int restarts;
    int max_rounds;
    double tolerance; /* ends when the mean shift of a centre falls below this share of the rows'
                         root mean square distance to their mean */
    uint64_t seed;
    int threads; /* 0: all cores */
    covey_empty empty;
    covey_solver solver;
    int classic; /* 1: the original's procedure, design of docs/maths/alternation.md */
    int without_bounds; /* 1: every row is compared with every centre in every round: the same
                           answer to the bit, slower, but 4 n k bytes of memory less */
    covey_progress_fn progress;
    void *progress_user;
    size_t batch; /* 0, or rows per mini-batch, fewer than there are: max_rounds batches at most, then
                     one round over all rows. Losses with finite, never rising weights only
                     (COVEY_E_ARGUMENT); not with `classic` */
} covey_cluster_params;

/* k 0 (to be set), kmeans++, 10 restarts, 100 rounds, 1e-6, seed 0, all cores, refill, auto. */
COVEY_API covey_cluster_params covey_cluster_params_default(void);

/* One round of one restart. */
typedef struct covey_round {
    int restart;
    int round;        /* from 1 */
    double objective; /* sum of the loss to the centre assigned, after re-centring */
    double shift;     /* sum over centres of the distance moved */
    size_t moved;     /* rows that changed cluster in the assignment of this round */
    size_t compared;  /* pairs of a row and a centre compared for it: n k, less what bounds spare */
} covey_round;

/* The outcome under one loss. Arrays are owned by the struct (covey_clustering_fini). Clusters are
 * numbered as the alternation left them until covey_compare_compute renumbers them. */
typedef struct covey_clustering {
    covey_loss loss; /* parameters as used */
    size_t n, d, k;
    double *centres;      /* [k][d] */
    int32_t *labels;      /* [n], 0..k-1; -1: trimmed off */
    int32_t *nearest;     /* [n], the cluster a trimmed row would have; else the label */
    double *distance;     /* [n], by the assignment's measure: r (radial), the loss (coordinate) */
    double *weight;       /* [n], 0..1: how much the row counts in its centre */
    double *margin;       /* [n], (d2 - d1) / d2, d1 to the own centre, d2 to the best other; 0
                             where that is negative, 1 if k = 1 */
    int32_t *rank;        /* [n], 0 = representative of its cluster; ties to the lower row */
    size_t *sizes;        /* [k] */
    int64_t *representatives; /* [k], row, or -1 for an empty cluster */
    int64_t *medoids;     /* [k], row with the least summed distance to its cluster, or -1; of
                             more than 256 rows only the 16 nearest to the centre are tried */
    double objective;
    int restart;          /* the one that won */
    int rounds;           /* it took */
    int converged;
    size_t unsolved;      /* centre problems whose solver stopped before its tolerance */
    size_t refilled;      /* empty clusters met and dealt with */
    size_t zero_rows;     /* rows of length 0 */
    covey_round *history; /* [n_history], all restarts */
    size_t n_history;
    double seconds;
} covey_clustering;

COVEY_API void covey_clustering_fini(covey_clustering *clustering); /* accepts a zeroed one */

/* Clusters x [n][d] under `loss` (auto parameters are estimated first, by covey_loss_estimate).
 * Errors: k outside 1..n, or larger than the number of distinct rows (COVEY_E_ARGUMENT, saying so);
 * NaN or infinity (COVEY_E_NUMERIC, naming the row); cancelled. */
COVEY_API COVEY_NODISCARD covey_status covey_cluster_compute(covey_clustering *out, const float *x,
                                                             size_t n, size_t d,
                                                             const covey_loss *loss,
                                                             const covey_cluster_params *params,
                                                             covey_error *err);

/* Sets the auto parameters of `losses` [n_losses] from one square-loss pilot on x (for k in
 * k_low..k_high: the geometric mean of the pilots at both ends and between), frozen afterwards. */
COVEY_API COVEY_NODISCARD covey_status covey_loss_estimate(covey_loss *losses, size_t n_losses,
                                                           const float *x, size_t n, size_t d,
                                                           size_t k_low, size_t k_high,
                                                           const covey_cluster_params *params,
                                                           covey_error *err);

/* In place on x [n][d]; *zero_rows (may be NULL) counts rows of length 0 under L2. */
COVEY_API COVEY_NODISCARD covey_status covey_normalize_rows(float *x, size_t n, size_t d,
                                                            covey_normalize how,
                                                            size_t *zero_rows);

/* "none", "l2", "standard", "pca:N" (the CLI's and the passport's words) to the value and back. */
COVEY_API COVEY_NODISCARD covey_status covey_normalize_find(covey_normalize *out, const char *name,
                                                            covey_error *err);
/* The other way: out <- the word for `how`. */
COVEY_API void covey_normalize_name(char out[32], covey_normalize how);

/* What a normalisation learnt from the rows it was made for, so that rows that come later are
 * treated as those were. Read-only once made: may be shared by any number of threads. */
typedef struct covey_normalizer covey_normalizer;

/* Learns `how` from x [n][d], which is left as it is. NaN or infinity: COVEY_E_NUMERIC, naming the
 * row. The caller frees *out. */
COVEY_API COVEY_NODISCARD covey_status covey_normalizer_new(covey_normalizer **out, const float *x,
                                                            size_t n, size_t d,
                                                            covey_normalize how, covey_error *err);
COVEY_API void covey_normalizer_free(covey_normalizer *normalizer); /* accepts NULL */
/* Numbers per row that covey_normalizer_apply writes. */
COVEY_API size_t covey_normalizer_columns(const covey_normalizer *normalizer);
/* out [n][covey_normalizer_columns] <- the rows of x [n][d] normalised; out may be x where the
 * columns are as many. The same numbers as covey_normalize_rows for the rows learnt from. */
COVEY_API COVEY_NODISCARD covey_status covey_normalizer_apply(const covey_normalizer *normalizer,
                                                              float *out, const float *x, size_t n,
                                                              size_t *zero_rows,
                                                              covey_error *err);

/* ---- one centre ------------------------------------------------------------------------- */

/* How a centre was found. */
typedef struct covey_centre_report {
    double objective;  /* sum of the loss over the points, float64 */
    int iterations;
    int evaluations;   /* of objective and gradient */
    int converged;
    double gradient;   /* norm at the answer, relative to the sum of |psi| */
} covey_centre_report;

/* The centre of x [m][d] under `loss`: centre [d] in: the start; out: the answer. `weights` [m] or
 * NULL. An unsuitable solver (exact without an exact centre; irls on a loss that is not
 * half-quadratic and has no safeguard) is COVEY_E_ARGUMENT. `iteration_limit` 0: the solver's
 * own. */
COVEY_API COVEY_NODISCARD covey_status covey_centre_compute(double *centre,
                                                            covey_centre_report *report,
                                                            const double *x, size_t m, size_t d,
                                                            const double *weights,
                                                            const covey_loss *loss,
                                                            covey_solver solver,
                                                            int iteration_limit, covey_error *err);

/* A point of a solver's way: the start is iteration 0; `centre` [d] is the solver's own and holds
 * during the call alone. */
typedef void (*covey_step_fn)(void *user, int iteration, const double *centre, double objective);

/* As covey_centre_compute from the start given and from no other, with `step` called on the thread
 * of the caller at the start, after every iteration that moved the centre, and at the answer.
 * Methods that solve coordinate by coordinate or at once (exact, newton, and auto where it takes
 * them) have two points: start and answer. L-BFGS shows each evaluation that improved. */
COVEY_API COVEY_NODISCARD covey_status covey_centre_trace(double *centre,
                                                          covey_centre_report *report,
                                                          const double *x, size_t m, size_t d,
                                                          const double *weights,
                                                          const covey_loss *loss,
                                                          covey_solver solver,
                                                          int iteration_limit, covey_step_fn step,
                                                          void *user, covey_error *err);

/* "refill", "keep", "drop", "error". */
COVEY_API const char *covey_empty_name(covey_empty empty);

/* "exact", "irls", ... and back (hyphens accepted, did-you-mean on a near miss). */
COVEY_API const char *covey_solver_name(covey_solver solver);
/* The solver of a name; unknown: COVEY_E_ARGUMENT with "did you mean". */
COVEY_API COVEY_NODISCARD covey_status covey_solver_find(covey_solver *out, const char *name,
                                                         covey_error *err);

COVEY_END_DECLS

#endif
