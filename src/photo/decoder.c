/* SPDX-License-Identifier: MIT */
/* The decoder pool: a thread of its own hands photos to covey-decode processes and takes back what
 * they made, while the caller computes. Photos are given out in order and each result goes to the
 * place of its number, so what comes out does not depend on which worker was faster.
 *
 *     paths ---- next_given ----> workers ----> slots ---- next_taken ----> caller
 *
 * At most `ahead` photos lie between next_taken and next_given, and the caller holds at most
 * `ahead` more: 2 ahead slots always suffice, and waiting always ends. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base_internal.h"
#include "covey/cpu.h"
#include "decoder_internal.h"
#include "photo_internal.h"

/* Seconds that a worker may take to start; libvips needs 0.03. */
static const double START_LIMIT = 30;

typedef enum slot_state { SLOT_FREE = 0, SLOT_WORKING, SLOT_DONE, SLOT_HELD } slot_state;

typedef struct slot {
    slot_state state;
    size_t index;
    uint8_t *rgb, *thumb;
    covey_photo photo;
    char reason[COVEY__REASON_BYTES];
} slot;

struct covey_decoder {
    char *program;
    char *preparation;
    covey_decode_params params;
    covey__decode_setup setup;
    covey__worker *workers;
    size_t n_workers;
    struct pollfd *polled; /* [n_workers + 1] */
    size_t ahead;
    slot *slots;
    size_t n_slots;
    size_t *slot_of; /* [ahead]: of photo i at i mod ahead, between next_taken and next_given */
    int wake;        /* eventfd: the caller changed something */
    pthread_t thread;
    bool has_lock, has_changed, has_thread;

    /* Below: under the lock. */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    const char *const *paths;
    size_t n, next_given, next_taken, held;
    size_t ready; /* workers that have said hello, ever */
    bool stop;
    covey_error fatal; /* status != 0: the pool has ended */
    char decoder_name[64], isolation[128];
};

covey_decode_params covey_decode_params_default(void) {
    return (covey_decode_params){.orient = 1,
                                 .icc = 1,
                                 .alpha = COVEY_ALPHA_WHITE,
                                 .max_pixels = 400000000,
                                 .time_limit = 60};
}

void covey_decode_params_set_exact(covey_decode_params *params) {
    params->full = 1;
    params->orient = 0;
    params->icc = 0;
    params->alpha = COVEY_ALPHA_DROP;
}

/* ---- the dispatcher thread ----------------------------------------------------------------- */

static void set_fatal(covey_decoder *d, const covey_error *err) {
    pthread_mutex_lock(&d->lock);
    if (d->fatal.status == COVEY_OK)
        d->fatal = *err;
    pthread_cond_broadcast(&d->changed);
    pthread_mutex_unlock(&d->lock);
}

/* A worker's words, as far as they are plain ASCII. */
static void copy_reason(char *out, size_t size, const char *in) {
    size_t n = strnlen(in, size - 1);
    for (size_t i = 0; i < n; ++i)
        out[i] = in[i] >= 0x20 && in[i] < 0x7F ? in[i] : '?';
    out[n] = '\0';
}

static void finish(covey_decoder *d, size_t slot_number) {
    slot *s = d->slots + slot_number;
    pthread_mutex_lock(&d->lock);
    s->photo.index = s->index;
    s->photo.slot = slot_number;
    s->photo.reason = s->reason;
    s->photo.rgb = s->photo.status == COVEY_OK ? s->rgb : NULL;
    s->photo.thumb =
        s->photo.status == COVEY_OK && s->photo.thumb_bytes ? s->thumb : NULL;
    s->state = SLOT_DONE;
    pthread_cond_broadcast(&d->changed);
    pthread_mutex_unlock(&d->lock);
}

COVEY_PRINTF(4, 5)
static void skip(covey_decoder *d, size_t slot_number, covey_status status, const char *fmt, ...) {
    slot *s = d->slots + slot_number;
    va_list args;
    va_start(args, fmt);
    vsnprintf(s->reason, sizeof s->reason, fmt, args);
    va_end(args);
    s->photo.status = status;
    finish(d, slot_number);
}

