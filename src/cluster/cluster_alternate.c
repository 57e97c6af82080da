/* SPDX-License-Identifier: MIT */
/* One alternation: assign, deal with empty clusters, re-centre, until nothing moves.
 * docs/maths/alternation.md, after Lloyd's method [Lloyd1982]. */
#include <math.h>
#include <string.h>

#include "base_internal.h"
#include "cluster_internal.h"

typedef struct state {
    const covey__data *data;
    const covey_loss *loss;
    const covey_cluster_params *params;
    covey__measure measure;
    covey__packed packed;
    covey__members members;
    size_t k;
    double *centres, *next; /* [k][d] */
    int32_t *labels, *previous; /* [n] */
    double *value;              /* [n], measure to the centre assigned */
    double *before, *after;     /* [k] */
    char *stale;                /* [k], 1: the members changed since the centre was solved fully */
    char *unsolved;             /* [k] */
    covey_status *statuses;     /* [k], of the solvers */
    covey__effort effort;
    covey__centre_work *work;   /* [workers] */
    covey_error *errors;        /* [workers] */
    size_t *error_cluster;      /* [workers] */
    size_t refilled;
} state;

static void state_fini(state *s) {
    covey__packed_fini(&s->packed);
    covey__members_fini(&s->members);
    covey__free(s->centres);
    covey__free(s->next);
    covey__free(s->labels);
    covey__free(s->previous);
    covey__free(s->value);
    covey__free(s->before);
    covey__free(s->after);
    covey__free(s->stale);
    covey__free(s->unsolved);
    covey__free(s->statuses);
    for (int w = 0; s->work && w < covey__pool_size(s->data->pool); ++w)
        covey__centre_work_fini(&s->work[w]);
    covey__free(s->work);
    covey__free(s->errors);
    covey__free(s->error_cluster);
}

static covey_status state_init(state *s, const covey__data *data, const covey_loss *loss,
                               const covey_cluster_params *params, const double *centres,
                               covey_error *err) {
    covey_status status = COVEY_OK;
    size_t k = params->k, n = data->n, d = data->d, cells = 0;
    size_t workers = (size_t)covey__pool_size(data->pool);
    memset(s, 0, sizeof *s);
    s->data = data;
    s->loss = loss;
    s->params = params;
    s->k = k;
    s->measure = covey__measure_of(loss, data->kernels, d);
    COVEY_NOMEM_IF(covey__mul_size(&cells, k, d), err);
    s->centres = covey__alloc_array(cells, sizeof *s->centres);
    s->next = covey__alloc_array(cells, sizeof *s->next);
    s->labels = covey__alloc_array(n, sizeof *s->labels);
    s->previous = covey__alloc_array(n, sizeof *s->previous);
    s->value = covey__alloc_array(n, sizeof *s->value);
    s->before = covey__alloc_array(k, sizeof *s->before);
    s->after = covey__alloc_array(k, sizeof *s->after);
    s->stale = covey__alloc_array(k, sizeof *s->stale);
    s->unsolved = covey__calloc(k, sizeof *s->unsolved);
    s->statuses = covey__calloc(k, sizeof *s->statuses);
    s->work = covey__calloc(workers, sizeof *s->work);
    s->errors = covey__calloc(workers, sizeof *s->errors);
    s->error_cluster = covey__calloc(workers, sizeof *s->error_cluster);
    COVEY_NOMEM_IF(!s->centres || !s->next || !s->labels || !s->previous || !s->value ||
                       !s->before || !s->after || !s->stale || !s->unsolved || !s->statuses ||
                       !s->work || !s->errors || !s->error_cluster,
                   err);
    COVEY_TRY(covey__packed_init(&s->packed, k, d, err));
    COVEY_TRY(covey__members_init(&s->members, n, k, err));
    memcpy(s->centres, centres, cells * sizeof *centres);
    memset(s->stale, 1, k);
    for (size_t i = 0; i < n; ++i)
        s->labels[i] = -2;
done:
    return status;
}

