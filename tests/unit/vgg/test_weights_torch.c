/* SPDX-License-Identifier: MIT */
/* State dicts in the two forms of .pth: nesting, strides, views, lies. */
#include "weights_files.h"

/* A state dict by hand: the pickle's text replaces the usual one; storages 0..25 as usual. */
static void write_with(const char *path, const file_model *model, covey__text *pickle) {
    assert_false(pickle->failed);
    write_torch_zip(path, model, ZIP_CM_STORE, pickle, "little");
    covey__text_fini(pickle);
}

/* {"epoch": 3, "state_dict": {...}} */
static void a_checkpoint_holds_a_state_dict(void **state) {
    (void)state;
    covey_error err;
    file_model model;
    char path[320];
    model_init(&model, tiny_channels);
    covey__text pickle = {0};
    PICKLE(&pickle, "\x80\x02}(");
    pickle_text(&pickle, "epoch");
    pickle_number(&pickle, 3);
    pickle_text(&pickle, "state_dict");
    PICKLE(&pickle, "}(");
    for (size_t i = 0; i < model.count; ++i) {
        pickle_text(&pickle, model.tensor[i].name);
        pickle_tensor(&pickle, &model.tensor[i], i, 0);
    }
    PICKLE(&pickle, "uu.");
    model_path(path, &model, "checkpoint.pth");
    write_with(path, &model, &pickle);
    assert_imports(&model, path);
    model_fini(&model);
}

static void deflated_entries_are_read_too(void **state) {
    (void)state;
    covey_error err;
    file_model model;
    char path[320];
    model_init(&model, tiny_channels);
    model_path(path, &model, "deflated.pth");
    write_torch_zip(path, &model, ZIP_CM_DEFLATE, NULL, "little");
    assert_imports(&model, path);
    model_fini(&model);
}

/* One tensor [out][in][3][3] kept channels-last: strides (9 in, 1, 3 in, in). `offset` elements of
 * something else lie before it in the storage, and the storage claims `claimed` elements. */
static void pickle_strided(covey__text *out, const file_tensor *t, size_t key, uint64_t offset,
                           uint64_t claimed) {
    char text[24];
    uint64_t in = t->shape[1], stride[4] = {9 * in, 1, 3 * in, in};
    snprintf(text, sizeof text, "%zu", key);
    PICKLE(out, "ctorch._utils\n_rebuild_tensor\n((");
    pickle_text(out, "storage");
    PICKLE(out, "ctorch\nFloatStorage\n");
    pickle_text(out, text);
    pickle_text(out, "cuda:0");
    pickle_number(out, claimed);
    PICKLE(out, "tQ");
    pickle_number(out, offset);
    pickle_tuple(out, t->shape, 4);
    pickle_tuple(out, stride, 4);
    PICKLE(out, "tR");
}

static void write_strided(const char *path, const file_model *model, uint64_t offset,
                          uint64_t claimed_beyond) {
    file_model stored = *model;
    covey__text pickle = {0};
    float *moved[26];
    PICKLE(&pickle, "\x80\x02}(");
    for (size_t i = 0; i < model->count; ++i) {
        const file_tensor *t = &model->tensor[i];
        file_tensor *to = &stored.tensor[i];
        to->count = t->count + (t->rank == 4 ? offset : 0);
        moved[i] = to->value = calloc(to->count, sizeof *to->value);
        pickle_text(&pickle, t->name);
        if (t->rank == 1) {
            memcpy(to->value, t->value, t->count * sizeof *t->value);
            pickle_tensor(&pickle, t, i, 0);
            continue;
        }
        size_t in = t->shape[1], from = 0;
        for (size_t o = 0; o < t->shape[0]; ++o)
            for (size_t c = 0; c < in; ++c)
                for (size_t s = 0; s < 9; ++s)
                    to->value[offset + (o * 9 + s) * in + c] = t->value[from++];
        pickle_strided(&pickle, t, i, offset, to->count + claimed_beyond);
    }
    PICKLE(&pickle, "u.");
    write_with(path, &stored, &pickle);
    for (size_t i = 0; i < model->count; ++i)
        free(moved[i]);
}

static void strides_and_offsets_are_followed(void **state) {
    (void)state;
    covey_error err;
    file_model model;
    char path[320];
    model_init(&model, tiny_channels);
    model_path(path, &model, "strided.pth");
    write_strided(path, &model, 0, 0);
    assert_imports(&model, path);
    write_strided(path, &model, 70000, 0);
    assert_imports(&model, path);
    model_fini(&model);
}

