/* SPDX-License-Identifier: MIT */
#include "run_fixture.h"

enum { N = 150, D = 70 };

static void random_rows(float *x) {
    for (size_t i = 0; i < (size_t)N * D; ++i)
        x[i] = (float)covey__normal(3, COVEY__PURPOSE_TEST, i, 0);
}

static covey_run *run_of(const float *x) {
    covey_error err;
    covey_run *run = NULL;
    assert_ok(covey_run_new(&run, &err));
    run->features.data = covey__alloc_array((size_t)N * D, sizeof(float));
    memcpy(run->features.data, x, (size_t)N * D * sizeof *x);
    run->features.rows = N;
    run->features.cols = D;
    return run;
}

static double cosine(const float *a, const float *b) {
    double ab = 0, aa = 0, bb = 0;
    for (size_t j = 0; j < D; ++j) {
        ab += (double)a[j] * b[j];
        aa += (double)a[j] * a[j];
        bb += (double)b[j] * b[j];
    }
    return ab / sqrt(aa * bb);
}

/* Every pair by the definition, at a threshold that many pairs lie near. */
static void every_pair_is_judged_rightly(void **state) {
    (void)state;
    static float x[N * D];
    covey_error err;
    random_rows(x);
    static const double thresholds[] = {0.1, 0.25, 0.4};
    for (size_t t = 0; t < LENGTH(thresholds); ++t) {
        covey_run *run = run_of(x);
        assert_ok(covey_run_find_duplicates(run, thresholds[t], 2, &err));
        size_t next = 0;
        for (size_t i = 0; i < N; ++i) {
            double best = 0;
            size_t of = N;
            for (size_t j = 0; j < i; ++j) {
                double value = cosine(x + i * D, x + j * D);
                if (value >= thresholds[t] && value > best) {
                    best = value;
                    of = j;
                }
            }
            if (of == N)
                continue;
            assert_true(next < run->n_duplicates);
            assert_int_equal(run->duplicates[next].row, i);
            assert_int_equal(run->duplicates[next].of_row, of);
            assert_close(run->duplicates[next].similarity, best, 1e-6, 0);
            ++next;
        }
        assert_int_equal(next, run->n_duplicates);
        covey_run_free(run);
    }
}

static void copies_are_found_and_zero_rows_are_not(void **state) {
    (void)state;
    static float x[N * D];
    covey_error err;
    random_rows(x);
    for (size_t j = 0; j < D; ++j) {
        x[40 * D + j] = 3 * x[7 * D + j]; /* brighter, the same direction */
        x[41 * D + j] = x[42 * D + j] = 0;
        x[90 * D + j] = x[7 * D + j];
    }
    covey_run *run = run_of(x);
    assert_ok(covey_run_find_duplicates(run, 0.95, 1, &err));
    assert_int_equal(run->n_duplicates, 2);
    assert_int_equal(run->duplicates[0].row, 40);
    assert_int_equal(run->duplicates[0].of_row, 7);
    assert_int_equal(run->duplicates[1].row, 90);
    assert_close(run->duplicates[1].similarity, 1, 1e-6, 0);
    assert_status(covey_run_find_duplicates(run, 0, 1, &err), COVEY_E_ARGUMENT);
    assert_status(covey_run_find_duplicates(run, 1.5, 1, &err), COVEY_E_ARGUMENT);
    covey_run_free(run);
}

static void the_table_survives_the_folder(void **state) {
    (void)state;
    covey_error err;
    char folder[256], root[300], out[300];
    covey_test_folder(folder);
    snprintf(root, sizeof root, "%s/photos", folder);
    snprintf(out, sizeof out, "%s/out", folder);
    covey_run *run = fixture_run(root), *again = NULL;
    assert_ok(covey_run_find_duplicates(run, 0.9, 1, &err)); /* the fixture's groups are tight */
    assert_true(run->n_duplicates > 20);
    assert_ok(covey_run_save(run, out, NULL, NULL, &err));
    assert_ok(covey_run_load(&again, out, &err));
    assert_int_equal(again->n_duplicates, run->n_duplicates);
    for (size_t i = 0; i < run->n_duplicates; ++i) {
        assert_int_equal(again->duplicates[i].row, run->duplicates[i].row);
        assert_int_equal(again->duplicates[i].of_row, run->duplicates[i].of_row);
        assert_true(again->duplicates[i].similarity == run->duplicates[i].similarity);
    }
    covey_run_free(run);
    covey_run_free(again);
    covey_test_remove(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair_is_judged_rightly),
        cmocka_unit_test(copies_are_found_and_zero_rows_are_not),
        cmocka_unit_test(the_table_survives_the_folder),
    };
    setenv("COVEY_DECODE", COVEY_TEST_BUILD "/covey-decode", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
