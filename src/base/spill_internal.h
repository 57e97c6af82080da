/* SPDX-License-Identifier: MIT */
/* Arrays on disk under a memory limit: what covey__alloc and its readers need of them.
 * docs/design/scale.md explains the limit. */
#ifndef COVEY_SPILL_INTERNAL_H
#define COVEY_SPILL_INTERNAL_H

#include <stddef.h>

#include "covey/status.h"

/* As covey_memory_limit, but takes limits of any size and spills arrays from `least` bytes on. */
covey_status covey__spill_limit(size_t limit, size_t least, const char *folder, covey_error *err);

/* A file without a name in `folder`, for reading and writing: gone however the process ends. -1 and
 * errno. */
int covey__scratch_open(const char *folder);
int covey__scratch_is_memory(int fd); /* 1: it lies on a tmpfs or ramfs */

/* 1: an array of `bytes` belongs on disk. */
int covey__spill_wanted(size_t bytes);
/* A zeroed array on disk, or NULL. */
void *covey__spill_new(size_t bytes);
/* The same where only own_bytes from `own` on will be filled, a few rows elsewhere apart. */
void *covey__spill_new_part(size_t bytes, size_t own, size_t own_bytes);
/* 1 and the array is gone, if it is one of these; else 0. */
int covey__spill_free(void *pointer);
int covey__spill_holds(const void *pointer);

/* Work on what lies at `pointer` has begun and goes on upwards from there: what follows is read
 * ahead, if it is on disk. Any address will do. */
void covey__spill_ahead(const void *pointer);
/* For loops that touch few of the rows, anywhere: the limit is looked to at one `row` in 512. */
static inline void covey__spill_look(size_t row) {
    if (row % 512 == 0)
        covey__spill_ahead(NULL);
}
/* For loops over rows, or over the members of a cluster: the same for one `row` in 512. */
static inline void covey__spill_pace(const void *row, size_t number) {
    if (number % 512 == 0)
        covey__spill_ahead(row);
}

#endif
