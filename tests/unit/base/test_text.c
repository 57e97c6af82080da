/* SPDX-License-Identifier: MIT */
#include "covey_test.h"

#include <float.h>

#include "base_internal.h"

static void text_grows(void **state) {
    (void)state;
    covey__text text = {0};
    for (int i = 0; i < 2000; ++i)
        covey__text_addf(&text, "%d,", i % 10);
    covey__text_add_bytes(&text, "\0end", 4);
    covey__text_add_bytes(&text, NULL, 0);
    assert_false(text.failed);
    assert_int_equal(text.size, 4004);
    assert_memory_equal(text.data + 3998, "9,\0end\0", 7);
    covey__text_fini(&text);
    assert_null(text.data);
    covey__text_fini(&text);
}

static void failure_is_sticky_and_loses_nothing(void **state) {
    (void)state;
    covey__text text = {0};
    covey__text_add(&text, "kept");
    char big[1000];
    memset(big, 'x', sizeof big);
    covey__alloc_fail_at(1);
    covey__text_add_bytes(&text, big, sizeof big);
    covey__alloc_fail_at(0);
    assert_true(text.failed);
    covey__text_add(&text, "more");
    assert_true(text.failed);
    assert_string_equal(text.data, "kept");
    covey__text_fini(&text);
}

static void check_csv(const char *field, const char *written) {
    covey__text text = {0};
    covey__text_add_csv(&text, field);
    assert_string_equal(text.data, written);
    covey__text_fini(&text);
}

static void csv_is_quoted_where_needed(void **state) {
    (void)state;
    check_csv("plain name.jpg", "plain name.jpg");
    check_csv("", "");
    check_csv("a,b", "\"a,b\"");
    check_csv("say \"hi\"", "\"say \"\"hi\"\"\"");
    check_csv("\"", "\"\"\"\"");
    check_csv("two\nlines", "\"two\nlines\"");
    check_csv("cr\r", "\"cr\r\"");
    check_csv("\xFF\x80", "\xFF\x80"); /* raw bytes stay */
}

/* The buffer has one byte beyond its end, as covey__file_read gives it. */
static void check_record(char *line, int fields, const char *const *expected) {
    char *cursor = line, *end = line + strlen(line), *field[8];
    assert_int_equal(covey__csv_next(&cursor, end, field, 8), fields);
    for (int i = 0; i < fields; ++i)
        assert_string_equal(field[i], expected[i]);
    if (fields >= 0)
        assert_int_equal(covey__csv_next(&cursor, end, field, 8), 0);
}

static void csv_is_split(void **state) {
    (void)state;
    char a[] = "one,two,,four", b[] = "\"a,b\",\"say \"\"hi\"\"\"\r\n", c[] = ",\n", d[] = "x\r",
         e[] = "\"two\nlines\",z";
    check_record(a, 4, (const char *[]){"one", "two", "", "four"});
    check_record(b, 2, (const char *[]){"a,b", "say \"hi\""});
    check_record(c, 2, (const char *[]){"", ""});
    check_record(d, 1, (const char *[]){"x"});
    check_record(e, 2, (const char *[]){"two\nlines", "z"});
    char f[] = "\"open", g[] = "\"a\"b,c", h[] = "\"";
    check_record(f, -1, NULL);
    check_record(g, -1, NULL);
    check_record(h, -1, NULL);
    char many[] = "1,2,3,4\n5\n", *cursor = many, *end = many + strlen(many), *field[2];
    assert_int_equal(covey__csv_next(&cursor, end, field, 2), 4);
    assert_string_equal(field[1], "2");
    assert_int_equal(covey__csv_next(&cursor, end, field, 2), 1);
    assert_string_equal(field[0], "5");
    assert_int_equal(covey__csv_next(&cursor, end, field, 2), 0);
}

static void csv_comes_back_as_it_was_written(void **state) {
    (void)state;
    static const char *const names[] = {"a", "b,c", "\"q\"", "l\n\"\r\n,", "\xFF", "", " x "};
    covey__text text = {0};
    for (size_t i = 0; i < LENGTH(names); ++i) {
        covey__text_add(&text, i ? "," : "");
        covey__text_add_csv(&text, names[i]);
    }
    covey__text_add(&text, "\r\n");
    char *cursor = text.data, *field[8];
    assert_int_equal(covey__csv_next(&cursor, text.data + text.size, field, 8), 7);
    for (size_t i = 0; i < LENGTH(names); ++i)
        assert_string_equal(field[i], names[i]);
    covey__text_fini(&text);
}

