/* SPDX-License-Identifier: MIT */
#include "covey_test.h"

#include "random_internal.h"
#include "sum_internal.h"

static void chunks_are_counted(void **state) {
    (void)state;
    assert_int_equal(covey__chunk_count(1), 1);
    assert_int_equal(covey__chunk_count(4096), 1);
    assert_int_equal(covey__chunk_count(4097), 2);
    assert_int_equal(covey__chunk_count(0), 0);
}

/* The tree as its header defines it: level by level, pairs of neighbours, a lone one passing. */
static void sum_by_levels(double *nodes, size_t count, size_t width) {
    while (count > 1) {
        size_t next = (count + 1) / 2;
        for (size_t i = 0; i < next; ++i)
            for (size_t j = 0; j < width; ++j) {
                double left = nodes[2 * i * width + j];
                nodes[i * width + j] =
                    2 * i + 1 < count ? left + nodes[(2 * i + 1) * width + j] : left;
            }
        count = next;
    }
}

static void fill(double *x, size_t n) {
    for (size_t i = 0; i < n; ++i)
        x[i] = covey__normal(1, COVEY__PURPOSE_TEST, 0, i) * exp2((double)(i * 37 % 60));
}

static void the_tree_is_the_one_described(void **state) {
    (void)state;
    enum { WIDTH = 3, MOST = 70 };
    double ours[MOST * WIDTH], levels[MOST * WIDTH];
    for (size_t count = 1; count <= MOST; ++count) {
        fill(ours, count * WIDTH);
        memcpy(levels, ours, sizeof ours);
        covey__sum_tree(ours, count, WIDTH);
        sum_by_levels(levels, count, WIDTH);
        assert_memory_equal(ours, levels, WIDTH * sizeof(double));
    }
}

/* Another machine that owns chunks 8..15 sends the root of its subtree; the bits agree. */
static void subtrees_may_be_summed_elsewhere(void **state) {
    (void)state;
    enum { COUNT = 21 };
    double whole[COUNT], parts[COUNT], roots[3];
    fill(whole, COUNT);
    memcpy(parts, whole, sizeof whole);
    covey__sum_tree(whole, COUNT, 1);
    for (size_t i = 0; i < 3; ++i) {
        covey__sum_tree(parts + 8 * i, i < 2 ? 8 : 5, 1);
        roots[i] = parts[8 * i];
    }
    covey__sum_tree(roots, 3, 1);
    assert_memory_equal(whole, roots, sizeof(double));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunks_are_counted),
        cmocka_unit_test(the_tree_is_the_one_described),
        cmocka_unit_test(subtrees_may_be_summed_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
