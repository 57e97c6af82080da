/* SPDX-License-Identifier: MIT */
/* Near-duplicates and bursts: rows whose descriptions point almost the same way.
 *
 * Every pair is looked at, nearly all of them only through a bound of their cosine that a product
 * of short rows gives (sketch_internal.h); what the bound leaves open is decided in float64, so
 * that the answer depends neither on the bounds nor on threads. */
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "run_internal.h"
#include "sketch_internal.h"

enum {
    ROWS = COVEY__SKETCH_ROWS,
    COLUMNS = COVEY__SKETCH_COLUMNS,
    TOLD_EVERY = 16 /* products: some milliseconds */
};

typedef struct search {
    const float *rows; /* [n][d] */
    size_t n, d, tasks;
    double threshold;
    covey__sketch sketch;
    float *bounds;      /* [workers][ROWS][COLUMNS] */
    float *scratch;     /* [workers][ROWS][width] */
    float *units;       /* [workers][ROWS + 1][d] */
    int64_t *of;        /* [n], the most similar earlier row, or -1 */
    double *similarity; /* [n] */
    double *inverse;    /* [n], 1/length, 0 where there is none */
    covey_progress_fn progress;
    void *progress_user;
    atomic_size_t pairs; /* looked at, in products of ROWS by COLUMNS */
    size_t all_pairs;
    atomic_int stopped;
} search;

/* The rows of a task, by one worker. */
typedef struct part {
    search *s;
    size_t first, count;
    float *unit;         /* [ROWS][d] */
    float *other;        /* [d] */
    double square[ROWS]; /* |unit row|^2 */
    double floor[ROWS];  /* some earlier row is at least that near, or the threshold */
} part;

static double square_of(const float *x, size_t d) {
    double sum = 0;
    for (size_t j = 0; j < d; ++j)
        sum += (double)x[j] * x[j];
    return sum;
}

/* The cosine of the part's row i and row j of all. */
static double similarity_of(const part *p, size_t i, size_t j) {
    size_t d = p->s->d;
    const float *x = p->unit + i * d, *y = p->other;
    double xy = 0, xx = p->square[i], yy = 0;
    if (!covey__sketch_unit(p->other, p->s->rows + j * d, d))
        return 0;
    for (size_t l = 0; l < d; ++l) {
        xy += (double)x[l] * y[l];
        yy += (double)y[l] * y[l];
    }
    double value = xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : 0;
    return value > 1 ? 1 : value;
}

/* A row before is often the nearest, and that it is so near leaves little open. */
static void begin_part(part *p) {
    search *s = p->s;
    for (size_t i = 0; i < p->count; ++i) {
        size_t row = p->first + i;
        covey__sketch_unit(p->unit + i * s->d, s->rows + row * s->d, s->d);
        p->square[i] = square_of(p->unit + i * s->d, s->d);
        p->floor[i] = s->threshold;
        if (row > 0)
            p->floor[i] = fmax(s->threshold, similarity_of(p, i, row - 1));
        s->of[row] = -1;
        s->similarity[row] = 0;
    }
}

/* 1 if the cosine of the part's row i and row j may reach `least`, by float32 sums that are off by
 * d roundings of terms whose sizes add up to at most 1. Rows so long that the sum overflows, and so
 * short that its terms are subnormal numbers, which that bound does not hold for, leave it open. */
static int may_reach(const part *p, size_t i, size_t j, double least) {
    enum { LANES = 32 };
    size_t d = p->s->d, l = 0;
    const float *x = p->unit + i * d, *y = p->s->rows + j * d;
    typedef float vf __attribute__((vector_size(LANES * sizeof(float))));
    vf lanes = {0};
    for (; l + LANES <= d; l += LANES) {
        vf a, b;
        memcpy(&a, x + l, sizeof a);
        memcpy(&b, y + l, sizeof b);
        lanes += a * b;
    }
    double sum = 0;
    for (; l < d; ++l)
        sum += (double)x[l] * y[l];
    for (int lane = 0; lane < LANES; ++lane)
        sum += lanes[lane];
    double bound = sum * p->s->inverse[j] + 1e-6 + (double)d * 0x1p-23;
    return !(bound < least) || isinf(bound) || p->s->inverse[j] > 1e25;
}

/* Columns come in rising order, so that of equal ones the first is kept. */
static void judge(part *p, size_t i, size_t j) {
    search *s = p->s;
    if (!may_reach(p, i, j, fmax(p->floor[i], s->similarity[p->first + i])))
        return;
    double value = similarity_of(p, i, j);
    if (value >= s->threshold && value > s->similarity[p->first + i]) {
        s->of[p->first + i] = (int64_t)j;
        s->similarity[p->first + i] = value;
    }
}

/* The least bound that leaves open whether a pair is nearer than what row i has. */
static float limit_of(const part *p, size_t i) {
    const search *s = p->s;
    double nearest = fmax(p->floor[i], s->similarity[p->first + i]);
    return nextafterf((float)(nearest - s->sketch.slack), -1);
}

/* The pairs of row i of the part with the columns start .. end. */
static void scan_row(part *p, size_t i, const float *bounds, size_t start, size_t end) {
    enum { STEP = 16 };
    typedef float vf __attribute__((vector_size(STEP * sizeof(float))));
    typedef int32_t vi __attribute__((vector_size(STEP * sizeof(int32_t))));
    float limit = limit_of(p, i);
    for (size_t j = start; j < end; j += STEP) {
        vf bound;
        memcpy(&bound, bounds + (j - start), sizeof bound);
        vi open = bound >= limit;
        int64_t any[STEP * sizeof(int32_t) / sizeof(int64_t)], all = 0;
        memcpy(any, &open, sizeof any);
        for (size_t l = 0; l < sizeof any / sizeof *any; ++l)
            all |= any[l];
        if (!all)
            continue;
        for (size_t l = j; l < end && l < j + STEP; ++l) {
            if (!(bounds[l - start] >= limit))
                continue;
            judge(p, i, l);
            limit = limit_of(p, i);
        }
    }
}

