/* SPDX-License-Identifier: MIT */
#include "covey_test.h"

#include <stdatomic.h>

#include "base_internal.h"
#include "covey/cpu.h"
#include "threads_internal.h"

enum { TASKS = 1000 };

typedef struct counters {
    atomic_int done[TASKS];
    atomic_int wrong_worker;
    atomic_int inside[8]; /* a worker has one task at a time */
    int plain[TASKS];     /* written without atomics: the pool must order it for us */
    int workers;
} counters;

static void count(void *context, size_t task, int worker) {
    counters *c = context;
    if (worker < 0 || worker >= c->workers || atomic_fetch_add(&c->inside[worker], 1) != 0)
        atomic_fetch_add(&c->wrong_worker, 1);
    atomic_fetch_add(&c->done[task], 1);
    c->plain[task] += (int)task;
    atomic_fetch_sub(&c->inside[worker], 1);
}

static void every_task_runs_once(void **state) {
    (void)state;
    static const int threads[] = {1, 2, 3, 5};
    covey_error err;
    for (size_t t = 0; t < LENGTH(threads); ++t) {
        covey__pool *pool;
        static counters c;
        memset(&c, 0, sizeof c);
        c.workers = threads[t];
        assert_ok(covey__pool_new(&pool, threads[t], &err));
        assert_int_equal(covey__pool_size(pool), threads[t]);
        static const size_t sizes[] = {TASKS, 0, 1, 2, 3, 7, TASKS};
        int expected[TASKS] = {0};
        for (size_t s = 0; s < LENGTH(sizes); ++s) {
            covey__pool_run(pool, sizes[s], count, &c);
            for (size_t i = 0; i < sizes[s]; ++i)
                ++expected[i];
            for (size_t i = 0; i < TASKS; ++i) {
                assert_int_equal(atomic_load(&c.done[i]), expected[i]);
                assert_int_equal(c.plain[i], expected[i] * (int)i);
            }
        }
        assert_int_equal(atomic_load(&c.wrong_worker), 0);
        covey__pool_free(pool);
    }
}

static void pools_survive_many_short_runs(void **state) {
    (void)state;
    covey_error err;
    covey__pool *pool;
    static counters c;
    memset(&c, 0, sizeof c);
    c.workers = 3;
    assert_ok(covey__pool_new(&pool, 3, &err));
    for (int run = 0; run < 3000; ++run) {
        covey__pool_run(pool, 4, count, &c);
        if (run % 1000 == 0)
            usleep(20000); /* long enough for the workers to sleep */
    }
    for (size_t i = 0; i < 4; ++i)
        assert_int_equal(atomic_load(&c.done[i]), 3000);
    assert_int_equal(atomic_load(&c.wrong_worker), 0);
    covey__pool_free(pool);
}

static void unused_pools_go_quietly(void **state) {
    (void)state;
    covey_error err;
    covey__pool *pool;
    for (int i = 0; i < 50; ++i) {
        assert_ok(covey__pool_new(&pool, 4, &err));
        covey__pool_free(pool);
    }
    covey__pool_free(NULL);
    assert_ok(covey__pool_new(&pool, 0, &err));
    assert_int_equal(covey__pool_size(pool), covey_cpu_count());
    covey__pool_free(pool);
}

static void memory_may_run_out(void **state) {
    (void)state;
    covey_error err;
    covey__pool *pool = NULL;
    covey_status status = COVEY_E_NOMEM;
    for (size_t k = 1; status != COVEY_OK; ++k) {
        assert_true(k < 20);
        covey__alloc_fail_at(k);
        status = covey__pool_new(&pool, 4, &err);
        covey__alloc_fail_at(0);
        assert_true(status == COVEY_OK || (status == COVEY_E_NOMEM && !pool));
    }
    covey__pool_free(pool);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_task_runs_once),
        cmocka_unit_test(pools_survive_many_short_runs),
        cmocka_unit_test(unused_pools_go_quietly),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
