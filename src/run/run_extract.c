/* SPDX-License-Identifier: MIT */
/* Photos in, descriptions out: decoder processes fill a ring while the network computes batches.
 * Photos come out of the decoder in order and a photo's features do not depend on its batch, so
 * the result is the same for any number of workers and threads, and for any part of the photos
 * being known before. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "network_internal.h"
#include "run_extract_internal.h"

covey_extract_params covey_extract_params_default(void) {
    covey_extract_params params = {.decode = covey_decode_params_default(),
                                   .network = covey_network_params_default(),
                                   .duplicates = 0.95};
    params.decode.thumb = COVEY__RUN_THUMB_SIDE;
    return params;
}

typedef covey__extraction extraction;

static double seconds_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static covey_status reserve(extraction *e, covey_error *err) {
    covey_status status = COVEY_OK;
    covey_run *run = e->run;
    size_t n_roots = covey_files_root_count(e->files);
    run->roots = covey__calloc(n_roots, sizeof *run->roots);
    run->photos = covey__calloc(e->n, sizeof *run->photos);
    run->skips = covey__calloc(e->n, sizeof *run->skips);
    COVEY_NOMEM_IF(!run->roots || !run->photos || !run->skips, err);
    for (size_t i = 0; i < n_roots; ++i) {
        run->roots[i] = covey_run_copy_string(run, covey_files_root(e->files, i));
        COVEY_NOMEM_IF(!run->roots[i], err);
    }
    run->n_roots = n_roots;
    size_t numbers;
    COVEY_NOMEM_IF(covey__mul_size(&numbers, e->n, e->channels), err);
    run->features.data = covey__alloc_array(numbers, sizeof(float));
    COVEY_NOMEM_IF(!run->features.data, err);
    run->features.cols = e->channels;
    e->is_used = covey__calloc(e->n, 1);
    e->todo = covey__alloc_array(e->n, sizeof *e->todo);
    e->paths = covey__calloc(e->n, sizeof *e->paths);
    e->pixels = covey__calloc(e->batch, sizeof *e->pixels);
    e->held = covey__calloc(e->batch, sizeof *e->held);
    e->skip_of = covey__alloc_array(e->n, sizeof *e->skip_of);
    e->rows = covey__alloc_array(e->batch * e->channels, sizeof *e->rows);
    COVEY_NOMEM_IF(!e->is_used || !e->todo || !e->paths || !e->pixels || !e->held || !e->rows ||
                       !e->skip_of,
                   err);
done:
    return status;
}

covey_status covey__extraction_place(extraction *e, size_t i, const covey__kept *photo,
                                     covey_error *err) {
    covey_status status = COVEY_OK;
    covey_run *run = e->run;
    const covey_file *file = covey_files_get(e->files, i);
    covey_run_photo *place = &run->photos[i];
    place->path = covey_run_copy_string(run, file->path);
    COVEY_NOMEM_IF(!place->path, err);
    place->root = file->root;
    place->width = photo->width;
    place->height = photo->height;
    place->bytes = photo->bytes;
    memcpy(place->sha256, photo->sha256, sizeof place->sha256);
    if (photo->thumb) {
        place->thumb = covey__run_keep_thumb(run, photo->thumb, photo->thumb_bytes);
        COVEY_NOMEM_IF(!place->thumb, err);
        place->thumb_bytes = photo->thumb_bytes;
    }
done:
    return status;
}

covey_status covey__extraction_enter(extraction *e, const covey_photo *photo, covey_error *err) {
    covey_status status = COVEY_OK;
    covey__kept kept = {.width = photo->width,
                        .height = photo->height,
                        .bytes = photo->bytes,
                        .thumb = photo->thumb,
                        .thumb_bytes = photo->thumb_bytes};
    memcpy(kept.sha256, photo->sha256, sizeof kept.sha256);
    COVEY_TRY(covey__extraction_place(e, e->todo[photo->index], &kept, err));
    e->pixels[e->n_held] = photo->rgb;
    e->held[e->n_held++] = *photo;
done:
    return status;
}

/* One photo that cannot be opened is skipped; a disk that was pulled out ends the run, lest half of
 * the photos pass for all. */
covey_status covey__extraction_skip(extraction *e, const covey_photo *photo, covey_error *err) {
    covey_status status = COVEY_OK;
    covey_run *run = e->run;
    const covey_file *file = covey_files_get(e->files, e->todo[photo->index]);
    const char *root = covey_files_root(e->files, file->root);
    struct stat info;
    COVEY_FAIL_IF((photo->status == COVEY_E_NOT_FOUND || photo->status == COVEY_E_IO) &&
                      stat(root, &info),
                  err, COVEY_E_IO, root,
                  "is not there any more: the folder went away while its photos were read; run "
                  "again once it is back");
    covey_run_skip *skip = &run->skips[run->n_skips];
    skip->root = file->root;
    skip->path = covey_run_copy_string(run, file->path);
    skip->reason = covey_run_copy_string(run, photo->reason);
    COVEY_NOMEM_IF(!skip->path || !skip->reason, err);
    e->skip_of[run->n_skips++] = e->todo[photo->index];
done:
    return status;
}

