/* SPDX-License-Identifier: MIT */
/* Where a restart begins: k-means++ [ArthurVassilvitskii2007] on squared distances or on the loss,
 * k-means|| (cluster_start_parallel.c), or distinct random rows. The numbers depend on (seed,
 * purpose, restart) alone, so that every loss starts from the same rows, except under loss++. */
#include <math.h>
#include <string.h>

#include "base_internal.h"
#include "random_internal.h"
#include "start_internal.h"

enum { RANDOM_INDEX = 1 << 30 }; /* random starts draw from here on: apart from k-means++ */

/* ---- one row after another ---------------------------------------------------------------- */

/* All restarts share each pass over the rows: reading them is most of the work. */
typedef struct drawing {
    const covey__draws *of;
    covey__measure square, loss;
    size_t chunks;
    double *value;   /* [n][restarts], measure to the nearest row drawn so far */
    double *partial; /* [chunks][restarts], of the pull */
    double *centre;  /* [restarts][d], the row drawn last */
    double *edge;    /* [restarts], a value from which on rows have no pull: they are trimmed */
    char *by_square; /* [restarts], 1: drawn by the squared distance */
    int only;        /* the restart that is worked on, or -1: all */
    int first;       /* 1: `centre` is the first, 0: nearer ones may be there */
} drawing;

static covey_status drawing_init(drawing *w, const covey__draws *of, covey_error *err) {
    static const covey_loss_ops none = {.name = "square", .geometry = COVEY_GEOMETRY_RADIAL};
    static const covey_loss square = {.ops = &none};
    covey_status status = COVEY_OK;
    const covey__data *data = of->data;
    size_t count = (size_t)of->restarts, cells = 0;
    *w = (drawing){.of = of, .only = -1, .chunks = covey__chunk_count(data->n)};
    w->square = covey__measure_of(&square, data->kernels, data->d);
    w->loss = of->loss ? covey__measure_of(of->loss, data->kernels, data->d) : w->square;
    w->value = covey__mul_size(&cells, count, sizeof(double))
                   ? NULL
                   : covey__split_alloc(data->share.ranks, data->n, cells, 0);
    w->partial = covey__alloc_array(count * w->chunks, sizeof *w->partial);
    w->centre = covey__alloc_array(count * data->d, sizeof *w->centre);
    w->edge = covey__alloc_array(count, sizeof *w->edge);
    w->by_square = covey__calloc(count, sizeof *w->by_square);
    COVEY_NOMEM_IF(!w->value || !w->partial || !w->centre || !w->edge || !w->by_square, err);
    for (size_t r = 0; r < count; ++r) {
        w->edge[r] = INFINITY;
        w->by_square[r] = !of->loss;
    }
done:
    return status;
}

static void drawing_fini(drawing *w) {
    covey__free(w->value);
    covey__free(w->partial);
    covey__free(w->centre);
    covey__free(w->edge);
    covey__free(w->by_square);
}

static int is_left_out(const drawing *w, int restart) {
    return w->only >= 0 && restart != w->only;
}

/* How much row i of a restart attracts the next draw. */
static double pull(const drawing *w, size_t restart, size_t i) {
    double value = w->value[i * (size_t)w->of->restarts + restart];
    if (value >= w->edge[restart])
        return 0;
    if (!w->by_square[restart]) {
        value = covey__measure_loss(&w->loss, value);
        if (!(value > 0)) /* a user's own loss may have negative values; they attract nothing */
            return 0;
    }
    return w->of->weight ? w->of->weight[i] * value : value;
}

static void approach_chunk(void *context, size_t chunk, int worker) {
    drawing *w = context;
    const covey__data *data = w->of->data;
    size_t first = chunk * COVEY__CHUNK_ROWS, d = data->d;
    size_t end = first + COVEY__CHUNK_ROWS < data->n ? first + COVEY__CHUNK_ROWS : data->n;
    (void)worker;
    covey__spill_ahead(data->x + first * d);
    for (size_t i = first; i < end; ++i)
        for (int r = 0; r < w->of->restarts; ++r) {
            if (is_left_out(w, r))
                continue;
            double *value = w->value + i * (size_t)w->of->restarts + (size_t)r;
            double to_new = covey__measure_row(w->by_square[r] ? &w->square : &w->loss,
                                               data->x + i * d, w->centre + (size_t)r * d);
            if (w->first || to_new < *value)
                *value = to_new;
        }
}

static void pull_chunk(void *context, size_t chunk, int worker) {
    drawing *w = context;
    size_t first = chunk * COVEY__CHUNK_ROWS, n = w->of->data->n;
    size_t end = first + COVEY__CHUNK_ROWS < n ? first + COVEY__CHUNK_ROWS : n;
    (void)worker;
    for (int r = 0; r < w->of->restarts; ++r) {
        double sum = 0;
        if (is_left_out(w, r))
            continue;
        for (size_t i = first; i < end; ++i)
            sum += pull(w, (size_t)r, i);
        w->partial[chunk * (size_t)w->of->restarts + (size_t)r] = sum;
    }
}

