/* SPDX-License-Identifier: MIT */
#include "covey_test.h"

#include "cluster_test.h"
#include "covey/assign.h"

enum { N = 120, D = 5, K = 3 };

/* The clustered rows themselves go where they are, at the distance they have, and none lies beyond
 * the farthest member. */
static void rows_of_the_run_stay_where_they_are(void **state) {
    (void)state;
    static const char *const names[] = {"square", "absolute", "huber", "correntropy"};
    covey_error err;
    float *x = make_rows(N, D, K, 6, 3);
    for (size_t l = 0; l < LENGTH(names); ++l) {
        covey_loss loss = loss_named(names[l]);
        covey_cluster_params params = params_of(K, 4, 1);
        covey_clustering c = {0};
        covey_assignment a = {0};
        assert_ok(covey_cluster_compute(&c, x, N, D, &loss, &params, &err));
        assert_ok(covey_assign_compute(&a, x, N, D, &c, 1, 2, &err));
        assert_int_equal(a.outside, 0);
        assert_memory_equal(a.labels, c.labels, N * sizeof *a.labels);
        assert_memory_equal(a.distance, c.distance, N * sizeof *a.distance);
        assert_memory_equal(a.margin, c.margin, N * sizeof *a.margin);
        covey_assignment_fini(&a);
        covey_clustering_fini(&c);
    }
    free(x);
}

static void a_stranger_belongs_nowhere(void **state) {
    (void)state;
    covey_error err;
    float *x = make_rows(N, D, K, 6, 4), far[2 * D];
    covey_loss loss = loss_named("square");
    covey_cluster_params params = params_of(K, 4, 1);
    covey_clustering c = {0};
    covey_assignment a = {0};
    assert_ok(covey_cluster_compute(&c, x, N, D, &loss, &params, &err));
    for (size_t j = 0; j < D; ++j) {
        far[j] = x[7 * D + j];
        far[D + j] = x[7 * D + j] + 100;
    }
    assert_ok(covey_assign_compute(&a, far, 2, D, &c, 1, 1, &err));
    assert_int_equal(a.labels[0], c.labels[7]);
    assert_int_equal(a.labels[1], -1);
    assert_in_range(a.nearest[1], 0, K - 1);
    assert_int_equal(a.outside, 1);
    covey_assignment_fini(&a);
    covey_clustering_fini(&c);
    free(x);
}

/* Four rows at 0, 1, 2, 3 in one cluster, one in another; 20 in a third. */
static void limits_are_order_statistics(void **state) {
    (void)state;
    enum { ROWS = 25 };
    covey_error err;
    double centres[4] = {0, 100, NAN, 200}, distance[ROWS];
    int32_t labels[ROWS];
    for (int i = 0; i < ROWS; ++i) {
        labels[i] = i < 4 ? 0 : i < 5 ? 1 : 3;
        distance[i] = i < 4 ? i : i < 5 ? 0 : 0.1 * (i - 4);
    }
    covey_clustering c = {.loss = loss_named("square"), .n = ROWS, .d = 1, .k = 4};
    c.centres = centres;
    c.labels = labels;
    c.distance = distance;
    const float x[4] = {3, -3.5F, 101.5F, 202.5F};
    covey_assignment a = {0};
    assert_ok(covey_assign_compute(&a, x, 4, 1, &c, 0.9, 1, &err));
    /* 0.9 of 25 rows: the 23rd smallest distance, 2; of 20: the 18th, 1.8; of 4: the 4th. */
    assert_true(a.limit[0] == 3 && a.limit[1] == 2 && isnan(a.limit[2]));
    assert_close(a.limit[3], 1.8, 1e-12, 0);
    const int32_t want[4] = {0, -1, 1, -1}, nearest[4] = {0, 0, 1, 3};
    assert_memory_equal(a.labels, want, sizeof want);
    assert_memory_equal(a.nearest, nearest, sizeof nearest);
    covey_assignment_fini(&a);
    assert_status(covey_assign_compute(&a, x, 2, 2, &c, 0.9, 1, &err), COVEY_E_ARGUMENT);
    assert_status(covey_assign_compute(&a, x, 4, 1, &c, 1.5, 1, &err), COVEY_E_ARGUMENT);
    const float bad[1] = {NAN};
    assert_status(covey_assign_compute(&a, bad, 1, 1, &c, 1, 1, &err), COVEY_E_NUMERIC);
    for (int j = 0; j < 4; ++j)
        centres[j] = NAN;
    assert_status(covey_assign_compute(&a, x, 4, 1, &c, 1, 1, &err), COVEY_E_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_of_the_run_stay_where_they_are),
        cmocka_unit_test(a_stranger_belongs_nowhere),
        cmocka_unit_test(limits_are_order_statistics),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
