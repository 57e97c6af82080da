/* SPDX-License-Identifier: MIT */
#include "centre_cases.h"

enum { M = 40, D = 5, MOST = 4000 };

static double x[M * D];

typedef struct way {
    int n, last_iteration;
    double values[MOST], first[D], last[D];
    const covey_loss *loss;
} way;

static void note(void *user, int iteration, const double *centre, double objective) {
    way *w = user;
    assert_true(w->n < MOST);
    assert_true(iteration >= w->last_iteration);
    /* What is told is the objective of the point told. */
    assert_close(objective, total_loss(w->loss, x, NULL, M, D, centre), 1e-12, 1e-12);
    if (w->n == 0)
        memcpy(w->first, centre, sizeof w->first);
    memcpy(w->last, centre, sizeof w->last);
    w->last_iteration = iteration;
    w->values[w->n++] = objective;
}

static void test_descent_reaches_the_optimum(void **state) {
    (void)state;
    static const char *const names[] = {"square", "huber", "pseudo_huber", "log_cosh",
                                        "huber_radial", "pseudo_huber_radial"};
    clumps(x, M, D, 11);
    for (size_t l = 0; l < sizeof names / sizeof *names; ++l) {
        covey_loss loss = loss_with(names[l], 1);
        double best[D] = {0}, centre[D];
        solve(best, x, M, D, NULL, &loss, COVEY_SOLVER_AUTO);
        for (size_t j = 0; j < D; ++j)
            centre[j] = 9 - (double)j;
        covey_centre_report report = solve(centre, x, M, D, NULL, &loss, COVEY_SOLVER_DESCENT);
        assert_true(report.converged);
        assert_array_close(centre, best, D, 1e-5, 0);
    }
}

/* Every solver's way starts at the start, never rises, and ends at the answer. */
static void test_ways(void **state) {
    (void)state;
    static const covey_solver solvers[] = {COVEY_SOLVER_IRLS, COVEY_SOLVER_LBFGS,
                                           COVEY_SOLVER_BFGS, COVEY_SOLVER_DESCENT,
                                           COVEY_SOLVER_AUTO};
    static const char *const names[] = {"huber", "correntropy", "cauchy"};
    static way w;
    covey_error err;
    clumps(x, M, D, 12);
    for (size_t s = 0; s < 5; ++s)
        for (size_t l = 0; l < 3; ++l) {
            covey_loss loss = loss_with(names[l], 3);
            covey_centre_report report;
            double centre[D] = {3, 1, 2, 0, 1}, start[D];
            memcpy(start, centre, sizeof start);
            w = (way){.loss = &loss};
            assert_ok(covey_centre_trace(centre, &report, x, M, D, NULL, &loss, solvers[s], 0, note,
                                         &w, &err));
            /* Newton's method per coordinate, which auto takes for huber, has start and answer. */
            int at_once = solvers[s] == COVEY_SOLVER_AUTO && l == 0;
            assert_true(at_once ? w.n == 2 : w.n > 3);
            assert_array_close(w.first, start, D, 0, 0);
            assert_array_close(w.last, centre, D, 0, 0);
            for (int i = 1; i < w.n; ++i)
                if (!(w.values[i] <= w.values[i - 1] * (1 + 1e-12)))
                    fail_msg("%s under %s rises at point %d: %.17g to %.17g",
                             covey_solver_name(solvers[s]), names[l], i, w.values[i - 1],
                             w.values[i]);
            assert_close(w.values[w.n - 1], report.objective, 0, 1e-12);
        }
}

static void test_limit_and_name(void **state) {
    (void)state;
    covey_error err;
    covey_solver solver;
    covey_centre_report report;
    clumps(x, M, D, 13);
    covey_loss loss = loss_with("absolute", 1);
    double centre[D] = {5, 5, 5, 5, 5};
    assert_ok(covey_centre_compute(centre, &report, x, M, D, NULL, &loss, COVEY_SOLVER_DESCENT, 3,
                                   &err));
    assert_int_equal(report.iterations, 3);
    assert_false(report.converged);
    assert_ok(covey_solver_find(&solver, "descent", &err));
    assert_int_equal(solver, COVEY_SOLVER_DESCENT);
    assert_string_equal(covey_solver_name(solver), "descent");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_descent_reaches_the_optimum),
        cmocka_unit_test(test_ways),
        cmocka_unit_test(test_limit_and_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
