/* SPDX-License-Identifier: MIT */
#include "organize_internal.h"
#include "run_fixture.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

static char folder[256], photos[300], target[300];
static covey_run *run;

static void write_photo(size_t row) {
    char path[600], text[32];
    snprintf(path, sizeof path, "%s/%s", photos, run->photos[row].path);
    char *slash = strrchr(path, '/');
    *slash = '\0';
    covey_error err;
    assert_ok(covey__mkdirs(path, &err));
    *slash = '/';
    snprintf(text, sizeof text, "photo %zu", row);
    covey_test_write(path, text, strlen(text));
    covey__sha256(run->photos[row].sha256, text, strlen(text));
}

static int setup(void **state) {
    (void)state;
    covey_test_folder(folder);
    snprintf(photos, sizeof photos, "%s/photos", folder);
    snprintf(target, sizeof target, "%s/sorted", folder);
    run = fixture_run(photos);
    for (size_t i = 0; i < FIXTURE_ROWS; ++i)
        write_photo(i);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    covey_run_free(run);
    covey_test_remove(folder);
    return 0;
}

static covey_organization organize(covey_organize_how how, int dry_run) {
    covey_error err;
    covey_organization made = {0};
    covey_organize_params params = covey_organize_params_default();
    params.how = how;
    params.dry_run = dry_run;
    assert_ok(covey_run_organize(&made, run, target, &params, &err));
    assert_int_equal(made.n, FIXTURE_ROWS);
    assert_int_equal(made.done + made.before + made.refused, FIXTURE_ROWS);
    return made;
}

static void assert_content(const char *path, size_t row) {
    covey_error err;
    char want[32], *text;
    size_t size;
    snprintf(want, sizeof want, "photo %zu", row);
    assert_ok(covey__file_read(&text, &size, path, 100, &err));
    assert_string_equal(text, want);
    covey_free(text);
}

static void links_copies_and_again(void **state) {
    (void)state;
    struct stat info;
    covey_error err;
    assert_ok(covey_run_set_name(run, 1, "a/../b:c.", &err));
    covey_organization made = organize(COVEY_ORGANIZE_LINK, 1);
    assert_int_equal(made.done, FIXTURE_ROWS);
    assert_int_not_equal(access(target, F_OK), 0); /* a dry run writes nothing */
    covey_organization_fini(&made);
    made = organize(COVEY_ORGANIZE_LINK, 0);
    assert_int_equal(made.done, FIXTURE_ROWS);
    for (size_t i = 0; i < FIXTURE_ROWS; ++i) {
        char want[400];
        int32_t c = run->comparison.clusterings[0].labels[i];
        snprintf(want, sizeof want, "%s/cluster_%03d%s/", target, (int)c,
                 c == 1 ? "_a_.._b_c_" : "");
        assert_int_equal(strncmp(made.photos[i].to, want, strlen(want)), 0);
        assert_int_equal(lstat(made.photos[i].to, &info), 0);
        assert_true(S_ISLNK(info.st_mode));
        assert_content(made.photos[i].to, i);
    }
    covey_organization_fini(&made);
    made = organize(COVEY_ORGANIZE_LINK, 0);
    assert_int_equal(made.before, FIXTURE_ROWS);
    covey_organization_fini(&made);
    made = organize(COVEY_ORGANIZE_COPY, 0); /* links are not copies, and stay */
    assert_int_equal(made.refused, FIXTURE_ROWS);
    covey_organization_fini(&made);
    covey_test_remove(target);
    made = organize(COVEY_ORGANIZE_COPY, 0);
    assert_int_equal(made.done, FIXTURE_ROWS);
    assert_int_equal(lstat(made.photos[4].to, &info), 0);
    assert_true(S_ISREG(info.st_mode));
    assert_content(made.photos[4].to, 4);
    assert_content(made.photos[4].from, 4);
    covey_organization_fini(&made);
    made = organize(COVEY_ORGANIZE_COPY, 0);
    assert_int_equal(made.before, FIXTURE_ROWS);
    covey_organization_fini(&made);
}

static void moves_can_be_undone(void **state) {
    (void)state;
    covey_error err;
    covey_organization made = organize(COVEY_ORGANIZE_MOVE, 0), back = {0};
    assert_int_equal(made.done, FIXTURE_ROWS);
    for (size_t i = 0; i < FIXTURE_ROWS; ++i) {
        assert_content(made.photos[i].to, i);
        assert_int_not_equal(access(made.photos[i].from, F_OK), 0);
    }
    covey_test_write(made.photos[7].from, "new", 3); /* its place is taken meanwhile */
    assert_ok(covey_organize_undo(&back, made.undo_list, 1, &err));
    assert_int_equal(back.done, FIXTURE_ROWS - 1);
    covey_organization_fini(&back);
    assert_ok(covey_organize_undo(&back, made.undo_list, 0, &err));
    assert_int_equal(back.done, FIXTURE_ROWS - 1);
    assert_int_equal(back.refused, 1);
    for (size_t i = 0; i < FIXTURE_ROWS; ++i)
        assert_content(i == 7 ? made.photos[i].to : made.photos[i].from, i);
    assert_int_equal(unlink(made.photos[7].from), 0);
    /* What we did not move back, a shell does. */
    char command[400];
    snprintf(command, sizeof command, "sh '%s' 2>/dev/null", made.undo_list);
    int ignored = system(command); /* mv fails on what is back already */
    (void)ignored;
    assert_content(made.photos[7].from, 7);
    covey_organization_fini(&back);
    covey_test_write(made.undo_list, "rm -rf /\n", 9);
    assert_status(covey_organize_undo(&back, made.undo_list, 0, &err), COVEY_E_FORMAT);
    covey_organization_fini(&made);
}

