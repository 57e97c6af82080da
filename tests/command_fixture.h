/* SPDX-License-Identifier: MIT */
/* The command as users start it, for tests that take things away from under it: a scene of photos, a
 * miniature network, one process at a time, and folders compared file by file. Include
 * covey_test.h first. */
#ifndef COMMAND_FIXTURE_H
#define COMMAND_FIXTURE_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "base_internal.h"
#include "covey/covey.h"

enum { SCENE_PHOTOS = 26 };

typedef struct scene {
    char folder[256]; /* the working directory of all commands */
    char cache[300];
    uint64_t dice; /* of the moments of kills */
} scene;

static inline void in_scene(char out[700], const scene *s, const char *name) {
    snprintf(out, 700, "%s/%s", s->folder, name);
}

/* Starts `line`, split at blanks (no quoting), in the scene; stderr goes to the file "log". */
static inline pid_t start_command(const scene *s, const char *line) {
    pid_t pid = fork();
    if (pid)
        return pid;
    char copy[2048], *words[64];
    int n = 0;
    snprintf(copy, sizeof copy, "%s", line);
    for (char *word = strtok(copy, " "); word && n < 63; word = strtok(NULL, " "))
        words[n++] = word;
    words[n] = NULL;
    int log = chdir(s->folder) ? -1 : open("log", O_WRONLY | O_CREAT | O_APPEND, 0666);
    int quiet = open("/dev/null", O_WRONLY);
    dup2(log, 2);
    dup2(quiet, 1);
    close(log);
    close(quiet);
    execv(words[0], words);
    _exit(127);
}

/* The exit code; 128 + the signal that ended it. */
static inline int end_of(pid_t pid) {
    int how;
    while (waitpid(pid, &how, 0) != pid)
        assert_int_equal(errno, EINTR);
    return WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
}

static inline void run_command(const scene *s, const char *line, int want) {
    char log[700], *text = NULL;
    size_t size;
    in_scene(log, s, "log");
    unlink(log);
    int code = end_of(start_command(s, line));
    if (code == want)
        return;
    if (covey__file_read(&text, &size, log, 1 << 20, NULL) == COVEY_OK)
        print_error("%s\n", text);
    covey__free(text);
    fail_msg("exit code %d, expected %d: %s", code, want, line);
}

static inline void assert_said(const scene *s, const char *words) {
    char log[700], *text;
    size_t size;
    covey_error err;
    in_scene(log, s, "log");
    assert_ok(covey__file_read(&text, &size, log, 1 << 20, &err));
    if (!strstr(text, words))
        fail_msg("'%s' was not said, but: %s", words, text);
    covey__free(text);
}

/* Decoders that lost their parent come to us (PR_SET_CHILD_SUBREAPER), and must end by themselves. */
static inline void reap_orphans(void) {
    for (int i = 0; i < 1000; ++i) {
        pid_t pid = waitpid(-1, NULL, WNOHANG);
        if (pid < 0 && errno == ECHILD)
            return;
        if (pid == 0)
            nanosleep(&(struct timespec){0, 10000000}, NULL);
    }
    fail_msg("a decoder outlived the command that was killed by 10 s");
}

static inline double clock_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* splitmix64; 0..1 */
static inline double throw_dice(scene *s) {
    uint64_t z = s->dice += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

/* Every file under the byte contract, thumbnails and near-duplicates: the same in both folders. */
static inline int is_same_run(const scene *s, const char *a, const char *b) {
    static const char names[] = "features.npy images.csv clusters.csv history.csv comparison.json "
                                "skipped.csv duplicates.csv centres thumbs";
    char command[2200];
    snprintf(command, sizeof command,
             "cd '%s' && for f in %s; do diff -r %s/$f %s/$f >/dev/null || { echo $f >&2; exit 1; }; "
             "done",
             s->folder, names, a, b);
    return system(command) == 0;
}

static inline void assert_same_run(const scene *s, const char *a, const char *b) {
    if (!is_same_run(s, a, b))
        fail_msg("%s and %s differ", a, b);
}

/* Nothing lies in `folder` of the scene ("" for itself) beyond `expected` (between blanks). */
static inline void assert_no_strays(const scene *s, const char *folder, const char *expected) {
    char path[700], padded[600], word[300];
    in_scene(path, s, folder);
    snprintf(padded, sizeof padded, " %s ", expected);
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir));) {
        snprintf(word, sizeof word, " %s ", e->d_name);
        if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..") && !strstr(padded, word))
            fail_msg("%s was left behind in '%s'", e->d_name, folder);
    }
    closedir(dir);
}

static inline void shell(const scene *s, const char *commands) {
    char line[3000];
    snprintf(line, sizeof line, "cd '%s' && %s", s->folder, commands);
    assert_int_equal(system(line), 0);
}

static inline covey_run *load_run(const scene *s, const char *name) {
    char path[700];
    covey_run *run;
    covey_error err;
    in_scene(path, s, name);
    assert_ok(covey_run_load(&run, path, &err));
    return run;
}

/* Photos in the catalogue, 0 where there is none yet. */
static inline size_t count_kept(const scene *s) {
    char path[700];
    covey_catalogue *c;
    covey_catalogue_info info;
    covey_error err;
    in_scene(path, s, "cache/covey");
    if (covey_catalogue_open(&c, path, 0, NULL) != COVEY_OK)
        return 0;
    assert_ok(covey_catalogue_get_info(&info, c, &err));
    size_t photos = info.photos;
    covey_catalogue_info_fini(&info);
    covey_catalogue_free(c);
    return photos;
}

#define COVEY COVEY_TEST_BUILD "/covey"

static inline int scene_setup(void **state) {
    scene *s = calloc(1, sizeof *s);
    char value[300], line[700];
    const char *seed = getenv("COVEY_KILL_SEED");
    if (access(COVEY_TEST_BUILD "/covey-decode", X_OK) || access(COVEY, X_OK)) {
        print_message("skipped: built without the photo decoder\n");
        exit(77);
    }
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    covey_test_folder(s->folder);
    s->dice = seed ? strtoull(seed, NULL, 10) : 7;
    snprintf(value, sizeof value, "%s/home", s->folder);
    setenv("COVEY_HOME", value, 1);
    snprintf(value, sizeof value, "%s/cache", s->folder);
    setenv("XDG_CACHE_HOME", value, 1);
    run_command(s, COVEY_TEST_BUILD "/tests/make_weights mini 3", 0);
    shell(s, "mkdir photos");
    snprintf(line, sizeof line, COVEY_TEST_BUILD "/tests/make_photo set photos %d", SCENE_PHOTOS);
    run_command(s, line, 0);
    shell(s, "echo 'no photo' >photos/zz-bad.jpg");
    *state = s;
    return 0;
}

static inline int scene_teardown(void **state) {
    scene *s = *state;
    covey_test_remove(s->folder);
    free(s);
    return 0;
}

#endif
