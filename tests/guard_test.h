/* SPDX-License-Identifier: MIT */
/* Buffers that end at an unreadable page (and begin just behind one, give or take the alignment),
 * and numbers to fill them with. */
#ifndef GUARD_TEST_H
#define GUARD_TEST_H

#include <sys/mman.h>

#include "covey_test.h"

typedef struct guarded {
    float *data;
    void *base;
    size_t bytes;
} guarded;

/* `n` floats whose end touches the guard page; 64-byte aligned when n is a multiple of 16. */
static inline guarded guarded_new(size_t n) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t body = (n * sizeof(float) + page - 1) / page * page;
    guarded g = {.bytes = body + 2 * page};
    g.base = mmap(NULL, g.bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(g.base, MAP_FAILED);
    assert_int_equal(mprotect(g.base, page, PROT_NONE), 0);
    assert_int_equal(mprotect((char *)g.base + page + body, page, PROT_NONE), 0);
    g.data = (float *)((char *)g.base + page + body) - n;
    return g;
}

static inline void guarded_free(guarded *g) {
    munmap(g->base, g->bytes);
}

/* The same numbers on every run, uniform in -1 .. 1 (a linear congruence is plenty here). */
static inline float test_number(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return (float)(*state >> 8) / 8388608.0f - 1.0f;
}

static inline void test_fill(float *data, size_t n, uint32_t seed) {
    for (size_t i = 0; i < n; ++i)
        data[i] = test_number(&seed);
}

#endif
