/* SPDX-License-Identifier: MIT */
/* The stored file: no byte of it goes unchecked, and nothing half-written is taken for weights. */
#include "weights_files.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* Imports the tiny model as "tiny"; `stored` is the path of the stored file. */
static void install(file_model *model, char stored[320]) {
    covey_error err;
    char path[320];
    model_init(model, tiny_channels);
    model_path(path, model, "tiny.safetensors");
    write_safetensors(path, model);
    assert_ok(covey_weights_import(NULL, path, NULL, &err));
    model_path(stored, model, "home/tiny.weights");
}

static void stored_numbers_come_back(void **state) {
    (void)state;
    covey_error err;
    file_model model;
    covey_weights *weights;
    char stored[320];
    install(&model, stored);
    assert_ok(covey_weights_open(&weights, "tiny", &err));
    for (int i = 0; i < 13; ++i) {
        const float *weight, *bias;
        int out, in;
        assert_int_equal(covey_weights_get_layer(weights, i, &weight, &bias, &out, &in), COVEY_OK);
        assert_int_equal(out, 16);
        assert_int_equal(in, i ? 16 : 3);
        assert_int_equal((uintptr_t)weight % 64, 0);
        assert_int_equal((uintptr_t)bias % 64, 0);
        assert_memory_equal(weight, model.tensor[2 * i].value, model.tensor[2 * i].count * 4);
        assert_memory_equal(bias, model.tensor[2 * i + 1].value, 16 * 4);
    }
    assert_string_equal(covey_weights_name(weights), "tiny");
    /* Replaced while it is open: what is mapped stays. */
    assert_int_equal(unlink(stored), 0);
    assert_int_equal(covey_weights_get_layer(weights, 12, NULL, NULL, NULL, NULL), COVEY_OK);
    covey_weights_free(weights);
    model_fini(&model);
}

static void every_changed_byte_is_noticed(void **state) {
    (void)state;
    covey_error err;
    file_model model;
    covey__text whole = {0};
    char stored[320];
    install(&model, stored);
    read_whole(&whole, stored);
    for (size_t i = 0; i < whole.size; i += i < 1200 ? 1 : 997) {
        covey_weights *weights = NULL;
        poke(stored, i, (char)(whole.data[i] ^ 1 << i % 8));
        covey_status status = covey_weights_open(&weights, "tiny", &err);
        poke(stored, i, whole.data[i]);
        if (status == COVEY_OK)
            fail_msg("byte %zu was changed and the file opened", i);
        assert_true(status == COVEY_E_DIGEST || status == COVEY_E_FORMAT ||
                    status == COVEY_E_UNSUPPORTED);
        assert_string_equal(err.path, stored);
        assert_null(weights);
    }
    covey__text_fini(&whole);
    model_fini(&model);
}

static void every_cut_is_noticed(void **state) {
    (void)state;
    covey_error err;
    file_model model;
    covey__text whole = {0};
    char stored[320];
    install(&model, stored);
    read_whole(&whole, stored);
    for (size_t n = whole.size - 1; n > 4099; n -= 4099) {
        covey_weights *weights;
        assert_int_equal(truncate(stored, (off_t)n), 0);
        assert_status(covey_weights_open(&weights, "tiny", &err), COVEY_E_FORMAT);
    }
    covey__text_add(&whole, "one byte more");
    covey_test_write(stored, whole.data, whole.size);
    covey_weights *weights;
    assert_status(covey_weights_open(&weights, "tiny", &err), COVEY_E_FORMAT);
    covey__text_fini(&whole);
    model_fini(&model);
}

/* A header whose checksum is right but whose table is not cannot come from us, only from malice. */
static void tables_are_checked_behind_the_checksum(void **state) {
    (void)state;
    covey_error err;
    file_model model;
    covey__text whole = {0};
    char stored[320];
    install(&model, stored);
    read_whole(&whole, stored);
    enum { TABLE = 88, ROW = 32, CHECKSUM = TABLE + 26 * ROW };
    static const struct {
        size_t at;
        uint64_t value;
    } cases[] = {{TABLE, 4160},                /* offset */
                 {TABLE + 8, UINT64_MAX},      /* bytes */
                 {TABLE + 16, 512},            /* out: a larger tensor than there is */
                 {TABLE + 16, 0},              /* none */
                 {TABLE + ROW + 16, 32},       /* a bias that is not its weight's */
                 {TABLE + 25 * ROW, 1 << 30}}; /* the last one beyond the end */
    for (size_t i = 0; i < LENGTH(cases); ++i) {
        unsigned char header[4096];
        size_t width = cases[i].at % ROW == TABLE % ROW || cases[i].at % ROW == (TABLE + 8) % ROW
                           ? 8
                           : 4;
        memcpy(header, whole.data, sizeof header);
        memcpy(header + cases[i].at, &cases[i].value, width);
        memset(header + CHECKSUM, 0, 32);
        covey__sha256(header + CHECKSUM, header, sizeof header);
        covey__text copy = {0};
        covey__text_add_bytes(&copy, header, sizeof header);
        covey__text_add_bytes(&copy, whole.data + 4096, whole.size - 4096);
        write_text(stored, &copy);
        covey_weights *weights;
        assert_status(covey_weights_open(&weights, "tiny", &err), COVEY_E_FORMAT);
        assert_non_null(strstr(err.message, "table"));
    }
    covey__text_fini(&whole);
    model_fini(&model);
}

