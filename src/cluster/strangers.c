/* SPDX-License-Identifier: MIT */
/* The stranger test. The strangers of a smaller share are the first of a larger one, so that a
 * curve shows the share and not the draw. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base_internal.h"
#include "cluster_internal.h"
#include "covey/strangers.h"
#include "random_internal.h"

enum { MOST_POINTS = 100 };

typedef struct mixing {
    const covey_comparison *clean;
    const covey_strangers_params *params;
    covey_cluster_params cluster; /* of one fit from `centres` */
    float *x;                     /* [n + most][d], the strangers last */
    size_t n, d, most, k;
    int64_t *starts;              /* [restarts][k] rows, or NULL: cluster.centres are given */
    double *centres;              /* [k][d] */
    double unit;
} mixing;

covey_strangers_params covey_strangers_params_default(void) {
    return (covey_strangers_params){.share = 0.1, .points = 5, .far = 10};
}

void covey_strangers_fini(covey_strangers *strangers) {
    covey__free(strangers->rows);
    *strangers = (covey_strangers){0};
}

static double row_distance(const float *a, const float *b, size_t d) {
    double sum = 0;
    for (size_t j = 0; j < d; ++j)
        sum += ((double)a[j] - b[j]) * ((double)a[j] - b[j]);
    return sqrt(sum);
}

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The median distance of the rows to their centres under the first loss; 1 if that is 0. */
static covey_status find_unit(mixing *m, covey_error *err) {
    covey_status status = COVEY_OK;
    const covey_clustering *c = &m->clean->clusterings[0];
    double *away = covey__alloc_array(m->n, sizeof *away);
    size_t count = 0;
    COVEY_NOMEM_IF(!away, err);
    for (size_t i = 0; i < m->n; ++i) {
        if (c->labels[i] < 0)
            continue;
        const double *centre = c->centres + (size_t)c->labels[i] * m->d;
        double sum = 0;
        for (size_t j = 0; j < m->d; ++j) {
            double u = (double)m->x[i * m->d + j] - centre[j];
            sum += u * u;
        }
        away[count++] = sqrt(sum);
    }
    qsort(away, count, sizeof *away, compare_doubles);
    m->unit = count && away[count / 2] > 0 ? away[count / 2] : 1;
done:
    covey__free(away);
    return status;
}

static covey_status make_strangers(mixing *m, covey_error *err) {
    covey_status status = COVEY_OK;
    uint64_t seed = m->cluster.seed;
    double *direction = covey__alloc_array(m->d, sizeof *direction), length = 0;
    COVEY_NOMEM_IF(!direction, err);
    for (size_t j = 0; j < m->d; ++j) {
        direction[j] = covey__normal(seed, COVEY__PURPOSE_STRANGER, 0, j);
        length += direction[j] * direction[j];
    }
    double by = m->params->far * m->unit / sqrt(length);
    for (size_t i = 0; i < m->most; ++i) {
        size_t from = (size_t)covey__uniform_below(m->n, seed, COVEY__PURPOSE_STRANGER, 1 + i, 0);
        for (size_t j = 0; j < m->d; ++j)
            m->x[(m->n + i) * m->d + j] =
                (float)((double)m->x[from * m->d + j] + by * direction[j]);
    }
done:
    covey__free(direction);
    return status;
}

/* The rows that the clean fit of a loss started from. */
static covey_status find_starts(mixing *m, size_t loss, covey_error *err) {
    covey_status status = COVEY_OK;
    const covey_loss *of = &m->clean->clusterings[loss].loss;
    covey__data data = {0}, unit = {0};
    const covey__data *seen = NULL;
    if (m->cluster.start == COVEY_START_CENTRES) {
        memcpy(m->centres, m->cluster.centres, m->k * m->d * sizeof *m->centres);
        goto done;
    }
    if (loss && m->cluster.start != COVEY_START_LOSSPP)
        goto done; /* the same for all */
    if (!m->starts)
        m->starts = covey__alloc_array((size_t)m->cluster.restarts * m->k, sizeof *m->starts);
    COVEY_NOMEM_IF(!m->starts, err);
    COVEY_TRY(covey__data_init(&data, m->x, m->n, m->d, m->cluster.threads, err));
    COVEY_TRY(covey__data_for(&seen, &unit, &data, of, err));
    COVEY_TRY(covey__start_rows(m->starts, &data, seen, of, &m->cluster, COVEY__PURPOSE_START,
                                err));
done:
    covey__data_fini(&data);
    covey__data_fini(&unit);
    return status;
}

