/* SPDX-License-Identifier: MIT */
/* What a finished alternation says of every row and cluster: distance, weight, margin, rank,
 * representative, medoid. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base_internal.h"
#include "cluster_internal.h"

/* A cluster of m rows needs m^2 distances for its exact medoid. Beyond this size only the rows
 * nearest to the centre are tried, where the medoid lies in all but pathological clusters. */
enum { MEDOID_EXACT = 256, MEDOID_CANDIDATES = 16 }; /* the latter are looked at together, too */

typedef struct placed {
    double distance;
    size_t row;
} placed;

static int compare_placed(const void *left, const void *right) {
    const placed *l = left, *r = right;
    if (l->distance != r->distance)
        return l->distance < r->distance ? -1 : 1;
    return (l->row > r->row) - (l->row < r->row);
}

typedef struct description {
    covey_clustering *out;
    const covey__data *data;
    covey__measure measure;
    covey__members members;
    placed *order;   /* [n], by cluster, nearest first */
    double *scratch; /* [workers][scratch_size]: candidates in float64, then in float32 */
    size_t scratch_size, d_pad;
} description;

/* coordinate: sum w_j u_j^2 / sum u_j^2 = sum psi(u_j) u_j / sum u_j^2, finite where w is not. */
static double raw_weight(const description *s, const float *x, const double *centre,
                         double distance) {
    const covey_loss *loss = &s->out->loss;
    if (s->measure.radial)
        return distance > 0 ? loss->ops->weight(distance, loss->params) : NAN;
    double pull = 0, square = 0;
    for (size_t j = 0; j < s->data->d; ++j) {
        double u = x[j] - centre[j];
        pull += loss->ops->psi(u, loss->params) * u;
        square += u * u;
    }
    return square > 0 ? pull / square : NAN;
}

/* Candidates for a medoid, at most MEDOID_CANDIDATES, with the summed distance of each to the
 * members, or what that lies between. */
typedef struct candidates {
    size_t count, row[MEDOID_CANDIDATES];
    double low[MEDOID_CANDIDATES], high[MEDOID_CANDIDATES];
} candidates;

/* Sums over the members of a cluster, of the distance to each candidate. */
typedef struct medoid_sums {
    const candidates *c;
    const description *s;
    const uint32_t *rows; /* the members */
    const float *padded;  /* [count][d_pad], candidates */
    const double *centres; /* [count][d], the same */
} medoid_sums;

enum { MOST_DEPTH = 2 * (sizeof(size_t) * 8 + 2) };

static void add_members(double *total, medoid_sums *sums, size_t count, covey__rows_fn fn) {
    double nodes[MOST_DEPTH * MEDOID_CANDIDATES];
    const covey__data *data = sums->s->data;
    covey__points points = {.x32 = data->x, .rows = sums->rows, .m = count, .d = data->d,
                            .share = &data->share};
    covey__sum_rows(nodes, sums->c->count, &points, fn, sums);
    memcpy(total, nodes, sums->c->count * sizeof *total);
}

static void add_bounds(void *context, double *sums, size_t begin, size_t end) {
    static const uint32_t list[MEDOID_CANDIDATES] = {0, 1, 2,  3,  4,  5,  6,  7,
                                                     8, 9, 10, 11, 12, 13, 14, 15};
    const medoid_sums *m = context;
    const description *s = m->s;
    float squares[MEDOID_CANDIDATES];
    size_t d = s->data->d;
    for (size_t i = begin; i < end; ++i) {
        s->data->kernels->squares(squares, s->data->x + m->rows[i] * d, d, m->padded, s->d_pad, list,
                                  m->c->count);
        for (size_t j = 0; j < m->c->count; ++j)
            sums[j] += sqrt((double)squares[j]);
    }
}

