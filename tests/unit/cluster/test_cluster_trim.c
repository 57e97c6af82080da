/* SPDX-License-Identifier: MIT */
/* Trimming: strangers are left out, the centres are the means of the rest, as many rows go as the
 * share says, and what is said of a row that went. */
#include "covey_test.h"

#include "cluster_internal.h"
#include "cluster_test.h"
#include "covey/compare.h"

enum { N = 200, D = 6, K = 3, STRANGERS = 10 };

/* Three groups; every 20th row is far from all. */
static float *with_strangers(void) {
    float *x = make_rows(N, D, K, 8, 3);
    for (size_t i = 0; i < N; i += N / STRANGERS)
        for (size_t j = 0; j < D; ++j)
            x[i * D + j] = (float)(200 * covey__normal(9, COVEY__PURPOSE_TEST, i, j));
    return x;
}

static int is_stranger(size_t row) {
    return row % (N / STRANGERS) == 0;
}

static void strangers_go(void **state) {
    (void)state;
    covey_error err;
    covey_loss loss = loss_named("trimmed");
    covey_cluster_params params = params_of(K, 10, 2);
    covey_clustering out;
    float *x = with_strangers();
    params.start = COVEY_START_RANDOM; /* k-means++ would begin at the strangers */
    assert_ok(covey_cluster_compute(&out, x, N, D, &loss, &params, &err));
    assert_true(out.converged);
    size_t counted = 0;
    double sum = 0;
    for (size_t i = 0; i < N; ++i) {
        assert_int_equal(out.labels[i] < 0, is_stranger(i));
        assert_true(out.nearest[i] >= 0 && out.nearest[i] < K);
        if (out.labels[i] < 0) {
            assert_true(out.weight[i] == 0 && out.rank[i] == -1 && out.distance[i] > 50);
            continue;
        }
        ++counted;
        assert_int_equal(out.labels[i], out.nearest[i]);
        assert_true(out.weight[i] == 1);
        sum += out.distance[i] * out.distance[i];
    }
    assert_int_equal(counted, N - STRANGERS);
    assert_int_equal(out.sizes[0] + out.sizes[1] + out.sizes[2], counted);
    assert_close(out.objective, sum, 0, 1e-12);
    for (size_t j = 0; j < K; ++j) {
        double mean[D] = {0};
        for (size_t i = 0; i < N; ++i)
            for (size_t a = 0; out.labels[i] == (int32_t)j && a < D; ++a)
                mean[a] += x[i * D + a] / (double)out.sizes[j];
        assert_array_close(out.centres + j * D, mean, D, 1e-12, 1e-12);
    }
    covey_clustering_fini(&out);
    free(x);
}

/* Nothing trimmed: the square loss to the bit of labels, the objective to rounding. */
static void no_share_is_the_square_loss(void **state) {
    (void)state;
    covey_error err;
    covey_loss loss = loss_named("trimmed"), square = loss_named("square");
    covey_cluster_params params = params_of(K, 3, 1);
    covey_clustering a, b;
    float *x = with_strangers();
    assert_ok(covey_loss_set_param(&loss, "fraction", "0", &err));
    assert_ok(covey_cluster_compute(&a, x, N, D, &loss, &params, &err));
    assert_ok(covey_cluster_compute(&b, x, N, D, &square, &params, &err));
    assert_memory_equal(a.labels, b.labels, N * sizeof *a.labels);
    assert_close(a.objective, b.objective, 0, 1e-12);
    covey_clustering_fini(&a);
    covey_clustering_fini(&b);
    free(x);
}

