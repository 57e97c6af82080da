/* SPDX-License-Identifier: MIT */
/* Losses side by side: the same starts for all, numbers that mean the same, agreement measured.
 * docs/maths/comparison.md. */
#include <string.h>
#include <time.h>

#include "base_internal.h"
#include "compare_internal.h"
#include "random_internal.h"

/* Seeds beyond the first only ask how much chance decides: fewer restarts will do. */
enum { SEED_RESTARTS = 3, K_HIGHEST = 20 };

covey_compare_params covey_compare_params_default(void) {
    return (covey_compare_params){.cluster = covey_cluster_params_default(), .seeds = 10};
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static covey_status allocate(covey_comparison *out, covey_error *err) {
    covey_status status = COVEY_OK;
    size_t n_losses = out->n_losses;
    out->clusterings = covey__calloc(n_losses, sizeof *out->clusterings);
    out->ari = covey__calloc(n_losses * n_losses, sizeof *out->ari);
    out->vi = covey__calloc(n_losses * n_losses, sizeof *out->vi);
    out->in_panel = covey__calloc(n_losses, sizeof *out->in_panel);
    out->disagreement = covey__calloc(out->n, sizeof *out->disagreement);
    out->silhouette = covey__calloc(n_losses, sizeof *out->silhouette);
    out->sum_l2 = covey__calloc(n_losses, sizeof *out->sum_l2);
    out->sum_l1 = covey__calloc(n_losses, sizeof *out->sum_l1);
    COVEY_NOMEM_IF(!out->clusterings || !out->ari || !out->vi || !out->in_panel ||
                       !out->disagreement || !out->silhouette || !out->sum_l2 || !out->sum_l1,
                   err);
done:
    return status;
}

/* `starts` [restarts][k]: the rows that all losses start from, or room for each loss's own. */
static covey_status fit_losses(covey_comparison *out, const covey__data *data, covey__data *unit,
                               const covey_loss *losses, const covey_cluster_params *params,
                               int64_t *starts, covey_error *err) {
    covey_status status = COVEY_OK;
    covey__fit fit = {0};
    covey__history history = {0};
    for (size_t l = 0; l < out->n_losses; ++l) {
        double began = now();
        covey_clustering *clustering = out->clusterings + l;
        const covey__data *seen = NULL;
        COVEY_TRY(covey__data_for(&seen, unit, data, &losses[l], err));
        COVEY_TRY(covey__data_check_distinct(seen, params->k, err));
        if (params->start == COVEY_START_LOSSPP)
            COVEY_TRY(covey__start_rows(starts, data, seen, &losses[l], params,
                                        COVEY__PURPOSE_START, err));
        COVEY_TRY(covey__fit_best(&fit, &history, seen, &losses[l], params, starts,
                                  params->restarts, err));
        COVEY_TRY(covey__describe(clustering, &fit, seen, &losses[l], err));
        clustering->history = history.rounds;
        clustering->n_history = history.count;
        memset(&history, 0, sizeof history);
        clustering->seconds = now() - began;
    }
done:
    covey__fit_fini(&fit);
    covey__free(history.rounds);
    return status;
}

/* The first loss by size, or by the earlier run where one is given; the others by the first. */
static covey_status number_alike(covey_comparison *out, const covey_compare_params *params,
                                 covey_error *err) {
    covey_status status = COVEY_OK;
    int32_t next = 0, *numbers = NULL;
    size_t most = 0;
    for (size_t l = 0; l < out->n_losses; ++l)
        most = out->clusterings[l].k > most ? out->clusterings[l].k : most;
    numbers = covey__alloc_array(most, sizeof *numbers);
    COVEY_NOMEM_IF(!numbers, err);
    covey_clustering *first = out->clusterings;
    if (params->previous && params->previous_k) {
        next = (int32_t)params->previous_k;
        COVEY_TRY(covey__match_numbers(numbers, &next, first->nearest, first->k, params->previous,
                                       params->previous_k, out->n, err));
    } else {
        COVEY_TRY(covey__size_numbers(numbers, first->labels, first->k, out->n, err));
    }
    COVEY_TRY(covey__renumber(first, numbers, err));
    out->k_all = first->k;
    for (size_t l = 1; l < out->n_losses; ++l) {
        covey_clustering *other = out->clusterings + l;
        next = (int32_t)first->k;
        COVEY_TRY(covey__match_numbers(numbers, &next, other->nearest, other->k, first->nearest,
                                       first->k, out->n, err));
        COVEY_TRY(covey__renumber(other, numbers, err));
        out->k_all = other->k > out->k_all ? other->k : out->k_all;
    }
done:
    covey__free(numbers);
    return status;
}

static covey_status measure_agreement(covey_comparison *out, const covey__data *data,
                                      covey_error *err) {
    covey_status status = COVEY_OK;
    size_t n_losses = out->n_losses;
    for (size_t a = 0; a < n_losses; ++a) {
        const covey_clustering *c = out->clusterings + a;
        out->ari[a * n_losses + a] = 1;
        for (size_t b = a + 1; b < n_losses; ++b) {
            double *ari = out->ari + a * n_losses + b, *vi = out->vi + a * n_losses + b;
            COVEY_TRY(covey_agreement_compute(ari, NULL, vi, c->labels,
                                              out->clusterings[b].labels, out->n));
            out->ari[b * n_losses + a] = *ari;
            out->vi[b * n_losses + a] = *vi;
        }
        COVEY_TRY(covey__yardsticks(&out->silhouette[a], &out->sum_l2[a], &out->sum_l1[a], data,
                                    c->nearest, c->k, err));
    }
done:
    return status;
}

/* ---- seeds ------------------------------------------------------------------------------ */

static void free_seeds(covey__seed_run *seeds, size_t n_seeds) {
    for (size_t s = 0; seeds && s < n_seeds; ++s) {
        covey__free(seeds[s].labels);
        covey__free(seeds[s].representatives);
    }
    covey__free(seeds);
}

/* Takes labels and representatives out of a clustering. */
static void take_run(covey__seed_run *run, covey_clustering *clustering) {
    run->k = clustering->k;
    run->labels = clustering->nearest;
    run->representatives = clustering->representatives;
    clustering->nearest = NULL;
    clustering->representatives = NULL;
    covey_clustering_fini(clustering);
}

static covey_status run_seed(covey__seed_run *run, const covey_comparison *comparison,
                             const covey__data *data, const covey__data *seen,
                             const covey_cluster_params *params, covey_error *err) {
    covey_status status = COVEY_OK;
    const covey_clustering *reference = comparison->clusterings;
    covey__fit fit = {0};
    covey__history history = {0};
    covey_clustering clustering = {0};
    int32_t *numbers = NULL, next = (int32_t)reference->k;
    int64_t *starts = covey__alloc_array((size_t)params->restarts * params->k, sizeof *starts);
    COVEY_NOMEM_IF(!starts, err);
    COVEY_TRY(covey__start_rows(starts, data, seen, &reference->loss, params,
                                COVEY__PURPOSE_START, err));
    COVEY_TRY(covey__fit_best(&fit, &history, seen, &reference->loss, params, starts,
                              params->restarts, err));
    COVEY_TRY(covey__describe(&clustering, &fit, seen, &reference->loss, err));
    numbers = covey__alloc_array(clustering.k, sizeof *numbers);
    COVEY_NOMEM_IF(!numbers, err);
    COVEY_TRY(covey__match_numbers(numbers, &next, clustering.nearest, clustering.k,
                                   reference->nearest, reference->k, data->n, err));
    COVEY_TRY(covey__renumber(&clustering, numbers, err));
    take_run(run, &clustering);
done:
    covey__fit_fini(&fit);
    covey__free(history.rounds);
    covey_clustering_fini(&clustering);
    covey__free(numbers);
    covey__free(starts);
    return status;
}

/* Seed 0 of the list is the reference's own run; the others are seed + 1, seed + 2, ... */
static covey_status run_seeds(covey__seed_run **out, size_t *n_seeds,
                              const covey_comparison *comparison, const covey__data *data,
                              const covey__data *seen, const covey_compare_params *params,
                              const covey_cluster_params *used, covey_error *err) {
    covey_status status = COVEY_OK;
    const covey_clustering *reference = comparison->clusterings;
    covey__seed_run *seeds = NULL;
    size_t count = params->seeds > 0 ? (size_t)params->seeds : 0;
    covey_cluster_params again = *used;
    if (used->start == COVEY_START_CENTRES)
        count = 0; /* given centres leave nothing to chance */
    *n_seeds = count;
    *out = NULL;
    if (!count)
        return COVEY_OK;
    seeds = covey__calloc(count, sizeof *seeds);
    COVEY_NOMEM_IF(!seeds, err);
    again.restarts = again.restarts < SEED_RESTARTS ? again.restarts : SEED_RESTARTS;
    seeds[0].k = reference->k;
    seeds[0].labels = covey__alloc_array(data->n, sizeof *seeds[0].labels);
    seeds[0].representatives = covey__alloc_array(reference->k, sizeof(int64_t));
    COVEY_NOMEM_IF(!seeds[0].labels || !seeds[0].representatives, err);
    memcpy(seeds[0].labels, reference->nearest, data->n * sizeof *seeds[0].labels);
    memcpy(seeds[0].representatives, reference->representatives, reference->k * sizeof(int64_t));
    for (size_t s = 1; s < count; ++s) {
        again.seed = used->seed + s;
        COVEY_TRY(run_seed(&seeds[s], comparison, data, seen, &again, err));
    }
    *out = seeds;
    seeds = NULL;
done:
    free_seeds(seeds, count);
    return status;
}

/* ---- the entry -------------------------------------------------------------------------- */

static covey_status check(const covey_compare_params *params, size_t *k_low, size_t *k_high,
                          size_t n, size_t n_losses, covey_error *err) {
    covey_status status = COVEY_OK;
    COVEY_FAIL_IF(!n_losses, err, COVEY_E_ARGUMENT, NULL, "name at least one loss to compare");
    if (params->cluster.k) {
        *k_low = *k_high = params->cluster.k;
    } else {
        size_t third = n / 3 > 2 ? n / 3 : n < 2 ? n : 2;
        *k_high = params->k_high ? params->k_high : third < K_HIGHEST ? third : K_HIGHEST;
        *k_low = params->k_low ? params->k_low : *k_high < 2 ? *k_high : 2;
        COVEY_FAIL_IF(*k_low < 1 || *k_high < *k_low || *k_high > n, err, COVEY_E_ARGUMENT, NULL,
                      "the range of k, %zu..%zu, must lie within 1..%zu, the number of rows",
                      *k_low, *k_high, n);
    }
    for (size_t i = 0; params->previous && i < n; ++i)
        COVEY_FAIL_IF(params->previous[i] < -1 ||
                          (params->previous[i] >= 0 &&
                           (size_t)params->previous[i] >= params->previous_k),
                      err, COVEY_E_ARGUMENT, NULL,
                      "the earlier label of row %zu, %d, is not among 0..%zu", i,
                      (int)params->previous[i], params->previous_k);
done:
    return status;
}

/* Fewer distinct rows than k_high are no error where k is ours to choose. */
static covey_status limit_range(size_t *k_low, size_t *k_high, const covey__data *data,
                                int automatic, covey_error *err) {
    covey_status status = COVEY_OK;
    while (automatic && *k_high > *k_low &&
           covey__data_check_distinct(data, *k_high, NULL) == COVEY_E_ARGUMENT)
        --*k_high;
    COVEY_TRY(covey__data_check_distinct(data, *k_low, err));
    COVEY_TRY(covey__data_check_distinct(data, *k_high, err));
done:
    return status;
}

covey_status covey_compare_compute(covey_comparison *out, const float *x, size_t n, size_t d,
                                   const covey_loss *given, size_t n_losses,
                                   const covey_compare_params *params, covey_error *err) {
    covey_status status = COVEY_OK;
    covey__data data = {0}, unit = {0};
    const covey__data *seen = NULL; /* by the reference loss */
    covey_comparison made = {.n = n, .d = d, .n_losses = n_losses};
    covey_cluster_params used = params->cluster;
    covey_loss *losses = NULL;
    covey__seed_run *seeds = NULL;
    int64_t *starts = NULL;
    size_t k_low = 0, k_high = 0, n_seeds = 0;
    COVEY_TRY(check(params, &k_low, &k_high, n, n_losses, err));
    if (used.classic || used.start == COVEY_START_CENTRES)
        used.restarts = 1;
    used.k = k_low;
    COVEY_TRY(covey__check_params(&used, n, err));
    COVEY_TRY(covey__data_init(&data, x, n, d, used.threads, err));
    COVEY_TRY(limit_range(&k_low, &k_high, &data, !params->cluster.k, err));
    losses = covey__alloc_array(n_losses, sizeof *losses);
    COVEY_NOMEM_IF(!losses, err);
    memcpy(losses, given, n_losses * sizeof *losses);
    for (size_t l = 0; used.classic && l < n_losses; ++l)
        covey__classic_params(&losses[l]);
    if (!used.classic)
        COVEY_TRY(covey__estimate(losses, n_losses, &data, k_low, k_high, &used, err));
    COVEY_TRY(covey__data_for(&seen, &unit, &data, losses, err));
    if (!params->cluster.k)
        COVEY_TRY(covey__choose_k(&made, seen, losses, k_low, k_high, &used, err));
    else
        made.k_chosen = params->cluster.k;
    used.k = made.k_chosen;
    if (used.start != COVEY_START_CENTRES) {
        starts = covey__alloc_array((size_t)used.restarts * used.k, sizeof *starts);
        COVEY_NOMEM_IF(!starts, err);
        if (used.start != COVEY_START_LOSSPP)
            COVEY_TRY(covey__start_rows(starts, &data, seen, losses, &used, COVEY__PURPOSE_START,
                                        err));
    }
    COVEY_TRY(allocate(&made, err));
    COVEY_TRY(fit_losses(&made, &data, &unit, losses, &used, starts, err));
    COVEY_TRY(number_alike(&made, params, err));
    covey__choose_panel(&made);
    COVEY_TRY(measure_agreement(&made, &data, err));
    COVEY_TRY(run_seeds(&seeds, &n_seeds, &made, &data, seen, params, &used, err));
    made.n_seeds = (int)n_seeds;
    made.stability = covey__calloc(made.k_all, sizeof *made.stability);
    COVEY_NOMEM_IF(!made.stability, err);
    COVEY_TRY(covey__count_votes(&made, seeds, n_seeds, err));
    *out = made;
    memset(&made, 0, sizeof made);
done:
    covey__data_fini(&data);
    covey__data_fini(&unit);
    covey_comparison_fini(&made);
    free_seeds(seeds, n_seeds);
    covey__free(losses);
    covey__free(starts);
    return status;
}

void covey_comparison_fini(covey_comparison *comparison) {
    for (size_t l = 0; comparison->clusterings && l < comparison->n_losses; ++l)
        covey_clustering_fini(comparison->clusterings + l);
    covey__free(comparison->clusterings);
    covey__free(comparison->ari);
    covey__free(comparison->vi);
    covey__free(comparison->in_panel);
    covey__free(comparison->votes);
    covey__free(comparison->disagreement);
    covey__free(comparison->stability);
    covey__free(comparison->silhouette);
    covey__free(comparison->sum_l2);
    covey__free(comparison->sum_l1);
    covey__free(comparison->k_table);
    memset(comparison, 0, sizeof *comparison);
}