/* The caller's own thread asks whether to go on. */
static void tell(search *s, size_t more, int worker) {
    size_t done = atomic_fetch_add(&s->pairs, more) + more;
    double share = (double)done / (double)s->all_pairs;
    if (worker == 0 && s->progress && done < s->all_pairs &&
        s->progress(s->progress_user, "duplicates", (size_t)(share * (double)s->n), s->n))
        atomic_store(&s->stopped, 1);
}

/* The later rows, which have the more before them, come first. */
static void search_rows(void *context, size_t task, int worker) {
    search *s = context;
    size_t first = (s->tasks - 1 - task) * ROWS, at = (size_t)worker, looked_at = 0;
    float *bounds = s->bounds + at * ROWS * COLUMNS;
    float *scratch = s->scratch + at * ROWS * s->sketch.width;
    part p = {.s = s,
              .first = first,
              .count = s->n - first < ROWS ? s->n - first : ROWS,
              .unit = s->units + at * (ROWS + 1) * s->d,
              .other = s->units + (at * (ROWS + 1) + ROWS) * s->d};
    if (atomic_load(&s->stopped))
        return;
    begin_part(&p);
    for (size_t start = 0; start < first + p.count; start += COLUMNS) {
        covey__sketch_multiply(bounds, scratch, &s->sketch, first, start / COLUMNS);
        for (size_t i = 0; i < p.count; ++i) {
            size_t end = start + COLUMNS < first + i ? start + COLUMNS : first + i;
            /* Nothing is nearer than 1. */
            if (start < end && s->similarity[first + i] < 1)
                scan_row(&p, i, bounds + i * COLUMNS, start, end);
        }
        if (++looked_at == TOLD_EVERY) {
            tell(s, looked_at, worker);
            looked_at = 0;
        }
        if (atomic_load(&s->stopped))
            return;
    }
    tell(s, looked_at, worker);
}

static covey_status search_all(search *s, int threads, covey_error *err) {
    covey_status status = COVEY_OK;
    covey__pool *pool = NULL;
    COVEY_TRY(covey__pool_new(&pool, threads, err));
    size_t workers = (size_t)covey__pool_size(pool);
    COVEY_TRY(covey__sketch_new(&s->sketch, s->rows, s->n, s->d, s->threshold, pool, err));
    s->bounds = covey__alloc_array(workers * ROWS * COLUMNS, sizeof *s->bounds);
    s->scratch = covey__alloc_array(workers * ROWS * s->sketch.width, sizeof *s->scratch);
    s->units = covey__alloc_array(workers * (ROWS + 1) * s->d, sizeof *s->units);
    COVEY_NOMEM_IF(!s->bounds || !s->scratch || !s->units, err);
    for (size_t i = 0; i < s->n; ++i) {
        double length = sqrt(square_of(s->rows + i * s->d, s->d));
        s->inverse[i] = length > 0 ? 1 / length : 0;
    }
    s->tasks = (s->n + ROWS - 1) / ROWS;
    for (size_t task = 0; task < s->tasks; ++task) {
        size_t end = (task + 1) * ROWS < s->n ? (task + 1) * ROWS : s->n;
        s->all_pairs += (end + COLUMNS - 1) / COLUMNS;
    }
    covey__pool_run(pool, s->tasks, search_rows, s);
    int stopped = atomic_load(&s->stopped);
    if (!stopped && s->progress && s->n)
        stopped = s->progress(s->progress_user, "duplicates", s->n, s->n);
    COVEY_FAIL_IF(stopped, err, COVEY_E_CANCELLED, NULL,
                  "stopped on request while near-duplicates were sought");
done:
    covey__pool_free(pool);
    covey__sketch_fini(&s->sketch);
    covey__free(s->bounds);
    covey__free(s->scratch);
    covey__free(s->units);
    return status;
}

covey_status covey_run_find_duplicates(covey_run *run, double threshold, int threads,
                                       covey_progress_fn progress, void *progress_user,
                                       covey_error *err) {
    covey_status status = COVEY_OK;
    size_t n = run->features.rows, found = 0;
    search s = {.rows = run->features.data,
                .n = n,
                .d = run->features.cols,
                .threshold = threshold,
                .progress = progress,
                .progress_user = progress_user};
    COVEY_FAIL_IF(!(threshold > 0 && threshold <= 1), err, COVEY_E_ARGUMENT, NULL,
                  "the similarity of duplicates must lie above 0 and at most at 1, not %g",
                  threshold);
    if (n == 0 || s.d == 0) {
        run->n_duplicates = 0;
        return COVEY_OK;
    }
    s.of = covey__alloc_array(n, sizeof *s.of);
    s.similarity = covey__alloc_array(n, sizeof *s.similarity);
    s.inverse = covey__alloc_array(n, sizeof *s.inverse);
    COVEY_NOMEM_IF(!s.of || !s.similarity || !s.inverse, err);
    COVEY_TRY(search_all(&s, threads, err));
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
    covey__free(s.of);
    covey__free(s.similarity);
    covey__free(s.inverse);
    return status;
}