static void html_is_escaped(void **state) {
    (void)state;
    covey__text text = {0};
    covey__text_add_html(&text, "<b>&\"'</b> caf\xC3\xA9 \xF0\x9F\x90\x90 \xFF\n");
    assert_string_equal(text.data, "&lt;b&gt;&amp;&quot;&#39;&lt;/b&gt; caf\xC3\xA9 "
                                   "\xF0\x9F\x90\x90 \xEF\xBF\xBD\xEF\xBF\xBD");
    covey__text_fini(&text);
}

static void utf8_is_told_from_what_is_not(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
    } rows[] = {
        {"a", 1},           {"\xC3\xA9", 2},         {"\xE2\x82\xAC", 3}, {"\xF0\x9F\x90\x90", 4},
        {"\xC0\x80", 0},    {"\xC1\xBF", 0},         {"\xE0\x9F\xBF", 0}, {"\xE0\xA0\x80", 3},
        {"\xED\x9F\xBF", 3}, {"\xED\xA0\x80", 0},    {"\xEF\xBF\xBF", 3}, {"\xF0\x8F\xBF\xBF", 0},
        {"\xF4\x8F\xBF\xBF", 4}, {"\xF4\x90\x80\x80", 0}, {"\xF5\x80\x80\x80", 0}, {"\x80", 0},
        {"\xC3", 0},        {"\xE2\x82", 0},         {"\xF0\x9F\x90", 0}, {"\xFF", 0},
    };
    for (size_t i = 0; i < LENGTH(rows); ++i)
        assert_int_equal(covey__utf8_length(rows[i].bytes), rows[i].length);
    int changed;
    char *clean = covey__utf8_clean("ok caf\xC3\xA9", &changed);
    assert_string_equal(clean, "ok caf\xC3\xA9");
    assert_false(changed);
    covey__free(clean);
    clean = covey__utf8_clean("a\xFF\tb", &changed);
    assert_string_equal(clean, "a\xEF\xBF\xBD\xEF\xBF\xBD" "b");
    assert_true(changed);
    covey__free(clean);
    clean = covey__utf8_clean("", &changed);
    assert_string_equal(clean, "");
    covey__free(clean);
}

static void check_double(double value, const char *written) {
    covey__text text = {0};
    covey__text_add_double(&text, value);
    assert_string_equal(text.data, written);
    covey__text_fini(&text);
}

static void check_float(float value, const char *written) {
    covey__text text = {0};
    covey__text_add_float(&text, value);
    assert_string_equal(text.data, written);
    covey__text_fini(&text);
}

static void numbers_are_short_and_exact(void **state) {
    (void)state;
    check_double(0.1, "0.1");
    check_double(1.0 / 3.0, "0.3333333333333333");
    check_double(0.1 + 0.2, "0.30000000000000004");
    check_double(1e22, "1e+22");
    check_double(-0.0, "-0");
    check_double(100, "100");
    check_double(5e-324, "5e-324");
    check_double(DBL_MAX, "1.7976931348623157e+308");
    check_double(NAN, "nan");
    check_double(-INFINITY, "-inf");
    check_float(0.1f, "0.1");
    check_float(1.0f / 3.0f, "0.33333334");
    check_float(16777217.0f, "16777216");
    check_float(1e-45f, "1e-45");
    check_float(FLT_MAX, "3.4028235e+38");
    for (int i = 0; i < 20000; ++i) {
        /* Bit patterns all over the range. */
        uint64_t bits = (uint64_t)i * 0x9E3779B97F4A7C15u;
        double value, back;
        memcpy(&value, &bits, 8);
        if (!isfinite(value))
            continue;
        covey__text text = {0};
        covey__text_add_double(&text, value);
        back = strtod(text.data, NULL);
        assert_memory_equal(&back, &value, 8);
        covey__text_fini(&text);
    }
}

static void near_misses_are_found(void **state) {
    (void)state;
    static const char *const names[] = {"huber", "square", "absolute", "pseudo_huber", NULL};
    assert_string_equal(covey__nearest_name("hubert", names), "huber");
    assert_string_equal(covey__nearest_name("huber", names), "huber");
    assert_string_equal(covey__nearest_name("sqare", names), "square");
    assert_string_equal(covey__nearest_name("pseudohuber", names), "pseudo_huber");
    assert_null(covey__nearest_name("correntropy", names));
    assert_null(covey__nearest_name("", names));
    char longest[200];
    memset(longest, 'x', sizeof longest);
    longest[199] = '\0';
    assert_null(covey__nearest_name(longest, names));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_grows),
        cmocka_unit_test(failure_is_sticky_and_loses_nothing),
        cmocka_unit_test(csv_is_quoted_where_needed),
        cmocka_unit_test(csv_is_split),
        cmocka_unit_test(csv_comes_back_as_it_was_written),
        cmocka_unit_test(html_is_escaped),
        cmocka_unit_test(utf8_is_told_from_what_is_not),
        cmocka_unit_test(numbers_are_short_and_exact),
        cmocka_unit_test(near_misses_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
