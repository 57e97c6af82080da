/* SPDX-License-Identifier: MIT */
/* A pool of worker threads that run numbered tasks. */
#ifndef COVEY_THREADS_INTERNAL_H
#define COVEY_THREADS_INTERNAL_H

#include <stddef.h>

#include "covey/status.h"

typedef struct covey__pool covey__pool;

/* Called once per task; `worker` is 0 .. size-1 and identifies scratch memory. Which worker gets
 * which task varies from run to run, so a task's result must depend on `task` alone. */
typedef void (*covey__task_fn)(void *context, size_t task, int worker);

/* `threads` <= 0: covey_cpu_count(). The caller's thread is worker 0. */
covey_status covey__pool_new(covey__pool **out, int threads, covey_error *err);
void covey__pool_free(covey__pool *pool); /* accepts NULL */
int covey__pool_size(const covey__pool *pool);

/* Runs tasks 0 .. n-1 and returns when all are done. Not reentrant: one caller at a time.
 * Workers spin for some microseconds between calls before they sleep. */
void covey__pool_run(covey__pool *pool, size_t n, covey__task_fn fn, void *context);

#endif
