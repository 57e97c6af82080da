/* SPDX-License-Identifier: MIT */
/* What happens to users' machines: a disk that is full, folders that may not be written or go away,
 * clocks that jump, power that fails. After each, the next run gives the very same bytes. */
#include "covey_test.h"

#include <sched.h>
#include <sys/mount.h>

#include "command_fixture.h"

#define WITH " --weights mini --batch 4 --threads 1"
#define EXTRACT COVEY " extract photos" WITH
#define RUN_TWO COVEY " run photos -o out -k 2 --loss square --seeds 0 -q" WITH
#define RUN_THREE COVEY " run photos -o out -k 3 --loss square --seeds 0 -q" WITH

/* A mount of our own: as root, else as root of a user namespace; 0 where neither is allowed. */
static int may_mount(void) {
    static int answer = -1;
    if (answer < 0) {
        answer = unshare(CLONE_NEWNS) == 0 &&
                 mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
        if (!answer)
            print_message("skipped: mounts are not allowed here\n");
    }
    return answer;
}

/* An empty file system of `kilobytes` at "small". */
static void mount_small(const scene *s, int kilobytes) {
    char path[700], size[64];
    in_scene(path, s, "small");
    snprintf(size, sizeof size, "size=%dk", kilobytes);
    assert_int_equal(mkdir(path, 0777), 0);
    assert_int_equal(mount("small", path, "tmpfs", 0, size), 0);
}

static void change_small(const scene *s, const char *options, unsigned long flags) {
    char path[700];
    in_scene(path, s, "small");
    assert_int_equal(mount("small", path, "tmpfs", MS_REMOUNT | flags, options), 0);
}

static void unmount_small(const scene *s) {
    char path[700];
    in_scene(path, s, "small");
    assert_int_equal(umount(path), 0);
    assert_int_equal(rmdir(path), 0);
}

static void a_full_disk(void **state) {
    const scene *s = *state;
    if (!may_mount())
        skip();
    mount_small(s, 32);
    run_command(s, EXTRACT " -o small/out --no-cache", 1);
    assert_said(s, "small/out");
    assert_said(s, "No space left");
    assert_no_strays(s, "small", "");
    /* The cache is full: said, and the run goes on. */
    run_command(s, EXTRACT " -o out --cache small/cache", 0);
    assert_said(s, "without kept features");
    assert_same_run(s, "whole", "out");
    change_small(s, "size=8000k", 0);
    run_command(s, EXTRACT " -o small/out --cache small/cache", 0);
    assert_same_run(s, "whole", "small/out");
    run_command(s, COVEY " cache verify --cache small/cache", 0);
    /* A run of before outlives one that finds no room, and so does its page. */
    run_command(s, COVEY " run photos -o small/out -k 2 --loss square --seeds 0 --no-cache" WITH, 0);
    shell(s, "rm -rf small/cache && cp -r small/out kept && cp small/out/report.html page");
    shell(s, "head -c 8000000 /dev/zero >small/fill 2>/dev/null; true");
    run_command(s, COVEY " run photos -o small/out -k 3 --loss square --no-cache" WITH, 1);
    assert_said(s, "No space left");
    assert_same_run(s, "kept", "small/out");
    run_command(s, COVEY " report small/out -q", 1);
    shell(s, "cmp page small/out/report.html");
    assert_no_strays(s, "small", "out fill");
    unmount_small(s);
    shell(s, "rm -rf out kept page");
}

static void weights_on_a_full_disk(void **state) {
    const scene *s = *state;
    char home[700], was[700];
    if (!may_mount())
        skip();
    mount_small(s, 64);
    shell(s, "mkdir small/home && head -c 1000000 /dev/zero >small/fill 2>/dev/null; true");
    snprintf(was, sizeof was, "%s", getenv("COVEY_HOME"));
    in_scene(home, s, "small/home");
    setenv("COVEY_HOME", home, 1);
    run_command(s, COVEY_TEST_BUILD "/tests/make_weights other 5", 1); /* by the library's own writer */
    assert_said(s, "No space left");
    assert_no_strays(s, "small/home", "");
    setenv("COVEY_HOME", was, 1);
    unmount_small(s);
}

