/* SPDX-License-Identifier: MIT */
/* covey_run_verify_photos and covey_run_verify_groups: a run of a moment ago reproduces to the bit; what
 * changed since is named, and so is what is missing for an answer. */
#include <sys/stat.h>

#include "alloc_test.h"
#include "covey/covey.h"
#include "photo_fixture.h"

enum { PHOTOS = 9 };

static char folder[256], photos[300], out[300];
static covey_weights *weights;
static covey_run *run; /* loaded */

static void path_of(char *path, size_t size, int i) {
    snprintf(path, size, "%s/p%02d.png", photos, i);
}

static void make_photo(int i) {
    char path[400];
    path_of(path, sizeof path, i);
    make_noise_photo(path, 60, 50, 40.0 + 20 * i, i);
}

static void describe(covey_run *made) {
    covey_error err;
    covey_files *files;
    const char *paths[] = {photos};
    covey_extract_params params = covey_extract_params_default();
    params.decode.threads = params.network.threads = 1;
    params.network.batch = 3;
    assert_ok(covey_files_new(&files, paths, 1, NULL, &err));
    assert_ok(covey_run_extract(made, files, weights, &params, &err));
    covey_files_free(files);
}

static void group(covey_run *made) {
    covey_error err;
    covey_loss losses[2];
    covey_compare_params params = covey_compare_params_default();
    params.cluster.k = 3;
    params.cluster.restarts = made->facts.restarts = 2;
    params.cluster.max_rounds = made->facts.max_rounds = 50;
    params.cluster.tolerance = made->facts.tolerance = 1e-6;
    params.cluster.seed = made->facts.seed = 4;
    params.seeds = made->facts.seeds = 0;
    made->facts.normalize = "none";
    made->facts.start = "kmeans++";
    made->facts.solver = "auto";
    made->facts.empty = "refill";
    assert_ok(covey_loss_find(&losses[0], "square", &err));
    assert_ok(covey_loss_find(&losses[1], "absolute", &err));
    assert_ok(covey_compare_compute(&made->comparison, made->features.data, made->features.rows,
                                    made->features.cols, losses, 2, &params, &err));
}

static int setup(void **state) {
    (void)state;
    static const int channels[13] = {16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 32};
    covey_error err;
    covey_run *made;
    char bad[400];
    covey_test_folder(folder);
    snprintf(photos, sizeof photos, "%s/photos", folder);
    snprintf(out, sizeof out, "%s/out", folder);
    setenv("COVEY_DECODE", COVEY_TEST_BUILD "/covey-decode", 1);
    assert_int_equal(mkdir(photos, 0777), 0);
    for (int i = 0; i < PHOTOS; ++i)
        make_photo(i);
    snprintf(bad, sizeof bad, "%s/bad.jpg", photos);
    covey_test_write(bad, "no photo", 8);
    assert_ok(covey_weights_new_seeded(&weights, 3, channels, &err));
    assert_ok(covey_run_new(&made, &err));
    describe(made);
    group(made);
    assert_ok(covey_run_save(made, out, NULL, NULL, &err));
    covey_run_free(made);
    assert_ok(covey_run_load(&run, out, &err));
    return 0;
}

static int teardown(void **state) {
    (void)state;
    covey_run_free(run);
    covey_weights_free(weights);
    covey_test_remove(folder);
    return 0;
}

static void verify_photos(covey_verified *parts, const covey_weights *with) {
    covey_error err;
    covey_verify_params params = covey_verify_params_default();
    params.threads = 1;
    params.batch = 4; /* not the batch it was made with */
    assert_ok(covey_run_verify_photos(parts, run, with, &params, &err));
}

static void verify_groups(covey_verified *parts) {
    covey_error err;
    assert_ok(covey_run_verify_groups(parts, run, NULL, &err));
}

static void a_run_reproduces(void **state) {
    (void)state;
    covey_verified parts[COVEY_PART_COUNT];
    verify_photos(parts, weights);
    verify_groups(parts);
    for (int part = 0; part < COVEY_PART_COUNT; ++part) {
        covey_verdict want = part == COVEY_PART_LABELS ? COVEY_VERDICT_NONE : COVEY_VERDICT_EQUAL;
        if (parts[part].verdict != want)
            fail_msg("%s: %s: %s %s", covey_part_name((covey_part)part),
                     covey_verdict_name(parts[part].verdict), parts[part].file, parts[part].why);
        assert_string_equal(parts[part].why, "");
        assert_int_equal(parts[part].row, -1);
    }
    assert_int_equal(parts[COVEY_PART_PHOTOS].checked, PHOTOS);
    assert_int_equal(parts[COVEY_PART_FEATURES].checked, PHOTOS);
    assert_int_equal(parts[COVEY_PART_SKIPPED].checked, 1);
    assert_int_equal(parts[COVEY_PART_GROUPS].checked, 2 * PHOTOS);
    assert_true(parts[COVEY_PART_FEATURES].error == 0);
}

