/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "covey_test.h"

#include "base_internal.h"
#include "report_fixture.h"
#include "report_internal.h"

static covey_error err;

/* The page of a run made by `o`, as text; freed by the caller. */
static char *page_of(const fixture_options *o, size_t inline_limit, size_t *size) {
    char folder[256], path[300];
    covey_test_folder(folder);
    snprintf(path, sizeof path, "%s/report.html", folder);
    covey_run *run = fixture_new(o);
    covey_report_params params = covey_report_params_default();
    params.inline_limit = inline_limit;
    assert_ok(covey_report_save_html(run, path, &params, &err));
    fixture_free(run);
    char *html;
    assert_ok(covey__file_read(&html, size, path, (size_t)1 << 30, &err));
    covey_test_remove(folder);
    return html;
}

static size_t count_of(const char *text, const char *what) {
    size_t count = 0;
    for (; (text = strstr(text, what)); text += strlen(what))
        ++count;
    return count;
}

#define assert_has(html, what)                                                                   \
    do {                                                                                         \
        if (!strstr((html), (what)))                                                             \
            fail_msg("the page lacks: %s", (what));                                              \
    } while (0)
#define assert_lacks(html, what)                                                                 \
    do {                                                                                         \
        if (strstr((html), (what)))                                                              \
            fail_msg("the page must not hold: %s", (what));                                      \
    } while (0)

/* ---- a small checker of well-formedness ------------------------------------------------------ */

static int is_void(const char *name) {
    static const char *const names[] = {"meta", "img", "br", "input", "link", "hr"};
    for (size_t i = 0; i < LENGTH(names); ++i)
        if (strcmp(name, names[i]) == 0)
            return 1;
    return 0;
}

/* Reads one tag at `p` ('<'): its name; *closing, *self; answers the place after '>'. Attributes
 * must be quoted and hold no '<'. */
static const char *read_tag(const char *p, char name[32], int *closing, int *self) {
    const char *start = p++;
    *closing = *p == '/';
    p += *closing;
    size_t n = 0;
    while ((*p >= 'a' && *p <= 'z') || (n && *p >= '0' && *p <= '9')) {
        assert_true(n < 31);
        name[n++] = *p++;
    }
    name[n] = '\0';
    if (!n)
        fail_msg("a bare '<': %.60s", start);
    for (int quoted = 0; *p && (quoted || *p != '>'); ++p) {
        quoted ^= *p == '"';
        if (*p == '<')
            fail_msg("'<' inside a tag: %.80s", start);
        if (*p == '=' && !quoted && p[1] != '"')
            fail_msg("an unquoted attribute: %.80s", start);
    }
    assert_int_equal(*p, '>');
    *self = p[-1] == '/';
    return p + 1;
}

static void check_balanced(const char *html) {
    char stack[64][32];
    size_t depth = 0;
    assert_int_equal(strncmp(html, "<!DOCTYPE html>", 15), 0);
    const char *p = html + 15;
    while ((p = strchr(p, '<'))) {
        char name[32];
        int closing, self;
        const char *after = read_tag(p, name, &closing, &self);
        if (closing) {
            if (!depth || strcmp(stack[depth - 1], name) != 0)
                fail_msg("</%s> closes <%s>: %.80s", name, depth ? stack[depth - 1] : "nothing",
                         p);
            --depth;
        } else if (!self && !is_void(name)) {
            assert_true(depth < LENGTH(stack));
            strcpy(stack[depth++], name);
            if (strcmp(name, "script") == 0 || strcmp(name, "style") == 0) {
                after = strstr(after, name[1] == 'c' ? "</script>" : "</style>");
                assert_non_null(after);
            }
        }
        p = after;
    }
    if (depth)
        fail_msg("<%s> is never closed", stack[depth - 1]);
}

/* Each id once; each link into the page leads somewhere. */
static void check_links(const char *html) {
    for (const char *p = html; (p = strstr(p, " href=\"")); ++p) {
        char id[64], wanted[80];
        if (strncmp(p + 7, "data:image/svg+xml;base64,", 26) == 0)
            continue; /* the page's icon */
        assert_int_equal(p[7], '#');
        assert_int_equal(sscanf(p + 8, "%63[^\"]", id), 1);
        snprintf(wanted, sizeof wanted, " id=\"%s\"", id);
        if (count_of(html, wanted) != 1)
            fail_msg("%zu elements have the id %s", count_of(html, wanted), id);
    }
}

