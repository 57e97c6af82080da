/* SPDX-License-Identifier: MIT */
/* Zip files that hold something else, or lie. */
#include "weights_files.h"

static void zips_without_weights_are_refused(void **state) {
    (void)state;
    covey_error err;
    file_model model;
    char path[320];
    model_init(&model, tiny_channels);
    model_path(path, &model, "x.zip");
    zip_t *zip = create_zip(path);
    add_entry(zip, "readme.txt", "nothing here", 12, ZIP_CM_STORE);
    assert_int_equal(zip_close(zip), 0);
    assert_refused(path, COVEY_E_FORMAT, "without weights");
    zip = create_zip(path);
    add_entry(zip, "a.onnx", "one", 3, ZIP_CM_STORE);
    add_entry(zip, "b.onnx", "two", 3, ZIP_CM_STORE);
    assert_int_equal(zip_close(zip), 0);
    assert_refused(path, COVEY_E_FORMAT, "several .onnx files");
    zip = create_zip(path);
    add_entry(zip, "a.onnx", "\x08\x07 this is none", 15, ZIP_CM_STORE);
    assert_int_equal(zip_close(zip), 0);
    assert_refused(path, COVEY_E_FORMAT, "ONNX");
    model_fini(&model);
}

/* Overwrites the uncompressed size of the only entry, in both places where a zip file says it. */
static void claim_size(covey__text *file, uint32_t size) {
    int places = 0;
    for (size_t i = 0; i + 30 < file->size; ++i) {
        size_t at = memcmp(file->data + i, "PK\3\4", 4) == 0   ? i + 22
                    : memcmp(file->data + i, "PK\1\2", 4) == 0 ? i + 24
                                                               : 0;
        if (at) {
            memcpy(file->data + at, &size, 4);
            ++places;
        }
    }
    assert_int_equal(places, 2);
}

static void claimed_sizes_are_not_believed(void **state) {
    (void)state;
    covey_error err;
    file_model model;
    char path[320];
    model_init(&model, tiny_channels);
    model_path(path, &model, "bomb.whl");
    zip_t *zip = create_zip(path);
    char *zeros = calloc(1, 100000);
    add_entry(zip, "a.onnx", zeros, 100000, ZIP_CM_DEFLATE);
    assert_int_equal(zip_close(zip), 0);
    free(zeros);
    covey__text whole = {0};
    read_whole(&whole, path);
    claim_size(&whole, 0x7FFFFFF0);
    covey_test_write(path, whole.data, whole.size);
    /* Refused before memory is taken: the first large allocation would fail. */
    assert_refused(path, COVEY_E_FORMAT, "which it cannot have");
    covey__text_fini(&whole);
    model_fini(&model);
}

static void changed_numbers_fail_their_crc(void **state) {
    (void)state;
    covey_error err;
    file_model model;
    char path[320];
    covey__text whole = {0};
    model_init(&model, tiny_channels);
    model_path(path, &model, "x.pth");
    write_torch_zip(path, &model, ZIP_CM_STORE, NULL, "little");
    read_whole(&whole, path);
    char *number = memmem(whole.data, whole.size, model.tensor[6].value, 400);
    assert_non_null(number);
    number[200] ^= 1;
    covey_test_write(path, whole.data, whole.size);
    assert_refused(path, COVEY_E_FORMAT, "damaged");
    covey__text_fini(&whole);
    model_fini(&model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zips_without_weights_are_refused),
        cmocka_unit_test(claimed_sizes_are_not_believed),
        cmocka_unit_test(changed_numbers_fail_their_crc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
