/* SPDX-License-Identifier: MIT */
/* The only allocator of the library: 64-byte aligned, and able to fail on demand, so that tests can
 * prove that every failed allocation ends in a status. */
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base_internal.h"
#include "covey/memory.h"
#include "covey/npy.h"
#include "ranks_internal.h"
#include "spill_internal.h"

enum { HUGE_PAGE = 2 << 20, LARGE = 4 * HUGE_PAGE };

static atomic_size_t fail_at, fail_only;
static atomic_size_t count;

void covey__alloc_fail_at(size_t k) {
    atomic_store(&fail_at, k);
    atomic_store(&fail_only, 0);
    atomic_store(&count, 0);
}

void covey__alloc_fail_only(size_t k) {
    covey__alloc_fail_at(0);
    atomic_store(&fail_only, k);
}

size_t covey__alloc_count(void) {
    return atomic_load(&count);
}

int covey__mul_size(size_t *out, size_t a, size_t b) {
    return __builtin_mul_overflow(a, b, out) ? -1 : 0;
}

int covey__add_size(size_t *out, size_t a, size_t b) {
    return __builtin_add_overflow(a, b, out) ? -1 : 0;
}

void *covey__alloc(size_t bytes) {
    size_t number = atomic_fetch_add(&count, 1) + 1;
    size_t limit = atomic_load(&fail_at);
    if ((limit && number >= limit) || number == atomic_load(&fail_only))
        return NULL;
    if (covey__spill_wanted(bytes))
        return covey__spill_new(bytes);
    size_t rounded;
    if (covey__add_size(&rounded, bytes ? bytes : 1, 63))
        return NULL;
    if (bytes < LARGE)
        return aligned_alloc(64, rounded & ~(size_t)63);
    /* Rows of features are read in any order: with pages of 4 KiB the table of pages would be
     * walked for each. Where the system has none larger, nothing is lost. */
    if (covey__add_size(&rounded, bytes, HUGE_PAGE - 1))
        return NULL;
    rounded &= ~(size_t)(HUGE_PAGE - 1);
    void *pointer = aligned_alloc(HUGE_PAGE, rounded);
    if (pointer)
        (void)madvise(pointer, rounded, MADV_HUGEPAGE);
    return pointer;
}

void *covey__alloc_array(size_t n, size_t size) {
    size_t bytes;
    return covey__mul_size(&bytes, n, size) ? NULL : covey__alloc(bytes);
}

void *covey__calloc(size_t n, size_t size) {
    void *pointer = covey__alloc_array(n, size);
    if (pointer && !covey__spill_holds(pointer)) /* which are zero, and would be written out */
        memset(pointer, 0, n * size);
    return pointer;
}

void *covey__realloc(void *pointer, size_t old_bytes, size_t new_bytes) {
    void *fresh = covey__alloc(new_bytes);
    if (!fresh)
        return NULL;
    if (pointer) {
        memcpy(fresh, pointer, old_bytes < new_bytes ? old_bytes : new_bytes);
        covey__free(pointer);
    }
    return fresh;
}

char *covey__strndup(const char *s, size_t n) {
    size_t length = strnlen(s, n);
    char *copy = covey__alloc(length + 1);
    if (copy) {
        memcpy(copy, s, length);
        copy[length] = '\0';
    }
    return copy;
}

char *covey__strdup(const char *s) {
    size_t length = strlen(s);
    return covey__strndup(s, length);
}

char *covey__asprintf(const char *fmt, ...) {
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    locale_t kept = covey__c_locale_begin();
    int length = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    char *text = length < 0 ? NULL : covey__alloc((size_t)length + 1);
    if (text)
        vsnprintf(text, (size_t)length + 1, fmt, again);
    covey__c_locale_end(kept);
    va_end(again);
    return text;
}

void covey__free(void *pointer) {
    if (!covey__split_free(pointer) && !covey__spill_free(pointer))
        free(pointer);
}

void *covey_memory_new(size_t bytes) {
    return covey__alloc(bytes);
}

void covey_free(void *pointer) {
    covey__free(pointer);
}
