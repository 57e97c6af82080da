/* SPDX-License-Identifier: MIT */
/* The parts of the alternation, shared by clustering, comparison and the choice of k.
 * docs/maths/alternation.md explains the procedure. */
#ifndef COVEY_CLUSTER_INTERNAL_H
#define COVEY_CLUSTER_INTERNAL_H

#include "centre_internal.h"
#include "covey/cluster.h"
#include "kernels_internal.h"
#include "rows_internal.h"
#include "rowscore_internal.h"
#include "spill_internal.h"
#include "sum_internal.h"
#include "threads_internal.h"

/* ---- the rows, checked once ------------------------------------------------------------- */

typedef struct covey__data {
    const float *x; /* [n][d], the caller's or `owned` */
    float *owned;
    size_t n, d;
    covey__share share; /* the rows that are here; what is kept of all rows is the same on all ranks */
    covey__pool *pool;
    const covey__score_kernels *kernels;
    const covey__kernels *products; /* for the matrix product */
    double *square;  /* [n], |x|^2, of the rows here */
    float *length;   /* [n], |x|, rounded up, of the rows here */
    int exact_only;  /* magnitudes at which float32 scores would over- or underflow */
    int tame;        /* no row so long, in some chunks only, that its going costs a sum digits */
    double *mean;    /* [d] */
    double spread;   /* sum of squared distances to the mean */
    size_t zero_rows;
} covey__data;

/* Checks for NaN (named), starts the threads, sums. x must outlive the data. */
covey_status covey__data_init(covey__data *data, const float *x, size_t n, size_t d, int threads,
                              covey_error *err);
void covey__data_fini(covey__data *data); /* accepts a zeroed one */

/* The tasks of the rows that are here: fn(context, number of the chunk, worker), and
 * fn(context, first row, worker) for every `step` rows of them. */
void covey__run_chunks(const covey__data *data, covey__task_fn fn, void *context);
void covey__run_rows(const covey__data *data, size_t step, covey__task_fn fn, void *context);
/* fn(context, j, worker) for clusters j < k: at once, or with ranks one after another, each by all
 * ranks, so that they may sum over members together. */
void covey__run_clusters(const covey__data *data, size_t k, covey__task_fn fn, void *context);
/* Rows list [count] become readable. */
covey_status covey__data_fetch(const covey__data *data, const int64_t *list, size_t count,
                               covey_error *err);

/* COVEY_OK if x has at least k distinct rows; else the error that says how many it has. */
covey_status covey__data_check_distinct(const covey__data *data, size_t k, covey_error *err);

/* The rows as `loss` sees them: `data` itself, or for a spherical loss `unit` (zeroed at first),
 * scaled to length 1 when first asked for. A row of zeros is then COVEY_E_NUMERIC, naming it. */
covey_status covey__data_for(const covey__data **out, covey__data *unit, const covey__data *data,
                             const covey_loss *loss, covey_error *err);
int covey__is_spherical(const covey_loss *loss);
/* v [d] to length 1; -1, and nothing done, where it is 0. */
int covey__to_sphere(double *v, size_t d);

/* ---- starts ----------------------------------------------------------------------------- */

/* rows [params->restarts][params->k] <- the rows that each restart begins with, by params->start
 * (not COVEY_START_CENTRES) and params->seed. `seen`: the rows as `loss` sees them; only
 * COVEY_START_LOSSPP looks at the two. */
covey_status covey__start_rows(int64_t *rows, const covey__data *data, const covey__data *seen,
                               const covey_loss *loss, const covey_cluster_params *params,
                               uint32_t purpose, covey_error *err);

/* ---- rows against centres --------------------------------------------------------------- */

/* A loss as the alternation sees it. `measure` is what rows are assigned by: r^2 for a radial
 * loss, the summed loss for a coordinate one. */
typedef struct covey__measure {
    const covey_loss *loss;
    const covey__score_kernels *kernels;
    covey__kind kind;
    covey__shape shape; /* of a coordinate loss: its float64 loop, by `rows` */
    const covey__row_kernels *rows;
    int radial;
    double p;
    size_t d;
} covey__measure;

covey__measure covey__measure_of(const covey_loss *loss, const covey__score_kernels *kernels,
                                 size_t d);
double covey__measure_row(const covey__measure *measure, const float *x, const double *centre);
/* The loss of a row whose measure is `value`. */
double covey__measure_loss(const covey__measure *measure, double value);
/* The Euclidean distance of two centres [d]. */
double covey__centre_distance(const double *a, const double *b, size_t d);

/* Centres ready for scoring. With radial losses |x - c|^2 - |x|^2 = |c|^2 - 2 x.c is scored by one
 * matrix product: offset |c|^2, scale -2. With the others each term is, offset 0, scale 1. */
