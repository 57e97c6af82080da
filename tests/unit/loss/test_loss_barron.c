/* SPDX-License-Identifier: MIT */
/* Barron's family meets its members at alpha = 2, 1, 0, -2, -inf, and comes near them between. */
#include "covey_test.h"

#include "covey/loss.h"

static const double radii[] = {0, 1e-9, 0.01, 0.5, 1, 3, 40, 1e6};

static void compare(const char *alpha, const char *name, double factor, double tolerance) {
    covey_loss barron, other;
    covey_error err;
    assert_ok(covey_loss_find(&barron, "barron", &err));
    assert_ok(covey_loss_find(&other, name, &err));
    assert_ok(covey_loss_set_param(&barron, "alpha", alpha, &err));
    assert_ok(covey_loss_set_param(&barron, "c", "1.7", &err));
    other.params[0] = 1.7;
    for (size_t i = 0; i < LENGTH(radii); ++i) {
        double r = radii[i];
        double rho = factor * other.ops->rho(r, other.params);
        double psi = factor * other.ops->psi(r, other.params);
        covey_test_close(barron.ops->rho(r, barron.params), rho, 1e-300, tolerance, i, name,
                         __FILE__, __LINE__);
        covey_test_close(barron.ops->psi(r, barron.params), psi, 1e-300, tolerance, i, name,
                         __FILE__, __LINE__);
        covey_test_close(barron.ops->curvature(r, barron.params),
                         factor * other.ops->curvature(r, other.params), 1e-14, tolerance * 10, i,
                         name, __FILE__, __LINE__);
    }
}

static void test_members(void **state) {
    (void)state;
    compare("2", "square", 0.5 / (1.7 * 1.7), 1e-14);
    compare("1", "pseudo_huber_radial", 1, 1e-13);
    compare("0", "cauchy", 1, 1e-14);
    compare("-2", "geman_mcclure", 1, 1e-13);
    compare("-inf", "correntropy", 1, 1e-14);
}

/* No jump at the branches: 1e-7 away the values differ by about as much. */
static void test_limits_are_approached(void **state) {
    (void)state;
    compare("1e-7", "cauchy", 1, 2e-5);
    compare("-1e-7", "cauchy", 1, 2e-5);
}

static void test_domain(void **state) {
    (void)state;
    covey_loss barron;
    covey_error err;
    assert_ok(covey_loss_find(&barron, "barron", &err));
    assert_int_equal(barron.is_auto[0], 0);
    assert_int_equal(barron.is_auto[1], 1);
    assert_status(covey_loss_set_param(&barron, "alpha", "2.1", &err), COVEY_E_ARGUMENT);
    assert_non_null(strstr(err.message, "at most 2"));
    assert_status(covey_loss_set_param(&barron, "alpha", "inf", &err), COVEY_E_ARGUMENT);
    assert_status(covey_loss_set_param(&barron, "c", "0", &err), COVEY_E_ARGUMENT);
    covey_loss lp, quantile;
    assert_ok(covey_loss_find(&lp, "lp", &err));
    assert_ok(covey_loss_set_param(&lp, "p", "1", &err));
    assert_ok(covey_loss_set_param(&lp, "p", "2", &err));
    assert_status(covey_loss_set_param(&lp, "p", "0.99", &err), COVEY_E_ARGUMENT);
    assert_non_null(strstr(err.message, "at least 1 and at most 2"));
    assert_ok(covey_loss_find(&quantile, "quantile", &err));
    assert_status(covey_loss_set_param(&quantile, "tau", "1", &err), COVEY_E_ARGUMENT);
    assert_non_null(strstr(err.message, "greater than 0 and less than 1"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_limits_are_approached),
        cmocka_unit_test(test_domain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