/* ---- one fit against the clean one ---------------------------------------------------------- */

/* match [clean->k] <- the cluster of `fit` that each clean one became, -1: a number without one. */
static covey_status match_centres(int32_t *match, const covey_clustering *clean,
                                  const covey_clustering *fit, covey_error *err) {
    covey_status status = COVEY_OK;
    size_t d = clean->d, real = 0, cells = 0;
    int32_t *found = covey__alloc_array(clean->k, sizeof *found);
    double *cost = covey__mul_size(&cells, clean->k, fit->k)
                       ? NULL
                       : covey__alloc_array(cells, sizeof *cost);
    COVEY_NOMEM_IF(!found || !cost, err);
    for (size_t j = 0; j < clean->k; ++j) {
        match[j] = -1;
        if (clean->sizes[j] == 0)
            continue;
        for (size_t l = 0; l < fit->k; ++l)
            cost[real * fit->k + l] = covey__centre_distance(clean->centres + j * d, fit->centres + l * d, d);
        ++real;
    }
    COVEY_TRY(covey_match_compute(found, cost, real, fit->k));
    for (size_t j = 0, r = 0; j < clean->k; ++j)
        if (clean->sizes[j])
            match[j] = found[r++];
done:
    covey__free(found);
    covey__free(cost);
    return status;
}

static covey_status measure(covey_strangers_row *row, const mixing *m,
                            const covey_clustering *clean, const covey_clustering *fit,
                            covey_error *err) {
    covey_status status = COVEY_OK;
    size_t d = m->d, real = 0, represented = 0;
    double nmi, vi;
    int32_t *match = covey__alloc_array(clean->k, sizeof *match);
    COVEY_NOMEM_IF(!match, err);
    COVEY_TRY(match_centres(match, clean, fit, err));
    for (size_t j = 0; j < clean->k; ++j) {
        if (match[j] < 0)
            continue;
        size_t l = (size_t)match[j];
        double moved = covey__centre_distance(clean->centres + j * d, fit->centres + l * d, d) / m->unit;
        row->centre_mean += moved;
        row->centre_most = fmax(row->centre_most, moved);
        ++real;
        int64_t before = clean->representatives[j], after = fit->representatives[l];
        if (before < 0 || after < 0) {
            ++row->changed;
            continue;
        }
        row->representative_mean +=
            row_distance(m->x + (size_t)before * d, m->x + (size_t)after * d, d) / m->unit;
        row->changed += before != after;
        row->taken += (size_t)after >= m->n;
        ++represented;
    }
    row->centre_mean /= real ? (double)real : 1;
    row->representative_mean /= represented ? (double)represented : 1;
    COVEY_TRY(covey_agreement_compute(&row->ari, &nmi, &vi, clean->labels, fit->labels, m->n));
done:
    covey__free(match);
    return status;
}

