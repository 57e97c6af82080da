/* SPDX-License-Identifier: MIT */
#include "sketch_internal.h"

#include <math.h>
#include <string.h>

#include "base_internal.h"

enum {
    ROWS = COVEY__SKETCH_ROWS,
    COLUMNS = COVEY__SKETCH_COLUMNS,
    FEW = 4096,       /* rows: up to here nothing is won by shortening them */
    DEEPEST = 4096,   /* columns: beyond, their second moments would cost more than the rows */
    SAMPLE = 2048,    /* rows that decide the directions */
    DIRECTIONS = 127, /* at most */
    TURNS = 4,        /* of the simultaneous iteration */
    TRIED = 48,       /* rows that decide the width, each with ... */
    TRIED_WITH = 1024 /* others */
};

int covey__sketch_unit(float *out, const float *x, size_t d) {
    double square = 0;
    for (size_t j = 0; j < d; ++j)
        square += (double)x[j] * x[j];
    if (!(square > 0) || isinf(square)) {
        memset(out, 0, d * sizeof *out);
        return 0;
    }
    double length = sqrt(square);
    for (size_t j = 0; j < d; ++j)
        out[j] = (float)(x[j] / length);
    return 1;
}

static double dot(const float *a, const float *b, size_t n) {
    enum { LANES = 16 };
    double lanes[LANES] = {0}, sum = 0;
    size_t j = 0;
    for (; j + LANES <= n; j += LANES)
        for (size_t lane = 0; lane < LANES; ++lane)
            lanes[lane] += (double)a[j + lane] * b[j + lane];
    for (; j < n; ++j)
        sum += (double)a[j] * b[j];
    for (size_t lane = 0; lane < LANES; ++lane)
        sum += lanes[lane];
    return sum;
}

/* ---- directions -------------------------------------------------------------------------- */

/* The rows of q [m][d], in their order, become orthonormal; what lies in the span of those before
 * becomes zero. Twice, as once leaves what rounding brought back [GolubVanLoan2013, section 5.2.9].
 */
static void orthonormalize(float *q, size_t m, size_t d) {
    for (size_t i = 0; i < m; ++i) {
        float *row = q + i * d;
        double before = sqrt(dot(row, row, d)), after;
        for (int pass = 0; pass < 2; ++pass) {
            for (size_t p = 0; p < i; ++p) {
                float along = (float)dot(row, q + p * d, d);
                for (size_t j = 0; j < d; ++j)
                    row[j] -= along * q[p * d + j];
            }
            after = sqrt(dot(row, row, d));
            if (!(after > 1e-5 * before) || isinf(after)) {
                memset(row, 0, d * sizeof *row);
                break;
            }
            for (size_t j = 0; j < d; ++j)
                row[j] = (float)(row[j] / after);
            before = 1;
        }
    }
}

/* c [m][n] <- a [m][k] b', b [n][k], rows behind one another; `packed` has room for b. */
static void multiply(const covey__kernels *kernels, float *c, const float *a, const float *b,
                     float *packed, size_t m, size_t n, size_t k) {
    covey__gemm_pack(kernels, packed, b, k, n, k);
    covey__gemm_multiply(kernels, c, n, a, k, packed, m, n, k);
}

static size_t packed_cells(const covey__kernels *kernels, size_t n, size_t k) {
    return covey__gemm_panels(kernels, n) * kernels->gemm_tile_n * k;
}

/* q [m][d] <- the directions of most squared length of a sample, the first one foremost, by
 * simultaneous iteration with its second moments [GolubVanLoan2013, section 8.2.4]. They need not
 * be exact: the bound holds for any, and only holds better for these. */
static covey_status find_directions(float *q, size_t m, const covey__kernels *kernels,
                                    const float *rows, size_t n, size_t d, covey_error *err) {
    covey_status status = COVEY_OK;
    size_t taken = n < SAMPLE ? n : SAMPLE, deeper = taken > d ? taken : d;
    float *sample = covey__alloc_array(d * taken, sizeof *sample); /* [d][taken] */
    float *unit = covey__alloc_array(d, sizeof *unit);
    float *moments = covey__alloc_array(d * d, sizeof *moments);
    float *turned = covey__alloc_array(m * d, sizeof *turned);
    float *packed = covey__alloc_array(packed_cells(kernels, d, deeper), sizeof *packed);
    COVEY_NOMEM_IF(!sample || !unit || !moments || !turned || !packed, err);
    for (size_t t = 0; t < taken; ++t) {
        covey__sketch_unit(unit, rows + t * n / taken * d, d);
        for (size_t j = 0; j < d; ++j)
            sample[j * taken + t] = unit[j];
        if (t < m)
            memcpy(q + t * d, unit, d * sizeof *q);
    }
    multiply(kernels, moments, sample, sample, packed, d, d, taken);
    covey__gemm_pack(kernels, packed, moments, d, d, d);
    for (int turn = 0; turn < TURNS; ++turn) {
        covey__gemm_multiply(kernels, turned, d, q, d, packed, m, d, d);
        memcpy(q, turned, m * d * sizeof *q);
        orthonormalize(q, m, d);
    }
done:
    covey__free(sample);
    covey__free(unit);
    covey__free(moments);
    covey__free(turned);
    covey__free(packed);
    return status;
}

