/* SPDX-License-Identifier: MIT */
/* Centres on the unit sphere: the mean's direction is the best there is, whatever the rows' length;
 * what has no direction is refused. */
#include "centre_cases.h"

enum { M = 37, D = 5 };

static double length_of(const double *v) {
    double square = 0;
    for (size_t j = 0; j < D; ++j)
        square += v[j] * v[j];
    return sqrt(square);
}

static void test_no_direction_is_better(void **state) {
    (void)state;
    covey_loss loss = loss_with("cosine", 1);
    double x[M * D], weights[M], centre[D] = {3, 0, 0, 1, 0}, summed[D] = {0};
    clumps(x, M, D, 5);
    for (size_t i = 0; i < M; ++i) {
        weights[i] = (double)(i % 4);
        double length = length_of(x + i * D);
        for (size_t j = 0; j < D; ++j)
            summed[j] += weights[i] * x[i * D + j] / length;
    }
    covey_centre_report report = solve(centre, x, M, D, weights, &loss, COVEY_SOLVER_AUTO);
    assert_true(report.converged);
    assert_close(report.gradient, 0, 1e-12, 0);
    assert_close(length_of(centre), 1, 1e-15, 0);
    double longest = length_of(summed);
    for (size_t j = 0; j < D; ++j)
        assert_close(centre[j], summed[j] / longest, 1e-14, 0);
    for (uint64_t trial = 0; trial < 200; ++trial) {
        double other[D];
        for (size_t j = 0; j < D; ++j)
            other[j] = centre[j] + pow(10, -(double)(trial % 5)) *
                                       covey__normal(6, COVEY__PURPOSE_TEST, trial, j);
        assert_true(total_loss(&loss, x, weights, M, D, other) >=
                    report.objective * (1 - 1e-12));
    }
}

static void test_length_does_not_count(void **state) {
    (void)state;
    covey_loss loss = loss_with("cosine", 1);
    double x[M * D], scaled[M * D], a[D] = {1}, b[D] = {1};
    clumps(x, M, D, 8);
    for (size_t i = 0; i < M * D; ++i)
        scaled[i] = x[i] * (double)(1 << i / D % 9); /* powers of two: to the bit */
    solve(a, x, M, D, NULL, &loss, COVEY_SOLVER_AUTO);
    solve(b, scaled, M, D, NULL, &loss, COVEY_SOLVER_EXACT);
    assert_memory_equal(a, b, sizeof a);
    double here[D] = {3, 4, 0, 0, 0}, right[D] = {-4, 3, 0, 0, 0}, none[D] = {0};
    assert_close(covey_loss_compute(&loss, here, here, D), 0, 0, 0);
    assert_close(covey_loss_compute(&loss, here, right, D), 1, 1e-15, 0);
    assert_close(covey_loss_compute(&loss, none, right, D), 1, 1e-15, 0);
}

static void test_degenerate(void **state) {
    (void)state;
    covey_loss loss = loss_with("cosine", 1);
    covey_centre_report report;
    covey_error err;
    double x[4 * D] = {[0] = 2, [D] = -3, [2 * D + 1] = 1, [3 * D + 1] = -1};
    double centre[D] = {0, 0, 5, 0, 0};
    /* Rows that cancel out: every centre is as good, and the start's direction stays. */
    report = solve(centre, x, 4, D, NULL, &loss, COVEY_SOLVER_AUTO);
    assert_close(report.objective, 4, 1e-14, 0);
    assert_true(centre[2] == 1 && centre[0] == 0);
    memset(x + D, 0, D * sizeof *x);
    assert_status(covey_centre_compute(centre, &report, x, 4, D, NULL, &loss, COVEY_SOLVER_AUTO, 0,
                                       &err),
                  COVEY_E_NUMERIC);
    assert_non_null(strstr(err.message, "row 1 "));
    for (int solver = COVEY_SOLVER_IRLS; solver <= COVEY_SOLVER_NEWTON; ++solver)
        assert_status(covey_centre_compute(centre, &report, x, 1, D, NULL, &loss,
                                           (covey_solver)solver, 0, &err),
                      COVEY_E_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_direction_is_better),
        cmocka_unit_test(test_length_does_not_count),
        cmocka_unit_test(test_degenerate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
