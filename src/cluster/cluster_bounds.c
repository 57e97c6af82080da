/* SPDX-License-Identifier: MIT */
/* Assignment that leaves out what cannot have changed: lower bounds on the distance of every row to
 * every centre, after [Elkan2003], for each loss whose measure v has a transform g with
 *
 *     |g(v(x, c)) - g(v(x, c'))| <= |c - c'|    in some norm (covey__metric).
 *
 * A centre moves by its step, so that a bound falls by no more than that. Instead of lowering n k
 * numbers, each centre's path is summed and bounds are kept with the path at their time added:
 * bound - path is the bound of now. A row's own centre is measured afresh in float64 when some
 * bound does not exceed what it can be at most; then the centres that still are not excluded are
 * measured too, or scored together where they are many. So every label is the one that float64
 * gives, ties to the lower index, bit for bit. docs/maths/alternation.md, section 1. */
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "base_internal.h"
#include "cluster_internal.h"
#include "loss_internal.h"

/* Covers all float32 rounding of a bound, of its path and of the comparison, and the float64
 * rounding of a measure. */
static const double SLACK = 0x1p-20;

enum { BLOCK = 42, ROWS_PER_TASK = 12 * BLOCK, AHEAD = 2 };

/* Rows with more open centres than one in this many are scored against all of them at once. */
enum { SCORE_ALL = 4 };

/* Beyond this the bounds of n rows and k centres are not worth their memory. */
static const size_t MOST_BYTES = (size_t)5 << 28;

covey__metric covey__metric_of(const covey_loss *loss) {
    const covey_loss_ops *ops = loss->ops;
    if (ops->geometry == COVEY_GEOMETRY_RADIAL)
        return COVEY__METRIC_DISTANCE;
    if (ops == &covey__loss_absolute || ops == &covey__loss_quantile)
        return COVEY__METRIC_SUM;
    if (ops == &covey__loss_huber || ops == &covey__loss_pseudo_huber ||
        ops == &covey__loss_log_cosh)
        return COVEY__METRIC_ROOT;
    return ops == &covey__loss_lp ? COVEY__METRIC_POWER : COVEY__METRIC_NONE;
}

static double transformed(covey__metric metric, double value, double p) {
    switch (metric) {
    case COVEY__METRIC_DISTANCE:
        return sqrt(value);
    case COVEY__METRIC_ROOT:
        return sqrt(2 * value);
    case COVEY__METRIC_POWER:
        return pow(value, 1 / p);
    default:
        return value;
    }
}

/* The norm of a - b that belongs to the metric, not rounded down. */
static double step_length(covey__metric metric, const double *a, const double *b, size_t d,
                          double p) {
    double sum = 0;
    for (size_t i = 0; i < d; ++i) {
        double u = fabs(a[i] - b[i]);
        sum += metric == COVEY__METRIC_SUM ? u : metric == COVEY__METRIC_POWER ? pow(u, p) : u * u;
    }
    if (metric != COVEY__METRIC_SUM)
        sum = metric == COVEY__METRIC_POWER ? pow(sum, 1 / p) : sqrt(sum);
    return sum * (1 + 1e-9);
}

