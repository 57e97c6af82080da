/* SPDX-License-Identifier: MIT */
/* Features as other tools save them. The forms that a person meets are tried through the command
 * (tests/cli/unit/features_forms); here are types, lies, and memory that runs out. */
#include "covey/features.h"

#include <math.h>
#include <sys/stat.h>

#include "base_internal.h"
#include "covey_test.h"
#include "unit/vgg/weights_files.h"

static char folder[256], path[320];

static int set_up(void **state) {
    (void)state;
    covey_test_folder(folder);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    covey_test_remove(folder);
    return 0;
}

static const float numbers[6] = {1, -2, 3.5f, 0.25f, 8, 7};

/* A .safetensors of one tensor of this type and shape; `data` as in the file. */
static void write_tensor(const char *type, const char *shape, const void *data, size_t size) {
    covey__text text = {0};
    char header[200];
    snprintf(header, sizeof header,
             "{\"x\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[0,%zu]}}", type, shape, size);
    unsigned char length[8] = {(unsigned char)strlen(header)};
    covey__text_add_bytes(&text, length, 8);
    covey__text_add_bytes(&text, header, strlen(header));
    covey__text_add_bytes(&text, data, size);
    snprintf(path, sizeof path, "%s/x.safetensors", folder);
    covey_test_write(path, text.data, text.size);
    covey__text_fini(&text);
}

static void assert_numbers(const char *file, size_t rows, size_t cols) {
    covey_error err;
    covey_matrix x;
    assert_ok(covey_features_load(&x, file, &err));
    assert_int_equal(x.rows, rows);
    assert_int_equal(x.cols, cols);
    assert_int_equal((uintptr_t)x.data % 64, 0);
    assert_memory_equal(x.data, numbers, sizeof numbers);
    covey_matrix_fini(&x);
}

static void refuse(covey_status status, const char *words) {
    covey_error err;
    covey_matrix x = {NULL, 4, 5};
    assert_int_equal(covey_features_load(&x, path, &err), status);
    assert_non_null(strstr(err.message, words));
    assert_int_equal(x.rows, 4); /* untouched */
}

static void types_of_tensors(void **state) {
    (void)state;
    unsigned char raw[48];
    for (size_t i = 0; i < 6; ++i) { /* little-endian, whatever this machine is */
        double value = (double)numbers[i];
        uint64_t bits;
        memcpy(&bits, &value, 8);
        for (int byte = 0; byte < 8; ++byte)
            raw[8 * i + (size_t)byte] = (unsigned char)(bits >> 8 * byte);
    }
    write_tensor("F64", "[2,3]", raw, 48);
    assert_numbers(path, 2, 3);
    static const unsigned char halves[12] = {0x00, 0x3c, 0x00, 0xc0, 0x00, 0x43,
                                             0x00, 0x34, 0x00, 0x48, 0x00, 0x47};
    write_tensor("F16", "[3,2]", halves, 12);
    assert_numbers(path, 3, 2);
    write_tensor("I32", "[3,2]", raw, 24);
    refuse(COVEY_E_FORMAT, "no floating tensor");
    write_tensor("F16", "[3,2,1]", halves, 12);
    refuse(COVEY_E_FORMAT, "no floating tensor");
    write_tensor("F16", "[0,2]", halves, 0);
    refuse(COVEY_E_FORMAT, "is empty");
    static const unsigned char not_finite[4] = {0x00, 0x3c, 0x00, 0x7e};
    write_tensor("F16", "[2,1]", not_finite, 4);
    refuse(COVEY_E_NUMERIC, "row 1");
}

/* The .npz of an array that claims more rows than its member has bytes. */
static void a_header_is_not_believed(void **state) {
    (void)state;
    static const char head[] =
        "{'descr': '<f4', 'fortran_order': False, 'shape': (9999999, 99), }\n";
    covey__text text = {0};
    unsigned char start[10] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, sizeof head - 1, 0};
    covey__text_add_bytes(&text, start, 10);
    covey__text_add_bytes(&text, head, sizeof head - 1);
    covey__text_add_bytes(&text, numbers, sizeof numbers);
    snprintf(path, sizeof path, "%s/x.npz", folder);
    zip_t *zip = create_zip(path);
    add_entry(zip, "x.npy", text.data, text.size, ZIP_CM_DEFLATE);
    assert_int_equal(zip_close(zip), 0);
    covey__text_fini(&text);
    refuse(COVEY_E_FORMAT, "truncated");
    zip = create_zip(path);
    add_entry(zip, "readme.txt", "nothing", 7, ZIP_CM_STORE);
    assert_int_equal(zip_close(zip), 0);
    refuse(COVEY_E_FORMAT, "without an array");
    snprintf(path, sizeof path, "%s/none.npz", folder);
    refuse(COVEY_E_NOT_FOUND, "could not be opened");
}

/* A folder of the three forms, in the order of names. */
static void make_folder(void) {
    covey_error err;
    char file[400];
    covey__text text = {0};
    write_tensor("F16", "[2]", (const unsigned char[]){0x00, 0x3c, 0x00, 0xc0}, 4);
    snprintf(file, sizeof file, "%s/sub", folder);
    mkdir(file, 0777);
    snprintf(file, sizeof file, "%s/sub/a.safetensors", folder);
    assert_int_equal(rename(path, file), 0);
    snprintf(file, sizeof file, "%s/sub/c.npy", folder);
    assert_ok(covey_npy_save_f32(file, numbers + 4, 1, 2, &err));
    read_whole(&text, file);
    memcpy(text.data + text.size - 8, numbers + 2, 8);
    snprintf(file, sizeof file, "%s/sub/b.npz", folder);
    zip_t *zip = create_zip(file);
    add_entry(zip, "arr_0.npy", text.data, text.size, ZIP_CM_STORE);
    assert_int_equal(zip_close(zip), 0);
    covey__text_fini(&text);
    snprintf(path, sizeof path, "%s/sub", folder);
}

static void a_folder_in_the_order_of_names(void **state) {
    (void)state;
    make_folder();
    assert_numbers(path, 3, 2);
}

static void memory_runs_out(void **state) {
    (void)state;
    covey_error err;
    covey_matrix x;
    make_folder();
    covey__alloc_fail_at(0);
    assert_ok(covey_features_load(&x, path, &err));
    covey_matrix_fini(&x);
    size_t count = covey__alloc_count();
    assert_true(count > 10);
    for (size_t k = 1; k <= count; ++k) {
        covey__alloc_fail_at(k);
        covey_status status = covey_features_load(&x, path, &err);
        covey__alloc_fail_at(0);
        if (status == COVEY_OK)
            covey_matrix_fini(&x);
        else
            assert_int_equal(status, COVEY_E_NOMEM);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(types_of_tensors, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_header_is_not_believed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_folder_in_the_order_of_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(memory_runs_out, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
