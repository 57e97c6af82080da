/* SPDX-License-Identifier: MIT */
/* One alternation: assign, deal with empty clusters, re-centre, until nothing moves.
 * docs/maths/alternation.md, after Lloyd's method [Lloyd1982]. */
#include <math.h>
#include <string.h>

#include "base_internal.h"
#include "cluster_internal.h"

enum { REFILLED = 2 }; /* in state.stale, until the round has seen it */

typedef struct state {
    const covey__data *data;
    const covey_loss *loss;
    const covey_cluster_params *params;
    covey__measure measure;
    covey__packed packed;
    covey__bounds bounds;
    covey__members members;
    size_t k;
    double *centres, *next;     /* [k][d] */
    int32_t *labels, *previous; /* [n] */
    double *value;              /* [n], measure to the centre assigned */
    double *loss_of;            /* [k], summed over the members */
    size_t *sizes;              /* [k] */
    int mean, median;           /* 1: such is the centre */
    int square;                 /* 1: the mean under the squared distance */
    int spherical;              /* 1: centres have length 1 */
    size_t trimmed;             /* rows left out in every round */
    size_t compared;            /* pairs of row and centre, in this round */
    char *stale;                /* [k], 1: the members changed since the centre was solved fully */
    char *changed;              /* [k], 1: the members or the centre changed in this round */
    char *unsolved;             /* [k] */
    char *measured;             /* [k], 1: loss_of is of the centre just solved */
    double *sums;               /* [k][d + 1] of `previous`, for means */
    char *patched;              /* [k], 1: by what moved, not summed anew */
    int summed;                 /* 1: sums are there */
    int exact;                  /* 1: sums are made anew in every round */
    covey_status *statuses;     /* [k], of the solvers */
    covey__effort effort;
    covey__centre_work *work; /* [workers] */
    covey_error *errors;      /* [workers] */
    size_t *error_cluster;    /* [workers] */
    size_t refilled;
} state;