covey_status covey__bounds_init(covey__bounds *bounds, const covey__data *data,
                                const covey_loss *loss, size_t k, covey_error *err) {
    covey_status status = COVEY_OK;
    size_t n = data->n, d = data->d, cells = 0, pad = COVEY__SCORE_PAD;
    memset(bounds, 0, sizeof *bounds);
    bounds->metric = covey__metric_of(loss);
    bounds->p = loss->params[0];
    bounds->stride = (k + pad - 1) / pad * pad;
    if (bounds->metric == COVEY__METRIC_NONE ||
        covey__mul_size(&cells, n, bounds->stride * sizeof(float)) || cells > MOST_BYTES)
        return COVEY_OK; /* without bounds: bounds->owner stays NULL */
    const covey__ranks *ranks = data->share.ranks;
    bounds->bound = covey__split_alloc(ranks, n, bounds->stride * sizeof *bounds->bound, 0);
    bounds->value = covey__split_alloc(ranks, n, sizeof *bounds->value, 0);
    bounds->then = covey__split_alloc(ranks, n, sizeof *bounds->then, 0);
    bounds->still = covey__calloc(bounds->stride, sizeof *bounds->still);
    bounds->owner = covey__split_alloc(ranks, n, sizeof *bounds->owner, 0);
    bounds->clear = covey__split_alloc(ranks, n, sizeof *bounds->clear, 0);
    bounds->path = covey__calloc(bounds->stride, sizeof *bounds->path);
    bounds->rounded = covey__calloc(bounds->stride, sizeof *bounds->rounded);
    bounds->centres =
        covey__mul_size(&cells, k, d) ? NULL : covey__alloc_array(cells, sizeof *bounds->centres);
    COVEY_NOMEM_IF(!bounds->bound || !bounds->value || !bounds->then || !bounds->still ||
                       !bounds->owner || !bounds->clear || !bounds->path || !bounds->rounded ||
                       !bounds->centres,
                   err);
done:
    return status;
}

void covey__bounds_fini(covey__bounds *bounds) {
    covey__free(bounds->bound);
    covey__free(bounds->value);
    covey__free(bounds->then);
    covey__free(bounds->still);
    covey__free(bounds->owner);
    covey__free(bounds->clear);
    covey__free(bounds->path);
    covey__free(bounds->rounded);
    covey__free(bounds->centres);
    memset(bounds, 0, sizeof *bounds);
}

/* Adds what the centres moved since the last call; forgets everything where k changed. */
static void follow(covey__bounds *bounds, const covey__data *data, const double *centres,
                   size_t k) {
    size_t d = data->d;
    double farthest = 0;
    if (k != bounds->k) { /* clusters were dropped, or this is the first time */
        memset(bounds->path, 0, bounds->stride * sizeof *bounds->path);
        memset(bounds->owner + data->share.first, 0xFF,
               (data->share.end - data->share.first) * sizeof *bounds->owner);
    }
    bounds->longest = 0;
    for (size_t j = 0; j < k; ++j) {
        double step = k == bounds->k ? step_length(bounds->metric, centres + j * d,
                                                   bounds->centres + j * d, d, bounds->p)
                                     : 0;
        bounds->path[j] += step;
        farthest = fmax(farthest, step);
        bounds->rounded[j] = (float)bounds->path[j];
        bounds->longest = fmax(bounds->longest, bounds->path[j]);
    }
    bounds->drift += farthest;
    memcpy(bounds->centres, centres, k * d * sizeof *centres);
    bounds->k = k;
}

static float rounded_bound(const covey__bounds *b, double value, size_t j) {
    return (float)(transformed(b->metric, value, b->p) * (1 - SLACK) + b->path[j]);
}

static void set_own(covey__bounds *b, size_t i, size_t j, double value) {
    b->owner[i] = (int32_t)j;
    b->value[i] = value;
    b->then[i] = b->path[j];
    b->bound[i * b->stride + j] = INFINITY; /* never a candidate */
    b->clear[i] = -INFINITY;
}

typedef struct bounded {
    const covey__data *data;
    const covey__measure *measure;
    const covey__packed *packed;
    covey__bounds *bounds;
    int32_t *labels;
    float *scratch;  /* [workers][scratch_size]: scores, then rows side by side */
    uint32_t *lists; /* [workers][ROWS_PER_TASK + BLOCK + stride] */
    size_t scratch_size;
    double relative, absolute; /* a distance by `squares` is off by no more */
    atomic_size_t moved, compared;
} bounded;

/* What a bound must exceed, the largest rounding in it being that of `path`. */
static double limit_of(double own, double path) {
    return (own + SLACK * (own + path)) * (1 + SLACK);
}

/* The centres row i may be nearer to than `own`, its transformed measure now. */
static size_t find_open(const bounded *a, uint32_t *list, size_t i, double own) {
    const covey__bounds *b = a->bounds;
    float least;
    size_t count = a->data->kernels->open_bounds(list, &least, b->bound + i * b->stride, b->rounded,
                                                 (float)limit_of(own, b->longest), b->stride);
    b->clear[i] = (float)(least + b->drift);
    return count;
}

