/* SPDX-License-Identifier: MIT */
#include "run_folder_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

static size_t entries(const char *path) {
    size_t n = 0;
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir));)
        n += e->d_name[0] != '.';
    closedir(dir);
    return n;
}

static char *slurp(const char *name) {
    covey_error err;
    char path[400], *text = NULL;
    size_t size;
    snprintf(path, sizeof path, "%s/%s", target, name);
    assert_ok(covey__file_read(&text, &size, path, 1 << 24, &err));
    return text;
}

static void assert_same_clustering(const covey_clustering *a, const covey_clustering *b) {
    assert_int_equal(a->n, b->n);
    assert_int_equal(a->k, b->k);
    assert_ptr_equal(a->loss.ops, b->loss.ops);
    assert_memory_equal(a->loss.params, b->loss.params, sizeof a->loss.params);
    assert_memory_equal(a->centres, b->centres, a->k * a->d * sizeof(double));
    assert_memory_equal(a->labels, b->labels, a->n * sizeof *a->labels);
    assert_memory_equal(a->nearest, b->nearest, a->n * sizeof *a->nearest);
    assert_memory_equal(a->distance, b->distance, a->n * sizeof(double));
    assert_memory_equal(a->weight, b->weight, a->n * sizeof(double));
    assert_memory_equal(a->margin, b->margin, a->n * sizeof(double));
    assert_memory_equal(a->rank, b->rank, a->n * sizeof *a->rank);
    assert_memory_equal(a->sizes, b->sizes, a->k * sizeof *a->sizes);
    assert_memory_equal(a->representatives, b->representatives, a->k * sizeof(int64_t));
    assert_memory_equal(a->medoids, b->medoids, a->k * sizeof(int64_t));
    assert_true(a->objective == b->objective);
    assert_true(a->seconds > 0 && fabs(a->seconds - b->seconds) < 1e-6);
    assert_int_equal(a->n_history, b->n_history);
    for (size_t i = 0; i < a->n_history; ++i) {
        assert_int_equal(a->history[i].round, b->history[i].round);
        assert_true(a->history[i].objective == b->history[i].objective);
        assert_true(a->history[i].shift == b->history[i].shift);
    }
}

static void what_is_saved_is_loaded(void **state) {
    (void)state;
    covey_error err;
    covey_run *run = fixture_run("/photos/of/somebody"), *back = NULL;
    assert_ok(covey_run_save(run, target, NULL, NULL, &err));
    assert_ok(covey_run_load(&back, target, &err));
    assert_int_equal(back->n_photos, run->n_photos);
    assert_int_equal(back->n_skips, 2);
    assert_int_equal(back->facts.found, back->n_photos + back->n_skips);
    assert_string_equal(back->roots[0], run->roots[0]);
    assert_string_equal(back->skips[0].reason, run->skips[0].reason);
    assert_int_equal(back->facts.seed, 5);
    assert_string_equal(back->facts.isolation, "seccomp, limits");
    for (size_t i = 0; i < run->n_photos; ++i) {
        assert_string_equal(back->photos[i].path, run->photos[i].path);
        assert_int_equal(back->photos[i].height, run->photos[i].height);
        assert_memory_equal(back->photos[i].sha256, run->photos[i].sha256, 32);
        assert_memory_equal(back->photos[i].thumb, "thumbnail", 9);
    }
    assert_memory_equal(back->features.data, run->features.data,
                        FIXTURE_ROWS * FIXTURE_COLS * sizeof(float));
    const covey_comparison *a = &run->comparison, *b = &back->comparison;
    assert_int_equal(a->n_losses, b->n_losses);
    for (size_t l = 0; l < a->n_losses; ++l)
        assert_same_clustering(&a->clusterings[l], &b->clusterings[l]);
    assert_memory_equal(a->ari, b->ari, 4 * sizeof(double));
    assert_memory_equal(a->disagreement, b->disagreement, a->n * sizeof(double));
    assert_int_equal(a->n_votes, b->n_votes);
    assert_int_equal(a->panel_size, b->panel_size);
    covey_run_free(run);
    covey_run_free(back);
}

static void raw_names_survive(void **state) {
    (void)state;
    covey_error err;
    covey_run *run = fixture_run("/photos");
    assert_ok(covey_run_save(run, target, NULL, NULL, &err));
    char *images = slurp("images.csv");
    assert_non_null(strstr(images, "invalid\xff\xfe.jpg"));
    assert_non_null(strstr(images, "\"02-comma, quote\"\".jpg\""));
    assert_non_null(strstr(images, "\"03-new\nline.jpg\""));
    covey_free(images);
    covey_run_free(run);
}

static void the_same_run_has_the_same_bytes(void **state) {
    (void)state;
    covey_error err;
    const char *const names[] = {"features.npy", "images.csv",      "clusters.csv", "history.csv",
                                 "skipped.csv",  "comparison.json", "run.json"};
    char *before[LENGTH(names)];
    covey_run *run = fixture_run("/photos");
    assert_ok(covey_run_save(run, target, NULL, NULL, &err));
    for (size_t i = 0; i < LENGTH(names); ++i)
        before[i] = slurp(names[i]);
    covey_run_free(run);
    run = fixture_run("/photos");
    assert_ok(covey_run_save(run, target, NULL, NULL, &err)); /* replaces the run before */
    for (size_t i = 0; i < LENGTH(names); ++i) {
        char *after = slurp(names[i]);
        assert_string_equal(before[i], after);
        covey_free(after);
        covey_free(before[i]);
    }
    assert_int_equal(entries(folder), 1); /* nothing left aside */
    covey_run_free(run);
}