static void set_centre(drawing *w, size_t restart, int64_t row) {
    const covey__data *data = w->of->data;
    for (size_t j = 0; j < data->d; ++j)
        w->centre[restart * data->d + j] = data->x[(size_t)row * data->d + j];
}

/* Takes in `centre`, and sums what the rows now pull. */
static void approach(drawing *w, int first) {
    const covey__data *data = w->of->data;
    w->first = first;
    covey__run_chunks(data, approach_chunk, w);
    size_t count = (size_t)w->of->restarts;
    size_t trimmed = w->of->loss ? covey__trim_count(w->of->loss, data->n, w->of->k) : 0;
    for (size_t r = 0; trimmed && r < count; ++r)
        if (!w->by_square[r])
            w->edge[r] = covey__trim_edge(&data->share, w->value + r, count, trimmed);
    covey__run_chunks(data, pull_chunk, w);
    covey__exchange_chunks(&data->share, w->partial, count * sizeof *w->partial);
}

/* Where nothing pulls any more by the loss (every row lies within the tube, or beyond the trimming
 * edge), which no further draw can change, the rest is drawn by the squared distance. */
static void fall_back(drawing *w, const int64_t *rows, size_t restart, size_t step) {
    w->by_square[restart] = 1;
    w->edge[restart] = INFINITY;
    w->only = (int)restart;
    for (size_t i = 0; i < step; ++i) {
        set_centre(w, restart, rows[restart * w->of->k + i]);
        approach(w, i == 0);
    }
    w->only = -1;
}

static double total_pull(const drawing *w, size_t restart, double *scratch) {
    for (size_t c = 0; c < w->chunks; ++c)
        scratch[c] = w->partial[c * (size_t)w->of->restarts + restart];
    covey__sum_tree(scratch, w->chunks, 1);
    return scratch[0];
}

/* A running sum on its way from rank to rank. */
typedef struct walk {
    double before;
    int64_t row, last; /* where it passed the target; the last row with a pull */
} walk;

static void walk_rows(walk *at, const drawing *w, size_t restart, double target, size_t first,
                      size_t end) {
    for (size_t i = first; i < end && at->row < 0; ++i) {
        double of_row = pull(w, restart, i);
        at->before += of_row;
        if (of_row > 0) {
            at->last = (int64_t)i;
            if (at->before > target)
                at->row = (int64_t)i;
        }
    }
}

/* The row at which the running sum of the pull passes `target`; the last with a positive one where
 * rounding puts the target beyond the end; -1 if there is none. */
static int64_t find_row(const drawing *w, size_t restart, double target) {
    const covey__share *share = &w->of->data->share;
    const double *partial = w->partial + restart;
    size_t count = (size_t)w->of->restarts, chunk = 0;
    walk at = {.row = -1, .last = -1};
    while (chunk + 1 < w->chunks && at.before + partial[chunk * count] <= target)
        at.before += partial[chunk++ * count];
    size_t from = chunk * COVEY__CHUNK_ROWS;
    int rank = covey__rank_of_row(share->ranks, share->n, from);
    for (; rank < share->ranks->count && at.row < 0; ++rank) {
        if (rank == share->ranks->rank)
            walk_rows(&at, w, restart, target, from > share->first ? from : share->first,
                      share->end);
        share->ranks->broadcast(&at, sizeof at, rank);
    }
    if (at.row >= 0 || at.last >= 0)
        return at.row >= 0 ? at.row : at.last;
    for (size_t i = share->end; at.last < 0 && i-- > share->first;)
        if (pull(w, restart, i) > 0)
            at.last = (int64_t)i;
    share->ranks->reduce(&at.last, 1, COVEY__MOST);
    return at.last;
}

static int64_t first_row(const drawing *w, size_t number) {
    const covey__draws *of = w->of;
    size_t n = of->data->n;
    if (!of->weight)
        return (int64_t)covey__uniform_below(n, of->seed, of->purpose, number, 0);
    double total = 0, before = 0, target;
    for (size_t i = 0; i < n; ++i)
        total += of->weight[i];
    target = covey__uniform(of->seed, of->purpose, number, 0) * total;
    for (size_t i = 0; i < n; ++i) {
        before += of->weight[i];
        if (before > target)
            return (int64_t)i;
    }
    return (int64_t)n - 1;
}

