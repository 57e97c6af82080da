/* SPDX-License-Identifier: MIT */
/* Convex losses: the answer is optimal, all solvers that fit find it, IRLS never goes up, and the
 * answer moves with the data. */
#include "centre_cases.h"

enum { M = 41, D = 6 };

/* Optimality in float64: sums of 41 terms are right to 1e-14 of their size. */
static const double OPTIMAL = 1e-9;

static int is_convex(const covey_loss_ops *ops) {
    return (ops->traits & COVEY_LOSS_CONVEX) != 0;
}

/* Along every axis and many random directions the objective goes up from the answer. */
static void assert_minimum(const double *centre, double objective, const double *x, size_t m,
                           const covey_loss *loss) {
    for (int trial = 0; trial < 200; ++trial) {
        double moved[D], size = pow(10, -1 - trial % 5);
        for (size_t j = 0; j < D; ++j)
            moved[j] = centre[j] + (trial < 2 * D ? (trial / 2 == (int)j) * (trial % 2 ? 1 : -1)
                                                  : covey__normal(77, COVEY__PURPOSE_TEST,
                                                                  (uint64_t)trial, j)) *
                                       size;
        double there = total_loss(loss, x, NULL, m, D, moved);
        if (there < objective - 1e-9 * (1 + objective))
            fail_msg("%s: a step of %g gains %g", loss->ops->name, size, objective - there);
    }
}

/* 0 is a subgradient at the answer, on points apart and on a grid where many coincide, with an odd
 * and an even number of them. The tube has a certificate of its own, in test_centre_tube.c: its
 * kinks lie between the points. */
static void test_optimal(void **state) {
    (void)state;
    static const double scales[] = {0.2, 1.0, 2.0, 5.0};
    for (size_t l = 0; l < covey_loss_count(); ++l)
        for (size_t s = 0; s < 4 * LENGTH(scales); ++s) {
            covey_loss loss = loss_with(covey_loss_get(l)->name, scales[s / 4]);
            if (!is_convex(loss.ops))
                continue;
            size_t m = M - s % 2;
            double x[M * D], centre[D] = {1, -1, 2, 0, 0, 3};
            clumps(x, M, D, l + 10);
            for (size_t i = 0; s & 2 && i < M * D; ++i)
                x[i] = round(2 * x[i]) / 2;
            covey_centre_report report = solve(centre, x, m, D, NULL, &loss, COVEY_SOLVER_AUTO);
            assert_true(report.converged);
            if (strcmp(loss.ops->name, "epsilon_insensitive"))
                covey_test_close(report.gradient, 0, OPTIMAL, 0, s, loss.ops->name, __FILE__,
                                 __LINE__);
            assert_minimum(centre, report.objective, x, m, &loss);
        }
}

/* The powers between median and mean, both ends included. Where many points coincide psi rises
 * without bound beside them, and mu's own rounding u leaves u^(p-1) of it. */
static void test_powers(void **state) {
    (void)state;
    static const double powers[] = {1, 1.05, 1.2, 1.5, 1.9, 2};
    for (size_t p = 0; p < LENGTH(powers); ++p)
        for (int tied = 0; tied < 2; ++tied) {
            covey_loss loss = loss_with("lp", 1), same = loss_with(p ? "square" : "absolute", 1);
            loss.params[0] = powers[p];
            double x[M * D], centre[D] = {9, -9, 2, 0, 0, 3}, other[D] = {0};
            clumps(x, M, D, 90 + p);
            for (size_t i = 0; tied && i < M * D; ++i)
                x[i] = round(2 * x[i]) / 2;
            covey_centre_report report = solve(centre, x, M, D, NULL, &loss, COVEY_SOLVER_AUTO);
            assert_true(report.converged);
            double rounding = 4 * pow(0x1p-52, powers[p] - 1);
            covey_test_close(report.gradient, 0, powers[p] == 1 ? OPTIMAL : rounding, 0, p, "lp",
                             __FILE__, __LINE__);
            assert_minimum(centre, report.objective, x, M, &loss);
            if (powers[p] >= 1.5 && !tied)
                assert_true(report.iterations <= 12); /* 46 by secants alone */
            if (powers[p] > 1 && powers[p] < 2)
                continue;
            solve(other, x, M, D, NULL, &same, COVEY_SOLVER_AUTO);
            for (size_t j = 0; j < D; ++j)
                assert_close(centre[j], other[j], 1e-14, 1e-14);
        }
}

/* Where a loss is smooth the solvers stop within rounding of one objective. Others are slow on
 * kinks, which is why they are not the default there: never below it, all the same. */
