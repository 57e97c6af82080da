/* SPDX-License-Identifier: MIT */
#include "covey_test.h"

#include <errno.h>
#include <locale.h>

#include "base_internal.h"

static void every_status_has_its_sentence(void **state) {
    (void)state;
    static const struct {
        covey_status status;
        int value;
        const char *sentence;
    } rows[] = {
#define ROW(name, value, sentence) {COVEY_##name, value, sentence},
        COVEY_STATUS_MAP(ROW)
#undef ROW
    };
    for (size_t i = 0; i < LENGTH(rows); ++i) {
        assert_int_equal(rows[i].status, rows[i].value);
        assert_string_equal(covey_status_str(rows[i].status), rows[i].sentence);
        for (size_t j = 0; j < i; ++j)
            assert_int_not_equal(rows[i].value, rows[j].value);
    }
    assert_int_equal(COVEY_OK, 0);
    assert_int_equal(COVEY_E_NUMERIC, -14); /* values never change */
    assert_string_equal(covey_status_str((covey_status)77), "unknown status");
    assert_string_equal(covey_status_str((covey_status)-999), "unknown status");
}

static void failing_fills_the_error(void **state) {
    (void)state;
    covey_error err;
    memset(&err, 'x', sizeof err);
    assert_int_equal(covey__fail(&err, COVEY_E_LIMIT, "a/b", "%d is more than %d", 3, 2),
                     COVEY_E_LIMIT);
    assert_int_equal(err.status, COVEY_E_LIMIT);
    assert_string_equal(err.message, "3 is more than 2");
    assert_string_equal(err.path, "a/b");
    assert_int_equal(covey__fail(&err, COVEY_E_FORMAT, NULL, "x"), COVEY_E_FORMAT);
    assert_string_equal(err.path, "");
    assert_int_equal(covey__fail(NULL, COVEY_E_IO, "p", "nobody listens"), COVEY_E_IO);
}

static void errno_becomes_a_status_and_a_reason(void **state) {
    (void)state;
    covey_error err;
    static const struct {
        int code;
        covey_status status;
    } rows[] = {{ENOENT, COVEY_E_NOT_FOUND}, {ENOMEM, COVEY_E_NOMEM}, {ENOSPC, COVEY_E_IO},
                {EACCES, COVEY_E_IO}};
    for (size_t i = 0; i < LENGTH(rows); ++i) {
        errno = rows[i].code;
        assert_int_equal(covey__fail_errno(&err, "file", "could not be read"), rows[i].status);
        assert_int_equal(strncmp(err.message, "could not be read: ", 19), 0);
        assert_non_null(strstr(err.message, strerror(rows[i].code)));
    }
}

static void sentences_are_always_utf8(void **state) {
    (void)state;
    covey_error err;
    covey__fail(&err, COVEY_E_FORMAT, "\xFF\x01", "type \xFF\xC3(\n\x7F caf\xC3\xA9");
    assert_string_equal(err.message, "type ?\?(?\? caf\xC3\xA9");
    assert_string_equal(err.path, "\xFF\x01"); /* raw bytes */
    /* Cut in the middle of a character: the half goes. */
    char name[1000];
    for (size_t i = 0; i + 1 < sizeof name; i += 2)
        memcpy(name + i, "\xC3\xA9", 2);
    name[sizeof name - 2] = '\0';
    for (int shift = 0; shift < 2; ++shift) {
        covey__fail(&err, COVEY_E_FORMAT, NULL, "%s%s", shift ? "x" : "", name);
        size_t length = strlen(err.message);
        assert_true(length >= sizeof err.message - 3 && length < sizeof err.message);
        for (const char *p = err.message; *p; p += covey__utf8_length(p))
            assert_int_not_equal(covey__utf8_length(p), 0);
    }
}

static void numbers_have_a_point_in_every_locale(void **state) {
    (void)state;
    static const char *const names[] = {"fa_IR.UTF-8", "de_DE.UTF-8", "fr_FR.UTF-8"};
    int found = 0;
    for (size_t i = 0; i < LENGTH(names); ++i) {
        if (!setlocale(LC_ALL, names[i]))
            continue;
        found = 1;
        covey_error err;
        covey__text text = {0};
        covey__fail(&err, COVEY_E_FORMAT, NULL, "%.2f", 1.5);
        covey__text_addf(&text, "%.2f ", 2.5);
        covey__text_add_double(&text, 0.1);
        char *printed = covey__asprintf("%.1f", 3.5);
        setlocale(LC_ALL, "C");
        assert_string_equal(err.message, "1.50");
        assert_string_equal(text.data, "2.50 0.1");
        assert_string_equal(printed, "3.5");
        covey__text_fini(&text);
        covey__free(printed);
    }
    if (!found) {
        print_message("no locale with another decimal sign is installed here\n");
        skip();
    }
}

static void version_agrees_with_the_header(void **state) {
    (void)state;
    char version[32];
    snprintf(version, sizeof version, "%d.%d.%d", COVEY_VERSION_MAJOR, COVEY_VERSION_MINOR,
             COVEY_VERSION_PATCH);
    assert_string_equal(covey_version(), version);
    assert_string_equal(covey_version(), COVEY_VERSION);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_its_sentence),
        cmocka_unit_test(failing_fills_the_error),
        cmocka_unit_test(errno_becomes_a_status_and_a_reason),
        cmocka_unit_test(sentences_are_always_utf8),
        cmocka_unit_test(numbers_have_a_point_in_every_locale),
        cmocka_unit_test(version_agrees_with_the_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