/* Nothing but data: and thumbs/ is named as a source, and no address of the net occurs. */
static void check_offline(const char *html) {
    /* The names of SVG, XHTML and their kin are no addresses: nothing is fetched by them. */
    assert_int_equal(count_of(html, "http:"), count_of(html, "\"http://www.w3.org/"));
    assert_lacks(html, "https:");
    assert_lacks(html, "@import");
    assert_lacks(html, " style=\"");
    assert_lacks(html, " onclick");
    for (const char *p = html; (p = strstr(p, " src=\"")); ++p)
        assert_true(strncmp(p + 6, "data:image/jpeg;base64,", 23) == 0 ||
                    strncmp(p + 6, "thumbs/", 7) == 0);
}

static void check_whole(const char *html) {
    check_balanced(html);
    check_links(html);
    check_offline(html);
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void test_shapes_of_runs(void **state) {
    (void)state;
    static const fixture_options shapes[] = {
        {.n = 40, .k = 5, .n_losses = 6, .photos = 1, .seeds = 10, .skips = 2},
        {.n = 1, .k = 1, .n_losses = 1, .photos = 1},
        {.n = 2, .k = 1, .n_losses = 2, .photos = 1},
        {.n = 30, .k = 3, .n_losses = 1, .photos = 1, .seeds = 4, .skips = 60},
        {.n = 400, .k = 200, .n_losses = 3, .photos = 1},
        {.n = 30, .k = 6, .n_losses = 3, .photos = 1, .empty = 2},
        {.n = 30, .k = 4, .n_losses = 2, .photos = 1, .trimmed = 3},
        {.n = 900, .k = 3, .n_losses = 6},
        {.n = 20, .photos = 1, .skips = 1},
        {.n = 20},
    };
    for (size_t i = 0; i < LENGTH(shapes); ++i) {
        size_t size;
        char *html = page_of(&shapes[i], 0, &size);
        assert_int_equal(strlen(html), size);
        check_whole(html);
        if (shapes[i].photos)
            assert_int_equal(count_of(html, "<figure class=\"ph"), shapes[i].n);
        covey__free(html);
    }
}

static void test_photos_add_up(void **state) {
    (void)state;
    fixture_options o = {.n = 1200, .k = 4, .n_losses = 2, .photos = 1, .skips = 34};
    size_t size;
    char *html = page_of(&o, 0, &size);
    assert_has(html, "Covey sorted 1,200 photos into 4 groups.");
    assert_has(html, "1,234 found = 1,200 used + 34 skipped.");
    assert_int_equal(count_of(html, "<tr><td class=\"path\">"), 34);
    size_t sum = 0;
    for (const char *p = html; (p = strstr(p, "<span class=\"size\">")); ++p)
        sum += strtoul(p + 19, NULL, 10);
    assert_int_equal(sum, 1200);
    assert_has(html, "Karen Simonyan and Andrew Zisserman");
    assert_has(html, "CC BY 4.0");
    covey__free(html);
}

/* Undecided is what has no majority; rows that merely waver are shown where there are none. */
static void test_undecided(void **state) {
    (void)state;
    fixture_options o = {.n = 40, .k = 4, .n_losses = 2, .photos = 1};
    covey_run *run = fixture_new(&o);
    char folder[256], path[300], *html;
    size_t size;
    covey_test_folder(folder);
    snprintf(path, sizeof path, "%s/report.html", folder);
    static const struct {
        double row_5, row_7;
        const char *sentence, *intro;
        size_t cards;
    } cases[] = {
        {0.5, 0.75, "for 2 photos, no group has a majority", "No group has a majority of", 2},
        {0.25, 0.75, "for 1 photo, no group has a majority", "No group has a majority of", 1},
        {0.25, 0.125, "most of them agree on where each one", "These leave it most often", 2},
        {0, 0, "most of them agree on where each one", "Nothing is undecided", 0},
    };
    for (size_t i = 0; i < LENGTH(cases); ++i) {
        memset(run->comparison.disagreement, 0, 40 * sizeof(double));
        run->comparison.disagreement[5] = cases[i].row_5;
        run->comparison.disagreement[7] = cases[i].row_7;
        assert_ok(covey_report_save_html(run, path, NULL, &err));
        assert_ok(covey__file_read(&html, &size, path, (size_t)1 << 30, &err));
        assert_has(html, cases[i].sentence);
        assert_has(html, cases[i].intro);
        assert_int_equal(count_of(html, "<li class=\"doubt\">"), cases[i].cards);
        covey__free(html);
    }
    fixture_free(run);
    covey_test_remove(folder);
}

static void test_each_thumbnail_is_in_the_page_once(void **state) {
    (void)state;
    fixture_options o = {.n = 50, .k = 4, .n_losses = 6, .photos = 1};
    size_t size;
    char *html = page_of(&o, 0, &size);
    assert_int_equal(count_of(html, "data:image/jpeg;base64,/9j/2Q=="), 50);
    assert_lacks(html, "thumbs/");
    covey__free(html);
    /* Eight base64 letters each: 400 bytes are just enough, 399 are not. */
    html = page_of(&o, 400, &size);
    assert_int_equal(count_of(html, "data:image/jpeg;base64,"), 50);
    covey__free(html);
    html = page_of(&o, 399, &size);
    assert_lacks(html, "data:image/jpeg");
    assert_has(html, "loading=\"lazy\" src=\"thumbs/000049.jpg\"");
    check_whole(html);
    covey__free(html);
}

/* The numbers that the charts are drawn from: shares add up, curves start and end where they should. */
static void test_chart_data(void **state) {
    (void)state;
    fixture_options o = {.n = 200, .k = 4, .n_losses = 6, .photos = 1};
    size_t size;
    char *html = page_of(&o, 0, &size), *at = html;
    for (size_t found = 0; found < 3; ++found) { /* square, correntropy, epsilon: distances known */
        at = strstr(at, "\"share\":[");
        assert_non_null(at);
        double sum = 0;
        for (at += 9; *at != ']';)
            sum += strtod(at + 1, &at);
        assert_true(fabs(sum - 1) < 1e-6);
        at = strstr(at, "\"rho\":[0,");
        assert_non_null(at);
    }
    assert_has(html, "\"scaleNames\":[\"sigma\"]");
    assert_has(html, "id=\"chart-curves\"");
    assert_lacks(html, "id=\"chart-rounds\""); /* the fixture has no history */
    assert_lacks(html, "id=\"chart-k\"");
    covey__free(html);
}

static void test_hostile_names_stay_text(void **state) {
    (void)state;
    static char longest[256];
    memset(longest, 'x', 255);
    static const char *const names[] = {
        "</script><script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>.jpg",
        "' onmouseover='alert(1)",
        "a\nb\rc\td.jpg",
        "\xE2\x80\xAEgpj.exe \xD9\x81\xD8\xA7\xD8\xB1\xD8\xB3\xDB\x8C.jpg",
        "bad \xFF\xC3( \xED\xA0\x80.jpg",
        "&lt;already&gt;.jpg",
        "<!--",
        longest,
        "{0}{1}%s%n.jpg",
    };
    fixture_options o = {.n = LENGTH(names), .k = 2, .n_losses = 3, .photos = 1, .names = names};
    size_t size;
    char *html = page_of(&o, 0, &size);
    check_whole(html);
    assert_int_equal(count_of(html, "<script"), 2);
    assert_int_equal(count_of(html, "</script>"), 2);
    assert_lacks(html, "<img src=x");
    assert_lacks(html, "<!--");
    assert_lacks(html, "' onmouseover");
    assert_has(html, "&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;");
    assert_has(html, "a\xEF\xBF\xBD" "b\xEF\xBF\xBD" "c\xEF\xBF\xBD" "d.jpg");
    assert_has(html, "bad \xEF\xBF\xBD\xEF\xBF\xBD( ");
    assert_has(html, "&amp;lt;already&amp;gt;.jpg");
    assert_has(html, longest);
    assert_has(html, "{0}{1}%s%n.jpg");
    /* Directions do not leak out of a name. */
    assert_has(html, "<bdi>\xE2\x80\xAEgpj.exe");
    int changed;
    char *clean = covey__utf8_clean(html, &changed);
    assert_non_null(clean);
    for (size_t i = 0, j = 0; html[i]; ++i, ++j) {
        if (html[i] == '\n') { /* our own line ends are the only control characters */
            j += 2;
            continue;
        }
        assert_int_equal(html[i], clean[j]);
    }
    covey__free(clean);
    covey__free(html);
}

static void test_names_in_skips_roots_and_groups(void **state) {
    (void)state;
    fixture_options o = {.n = 6, .k = 2, .n_losses = 2, .photos = 1, .skips = 1};
    covey_run *run = fixture_new(&o);
    static const char *const groups[] = {"<b>beach</b>", NULL};
    run->names = (const char **)groups;
    run->n_names = 2;
    run->roots[0] = "/home/me/<i>\"x";
    run->skips[0].reason = "could not read <u>";
    free((void *)run->skips[0].path);
    run->skips[0].path = strcpy(fixture_calloc(32, 1), "<s>\x01.bmp");
    run->facts.command = "covey run \"/home/me/<i>\" --out=/var/tmp/<o> /a/b/ x/y </script>";
    char folder[256], path[300];
    covey_test_folder(folder);
    snprintf(path, sizeof path, "%s/report.html", folder);
    assert_ok(covey_report_save_html(run, path, NULL, &err));
    char *html;
    size_t size;
    assert_ok(covey__file_read(&html, &size, path, (size_t)1 << 30, &err));
    check_whole(html);
    assert_has(html, "&lt;b&gt;beach&lt;/b&gt;");
    assert_has(html, "<title>&lt;i&gt;&quot;x");
    assert_has(html, "could not read &lt;u&gt;");
    assert_has(html, "&lt;s&gt;\xEF\xBF\xBD.bmp");
    /* No absolute path in a page that may be passed on. */
    assert_lacks(html, "/home/me");
    assert_lacks(html, "/var/tmp");
    assert_has(html, "covey run &quot;\xE2\x80\xA6/&lt;i&gt;&quot; --out=\xE2\x80\xA6/&lt;o&gt; "
                     "\xE2\x80\xA6/b/ x/y &lt;/script&gt;");
    covey__free(html);
    free((void *)run->skips[0].path);
    run->skips[0].path = NULL;
    covey_test_remove(folder);
    fixture_free(run);
}

static void test_policy_names_the_digests_of_style_and_script(void **state) {
    (void)state;
    fixture_options o = {.n = 3, .k = 1, .n_losses = 1, .photos = 1};
    size_t size;
    char *html = page_of(&o, 0, &size);
    static const char *const ends[][2] = {{"<style>", "</style>"}, {"<script>", "</script>"}};
    for (size_t i = 0; i < LENGTH(ends); ++i) {
        const char *start = strstr(html, ends[i][0]) + strlen(ends[i][0]);
        const char *end = strstr(start, ends[i][1]);
        uint8_t digest[32];
        covey__sha256(digest, start, (size_t)(end - start));
        covey__text source = {0};
        covey__text_add(&source, i ? "script-src 'sha256-" : "style-src 'sha256-");
        covey__page_base64(&source, digest, sizeof digest);
        covey__text_add(&source, "'");
        assert_has(html, source.data);
        covey__text_fini(&source);
    }
    assert_has(html, "default-src 'none'");
    assert_lacks(html, "unsafe");
    /* D3 can write HTML, though nothing here asks it to: the policy forbids it to all. */
    assert_has(html, "require-trusted-types-for 'script'");
    assert_int_equal(count_of(covey__asset_page_js, "innerHTML"),
                     count_of(covey__asset_page_js, "this.innerHTML") +
                         count_of(covey__asset_page_js, "this.node().innerHTML"));
    assert_lacks(covey__asset_page_js, "eval(");
    assert_lacks(covey__asset_page_js, "fetch(");
    covey__free(html);
}

static void test_base64_against_rfc_4648(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"", ""},           {"f", "Zg=="},         {"fo", "Zm8="},        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < LENGTH(cases); ++i) {
        covey__text text = {0};
        covey__page_base64(&text, cases[i][0], strlen(cases[i][0]));
        assert_string_equal(text.data ? text.data : "", cases[i][1]);
        covey__text_fini(&text);
    }
    char long_input[3 * 256 + 1];
    memset(long_input, 0, sizeof long_input);
    covey__text text = {0};
    covey__page_base64(&text, long_input, sizeof long_input);
    assert_int_equal(text.size, 4 * 256 + 4);
    assert_string_equal(text.data + 4 * 256, "AA==");
    covey__text_fini(&text);
}