/* Under a distance, in float32: rows against rows, so that only the sums are rounded. */
static void bound_sums(candidates *c, const description *s, const uint32_t *rows, size_t count,
                       float *padded) {
    const covey__score_kernels *kernels = s->data->kernels;
    size_t d = s->data->d, lanes = kernels->lanes;
    double off = (double)((d + lanes - 1) / lanes + lanes + 24) * 0x1p-24;
    double tiny = sqrt((double)s->d_pad) * 0x1p-63;
    medoid_sums sums = {.c = c, .s = s, .rows = rows, .padded = padded};
    memset(padded, 0, c->count * s->d_pad * sizeof *padded);
    for (size_t i = 0; i < c->count; ++i)
        memcpy(padded + i * s->d_pad, s->data->x + c->row[i] * d, d * sizeof *padded);
    add_members(c->low, &sums, count, add_bounds);
    for (size_t i = 0; i < c->count; ++i) {
        double sum = c->low[i], by = sum * off + tiny * (double)count;
        c->low[i] = sum - by;
        c->high[i] = sum + by;
    }
}

/* Member by member, so that a row is read once for all candidates. */
static void add_distances(void *context, double *sums, size_t begin, size_t end) {
    const medoid_sums *m = context;
    const description *s = m->s;
    size_t d = s->data->d;
    for (size_t i = begin; i < end; ++i)
        for (size_t j = 0; j < m->c->count; ++j) {
            double value = covey__measure_row(&s->measure, s->data->x + m->rows[i] * d,
                                              m->centres + j * d);
            sums[j] += s->measure.radial ? sqrt(value) : value;
        }
}

/* The same in float64: low and high are both the sum. */
static void find_sums(candidates *c, const description *s, const uint32_t *rows, size_t count,
                      double *centres) {
    size_t d = s->data->d;
    medoid_sums sums = {.c = c, .s = s, .rows = rows, .centres = centres};
    for (size_t i = 0; i < c->count; ++i)
        for (size_t j = 0; j < d; ++j)
            centres[i * d + j] = s->data->x[c->row[i] * d + j];
    add_members(c->low, &sums, count, add_distances);
    memcpy(c->high, c->low, sizeof c->high);
}

/* Leaves out the candidates that another beats, or `best`. */
static void keep_least(candidates *c, double best) {
    size_t kept = 0;
    for (size_t i = 0; i < c->count; ++i)
        best = c->high[i] < best ? c->high[i] : best;
    for (size_t i = 0; i < c->count; ++i)
        if (c->low[i] <= best) {
            c->row[kept] = c->row[i];
            ++kept;
        }
    c->count = kept;
}

/* The member with the least summed distance to all, the lowest of equal ones. */
static int64_t find_medoid(const description *s, const uint32_t *rows, size_t count,
                           const placed *order, int worker) {
    double *scratch = s->scratch + (size_t)worker * s->scratch_size, best = INFINITY;
    float *padded = (float *)(scratch + MEDOID_CANDIDATES * s->data->d);
    size_t tried = count <= MEDOID_EXACT ? count : MEDOID_CANDIDATES;
    int64_t medoid = -1, fetched[MEDOID_CANDIDATES];
    for (size_t first = 0; first < tried; first += MEDOID_CANDIDATES) {
        candidates c = {.count = tried - first < MEDOID_CANDIDATES ? tried - first
                                                                   : MEDOID_CANDIDATES};
        for (size_t i = 0; i < c.count; ++i) {
            c.row[i] = order[first + i].row;
            fetched[i] = (int64_t)c.row[i];
        }
        if (covey__data_fetch(s->data, fetched, c.count, NULL) != COVEY_OK)
            return -1; /* met by describe_clusters */
        if (s->measure.radial && !s->data->exact_only) {
            bound_sums(&c, s, rows, count, padded);
            keep_least(&c, best);
        }
        find_sums(&c, s, rows, count, scratch);
        for (size_t i = 0; i < c.count; ++i)
            if (c.low[i] < best || (c.low[i] == best && (int64_t)c.row[i] < medoid)) {
                best = c.low[i];
                medoid = (int64_t)c.row[i];
            }
    }
    return medoid;
}

