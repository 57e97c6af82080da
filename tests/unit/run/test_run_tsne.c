/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "base_internal.h"
#include "run_fixture.h"

enum { GROUPS = 6, D = 40 };

static double noise(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 11) / 9007199254740992.0 - 0.5;
}

/* Rows around GROUPS directions, row i about direction i mod GROUPS, of any length. */
static covey_run *clumps(size_t n, double spread) {
    covey_run *run;
    covey_error err;
    uint64_t state = 5;
    assert_ok(covey_run_new(&run, &err));
    run->features = (covey_matrix){.rows = n, .cols = D};
    run->features.data = covey__alloc_array(n * D, sizeof(float));
    assert_non_null(run->features.data);
    for (size_t i = 0; i < n; ++i)
        for (size_t j = 0; j < D; ++j)
            run->features.data[i * D + j] =
                (float)((1 + (double)(i % 7)) *
                        ((j % GROUPS == i % GROUPS ? 1 : 0.2) + spread * noise(&state)));
    return run;
}

static double away(const double *map, size_t a, size_t b) {
    return hypot(map[2 * a] - map[2 * b], map[2 * a + 1] - map[2 * b + 1]);
}

/* The nearest on the map of nearly every row is of its own group, where the two principal components
 * cannot hold six groups apart; and the answer is the same bytes for any number of threads. */
static void neighbours_are_kept_together(void **state) {
    (void)state;
    enum { N = 303 };
    covey_error err;
    covey_run *run = clumps(N, 1.2);
    double *map = malloc(2 * N * sizeof *map), *again = malloc(2 * N * sizeof *map), share[2];
    size_t right[2] = {0, 0};
    assert_ok(covey_run_find_tsne(map, run, 1, &err));
    assert_ok(covey_run_find_tsne(again, run, 3, &err));
    assert_memory_equal(map, again, 2 * N * sizeof *map);
    assert_ok(covey_run_find_map(again, share, run, 1, &err));
    for (int which = 0; which < 2; ++which)
        for (size_t i = 0; i < N; ++i) {
            const double *at = which ? again : map;
            size_t nearest = i ? 0 : 1;
            for (size_t j = 0; j < N; ++j)
                if (j != i && away(at, i, j) < away(at, i, nearest))
                    nearest = j;
            right[which] += nearest % GROUPS == i % GROUPS;
        }
    if (right[0] < N * 98 / 100 || right[1] > right[0] - N / 20)
        fail_msg("of %d rows %zu have a nearest of their group by t-SNE, %zu by PCA", N, right[0],
                 right[1]);
    covey_run_free(run);
    free(map);
    free(again);
}

static void odd_rows_are_no_failure(void **state) {
    (void)state;
    covey_error err;
    double map[2 * 40];
    for (size_t n = 1; n <= 40; n += n < 6 ? 1 : 17) {
        covey_run *run = clumps(n, 0.3);
        assert_ok(covey_run_find_tsne(map, run, 2, &err));
        for (size_t i = 0; i < 2 * n; ++i)
            assert_true(isfinite(map[i]));
        memset(run->features.data, 0, D * sizeof(float)); /* no direction */
        for (size_t i = 2; i < n; ++i) /* all but two the same */
            memcpy(run->features.data + i * D, run->features.data + D, D * sizeof(float));
        assert_ok(covey_run_find_tsne(map, run, 2, &err));
        for (size_t i = 0; i < 2 * n; ++i)
            assert_true(isfinite(map[i]));
        covey_run_free(run);
    }
    covey_run *run = clumps(COVEY_TSNE_ROWS + 1, 0.3);
    assert_status(covey_run_find_tsne(map, run, 2, &err), COVEY_E_ARGUMENT);
    assert_non_null(strstr(err.message, "3001"));
    covey_run_free(run);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(neighbours_are_kept_together),
        cmocka_unit_test(odd_rows_are_no_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