static void test_solvers_agree(void **state) {
    (void)state;
    static const covey_solver solvers[] = {COVEY_SOLVER_IRLS, COVEY_SOLVER_LBFGS,
                                           COVEY_SOLVER_BFGS, COVEY_SOLVER_NEWTON,
                                           COVEY_SOLVER_EXACT};
    for (size_t l = 0; l < covey_loss_count(); ++l) {
        covey_loss loss = loss_with(covey_loss_get(l)->name, 1.0);
        if (!is_convex(loss.ops))
            continue;
        double x[M * D], best[D] = {0};
        clumps(x, M, D, 20);
        covey_centre_report want = solve(best, x, M, D, NULL, &loss, COVEY_SOLVER_AUTO);
        for (size_t s = 0; s < LENGTH(solvers); ++s) {
            double centre[D] = {0};
            covey_centre_report got;
            covey_error err;
            if (covey_centre_compute(centre, &got, x, M, D, NULL, &loss, solvers[s], 0, &err)) {
                assert_true(solvers[s] == COVEY_SOLVER_EXACT || solvers[s] == COVEY_SOLVER_NEWTON);
                continue;
            }
            assert_true(got.objective >= want.objective * (1 - 1e-10));
            if (loss.ops->traits & COVEY_LOSS_SMOOTH) {
                covey_test_close(got.objective, want.objective, 0, 1e-9, solvers[s],
                                 loss.ops->name, __FILE__, __LINE__);
                assert_true(got.converged);
                assert_true(got.evaluations > 0 || solvers[s] == COVEY_SOLVER_EXACT);
            }
        }
    }
}

/* One more step never costs, for as many steps as are taken. */
static void test_irls_never_rises(void **state) {
    (void)state;
    for (size_t l = 0; l < covey_loss_count(); ++l) {
        covey_loss loss = loss_with(covey_loss_get(l)->name, 0.7);
        if (is_spherical(&loss))
            continue;
        double x[M * D], start[D] = {3, -2, 5, 1, 0, 2};
        clumps(x, M, D, 30);
        double before = total_loss(&loss, x, NULL, M, D, start);
        for (int steps = 1; steps <= 30; ++steps) {
            double centre[D];
            covey_centre_report report;
            covey_error err;
            memcpy(centre, start, sizeof centre);
            assert_ok(covey_centre_compute(centre, &report, x, M, D, NULL, &loss,
                                           COVEY_SOLVER_IRLS, steps, &err));
            assert_true(report.iterations <= steps);
            assert_true(report.objective <= before * (1 + 1e-14));
            before = report.objective;
        }
    }
}

/* Shifted points have a shifted centre; scaled points with a scaled parameter a scaled one. */
static void test_moves_with_the_data(void **state) {
    (void)state;
    for (size_t l = 0; l < covey_loss_count(); ++l) {
        covey_loss loss = loss_with(covey_loss_get(l)->name, 1.5);
        covey_loss larger = loss_with(covey_loss_get(l)->name, 1.5 * 4);
        if (!(loss.ops->traits & COVEY_LOSS_SMOOTH) || is_spherical(&loss))
            continue; /* where the centre is not unique it need not move along */
        double x[M * D], moved[M * D], scaled[M * D], a[D] = {0}, b[D], c[D] = {0};
        clumps(x, M, D, 40);
        for (size_t i = 0; i < M * D; ++i) {
            moved[i] = x[i] + 8;
            scaled[i] = x[i] * 4;
        }
        for (size_t j = 0; j < D; ++j)
            b[j] = 8;
        solve(a, x, M, D, NULL, &loss, COVEY_SOLVER_AUTO);
        solve(b, moved, M, D, NULL, &loss, COVEY_SOLVER_AUTO);
        solve(c, scaled, M, D, NULL, &larger, COVEY_SOLVER_AUTO);
        for (size_t j = 0; j < D; ++j) {
            covey_test_close(b[j], a[j] + 8, 1e-6, 0, j, loss.ops->name, __FILE__, __LINE__);
            covey_test_close(c[j], a[j] * 4, 1e-6, 0, j, loss.ops->name, __FILE__, __LINE__);
        }
    }
}

