/* SPDX-License-Identifier: MIT */
/* k-means|| [BahmaniEtAl2012, algorithm 2]: candidates by the handful in a few passes over the
 * rows, then k-means++ among the candidates, each counting for the rows nearest to it. k-means++
 * needs k passes, one after another; this takes 6 whatever k is, each a matrix product, and is fit
 * for rows on several machines: a row's draw depends on (seed, restart, round, row) and on one sum
 * over chunks, nothing else. */
#include <string.h>

#include "base_internal.h"
#include "random_internal.h"
#include "start_internal.h"

/* Of the settings the paper tries: l = 2k candidates expected per round, and five rounds. */
enum { OVERSAMPLING = 2, ROUNDS = 5 };

typedef struct candidates {
    const covey__data *data;
    int64_t *rows;     /* [count], ascending within a round */
    size_t count, capacity;
    double *value;     /* [n], squared distance to the nearest candidate */
    int32_t *owner;    /* [n], which that is */
    double *fresh;     /* [n], the same to the candidates of this round alone */
    int32_t *label;    /* [n] */
    char *drawn;       /* [n] */
    double *partial;   /* [chunks] of value */
    double total;
    double expected;   /* l */
    size_t since;      /* first candidate of this round */
    uint64_t seed, index;
} candidates;

static covey_status candidates_init(candidates *c, const covey__data *data, size_t k,
                                    covey_error *err) {
    covey_status status = COVEY_OK;
    size_t n = data->n;
    *c = (candidates){.data = data, .expected = OVERSAMPLING * (double)k};
    c->value = covey__alloc_array(n, sizeof *c->value);
    c->owner = covey__alloc_array(n, sizeof *c->owner);
    c->fresh = covey__alloc_array(n, sizeof *c->fresh);
    c->label = covey__alloc_array(n, sizeof *c->label);
    c->drawn = covey__alloc_array(n, sizeof *c->drawn);
    c->partial = covey__alloc_array(covey__chunk_count(n), sizeof *c->partial);
    COVEY_NOMEM_IF(!c->value || !c->owner || !c->fresh || !c->label || !c->drawn || !c->partial,
                   err);
done:
    return status;
}

static void candidates_fini(candidates *c) {
    covey__free(c->rows);
    covey__free(c->value);
    covey__free(c->owner);
    covey__free(c->fresh);
    covey__free(c->label);
    covey__free(c->drawn);
    covey__free(c->partial);
}

static covey_status add_candidate(candidates *c, size_t row, covey_error *err) {
    covey_status status = COVEY_OK;
    if (c->count == c->capacity) {
        size_t capacity = c->capacity ? 2 * c->capacity : 64;
        int64_t *grown = covey__alloc_array(capacity, sizeof *grown);
        COVEY_NOMEM_IF(!grown, err);
        if (c->count)
            memcpy(grown, c->rows, c->count * sizeof *grown);
        covey__free(c->rows);
        c->rows = grown;
        c->capacity = capacity;
    }
    c->rows[c->count++] = (int64_t)row;
done:
    return status;
}

static void merge_chunk(void *context, size_t chunk, int worker) {
    candidates *c = context;
    size_t first = chunk * COVEY__CHUNK_ROWS, n = c->data->n;
    size_t end = first + COVEY__CHUNK_ROWS < n ? first + COVEY__CHUNK_ROWS : n;
    double sum = 0;
    (void)worker;
    for (size_t i = first; i < end; ++i) {
        if (!c->since || c->fresh[i] < c->value[i]) {
            c->value[i] = c->fresh[i];
            c->owner[i] = (int32_t)c->since + c->label[i];
        }
        sum += c->value[i];
    }
    c->partial[chunk] = sum;
}

/* Measures the rows to the candidates from `since` on, and sums what is left. */
static covey_status take_in(candidates *c, covey_error *err) {
    covey_status status = COVEY_OK;
    const covey__data *data = c->data;
    size_t d = data->d, count = c->count - c->since, cells = 0, chunks = covey__chunk_count(data->n);
    covey_loss square;
    covey__packed packed = {0};
    double *centres = covey__mul_size(&cells, count, d) ? NULL
                                                        : covey__alloc_array(cells, sizeof(double));
    COVEY_NOMEM_IF(!centres, err);
    COVEY_TRY(covey_loss_find(&square, "square", err));
    covey__measure measure = covey__measure_of(&square, data->kernels, d);
    COVEY_TRY(covey__data_fetch(data, c->rows + c->since, count, err));
    for (size_t a = 0; a < count; ++a)
        for (size_t j = 0; j < d; ++j)
            centres[a * d + j] = data->x[(size_t)c->rows[c->since + a] * d + j];
    memset(c->label, 0, data->n * sizeof *c->label);
    COVEY_TRY(covey__packed_init(&packed, data, count, err));
    covey__packed_set(&packed, data, &measure, centres, count);
    COVEY_TRY(covey__assign(NULL, c->label, c->fresh, NULL, NULL, data, &measure, &packed, err));
    covey__pool_run(data->pool, chunks, merge_chunk, c);
    covey__sum_tree(c->partial, chunks, 1);
    c->total = c->partial[0];
done:
    covey__packed_fini(&packed);
    covey__free(centres);
    return status;
}

