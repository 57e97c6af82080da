/* SPDX-License-Identifier: MIT */
#include "covey_test.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base_internal.h"
#include "covey/photo.h"
#include "photo_internal.h"

static const char jpeg_head[] = "\xFF\xD8\xFF\xE0 not more than a beginning";

typedef struct place {
    char root[256];
    char path[1024];
} place;

static const char *at(place *p, const char *name) {
    snprintf(p->path, sizeof p->path, "%s/%s", p->root, name);
    return p->path;
}

static void put(place *p, const char *name, const char *content) {
    covey_test_write(at(p, name), content, strlen(content));
}

static void folder(place *p, const char *name) {
    assert_int_equal(mkdir(at(p, name), 0700), 0);
}

static int setup(void **state) {
    place *p = calloc(1, sizeof *p);
    covey_test_folder(p->root);
    *state = p;
    return 0;
}

static int teardown(void **state) {
    place *p = *state;
    covey_test_remove(p->root);
    free(p);
    return 0;
}

static covey_files *find(place *p, const covey_find_params *params) {
    covey_error err;
    covey_files *files = NULL;
    const char *paths[] = {p->root};
    assert_ok(covey_files_new(&files, paths, 1, params, &err));
    return files;
}

static void assert_paths(const covey_files *files, const char *const *want, size_t n) {
    for (size_t i = 0; i < n && i < covey_files_count(files); ++i)
        assert_string_equal(covey_files_get(files, i)->path, want[i]);
    assert_int_equal(covey_files_count(files), n);
    assert_null(covey_files_get(files, n));
}

static void walks_sorted_and_counts_the_others(void **state) {
    place *p = *state;
    folder(p, "b");
    folder(p, "b/deep");
    folder(p, ".hidden");
    put(p, "z.jpg", jpeg_head);
    put(p, "b/deep/x.png", "not really");
    put(p, "B.JPEG", jpeg_head);
    put(p, "b.jpg", jpeg_head);
    put(p, "no_ending", jpeg_head);
    put(p, "notes.txt", "some notes");
    put(p, "really_a_photo.txt", jpeg_head);
    put(p, "paper.pdf", "%PDF-1.7");
    put(p, "film.mov", "");
    put(p, ".hidden/a.jpg", jpeg_head);
    put(p, ".a.jpg", jpeg_head);
    covey_files *files = find(p, NULL);
    const char *want[] = {"B.JPEG",    "b.jpg",     "b/deep/x.png",      "film.mov",
                          "no_ending", "really_a_photo.txt", "z.jpg"};
    assert_paths(files, want, LENGTH(want));
    assert_int_equal(covey_files_other_count(files), 2);
    assert_int_equal(covey_files_root_count(files), 1);
    char full[1024];
    char *real = realpath(p->root, NULL);
    assert_string_equal(covey_files_root(files, 0), real);
    snprintf(full, sizeof full, "%s/b/deep/x.png", real);
    assert_string_equal(covey_files_get(files, 2)->full, full);
    free(real);
    covey_files_free(files);

    covey_find_params params = covey_find_params_default();
    params.recursive = 0;
    files = find(p, &params);
    assert_int_equal(covey_files_count(files), 6);
    covey_files_free(files);
}

static void odd_names_work(void **state) {
    place *p = *state;
    char longest[256];
    memset(longest, 'n', 255);
    memcpy(longest + 251, ".jpg", 5);
    const char *want[] = {"-rf.jpg", " .jpg", "new\nline.jpg", longest, "quote\",.jpg",
                          "\xD9\xBE.jpg", "\xFF\xFE.jpg"};
    for (size_t i = 0; i < LENGTH(want); ++i)
        put(p, want[i], jpeg_head);
    covey_files *files = find(p, NULL);
    const char *sorted[] = {" .jpg", "-rf.jpg", "new\nline.jpg", longest, "quote\",.jpg",
                            "\xD9\xBE.jpg", "\xFF\xFE.jpg"};
    assert_paths(files, sorted, LENGTH(sorted));
    covey_files_free(files);
}

static void excluded_are_left_out(void **state) {
    place *p = *state;
    folder(p, "Trash");
    folder(p, "Keep");
    put(p, "Trash/a.jpg", jpeg_head);
    put(p, "Keep/IMG_1.jpg", jpeg_head);
    put(p, "Keep/b.jpg", jpeg_head);
    put(p, "c.png", jpeg_head);
    const char *patterns[] = {"Trash", "IMG_*", "*.png"};
    covey_find_params params = covey_find_params_default();
    params.exclude = patterns;
    params.n_exclude = 3;
    covey_files *files = find(p, &params);
    const char *want[] = {"Keep/b.jpg"};
    assert_paths(files, want, 1);
    covey_files_free(files);
    const char *by_path[] = {"Keep/*"};
    params.exclude = by_path;
    params.n_exclude = 1;
    files = find(p, &params);
    const char *rest[] = {"Trash/a.jpg", "c.png"};
    assert_paths(files, rest, 2);
    covey_files_free(files);
}