static void test_numbers(void **state) {
    (void)state;
    assert_string_equal(covey__count(COVEY_LANGUAGE_EN, 0).s, "0");
    assert_string_equal(covey__count(COVEY_LANGUAGE_EN, 1000).s, "1,000");
    assert_string_equal(covey__count(COVEY_LANGUAGE_EN, 1234567).s, "1,234,567");
    assert_string_equal(covey__percent(COVEY_LANGUAGE_EN, 0).s, "0\xC2\xA0%");
    assert_string_equal(covey__percent(COVEY_LANGUAGE_EN, 0.004).s, "0.4\xC2\xA0%");
    assert_string_equal(covey__percent(COVEY_LANGUAGE_EN, 0.996).s, "99.6\xC2\xA0%");
    assert_string_equal(covey__percent(COVEY_LANGUAGE_EN, 1).s, "100\xC2\xA0%");
    assert_string_equal(covey__duration(COVEY_LANGUAGE_EN, 0.34).s, "0.3\xC2\xA0s");
    assert_string_equal(covey__duration(COVEY_LANGUAGE_EN, 125).s, "2\xC2\xA0min 5\xC2\xA0s");
    assert_string_equal(covey__duration(COVEY_LANGUAGE_EN, 7260).s, "2\xC2\xA0h 1\xC2\xA0min");
    assert_string_equal(covey__significant(0.7171717).s, "0.717");
    assert_string_equal(covey__significant(123456).s, "123456");
    assert_string_equal(covey__significant(1e-6).s, "1e-06");
    assert_string_equal(covey__fixed((double)NAN, 2).s, "\xE2\x80\x93");
}

