/* SPDX-License-Identifier: MIT */
/* Arrays of which each rank holds the rows it owns. They are laid out as if all rows were there, so
 * that a row has the same address within the array on every rank and the arithmetic needs no second
 * form; what is not there is address space, and costs nothing until a fetched row is put into it. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base_internal.h"
#include "covey/memory.h"
#include "ranks_internal.h"
#include "spill_internal.h"
#include "sum_internal.h"

size_t covey__rank_first(const covey__ranks *ranks, size_t n, int rank) {
    size_t chunks = covey__chunk_count(n), count = (size_t)ranks->count, r = (size_t)rank;
    /* chunks * r / count without overflow */
    size_t chunk = chunks / count * r + chunks % count * r / count;
    size_t row = chunk * COVEY__CHUNK_ROWS;
    return row < n ? row : n;
}

int covey__rank_of_row(const covey__ranks *ranks, size_t n, size_t row) {
    int low = 0, high = ranks->count;
    while (high - low > 1) {
        int middle = low + (high - low) / 2;
        if (covey__rank_first(ranks, n, middle) <= row)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static covey__share share_with(const covey__ranks *ranks, size_t n) {
    return (covey__share){ranks, n, covey__rank_first(ranks, n, ranks->rank),
                          covey__rank_first(ranks, n, ranks->rank + 1)};
}

covey__share covey__share_all(size_t n) {
    return share_with(&covey__ranks_single, n);
}

/* ---- the arrays --------------------------------------------------------------------------- */

typedef struct region {
    char *base;
    size_t size;
    int spilled;
    int whole; /* all rows have been fetched */
    struct region *next;
} region;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static region *regions;
static atomic_size_t region_count;

static void *map_region(region *made, size_t own, size_t own_bytes) {
    made->spilled = covey__spill_wanted(own_bytes);
    if (made->spilled) {
        made->base = covey__spill_new_part(made->size, own, own_bytes);
        return made->base;
    }
    void *base = mmap(NULL, made->size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    made->base = base == MAP_FAILED ? NULL : base;
    return made->base;
}

void *covey__split_alloc(const covey__ranks *ranks, size_t n, size_t row_bytes, int zero) {
    size_t bytes;
    if (covey__mul_size(&bytes, n, row_bytes))
        return NULL;
    if (ranks->count == 1)
        return zero ? covey__calloc(n, row_bytes) : covey__alloc(bytes);
    covey__share share = share_with(ranks, n);
    region *made = covey__calloc(1, sizeof *made); /* fails where tests want it to */
    if (!made)
        return NULL;
    made->size = bytes ? bytes : 1;
    if (!map_region(made, share.first * row_bytes, (share.end - share.first) * row_bytes)) {
        covey__free(made);
        return NULL;
    }
    pthread_mutex_lock(&mutex);
    made->next = regions;
    regions = made;
    atomic_fetch_add(&region_count, 1);
    pthread_mutex_unlock(&mutex);
    return made->base;
}

void *covey_memory_new_rows(const void *like, size_t n, size_t row_bytes) {
    return covey__split_alloc(covey__share_of(like, n).ranks, n, row_bytes, 0);
}

covey__share covey__share_of(const void *rows, size_t n) {
    int split = 0;
    if (atomic_load(&region_count)) {
        pthread_mutex_lock(&mutex);
        for (const region *r = regions; r; r = r->next)
            split |= !r->whole && (const char *)rows >= r->base &&
                     (const char *)rows < r->base + r->size;
        pthread_mutex_unlock(&mutex);
    }
    return share_with(split ? covey__ranks_get() : &covey__ranks_single, n);
}

void covey__split_whole(const void *rows) {
    pthread_mutex_lock(&mutex);
    for (region *r = regions; r; r = r->next)
        r->whole |= (const char *)rows >= r->base && (const char *)rows < r->base + r->size;
    pthread_mutex_unlock(&mutex);
}

int covey__split_free(void *pointer) {
    region *found = NULL;
    if (!pointer || !atomic_load(&region_count))
        return 0;
    pthread_mutex_lock(&mutex);
    for (region **at = &regions; *at; at = &(*at)->next)
        if ((*at)->base == pointer) {
            found = *at;
            *at = found->next;
            atomic_fetch_sub(&region_count, 1);
            break;
        }
    pthread_mutex_unlock(&mutex);
    if (!found)
        return 0;
    if (found->spilled)
        (void)covey__spill_free(found->base);
    else
        (void)munmap(found->base, found->size);
    free(found);
    return 1;
}

/* ---- exchange ------------------------------------------------------------------------------ */

enum { MOST_RANKS = 4096 };

/* Things [n] by row, each rank's at its place. */
static void exchange(const covey__share *share, void *array, size_t size, int chunks) {
    const covey__ranks *ranks = share->ranks;
    size_t bytes[MOST_RANKS], offsets[MOST_RANKS];
    if (ranks->count == 1)
        return;
    for (int r = 0; r < ranks->count; ++r) {
        size_t first = covey__rank_first(ranks, share->n, r);
        size_t end = covey__rank_first(ranks, share->n, r + 1);
        if (chunks) {
            first = covey__chunk_count(first);
            end = covey__chunk_count(end);
        }
        offsets[r] = first * size;
        bytes[r] = (end - first) * size;
    }
    ranks->gather(array, bytes, offsets);
}

void covey__exchange_rows(const covey__share *share, void *array, size_t row_bytes) {
    exchange(share, array, row_bytes, 0);
}

void covey__exchange_chunks(const covey__share *share, void *array, size_t chunk_bytes) {
    exchange(share, array, chunk_bytes, 1);
}

/* Rows list [count <= PIECE], through `buffer` [count][d]. */
static void fetch_piece(const covey__share *share, float *x, size_t d, const int64_t *list,
                        size_t count, float *buffer) {
    const covey__ranks *ranks = share->ranks;
    size_t bytes[MOST_RANKS] = {0}, offsets[MOST_RANKS] = {0}, at = 0;
    for (size_t i = 0; i < count; ++i)
        bytes[covey__rank_of_row(ranks, share->n, (size_t)list[i])] += d * sizeof *x;
    for (int r = 0; r < ranks->count; ++r) {
        offsets[r] = at;
        at += bytes[r];
    }
    float *own = buffer + offsets[ranks->rank] / sizeof *buffer;
    for (size_t i = 0; i < count; ++i)
        if ((size_t)list[i] >= share->first && (size_t)list[i] < share->end) {
            memcpy(own, x + (size_t)list[i] * d, d * sizeof *x);
            own += d;
        }
    ranks->gather(buffer, bytes, offsets);
    for (size_t i = 0; i < count; ++i) {
        int owner = covey__rank_of_row(ranks, share->n, (size_t)list[i]);
        if (owner != ranks->rank)
            memcpy(x + (size_t)list[i] * d, (char *)buffer + offsets[owner], d * sizeof *x);
        offsets[owner] += d * sizeof *x;
    }
}

covey_status covey__fetch_rows(const covey__share *share, const float *x, size_t d,
                               const int64_t *list, size_t count, covey_error *err) {
    enum { PIECE = 1024 };
    covey_status status = COVEY_OK;
    if (share->ranks->count == 1 || !count)
        return COVEY_OK;
    float *buffer = covey__alloc_array((count < PIECE ? count : PIECE) * d, sizeof *buffer);
    COVEY_NOMEM_IF(!buffer, err);
    for (size_t at = 0; at < count; at += PIECE) /* the array is ours to complete */
        fetch_piece(share, (float *)(uintptr_t)x, d, list + at,
                    count - at < PIECE ? count - at : PIECE, buffer);
done:
    covey__free(buffer);
    return status;
}