static void links_and_special_files(void **state) {
    place *p = *state;
    char target[1024];
    folder(p, "f");
    put(p, "f/a.jpg", jpeg_head);
    snprintf(target, sizeof target, "%s/f", p->root);
    assert_int_equal(symlink(target, at(p, "loop")), 0);
    assert_int_equal(symlink("..", at(p, "f/up")), 0);
    assert_int_equal(symlink("f/a.jpg", at(p, "b.jpg")), 0);
    assert_int_equal(link(target, at(p, "x")), -1);
    snprintf(target, sizeof target, "%s/f/a.jpg", p->root);
    assert_int_equal(link(target, at(p, "c.jpg")), 0);
    assert_int_equal(symlink("nowhere", at(p, "lost.jpg")), 0);
    assert_int_equal(mkfifo(at(p, "fifo.jpg"), 0600), 0);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%.90s/s.jpg", p->root);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    covey_files *files = find(p, NULL);
    close(fd);
    /* one file under three names; the broken link stays, to be skipped with a reason */
    const char *want[] = {"b.jpg", "lost.jpg"};
    assert_paths(files, want, 2);
    assert_int_equal(covey_files_other_count(files), 2);
    covey_files_free(files);
}

static void files_and_overlapping_folders(void **state) {
    place *p = *state;
    covey_error err;
    char inner[512], file[512];
    folder(p, "in");
    put(p, "in/a.jpg", jpeg_head);
    put(p, "in/b.jpg", jpeg_head);
    put(p, "notes.txt", "text");
    snprintf(inner, sizeof inner, "%s/in", p->root);
    snprintf(file, sizeof file, "%s/notes.txt", p->root);
    char b[512];
    snprintf(b, sizeof b, "%s/in/b.jpg", p->root);
    const char *paths[] = {b, file, inner, p->root, inner};
    covey_files *files = NULL;
    assert_ok(covey_files_new(&files, paths, 5, NULL, &err));
    assert_int_equal(covey_files_root_count(files), 2);
    const char *want[] = {"a.jpg", "b.jpg", "notes.txt"};
    assert_paths(files, want, 3);
    assert_int_equal(covey_files_get(files, 0)->root, 0);
    assert_int_equal(covey_files_get(files, 2)->root, 1);
    covey_files_free(files);
}

static void missing_and_odd_arguments(void **state) {
    place *p = *state;
    covey_error err;
    covey_files *files = NULL;
    const char *missing[] = {at(p, "nothing here")};
    assert_status(covey_files_new(&files, missing, 1, NULL, &err), COVEY_E_NOT_FOUND);
    assert_string_equal(err.path, missing[0]);
    assert_int_equal(mkfifo(at(p, "fifo"), 0600), 0);
    const char *fifo[] = {p->path};
    assert_status(covey_files_new(&files, fifo, 1, NULL, &err), COVEY_E_FORMAT);
    assert_null(files);
    assert_ok(covey_files_new(&files, NULL, 0, NULL, &err));
    assert_int_equal(covey_files_count(files), 0);
    covey_files_free(files);
    covey_files_free(NULL);
}

static void an_unreadable_folder_is_listed(void **state) {
    enum { NOBODY = 65534 }; /* root may read everything, so the test becomes somebody else */
    place *p = *state;
    int is_root = geteuid() == 0;
    folder(p, "locked");
    put(p, "locked/a.jpg", jpeg_head);
    put(p, "b.jpg", jpeg_head);
    assert_int_equal(chmod(at(p, "b.jpg"), 0644), 0);
    assert_int_equal(chmod(at(p, "locked"), 0), 0);
    assert_int_equal(chmod(p->root, 0755), 0);
    if (is_root)
        assert_int_equal(seteuid(NOBODY), 0);
    covey_error err;
    covey_files *files = NULL;
    const char *paths[] = {p->root};
    covey_status got = covey_files_new(&files, paths, 1, NULL, &err);
    if (is_root)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(got, COVEY_OK);
    const char *want[] = {"b.jpg", "locked"};
    assert_paths(files, want, 2);
    covey_files_free(files);
}

static void deep_folders_cost_no_descriptors(void **state) {
    place *p = *state;
    char path[4096];
    size_t n = (size_t)snprintf(path, sizeof path, "%s", p->root);
    while (n < 3500) {
        n += (size_t)snprintf(path + n, sizeof path - n, "/d");
        assert_int_equal(mkdir(path, 0700), 0);
    }
    snprintf(path + n, sizeof path - n, "/a.jpg");
    covey_test_write(path, jpeg_head, sizeof jpeg_head);
    covey_files *files = find(p, NULL);
    assert_int_equal(covey_files_count(files), 1);
    covey_files_free(files);
}

static void allocation_failures_are_reported(void **state) {
    place *p = *state;
    folder(p, "in");
    put(p, "in/a.jpg", jpeg_head);
    put(p, "b.jpg", jpeg_head);
    const char *paths[] = {p->root};
    size_t k = 1;
    for (;; ++k) {
        covey_error err;
        covey_files *files = NULL;
        covey__alloc_fail_at(k);
        covey_status got = covey_files_new(&files, paths, 1, NULL, &err);
        covey__alloc_fail_at(0);
        if (got == COVEY_OK) {
            covey_files_free(files);
            break;
        }
        assert_int_equal(got, COVEY_E_NOMEM);
        assert_null(files);
    }
    assert_true(k > 5);
}

