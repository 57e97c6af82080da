/* SPDX-License-Identifier: MIT */
#include "covey_test.h"

#include "cluster_test.h"
#include "normalize_internal.h"

enum { N = 60, D = 24, KEPT = 5 };

/* A v = lambda v, and V orthogonal. */
static void check_eigen(const double *kept, size_t n) {
    covey_error err;
    static double a[D * D], v[D * D], values[D];
    memcpy(a, kept, n * n * sizeof *a);
    assert_ok(covey__eigen(values, v, a, n, &err));
    for (size_t i = 0; i < n; ++i)
        for (size_t j = 0; j < n; ++j) {
            double image = 0, product = 0;
            for (size_t t = 0; t < n; ++t) {
                image += kept[j * n + t] * v[i * n + t];
                product += v[i * n + t] * v[j * n + t];
            }
            assert_close(image, values[i] * v[i * n + j], 1e-12, 0);
            assert_close(product, i == j, 1e-13, 0);
        }
}

static void eigenvectors_are_eigenvectors(void **state) {
    (void)state;
    static double a[D * D], b[3][D];
    for (size_t n = 1; n <= D; ++n) {
        for (size_t i = 0; i < n; ++i)
            for (size_t j = 0; j <= i; ++j)
                a[i * n + j] = a[j * n + i] = covey__normal(5, COVEY__PURPOSE_TEST, i, j);
        check_eigen(a, n);
    }
    /* Rank three among D: most eigenvalues are zero, and equal. */
    for (size_t r = 0; r < 3; ++r)
        for (size_t i = 0; i < D; ++i)
            b[r][i] = covey__normal(6, COVEY__PURPOSE_TEST, r, i);
    for (size_t i = 0; i < D; ++i)
        for (size_t j = 0; j < D; ++j)
            a[i * D + j] = b[0][i] * b[0][j] + b[1][i] * b[1][j] + b[2][i] * b[2][j];
    check_eigen(a, D);
    for (size_t i = 0; i < D * D; ++i) /* all the same, then diagonal, then nothing */
        a[i] = 1;
    check_eigen(a, D);
    for (size_t i = 0; i < D * D; ++i)
        a[i] = i % (D + 1) ? 0 : (double)(i % 7);
    check_eigen(a, D);
    for (size_t i = 0; i < D * D; ++i) /* near the end of the exponents */
        a[i] = i % (D + 1) ? 1e-300 : 2e-300;
    check_eigen(a, D);
    memset(a, 0, sizeof a);
    check_eigen(a, D);
}

/* Uncorrelated columns of falling variance, largest entry positive: what principal means. */
static void columns_are_principal_components(void **state) {
    (void)state;
    covey_error err;
    float *x = make_rows(N, D, 3, 4, 8), out[N * KEPT];
    double mean[D], components[KEPT * D], before = INFINITY;
    covey_normalizer *normalizer = NULL;
    assert_ok(covey_normalizer_new(&normalizer, x, N, D,
                                   (covey_normalize)(COVEY_NORMALIZE_PCA + KEPT), &err));
    assert_int_equal(covey_normalizer_columns(normalizer), KEPT);
    assert_ok(covey_normalizer_apply(normalizer, out, x, N, NULL, &err));
    for (size_t a = 0; a < KEPT; ++a)
        for (size_t b = a; b < KEPT; ++b) {
            double sum = 0, total = 0;
            for (size_t i = 0; i < N; ++i) {
                sum += out[i * KEPT + a];
                total += (double)out[i * KEPT + a] * out[i * KEPT + b];
            }
            assert_close(sum, 0, 1e-5, 0);
            if (a != b) {
                assert_close(total, 0, 1e-5, 0);
                continue;
            }
            assert_true(total > 0 && total <= before);
            before = total;
        }
    assert_int_equal(covey_normalize_rows(x, N, D, COVEY_NORMALIZE_L2, NULL), COVEY_OK);
    assert_ok(covey__learn_pca(mean, components, x, N, D, KEPT, &err));
    for (size_t c = 0; c < KEPT; ++c) {
        size_t largest = 0;
        for (size_t j = 1; j < D; ++j)
            if (fabs(components[c * D + j]) > fabs(components[c * D + largest]))
                largest = j;
        assert_true(components[c * D + largest] > 0);
        double sum = 0;
        for (size_t j = 0; j < D; ++j)
            sum += (x[3 * D + j] - mean[j]) * components[c * D + j];
        assert_close(out[3 * KEPT + c], sum, 1e-7, 1e-6);
    }
    covey_normalizer_free(normalizer);
    free(x);
}

static void too_many_components_are_refused(void **state) {
    (void)state;
    covey_error err;
    float *x = make_rows(4, D, 2, 4, 8);
    covey_normalizer *normalizer = NULL;
    assert_status(covey_normalizer_new(&normalizer, x, 4, D,
                                       (covey_normalize)(COVEY_NORMALIZE_PCA + 5), &err),
                  COVEY_E_ARGUMENT);
    assert_int_equal(covey_normalize_rows(x, 4, D, (covey_normalize)(COVEY_NORMALIZE_PCA + 2),
                                          NULL),
                     COVEY_E_ARGUMENT);
    free(x);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eigenvectors_are_eigenvectors),
        cmocka_unit_test(columns_are_principal_components),
        cmocka_unit_test(too_many_components_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
