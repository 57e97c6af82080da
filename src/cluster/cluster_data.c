/* SPDX-License-Identifier: MIT */
/* The rows: checked, their mean and spread, how many are distinct. */
#include <math.h>
#include <string.h>

#include "base_internal.h"
#include "cluster_internal.h"

/* Squares and products of 512 numbers stay well inside float32 between these. */
static const double SAFE_LARGEST = 1e15, SAFE_SMALLEST = 1e-12;

/* The largest numbers of the chunks of tame rows are within this factor of each other. */
static const double TAME = 1e3;

/* Rows looked at twice while they are in the L2 cache. */
enum { SCAN_ROWS = 64 };

typedef struct scan {
    covey__data *data;
    double *sums;    /* [chunks][d] */
    double *spreads; /* [chunks], squared distances to the chunk's mean */
    double *largest; /* [chunks] */
    double *scratch; /* [workers][3][d]: zeros, a block's sum, a mean */
    size_t *zeros;   /* [chunks] */
    size_t *bad;     /* [chunks], first row with NaN or infinity, or n */
} scan;

/* Of two sets of rows, the squared distances to their common mean exceed those to the mean of each
 * by |a/n - b/m|^2 n m / (n + m), a and b being their sums [ChanEtAl1983]. */
static double between(const double *a, double n, const double *b, double m, size_t d) {
    double square = 0;
    for (size_t j = 0; n > 0 && j < d; ++j) {
        double u = a[j] / n - b[j] / m;
        square += u * u;
    }
    return square * n * m / (n + m);
}

static void scan_chunk(void *context, size_t chunk, int worker) {
    scan *s = context;
    const covey__data *data = s->data;
    size_t first = chunk * COVEY__CHUNK_ROWS, d = data->d;
    size_t end = first + COVEY__CHUNK_ROWS < data->n ? first + COVEY__CHUNK_ROWS : data->n;
    double *origin = s->scratch + (size_t)worker * 3 * d, *sum = origin + d, *mean = sum + d;
    double *total = s->sums + chunk * d;
    memset(origin, 0, d * sizeof *origin);
    covey__spill_ahead(data->x + first * d);
    s->bad[chunk] = data->n;
    for (size_t at = first; at < end; at += SCAN_ROWS) {
        size_t stop = at + SCAN_ROWS < end ? at + SCAN_ROWS : end;
        memset(sum, 0, d * sizeof *sum);
        for (size_t i = at; i < stop; ++i) {
            const float *row = data->x + i * d;
            float most = data->kernels->largest(row, d);
            if (!isfinite(most)) {
                s->bad[chunk] = i;
                return;
            }
            s->largest[chunk] = most > s->largest[chunk] ? most : s->largest[chunk];
            s->zeros[chunk] += most == 0;
            data->kernels->accumulate(sum, row, 1, d);
            data->square[i] = data->kernels->row_loss(row, origin, d, COVEY__KIND_SQUARE);
            data->length[i] = (float)(sqrt(data->square[i]) * (1 + 0x1p-20));
        }
        double count = (double)(stop - at);
        for (size_t j = 0; j < d; ++j)
            mean[j] = sum[j] / count;
        double spread = between(total, (double)(at - first), sum, count, d);
        for (size_t i = at; i < stop; ++i)
            spread += data->kernels->row_loss(data->x + i * d, mean, d, COVEY__KIND_SQUARE);
        s->spreads[chunk] += spread;
        for (size_t j = 0; j < d; ++j)
            total[j] += sum[j];
    }
}

/* ---- tasks ---------------------------------------------------------------------------------- */

typedef struct shifted {
    covey__task_fn fn;
    void *context;
    size_t first, step;
} shifted;

static void run_shifted(void *context, size_t task, int worker) {
    const shifted *s = context;
    s->fn(s->context, s->first + task * s->step, worker);
}

void covey__run_chunks(const covey__data *data, covey__task_fn fn, void *context) {
    shifted s = {fn, context, data->share.first / COVEY__CHUNK_ROWS, 1};
    covey__pool_run(data->pool, covey__chunk_count(data->share.end - data->share.first),
                    run_shifted, &s);
}

void covey__run_rows(const covey__data *data, size_t step, covey__task_fn fn, void *context) {
    shifted s = {fn, context, data->share.first, step};
    covey__pool_run(data->pool, (data->share.end - data->share.first + step - 1) / step,
                    run_shifted, &s);
}