static void folders_that_may_not_be_written(void **state) {
    const scene *s = *state;
    if (!may_mount())
        skip();
    mount_small(s, 16000);
    shell(s, "cp -r photos small/photos");
    run_command(s, COVEY " run photos -o small/out -k 2 --loss square --seeds 0 --no-cache -q" WITH, 0);
    change_small(s, "size=16000k", MS_RDONLY);
    run_command(s, EXTRACT " -o small/new --no-cache", 1); /* before any work */
    assert_said(s, "not writable");
    run_command(s, COVEY " report small/out", 1);
    assert_said(s, "small/out");
    run_command(s, EXTRACT " -o out --cache small/cache -q", 0);
    assert_same_run(s, "whole", "out");
    run_command(s, COVEY " extract small/photos -o out2 --no-cache" WITH, 0);
    shell(s, "cmp whole/features.npy out2/features.npy && cmp whole/images.csv out2/images.csv");
    run_command(s, COVEY " verify small/out -q", 0);
    unmount_small(s);
    shell(s, "rm -rf out out2");
}

/* Waits until the catalogue holds some photos, then lets `commands` happen; the exit code. */
static int disturb(const scene *s, const char *line, const char *commands) {
    char log[700];
    in_scene(log, s, "log");
    unlink(log);
    shell(s, "rm -rf cache");
    pid_t pid = start_command(s, line);
    for (int i = 0; i < 10000 && !count_kept(s); ++i) {
        siginfo_t ended = {0};
        if (waitid(P_PID, (id_t)pid, &ended, WEXITED | WNOHANG | WNOWAIT) || ended.si_pid)
            break;
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
    shell(s, commands);
    return end_of(pid);
}

static void a_photo_folder_that_goes_away(void **state) {
    const scene *s = *state;
    int met = 0;
    for (int i = 0; i < 20 && !met; ++i) {
        int code = disturb(s, EXTRACT " -o out", "mv photos gone");
        size_t kept = count_kept(s);
        if (code == 1) {
            assert_said(s, "is not there any more");
            met = 1;
        } else {
            assert_int_equal(code, 0);
        }
        shell(s, "mv gone photos");
        run_command(s, EXTRACT " -o out -q", 0);
        covey_run *run = load_run(s, "out");
        assert_true(run->facts.recalled == kept && kept > 0);
        covey_run_free(run);
        assert_same_run(s, "whole", "out");
        assert_no_strays(s, "", "photos home cache whole out log");
        shell(s, "rm -rf out");
    }
    assert_true(met);
}

static void a_target_that_goes_away(void **state) {
    const scene *s = *state;
    shell(s, "mkdir place");
    int code = disturb(s, EXTRACT " -o place/out", "rm -rf place");
    assert_true(code == 0 || code == 1);
    run_command(s, EXTRACT " -o place/out -q", 0);
    assert_same_run(s, "whole", "place/out");
    shell(s, "rm -rf place cache");
}

/* As another user, for whom permissions hold. */
static void permissions_that_change(void **state) {
    const scene *s = *state;
    if (getuid() == 0 && access("/usr/bin/setpriv", X_OK)) {
        print_message("skipped: no setpriv to run as another user\n");
        skip();
    }
    int root = getuid() == 0;
    if (root)
        shell(s, "chown -R 65534 .");
    const char *line = root ? "/usr/bin/setpriv --reuid=65534 --clear-groups " EXTRACT " -o out"
                            : EXTRACT " -o out";
    int code = disturb(s, line, "chmod 000 photos");
    assert_int_equal(code, 0); /* what could not be read any more is listed as skipped */
    shell(s, "chmod 755 photos");
    run_command(s, line, 0);
    assert_same_run(s, "whole", "out");
    shell(s, "chmod 000 photos/photo_03.jpg");
    run_command(s, line, 0);
    covey_run *run = load_run(s, "out");
    assert_int_equal(run->n_skips, 2);
    covey_run_free(run);
    shell(s, "chmod 644 photos/photo_03.jpg");
    run_command(s, line, 0);
    assert_same_run(s, "whole", "out");
    if (root)
        shell(s, "chown -R 0 .");
    shell(s, "rm -rf out cache");
}

/* ---- with a library in front of libc ------------------------------------------------------------ */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { MAY_PRELOAD = 0 }; /* the sanitizer must come first */
#else
enum { MAY_PRELOAD = 1 };
#endif

#define PRELOAD "/usr/bin/env LD_PRELOAD=" COVEY_TEST_BUILD "/tests/fault_preload.so "

static void a_clock_that_jumps(void **state) {
    const scene *s = *state;
    static const char line[] =
        PRELOAD "COVEY_FAULT_CLOCK=400 " EXTRACT " -o out -q";
    if (!MAY_PRELOAD)
        skip();
    shell(s, "rm -rf cache");
    for (int i = 0; i < 3; ++i) {
        run_command(s, line, 0);
        assert_same_run(s, "whole", "out");
    }
    shell(s, "cp photos/photo_04.jpg photos/photo_09.jpg && rm -rf out"); /* times of now */
    run_command(s, COVEY " extract photos -o fresh --no-cache -q" WITH, 0);
    run_command(s, line, 0);
    assert_same_run(s, "fresh", "out");
    run_command(s, EXTRACT " -o out -q", 0); /* and with a clock that is right again */
    assert_same_run(s, "fresh", "out");
    run_command(s, COVEY " cache verify -q", 0);
    run_command(s, COVEY_TEST_BUILD "/tests/make_photo set photos 26", 0);
    shell(s, "rm -rf out fresh cache");
}

static int is_below(const char *path, const char *folder) {
    size_t n = strlen(folder);
    return !strncmp(path, folder, n) && (path[n] == '/' || path[n] == '\0');
}

static void folder_of(char out[4096], const char *path) {
    snprintf(out, 4096, "%s", path);
    *strrchr(out, '/') = '\0';
}

typedef struct event {
    const char *what, *path, *to;
} event;

/* Every rename in the log: all that was written below is flushed before it, the folder after it and
 * before anything is removed. Returns how many there were. */
static int check_order(const scene *s) {
    char path[700], *text;
    size_t size, n = 0;
    covey_error err;
    int renames = 0;
    event *events = calloc(20000, sizeof *events);
    in_scene(path, s, "order");
    assert_ok(covey__file_read(&text, &size, path, 1 << 24, &err));
    for (char *line = strtok(text, "\n"); line && n < 20000; line = strtok(NULL, "\n")) {
        char *first = strchr(line, '\t'), *second = strchr(first + 1, '\t');
        *first = *second = '\0';
        events[n++] = (event){line, first + 1, second + 1};
    }
    assert_true(n > 0 && n < 20000);
    for (size_t i = 0; i < n; ++i) {
        char folder[4096];
        int dirty = 0, synced = 0;
        if (strcmp(events[i].what, "rename"))
            continue;
        ++renames;
        for (size_t k = 0; k < i; ++k) {
            if (!is_below(events[k].path, events[i].path) && strcmp(events[k].what, "syncfs"))
                continue;
            if (!strcmp(events[k].what, "write"))
                dirty = 1;
            else if (!strcmp(events[k].what, "fsync") || !strcmp(events[k].what, "syncfs"))
                dirty = 0;
        }
        if (dirty)
            fail_msg("%s was renamed to %s before it was flushed", events[i].path, events[i].to);
        folder_of(folder, events[i].to);
        for (size_t k = i + 1; k < n && !synced && strcmp(events[k].what, "remove"); ++k)
            synced = !strcmp(events[k].what, "fsync") && !strcmp(events[k].path, folder);
        if (!synced)
            fail_msg("the folder of %s was not flushed after its rename", events[i].to);
    }
    covey__free(text);
    free(events);
    unlink(path);
    return renames;
}

static void flushed_in_order(void **state) {
    const scene *s = *state;
    char path[700];
    if (!MAY_PRELOAD)
        skip();
    in_scene(path, s, "order");
    unlink(path);
    setenv("COVEY_FAULT_LOG", path, 1);
    for (int again = 0; again < 2; ++again) { /* in a new place, and over the run before */
        run_command(s, PRELOAD RUN_TWO, 0);
        assert_true(check_order(s) > 1); /* the folder, and the page before it */
    }
    run_command(s, PRELOAD COVEY " report out -q", 0);
    assert_int_equal(check_order(s), 1);
    run_command(s, PRELOAD COVEY " label out 0 sea -q", 0);
    assert_true(check_order(s) >= 2); /* names, and the page */
    unsetenv("COVEY_FAULT_LOG");
    shell(s, "rm -rf out cache");
}

/* What undoes a move is on disk before the move. */
static void a_move_is_listed_first(void **state) {
    const scene *s = *state;
    char path[700], *text;
    size_t size;
    covey_error err;
    int moved = 0, listed = 0;
    if (!MAY_PRELOAD)
        skip();
    shell(s, "cp -rp photos moving && cp -rp photos before");
    run_command(s, COVEY " run moving -o out -k 2 --loss square --seeds 0 --no-cache -q" WITH, 0);
    in_scene(path, s, "order");
    unlink(path);
    setenv("COVEY_FAULT_LOG", path, 1);
    run_command(s, PRELOAD COVEY " organize out --into groups --move --yes -q", 0);
    unsetenv("COVEY_FAULT_LOG");
    assert_ok(covey__file_read(&text, &size, path, 1 << 24, &err));
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        if (strstr(line, "/undo.sh"))
            listed = !strncmp(line, "fsync\t", 6);
        else if (!strncmp(line, "rename\t", 7)) {
            if (!listed)
                fail_msg("moved before the undo list was on disk: %s", line);
            ++moved;
            listed = 0;
        }
    }
    assert_int_equal(moved, SCENE_PHOTOS);
    covey__free(text);
    run_command(s, COVEY " organize --undo groups/undo.sh --yes -q", 0);
    shell(s, "diff -r before moving && rm -rf moving before groups out order");
}

