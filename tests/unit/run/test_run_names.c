/* SPDX-License-Identifier: MIT */
#include "run_folder_fixture.h"

static char *slurp(const char *name, size_t *size) {
    covey_error err;
    char path[400], *text = NULL;
    snprintf(path, sizeof path, "%s/%s", target, name);
    assert_ok(covey__file_read(&text, size, path, 1 << 24, &err));
    return text;
}

static covey_run *saved(void) {
    covey_error err;
    covey_run *run = fixture_run("/photos"), *back = NULL;
    assert_ok(covey_run_save(run, target, NULL, NULL, &err));
    covey_run_free(run);
    assert_ok(covey_run_load(&back, target, &err));
    return back;
}

static void a_name_is_kept_and_taken_away(void **state) {
    (void)state;
    covey_error err;
    size_t size, again_size;
    covey_run *run = saved();
    char *before = slurp("run.json", &size);
    assert_ok(covey_run_set_name(run, 1, "  beach \"<b>&\xd8\xb3  ", &err));
    assert_string_equal(run->names[1], "beach \"<b>&\xd8\xb3");
    assert_ok(covey_run_save_names(run, &err));
    covey_run_free(run);
    assert_ok(covey_run_load(&run, target, &err)); /* checks every digest */
    assert_null(run->names[0]);
    assert_string_equal(run->names[1], "beach \"<b>&\xd8\xb3");
    assert_ok(covey_run_set_name(run, 1, " ", &err));
    assert_null(run->names[1]);
    assert_ok(covey_run_save_names(run, &err));
    covey_run_free(run);
    char *after = slurp("run.json", &again_size); /* nothing else in it has changed */
    assert_int_equal(size, again_size);
    assert_memory_equal(before, after, size);
    covey_free(before);
    covey_free(after);
}

static void bad_names_are_refused(void **state) {
    (void)state;
    covey_error err;
    char huge[300];
    memset(huge, 'x', sizeof huge - 1);
    huge[sizeof huge - 1] = '\0';
    covey_run *run = fixture_run("/photos");
    assert_status(covey_run_set_name(run, FIXTURE_GROUPS, "x", &err), COVEY_E_ARGUMENT);
    assert_status(covey_run_set_name(run, 0, "two\nlines", &err), COVEY_E_ARGUMENT);
    assert_status(covey_run_set_name(run, 0, "\xff", &err), COVEY_E_ARGUMENT);
    assert_status(covey_run_set_name(run, 0, huge, &err), COVEY_E_ARGUMENT);
    assert_ok(covey_run_set_name(run, 0, "x", &err));
    assert_status(covey_run_set_name(run, 0, "\x1b[2J", &err), COVEY_E_ARGUMENT);
    assert_string_equal(run->names[0], "x"); /* untouched on failure */
    assert_status(covey_run_save_names(run, &err), COVEY_E_ARGUMENT); /* in no folder */
    covey_run_free(run);
}

static void another_run_meanwhile_is_seen(void **state) {
    (void)state;
    covey_error err;
    covey_run *run = saved(), *other = fixture_run("/photos");
    other->facts.started = 1234567;
    assert_ok(covey_run_save(other, target, NULL, NULL, &err));
    assert_ok(covey_run_set_name(run, 0, "beach", &err));
    assert_status(covey_run_save_names(run, &err), COVEY_E_EXISTS);
    covey_run_free(other);
    covey_run_free(run);
}

/* Groups 0 and 1 of before changed numbers, group 2 was torn in halves, rows 6.. are new. */
static void names_follow_their_photos(void **state) {
    (void)state;
    covey_error err;
    size_t lost = 9;
    int32_t labels[FIXTURE_ROWS];
    const char *names[4] = {"zero", "one", "torn", NULL};
    covey_run *run = fixture_run("/photos");
    const int32_t *now = run->comparison.clusterings[0].labels;
    int torn = 0;
    for (size_t i = 0; i < FIXTURE_ROWS; ++i)
        labels[i] = i >= 24 ? -1 : now[i] == 0 ? 1 : now[i] == 1 ? 0 : torn++ % 2 ? 2 : 3;
    assert_ok(covey_run_carry_names(run, &lost, labels, names, 4, &err));
    assert_int_equal(run->n_names, FIXTURE_GROUPS);
    assert_string_equal(run->names[0], "one");
    assert_string_equal(run->names[1], "zero");
    assert_null(run->names[2]); /* half of its rows is not most of them */
    assert_int_equal(lost, 1);
    assert_ok(covey_run_carry_names(run, &lost, NULL, names, 4, &err));
    assert_int_equal(lost, 3);
    for (size_t j = 0; j < FIXTURE_GROUPS; ++j)
        assert_null(run->names[j]);
    covey_run_free(run);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_name_is_kept_and_taken_away, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_names_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(another_run_meanwhile_is_seen, setup, teardown),
        cmocka_unit_test_setup_teardown(names_follow_their_photos, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
