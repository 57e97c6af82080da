/* SPDX-License-Identifier: MIT */
#include "folder_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base_internal.h"


static const char *at(const char *name) {
    static char path[4][400];
    static int next;
    next = (next + 1) % 4;
    snprintf(path[next], sizeof path[next], "%s/%s", folder, name);
    return path[next];
}

static int entries(void) {
    int n = 0;
    DIR *listing = opendir(folder);
    while (readdir(listing))
        ++n;
    closedir(listing);
    return n - 2;
}

/* What killed writers left goes with the next write; who still writes, and other names, stay. */
static void leftovers_are_removed(void **state) {
    (void)state;
    covey_error err;
    static const char *const stay[] = {"page.html.tmp-0123456", "page.html.tmp-0123456x",
                                       "other.tmp-01234567", "page.html.tmp-012345678"};
    covey_test_write(at("page.html.tmp-01234567"), "half", 4);
    covey_test_write(at("page.html.tmp-89abcdef"), "at work", 7);
    int lock = open(at("page.html.tmp-89abcdef"), O_WRONLY);
    assert_int_equal(flock(lock, LOCK_EX), 0);
    for (size_t i = 0; i < LENGTH(stay); ++i)
        covey_test_write(at(stay[i]), "mine", 4);
    assert_ok(covey__file_write(at("page.html"), "page", 4, &err));
    assert_int_not_equal(access(at("page.html.tmp-01234567"), F_OK), 0);
    assert_int_equal(access(at("page.html.tmp-89abcdef"), F_OK), 0);
    for (size_t i = 0; i < LENGTH(stay); ++i)
        assert_int_equal(access(at(stay[i]), F_OK), 0);
    close(lock);
    assert_ok(covey__file_write(at("page.html"), "page", 4, &err));
    assert_int_equal(entries(), 1 + (int)LENGTH(stay));
}

static void paths_are_joined(void **state) {
    (void)state;
    static const char *const rows[][3] = {
        {"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"", "b", "b"}, {"/", "b", "/b"}};
    for (size_t i = 0; i < LENGTH(rows); ++i) {
        char *path = covey__path_join(rows[i][0], rows[i][1]);
        assert_string_equal(path, rows[i][2]);
        covey__free(path);
    }
    assert_string_equal(covey__path_base("a/b/c.x"), "c.x");
    assert_string_equal(covey__path_base("c.x"), "c.x");
    assert_string_equal(covey__path_base("a/"), "");
}

static void what_is_written_is_read(void **state) {
    (void)state;
    covey_error err;
    char *data;
    size_t size;
    assert_ok(covey__file_write(at("x"), "a\0b", 3, &err));
    assert_ok(covey__file_read(&data, &size, at("x"), 3, &err));
    assert_int_equal(size, 3);
    assert_memory_equal(data, "a\0b\0", 4);
    covey__free(data);
    assert_ok(covey__file_write(at("x"), "", 0, &err));
    assert_ok(covey__file_read(&data, &size, at("x"), 3, &err));
    assert_int_equal(size, 0);
    covey__free(data);
    assert_int_equal(entries(), 1);
    struct stat info;
    assert_int_equal(stat(at("x"), &info), 0);
    mode_t mask = umask(0);
    umask(mask);
    assert_int_equal(info.st_mode & 0777, 0666 & ~mask);
}

static void what_cannot_be_read_is_named(void **state) {
    (void)state;
    covey_error err;
    char *data;
    size_t size;
    assert_status(covey__file_read(&data, &size, at("none"), 9, &err), COVEY_E_NOT_FOUND);
    assert_string_equal(err.path, at("none"));
    assert_status(covey__file_read(&data, &size, folder, 9, &err), COVEY_E_FORMAT);
    covey_test_write(at("x"), "0123456789", 10);
    assert_status(covey__file_read(&data, &size, at("x"), 9, &err), COVEY_E_LIMIT);
    assert_int_equal(mkfifo(at("fifo"), 0600), 0);
    assert_status(covey__file_read(&data, &size, at("fifo"), 9, &err), COVEY_E_FORMAT);
    assert_status(covey__file_copy(at("y"), at("fifo"), &err), COVEY_E_FORMAT);
    uint8_t digest[32];
    assert_status(covey__sha256_file(digest, NULL, at("none"), &err), COVEY_E_NOT_FOUND);
    const char *const endless[] = {folder, at("fifo"), "/dev/zero"};
    for (size_t i = 0; i < LENGTH(endless); ++i) {
        assert_status(covey__sha256_file(digest, NULL, endless[i], &err), COVEY_E_FORMAT);
        assert_int_equal(covey__file_head(digest, sizeof digest, endless[i]), 0);
    }
    assert_int_equal(covey__file_head(digest, sizeof digest, at("x")), 10);
    assert_int_equal(covey__file_head(digest, 4, at("x")), 4);
    assert_memory_equal(digest, "0123", 4);
    covey__alloc_fail_at(1);
    covey_status status = covey__file_read(&data, &size, at("x"), 99, &err);
    covey__alloc_fail_at(0);
    assert_int_equal(status, COVEY_E_NOMEM);
}

static void a_failed_write_keeps_what_was_there(void **state) {
    (void)state;
    covey_error err;
    char *data, *big = calloc(1, 100000);
    size_t size;
    assert_ok(covey__file_write(at("x"), "old", 3, &err));
    pid_t id = fork();
    if (id == 0) {
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){20000, 20000});
        covey_status status = covey__file_write(at("x"), big, 100000, &err);
        _exit(status == COVEY_E_IO && strcmp(err.path, at("x")) == 0 ? 0 : 1);
    }
    free(big);
    int ended;
    assert_int_equal(waitpid(id, &ended, 0), id);
    assert_int_equal(ended, 0);
    assert_ok(covey__file_read(&data, &size, at("x"), 99, &err));
    assert_string_equal(data, "old");
    covey__free(data);
    assert_int_equal(entries(), 1);
    assert_status(covey__file_write(at("none/x"), "a", 1, &err), COVEY_E_NOT_FOUND);
    /* A folder in the way. */
    assert_int_equal(mkdir(at("taken"), 0777), 0);
    assert_status(covey__file_write(at("taken"), "a", 1, &err), COVEY_E_IO);
    assert_int_equal(entries(), 2);
    covey__alloc_fail_at(1);
    covey_status status = covey__file_write(at("x"), "new", 3, &err);
    covey__alloc_fail_at(0);
    assert_int_equal(status, COVEY_E_NOMEM);
    assert_int_equal(entries(), 2);
}

