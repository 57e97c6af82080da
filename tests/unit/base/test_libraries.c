/* SPDX-License-Identifier: MIT */
#include "covey_test.h"

static void each_library_says_its_version(void **state) {
    (void)state;
    static const char *const names[] = {"nlopt ",   "jansson ",   "libzip ",
                                        "libcrypto ", "sqlite "};
    const char *text = covey_libraries();
    for (size_t i = 0; i < LENGTH(names); ++i) {
        const char *at = strstr(text, names[i]);
        assert_non_null(at);
        char digit = at[strlen(names[i])];
        assert_true(digit >= '0' && digit <= '9');
    }
    assert_ptr_equal(text, covey_libraries());
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_library_says_its_version)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
