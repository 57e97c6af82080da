/* SPDX-License-Identifier: MIT */
/* Every row of the table: psi is the derivative of rho, weight is psi(u)/u, the traits are true. */
#include "covey_test.h"

#include "covey/loss.h"

/* Parameters each row is tried with besides its own fallback. */
static const double scales[] = {0.3, 1.0, 2.5};
static const double points[] = {0.01, 0.17, 0.29, 0.4, 0.9, 1.1, 2.4, 2.6, 4.0, 9.0};

/* Central differences with step h are off by h^2/6 rho''' + eps rho / h: 1e-9 and 1e-10 here. */
static const double STEP = 1e-5, DIFFERENCE = 2e-8;

/* The loss with its scale set, and every other parameter at its default. */
static covey_loss row(size_t index, double scale) {
    const covey_loss_ops *ops = covey_loss_get(index);
    covey_loss loss;
    covey_error err;
    assert_ok(covey_loss_find(&loss, ops->name, &err));
    assert_ptr_equal(loss.ops, ops);
    for (int p = 0; p < COVEY_LOSS_PARAMS && ops->params[p].name; ++p)
        if (ops->params[p].constant != 0)
            loss.params[p] = scale;
    return loss;
}

/* Whether psi jumps between u - STEP and u + STEP: differences say nothing there. */
static int jumps(const covey_loss *loss, double u) {
    double left = loss->ops->psi(u - STEP, loss->params);
    double right = loss->ops->psi(u + STEP, loss->params);
    return fabs(right - left) > 0.01 && !(loss->ops->traits & COVEY_LOSS_SMOOTH);
}

static void each_row(void (*check)(const covey_loss *loss, double u)) {
    for (size_t i = 0; i < covey_loss_count(); ++i)
        for (size_t s = 0; s < LENGTH(scales); ++s) {
            covey_loss loss = row(i, scales[s]);
            for (size_t p = 0; p < LENGTH(points); ++p) {
                check(&loss, points[p]);
                if (loss.ops->geometry == COVEY_GEOMETRY_COORDINATE)
                    check(&loss, -points[p]);
            }
        }
}

static void psi_is_the_derivative(const covey_loss *loss, double u) {
    if (jumps(loss, u))
        return;
    double up = loss->ops->rho(u + STEP, loss->params);
    double down = loss->ops->rho(u - STEP, loss->params);
    covey_test_close(loss->ops->psi(u, loss->params), (up - down) / (2 * STEP), DIFFERENCE * 10,
                     DIFFERENCE, (size_t)(fabs(u) * 1000), loss->ops->name, __FILE__, __LINE__);
}

static void curvature_is_the_second(const covey_loss *loss, double u) {
    double scale = loss->params[0];
    if (!loss->ops->curvature || jumps(loss, u) || fabs(fabs(u) - scale) < 2 * STEP)
        return;
    double up = loss->ops->psi(u + STEP, loss->params);
    double down = loss->ops->psi(u - STEP, loss->params);
    covey_test_close(loss->ops->curvature(u, loss->params), (up - down) / (2 * STEP),
                     DIFFERENCE * 10, DIFFERENCE * 10, (size_t)(fabs(u) * 1000), loss->ops->name,
                     __FILE__, __LINE__);
}

static void weight_is_the_ratio(const covey_loss *loss, double u) {
    covey_test_close(loss->ops->weight(u, loss->params), loss->ops->psi(u, loss->params) / u,
                     1e-300, 1e-14, (size_t)(fabs(u) * 1000), loss->ops->name, __FILE__, __LINE__);
}

static void rho_rises(const covey_loss *loss, double u) {
    double nearer = loss->ops->rho(u * 0.99, loss->params);
    double here = loss->ops->rho(u, loss->params);
    assert_true(nearer >= 0 && here >= nearer);
    if (loss->ops->traits & COVEY_LOSS_HALF_QUADRATIC)
        assert_true(loss->ops->weight(u, loss->params) <=
                    loss->ops->weight(u * 0.99, loss->params));
}

static void test_psi(void **state) {
    (void)state;
    each_row(psi_is_the_derivative);
}

static void test_curvature(void **state) {
    (void)state;
    each_row(curvature_is_the_second);
}

static void test_weight(void **state) {
    (void)state;
    each_row(weight_is_the_ratio);
}

static void test_rises(void **state) {
    (void)state;
    each_row(rho_rises);
}