/* A run that would show wrong covers is refused. */
static void test_broken_runs_are_refused(void **state) {
    (void)state;
    fixture_options o = {.n = 9, .k = 3, .n_losses = 2, .photos = 1};
    covey_run *run = fixture_new(&o);
    char folder[256], path[300];
    covey_test_folder(folder);
    snprintf(path, sizeof path, "%s/report.html", folder);
    covey_clustering *c = &run->comparison.clusterings[1];
    c->labels[4] += 3;
    assert_status(covey_report_save_html(run, path, NULL, &err), COVEY_E_ARGUMENT);
    c->labels[4] -= 3;
    c->rank[0] = c->rank[0] ? 0 : 1;
    assert_status(covey_report_save_html(run, path, NULL, &err), COVEY_E_ARGUMENT);
    c->rank[0] = c->rank[0] ? 0 : 1;
    run->comparison.n = 8;
    assert_status(covey_report_save_html(run, path, NULL, &err), COVEY_E_ARGUMENT);
    run->comparison.n = 9;
    assert_int_not_equal(access(path, F_OK), 0);
    assert_ok(covey_report_save_html(run, path, NULL, &err));
    snprintf(path, sizeof path, "%s/no/folder/report.html", folder);
    assert_status(covey_report_save_html(run, path, NULL, &err), COVEY_E_NOT_FOUND);
    covey_test_remove(folder);
    fixture_free(run);
}

