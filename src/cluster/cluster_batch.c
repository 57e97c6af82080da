/* SPDX-License-Identifier: MIT */
/* Mini-batches: centres from a few rows at a time [Sculley2010, algorithm 1], for any loss whose weight
 * psi(u)/u is finite and never rises. Each row of a batch moves its centre c to c + (w/V)(x - c), w
 * being its weight and V the sum of the weights that c has met: the running weighted mean, whose
 * step falls as 1/count. docs/maths/alternation.md, section 8. */
#include <math.h>
#include <string.h>

#include "base_internal.h"
#include "cluster_internal.h"
#include "random_internal.h"

/* Batches whose mean losses are laid beside those of as many before. */
enum { WINDOW = 10 };

typedef struct batching {
    const covey__data *data;
    const covey_loss *loss;
    covey__measure measure;
    size_t k, size;
    double *centres; /* [k][d] */
    double *before;  /* [k][d] */
    double *met;     /* [k][d], weights that each number has met; of a radial loss the same for all */
    int64_t *rows;   /* [size] */
    int32_t *label;  /* [size] */
    double *value;   /* [size], measure to the nearest centre */
} batching;

covey_status covey__batch_suits(const covey_loss *loss, covey_error *err) {
    if (loss->ops->traits & COVEY_LOSS_HALF_QUADRATIC && !(loss->ops->traits & COVEY_LOSS_TRIMS) &&
        isfinite(loss->ops->weight(0, loss->params)))
        return COVEY_OK;
    return covey__fail(err, COVEY_E_ARGUMENT, NULL,
                       "mini-batches step by the loss's weights, which %s has not everywhere; take "
                       "square, huber, pseudo_huber, cauchy or another smooth loss, or leave --batch "
                       "out",
                       loss->ops->name);
}

static covey_status batching_init(batching *b, double *centres, const covey__data *data,
                                  const covey_loss *loss, const covey_cluster_params *params,
                                  covey_error *err) {
    covey_status status = COVEY_OK;
    size_t cells = 0;
    *b = (batching){.data = data, .loss = loss, .k = params->k, .size = params->batch,
                    .centres = centres};
    b->measure = covey__measure_of(loss, data->kernels, data->d);
    COVEY_NOMEM_IF(covey__mul_size(&cells, b->k, data->d), err);
    b->before = covey__alloc_array(cells, sizeof *b->before);
    b->met = covey__calloc(cells, sizeof *b->met);
    b->rows = covey__alloc_array(b->size, sizeof *b->rows);
    b->label = covey__alloc_array(b->size, sizeof *b->label);
    b->value = covey__alloc_array(b->size, sizeof *b->value);
    COVEY_NOMEM_IF(!b->before || !b->met || !b->rows || !b->label || !b->value, err);
done:
    return status;
}

static void batching_fini(batching *b) {
    covey__free(b->before);
    covey__free(b->met);
    covey__free(b->rows);
    covey__free(b->label);
    covey__free(b->value);
}

static void find_nearest(void *context, size_t i, int worker) {
    batching *b = context;
    const float *x = b->data->x + (size_t)b->rows[i] * b->data->d;
    (void)worker;
    b->value[i] = INFINITY;
    b->label[i] = 0;
    for (size_t j = 0; j < b->k; ++j) {
        double value = covey__measure_row(&b->measure, x, b->centres + j * b->data->d);
        if (value < b->value[i]) {
            b->value[i] = value;
            b->label[i] = (int32_t)j;
        }
    }
}

static void step_towards(batching *b, size_t i) {
    size_t d = b->data->d, at = (size_t)b->label[i] * d;
    const covey_loss_ops *ops = b->loss->ops;
    const float *x = b->data->x + (size_t)b->rows[i] * d;
    double weight = b->measure.radial ? ops->weight(sqrt(b->value[i]), b->loss->params) : 0;
    for (size_t j = 0; j < d; ++j) {
        double u = x[j] - b->centres[at + j];
        if (!b->measure.radial)
            weight = ops->weight(u, b->loss->params);
        if (!(weight > 0))
            continue; /* too far off to count */
        b->met[at + j] += weight;
        b->centres[at + j] += weight / b->met[at + j] * u;
    }
}

/* One batch: *mean <- the mean loss of its rows before the step, *shift <- how far centres went. */
static covey_status play_batch(batching *b, double *mean, double *shift,
                               const covey_cluster_params *params, int restart, size_t number,
                               covey_error *err) {
    covey_status status = COVEY_OK;
    const covey__data *data = b->data;
    size_t d = data->d;
    double sum = 0;
    for (size_t i = 0; i < b->size; ++i)
        b->rows[i] = (int64_t)covey__uniform_below(data->n, params->seed, COVEY__PURPOSE_BATCH,
                                                   (uint64_t)restart, number * b->size + i);
    COVEY_TRY(covey__data_fetch(data, b->rows, b->size, err));
    covey__pool_run(data->pool, b->size, find_nearest, b);
    memcpy(b->before, b->centres, b->k * d * sizeof *b->before);
    for (size_t i = 0; i < b->size; ++i) {
        sum += covey__measure_loss(&b->measure, b->value[i]);
        step_towards(b, i);
    }
    *mean = sum / (double)b->size;
    *shift = 0;
    for (size_t j = 0; j < b->k; ++j) {
        if (covey__is_spherical(b->loss))
            (void)covey__to_sphere(b->centres + j * d, d);
        *shift += covey__centre_distance(b->centres + j * d, b->before + j * d, d);
    }
done:
    return status;
}

/* The mean losses of the last batches, and what came out of the WINDOW before. */
typedef struct progress {
    double sum, squares, mean, variance; /* the variance is that of the mean */
    size_t count, windows;
} progress;

/* 1: a window is full, and its mean loss is not below the last one's by more than the standard error of
 * the difference, so that further batches would move centres by chance alone. */
static int has_stalled(progress *p, double loss) {
    p->sum += loss;
    p->squares += loss * loss;
    if (++p->count < WINDOW)
        return 0;
    double mean = p->sum / WINDOW, spread = p->squares / WINDOW - mean * mean;
    double variance = (spread > 0 ? spread : 0) / (WINDOW - 1);
    int stalled = p->windows && p->mean - mean <= sqrt(variance + p->variance);
    *p = (progress){.mean = mean, .variance = variance, .windows = p->windows + 1};
    return stalled;
}

covey_status covey__batch_refine(double *centres, size_t *batches, int *settled,
                                 const covey__data *data, const covey_loss *loss,
                                 const covey_cluster_params *params, int restart,
                                 covey_error *err) {
    covey_status status = COVEY_OK;
    batching b = {0};
    progress progress = {0};
    double mean = 0, shift = 0;
    double scale = sqrt(data->spread / (double)data->n) * (double)params->k;
    size_t t = 0;
    *settled = 0;
    COVEY_TRY(covey__batch_suits(loss, err));
    COVEY_TRY(batching_init(&b, centres, data, loss, params, err));
    for (; t < (size_t)params->max_rounds && !*settled; ++t) {
        COVEY_FAIL_IF(params->progress && params->progress(params->progress_user, "cluster",
                                                           (size_t)restart,
                                                           (size_t)params->restarts),
                      err, COVEY_E_CANCELLED, NULL, "stopped on request");
        COVEY_TRY(play_batch(&b, &mean, &shift, params, restart, t, err));
        *settled = has_stalled(&progress, mean) || shift <= params->tolerance * scale;
    }
    *batches = t;
done:
    batching_fini(&b);
    return status;
}