static void what_is_not_installed_says_how_to_get_it(void **state) {
    (void)state;
    covey_error err;
    file_model model;
    covey_weights *weights;
    model_init(&model, tiny_channels);
    assert_status(covey_weights_open(&weights, NULL, &err), COVEY_E_NO_WEIGHTS);
    assert_non_null(strstr(err.message, "covey weights get oxford"));
    assert_status(covey_weights_open(&weights, "imagenet1k_v1", &err), COVEY_E_NO_WEIGHTS);
    assert_non_null(strstr(err.message, "covey weights get imagenet1k_v1"));
    assert_status(covey_weights_open(&weights, "oxfrod", &err), COVEY_E_NO_WEIGHTS);
    assert_non_null(strstr(err.message, "did you mean \"oxford\"?"));
    assert_status(covey_weights_open(&weights, "something-else", &err), COVEY_E_NO_WEIGHTS);
    assert_non_null(strstr(err.message, "covey weights import FILE"));
    assert_status(covey_weights_open(&weights, "../tiny", &err), COVEY_E_ARGUMENT);
    assert_status(covey_weights_open(&weights, "", &err), COVEY_E_ARGUMENT);
    model_fini(&model);
}

/* A sound file of other weights, put where oxford's belong. */
static void known_names_are_held_to_their_digest(void **state) {
    (void)state;
    covey_error err;
    file_model model;
    covey_weights *weights;
    char stored[320], oxford[320];
    install(&model, stored);
    model_path(oxford, &model, "home/oxford.weights");
    assert_int_equal(rename(stored, oxford), 0);
    assert_status(covey_weights_open(&weights, "oxford", &err), COVEY_E_DIGEST);
    model_fini(&model);
}

static void folders_follow_the_environment(void **state) {
    (void)state;
    covey_error err;
    char *folder, *home = strdup(getenv("HOME") ? getenv("HOME") : "/");
    setenv("COVEY_HOME", "/somewhere/own", 1);
    setenv("XDG_DATA_HOME", "/data", 1);
    setenv("HOME", "/home/somebody", 1);
    assert_ok(covey__weights_folder(&folder, &err));
    assert_string_equal(folder, "/somewhere/own");
    covey__free(folder);
    setenv("COVEY_HOME", "", 1);
    assert_ok(covey__weights_folder(&folder, &err));
    assert_string_equal(folder, "/data/covey");
    covey__free(folder);
    setenv("XDG_DATA_HOME", "relative", 1);
    assert_ok(covey__weights_folder(&folder, &err));
    assert_string_equal(folder, "/home/somebody/.local/share/covey");
    covey__free(folder);
    unsetenv("XDG_DATA_HOME");
    unsetenv("HOME");
    assert_status(covey__weights_folder(&folder, &err), COVEY_E_NOT_FOUND);
    assert_non_null(strstr(err.message, "COVEY_HOME"));
    setenv("HOME", home, 1);
    free(home);
}

/* A full disk: writing fails half-way, and nothing is left. */
static void a_full_disk_leaves_nothing(void **state) {
    (void)state;
    file_model model;
    char path[320], home[320];
    model_init(&model, tiny_channels);
    model_path(path, &model, "tiny.safetensors");
    model_path(home, &model, "home");
    write_safetensors(path, &model);
    pid_t id = fork();
    if (id == 0) {
        covey_error err = {.message = ""};
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){20000, 20000});
        covey_status status =
            covey_weights_import(NULL, path, NULL, &err);
        _exit(status == COVEY_E_IO && err.message[0] ? 0 : 1);
    }
    int ended;
    assert_int_equal(waitpid(id, &ended, 0), id);
    assert_int_equal(ended, 0);
    assert_int_equal(rmdir(home), 0); /* empty: not even a temporary file */
    model_fini(&model);
}

static void a_folder_that_cannot_be_is_named(void **state) {
    (void)state;
    covey_error err;
    file_model model;
    char path[320], blocked[320];
    model_init(&model, tiny_channels);
    model_path(path, &model, "tiny.safetensors");
    write_safetensors(path, &model);
    model_path(blocked, &model, "tiny.safetensors/home");
    setenv("COVEY_HOME", blocked, 1);
    assert_status(covey_weights_import(NULL, path, NULL, &err), COVEY_E_IO);
    assert_string_equal(err.path, blocked);
    model_fini(&model);
}

static void memory_may_run_out_while_opening(void **state) {
    (void)state;
    file_model model;
    char stored[320];
    covey_weights *weights = NULL;
    covey_status status = COVEY_E_NOMEM;
    install(&model, stored);
    for (size_t k = 1; status != COVEY_OK; ++k) {
        covey_error err = {.message = ""};
        assert_true(k < 100);
        covey__alloc_fail_at(k);
        status = covey_weights_open(&weights, "tiny", &err);
        covey__alloc_fail_at(0);
        if (status != COVEY_OK) {
            assert_int_equal(status, COVEY_E_NOMEM);
            assert_true(err.message[0] != '\0');
            assert_null(weights);
        }
    }
    covey_weights_free(weights);
    model_fini(&model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stored_numbers_come_back),
        cmocka_unit_test(every_changed_byte_is_noticed),
        cmocka_unit_test(every_cut_is_noticed),
        cmocka_unit_test(tables_are_checked_behind_the_checksum),
        cmocka_unit_test(what_is_not_installed_says_how_to_get_it),
        cmocka_unit_test(known_names_are_held_to_their_digest),
        cmocka_unit_test(folders_follow_the_environment),
        cmocka_unit_test(a_full_disk_leaves_nothing),
        cmocka_unit_test(a_folder_that_cannot_be_is_named),
        cmocka_unit_test(memory_may_run_out_while_opening),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
