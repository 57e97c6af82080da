/* SPDX-License-Identifier: MIT */
/* Arrays on disk: what is written stays, whatever is let go of, and nothing is left behind. */
#include "covey_test.h"

#include <dirent.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base_internal.h"
#include "covey/memory.h"
#include "covey/npy.h"
#include "spill_internal.h"

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
enum { SHADOWED = 1 };
#else
enum { SHADOWED = 0 };
#endif

static void wait_ms(long ms) {
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

static void limit_to(size_t limit, size_t least) {
    covey_error err = {0};
    covey_status status = covey__spill_limit(limit, least, "/var/tmp", &err);
    if (status == COVEY_E_UNSUPPORTED) {
        print_message("skipped: %s\n", err.message);
        exit(77);
    }
    assert_ok(status);
}

static void no_limit(void) {
    covey_error err;
    assert_ok(covey_memory_limit(0, NULL, &err));
}

static void what_is_written_stays(void **state) {
    (void)state;
    enum { N = 3 << 20 };
    limit_to(1, 1 << 16); /* everything is let go of at every look */
    uint32_t *a = covey__alloc_array(N, sizeof *a), *b = covey__calloc(N, sizeof *b);
    assert_non_null(a);
    assert_non_null(b);
    assert_true(covey__spill_holds(a) && covey__spill_holds(b + N - 1));
    for (uint32_t i = 0; i < N; ++i) {
        assert_int_equal(b[i], 0);
        a[i] = i * 2654435761u;
        b[i] = ~i;
    }
    wait_ms(20);
    covey__spill_ahead(a);
    for (uint32_t i = 0; i < N; ++i)
        if (a[i] != i * 2654435761u || b[i] != ~i)
            fail_msg("row %u: %u, %u", i, a[i], b[i]);
    uint32_t *grown = covey__realloc(a, N * sizeof *a, 2 * N * sizeof *a);
    assert_non_null(grown);
    assert_int_equal(grown[N - 1], (N - 1) * 2654435761u);
    covey__free(grown);
    covey__free(b);
    assert_false(covey__spill_holds(grown));
    no_limit();
    char *small = covey__alloc(1 << 20);
    assert_false(covey__spill_holds(small));
    covey__free(small);
}

/* Written and read again, twice the limit at least: the process never holds more. */
static void the_limit_holds(void **state) {
    (void)state;
    if (SHADOWED)
        skip(); /* what a sanitiser keeps beside each byte is resident too */
    struct rusage before, after;
    size_t limit = COVEY_MEMORY_LEAST, size = 3 * limit, sum = 0;
    getrusage(RUSAGE_SELF, &before);
    limit_to(limit, 1 << 20);
    unsigned char *a = covey__alloc(size);
    assert_non_null(a);
    for (size_t i = 0; i < size; i += 512) {
        if (i % (1 << 20) == 0)
            covey__spill_ahead(a + i);
        a[i] = (unsigned char)(i / 512);
    }
    for (size_t i = 0; i < size; i += 512) {
        if (i % (1 << 20) == 0)
            covey__spill_ahead(a + i);
        sum += a[i] != (unsigned char)(i / 512);
    }
    getrusage(RUSAGE_SELF, &after);
    covey__free(a);
    no_limit();
    assert_int_equal(sum, 0);
    size_t held = (size_t)after.ru_maxrss * 1024;
    if ((size_t)before.ru_maxrss * 1024 < limit && held > limit)
        fail_msg("%zu bytes were resident, the limit was %zu", held, limit);
}

static void *churn(void *argument) {
    uint64_t seed = *(uint64_t *)argument;
    for (uint64_t round = 0; round < 40; ++round) {
        size_t n = 20000 + (size_t)(seed * 7919 + round * 104729) % 90000;
        uint64_t *a = covey__alloc_array(n, sizeof *a);
        for (size_t i = 0; a && i < n; ++i)
            a[i] = seed ^ i;
        covey__spill_ahead(a);
        for (size_t i = 0; a && i < n; ++i)
            if (a[i] != (seed ^ i))
                return argument;
        covey__free(a);
        if (!a)
            return argument;
    }
    return NULL;
}

static void any_thread_may_allocate(void **state) {
    (void)state;
    pthread_t threads[4];
    uint64_t seeds[4] = {1, 2, 3, 4};
    limit_to(1, 1 << 16);
    for (int t = 0; t < 4; ++t)
        assert_int_equal(pthread_create(&threads[t], NULL, churn, &seeds[t]), 0);
    for (int t = 0; t < 4; ++t) {
        void *failed;
        pthread_join(threads[t], &failed);
        assert_null(failed);
    }
    no_limit();
}

static void bad_limits(void **state) {
    (void)state;
    covey_error err = {0};
    assert_int_equal(covey_memory_limit(1 << 20, NULL, &err), COVEY_E_ARGUMENT);
    assert_non_null(strstr(err.message, "64M"));
    assert_int_equal(covey_memory_limit(COVEY_MEMORY_LEAST, "/nowhere/at/all", &err),
                     COVEY_E_NOT_FOUND);
    assert_string_equal(err.path, "/nowhere/at/all");
    limit_to(COVEY_MEMORY_LEAST, 1 << 20);
    assert_null(covey_memory_new((size_t)1 << 60)); /* no disk is that large */
    assert_non_null(strstr(covey__nomem_sentence(), "disk is full"));
    no_limit();
    assert_non_null(strstr(covey__nomem_sentence(), "memory ran out"));
}

static void nothing_is_left(void **state) {
    (void)state;
    char folder[] = "/var/tmp/covey-test-XXXXXX";
    covey_error err = {0};
    assert_non_null(mkdtemp(folder));
    covey_status status = covey__spill_limit(1, 1 << 16, folder, &err);
    if (status == COVEY_OK) {
        char *a = covey__alloc(1 << 20);
        assert_true(covey__spill_holds(a));
        assert_int_equal(rmdir(folder), 0); /* the file has no name while it is there */
        a[5] = 7;
        covey__free(a);
    } else {
        rmdir(folder);
    }
    no_limit();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_limit_holds),         cmocka_unit_test(what_is_written_stays),
        cmocka_unit_test(any_thread_may_allocate), cmocka_unit_test(bad_limits),
        cmocka_unit_test(nothing_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