static double row_total(const float *x, size_t d) {
    double total = 0;
    for (size_t j = 0; j + 4 <= d; j += 4)
        total += ((double)x[j] + x[j + 1]) + ((double)x[j + 2] + x[j + 3]);
    for (size_t j = d / 4 * 4; j < d; ++j)
        total += x[j];
    return total;
}

/* Row i's measure to a centre of score s is at least share * s + low. A measure is
 * unit * score + constant. */
typedef struct lower_line {
    double share, low;
} lower_line;

static lower_line lower_line_of(const bounded *a, size_t i) {
    const covey__packed *packed = a->packed;
    size_t d = a->data->d, lanes = a->data->kernels->lanes;
    const float *x = a->data->x + i * d;
    double unit = 1, constant = 0, p = a->measure->p, length = a->data->length[i];
    double magnitude = packed->heaviest;
    switch (a->measure->kind) {
    case COVEY__KIND_SQUARE:
        constant = a->data->square[i];
        magnitude = (length + packed->longest) * (length + packed->longest);
        break;
    case COVEY__KIND_ABSOLUTE:
        constant = row_total(x, d);
        magnitude = 4 * (packed->heaviest + sqrt((double)d) * length);
        break;
    case COVEY__KIND_QUANTILE:
        constant = p * row_total(x, d);
        magnitude = 2 * (packed->heaviest + sqrt((double)d) * length);
        break;
    case COVEY__KIND_LOG_COSH: /* a padded tail adds log 2 for each zero */
        unit = p * p;
        constant = -unit * M_LN2 * (double)((d + lanes - 1) / lanes * lanes);
        magnitude = -constant;
        break;
    case COVEY__KIND_PSEUDO_HUBER: /* a padded tail adds 1 for each zero */
        unit = p * p;
        constant = -unit * (double)((d + lanes - 1) / lanes * lanes);
        magnitude = -constant;
        break;
    default:
        break;
    }
    double off = packed->absolute + packed->per_length * length;
    double low = constant - off * unit - SLACK * (magnitude + fabs(constant));
    return (lower_line){unit * (packed->relative > 0 ? 1 - packed->relative - SLACK : 1), low};
}

/* Bounds of row i from its scores. */
static void bounds_from_scores(bounded *a, size_t i, const float *scores) {
    const covey__packed *packed = a->packed;
    covey__bounds *b = a->bounds;
    lower_line line = lower_line_of(a, i);
    int power = b->metric == COVEY__METRIC_POWER;
    double twice = b->metric == COVEY__METRIC_ROOT ? 2 : 1;
    a->data->kernels->bounds(b->bound + i * b->stride, scores, packed->offset, packed->scale,
                             power ? b->still : b->rounded, (float)(twice * line.share),
                             (float)(twice * line.low), b->metric != COVEY__METRIC_SUM && !power,
                             b->stride);
    for (size_t j = 0; power && j < packed->k; ++j) {
        float *bound = b->bound + i * b->stride + j;
        *bound = rounded_bound(b, *bound, j);
    }
}

/* What |x - c|^2 of row i can be at most, its score given. */
static double most_from_score(const bounded *a, size_t i, int32_t label, float score) {
    const covey__packed *p = a->packed;
    double off = p->absolute + p->per_length * a->data->length[i];
    double value = a->data->square[i] + p->offset[label] + (double)p->scale * score + off;
    return value > 0 ? value * (1 + SLACK) : 0;
}

