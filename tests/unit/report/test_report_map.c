/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdlib.h>

#include "report_described.h"
#include "report_internal.h"

/* The whole numbers of the list that follows `key`, from its place after `from`; returns how many. */
static size_t read_list(long *out, size_t most, const char *html, const char *key) {
    const char *p = strstr(html, key);
    size_t n = 0;
    assert_non_null(p);
    for (p += strlen(key); n < most;) {
        char *end;
        out[n++] = strtol(p, &end, 10);
        assert_true(end > p);
        if (*end != ',')
            break;
        p = end + 1;
    }
    return n;
}

static void the_map_has_a_place_for_everything(void **state) {
    (void)state;
    enum { N = 60 };
    fixture_options o = {.n = N, .k = 4, .n_losses = 2, .photos = 1, .seeds = 3};
    covey_run *run = described_new(&o);
    char *html = described_page(run, COVEY_LANGUAGE_EN);
    static const char *const keys[] = {"{\"name\":\"pca\",\"x\":[", "{\"name\":\"tsne\",\"x\":["};
    assert_non_null(strstr(html, "<section id=\"map\""));
    assert_non_null(strstr(html, "<a href=\"#map\">"));
    assert_non_null(strstr(html, "id=\"map-which\""));
    for (int i = 0; i < 2; ++i) {
        long x[N + 1], low = 1 << 20, high = -1;
        assert_int_equal(read_list(x, N + 1, html, keys[i]), N);
        for (size_t j = 0; j < N; ++j) {
            low = x[j] < low ? x[j] : low;
            high = x[j] > high ? x[j] : high;
        }
        assert_int_equal(low, 0);
        assert_true(high <= 10000);
        assert_true(high > 3000);
    }
    covey__free(html);
    described_free(run);
}

/* The table in words: the group named is the one whose centre is nearest. */
static void the_table_names_the_nearest_group(void **state) {
    (void)state;
    fixture_options o = {.n = 40, .k = 3, .n_losses = 1, .photos = 0};
    covey_run *run = described_new(&o);
    double *c = run->comparison.clusterings[0].centres;
    memset(c, 0, 3 * 8 * sizeof *c);
    c[0] = 0;
    c[8] = 5;
    c[16] = 7;
    char *html = described_page(run, COVEY_LANGUAGE_FA);
    const char *row = "<tr><th scope=\"row\"><a href=\"#g0\">";
    const char *first = strstr(html, row);
    assert_non_null(first);
    assert_true(strncmp(strstr(first, "<td class=\"text\">"), "<td class=\"text\"><a href=\"#g1\">",
                        30) == 0);
    assert_non_null(strstr(html, "<td class=\"text\"><a href=\"#g2\">"));
    covey__free(html);
    described_free(run);
}

/* One row, one group, too few for t-SNE: still a page, with the parts that make sense. */
static void small_runs(void **state) {
    (void)state;
    static const fixture_options shapes[] = {{.n = 1, .k = 1, .n_losses = 1, .photos = 1},
                                             {.n = 2, .k = 1, .n_losses = 2, .photos = 1},
                                             {.n = 9, .k = 3, .n_losses = 1, .photos = 0},
                                             {.n = 12, .k = 2, .n_losses = 6, .empty = 1}};
    for (size_t i = 0; i < LENGTH(shapes); ++i) {
        covey_run *run = described_new(&shapes[i]);
        char *html = described_page(run, COVEY_LANGUAGE_EN);
        assert_int_equal(strstr(html, "id=\"map\"") != NULL, shapes[i].n > 1);
        assert_int_equal(strstr(html, "\"name\":\"tsne\"") != NULL, shapes[i].n >= 12);
        covey__free(html);
        described_free(run);
    }
}

/* The number of threads that a folder tells may be anything: it is shown, and no more are started
 * than there are cores. */
static void recorded_threads_are_not_taken_at_their_word(void **state) {
    (void)state;
    fixture_options o = {.n = 40, .k = 3, .n_losses = 1, .photos = 1};
    covey_run *run = described_new(&o);
    run->facts.threads = INT_MAX;
    char *html = described_page(run, COVEY_LANGUAGE_EN);
    assert_non_null(strstr(html, "\"name\":\"tsne\""));
    covey__free(html);
    described_free(run);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_map_has_a_place_for_everything),
        cmocka_unit_test(the_table_names_the_nearest_group),
        cmocka_unit_test(small_runs),
        cmocka_unit_test(recorded_threads_are_not_taken_at_their_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
