/* SPDX-License-Identifier: MIT */
#include "covey_test.h"

#include "covey/cluster.h"

static void l2_gives_length_one_and_counts_zero_rows(void **state) {
    (void)state;
    float x[6] = {3, 4, 0, 0, -2, 0};
    size_t zero = 9;
    assert_int_equal(covey_normalize_rows(x, 3, 2, COVEY_NORMALIZE_L2, &zero), COVEY_OK);
    const float want[6] = {0.6F, 0.8F, 0, 0, -1, 0};
    assert_memory_equal(x, want, sizeof want);
    assert_int_equal(zero, 1);
}

static void standard_gives_mean_zero_and_deviation_one(void **state) {
    (void)state;
    float x[8] = {1, 7.7F, 2, 7.7F, 3, 7.7F, 4, 7.7F};
    assert_int_equal(covey_normalize_rows(x, 4, 2, COVEY_NORMALIZE_STANDARD, NULL), COVEY_OK);
    double deviation = sqrt(1.25);
    for (size_t i = 0; i < 4; ++i) {
        assert_close(x[2 * i], ((double)i + 1 - 2.5) / deviation, 0, 1e-7);
        assert_true(x[2 * i + 1] == 0); /* a constant column carries nothing */
    }
}

static void none_leaves_the_rows_and_nan_is_refused(void **state) {
    (void)state;
    float x[2] = {3, 4};
    assert_int_equal(covey_normalize_rows(x, 1, 2, COVEY_NORMALIZE_NONE, NULL), COVEY_OK);
    assert_true(x[0] == 3 && x[1] == 4);
    x[1] = NAN;
    assert_int_equal(covey_normalize_rows(x, 1, 2, COVEY_NORMALIZE_L2, NULL), COVEY_E_NUMERIC);
    assert_true(x[0] == 3);
    assert_int_equal(covey_normalize_rows(x, 1, 1, (covey_normalize)9, NULL), COVEY_E_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(l2_gives_length_one_and_counts_zero_rows),
        cmocka_unit_test(standard_gives_mean_zero_and_deviation_one),
        cmocka_unit_test(none_leaves_the_rows_and_nan_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