/* Every row by itself, with probability l * its squared distance / the sum of all. */
static void draw_chunk(void *context, size_t chunk, int worker) {
    candidates *c = context;
    size_t first = chunk * COVEY__CHUNK_ROWS, n = c->data->n;
    size_t end = first + COVEY__CHUNK_ROWS < n ? first + COVEY__CHUNK_ROWS : n;
    (void)worker;
    for (size_t i = first; i < end; ++i) {
        double share = c->expected * (c->value[i] / c->total);
        c->drawn[i] = share > 0 && covey__uniform(c->seed, COVEY__PURPOSE_OVERSAMPLE, i, c->index) <
                                      share;
    }
}

static covey_status oversample(candidates *c, size_t first_row, uint64_t restart,
                               covey_error *err) {
    covey_status status = COVEY_OK;
    size_t n = c->data->n;
    c->count = c->since = 0;
    COVEY_TRY(add_candidate(c, first_row, err));
    COVEY_TRY(take_in(c, err));
    for (uint64_t round = 0; round < ROUNDS && c->total > 0; ++round) {
        c->index = restart * ROUNDS + round;
        covey__pool_run(c->data->pool, covey__chunk_count(n), draw_chunk, c);
        c->since = c->count;
        for (size_t i = 0; i < n; ++i)
            if (c->drawn[i])
                COVEY_TRY(add_candidate(c, i, err));
        if (c->count > c->since)
            COVEY_TRY(take_in(c, err));
    }
done:
    return status;
}

/* rows [k] <- k-means++ among the candidates, weighted; where too few of them differ, on among all
 * rows. */
static covey_status choose(int64_t *rows, const candidates *c, covey__draws *draws,
                           covey_error *err) {
    covey_status status = COVEY_OK;
    const covey__data *data = c->data;
    size_t d = data->d, cells = 0, found = 0;
    float *x = covey__mul_size(&cells, c->count, d) ? NULL
                                                    : covey__alloc_array(cells, sizeof *x);
    double *weight = covey__calloc(c->count, sizeof *weight);
    covey__data among = {.n = c->count, .d = d, .share = covey__share_all(c->count),
                         .pool = data->pool, .kernels = data->kernels};
    COVEY_NOMEM_IF(!x || !weight, err);
    for (size_t a = 0; a < c->count; ++a)
        memcpy(x + a * d, data->x + (size_t)c->rows[a] * d, d * sizeof *x);
    for (size_t i = 0; i < data->n; ++i)
        weight[c->owner[i]] += 1;
    among.x = x;
    draws->data = &among;
    draws->weight = weight;
    COVEY_TRY(covey__draw_rows(rows, &found, draws, err));
    for (size_t j = 0; j < found; ++j)
        rows[j] = c->rows[rows[j]];
    draws->data = data;
    draws->weight = NULL;
    if (found < draws->k) {
        draws->taken = found;
        COVEY_TRY(covey__draw_rows(rows, &found, draws, err));
    }
    COVEY_FAIL_IF(found < draws->k, err, COVEY_E_ARGUMENT, NULL,
                  "%zu clusters were asked for, but only %zu rows differ measurably", draws->k,
                  found);
done:
    draws->data = data;
    draws->weight = NULL;
    covey__free(x);
    covey__free(weight);
    return status;
}

covey_status covey__start_parallel(int64_t *rows, const covey__data *data, size_t k, int restarts,
                                   uint64_t seed, uint32_t purpose, covey_error *err) {
    covey_status status = COVEY_OK;
    candidates c = {0};
    COVEY_TRY(candidates_init(&c, data, k, err));
    c.seed = seed;
    for (size_t r = 0; r < (size_t)restarts; ++r) {
        size_t first = (size_t)covey__uniform_below(data->n, seed, purpose, r, 0);
        covey__draws draws = {
            .k = k, .first_restart = r, .restarts = 1, .seed = seed, .purpose = purpose};
        COVEY_TRY(oversample(&c, first, r, err));
        COVEY_TRY(choose(rows + r * k, &c, &draws, err));
    }
done:
    candidates_fini(&c);
    return status;
}