void covey__run_clusters(const covey__data *data, size_t k, covey__task_fn fn, void *context) {
    if (data->share.ranks->count == 1)
        covey__pool_run(data->pool, k, fn, context);
    else
        for (size_t j = 0; j < k; ++j)
            fn(context, j, 0);
}

covey_status covey__data_fetch(const covey__data *data, const int64_t *list, size_t count,
                               covey_error *err) {
    return covey__fetch_rows(&data->share, data->x, data->d, list, count, err);
}

/* ---- the first look --------------------------------------------------------------------------- */

/* The sums of all rows and the squared distances to their mean, into the first chunk's place, by
 * the tree of covey__sum_tree. */
static void combine(scan *s, size_t chunks) {
    size_t d = s->data->d, rows = COVEY__CHUNK_ROWS;
    for (size_t step = 1; step < chunks; step *= 2)
        for (size_t left = 0; left + step < chunks; left += 2 * step) {
            size_t right = left + step, end = (right + step) * rows;
            size_t count = (end < s->data->n ? end : s->data->n) - right * rows;
            double *a = s->sums + left * d;
            const double *b = s->sums + right * d;
            s->spreads[left] += s->spreads[right] + between(a, (double)(step * rows), b,
                                                            (double)count, d);
            for (size_t j = 0; j < d; ++j)
                a[j] += b[j];
        }
}

covey_status covey__data_init(covey__data *data, const float *x, size_t n, size_t d, int threads,
                              covey_error *err) {
    covey_status status = COVEY_OK;
    size_t chunks = covey__chunk_count(n), cells = 0;
    covey__data made = {.x = x, .n = n, .d = d, .share = covey__share_of(x, n)};
    scan s = {.data = &made};
    COVEY_FAIL_IF(!n || !d, err, COVEY_E_ARGUMENT, NULL,
                  "there is nothing to cluster: the features have %zu rows and %zu columns", n, d);
    COVEY_FAIL_IF(n > INT32_MAX || covey__mul_size(&cells, n, d), err, COVEY_E_LIMIT, NULL,
                  "%zu rows are more than can be clustered at once (%d)", n, INT32_MAX);
    COVEY_TRY(covey__score_kernels_get(&made.kernels, err));
    covey_isa isa = COVEY_ISA_SCALAR;
    COVEY_TRY(covey_isa_in_use(&isa, err));
    made.products = covey__kernels_get(isa);
    COVEY_TRY(covey__pool_new(&made.pool, threads, err));
    made.mean = covey__calloc(d, sizeof *made.mean);
    made.square = covey__split_alloc(made.share.ranks, n, sizeof *made.square, 0);
    made.length = covey__split_alloc(made.share.ranks, n, sizeof *made.length, 0);
    s.scratch = covey__mul_size(&cells, (size_t)covey__pool_size(made.pool) * 3, d)
                    ? NULL
                    : covey__alloc_array(cells, sizeof *s.scratch);
    s.sums = covey__mul_size(&cells, chunks, d) ? NULL : covey__calloc(cells, sizeof *s.sums);
    s.spreads = covey__calloc(chunks, sizeof *s.spreads);
    s.largest = covey__calloc(chunks, sizeof *s.largest);
    s.zeros = covey__calloc(chunks, sizeof *s.zeros);
    s.bad = covey__calloc(chunks, sizeof *s.bad);
    COVEY_NOMEM_IF(!made.mean || !made.square || !made.length || !s.scratch || !s.sums ||
                       !s.spreads || !s.largest || !s.zeros || !s.bad,
                   err);

    covey__run_chunks(&made, scan_chunk, &s);
    covey__exchange_chunks(&made.share, s.sums, d * sizeof *s.sums);
    covey__exchange_chunks(&made.share, s.spreads, sizeof *s.spreads);
    covey__exchange_chunks(&made.share, s.largest, sizeof *s.largest);
    covey__exchange_chunks(&made.share, s.zeros, sizeof *s.zeros);
    covey__exchange_chunks(&made.share, s.bad, sizeof *s.bad);
    double largest = 0, least = INFINITY;
    for (size_t chunk = 0; chunk < chunks; ++chunk) {
        COVEY_FAIL_IF(s.bad[chunk] < n, err, COVEY_E_NUMERIC, NULL,
                      "row %zu (the first is 0) contains NaN or infinity; remove it or compute "
                      "its features again",
                      s.bad[chunk]);
        largest = s.largest[chunk] > largest ? s.largest[chunk] : largest;
        least = s.largest[chunk] < least ? s.largest[chunk] : least;
        made.zero_rows += s.zeros[chunk];
    }
    made.exact_only = largest > SAFE_LARGEST || (largest > 0 && largest < SAFE_SMALLEST);
    combine(&s, chunks);
    for (size_t j = 0; j < d; ++j)
        made.mean[j] = s.sums[j] / (double)n;
    made.spread = s.spreads[0];
    made.tame = chunks > 1 && largest <= TAME * least;
    *data = made;
    memset(&made, 0, sizeof made);
done:
    covey__data_fini(&made);
    covey__free(s.scratch);
    covey__free(s.sums);
    covey__free(s.spreads);
    covey__free(s.largest);
    covey__free(s.zeros);
    covey__free(s.bad);
    return status;
}

