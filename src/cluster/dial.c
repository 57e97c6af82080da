/* SPDX-License-Identifier: MIT */
/* The robustness dial: one fit after the other, each from the centres of the one before. */
#include <math.h>
#include <string.h>

#include "base_internal.h"
#include "cluster_internal.h"
#include "covey/dial.h"

static const double alphas[COVEY_DIAL_FRAMES] = {2,  1.5, 1,  0.5, 0,        -0.5,
                                                 -1, -2,  -4, -10, -INFINITY};

void covey_dial_fini(covey_dial *dial) {
    for (size_t f = 0; f < dial->n_frames; ++f) {
        covey_dial_frame *frame = &dial->frames[f];
        covey__free(frame->sizes);
        covey__free(frame->covers);
        covey__free(frame->shift);
        covey__free(frame->labels);
        covey__free(frame->weights);
    }
    covey__free(dial->frames);
    covey__free(dial->rows);
    *dial = (covey_dial){0};
}

/* What of one fit is kept; first: labels [n] and centres [fit->k][d] at alpha = 2; numbers
 * [fit->k]: what the dial calls the fit's clusters. */
static covey_status keep(covey_dial_frame *out, const covey_dial *dial, double alpha,
                         const covey_clustering *fit, const int32_t *first_labels,
                         const double *first_centres, const int32_t *numbers, covey_error *err) {
    covey_status status = COVEY_OK;
    *out = (covey_dial_frame){.alpha = alpha,
                              .objective = fit->objective,
                              .rounds = fit->rounds,
                              .converged = fit->converged,
                              .sizes = covey__calloc(dial->k, sizeof *out->sizes),
                              .covers = covey__calloc(dial->k, sizeof *out->covers),
                              .shift = covey__calloc(dial->k, sizeof *out->shift),
                              .labels = covey__calloc(dial->n_rows, sizeof *out->labels),
                              .weights = covey__calloc(dial->n_rows, sizeof *out->weights)};
    COVEY_NOMEM_IF(!out->sizes || !out->covers || !out->shift || !out->labels || !out->weights,
                   err);
    for (size_t j = 0; j < dial->k; ++j)
        out->covers[j] = -1;
    for (size_t j = 0; j < fit->k; ++j) {
        size_t to = (size_t)numbers[j];
        out->sizes[to] = fit->sizes[j];
        out->covers[to] = fit->representatives[j];
        out->shift[to] =
            covey__centre_distance(fit->centres + j * fit->d, first_centres + j * fit->d, fit->d);
    }
    for (size_t i = 0; i < fit->n; ++i)
        out->moved += fit->labels[i] != first_labels[i];
    for (size_t i = 0; i < dial->n_rows; ++i) {
        out->labels[i] = numbers[fit->labels[dial->rows[i]]];
        out->weights[i] = round(fit->weight[dial->rows[i]] * 1e4) / 1e4;
    }
done:
    return status;
}

static covey_status choose_rows(covey_dial *dial, size_t n, covey_error *err) {
    dial->n_rows = n < COVEY_DIAL_ROWS ? n : COVEY_DIAL_ROWS;
    dial->rows = covey__alloc_array(dial->n_rows, sizeof *dial->rows);
    if (!dial->rows)
        return covey__fail(err, COVEY_E_NOMEM, NULL, "memory ran out");
    for (size_t i = 0; i < dial->n_rows; ++i)
        dial->rows[i] = (int64_t)(i * n / dial->n_rows);
    return COVEY_OK;
}

/* centres <- those of the clusters that have members, numbers <- their numbers; returns how many. A
 * number kept from a run before may have no cluster now, and then no centre to start from. */
static size_t choose_start(double *centres, int32_t *numbers, const covey_clustering *from) {
    size_t k = 0;
    for (size_t j = 0; j < from->k; ++j)
        if (from->sizes[j]) {
            memcpy(centres + k * from->d, from->centres + j * from->d, from->d * sizeof *centres);
            numbers[k++] = (int32_t)j;
        }
    return k;
}

covey_status covey_dial_compute(covey_dial *out, const covey_comparison *from, const float *x,
                                size_t n, size_t d, const covey_cluster_params *cluster,
                                covey_error *err) {
    covey_status status = COVEY_OK;
    covey_dial made = {0};
    covey_clustering fit = {0};
    covey_cluster_params params = *cluster;
    covey_loss loss = {0};
    int32_t *labels = NULL, *numbers = NULL;
    double *centres = NULL, *first = NULL;
    COVEY_FAIL_IF(from->n_losses == 0 || from->n != n || from->d != d, err, COVEY_E_ARGUMENT, NULL,
                  "the comparison is not one of these rows");
    const covey_clustering *start = &from->clusterings[0];
    size_t cells = start->k * d; /* as many as start->centres */
    made.k = start->k;
    params.start = COVEY_START_CENTRES;
    params.restarts = 1;
    params.empty = COVEY_EMPTY_KEEP;
    params.solver = COVEY_SOLVER_AUTO;
    params.classic = 0;
    params.progress = NULL;
    COVEY_TRY(choose_rows(&made, n, err));
    made.frames = covey__calloc(COVEY_DIAL_FRAMES, sizeof *made.frames);
    labels = covey__alloc_array(n, sizeof *labels);
    centres = covey__alloc_array(2 * cells, sizeof *centres);
    numbers = covey__alloc_array(made.k, sizeof *numbers);
    COVEY_NOMEM_IF(!made.frames || !labels || !centres || !numbers, err);
    first = centres + cells;
    params.k = choose_start(centres, numbers, start);
    params.centres = centres;
    COVEY_TRY(covey_loss_find(&loss, "barron", err));
    COVEY_TRY(covey_loss_estimate(&loss, 1, x, n, d, params.k, params.k, &params, err));
    made.c = loss.params[1];
    loss.is_auto[0] = loss.is_auto[1] = 0;
    for (size_t f = 0; f < COVEY_DIAL_FRAMES; ++f) {
        COVEY_FAIL_IF(cluster->progress &&
                          cluster->progress(cluster->progress_user, "dial", f, COVEY_DIAL_FRAMES),
                      err, COVEY_E_CANCELLED, NULL, "stopped on request");
        loss.params[0] = alphas[f];
        COVEY_TRY(covey_cluster_compute(&fit, x, n, d, &loss, &params, err));
        if (f == 0) {
            memcpy(labels, fit.labels, n * sizeof *labels);
            memcpy(first, fit.centres, params.k * d * sizeof *first);
        }
        made.n_frames = f + 1; /* so that fini frees a frame half made */
        COVEY_TRY(keep(&made.frames[f], &made, alphas[f], &fit, labels, first, numbers, err));
        memcpy(centres, fit.centres, params.k * d * sizeof *centres);
        covey_clustering_fini(&fit);
    }
    *out = made;
    made = (covey_dial){0};
done:
    covey_clustering_fini(&fit);
    covey_dial_fini(&made);
    covey__free(labels);
    covey__free(centres);
    covey__free(numbers);
    return status;
}