/* ---- empty clusters --------------------------------------------------------------------- */

/* The row that lies farthest by measure from its centre, in a cluster that can spare one. */
static int64_t worst_row(const state *s, const size_t *sizes) {
    int64_t worst = -1;
    double most = 0;
    for (size_t i = 0; i < s->data->n; ++i)
        if (s->value[i] > most && sizes[s->labels[i]] > 1) {
            most = s->value[i];
            worst = (int64_t)i;
        }
    return worst;
}

static void drop_cluster(state *s, size_t gone) {
    size_t d = s->data->d;
    memmove(s->centres + gone * d, s->centres + (gone + 1) * d,
            (s->k - gone - 1) * d * sizeof *s->centres);
    memmove(s->stale + gone, s->stale + gone + 1, s->k - gone - 1);
    memmove(s->unsolved + gone, s->unsolved + gone + 1, s->k - gone - 1);
    for (size_t i = 0; i < s->data->n; ++i) {
        s->labels[i] -= s->labels[i] > (int32_t)gone;
        s->previous[i] -= s->previous[i] > (int32_t)gone;
    }
    --s->k;
}

/* Applies the policy to clusters without rows. Refilling lowers the objective: the row taken loses
 * nothing to the centre that now lies on it. */
static covey_status settle_empty(state *s, size_t *moved, covey_error *err) {
    covey_status status = COVEY_OK;
    size_t d = s->data->d;
    size_t *sizes = covey__calloc(s->k, sizeof *sizes);
    COVEY_NOMEM_IF(!sizes, err);
    for (size_t i = 0; i < s->data->n; ++i)
        ++sizes[s->labels[i]];
    for (size_t j = s->k; j-- > 0;) { /* from the last: dropping one leaves those before in place */
        if (sizes[j])
            continue;
        COVEY_FAIL_IF(s->params->empty == COVEY_EMPTY_ERROR, err, COVEY_E_NUMERIC, NULL,
                      "cluster %zu of %zu lost all its rows; ask for fewer clusters, or let it be "
                      "refilled, kept or dropped (--empty)",
                      j, s->k);
        if (s->params->empty == COVEY_EMPTY_KEEP)
            continue;
        ++s->refilled;
        if (s->params->empty == COVEY_EMPTY_DROP) {
            drop_cluster(s, j);
            memmove(sizes + j, sizes + j + 1, (s->k - j) * sizeof *sizes);
            continue;
        }
        int64_t row = worst_row(s, sizes);
        if (row < 0)
            continue; /* every row lies on its centre to the last bit: nothing to win */
        --sizes[s->labels[row]];
        *moved += s->labels[row] == s->previous[row];
        s->labels[row] = (int32_t)j;
        s->value[row] = 0;
        sizes[j] = 1;
        for (size_t i = 0; i < d; ++i)
            s->centres[j * d + i] = s->data->x[(size_t)row * d + i];
    }
done:
    covey__free(sizes);
    return status;
}

/* ---- centres ---------------------------------------------------------------------------- */

/* Between assignments a step towards the centre is worth as much as the centre itself, which the
 * next assignment would move again; a centre with a formula, or a solver asked for by name, is found
 * outright. */
static covey__effort effort_before_settling(const state *s) {
    int outright = s->params->solver != COVEY_SOLVER_AUTO || s->loss->ops->exact_centre;
    return outright ? COVEY__EFFORT_FULL : COVEY__EFFORT_STEP;
}

/* Means are taken of all clusters in one pass over the rows in order. */
static int centre_is_mean(const state *s) {
    return (s->params->solver == COVEY_SOLVER_AUTO || s->params->solver == COVEY_SOLVER_EXACT) &&
           s->loss->ops->exact_centre && !strcmp(s->loss->ops->exact_centre, "mean");
}