/* Whichever allocation fails, the status says so and no half page is left. (The last ones happen
 * after the page is in place, when its folder is synced.) */
static void test_every_allocation_may_fail(void **state) {
    (void)state;
    fixture_options o = {.n = 6, .k = 2, .n_losses = 2, .photos = 1, .skips = 1};
    covey_run *run = fixture_new(&o);
    char folder[256], path[300];
    covey_test_folder(folder);
    snprintf(path, sizeof path, "%s/report.html", folder);
    covey__alloc_fail_at(SIZE_MAX);
    assert_ok(covey_report_save_html(run, path, NULL, &err));
    size_t count = covey__alloc_count();
    char *html;
    size_t whole, size;
    assert_ok(covey__file_read(&html, &whole, path, (size_t)1 << 30, &err));
    covey__free(html);
    assert_int_equal(unlink(path), 0);
    assert_true(count > 10);
    for (size_t k = 1; k <= count; ++k) {
        covey__alloc_fail_at(k);
        covey_status status = covey_report_save_html(run, path, NULL, &err);
        covey__alloc_fail_at(0);
        if (status != COVEY_E_NOMEM)
            fail_msg("allocation %zu of %zu failed, yet status %d", k, count, (int)status);
        if (access(path, F_OK) == 0) {
            assert_ok(covey__file_read(&html, &size, path, (size_t)1 << 30, &err));
            assert_int_equal(size, whole);
            covey__free(html);
            assert_int_equal(unlink(path), 0);
        }
    }
    covey_test_remove(folder);
    fixture_free(run);
}

static void test_duel_needs_two_losses(void **state) {
    (void)state;
    size_t size;
    fixture_options o = {.n = 12, .k = 3, .n_losses = 2, .photos = 1};
    char *html = page_of(&o, 0, &size);
    assert_has(html, "id=\"duel\"");
    assert_has(html, "data-a=\"0\" data-b=\"1\">");
    assert_int_equal(count_of(html, "data-b=\"1\">"), 2);
    check_balanced(html);
    covey_free(html);
    o.n_losses = 1;
    html = page_of(&o, 0, &size);
    assert_lacks(html, "id=\"duel\"");
    covey_free(html);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_duel_needs_two_losses),
        cmocka_unit_test(test_shapes_of_runs),
        cmocka_unit_test(test_photos_add_up),
        cmocka_unit_test(test_undecided),
        cmocka_unit_test(test_each_thumbnail_is_in_the_page_once),
        cmocka_unit_test(test_chart_data),
        cmocka_unit_test(test_hostile_names_stay_text),
        cmocka_unit_test(test_names_in_skips_roots_and_groups),
        cmocka_unit_test(test_policy_names_the_digests_of_style_and_script),
        cmocka_unit_test(test_base64_against_rfc_4648),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_broken_runs_are_refused),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
