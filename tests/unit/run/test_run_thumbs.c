/* SPDX-License-Identifier: MIT */
/* Thumbnails beyond the first 32 MB lie in a file without a name: the same bytes come back, before and
 * after they were let go of, and where there is no room for a file memory serves. */
#include <signal.h>
#include <sys/resource.h>

#include "covey_test.h"
#include "run_internal.h"

enum { THUMBS = 900, BYTES = 120001 }; /* 108 MB: two parts of the file */

static void fill(uint8_t *bytes, size_t i) {
    for (size_t b = 0; b < BYTES; ++b)
        bytes[b] = (uint8_t)(i + (b >> 8) * 7 + b);
}

static long anonymous_kilobytes(void) {
    char line[256];
    long found = 0;
    FILE *file = fopen("/proc/self/status", "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file))
        if (strncmp(line, "RssAnon:", 8) == 0)
            found = strtol(line + 8, NULL, 10);
    fclose(file);
    return found;
}

static void keep_all(covey_run *run, const uint8_t **kept) {
    static uint8_t bytes[BYTES];
    for (size_t i = 0; i < THUMBS; ++i) {
        fill(bytes, i);
        kept[i] = covey__run_keep_thumb(run, bytes, BYTES - i % 2);
        assert_non_null(kept[i]);
    }
}

static void assert_kept(const uint8_t *const *kept) {
    static uint8_t bytes[BYTES];
    for (size_t i = 0; i < THUMBS; ++i) {
        fill(bytes, i);
        assert_memory_equal(kept[i], bytes, BYTES - i % 2);
    }
}

static void many_take_little_memory(void **state) {
    (void)state;
    static const uint8_t *kept[THUMBS];
    covey_error err;
    covey_run *run;
    assert_ok(covey_run_new(&run, &err));
    long before = anonymous_kilobytes();
    keep_all(run, kept);
    long grown = anonymous_kilobytes() - before;
    assert_kept(kept);
    covey__run_rest_thumbs(run);
    assert_kept(kept);
    if (grown < 90 << 10) /* where no file system takes such files, memory held them */
        assert_in_range(grown, 0, 45 << 10);
    covey_run_free(run);
}

/* A file that may not grow is a full disk: SIGXFSZ is ignored, and memory serves. */
static void a_full_disk_costs_memory_alone(void **state) {
    (void)state;
    static const uint8_t *kept[THUMBS];
    covey_error err;
    covey_run *run;
    struct rlimit limit, small;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    small = (struct rlimit){.rlim_cur = 10 << 20, .rlim_max = limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_ok(covey_run_new(&run, &err));
    keep_all(run, kept);
    assert_kept(kept);
    covey_run_free(run);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void memory_that_runs_out_is_said(void **state) {
    (void)state;
    covey_error err;
    covey_run *run;
    assert_ok(covey_run_new(&run, &err));
    for (size_t k = 1; k <= 2; ++k) {
        covey__alloc_fail_at(k);
        const uint8_t *kept = covey__run_keep_thumb(run, (const uint8_t *)"thumb", 5);
        covey__alloc_fail_at(0);
        assert_null(kept);
        covey__run_free_thumbs(run);
    }
    covey_run_free(run);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_take_little_memory),
        cmocka_unit_test(a_full_disk_costs_memory_alone),
        cmocka_unit_test(memory_that_runs_out_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
