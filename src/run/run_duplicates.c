/* SPDX-License-Identifier: MIT */
/* Near-duplicates and bursts: rows whose descriptions point almost the same way.
 *
 * Every pair is looked at, most of them only in part: with unit rows x, y cut behind coordinate j,
 * x.y <= (sum up to j) + |tail of x| |tail of y| (Cauchy-Schwarz), so a pair whose bound falls below
 * the threshold is left after 64 or 128 of 512 coordinates. */
#include <math.h>
#include <string.h>

#include "run_internal.h"
#include "threads_internal.h"

enum { BLOCK = 64, LANES = 16, ROWS_PER_TASK = 64 };
/* What the float32 sums may be off by; bounds are loosened by it, the answer is taken in float64. */
static const double SLACK = 1e-4;

typedef struct search {
    float *unit;  /* [n][padded], rows of length 1, zeros behind the last column */
    float *tail;  /* [n][blocks], length of what follows each block */
    size_t n, padded, blocks;
    double threshold;
    int64_t *of;        /* [n], the most similar earlier row, or -1 */
    double *similarity; /* [n] */
} search;

/* 1 if x.y may reach the threshold. */
static int may_be_similar(const search *s, size_t a, size_t b) {
    const float *x = s->unit + a * s->padded, *y = s->unit + b * s->padded;
    const float *tail_x = s->tail + a * s->blocks, *tail_y = s->tail + b * s->blocks;
    float sum = 0;
    for (size_t block = 0; block < s->blocks; ++block) {
        float lanes[LANES] = {0};
        for (size_t j = 0; j < BLOCK; j += LANES)
            for (size_t lane = 0; lane < LANES; ++lane)
                lanes[lane] += x[block * BLOCK + j + lane] * y[block * BLOCK + j + lane];
        for (size_t half = LANES / 2; half; half /= 2)
            for (size_t lane = 0; lane < half; ++lane)
                lanes[lane] += lanes[lane + half];
        sum += lanes[0];
        if (sum + tail_x[block] * tail_y[block] < s->threshold - SLACK)
            return 0;
    }
    return 1;
}

static double similarity_of(const search *s, size_t a, size_t b) {
    const float *x = s->unit + a * s->padded, *y = s->unit + b * s->padded;
    double xy = 0, xx = 0, yy = 0;
    for (size_t j = 0; j < s->padded; ++j) {
        xy += (double)x[j] * y[j];
        xx += (double)x[j] * x[j];
        yy += (double)y[j] * y[j];
    }
    double value = xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : 0;
    return value > 1 ? 1 : value;
}

static void search_rows(void *context, size_t task, int worker) {
    search *s = context;
    size_t end = (task + 1) * ROWS_PER_TASK < s->n ? (task + 1) * ROWS_PER_TASK : s->n;
    (void)worker;
    for (size_t i = task * ROWS_PER_TASK; i < end; ++i) {
        s->of[i] = -1;
        s->similarity[i] = 0;
        for (size_t j = 0; j < i; ++j) {
            if (!may_be_similar(s, i, j))
                continue;
            double value = similarity_of(s, i, j);
            if (value >= s->threshold && value > s->similarity[i]) {
                s->of[i] = (int64_t)j;
                s->similarity[i] = value;
            }
        }
    }
}

static void prepare_row(search *s, const float *x, size_t row, size_t d) {
    float *unit = s->unit + row * s->padded, *tail = s->tail + row * s->blocks;
    double square = 0, after = 0;
    for (size_t j = 0; j < d; ++j)
        square += (double)x[j] * x[j];
    for (size_t j = 0; j < d && square > 0; ++j)
        unit[j] = (float)(x[j] / sqrt(square));
    for (size_t block = s->blocks; block-- > 0;) {
        tail[block] = (float)sqrt(after);
        for (size_t j = 0; j < BLOCK; ++j)
            after += (double)unit[block * BLOCK + j] * unit[block * BLOCK + j];
    }
}

covey_status covey_run_find_duplicates(covey_run *run, double threshold, int threads,
                                       covey_error *err) {
    covey_status status = COVEY_OK;
    size_t n = run->features.rows, d = run->features.cols, cells = 0, tails = 0, found = 0;
    covey__pool *pool = NULL;
    search s = {.n = n, .threshold = threshold, .blocks = (d + BLOCK - 1) / BLOCK};
    s.padded = s.blocks * BLOCK;
    COVEY_FAIL_IF(!(threshold > 0 && threshold <= 1), err, COVEY_E_ARGUMENT, NULL,
                  "the similarity of duplicates must lie above 0 and at most at 1, not %g",
                  threshold);
    COVEY_NOMEM_IF(covey__mul_size(&cells, n, s.padded) || covey__mul_size(&tails, n, s.blocks),
                   err);
    s.unit = covey__calloc(cells, sizeof *s.unit);
    s.tail = covey__alloc_array(tails, sizeof *s.tail);
    s.of = covey__alloc_array(n, sizeof *s.of);
    s.similarity = covey__alloc_array(n, sizeof *s.similarity);
    COVEY_NOMEM_IF(!s.unit || !s.tail || !s.of || !s.similarity, err);
    for (size_t i = 0; i < n; ++i)
        prepare_row(&s, run->features.data + i * d, i, d);
    COVEY_TRY(covey__pool_new(&pool, threads, err));
    covey__pool_run(pool, (n + ROWS_PER_TASK - 1) / ROWS_PER_TASK, search_rows, &s);
    for (size_t i = 0; i < n; ++i)
        found += s.of[i] >= 0;
    covey_duplicate *list = covey__run_alloc(run, (found + 1) * sizeof *list);
    COVEY_NOMEM_IF(!list, err);
    found = 0;
    for (size_t i = 0; i < n; ++i)
        if (s.of[i] >= 0)
            list[found++] = (covey_duplicate){i, (size_t)s.of[i], s.similarity[i]};
    run->duplicates = list;
    run->n_duplicates = found;
done:
    covey__pool_free(pool);
    covey__free(s.unit);
    covey__free(s.tail);
    covey__free(s.of);
    covey__free(s.similarity);
    return status;
}
