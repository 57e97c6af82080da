/* SPDX-License-Identifier: MIT */
/* Rows in a plane by t-SNE, exactly: every pair in every step [MaatenHinton2008]. Neighbours are
 * kept together, distances are not.
 *
 * Started from the principal components, not from random places, so that what lies far apart as a
 * whole tends to stay so and the answer needs no seed [KobakBerens2019]; the step is n / 12 times
 * the gradient [BelkinaEtAl2019]. Each row's sums are taken in one fixed order by one thread, so
 * that any number of threads gives the same bytes. */
#include <math.h>
#include <string.h>

#include "covey/cpu.h"
#include "kernels_internal.h"
#include "run_internal.h"
#include "threads_internal.h"

enum { ROWS_PER_TASK = 16, COLUMNS = 1024, LANES = 4, EARLY = 200, STEPS = 700, SEARCHES = 60 };

static const double PERPLEXITY = 30, EXAGGERATION = 12, SPREAD = 1e-4;

/* Four float32 at once: compilers may not regroup a sum on their own. */
typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));

typedef struct tsne {
    size_t n, padded; /* padded: n up to whole lanes */
    float *p;         /* [n][padded]: squared distances, then p(j|i), then the symmetric p(i, j) */
    float *place[2];  /* [padded] */
    double *pull[2], *push[2], *sum; /* [n]: the two parts of the gradient, sum of q by row */
    const covey__kernels *kernels;
    const float *unit, *packed; /* [n][d]; blocks of COLUMNS rows of it */
    size_t d, packed_block;
} tsne;

static size_t task_rows(const tsne *t, size_t first) {
    return t->n - first < ROWS_PER_TASK ? t->n - first : ROWS_PER_TASK;
}

/* p_j|i of row i in place of its squared distances: the width at which the row has as many
 * neighbours as the perplexity says. */
static void spread_row(float *row, size_t n, size_t i) {
    double perplexity = fmin(PERPLEXITY, (double)(n - 1) / 3), wanted = log(perplexity);
    double low = 0, high = INFINITY, beta = 1, nearest = INFINITY, sum = 0;
    for (size_t j = 0; j < n; ++j)
        if (j != i)
            nearest = fmin(nearest, row[j]);
    for (int search = 0; search < SEARCHES; ++search) {
        double moment = 0;
        sum = 0;
        for (size_t j = 0; j < n; ++j) {
            double away = row[j] - nearest, share = j == i ? 0 : exp(-beta * away);
            sum += share;
            moment += share * away;
        }
        double entropy = log(sum) + beta * moment / sum;
        if (fabs(entropy - wanted) < 1e-5)
            break;
        if (entropy > wanted)
            low = beta;
        else
            high = beta;
        beta = isinf(high) ? 2 * beta : (low + high) / 2;
    }
    for (size_t j = 0; j < n; ++j)
        row[j] = j == i ? 0 : (float)(exp(-beta * (row[j] - nearest)) / sum);
}

static void find_shares(void *context, size_t task, int worker) {
    tsne *t = context;
    size_t first = task * ROWS_PER_TASK, rows = task_rows(t, first);
    (void)worker;
    for (size_t block = 0; block * COLUMNS < t->n; ++block) {
        size_t start = block * COLUMNS;
        size_t columns = t->n - start < COLUMNS ? t->n - start : COLUMNS;
        covey__gemm_multiply(t->kernels, t->p + first * t->padded + start, t->padded,
                             t->unit + first * t->d, t->d, t->packed + block * t->packed_block,
                             rows, columns, t->d);
    }
    for (size_t i = first; i < first + rows; ++i) {
        float *row = t->p + i * t->padded;
        for (size_t j = 0; j < t->n; ++j)
            row[j] = fmaxf(2 - 2 * row[j], 0);
        spread_row(row, t->n, i);
    }
}