/* Rows list [count], against every centre. */
static void assign_all(bounded *a, const uint32_t *list, size_t count, int worker) {
    const covey__data *data = a->data;
    covey__bounds *b = a->bounds;
    size_t d = data->d, k = a->packed->k;
    float *scores = a->scratch + (size_t)worker * a->scratch_size;
    float *rows = scores + (BLOCK + COVEY__SCORE_TILE) * a->packed->stride;
    const float *x = data->x + list[0] * d;
    if (a->packed->exact_only) {
        scores = NULL;
    } else if (count) {
        if (list[count - 1] - list[0] != count - 1) {
            for (size_t i = 0; i < count; ++i)
                memcpy(rows + i * d, data->x + list[i] * d, d * sizeof *rows);
            x = rows;
        }
        covey__score_rows(scores, data, a->measure, a->packed, x, count);
    }
    for (size_t i = 0; i < count; ++i) {
        size_t row = list[i];
        double value = INFINITY;
        int32_t label = 0;
        if (scores) {
            const float *own = scores + i * a->packed->stride;
            int enough = a->measure->kind == COVEY__KIND_SQUARE; /* to know it from above */
            label = covey__decide(enough ? NULL : &value, data, a->measure, a->packed, row, own);
            if (enough)
                value = most_from_score(a, row, label, own[label]);
            bounds_from_scores(a, row, own);
        }
        for (size_t j = 0; !scores && j < b->stride; ++j) {
            double to = j < k ? covey__measure_row(a->measure, data->x + row * d,
                                                   a->packed->centres + j * d)
                              : INFINITY;
            b->bound[row * b->stride + j] = j < k ? rounded_bound(b, to, j) : INFINITY;
            if (to < value) {
                value = to;
                label = (int32_t)j;
            }
        }
        set_own(b, row, (size_t)label, value);
        a->labels[row] = label;
    }
}

/* Float64 roots, exponentials and powers cost several times what float32 ones do: a score that
 * excludes the centre saves them. */
static int is_costly(const covey__measure *measure) {
    return measure->kind == COVEY__KIND_PSEUDO_HUBER || measure->kind == COVEY__KIND_LOG_COSH ||
           measure->kind == COVEY__KIND_LP;
}

static double lower_by_score(const bounded *a, lower_line line, size_t i, size_t j) {
    const covey__packed *packed = a->packed;
    float score;
    a->data->kernels->score(&score, 1, a->data->x + i * a->data->d, 1, a->data->d,
                            packed->rounded + j * packed->d_pad, 1, packed->d_pad, a->measure->kind,
                            (float)a->measure->p);
    double least = line.share * score + line.low;
    return least > 0 ? least : 0;
}

/* Row i against the centres list [count] and its own, whose measure is `value`. */
static void assign_some(bounded *a, size_t i, const uint32_t *list, size_t count, double value) {
    covey__bounds *b = a->bounds;
    size_t d = a->data->d, best = (size_t)a->labels[i];
    float *bound = b->bound + i * b->stride;
    int costly = is_costly(a->measure) && !a->packed->exact_only;
    lower_line line = costly ? lower_line_of(a, i) : (lower_line){0};
    for (size_t c = 0; c < count; ++c) {
        size_t j = list[c];
        double least = costly ? lower_by_score(a, line, i, j) : 0;
        if (least > value) {
            bound[j] = rounded_bound(b, least, j);
            continue;
        }
        double to = covey__measure_row(a->measure, a->data->x + i * d, a->packed->centres + j * d);
        if (to < value || (to == value && j < best)) {
            bound[best] = rounded_bound(b, value, best);
            best = j;
            value = to;
        } else {
            bound[j] = rounded_bound(b, to, j);
        }
    }
    set_own(b, i, best, value);
    a->labels[i] = (int32_t)best;
}

/* Between what a distance lies, its float32 square given. */
typedef struct interval {
    double low, high;
} interval;

static interval distance_between(const bounded *a, float square) {
    double r = sqrt((double)square);
    double low = r * (1 - a->relative) - a->absolute;
    return (interval){low > 0 ? low : 0, r * (1 + a->relative) + a->absolute};
}

/* Under a distance: row i, unsettled, by float32 distances to its own centre and to those that its
 * bounds then leave open, float64 only where these intervals overlap. Returns how many centres
 * were compared; 0: too many are open, and nothing is done. */