/* Describes the held photos; they are then the run's. */
static covey_status flush(extraction *e, covey_error *err) {
    covey_status status = COVEY_OK;
    size_t channels = e->channels;
    if (e->n_held == 0)
        return COVEY_OK;
    status = covey_network_compute_features_of(e->network, e->rows, e->pixels, e->n_held);
    if (status != COVEY_OK)
        covey__fail(err, status, NULL, "the network failed: %s", covey_status_str(status));
    for (size_t b = 0; b < e->n_held; ++b) {
        size_t i = e->todo[e->held[b].index];
        covey_decoder_release(e->decoder, &e->held[b]);
        if (status == COVEY_OK) {
            memcpy(e->run->features.data + i * channels, e->rows + b * channels,
                   channels * sizeof *e->rows);
            e->is_used[i] = 1;
        }
    }
    if (status == COVEY_OK)
        covey__remember_batch(e);
    e->n_held = 0;
    return status;
}

/* Photos from .. to-1 of those to do. */
static covey_status describe_some(extraction *e, size_t from, size_t to, covey_error *err) {
    covey_status status = COVEY_OK;
    covey_progress_fn progress = e->params->progress;
    COVEY_TRY(covey_decoder_start(e->decoder, e->paths + from, to - from, err));
    if (!e->network)
        COVEY_TRY(covey_network_new(&e->network, e->weights, &e->params->network, err));
    for (size_t t = from; t < to; ++t) {
        covey_photo photo;
        COVEY_TRY(covey_decoder_next(e->decoder, &photo, err));
        photo.index += from;
        int settled_before = covey__handing_settle(e, photo.index);
        e->n_done += !settled_before;
        if (!settled_before && photo.status == COVEY_OK) {
            status = covey__extraction_enter(e, &photo, err);
        } else {
            if (!settled_before)
                status = covey__extraction_skip(e, &photo, err);
            covey_decoder_release(e->decoder, &photo);
        }
        if (status != COVEY_OK)
            goto done;
        if (e->n_held == e->batch || t + 1 == to) {
            COVEY_TRY(flush(e, err));
            COVEY_TRY(covey__handing_serve(e, 0, err));
        }
        size_t settled = e->n_known + e->n_done - e->n_held;
        COVEY_FAIL_IF(progress && progress(e->params->progress_user, "extract", settled, e->n),
                      err, COVEY_E_CANCELLED, NULL, "stopped on request after %zu of %zu photos",
                      settled - e->run->n_skips, e->n);
    }
done:
    return status;
}

/* The network is made once there is something for it to do. */
static covey_status describe_all(extraction *e, covey_error *err) {
    covey_status status = COVEY_OK;
    COVEY_TRY(covey__recall(e, err));
    if (e->n_todo) {
        size_t from, to;
        COVEY_TRY(covey__handing_begin(e, err));
        while (covey__handing_next(&from, &to, e))
            COVEY_TRY(describe_some(e, from, to, err));
        COVEY_TRY(covey__handing_serve(e, 1, err));
    } else if (e->params->progress &&
               e->params->progress(e->params->progress_user, "extract", e->n, e->n)) {
        status = covey__fail(err, COVEY_E_CANCELLED, NULL, "stopped on request");
    }
done:
    return status;
}

typedef struct placed_skip {
    size_t file;
    covey_run_skip skip;
} placed_skip;

static int by_file(const void *a, const void *b) {
    size_t x = ((const placed_skip *)a)->file, y = ((const placed_skip *)b)->file;
    return (x > y) - (x < y);
}

/* Into the order of the files, whoever came across them when. */
static covey_status order_skips(extraction *e, covey_error *err) {
    covey_status status = COVEY_OK;
    size_t n = e->run->n_skips;
    placed_skip *placed = covey__alloc_array(n, sizeof *placed);
    COVEY_NOMEM_IF(!placed, err);
    for (size_t i = 0; i < n; ++i)
        placed[i] = (placed_skip){e->skip_of[i], e->run->skips[i]};
    qsort(placed, n, sizeof *placed, by_file);
    for (size_t i = 0; i < n; ++i)
        e->run->skips[i] = placed[i].skip;
done:
    covey__free(placed);
    return status;
}