static void content_tells_the_kind(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
        covey__kind kind;
    } cases[] = {
        {"\xFF\xD8\xFF\xDB", 4, COVEY__KIND_JPEG},
        {"\x89PNG\r\n\x1A\n", 8, COVEY__KIND_PNG},
        {"RIFF\1\2\3\4WEBPVP8 ", 16, COVEY__KIND_WEBP},
        {"XXXX\1\2\3\4WEBPVP8 ", 16, COVEY__KIND_UNKNOWN},
        {"RIFF\1\2\3\4AVI LIST", 16, COVEY__KIND_VIDEO},
        {"RIFF\1\2\3\4WAVEfmt ", 16, COVEY__KIND_UNKNOWN},
        {"GIF89a", 6, COVEY__KIND_GIF},
        {"II*\0\x08\0\0\0\0\0", 10, COVEY__KIND_TIFF},
        {"II*\0\x10\0\0\0CR\2\0", 12, COVEY__KIND_RAW},
        {"II*\0\x08\0\0\0\1\0\x12\xC6\1\0\4\0\0\0\1\4\0\0", 22, COVEY__KIND_RAW},
        {"MM\0*\0\0\0\x08\0\1\1\6\0\3\0\0\0\1\x80\x23\0\0", 22, COVEY__KIND_RAW},
        {"MM\0*\0\0\0\x08\0\1\1\6\0\3\0\0\0\1\0\2\0\0", 22, COVEY__KIND_TIFF},
        {"MM\0*\xFF\xFF\xFF\xFF\0\1\1\6", 12, COVEY__KIND_TIFF},
        {"\0\0\0\x18" "ftypheic\0\0\0\0mif1", 20, COVEY__KIND_HEIC},
        {"\0\0\0\x18" "ftypavif\0\0\0\0mif1", 20, COVEY__KIND_AVIF},
        {"\0\0\0\x18" "ftypmif1\0\0\0\0avif", 20, COVEY__KIND_AVIF},
        {"\0\0\0\x18" "ftypmif1\0\0\0\0heic", 20, COVEY__KIND_HEIC},
        {"\0\0\0\x18" "ftypcrx \0\0\0\0", 16, COVEY__KIND_RAW},
        {"\0\0\0\x18" "ftypqt  \0\0\0\0", 16, COVEY__KIND_VIDEO},
        {"BM\x36\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0", 18, COVEY__KIND_BMP},
        {"BMW is a car, not a bitmap", 26, COVEY__KIND_UNKNOWN},
        {"8BPS\0\1", 6, COVEY__KIND_PSD},
        {"<?xml version='1.0'?>\n<svg xmlns=''>", 36, COVEY__KIND_SVG},
        {"<html>", 6, COVEY__KIND_UNKNOWN},
        {"%PDF-1.4", 8, COVEY__KIND_PDF},
        {"\x1A\x45\xDF\xA3", 4, COVEY__KIND_VIDEO},
        {"", 0, COVEY__KIND_UNKNOWN},
        {"\xFF", 1, COVEY__KIND_UNKNOWN},
    };
    for (size_t i = 0; i < LENGTH(cases); ++i) {
        covey__kind got = covey__sniff((const uint8_t *)cases[i].bytes, cases[i].n);
        if (got != cases[i].kind)
            fail_msg("case %zu: %s, expected %s", i, covey__kind_words(got),
                     covey__kind_words(cases[i].kind));
    }
    assert_int_equal(covey__kind_of_name("a/b.JPG"), COVEY__KIND_JPEG);
    assert_int_equal(covey__kind_of_name("x.nef"), COVEY__KIND_RAW);
    assert_int_equal(covey__kind_of_name("x.m2ts"), COVEY__KIND_VIDEO);
    assert_int_equal(covey__kind_of_name("dir.jpg/name"), COVEY__KIND_UNKNOWN);
    assert_int_equal(covey__kind_of_name("x."), COVEY__KIND_UNKNOWN);
    assert_int_equal(covey__kind_of_name("x.jp"), COVEY__KIND_UNKNOWN);
    assert_int_equal(covey__kind_of_name("x. jpg"), COVEY__KIND_UNKNOWN);
    assert_int_equal(covey__kind_of_name("x.averylongending"), COVEY__KIND_UNKNOWN);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(walks_sorted_and_counts_the_others),
        TEST(odd_names_work),
        TEST(excluded_are_left_out),
        TEST(links_and_special_files),
        TEST(files_and_overlapping_folders),
        TEST(missing_and_odd_arguments),
        TEST(an_unreadable_folder_is_listed),
        TEST(deep_folders_cost_no_descriptors),
        TEST(allocation_failures_are_reported),
        cmocka_unit_test(content_tells_the_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