static void what_changed_is_named(void **state) {
    (void)state;
    covey_verified parts[COVEY_PART_COUNT];
    char path[400];
    path_of(path, sizeof path, 6);
    assert_int_equal(unlink(path), 0);
    path_of(path, sizeof path, 2);
    covey_test_write(path, "another", 7);
    snprintf(path, sizeof path, "%s/bad.jpg", photos);
    covey_test_write(path, "", 0);
    verify_photos(parts, weights);
    assert_int_equal(parts[COVEY_PART_PHOTOS].verdict, COVEY_VERDICT_DIFFERENT);
    assert_int_equal(parts[COVEY_PART_PHOTOS].different, 2);
    assert_int_equal(parts[COVEY_PART_PHOTOS].row, 2);
    assert_string_equal(parts[COVEY_PART_PHOTOS].file, "p02.png");
    assert_non_null(strstr(parts[COVEY_PART_PHOTOS].why, "has changed since: 7 bytes"));
    assert_int_equal(parts[COVEY_PART_FEATURES].verdict, COVEY_VERDICT_EQUAL);
    assert_int_equal(parts[COVEY_PART_FEATURES].checked, PHOTOS - 2);
    assert_int_equal(parts[COVEY_PART_SKIPPED].verdict, COVEY_VERDICT_DIFFERENT);
    assert_string_equal(parts[COVEY_PART_SKIPPED].file, "bad.jpg");
}

/* One number of the features, and one of the groups, are not what they were. */
static void wrong_numbers_are_found(void **state) {
    (void)state;
    covey_verified parts[COVEY_PART_COUNT];
    run->features.data[5 * run->features.cols + 1] *= 1.0001f;
    verify_photos(parts, weights);
    assert_int_equal(parts[COVEY_PART_FEATURES].verdict, COVEY_VERDICT_DIFFERENT);
    assert_int_equal(parts[COVEY_PART_FEATURES].row, 5);
    assert_int_equal(parts[COVEY_PART_FEATURES].different, 1);
    assert_true(parts[COVEY_PART_FEATURES].error > 0);
    run->features.data[5 * run->features.cols + 1] *= -3.0f;
    verify_groups(parts);
    assert_int_equal(parts[COVEY_PART_GROUPS].verdict, COVEY_VERDICT_DIFFERENT);
    assert_string_not_equal(parts[COVEY_PART_GROUPS].file, "");
}

static void what_is_missing_is_said(void **state) {
    (void)state;
    static const int channels[13] = {16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 32};
    covey_verified parts[COVEY_PART_COUNT];
    covey_weights *others;
    covey_error err;
    verify_photos(parts, NULL);
    assert_int_equal(parts[COVEY_PART_FEATURES].verdict, COVEY_VERDICT_UNKNOWN);
    assert_non_null(strstr(parts[COVEY_PART_FEATURES].why, "not installed"));
    assert_int_equal(parts[COVEY_PART_PHOTOS].verdict, COVEY_VERDICT_EQUAL);
    assert_ok(covey_weights_new_seeded(&others, 4, channels, &err));
    verify_photos(parts, others);
    assert_int_equal(parts[COVEY_PART_FEATURES].verdict, COVEY_VERDICT_UNKNOWN);
    covey_weights_free(others);
    run->facts.start = run->facts.start_file = "/nonexistent/start.npy";
    verify_groups(parts);
    assert_int_equal(parts[COVEY_PART_GROUPS].verdict, COVEY_VERDICT_UNKNOWN);
}

static void wrong_calls_are_refused(void **state) {
    (void)state;
    covey_verified parts[COVEY_PART_COUNT];
    covey_error err;
    covey_run *unsaved;
    covey_verify_params params = covey_verify_params_default();
    params.batch = 0;
    assert_int_equal(covey_run_verify_photos(parts, run, weights, &params, &err), COVEY_E_ARGUMENT);
    assert_ok(covey_run_new(&unsaved, &err));
    assert_ok(covey_run_verify_photos(parts, unsaved, weights, NULL, &err)); /* of no photos */
    assert_int_equal(parts[COVEY_PART_PHOTOS].verdict, COVEY_VERDICT_NONE);
    assert_int_equal(covey_run_verify_groups(parts, unsaved, NULL, &err), COVEY_E_ARGUMENT);
    covey_run_free(unsaved);
    assert_string_equal(covey_part_name(COVEY_PART_SKIPPED), "skipped");
    assert_string_equal(covey_verdict_name(COVEY_VERDICT_WITHIN), "within the bound");
}

static covey_status photos_again(void *user, covey_error *err) {
    covey_verified parts[COVEY_PART_COUNT];
    covey_verify_params params = covey_verify_params_default();
    (void)user;
    params.threads = 1;
    return covey_run_verify_photos(parts, run, weights, &params, err);
}

static covey_status groups_again(void *user, covey_error *err) {
    covey_verified parts[COVEY_PART_COUNT];
    (void)user;
    covey_status status = covey_run_verify_groups(parts, run, NULL, err);
    /* Memory that ran out is no difference. */
    if (status == COVEY_OK)
        assert_int_equal(parts[COVEY_PART_GROUPS].verdict, COVEY_VERDICT_EQUAL);
    return status;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    alloc_test_every("covey_run_verify_photos", photos_again, NULL);
    alloc_test_every("covey_run_verify_groups", groups_again, NULL);
}

int main(int argc, char **argv) {
    (void)argc;
    alloc_test_hooks();
    if (VIPS_INIT(argv[0]))
        return 1;
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_run_reproduces),        CASE(what_changed_is_named),  CASE(wrong_numbers_are_found),
        CASE(what_is_missing_is_said), CASE(wrong_calls_are_refused), CASE(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