typedef struct covey__packed {
    size_t k, k_pad, d_pad, stride;
    const double *centres; /* [k][d], as given */
    float *rounded;        /* [k_pad][d_pad], zero-padded */
    float *data;           /* packed for the product */
    float *offset;         /* [stride], infinite beyond k */
    float scale;
    double relative;       /* a score s of a row of length l is off by at most */
    double absolute;       /* relative * s + absolute + per_length * l */
    double per_length;
    double longest, heaviest; /* the largest |c| and sum |c_j| */
    double powers;            /* the largest sum |c_j|^p, under lp */
    int exact_only, by_product;
    int extreme; /* magnitudes at which float32 would over- or underflow */
} covey__packed;
covey_status covey__packed_init(covey__packed *packed, const covey__data *data, size_t k,
                                covey_error *err);
void covey__packed_set(covey__packed *packed, const covey__data *data,
                       const covey__measure *measure, const double *centres, size_t k);
void covey__packed_fini(covey__packed *packed);

/* The nearest centre of every row by `measure`, exactly as float64 decides, ties to the lower:
 * labels [n]; value [n] (may be NULL): the measure to it; second [n] and second_value [n] (NULL
 * both or neither): the next best, -1 and infinity if k = 1. *moved: the rows whose label
 * changed. */
covey_status covey__assign(size_t *moved, int32_t *labels, double *value, int32_t *second,
                           double *second_value, const covey__data *data,
                           const covey__measure *measure, const covey__packed *packed,
                           covey_error *err);

/* The parts: scores [count][stride] of rows x, whole tiles written, and the nearest centre of row i
 * by its scores; *value is the measure to it. */
void covey__score_rows(float *scores, const covey__data *data, const covey__measure *measure,
                       const covey__packed *packed, const float *x, size_t count);
int32_t covey__decide(double *value, const covey__data *data, const covey__measure *measure,
                      const covey__packed *packed, size_t i, const float *scores);

/* What of the measure v obeys the triangle inequality, and in which norm centres move. */
typedef enum covey__metric {
    COVEY__METRIC_NONE,     /* nothing known: a user's own coordinate loss */
    COVEY__METRIC_DISTANCE, /* sqrt(v), Euclidean */
    COVEY__METRIC_SUM,      /* v, summed absolutes: slopes of at most 1 */
    COVEY__METRIC_ROOT,     /* sqrt(2 v), Euclidean: psi^2 <= 2 rho, as psi' <= 1 */
    COVEY__METRIC_POWER     /* v^(1/p), the p-norm */
} covey__metric;
covey__metric covey__metric_of(const covey_loss *loss);

/* Lower bounds kept from round to round, see cluster_bounds.c. */
typedef struct covey__bounds {
    covey__metric metric;
    double p;
    size_t k, stride;
    float *bound;      /* [n][stride]: bound plus the centre's path then; infinite for the own */
    double *value;     /* [n], measure to the owner, or a little above it */
    double *then;      /* [n], the owner's path when that was measured */
    float *still;      /* [stride], of zeros: no path */
    int32_t *owner;    /* [n], -1: nothing known yet. NULL: no bounds are kept */
    double *path;      /* [stride], how far each centre has moved in all */
    float *rounded;    /* [stride], the same */
    double longest;    /* of the paths */
    double drift;      /* the longest step of each round, summed */
    float *clear;      /* [n], the least bound when last looked at plus the drift then; -infinity:
                        * bounds have changed since */
    double *centres;   /* [k][d], of the last call */
    size_t compared;   /* pairs of row and centre, in the last call */
} covey__bounds;
covey_status covey__bounds_init(covey__bounds *bounds, const covey__data *data,
                                const covey_loss *loss, size_t k, covey_error *err);
void covey__bounds_fini(covey__bounds *bounds);

/* labels [n] <- those of covey__assign, bit for bit, by way of the bounds. */
covey_status covey__assign_bounded(size_t *moved, int32_t *labels, covey__bounds *bounds,
                                   const covey__data *data, const covey__measure *measure,
                                   const covey__packed *packed, covey_error *err);

/* total [width] <- the sum over chunks of what `chunk` adds to `partial`, zeroed before; rows first
 * .. end - 1 are the chunk's. */
typedef void covey__chunk_fn(void *context, size_t first, size_t end, double *partial, int worker);
covey_status covey__sum_chunks(double *total, size_t width, const covey__data *data,
                               covey__chunk_fn *chunk, void *context, covey_error *err);

/* ---- members and centres ---------------------------------------------------------------- */

/* Rows by cluster: rows[first[j] .. first[j+1]) ascending. Rows of label -1 are left out. */
typedef struct covey__members {
    uint32_t *rows; /* [n] */
    size_t *first;  /* [k + 2], the last for filling */
} covey__members;
covey_status covey__members_init(covey__members *members, size_t n, size_t k, covey_error *err);
void covey__members_set(covey__members *members, const int32_t *labels, size_t n, size_t k);
void covey__members_fini(covey__members *members);

