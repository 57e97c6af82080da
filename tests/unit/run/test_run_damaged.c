/* SPDX-License-Identifier: MIT */
/* Run folders that were damaged, or edited by somebody who made the digests fit again. */
#include <jansson.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run_folder_fixture.h"
#include "run_internal.h"

static char *slurp(size_t *size, const char *name) {
    covey_error err;
    char path[400], *text = NULL;
    snprintf(path, sizeof path, "%s/%s", target, name);
    assert_ok(covey__file_read(&text, size, path, 1 << 24, &err));
    return text;
}

static void put_back(const char *name, char *text, size_t size) {
    char path[400];
    snprintf(path, sizeof path, "%s/%s", target, name);
    covey_test_write(path, text, size);
    covey_free(text);
}

/* The first `from` of a file of the run becomes `to`; NULL: the file ends before it. "" is the end. */
static void edit(const char *name, const char *from, const char *to) {
    char path[400];
    size_t size;
    covey__text edited = {0};
    char *text = slurp(&size, name), *at = *from ? strstr(text, from) : text + size;
    if (!at)
        fail_msg("%s has no %s", name, from);
    covey__text_add_bytes(&edited, text, (size_t)(at - text));
    if (to) {
        covey__text_add(&edited, to);
        covey__text_add(&edited, at + strlen(from));
    }
    snprintf(path, sizeof path, "%s/%s", target, name);
    covey_test_write(path, edited.data, edited.size);
    covey__text_fini(&edited);
    covey_free(text);
}

/* run.json vouches for `name` as it is now. */
static void vouch(const char *name) {
    char path[400], hex[65];
    uint8_t digest[32];
    covey_error err;
    snprintf(path, sizeof path, "%s/%s", target, name);
    assert_ok(covey__sha256_file(digest, NULL, path, &err));
    covey__hex(hex, digest, sizeof digest);
    snprintf(path, sizeof path, "%s/run.json", target);
    json_t *root = json_load_file(path, 0, NULL);
    assert_non_null(root);
    assert_int_equal(json_object_set_new(json_object_get(root, "files"), name, json_string(hex)), 0);
    assert_int_equal(json_dump_file(root, path, JSON_INDENT(1)), 0);
    json_decref(root);
}

static void changed_files_are_told(void **state) {
    (void)state;
    covey_error err;
    char path[400];
    covey_run *run = fixture_run("/photos"), *back = NULL;
    assert_status(covey_run_load(&back, target, &err), COVEY_E_FORMAT); /* absent */
    assert_ok(covey_run_save(run, target, NULL, NULL, &err));
    edit("clusters.csv", "square,0,", "square,9,");
    assert_status(covey_run_load(&back, target, &err), COVEY_E_DIGEST);
    assert_non_null(strstr(err.path, "clusters.csv"));
    assert_ok(covey_run_save(run, target, NULL, NULL, &err));
    edit("run.json", "\"format_version\": 1", "\"format_version\": 7");
    assert_status(covey_run_load(&back, target, &err), COVEY_E_UNSUPPORTED);
    assert_ok(covey_run_save(run, target, NULL, NULL, &err));
    snprintf(path, sizeof path, "%s/run.json", target);
    assert_int_equal(unlink(path), 0);
    assert_status(covey_run_load(&back, target, &err), COVEY_E_FORMAT);
    assert_null(back);
    covey_run_free(run);
}

/* The path of row 0 of images.csv and clusters.csv, so that a number behind it can be named. */
#define ROW_0 ",00-plain.jpg,"

