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

static void later_rows_are_treated_as_the_first(void **state) {
    (void)state;
    covey_error err;
    const float x[8] = {1, 7.7F, 2, 7.7F, 3, 7.7F, 4, 7.7F}, later[2] = {6, 9};
    float out[2];
    covey_normalizer *normalizer = NULL;
    assert_ok(covey_normalizer_new(&normalizer, x, 4, 2, COVEY_NORMALIZE_STANDARD, &err));
    assert_int_equal(covey_normalizer_columns(normalizer), 2);
    assert_ok(covey_normalizer_apply(normalizer, out, later, 1, NULL, &err));
    assert_close(out[0], (6 - 2.5) / sqrt(1.25), 0, 1e-7);
    assert_true(out[1] == 0);
    covey_normalizer_free(normalizer);
    const float bad[2] = {1, INFINITY};
    assert_status(covey_normalizer_new(&normalizer, bad, 1, 2, COVEY_NORMALIZE_L2, &err),
                  COVEY_E_NUMERIC);
}

static void names_lead_back(void **state) {
    (void)state;
    covey_error err;
    covey_normalize how;
    static const int all[] = {COVEY_NORMALIZE_NONE, COVEY_NORMALIZE_L2, COVEY_NORMALIZE_STANDARD,
                              COVEY_NORMALIZE_PCA + 50};
    for (size_t i = 0; i < LENGTH(all); ++i) {
        char name[32];
        covey_normalize_name(name, (covey_normalize)all[i]);
        assert_ok(covey_normalize_find(&how, name, &err));
        assert_int_equal(how, all[i]);
    }
    assert_status(covey_normalize_find(&how, "pca:0", &err), COVEY_E_ARGUMENT);
    assert_status(covey_normalize_find(&how, "pca:5x", &err), COVEY_E_ARGUMENT);
    assert_status(covey_normalize_find(&how, "standart", &err), COVEY_E_ARGUMENT);
    assert_non_null(strstr(err.message, "did you mean 'standard'"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(l2_gives_length_one_and_counts_zero_rows),
        cmocka_unit_test(standard_gives_mean_zero_and_deviation_one),
        cmocka_unit_test(none_leaves_the_rows_and_nan_is_refused),
        cmocka_unit_test(later_rows_are_treated_as_the_first),
        cmocka_unit_test(names_lead_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