/* The digest, and the size as the worker found it, if it came that far. */
static void take_digest(const covey__worker *w, slot *s) {
    covey__decode_result result;
    memcpy(&result, w->shared, sizeof result);
    if (!result.hashed)
        return;
    s->photo.bytes = result.bytes;
    memcpy(s->photo.sha256, result.sha256, sizeof s->photo.sha256);
}

/* The worker is gone, or is to go: its photo is skipped, and another process takes its place. */
static void replace_worker(covey_decoder *d, covey__worker *w, int gone, const char *why) {
    char how[COVEY__HOW_BYTES];
    covey_error err;
    covey__worker_state state = w->state;
    covey__worker_end(w, gone, how, sizeof how);
    if (state == COVEY__WORKER_BUSY) {
        take_digest(w, d->slots + w->slot);
        if (why)
            skip(d, w->slot, COVEY_E_DECODER, "%s", why);
        else
            skip(d, w->slot, COVEY_E_DECODER,
                 "made its decoder fail (it %s); the file may be damaged or hostile", how);
    } else if (state == COVEY__WORKER_STARTING) {
        covey__fail(&err, COVEY_E_DECODER, d->program,
                    "the photo decoder %s instead of starting (it %s); run it with --version to "
                    "see why",
                    gone ? "stopped" : "answered nonsense or nothing", how);
        set_fatal(d, &err);
        return;
    }
    memset(w->shared, 0, sizeof(covey__decode_result));
    if (covey__worker_start(w, d->program, &d->setup, &err) != COVEY_OK)
        set_fatal(d, &err);
    w->deadline = covey__now() + START_LIMIT;
}

static void hear_hello(covey_decoder *d, covey__worker *w) {
    covey__decode_hello hello;
    int got = covey__worker_receive(w, &hello, sizeof hello);
    if (got == 0)
        return;
    if (got < 0 || hello.magic != COVEY__DECODE_HELLO || hello.version != COVEY__DECODE_VERSION) {
        replace_worker(d, w, got < 0, NULL);
        return;
    }
    w->state = COVEY__WORKER_IDLE;
    pthread_mutex_lock(&d->lock);
    ++d->ready;
    hello.decoder[sizeof hello.decoder - 1] = '\0';
    copy_reason(d->decoder_name, sizeof d->decoder_name, hello.decoder);
    hello.isolation[sizeof hello.isolation - 1] = '\0';
    copy_reason(d->isolation, sizeof d->isolation, hello.isolation);
    pthread_cond_broadcast(&d->changed);
    pthread_mutex_unlock(&d->lock);
}

/* Whoever draws the thumbnail relies on its sides. */
static bool thumb_is_sound(const covey_decoder *d, const covey__decode_reply *reply) {
    uint64_t pixels = (uint64_t)reply->thumb_width * reply->thumb_height;
    if (!reply->thumb_bytes)
        return true;
    return pixels && reply->thumb_width <= d->setup.thumb &&
           reply->thumb_height <= d->setup.thumb &&
           (!d->setup.thumb_raw || reply->thumb_bytes == pixels * 3);
}

static void hear_reply(covey_decoder *d, covey__worker *w) {
    covey__decode_reply reply;
    slot *s = d->slots + w->slot;
    int got = covey__worker_receive(w, &reply, sizeof reply);
    if (got == 0)
        return;
    if (got < 0 || reply.magic != COVEY__DECODE_REPLY || reply.id != w->index ||
        reply.thumb_bytes > d->setup.thumb_room || !thumb_is_sound(d, &reply) ||
        (reply.status == COVEY_OK && (!reply.width || !reply.height))) {
        replace_worker(d, w, got < 0,
                       got < 0 ? NULL
                               : "made its decoder answer nonsense; the file may be hostile");
        return;
    }
    take_digest(w, s);
    reply.reason[sizeof reply.reason - 1] = '\0';
    copy_reason(s->reason, sizeof s->reason, reply.status ? reply.reason : "");
    s->photo.status = reply.status > 0 ? COVEY_E_DECODER : (covey_status)reply.status;
    s->photo.width = reply.width;
    s->photo.height = reply.height;
    if (reply.status == COVEY_OK) {
        s->photo.thumb_bytes = reply.thumb_bytes;
        s->photo.thumb_width = reply.thumb_width;
        s->photo.thumb_height = reply.thumb_height;
        memcpy(s->rgb, w->shared + COVEY__RGB_AT, COVEY__RGB_BYTES);
        if (reply.thumb_bytes)
            memcpy(s->thumb, w->shared + COVEY__THUMB_AT, reply.thumb_bytes);
    }
    w->state = COVEY__WORKER_IDLE;
    finish(d, w->slot);
}