static void solve_cluster(void *context, size_t j, int worker) {
    state *s = context;
    size_t first = s->members.first[j], count = s->members.first[j + 1] - first;
    covey_error err = {0};
    s->statuses[j] = COVEY_OK;
    if (!count || !s->stale[j])
        return;
    covey__points points = {.x32 = s->data->x, .rows = s->members.rows + first, .m = count,
                            .d = s->data->d};
    covey__centre_options options = {.solver = s->params->solver, .effort = s->effort};
    covey_centre_report report = {.converged = 1};
    s->statuses[j] =
        covey__centre_solve(s->next + j * s->data->d, s->loss->ops->exact_centre ? NULL : &report,
                            &points, s->loss, &options, &s->work[worker], &err);
    s->unsolved[j] = !report.converged;
    /* Each worker keeps the sentence of its lowest failing cluster. */
    if (s->statuses[j] != COVEY_OK &&
        (s->errors[worker].status == COVEY_OK || j < s->error_cluster[worker])) {
        s->errors[worker] = err;
        s->errors[worker].status = s->statuses[j];
        s->error_cluster[worker] = j;
    }
}

/* next <- the centres of the labels. */
static covey_status solve_centres(state *s, covey_error *err) {
    covey_status status = COVEY_OK;
    size_t d = s->data->d;
    memcpy(s->next, s->centres, s->k * d * sizeof *s->next);
    if (centre_is_mean(s))
        return covey__means(s->next, s->data, s->labels, s->k, err);
    covey__members_set(&s->members, s->labels, s->data->n, s->k);
    covey__pool_run(s->data->pool, s->k, solve_cluster, s);
    for (size_t j = 0; j < s->k; ++j)
        if (s->statuses[j] != COVEY_OK) {
            status = s->statuses[j];
            for (int w = 0; err && w < covey__pool_size(s->data->pool); ++w)
                if (s->errors[w].status == status && s->error_cluster[w] == j)
                    *err = s->errors[w];
            break;
        }
    return status;
}

/* Re-centres, cluster by cluster only where the float64 objective does not rise. */
static covey_status recentre(state *s, double *objective, double *shift, covey_error *err) {
    covey_status status = COVEY_OK;
    size_t d = s->data->d;
    COVEY_TRY(covey__losses(s->before, NULL, s->data, &s->measure, s->labels, s->centres, s->k,
                            err));
    COVEY_TRY(solve_centres(s, err));
    COVEY_TRY(covey__losses(s->after, NULL, s->data, &s->measure, s->labels, s->next, s->k, err));
    *objective = *shift = 0;
    for (size_t j = 0; j < s->k; ++j) {
        if (s->after[j] <= s->before[j]) {
            double square = 0;
            for (size_t i = 0; i < d; ++i) {
                double u = s->next[j * d + i] - s->centres[j * d + i];
                square += u * u;
            }
            *shift += sqrt(square);
            memcpy(s->centres + j * d, s->next + j * d, d * sizeof *s->centres);
        } else {
            s->after[j] = s->before[j];
        }
        s->stale[j] &= s->effort == COVEY__EFFORT_STEP;
        *objective += s->after[j];
    }
done:
    return status;
}

static void mark_stale(state *s) {
    for (size_t i = 0; i < s->data->n; ++i)
        if (s->labels[i] != s->previous[i]) {
            s->stale[s->labels[i]] = 1;
            if (s->previous[i] >= 0)
                s->stale[s->previous[i]] = 1;
        }
}

/* ---- the loop --------------------------------------------------------------------------- */

