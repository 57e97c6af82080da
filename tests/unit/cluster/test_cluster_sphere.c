/* SPDX-License-Identifier: MIT */
/* Clustering by direction: groups of one direction and any length, centres of length 1, and a row
 * without a direction named. */
#include "covey_test.h"

#include "cluster_test.h"
#include "covey/assign.h"

enum { N = 300, D = 12, K = 4 };

/* Four directions, lengths over four orders of magnitude. */
static float *directions(void) {
    float *x = make_rows(N, D, K, 6, 31);
    for (size_t i = 0; i < N * D; ++i)
        x[i] *= (float)pow(10, (double)(i / D % 5) - 2);
    return x;
}

static void directions_are_found(void **state) {
    (void)state;
    covey_error err;
    covey_loss loss = loss_named("spherical");
    covey_cluster_params params = params_of(K, 5, 2);
    covey_clustering out;
    float *x = directions();
    assert_ok(covey_cluster_compute(&out, x, N, D, &loss, &params, &err));
    assert_true(out.converged);
    for (size_t i = K; i < N; ++i)
        assert_int_equal(out.labels[i], out.labels[i % K]);
    for (size_t j = 0; j < K; ++j) {
        double square = 0;
        for (size_t a = 0; a < D; ++a)
            square += out.centres[j * D + a] * out.centres[j * D + a];
        assert_close(square, 1, 1e-14, 0);
    }
    double sum = 0;
    for (size_t i = 0; i < N; ++i) {
        double product = 0, length = 0;
        const double *centre = out.centres + (size_t)out.labels[i] * D;
        for (size_t a = 0; a < D; ++a) {
            product += x[i * D + a] * centre[a];
            length += (double)x[i * D + a] * x[i * D + a];
        }
        double loss_of_row = 1 - product / sqrt(length);
        sum += loss_of_row;
        /* The distance is the chord: r^2/2 = 1 - cos. */
        assert_close(out.distance[i] * out.distance[i] / 2, loss_of_row, 2e-7, 0);
    }
    assert_close(out.objective, sum, 0, 1e-5);

    covey_assignment assigned;
    assert_ok(covey_assign_compute(&assigned, x, N, D, &out, 1, 1, &err));
    assert_memory_equal(assigned.labels, out.labels, N * sizeof *out.labels);
    assert_memory_equal(assigned.distance, out.distance, N * sizeof *out.distance);
    covey_assignment_fini(&assigned);
    covey_clustering_fini(&out);
    free(x);
}

static void no_direction_is_an_error(void **state) {
    (void)state;
    covey_error err;
    covey_loss loss = loss_named("cosine");
    covey_cluster_params params = params_of(K, 1, 1);
    covey_clustering out;
    float *x = directions();
    double centres[K * D] = {1};
    params.start = COVEY_START_CENTRES;
    params.centres = centres;
    assert_status(covey_cluster_compute(&out, x, N, D, &loss, &params, &err), COVEY_E_NUMERIC);
    assert_non_null(strstr(err.message, "start centre 1 "));
    params = params_of(K, 1, 1);
    memset(x + 17 * D, 0, D * sizeof *x);
    assert_status(covey_cluster_compute(&out, x, N, D, &loss, &params, &err), COVEY_E_NUMERIC);
    assert_non_null(strstr(err.message, "row 17 "));
    assert_non_null(strstr(err.message, "cosine"));
    /* As many directions as clusters there must be, not as many rows. */
    for (size_t i = 0; i < N; ++i)
        for (size_t j = 0; j < D; ++j)
            x[i * D + j] = (float)((i + 1) * (j == i % 3));
    assert_status(covey_cluster_compute(&out, x, N, D, &loss, &params, &err), COVEY_E_ARGUMENT);
    assert_non_null(strstr(err.message, "only 3 of the 300 rows"));
    params.k = 3;
    assert_ok(covey_cluster_compute(&out, x, N, D, &loss, &params, &err));
    assert_close(out.objective, 0, 1e-12, 0);
    covey_clustering_fini(&out);
    free(x);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(directions_are_found),
        cmocka_unit_test(no_direction_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