/* ---- each call that changes a file fails once ------------------------------------------------ */

/* What is to be true after `line` ended with `code`. */
typedef void (*aftermath)(const scene *s, int code);

/* `line` again and again, each time after `prepare` and with another of its calls failing as on a disk that is
 * broken: it says so or does without, and never crashes. Every `step`-th, or all with COVEY_TEST_EVERY=1. */
static void fail_each(const scene *s, const char *prepare, const char *line, size_t step,
                      aftermath look) {
    char order[700], log[700], number[24], *text;
    size_t size;
    covey_error err;
    size_t tried = 0;
    int failed = 1;
    step = getenv("COVEY_TEST_EVERY") ? 1 : step;
    in_scene(order, s, "order");
    in_scene(log, s, "log");
    for (size_t k = 1; failed; k += step) {
        shell(s, prepare);
        unlink(order);
        unlink(log);
        snprintf(number, sizeof number, "%zu", k);
        setenv("COVEY_FAULT_LOG", order, 1);
        setenv("COVEY_FAULT_CALL", number, 1);
        int code = end_of(start_command(s, line));
        unsetenv("COVEY_FAULT_CALL");
        unsetenv("COVEY_FAULT_LOG");
        assert_ok(covey__file_read(&text, &size, order, 1 << 24, &err));
        failed = strstr(text, "failed\t") != NULL;
        tried += (size_t)failed;
        covey__free(text);
        if (code != 0 && code != 1)
            fail_msg("call %zu failed: exit code %d: %s", k, code, line);
        if (code)
            assert_said(s, "covey: ");
        print_message("[call %zu] ", k); /* for what follows */
        look(s, code);
    }
    print_message("%zu calls of %s\n", tried, line);
    assert_true(tried >= 4);
}

