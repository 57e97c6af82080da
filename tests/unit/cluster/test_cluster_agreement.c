/* SPDX-License-Identifier: MIT */
#include "covey_test.h"

#include "covey/compare.h"

/* Expected values by scikit-learn 1.9's metrics on the same labels. */
static void agrees_with_published_implementations(void **state) {
    (void)state;
    const int32_t a[12] = {0, 0, 0, 1, 1, 1, 2, 2, 2, -1, -1, 3};
    const int32_t b[12] = {0, 0, 1, 1, 1, 2, 2, 2, 2, 0, -1, 3};
    double ari, nmi, vi;
    assert_int_equal(covey_agreement_compute(&ari, &nmi, &vi, a, b, 12), COVEY_OK);
    assert_close(ari, 0.3465346534653465, 0, 1e-12);
    assert_close(nmi, 0.688801922245827, 0, 1e-12);
    assert_close(vi, 0.9394837465944068, 0, 1e-12);
    const int32_t fine[4] = {0, 1, 2, 3}, coarse[4] = {0, 0, 1, 1};
    assert_int_equal(covey_agreement_compute(&ari, &nmi, &vi, fine, coarse, 4), COVEY_OK);
    assert_close(ari, 0, 1e-15, 0);
    assert_close(nmi, 2.0 / 3, 0, 1e-12);
    assert_close(vi, log(2), 0, 1e-12);
}

static void equal_partitions_agree_whatever_their_numbers(void **state) {
    (void)state;
    const int32_t a[5] = {0, 1, 1, 2, 0}, b[5] = {7, 0, 0, -1, 7}, one[5] = {3, 3, 3, 3, 3};
    const int32_t each[5] = {0, 1, 2, 3, 4};
    const int32_t *const same[][2] = {{a, b}, {one, one}, {each, each}};
    for (size_t i = 0; i < LENGTH(same); ++i) {
        double ari, nmi, vi;
        assert_int_equal(covey_agreement_compute(&ari, &nmi, &vi, same[i][0], same[i][1], 5),
                         COVEY_OK);
        assert_true(ari == 1 && nmi == 1 && vi == 0);
    }
    double ari;
    assert_int_equal(covey_agreement_compute(&ari, NULL, NULL, a, b, 1), COVEY_OK);
    assert_true(ari == 1);
}

/* Many classes are counted by sorting, few in a table: both must say the same. */
static void sparse_counting_equals_dense(void **state) {
    (void)state;
    enum { N = 3000 };
    static int32_t a[N], b[N], far_a[N], far_b[N];
    double dense[3], sparse[3];
    for (int32_t i = 0; i < N; ++i) {
        a[i] = i * 7 % 13;
        b[i] = (i + i / 100) % 17 - 1;
        far_a[i] = a[i] * 100000;
        far_b[i] = b[i] * 1000 + 999;
    }
    assert_int_equal(covey_agreement_compute(dense, dense + 1, dense + 2, a, b, N), COVEY_OK);
    assert_int_equal(covey_agreement_compute(sparse, sparse + 1, sparse + 2, far_a, far_b, N),
                     COVEY_OK);
    assert_array_close(sparse, dense, 3, 0, 1e-12);
    assert_int_equal(covey_agreement_compute(dense, NULL, NULL, a, b, 0), COVEY_E_ARGUMENT);
    a[5] = -2;
    assert_int_equal(covey_agreement_compute(dense, NULL, NULL, a, b, N), COVEY_E_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_published_implementations),
        cmocka_unit_test(equal_partitions_agree_whatever_their_numbers),
        cmocka_unit_test(sparse_counting_equals_dense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
