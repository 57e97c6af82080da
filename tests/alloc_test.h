/* SPDX-License-Identifier: MIT */
/* Every allocation of a call made to fail, one after the other: ours, and SQLite's and jansson's,
 * which alloc_test_hooks leads through the library's own allocator. Under AddressSanitizer
 * (tests/slow/sanitizers.sh) what is lost on the way is found. */
#ifndef ALLOC_TEST_H
#define ALLOC_TEST_H

#include <jansson.h>
#include <sqlite3.h>

#include "base_internal.h"
#include "covey_test.h"

/* SQLite asks how large a block is: it stands before it. */
enum { ALLOC_TEST_HEAD = 64 };

static void *alloc_test_malloc(int bytes) {
    char *block = covey__alloc((size_t)bytes + ALLOC_TEST_HEAD);
    if (!block)
        return NULL;
    memcpy(block, &bytes, sizeof bytes);
    return block + ALLOC_TEST_HEAD;
}

static void alloc_test_free(void *pointer) {
    if (pointer)
        covey__free((char *)pointer - ALLOC_TEST_HEAD);
}

static int alloc_test_size(void *pointer) {
    int bytes = 0;
    if (pointer)
        memcpy(&bytes, (char *)pointer - ALLOC_TEST_HEAD, sizeof bytes);
    return bytes;
}

static void *alloc_test_realloc(void *pointer, int bytes) {
    void *fresh = alloc_test_malloc(bytes);
    if (fresh && pointer) {
        int old = alloc_test_size(pointer);
        memcpy(fresh, pointer, (size_t)(old < bytes ? old : bytes));
        alloc_test_free(pointer);
    }
    return fresh;
}

static int alloc_test_round(int bytes) {
    return (bytes + 7) & ~7;
}

static int alloc_test_init(void *data) {
    (void)data;
    return SQLITE_OK;
}

static void alloc_test_shutdown(void *data) {
    (void)data;
}

/* jansson 2.14 writes beyond its own buffers where it runs out of memory while reading
 * (src/base/json.c): there it may not fail, everywhere else it may. */
static int alloc_test_reading;

static void *alloc_test_json(size_t bytes) {
    return alloc_test_reading ? malloc(bytes) : covey__alloc(bytes);
}

/* The linker puts this in front of the library's json_loadb (tests named *_allocations and *_verify). */
json_t *__real_json_loadb(const char *text, size_t size, size_t flags, json_error_t *error);
json_t *__wrap_json_loadb(const char *text, size_t size, size_t flags, json_error_t *error);
json_t *__wrap_json_loadb(const char *text, size_t size, size_t flags, json_error_t *error) {
    alloc_test_reading = 1;
    json_t *root = __real_json_loadb(text, size, flags, error);
    alloc_test_reading = 0;
    return root;
}

/* Call first in main, before anything uses SQLite or jansson. */
static inline void alloc_test_hooks(void) {
    static const sqlite3_mem_methods methods = {
        alloc_test_malloc, alloc_test_free,  alloc_test_realloc,  alloc_test_size,
        alloc_test_round,  alloc_test_init, alloc_test_shutdown, NULL};
    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) != SQLITE_OK)
        abort();
    sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0); /* no store of its own */
    json_set_alloc_funcs(alloc_test_json, covey__free);
}

/* How many allocations the call under test made, where it goes on to look at what it left. */
static size_t alloc_test_made;

/* From here on nothing fails any more. */
static inline void alloc_test_stop(void) {
    size_t made = covey__alloc_count();
    alloc_test_made = made > alloc_test_made ? made : alloc_test_made;
    covey__alloc_fail_at(0);
}

/* Where a call makes many allocations, a larger share of them is left out the smaller this is. */
static size_t alloc_test_steps = 60;

/* One call on fresh or unchanged data, cleaning up whatever it made. */
typedef covey_status (*alloc_test_call)(void *user, covey_error *err);

/* Runs `call` with all allocations from the k-th on failing, for every k, then with the k-th alone. Its status is COVEY_OK (somebody did without) or COVEY_E_NOMEM. Where a
 * call makes thousands, some are left out, but for COVEY_TEST_EVERY=1. Returns how many it makes. */
static inline size_t alloc_test_every(const char *what, alloc_test_call call, void *user) {
    covey_error err;
    covey__alloc_fail_at(0);
    assert_ok(call(user, &err)); /* whatever is made once is made */
    covey__alloc_fail_at(0);
    alloc_test_made = 0;
    assert_ok(call(user, &err));
    alloc_test_stop();
    size_t made = alloc_test_made;
    int every = getenv("COVEY_TEST_EVERY") != NULL;
    for (int only = 0; only < 2; ++only) {
        size_t failed = 0;
        for (size_t k = 1; k <= made; k += every ? 1 : 1 + k / alloc_test_steps) {
            memset(&err, 0, sizeof err);
            if (only)
                covey__alloc_fail_only(k);
            else
                covey__alloc_fail_at(k);
            covey_status status = call(user, &err);
            covey__alloc_fail_at(0);
            if (status != COVEY_OK && status != COVEY_E_NOMEM)
                fail_msg("%s: allocation %zu of %zu failed%s: status %d: %s %s", what, k, made,
                         only ? " alone" : "", (int)status, err.path, err.message);
            failed += status == COVEY_E_NOMEM;
        }
        if (made && !failed)
            fail_msg("%s: none of %zu failed allocations shows in its status", what, made);
    }
    print_message("%s: %zu allocations\n", what, made);
    return made;
}

/* Nothing but `names` (NULL-terminated) lies in `folder`: no file half written, no temporary one. */
static inline void alloc_test_only(const char *folder, const char *const *names) {
    char command[1024], name[256];
    snprintf(command, sizeof command, "ls -A '%s'", folder);
    FILE *list = popen(command, "r");
    assert_non_null(list);
    while (fgets(name, sizeof name, list)) {
        name[strcspn(name, "\n")] = '\0';
        int known = 0;
        for (const char *const *n = names; *n && !known; ++n)
            known = strcmp(*n, name) == 0;
        if (!known)
            fail_msg("%s is left behind in %s", name, folder);
    }
    pclose(list);
}

#endif
