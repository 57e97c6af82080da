/* SPDX-License-Identifier: MIT */
/* The mean and the median: against sorting, against numpy's own answers, and where they are not
 * unique. */
#include "centre_cases.h"

#include "centre_internal.h"

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double sorted_median(const double *v, size_t n) {
    double copy[600];
    memcpy(copy, v, n * sizeof *v);
    qsort(copy, n, sizeof *copy, ascending);
    return n % 2 ? copy[n / 2] : (copy[n / 2 - 1] + copy[n / 2]) / 2;
}

/* Every size from 1 to 70 and some larger, plain, with ties, sorted, reversed, all equal. */
static void test_median_equals_sorting(void **state) {
    (void)state;
    covey_loss loss = loss_with("absolute", 1);
    for (size_t n = 1; n <= 520; n += n < 70 ? 1 : 75)
        for (int kind = 0; kind < 5; ++kind) {
            double x[520], centre = 0;
            for (size_t i = 0; i < n; ++i) {
                double normal = covey__normal(n, COVEY__PURPOSE_TEST, i, 0);
                x[i] = kind == 0   ? normal
                       : kind == 1 ? floor(normal * 2)
                       : kind == 2 ? (double)i
                       : kind == 3 ? -(double)i * 0.1
                                   : 7.25;
            }
            solve(&centre, x, n, 1, NULL, &loss, COVEY_SOLVER_AUTO);
            if (centre != sorted_median(x, n))
                fail_msg("n %zu, kind %d: %.17g, sorting says %.17g", n, kind, centre,
                         sorted_median(x, n));
        }
}

/* numpy 2.4: np.median of these columns, to the bit. */
static void test_median_equals_numpy(void **state) {
    (void)state;
    static const double x[6][3] = {{0.1, 1e300, 3},   {0.2, 1e300, -1}, {0.30000000000000004, 5, 2},
                                   {0.7, -1e300, 10}, {0.4, 2, 2.5},    {-5, 1, 2}};
    static const double even[3] = {0.25, 3.5, 2.25}, odd[3] = {0.30000000000000004, 5, 2.5};
    double centre[3] = {0, 0, 0};
    covey_loss loss = loss_with("absolute", 1);
    solve(centre, x[0], 6, 3, NULL, &loss, COVEY_SOLVER_EXACT);
    assert_memory_equal(centre, even, sizeof even);
    solve(centre, x[0], 5, 3, NULL, &loss, COVEY_SOLVER_EXACT);
    assert_memory_equal(centre, odd, sizeof odd);
}

/* A weight of 2 is the point twice; a weight of 0 is no point at all. */
static void test_weights_count(void **state) {
    (void)state;
    static const char *const names[] = {"absolute", "square"};
    for (size_t l = 0; l < LENGTH(names); ++l)
        for (size_t m = 1; m < 12; ++m) {
            covey_loss loss = loss_with(names[l], 1);
            double x[12 * 2], weights[12], repeated[36 * 2], a[2] = {9, 9}, b[2] = {9, 9};
            size_t count = 0;
            clumps(x, m, 2, m);
            for (size_t i = 0; i < m; ++i) {
                weights[i] = (double)((i + 1) % 3);
                for (int r = 0; r < (int)weights[i]; ++r)
                    memcpy(repeated + 2 * count++, x + 2 * i, 2 * sizeof *x);
            }
            solve(a, x, m, 2, weights, &loss, COVEY_SOLVER_AUTO);
            solve(b, repeated, count, 2, NULL, &loss, COVEY_SOLVER_AUTO);
            assert_array_close(a, b, 2, 1e-14, 1e-14);
        }
}

static void test_mean(void **state) {
    (void)state;
    enum { M = 9001, D = 5 }; /* three chunks */
    double *x = malloc(sizeof(double) * M * D), centre[D] = {0}, want[D] = {0};
    covey_loss loss = loss_with("square", 1);
    clumps(x, M, D, 3);
    for (size_t i = 0; i < M; ++i)
        for (size_t j = 0; j < D; ++j)
            want[j] += x[i * D + j] / M;
    covey_centre_report report = solve(centre, x, M, D, NULL, &loss, COVEY_SOLVER_AUTO);
    assert_array_close(centre, want, D, 1e-12, 1e-12);
    assert_true(report.gradient < 1e-14 && report.converged);
    free(x);
}

