/* SPDX-License-Identifier: MIT */
/* Import of all forms: what fits is stored, what does not is refused with its reason. */
#include "weights_files.h"

enum { FORMS = 6 };

static const char *const form_names[FORMS] = {"zip.pth",   "legacy.pth",   "plain.safetensors",
                                              "plain.onnx", "packed.onnx", "holds.whl"};

static void write_form(int form, const char *path, const file_model *model) {
    onnx_options options = {.packed = form == 4};
    covey__text onnx = {0};
    zip_t *zip;
    switch (form) {
    case 0:
        write_torch_zip(path, model, ZIP_CM_STORE, NULL, "little");
        return;
    case 1:
        write_legacy(path, model);
        return;
    case 2:
        write_safetensors(path, model);
        return;
    case 3:
    case 4:
        write_onnx(path, model, &options);
        return;
    default:
        build_onnx(&onnx, model, &options);
        zip = create_zip(path);
        add_entry(zip, "package/__init__.py", "pass", 4, ZIP_CM_STORE);
        add_entry(zip, "package/models/vgg.onnx", onnx.data, onnx.size, ZIP_CM_DEFLATE);
        assert_int_equal(zip_close(zip), 0);
        covey__text_fini(&onnx);
    }
}

static void every_form_gives_the_same_weights(void **state) {
    (void)state;
    covey_error err;
    file_model model;
    char path[320];
    model_init(&model, tiny_channels);
    for (int form = 0; form < FORMS; ++form) {
        model_path(path, &model, form_names[form]);
        write_form(form, path, &model);
        assert_imports(&model, path);
    }
    model_fini(&model);
}

static void narrower_and_exact_types_are_converted(void **state) {
    (void)state;
    covey_error err;
    static const covey__dtype types[] = {COVEY__DTYPE_F16, COVEY__DTYPE_BF16, COVEY__DTYPE_F64};
    file_model model;
    char path[320];
    model_init(&model, tiny_channels);
    for (size_t i = 0; i < LENGTH(types); ++i) {
        model_set_dtype(&model, types[i]);
        for (int form = 0; form < FORMS; ++form) {
            if (form == 4)
                continue; /* float_data holds float32 alone */
            model_path(path, &model, form_names[form]);
            write_form(form, path, &model);
            assert_imports(&model, path);
        }
    }
    model_fini(&model);
}

static void wrong_shapes_are_named(void **state) {
    (void)state;
    covey_error err;
    file_model model;
    char path[320];
    for (int form = 0; form < FORMS; ++form) {
        model_init(&model, tiny_channels);
        model_path(path, &model, form_names[form]);
        model.tensor[8].shape[0] = 8; /* 8 x 32 numbers instead of 16 x 16 */
        model.tensor[8].shape[1] = 32;
        write_form(form, path, &model);
        assert_refused(path, COVEY_E_FORMAT,
                       "features.10.weight has the shape [8, 32, 3, 3] where VGG16 has "
                       "[16, 16, 3, 3]");
        model_fini(&model);
    }
}

static void missing_tensors_are_named(void **state) {
    (void)state;
    covey_error err;
    file_model model;
    char path[320];
    for (int form = 0; form < 3; ++form) {
        model_init(&model, tiny_channels);
        model_path(path, &model, form_names[form]);
        snprintf(model.tensor[25].name, sizeof model.tensor[25].name, "features.28.other");
        write_form(form, path, &model);
        assert_refused(path, COVEY_E_FORMAT, "has no tensor features.28.bias");
        model_fini(&model);
    }
}

static void numbers_that_are_none_are_refused(void **state) {
    (void)state;
    covey_error err;
    file_model model;
    char path[320];
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    for (int form = 0; form < FORMS; ++form) {
        model_init(&model, tiny_channels);
        model_path(path, &model, form_names[form]);
        model.tensor[6].value[5] = bad[form % 3];
        write_form(form, path, &model);
        assert_refused(path, COVEY_E_NUMERIC,
                       "features.7.weight holds NaN or infinity at element 5");
        model_fini(&model);
    }
}

