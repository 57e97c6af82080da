/* SPDX-License-Identifier: MIT */
/* Order statistics against sorting, on every instruction set. */
#include "covey_test.h"

#include "covey/cpu.h"
#include "select_internal.h"
#include "random_internal.h"

enum { D = 37, MOST = 70, COLUMNS = COVEY__SELECT_COLUMNS };

static covey__select_fn *const functions[] = {
    covey__select_scalar,
#if defined(__x86_64__)
    covey__select_avx2, covey__select_avx512
#endif
};

/* The instruction sets this machine has, from the least. */
static int available(void) {
    covey_isa isa = covey_isa_machine();
    return isa >= COVEY_ISA_AVX512 ? 3 : isa >= COVEY_ISA_AVX2 ? 2 : 1;
}

static int compare_floats(const void *left, const void *right) {
    float l = *(const float *)left, r = *(const float *)right;
    return (l > r) - (l < r);
}

static void make_column_values(float *x, size_t rows) {
    for (size_t i = 0; i < rows * D; ++i) {
        x[i] = (float)covey__normal(3, COVEY__PURPOSE_TEST, i, 0);
        if (i % 3 == 0) /* ties, zeros of both signs, extremes */
            x[i] = i % 2 ? -0.0F : i % 5 ? -1.5F : i % 7 ? 3e38F : -1e-40F;
        if (i % 31 == 0)
            x[i] = i % 2 ? -3e38F : 0;
    }
}

/* Of every rank, alone and with the next, with good, bad and absurd guesses. */
static void ranks_are_those_of_sorting(void **state) {
    (void)state;
    static float x[2 * MOST * D], column[MOST];
    static int32_t keys[MOST * COLUMNS];
    uint32_t rows[MOST];
    double guess[D];
    make_column_values(x, 2 * MOST);
    for (uint32_t i = 0; i < MOST; ++i)
        rows[i] = 2 * i;
    for (size_t j = 0; j < D; ++j)
        guess[j] = j % 4 == 0 ? NAN : j % 4 == 1 ? 1e300 : j % 4 == 2 ? 0 : -0.3;
    for (int t = 0; t < available(); ++t)
        for (size_t m = 1; m <= MOST; m += m < 12 ? 1 : 7)
            for (size_t rank = 0; rank < m; rank += m < 12 ? 1 : 5)
                for (size_t first = 0; first < D; first += COLUMNS) {
                    double got[COLUMNS], both[COLUMNS], plain[COLUMNS];
                    size_t columns = D - first < COLUMNS ? D - first : COLUMNS;
                    const float *at = x + first;
                    functions[t](got, keys, at, rows, m, D, columns, rank, 0, guess + first);
                    if (rank + 1 < m)
                        functions[t](both, keys, at, rows, m, D, columns, rank, 1, NULL);
                    functions[t](plain, keys, at, NULL, m, D, columns, rank, 0, NULL);
                    for (size_t j = 0; j < columns; ++j) {
                        for (size_t i = 0; i < m; ++i)
                            column[i] = at[rows[i] * D + j];
                        qsort(column, m, sizeof *column, compare_floats);
                        assert_true(got[j] == column[rank]);
                        assert_true(!signbit(got[j]) || got[j] < 0);
                        if (rank + 1 < m)
                            assert_true(both[j] ==
                                        ((double)column[rank] + column[rank + 1]) / 2);
                        for (size_t i = 0; i < m; ++i)
                            column[i] = at[i * D + j];
                        qsort(column, m, sizeof *column, compare_floats);
                        assert_true(plain[j] == column[rank]);
                    }
                }
}

/* The least rank r with (r + 1) / m >= tau, as counting finds it. */
static void quantile_ranks_invert_the_distribution(void **state) {
    (void)state;
    static const double taus[] = {1e-9, 0.05, 0.1, 0.25, 1.0 / 3, 0.5, 0.7, 0.9, 0.95, 1 - 1e-12};
    for (size_t m = 1; m < 300; ++m)
        for (size_t t = 0; t < LENGTH(taus); ++t) {
            size_t want = 0;
            while (want + 1 < m && !((double)(want + 1) >= taus[t] * (double)m))
                ++want;
            assert_int_equal(covey__quantile_rank(taus[t], m), want);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_are_those_of_sorting),
        cmocka_unit_test(quantile_ranks_invert_the_distribution),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