/* Opens a photo for a worker. -1: skipped with a reason, or the pool has ended. */
static int open_photo(covey_decoder *d, const char *path, size_t slot_number) {
    struct stat info;
    int fd = -1;
    if (!stat(path, &info)) {
        if (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) {
            skip(d, slot_number, COVEY_E_FORMAT, "is not a regular file; leave it out");
            return -1;
        }
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    }
    if (fd < 0) {
        covey_error err;
        int code = errno;
        covey_status status = covey__fail_errno(&err, path, "could not be opened");
        if (code == EMFILE || code == ENFILE || code == ENOMEM)
            set_fatal(d, &err); /* ours to say, not the photo's fault */
        skip(d, slot_number, status, "%s", err.message);
        return -1;
    }
    if (!fstat(fd, &info) && S_ISREG(info.st_mode)) {
        d->slots[slot_number].photo.bytes = (uint64_t)info.st_size;
        return fd;
    }
    close(fd);
    skip(d, slot_number, COVEY_E_FORMAT, "is a folder, not a photo; its content was not found");
    return -1;
}

/* The next photo's number and slot, if there is one and there is room. */
static bool give_out(covey_decoder *d, size_t *index, size_t *slot_number, const char **path) {
    bool given = false;
    pthread_mutex_lock(&d->lock);
    if (!d->stop && !d->fatal.status && d->next_given < d->n &&
        d->next_given - d->next_taken < d->ahead)
        for (size_t i = 0; i < d->n_slots && !given; ++i)
            if (d->slots[i].state == SLOT_FREE) {
                slot *s = d->slots + i;
                *slot_number = i;
                *index = d->next_given++;
                *path = d->paths[*index];
                d->slot_of[*index % d->ahead] = i;
                s->state = SLOT_WORKING;
                s->index = *index;
                s->photo = (covey_photo){0};
                s->reason[0] = '\0';
                given = true;
            }
    pthread_mutex_unlock(&d->lock);
    return given;
}

static void employ(covey_decoder *d, covey__worker *w) {
    size_t index, slot_number;
    const char *path;
    while (w->state == COVEY__WORKER_IDLE && give_out(d, &index, &slot_number, &path)) {
        int fd = open_photo(d, path, slot_number);
        if (fd < 0)
            continue;
        covey__decode_request request = {
            COVEY__DECODE_REQUEST, (uint32_t)covey__kind_of_name(path), index};
        memset(w->shared, 0, sizeof(covey__decode_result));
        w->index = index;
        w->slot = slot_number;
        int failed = covey__worker_request(w, &request, fd);
        close(fd);
        w->deadline = covey__now() + d->params.time_limit;
        if (failed) {
            w->state = COVEY__WORKER_BUSY;
            replace_worker(d, w, 1, NULL);
        }
    }
}

static void check_deadline(covey_decoder *d, covey__worker *w, double now) {
    char why[128];
    if ((w->state != COVEY__WORKER_BUSY && w->state != COVEY__WORKER_STARTING) ||
        now < w->deadline)
        return;
    snprintf(why, sizeof why, "took longer to decode than the limit of %g s; leave it out",
             d->params.time_limit);
    replace_worker(d, w, 0, why);
}