static void shares(void **state) {
    (void)state;
    static const struct {
        double fraction;
        size_t n, k, want;
    } cases[] = {{0.05, 100, 3, 5},  {0.05, 19, 3, 0}, {0.29, 100, 3, 29},
                 {0.99, 100, 3, 97}, {0.5, 10, 10, 0}, {0, 100, 1, 0}};
    covey_loss loss = loss_named("trimmed"), square = loss_named("square");
    for (size_t i = 0; i < LENGTH(cases); ++i) {
        loss.params[0] = cases[i].fraction;
        assert_int_equal(covey__trim_count(&loss, cases[i].n, cases[i].k), cases[i].want);
    }
    assert_int_equal(covey__trim_count(&square, 100, 3), 0);
    static const double value[] = {3, 0, 7, 3, 1e300, 3, 0, 1e-300};
    static const int32_t want[][8] = {{0, 1, 2, 3, 4, 5, 6, 7},     {0, 1, 2, 3, -1, 5, 6, 7},
                                      {0, 1, -1, 3, -1, 5, 6, 7},   {0, 1, -1, 3, -1, -1, 6, 7},
                                      {0, 1, -1, -1, -1, -1, 6, 7}, {-1, 1, -1, -1, -1, -1, 6, 7},
                                      {-1, 1, -1, -1, -1, -1, 6, -1}};
    for (size_t count = 0; count < LENGTH(want); ++count) {
        int32_t labels[8] = {0, 1, 2, 3, 4, 5, 6, 7};
        covey__trim(labels, value, 8, count);
        assert_memory_equal(labels, want[count], sizeof labels);
    }
}

/* Empty clusters are refilled by rows that were kept; large shares and few clusters work. */
static void every_share_ends_well(void **state) {
    (void)state;
    covey_error err;
    covey_loss loss = loss_named("trimmed");
    float *x = with_strangers();
    for (size_t k = 1; k <= 41; k += 8)
        for (int tenth = 1; tenth < 10; tenth += 2) {
            covey_cluster_params params = params_of(k, 2, 1);
            covey_clustering out;
            size_t kept = 0;
            loss.params[0] = tenth / 10.0;
            assert_ok(covey_cluster_compute(&out, x, N, D, &loss, &params, &err));
            for (size_t j = 0; j < k; ++j) {
                kept += out.sizes[j];
                assert_true(out.sizes[j] > 0);
            }
            assert_int_equal(kept, N - covey__trim_count(&loss, N, k));
            for (size_t i = 1; i < out.n_history; ++i)
                if (out.history[i].round > 1)
                    assert_true(out.history[i].objective <=
                                out.history[i - 1].objective * (1 + 1e-12));
            covey_clustering_fini(&out);
        }
    free(x);
}

/* Beside another loss: the rows left out are a class of their own in the agreement. */
static void compared(void **state) {
    (void)state;
    covey_error err;
    covey_loss losses[2] = {loss_named("trimmed"), loss_named("square")};
    covey_compare_params params = covey_compare_params_default();
    covey_comparison out;
    float *x = make_rows(N, D, K, 20, 4); /* no strangers: both find the groups */
    double ari = 0;
    params.k_low = 2;
    params.k_high = 5;
    params.cluster.restarts = 3;
    params.seeds = 3;
    assert_ok(covey_compare_compute(&out, x, N, D, losses, 2, &params, &err));
    assert_int_equal(out.k_chosen, K);
    const covey_clustering *trimmed = out.clusterings, *square = out.clusterings + 1;
    assert_memory_equal(trimmed->nearest, square->labels, N * sizeof *square->labels);
    assert_ok(covey_agreement_compute(&ari, NULL, NULL, trimmed->labels, square->labels, N));
    assert_true(out.ari[1] == ari && ari < 1 && ari > 0.8);
    assert_true(trimmed->sizes[0] >= trimmed->sizes[1] && trimmed->sizes[1] >= trimmed->sizes[2]);
    assert_true(out.silhouette[0] == out.silhouette[1]); /* put back for the yardsticks */
    for (size_t i = 0; i < N; ++i)
        assert_true(out.disagreement[i] == 0);
    covey_comparison_fini(&out);
    free(x);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strangers_go),
        cmocka_unit_test(no_share_is_the_square_loss),
        cmocka_unit_test(shares),
        cmocka_unit_test(every_share_ends_well),
        cmocka_unit_test(compared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
