/* SPDX-License-Identifier: MIT */
/* Pages of large runs: their size, and where their pictures lie. */
#include "covey_test.h"

#include "base_internal.h"
#include "report_fixture.h"

/* The page of n photos with thumbnails of 12,000 bytes; freed by the caller. */
static char *large_page(size_t n, size_t *size) {
    covey_error err;
    static uint8_t thumb[12000] = {0xFF, 0xD8, 0xFF};
    fixture_options o = {.n = n, .k = 20, .n_losses = 6, .photos = 1, .seeds = 10, .skips = 300,
                         .thumb = thumb, .thumb_bytes = sizeof thumb};
    char folder[256], path[300], *html;
    covey_test_folder(folder);
    snprintf(path, sizeof path, "%s/report.html", folder);
    covey_run *run = fixture_new(&o);
    assert_ok(covey_report_save_html(run, path, NULL, &err));
    fixture_free(run);
    assert_ok(covey__file_read(&html, size, path, (size_t)1 << 30, &err));
    covey_test_remove(folder);
    return html;
}

static void test_a_thousand_photos_are_inline(void **state) {
    (void)state;
    size_t size;
    char *html = large_page(1000, &size);
    assert_null(strstr(html, "src=\"thumbs/"));
    /* 16,000 letters of base64 each, and at most 2 KB of words and numbers. */
    assert_in_range(size, 1000 * 16000, 1000 * 18000);
    covey__free(html);
}

static void test_ten_thousand_photos_lie_beside(void **state) {
    (void)state;
    size_t size;
    char *html = large_page(10000, &size);
    assert_null(strstr(html, "data:image/jpeg"));
    assert_non_null(strstr(html, "loading=\"lazy\" src=\"thumbs/009999.jpg\""));
    assert_true(size < 10000 * 2000);
    covey__free(html);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_thousand_photos_are_inline),
        cmocka_unit_test(test_ten_thousand_photos_lie_beside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