static void state_fini(state *s) {
    covey__packed_fini(&s->packed);
    covey__bounds_fini(&s->bounds);
    covey__members_fini(&s->members);
    covey__free(s->centres);
    covey__free(s->next);
    covey__free(s->labels);
    covey__free(s->previous);
    covey__free(s->value);
    covey__free(s->loss_of);
    covey__free(s->sizes);
    covey__free(s->stale);
    covey__free(s->changed);
    covey__free(s->unsolved);
    covey__free(s->measured);
    covey__free(s->sums);
    covey__free(s->patched);
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
    size_t k = params->k, n = data->n, d = data->d, cells = 0, sums = 0;
    size_t workers = (size_t)covey__pool_size(data->pool);
    memset(s, 0, sizeof *s);
    s->data = data;
    s->loss = loss;
    s->params = params;
    s->k = k;
    s->measure = covey__measure_of(loss, data->kernels, d);
    const char *exact = loss->ops->exact_centre;
    if (params->solver != COVEY_SOLVER_AUTO && params->solver != COVEY_SOLVER_EXACT)
        exact = NULL;
    s->spherical = covey__is_spherical(loss);
    s->trimmed = covey__trim_count(loss, n, k);
    s->mean = exact && (!strcmp(exact, "mean") || s->spherical);
    s->median = exact && !strcmp(exact, "median");
    s->square = s->mean && !strcmp(loss->ops->name, "square");
    COVEY_NOMEM_IF(covey__mul_size(&cells, k, d), err);
    s->centres = covey__alloc_array(cells, sizeof *s->centres);
    s->next = covey__alloc_array(cells, sizeof *s->next);
    s->labels = covey__alloc_array(n, sizeof *s->labels);
    s->previous = covey__alloc_array(n, sizeof *s->previous);
    s->value = covey__alloc_array(n, sizeof *s->value);
    s->loss_of = covey__calloc(k, sizeof *s->loss_of);
    s->sizes = covey__calloc(k, sizeof *s->sizes);
    s->stale = covey__alloc_array(k, sizeof *s->stale);
    s->changed = covey__alloc_array(k, sizeof *s->changed);
    s->unsolved = covey__calloc(k, sizeof *s->unsolved);
    s->measured = covey__calloc(k, sizeof *s->measured);
    s->statuses = covey__calloc(k, sizeof *s->statuses);
    s->work = covey__calloc(workers, sizeof *s->work);
    s->errors = covey__calloc(workers, sizeof *s->errors);
    s->error_cluster = covey__calloc(workers, sizeof *s->error_cluster);
    COVEY_NOMEM_IF(!s->centres || !s->next || !s->labels || !s->previous || !s->value ||
                       !s->loss_of || !s->sizes || !s->stale || !s->changed || !s->unsolved ||
                       !s->measured || !s->statuses || !s->work || !s->errors || !s->error_cluster,
                   err);
    if (s->mean) {
        COVEY_NOMEM_IF(covey__mul_size(&sums, k, d + 1), err);
        s->sums = covey__alloc_array(sums, sizeof *s->sums);
        s->patched = covey__calloc(k, sizeof *s->patched);
        COVEY_NOMEM_IF(!s->sums || !s->patched, err);
    }
    COVEY_TRY(covey__packed_init(&s->packed, data, k, err));
    if (!s->trimmed && !params->without_bounds)
        COVEY_TRY(covey__bounds_init(&s->bounds, data, loss, k, err));
    COVEY_TRY(covey__members_init(&s->members, n, k, err));
    memcpy(s->centres, centres, cells * sizeof *centres);
    for (size_t j = 0; s->spherical && j < k; ++j)
        COVEY_FAIL_IF(
            covey__to_sphere(s->centres + j * d, d), err, COVEY_E_NUMERIC, NULL,
            "start centre %zu (the first is 0) is all zero and so has no direction, which "
            "the loss %s needs",
            j, loss->ops->name);
    memset(s->stale, 1, k);
    memset(s->changed, 1, k);
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
        if (s->labels[i] >= 0 && s->value[i] > most && sizes[s->labels[i]] > 1) {
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
    memmove(s->changed + gone, s->changed + gone + 1, s->k - gone - 1);
    memmove(s->loss_of + gone, s->loss_of + gone + 1, (s->k - gone - 1) * sizeof *s->loss_of);
    memmove(s->unsolved + gone, s->unsolved + gone + 1, s->k - gone - 1);
    memmove(s->sizes + gone, s->sizes + gone + 1, (s->k - gone - 1) * sizeof *s->sizes);
    for (size_t i = 0; i < s->data->n; ++i) {
        s->labels[i] -= s->labels[i] > (int32_t)gone;
        s->previous[i] -= s->previous[i] > (int32_t)gone;
    }
    --s->k;
    s->summed = 0;
}

static covey_status refill(state *s, size_t j, size_t *moved, covey_error *err) {
    covey_status status = COVEY_OK;
    size_t d = s->data->d;
    int64_t row = worst_row(s, s->sizes);
    if (row < 0)
        return COVEY_OK; /* every row lies on its centre to the last bit: nothing to win */
    COVEY_TRY(covey__data_fetch(s->data, &row, 1, err));
    --s->sizes[s->labels[row]];
    *moved += s->labels[row] == s->previous[row];
    s->labels[row] = (int32_t)j;
    s->value[row] = 0;
    s->sizes[j] = 1;
    s->stale[j] = REFILLED; /* even by the row it has just lost */
    for (size_t i = 0; i < d; ++i)
        s->centres[j * d + i] = s->data->x[(size_t)row * d + i];
    if (s->spherical)
        (void)covey__to_sphere(s->centres + j * d, d);
done:
    return status;
}

/* Applies the policy to clusters without rows. Refilling lowers the objective: the row taken loses
 * nothing to the centre that now lies on it. */
static covey_status settle_empty(state *s, size_t *moved, covey_error *err) {
    covey_status status = COVEY_OK;
    int measured = 0;
    for (size_t j = s->k; j-- > 0;) { /* from the last: dropping one leaves those before in place */
        if (s->sizes[j])
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
            continue;
        }
        if (!measured)
            COVEY_TRY(covey__losses(s->loss_of, s->value, s->data, &s->measure, s->labels,
                                    s->centres, s->k, NULL, err));
        measured = 1;
        COVEY_TRY(refill(s, j, moved, err));
    }
done:
    return status;
}

