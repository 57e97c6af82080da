/* SPDX-License-Identifier: MIT */
#include "threads_internal.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base_internal.h"
#include "ranks_internal.h"

/* A network layer lasts 1-10 ms and the next follows at once, so that a worker which sleeps in
 * between costs more than one which spins for a moment. */
enum { SPINS = 4000 };

struct covey__pool {
    int size;
    pthread_t *threads;
    pthread_mutex_t mutex;
    pthread_cond_t work;
    pthread_cond_t idle;
    atomic_ulong generation; /* one more for each run */
    atomic_size_t next;
    atomic_int busy; /* workers still inside the current run */
    size_t n;
    covey__task_fn fn;
    void *context;
    int stop;
};

typedef struct start {
    covey__pool *pool;
    int worker;
} start;

static void pause_cpu(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void run_tasks(covey__pool *pool, int worker) {
    for (;;) {
        size_t task = atomic_fetch_add_explicit(&pool->next, 1, memory_order_relaxed);
        if (task >= pool->n)
            return;
        pool->fn(pool->context, task, worker);
    }
}

static void *worker_main(void *argument) {
    start mine = *(start *)argument;
    covey__free(argument);
    covey__pool *pool = mine.pool;
    unsigned long seen = 0;
    for (;;) {
        for (int spin = 0; spin < SPINS && atomic_load(&pool->generation) == seen; ++spin)
            pause_cpu();
        pthread_mutex_lock(&pool->mutex);
        while (atomic_load(&pool->generation) == seen && !pool->stop)
            pthread_cond_wait(&pool->work, &pool->mutex);
        int stop = pool->stop;
        seen = atomic_load(&pool->generation);
        pthread_mutex_unlock(&pool->mutex);
        if (stop)
            return NULL;
        run_tasks(pool, mine.worker);
        if (atomic_fetch_sub(&pool->busy, 1) == 1) {
            pthread_mutex_lock(&pool->mutex);
            pthread_cond_signal(&pool->idle);
            pthread_mutex_unlock(&pool->mutex);
        }
    }
}

covey_status covey__pool_new(covey__pool **out, int threads, covey_error *err) {
    covey_status status = COVEY_OK;
    if (threads <= 0)
        threads = covey__ranks_cores();
    covey__pool *pool = covey__calloc(1, sizeof *pool);
    int started = 0;
    COVEY_NOMEM_IF(!pool, err);
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->work, NULL);
    pthread_cond_init(&pool->idle, NULL);
    pool->size = 1;
    pool->threads = covey__calloc((size_t)threads, sizeof *pool->threads);
    COVEY_NOMEM_IF(!pool->threads, err);
    for (started = 1; started < threads; ++started) {
        start *argument = covey__alloc(sizeof *argument);
        COVEY_NOMEM_IF(!argument, err);
        *argument = (start){pool, started};
        if (pthread_create(&pool->threads[started], NULL, worker_main, argument)) {
            covey__free(argument);
            COVEY_FAIL_IF(1, err, COVEY_E_NOMEM, NULL,
                          "could not start thread %d of %d; ask for fewer with --threads",
                          started + 1, threads);
        }
        pool->size = started + 1;
    }
    *out = pool;
    pool = NULL;
done:
    covey__pool_free(pool);
    return status;
}

void covey__pool_free(covey__pool *pool) {
    if (!pool)
        return;
    pthread_mutex_lock(&pool->mutex);
    pool->stop = 1;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->mutex);
    for (int i = 1; i < pool->size; ++i)
        pthread_join(pool->threads[i], NULL);
    pthread_mutex_destroy(&pool->mutex);
    pthread_cond_destroy(&pool->work);
    pthread_cond_destroy(&pool->idle);
    covey__free(pool->threads);
    covey__free(pool);
}

int covey__pool_size(const covey__pool *pool) {
    return pool->size;
}

void covey__pool_run(covey__pool *pool, size_t n, covey__task_fn fn, void *context) {
    if (pool->size == 1 || n == 1) {
        for (size_t task = 0; task < n; ++task)
            fn(context, task, 0);
        return;
    }
    pthread_mutex_lock(&pool->mutex);
    pool->n = n;
    pool->fn = fn;
    pool->context = context;
    atomic_store(&pool->next, 0);
    atomic_store(&pool->busy, pool->size - 1);
    atomic_fetch_add(&pool->generation, 1);
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->mutex);
    run_tasks(pool, 0);
    for (int spin = 0; spin < SPINS && atomic_load(&pool->busy); ++spin)
        pause_cpu();
    pthread_mutex_lock(&pool->mutex);
    while (atomic_load(&pool->busy))
        pthread_cond_wait(&pool->idle, &pool->mutex);
    pthread_mutex_unlock(&pool->mutex);
}
