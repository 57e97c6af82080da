/* SPDX-License-Identifier: MIT */
/* Photos shared between ranks. Rank 0 finds them, asks the catalogue, and hands out jobs of a few
 * paths, two at a time, so that a rank has its next job before it is done; it describes photos itself
 * in between. Jobs get smaller towards the end: large photos and slow ranks even out. Whoever has
 * nothing left to do then does what others are still at, a second time: who is first counts, and a rank
 * that is slow or stands still is not waited for. Others send what became of each photo, which
 * rank 0 keeps. A photo's features depend on nothing else, so that who described it cannot be seen. */
#include <stdlib.h>
#include <string.h>

#include "network_internal.h"
#include "ranks_internal.h"
#include "run_extract_internal.h"

/* Messages are small enough to be on their way before the other side asks for them. */
enum { JOB_BYTES = 3500, PHOTOS_MOST = 256, REASON_BYTES = 512, ROOM = 4 << 20 };

typedef struct job {
    uint64_t first, count; /* of the photos to do; count 0: no more */
    char paths[JOB_BYTES]; /* one after the other, each with its NUL; one may be longer */
} job;

typedef struct result {
    uint64_t number; /* among the photos to do */
    int64_t status;
    uint64_t bytes, thumb_bytes;
    uint32_t width, height;
    uint8_t sha256[32];
    char reason[REASON_BYTES];
} result; /* the features follow, then the thumbnail, if the photo is used */

/* ---- rank 0 ----------------------------------------------------------------------------------- */

/* Of a photo to do: it lies with another rank; a second rank does it too; what became of it is known. */
enum { GIVEN = 1, TWICE = 2, SETTLED = 4 };

struct covey__handing {
    const covey__ranks *ranks;
    size_t next;    /* the first photo not given to anybody */
    size_t oldest;  /* before it all are settled or rank 0's */
    size_t pending; /* given to others and not settled */
    uint8_t *state; /* [n_todo] */
    size_t *owed;   /* [ranks], results to come */
    size_t *last;   /* [ranks], size of the job given last */
    char *message;  /* [ROOM] */
};

int covey__handing_settle(covey__extraction *e, size_t t) {
    covey__handing *h = e->handing;
    if (!h)
        return 0;
    if (h->state[t] & SETTLED)
        return 1;
    h->pending -= h->state[t] & GIVEN;
    h->state[t] |= SETTLED;
    return 0;
}

/* Photos of the next job: a part of what is left, so that the end comes to all at about one time. */
static size_t job_size(const covey__extraction *e) {
    const covey__handing *h = e->handing;
    size_t left = e->n_todo - h->next, size = left / (4 * (size_t)h->ranks->count);
    size = size > 8 * e->batch ? 8 * e->batch : size;
    size = size < e->batch ? e->batch : size;
    size = size > PHOTOS_MOST ? PHOTOS_MOST : size;
    return size < left ? size : left;
}

/* Photos first .. first+size-1 or as many of them as one message takes; answers how many. */
static size_t send_job(covey__extraction *e, int rank, size_t first, size_t size) {
    covey__handing *h = e->handing;
    job *given = (job *)(void *)h->message;
    size_t used = 0, count = 0;
    for (; count < size; ++count) {
        size_t length = strlen(e->paths[first + count]) + 1;
        if (count && used + length > JOB_BYTES)
            break;
        memcpy(given->paths + used, e->paths[first + count], length);
        used += length;
    }
    given->first = first;
    given->count = count;
    h->owed[rank] += count;
    h->last[rank] = count;
    h->ranks->send(rank, given, offsetof(job, paths) + used);
    return count;
}

static void give_job(covey__extraction *e, int rank) {
    covey__handing *h = e->handing;
    size_t count = send_job(e, rank, h->next, job_size(e));
    memset(h->state + h->next, GIVEN, count);
    h->next += count;
    h->pending += count;
}

/* A batch of photos that another rank has had for longest: from .. to-1, none if from = to. */
static void find_late(size_t *from, size_t *to, covey__extraction *e) {
    covey__handing *h = e->handing;
    while (h->oldest < h->next && h->state[h->oldest] != GIVEN)
        ++h->oldest;
    size_t end = h->oldest, most = h->pending / (size_t)h->ranks->count + 1;
    most = most < e->batch ? most : e->batch;
    while (end < h->next && end - h->oldest < most && h->state[end] == GIVEN)
        ++end;
    *from = h->oldest;
    *to = end;
}

