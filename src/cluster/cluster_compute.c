/* SPDX-License-Identifier: MIT */
/* The entry: checks, scales, starts, restarts, description. */
#include <math.h>
#include <string.h>
#include <time.h>

#include "base_internal.h"
#include "cluster_internal.h"
#include "random_internal.h"

covey_cluster_params covey_cluster_params_default(void) {
    return (covey_cluster_params){.start = COVEY_START_KMEANSPP,
                                  .restarts = 10,
                                  .max_rounds = 100,
                                  .tolerance = 1e-6,
                                  .empty = COVEY_EMPTY_REFILL,
                                  .solver = COVEY_SOLVER_AUTO};
}

const char *covey_empty_name(covey_empty empty) {
    static const char *const names[] = {"refill", "keep", "drop", "error"};
    return (unsigned)empty <= COVEY_EMPTY_ERROR ? names[empty] : "unknown";
}

covey_status covey__check_params(const covey_cluster_params *params, size_t n, covey_error *err) {
    covey_status status = COVEY_OK;
    COVEY_FAIL_IF(params->k < 1 || params->k > n, err, COVEY_E_ARGUMENT, NULL,
                  "%zu clusters were asked for; with %zu rows the number must lie in 1..%zu",
                  params->k, n, n);
    COVEY_FAIL_IF(params->restarts < 1, err, COVEY_E_ARGUMENT, NULL,
                  "the number of restarts must be at least 1, not %d", params->restarts);
    COVEY_FAIL_IF(params->max_rounds < 1, err, COVEY_E_ARGUMENT, NULL,
                  "the number of rounds must be at least 1, not %d", params->max_rounds);
    COVEY_FAIL_IF(!(params->tolerance >= 0), err, COVEY_E_ARGUMENT, NULL,
                  "the tolerance must be 0 or more, not %g", params->tolerance);
    COVEY_FAIL_IF((unsigned)params->start > COVEY_START_KMEANS_PARALLEL ||
                      (unsigned)params->empty > COVEY_EMPTY_ERROR,
                  err, COVEY_E_ARGUMENT, NULL, "an unknown start or policy for empty clusters");
    COVEY_FAIL_IF(params->start == COVEY_START_CENTRES && !params->centres, err, COVEY_E_ARGUMENT,
                  NULL, "a start from given centres needs the centres");
done:
    return status;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Given centres are as much input as the rows are. */
static covey_status check_centres(const covey_cluster_params *params, size_t d, covey_error *err) {
    covey_status status = COVEY_OK;
    for (size_t i = 0; params->start == COVEY_START_CENTRES && i < params->k * d; ++i)
        COVEY_FAIL_IF(!isfinite(params->centres[i]), err, COVEY_E_NUMERIC, NULL,
                      "start centre %zu (the first is 0) contains NaN or infinity", i / d);
done:
    return status;
}

covey_status covey_cluster_compute(covey_clustering *out, const float *x, size_t n, size_t d,
                                   const covey_loss *loss, const covey_cluster_params *params,
                                   covey_error *err) {
    covey_status status = COVEY_OK;
    double began = now();
    covey__data data = {0}, unit = {0};
    const covey__data *seen = NULL;
    covey__fit fit = {0};
    covey__history history = {0};
    covey_clustering made = {0};
    covey_loss used = *loss;
    int64_t *starts = NULL;
    covey_cluster_params wanted = *params;
    if (wanted.classic || wanted.start == COVEY_START_CENTRES)
        wanted.restarts = 1;
    COVEY_TRY(covey__check_params(&wanted, n, err));
    COVEY_TRY(check_centres(&wanted, d, err));
    COVEY_TRY(covey__data_init(&data, x, n, d, wanted.threads, err));
    COVEY_TRY(covey__data_for(&seen, &unit, &data, loss, err));
    COVEY_TRY(covey__data_check_distinct(seen, wanted.k, err));
    if (wanted.classic)
        covey__classic_params(&used);
    else if (covey__loss_has_auto(&used))
        COVEY_TRY(covey__estimate(&used, 1, &data, wanted.k, wanted.k, &wanted, err));
    if (wanted.start != COVEY_START_CENTRES) {
        starts = covey__alloc_array((size_t)wanted.restarts * wanted.k, sizeof *starts);
        COVEY_NOMEM_IF(!starts, err);
        COVEY_TRY(covey__start_rows(starts, &data, seen, &used, &wanted, COVEY__PURPOSE_START,
                                    err));
    }
    COVEY_TRY(covey__fit_best(&fit, &history, seen, &used, &wanted, starts, wanted.restarts, err));
    COVEY_TRY(covey__describe(&made, &fit, seen, &used, err));
    made.history = history.rounds;
    made.n_history = history.count;
    history.rounds = NULL;
    made.seconds = now() - began;
    *out = made;
done:
    covey__data_fini(&data);
    covey__data_fini(&unit);
    covey__fit_fini(&fit);
    covey__free(history.rounds);
    covey__free(starts);
    return status;
}
