/* SPDX-License-Identifier: MIT */
/* Where a restart begins: k-means++ [ArthurVassilvitskii2007] on squared distances, or distinct
 * random rows. The numbers depend on (seed, purpose, restart) alone, so that every loss starts
 * from the same rows. */
#include <math.h>
#include <string.h>

#include "base_internal.h"
#include "cluster_internal.h"
#include "random_internal.h"

enum { RANDOM_INDEX = 1 << 30 }; /* random starts draw from here on: apart from k-means++ */

/* All restarts share each pass over the rows: reading them is most of the work. */
typedef struct seeding {
    const covey__data *data;
    const int64_t *rows; /* [restarts][k] */
    size_t k, step;      /* the pass takes in rows[.][step] */
    int restarts;
    double *square;      /* [restarts][n], to the nearest row chosen so far */
    double *partial;     /* [restarts][chunks] */
    double *centre;      /* [restarts][d] */
} seeding;

static void seed_chunk(void *context, size_t chunk, int worker) {
    seeding *s = context;
    const covey__data *data = s->data;
    size_t first = chunk * COVEY__CHUNK_ROWS, d = data->d, chunks = covey__chunk_count(data->n);
    size_t end = first + COVEY__CHUNK_ROWS < data->n ? first + COVEY__CHUNK_ROWS : data->n;
    (void)worker;
    for (int r = 0; r < s->restarts; ++r)
        s->partial[(size_t)r * chunks + chunk] = 0;
    for (size_t i = first; i < end; ++i)
        for (int r = 0; r < s->restarts; ++r) {
            double *square = s->square + (size_t)r * data->n + i;
            double to_new = data->kernels->row_loss(data->x + i * d, s->centre + (size_t)r * d, d,
                                                    COVEY__KIND_SQUARE, 0);
            if (!s->step || to_new < *square)
                *square = to_new;
            s->partial[(size_t)r * chunks + chunk] += *square;
        }
}

/* The row at which the running sum of `square` passes `target`; the last with a positive one where
 * rounding puts the target beyond the end. */
static int64_t draw(const double *square, const double *partial, size_t n, double target) {
    size_t chunks = covey__chunk_count(n), chunk = 0;
    int64_t last = -1;
    double before = 0;
    while (chunk + 1 < chunks && before + partial[chunk] <= target)
        before += partial[chunk++];
    for (size_t i = chunk * COVEY__CHUNK_ROWS; i < n; ++i) {
        before += square[i];
        if (square[i] > 0) {
            last = (int64_t)i;
            if (before > target)
                return last;
        }
    }
    for (size_t i = n; last < 0 && i-- > 0;)
        if (square[i] > 0)
            last = (int64_t)i;
    return last;
}

static covey_status start_kmeanspp(int64_t *rows, const covey__data *data, size_t k, int restarts,
                                   uint64_t seed, uint32_t purpose, covey_error *err) {
    covey_status status = COVEY_OK;
    size_t chunks = covey__chunk_count(data->n), cells = 0;
    size_t count = (size_t)restarts;
    seeding s = {.data = data, .rows = rows, .k = k, .restarts = restarts};
    double *total = covey__alloc_array(chunks, sizeof *total);
    s.square = covey__mul_size(&cells, count, data->n) ? NULL
                                                       : covey__alloc_array(cells, sizeof(double));
    s.partial = covey__alloc_array(count * chunks, sizeof *s.partial);
    s.centre = covey__alloc_array(count * data->d, sizeof *s.centre);
    COVEY_NOMEM_IF(!total || !s.square || !s.partial || !s.centre, err);
    for (size_t step = 0; step < k; ++step) {
        for (size_t r = 0; r < count; ++r) {
            int64_t row = 0;
            if (!step) {
                row = (int64_t)covey__uniform_below(data->n, seed, purpose, r, 0);
            } else {
                memcpy(total, s.partial + r * chunks, chunks * sizeof *total);
                covey__sum_tree(total, chunks, 1);
                double u = covey__uniform(seed, purpose, r, step);
                row = draw(s.square + r * data->n, s.partial + r * chunks, data->n, u * total[0]);
            }
            /* Distinct rows were counted; only those closer than float64 can square remain. */
            COVEY_FAIL_IF(row < 0, err, COVEY_E_ARGUMENT, NULL,
                          "%zu clusters were asked for, but only %zu rows differ measurably", k,
                          step);
            rows[r * k + step] = row;
            for (size_t j = 0; j < data->d; ++j)
                s.centre[r * data->d + j] = data->x[(size_t)row * data->d + j];
        }
        s.step = step;
        if (step + 1 < k)
            covey__pool_run(data->pool, chunks, seed_chunk, &s);
    }
done:
    covey__free(total);
    covey__free(s.square);
    covey__free(s.partial);
    covey__free(s.centre);
    return status;
}

static int is_new(const covey__data *data, const int64_t *chosen, size_t count, size_t row) {
    for (size_t i = 0; i < count; ++i) {
        const float *a = data->x + (size_t)chosen[i] * data->d, *b = data->x + row * data->d;
        size_t j = 0;
        while (j < data->d && a[j] == b[j])
            ++j;
        if (j == data->d)
            return 0;
    }
    return 1;
}

/* Rows drawn one after another, those equal to an earlier one drawn again; where nearly all are
 * copies, the search goes on from the row drawn last. */
static void start_random(int64_t *rows, const covey__data *data, size_t k, uint64_t restart,
                         uint64_t seed, uint32_t purpose) {
    uint64_t index = RANDOM_INDEX;
    for (size_t step = 0; step < k; ++step) {
        size_t row = 0;
        int found = 0;
        for (int attempt = 0; attempt < 64 && !found; ++attempt) {
            row = (size_t)covey__uniform_below(data->n, seed, purpose, restart, index++);
            found = is_new(data, rows, step, row);
        }
        while (!found) {
            row = (row + 1) % data->n;
            found = is_new(data, rows, step, row);
        }
        rows[step] = (int64_t)row;
    }
}

covey_status covey__start_rows(int64_t *rows, const covey__data *data, size_t k, covey_start start,
                               int restarts, uint64_t seed, uint32_t purpose, covey_error *err) {
    covey_status status = covey__data_check_distinct(data, k, err);
    if (status != COVEY_OK)
        return status;
    if (start == COVEY_START_KMEANSPP)
        return start_kmeanspp(rows, data, k, restarts, seed, purpose, err);
    for (int r = 0; r < restarts; ++r)
        start_random(rows + (size_t)r * k, data, k, (uint64_t)r, seed, purpose);
    return COVEY_OK;
}
