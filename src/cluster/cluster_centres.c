/* SPDX-License-Identifier: MIT */
/* Members of clusters, their means and medians, and what they lose to their centres. */
#include <math.h>
#include <string.h>

#include "base_internal.h"
#include "cluster_internal.h"
#include "select_internal.h"

/* ---- members ---------------------------------------------------------------------------- */

covey_status covey__members_init(covey__members *members, size_t n, size_t k, covey_error *err) {
    covey_status status = COVEY_OK;
    members->rows = covey__alloc_array(n, sizeof *members->rows);
    members->first = covey__calloc(k + 2, sizeof *members->first);
    COVEY_NOMEM_IF(!members->rows || !members->first, err);
done:
    return status;
}

void covey__members_fini(covey__members *members) {
    covey__free(members->rows);
    covey__free(members->first);
    memset(members, 0, sizeof *members);
}

void covey__members_set(covey__members *members, const int32_t *labels, size_t n, size_t k) {
    /* Counted one place late, so that filling moves first[j + 1] to the end of j. */
    size_t *first = members->first;
    memset(first, 0, (k + 2) * sizeof *first);
    for (size_t i = 0; i < n; ++i)
        if (labels[i] >= 0)
            ++first[labels[i] + 2];
    for (size_t j = 2; j < k + 2; ++j)
        first[j] += first[j - 1];
    for (size_t i = 0; i < n; ++i)
        if (labels[i] >= 0)
            members->rows[first[labels[i] + 1]++] = (uint32_t)i;
}

/* ---- sums over fixed chunks -------------------------------------------------------------- */

/* Chunks are summed in groups of this many, so that memory stays bounded. */
enum { GROUP = 32 };

typedef struct group {
    const covey__data *data;
    double *partial; /* [GROUP][width] */
    size_t width, first_chunk;
    covey__chunk_fn *chunk;
    void *context;
} group;

static void run_chunk(void *context, size_t task, int worker) {
    group *g = context;
    size_t first = (g->first_chunk + task) * COVEY__CHUNK_ROWS;
    size_t end = first + COVEY__CHUNK_ROWS < g->data->n ? first + COVEY__CHUNK_ROWS : g->data->n;
    double *partial = g->partial + task * g->width;
    memset(partial, 0, g->width * sizeof *partial);
    covey__spill_ahead(g->data->x + first * g->data->d);
    g->chunk(g->context, first, end, partial, worker);
}

covey_status covey__sum_chunks(double *total, size_t width, const covey__data *data,
                               covey__chunk_fn *chunk, void *context, covey_error *err) {
    covey_status status = COVEY_OK;
    const covey__share *share = &data->share;
    size_t all = covey__chunk_count(data->n), at = share->first / COVEY__CHUNK_ROWS;
    size_t chunks = covey__chunk_count(share->end - share->first), cells = 0, end = at + chunks;
    group g = {.data = data, .width = width, .chunk = chunk, .context = context};
    double *nodes = NULL;
    covey__tree tree;
    g.partial = covey__mul_size(&cells, chunks < GROUP ? chunks : GROUP, width)
                    ? NULL
                    : covey__alloc_array(cells, sizeof *g.partial);
    nodes = covey__mul_size(&cells, covey__tree_room(all, share->ranks->count > 1), width)
                ? NULL
                : covey__alloc_array(cells, sizeof *nodes);
    COVEY_NOMEM_IF(!g.partial || !nodes, err);
    covey__tree_init(&tree, nodes, width, share);
    for (; at < end; at += GROUP) {
        size_t count = end - at < GROUP ? end - at : GROUP;
        g.first_chunk = at;
        covey__pool_run(data->pool, count, run_chunk, &g);
        for (size_t i = 0; i < count; ++i)
            memcpy(covey__tree_next(&tree, at + i), g.partial + i * width, width * sizeof *nodes);
    }
    status = covey__tree_total(&tree, share);
    COVEY_NOMEM_IF(status != COVEY_OK, err);
    memcpy(total, nodes, width * sizeof *total);
done:
    covey__free(g.partial);
    covey__free(nodes);
    return status;
}

typedef struct sums {
    const covey__data *data;
    const covey__measure *measure;
    const int32_t *labels;
    const int32_t *before; /* NULL: all rows are summed; else those whose label changed */
    const double *centres;
    double *value;
    const size_t *place; /* [k], where a cluster's sums lie; k: left out */
    size_t k, used;      /* clusters wanted */
} sums;

/* Places for the clusters wanted, side by side, so that a few cost little. */
static covey_status place_clusters(size_t **place, size_t *used, size_t k, const char *wanted,
                                   covey_error *err) {
    covey_status status = COVEY_OK;
    *place = covey__alloc_array(k, sizeof **place);
    COVEY_NOMEM_IF(!*place, err);
    *used = 0;
    for (size_t j = 0; j < k; ++j)
        (*place)[j] = !wanted || wanted[j] ? (*used)++ : k;
done:
    return status;
}

/* A row's numbers and its one, with a factor of 1 or -1, into the sums of its cluster. */
static void add_row(const sums *s, double *partial, size_t row, int32_t label, double factor) {
    size_t d = s->data->d, at = label >= 0 ? s->place[label] : s->k;
    if (at == s->k)
        return;
    double *sum = partial + at * (d + 1);
    s->data->kernels->accumulate(sum, s->data->x + row * d, factor, d);
    sum[d] += factor;
}