/* A list may end in half a line, anywhere in it, where a crash or the disk cut it short: all moves before that
 * are still known. A list that was edited loses none of its lines. */
static void a_list_may_end_in_half_a_line(void **state) {
    (void)state;
    static const char *const names[] = {"/far/plain.jpg", "/far/it's\nodd'.jpg", "/far/z.jpg"};
    covey_error err;
    covey_organization back;
    char *list, *text;
    size_t size, ends[4], n = 0;
    int fd;
    assert_int_equal(mkdir(target, 0777), 0);
    assert_ok(covey__undo_list_new(&fd, &list, target, &err));
    ends[0] = (size_t)lseek(fd, 0, SEEK_CUR);
    for (int i = 0; i < 3; ++i) {
        char to[80];
        snprintf(to, sizeof to, "/groups%s", names[i]);
        assert_int_equal(covey__undo_list_add(fd, names[i], to), 0);
        ends[i + 1] = (size_t)lseek(fd, 0, SEEK_CUR);
    }
    close(fd);
    assert_ok(covey__file_read(&text, &size, list, 1 << 20, &err));
    assert_int_equal(size, ends[3]);
    for (size_t cut = ends[0]; cut <= size; ++cut) {
        n += n < 3 && cut == ends[n + 1];
        covey_test_write(list, text, cut);
        assert_ok(covey_organize_undo(&back, list, 1, &err));
        assert_int_equal(back.n, n);
        for (size_t i = 0; i < n; ++i)
            assert_string_equal(back.photos[i].to, names[i]);
        covey_organization_fini(&back);
    }
    size_t refused = 0;
    for (size_t at = ends[0]; at < ends[2]; ++at) { /* another name, or no list, but none of them dropped */
        char was = text[at];
        text[at] = '\'';
        covey_test_write(list, text, size);
        text[at] = was;
        covey_status status = covey_organize_undo(&back, list, 1, &err);
        if (status == COVEY_OK) {
            assert_int_equal(back.n, 3);
            covey_organization_fini(&back);
        } else {
            assert_int_equal(status, COVEY_E_FORMAT);
            ++refused;
        }
    }
    assert_true(refused > 20);
    covey__free(text);
    covey__free(list);
}

static void what_is_not_as_described_stays(void **state) {
    (void)state;
    char path[600];
    snprintf(path, sizeof path, "%s/%s", photos, run->photos[0].path);
    assert_int_equal(unlink(path), 0);
    snprintf(path, sizeof path, "%s/%s", photos, run->photos[1].path);
    covey_test_write(path, "edited", 6);
    snprintf(path, sizeof path, "%s/outside.jpg", folder);
    covey_test_write(path, "photo 2", 7);
    run->photos[2].path = "../outside.jpg";
    run->photos[3].path = path; /* absolute */
    covey_organization made = organize(COVEY_ORGANIZE_MOVE, 0);
    for (size_t i = 0; i < 4; ++i)
        assert_int_equal(made.photos[i].state, COVEY_PLACING_REFUSED);
    assert_int_equal(made.done, FIXTURE_ROWS - 4);
    assert_string_equal(made.photos[0].reason, "is gone");
    assert_non_null(strstr(made.photos[1].reason, "changed"));
    assert_content(path, 2);
    covey_organization_fini(&made);
}

static void clashes_keep_their_path(void **state) {
    (void)state;
    int32_t *labels = run->comparison.clusterings[0].labels;
    labels[0] = labels[1] = labels[2] = 0;
    run->photos[0].path = "a/same.jpg";
    run->photos[1].path = "b/c/same.jpg";
    run->photos[2].path = "d/other.jpg";
    for (size_t i = 0; i < 3; ++i)
        write_photo(i);
    covey_organization made = organize(COVEY_ORGANIZE_COPY, 0);
    assert_non_null(strstr(made.photos[0].to, "/cluster_000/a/same.jpg"));
    assert_non_null(strstr(made.photos[1].to, "/cluster_000/b/c/same.jpg"));
    assert_non_null(strstr(made.photos[2].to, "/cluster_000/other.jpg"));
    for (size_t i = 0; i < 3; ++i)
        assert_content(made.photos[i].to, i);
    covey_organization_fini(&made);
}

