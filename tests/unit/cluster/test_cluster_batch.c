/* SPDX-License-Identifier: MIT */
/* Mini-batches: near the whole rounds' objective, the same on any number of threads, Sculley's mean. */
#include "covey_test.h"

#include "base_internal.h"
#include "cluster_internal.h"
#include "cluster_test.h"

enum { N = 3000, D = 6, K = 5 };

/* By chance, not by rounding: a batch sees a tenth of the rows at a time. */
static const double WORSE_AT_MOST = 1.05;

static int suits(const covey_loss *loss) {
    covey_error err;
    return covey__batch_suits(loss, &err) == COVEY_OK;
}

static void objective_is_near_that_of_whole_rounds(void **state) {
    (void)state;
    covey_error err;
    size_t tried = 0;
    float *x = make_rows(N, D, K, 1.5, 11);
    for (size_t l = 0; l < covey_loss_count(); ++l) {
        covey_loss loss = loss_named(covey_loss_get(l)->name);
        covey_cluster_params params = params_of(K, 5, 1);
        covey_clustering whole, batches;
        if (!suits(&loss))
            continue;
        ++tried;
        assert_ok(covey_cluster_compute(&whole, x, N, D, &loss, &params, &err));
        params.batch = 300;
        assert_ok(covey_cluster_compute(&batches, x, N, D, &loss, &params, &err));
        if (!(batches.objective <= WORSE_AT_MOST * whole.objective))
            fail_msg("%s: %.9g by batches, %.9g by whole rounds", loss.ops->name,
                     batches.objective, whole.objective);
        assert_true(batches.rounds > 1);
        covey_clustering_fini(&whole);
        covey_clustering_fini(&batches);
    }
    assert_true(tried >= 8);
    free(x);
}

static void threads_change_nothing(void **state) {
    (void)state;
    covey_error err;
    float *x = make_rows(N, D, K, 1.5, 12);
    covey_loss loss = loss_named("huber");
    covey_clustering first = {0};
    for (int threads = 1; threads <= 4; ++threads) {
        covey_cluster_params params = params_of(K, 2, threads);
        covey_clustering out;
        params.batch = 250;
        assert_ok(covey_cluster_compute(&out, x, N, D, &loss, &params, &err));
        if (threads == 1) {
            first = out;
            continue;
        }
        assert_memory_equal(out.labels, first.labels, N * sizeof *out.labels);
        assert_memory_equal(out.centres, first.centres, K * D * sizeof *out.centres);
        covey_clustering_fini(&out);
    }
    covey_clustering_fini(&first);
    free(x);
}

/* With one centre and the square loss the steps of 1/count are a mean: that of the rows drawn. */
static void steps_are_a_running_mean(void **state) {
    (void)state;
    covey_error err;
    float *x = make_rows(N, D, 1, 0, 13);
    covey__data data;
    covey_loss loss = loss_named("square");
    covey_cluster_params params = params_of(1, 1, 1);
    double centre[D];
    size_t batches = 0;
    int settled = 0;
    params.batch = 500;
    params.max_rounds = 7;
    params.tolerance = 0;
    assert_ok(covey__data_init(&data, x, N, D, 1, &err));
    for (size_t j = 0; j < D; ++j)
        centre[j] = 1000; /* forgotten with the first row */
    assert_ok(covey__batch_refine(centre, &batches, &settled, &data, &loss, &params, 0, &err));
    assert_int_equal(batches, 7);
    assert_int_equal(settled, 0);
    for (size_t j = 0; j < D; ++j) /* 3500 rows of deviation about 1: five standard errors */
        assert_true(fabs(centre[j] - data.mean[j]) < 5 * 1.2 / sqrt(3500));
    covey__data_fini(&data);
    free(x);
}

static void losses_without_weights_are_refused(void **state) {
    (void)state;
    covey_error err;
    float *x = make_rows(N, D, K, 1.5, 14);
    static const char *const names[] = {"absolute", "quantile", "geometric_median", "trimmed",
                                        "epsilon_insensitive"};
    for (size_t l = 0; l < LENGTH(names); ++l) {
        covey_loss loss = loss_named(names[l]);
        covey_cluster_params params = params_of(K, 1, 1);
        covey_clustering out;
        params.batch = 100;
        assert_int_equal(covey_cluster_compute(&out, x, N, D, &loss, &params, &err),
                         COVEY_E_ARGUMENT);
        assert_non_null(strstr(err.message, names[l]));
    }
    free(x);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objective_is_near_that_of_whole_rounds),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(steps_are_a_running_mean),
        cmocka_unit_test(losses_without_weights_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