static void integers_and_inexact_doubles_are_refused(void **state) {
    (void)state;
    covey_error err;
    file_model model;
    char path[320];
    model_init(&model, tiny_channels);
    model_path(path, &model, form_names[2]);
    model.tensor[0].dtype = COVEY__DTYPE_F64;
    covey__text header = {0}, data = {0};
    double third = 1.0 / 3.0;
    write_safetensors(path, &model);
    read_whole(&data, path);
    uint64_t length;
    memcpy(&length, data.data, 8);
    covey__little_endian(&length, 1, 8);
    covey__little_endian(&third, 1, 8);
    memcpy(data.data + 8 + length + 8 * 4, &third, 8);
    write_text(path, &data);
    assert_refused(path, COVEY_E_UNSUPPORTED, "float64 numbers that float32 cannot hold");
    covey__text_fini(&header);
    model_set_dtype(&model, COVEY__DTYPE_OTHER);
    model_path(path, &model, form_names[0]);
    write_form(0, path, &model);
    assert_refused(path, COVEY_E_UNSUPPORTED, "type int64");
    model_fini(&model);
}

static void other_namings_of_a_state_dict_fit(void **state) {
    (void)state;
    covey_error err;
    static const char *const prefixes[] = {"", "module.features.", "features.module."};
    file_model model;
    char path[320];
    for (size_t p = 0; p < LENGTH(prefixes); ++p) {
        model_init(&model, tiny_channels);
        for (int i = 0; i < 26; ++i)
            snprintf(model.tensor[i].name, sizeof model.tensor[i].name, "%s%d.%s", prefixes[p],
                     covey__vgg_layers[i / 2], i % 2 ? "bias" : "weight");
        model_path(path, &model, "x.pth");
        write_torch_zip(path, &model, ZIP_CM_STORE, NULL, "little");
        assert_imports(&model, path);
        model_fini(&model);
    }
}

static void a_classifier_is_ignored_even_if_broken(void **state) {
    (void)state;
    covey_error err;
    file_model model;
    char path[320];
    model_init(&model, tiny_channels);
    file_tensor *extra = &model.tensor[model.count++];
    *extra = (file_tensor){.name = "classifier.0.weight", .rank = 2, .shape = {2, 3}, .count = 6};
    extra->value = malloc(6 * sizeof *extra->value);
    for (int i = 0; i < 6; ++i)
        extra->value[i] = NAN; /* torchvision's feature file has such a classifier */
    for (int form = 0; form < FORMS; ++form) {
        model_path(path, &model, form_names[form]);
        write_form(form, path, &model);
        assert_imports(&model, path);
    }
    model_fini(&model);
}

static void names_are_chosen_and_guarded(void **state) {
    (void)state;
    covey_error err;
    file_model model;
    char path[320], *name;
    model_init(&model, tiny_channels);
    model_path(path, &model, "my model (2).v1.safetensors");
    write_safetensors(path, &model);
    assert_ok(covey_weights_import(&name, path, NULL, &err));
    assert_string_equal(name, "my_model__2_.v1");
    covey__free(name);
    assert_ok(covey_weights_import(&name, path, "mine", &err));
    assert_string_equal(name, "mine");
    covey__free(name);
    static const char *const bad[] = {"", "a/b", "../x", ".hidden", "-flag", "a b", "caf\xc3\xa9",
                                      ("01234567890123456789012345678901"
                                       "23456789012345678901234567890123")};
    for (size_t i = 0; i < LENGTH(bad); ++i)
        assert_status(covey_weights_import(NULL, path, bad[i], &err),
                      COVEY_E_ARGUMENT);
    /* Names of known sets are theirs. */
    assert_status(covey_weights_import(NULL, path, "oxford", &err),
                  COVEY_E_DIGEST);
    assert_status(covey_weights_import(NULL, path, "imagenet1k_v1", &err),
                  COVEY_E_DIGEST);
    /* The same file again is fine; other numbers under its name are not taken silently. */
    assert_ok(covey_weights_import(NULL, path, NULL, &err));
    model.tensor[3].value[0] += 1;
    write_safetensors(path, &model);
    assert_status(covey_weights_import(NULL, path, NULL, &err),
                  COVEY_E_EXISTS);
    assert_ok(covey_weights_import(NULL, path, "mine", &err));
    model_fini(&model);
}

