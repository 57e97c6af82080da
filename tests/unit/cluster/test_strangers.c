/* SPDX-License-Identifier: MIT */
#include "covey_test.h"

#include "base_internal.h"
#include "covey/strangers.h"
#include "random_internal.h"

enum { N = 300, D = 6, K = 3 };

static covey_error err;
static float x[N * D];

/* Three clumps, well apart. */
static void fill(void) {
    for (size_t i = 0; i < N; ++i)
        for (size_t j = 0; j < D; ++j)
            x[i * D + j] = (float)(covey__normal(5, COVEY__PURPOSE_TEST, i, j) +
                                   (j == i % K ? 9.0 : 0.0));
}

static void compare(covey_comparison *out, covey_compare_params *params, int threads) {
    static const char *const names[] = {"square", "absolute", "correntropy", "tukey"};
    covey_loss losses[4];
    *params = covey_compare_params_default();
    params->cluster.k = K;
    params->cluster.restarts = 4;
    params->cluster.threads = threads;
    params->seeds = 0;
    for (int l = 0; l < 4; ++l)
        assert_ok(covey_loss_find(&losses[l], names[l], &err));
    fill();
    assert_ok(covey_compare_compute(out, x, N, D, losses, 4, params, &err));
}

static void test_breakdown(void **state) {
    (void)state;
    covey_comparison clean;
    covey_compare_params params;
    covey_strangers s;
    covey_strangers_params how = covey_strangers_params_default();
    compare(&clean, &params, 1);
    how.share = 0.05;
    how.points = 3;
    assert_ok(covey_strangers_compute(&s, &clean, x, N, D, &params.cluster, &how, &err));
    assert_int_equal(s.n_rows, 16);
    assert_true(s.unit > 1.5 && s.unit < 3.5); /* sqrt(6) or so */
    for (size_t r = 0; r < s.n_rows; ++r) {
        assert_int_equal(s.rows[r].loss, r / 4);
        assert_int_equal(s.rows[r].strangers, 5 * (r % 4));
        if (r % 4)
            continue;
        /* Nobody mixed in: the clean fit, from the start that won there. */
        assert_close(s.rows[r].centre_most, 0, 1e-6, 0);
        assert_close(s.rows[r].representative_mean, 0, 0, 0);
        assert_int_equal(s.rows[r].changed, 0);
        assert_close(s.rows[r].ari, 1, 0, 1e-12);
    }
    /* Bounded losses stay; the mean is carried off, by 5 of 105 rows at 10 units to begin with. */
    const covey_strangers_row *square = s.rows, *tukey = s.rows + 12, *correntropy = s.rows + 8;
    assert_true(square[1].centre_most > 0.3);
    assert_true(square[3].centre_most > square[1].centre_most);
    for (int p = 1; p < 4; ++p) {
        assert_true(tukey[p].centre_most < 0.1);
        assert_true(correntropy[p].centre_most < 0.1);
        assert_int_equal(tukey[p].taken, 0);
        assert_true(tukey[p].centre_most < square[p].centre_most / 3);
    }
    covey_strangers_fini(&s);
    covey_comparison_fini(&clean);
}

static void test_threads_change_nothing(void **state) {
    (void)state;
    covey_comparison clean;
    covey_compare_params params;
    covey_strangers one, three;
    covey_strangers_params how = covey_strangers_params_default();
    how.points = 2;
    compare(&clean, &params, 1);
    assert_ok(covey_strangers_compute(&one, &clean, x, N, D, &params.cluster, &how, &err));
    params.cluster.threads = 3;
    assert_ok(covey_strangers_compute(&three, &clean, x, N, D, &params.cluster, &how, &err));
    for (size_t r = 0; r < one.n_rows; ++r) {
        assert_close(one.rows[r].centre_mean, three.rows[r].centre_mean, 0, 0);
        assert_close(one.rows[r].representative_mean, three.rows[r].representative_mean, 0, 0);
        assert_close(one.rows[r].ari, three.rows[r].ari, 0, 0);
    }
    covey_strangers_fini(&one);
    covey_strangers_fini(&three);
    covey_comparison_fini(&clean);
}

static void test_refused(void **state) {
    (void)state;
    covey_comparison clean;
    covey_compare_params params;
    covey_strangers s;
    covey_strangers_params how = covey_strangers_params_default();
    compare(&clean, &params, 1);
    const double shares[] = {0, -0.1, 1.5, NAN};
    for (int i = 0; i < 4; ++i) {
        how.share = shares[i];
        assert_status(covey_strangers_compute(&s, &clean, x, N, D, &params.cluster, &how, &err),
                      COVEY_E_ARGUMENT);
    }
    how = covey_strangers_params_default();
    how.far = 0;
    assert_status(covey_strangers_compute(&s, &clean, x, N, D, &params.cluster, &how, &err),
                  COVEY_E_ARGUMENT);
    how = covey_strangers_params_default();
    how.points = 0;
    assert_status(covey_strangers_compute(&s, &clean, x, N, D, &params.cluster, &how, &err),
                  COVEY_E_ARGUMENT);
    how.points = 2;
    assert_status(covey_strangers_compute(&s, &clean, x, N - 1, D, &params.cluster, &how, &err),
                  COVEY_E_ARGUMENT);
    params.cluster.classic = 1;
    assert_status(covey_strangers_compute(&s, &clean, x, N, D, &params.cluster, &how, &err),
                  COVEY_E_ARGUMENT);
    covey_comparison_fini(&clean);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_breakdown),
        cmocka_unit_test(test_threads_change_nothing),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