static size_t assign_near(bounded *a, size_t i, uint32_t *open, float *squares) {
    covey__bounds *b = a->bounds;
    const covey__packed *packed = a->packed;
    const covey__score_kernels *kernels = a->data->kernels;
    size_t d = a->data->d, best = (size_t)a->labels[i];
    const float *x = a->data->x + i * d;
    float *bound = b->bound + i * b->stride;
    open[0] = (uint32_t)best;
    kernels->squares(squares, x, d, packed->rounded, packed->d_pad, open, 1);
    interval own = distance_between(a, *squares), nearest = own;
    size_t count = find_open(a, open, i, own.high);
    if (count > packed->k / SCORE_ALL + 1)
        return 0;
    kernels->squares(squares, x, d, packed->rounded, packed->d_pad, open, count);
    for (size_t c = 0; c < count; ++c) {
        interval to = distance_between(a, squares[c]);
        if (to.high < nearest.high) {
            nearest = to;
            best = open[c];
        }
    }
    size_t label = (size_t)a->labels[i], close = own.low <= nearest.high;
    for (size_t c = 0; c < count; ++c)
        close += distance_between(a, squares[c]).low <= nearest.high;
    if (close > 1) { /* float64 decides between those, ties to the lower index */
        double value = INFINITY;
        for (size_t c = 0; c <= count; ++c) {
            interval to = c < count ? distance_between(a, squares[c]) : own;
            size_t j = c < count ? open[c] : label;
            if (to.low > nearest.high)
                continue;
            double exact = covey__measure_row(a->measure, x, packed->centres + j * d);
            if (exact < value || (exact == value && j < best)) {
                value = exact;
                best = j;
            }
        }
        nearest.high = sqrt(value) * (1 + SLACK);
    }
    /* The least bound of now: of those not open, more than the limit that left them out. */
    double least = count ? limit_of(own.high, b->longest) : b->clear[i] - b->drift;
    for (size_t c = 0; c < count; ++c) {
        double low = distance_between(a, squares[c]).low * (1 - SLACK);
        bound[open[c]] = (float)(low + b->path[open[c]]);
        least = fmin(least, low);
    }
    if (best != label) {
        bound[label] = (float)(own.low * (1 - SLACK) + b->path[label]);
        least = fmin(least, own.low * (1 - SLACK));
    }
    set_own(b, i, best, nearest.high * nearest.high * (1 + SLACK));
    b->clear[i] = (float)(least + b->drift);
    a->labels[i] = (int32_t)best;
    return 1 + count;
}

/* The rows of a task that a bound does not settle: list, and how many. */
static size_t find_unsettled(bounded *a, uint32_t *list, uint32_t *open, size_t first, size_t end) {
    covey__bounds *b = a->bounds;
    size_t count = 0;
    for (size_t i = first; i < end; ++i) {
        int32_t label = a->labels[i];
        if (label >= 0 && b->owner[i] == label) {
            double path = b->path[label] - b->then[i];
            double own = transformed(b->metric, b->value[i], b->p) + path;
            /* One number of the row before its k bounds, after [Hamerly2010]. */
            if (limit_of(own, b->drift) < b->clear[i] - b->drift || !find_open(a, open, i, own))
                continue;
        }
        list[count++] = (uint32_t)i;
    }
    return count;
}

static void fetch_row(const covey__data *data, size_t i) {
    const char *row = (const char *)(data->x + i * data->d);
    for (size_t at = 0; at < data->d * sizeof *data->x; at += 64)
        __builtin_prefetch(row + at);
}

static size_t flush(bounded *a, const uint32_t *batch, const int32_t *before, size_t count,
                    int worker) {
    size_t moved = 0;
    if (count)
        assign_all(a, batch, count, worker);
    for (size_t i = 0; i < count; ++i)
        moved += a->labels[batch[i]] != before[i];
    return moved;
}

