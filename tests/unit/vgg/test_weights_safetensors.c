/* SPDX-License-Identifier: MIT */
/* .safetensors: every place is checked. */
#include "weights_files.h"

static void broken_headers_are_refused(void **state) {
    (void)state;
    covey_error err;
    file_model model;
    char path[320];
    static const struct {
        const char *header, *words;
        covey_status status;
    } cases[] = {
        {"{\"a\"", "broken", COVEY_E_FORMAT},
        {"{} trailing", "broken", COVEY_E_FORMAT},
        {"{\"a\":{},\"a\":{}}", "broken", COVEY_E_FORMAT},
        {"{\"a\":3}", "does not say", COVEY_E_FORMAT},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", "does not say", COVEY_E_FORMAT},
        {"{\"a\":{\"dtype\":4,\"shape\":[2],\"data_offsets\":[0,8]}}", "does not say",
         COVEY_E_FORMAT},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8,9]}}", "does not say",
         COVEY_E_FORMAT},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8.0]}}", "does not say",
         COVEY_E_FORMAT},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[-8,0]}}", "does not say",
         COVEY_E_FORMAT},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,2],\"data_offsets\":[0,8]}}",
         "does not say", COVEY_E_FORMAT},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}", "impossible shape",
         COVEY_E_FORMAT},
        {"{\"a\":{\"dtype\":\"F33\",\"shape\":[2],\"data_offsets\":[0,8]}}", "F33",
         COVEY_E_UNSUPPORTED},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", "beyond its end",
         COVEY_E_FORMAT},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[20],\"data_offsets\":[0,80]}}", "beyond its end",
         COVEY_E_FORMAT},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,12]}}", "does not fit",
         COVEY_E_FORMAT},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296,4],"
         "\"data_offsets\":[0,0]}}",
         "does not fit", COVEY_E_FORMAT},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904],\"data_offsets\":[0,0]}}",
         "does not fit", COVEY_E_FORMAT},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
         "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}",
         "overlap at byte 4", COVEY_E_FORMAT},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
         "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[8,12]}}",
         "leave a gap at byte 4", COVEY_E_FORMAT},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
         "4 bytes that belong to no tensor", COVEY_E_FORMAT},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]}}",
         "has no tensor features.0.weight", COVEY_E_FORMAT},
    };
    model_init(&model, tiny_channels);
    model_path(path, &model, "x.safetensors");
    for (size_t i = 0; i < LENGTH(cases); ++i) {
        write_safetensors_of(path, cases[i].header, "0123456789ab", 12);
        assert_refused(path, cases[i].status, cases[i].words);
    }
    model_fini(&model);
}

static void header_sizes_are_checked(void **state) {
    (void)state;
    covey_error err;
    file_model model;
    char path[320];
    model_init(&model, tiny_channels);
    model_path(path, &model, "x.safetensors");
    unsigned char bytes[40] = {200, 0, 0, 0, 0, 0, 0, 0, '{'};
    covey_test_write(path, bytes, sizeof bytes);
    assert_refused(path, COVEY_E_FORMAT, "truncated");
    memset(bytes, 0xFF, 8);
    covey_test_write(path, bytes, sizeof bytes);
    assert_refused(path, COVEY_E_FORMAT, "not a file of weights");
    memset(bytes, 0, 8);
    covey_test_write(path, bytes, sizeof bytes);
    assert_refused(path, COVEY_E_FORMAT, " ");
    /* A sparse file that claims 17 MB of header. */
    bytes[0] = bytes[1] = bytes[2] = 0;
    bytes[3] = 1;
    bytes[2] = 16;
    covey_test_write(path, bytes, sizeof bytes);
    assert_int_equal(truncate(path, 20 << 20), 0);
    assert_refused(path, COVEY_E_LIMIT, "header of");
    model_fini(&model);
}

static void damage_is_survived(void **state) {
    (void)state;
    file_model model;
    char path[320];
    covey__text whole = {0};
    model_init(&model, tiny_channels);
    model_path(path, &model, "flips.safetensors");
    write_safetensors(path, &model);
    read_whole(&whole, path);
    for (size_t i = 0; i < 600; ++i) {
        size_t at = i % 4 ? (i * 4) % 2400 : (i * 2654435761u) % whole.size;
        poke(path, at, (char)(i * 37));
        assert_survives(path);
        poke(path, at, whole.data[at]);
    }
    covey__text_fini(&whole);
    model_fini(&model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(broken_headers_are_refused),
        cmocka_unit_test(header_sizes_are_checked),
        cmocka_unit_test(damage_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
