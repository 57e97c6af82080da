/* SPDX-License-Identifier: MIT */
/* The catalogue of sentences, and the page in each of its languages. */
#include "covey_test.h"

#include <math.h>

#include "base_internal.h"
#include "report_fixture.h"
#include "report_internal.h"

static covey_error err;

static const char *const names[] = {
#define COVEY_LOSS_TITLE(name, persian)
#define COVEY_MESSAGE(name, english, persian) #name,
#include "report_messages.def"
#undef COVEY_MESSAGE
#undef COVEY_LOSS_TITLE
};

/* Bit i: {i} occurs. Anything else in braces would be shown as it stands. */
static unsigned placeholders(const char *text, const char *name) {
    unsigned found = 0;
    for (; (text = strchr(text, '{')); ++text) {
        if (text[1] < '0' || text[1] > '9' || text[2] != '}')
            fail_msg("%s: a brace that is no placeholder: %s", name, text);
        found |= 1u << (text[1] - '0');
    }
    return found;
}

static void test_languages_take_the_same_arguments(void **state) {
    (void)state;
    for (int m = 0; m < COVEY__MSG_COUNT; ++m) {
        const char *english = covey__message_get(COVEY_LANGUAGE_EN, (covey__message)m);
        for (int l = 1; l < COVEY_LANGUAGE_COUNT; ++l) {
            const char *other = covey__message_get((covey_language)l, (covey__message)m);
            if (placeholders(english, names[m]) != placeholders(other, names[m]))
                fail_msg("%s: \"%s\" and \"%s\" take different arguments", names[m], english,
                         other);
            if (strstr(english, "{0}") == NULL && strcmp(english, other) == 0 &&
                strcmp(names[m], "FACT_VERSION") != 0)
                fail_msg("%s is not translated: %s", names[m], other);
        }
    }
}

/* Persian is written with Persian letters, and bidirectional marks are left to the page. */
static void test_persian_letters(void **state) {
    (void)state;
    static const char *const wrong[][2] = {
        {"\xD9\x8A", "Arabic yeh"},      {"\xD9\x83", "Arabic kaf"},
        {"\xE2\x80\x8E", "LRM"},         {"\xE2\x80\x8F", "RLM"},
        {"\xD9\xA0", "Arabic zero"},     {"?", "Latin question mark"},
        {" \xE2\x80\x8C", "space, ZWNJ"}, {"\xE2\x80\x8C ", "ZWNJ, space"},
    };
    for (int m = 0; m < COVEY__MSG_COUNT; ++m) {
        const char *text = covey__message_get(COVEY_LANGUAGE_FA, (covey__message)m);
        int changed;
        char *clean = covey__utf8_clean(text, &changed);
        covey__free(clean);
        if (changed)
            fail_msg("%s is not UTF-8", names[m]);
        for (size_t i = 0; i < sizeof wrong / sizeof *wrong; ++i)
            if (strstr(text, wrong[i][0]))
                fail_msg("%s holds %s: %s", names[m], wrong[i][1], text);
    }
}

static void test_losses_have_titles(void **state) {
    (void)state;
    const covey_loss_ops *ops;
    size_t count = 0;
    for (; (ops = covey_loss_get(count)); ++count) {
        assert_string_equal(covey__loss_title(COVEY_LANGUAGE_EN, ops), ops->title);
        const char *persian = covey__loss_title(COVEY_LANGUAGE_FA, ops);
        if ((unsigned char)persian[0] < 0xD8)
            fail_msg("%s has the Persian title %s", ops->name, persian);
        for (size_t i = 0; i < count; ++i)
            assert_string_not_equal(persian,
                                    covey__loss_title(COVEY_LANGUAGE_FA, covey_loss_get(i)));
    }
    assert_true(count > 6);
    covey_loss_ops own = *covey_loss_get(0);
    own.title = "My own";
    assert_string_equal(covey__loss_title(COVEY_LANGUAGE_FA, &own), "My own");
    own.title = NULL;
    own.name = "mine";
    assert_string_equal(covey__loss_title(COVEY_LANGUAGE_FA, &own), "mine");
}

