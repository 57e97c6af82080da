/* SPDX-License-Identifier: MIT */
/* Which centre each row belongs to.
 *
 * All centres are scored in float32. With s the smallest score and every score off by at most
 * a s + b, only centres scoring at most (s (1 + a) + 2 b) / (1 - a) can be the nearest; where that
 * is more than one, float64 decides, ties to the lower index. So the labels are those of float64
 * arithmetic, at the price of float32. b grows with the row's length where scores come from a
 * matrix product, which cancels. */
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "base_internal.h"
#include "cluster_internal.h"

/* Rows scored at a time: three register blocks of the product, whose rows fit the L2 cache. */
enum { BLOCK = 42, BLOCKS_PER_TASK = 6, ROWS_PER_TASK = BLOCK * BLOCKS_PER_TASK };
static const double UNIT = 0x1p-24; /* rounding of float32 */

covey__measure covey__measure_of(const covey_loss *loss, const covey__score_kernels *kernels,
                                 size_t d) {
    covey__measure measure = {.loss = loss, .kernels = kernels, .d = d, .p = 1};
    measure.radial = loss->ops->geometry == COVEY_GEOMETRY_RADIAL;
    measure.kind = measure.radial ? COVEY__KIND_SQUARE : COVEY__KIND_OTHER;
    if (measure.radial)
        return measure;
    static const struct {
        const char *name;
        covey__kind kind;
        int has_scale;
    } known[] = {{"absolute", COVEY__KIND_ABSOLUTE, 0},
                 {"huber", COVEY__KIND_HUBER, 1},
                 {"pseudo_huber", COVEY__KIND_PSEUDO_HUBER, 1},
                 {"quantile", COVEY__KIND_QUANTILE, 1},
                 {"log_cosh", COVEY__KIND_LOG_COSH, 1},
                 {"lp", COVEY__KIND_LP, 1}};
    measure.shape = covey__shape_of(loss);
    measure.rows = covey__row_kernels_get();
    for (size_t i = 0; i < sizeof known / sizeof *known; ++i)
        if (measure.shape != COVEY__SHAPE_GENERIC && !strcmp(loss->ops->name, known[i].name)) {
            measure.kind = known[i].kind;
            if (known[i].has_scale)
                measure.p = loss->params[0];
        }
    return measure;
}

double covey__measure_row(const covey__measure *measure, const float *x, const double *centre) {
    if (measure->kind <= COVEY__KIND_ABSOLUTE)
        return measure->kernels->row_loss(x, centre, measure->d, measure->kind);
    if (measure->kind != COVEY__KIND_OTHER)
        return measure->rows->value[measure->shape](x, centre, measure->loss->params, measure->d);
    double sum = 0;
    for (size_t j = 0; j < measure->d; ++j)
        sum += measure->loss->ops->rho(x[j] - centre[j], measure->loss->params);
    return sum;
}

double covey__measure_loss(const covey__measure *measure, double value) {
    return measure->radial ? measure->loss->ops->rho(sqrt(value), measure->loss->params) : value;
}

covey_status covey__packed_init(covey__packed *packed, const covey__data *data, size_t k,
                                covey_error *err) {
    covey_status status = COVEY_OK;
    size_t cells = 0, pad = COVEY__SCORE_PAD, tile = COVEY__SCORE_TILE;
    memset(packed, 0, sizeof *packed);
    packed->k_pad = (k + tile - 1) / tile * tile;
    packed->stride = (k + pad - 1) / pad * pad;
    packed->d_pad = (data->d + 15) / 16 * 16;
    int fits = !covey__mul_size(&cells, packed->stride, packed->d_pad);
    packed->rounded = fits ? covey__calloc(cells, sizeof *packed->rounded) : NULL;
    packed->data = fits ? covey__calloc(cells, sizeof *packed->data) : NULL;
    packed->offset = covey__calloc(packed->stride, sizeof *packed->offset);
    COVEY_NOMEM_IF(!packed->rounded || !packed->data || !packed->offset, err);
done:
    return status;
}

void covey__packed_fini(covey__packed *packed) {
    covey__free(packed->rounded);
    covey__free(packed->data);
    covey__free(packed->offset);
    memset(packed, 0, sizeof *packed);
}

/* The error of a score. A product adds d terms in one chain, each centre rounded to float32:
 *   x.c is off by (d + 2) UNIT |x| |c|; offset and sum by a few UNIT (|c|^2 + 2 |x| |c|) more.
 * absolute adds d/lanes numbers min(x, c) per lane, none larger than |x| + |c|, whose sum is at
 * most sqrt(d) times the length.
 * A sum of terms adds d/lanes per lane, all non-negative and each off by a few UNIT of itself; the
 * centre's rounding moves u by UNIT |c|, the score by L UNIT sum |c|, with L the steepest slope:
 * p for huber, 1/p for the scores of pseudo_huber and log_cosh. That of lp has no bound, but
 * sum p |u|^(p-1) |c| <= (p - 1) sum |u|^p + sum |c|^p by Young's inequality. */
