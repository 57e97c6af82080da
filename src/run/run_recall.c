/* SPDX-License-Identifier: MIT */
/* What need not be computed. A file whose stamp (device, inode, size, times) is known is not even
 * opened; another is read once for its digest, unless no kept photo has its size. */
#include <string.h>
#include <time.h>

#include "run_extract_internal.h"

enum { REPORT_EVERY = 64 };

static int64_t wall_clock(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

typedef struct recalling {
    covey__extraction *e;
    int64_t *stale; /* [n_stale]: rows whose use is to be entered */
    size_t n_stale;
    char *is_new_stamp; /* [n] */
} recalling;

/* The digest of file `i`, from its stamp or its content; 0 where it is not worth taking. */
static int digest_of(recalling *r, uint8_t sha256[32], size_t i) {
    covey__extraction *e = r->e;
    const char *path = covey_files_get(e->files, i)->full;
    covey__stamp *stamp = &e->stamps[i];
    struct stat info;
    int64_t now = wall_clock();
    stamp->size = -1;
    if (stat(path, &info) || !S_ISREG(info.st_mode))
        return 0; /* the decoder says why it is skipped */
    covey__stamp taken;
    covey__stamp_of(&taken, &info);
    if (!e->params->rehash && covey__catalogue_find_stamp(e->catalogue, sha256, &taken)) {
        *stamp = taken;
        return 1;
    }
    if (covey__stamp_is_settled(&taken, now))
        *stamp = taken;
    if (!covey__catalogue_has_size(e->catalogue, (uint64_t)taken.size) ||
        covey__sha256_file(sha256, NULL, path, NULL) != COVEY_OK)
        return 0;
    r->is_new_stamp[i] = stamp->size >= 0;
    return 1;
}

/* Fills place `i` if its photo is known. */
static covey_status recall_one(recalling *r, size_t i, covey_error *err) {
    covey_status status = COVEY_OK;
    covey__extraction *e = r->e;
    covey__kept kept;
    uint8_t sha256[32];
    if (!digest_of(r, sha256, i) ||
        !covey__catalogue_find(e->catalogue, &kept, e->run->features.data + i * e->channels,
                               sha256) ||
        (uint64_t)kept.width * kept.height > e->params->decode.max_pixels)
        return COVEY_OK;
    COVEY_TRY(covey__extraction_place(e, i, &kept, err));
    e->is_used[i] = 1;
    ++e->n_known;
    if (kept.stale)
        r->stale[r->n_stale++] = kept.id;
done:
    return status;
}

static void enter_findings(recalling *r) {
    covey__extraction *e = r->e;
    size_t fresh = 0;
    for (size_t i = 0; i < e->n; ++i)
        fresh += e->is_used[i] && r->is_new_stamp[i];
    if (!fresh && !r->n_stale)
        return;
    covey__catalogue_begin(e->catalogue);
    for (size_t i = 0; fresh && i < e->n; ++i)
        if (e->is_used[i] && r->is_new_stamp[i])
            covey__catalogue_put_stamp(e->catalogue, &e->stamps[i], e->run->photos[i].sha256);
    for (size_t i = 0; i < r->n_stale; ++i)
        covey__catalogue_touch(e->catalogue, r->stale[i]);
    covey__catalogue_commit(e->catalogue);
}

static covey_status recall_all(recalling *r, covey_error *err) {
    covey_status status = COVEY_OK;
    covey__extraction *e = r->e;
    covey_progress_fn progress = e->params->progress;
    for (size_t i = 0; i < e->n; ++i) {
        COVEY_TRY(recall_one(r, i, err));
        COVEY_FAIL_IF(progress && i % REPORT_EVERY == 0 &&
                          progress(e->params->progress_user, "extract", e->n_known, e->n),
                      err, COVEY_E_CANCELLED, NULL, "stopped on request after %zu of %zu photos",
                      e->n_known, e->n);
    }
done:
    return status;
}

static covey_status use_catalogue(covey__extraction *e, covey_error *err) {
    covey_status status = COVEY_OK;
    const covey_run_facts *facts = &e->run->facts;
    recalling r = {.e = e};
    e->preparation = covey__asprintf("%s thumb=%zu%s", facts->preparation,
                                     e->params->decode.thumb,
                                     e->params->decode.thumb_raw ? " raw" : "");
    r.stale = covey__alloc_array(e->n, sizeof *r.stale);
    r.is_new_stamp = covey__calloc(e->n, 1);
    e->stamps = covey__alloc_array(e->n, sizeof *e->stamps);
    COVEY_NOMEM_IF(!e->preparation || !r.stale || !r.is_new_stamp || !e->stamps, err);
    covey__recipe recipe = {facts->weights_digest, e->preparation, facts->engine_id,
                            facts->pooling, e->channels};
    covey__catalogue_use(e->catalogue, &recipe);
    covey__catalogue_begin_reading(e->catalogue);
    status = recall_all(&r, err);
    covey__catalogue_end_reading(e->catalogue);
    enter_findings(&r);
done:
    covey__free(r.stale);
    covey__free(r.is_new_stamp);
    return status;
}

covey_status covey__recall(covey__extraction *e, covey_error *err) {
    covey_status status = COVEY_OK;
    if (e->catalogue)
        COVEY_TRY(use_catalogue(e, err));
    for (size_t i = 0; i < e->n; ++i)
        if (!e->is_used[i]) {
            e->paths[e->n_todo] = covey_files_get(e->files, i)->full;
            e->todo[e->n_todo++] = i;
        }
done:
    e->run->facts.recalled = e->n_known;
    return status;
}

void covey__remember_batch(covey__extraction *e) {
    if (!e->catalogue || covey_catalogue_trouble(e->catalogue))
        return;
    covey__catalogue_begin(e->catalogue);
    for (size_t b = 0; b < e->n_held; ++b) {
        size_t i = e->todo[e->held[b].index];
        const covey_run_photo *photo = &e->run->photos[i];
        covey__kept kept = {.width = photo->width,
                            .height = photo->height,
                            .bytes = photo->bytes,
                            .thumb = photo->thumb,
                            .thumb_bytes = photo->thumb_bytes};
        memcpy(kept.sha256, photo->sha256, sizeof kept.sha256);
        covey__catalogue_put(e->catalogue, &kept, e->run->features.data + i * e->channels);
        /* A file that changed since it was listed has another stamp by now: this one is harmless,
         * but says nothing. */
        if (e->stamps[i].size == (int64_t)photo->bytes)
            covey__catalogue_put_stamp(e->catalogue, &e->stamps[i], photo->sha256);
    }
    covey__catalogue_commit(e->catalogue);
}
