/* SPDX-License-Identifier: MIT */
#include "rows_internal.h"

#include <math.h>
#include <string.h>

#include "covey/cpu.h"
#include "loss_internal.h"
#include "sum_internal.h"

/* ---- scratch memory ---------------------------------------------------------------------- */

enum { WORK_ALIGN = 64 };

size_t covey__work_bytes(size_t count, size_t size) {
    size_t bytes;
    if (covey__mul_size(&bytes, count, size) || bytes > SIZE_MAX / 4)
        return SIZE_MAX / 4; /* refused by the reserve that follows */
    return (bytes + WORK_ALIGN - 1) / WORK_ALIGN * WORK_ALIGN;
}

covey_status covey__work_reserve(covey__centre_work *work, size_t bytes, covey_error *err) {
    covey_status status = COVEY_OK;
    if (bytes > work->size) {
        char *data = bytes < SIZE_MAX / 4 ? covey__alloc(bytes) : NULL;
        COVEY_NOMEM_IF(!data, err);
        covey__free(work->data);
        work->data = data;
        work->size = bytes;
    }
    work->used = 0;
done:
    return status;
}

void *covey__work_take(covey__centre_work *work, size_t count, size_t size) {
    char *taken = work->data + work->used;
    memset(taken, 0, count * size);
    work->used += covey__work_bytes(count, size);
    return taken;
}

void covey__centre_work_fini(covey__centre_work *work) {
    covey__free(work->data);
    *work = (covey__centre_work){0};
}

/* ---- sums over rows ----------------------------------------------------------------------- */

static size_t last_chunk(const covey__points *points) {
    return points->m ? covey__row_number(points, points->m - 1) / COVEY__CHUNK_ROWS : 0;
}

size_t covey__sum_depth(const covey__points *points) {
    return covey__tree_room(last_chunk(points), points->share && points->share->ranks->count > 1);
}