/* ---- centres ---------------------------------------------------------------------------- */

/* Between assignments a step towards the centre is worth as much as the centre itself, which the
 * next assignment would move again; a centre with a formula, or a solver asked for by name, is
 * found outright. */
static covey__effort effort_before_settling(const state *s) {
    int outright = s->params->solver != COVEY_SOLVER_AUTO || s->loss->ops->exact_centre;
    return outright ? COVEY__EFFORT_FULL : COVEY__EFFORT_STEP;
}

static void solve_cluster(void *context, size_t j, int worker) {
    state *s = context;
    size_t first = s->members.first[j], count = s->members.first[j + 1] - first;
    covey_error err = {0};
    s->statuses[j] = COVEY_OK;
    /* A step is for new members; what steps leave is made up for when nothing moves. */
    if (!count || !(s->effort == COVEY__EFFORT_STEP ? s->changed[j] : s->stale[j]))
        return;
    if (s->median) {
        s->statuses[j] = covey__median(s->next + j * s->data->d, s->data, s->members.rows + first,
                                       count);
        return;
    }
    covey__points points = {.x32 = s->data->x, .rows = s->members.rows + first, .m = count,
                            .d = s->data->d, .share = &s->data->share};
    covey__centre_options options = {.solver = s->params->solver, .effort = s->effort};
    covey_centre_report report = {.converged = 1};
    s->statuses[j] =
        covey__centre_solve(s->next + j * s->data->d, s->loss->ops->exact_centre ? NULL : &report,
                            &points, s->loss, &options, &s->work[worker], &err);
    s->unsolved[j] = !report.converged;
    /* The solver has just summed what measure_objective would. */
    s->measured[j] = !s->loss->ops->exact_centre;
    s->loss_of[j] = s->measured[j] ? report.objective : s->loss_of[j];
    /* Each worker keeps the sentence of its lowest failing cluster. */
    if (s->statuses[j] != COVEY_OK &&
        (s->errors[worker].status == COVEY_OK || j < s->error_cluster[worker])) {
        s->errors[worker] = err;
        s->errors[worker].status = s->statuses[j];
        s->error_cluster[worker] = j;
    }
}

/* Sums of rows are kept: where few rows moved, only those are added and taken away, and their
 * clusters marked, to be summed anew before the end. `stale` becomes what is to be summed. */
static covey_status solve_means(state *s, size_t moved, covey_error *err) {
    covey_status status = COVEY_OK;
    size_t d = s->data->d;
    int patch = s->summed && s->data->tame && !s->exact && moved <= s->data->n / 8;
    for (size_t j = 0; j < s->k; ++j) {
        s->stale[j] = s->stale[j] || !s->summed || (!patch && s->patched[j]);
        if (s->stale[j])
            s->patched[j] = (char)patch;
    }
    COVEY_TRY(
        covey__sums(s->sums, s->data, s->labels, patch ? s->previous : NULL, s->k, s->stale, err));
    s->summed = 1;
    covey__means_of(s->next, s->sums, s->k, d, s->stale);
    for (size_t j = 0; s->spherical && j < s->k; ++j)
        if (s->stale[j] && covey__to_sphere(s->next + j * d, d)) /* the rows cancel out */
            memcpy(s->next + j * d, s->centres + j * d, d * sizeof *s->next);
done:
    return status;
}

/* next <- the centres of the labels, none of them with a higher loss than the centre it replaces
 * (covey__centre_solve; the mean by being the minimum). */
static covey_status solve_centres(state *s, size_t moved, covey_error *err) {
    covey_status status = COVEY_OK;
    size_t d = s->data->d;
    memcpy(s->next, s->centres, s->k * d * sizeof *s->next);
    memset(s->measured, 0, s->k);
    if (s->mean)
        return solve_means(s, moved, err);
    covey__members_set(&s->members, s->labels, s->data->n, s->k);
    covey__run_clusters(s->data, s->k, solve_cluster, s);
    for (size_t j = 0; j < s->k; ++j)
        if (s->statuses[j] != COVEY_OK) {
            status = covey__fail(err, s->statuses[j], NULL, "%s", covey_status_str(s->statuses[j]));
            for (int w = 0; err && w < covey__pool_size(s->data->pool); ++w)
                if (s->errors[w].status == status && s->error_cluster[w] == j)
                    *err = s->errors[w];
            break;
        }
    return status;
}