static void mark_twice(covey__handing *h, size_t from, size_t to) {
    for (size_t t = from; t < to; ++t)
        h->state[t] |= TWICE;
}

/* The next job of a rank: as long as there are photos, two at a time; then what others are late with. */
static void give_more(covey__extraction *e, int rank) {
    covey__handing *h = e->handing;
    size_t from, to;
    if (h->next < e->n_todo) {
        if (h->owed[rank] <= h->last[rank])
            give_job(e, rank);
    } else if (!h->owed[rank]) {
        find_late(&from, &to, e);
        if (from < to)
            mark_twice(h, from, from + send_job(e, rank, from, to - from));
    }
}

static covey_status take_result(covey__extraction *e, size_t size, covey_error *err) {
    covey_status status = COVEY_OK;
    const covey__handing *h = e->handing;
    const result *got = (const result *)(const void *)h->message;
    const char *features = h->message + sizeof *got;
    size_t feature_bytes = e->channels * sizeof(float);
    COVEY_FAIL_IF(size < sizeof *got || got->number >= e->n_todo, err, COVEY_E_FORMAT, NULL,
                  "a rank sent something that is no photo");
    covey_photo photo = {.index = (size_t)got->number, .status = (covey_status)got->status,
                         .reason = got->reason, .thumb_bytes = (size_t)got->thumb_bytes,
                         .width = got->width, .height = got->height, .bytes = got->bytes};
    memcpy(photo.sha256, got->sha256, sizeof photo.sha256);
    if (covey__handing_settle(e, photo.index))
        goto done; /* another was quicker */
    ++e->n_done;
    if (photo.status != COVEY_OK) {
        COVEY_TRY(covey__extraction_skip(e, &photo, err));
        goto done;
    }
    COVEY_FAIL_IF(size != sizeof *got + feature_bytes + photo.thumb_bytes, err, COVEY_E_FORMAT,
                  NULL, "a rank sent something that is no photo");
    if (photo.thumb_bytes)
        photo.thumb = (const uint8_t *)features + feature_bytes;
    size_t i = e->todo[photo.index];
    COVEY_TRY(covey__extraction_enter(e, &photo, err));
    memcpy(e->run->features.data + i * e->channels, features, feature_bytes);
    e->is_used[i] = 1;
    if (e->n_held == e->batch) {
        covey__remember_batch(e);
        e->n_held = 0;
    }
done:
    return status;
}

/* Takes what has come; with `all`, everything that is still to come. The batch is empty before and
 * afterwards. */
covey_status covey__handing_serve(covey__extraction *e, int all, covey_error *err) {
    covey_status status = COVEY_OK;
    covey__handing *h = e->handing;
    if (!h)
        return COVEY_OK;
    while (status == COVEY_OK && (all ? h->pending > 0 : h->ranks->waiting())) {
        int from = COVEY__RANKS_ANY;
        size_t size = h->ranks->receive(&from, h->message, ROOM);
        --h->owed[from];
        status = take_result(e, size, err);
        if (status == COVEY_OK)
            give_more(e, from);
    }
    if (e->n_held)
        covey__remember_batch(e);
    e->n_held = 0;
    return status;
}

/* Each rank gets its first jobs. */
covey_status covey__handing_begin(covey__extraction *e, covey_error *err) {
    covey_status status = COVEY_OK;
    const covey__ranks *ranks = covey__ranks_get();
    if (ranks->count == 1 || e->handing)
        return COVEY_OK;
    covey__handing *h = covey__calloc(1, sizeof *h);
    COVEY_NOMEM_IF(!h, err);
    e->handing = h;
    h->ranks = ranks;
    h->state = covey__calloc(e->n_todo, sizeof *h->state);
    h->owed = covey__calloc((size_t)ranks->count, sizeof *h->owed);
    h->last = covey__calloc((size_t)ranks->count, sizeof *h->last);
    h->message = covey__alloc(ROOM);
    COVEY_NOMEM_IF(!h->state || !h->owed || !h->last || !h->message, err);
    for (int turn = 0; turn < 2; ++turn)
        for (int r = 1; r < ranks->count && h->next < e->n_todo; ++r)
            give_job(e, r);
done:
    return status;
}