/* The limit of psi(u)/u at 0, the value at 0, and the traits as far as samples can refute them. */
static void test_limits_and_traits(void **state) {
    (void)state;
    for (size_t i = 0; i < covey_loss_count(); ++i) {
        covey_loss loss = row(i, 1.0);
        const covey_loss_ops *ops = loss.ops;
        assert_true(ops->rho(0, loss.params) == 0);
        assert_true(ops->psi(0, loss.params) == 0);
        double limit = ops->weight(0, loss.params), near = ops->weight(1e-12, loss.params);
        if (isinf(limit))
            assert_true(near > 1e5);
        else
            covey_test_close(limit, near, 1e-6, 1e-6, i, ops->name, __FILE__, __LINE__);
        double far = ops->rho(1e8, loss.params);
        if (ops->traits & COVEY_LOSS_BOUNDED)
            assert_true(far <= ops->rho(1e6, loss.params) * (1 + 1e-6) + 1e-6);
        else
            assert_true(far > ops->rho(1e4, loss.params));
        if (ops->traits & COVEY_LOSS_CONVEX)
            for (size_t p = 1; p < LENGTH(points); ++p)
                assert_true(ops->psi(points[p], loss.params) >=
                            ops->psi(points[p - 1], loss.params));
        assert_non_null(ops->title);
        assert_non_null(ops->formula);
        assert_non_null(ops->citation);
    }
}

/* The formulas of the write-up, worked out by hand at a few points. */
static void test_known_values(void **state) {
    (void)state;
    static const struct {
        const char *name;
        double param, u, rho;
    } known[] = {
        {"square", 0, 3, 9},          {"absolute", 0, -3, 3},
        {"huber", 1, 0.5, 0.125},     {"huber", 1, 3, 2.5},
        {"huber", 2, -3, 4},          {"pseudo_huber", 1, 0.75, 0.25},
        {"pseudo_huber", 3, -4, 6},   {"correntropy", 1, 1, 0.39346934028736658},
        {"correntropy", 2, 0, 0},     {"epsilon_insensitive", 1, 0.5, 0},
        {"epsilon_insensitive", 1, 3, 2},
    };
    for (size_t i = 0; i < LENGTH(known); ++i) {
        covey_loss loss;
        covey_error err;
        assert_ok(covey_loss_find(&loss, known[i].name, &err));
        loss.params[0] = known[i].param;
        covey_test_close(loss.ops->rho(known[i].u, loss.params), known[i].rho, 1e-15, 1e-15, i,
                         known[i].name, __FILE__, __LINE__);
    }
}

static void test_compute_by_geometry(void **state) {
    (void)state;
    static const double x[3] = {1, 2, 3}, mu[3] = {1, 5, -1}; /* u = (0, -3, 4), r = 5 */
    static const struct {
        const char *name;
        double want;
    } known[] = {{"square", 25},  {"absolute", 7}, {"huber", 6}, {"epsilon_insensitive", 4}};
    for (size_t i = 0; i < LENGTH(known); ++i) {
        covey_loss loss;
        covey_error err;
        assert_ok(covey_loss_find(&loss, known[i].name, &err));
        loss.params[0] = 1;
        covey_test_close(covey_loss_compute(&loss, x, mu, 3), known[i].want, 0, 1e-15, i,
                         known[i].name, __FILE__, __LINE__);
    }
}

