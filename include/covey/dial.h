/* SPDX-License-Identifier: MIT */
/* The robustness dial: the same groups under Barron's loss as its alpha is turned from 2 (square)
 * over 1 (pseudo-Huber), 0 (Cauchy) and -2 (Geman-McClure) to minus infinity (correntropy)
 * [Barron2019].
 *
 * Every fit starts from the centres of the one before, the first from those of the comparison's
 * first loss, so that what changes is the robustness and not the luck. Results depend on rows,
 * comparison and parameters alone: the same for any number of threads. Safe from any thread on
 * different outputs. */
#ifndef COVEY_DIAL_H
#define COVEY_DIAL_H

#include "covey/compare.h"

COVEY_BEGIN_DECLS

enum { COVEY_DIAL_FRAMES = 11, COVEY_DIAL_ROWS = 2000 };

/* One place of the dial. */
typedef struct covey_dial_frame {
    double alpha; /* 2 .. -infinity */
    double objective;
    int rounds, converged;
    size_t moved;    /* rows in another cluster than at alpha = 2 */
    size_t *sizes;   /* [k] */
    int64_t *covers; /* [k], the member nearest to the centre, -1: empty */
    double *shift;   /* [k], of the centre from where it was at alpha = 2 */
    int32_t *labels; /* [n_rows] of the rows kept */
    double *weights; /* [n_rows], psi(r)/r over its largest in the cluster, to four digits */
} covey_dial_frame;

/* Arrays are owned by the struct (covey_dial_fini). */
typedef struct covey_dial {
    double c;        /* the loss's scale, the same in every frame: the median distance */
    size_t k;        /* clusters, numbered as under the comparison's first loss */
    int64_t *rows;   /* [n_rows], ascending: all, or COVEY_DIAL_ROWS evenly chosen */
    size_t n_rows;
    covey_dial_frame *frames; /* [n_frames], alpha descending */
    size_t n_frames;          /* 0: not computed */
} covey_dial;
COVEY_API void covey_dial_fini(covey_dial *dial); /* accepts a zeroed one */

/* `from`: what covey_compare_compute made of x [n][d] by `cluster`, of which rounds, tolerance,
 * threads and progress are used. Empty clusters stay empty (size 0, cover -1, shift 0), so that
 * numbers keep. Errors: those of
 * covey_cluster_compute; `from` of other rows: COVEY_E_ARGUMENT. */
COVEY_API COVEY_NODISCARD covey_status covey_dial_compute(covey_dial *out,
                                                          const covey_comparison *from,
                                                          const float *x, size_t n, size_t d,
                                                          const covey_cluster_params *cluster,
                                                          covey_error *err);

COVEY_END_DECLS

#endif