static covey_status failing_extras(void *user, const covey_run *run, const char *path,
                                   covey_error *err) {
    (void)user;
    (void)run;
    return covey__fail(err, COVEY_E_IO, path, "on purpose");
}

static void a_failure_leaves_nothing_and_keeps_the_run_before(void **state) {
    (void)state;
    covey_error err;
    covey_run *run = fixture_run("/photos"), *back = NULL;
    assert_status(covey_run_save(run, target, failing_extras, NULL, &err), COVEY_E_IO);
    assert_int_equal(entries(folder), 0);
    assert_ok(covey_run_save(run, target, NULL, NULL, &err));
    assert_status(covey_run_save(run, target, failing_extras, NULL, &err), COVEY_E_IO);
    assert_int_equal(entries(folder), 1);
    assert_ok(covey_run_load(&back, target, &err));
    covey_run_free(back);
    covey_run_free(run);
}

static void leftovers_of_a_dead_run_are_removed(void **state) {
    (void)state;
    covey_error err;
    char stale[400], alive[400], foreign[400];
    covey_run *run = fixture_run("/photos");
    snprintf(stale, sizeof stale, "%s.partial-%d", target, 0x3ffffff); /* beyond pid_max */
    snprintf(alive, sizeof alive, "%s.partial-%d", target, (int)getpid()); /* of another container */
    snprintf(foreign, sizeof foreign, "%s.partial-copy", target);
    assert_int_equal(mkdir(stale, 0777), 0);
    assert_int_equal(mkdir(alive, 0777), 0);
    assert_int_equal(mkdir(foreign, 0777), 0);
    int lock = open(alive, O_RDONLY | O_DIRECTORY); /* whoever builds holds one */
    assert_int_equal(flock(lock, LOCK_EX), 0);
    assert_ok(covey_run_save(run, target, NULL, NULL, &err));
    assert_int_not_equal(access(stale, F_OK), 0);
    assert_int_equal(access(alive, F_OK), 0);
    assert_int_equal(access(foreign, F_OK), 0);
    close(lock);
    assert_ok(covey_run_save(run, target, NULL, NULL, &err));
    assert_int_not_equal(access(alive, F_OK), 0);
    covey_run_free(run);
}

/* Killed between the two renames of a file system that exchanges nothing. */
static void a_run_that_was_moved_away_comes_back(void **state) {
    (void)state;
    covey_error err;
    char old[400];
    covey_run *run = fixture_run("/photos"), *back = NULL;
    assert_ok(covey_run_save(run, target, NULL, NULL, &err));
    snprintf(old, sizeof old, "%s.old-%d", target, 0x3ffffff);
    assert_int_equal(rename(target, old), 0);
    assert_ok(covey_run_check_target(target, NULL, 0, &err));
    assert_ok(covey_run_load(&back, target, &err));
    covey_run_free(back);
    assert_int_not_equal(access(old, F_OK), 0);
    assert_ok(covey_run_save(run, old, NULL, NULL, &err)); /* beside the new one it is of no use */
    assert_ok(covey_run_check_target(target, NULL, 0, &err));
    assert_int_not_equal(access(old, F_OK), 0);
    covey_run_free(run);
}

static void wrong_targets_are_refused(void **state) {
    (void)state;
    covey_error err;
    char path[400];
    const char *roots[] = {folder};
    const char *other[] = {"/photos"};
    assert_status(covey_run_check_target(target, roots, 1, &err), COVEY_E_EXISTS);
    assert_status(covey_run_check_target(folder, roots, 1, &err), COVEY_E_EXISTS);
    assert_ok(covey_run_check_target(target, other, 1, &err));
    snprintf(path, sizeof path, "%s/deep/er/still", target);
    assert_ok(covey_run_check_target(path, other, 1, &err));
    snprintf(path, sizeof path, "%s/notes.txt", folder);
    covey_test_write(path, "mine", 4);
    assert_status(covey_run_check_target(path, other, 1, &err), COVEY_E_EXISTS);   /* a file */
    assert_status(covey_run_check_target(folder, other, 1, &err), COVEY_E_EXISTS); /* not ours */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_saved_is_loaded, setup, teardown),
        cmocka_unit_test_setup_teardown(raw_names_survive, setup, teardown),
        cmocka_unit_test_setup_teardown(the_same_run_has_the_same_bytes, setup, teardown),
        cmocka_unit_test_setup_teardown(a_failure_leaves_nothing_and_keeps_the_run_before, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(leftovers_of_a_dead_run_are_removed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_run_that_was_moved_away_comes_back, setup, teardown),
        cmocka_unit_test_setup_teardown(wrong_targets_are_refused, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