static void storages_that_lie_about_their_size_are_refused(void **state) {
    (void)state;
    covey_error err;
    file_model model;
    char path[320];
    model_init(&model, tiny_channels);
    model_path(path, &model, "lies.pth");
    /* The pickle promises what the entry does not have. */
    covey__text pickle = {0};
    model.tensor[2].count -= 1;
    write_torch_zip(path, &model, ZIP_CM_STORE, NULL, "little");
    assert_refused(path, COVEY_E_FORMAT, "reaches beyond");
    model.tensor[2].count += 1;
    file_model shorter = model;
    pickle_state_dict(&pickle, &model, 0);
    shorter.tensor[2].count -= 1;
    write_with(path, &shorter, &pickle);
    assert_refused(path, COVEY_E_FORMAT, "has an entry of");
    model_fini(&model);
}

static void impossible_strides_are_refused(void **state) {
    (void)state;
    covey_error err;
    file_model model;
    char path[320];
    static const uint64_t steps[] = {(uint64_t)1 << 62, (uint64_t)1 << 40, 100000};
    for (size_t i = 0; i < LENGTH(steps); ++i) {
        covey__text pickle = {0};
        uint64_t stride[4] = {steps[i], 9, 3, 1};
        model_init(&model, tiny_channels);
        model_path(path, &model, "strides.pth");
        PICKLE(&pickle, "\x80\x02}(");
        for (size_t j = 0; j < model.count; ++j) {
            const file_tensor *t = &model.tensor[j];
            pickle_text(&pickle, t->name);
            if (j) {
                pickle_tensor(&pickle, t, j, 0);
                continue;
            }
            PICKLE(&pickle, "ctorch._utils\n_rebuild_tensor\n((");
            pickle_text(&pickle, "storage");
            PICKLE(&pickle, "ctorch\nFloatStorage\n");
            pickle_text(&pickle, "0");
            pickle_text(&pickle, "cpu");
            pickle_number(&pickle, (uint64_t)1 << 31);
            PICKLE(&pickle, "tQK\0");
            pickle_tuple(&pickle, t->shape, 4);
            pickle_tuple(&pickle, stride, 4);
            PICKLE(&pickle, "tR");
        }
        PICKLE(&pickle, "u.");
        write_with(path, &model, &pickle);
        assert_refused(path, i < 2 ? COVEY_E_FORMAT : COVEY_E_UNSUPPORTED,
                       i < 2 ? "reaches beyond" : "much larger");
        model_fini(&model);
    }
}

static void missing_storages_and_odd_roots_are_refused(void **state) {
    (void)state;
    covey_error err;
    file_model model;
    char path[320];
    model_init(&model, tiny_channels);
    model_path(path, &model, "odd.pth");
    covey__text pickle = {0};
    PICKLE(&pickle, "\x80\x02}");
    pickle_text(&pickle, "features.0.weight");
    pickle_tensor(&pickle, &model.tensor[0], 99, 0);
    PICKLE(&pickle, "s.");
    write_with(path, &model, &pickle);
    assert_refused(path, COVEY_E_FORMAT, "does not hold the numbers of features.0.weight");
    static const char *const keys[] = {"../../x", "0\n", ""};
    for (size_t i = 0; i < LENGTH(keys); ++i) {
        covey__text other = {0};
        PICKLE(&other, "\x80\x02}");
        pickle_text(&other, "features.0.weight");
        PICKLE(&other, "ctorch._utils\n_rebuild_tensor\n((");
        pickle_text(&other, "storage");
        PICKLE(&other, "ctorch\nFloatStorage\n");
        pickle_text(&other, keys[i]);
        PICKLE(&other, "NK\x01tQK\0K\x01\x85K\x01\x85tRs.");
        write_with(path, &model, &other);
        assert_refused(path, COVEY_E_FORMAT, "does not hold the numbers");
    }
    covey__text list = {0};
    PICKLE(&list, "\x80\x02].");
    write_with(path, &model, &list);
    assert_refused(path, COVEY_E_FORMAT, "no state dict");
    /* A dict that holds itself, twice: bounded by depth. */
    covey__text loop = {0};
    PICKLE(&loop, "\x80\x02}q\0(");
    pickle_text(&loop, "a");
    PICKLE(&loop, "h\0");
    pickle_text(&loop, "b");
    PICKLE(&loop, "h\0u.");
    write_with(path, &model, &loop);
    assert_refused(path, COVEY_E_FORMAT, "has no tensor features.0.weight");
    /* The same with a thousand keys: bounded by visits. */
    covey__text wide = {0};
    PICKLE(&wide, "\x80\x02}q\0(");
    for (int i = 0; i < 1000; ++i) {
        pickle_text(&wide, "k");
        PICKLE(&wide, "h\0");
    }
    PICKLE(&wide, "u.");
    write_with(path, &model, &wide);
    assert_refused(path, COVEY_E_LIMIT, "more than");
    write_torch_zip(path, &model, ZIP_CM_STORE, NULL, "big");
    assert_refused(path, COVEY_E_UNSUPPORTED, "big-endian");
    model_fini(&model);
}