/* The same path below two folders: apart by the number of the folder. */
static void roots_with_the_same_path(void **state) {
    (void)state;
    char second[340];
    covey_error err;
    const char *roots[2];
    snprintf(second, sizeof second, "%s/more", folder);
    covey_run *two = fixture_run(photos);
    const char **own = two->roots;
    roots[0] = own[0];
    roots[1] = second;
    two->roots = roots;
    two->n_roots = 2;
    /* Rows 0 and 1 in one group, with one name. */
    for (size_t i = 0; i < FIXTURE_ROWS; ++i)
        memcpy(two->photos[i].sha256, run->photos[i].sha256, 32);
    two->photos[1].path = two->photos[0].path;
    two->photos[1].root = 1;
    two->comparison.clusterings[0].labels[1] = two->comparison.clusterings[0].labels[0];
    char path[700];
    snprintf(path, sizeof path, "%s/%s", second, two->photos[1].path);
    char *slash = strrchr(path, '/');
    *slash = '\0';
    assert_ok(covey__mkdirs(path, &err));
    *slash = '/';
    covey_test_write(path, "photo 1", 7);
    covey_organization made = {0};
    covey_organize_params params = covey_organize_params_default();
    params.how = COVEY_ORGANIZE_COPY;
    assert_ok(covey_run_organize(&made, two, target, &params, &err));
    assert_int_equal(made.done, FIXTURE_ROWS);
    assert_non_null(strstr(made.photos[0].to, "/root_0/"));
    assert_non_null(strstr(made.photos[1].to, "/root_1/"));
    assert_content(made.photos[0].to, 0);
    assert_content(made.photos[1].to, 1);
    covey_organization_fini(&made);
    two->roots = own;
    two->n_roots = 1;
    covey_run_free(two);
}

static void links_in_the_target_are_not_followed(void **state) {
    (void)state;
    char path[400], elsewhere[400];
    snprintf(path, sizeof path, "%s/cluster_000", target);
    snprintf(elsewhere, sizeof elsewhere, "%s/elsewhere", folder);
    assert_int_equal(mkdir(target, 0777), 0);
    assert_int_equal(mkdir(elsewhere, 0777), 0);
    assert_int_equal(symlink(elsewhere, path), 0);
    covey_organization made = organize(COVEY_ORGANIZE_COPY, 0);
    assert_int_equal(made.refused, run->comparison.clusterings[0].sizes[0]);
    assert_int_equal(rmdir(elsewhere), 0); /* still empty */
    covey_organization_fini(&made);
}

static void wrong_targets_are_refused(void **state) {
    (void)state;
    covey_error err;
    covey_organization made = {0};
    covey_organize_params params = covey_organize_params_default();
    char path[400];
    snprintf(path, sizeof path, "%s/sorted", photos);
    assert_status(covey_run_organize(&made, run, path, &params, &err), COVEY_E_EXISTS);
    snprintf(path, sizeof path, "%s/new/../photos/x", folder); /* "new" is not there */
    assert_status(covey_run_organize(&made, run, path, &params, &err), COVEY_E_ARGUMENT);
    snprintf(path, sizeof path, "%s/file", folder);
    covey_test_write(path, "x", 1);
    assert_status(covey_run_organize(&made, run, path, &params, &err), COVEY_E_EXISTS);
    params.loss = 2;
    assert_status(covey_run_organize(&made, run, target, &params, &err), COVEY_E_ARGUMENT);
    assert_null(made.photos);
}

/* A copy that was killed left its half; one that still runs holds a lock. Names of others stay. */
static void halves_of_killed_copies_go(void **state) {
    (void)state;
    char group[400], dead[500], held[500], other[500];
    covey_error err;
    snprintf(group, sizeof group, "%s/cluster_000", target);
    snprintf(dead, sizeof dead, "%s/.covey-%ld.part", group, (long)getpid());
    snprintf(held, sizeof held, "%s/.covey-99.part", group);
    snprintf(other, sizeof other, "%s/.covey-x.part", group);
    assert_ok(covey__mkdirs(group, &err));
    covey_test_write(dead, "half", 4);
    covey_test_write(held, "half", 4);
    covey_test_write(other, "kept", 4);
    int fd = open(held, O_RDONLY);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    covey_organization made = organize(COVEY_ORGANIZE_COPY, 0);
    assert_int_equal(made.done, FIXTURE_ROWS);
    assert_int_not_equal(access(dead, F_OK), 0);
    assert_int_equal(access(held, F_OK), 0);
    assert_int_equal(access(other, F_OK), 0);
    covey_organization_fini(&made);
    close(fd);
    made = organize(COVEY_ORGANIZE_COPY, 0);
    assert_int_equal(made.before, FIXTURE_ROWS);
    assert_int_not_equal(access(held, F_OK), 0);
    covey_organization_fini(&made);
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(links_copies_and_again),          CASE(moves_can_be_undone),
        CASE(what_is_not_as_described_stays),  CASE(clashes_keep_their_path),
        CASE(roots_with_the_same_path),        CASE(a_list_may_end_in_half_a_line),
        CASE(links_in_the_target_are_not_followed), CASE(wrong_targets_are_refused),
        CASE(halves_of_killed_copies_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
