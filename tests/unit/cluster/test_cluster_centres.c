/* SPDX-License-Identifier: MIT */
/* Sums kept from round to round are those of the labels, and what is returned was summed anew. */
#include "covey_test.h"

#include "base_internal.h"
#include "cluster_internal.h"
#include "cluster_test.h"

enum { N = 10007, D = 13, K = 7 }; /* three chunks */

static void sums_follow_the_rows_that_moved(void **state) {
    (void)state;
    covey_error err;
    float *x = make_rows(N, D, K, 0.7, 5);
    int32_t before[N], labels[N];
    static double fresh[K * (D + 1)], kept[K * (D + 1)];
    for (size_t i = 0; i < N; ++i) {
        before[i] = (int32_t)(i % (K + 1)) - 1; /* -1: left out */
        labels[i] = i % 5 ? before[i] : (int32_t)(i / 5 % (K + 1)) - 1;
    }
    for (int threads = 1; threads <= 3; ++threads) {
        covey__data data = {0};
        assert_ok(covey__data_init(&data, x, N, D, threads, &err));
        assert_ok(covey__sums(fresh, &data, labels, NULL, K, NULL, &err));
        assert_ok(covey__sums(kept, &data, before, NULL, K, NULL, &err));
        assert_ok(covey__sums(kept, &data, labels, before, K, NULL, &err));
        for (size_t j = 0; j < K; ++j) {
            size_t rows = 0;
            for (size_t i = 0; i < N; ++i)
                rows += labels[i] == (int32_t)j;
            assert_true(fresh[j * (D + 1) + D] == (double)rows);
            assert_true(kept[j * (D + 1) + D] == (double)rows);
        }
        for (size_t i = 0; i < K * (D + 1); ++i)
            assert_close(kept[i], fresh[i], 1e-9, 1e-12);
        /* Clusters that are not wanted stay as they are. */
        static const char wanted[K] = {0, 1};
        kept[0] = 42;
        assert_ok(covey__sums(kept, &data, before, NULL, K, wanted, &err));
        assert_true(kept[0] == 42);
        assert_true(kept[2 * (D + 1)] != 0);
        covey__data_fini(&data);
    }
    free(x);
}

/* The means of the labels, to the bit, whatever was added and taken away on the way there, with
 * few rows moving in most rounds; and with a row so long that it may not be taken away. */
static void means_returned_are_summed_anew(void **state) {
    (void)state;
    covey_error err;
    covey_loss square = loss_named("square");
    for (int giant = 0; giant < 2; ++giant)
        for (int stop = 0; stop < 3; ++stop) {
            float *x = make_rows(N, D, K, 0.4, 11);
            for (size_t i = 0; i < N * D; ++i) /* or else float64 sums would be exact in any order */
                x[i] = ldexpf(x[i], -(int)(i % 37));
            if (giant)
                for (size_t j = 0; j < D; ++j)
                    x[77 * D + j] = 3e7F;
            covey_cluster_params params = params_of(K, 1, 2);
            params.max_rounds = stop == 1 ? 12 : 1000;
            params.tolerance = stop == 2 ? 1e-4 : 0;
            covey_clustering out;
            assert_ok(covey_cluster_compute(&out, x, N, D, &square, &params, &err));
            size_t few = 0;
            for (size_t i = 1; i < out.n_history; ++i)
                few += out.history[i].moved > 0 && out.history[i].moved <= N / 8;
            assert_true(few > 3 || (giant && stop == 2)); /* which ends at once */
            assert_int_equal(out.converged, stop != 1);
            double means[K * D];
            covey__data data = {0};
            assert_ok(covey__data_init(&data, x, N, D, 1, &err));
            assert_ok(covey__means(means, &data, out.labels, K, &err));
            assert_memory_equal(means, out.centres, sizeof means);
            covey__data_fini(&data);
            covey_clustering_fini(&out);
            free(x);
        }
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_follow_the_rows_that_moved),
        cmocka_unit_test(means_returned_are_summed_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
