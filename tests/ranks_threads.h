/* SPDX-License-Identifier: MIT */
/* Ranks that are threads of one process, for tests of what ranks do together without MPI. */
#ifndef COVEY_RANKS_THREADS_H
#define COVEY_RANKS_THREADS_H

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "ranks_internal.h"

enum { THREADS_MOST = 8 };

static _Thread_local int threads_rank;
static struct {
    pthread_barrier_t barrier;
    int count;
    char *data[THREADS_MOST];
    void (*body)(const covey__ranks *ranks, void *context);
    void *context;
} threads_hub;
static covey__traffic threads_traffic[THREADS_MOST];

static inline void threads_gather(void *data, const size_t *bytes, const size_t *offsets) {
    threads_hub.data[threads_rank] = data;
    pthread_barrier_wait(&threads_hub.barrier);
    for (int r = 0; r < threads_hub.count; ++r)
        if (r != threads_rank)
            memcpy((char *)data + offsets[r], threads_hub.data[r] + offsets[r], bytes[r]);
    pthread_barrier_wait(&threads_hub.barrier);
}

static inline void threads_reduce(int64_t *numbers, size_t n, covey__reduction how) {
    int64_t *all = malloc((n ? n : 1) * sizeof *all);
    threads_hub.data[threads_rank] = (char *)numbers;
    pthread_barrier_wait(&threads_hub.barrier);
    for (size_t i = 0; i < n; ++i)
        for (int r = 0; r < threads_hub.count; ++r) {
            int64_t value = ((int64_t *)(void *)threads_hub.data[r])[i];
            if (r == 0)
                all[i] = value;
            else if (how == COVEY__SUM)
                all[i] += value;
            else if ((how == COVEY__LEAST) == (value < all[i]))
                all[i] = value;
        }
    pthread_barrier_wait(&threads_hub.barrier);
    memcpy(numbers, all, n * sizeof *all);
    free(all);
    pthread_barrier_wait(&threads_hub.barrier);
}

static inline void threads_broadcast(void *data, size_t bytes, int from) {
    threads_hub.data[threads_rank] = data;
    pthread_barrier_wait(&threads_hub.barrier);
    if (threads_rank != from)
        memcpy(data, threads_hub.data[from], bytes);
    pthread_barrier_wait(&threads_hub.barrier);
}

static inline void *threads_main(void *argument) {
    int rank = (int)(intptr_t)argument;
    covey__ranks ranks = covey__ranks_single;
    threads_rank = rank;
    ranks.rank = rank;
    ranks.count = threads_hub.count;
    ranks.gather = threads_gather;
    ranks.reduce = threads_reduce;
    ranks.broadcast = threads_broadcast;
    ranks.traffic = &threads_traffic[rank];
    threads_hub.body(&ranks, threads_hub.context);
    return NULL;
}

/* Runs `body` on `count` ranks at once. */
static inline void threads_run(int count, void (*body)(const covey__ranks *, void *),
                               void *context) {
    pthread_t threads[THREADS_MOST];
    threads_hub.count = count;
    threads_hub.body = body;
    threads_hub.context = context;
    pthread_barrier_init(&threads_hub.barrier, NULL, (unsigned)count);
    for (intptr_t r = 0; r < count; ++r)
        pthread_create(&threads[r], NULL, threads_main, (void *)r);
    for (int r = 0; r < count; ++r)
        pthread_join(threads[r], NULL);
    pthread_barrier_destroy(&threads_hub.barrier);
}

static inline covey__share threads_share(const covey__ranks *ranks, size_t n) {
    return (covey__share){ranks, n, covey__rank_first(ranks, n, ranks->rank),
                          covey__rank_first(ranks, n, ranks->rank + 1)};
}

#endif