/* float32 rows picked by number give what the same rows copied to float64 give, to the bit. */
static void test_rows_in_place(void **state) {
    (void)state;
    enum { N = 300, D = 37, M = 100 };
    float *x = malloc(sizeof(float) * N * D);
    double *copy = malloc(sizeof(double) * M * D);
    uint32_t rows[M];
    for (size_t i = 0; i < (size_t)N * D; ++i)
        x[i] = (float)covey__normal(5, COVEY__PURPOSE_TEST, i, 0);
    for (size_t i = 0; i < M; ++i) {
        rows[i] = (uint32_t)(3 * i);
        for (size_t j = 0; j < D; ++j)
            copy[i * D + j] = x[rows[i] * D + j];
    }
    covey__centre_work work = {0};
    covey_error err;
    for (size_t l = 0; l < covey_loss_count(); ++l) {
        covey_loss loss = loss_with(covey_loss_get(l)->name, 1.5);
        if (is_spherical(&loss))
            continue;
        covey__points points = {.x32 = x, .rows = rows, .m = M, .d = D};
        covey__centre_options options = {.solver = COVEY_SOLVER_AUTO,
                                         .effort = COVEY__EFFORT_FULL};
        covey_centre_report report;
        double a[D] = {0}, b[D] = {0}, objective;
        assert_ok(covey__centre_solve(a, &report, &points, &loss, &options, &work, &err));
        covey_centre_report other = solve(b, copy, M, D, NULL, &loss, COVEY_SOLVER_AUTO);
        assert_memory_equal(a, b, sizeof a);
        assert_true(report.objective == other.objective);
        assert_ok(covey__centre_objective(&objective, a, &points, &loss, &work, &err));
        assert_close(objective, report.objective, 0, 1e-14);
    }
    covey__centre_work_fini(&work);
    free(x);
    free(copy);
}

static void test_refusals(void **state) {
    (void)state;
    double x[4] = {1, 2, 3, 4}, centre[2] = {7, 8}, weights[2] = {1, -1};
    covey_loss loss = loss_with("huber", 1), square = loss_with("square", 1);
    covey_error err;
    assert_status(covey_centre_compute(centre, NULL, x, 2, 2, NULL, &loss, COVEY_SOLVER_EXACT, 0,
                                       &err),
                  COVEY_E_ARGUMENT);
    assert_non_null(strstr(err.message, "huber"));
    assert_status(covey_centre_compute(centre, NULL, x, 2, 2, NULL, &square, COVEY_SOLVER_NEWTON,
                                       0, &err),
                  COVEY_E_ARGUMENT);
    assert_status(covey_centre_compute(centre, NULL, x, 0, 2, NULL, &loss, COVEY_SOLVER_AUTO, 0,
                                       &err),
                  COVEY_E_ARGUMENT);
    assert_status(covey_centre_compute(centre, NULL, x, 2, 2, weights, &loss, COVEY_SOLVER_AUTO, 0,
                                       &err),
                  COVEY_E_ARGUMENT);
    assert_non_null(strstr(err.message, "row 1"));
    x[3] = NAN;
    assert_status(covey_centre_compute(centre, NULL, x, 2, 2, NULL, &loss, COVEY_SOLVER_AUTO, 0,
                                       &err),
                  COVEY_E_NUMERIC);
    assert_non_null(strstr(err.message, "row 1"));
    assert_true(centre[0] == 7 && centre[1] == 8);
}

static void test_solver_names(void **state) {
    (void)state;
    covey_error err;
    covey_solver solver;
    for (int i = COVEY_SOLVER_AUTO; i <= COVEY_SOLVER_NEWTON; ++i) {
        assert_ok(covey_solver_find(&solver, covey_solver_name((covey_solver)i), &err));
        assert_int_equal(solver, i);
    }
    assert_ok(covey_solver_find(&solver, "l-bfgs", &err));
    assert_int_equal(solver, COVEY_SOLVER_LBFGS);
    assert_status(covey_solver_find(&solver, "newtn", &err), COVEY_E_ARGUMENT);
    assert_non_null(strstr(err.message, "did you mean 'newton'"));
    assert_status(covey_solver_find(&solver, "simplex-method", &err), COVEY_E_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_median_equals_sorting), cmocka_unit_test(test_median_equals_numpy),
        cmocka_unit_test(test_weights_count),         cmocka_unit_test(test_mean),
        cmocka_unit_test(test_rows_in_place),         cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_solver_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
