/* SPDX-License-Identifier: MIT */
/* The geometric median and the quantile: known centres, optima that are points, the two sides. */
#include "centre_cases.h"

/* The corners of a square and its middle; a triangle with an angle above 120 degrees, whose median
 * is that corner; three points on a line. */
static void test_known_geometric_medians(void **state) {
    (void)state;
    static const struct {
        double x[5][2];
        size_t m;
        double want[2];
    } known[] = {
        {{{0, 0}, {2, 0}, {0, 2}, {2, 2}, {1, 1}}, 5, {1, 1}},
        {{{0, 0}, {10, 1}, {-10, 1}}, 3, {0, 0}},
        {{{0, 0}, {1, 1}, {7, 7}}, 3, {1, 1}},
    };
    covey_loss loss = loss_with("geometric_median", 1);
    for (size_t k = 0; k < LENGTH(known); ++k)
        for (size_t start = 0; start <= known[k].m; ++start) {
            double centre[2] = {3, -5};
            if (start < known[k].m)
                memcpy(centre, known[k].x[start], sizeof centre);
            covey_centre_report report =
                solve(centre, known[k].x[0], known[k].m, 2, NULL, &loss, COVEY_SOLVER_AUTO);
            assert_array_close(centre, known[k].want, 2, 1e-9, 0);
            covey_test_close(report.gradient, 0, 1e-9, 0, k, "gradient", __FILE__, __LINE__);
            assert_true(report.converged);
        }
}

/* Equilateral triangle: Fermat's point is the middle, the objective three circumradii. */
static void test_fermat_point(void **state) {
    (void)state;
    static const double x[3][2] = {{0, 0}, {6, 0}, {3, 5.196152422706632}};
    covey_loss loss = loss_with("geometric_median", 1);
    double centre[2] = {0, 0}; /* on a corner that is not the answer */
    covey_centre_report report = solve(centre, x[0], 3, 2, NULL, &loss, COVEY_SOLVER_AUTO);
    assert_close(report.objective, 3 * 3.4641016151377544, 0, 1e-14);
    assert_close(centre[0], 3, 1e-7, 0);
    assert_close(centre[1], 1.7320508075688772, 1e-7, 0);
}

/* More than half of the weight in one place holds the median there, whatever the rest does. */
static void test_majority_holds(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 20; ++seed) {
        double x[9 * 3], weights[9], centre[3] = {0};
        covey_loss loss = loss_with("geometric_median", 1);
        clumps(x, 9, 3, seed);
        for (size_t i = 0; i < 9; ++i)
            weights[i] = i == 4 ? 8.5 : 1;
        solve(centre, x, 9, 3, weights, &loss, COVEY_SOLVER_AUTO);
        assert_memory_equal(centre, x + 4 * 3, sizeof centre);
    }
}

static void test_quantile_is_the_inverted_cdf(void **state) {
    (void)state;
    static const double x[8] = {7, 1, 3, 5, 8, 2, 6, 4}; /* 1..8 */
    static const struct {
        double tau, want;
    } known[] = {{0.5, 4},   {0.25, 2},  {0.26, 3}, {0.125, 1}, {0.01, 1},
                 {0.99, 8},  {0.875, 7}, {0.9, 8},  {0.75, 6}};
    for (size_t k = 0; k < LENGTH(known); ++k) {
        covey_loss loss = loss_with("quantile", 1);
        loss.params[0] = known[k].tau;
        double centre = 0;
        covey_centre_report report = solve(&centre, x, 8, 1, NULL, &loss, COVEY_SOLVER_AUTO);
        assert_true(centre == known[k].want);
        assert_true(report.gradient < 1e-12);
        for (double mu = 0.5; mu < 9; mu += 0.25)
            assert_true(total_loss(&loss, x, NULL, 8, 1, &mu) >= report.objective - 1e-12);
    }
}

/* Half the absolute loss: the same objective, whichever point of the middle interval is taken. */
static void test_middle_quantile_is_the_median(void **state) {
    (void)state;
    covey_loss quantile = loss_with("quantile", 1), absolute = loss_with("absolute", 1);
    for (size_t m = 1; m < 12; ++m) {
        double x[12 * 2], a[2] = {0}, b[2] = {0};
        clumps(x, m, 2, m);
        double half = solve(a, x, m, 2, NULL, &quantile, COVEY_SOLVER_AUTO).objective;
        double whole = solve(b, x, m, 2, NULL, &absolute, COVEY_SOLVER_AUTO).objective;
        assert_close(2 * half, whole, 1e-13, 1e-13);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_geometric_medians),
        cmocka_unit_test(test_fermat_point),
        cmocka_unit_test(test_majority_holds),
        cmocka_unit_test(test_quantile_is_the_inverted_cdf),
        cmocka_unit_test(test_middle_quantile_is_the_median),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