static void colour_follows_the_origin(void **state) {
    (void)state;
    covey_error err;
    file_model model;
    covey_weights *weights;
    char path[320];
    float mean[3], deviation[3];
    const float *plain, *turned;
    model_init(&model, tiny_channels);
    model_path(path, &model, "torchvision.onnx");
    write_onnx(path, &model, &(onnx_options){0});
    assert_ok(covey_weights_import(NULL, path, NULL, &err));
    assert_ok(covey_weights_open(&weights, "torchvision", &err));
    covey_weights_get_colour(weights, mean, deviation);
    assert_true(mean[0] == 0.485f && deviation[2] == 0.225f);
    assert_int_equal(covey_weights_get_layer(weights, 0, &plain, NULL, NULL, NULL), COVEY_OK);
    assert_memory_equal(plain, model.tensor[0].value, 27 * 16 * 4);
    covey_weights_free(weights);
    /* Keras's names: its VGG16 takes BGR with Oxford's means. */
    model_path(path, &model, "keras.onnx");
    write_onnx(path, &model, &(onnx_options){.prefix = "net/block1_conv1/"});
    assert_ok(covey_weights_import(NULL, path, NULL, &err));
    assert_ok(covey_weights_open(&weights, "keras", &err));
    covey_weights_get_colour(weights, mean, deviation);
    assert_true(mean[0] == 0.48235f && deviation[2] == 1.0f / 255.0f);
    assert_int_equal(covey_weights_get_layer(weights, 0, &turned, NULL, NULL, NULL), COVEY_OK);
    for (int o = 0; o < 16; ++o)
        for (int c = 0; c < 3; ++c)
            assert_memory_equal(turned + 27 * o + 9 * c,
                                model.tensor[0].value + 27 * o + 9 * (2 - c), 9 * 4);
    covey_weights_free(weights);
    model_fini(&model);
}