static int64_t next_row(drawing *w, const int64_t *rows, size_t restart, size_t step,
                        double *scratch) {
    const covey__draws *of = w->of;
    size_t number = of->first_restart + restart;
    if (!step)
        return first_row(w, number);
    double total = total_pull(w, restart, scratch);
    if (!(total > 0 && isfinite(total)) && !w->by_square[restart]) {
        fall_back(w, rows, restart, step);
        total = total_pull(w, restart, scratch);
    }
    return find_row(w, restart, covey__uniform(of->seed, of->purpose, number, step) * total);
}

covey_status covey__draw_rows(int64_t *rows, size_t *found, const covey__draws *draws,
                              covey_error *err) {
    covey_status status = COVEY_OK;
    size_t count = (size_t)draws->restarts, k = draws->k;
    drawing w = {0};
    double *scratch = covey__alloc_array(covey__chunk_count(draws->data->n), sizeof *scratch);
    int64_t *drawn = covey__alloc_array(count, sizeof *drawn);
    COVEY_NOMEM_IF(!scratch || !drawn, err);
    COVEY_TRY(drawing_init(&w, draws, err));
    *found = k;
    for (size_t step = 0; step < k; ++step) {
        for (size_t r = 0; r < count; ++r) {
            int64_t *row = &rows[r * k + step];
            if (step >= draws->taken)
                *row = next_row(&w, rows, r, step, scratch);
            if (*row < 0) {
                *found = step;
                goto done;
            }
            drawn[r] = *row;
        }
        COVEY_TRY(covey__data_fetch(draws->data, drawn, count, err));
        for (size_t r = 0; r < count; ++r)
            set_centre(&w, r, drawn[r]);
        if (step + 1 < k)
            approach(&w, step == 0);
    }
done:
    drawing_fini(&w);
    covey__free(scratch);
    covey__free(drawn);
    return status;
}

/* ---- rows at random ------------------------------------------------------------------------ */

static int is_new(const covey__data *data, const int64_t *chosen, size_t count, size_t row,
                  covey_status *status, covey_error *err) {
    int64_t list = (int64_t)row;
    if (*status == COVEY_OK)
        *status = covey__data_fetch(data, &list, 1, err);
    for (size_t i = 0; i < count; ++i) {
        const float *a = data->x + (size_t)chosen[i] * data->d, *b = data->x + row * data->d;
        size_t j = 0;
        while (j < data->d && a[j] == b[j])
            ++j;
        if (j == data->d)
            return 0;
    }
    return 1;
}

/* Rows drawn one after another, those equal to an earlier one drawn again; where nearly all are
 * copies, the search goes on from the row drawn last. */
static covey_status start_random(int64_t *rows, const covey__data *data, size_t k,
                                 uint64_t restart, uint64_t seed, uint32_t purpose,
                                 covey_error *err) {
    covey_status status = COVEY_OK;
    uint64_t index = RANDOM_INDEX;
    for (size_t step = 0; step < k; ++step) {
        size_t row = 0;
        int found = 0;
        for (int attempt = 0; attempt < 64 && !found; ++attempt) {
            row = (size_t)covey__uniform_below(data->n, seed, purpose, restart, index++);
            found = is_new(data, rows, step, row, &status, err);
        }
        while (!found) {
            row = (row + 1) % data->n;
            found = is_new(data, rows, step, row, &status, err);
        }
        rows[step] = (int64_t)row;
    }
    return status;
}

/* ---- the entry ------------------------------------------------------------------------------ */

covey_status covey__start_rows(int64_t *rows, const covey__data *data, const covey__data *seen,
                               const covey_loss *loss, const covey_cluster_params *params,
                               uint32_t purpose, covey_error *err) {
    covey_status status = COVEY_OK;
    size_t k = params->k, found = k;
    int by_loss = params->start == COVEY_START_LOSSPP;
    covey__draws draws = {.data = by_loss ? seen : data,
                          .loss = by_loss ? loss : NULL,
                          .k = k,
                          .restarts = params->restarts,
                          .seed = params->seed,
                          .purpose = purpose};
    COVEY_TRY(covey__data_check_distinct(draws.data, k, err));
    if (params->start == COVEY_START_RANDOM)
        for (int r = 0; r < params->restarts; ++r)
            COVEY_TRY(start_random(rows + (size_t)r * k, data, k, (uint64_t)r, params->seed,
                                   purpose, err));
    else if (params->start == COVEY_START_KMEANS_PARALLEL)
        COVEY_TRY(covey__start_parallel(rows, data, k, params->restarts, params->seed, purpose,
                                        err));
    else
        COVEY_TRY(covey__draw_rows(rows, &found, &draws, err));
    /* Distinct rows were counted; only those closer than float64 can square remain. */
    COVEY_FAIL_IF(found < k, err, COVEY_E_ARGUMENT, NULL,
                  "%zu clusters were asked for, but only %zu rows differ measurably", k, found);
done:
    return status;
}