/* What a row's residual weighs, before it is divided by the largest of the cluster. */
static void weigh_chunk(void *context, size_t chunk, int worker) {
    const description *s = context;
    covey_clustering *out = s->out;
    const covey__data *data = s->data;
    size_t d = data->d, first = chunk * COVEY__CHUNK_ROWS;
    size_t end = first + COVEY__CHUNK_ROWS < data->n ? first + COVEY__CHUNK_ROWS : data->n;
    (void)worker;
    covey__spill_ahead(data->x + first * d);
    for (size_t i = first; i < end; ++i)
        if (out->labels[i] >= 0)
            out->weight[i] = raw_weight(s, data->x + i * d,
                                        out->centres + (size_t)out->labels[i] * d,
                                        out->distance[i]);
}

static void order_cluster(void *context, size_t j, int worker) {
    description *s = context;
    covey_clustering *out = s->out;
    size_t first = s->members.first[j], count = s->members.first[j + 1] - first;
    const uint32_t *rows = s->members.rows + first;
    placed *order = s->order + first;
    double largest = 0;
    (void)worker;
    out->sizes[j] = count;
    out->representatives[j] = out->medoids[j] = -1;
    if (!count)
        return;
    for (size_t i = 0; i < count; ++i) {
        size_t row = rows[i];
        order[i] = (placed){out->distance[row], row};
        if (out->weight[row] > largest && isfinite(out->weight[row]))
            largest = out->weight[row];
    }
    qsort(order, count, sizeof *order, compare_placed);
    for (size_t i = 0; i < count; ++i) {
        double *weight = out->weight + rows[i];
        if (!isfinite(*weight))
            *weight = 1; /* on the centre, where psi(r)/r is 0/0 */
        else
            *weight = largest > 0 ? *weight / largest : 0;
        out->rank[order[i].row] = (int32_t)i;
    }
    out->representatives[j] = (int64_t)order[0].row;
}

static void find_cluster_medoid(void *context, size_t j, int worker) {
    description *s = context;
    size_t first = s->members.first[j], count = s->members.first[j + 1] - first;
    if (count)
        s->out->medoids[j] = find_medoid(s, s->members.rows + first, count, s->order + first,
                                         worker);
}

static covey_status describe_clusters(description *s, covey_error *err) {
    covey_status status = COVEY_OK;
    covey_clustering *out = s->out;
    covey__run_chunks(s->data, weigh_chunk, s);
    covey__exchange_rows(&s->data->share, out->weight, sizeof *out->weight);
    covey__pool_run(s->data->pool, out->k, order_cluster, s);
    covey__run_clusters(s->data, out->k, find_cluster_medoid, s);
    for (size_t j = 0; j < out->k; ++j)
        COVEY_NOMEM_IF(out->sizes[j] && out->medoids[j] < 0, err);
done:
    return status;
}

static covey_status allocate(covey_clustering *out, covey_error *err) {
    covey_status status = COVEY_OK;
    size_t n = out->n, k = out->k;
    out->nearest = covey__alloc_array(n, sizeof *out->nearest);
    out->distance = covey__alloc_array(n, sizeof *out->distance);
    out->weight = covey__alloc_array(n, sizeof *out->weight);
    out->margin = covey__alloc_array(n, sizeof *out->margin);
    out->rank = covey__alloc_array(n, sizeof *out->rank);
    out->sizes = covey__calloc(k, sizeof *out->sizes);
    out->representatives = covey__alloc_array(k, sizeof *out->representatives);
    out->medoids = covey__alloc_array(k, sizeof *out->medoids);
    COVEY_NOMEM_IF(!out->nearest || !out->distance || !out->weight || !out->margin ||
                       !out->rank || !out->sizes || !out->representatives || !out->medoids,
                   err);
done:
    return status;
}

/* margin: how much nearer the own centre is than the best other, 0 where it is not nearer (labels
 * are those before the last re-centring). */