static void nothing_or_all(const scene *s, int code) {
    char path[700];
    in_scene(path, s, "out");
    if (access(path, F_OK) == 0)
        assert_same_run(s, "whole", "out");
    else
        assert_int_equal(code, 1);
    run_command(s, EXTRACT " -o out -q", 0);
    assert_same_run(s, "whole", "out");
    run_command(s, COVEY " cache verify -q", 0);
    assert_no_strays(s, "", "photos home cache whole out log order");
}

static void before_or_after(const scene *s, int code) {
    if (!is_same_run(s, "newer", "out")) {
        assert_int_equal(code, 1);
        assert_same_run(s, "older", "out");
    }
    run_command(s, COVEY " verify out -q", 0);
    run_command(s, RUN_THREE, 0);
    assert_same_run(s, "newer", "out");
    assert_no_strays(s, "", "photos home cache whole older newer out log order");
}

static void a_whole_page(const scene *s, int code) {
    (void)code;
    assert_same_run(s, "older", "out");
    shell(s, "tail -c 20 out/report.html | grep -q '</html>'");
    shell(s, "test -z \"$(find out -name '*.tmp-*')\"");
}

static void every_photo(const scene *s, int code) {
    (void)code;
    shell(s, "test ! -e groups/undo.sh || " COVEY " organize --undo groups/undo.sh --yes -q");
    shell(s, "diff -r before moving && test -z \"$(find groups -type f ! -name undo.sh)\"");
}

