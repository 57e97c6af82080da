/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "report_described.h"
#include "report_internal.h"

static size_t count_of(const char *text, const char *what) {
    size_t count = 0;
    for (; (text = strstr(text, what)); text += strlen(what))
        ++count;
    return count;
}

static void every_loss_has_its_landscape(void **state) {
    (void)state;
    fixture_options o = {.n = 60, .k = 4, .n_losses = 6, .photos = 1};
    covey_run *run = described_new(&o);
    char *html = described_page(run, COVEY_LANGUAGE_EN);
    assert_non_null(strstr(html, "id=\"land\""));
    assert_int_equal(count_of(html, "\"side\":41,"), 6);
    assert_int_equal(count_of(html, "{\"solver\":\"descent\""), 6 * 4);
    /* The grid comes as whole numbers from 0 to 9999, and both ends are there. */
    const char *grid = strstr(html, "\"grid\":[");
    long low = 1 << 20, high = -1, n = 0;
    for (const char *p = grid + 8;; ++n) {
        char *end;
        long value = strtol(p, &end, 10);
        low = value < low ? value : low;
        high = value > high ? value : high;
        if (*end != ',')
            break;
        p = end + 1;
    }
    assert_int_equal(n + 1, 41 * 41);
    assert_int_equal(low, 0);
    assert_int_equal(high, 9999);
    covey__free(html);
    described_free(run);
}

/* Too few members, or descriptions that are not there: no landscape, and still a page. */
static void without_a_landscape(void **state) {
    (void)state;
    static const fixture_options shapes[] = {{.n = 1, .k = 1, .n_losses = 1, .photos = 1},
                                             {.n = 6, .k = 6, .n_losses = 2, .photos = 1},
                                             {.n = 400, .k = 200, .n_losses = 1}};
    for (size_t i = 0; i < LENGTH(shapes); ++i) {
        covey_run *run = described_new(&shapes[i]);
        char *html = described_page(run, COVEY_LANGUAGE_FA);
        assert_null(strstr(html, "id=\"land\""));
        assert_non_null(strstr(html, "\"landscapes\":[]"));
        covey__free(html);
        described_free(run);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_loss_has_its_landscape),
        cmocka_unit_test(without_a_landscape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
