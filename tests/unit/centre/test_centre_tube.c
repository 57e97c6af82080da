/* SPDX-License-Identifier: MIT */
/* The epsilon tube: known optima, and a ball that holds every point costs nothing. */
#include "centre_cases.h"

static void test_all_within(void **state) {
    (void)state;
    /* On the unit circle around (3, 4); the start is off, so that the objective starts above 0. */
    double x[12 * 2];
    for (int i = 0; i < 12; ++i) {
        x[2 * i] = 3 + cos(i * 0.5);
        x[2 * i + 1] = 4 + sin(i * 0.5);
    }
    static const double epsilons[] = {1.5, 1.1, 1.01, 1.0001};
    for (size_t e = 0; e < LENGTH(epsilons); ++e) {
        covey_loss loss = loss_with("epsilon_insensitive", epsilons[e]);
        double centre[2] = {8, 8};
        covey_centre_report report = solve(centre, x, 12, 2, NULL, &loss, COVEY_SOLVER_AUTO);
        covey_test_close(report.objective, 0, 1e-12, 0, e, "objective", __FILE__, __LINE__);
        assert_true(report.converged);
    }
}

/* Two points further apart than 2 epsilon: anywhere between the two tubes costs
 * distance - 2 epsilon. Three corners of an equilateral triangle: its middle. */
static void test_known_optima(void **state) {
    (void)state;
    static const double pair[2][2] = {{0, 0}, {10, 0}};
    static const double corners[3][2] = {{0, 0}, {6, 0}, {3, 5.196152422706632}};
    covey_loss loss = loss_with("epsilon_insensitive", 2);
    double centre[2] = {1, 7};
    covey_centre_report report = solve(centre, pair[0], 2, 2, NULL, &loss, COVEY_SOLVER_AUTO);
    assert_close(report.objective, 6, 1e-9, 0);
    assert_true(centre[0] > 2 - 1e-4 && centre[0] < 8 + 1e-4 && fabs(centre[1]) < 1e-4);
    double middle[2] = {1, 7};
    report = solve(middle, corners[0], 3, 2, NULL, &loss, COVEY_SOLVER_AUTO);
    assert_close(report.objective, 3 * (3.4641016151377544 - 2), 1e-9, 0);
    assert_close(middle[0], 3, 1e-5, 0);
    assert_close(middle[1], 1.7320508075688772, 1e-5, 0);
}

/* d = 1 has breakpoints x_i +- epsilon: the least value at one of them is the optimum. */
static void test_line_against_breakpoints(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 40; ++seed) {
        enum { M = 17 };
        double x[M], weights[M], best = INFINITY, centre = -4;
        covey_loss loss = loss_with("epsilon_insensitive", 0.1 + 0.1 * (double)(seed % 12));
        clumps(x, M, 1, seed);
        for (size_t i = 0; i < M; ++i)
            weights[i] = 1 + (double)(i % 4);
        for (size_t i = 0; i < 2 * M; ++i) {
            double mu = x[i / 2] + (i % 2 ? 1 : -1) * loss.params[0];
            double value = total_loss(&loss, x, weights, M, 1, &mu);
            best = value < best ? value : best;
        }
        covey_centre_report report = solve(&centre, x, M, 1, weights, &loss, COVEY_SOLVER_AUTO);
        covey_test_close(report.objective, best, 1e-12, 1e-9, seed, "objective", __FILE__,
                         __LINE__);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_within),
        cmocka_unit_test(test_known_optima),
        cmocka_unit_test(test_line_against_breakpoints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
