/* SPDX-License-Identifier: MIT */
/* Which centre each row belongs to.
 *
 * All centres are scored in float32. With s the smallest score and every score off by at most
 * a s + b, only centres scoring at most (s (1 + a) + 2 b) / (1 - a) can be the nearest; where that
 * is more than one, float64 decides, ties to the lower index. So the labels are those of float64
 * arithmetic, at the price of float32. */
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "base_internal.h"
#include "cluster_internal.h"

enum { ROWS_PER_TASK = 256 };
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
                 {"pseudo_huber", COVEY__KIND_PSEUDO_HUBER, 1}};
    for (size_t i = 0; i < sizeof known / sizeof *known; ++i)
        if (!strcmp(loss->ops->name, known[i].name)) {
            measure.kind = known[i].kind;
            if (known[i].has_scale)
                measure.p = loss->params[0];
        }
    return measure;
}

double covey__measure_row(const covey__measure *measure, const float *x, const double *centre) {
    if (measure->kind != COVEY__KIND_OTHER)
        return measure->kernels->row_loss(x, centre, measure->d, measure->kind, measure->p);
    double sum = 0;
    for (size_t j = 0; j < measure->d; ++j)
        sum += measure->loss->ops->rho(x[j] - centre[j], measure->loss->params);
    return sum;
}

double covey__measure_loss(const covey__measure *measure, double value) {
    return measure->radial ? measure->loss->ops->rho(sqrt(value), measure->loss->params) : value;
}

covey_status covey__packed_init(covey__packed *packed, size_t k, size_t d, covey_error *err) {
    covey_status status = COVEY_OK;
    size_t cells = 0, pad = COVEY__SCORE_PAD;
    memset(packed, 0, sizeof *packed);
    packed->k_pad = (k + pad - 1) / pad * pad;
    packed->d_pad = (d + pad - 1) / pad * pad;
    packed->data = covey__mul_size(&cells, packed->k_pad, packed->d_pad)
                       ? NULL
                       : covey__calloc(cells, sizeof *packed->data);
    COVEY_NOMEM_IF(!packed->data, err);
done:
    return status;
}

void covey__packed_fini(covey__packed *packed) {
    covey__free(packed->data);
    memset(packed, 0, sizeof *packed);
}

/* The error of a score: each lane adds d/lanes terms of relative error a few UNIT, all of them
 * non-negative; and the centre is rounded to float32, which moves u by UNIT |c| at most.
 *   square        sum 2 |u| UNIT |c| <= 2 UNIT |c| sqrt(s) <= g s + (UNIT |c|)^2 / g
 *   others        |d score / du| <= L everywhere, so L UNIT sum |c|
 * with L = 1 for absolute, p for huber, 1/p for the score of pseudo_huber. */
void covey__packed_set(covey__packed *packed, const covey__data *data,
                       const covey__measure *measure, const double *centres, size_t k) {
    double longest = 0, heaviest = 0, largest = 0;
    packed->k = k;
    packed->centres = centres;
    for (size_t i = 0; i < k; ++i) {
        double square = 0, sum = 0;
        for (size_t j = 0; j < data->d; ++j) {
            double c = centres[i * data->d + j];
            packed->data[i * packed->d_pad + j] = (float)c;
            square += c * c;
            sum += fabs(c);
            largest = fabs(c) > largest ? fabs(c) : largest;
        }
        longest = sqrt(square) > longest ? sqrt(square) : longest;
        heaviest = sum > heaviest ? sum : heaviest;
    }
    size_t lanes = data->kernels->lanes;
    double per_sum = ((double)((data->d + lanes - 1) / lanes + lanes) + 24) * UNIT;
    double p = measure->p, slope = 1, tiny = (double)packed->d_pad * 0x1p-126;
    packed->exact_only = data->exact_only || measure->kind == COVEY__KIND_OTHER ||
                         largest > 1e15 || (measure->kind != COVEY__KIND_SQUARE &&
                                            measure->kind != COVEY__KIND_ABSOLUTE &&
                                            (p > 1e15 || p < 1e-12));
    packed->relative = per_sum;
    packed->absolute = tiny;
    switch (measure->kind) {
    case COVEY__KIND_SQUARE:
        packed->relative = 2 * per_sum;
        packed->absolute += UNIT * longest * UNIT * longest * (1 + 1 / per_sum);
        break;
    case COVEY__KIND_HUBER:
        slope = p;
        packed->absolute += slope * UNIT * heaviest;
        break;
    case COVEY__KIND_PSEUDO_HUBER:
        slope = 1 / p;
        packed->absolute += slope * UNIT * heaviest;
        break;
    default:
        packed->absolute += slope * UNIT * heaviest;
        break;
    }
}

