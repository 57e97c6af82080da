/* SPDX-License-Identifier: MIT */
/* Every loss, start and solver while all arrays lie on disk and are let go of at every look: the
 * results are those of plain memory, to the bit. */
#include "covey_test.h"

#include <stdlib.h>

#include "base_internal.h"
#include "cluster_internal.h"
#include "cluster_test.h"
#include "covey/memory.h"

enum { N = 2600, D = 7, K = 4 };

/* Arrays from this size on are spilled: of the rows, and all that is kept of each. */
static const size_t LEAST = 8192;

static void spill_everything(void) {
    covey_error err = {0};
    covey_status status = covey__spill_limit(1, LEAST, "/var/tmp", &err);
    if (status == COVEY_E_UNSUPPORTED) {
        print_message("skipped: %s\n", err.message);
        exit(77);
    }
    assert_ok(status);
}

static void plain_memory(void) {
    covey_error err;
    assert_ok(covey_memory_limit(0, NULL, &err));
}

static void same(const void *a, const void *b, size_t bytes, const char *what,
                 const covey_loss *loss) {
    if (memcmp(a, b, bytes) != 0)
        fail_msg("%s under the loss %s", what, loss->ops->name);
}

static void compare_results(const covey_clustering *a, const covey_clustering *b) {
    const covey_loss *loss = &a->loss;
    assert_int_equal(a->k, b->k);
    same(loss->params, b->loss.params, sizeof loss->params, "parameters differ", loss);
    same(a->labels, b->labels, N * sizeof *a->labels, "labels differ", loss);
    same(a->centres, b->centres, a->k * D * sizeof *a->centres, "centres differ", loss);
    same(a->distance, b->distance, N * sizeof *a->distance, "distances differ", loss);
    same(a->weight, b->weight, N * sizeof *a->weight, "weights differ", loss);
    same(a->margin, b->margin, N * sizeof *a->margin, "margins differ", loss);
    same(a->medoids, b->medoids, a->k * sizeof *a->medoids, "medoids differ", loss);
    same(&a->objective, &b->objective, sizeof a->objective, "objectives differ", loss);
    assert_int_equal(a->n_history, b->n_history);
}

static void check(const float *x, const float *spilled, const covey_loss *loss,
                  const covey_cluster_params *params) {
    covey_error err;
    covey_clustering in_memory, on_disk;
    plain_memory();
    assert_ok(covey_cluster_compute(&in_memory, x, N, D, loss, params, &err));
    spill_everything();
    assert_ok(covey_cluster_compute(&on_disk, spilled, N, D, loss, params, &err));
    assert_true(covey__spill_holds(on_disk.labels)); /* else nothing was tried */
    compare_results(&in_memory, &on_disk);
    covey_clustering_fini(&on_disk);
    plain_memory();
    covey_clustering_fini(&in_memory);
}

typedef struct rows {
    float *x, *spilled;
} rows;

static rows make_both(void) {
    rows r = {.x = make_rows(N, D, K, 1.2, 8)};
    spill_everything();
    r.spilled = covey__alloc_array((size_t)N * D, sizeof *r.spilled);
    assert_true(covey__spill_holds(r.spilled));
    memcpy(r.spilled, r.x, (size_t)N * D * sizeof *r.x);
    return r;
}

static void free_both(rows *r) {
    covey__free(r->spilled);
    plain_memory();
    free(r->x);
}

static void every_loss(void **state) {
    (void)state;
    rows r = make_both();
    for (size_t l = 0; l < covey_loss_count(); ++l) {
        covey_loss loss = loss_named(covey_loss_get(l)->name);
        covey_cluster_params params = params_of(K, 1, 3);
        params.max_rounds = 4;
        params.threads = 2;
        check(r.x, r.spilled, &loss, &params);
    }
    free_both(&r);
}

static void every_start_and_solver(void **state) {
    (void)state;
    rows r = make_both();
    covey_loss loss = loss_named("pseudo_huber");
    covey_cluster_params params = params_of(3, 1, 3);
    params.max_rounds = 2;
    static const covey_start starts[] = {COVEY_START_RANDOM, COVEY_START_LOSSPP,
                                         COVEY_START_KMEANS_PARALLEL};
    static const covey_solver solvers[] = {COVEY_SOLVER_IRLS, COVEY_SOLVER_NEWTON,
                                           COVEY_SOLVER_LBFGS, COVEY_SOLVER_BFGS,
                                           COVEY_SOLVER_DESCENT};
    for (size_t s = 0; s < LENGTH(starts); ++s) {
        params.start = starts[s];
        check(r.x, r.spilled, &loss, &params);
    }
    for (size_t s = 0; s < LENGTH(solvers); ++s) {
        params.solver = solvers[s];
        check(r.x, r.spilled, &loss, &params);
    }
    free_both(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_loss),
        cmocka_unit_test(every_start_and_solver),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