static void chunk_sums(void *context, size_t first, size_t end, double *partial, int worker) {
    sums *s = context;
    (void)worker;
    for (size_t i = first; i < end; ++i) {
        if (!s->before) {
            add_row(s, partial, i, s->labels[i], 1);
        } else if (s->before[i] != s->labels[i]) {
            add_row(s, partial, i, s->before[i], -1);
            add_row(s, partial, i, s->labels[i], 1);
        }
    }
}

covey_status covey__sums(double *total, const covey__data *data, const int32_t *labels,
                         const int32_t *before, size_t k, const char *wanted, covey_error *err) {
    covey_status status = COVEY_OK;
    sums s = {.data = data, .labels = labels, .before = before, .k = k};
    double *added = NULL;
    size_t *place = NULL, cells = 0, width = data->d + 1;
    COVEY_TRY(place_clusters(&place, &s.used, k, wanted, err));
    s.place = place;
    if (!s.used)
        goto done;
    added =
        covey__mul_size(&cells, s.used, width) ? NULL : covey__alloc_array(cells, sizeof *added);
    COVEY_NOMEM_IF(!added, err);
    COVEY_TRY(covey__sum_chunks(added, cells, data, chunk_sums, &s, err));
    for (size_t j = 0; j < k; ++j)
        for (size_t i = 0; place[j] < k && i < width; ++i)
            total[j * width + i] =
                (before ? total[j * width + i] : 0) + added[place[j] * width + i];
done:
    covey__free(place);
    covey__free(added);
    return status;
}

void covey__means_of(double *centres, const double *total, size_t k, size_t d, const char *wanted) {
    for (size_t j = 0; j < k; ++j) {
        const double *sum = total + j * (d + 1);
        for (size_t i = 0; (!wanted || wanted[j]) && sum[d] > 0 && i < d; ++i)
            centres[j * d + i] = sum[i] / sum[d];
    }
}

covey_status covey__means(double *centres, const covey__data *data, const int32_t *labels, size_t k,
                          covey_error *err) {
    covey_status status = COVEY_OK;
    size_t cells = 0;
    double *total =
        covey__mul_size(&cells, k, data->d + 1) ? NULL : covey__alloc_array(cells, sizeof *total);
    COVEY_NOMEM_IF(!total, err);
    COVEY_TRY(covey__sums(total, data, labels, NULL, k, NULL, err));
    covey__means_of(centres, total, k, data->d, NULL);
done:
    covey__free(total);
    return status;
}

static void chunk_losses(void *context, size_t first, size_t end, double *partial, int worker) {
    sums *s = context;
    size_t d = s->data->d;
    (void)worker;
    for (size_t i = first; i < end; ++i) {
        size_t at = s->labels[i] >= 0 ? s->place[s->labels[i]] : s->k;
        if (at == s->k)
            continue;
        double value = covey__measure_row(s->measure, s->data->x + i * d,
                                          s->centres + (size_t)s->labels[i] * d);
        if (s->value)
            s->value[i] = value;
        partial[at] += covey__measure_loss(s->measure, value);
    }
}

covey_status covey__losses(double *total, double *value, const covey__data *data,
                           const covey__measure *measure, const int32_t *labels,
                           const double *centres, size_t k, const char *wanted, covey_error *err) {
    covey_status status = COVEY_OK;
    sums s = {.data = data,
              .measure = measure,
              .labels = labels,
              .centres = centres,
              .value = value,
              .k = k};
    size_t *place = NULL;
    double *packed = NULL;
    COVEY_TRY(place_clusters(&place, &s.used, k, wanted, err));
    s.place = place;
    if (!s.used)
        goto done;
    packed = covey__alloc_array(s.used, sizeof *packed);
    COVEY_NOMEM_IF(!packed, err);
    COVEY_TRY(covey__sum_chunks(packed, s.used, data, chunk_losses, &s, err));
    if (value)
        covey__exchange_rows(&data->share, value, sizeof *value);
    for (size_t j = 0; j < k; ++j)
        if (place[j] < k)
            total[j] = packed[place[j]];
done:
    covey__free(place);
    covey__free(packed);
    return status;
}

/* ---- medians ---------------------------------------------------------------------------- */

covey_status covey__median(double *centre, const covey__data *data, const uint32_t *rows,
                           size_t count) {
    covey__selection of = {.x = data->x, .rows = rows, .m = count, .d = data->d,
                           .share = &data->share, .rank = (count - 1) / 2, .pair = count % 2 == 0,
                           .guess = centre};
    int32_t *keys = covey__alloc_array(covey__select_cells(&of), sizeof *keys);
    if (!keys)
        return COVEY_E_NOMEM;
    covey__select_all(centre, keys, &of);
    covey__free(keys);
    return COVEY_OK;
}

double covey__centre_distance(const double *a, const double *b, size_t d) {
    double sum = 0;
    for (size_t j = 0; j < d; ++j)
        sum += (a[j] - b[j]) * (a[j] - b[j]);
    return sqrt(sum);
}