/* One point, equal points, two points, no weight at all, a start far away. */
static void test_degenerate(void **state) {
    (void)state;
    static const double weightless[M] = {0};
    for (size_t l = 0; l < covey_loss_count(); ++l)
        for (int solver = COVEY_SOLVER_AUTO; solver <= COVEY_SOLVER_NEWTON; ++solver) {
            covey_loss loss = loss_with(covey_loss_get(l)->name, 1.0);
            double x[M * D], centre[D] = {0.5, 0.25, 0.125, 0, 0, -0.5};
            covey_centre_report report;
            covey_error err;
            clumps(x, M, D, 50);
            if (is_spherical(&loss))
                continue;
            if (covey_centre_compute(centre, &report, x, M, D, weightless, &loss,
                                     (covey_solver)solver, 0, &err) != COVEY_OK)
                continue; /* it refuses this loss */
            assert_true(report.objective == 0 && report.converged);
            assert_true(centre[0] == 0.5 && centre[5] == -0.5);
            double start = total_loss(&loss, x, NULL, 1, D, centre);
            assert_ok(covey_centre_compute(centre, &report, x, 1, D, NULL, &loss,
                                           (covey_solver)solver, 0, &err));
            assert_true(report.objective <= start);
            if (solver == COVEY_SOLVER_AUTO)
                covey_test_close(report.objective, 0, 1e-9, 0, l, loss.ops->name, __FILE__,
                                 __LINE__);
            for (size_t i = 1; i < M; ++i)
                memcpy(x + i * D, x, D * sizeof *x);
            assert_ok(covey_centre_compute(centre, &report, x, M, D, NULL, &loss,
                                           (covey_solver)solver, 0, &err));
            if (solver == COVEY_SOLVER_AUTO)
                covey_test_close(report.objective, 0, 1e-9, 0, l, loss.ops->name, __FILE__,
                                 __LINE__);
        }
}

/* A start on a data point: weights that are infinite there must not hold the centre back. */
static void test_point_on_the_centre(void **state) {
    (void)state;
    for (size_t l = 0; l < covey_loss_count(); ++l) {
        covey_loss loss = loss_with(covey_loss_get(l)->name, 1.0);
        if (!is_convex(loss.ops))
            continue;
        double x[M * D], a[D], b[D] = {0};
        clumps(x, M, D, 60);
        memcpy(a, x + 2 * D, sizeof a);
        covey_centre_report on = solve(a, x, M, D, NULL, &loss, COVEY_SOLVER_AUTO);
        covey_centre_report off = solve(b, x, M, D, NULL, &loss, COVEY_SOLVER_AUTO);
        covey_test_close(on.objective, off.objective, 0, 1e-9, l, loss.ops->name, __FILE__,
                         __LINE__);
    }
}

static double fair_rho(double u, const double *params) {
    double t = fabs(u) / params[0];
    return params[0] * params[0] * (t - log1p(t));
}

static double fair_psi(double u, const double *params) {
    return u / (1 + fabs(u) / params[0]);
}

static double fair_weight(double u, const double *params) {
    return 1 / (1 + fabs(u) / params[0]);
}

/* A loss Covey does not know, by callback, under a name it does: in both geometries, with and
 * without psi', solved to the optimum by whatever suits. */
static void test_a_users_own_loss(void **state) {
    (void)state;
    covey_loss_ops ops = {
        .name = "huber",
        .title = "Fair",
        .formula = "c^2 (|u|/c - log(1 + |u|/c))",
        .traits = COVEY_LOSS_CONVEX | COVEY_LOSS_SMOOTH | COVEY_LOSS_HALF_QUADRATIC,
        .params = {{.name = "c", .lower = 0, .upper = INFINITY, .fallback = 1, .constant = 1,
                    .quantile = 0.5}},
        .rho = fair_rho,
        .psi = fair_psi,
        .weight = fair_weight,
    };
    for (int geometry = 0; geometry < 2; ++geometry) {
        ops.geometry = (covey_geometry)geometry;
        covey_loss loss = {.ops = &ops, .params = {0.9}};
        covey_error err;
        assert_ok(covey_loss_set_param(&loss, "c", "0.8", &err));
        double x[M * D], centre[D] = {2, 2, -2, 0, 0, 0}, other[D] = {0};
        clumps(x, M, D, 70);
        covey_centre_report report = solve(centre, x, M, D, NULL, &loss, COVEY_SOLVER_AUTO);
        assert_true(report.converged && report.gradient < OPTIMAL);
        assert_minimum(centre, report.objective, x, M, &loss);
        covey_centre_report irls = solve(other, x, M, D, NULL, &loss, COVEY_SOLVER_IRLS);
        assert_close(irls.objective, report.objective, 0, 1e-10);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_optimal),           cmocka_unit_test(test_solvers_agree),
        cmocka_unit_test(test_irls_never_rises),  cmocka_unit_test(test_moves_with_the_data),
        cmocka_unit_test(test_degenerate),        cmocka_unit_test(test_point_on_the_centre),
        cmocka_unit_test(test_a_users_own_loss),  cmocka_unit_test(test_powers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