/* The first entry whose row is not below `row`. */
static size_t entry_of(const covey__points *points, size_t row) {
    size_t low = 0, high = points->m;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (covey__row_number(points, middle) < row)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void covey__points_own(size_t *first, size_t *end, const covey__points *points) {
    *first = 0;
    *end = points->m;
    if (points->share && points->share->ranks->count > 1) {
        *first = entry_of(points, points->share->first);
        *end = entry_of(points, points->share->end);
    }
}

/* Numbers as integers of the same order; -0 is 0. */
static int64_t order_of(double value) {
    int64_t bits;
    value += 0.0;
    memcpy(&bits, &value, sizeof bits);
    return bits ^ ((bits >> 63) & INT64_MAX);
}

static double value_in_order(int64_t key) {
    double value;
    key ^= (key >> 63) & INT64_MAX;
    memcpy(&value, &key, sizeof value);
    return value;
}

void covey__points_extremes(double *low, double *high, size_t n, const covey__points *points) {
    enum { STEP = 64 };
    int64_t keys[STEP];
    if (!points->share || points->share->ranks->count == 1)
        return;
    for (int side = 0; side < 2; ++side)
        for (size_t at = 0; at < n; at += STEP) {
            size_t count = n - at < STEP ? n - at : STEP;
            double *values = (side ? high : low) + at;
            for (size_t j = 0; j < count; ++j)
                keys[j] = order_of(values[j]);
            points->share->ranks->reduce(keys, count, side ? COVEY__MOST : COVEY__LEAST);
            for (size_t j = 0; j < count; ++j)
                values[j] = value_in_order(keys[j]);
        }
}

void covey__points_fetch(const covey__points *points, const size_t *list, size_t count) {
    enum { STEP = 64 };
    int64_t rows[STEP];
    if (!points->share || points->share->ranks->count == 1)
        return;
    for (size_t at = 0; at < count; at += STEP) {
        size_t some = count - at < STEP ? count - at : STEP;
        for (size_t i = 0; i < some; ++i)
            rows[i] = (int64_t)covey__row_number(points, list[at + i]);
        if (covey__fetch_rows(points->share, points->x32, points->d, rows, some, NULL) != COVEY_OK)
            points->share->ranks->abandon(1, "covey: memory ran out while rows were fetched\n");
    }
}

size_t covey__points_nearest(double *value, size_t entry, const covey__points *points) {
    if (!points->share || points->share->ranks->count == 1)
        return entry;
    int64_t key = order_of(*value), least = key, at;
    points->share->ranks->reduce(&least, 1, COVEY__LEAST);
    at = key == least ? (int64_t)entry : (int64_t)points->m;
    points->share->ranks->reduce(&at, 1, COVEY__LEAST);
    *value = value_in_order(least);
    entry = (size_t)at;
    if (entry < points->m)
        covey__points_fetch(points, &entry, 1);
    return entry;
}

/* Chunks without an entry are absent from the tree (ranks_sum.c). */
void covey__sum_rows(double *nodes, size_t width, const covey__points *points, covey__rows_fn fn,
                     void *context) {
    covey__tree tree;
    size_t begin, last;
    covey__points_own(&begin, &last, points);
    covey__tree_init(&tree, nodes, width, points->share);
    while (begin < last) {
        size_t chunk = covey__row_number(points, begin) / COVEY__CHUNK_ROWS, end = begin + 1;
        while (end < last && covey__row_number(points, end) / COVEY__CHUNK_ROWS == chunk)
            ++end;
        if (points->x32)
            covey__spill_ahead(points->x32 + covey__row_number(points, begin) * points->d);
        fn(context, covey__tree_next(&tree, chunk), begin, end);
        begin = end;
    }
    if (covey__tree_total(&tree, points->share) != COVEY_OK) /* the others wait for the sum */
        points->share->ranks->abandon(1, "covey: memory ran out in a sum over ranks\n");
}

/* ---- a centre problem ---------------------------------------------------------------------- */

/* On AArch64 the ordinary code is NEON's already: the compiler needs no flag for it. */
const covey__row_kernels *covey__row_kernels_get(void) {
#if defined(__x86_64__)
    covey_isa isa = COVEY_ISA_SCALAR;
    if (covey_isa_in_use(&isa, NULL) != COVEY_OK)
        isa = covey_isa_machine(); /* a misspelt COVEY_ISA is reported where a status can be */
    if (covey_isa_has(isa, COVEY_ISA_AVX512))
        return &covey__rows_avx512;
    if (covey_isa_has(isa, COVEY_ISA_AVX2))
        return &covey__rows_avx2;
#endif
    return &covey__rows_scalar;
}

covey__shape covey__shape_of(const covey_loss *loss) {
    const covey_loss_ops *ops = loss->ops;
    if (ops == &covey__loss_lp && loss->params[0] == 1)
        ops = &covey__loss_absolute; /* psi is +-1 to the last bit */
    /* The rows themselves, not their names: a user's own loss may be called huber too. */
    static const covey_loss_ops *const shaped[COVEY__SHAPE_COUNT] = {
        [COVEY__SHAPE_ABSOLUTE] = &covey__loss_absolute,
        [COVEY__SHAPE_HUBER] = &covey__loss_huber,
        [COVEY__SHAPE_PSEUDO_HUBER] = &covey__loss_pseudo_huber,
        [COVEY__SHAPE_QUANTILE] = &covey__loss_quantile,
        [COVEY__SHAPE_LOG_COSH] = &covey__loss_log_cosh,
        [COVEY__SHAPE_LP] = &covey__loss_lp,
    };
    for (int shape = 0; shape < COVEY__SHAPE_COUNT; ++shape)
        if (shaped[shape] == ops)
            return (covey__shape)shape;
    return COVEY__SHAPE_GENERIC;
}

enum { EXTRAS = 4 }; /* value, majoriser, scale, at the kink */

size_t covey__problem_bytes(const covey__points *points) {
    size_t padded = covey__padded(points->d);
    return covey__work_bytes(padded, 2 * sizeof(double)) +
           covey__work_bytes(covey__sum_depth(points), (4 * padded + EXTRAS) * sizeof(double)) +
           WORK_ALIGN;
}

void covey__problem_init(covey__problem *problem, const covey__points *points,
                         const covey_loss *loss, covey__centre_work *work) {
    size_t padded = covey__padded(points->d);
    *problem = (covey__problem){.points = points,
                                .loss = loss,
                                .kernels = covey__row_kernels_get(),
                                .shape = covey__shape_of(loss),
                                .slope = COVEY__SLOPE_WEIGHT,
                                .d = points->d,
                                .padded = padded};
    problem->residual = covey__work_take(work, padded, sizeof(double));
    problem->here = covey__work_take(work, padded, sizeof(double));
    problem->nodes =
        covey__work_take(work, covey__sum_depth(points), (4 * padded + EXTRAS) * sizeof(double));
    for (size_t i = 0; i < points->m; ++i)
        problem->total_weight += covey__row_weight(points, i);
    problem->singular = isinf(loss->ops->weight(0, loss->params));
    if (problem->singular) {
        /* |u|^1.5 is singular too, but its psi goes to 0. */
        double above = loss->ops->psi(1e-300, loss->params);
        double below = -loss->ops->psi(-1e-300, loss->params);
        if (above >= 0.9 * loss->ops->psi(1e-3, loss->params)) {
            problem->kink = above;
            problem->kink_below = below;
        }
    }
}

size_t covey__evaluation_bytes(const covey__points *points) {
    return 3 * covey__work_bytes(covey__padded(points->d), sizeof(double));
}

void covey__evaluation_init(covey__evaluation *e, const covey__problem *problem,
                            covey__centre_work *work) {
    e->gradient = covey__work_take(work, problem->padded, sizeof(double));
    e->majoriser = covey__work_take(work, problem->padded, sizeof(double));
    e->at_kink = covey__work_take(work, problem->padded, sizeof(double));
}

/* sums: [padded] of w psi(r)/r u, then value, majoriser, scale, at the kink. */
static void radial_chunk(void *context, double *sums, size_t begin, size_t end) {
    covey__problem *problem = context;
    const covey_loss_ops *ops = problem->loss->ops;
    const double *params = problem->loss->params;
    double *extra = sums + problem->padded;
    for (size_t i = begin; i < end; ++i) {
        double w = covey__row_weight(problem->points, i);
        double r = sqrt(covey__residual(problem, problem->residual, i, problem->here));
        if (w == 0)
            continue;
        extra[0] += w * ops->rho(r, params);
        double pull = ops->weight(r, params);
        if (isinf(pull)) {
            extra[3] += w;
            continue;
        }
        if (pull == 0)
            continue;
        extra[1] += w * pull;
        extra[2] += w * pull * r;
        problem->kernels->add_scaled(sums, problem->residual, w * pull, problem->padded);
    }
}

static void radial_value_chunk(void *context, double *sums, size_t begin, size_t end) {
    covey__problem *problem = context;
    for (size_t i = begin; i < end; ++i) {
        double r = sqrt(covey__residual(problem, problem->residual, i, problem->here));
        double w = covey__row_weight(problem->points, i);
        sums[0] += w * problem->loss->ops->rho(r, problem->loss->params);
    }
}

/* One row through the loss's own callbacks. */
static void add_row_generic(double *sums, const double *u, double w, const covey_loss *loss,
                            covey__slope slope, int singular, size_t d, size_t padded) {
    const covey_loss_ops *ops = loss->ops;
    for (size_t j = 0; j < d; ++j) {
        double psi = ops->psi(u[j], loss->params);
        sums[j] += w * ops->rho(u[j], loss->params);
        sums[padded + j] += w * psi;
        if (singular && u[j] == 0)
            sums[3 * padded + j] += w;
        else if (slope == COVEY__SLOPE_WEIGHT)
            sums[2 * padded + j] += w * ops->weight(u[j], loss->params);
        else if (ops->curvature)
            sums[2 * padded + j] += w * ops->curvature(u[j], loss->params);
        if (!singular)
            sums[3 * padded + j] += w * fabs(psi);
    }
}

/* sums: [4][padded] as of covey__coordinate_fn. */
static void coordinate_chunk(void *context, double *sums, size_t begin, size_t end) {
    covey__problem *problem = context;
    for (size_t i = begin; i < end; ++i) {
        double w = covey__row_weight(problem->points, i);
        covey__residual(problem, problem->residual, i, problem->here);
        if (problem->shape != COVEY__SHAPE_GENERIC)
            problem->kernels->coordinate[problem->shape][problem->slope](
                sums, problem->residual, w, problem->loss->params, problem->padded);
        else
            add_row_generic(sums, problem->residual, w, problem->loss, problem->slope,
                            problem->singular, problem->d, problem->padded);
    }
}

static double sum_of(const double *v, size_t n) {
    double sum = 0;
    for (size_t j = 0; j < n; ++j)
        sum += v[j];
    return sum;
}

static int is_radial(const covey__problem *problem) {
    return problem->loss->ops->geometry == COVEY_GEOMETRY_RADIAL;
}

double covey__problem_value(covey__problem *problem, const double *mu) {
    memcpy(problem->here, mu, problem->d * sizeof *mu);
    ++problem->evaluations;
    if (is_radial(problem)) {
        covey__sum_rows(problem->nodes, 1, problem->points, radial_value_chunk, problem);
        return problem->nodes[0];
    }
    covey__sum_rows(problem->nodes, 4 * problem->padded, problem->points, coordinate_chunk,
                    problem);
    return sum_of(problem->nodes, problem->d);
}

void covey__problem_evaluate(covey__evaluation *e, covey__problem *problem, const double *mu) {
    size_t padded = problem->padded;
    const double *sums = problem->nodes;
    memcpy(problem->here, mu, problem->d * sizeof *mu);
    ++problem->evaluations;
    if (is_radial(problem)) {
        covey__sum_rows(problem->nodes, padded + EXTRAS, problem->points, radial_chunk, problem);
        e->value = sums[padded];
        e->scale = sums[padded + 2] + problem->kink * sums[padded + 3];
        for (size_t j = 0; j < padded; ++j) {
            e->gradient[j] = -sums[j];
            e->majoriser[j] = sums[padded + 1];
            e->at_kink[j] = sums[padded + 3];
        }
        return;
    }
    covey__sum_rows(problem->nodes, 4 * padded, problem->points, coordinate_chunk, problem);
    e->value = sum_of(sums, problem->d);
    double scale = 0;
    for (size_t j = 0; j < problem->d; ++j) {
        /* Where no sum of |psi| is kept: everybody's pull is the kink's, or by Cauchy-Schwarz at
         * most sqrt(sum psi/u * sum u psi), u psi being of the size of rho. */
        double size = problem->kink != 0  ? problem->kink * problem->total_weight
                      : problem->singular ? sqrt(sums[2 * padded + j] * sums[j])
                                          : sums[3 * padded + j];
        e->gradient[j] = -sums[padded + j];
        e->majoriser[j] = sums[2 * padded + j];
        e->at_kink[j] = problem->singular ? sums[3 * padded + j] : 0;
        scale += size * size;
    }
    e->scale = sqrt(scale);
}

double covey__optimality(const covey__problem *problem, const covey__evaluation *e) {
    double norm = 0;
    if (e->scale == 0)
        return 0;
    for (size_t j = 0; j < problem->d; ++j) {
        double g = fabs(e->gradient[j]);
        if (!is_radial(problem)) {
            /* The kink's subgradients are all of [-K, K]. */
            double slack = covey__held(problem, e->gradient[j], e->at_kink[j]);
            g = g > slack ? g - slack : 0;
        }
        norm += g * g;
    }
    norm = sqrt(norm);
    if (is_radial(problem)) {
        double slack = problem->kink * e->at_kink[0]; /* a ball of that radius */
        norm = norm > slack ? norm - slack : 0;
    }
    return norm / e->scale;
}
