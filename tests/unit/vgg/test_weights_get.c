/* SPDX-License-Identifier: MIT */
/* covey_weights_get and covey_weights_list, without a network: a script stands for pip, and the
 * proxy that libcurl is sent to is a closed port. */
#include "weights_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "covey/npy.h"
#include "weights_get_internal.h"

/* A folder as HOME, COVEY_HOME in it, and a pip that does what `body` says (NULL: no pip). */
static void set_up(file_model *model, const char *body) {
    char path[320];
    model_init(model, tiny_channels);
    setenv("HOME", model->folder, 1);
    unsetenv("TORCH_HOME");
    unsetenv("XDG_CACHE_HOME");
    setenv("https_proxy", "http://127.0.0.1:9", 1);
    unsetenv("no_proxy");
    unsetenv("NO_PROXY");
    model_path(path, model, "bin");
    assert_int_equal(mkdir(path, 0777), 0);
    setenv("PATH", path, 1);
    if (body) {
        covey__text text = {0};
        model_path(path, model, "bin/pip");
        covey__text_addf(&text, "#!/bin/sh\n%s\n", body);
        write_text(path, &text);
        assert_int_equal(chmod(path, 0755), 0);
    }
}

static int entries(const char *path) {
    int n = 0;
    DIR *folder = opendir(path);
    while (folder && readdir(folder))
        ++n;
    if (folder)
        closedir(folder);
    return n - 2;
}

static void failure_tells_both_reasons_and_the_way_out(void **state) {
    (void)state;
    covey_error err;
    file_model model;
    char home[320];
    set_up(&model, "echo 'ERROR: no such mirror'; exit 1");
    model_path(home, &model, "home");
    assert_status(covey_weights_get("oxford", NULL, NULL, &err), COVEY_E_IO);
    assert_non_null(strstr(err.message, "no such mirror"));
    assert_non_null(strstr(err.message, "download.pytorch.org"));
    assert_non_null(strstr(err.message, "covey weights import FILE"));
    assert_int_equal(entries(home), 0);
    /* No pip is needed for the other set. */
    assert_status(covey_weights_get("imagenet1k_v1", NULL, NULL, &err), COVEY_E_IO);
    assert_non_null(strstr(err.message, "vgg16-397923af.pth"));
    assert_null(strstr(err.message, "no such mirror"));
    assert_int_equal(entries(home), 0);
    model_fini(&model);
}

static void unknown_sets_are_refused(void **state) {
    (void)state;
    covey_error err;
    file_model model;
    set_up(&model, NULL);
    assert_status(covey_weights_get("oxfort", NULL, NULL, &err), COVEY_E_ARGUMENT);
    assert_non_null(strstr(err.message, "did you mean \"oxford\"?"));
    assert_status(covey_weights_get("resnet50", NULL, NULL, &err), COVEY_E_ARGUMENT);
    assert_non_null(strstr(err.message, "imagenet1k_v1"));
    model_fini(&model);
}

static int stop_later(void *user, const char *stage, size_t done, size_t total) {
    (void)stage, (void)done, (void)total;
    return ++*(int *)user > 2;
}

static void a_stopped_download_leaves_nothing(void **state) {
    (void)state;
    covey_error err;
    file_model model;
    char home[320];
    int calls = 0;
    set_up(&model, "while :; do /bin/sleep 0.05; done");
    model_path(home, &model, "home");
    assert_status(covey_weights_get("oxford", stop_later, &calls, &err), COVEY_E_CANCELLED);
    assert_int_equal(entries(home), 0);
    covey_weights *weights;
    assert_status(covey_weights_open(&weights, "oxford", &err), COVEY_E_NO_WEIGHTS);
    model_fini(&model);
}