/* total [k][d + 1] <- the summed rows of all clusters at once, then how many they are; a cluster
 * whose `wanted` [k] is 0 is left untouched (NULL: all are wanted). Where `before` [n] is given,
 * total holds the sums of those labels, and only the rows whose label changed are added and
 * taken away: the same but for rounding. */
covey_status covey__sums(double *total, const covey__data *data, const int32_t *labels,
                         const int32_t *before, size_t k, const char *wanted, covey_error *err);
/* centres [k][d] <- the means of the sums; one without rows is left untouched, or not wanted. */
void covey__means_of(double *centres, const double *total, size_t k, size_t d,
                     const char *wanted);
/* Both, of all clusters. */
covey_status covey__means(double *centres, const covey__data *data, const int32_t *labels,
                          size_t k, covey_error *err);
/* Medians per coordinate of one cluster, even counts the midpoint. What the centre holds before is
 * where they are looked for first, and changes nothing but the time. */
covey_status covey__median(double *centre, const covey__data *data, const uint32_t *rows,
                           size_t count);

/* total [k] <- the summed loss of each cluster's rows to its centre. value [n] may be NULL; else
 * the measure of every row to its centre, from the same pass. Clusters whose `wanted` [k] is 0 are
 * left untouched (NULL: all are wanted). */
covey_status covey__losses(double *total, double *value, const covey__data *data,
                           const covey__measure *measure, const int32_t *labels,
                           const double *centres, size_t k, const char *wanted, covey_error *err);

/* ---- trimming --------------------------------------------------------------------------- */

/* How many of n rows in k clusters the loss leaves out: its share, but never so many that fewer
 * than k are left. 0 for losses that keep all. */
size_t covey__trim_count(const covey_loss *loss, size_t n, size_t k);
/* The least of the `count` > 0 largest of value (>= 0), of row i at value[i * stride]. */
double covey__trim_edge(const covey__share *share, const double *value, size_t stride,
                        size_t count);
/* labels [n] <- -1 for the `count` rows of the largest value (>= 0) [n], ties: the higher rows. */
void covey__trim(int32_t *labels, const double *value, size_t n, size_t count);
/* Puts rows of label -1 to their nearest centre. */
void covey__place_trimmed(int32_t *labels, const covey__data *data, const covey_loss *loss,
                          const double *centres, size_t k);

/* ---- the alternation -------------------------------------------------------------------- */

typedef struct covey__fit {
    size_t k; /* fewer than asked for where empty clusters are dropped */
    double *centres; /* [k][d] */
    int32_t *labels; /* [n], -1: trimmed off */
    double objective;
    int restart, rounds, converged;
    size_t unsolved, refilled;
} covey__fit;
void covey__fit_fini(covey__fit *fit);

/* A growing list of rounds. */
typedef struct covey__history {
    covey_round *rounds;
    size_t count, capacity;
} covey__history;
covey_status covey__history_add(covey__history *history, covey_round round, covey_error *err);

/* One alternation from `centres` [k][d]. */
covey_status covey__alternate(covey__fit *fit, covey__history *history, const covey__data *data,
                              const covey_loss *loss, const covey_cluster_params *params,
                              const double *centres, int restart, covey_error *err);

/* COVEY_OK if mini-batches can follow the loss. */
covey_status covey__batch_suits(const covey_loss *loss, covey_error *err);
/* centres [k][d] <- where mini-batches of params->batch rows lead them; *batches: how many, *settled:
 * 1 if they ended by themselves. */
covey_status covey__batch_refine(double *centres, size_t *batches, int *settled,
                                 const covey__data *data, const covey_loss *loss,
                                 const covey_cluster_params *params, int restart,
                                 covey_error *err);

/* The original's parameters: 1 where none is given. */
void covey__classic_params(covey_loss *loss);
/* The original's procedure, see params.classic. */
covey_status covey__alternate_classic(covey__fit *fit, covey__history *history,
                                      const covey__data *data, const covey_loss *loss,
                                      const covey_cluster_params *params, const double *centres,
                                      covey_error *err);

/* Restarts from `starts` [restarts][k] rows (NULL: params->centres); the best is kept. */
covey_status covey__fit_best(covey__fit *fit, covey__history *history, const covey__data *data,
                             const covey_loss *loss, const covey_cluster_params *params,
                             const int64_t *starts, int restarts, covey_error *err);

/* Labels, distances, ranks, representatives of a fit: everything of `out` but history and
 * seconds. Takes over the fit's arrays. */
covey_status covey__describe(covey_clustering *out, covey__fit *fit, const covey__data *data,
                             const covey_loss *loss, covey_error *err);

/* ---- scales ----------------------------------------------------------------------------- */

int covey__loss_has_auto(const covey_loss *loss);
covey_status covey__estimate(covey_loss *losses, size_t n_losses, const covey__data *data,
                             size_t k_low, size_t k_high, const covey_cluster_params *params,
                             covey_error *err);

/* Range checks shared by every entry. */
covey_status covey__check_params(const covey_cluster_params *params, size_t n, covey_error *err);

#endif