/* ---- the width ------------------------------------------------------------------------------ */

/* What `width` numbers may be off by: sums of d and of width terms whose sizes add up to at most 1,
 * and directions that are orthonormal but for rounding. */
static double slack_of(size_t width, size_t d) {
    const double rounding = 0x1p-24;
    double of_coordinates = (double)d * rounding * sqrt((double)width);
    return width == d ? (double)(d + 16) * 2 * rounding
                      : 4 * of_coordinates + 8 * (double)width * rounding;
}

/* The length of what directions of squared length `inside` leave out of a row, from above. */
static float left_out(double inside, size_t width, size_t d) {
    double square = 1 - inside + slack_of(width, d);
    return square > 0 ? (float)(sqrt(square) * (1 + 1e-6)) : 0;
}

typedef struct trial {
    const float *rows, *q;
    size_t n, d, m;
    float *own, *other; /* [TRIED][m], [TRIED_WITH][m] coordinates */
    float *unit, *unit2;
    double floors[TRIED];
} trial;

static void project(float *out, float *unit, const trial *t, size_t row) {
    covey__sketch_unit(unit, t->rows + row * t->d, t->d);
    for (size_t p = 0; p < t->m; ++p)
        out[p] = (float)dot(unit, t->q + p * t->d, t->d);
}

/* How many of the tried pairs a sketch of that width would leave open. */
static size_t count_open(const trial *t, size_t width) {
    size_t open = 0, m = width - 1;
    float rest[TRIED_WITH];
    for (size_t b = 0; b < TRIED_WITH; ++b) {
        const float *v = t->other + b * t->m;
        rest[b] = left_out(dot(v, v, m), width, t->d);
    }
    for (size_t a = 0; a < TRIED; ++a) {
        const float *u = t->own + a * t->m;
        double own = left_out(dot(u, u, m), width, t->d), least = t->floors[a];
        for (size_t b = 0; b < TRIED_WITH; ++b)
            open += dot(u, t->other + b * t->m, m) + own * rest[b] >= least - slack_of(width, t->d);
    }
    return open;
}

/* The width that promises the least work: each pair costs a product of that length, an open one a
 * product of whole rows out of memory, about as much as 250 steps of the first kind. The row
 * before says how near the nearest one is at least, as where photos come out of a film. */
static size_t choose_width(trial *t, double threshold) {
    static const size_t widths[] = {16, 32, 64, DIRECTIONS + 1};
    size_t best = t->d;
    double least = (double)t->d;
    for (size_t a = 0; a < TRIED; ++a) {
        size_t row = t->n / 2 + a * (t->n / 2 / TRIED);
        project(t->own + a * t->m, t->unit, t, row);
        covey__sketch_unit(t->unit2, t->rows + (row - 1) * t->d, t->d);
        t->floors[a] = fmax(threshold, dot(t->unit, t->unit2, t->d));
    }
    for (size_t b = 0; b < TRIED_WITH; ++b)
        project(t->other + b * t->m, t->unit, t, b * (t->n / 2) / TRIED_WITH);
    for (size_t w = 0; w < sizeof widths / sizeof *widths; ++w) {
        if (widths[w] - 1 > t->m)
            break;
        double share = (double)count_open(t, widths[w]) / ((double)TRIED * TRIED_WITH);
        double cost = (double)widths[w] + 12 + 250 * share;
        if (cost < least) {
            least = cost;
            best = widths[w];
        }
    }
    return best;
}

/* *width, and q [DIRECTIONS][d] where it is not d. */
static covey_status plan(size_t *width, float *q, const covey__kernels *kernels, const float *rows,
                         size_t n, size_t d, double threshold, covey_error *err) {
    covey_status status = COVEY_OK;
    trial t = {.rows = rows, .q = q, .n = n, .d = d, .m = DIRECTIONS};
    t.own = covey__alloc_array((size_t)TRIED * t.m, sizeof(float));
    t.other = covey__alloc_array((size_t)TRIED_WITH * t.m, sizeof(float));
    t.unit = covey__alloc_array(d, sizeof(float));
    t.unit2 = covey__alloc_array(d, sizeof(float));
    COVEY_NOMEM_IF(!t.own || !t.other || !t.unit || !t.unit2, err);
    COVEY_TRY(find_directions(q, t.m, kernels, rows, n, d, err));
    *width = choose_width(&t, threshold);
done:
    covey__free(t.own);
    covey__free(t.other);
    covey__free(t.unit);
    covey__free(t.unit2);
    return status;
}

