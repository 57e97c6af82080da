/* SPDX-License-Identifier: MIT */
/* Thumbnails of very many photos: the first 32 MB lie in memory, the others in a temporary file
 * that has no name, so that nothing of it stays however the process ends. It is mapped for reading,
 * and its pages are the system's to drop. Where no such file can be had, memory serves. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "run_internal.h"
#include "spill_internal.h"

enum { IN_MEMORY = 32 << 20, CHUNK = 64 << 20, REST_EVERY = 4 << 20 };

typedef struct thumbs {
    size_t in_memory;       /* bytes */
    int fd, sought;         /* the file: -1 where there is none */
    unsigned char **chunks; /* mapped parts of the file, CHUNK bytes each */
    size_t n_chunks, used;  /* bytes of the last chunk */
} thumbs;

/* A file without a name, in a folder that is not memory itself; -1. */
static int nameless_file(void) {
    const char *folders[] = {getenv("TMPDIR"), "/var/tmp", "/tmp"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; ++i) {
        int fd = folders[i] && *folders[i] == '/' ? covey__scratch_open(folders[i]) : -1;
        if (fd >= 0 && !covey__scratch_is_memory(fd))
            return fd;
        if (fd >= 0)
            close(fd);
    }
    return -1;
}

static int add_chunk(thumbs *t) {
    unsigned char **grown =
        covey__realloc(t->chunks, t->n_chunks * sizeof *grown, (t->n_chunks + 1) * sizeof *grown);
    if (!grown)
        return -1;
    t->chunks = grown;
    void *chunk = mmap(NULL, CHUNK, PROT_READ, MAP_SHARED, t->fd, (off_t)t->n_chunks * CHUNK);
    if (chunk == MAP_FAILED)
        return -1;
    t->chunks[t->n_chunks++] = chunk;
    t->used = 0;
    return 0;
}

/* The bytes in the file, or NULL. Written, not stored to: a full disk is an error and no signal. */
static const uint8_t *put_in_file(thumbs *t, const uint8_t *jpeg, size_t bytes) {
    if (!t->sought) {
        t->sought = 1;
        t->fd = nameless_file();
    }
    if (t->fd < 0 || bytes > CHUNK)
        return NULL;
    if ((!t->n_chunks || CHUNK - t->used < bytes) && add_chunk(t))
        return NULL;
    size_t start = (t->n_chunks - 1) * CHUNK + t->used;
    for (size_t done = 0; done < bytes;) {
        ssize_t n = pwrite(t->fd, jpeg + done, bytes - done, (off_t)(start + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return NULL;
        done += (size_t)n;
    }
    const uint8_t *place = t->chunks[t->n_chunks - 1] + t->used;
    /* The catalogue reads it soon after, and nobody else for long: what was read is let go of. */
    if (t->used / REST_EVERY != (t->used + bytes) / REST_EVERY)
        (void)madvise(t->chunks[t->n_chunks - 1], CHUNK, MADV_DONTNEED);
    t->used += bytes;
    return place;
}

const uint8_t *covey__run_keep_thumb(covey_run *run, const uint8_t *jpeg, size_t bytes) {
    if (!run->thumbs) {
        run->thumbs = covey__calloc(1, sizeof(thumbs));
        if (!run->thumbs)
            return NULL;
        ((thumbs *)run->thumbs)->fd = -1;
    }
    thumbs *t = run->thumbs;
    const uint8_t *place = t->in_memory + bytes > IN_MEMORY ? put_in_file(t, jpeg, bytes) : NULL;
    if (place)
        return place;
    uint8_t *copy = covey__run_alloc(run, bytes);
    if (copy)
        memcpy(copy, jpeg, bytes);
    t->in_memory += bytes;
    return copy;
}

void covey__run_rest_thumbs(const covey_run *run) {
    const thumbs *t = run->thumbs;
    for (size_t i = 0; t && i < t->n_chunks; ++i)
        (void)madvise(t->chunks[i], CHUNK, MADV_DONTNEED);
}

void covey__run_free_thumbs(covey_run *run) {
    thumbs *t = run->thumbs;
    if (!t)
        return;
    for (size_t i = 0; i < t->n_chunks; ++i)
        munmap(t->chunks[i], CHUNK);
    if (t->fd >= 0)
        close(t->fd);
    covey__free(t->chunks);
    covey__free(t);
    run->thumbs = NULL;
}
