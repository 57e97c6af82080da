/* SPDX-License-Identifier: MIT */
#include "covey_test.h"

#include "cluster_test.h"
#include "covey/compare.h"

enum { N = 120, D = 6, GROUPS = 4, LOW = 2, HIGH = 8 };

static void choose(covey_comparison *out, const float *x, size_t n, size_t d, const char *name,
                   int threads) {
    covey_error err;
    covey_loss loss = loss_named(name);
    covey_compare_params params = covey_compare_params_default();
    params.seeds = 0;
    params.k_low = LOW;
    params.k_high = HIGH;
    params.cluster.threads = threads;
    assert_ok(covey_compare_compute(out, x, n, d, &loss, 1, &params, &err));
}

/* Four far groups: silhouette, elbow and stability say so, and the table holds what its formulas
 * say of the final fit, which at k = 4 is the same. */
static void clear_groups_are_counted(void **state) {
    (void)state;
    float *x = make_rows(N, D, GROUPS, 30, 3);
    covey_comparison out;
    choose(&out, x, N, D, "square", 1);
    assert_int_equal(out.k_chosen, GROUPS);
    assert_true(out.k_clear);
    assert_int_equal(out.n_k_table, HIGH - LOW + 1);
    const covey_k_row *row = &out.k_table[GROUPS - LOW];
    assert_int_equal(row->k, GROUPS);
    assert_close(row->silhouette, out.silhouette[0], 0, 1e-12);
    assert_close(row->stability, 1, 1e-12, 0);
    double spread = 0;
    for (size_t j = 0; j < D; ++j) {
        double mean = 0;
        for (size_t i = 0; i < N; ++i)
            mean += x[i * D + j] / (double)N;
        for (size_t i = 0; i < N; ++i)
            spread += (x[i * D + j] - mean) * (x[i * D + j] - mean);
    }
    double ratio = (spread - out.sum_l2[0]) / (GROUPS - 1) / (out.sum_l2[0] / (N - GROUPS));
    assert_close(row->calinski_harabasz, ratio, 0, 1e-9);
    assert_close(row->elbow,
                 log(row[-1].objective) - 2 * log(row->objective) + log(row[1].objective), 1e-12,
                 0);
    for (size_t i = 0; i < out.n_k_table; ++i)
        assert_true(out.k_table[i].elbow <= row->elbow || isnan(out.k_table[i].elbow));
    assert_true(isnan(out.k_table[0].elbow) && isnan(out.k_table[HIGH - LOW].elbow));
    covey_comparison_fini(&out);
    free(x);
}

/* One cloud: whatever is chosen, it is said not to be clear. */
static void a_cloud_has_no_clear_k(void **state) {
    (void)state;
    static const char *const names[] = {"square", "absolute", "correntropy"};
    for (uint64_t seed = 1; seed <= 5; ++seed)
        for (size_t l = 0; l < LENGTH(names); ++l) {
            float *x = make_rows(N, D, 1, 0, seed);
            covey_comparison out;
            choose(&out, x, N, D, names[l], 1);
            assert_false(out.k_clear);
            assert_non_null(strstr(out.k_reason, "there is no clear k"));
            covey_comparison_fini(&out);
            free(x);
        }
}

static void threads_change_nothing(void **state) {
    (void)state;
    float *x = make_rows(N, D, 3, 2, 9);
    covey_comparison one, three;
    choose(&one, x, N, D, "huber", 1);
    choose(&three, x, N, D, "huber", 3);
    assert_memory_equal(one.k_table, three.k_table, one.n_k_table * sizeof *one.k_table);
    assert_string_equal(one.k_reason, three.k_reason);
    covey_comparison_fini(&one);
    covey_comparison_fini(&three);
    free(x);
}

static void a_given_k_has_no_table(void **state) {
    (void)state;
    covey_error err;
    float *x = make_rows(N, D, 3, 2, 9);
    covey_loss loss = loss_named("square");
    covey_compare_params params = covey_compare_params_default();
    covey_comparison out;
    params.cluster.k = 5;
    params.seeds = 0;
    assert_ok(covey_compare_compute(&out, x, N, D, &loss, 1, &params, &err));
    assert_int_equal(out.k_chosen, 5);
    assert_int_equal(out.n_k_table, 0);
    assert_string_equal(out.k_reason, "");
    covey_comparison_fini(&out);
    free(x);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clear_groups_are_counted),
        cmocka_unit_test(a_cloud_has_no_clear_k),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(a_given_k_has_no_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