static void hostile_globals_end_the_import(void **state) {
    (void)state;
    covey_error err;
    file_model model;
    char path[320];
    model_init(&model, tiny_channels);
    model_path(path, &model, "hostile.pth");
    covey__text pickle = {0};
    PICKLE(&pickle, "\x80\x02" "cposix\nsystem\n(");
    pickle_text(&pickle, "touch /tmp/x");
    PICKLE(&pickle, "tR.");
    write_with(path, &model, &pickle);
    assert_refused(path, COVEY_E_UNSUPPORTED, "posix.system");
    model_fini(&model);
}

static void older_files_with_lies_are_refused(void **state) {
    (void)state;
    covey_error err;
    file_model model;
    char path[320];
    model_init(&model, tiny_channels);
    model_path(path, &model, "older.pth");
    covey__text out = {0};
    PICKLE(&out, "\x80\x02}.........................");
    write_text(path, &out);
    assert_refused(path, COVEY_E_FORMAT, "not of PyTorch");
    out = (covey__text){0};
    PICKLE(&out, "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.");
    PICKLE(&out, "\x80\x02M\xea\x03.\x80\x02}.");
    write_text(path, &out);
    assert_refused(path, COVEY_E_UNSUPPORTED, "version");
    out = (covey__text){0};
    PICKLE(&out, "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.");
    PICKLE(&out, "\x80\x02M\xe9\x03.\x80\x02}");
    pickle_text(&out, "little_endian");
    PICKLE(&out, "\x89s.");
    write_text(path, &out);
    assert_refused(path, COVEY_E_UNSUPPORTED, "big-endian");
    /* A storage whose size reaches beyond the file, and one that overflows. */
    static const uint64_t sizes[] = {1000, UINT64_MAX, (uint64_t)1 << 62};
    for (size_t i = 0; i < LENGTH(sizes); ++i) {
        out = (covey__text){0};
        add_legacy_preamble(&out);
        PICKLE(&out, "\x80\x02}");
        pickle_text(&out, "features.0.weight");
        pickle_tensor(&out, &model.tensor[0], 0, 1);
        PICKLE(&out, "s.\x80\x02]");
        pickle_text(&out, "0");
        PICKLE(&out, "a.");
        add_little(&out, &sizes[i], 8);
        PICKLE(&out, "0123456789");
        write_text(path, &out);
        assert_refused(path, COVEY_E_FORMAT, "truncated");
    }
    model_fini(&model);
}

static void damaged_zip_files_are_survived(void **state) {
    (void)state;
    file_model model;
    char path[320];
    covey__text whole = {0};
    model_init(&model, tiny_channels);
    model_path(path, &model, "flips.pth");
    write_torch_zip(path, &model, ZIP_CM_DEFLATE, NULL, "little");
    read_whole(&whole, path);
    for (size_t i = 0; i < 300; ++i) {
        /* Half of the flips in the directory at the end, where the lies hurt. */
        size_t at = i % 2 ? whole.size - 1 - (i * 7) % 3000 : (i * 2654435761u) % whole.size;
        poke(path, at, (char)(whole.data[at] ^ 1 << i % 8));
        assert_survives(path);
        poke(path, at, whole.data[at]);
    }
    covey__text_fini(&whole);
    model_fini(&model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_checkpoint_holds_a_state_dict),
        cmocka_unit_test(deflated_entries_are_read_too),
        cmocka_unit_test(strides_and_offsets_are_followed),
        cmocka_unit_test(storages_that_lie_about_their_size_are_refused),
        cmocka_unit_test(impossible_strides_are_refused),
        cmocka_unit_test(missing_storages_and_odd_roots_are_refused),
        cmocka_unit_test(hostile_globals_end_the_import),
        cmocka_unit_test(older_files_with_lies_are_refused),
        cmocka_unit_test(damaged_zip_files_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
