/* SPDX-License-Identifier: MIT */
/* The nearest rows of every row: all pairs by the matrix product in float32, which keeps a few more
 * than asked for; these are put in order by float64, so that the answer is that of
 * covey_run_similar wherever the float32 sums do not err by more than the spare places cover. */
#include <math.h>
#include <string.h>

#include "covey/cpu.h"
#include "kernels_internal.h"
#include "run_internal.h"
#include "threads_internal.h"

enum {
    SPARE = 8,        /* kept beyond what is asked for */
    ROWS_PER_TASK = 64,
    COLUMNS = 2048    /* of one product: the scores of a task stay in the cache */
};

typedef struct near_search {
    const covey__kernels *kernels;
    float *unit;    /* [n][d], rows of length 1; zero rows stay */
    float *packed;  /* blocks of COLUMNS rows of unit, packed one behind the other */
    size_t packed_block; /* floats of one block */
    float *scores;  /* [workers][ROWS_PER_TASK][COLUMNS] */
    covey_neighbour *kept; /* [workers][ROWS_PER_TASK][keep] */
    size_t n, d, count, keep;
    covey_neighbour *out; /* [n][count] */
} near_search;

/* Before: the higher cosine, ties to the lower row. */
static int before(covey_neighbour a, covey_neighbour b) {
    return a.cosine > b.cosine || (a.cosine == b.cosine && a.row < b.row);
}

/* list [*size <= keep], in order <- `one` where it belongs, the last falling off. */
static void insert(covey_neighbour *list, size_t *size, size_t keep, covey_neighbour one) {
    if (*size == keep && !before(one, list[keep - 1]))
        return;
    size_t at = *size < keep ? (*size)++ : keep - 1;
    for (; at > 0 && before(one, list[at - 1]); --at)
        list[at] = list[at - 1];
    list[at] = one;
}

static int is_zero(const near_search *s, size_t row) {
    for (size_t j = 0; j < s->d; ++j)
        if (s->unit[row * s->d + j] != 0)
            return 0;
    return 1;
}

static double cosine_of(const near_search *s, size_t a, size_t b) {
    const float *x = s->unit + a * s->d, *y = s->unit + b * s->d;
    double xy = 0, xx = 0, yy = 0;
    for (size_t j = 0; j < s->d; ++j) {
        xy += (double)x[j] * y[j];
        xx += (double)x[j] * x[j];
        yy += (double)y[j] * y[j];
    }
    double cosine = xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : 0;
    return cosine > 1 ? 1 : cosine;
}

static void search_rows(void *context, size_t task, int worker) {
    near_search *s = context;
    size_t first = task * ROWS_PER_TASK;
    size_t rows = s->n - first < ROWS_PER_TASK ? s->n - first : ROWS_PER_TASK;
    size_t sizes[ROWS_PER_TASK] = {0};
    float *scores = s->scores + (size_t)worker * ROWS_PER_TASK * COLUMNS;
    covey_neighbour *kept = s->kept + (size_t)worker * ROWS_PER_TASK * s->keep;
    for (size_t block = 0; block * COLUMNS < s->n; ++block) {
        size_t start = block * COLUMNS;
        size_t columns = s->n - start < COLUMNS ? s->n - start : COLUMNS;
        covey__gemm_multiply(s->kernels, scores, COLUMNS, s->unit + first * s->d, s->d,
                             s->packed + block * s->packed_block, rows, columns, s->d);
        for (size_t i = 0; i < rows; ++i)
            for (size_t j = 0; j < columns; ++j)
                if (start + j != first + i)
                    insert(kept + i * s->keep, &sizes[i], s->keep,
                           (covey_neighbour){(int64_t)(start + j), scores[i * COLUMNS + j]});
    }
    for (size_t i = 0; i < rows; ++i) {
        covey_neighbour *out = s->out + (first + i) * s->count;
        size_t size = 0;
        for (size_t j = 0; j < s->count; ++j)
            out[j] = (covey_neighbour){-1, 0};
        if (is_zero(s, first + i))
            continue;
        for (size_t j = 0; j < sizes[i]; ++j) {
            size_t row = (size_t)kept[i * s->keep + j].row;
            if (!is_zero(s, row))
                insert(out, &size, s->count,
                       (covey_neighbour){(int64_t)row, cosine_of(s, first + i, row)});
        }
    }
}

static void make_unit(near_search *s, const float *x) {
    for (size_t i = 0; i < s->n; ++i) {
        double square = 0;
        for (size_t j = 0; j < s->d; ++j)
            square += (double)x[i * s->d + j] * x[i * s->d + j];
        double scale = square > 0 ? 1 / sqrt(square) : 0;
        for (size_t j = 0; j < s->d; ++j)
            s->unit[i * s->d + j] = (float)(x[i * s->d + j] * scale);
    }
}

covey_status covey_run_find_near(covey_neighbour *out, size_t count, const covey_run *run,
                                 int threads, covey_error *err) {
    covey_status status = COVEY_OK;
    size_t n = run->features.rows, d = run->features.cols, cells, packed;
    covey__pool *pool = NULL;
    near_search s = {.n = n, .d = d, .count = count, .keep = count + SPARE, .out = out};
    size_t blocks = (n + COLUMNS - 1) / COLUMNS;
    covey_isa isa;
    COVEY_TRY(covey_isa_in_use(&isa, err));
    s.kernels = covey__kernels_get(isa);
    COVEY_TRY(covey__pool_new(&pool, threads, err));
    size_t workers = (size_t)covey__pool_size(pool);
    s.packed_block = covey__gemm_panels(s.kernels, COLUMNS) * s.kernels->gemm_tile_n * d;
    COVEY_NOMEM_IF(covey__mul_size(&cells, n, d) || covey__mul_size(&packed, blocks, s.packed_block),
                   err);
    s.unit = covey__alloc_array(cells + 1, sizeof *s.unit);
    s.packed = covey__alloc_array(packed + 1, sizeof *s.packed);
    s.scores = covey__alloc_array(workers * ROWS_PER_TASK * COLUMNS, sizeof *s.scores);
    s.kept = covey__alloc_array(workers * ROWS_PER_TASK * s.keep, sizeof *s.kept);
    COVEY_NOMEM_IF(!s.unit || !s.packed || !s.scores || !s.kept, err);
    make_unit(&s, run->features.data);
    for (size_t block = 0; block < blocks; ++block) {
        size_t rows = n - block * COLUMNS < COLUMNS ? n - block * COLUMNS : COLUMNS;
        covey__gemm_pack(s.kernels, s.packed + block * s.packed_block,
                         s.unit + block * COLUMNS * d, d, rows, d);
    }
    covey__pool_run(pool, (n + ROWS_PER_TASK - 1) / ROWS_PER_TASK, search_rows, &s);
done:
    covey__pool_free(pool);
    covey__free(s.unit);
    covey__free(s.packed);
    covey__free(s.scores);
    covey__free(s.kept);
    return status;
}
