/* SPDX-License-Identifier: MIT */
#include "run_fixture.h"
#include "sketch_internal.h"

enum { N = 4500, D = 160, PATTERNS = 12 }; /* rows and columns from which on rows are shortened */

/* Rows near a few patterns, as descriptions are, or of no order at all. */
static float *rows_of(int patterned) {
    float *x = covey__alloc_array((size_t)N * D, sizeof *x);
    for (size_t i = 0; i < N; ++i)
        for (size_t j = 0; j < D; ++j) {
            double noise = covey__normal(5, COVEY__PURPOSE_TEST, i, j);
            double pattern = covey__normal(6, COVEY__PURPOSE_TEST, i % PATTERNS, j);
            x[i * D + j] = (float)(patterned ? pattern + 0.1 * noise : noise);
        }
    return x;
}

static double cosine(const float *a, const float *b) {
    double ab = 0, aa = 0, bb = 0;
    for (size_t j = 0; j < D; ++j) {
        ab += (double)a[j] * b[j];
        aa += (double)a[j] * a[j];
        bb += (double)b[j] * b[j];
    }
    return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : 0;
}

/* What the search rests on: no cosine lies above its bound by more than the slack. */
static void check_bounds(const float *x, double threshold, int is_short) {
    covey_error err;
    covey__pool *pool;
    covey__sketch sketch;
    assert_ok(covey__pool_new(&pool, 2, &err));
    assert_ok(covey__sketch_new(&sketch, x, N, D, threshold, pool, &err));
    assert_int_equal(sketch.width < D, is_short);
    enum { ROWS = COVEY__SKETCH_ROWS, COLUMNS = COVEY__SKETCH_COLUMNS };
    float *bounds = covey__alloc_array((size_t)ROWS * COLUMNS, sizeof *bounds);
    float *scratch = covey__alloc_array(ROWS * sketch.width, sizeof *scratch);
    size_t first = N / ROWS * ROWS, open = 0; /* the last rows: not all of them are there */
    for (size_t block = 0; block * COLUMNS < N; ++block) {
        covey__sketch_multiply(bounds, scratch, &sketch, first, block);
        for (size_t i = 0; i < ROWS; ++i)
            for (size_t j = 0; j < COLUMNS; ++j) {
                size_t row = first + i, column = block * COLUMNS + j;
                double bound = bounds[i * COLUMNS + j];
                if (row >= N || column >= N) {
                    assert_true(bound == 0);
                    continue;
                }
                double value = cosine(x + row * D, x + column * D);
                open += bound + sketch.slack >= threshold;
                if (!(value <= bound + sketch.slack))
                    fail_msg("rows %zu and %zu: cosine %.9g, bound %.9g + %g", row, column, value,
                             bound, sketch.slack);
            }
    }
    /* And they say something: most pairs are settled. */
    assert_true(open < (N - first) * N / 5);
    covey__free(bounds);
    covey__free(scratch);
    covey__sketch_fini(&sketch);
    covey__pool_free(pool);
}

static void short_rows_bound_the_cosine(void **state) {
    (void)state;
    float *x = rows_of(1);
    memset(x + (size_t)(N - 1) * D, 0, D * sizeof *x);
    check_bounds(x, 0.9, 1);
    covey__free(x);
}

static void rows_without_order_stay_whole(void **state) {
    (void)state;
    float *x = rows_of(0);
    check_bounds(x, 0.1, 0); /* about a tenth of the pairs lie above it */
    covey__free(x);
}

/* All that is not a direction has none; the others come to length 1, however short or long. */
static void a_row_is_scaled_to_length_1(void **state) {
    (void)state;
    static const float sizes[] = {1, 1e-20F, 1e-42F, 1e19F, 3e38F};
    for (size_t s = 0; s < LENGTH(sizes); ++s) {
        float x[D], unit[D];
        double square = 0;
        for (size_t j = 0; j < D; ++j)
            x[j] = j % 2 ? sizes[s] : -sizes[s];
        assert_int_equal(covey__sketch_unit(unit, x, D), 1);
        for (size_t j = 0; j < D; ++j)
            square += (double)unit[j] * unit[j];
        assert_close(square, 1, 1e-5, 0);
    }
    static const float wrong[] = {0, NAN, INFINITY};
    for (size_t s = 0; s < LENGTH(wrong); ++s) {
        float x[D] = {wrong[s]}, unit[D];
        memset(unit, 1, sizeof unit);
        assert_int_equal(covey__sketch_unit(unit, x, D), 0);
        for (size_t j = 0; j < D; ++j)
            assert_true(unit[j] == 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_rows_bound_the_cosine),
        cmocka_unit_test(rows_without_order_stay_whole),
        cmocka_unit_test(a_row_is_scaled_to_length_1),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