static void assign_task(void *context, size_t first, int worker) {
    bounded *a = context;
    covey__bounds *b = a->bounds;
    size_t moved = 0, compared = 0, waiting = 0, d = a->data->d, last = a->data->share.end;
    size_t end = first + ROWS_PER_TASK < last ? first + ROWS_PER_TASK : last;
    uint32_t *list = a->lists + (size_t)worker * (ROWS_PER_TASK + BLOCK + b->stride);
    uint32_t *batch = list + ROWS_PER_TASK, *open = batch + BLOCK;
    float *squares = a->scratch + (size_t)worker * a->scratch_size; /* free until a flush */
    int near = a->measure->kind == COVEY__KIND_SQUARE;
    covey__spill_ahead(a->data->x + first * d);
    size_t unsettled = find_unsettled(a, list, open, first, end);
    int32_t before[BLOCK];
    for (size_t c = 0; c < unsettled; ++c) {
        size_t i = list[c], count = b->stride;
        int32_t label = a->labels[i];
        double value = b->value[i];
        if (c + AHEAD < unsettled)
            fetch_row(a->data, list[c + AHEAD]);
        if (near && label >= 0 && b->owner[i] == label) {
            size_t seen = assign_near(a, i, open, squares);
            compared += seen;
            moved += a->labels[i] != label;
            if (seen)
                continue;
        } else if (label >= 0 && b->owner[i] == label) {
            ++compared;
            if (b->then[i] != b->path[label]) /* else the centre is where it was */
                value = covey__measure_row(a->measure, a->data->x + i * d,
                                           a->packed->centres + (size_t)label * d);
            count = find_open(a, open, i, transformed(b->metric, value, b->p));
        }
        if (count <= a->packed->k / SCORE_ALL + 1) {
            assign_some(a, i, open, count, value);
            moved += a->labels[i] != label;
            compared += count;
            continue;
        }
        compared += a->packed->k;
        before[waiting] = label;
        batch[waiting++] = (uint32_t)i;
        if (waiting == BLOCK) {
            moved += flush(a, batch, before, waiting, worker);
            waiting = 0;
        }
    }
    moved += flush(a, batch, before, waiting, worker);
    atomic_fetch_add_explicit(&a->moved, moved, memory_order_relaxed);
    atomic_fetch_add_explicit(&a->compared, compared, memory_order_relaxed);
}

covey_status covey__assign_bounded(size_t *moved, int32_t *labels, covey__bounds *bounds,
                                   const covey__data *data, const covey__measure *measure,
                                   const covey__packed *packed, covey_error *err) {
    covey_status status = COVEY_OK;
    size_t workers = (size_t)covey__pool_size(data->pool);
    bounds->compared = data->n * packed->k;
    if (!bounds->owner || packed->extreme)
        return covey__assign(moved, labels, NULL, NULL, NULL, data, measure, packed, err);
    bounded a = {
        .data = data, .measure = measure, .packed = packed, .bounds = bounds, .labels = labels};
    atomic_init(&a.moved, 0);
    atomic_init(&a.compared, 0);
    /* Whole cache lines, as the product wants them. */
    a.scratch_size = (BLOCK + COVEY__SCORE_TILE) * packed->stride;
    a.scratch_size += (BLOCK * data->d + 15) / 16 * 16;
    a.scratch = covey__calloc(workers * a.scratch_size, sizeof *a.scratch);
    a.lists = covey__calloc(workers * (ROWS_PER_TASK + BLOCK + bounds->stride), sizeof *a.lists);
    COVEY_NOMEM_IF(!a.scratch || !a.lists, err);
    /* The sum's rounding and, as a step of the centre, that of its numbers; then what underflows.
     */
    size_t lanes = data->kernels->lanes;
    a.relative = (double)((data->d + lanes - 1) / lanes + lanes + 24) * 0x1p-24;
    a.absolute = packed->longest * 0x1p-24 * (1 + 0x1p-10) + sqrt((double)packed->d_pad) * 0x1p-63;
    follow(bounds, data, packed->centres, packed->k);
    covey__run_rows(data, ROWS_PER_TASK, assign_task, &a);
    int64_t counts[] = {(int64_t)atomic_load(&a.moved), (int64_t)atomic_load(&a.compared)};
    data->share.ranks->reduce(counts, 2, COVEY__SUM);
    covey__exchange_rows(&data->share, labels, sizeof *labels);
    *moved = (size_t)counts[0];
    bounds->compared = (size_t)counts[1];
done:
    covey__free(a.scratch);
    covey__free(a.lists);
    return status;
}