/* Killed while fetching: the folder stays, is not taken for weights, and goes a day later. */
static void leftovers_are_no_weights_and_go(void **state) {
    (void)state;
    covey_error err;
    file_model model;
    char path[320];
    covey_weights_info *rows;
    size_t n;
    set_up(&model, "exit 1");
    model_path(path, &model, "home/.fetch-killed/wheel");
    assert_ok(covey__mkdirs(path, &err));
    model_path(path, &model, "home/oxford.weights.tmp-abcdef");
    covey_test_write(path, "half", 4);
    assert_ok(covey_weights_list(&rows, &n, &err));
    assert_int_equal(n, 2);
    assert_false(rows[0].installed || rows[1].installed);
    covey_free(rows);
    covey_weights *weights;
    assert_status(covey_weights_open(&weights, "oxford", &err), COVEY_E_NO_WEIGHTS);
    assert_status(covey_weights_get("oxford", NULL, NULL, &err), COVEY_E_IO);
    model_path(path, &model, "home/.fetch-killed");
    assert_int_equal(access(path, F_OK), 0);
    struct timespec old[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
    assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
    assert_status(covey_weights_get("oxford", NULL, NULL, &err), COVEY_E_IO);
    assert_int_not_equal(access(path, F_OK), 0);
    model_fini(&model);
}

/* A full-size file where PyTorch keeps its downloads, in each of the three places. */
static void pytorchs_own_downloads_are_found(void **state) {
    (void)state;
    covey_error err;
    file_model model;
    char path[320], digest[65];
    uint8_t bytes[32];
    int found;
    covey_weights *weights;
    static const char *const places[] = {"torch/hub/checkpoints", "cache/torch/hub/checkpoints",
                                         ".cache/torch/hub/checkpoints"};
    model_init(&model, covey__vgg_channels);
    setenv("HOME", model.folder, 1);
    model_path(path, &model, "torch");
    setenv("TORCH_HOME", path, 1);
    model_path(path, &model, "cache");
    setenv("XDG_CACHE_HOME", path, 1);
    model_path(path, &model, "file.pth");
    write_torch_zip(path, &model, ZIP_CM_STORE, NULL, "little");
    assert_ok(covey__sha256_file(bytes, NULL, path, &err));
    covey__hex(digest, bytes, 32);
    digest[8] = '\0'; /* as PyTorch has it in the name */
    covey__known_weights known = {
        .name = "hub", .checkpoint = "file.pth", .file_sha256 = digest};
    for (size_t i = 0; i < LENGTH(places); ++i) {
        char folder[320], target[340];
        model_path(folder, &model, places[i]);
        assert_ok(covey__mkdirs(folder, &err));
        snprintf(target, sizeof target, "%s/file.pth", folder);
        assert_ok(covey__fetch_hub(&found, &known, &err));
        assert_false(found);
        covey_test_write(target, "an interrupted download", 23);
        assert_ok(covey__fetch_hub(&found, &known, &err));
        assert_false(found);
        assert_int_equal(rename(path, target), 0);
        assert_ok(covey__fetch_hub(&found, &known, &err));
        assert_true(found);
        assert_ok(covey_weights_open(&weights, "hub", &err));
        assert_string_equal(covey_weights_digest(weights), model.digest);
        covey_weights_free(weights);
        assert_int_equal(rename(target, path), 0);
    }
    unsetenv("TORCH_HOME");
    unsetenv("XDG_CACHE_HOME");
    model_fini(&model);
}

static void the_list_shows_known_and_imported_sets(void **state) {
    (void)state;
    covey_error err;
    file_model model;
    covey_weights_info *rows;
    size_t n;
    char path[320];
    set_up(&model, NULL);
    model_path(path, &model, "x.safetensors");
    write_safetensors(path, &model);
    assert_ok(covey_weights_import(NULL, path, "zebra", &err));
    assert_ok(covey_weights_import(NULL, path, "ant", &err));
    model_path(path, &model, "home/broken.weights");
    covey_test_write(path, "not weights", 11);
    model_path(path, &model, "home/bad name.weights");
    covey_test_write(path, "not weights", 11);
    assert_ok(covey_weights_list(&rows, &n, &err));
    assert_int_equal(n, 4);
    static const char *const names[] = {"oxford", "imagenet1k_v1", "ant", "zebra"};
    for (size_t i = 0; i < n; ++i) {
        assert_string_equal(rows[i].name, names[i]);
        assert_int_equal(rows[i].installed, i > 1);
        assert_true(rows[i].title[0] && rows[i].licence[0]);
        char file[128];
        snprintf(file, sizeof file, "home/%s.weights", names[i]);
        model_path(path, &model, file);
        assert_string_equal(rows[i].path, path);
    }
    assert_non_null(strstr(rows[0].title, "Zisserman"));
    assert_non_null(strstr(rows[0].licence, "CC BY 4.0"));
    assert_int_equal(strlen(rows[0].digest), 64);
    assert_string_equal(rows[1].digest, "");
    assert_string_equal(rows[2].digest, model.digest);
    covey_free(rows);
    covey_status status = COVEY_E_NOMEM;
    for (size_t k = 1; status != COVEY_OK; ++k) {
        assert_true(k < 200);
        covey__alloc_fail_at(k);
        status = covey_weights_list(&rows, &n, &err);
        covey__alloc_fail_at(0);
        assert_true(status == COVEY_OK || status == COVEY_E_NOMEM);
    }
    covey_free(rows);
    model_fini(&model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failure_tells_both_reasons_and_the_way_out),
        cmocka_unit_test(unknown_sets_are_refused),
        cmocka_unit_test(a_stopped_download_leaves_nothing),
        cmocka_unit_test(leftovers_are_no_weights_and_go),
        cmocka_unit_test(the_list_shows_known_and_imported_sets),
        cmocka_unit_test(pytorchs_own_downloads_are_found),
    };
    char *path = strdup(getenv("PATH"));
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    setenv("PATH", path, 1);
    free(path);
    return failed;
}