static void what_is_no_weights_is_refused(void **state) {
    (void)state;
    covey_error err;
    file_model model;
    char path[320];
    model_init(&model, tiny_channels);
    model_path(path, &model, "nothing");
    assert_refused(path, COVEY_E_NOT_FOUND, "could not be opened");
    static const struct {
        const char *text;
        size_t size;
        covey_status status;
    } cases[] = {
        {"", 0, COVEY_E_FORMAT},
        {"short", 5, COVEY_E_FORMAT},
        {"<!DOCTYPE html><html>404 not found</html>", 41, COVEY_E_FORMAT},
        {"version https://git-lfs.github.com/spec/v1\noid", 46, COVEY_E_FORMAT},
        {"\x89HDF\r\n\x1a\n0123456789", 18, COVEY_E_UNSUPPORTED},
        {"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20, COVEY_E_FORMAT},
        {"\x08\x07\x12\x05tests0123456789", 20, COVEY_E_FORMAT},
        {"PK\3\4 and nothing behind", 22, COVEY_E_FORMAT},
    };
    for (size_t i = 0; i < LENGTH(cases); ++i) {
        covey_test_write(path, cases[i].text, cases[i].size);
        assert_refused(path, cases[i].status, " ");
    }
    assert_refused(model.folder, COVEY_E_FORMAT, "not a regular file");
    char tar[512] = "";
    memcpy(tar + 257, "ustar", 5);
    covey_test_write(path, tar, sizeof tar);
    assert_refused(path, COVEY_E_UNSUPPORTED, "tar form");
    model_fini(&model);
}

static void truncated_files_are_refused(void **state) {
    (void)state;
    file_model model;
    char path[320], home[320], stored[340];
    model_init(&model, tiny_channels);
    model_path(home, &model, "home");
    for (int form = 0; form < FORMS; ++form) {
        covey__text whole = {0};
        model_path(path, &model, form_names[form]);
        write_form(form, path, &model);
        read_whole(&whole, path);
        for (int i = 0; i < 64; ++i) {
            covey_error err = {.message = ""};
            /* The last bytes, all over, and where headers end. */
            size_t keep = i < 16   ? whole.size - (size_t)i - 1
                          : i < 40 ? whole.size * (size_t)(40 - i) / 25
                                   : (size_t)(63 - i) * 37;
            assert_int_equal(truncate(path, (off_t)keep), 0);
            covey_status status =
                covey_weights_import(NULL, path, "cut", &err);
            if (status == COVEY_OK || !err.message[0])
                fail_msg("%s: %zu of %zu bytes were taken for weights", path, keep, whole.size);
            snprintf(stored, sizeof stored, "%s/cut.weights", home);
            assert_int_not_equal(access(stored, F_OK), 0);
        }
        covey__text_fini(&whole);
    }
    model_fini(&model);
}

static void memory_may_run_out_at_any_place(void **state) {
    (void)state;
    file_model model;
    char path[320], home[320];
    model_init(&model, tiny_channels);
    model_path(home, &model, "home");
    for (int form = 0; form < FORMS; ++form) {
        covey_status status = COVEY_E_NOMEM;
        model_set_dtype(&model, form == 1 ? COVEY__DTYPE_F16 : COVEY__DTYPE_F32);
        model_path(path, &model, form_names[form]);
        write_form(form, path, &model);
        for (size_t k = 1; status != COVEY_OK; ++k) {
            covey_error err = {.message = ""};
            char *name = NULL;
            assert_true(k < 2000);
            covey__alloc_fail_at(k);
            status = covey_weights_import(&name, path, NULL, &err);
            covey__alloc_fail_at(0);
            if (status != COVEY_OK && (status != COVEY_E_NOMEM || !err.message[0] || name))
                fail_msg("%s: allocation %zu: status %d, %s", path, k, (int)status, err.message);
            covey__free(name);
        }
        status = COVEY_E_NOMEM;
        for (size_t k = 1; status != COVEY_OK; ++k) { /* read for use at once */
            covey_error err = {.message = ""};
            covey_weights *weights = NULL;
            assert_true(k < 2000);
            covey__alloc_fail_at(k);
            status = covey_weights_open_file(&weights, path, &err);
            covey__alloc_fail_at(0);
            if (status != COVEY_OK && (status != COVEY_E_NOMEM || !err.message[0] || weights))
                fail_msg("%s: allocation %zu: status %d, %s", path, k, (int)status, err.message);
            covey_weights_free(weights);
        }
    }
    model_fini(&model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_gives_the_same_weights),
        cmocka_unit_test(narrower_and_exact_types_are_converted),
        cmocka_unit_test(wrong_shapes_are_named),
        cmocka_unit_test(missing_tensors_are_named),
        cmocka_unit_test(numbers_that_are_none_are_refused),
        cmocka_unit_test(integers_and_inexact_doubles_are_refused),
        cmocka_unit_test(other_namings_of_a_state_dict_fit),
        cmocka_unit_test(a_classifier_is_ignored_even_if_broken),
        cmocka_unit_test(names_are_chosen_and_guarded),
        cmocka_unit_test(colour_follows_the_origin),
        cmocka_unit_test(what_is_no_weights_is_refused),
        cmocka_unit_test(truncated_files_are_refused),
        cmocka_unit_test(memory_may_run_out_at_any_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