/* The two parts of the gradient at row i; q = 1 / (1 + squared distance). */
static void pull_row(const tsne *t, size_t i) {
    float x = t->place[0][i], y = t->place[1][i];
    lanes sum = {0}, pull_x = {0}, pull_y = {0}, push_x = {0}, push_y = {0}, one = {1, 1, 1, 1};
    for (size_t j = 0; j < t->padded; j += LANES) {
        lanes dx, dy, p;
        memcpy(&dx, t->place[0] + j, sizeof dx);
        memcpy(&dy, t->place[1] + j, sizeof dy);
        memcpy(&p, t->p + i * t->padded + j, sizeof p);
        dx = x - dx;
        dy = y - dy;
        lanes q = one / (one + dx * dx + dy * dy), a = p * q, r = q * q;
        sum += q;
        pull_x += a * dx;
        pull_y += a * dy;
        push_x += r * dx;
        push_y += r * dy;
    }
    t->sum[i] = ((double)sum[0] + sum[1]) + ((double)sum[2] + sum[3]) - 1; /* itself */
    t->pull[0][i] = ((double)pull_x[0] + pull_x[1]) + ((double)pull_x[2] + pull_x[3]);
    t->pull[1][i] = ((double)pull_y[0] + pull_y[1]) + ((double)pull_y[2] + pull_y[3]);
    t->push[0][i] = ((double)push_x[0] + push_x[1]) + ((double)push_x[2] + push_x[3]);
    t->push[1][i] = ((double)push_y[0] + push_y[1]) + ((double)push_y[2] + push_y[3]);
}

static void pull_rows(void *context, size_t task, int worker) {
    const tsne *t = context;
    size_t first = task * ROWS_PER_TASK, rows = task_rows(t, first);
    (void)worker;
    for (size_t i = first; i < first + rows; ++i)
        pull_row(t, i);
}

static void make_symmetric(tsne *t) {
    for (size_t i = 0; i < t->n; ++i)
        for (size_t j = 0; j < i; ++j) {
            float *a = &t->p[i * t->padded + j], *b = &t->p[j * t->padded + i];
            *a = *b = (*a + *b) / (2 * (float)t->n);
        }
}

/* out [n][2] holds the start and gets the answer; moved, gain [2 n]: scratch. */
static void descend(tsne *t, double *out, double *moved, double *gain, covey__pool *pool) {
    size_t n = t->n, tasks = (n + ROWS_PER_TASK - 1) / ROWS_PER_TASK;
    double rate = fmax((double)n / EXAGGERATION, 50);
    for (size_t i = 0; i < 2 * n; ++i)
        gain[i] = 1;
    for (int step = 0; step < STEPS; ++step) {
        double sum = 0, mean[2] = {0, 0}, momentum = step < EARLY ? 0.5 : 0.8;
        for (size_t i = 0; i < t->padded; ++i)
            for (int k = 0; k < 2; ++k) /* what fills the last lanes is too far to count */
                t->place[k][i] = i < n ? (float)out[2 * i + (size_t)k] : 1e18f;
        covey__pool_run(pool, tasks, pull_rows, t);
        for (size_t i = 0; i < n; ++i)
            sum += t->sum[i];
        for (size_t i = 0; i < 2 * n; ++i) {
            double pull = t->pull[i % 2][i / 2] * (step < EARLY ? EXAGGERATION : 1);
            double gradient = 4 * (pull - t->push[i % 2][i / 2] / fmax(sum, 1e-300));
            gain[i] = fmax((gradient > 0) == (moved[i] > 0) ? gain[i] * 0.8 : gain[i] + 0.2, 0.01);
            moved[i] = momentum * moved[i] - rate * gain[i] * gradient;
            out[i] += moved[i];
            mean[i % 2] += out[i] / (double)n;
        }
        for (size_t i = 0; i < 2 * n; ++i)
            out[i] -= mean[i % 2];
    }
}

