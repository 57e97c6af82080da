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

static int bit_length(size_t n) {
    int bits = 0;
    for (; n; n >>= 1)
        ++bits;
    return bits;
}

static size_t last_chunk(const covey__points *points) {
    return points->m ? covey__row_number(points, points->m - 1) / COVEY__CHUNK_ROWS : 0;
}

size_t covey__sum_depth(const covey__points *points) {
    return (size_t)bit_length(last_chunk(points)) + 2;
}

/* The tree of covey__sum_tree without its empty chunks: adding an absent chunk's zeros changes
 * nothing, so that two neighbours join at the level where their chunk numbers first agree. A stack
 * of open nodes suffices: each joins its left neighbour before anything joins the two at a higher
 * level. Levels fall strictly along the stack, hence the depth. */
void covey__sum_rows(double *nodes, size_t width, const covey__points *points, covey__rows_fn fn,
                     void *context) {
    size_t chunk_of[sizeof(size_t) * 8 + 2];
    size_t top = 0, begin = 0;
    while (begin < points->m) {
        size_t chunk = covey__row_number(points, begin) / COVEY__CHUNK_ROWS, end = begin + 1;
        while (end < points->m && covey__row_number(points, end) / COVEY__CHUNK_ROWS == chunk)
            ++end;
        while (top >= 2 && bit_length(chunk_of[top - 2] ^ chunk_of[top - 1]) <
                               bit_length(chunk_of[top - 1] ^ chunk)) {
            covey__sum_tree(nodes + (top - 2) * width, 2, width);
            --top;
        }
        memset(nodes + top * width, 0, width * sizeof *nodes);
        if (points->x32)
            covey__spill_ahead(points->x32 + covey__row_number(points, begin) * points->d);
        fn(context, nodes + top * width, begin, end);
        chunk_of[top++] = chunk;
        begin = end;
    }
    if (top == 0)
        memset(nodes, 0, width * sizeof *nodes);
    for (; top >= 2; --top)
        covey__sum_tree(nodes + (top - 2) * width, 2, width);
}

/* ---- a centre problem ---------------------------------------------------------------------- */

const covey__row_kernels *covey__row_kernels_get(void) {
#if defined(__x86_64__)
    covey_isa isa = COVEY_ISA_SCALAR;
    if (covey_isa_in_use(&isa, NULL) != COVEY_OK)
        isa = covey_isa_machine(); /* a misspelt COVEY_ISA is reported where a status can be */
    if (isa >= COVEY_ISA_AVX512)
        return &covey__rows_avx512;
    if (isa >= COVEY_ISA_AVX2)
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