covey_status covey__alternate(covey__fit *fit, covey__history *history, const covey__data *data,
                              const covey_loss *loss, const covey_cluster_params *params,
                              const double *centres, int restart, covey_error *err) {
    covey_status status = COVEY_OK;
    state s;
    COVEY_TRY(state_init(&s, data, loss, params, centres, err));
    covey__fit made = {.restart = restart};
    double scale = sqrt(data->spread / (double)data->n);
    int settled = 0; /* 1: the last round moved no row, or no centre by more than the tolerance */
    for (int round = 1; round <= params->max_rounds && !made.converged; ++round) {
        double objective = made.objective, shift = 0;
        size_t moved = 0;
        COVEY_FAIL_IF(params->progress && params->progress(params->progress_user, "cluster",
                                                           (size_t)restart,
                                                           (size_t)params->restarts),
                      err, COVEY_E_CANCELLED, NULL, "stopped on request");
        memcpy(s.previous, s.labels, data->n * sizeof *s.labels);
        covey__packed_set(&s.packed, data, &s.measure, s.centres, s.k);
        COVEY_TRY(covey__assign(&moved, s.labels, s.value, NULL, NULL, data, &s.measure,
                                &s.packed, err));
        COVEY_TRY(settle_empty(&s, &moved, err));
        mark_stale(&s);
        if (moved || memchr(s.stale, 1, s.k)) {
            s.effort = settled || !moved || round == params->max_rounds
                           ? COVEY__EFFORT_FULL
                           : effort_before_settling(&s);
            COVEY_TRY(recentre(&s, &objective, &shift, err));
            /* The shift is compared with the rows' own spread, so that units do not matter. */
            settled = shift <= params->tolerance * scale * (double)s.k;
            made.converged = settled && s.effort == COVEY__EFFORT_FULL;
        } else {
            made.converged = 1; /* the centres are those of the labels already */
        }
        made.rounds = round;
        made.objective = objective;
        COVEY_TRY(covey__history_add(
            history, (covey_round){restart, round, objective, shift, moved}, err));
    }
    for (size_t j = 0; j < s.k; ++j)
        made.unsolved += s.unsolved[j] != 0;
    made.k = s.k;
    made.refilled = s.refilled;
    made.centres = s.centres;
    made.labels = s.labels;
    s.centres = NULL;
    s.labels = NULL;
    *fit = made;
done:
    state_fini(&s);
    return status;
}

void covey__fit_fini(covey__fit *fit) {
    covey__free(fit->centres);
    covey__free(fit->labels);
    memset(fit, 0, sizeof *fit);
}

covey_status covey__history_add(covey__history *history, covey_round round, covey_error *err) {
    covey_status status = COVEY_OK;
    if (history->count == history->capacity) {
        size_t capacity = history->capacity ? 2 * history->capacity : 64;
        covey_round *grown = covey__realloc(history->rounds,
                                            history->count * sizeof *history->rounds,
                                            capacity * sizeof *history->rounds);
        COVEY_NOMEM_IF(!grown, err);
        history->rounds = grown;
        history->capacity = capacity;
    }
    history->rounds[history->count++] = round;
done:
    return status;
}

covey_status covey__fit_best(covey__fit *fit, covey__history *history, const covey__data *data,
                             const covey_loss *loss, const covey_cluster_params *params,
                             const int64_t *starts, int restarts, covey_error *err) {
    covey_status status = COVEY_OK;
    size_t k = params->k, d = data->d, cells = 0;
    covey__fit best = {0}, fresh = {0};
    double *centres = covey__mul_size(&cells, k, d) ? NULL
                                                    : covey__alloc_array(cells, sizeof *centres);
    COVEY_NOMEM_IF(!centres, err);
    for (int r = 0; r < restarts; ++r) {
        for (size_t j = 0; j < k; ++j)
            for (size_t i = 0; i < d; ++i)
                centres[j * d + i] =
                    starts ? data->x[(size_t)starts[(size_t)r * k + j] * d + i]
                           : params->centres[j * d + i];
        if (params->classic)
            COVEY_TRY(covey__alternate_classic(&fresh, history, data, loss, params, centres, err));
        else
            COVEY_TRY(covey__alternate(&fresh, history, data, loss, params, centres, r, err));
        if (!best.labels || fresh.objective < best.objective) {
            covey__fit_fini(&best);
            best = fresh;
        } else {
            covey__fit_fini(&fresh);
        }
        memset(&fresh, 0, sizeof fresh);
    }
    *fit = best;
    memset(&best, 0, sizeof best);
done:
    covey__fit_fini(&best);
    covey__fit_fini(&fresh);
    covey__free(centres);
    return status;
}