static covey_status measure_objective(state *s, double *objective, covey_error *err) {
    char *wanted = s->measured; /* not read again before solve_centres clears it */
    for (size_t j = 0; j < s->k; ++j)
        wanted[j] = s->changed[j] && !s->measured[j];
    covey_status status = covey__losses(s->loss_of, NULL, s->data, &s->measure, s->labels,
                                        s->centres, s->k, wanted, err);
    *objective = 0;
    for (size_t j = 0; status == COVEY_OK && j < s->k; ++j)
        *objective += s->loss_of[j];
    return status;
}

/* Within = total - between: the squared loss to the means without another pass over the rows. Only
 * where the difference keeps its digits. */
static int objective_by_means(const state *s, double *objective) {
    static const double LEAST_SHARE = 0.05;
    double between = 0;
    size_t d = s->data->d;
    for (size_t j = 0; j < s->k; ++j) {
        double square = 0;
        for (size_t i = 0; i < d; ++i) {
            double u = s->centres[j * d + i] - s->data->mean[i];
            square += u * u;
        }
        between += square * (double)s->sizes[j];
    }
    *objective = s->data->spread - between;
    return *objective > LEAST_SHARE * s->data->spread;
}

static covey_status recentre(state *s, size_t moved, double *objective, double *shift,
                             covey_error *err) {
    covey_status status = COVEY_OK;
    size_t d = s->data->d;
    COVEY_TRY(solve_centres(s, moved, err));
    *shift = 0;
    for (size_t j = 0; j < s->k; ++j) {
        double square = 0;
        for (size_t i = 0; i < d; ++i) {
            double u = s->next[j * d + i] - s->centres[j * d + i];
            square += u * u;
        }
        *shift += sqrt(square);
        s->changed[j] |= square > 0;
        s->stale[j] = s->stale[j] && s->effort == COVEY__EFFORT_STEP;
    }
    double *swapped = s->centres;
    s->centres = s->next;
    s->next = swapped;
    if (!s->square || !objective_by_means(s, objective))
        COVEY_TRY(measure_objective(s, objective, err));
done:
    return status;
}

static void mark_changed(state *s) {
    for (size_t j = 0; j < s->k; ++j)
        s->changed[j] = s->stale[j] == REFILLED;
    for (size_t i = 0; i < s->data->n; ++i)
        if (s->labels[i] != s->previous[i]) {
            if (s->labels[i] >= 0)
                s->changed[s->labels[i]] = 1;
            if (s->previous[i] >= 0)
                s->changed[s->previous[i]] = 1;
        }
    for (size_t j = 0; j < s->k; ++j)
        s->stale[j] = s->stale[j] || s->changed[j];
}

static covey_status assign(state *s, size_t *moved, covey_error *err) {
    covey_status status = COVEY_OK;
    size_t n = s->data->n;
    covey__packed_set(&s->packed, s->data, &s->measure, s->centres, s->k);
    if (s->trimmed) { /* every row's measure is wanted */
        COVEY_TRY(covey__assign(NULL, s->labels, s->value, NULL, NULL, s->data, &s->measure,
                                &s->packed, err));
        s->compared = n * s->k;
        covey__trim(s->labels, s->value, n, s->trimmed);
        *moved = 0;
        for (size_t i = 0; i < n; ++i)
            *moved += s->labels[i] != s->previous[i];
    } else {
        COVEY_TRY(covey__assign_bounded(moved, s->labels, &s->bounds, s->data, &s->measure,
                                        &s->packed, err));
        s->compared = s->bounds.compared;
    }
    memset(s->sizes, 0, s->k * sizeof *s->sizes);
    for (size_t i = 0; i < n; ++i)
        if (s->labels[i] >= 0)
            ++s->sizes[s->labels[i]];
done:
    return status;
}