static covey_status set_distances(description *s, covey_error *err) {
    covey_status status = COVEY_OK;
    covey_clustering *out = s->out;
    size_t n = out->n, d = out->d;
    covey__packed packed = {0};
    int32_t *second = covey__alloc_array(n, sizeof *second);
    double *value = covey__alloc_array(n, sizeof *value);
    double *second_value = covey__alloc_array(n, sizeof *second_value);
    COVEY_NOMEM_IF(!second || !value || !second_value, err);
    COVEY_TRY(covey__packed_init(&packed, s->data, out->k, err));
    covey__packed_set(&packed, s->data, &s->measure, out->centres, out->k);
    for (size_t i = 0; i < n; ++i)
        out->nearest[i] = -1;
    COVEY_TRY(covey__assign(NULL, out->nearest, value, second, second_value, s->data, &s->measure,
                            &packed, err));
    for (size_t i = s->data->share.first; i < s->data->share.end; ++i) {
        int32_t own = out->labels[i];
        double mine = value[i], other = second_value[i];
        covey__spill_look(i);
        if (own >= 0 && own != out->nearest[i]) {
            other = value[i];
            mine = own == second[i] ? second_value[i]
                                    : covey__measure_row(&s->measure, s->data->x + i * d,
                                                         out->centres + (size_t)own * d);
        }
        if (s->measure.radial) {
            mine = sqrt(mine);
            other = sqrt(other);
        }
        out->distance[i] = mine;
        out->margin[i] = out->k < 2 ? 1 : other > mine ? (other - mine) / other : 0;
    }
    covey__exchange_rows(&s->data->share, out->distance, sizeof *out->distance);
    covey__exchange_rows(&s->data->share, out->margin, sizeof *out->margin);
    for (size_t i = 0; i < n; ++i)
        if (out->labels[i] >= 0)
            out->nearest[i] = out->labels[i];
        else { /* trimmed off */
            out->weight[i] = 0;
            out->rank[i] = -1;
        }
done:
    covey__packed_fini(&packed);
    covey__free(second);
    covey__free(value);
    covey__free(second_value);
    return status;
}

covey_status covey__describe(covey_clustering *out, covey__fit *fit, const covey__data *data,
                             const covey_loss *loss, covey_error *err) {
    covey_status status = COVEY_OK;
    covey_clustering made = {.loss = *loss, .n = data->n, .d = data->d, .k = fit->k};
    description s = {.out = &made, .data = data};
    made.centres = fit->centres;
    made.labels = fit->labels;
    fit->centres = NULL;
    fit->labels = NULL;
    made.objective = fit->objective;
    made.restart = fit->restart;
    made.rounds = fit->rounds;
    made.converged = fit->converged;
    made.unsolved = fit->unsolved;
    made.refilled = fit->refilled;
    made.zero_rows = data->zero_rows;
    s.measure = covey__measure_of(&made.loss, data->kernels, data->d);
    COVEY_TRY(allocate(&made, err));
    COVEY_TRY(covey__members_init(&s.members, data->n, made.k, err));
    s.order = covey__alloc_array(data->n, sizeof *s.order);
    s.d_pad = (data->d + 15) / 16 * 16;
    s.scratch_size = MEDOID_CANDIDATES * (data->d + s.d_pad);
    s.scratch = covey__alloc_array((size_t)covey__pool_size(data->pool) * s.scratch_size,
                                   sizeof *s.scratch);
    COVEY_NOMEM_IF(!s.order || !s.scratch, err);
    covey__members_set(&s.members, made.labels, data->n, made.k);
    COVEY_TRY(set_distances(&s, err));
    COVEY_TRY(describe_clusters(&s, err));
    *out = made;
    memset(&made, 0, sizeof made);
done:
    covey__members_fini(&s.members);
    covey__free(s.order);
    covey__free(s.scratch);
    covey_clustering_fini(&made);
    return status;
}

void covey_clustering_fini(covey_clustering *clustering) {
    covey__free(clustering->centres);
    covey__free(clustering->labels);
    covey__free(clustering->nearest);
    covey__free(clustering->distance);
    covey__free(clustering->weight);
    covey__free(clustering->margin);
    covey__free(clustering->rank);
    covey__free(clustering->sizes);
    covey__free(clustering->representatives);
    covey__free(clustering->medoids);
    covey__free(clustering->history);
    memset(clustering, 0, sizeof *clustering);
}
