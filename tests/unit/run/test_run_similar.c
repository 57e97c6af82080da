/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "run_fixture.h"

static void nearest_come_first(void **state) {
    (void)state;
    covey_error err;
    covey_run *run = fixture_run("/photos");
    float *x = run->features.data;
    memset(x + 29 * FIXTURE_COLS, 0, FIXTURE_COLS * sizeof *x); /* no direction */
    for (size_t j = 0; j < FIXTURE_COLS; ++j)
        x[6 * FIXTURE_COLS + j] = x[3 * FIXTURE_COLS + j] = 2 * x[j];
    covey_neighbour found[FIXTURE_ROWS];
    size_t n = FIXTURE_ROWS;
    assert_ok(covey_run_similar(found, &n, run, x, 0, &err));
    assert_int_equal(n, FIXTURE_ROWS - 2); /* itself and the zero row */
    assert_int_equal(found[0].row, 3); /* the same direction: the lower row first */
    assert_int_equal(found[1].row, 6);
    assert_true(fabs(found[0].cosine - 1) < 1e-12 && found[0].cosine <= 1);
    for (size_t i = 0; i < n; ++i) {
        double ab = 0, aa = 0, bb = 0;
        const float *b = x + (size_t)found[i].row * FIXTURE_COLS;
        for (size_t j = 0; j < FIXTURE_COLS; ++j) {
            ab += (double)x[j] * (double)b[j];
            aa += (double)x[j] * (double)x[j];
            bb += (double)b[j] * (double)b[j];
        }
        assert_true(fabs(found[i].cosine - ab / sqrt(aa * bb)) < 1e-12);
        assert_true(i == 0 || found[i - 1].cosine >= found[i].cosine);
        assert_int_not_equal(found[i].row, 0);
    }
    n = 2;
    assert_ok(covey_run_similar(found, &n, run, x, -1, &err));
    assert_int_equal(n, 2);
    assert_int_equal(found[0].row, 0);
    assert_status(covey_run_similar(found, &n, run, x + 29 * FIXTURE_COLS, -1, &err),
                  COVEY_E_ARGUMENT);
    covey_run_free(run);
}

static void photos_are_found_by_name(void **state) {
    (void)state;
    char folder[256], path[400];
    covey_test_folder(folder);
    covey_run *run = fixture_run(folder);
    assert_int_equal(covey_run_find_photo(run, "06-sub/folder/a.png"), 6);
    assert_int_equal(covey_run_find_photo(run, run->photos[5].path), 5);
    assert_int_equal(covey_run_find_photo(run, "plain.jpg"), -1);
    snprintf(path, sizeof path, "%s/%s", folder, run->photos[0].path);
    assert_int_equal(covey_run_find_photo(run, path), 0); /* though the file is gone */
    covey_test_write(path, "x", 1);
    snprintf(path, sizeof path, "%s/../%s/%s", folder, strrchr(folder, '/') + 1,
             run->photos[0].path);
    assert_int_equal(covey_run_find_photo(run, path), 0);
    covey_run_free(run);
    covey_test_remove(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nearest_come_first),
        cmocka_unit_test(photos_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
