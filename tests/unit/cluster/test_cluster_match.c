/* SPDX-License-Identifier: MIT */
#include "covey_test.h"

#include "covey/compare.h"
#include "random_internal.h"

enum { MOST = 7 };

/* The least cost over all assignments, by trying them. */
static double least(const double *cost, size_t rows, size_t cols, size_t row, unsigned used) {
    double best = INFINITY;
    if (row == rows)
        return 0;
    for (size_t j = 0; j < cols; ++j)
        if (!(used & 1u << j)) {
            double sum =
                cost[row * cols + j] + least(cost, rows, cols, row + 1, used | 1u << j);
            best = sum < best ? sum : best;
        }
    return best;
}

static void finds_the_least_cost(void **state) {
    (void)state;
    for (uint64_t trial = 0; trial < 200; ++trial) {
        size_t rows = 1 + trial % 5, cols = rows + trial % 3;
        double cost[MOST * MOST], sum = 0;
        int32_t match[MOST];
        unsigned used = 0;
        for (size_t i = 0; i < rows * cols; ++i) /* small whole numbers: many ties */
            cost[i] = (double)covey__uniform_below(trial % 2 ? 4 : 1000, trial,
                                                   COVEY__PURPOSE_TEST, 0, i) -
                      2;
        assert_int_equal(covey_match_compute(match, cost, rows, cols), COVEY_OK);
        for (size_t i = 0; i < rows; ++i) {
            assert_in_range(match[i], 0, cols - 1);
            assert_false(used & 1u << match[i]);
            used |= 1u << match[i];
            sum += cost[i * cols + (size_t)match[i]];
        }
        assert_close(sum, least(cost, rows, cols, 0, 0), 1e-9, 0);
    }
}

static void refuses_what_it_cannot_match(void **state) {
    (void)state;
    double cost[2] = {1, NAN};
    int32_t match[2];
    assert_int_equal(covey_match_compute(match, cost, 2, 1), COVEY_E_ARGUMENT);
    assert_int_equal(covey_match_compute(match, cost, 1, 2), COVEY_E_NUMERIC);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_least_cost),
        cmocka_unit_test(refuses_what_it_cannot_match),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