/* The next photos for this rank: from .. to-1; 0 if none is left. Alone it takes all at once. */
int covey__handing_next(size_t *from, size_t *to, covey__extraction *e) {
    covey__handing *h = e->handing;
    size_t next = h ? h->next : e->n_done;
    *from = next;
    *to = h ? next + job_size(e) : e->n_todo;
    if (h && *from < *to) {
        h->next = *to;
    } else if (h) {
        find_late(from, to, e);
        mark_twice(h, *from, *to);
    }
    return *from < *to;
}

/* Tells the others that there is no more, and takes what they were still at. */
void covey__handing_end(covey__extraction *e) {
    covey__handing *h = e->handing;
    const covey__ranks *ranks = covey__ranks_get();
    job none = {0};
    if (h && h->message) {
        h->next = h->oldest = e->n_todo; /* where it was stopped, nothing more is given */
        (void)covey__handing_serve(e, 1, NULL);
    }
    for (int r = 1; r < ranks->count; ++r)
        ranks->send(r, &none, offsetof(job, paths));
    if (h) {
        covey__free(h->state);
        covey__free(h->owed);
        covey__free(h->last);
        covey__free(h->message);
        covey__free(h);
    }
    e->handing = NULL;
}

/* ---- the others ------------------------------------------------------------------------------- */

typedef struct queued {
    struct queued *next;
    size_t path_bytes;
    job job; /* longer or shorter than its type, as it came */
} queued;

typedef struct helper {
    const covey__ranks *ranks;
    covey_decoder *decoder;
    covey_network *network;
    size_t batch, channels, n_held;
    const uint8_t **pixels; /* [batch] */
    covey_photo *held;      /* [batch] */
    float *rows;            /* [batch][channels] */
    char *message;          /* [ROOM] */
    queued *jobs;           /* that have come and are not begun */
    int ended;              /* rank 0 needs nothing more */
} helper;

/* `features` NULL: the photo is skipped. */
static void send_result(helper *h, const covey_photo *photo, size_t first, const float *features) {
    result *sent = (result *)(void *)h->message;
    size_t size = sizeof *sent, bytes = h->channels * sizeof *features;
    memset(sent, 0, sizeof *sent);
    sent->number = first + photo->index;
    sent->status = photo->status;
    sent->bytes = photo->bytes;
    sent->width = photo->width;
    sent->height = photo->height;
    memcpy(sent->sha256, photo->sha256, sizeof sent->sha256);
    snprintf(sent->reason, sizeof sent->reason, "%s", photo->reason ? photo->reason : "");
    if (features) {
        memcpy(h->message + size, features, bytes);
        size += bytes;
        if (photo->thumb && photo->thumb_bytes <= ROOM - size) {
            sent->thumb_bytes = photo->thumb_bytes;
            memcpy(h->message + size, photo->thumb, photo->thumb_bytes);
            size += photo->thumb_bytes;
        }
    }
    h->ranks->send(0, sent, size);
}

static covey_status describe_held(helper *h, size_t first, covey_error *err) {
    if (!h->n_held)
        return COVEY_OK;
    covey_status status = covey_network_compute_features_of(h->network, h->rows, h->pixels,
                                                            h->n_held);
    if (status != COVEY_OK)
        covey__fail(err, status, NULL, "the network failed: %s", covey_status_str(status));
    for (size_t b = 0; b < h->n_held; ++b) {
        if (status == COVEY_OK)
            send_result(h, &h->held[b], first, h->rows + b * h->channels);
        covey_decoder_release(h->decoder, &h->held[b]);
    }
    h->n_held = 0;
    return status;
}