/* Until a worker speaks, the caller changes something, or a deadline passes. */
static void wait_for_news(covey_decoder *d) {
    double now = covey__now(), until = now + 3600;
    d->polled[0] = (struct pollfd){d->wake, POLLIN, 0};
    for (size_t i = 0; i < d->n_workers; ++i) {
        const covey__worker *w = d->workers + i;
        d->polled[i + 1] = (struct pollfd){w->socket, POLLIN, 0};
        if ((w->state == COVEY__WORKER_BUSY || w->state == COVEY__WORKER_STARTING) &&
            w->deadline < until)
            until = w->deadline;
    }
    double ms = (until - now) * 1000 + 1;
    poll(d->polled, d->n_workers + 1, ms < 0 ? 0 : (int)ms);
    if (d->polled[0].revents) {
        uint64_t count;
        ssize_t n = read(d->wake, &count, sizeof count);
        (void)n;
    }
}

static bool is_over(covey_decoder *d) {
    pthread_mutex_lock(&d->lock);
    bool over = d->stop || d->fatal.status != COVEY_OK;
    pthread_mutex_unlock(&d->lock);
    return over;
}

static void *dispatch(void *context) {
    covey_decoder *d = context;
    while (!is_over(d)) {
        for (size_t i = 0; i < d->n_workers; ++i)
            employ(d, d->workers + i);
        if (is_over(d))
            break;
        wait_for_news(d);
        double now = covey__now();
        for (size_t i = 0; i < d->n_workers && !is_over(d); ++i) {
            covey__worker *w = d->workers + i;
            if (d->polled[i + 1].revents) {
                if (w->state == COVEY__WORKER_STARTING)
                    hear_hello(d, w);
                else if (w->state == COVEY__WORKER_BUSY)
                    hear_reply(d, w);
                else
                    replace_worker(d, w, 1, NULL); /* an idle worker that speaks or leaves */
            }
            check_deadline(d, w, now);
        }
    }
    return NULL;
}

/* ---- the caller's side --------------------------------------------------------------------- */

static covey_status check_params(const covey_decode_params *p, size_t ahead, covey_error *err) {
    covey_status status = COVEY_OK;
    COVEY_FAIL_IF(ahead < 1 || ahead > 65536, err, COVEY_E_ARGUMENT, NULL,
                  "%zu photos cannot be decoded ahead; give 1 to 65536", ahead);
    COVEY_FAIL_IF(p->threads < 0 || p->threads > 1024, err, COVEY_E_ARGUMENT, NULL,
                  "%d decoding processes cannot be run; give 0 (all cores) to 1024", p->threads);
    COVEY_FAIL_IF(p->thumb > COVEY__THUMB_LARGEST, err, COVEY_E_ARGUMENT, NULL,
                  "a thumbnail of %zu pixels cannot be made; give at most %d", p->thumb,
                  COVEY__THUMB_LARGEST);
    COVEY_FAIL_IF(!(p->time_limit > 0 && p->time_limit <= 86400), err, COVEY_E_ARGUMENT, NULL,
                  "a time limit of %g s per photo makes no sense; give 0.001 to 86400",
                  p->time_limit);
    COVEY_FAIL_IF(p->alpha != COVEY_ALPHA_WHITE && p->alpha != COVEY_ALPHA_DROP, err,
                  COVEY_E_ARGUMENT, NULL, "alpha is to be white or drop");
    COVEY_FAIL_IF(!p->max_pixels, err, COVEY_E_ARGUMENT, NULL,
                  "no photo has 0 pixels; give a larger limit");
done:
    return status;
}

static covey_status make_slots(covey_decoder *d, covey_error *err) {
    covey_status status = COVEY_OK;
    d->n_slots = 2 * d->ahead;
    d->slots = covey__calloc(d->n_slots, sizeof *d->slots);
    d->slot_of = covey__calloc(d->ahead, sizeof *d->slot_of);
    COVEY_NOMEM_IF(!d->slots || !d->slot_of, err);
    for (size_t i = 0; i < d->n_slots; ++i) {
        d->slots[i].rgb = covey__alloc(COVEY__RGB_BYTES);
        COVEY_NOMEM_IF(!d->slots[i].rgb, err);
        if (d->setup.thumb_room) {
            d->slots[i].thumb = covey__alloc((size_t)d->setup.thumb_room);
            COVEY_NOMEM_IF(!d->slots[i].thumb, err);
        }
    }
done:
    return status;
}