static int is_patched(const state *s) {
    return s->patched && memchr(s->patched, 1, s->k);
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
        COVEY_FAIL_IF(params->progress &&
                          params->progress(params->progress_user, "cluster", (size_t)restart,
                                           (size_t)params->restarts),
                      err, COVEY_E_CANCELLED, NULL, "stopped on request");
        memcpy(s.previous, s.labels, data->n * sizeof *s.labels);
        COVEY_TRY(assign(&s, &moved, err));
        COVEY_TRY(settle_empty(&s, &moved, err));
        mark_changed(&s);
        int closing = settled || !moved || round == params->max_rounds;
        s.exact |= closing;
        if (moved || memchr(s.stale, 1, s.k) || is_patched(&s)) {
            s.effort = closing ? COVEY__EFFORT_FULL : effort_before_settling(&s);
            COVEY_TRY(recentre(&s, moved, &objective, &shift, err));
            /* The shift is compared with the rows' own spread, so that units do not matter. */
            settled = shift <= params->tolerance * scale * (double)s.k;
            if (settled && is_patched(&s)) {
                double rounding = 0;
                s.exact = 1;
                COVEY_TRY(recentre(&s, 0, &objective, &rounding, err));
            }
            made.converged = settled && s.effort == COVEY__EFFORT_FULL;
        } else {
            made.converged = 1; /* the centres are those of the labels already */
        }
        made.rounds = round;
        made.objective = objective;
        COVEY_TRY(covey__history_add(
            history, (covey_round){restart, round, objective, shift, moved, s.compared}, err));
    }
    if (s.square) { /* the objective by its definition, once */
        memset(s.changed, 1, s.k);
        COVEY_TRY(measure_objective(&s, &made.objective, err));
        history->rounds[history->count - 1].objective = made.objective;
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
        covey_round *grown =
            covey__realloc(history->rounds, history->count * sizeof *history->rounds,
                           capacity * sizeof *history->rounds);
        COVEY_NOMEM_IF(!grown, err);
        history->rounds = grown;
        history->capacity = capacity;
    }
    history->rounds[history->count++] = round;
done:
    return status;
}

/* Mini-batches, then one round over all rows: labels, empty clusters and the objective are those of
 * any other fit. */
static covey_status fit_batches(covey__fit *fit, covey__history *history, const covey__data *data,
                                const covey_loss *loss, const covey_cluster_params *params,
                                double *centres, int restart, covey_error *err) {
    covey_status status = COVEY_OK;
    covey_cluster_params last = *params;
    size_t batches = 0;
    int settled = 0;
    last.max_rounds = 1;
    COVEY_TRY(covey__batch_refine(centres, &batches, &settled, data, loss, params, restart, err));
    COVEY_TRY(covey__alternate(fit, history, data, loss, &last, centres, restart, err));
    fit->rounds = (int)batches + 1;
    fit->converged = settled;
    history->rounds[history->count - 1].round = fit->rounds;
done:
    return status;
}

covey_status covey__fit_best(covey__fit *fit, covey__history *history, const covey__data *data,
                             const covey_loss *loss, const covey_cluster_params *params,
                             const int64_t *starts, int restarts, covey_error *err) {
    covey_status status = COVEY_OK;
    size_t k = params->k, d = data->d, cells = 0;
    covey__fit best = {0}, fresh = {0};
    double *centres =
        covey__mul_size(&cells, k, d) ? NULL : covey__alloc_array(cells, sizeof *centres);
    COVEY_NOMEM_IF(!centres, err);
    for (int r = 0; r < restarts; ++r) {
        if (starts)
            COVEY_TRY(covey__data_fetch(data, starts + (size_t)r * k, k, err));
        for (size_t j = 0; j < k; ++j)
            for (size_t i = 0; i < d; ++i)
                centres[j * d + i] = starts ? data->x[(size_t)starts[(size_t)r * k + j] * d + i]
                                            : params->centres[j * d + i];
        if (params->classic)
            COVEY_TRY(covey__alternate_classic(&fresh, history, data, loss, params, centres, err));
        else if (params->batch && params->batch < data->n)
            COVEY_TRY(fit_batches(&fresh, history, data, loss, params, centres, r, err));
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