static void test_names(void **state) {
    (void)state;
    static const char *const pairs[][2] = {
        {"l2", "square"},           {"l1", "absolute"},        {"soft_l1", "pseudo_huber"},
        {"soft-l1", "pseudo_huber"}, {"pseudo-huber", "pseudo_huber"}, {"welsch", "correntropy"},
        {"Huber", "huber"},         {"epsilon-insensitive", "epsilon_insensitive"}};
    covey_error err;
    covey_loss loss;
    for (size_t i = 0; i < LENGTH(pairs); ++i) {
        assert_ok(covey_loss_find(&loss, pairs[i][0], &err));
        assert_string_equal(loss.ops->name, pairs[i][1]);
    }
    assert_status(covey_loss_find(&loss, "hubber", &err), COVEY_E_ARGUMENT);
    assert_non_null(strstr(err.message, "did you mean 'huber'"));
    assert_status(covey_loss_find(&loss, "zebra", &err), COVEY_E_ARGUMENT);
    assert_non_null(strstr(err.message, "pseudo_huber"));
    assert_status(covey_loss_find(&loss, "", &err), COVEY_E_ARGUMENT);
    char longest[200];
    memset(longest, 'h', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_status(covey_loss_find(&loss, longest, &err), COVEY_E_ARGUMENT);
    assert_null(covey_loss_get(covey_loss_count()));
}

static void no_name_twice(const char *name, size_t owner) {
    for (size_t i = 0; i < covey_loss_count(); ++i) {
        const covey_loss_ops *ops = covey_loss_get(i);
        int same = strcmp(ops->name, name) == 0;
        for (const char *const *alias = ops->aliases; *alias; ++alias)
            same += strcmp(*alias, name) == 0;
        assert_int_equal(same, i == owner);
    }
}

static void test_names_are_unique(void **state) {
    (void)state;
    for (size_t i = 0; i < covey_loss_count(); ++i) {
        const covey_loss_ops *ops = covey_loss_get(i);
        no_name_twice(ops->name, i);
        for (const char *const *alias = ops->aliases; *alias; ++alias)
            no_name_twice(*alias, i);
    }
}

static void test_params(void **state) {
    (void)state;
    covey_error err;
    covey_loss loss;
    assert_ok(covey_loss_find(&loss, "huber", &err));
    assert_true(loss.is_auto[0]);
    assert_ok(covey_loss_set_param(&loss, "delta", "0.25", &err));
    assert_true(loss.params[0] == 0.25 && !loss.is_auto[0]);
    assert_ok(covey_loss_set_param(&loss, "delta", "1e-3", &err));
    assert_true(loss.params[0] == 1e-3);
    assert_ok(covey_loss_set_param(&loss, "delta", "auto", &err));
    assert_true(loss.is_auto[0]);
    static const char *const wrong[] = {"",   "x",    "1.0x", " 1",  "0",   "-1", "nan",
                                        "1,0", "0x10", "inf",  "1 ", "--1", "1e400"};
    for (size_t i = 0; i < LENGTH(wrong); ++i) {
        covey_loss before = loss;
        assert_status(covey_loss_set_param(&loss, "delta", wrong[i], &err), COVEY_E_ARGUMENT);
        assert_non_null(strstr(err.message, "greater than 0"));
        assert_memory_equal(&before, &loss, sizeof loss);
    }
    assert_status(covey_loss_set_param(&loss, "dleta", "1", &err), COVEY_E_ARGUMENT);
    assert_non_null(strstr(err.message, "did you mean 'delta'"));
    assert_ok(covey_loss_find(&loss, "square", &err));
    assert_status(covey_loss_set_param(&loss, "delta", "1", &err), COVEY_E_ARGUMENT);
    assert_non_null(strstr(err.message, "no parameter"));
}

/* With its auto scale a row gives the median photo between 0.2 and 0.95 of a near photo's weight.
 * Residuals are normal, as unit median residuals stand for them: 512 coordinates, and distances
 * that hardly vary (their 95 % quantile is 1.2 medians on animal photos). */
static void test_auto_scale_at_the_median_photo(void **state) {
    (void)state;
    int tested = 0;
    for (size_t i = 0; i < covey_loss_count(); ++i) {
        covey_loss loss = row(i, 1.0);
        const covey_loss_ops *ops = loss.ops;
        int scaled = 0;
        for (int p = 0; p < COVEY_LOSS_PARAMS && ops->params[p].name; ++p)
            if (ops->params[p].constant != 0) {
                double statistic = ops->params[p].quantile > 0.5 ? 1.2 : 1.0;
                loss.params[p] = ops->params[p].constant * statistic;
                scaled = 1;
            }
        if (!scaled || strcmp(ops->name, "epsilon_insensitive") == 0)
            continue;
        double weight;
        if (ops->geometry == COVEY_GEOMETRY_RADIAL) {
            weight = ops->weight(1.0, loss.params) / ops->weight(0.0, loss.params);
        } else {
            double above = 0, below = 0;
            for (double t = 0.005; t < 6; t += 0.01) { /* standard normal, median |u| = 1 */
                double u = t / 0.6744897501960817, density = exp(-t * t / 2);
                above += density * ops->weight(u, loss.params) * u * u;
                below += density * u * u;
            }
            weight = above / below / ops->weight(0.0, loss.params);
        }
        ++tested;
        if (!(weight > 0.2 && weight < 0.95))
            fail_msg("%s: weight %g at the median photo", ops->name, weight);
    }
    assert_true(tested >= 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_psi),
        cmocka_unit_test(test_curvature),
        cmocka_unit_test(test_weight),
        cmocka_unit_test(test_rises),
        cmocka_unit_test(test_limits_and_traits),
        cmocka_unit_test(test_known_values),
        cmocka_unit_test(test_compute_by_geometry),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_names_are_unique),
        cmocka_unit_test(test_params),
        cmocka_unit_test(test_auto_scale_at_the_median_photo),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
