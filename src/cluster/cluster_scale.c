/* SPDX-License-Identifier: MIT */
/* Scales of losses from the data: constant * quantile of what the loss sees, under a square-loss
 * pilot. For a radial loss that is r = |x - mu|, for a coordinate one |u| = |x_j - mu_j| pooled
 * over all rows and columns. In 512 dimensions r hardly varies, so a spread is not a size, and the
 * quantile is of r itself. docs/maths/alternation.md, section 5. */
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "base_internal.h"
#include "cluster_internal.h"
#include "random_internal.h"

enum { PILOT_ROUNDS = 30, PILOTS = 3 };

int covey__loss_has_auto(const covey_loss *loss) {
    for (int p = 0; p < COVEY_LOSS_PARAMS; ++p)
        if (loss->is_auto[p] && loss->ops->params[p].name)
            return 1;
    return 0;
}

/* ---- exact quantiles by counting bit patterns ------------------------------------------- */

/* Non-negative float32 order as their bit patterns do, so that two passes of counting (upper and
 * lower 16 bits) find any rank of n d numbers in fixed memory, and counts add up in any order. */
typedef struct counting {
    const covey__data *data;
    const covey__fit *pilot;
    int radial;
    int lower; /* 1: counts the lower bits of those whose upper bits are `upper` */
    uint32_t upper;
    atomic_size_t *counts; /* [65536] */
} counting;

static void count_value(const counting *c, size_t *local, double value) {
    float narrow = (float)value;
    uint32_t bits;
    memcpy(&bits, &narrow, sizeof bits);
    if (!c->lower)
        ++local[bits >> 16];
    else if (bits >> 16 == c->upper)
        ++local[bits & 0xFFFF];
}

static void count_chunk(void *context, size_t chunk, int worker) {
    counting *c = context;
    const covey__data *data = c->data;
    size_t first = chunk * COVEY__CHUNK_ROWS, d = data->d;
    size_t end = first + COVEY__CHUNK_ROWS < data->n ? first + COVEY__CHUNK_ROWS : data->n;
    size_t *local = covey__calloc(65536, sizeof *local);
    (void)worker;
    covey__spill_ahead(data->x + first * d);
    for (size_t i = first; i < end; ++i) {
        const float *x = data->x + i * d;
        const double *centre = c->pilot->centres + (size_t)c->pilot->labels[i] * d;
        if (!local)
            break;
        if (c->radial)
            count_value(c, local,
                        sqrt(data->kernels->row_loss(x, centre, d, COVEY__KIND_SQUARE)));
        else
            for (size_t j = 0; j < d; ++j)
                count_value(c, local, fabs(x[j] - centre[j]));
    }
    if (!local) /* seen by the caller: the counts do not add up */
        return;
    for (size_t b = 0; b < 65536; ++b)
        if (local[b])
            atomic_fetch_add_explicit(c->counts + b, local[b], memory_order_relaxed);
    covey__free(local);
}

static covey_status add_ranks(counting *c, covey_error *err) {
    covey_status status = COVEY_OK;
    if (c->data->share.ranks->count == 1)
        return COVEY_OK;
    int64_t *all = covey__alloc_array(65536, sizeof *all);
    COVEY_NOMEM_IF(!all, err);
    for (size_t b = 0; b < 65536; ++b)
        all[b] = (int64_t)atomic_load(&c->counts[b]);
    c->data->share.ranks->reduce(all, 65536, COVEY__SUM);
    for (size_t b = 0; b < 65536; ++b)
        atomic_store(&c->counts[b], (size_t)all[b]);
done:
    covey__free(all);
    return status;
}

/* Bucket that holds `rank`; *rank becomes the rank within it. 65536 if the counts fall short. */
static uint32_t find_bucket(const counting *c, size_t *rank) {
    uint32_t bucket = 0;
    for (; bucket < 65536; ++bucket) {
        size_t count = atomic_load(&c->counts[bucket]);
        if (*rank < count)
            break;
        *rank -= count;
    }
    return bucket;
}

static covey_status value_of_rank(double *out, counting *c, size_t rank, covey_error *err) {
    covey_status status = COVEY_OK;
    for (c->lower = 0; c->lower < 2; ++c->lower) {
        for (size_t b = 0; b < 65536; ++b)
            atomic_store_explicit(&c->counts[b], 0, memory_order_relaxed);
        covey__run_chunks(c->data, count_chunk, c);
        COVEY_TRY(add_ranks(c, err));
        uint32_t bucket = find_bucket(c, &rank);
        COVEY_NOMEM_IF(bucket == 65536, err);
        uint32_t bits = c->lower ? c->upper << 16 | bucket : bucket;
        c->upper = bits;
    }
    float value;
    memcpy(&value, &c->upper, sizeof value);
    *out = value;
done:
    return status;
}

/* The quantile by linear interpolation between ranks, as numpy's default: its median is the
 * midpoint of an even count. */