static covey_status fit_mixed(covey_strangers_row *row, mixing *m, size_t loss, size_t strangers,
                              covey_error *err) {
    covey_status status = COVEY_OK;
    const covey_clustering *clean = &m->clean->clusterings[loss];
    covey_clustering fit = {0};
    covey_cluster_params params = m->cluster;
    covey_loss frozen = clean->loss;
    for (int p = 0; p < COVEY_LOSS_PARAMS; ++p)
        frozen.is_auto[p] = 0;
    for (size_t j = 0; m->starts && j < m->k; ++j) {
        size_t from = (size_t)m->starts[(size_t)clean->restart * m->k + j];
        for (size_t i = 0; i < m->d; ++i)
            m->centres[j * m->d + i] = (double)m->x[from * m->d + i];
    }
    params.start = COVEY_START_CENTRES;
    params.centres = m->centres;
    params.restarts = 1;
    params.k = m->k;
    params.progress = NULL;
    if (params.empty == COVEY_EMPTY_DROP)
        params.empty = COVEY_EMPTY_KEEP;
    COVEY_TRY(covey_cluster_compute(&fit, m->x, m->n + strangers, m->d, &frozen, &params, err));
    *row = (covey_strangers_row){
        .loss = loss, .strangers = strangers, .share = (double)strangers / (double)m->n};
    COVEY_TRY(measure(row, m, clean, &fit, err));
done:
    covey_clustering_fini(&fit);
    return status;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static covey_status check(const covey_comparison *clean, size_t n, size_t d,
                          const covey_cluster_params *cluster,
                          const covey_strangers_params *params, covey_error *err) {
    covey_status status = COVEY_OK;
    COVEY_FAIL_IF(!(params->share > 0 && params->share <= 1), err, COVEY_E_ARGUMENT, NULL,
                  "the share of strangers is above 0 and at most 1, not %g", params->share);
    COVEY_FAIL_IF(!(params->far > 0 && params->far < 1e6), err, COVEY_E_ARGUMENT, NULL,
                  "strangers are moved by more than 0 and less than 1e6 units, not %g",
                  params->far);
    COVEY_FAIL_IF(params->points < 1 || params->points > MOST_POINTS, err, COVEY_E_ARGUMENT, NULL,
                  "1 to %d shares can be tried, not %zu", MOST_POINTS, params->points);
    COVEY_FAIL_IF(clean->n != n || clean->d != d || clean->n_losses == 0 || clean->k_chosen == 0,
                  err, COVEY_E_ARGUMENT, NULL, "the comparison is not one of these rows");
    COVEY_FAIL_IF(cluster->classic, err, COVEY_E_ARGUMENT, NULL,
                  "the original's procedure has no start to keep; leave --classic out");
    COVEY_FAIL_IF(cluster->start != COVEY_START_CENTRES && cluster->restarts < 1, err,
                  COVEY_E_ARGUMENT, NULL, "the number of restarts must be at least 1");
done:
    return status;
}

static covey_status mixing_init(mixing *m, const float *x, covey_error *err) {
    covey_status status = COVEY_OK;
    size_t rows, cells;
    COVEY_NOMEM_IF(covey__add_size(&rows, m->n, m->most) || covey__mul_size(&cells, rows, m->d),
                   err);
    m->x = covey__alloc_array(cells, sizeof *m->x);
    m->centres = covey__alloc_array(m->k * m->d, sizeof *m->centres);
    COVEY_NOMEM_IF(!m->x || !m->centres, err);
    memcpy(m->x, x, m->n * m->d * sizeof *x);
    COVEY_TRY(find_unit(m, err));
    COVEY_TRY(make_strangers(m, err));
done:
    return status;
}

covey_status covey_strangers_compute(covey_strangers *out, const covey_comparison *clean,
                                     const float *x, size_t n, size_t d,
                                     const covey_cluster_params *cluster,
                                     const covey_strangers_params *params, covey_error *err) {
    covey_status status = COVEY_OK;
    covey_strangers made = {.points = params->points};
    mixing m = {.clean = clean, .params = params, .cluster = *cluster, .n = n, .d = d};
    COVEY_TRY(check(clean, n, d, cluster, params, err));
    m.k = m.cluster.k = clean->k_chosen;
    m.most = (size_t)round(params->share * (double)n);
    COVEY_TRY(mixing_init(&m, x, err));
    made.unit = m.unit;
    made.n_rows = clean->n_losses * (params->points + 1);
    made.rows = covey__calloc(made.n_rows, sizeof *made.rows);
    COVEY_NOMEM_IF(!made.rows, err);
    for (size_t r = 0; r < made.n_rows; ++r) {
        size_t loss = r / (params->points + 1), point = r % (params->points + 1);
        double share = params->share * (double)point / (double)params->points;
        COVEY_FAIL_IF(cluster->progress &&
                          cluster->progress(cluster->progress_user, "strangers", r, made.n_rows),
                      err, COVEY_E_CANCELLED, NULL, "stopped on request");
        if (!point)
            COVEY_TRY(find_starts(&m, loss, err));
        COVEY_TRY(fit_mixed(&made.rows[r], &m, loss, (size_t)round(share * (double)n), err));
    }
    *out = made;
    made = (covey_strangers){0};
done:
    covey_strangers_fini(&made);
    covey__free(m.x);
    covey__free(m.starts);
    covey__free(m.centres);
    return status;
}