static void set_bounds(covey__packed *packed, const covey__data *data,
                       const covey__measure *measure, double longest, double heaviest) {
    size_t lanes = data->kernels->lanes, d = data->d;
    double tiny = (double)packed->d_pad * 0x1p-126, slope = 1;
    packed->relative = ((double)((d + lanes - 1) / lanes + lanes) + 24) * UNIT;
    packed->per_length = 0;
    switch (measure->kind) {
    case COVEY__KIND_SQUARE:
        packed->relative = 0;
        packed->per_length = (2 * (double)d + 16) * UNIT * longest * (1 + 0x1p-10);
        packed->absolute = 8 * UNIT * longest * longest + tiny;
        return;
    case COVEY__KIND_ABSOLUTE:
    case COVEY__KIND_QUANTILE:
        packed->per_length = 2 * packed->relative * sqrt((double)d) * (1 + 0x1p-10);
        packed->absolute = (2 * packed->relative + 4 * UNIT) * heaviest + tiny;
        packed->relative = 0;
        return;
    case COVEY__KIND_HUBER:
        slope = measure->p;
        break;
    case COVEY__KIND_LP:
        packed->relative += 2 * UNIT;
        packed->absolute = 1.01 * UNIT * packed->powers + 2 * tiny;
        return;
    default:
        slope = 1 / measure->p;
        break;
    }
    packed->absolute = slope * UNIT * heaviest + tiny;
}

void covey__packed_set(covey__packed *packed, const covey__data *data,
                       const covey__measure *measure, const double *centres, size_t k) {
    double longest = 0, heaviest = 0, largest = 0, p = measure->p;
    packed->k = k;
    packed->centres = centres;
    packed->by_product = measure->kind == COVEY__KIND_SQUARE;
    packed->scale = packed->by_product || measure->kind == COVEY__KIND_ABSOLUTE ? -2.0F
                    : measure->kind == COVEY__KIND_QUANTILE                      ? -1.0F
                                                                                  : 1.0F;
    packed->powers = 0;
    for (size_t j = 0; j < packed->stride; ++j)
        packed->offset[j] = INFINITY;
    for (size_t i = 0; i < k; ++i) {
        double square = 0, sum = 0, total = 0, powers = 0;
        for (size_t j = 0; j < data->d; ++j) {
            double c = centres[i * data->d + j], size = fabs(c);
            packed->rounded[i * packed->d_pad + j] = (float)c;
            square += c * c;
            sum += size;
            total += c;
            if (measure->kind == COVEY__KIND_LP)
                powers += pow(size, p);
            largest = size > largest ? size : largest;
        }
        packed->offset[i] = packed->by_product                       ? (float)square
                            : measure->kind == COVEY__KIND_ABSOLUTE ? (float)total
                            : measure->kind == COVEY__KIND_QUANTILE ? (float)((1 - p) * total)
                                                                    : 0;
        packed->powers = powers > packed->powers ? powers : packed->powers;
        longest = sqrt(square) > longest ? sqrt(square) : longest;
        heaviest = sum > heaviest ? sum : heaviest;
    }
    packed->longest = longest;
    packed->heaviest = heaviest;
    packed->extreme = data->exact_only || largest > 1e15 ||
                      (measure->kind != COVEY__KIND_SQUARE &&
                       measure->kind != COVEY__KIND_ABSOLUTE &&
                       measure->kind != COVEY__KIND_QUANTILE &&
                       measure->kind != COVEY__KIND_LP && measure->kind != COVEY__KIND_OTHER &&
                       (p > 1e15 || p < 1e-12));
    packed->exact_only = packed->extreme || measure->kind == COVEY__KIND_OTHER;
    if (packed->by_product && !packed->exact_only)
        covey__gemm_pack(data->products, packed->data, packed->rounded, packed->d_pad, k, data->d);
    set_bounds(packed, data, measure, longest, heaviest);
}

typedef struct assignment {
    const covey__data *data;
    const covey__measure *measure;
    const covey__packed *packed;
    int32_t *labels, *second;
    double *value, *second_value;
    float *scores; /* [workers][BLOCK + COVEY__SCORE_TILE][stride] */
    atomic_size_t moved;
} assignment;

/* Decides row i from its scores (NULL: every centre is a candidate). value may be NULL; second and
 * to_second too, together. */
