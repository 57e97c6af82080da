/* SPDX-License-Identifier: MIT */
#include "run_fixture.h"

enum { N = 150, D = 70 };

static void random_rows(float *x) {
    for (size_t i = 0; i < (size_t)N * D; ++i)
        x[i] = (float)covey__normal(3, COVEY__PURPOSE_TEST, i, 0);
}

static covey_run *run_of_rows(const float *x, size_t n, size_t d) {
    covey_error err;
    covey_run *run = NULL;
    assert_ok(covey_run_new(&run, &err));
    run->features.data = covey__alloc_array(n * d, sizeof(float));
    memcpy(run->features.data, x, n * d * sizeof *x);
    run->features.rows = n;
    run->features.cols = d;
    return run;
}

static covey_run *run_of(const float *x) {
    return run_of_rows(x, N, D);
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
        assert_ok(covey_run_find_duplicates(run, thresholds[t], 2, NULL, NULL, &err));
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
    assert_ok(covey_run_find_duplicates(run, 0.95, 1, NULL, NULL, &err));
    assert_int_equal(run->n_duplicates, 2);
    assert_int_equal(run->duplicates[0].row, 40);
    assert_int_equal(run->duplicates[0].of_row, 7);
    assert_int_equal(run->duplicates[1].row, 90);
    assert_close(run->duplicates[1].similarity, 1, 1e-6, 0);
    assert_status(covey_run_find_duplicates(run, 0, 1, NULL, NULL, &err), COVEY_E_ARGUMENT);
    assert_status(covey_run_find_duplicates(run, 1.5, 1, NULL, NULL, &err), COVEY_E_ARGUMENT);
    covey_run_free(run);
}

/* ---- so many rows that most pairs are settled by bounds --------------------------------------- */

enum { MANY = 4200, DEEP = 144 };

/* A film that cuts every 300 frames, with copies, and rows that no network gives. */
static float *film(void) {
    float *x = covey__alloc_array((size_t)MANY * DEEP, sizeof *x);
    for (size_t i = 0; i < MANY; ++i)
        for (size_t j = 0; j < DEEP; ++j) {
            double scene = covey__normal(7, COVEY__PURPOSE_TEST, i / 300, j);
            double moved = covey__normal(8, COVEY__PURPOSE_TEST, i, j);
            x[i * DEEP + j] = (float)(scene + 1 + 0.3 * moved);
        }
    for (size_t j = 0; j < DEEP; ++j) {
        float v = x[10 * DEEP + j];
        x[4000 * DEEP + j] = v;
        x[4001 * DEEP + j] = v * 1e37F;
        x[4002 * DEEP + j] = v * 1e-44F; /* subnormal: a few steps of the smallest number */
        x[4003 * DEEP + j] = x[4002 * DEEP + j];
        x[4004 * DEEP + j] = 0;
        x[4005 * DEEP + j] = j == 3 ? NAN : v;
        x[4006 * DEEP + j] = j == 3 ? INFINITY : v;
    }
    return x;
}

/* The definition, pair by pair: rows to length 1 in float32, cosines of those in float64. */
static covey_duplicate *by_definition(size_t *found, const float *x, double threshold) {
    float *unit = covey__alloc_array((size_t)MANY * DEEP, sizeof *unit);
    double *square = covey__alloc_array(MANY, sizeof *square);
    covey_duplicate *list = covey__alloc_array(MANY, sizeof *list);
    *found = 0;
    for (size_t i = 0; i < MANY; ++i) {
        double length = 0;
        square[i] = 0;
        for (size_t j = 0; j < DEEP; ++j)
            length += (double)x[i * DEEP + j] * x[i * DEEP + j];
        int usable = length > 0 && !isinf(length);
        for (size_t j = 0; j < DEEP; ++j) {
            float u = usable ? (float)(x[i * DEEP + j] / sqrt(length)) : 0;
            unit[i * DEEP + j] = u;
            square[i] += (double)u * u;
        }
        covey_duplicate best = {i, 0, 0};
        for (size_t b = 0; b < i; ++b) {
            double product = 0;
            for (size_t j = 0; j < DEEP; ++j)
                product += (double)unit[i * DEEP + j] * unit[b * DEEP + j];
            double value = usable && square[b] > 0 ? product / sqrt(square[i] * square[b]) : 0;
            value = value > 1 ? 1 : value;
            if (value >= threshold && value > best.similarity)
                best = (covey_duplicate){i, b, value};
        }
        if (best.similarity > 0)
            list[(*found)++] = best;
    }
    covey__free(unit);
    covey__free(square);
    return list;
}

