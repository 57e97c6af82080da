/* SPDX-License-Identifier: MIT */
#include "covey_test.h"

#include "base_internal.h"

/* FIPS 180-2, appendix B, and the empty message of NIST's examples. */
static const struct {
    const char *message, *digest;
    size_t repeat;
} answers[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", 1},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", 1},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1", 1},
    {"a", "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0", 1000000},
};

static void known_answers(void **state) {
    (void)state;
    covey_error err;
    char folder[256], path[300];
    covey_test_folder(folder);
    snprintf(path, sizeof path, "%s/message", folder);
    for (size_t i = 0; i < LENGTH(answers); ++i) {
        covey__text text = {0};
        uint8_t digest[32];
        uint64_t size;
        char hexadecimal[65];
        covey__text_add(&text, "");
        for (size_t j = 0; j < answers[i].repeat; ++j)
            covey__text_add(&text, answers[i].message);
        covey__sha256(digest, text.data, text.size);
        covey__hex(hexadecimal, digest, 32);
        assert_string_equal(hexadecimal, answers[i].digest);
        covey_test_write(path, text.data, text.size);
        memset(digest, 0, sizeof digest);
        assert_ok(covey__sha256_file(digest, &size, path, &err));
        covey__hex(hexadecimal, digest, 32);
        assert_string_equal(hexadecimal, answers[i].digest);
        assert_int_equal(size, text.size);
        covey__text_fini(&text);
    }
    covey_test_remove(folder);
}

static void hexadecimal_is_lower_case(void **state) {
    (void)state;
    char out[9];
    covey__hex(out, (const uint8_t[]){0x00, 0x9F, 0xAB, 0xFF}, 4);
    assert_string_equal(out, "009fabff");
    covey__hex(out, NULL, 0);
    assert_string_equal(out, "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(hexadecimal_is_lower_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