static void decide(const assignment *a, size_t i, const float *scores, int32_t *label,
                   double *value, int32_t *second, double *to_second) {
    const covey__packed *packed = a->packed;
    const float *x = a->data->x + i * a->data->d;
    size_t k = packed->k, d = a->data->d;
    double limit = INFINITY;
    if (scores) {
        float least, next;
        size_t best = a->data->kernels->two_least(&least, &next, scores, packed->offset,
                                                  packed->scale, packed->stride);
        double s = second ? next : least, off = packed->absolute;
        off += packed->per_length * a->data->length[i];
        limit = (s * (1 + packed->relative) + 2 * off) / (1 - packed->relative);
        if (!second && next > limit) {
            *label = (int32_t)best;
            if (value)
                *value = covey__measure_row(a->measure, x, packed->centres + best * d);
            return;
        }
    }
    double first_value = INFINITY, second_value = INFINITY;
    int32_t first = -1, runner_up = -1;
    for (size_t j = 0; j < k; ++j) {
        if (scores && packed->offset[j] + packed->scale * scores[j] > limit)
            continue;
        double to = covey__measure_row(a->measure, x, packed->centres + j * d);
        if (first < 0 || to < first_value) {
            runner_up = first;
            second_value = first_value;
            first = (int32_t)j;
            first_value = to;
        } else if (runner_up < 0 || to < second_value) {
            runner_up = (int32_t)j;
            second_value = to;
        }
    }
    *label = first;
    if (value)
        *value = first_value;
    if (second) {
        *second = runner_up;
        *to_second = second_value;
    }
}

void covey__score_rows(float *scores, const covey__data *data, const covey__measure *measure,
                       const covey__packed *packed, const float *x, size_t count) {
    if (packed->by_product)
        data->products->gemm(scores, packed->stride, x, data->d, packed->data, count, data->d,
                             covey__gemm_panels(data->products, packed->k), NULL);
    else
        data->kernels->score(
            scores, packed->stride, x, count, data->d, packed->rounded, packed->k_pad,
            packed->d_pad,
            measure->kind == COVEY__KIND_QUANTILE ? COVEY__KIND_ABSOLUTE : measure->kind,
            (float)measure->p);
}

int32_t covey__decide(double *value, const covey__data *data, const covey__measure *measure,
                      const covey__packed *packed, size_t i, const float *scores) {
    int32_t label = -1;
    assignment a = {.data = data, .measure = measure, .packed = packed};
    decide(&a, i, scores, &label, value, NULL, NULL);
    return label;
}

/* Rows first .. end - 1, at most BLOCK; returns how many changed their label. */
static size_t assign_block(assignment *a, size_t first, size_t end, int worker) {
    const covey__packed *packed = a->packed;
    size_t moved = 0;
    float *scores = a->scores + (size_t)worker * (BLOCK + COVEY__SCORE_TILE) * packed->stride;
    if (packed->exact_only)
        scores = NULL;
    else
        covey__score_rows(scores, a->data, a->measure, packed, a->data->x + first * a->data->d,
                          end - first);
    for (size_t i = first; i < end; ++i) {
        int32_t before = a->labels[i];
        decide(a, i, scores ? scores + (i - first) * packed->stride : NULL, a->labels + i,
               a->value ? a->value + i : NULL, a->second ? a->second + i : NULL,
               a->second ? a->second_value + i : NULL);
        moved += a->labels[i] != before;
    }
    return moved;
}

static void assign_rows(void *context, size_t first, int worker) {
    assignment *a = context;
    size_t last = a->data->share.end, moved = 0;
    size_t end = first + ROWS_PER_TASK < last ? first + ROWS_PER_TASK : last;
    covey__spill_ahead(a->data->x + first * a->data->d);
    for (; first < end; first += BLOCK)
        moved += assign_block(a, first, first + BLOCK < end ? first + BLOCK : end, worker);
    atomic_fetch_add_explicit(&a->moved, moved, memory_order_relaxed);
}

static covey_status start_assignment(assignment *a, covey_error *err) {
    covey_status status = COVEY_OK;
    size_t cells = 0, rows = (size_t)covey__pool_size(a->data->pool) * (BLOCK + COVEY__SCORE_TILE);
    atomic_init(&a->moved, 0);
    a->scores = covey__mul_size(&cells, rows, a->packed->stride)
                    ? NULL
                    : covey__calloc(cells, sizeof *a->scores);
    COVEY_NOMEM_IF(!a->scores, err);
done:
    return status;
}

covey_status covey__assign(size_t *moved, int32_t *labels, double *value, int32_t *second,
                           double *second_value, const covey__data *data,
                           const covey__measure *measure, const covey__packed *packed,
                           covey_error *err) {
    assignment a = {.data = data, .measure = measure, .packed = packed, .labels = labels,
                    .value = value, .second = second, .second_value = second_value};
    covey_status status = start_assignment(&a, err);
    if (status != COVEY_OK)
        return status;
    covey__run_rows(data, ROWS_PER_TASK, assign_rows, &a);
    int64_t all = (int64_t)atomic_load(&a.moved);
    data->share.ranks->reduce(&all, 1, COVEY__SUM);
    covey__exchange_rows(&data->share, labels, sizeof *labels);
    if (value)
        covey__exchange_rows(&data->share, value, sizeof *value);
    if (second) {
        covey__exchange_rows(&data->share, second, sizeof *second);
        covey__exchange_rows(&data->share, second_value, sizeof *second_value);
    }
    if (moved)
        *moved = (size_t)all;
    covey__free(a.scores);
    return COVEY_OK;
}
