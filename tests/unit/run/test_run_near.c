/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "base_internal.h"
#include "run_fixture.h"

/* Rows of a few thousand, so that several blocks and tasks take part. */
static covey_run *large_run(size_t n, size_t d) {
    covey_run *run;
    covey_error err;
    assert_ok(covey_run_new(&run, &err));
    run->features = (covey_matrix){.rows = n, .cols = d};
    run->features.data = covey__alloc_array(n * d, sizeof(float));
    assert_non_null(run->features.data);
    uint64_t state = 1;
    for (size_t i = 0; i < n * d; ++i) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        run->features.data[i] = (float)(state >> 40) / 16777216.0f - 0.3f;
    }
    return run;
}

/* The answer is that of covey_run_similar, row by row, for any number of threads. */
static void every_row_has_its_nearest(void **state) {
    (void)state;
    enum { N = 2100, D = 24, COUNT = 5 };
    covey_error err;
    covey_run *run = large_run(N, D);
    float *x = run->features.data;
    memset(x + 7 * D, 0, D * sizeof *x); /* no direction */
    memcpy(x + 2090 * D, x + 3 * D, D * sizeof *x); /* a tie with row 3 for all others */
    covey_neighbour *near = malloc(sizeof *near * N * COUNT), *again = malloc(sizeof *near * N * COUNT);
    assert_ok(covey_run_find_near(near, COUNT, run, 1, &err));
    assert_ok(covey_run_find_near(again, COUNT, run, 3, &err));
    for (size_t i = 0; i < N * COUNT; ++i) {
        assert_int_equal(near[i].row, again[i].row);
        assert_true(near[i].cosine == again[i].cosine);
    }
    for (size_t i = 0; i < N; i += i < 20 ? 1 : 61) {
        covey_neighbour wanted[COUNT];
        size_t count = COUNT;
        if (i == 7) {
            assert_int_equal(near[i * COUNT].row, -1);
            continue;
        }
        assert_ok(covey_run_similar(wanted, &count, run, x + i * D, (int64_t)i, &err));
        for (size_t j = 0; j < COUNT; ++j) {
            assert_int_equal(near[i * COUNT + j].row, wanted[j].row);
            assert_true(fabs(near[i * COUNT + j].cosine - wanted[j].cosine) < 1e-6);
        }
    }
    assert_int_equal(near[3 * COUNT].row, 2090);
    free(near);
    free(again);
    covey_run_free(run);
}

static void few_rows_have_few_neighbours(void **state) {
    (void)state;
    covey_error err;
    covey_run *run = large_run(2, 3);
    covey_neighbour near[2 * 4];
    assert_ok(covey_run_find_near(near, 4, run, 0, &err));
    assert_int_equal(near[0].row, 1);
    assert_int_equal(near[1].row, -1);
    assert_int_equal(near[4].row, 0);
    covey_run_free(run);
}

/* Unit rows along two directions of known variance come out along them, the larger first. */
static void the_map_shows_what_varies_most(void **state) {
    (void)state;
    enum { N = 60, D = 5 };
    covey_error err;
    covey_run *run = large_run(N, D);
    double map[2 * N], again[2 * N], share[2], sums[3] = {0};
    for (size_t i = 0; i < N; ++i) {
        double a = 0.6 * sin((double)i * 2.4), b = 0.2 * cos((double)i * 1.7);
        double length = 3 + (double)i; /* the map looks at directions */
        double row[D] = {0, a, 0, b, sqrt(1 - a * a - b * b)};
        for (size_t j = 0; j < D; ++j)
            run->features.data[i * D + j] = (float)(row[j] * length);
    }
    assert_ok(covey_run_find_map(map, share, run, 1, &err));
    assert_ok(covey_run_find_map(again, share, run, 3, &err));
    assert_memory_equal(map, again, sizeof map);
    for (size_t i = 0; i < N; ++i) {
        sums[0] += map[2 * i];
        sums[1] += map[2 * i + 1];
        sums[2] += map[2 * i] * map[2 * i + 1];
        assert_true(fabs(fabs(map[2 * i]) - 0.6 * fabs(sin((double)i * 2.4))) < 0.05);
    }
    for (int k = 0; k < 3; ++k)
        assert_true(fabs(sums[k]) < 1e-5); /* centred, uncorrelated */
    assert_true(share[0] > 5 * share[1] && share[1] > 0 && share[0] + share[1] <= 1 + 1e-12);
    for (size_t i = 1; i < N; ++i)
        memcpy(run->features.data + i * D, run->features.data, D * sizeof(float));
    assert_ok(covey_run_find_map(map, share, run, 0, &err));
    for (size_t i = 0; i < 2 * N; ++i)
        assert_true(fabs(map[i]) < 1e-6); /* all the same: no plane, no failure */
    covey_run_free(run);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_has_its_nearest),
        cmocka_unit_test(few_rows_have_few_neighbours),
        cmocka_unit_test(the_map_shows_what_varies_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
