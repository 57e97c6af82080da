/* SPDX-License-Identifier: MIT */
/* The original write-up's procedure, kept as it was for comparison: assignment by the loss itself
 * with the first of equal minima, a centre by BFGS of 20 iterations from the mean, an empty
 * cluster's centre at the origin, at most 3 rounds, and a stop when the shift repeats. None of the
 * promises of cluster_alternate.c hold here: the objective may rise. */
#include <math.h>
#include <string.h>

#include "base_internal.h"
#include "cluster_internal.h"

enum { ROUNDS = 3, BFGS_ITERATIONS = 20 };
static const double TOLERANCE = 1e-4, REPEAT = 1e-6;

typedef struct classic {
    const covey__data *data;
    const covey_loss *loss;
    size_t k;
    double *x;        /* [n][d] in float64, as the original keeps it */
    double *points;   /* [n][d], one cluster's */
    double *centres;  /* [k][d] */
    double *next;     /* [k][d] */
    int32_t *labels;  /* [n] */
    size_t unsolved, moved;
} classic;

static void assign_rows(void *context, size_t i, int worker) {
    classic *c = context;
    size_t d = c->data->d;
    double least = INFINITY;
    (void)worker;
    int32_t best = 0;
    for (size_t j = 0; j < c->k; ++j) {
        double loss = covey_loss_compute(c->loss, c->x + i * d, c->centres + j * d, d);
        if (loss < least) {
            least = loss;
            best = (int32_t)j;
        }
    }
    c->labels[i] = best;
}

static covey_status solve_centre(classic *c, size_t j, size_t *count, covey_error *err) {
    covey_status status = COVEY_OK;
    size_t d = c->data->d, m = 0;
    double *centre = c->next + j * d;
    const char *exact = c->loss->ops->exact_centre;
    memset(centre, 0, d * sizeof *centre);
    for (size_t i = 0; i < c->data->n; ++i)
        if (c->labels[i] == (int32_t)j) {
            memcpy(c->points + m++ * d, c->x + i * d, d * sizeof *c->x);
            for (size_t a = 0; a < d; ++a)
                centre[a] += c->x[i * d + a];
        }
    *count = m;
    for (size_t a = 0; m && a < d; ++a)
        centre[a] /= (double)m;
    if (m) {
        covey_centre_report report = {0};
        int is_exact = exact && (!strcmp(exact, "mean") || !strcmp(exact, "median"));
        COVEY_TRY(covey_centre_compute(centre, &report, c->points, m, d, NULL, c->loss,
                                       is_exact ? COVEY_SOLVER_EXACT : COVEY_SOLVER_BFGS,
                                       is_exact ? 0 : BFGS_ITERATIONS, err));
        c->unsolved += !report.converged;
    }
done:
    return status;
}

static covey_status play_round(classic *c, double *shift, double *objective, covey_error *err) {
    covey_status status = COVEY_OK;
    size_t n = c->data->n, d = c->data->d, count = 0;
    int32_t *previous = covey__alloc_array(n, sizeof *previous);
    COVEY_NOMEM_IF(!previous, err);
    memcpy(previous, c->labels, n * sizeof *previous);
    covey__pool_run(c->data->pool, n, assign_rows, c);
    *shift = *objective = 0;
    c->unsolved = c->moved = 0;
    for (size_t j = 0; j < c->k; ++j) {
        double square = 0;
        COVEY_TRY(solve_centre(c, j, &count, err));
        for (size_t a = 0; a < d; ++a) {
            double u = c->next[j * d + a] - c->centres[j * d + a];
            square += u * u;
        }
        *shift += sqrt(square);
    }
    memcpy(c->centres, c->next, c->k * d * sizeof *c->centres);
    for (size_t i = 0; i < n; ++i) {
        c->moved += c->labels[i] != previous[i];
        *objective +=
            covey_loss_compute(c->loss, c->x + i * d, c->centres + (size_t)c->labels[i] * d, d);
    }
done:
    covey__free(previous);
    return status;
}

void covey__classic_params(covey_loss *loss) {
    for (int p = 0; p < COVEY_LOSS_PARAMS; ++p)
        if (loss->is_auto[p] && loss->ops->params[p].name)
            loss->params[p] = 1;
}

covey_status covey__alternate_classic(covey__fit *fit, covey__history *history,
                                      const covey__data *data, const covey_loss *loss,
                                      const covey_cluster_params *params, const double *centres,
                                      covey_error *err) {
    covey_status status = COVEY_OK;
    size_t n = data->n, d = data->d, k = params->k;
    classic c = {.data = data, .loss = loss, .k = k};
    covey__fit made = {.k = k};
    double before = INFINITY;
    COVEY_FAIL_IF(loss->ops->traits & (COVEY_LOSS_TRIMS | COVEY_LOSS_SPHERICAL), err,
                  COVEY_E_ARGUMENT, NULL,
                  "the original's procedure (--classic) neither trims nor works on the sphere; "
                  "leave the loss %s out",
                  loss->ops->name);
    covey__exchange_rows(&data->share, (float *)(uintptr_t)data->x, d * sizeof *data->x);
    c.x = covey__alloc_array(n, d * sizeof *c.x);
    c.points = covey__alloc_array(n, d * sizeof *c.points);
    c.next = covey__alloc_array(k, d * sizeof *c.next);
    c.centres = covey__alloc_array(k, d * sizeof *c.centres);
    c.labels = covey__alloc_array(n, sizeof *c.labels);
    COVEY_NOMEM_IF(!c.x || !c.points || !c.next || !c.centres || !c.labels, err);
    /* Nothing is shared here: every rank holds all rows and does all of it. */
    for (size_t i = 0; i < n * d; ++i)
        c.x[i] = data->x[i];
    memcpy(c.centres, centres, k * d * sizeof *centres);
    for (size_t i = 0; i < n; ++i)
        c.labels[i] = -1;
    for (int round = 1; round <= ROUNDS && !made.converged; ++round) {
        double shift = 0;
        COVEY_FAIL_IF(params->progress &&
                          params->progress(params->progress_user, "cluster", (size_t)round - 1,
                                           ROUNDS),
                      err, COVEY_E_CANCELLED, NULL, "stopped on request");
        COVEY_TRY(play_round(&c, &shift, &made.objective, err));
        made.rounds = round;
        made.converged = shift < TOLERANCE || fabs(shift - before) < REPEAT;
        before = shift;
        COVEY_TRY(covey__history_add(
            history, (covey_round){0, round, made.objective, shift, c.moved,
                                    data->n * params->k}, err));
    }
    made.unsolved = c.unsolved;
    made.centres = c.centres;
    made.labels = c.labels;
    c.centres = NULL;
    c.labels = NULL;
    *fit = made;
done:
    covey__free(c.x);
    covey__free(c.points);
    covey__free(c.next);
    covey__free(c.centres);
    covey__free(c.labels);
    return status;
}