/* The next message of rank 0, which is waited for, joins the jobs. */
static covey_status take_job(helper *h, covey_error *err) {
    covey_status status = COVEY_OK;
    int from = 0;
    size_t size = h->ranks->receive(&from, h->message, ROOM), head = offsetof(job, paths);
    const job *came = (const job *)(const void *)h->message;
    if (size < head || !came->count) {
        h->ended = 1;
        return COVEY_OK;
    }
    COVEY_FAIL_IF(came->count > PHOTOS_MOST || size == head || h->message[size - 1], err,
                  COVEY_E_FORMAT, NULL, "rank 0 sent something that is no job");
    queued *taken = covey__alloc(sizeof *taken + size);
    COVEY_NOMEM_IF(!taken, err);
    taken->next = NULL;
    taken->path_bytes = size - head;
    memcpy((char *)taken + offsetof(queued, job), came, size);
    queued **last = &h->jobs;
    while (*last)
        last = &(*last)->next;
    *last = taken;
done:
    return status;
}

/* Between two photos it looks whether they are still wanted. */
static covey_status do_job(helper *h, const char *const *paths, size_t count, size_t first,
                           covey_error *err) {
    covey_status status = COVEY_OK;
    COVEY_TRY(covey_decoder_start(h->decoder, paths, count, err));
    for (size_t t = 0; t < count && !h->ended; ++t) {
        covey_photo photo;
        COVEY_TRY(covey_decoder_next(h->decoder, &photo, err));
        if (photo.status == COVEY_OK) {
            h->pixels[h->n_held] = photo.rgb;
            h->held[h->n_held++] = photo;
        } else {
            send_result(h, &photo, first, NULL);
            covey_decoder_release(h->decoder, &photo);
        }
        while (!h->ended && h->ranks->waiting())
            COVEY_TRY(take_job(h, err));
        if (!h->ended && (h->n_held == h->batch || t + 1 == count))
            COVEY_TRY(describe_held(h, first, err));
    }
done:
    return status;
}

static covey_status do_jobs(helper *h, const covey_weights *weights,
                            const covey_extract_params *params, covey_error *err) {
    covey_status status = COVEY_OK;
    const char *paths[PHOTOS_MOST];
    while (!h->ended) {
        if (!h->jobs) {
            COVEY_TRY(take_job(h, err));
            continue;
        }
        queued *taken = h->jobs;
        size_t count = 0;
        const char *path = (const char *)taken + offsetof(queued, job) + offsetof(job, paths);
        for (const char *end = path + taken->path_bytes; path < end; path += strlen(path) + 1)
            if (count < taken->job.count)
                paths[count++] = path;
        if (!h->network)
            COVEY_TRY(covey_network_new(&h->network, weights, &params->network, err));
        COVEY_TRY(do_job(h, paths, count, (size_t)taken->job.first, err));
        h->jobs = taken->next;
        covey__free(taken);
    }
done:
    while (h->jobs) {
        queued *next = h->jobs->next;
        covey__free(h->jobs);
        h->jobs = next;
    }
    return status;
}

covey_status covey_run_extract_help(const covey_weights *weights,
                                    const covey_extract_params *params, covey_error *err) {
    covey_status status = COVEY_OK;
    helper h = {.ranks = covey__ranks_get(), .batch = params->network.batch};
    char engine_id[COVEY__ENGINE_ID];
    if (h.ranks->rank == 0)
        return COVEY_OK;
    COVEY_FAIL_IF(h.batch < 1, err, COVEY_E_ARGUMENT, NULL, "a batch of no photo computes nothing");
    COVEY_TRY(covey__network_identify(engine_id, &h.channels, weights, params->network.precision,
                                      err));
    COVEY_TRY(covey_decoder_new(&h.decoder, 3 * h.batch + 4, &params->decode, err));
    h.pixels = covey__calloc(h.batch, sizeof *h.pixels);
    h.held = covey__calloc(h.batch, sizeof *h.held);
    h.rows = covey__alloc_array(h.batch * h.channels, sizeof *h.rows);
    h.message = covey__alloc(ROOM);
    COVEY_NOMEM_IF(!h.pixels || !h.held || !h.rows || !h.message, err);
    COVEY_TRY(do_jobs(&h, weights, params, err));
done:
    covey_decoder_free(h.decoder);
    covey_network_free(h.network);
    covey__free(h.pixels);
    covey__free(h.held);
    covey__free(h.rows);
    covey__free(h.message);
    return status;
}