static void bounds_leave_the_answer_as_it_is(void **state) {
    (void)state;
    covey_error err;
    float *x = film();
    static const double thresholds[] = {0.85, 0.999};
    for (size_t t = 0; t < LENGTH(thresholds); ++t) {
        size_t n;
        covey_duplicate *wanted = by_definition(&n, x, thresholds[t]);
        assert_true(n > 3);
        for (int threads = 1; threads <= 3; ++threads) {
            covey_run *run = run_of_rows(x, MANY, DEEP);
            assert_ok(covey_run_find_duplicates(run, thresholds[t], threads, NULL, NULL, &err));
            assert_int_equal(run->n_duplicates, n);
            for (size_t i = 0; i < n; ++i) {
                assert_int_equal(run->duplicates[i].row, wanted[i].row);
                assert_int_equal(run->duplicates[i].of_row, wanted[i].of_row);
                assert_true(run->duplicates[i].similarity == wanted[i].similarity);
            }
            covey_run_free(run);
        }
        covey__free(wanted);
    }
    covey__free(x);
}

typedef struct listener {
    size_t calls, stop_at, last;
} listener;

static int listen(void *user, const char *stage, size_t done, size_t total) {
    listener *l = user;
    assert_string_equal(stage, "duplicates");
    assert_int_equal(total, MANY);
    assert_true(done <= total && done >= l->last);
    l->last = done;
    return ++l->calls == l->stop_at;
}

static void the_search_stops_on_request(void **state) {
    (void)state;
    covey_error err;
    float *x = film();
    listener all = {0};
    covey_run *run = run_of_rows(x, MANY, DEEP);
    assert_ok(covey_run_find_duplicates(run, 0.9, 1, listen, &all, &err));
    assert_true(all.calls > 10);
    assert_int_equal(all.last, MANY);
    size_t before = run->n_duplicates;
    const covey_duplicate *list = run->duplicates;
    for (size_t stop = 1; stop <= all.calls; stop += all.calls / 4) {
        listener some = {.stop_at = stop};
        assert_status(covey_run_find_duplicates(run, 0.9, 1, listen, &some, &err),
                      COVEY_E_CANCELLED);
        assert_int_equal(some.calls, stop);
        assert_ptr_equal(run->duplicates, list);
        assert_int_equal(run->n_duplicates, before);
    }
    covey_run_free(run);
    covey__free(x);
}

static void the_table_survives_the_folder(void **state) {
    (void)state;
    covey_error err;
    char folder[256], root[300], out[300];
    covey_test_folder(folder);
    snprintf(root, sizeof root, "%s/photos", folder);
    snprintf(out, sizeof out, "%s/out", folder);
    covey_run *run = fixture_run(root), *again = NULL;
    /* The fixture's groups are tight. */
    assert_ok(covey_run_find_duplicates(run, 0.9, 1, NULL, NULL, &err));
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
        cmocka_unit_test(bounds_leave_the_answer_as_it_is),
        cmocka_unit_test(the_search_stops_on_request),
        cmocka_unit_test(the_table_survives_the_folder),
    };
    setenv("COVEY_DECODE", COVEY_TEST_BUILD "/covey-decode", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