static covey_status start_workers(covey_decoder *d, covey_error *err) {
    covey_status status = COVEY_OK;
    size_t n = d->params.threads ? (size_t)d->params.threads : (size_t)covey_cpu_count();
    d->workers = covey__calloc(n, sizeof *d->workers);
    d->polled = covey__calloc(n + 1, sizeof *d->polled);
    COVEY_NOMEM_IF(!d->workers || !d->polled, err);
    for (; d->n_workers < n; ++d->n_workers) {
        covey__worker *w = d->workers + d->n_workers;
        status = covey__worker_init(w, &d->setup, err);
        if (status == COVEY_OK)
            status = covey__worker_start(w, d->program, &d->setup, err);
        w->deadline = covey__now() + START_LIMIT;
        if (status != COVEY_OK) {
            covey__worker_fini(w);
            goto done;
        }
    }
done:
    return status;
}

/* The thread takes no signals: a host's handlers run where they did before. */
static covey_status start_thread(covey_decoder *d, covey_error *err) {
    covey_status status = COVEY_OK;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int code = pthread_create(&d->thread, NULL, dispatch, d);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    COVEY_FAIL_IF(code, err, COVEY_E_NOMEM, NULL, "a thread could not be started: %s",
                  strerror(code));
    d->has_thread = true;
done:
    return status;
}

/* All workers are up, or one cannot be. */
static covey_status wait_until_ready(covey_decoder *d, covey_error *err) {
    pthread_mutex_lock(&d->lock);
    while (d->ready < d->n_workers && !d->fatal.status)
        pthread_cond_wait(&d->changed, &d->lock);
    covey_status status = d->fatal.status;
    if (status != COVEY_OK && err)
        *err = d->fatal;
    pthread_mutex_unlock(&d->lock);
    return status;
}

covey_status covey_decoder_new(covey_decoder **out, size_t ahead,
                               const covey_decode_params *params, covey_error *err) {
    covey_status status = COVEY_OK;
    covey_decode_params p = params ? *params : covey_decode_params_default();
    covey_decoder *d = NULL;
    COVEY_TRY(check_params(&p, ahead, err));
    d = covey__calloc(1, sizeof *d);
    COVEY_NOMEM_IF(!d, err);
    d->wake = -1;
    d->params = p;
    d->params.program = NULL; /* borrowed for this call only */
    d->ahead = ahead;
    double seconds = p.time_limit * 2 + 30;
    d->setup = (covey__decode_setup){COVEY__DECODE_SETUP,
                                     COVEY__DECODE_VERSION,
                                     p.full != 0,
                                     p.orient != 0,
                                     p.icc != 0,
                                     (uint32_t)p.alpha,
                                     p.crop != 0,
                                     (uint32_t)p.thumb,
                                     p.max_pixels,
                                     covey__thumb_room(p.thumb, p.thumb_raw != 0),
                                     (uint32_t)seconds,
                                     p.thumb_raw != 0};
    COVEY_FAIL_IF(pthread_mutex_init(&d->lock, NULL), err, COVEY_E_NOMEM, NULL, "no lock");
    d->has_lock = true;
    COVEY_FAIL_IF(pthread_cond_init(&d->changed, NULL), err, COVEY_E_NOMEM, NULL, "no condition");
    d->has_changed = true;
    d->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (d->wake < 0) {
        status = covey__fail_errno(err, NULL, "an event descriptor for the photo decoder");
        goto done;
    }
    COVEY_TRY(covey__decode_program(&d->program, &p, err));
    COVEY_TRY(make_slots(d, err));
    COVEY_TRY(start_workers(d, err));
    COVEY_TRY(start_thread(d, err));
    COVEY_TRY(wait_until_ready(d, err));
    d->preparation = covey__asprintf("%s %s %s alpha=%s %s %s", p.crop ? "256+crop224" : "224",
                                     "bilinear", p.orient ? (p.icc ? "orient icc" : "orient no-icc")
                                     : p.icc              ? "no-orient icc"
                                                          : "no-orient no-icc",
                                     p.alpha == COVEY_ALPHA_WHITE ? "white" : "drop",
                                     p.full ? "full" : "shrink", d->decoder_name);
    COVEY_NOMEM_IF(!d->preparation, err);
    *out = d;
    d = NULL;
done:
    covey_decoder_free(d);
    return status;
}