static void test_numbers_in_persian_prose(void **state) {
    (void)state;
    const covey_language fa = COVEY_LANGUAGE_FA;
    assert_string_equal(covey__count(fa, 0).s, "۰");
    assert_string_equal(covey__count(fa, 1234567890).s, "۱٬۲۳۴٬۵۶۷٬۸۹۰");
    assert_string_equal(covey__percent(fa, 0.004).s, "۰٫۴٪");
    assert_string_equal(covey__percent(fa, 0.34).s, "۳۴٪");
    assert_string_equal(covey__duration(fa, 0.34).s, "۰٫۳\xC2\xA0ثانیه");
    assert_string_equal(covey__duration(fa, 125).s, "۲\xC2\xA0دقیقه و ۵\xC2\xA0ثانیه");
    assert_string_equal(covey__duration(fa, 7260).s, "۲\xC2\xA0ساعت و ۱\xC2\xA0دقیقه");
    assert_string_equal(covey__prose(fa, covey__fixed((double)NAN, 2)).s, "\xE2\x80\x93");
    assert_string_equal(covey__plural(fa, COVEY__MSG_PHOTO_ONE, COVEY__MSG_PHOTO_MANY, 12).s,
                        "۱۲ عکس");
    /* Data is data in every language. */
    assert_string_equal(covey__fixed(0.25, 2).s, "0.25");
    assert_string_equal(covey__significant(1234.5).s, "1234");
}

static char *page_in(covey_language language, const fixture_options *o) {
    char folder[256], path[300];
    covey_test_folder(folder);
    snprintf(path, sizeof path, "%s/report.html", folder);
    assert_int_equal(covey_report_language(path, COVEY_LANGUAGE_FA), COVEY_LANGUAGE_FA);
    covey_report_params params = covey_report_params_default();
    params.language = language;
    covey_run *run = fixture_new(o);
    assert_ok(covey_report_save_html(run, path, &params, &err));
    fixture_free(run);
    covey_language other = language ? COVEY_LANGUAGE_EN : COVEY_LANGUAGE_FA;
    assert_int_equal(covey_report_language(path, other), language);
    char *html;
    size_t size;
    assert_ok(covey__file_read(&html, &size, path, (size_t)1 << 30, &err));
    covey_test_remove(folder);
    return html;
}

/* Whatever a run holds, no English sentence is left on its Persian page, and the other way round. */
static void test_pages_speak_one_language(void **state) {
    (void)state;
    const fixture_options runs[] = {
        {.n = 40, .k = 4, .n_losses = 6, .photos = 1, .seeds = 10, .skips = 3, .trimmed = 2},
        {.n = 40, .k = 4, .n_losses = 1, .photos = 1, .empty = 1},
        {.n = 1300, .k = 3, .n_losses = 2},
        {.n = 5, .photos = 1, .skips = 40},
    };
    for (size_t r = 0; r < sizeof runs / sizeof *runs; ++r)
        for (int l = 0; l < COVEY_LANGUAGE_COUNT; ++l) {
            char *html = page_in((covey_language)l, &runs[r]);
            assert_non_null(strstr(html, l ? "<html lang=\"fa\" dir=\"rtl\">"
                                           : "<html lang=\"en\" dir=\"ltr\">"));
            for (int m = 0; m < COVEY__MSG_COUNT; ++m) {
                const char *own = covey__message_get((covey_language)l, (covey__message)m);
                const char *other = covey__message_get((covey_language)!l, (covey__message)m);
                char text[400], *brace;
                snprintf(text, sizeof text, ">%s", other);
                if ((brace = strchr(text, '{')))
                    *brace = '\0';
                /* Short ones occur within names, and some are the same in both. */
                if (strlen(text) > 9 && strncmp(own, other, strlen(text) - 1) != 0 &&
                    strstr(html, text))
                    fail_msg("run %zu in language %d says: %s", r, l, text);
            }
            covey_free(html);
        }
}

static void test_unknown_language(void **state) {
    (void)state;
    char folder[256], path[300];
    covey_test_folder(folder);
    snprintf(path, sizeof path, "%s/report.html", folder);
    const fixture_options o = {.n = 6, .k = 2, .n_losses = 1, .photos = 1};
    covey_run *run = fixture_new(&o);
    covey_report_params params = {.language = COVEY_LANGUAGE_COUNT};
    assert_status(covey_report_save_html(run, path, &params, &err), COVEY_E_ARGUMENT);
    assert_status(covey_figures_save_run(run, folder, (covey_language)-1, &err),
                  COVEY_E_ARGUMENT);
    assert_int_not_equal(access(path, F_OK), 0);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("<!DOCTYPE html>\n<html lang=\"fax\">", file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(covey_report_language(path, COVEY_LANGUAGE_EN), COVEY_LANGUAGE_EN);
    fixture_free(run);
    covey_test_remove(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_languages_take_the_same_arguments),
        cmocka_unit_test(test_persian_letters),
        cmocka_unit_test(test_losses_have_titles),
        cmocka_unit_test(test_numbers_in_persian_prose),
        cmocka_unit_test(test_pages_speak_one_language),
        cmocka_unit_test(test_unknown_language),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