/* ---- the sketch ----------------------------------------------------------------------------- */

typedef struct making {
    covey__sketch *sketch;
    const float *rows;
    const float *q; /* packed: [width - 1][d] */
    float *unit;    /* [workers][ROWS][d] */
    float *shorter; /* [workers][ROWS][width] */
} making;

/* ROWS rows: a multiple of every tile, so that each task fills panels of its own. */
static void make_rows(void *context, size_t task, int worker) {
    const making *made = context;
    covey__sketch *s = made->sketch;
    size_t d = s->d, width = s->width, first = task * ROWS;
    float *unit = made->unit + (size_t)worker * ROWS * d;
    float *shorter = made->shorter + (size_t)worker * ROWS * width;
    for (size_t i = 0; i < ROWS; ++i) {
        if (first + i < s->n)
            covey__sketch_unit(unit + i * d, made->rows + (first + i) * d, d);
        else
            memset(unit + i * d, 0, d * sizeof *unit);
    }
    if (width < d) {
        covey__gemm_multiply(s->kernels, shorter, width, unit, d, made->q, ROWS, width - 1, d);
        for (size_t i = 0; i < ROWS; ++i) {
            float *row = shorter + i * width;
            int is_zero = dot(unit + i * d, unit + i * d, d) == 0;
            row[width - 1] = is_zero ? 0 : left_out(dot(row, row, width - 1), width, d);
        }
    }
    covey__gemm_pack(s->kernels, s->packed + first * width, width < d ? shorter : unit, width, ROWS,
                     width);
}

covey_status covey__sketch_new(covey__sketch *out, const float *rows, size_t n, size_t d,
                               double threshold, covey__pool *pool, covey_error *err) {
    covey_status status = COVEY_OK;
    covey_isa isa;
    covey__sketch s = {.n = n, .d = d, .width = d};
    making made = {.sketch = &s, .rows = rows};
    float *q = NULL, *packed_q = NULL;
    size_t cells, blocks = (n + COLUMNS - 1) / COLUMNS, workers = (size_t)covey__pool_size(pool);
    COVEY_TRY(covey_isa_in_use(&isa, err));
    s.kernels = covey__kernels_get(isa);
    if (n > FEW && d > DIRECTIONS + 1 && d <= DEEPEST) {
        q = covey__alloc_array(DIRECTIONS * d, sizeof *q);
        packed_q = covey__alloc_array(packed_cells(s.kernels, DIRECTIONS, d), sizeof *packed_q);
        COVEY_NOMEM_IF(!q || !packed_q, err);
        COVEY_TRY(plan(&s.width, q, s.kernels, rows, n, d, threshold, err));
        covey__gemm_pack(s.kernels, packed_q, q, d, s.width < d ? s.width - 1 : 0, d);
        made.q = packed_q;
    }
    s.slack = slack_of(s.width, d);
    COVEY_NOMEM_IF(covey__mul_size(&cells, blocks * COLUMNS, s.width), err);
    s.packed = covey__alloc_array(cells + 1, sizeof *s.packed);
    made.unit = covey__alloc_array(workers * ROWS * d, sizeof *made.unit);
    made.shorter = covey__alloc_array(workers * ROWS * s.width, sizeof *made.shorter);
    COVEY_NOMEM_IF(!s.packed || !made.unit || !made.shorter, err);
    covey__pool_run(pool, blocks * (COLUMNS / ROWS), make_rows, &made);
    *out = s;
    s.packed = NULL;
done:
    covey__free(q);
    covey__free(packed_q);
    covey__free(s.packed);
    covey__free(made.unit);
    covey__free(made.shorter);
    return status;
}

void covey__sketch_fini(covey__sketch *sketch) {
    covey__free(sketch->packed);
    sketch->packed = NULL;
}

void covey__sketch_multiply(float *bounds, float *scratch, const covey__sketch *s, size_t first,
                            size_t block) {
    size_t tile_n = s->kernels->gemm_tile_n, width = s->width;
    for (size_t i = 0; i < ROWS; ++i) {
        size_t row = first + i;
        const float *panel = s->packed + row / tile_n * tile_n * width + row % tile_n;
        for (size_t j = 0; j < width; ++j)
            scratch[i * width + j] = panel[j * tile_n];
    }
    s->kernels->gemm(bounds, COLUMNS, scratch, width, s->packed + block * COLUMNS * width, ROWS,
                     width, COLUMNS / tile_n, NULL);
}