static void wake(covey_decoder *d) {
    uint64_t one = 1;
    ssize_t n = write(d->wake, &one, sizeof one);
    (void)n;
}

void covey_decoder_free(covey_decoder *d) {
    if (!d)
        return;
    if (d->has_thread) {
        pthread_mutex_lock(&d->lock);
        d->stop = true;
        pthread_mutex_unlock(&d->lock);
        wake(d);
        pthread_join(d->thread, NULL);
    }
    for (size_t i = 0; i < d->n_workers; ++i)
        covey__worker_fini(d->workers + i);
    if (d->wake >= 0)
        close(d->wake);
    if (d->has_changed)
        pthread_cond_destroy(&d->changed);
    if (d->has_lock)
        pthread_mutex_destroy(&d->lock);
    for (size_t i = 0; d->slots && i < d->n_slots; ++i) {
        covey__free(d->slots[i].rgb);
        covey__free(d->slots[i].thumb);
    }
    covey__free(d->slots);
    covey__free(d->slot_of);
    covey__free(d->workers);
    covey__free(d->polled);
    covey__free(d->program);
    covey__free(d->preparation);
    covey__free(d);
}

covey_status covey_decoder_start(covey_decoder *d, const char *const *paths, size_t n,
                                 covey_error *err) {
    covey_status status = COVEY_OK;
    pthread_mutex_lock(&d->lock);
    COVEY_FAIL_IF(d->next_taken < d->n, err, COVEY_E_ARGUMENT, NULL,
                  "photos of the run before are not taken yet; take them, or use another decoder");
    d->paths = paths;
    d->n = n;
    d->next_given = d->next_taken = 0;
done:
    pthread_mutex_unlock(&d->lock);
    if (status == COVEY_OK)
        wake(d);
    return status;
}

covey_status covey_decoder_next(covey_decoder *d, covey_photo *photo, covey_error *err) {
    covey_status status = COVEY_OK;
    pthread_mutex_lock(&d->lock);
    COVEY_FAIL_IF(d->next_taken >= d->n, err, COVEY_E_ARGUMENT, NULL,
                  "there is no photo after the last");
    COVEY_FAIL_IF(d->held >= d->ahead, err, COVEY_E_ARGUMENT, NULL,
                  "%zu photos are held already; release one before the next", d->held);
    slot *s = NULL;
    for (;;) {
        if (d->next_taken < d->next_given) {
            s = d->slots + d->slot_of[d->next_taken % d->ahead];
            if (s->state == SLOT_DONE)
                break;
        }
        if (d->fatal.status != COVEY_OK) {
            status = d->fatal.status;
            if (err)
                *err = d->fatal;
            goto done;
        }
        pthread_cond_wait(&d->changed, &d->lock);
    }
    s->state = SLOT_HELD;
    ++d->held;
    ++d->next_taken;
    *photo = s->photo;
done:
    pthread_mutex_unlock(&d->lock);
    if (status == COVEY_OK)
        wake(d);
    return status;
}

void covey_decoder_release(covey_decoder *d, const covey_photo *photo) {
    pthread_mutex_lock(&d->lock);
    if (photo->slot < d->n_slots && d->slots[photo->slot].state == SLOT_HELD) {
        d->slots[photo->slot].state = SLOT_FREE;
        --d->held;
    }
    pthread_mutex_unlock(&d->lock);
    wake(d);
}

const char *covey_decoder_preparation(const covey_decoder *d) {
    return d->preparation;
}

const char *covey_decoder_isolation(const covey_decoder *d) {
    return d->isolation;
}