static covey_status residual_quantile(double *out, const covey__data *data,
                                      const covey__fit *pilot, int radial, double q,
                                      covey_error *err) {
    covey_status status = COVEY_OK;
    counting c = {.data = data, .pilot = pilot, .radial = radial};
    size_t count = radial ? data->n : data->n * data->d;
    double place = q * (double)(count - 1), low = 0, high = 0;
    size_t rank = (size_t)place;
    c.counts = covey__calloc(65536, sizeof *c.counts);
    COVEY_NOMEM_IF(!c.counts, err);
    COVEY_TRY(value_of_rank(&low, &c, rank, err));
    high = low;
    if (place > (double)rank)
        COVEY_TRY(value_of_rank(&high, &c, rank + 1, err));
    *out = low + (place - (double)rank) * (high - low);
done:
    covey__free(c.counts);
    return status;
}

/* ---- pilots ----------------------------------------------------------------------------- */

static covey_status run_pilot(covey__fit *fit, const covey__data *data, size_t k,
                              const covey_cluster_params *params, covey_error *err) {
    covey_status status = COVEY_OK;
    covey__history history = {0};
    covey_loss square;
    covey_cluster_params pilot = covey_cluster_params_default();
    int64_t *start = covey__alloc_array(k, sizeof *start);
    COVEY_NOMEM_IF(!start, err);
    COVEY_TRY(covey_loss_find(&square, "square", err));
    pilot.k = k;
    pilot.restarts = 1;
    pilot.max_rounds = PILOT_ROUNDS;
    pilot.progress = params->progress;
    pilot.progress_user = params->progress_user;
    pilot.seed = params->seed;
    COVEY_TRY(covey__start_rows(start, data, data, &square, &pilot, COVEY__PURPOSE_PILOT, err));
    COVEY_TRY(covey__fit_best(fit, &history, data, &square, &pilot, start, 1, err));
done:
    covey__free(start);
    covey__free(history.rounds);
    return status;
}

/* A parameter that must be set: which loss, which of its numbers. */
static int is_wanted(const covey_loss *loss, int p) {
    return loss->is_auto[p] && loss->ops->params[p].name && loss->ops->params[p].constant != 0;
}

covey_status covey__estimate(covey_loss *losses, size_t n_losses, const covey__data *data,
                             size_t k_low, size_t k_high, const covey_cluster_params *params,
                             covey_error *err) {
    covey_status status = COVEY_OK;
    covey__fit pilot = {0};
    size_t ks[PILOTS] = {k_low, (size_t)(sqrt((double)k_low * (double)k_high) + 0.5), k_high};
    size_t wanted = 0, pilots = k_low == k_high ? 1 : PILOTS;
    double *logs = covey__calloc(n_losses, COVEY_LOSS_PARAMS * sizeof *logs);
    COVEY_NOMEM_IF(!logs, err);
    for (size_t i = 0; i < n_losses; ++i)
        for (int p = 0; p < COVEY_LOSS_PARAMS; ++p)
            wanted += is_wanted(&losses[i], p) != 0;
    for (size_t run = 0; wanted && run < pilots; ++run) {
        COVEY_TRY(run_pilot(&pilot, data, ks[run], params, err));
        for (size_t i = 0; i < n_losses; ++i)
            for (int p = 0; p < COVEY_LOSS_PARAMS; ++p) {
                double value = 0;
                if (!is_wanted(&losses[i], p))
                    continue;
                COVEY_TRY(residual_quantile(
                    &value, data, &pilot, losses[i].ops->geometry == COVEY_GEOMETRY_RADIAL,
                    losses[i].ops->params[p].quantile, err));
                logs[i * COVEY_LOSS_PARAMS + (size_t)p] += log(value) / (double)pilots;
            }
        covey__fit_fini(&pilot);
    }
    for (size_t i = 0; i < n_losses; ++i)
        for (int p = 0; p < COVEY_LOSS_PARAMS; ++p) {
            const covey_loss_param *param = &losses[i].ops->params[p];
            double scale = param->constant * exp(logs[i * COVEY_LOSS_PARAMS + (size_t)p]);
            if (!losses[i].is_auto[p] || !param->name)
                continue;
            /* A pilot without residuals (log 0) has no scale to offer. */
            losses[i].params[p] = is_wanted(&losses[i], p) && scale > 0 && isfinite(scale)
                                      ? scale
                                      : param->fallback;
        }
done:
    covey__fit_fini(&pilot);
    covey__free(logs);
    return status;
}

covey_status covey_loss_estimate(covey_loss *losses, size_t n_losses, const float *x, size_t n,
                                 size_t d, size_t k_low, size_t k_high,
                                 const covey_cluster_params *params, covey_error *err) {
    covey_status status = COVEY_OK;
    covey__data data = {0};
    COVEY_FAIL_IF(k_low < 1 || k_high < k_low || k_high > n, err, COVEY_E_ARGUMENT, NULL,
                  "the number of clusters must lie in 1..%zu, the number of rows; got %zu..%zu", n,
                  k_low, k_high);
    COVEY_TRY(covey__data_init(&data, x, n, d, params->threads, err));
    COVEY_TRY(covey__estimate(losses, n_losses, &data, k_low, k_high, params, err));
done:
    covey__data_fini(&data);
    return status;
}