static void edited_runs_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *file, *from, *to, *sentence;
    } edits[] = {
        {"run.json", "{", "[", "is not valid JSON"},
        {"run.json", "covey-run", "another", "was not written by covey"},
        {"run.json", "\"skipped.csv\"", "\"skipped\"", "does not list every file"},
        {"run.json", "\"files\": {", "\"files\": {\"../x\": \"0\",", "a file outside the folder"},
        {"run.json", "\"files\": {", "\"files\": {\"/x\": \"0\",", "a file outside the folder"},
        {"run.json", "\"path\": \"/photos\"", "\"path\": 5", "a root without a path"},
        {"run.json", "\"path\": \"/photos\"", "\"path_hex\": \"2f00\"", "a root without a path"},
        {"run.json", "\"path\": \"/photos\"", "\"path_hex\": \"2fxx\"", "a root without a path"},
        {"run.json", "\"found\": 32", "\"found\": 29", "counts that do not add up"},
        {"run.json", "\"found\": 32", "\"found\": 99999999999", "counts that do not add up"},
        {"images.csv", "row,", "row,row,", "the wrong number of columns"},
        {"images.csv", "\n0,0,", "\n1,0,", "a row that cannot be read"},
        {"images.csv", "\n0,0,", "\n0,1,", "a row that cannot be read"},
        {"images.csv", "\n0,0,", "\n0,-1,", "a row that cannot be read"},
        {"images.csv", ROW_0 "640,", ROW_0 "4294967296,", "a row that cannot be read"},
        {"images.csv", ",1000,00", ",1000,0x", "a row that cannot be read"},
        {"images.csv", ",1000,00", ",1000,0", "a row that cannot be read"},
        {"images.csv", "\n29,", NULL, "and features.npy have different numbers of rows"},
        {"images.csv", "", "30,0,x,1,1,1,00\n", "has more rows than features.npy"},
        {"skipped.csv", "", "x,y\n", "has more rows than photos were found"},
        {"duplicates.csv", "", "0,a,0,1\n", "a row that cannot be read"},
        {"duplicates.csv", "", "1,a,30,1\n", "a row that cannot be read"},
        {"duplicates.csv", "", "30,a,1,1\n", "a row that cannot be read"},
        {"duplicates.csv", "", "2,a,1,\n", "a row that cannot be read"},
        {"clusters.csv", "\nsquare,0,", "\nsquare,1,", "a row that cannot be read"},
        {"clusters.csv", "\nsquare,0,", "\ncubic,0,", "a row that cannot be read"},
        {"clusters.csv", ROW_0 "0,", ROW_0 "3,", "a row that cannot be read"},
        {"clusters.csv", ROW_0 "0,", ROW_0 "-1,", "a row that cannot be read"},
        {"clusters.csv", ROW_0 "0,0.", ROW_0 "0,nan", "a row that cannot be read"},
        {"clusters.csv", ROW_0 "0,", ROW_0 "0,-", "a row that cannot be read"},
        {"clusters.csv", "\nhuber,29,", NULL, "lacks rows"},
        {"history.csv", "\nsquare,0,", "\nsquare,-1,", "a row that cannot be read"},
        {"history.csv", "\nsquare,0,", "\ncubic,0,", "a row that cannot be read"},
        {"comparison.json", "{", "[", "is not valid JSON"},
        {"comparison.json", "\"name\"", "\"title\"", "a loss without name or clusters"},
        {"comparison.json", "\"k\": 3,\n   \"objective\"", "\"k\": 0, \"objective\"",
         "a loss without name or clusters"},
        {"comparison.json", "\"clusters\": 3", "\"clusters\": 1048577", "claims too many clusters"},
        {"comparison.json", "\"delta\"", "\"epsilon\"", "lacks a loss parameter"},
        {"comparison.json", "\"representatives\": [", "\"representatives\": [7,",
         "lists too few representatives"},
        {"comparison.json", "\"row\": 29", "\"row\": 30", "a vote for a row that does not exist"},
        {"comparison.json", "\"undecided\": [", "\"undecided\": [{\"row\": 30}",
         "doubts a row that does not exist"},
    };
    covey_error err;
    covey_run *run = fixture_run("/photos"), *back = NULL;
    assert_ok(covey_run_save(run, target, NULL, NULL, &err));
    for (size_t i = 0; i < LENGTH(edits); ++i) {
        size_t size, passport_size;
        char *text = slurp(&size, edits[i].file), *passport = slurp(&passport_size, "run.json");
        edit(edits[i].file, edits[i].from, edits[i].to);
        if (strcmp(edits[i].file, "run.json") != 0)
            vouch(edits[i].file);
        assert_status(covey_run_load(&back, target, &err), COVEY_E_FORMAT);
        assert_null(back);
        assert_string_equal(err.path, target);
        if (!strstr(err.message, edits[i].sentence) || !strstr(err.message, edits[i].file))
            fail_msg("edit %zu: %s", i, err.message);
        put_back(edits[i].file, text, size);
        put_back("run.json", passport, passport_size);
    }
    assert_ok(covey_run_load(&back, target, &err));
    covey_run_free(back);
    covey_run_free(run);
}

/* What a stranger may put in place of a file; none may be waited for. */
static void special_files_are_refused(void **state) {
    (void)state;
    covey_error err;
    char path[400];
    covey_run *run = fixture_run("/photos"), *back = NULL;
    assert_ok(covey_run_save(run, target, NULL, NULL, &err));
    for (int endless = 0; endless < 2; ++endless)
        for (const char *const *name = covey__run_contract_files; *name; ++name) {
            size_t size;
            char *text = slurp(&size, *name);
            snprintf(path, sizeof path, "%s/%s", target, *name);
            assert_int_equal(unlink(path), 0);
            assert_int_equal(endless ? symlink("/dev/zero", path) : mkfifo(path, 0600), 0);
            assert_status(covey_run_load(&back, target, &err), COVEY_E_FORMAT);
            assert_string_equal(err.path, path);
            assert_int_equal(unlink(path), 0);
            put_back(*name, text, size);
        }
    covey_run_free(run);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(changed_files_are_told, setup, teardown),
        cmocka_unit_test_setup_teardown(edited_runs_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(special_files_are_refused, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