static void calls_that_fail(void **state) {
    const scene *s = *state;
    if (!MAY_PRELOAD)
        skip();
    fail_each(s, "rm -rf out cache", PRELOAD EXTRACT " -o out -q", 31, nothing_or_all);
    run_command(s, RUN_TWO, 0);
    shell(s, "rm -rf older && cp -r out older");
    run_command(s, RUN_THREE, 0);
    shell(s, "cp -r out newer");
    fail_each(s, "rm -rf out && cp -r older out", PRELOAD RUN_THREE, 31, before_or_after);
    fail_each(s, "rm -rf out && cp -r older out", PRELOAD COVEY " report out -q", 1, a_whole_page);
    shell(s, "rm -rf out older newer && cp -rp photos moving && cp -rp photos before");
    run_command(s, COVEY " run moving -o out -k 2 --loss square --seeds 0 --no-cache -q" WITH, 0);
    fail_each(s, "rm -rf groups", PRELOAD COVEY " organize out --into groups --move --yes -q", 19,
              every_photo);
    shell(s, "rm -rf moving before groups out order cache");
}

/* Photos moved to another file system and back are copied, checked, and on disk before the one that was there
 * goes. */
static void a_move_to_another_disk(void **state) {
    const scene *s = *state;
    char path[700], *text;
    size_t size;
    covey_error err;
    if (!MAY_PRELOAD || !may_mount())
        skip();
    mount_small(s, 8000);
    shell(s, "cp -rp photos moving && cp -rp photos before");
    run_command(s, COVEY " run moving -o out -k 2 --loss square --seeds 0 --no-cache -q" WITH, 0);
    in_scene(path, s, "order");
    unlink(path);
    setenv("COVEY_FAULT_LOG", path, 1);
    run_command(s, PRELOAD COVEY " organize out --into small/groups --move --yes -q", 0);
    shell(s, "test \"$(ls moving)\" = zz-bad.jpg"); /* skipped, so that it stays */
    run_command(s, PRELOAD COVEY " organize --undo small/groups/undo.sh --yes -q", 0);
    unsetenv("COVEY_FAULT_LOG");
    shell(s, "diff -r before moving");
    assert_ok(covey__file_read(&text, &size, path, 1 << 24, &err));
    int gone = 0, renamed = 0, synced = 0;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        if (!strncmp(line, "rename\t", 7))
            renamed = 1, synced = 0;
        else if (!strncmp(line, "syncfs\t", 7))
            synced = renamed;
        else if (!strncmp(line, "unlink\t", 7) && strstr(line, ".jpg")) {
            if (!synced)
                fail_msg("removed before its copy was on disk: %s", line);
            ++gone;
            renamed = synced = 0;
        }
    }
    assert_int_equal(gone, 2 * SCENE_PHOTOS);
    covey__free(text);
    unmount_small(s);
    shell(s, "rm -rf moving before out order");
}

static int setup(void **state) {
    scene_setup(state);
    run_command(*state, EXTRACT " -o whole --no-cache -q", 0);
    return 0;
}

static int teardown(void **state) {
    char path[700];
    in_scene(path, *state, "small");
    umount2(path, MNT_DETACH); /* where a test failed in between */
    return scene_teardown(state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_disk),
        cmocka_unit_test(weights_on_a_full_disk),
        cmocka_unit_test(folders_that_may_not_be_written),
        cmocka_unit_test(a_photo_folder_that_goes_away),
        cmocka_unit_test(a_target_that_goes_away),
        cmocka_unit_test(permissions_that_change),
        cmocka_unit_test(a_clock_that_jumps),
        cmocka_unit_test(flushed_in_order),
        cmocka_unit_test(a_move_is_listed_first),
        cmocka_unit_test(a_move_to_another_disk),
        cmocka_unit_test(calls_that_fail),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
