/* SPDX-License-Identifier: MIT */
/* Order statistics against sorting, on every instruction set. */
#include "covey_test.h"

#include "covey/cpu.h"
#include "ranks_threads.h"
#include "select_internal.h"
#include "random_internal.h"

enum { D = 37, MOST = 70, COLUMNS = COVEY__SELECT_COLUMNS };

#if defined(__x86_64__)
static const covey_isa isas[] = {COVEY_ISA_SCALAR, COVEY_ISA_AVX2, COVEY_ISA_AVX512};
static const covey__select_passes *const passes[] = {&covey__select_scalar, &covey__select_avx2,
                                                     &covey__select_avx512};
#elif defined(__aarch64__)
static const covey_isa isas[] = {COVEY_ISA_SCALAR, COVEY_ISA_NEON};
static const covey__select_passes *const passes[] = {&covey__select_scalar, &covey__select_neon};
#else
static const covey_isa isas[] = {COVEY_ISA_SCALAR};
static const covey__select_passes *const passes[] = {&covey__select_scalar};
#endif

/* The instruction sets this machine has, from the least. */
static int available(void) {
    int count = 0;
    while (count < (int)LENGTH(isas) && covey_isa_has(covey_isa_machine(), isas[count]))
        ++count;
    return count;
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
            for (size_t rank = 0; rank < m; rank += m < 12 ? 1 : 5) {
                    double got[D], both[D], plain[D];
                    covey__selection of = {.x = x, .rows = rows, .m = m, .d = D, .rank = rank,
                                           .guess = guess, .passes = passes[t]};
                    covey__select_all(got, keys, &of);
                    of.guess = NULL;
                    of.pair = rank + 1 < m;
                    covey__select_all(both, keys, &of);
                    of.pair = 0;
                    of.rows = NULL;
                    covey__select_all(plain, keys, &of);
                    for (size_t j = 0; j < D; ++j) {
                        for (size_t i = 0; i < m; ++i)
                            column[i] = x[rows[i] * D + j];
                        qsort(column, m, sizeof *column, compare_floats);
                        assert_true(got[j] == column[rank]);
                        assert_true(!signbit(got[j]) || got[j] < 0);
                        if (rank + 1 < m)
                            assert_true(both[j] ==
                                        ((double)column[rank] + column[rank + 1]) / 2);
                        for (size_t i = 0; i < m; ++i)
                            column[i] = x[i * D + j];
                        qsort(column, m, sizeof *column, compare_floats);
                        assert_true(plain[j] == column[rank]);
                    }
                }
}

/* ---- ranks together --------------------------------------------------------------------------- */

enum { SPLIT_ROWS = 3 * 4096 + 900, SPLIT_D = 21 };

typedef struct split_case {
    float *x;
    uint32_t *rows;
    size_t m;
    covey__selection of;
    double got[THREADS_MOST][SPLIT_D];
} split_case;

static void select_on_rank(const covey__ranks *ranks, void *context) {
    split_case *c = context;
    covey__share share = threads_share(ranks, SPLIT_ROWS);
    covey__selection of = c->of;
    of.share = &share;
    /* What is not here must not be read. */
    float *own = malloc(SPLIT_ROWS * SPLIT_D * sizeof *own);
    memset(own, 0xFF, SPLIT_ROWS * SPLIT_D * sizeof *own);
    memcpy(own + share.first * SPLIT_D, c->x + share.first * SPLIT_D,
           (share.end - share.first) * SPLIT_D * sizeof *own);
    of.x = own;
    int32_t *keys = malloc((covey__select_cells(&of) + 1) * sizeof *keys);
    covey__select_all(c->got[ranks->rank], keys, &of);
    free(keys);
    free(own);
}

static void ranks_find_what_one_process_does(void **state) {
    (void)state;
    static split_case c;
    double alone[SPLIT_D];
    c.x = malloc(SPLIT_ROWS * SPLIT_D * sizeof *c.x);
    c.rows = malloc(SPLIT_ROWS * sizeof *c.rows);
    for (size_t i = 0; i < SPLIT_ROWS * SPLIT_D; ++i)
        c.x[i] = i % 5 ? (float)covey__normal(4, COVEY__PURPOSE_TEST, i, 0) : 0.25F;
    int32_t *keys = malloc(SPLIT_ROWS * COLUMNS * sizeof *keys);
    for (int pattern = 0; pattern < 3; ++pattern) { /* all, few, those of one rank alone */
        c.m = 0;
        for (uint32_t i = 0; i < SPLIT_ROWS; ++i)
            if (pattern == 0 || (pattern == 1 && i % 1500 == 7) || (pattern == 2 && i < 300))
                c.rows[c.m++] = i;
        for (int pair = 0; pair < 2; ++pair) {
            c.of = (covey__selection){.x = c.x, .rows = pattern ? c.rows : NULL, .m = c.m,
                                      .d = SPLIT_D, .rank = (c.m - 1) / 2, .pair = pair};
            covey__select_all(alone, keys, &c.of);
            for (int count = 1; count <= 4; ++count) {
                threads_run(count, select_on_rank, &c);
                for (int r = 0; r < count; ++r)
                    for (size_t j = 0; j < SPLIT_D; ++j)
                        assert_true(c.got[r][j] == alone[j]);
            }
        }
    }
    free(keys);
    free(c.rows);
    free(c.x);
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
        cmocka_unit_test(ranks_find_what_one_process_does),
        cmocka_unit_test(quantile_ranks_invert_the_distribution),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