/* out [n][2] <- the principal components, the first with a spread of SPREAD. 0: all one place. */
static covey_status start(double *out, const covey_run *run, int threads, int *spread,
                          covey_error *err) {
    size_t n = run->features.rows;
    double share[2], square = 0;
    covey_status status = covey_run_find_map(out, share, run, threads, err);
    for (size_t i = 0; i < n && status == COVEY_OK; ++i)
        square += out[2 * i] * out[2 * i] / (double)n;
    *spread = square > 1e-18;
    for (size_t i = 0; i < 2 * n && *spread; ++i)
        out[i] *= SPREAD / sqrt(square);
    return status;
}

/* unit [n][d] and packed. */
static void lay_out(tsne *t, float *unit, float *packed, const float *x) {
    for (size_t i = 0; i < t->n; ++i) {
        double square = 0;
        for (size_t j = 0; j < t->d; ++j)
            square += (double)x[i * t->d + j] * x[i * t->d + j];
        for (size_t j = 0; j < t->d; ++j)
            unit[i * t->d + j] =
                square > 0 ? (float)(x[i * t->d + j] / sqrt(square)) : 0;
    }
    for (size_t block = 0; block * COLUMNS < t->n; ++block) {
        size_t rows = t->n - block * COLUMNS < COLUMNS ? t->n - block * COLUMNS : COLUMNS;
        covey__gemm_pack(t->kernels, packed + block * t->packed_block,
                         unit + block * COLUMNS * t->d, t->d, rows, t->d);
    }
    t->unit = unit;
    t->packed = packed;
}

covey_status covey_run_find_tsne(double *out, const covey_run *run, int threads,
                                 covey_error *err) {
    covey_status status = COVEY_OK;
    size_t n = run->features.rows, d = run->features.cols, blocks = (n + COLUMNS - 1) / COLUMNS;
    tsne t = {.n = n, .d = d, .padded = (n + LANES - 1) / LANES * LANES};
    float *unit = NULL, *packed = NULL;
    double *scratch = NULL;
    covey__pool *pool = NULL;
    covey_isa isa;
    int spread;
    COVEY_FAIL_IF(n > COVEY_TSNE_ROWS, err, COVEY_E_ARGUMENT, NULL,
                  "t-SNE looks at every pair: %zu rows are more than %d", n, COVEY_TSNE_ROWS);
    COVEY_TRY(start(out, run, threads, &spread, err));
    if (n < 4 || !spread)
        goto done; /* no neighbours to tell apart: the principal components as they are */
    COVEY_TRY(covey_isa_in_use(&isa, err));
    t.kernels = covey__kernels_get(isa);
    t.packed_block = covey__gemm_panels(t.kernels, COLUMNS) * t.kernels->gemm_tile_n * d;
    COVEY_TRY(covey__pool_new(&pool, threads, err));
    unit = covey__alloc_array(n * d, sizeof *unit);
    packed = covey__alloc_array(blocks * t.packed_block, sizeof *packed);
    t.p = covey__calloc(n * t.padded, sizeof *t.p);
    t.place[0] = covey__alloc_array(2 * t.padded, sizeof(float));
    scratch = covey__calloc(9 * n, sizeof *scratch);
    COVEY_NOMEM_IF(!unit || !packed || !t.p || !t.place[0] || !scratch, err);
    t.place[1] = t.place[0] + t.padded;
    t.sum = scratch;
    for (size_t k = 0; k < 2; ++k) {
        t.pull[k] = scratch + (1 + k) * n;
        t.push[k] = scratch + (3 + k) * n;
    }
    lay_out(&t, unit, packed, run->features.data);
    covey__pool_run(pool, (n + ROWS_PER_TASK - 1) / ROWS_PER_TASK, find_shares, &t);
    make_symmetric(&t);
    descend(&t, out, scratch + 5 * n, scratch + 7 * n, pool);
done:
    covey__pool_free(pool);
    covey__free(unit);
    covey__free(packed);
    covey__free(t.p);
    covey__free(t.place[0]);
    covey__free(scratch);
    return status;
}
