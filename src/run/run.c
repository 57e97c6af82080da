/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "run_internal.h"

const char *const covey__run_contract_files[] = {"features.npy", "images.csv",      "clusters.csv",
                                                 "history.csv",  "comparison.json", "skipped.csv",
                                                 NULL};

/* The arena is a list of blocks: a run holds many small strings that all die together. */
typedef struct block {
    struct block *next;
    size_t used, size;
    _Alignas(16) unsigned char data[];
} block;

enum { BLOCK_BYTES = 1 << 18 };

covey_status covey_run_new(covey_run **out, covey_error *err) {
    covey_run *run = covey__calloc(1, sizeof *run);
    if (!run)
        return covey__fail(err, COVEY_E_NOMEM, NULL, "memory ran out");
    *out = run;
    return COVEY_OK;
}

void covey_run_free(covey_run *run) {
    if (!run)
        return;
    covey_comparison_fini(&run->comparison);
    covey_dial_fini(&run->dial);
    covey_strangers_fini(&run->strangers);
    covey_matrix_fini(&run->features);
    covey__free(run->roots);
    covey__free(run->photos);
    covey__free(run->skips);
    covey__free(run->names);
    covey__free(run->folder);
    covey__run_free_thumbs(run);
    for (block *b = run->arena, *next; b; b = next) {
        next = b->next;
        covey__free(b);
    }
    covey__free(run);
}

void *covey__run_alloc(covey_run *run, size_t bytes) {
    block *b = run->arena;
    size_t rounded;
    if (covey__add_size(&rounded, bytes, 15)) {
        run->arena_failed = 1;
        return NULL;
    }
    rounded &= ~(size_t)15;
    if (!b || b->size - b->used < rounded) {
        size_t size = rounded > BLOCK_BYTES ? rounded : BLOCK_BYTES, total;
        if (covey__add_size(&total, size, sizeof(block)) || !(b = covey__alloc(total))) {
            run->arena_failed = 1;
            return NULL;
        }
        b->next = run->arena;
        b->used = 0;
        b->size = size;
        run->arena = b;
    }
    void *pointer = b->data + b->used;
    b->used += rounded;
    return pointer;
}

const char *covey_run_copy_string(covey_run *run, const char *s) {
    size_t n = strlen(s) + 1;
    char *copy = covey__run_alloc(run, n);
    return copy ? memcpy(copy, s, n) : NULL;
}

covey_status covey_run_record_input(covey_run *run, const char **path, const char **sha256,
                                    const char *file, covey_error *err) {
    covey_status status = COVEY_OK;
    uint8_t digest[32];
    char hex[65], *absolute = realpath(file, NULL);
    if (!absolute)
        return covey__fail_errno(err, file, "could not be examined");
    COVEY_TRY(covey__sha256_file(digest, NULL, absolute, err));
    covey__hex(hex, digest, sizeof digest);
    const char *kept_path = covey_run_copy_string(run, absolute);
    const char *kept_digest = covey_run_copy_string(run, hex);
    COVEY_NOMEM_IF(!kept_path || !kept_digest, err);
    *path = kept_path;
    *sha256 = kept_digest;
done:
    free(absolute);
    return status;
}

char *covey__run_full_path(const covey_run *run, size_t row) {
    const covey_run_photo *photo = &run->photos[row];
    return covey__path_join(run->roots[photo->root], photo->path);
}