static char shared[400];

static void *write_many(void *argument) {
    int who = *(int *)argument;
    char content[5000];
    covey_error err;
    memset(content, 'a' + who, sizeof content);
    for (int i = 0; i < 20; ++i)
        if (covey__file_write(shared, content, sizeof content, &err) != COVEY_OK)
            return argument;
    return NULL;
}

static void writers_at_once_leave_one_whole_file(void **state) {
    (void)state;
    covey_error err;
    pthread_t thread[3];
    int who[3] = {0, 1, 2};
    snprintf(shared, sizeof shared, "%s/shared", folder);
    for (int i = 0; i < 3; ++i)
        assert_int_equal(pthread_create(&thread[i], NULL, write_many, &who[i]), 0);
    for (int i = 0; i < 3; ++i) {
        void *failed;
        pthread_join(thread[i], &failed);
        assert_null(failed);
    }
    char *data;
    size_t size;
    assert_ok(covey__file_read(&data, &size, shared, 9999, &err));
    assert_int_equal(size, 5000);
    for (size_t i = 1; i < size; ++i)
        assert_int_equal(data[i], data[0]);
    covey__free(data);
    assert_int_equal(entries(), 1);
}

static void folders_are_made(void **state) {
    (void)state;
    covey_error err;
    struct stat info;
    assert_ok(covey__mkdirs(at("a/b/c"), &err));
    assert_int_equal(stat(at("a/b/c"), &info), 0);
    assert_true(S_ISDIR(info.st_mode));
    assert_ok(covey__mkdirs(at("a/b/c"), &err));
    assert_ok(covey__mkdirs(at("a//d/"), &err));
    assert_int_equal(stat(at("a/d"), &info), 0);
    assert_ok(covey__mkdirs("/", &err));
    covey_test_write(at("file"), "x", 1);
    assert_status(covey__mkdirs(at("file"), &err), COVEY_E_IO);
    assert_status(covey__mkdirs(at("file/x"), &err), COVEY_E_IO);
    assert_status(covey__mkdirs("", &err), COVEY_E_ARGUMENT);
}

static void trees_are_removed_and_links_not_followed(void **state) {
    (void)state;
    covey_error err;
    assert_ok(covey__mkdirs(at("keep"), &err));
    covey_test_write(at("keep/precious"), "x", 1);
    assert_ok(covey__mkdirs(at("tree/a/b"), &err));
    covey_test_write(at("tree/a/b/file"), "x", 1);
    assert_int_equal(symlink("../../keep", at("tree/a/link")), 0);
    assert_int_equal(symlink("nowhere", at("tree/dangling")), 0);
    assert_ok(covey__remove_tree(at("tree"), &err));
    assert_int_not_equal(access(at("tree"), F_OK), 0);
    assert_int_equal(access(at("keep/precious"), F_OK), 0);
    assert_int_equal(symlink("keep", at("link")), 0);
    assert_ok(covey__remove_tree(at("link"), &err));
    assert_int_equal(access(at("keep/precious"), F_OK), 0);
    assert_ok(covey__remove_tree(at("keep/precious"), &err));
    assert_ok(covey__remove_tree(at("never there"), &err));
    assert_status(covey__remove_tree("/proc/version", &err), COVEY_E_IO);
}

static void files_are_copied(void **state) {
    (void)state;
    covey_error err;
    size_t size, n = 200001;
    char *data, *big = malloc(n);
    for (size_t i = 0; i < n; ++i)
        big[i] = (char)(i * 31);
    covey_test_write(at("from"), big, n);
    assert_ok(covey__file_copy(at("to"), at("from"), &err));
    assert_ok(covey__file_read(&data, &size, at("to"), n, &err));
    assert_int_equal(size, n);
    assert_memory_equal(data, big, n);
    covey__free(data);
    free(big);
    assert_status(covey__file_copy(at("to"), at("none"), &err), COVEY_E_NOT_FOUND);
    assert_status(covey__file_copy(at("none/to"), at("from"), &err), COVEY_E_NOT_FOUND);
    assert_status(covey__file_copy(at("to"), folder, &err), COVEY_E_FORMAT);
    assert_int_equal(entries(), 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(paths_are_joined),
        TEST(leftovers_are_removed),
        TEST(what_is_written_is_read),
        TEST(what_cannot_be_read_is_named),
        TEST(a_failed_write_keeps_what_was_there),
        TEST(writers_at_once_leave_one_whole_file),
        TEST(folders_are_made),
        TEST(trees_are_removed_and_links_not_followed),
        TEST(files_are_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