typedef struct assignment {
    const covey__data *data;
    const covey__measure *measure;
    const covey__packed *packed;
    int32_t *labels, *second;
    double *value, *second_value;
    float *scores; /* [workers][COVEY__SCORE_ROWS][k_pad] */
    atomic_size_t moved;
} assignment;

/* Decides row i from its scores (NULL: every centre is a candidate). */
static void decide(assignment *a, size_t i, const float *scores) {
    const covey__packed *packed = a->packed;
    const float *x = a->data->x + i * a->data->d;
    size_t k = packed->k, d = a->data->d;
    double limit = INFINITY;
    if (scores) {
        float least = INFINITY, next = INFINITY;
        int32_t best = 0;
        for (size_t j = 0; j < k; ++j) {
            if (scores[j] < least) {
                next = least;
                least = scores[j];
                best = (int32_t)j;
            } else if (scores[j] < next) {
                next = scores[j];
            }
        }
        double s = a->second ? next : least;
        limit = (s * (1 + packed->relative) + 2 * packed->absolute) / (1 - packed->relative);
        if (!a->second && next > limit) {
            a->labels[i] = best;
            if (a->value)
                a->value[i] = covey__measure_row(a->measure, x, packed->centres + (size_t)best * d);
            return;
        }
    }
    double first_value = INFINITY, second_value = INFINITY;
    int32_t first = -1, second = -1;
    for (size_t j = 0; j < k; ++j) {
        if (scores && scores[j] > limit)
            continue;
        double value = covey__measure_row(a->measure, x, packed->centres + j * d);
        if (first < 0 || value < first_value) {
            second = first;
            second_value = first_value;
            first = (int32_t)j;
            first_value = value;
        } else if (second < 0 || value < second_value) {
            second = (int32_t)j;
            second_value = value;
        }
    }
    a->labels[i] = first;
    if (a->value)
        a->value[i] = first_value;
    if (a->second) {
        a->second[i] = second;
        a->second_value[i] = second_value;
    }
}

static void assign_rows(void *context, size_t task, int worker) {
    assignment *a = context;
    const covey__data *data = a->data;
    const covey__packed *packed = a->packed;
    size_t first = task * ROWS_PER_TASK, moved = 0;
    size_t end = first + ROWS_PER_TASK < data->n ? first + ROWS_PER_TASK : data->n;
    float *scores = a->scores + (size_t)worker * COVEY__SCORE_ROWS * packed->k_pad;
    for (size_t i = first; i < end; i += COVEY__SCORE_ROWS) {
        size_t rows = end - i < COVEY__SCORE_ROWS ? end - i : COVEY__SCORE_ROWS;
        if (!packed->exact_only)
            data->kernels->score(scores, data->x + i * data->d, rows, data->d, packed->data,
                                 packed->k_pad, packed->d_pad, a->measure->kind,
                                 (float)a->measure->p);
        for (size_t r = 0; r < rows; ++r) {
            int32_t before = a->labels[i + r];
            decide(a, i + r, packed->exact_only ? NULL : scores + r * packed->k_pad);
            moved += a->labels[i + r] != before;
        }
    }
    atomic_fetch_add_explicit(&a->moved, moved, memory_order_relaxed);
}

covey_status covey__assign(size_t *moved, int32_t *labels, double *value, int32_t *second,
                           double *second_value, const covey__data *data,
                           const covey__measure *measure, const covey__packed *packed,
                           covey_error *err) {
    covey_status status = COVEY_OK;
    size_t cells = 0;
    assignment a = {.data = data, .measure = measure, .packed = packed, .labels = labels,
                    .value = value, .second = second, .second_value = second_value};
    atomic_init(&a.moved, 0);
    a.scores = covey__mul_size(&cells, (size_t)covey__pool_size(data->pool) * COVEY__SCORE_ROWS,
                               packed->k_pad)
                   ? NULL
                   : covey__alloc_array(cells, sizeof *a.scores);
    COVEY_NOMEM_IF(!a.scores, err);
    covey__pool_run(data->pool, (data->n + ROWS_PER_TASK - 1) / ROWS_PER_TASK, assign_rows, &a);
    if (moved)
        *moved = atomic_load(&a.moved);
done:
    covey__free(a.scores);
    return status;
}