/* Photos and their rows move up to where they belong. */
static void close_gaps(extraction *e) {
    covey_run *run = e->run;
    size_t n = 0;
    for (size_t i = 0; i < e->n; ++i) {
        if (!e->is_used[i])
            continue;
        if (n != i) {
            run->photos[n] = run->photos[i];
            memcpy(run->features.data + n * e->channels, run->features.data + i * e->channels,
                   e->channels * sizeof(float));
        }
        ++n;
    }
    run->n_photos = run->features.rows = n;
}

static covey_status record_facts(extraction *e, const char *engine_id, covey_error *err) {
    covey_run_facts *facts = &e->run->facts;
    facts->weights_name = covey_run_copy_string(e->run, covey_weights_name(e->weights));
    facts->weights_digest = covey_run_copy_string(e->run, covey_weights_digest(e->weights));
    facts->engine_id = covey_run_copy_string(e->run, engine_id);
    facts->preparation = covey_run_copy_string(e->run, covey_decoder_preparation(e->decoder));
    facts->pooling = covey_pooling_name(e->params->network.pooling);
    facts->isolation = covey_run_copy_string(e->run, covey_decoder_isolation(e->decoder));
    facts->max_pixels = e->params->decode.max_pixels;
    facts->time_limit = e->params->decode.time_limit;
    facts->duplicates = e->params->duplicates;
    if (!facts->weights_name || !facts->weights_digest || !facts->engine_id ||
        !facts->preparation || !facts->isolation)
        return covey__fail(err, COVEY_E_NOMEM, NULL, "memory ran out");
    return COVEY_OK;
}

covey_status covey_run_extract(covey_run *run, const covey_files *files,
                               const covey_weights *weights, const covey_extract_params *params,
                               covey_error *err) {
    covey_status status = COVEY_OK;
    covey_extract_params defaults = covey_extract_params_default();
    extraction e = {.run = run,
                    .files = files,
                    .weights = weights,
                    .params = params ? params : &defaults};
    char engine_id[COVEY__ENGINE_ID];
    int ended = 0; /* 1: the other ranks have been told */
    double start = seconds_now();
    e.n = covey_files_count(files);
    e.batch = e.params->network.batch;
    e.catalogue = e.params->catalogue;
    COVEY_FAIL_IF(run->photos || run->features.data, err, COVEY_E_ARGUMENT, NULL,
                  "this run has photos already; start a new one");
    run->facts.found = e.n;
    run->facts.others = covey_files_other_count(files);
    COVEY_FAIL_IF(e.n == 0, err, COVEY_E_NOT_FOUND,
                  covey_files_root_count(files) ? covey_files_root(files, 0) : NULL,
                  "holds no photo that Covey reads (JPEG, PNG, WebP, TIFF, GIF, HEIC, AVIF)");
    COVEY_FAIL_IF(e.batch < 1, err, COVEY_E_ARGUMENT, NULL, "a batch of no photo computes nothing");
    COVEY_FAIL_IF(!covey_pooling_name(e.params->network.pooling), err, COVEY_E_ARGUMENT, NULL,
                  "there is no pooling number %d", (int)e.params->network.pooling);
    COVEY_TRY(covey__network_identify(engine_id, &e.channels, weights,
                                      e.params->network.precision, err));
    COVEY_TRY(covey_decoder_new(&e.decoder, 3 * e.batch + 4, &e.params->decode, err));
    COVEY_TRY(reserve(&e, err));
    COVEY_TRY(record_facts(&e, engine_id, err));
    status = describe_all(&e, err);
    covey__handing_end(&e);
    ended = 1;
    close_gaps(&e);
    if (status == COVEY_OK)
        status = order_skips(&e, err);
    run->facts.seconds_extract = seconds_now() - start;
    if (status == COVEY_OK && run->n_photos == 0)
        status = covey__fail(err, COVEY_E_NOT_FOUND, run->roots[0],
                             "none of the %zu files found could be used; the first: %.100s: %.200s",
                             e.n, run->skips[0].path, run->skips[0].reason);
    if (status == COVEY_OK && e.params->duplicates > 0)
        status = covey_run_find_duplicates(run, e.params->duplicates, e.params->network.threads,
                                           e.params->progress, e.params->progress_user, err);
    if (status != COVEY_OK)
        run->facts.duplicates = 0; /* a folder of what is done has not been searched */
done:
    if (!ended)
        covey__handing_end(&e);
    covey_decoder_free(e.decoder);
    covey_network_free(e.network);
    covey__free(e.preparation);
    covey__free(e.is_used);
    covey__free(e.stamps);
    covey__free(e.todo);
    covey__free(e.paths);
    covey__free(e.pixels);
    covey__free(e.held);
    covey__free(e.skip_of);
    covey__free(e.rows);
    return status;
}