void covey__data_fini(covey__data *data) {
    covey__pool_free(data->pool);
    covey__free(data->mean);
    covey__free(data->square);
    covey__free(data->length);
    covey__free(data->owned);
    memset(data, 0, sizeof *data);
}

/* FNV-1a over the values, -0 counting as 0. */
static uint64_t hash_row(const float *row, size_t d) {
    uint64_t hash = 14695981039346656037u;
    for (size_t j = 0; j < d; ++j) {
        float value = row[j] + 0.0F;
        uint32_t bits;
        memcpy(&bits, &value, sizeof bits);
        hash = (hash ^ bits) * 1099511628211u;
    }
    return hash ^ hash >> 29;
}

static int same_row(const float *a, const float *b, size_t d) {
    for (size_t j = 0; j < d; ++j)
        if (a[j] != b[j])
            return 0;
    return 1;
}

/* The first distinct rows that one rank sees, and where they are kept. */
typedef struct distinct {
    const covey__data *data;
    size_t *slots, capacity; /* row + 1 */
    int64_t *rows;
    size_t count, wanted;
} distinct;

static void add_row(distinct *s, size_t i) {
    size_t d = s->data->d;
    const float *x = s->data->x, *row = x + i * d;
    size_t slot = (size_t)hash_row(row, d) & (s->capacity - 1);
    while (s->slots[slot] && !same_row(row, x + (s->slots[slot] - 1) * d, d))
        slot = (slot + 1) & (s->capacity - 1);
    if (s->slots[slot])
        return;
    s->slots[slot] = i + 1;
    s->rows[s->count++] = (int64_t)i;
}

/* Rank after rank adds what those before have not seen, until enough are found. */
static covey_status add_ranks(distinct *s, covey_error *err) {
    covey_status status = COVEY_OK;
    const covey__share *share = &s->data->share;
    for (int r = 0; r < share->ranks->count && s->count < s->wanted; ++r) {
        int64_t now = (int64_t)s->count;
        if (r == share->ranks->rank)
            for (size_t i = share->first; i < share->end && s->count < s->wanted; ++i)
                add_row(s, i);
        size_t before = (size_t)now;
        now = (int64_t)s->count;
        share->ranks->broadcast(&now, sizeof now, r);
        share->ranks->broadcast(s->rows + before, ((size_t)now - before) * sizeof *s->rows, r);
        COVEY_TRY(covey__data_fetch(s->data, s->rows + before, (size_t)now - before, err));
        for (size_t i = before; r != share->ranks->rank && i < (size_t)now; ++i)
            add_row(s, (size_t)s->rows[i]);
    }
done:
    return status;
}

covey_status covey__data_check_distinct(const covey__data *data, size_t k, covey_error *err) {
    covey_status status = COVEY_OK;
    distinct s = {.data = data, .capacity = 16, .wanted = k};
    COVEY_FAIL_IF(k < 1, err, COVEY_E_ARGUMENT, NULL, "the number of clusters must be at least 1");
    size_t most = k < data->n ? k : data->n;
    while (s.capacity < 2 * most)
        s.capacity *= 2;
    s.slots = covey__calloc(s.capacity, sizeof *s.slots);
    s.rows = covey__alloc_array(most, sizeof *s.rows);
    COVEY_NOMEM_IF(!s.slots || !s.rows, err);
    COVEY_TRY(add_ranks(&s, err));
    COVEY_FAIL_IF(s.count < k, err, COVEY_E_ARGUMENT, NULL,
                  "%zu clusters were asked for, but only %zu of the %zu rows are distinct; ask for "
                  "%zu or fewer",
                  k, s.count, data->n, s.count);
done:
    covey__free(s.slots);
    covey__free(s.rows);
    return status;
}
