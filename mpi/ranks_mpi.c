/* SPDX-License-Identifier: MIT */
/* The ranks of an MPI job (MPI 3): a module of its own, covey-mpi.so, which the library loads where a
 * launcher started the process, so that nothing else depends on MPI. What fails within MPI ends the
 * job with MPI's own message, its default. */
#include <math.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ranks_internal.h"

enum {
    TOGETHER = 1 << 28, /* bytes of all ranks that one MPI_Allgatherv may move: its counts are int */
    PIECE = 1 << 28,    /* bytes of one broadcast or message */
    TAG = 1
};

static covey__traffic traffic;
static MPI_Comm last; /* for the end alone: what others still wait for lies in another */
static covey__ranks ranks;
static int *counts, *starts;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double processor(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double enter(size_t bytes) {
    ++traffic.calls;
    traffic.bytes += bytes;
    traffic.polling -= processor();
    return now();
}

static void leave(double began) {
    traffic.seconds += now() - began;
    traffic.polling += processor();
}

static void broadcast_pieces(char *data, size_t bytes, int from) {
    for (size_t at = 0; at < bytes; at += PIECE)
        MPI_Bcast(data + at, (int)(bytes - at < PIECE ? bytes - at : PIECE), MPI_BYTE, from,
                  MPI_COMM_WORLD);
}

static void broadcast(void *data, size_t bytes, int from) {
    double began = enter(from == ranks.rank ? bytes : 0);
    broadcast_pieces(data, bytes, from);
    leave(began);
}

static void gather(void *data, const size_t *bytes, const size_t *offsets) {
    double began = enter(bytes[ranks.rank]);
    size_t all = 0, furthest = 0;
    for (int r = 0; r < ranks.count; ++r) {
        size_t end = offsets[r] + bytes[r] - offsets[0];
        all += bytes[r];
        furthest = end > furthest ? end : furthest;
    }
    if (furthest <= TOGETHER) {
        for (int r = 0; r < ranks.count; ++r) {
            counts[r] = (int)bytes[r];
            starts[r] = (int)(offsets[r] - offsets[0]);
        }
        if (all)
            MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, (char *)data + offsets[0], counts,
                           starts, MPI_BYTE, MPI_COMM_WORLD);
    } else {
        for (int r = 0; r < ranks.count; ++r)
            broadcast_pieces((char *)data + offsets[r], bytes[r], r);
    }
    leave(began);
}

static void reduce(int64_t *numbers, size_t n, covey__reduction how) {
    static const covey__reduction known[] = {COVEY__SUM, COVEY__LEAST, COVEY__MOST};
    const MPI_Op ops[] = {MPI_SUM, MPI_MIN, MPI_MAX};
    enum { STEP = 1 << 24 };
    double began = enter(n * sizeof *numbers);
    MPI_Op op = MPI_OP_NULL;
    for (size_t i = 0; i < sizeof known / sizeof *known; ++i)
        if (known[i] == how)
            op = ops[i];
    for (size_t at = 0; at < n; at += STEP)
        MPI_Allreduce(MPI_IN_PLACE, numbers + at, (int)(n - at < STEP ? n - at : STEP), MPI_INT64_T,
                      op, MPI_COMM_WORLD);
    leave(began);
}

/* A message on its way. Sender and receiver go on with their work meanwhile: a large one needs its
 * sender's hand to the end, who may stand still in the middle of it. */
typedef struct parcel {
    MPI_Request request;
    struct parcel *next;
    int from, bytes; /* of one that comes */
    char data[];
} parcel;

static parcel *parcels; /* sent */
static parcel *coming;  /* the first to come first */

/* Forgets messages that have arrived. */
static void sweep(void) {
    for (parcel **at = &parcels; *at;) {
        int arrived = 0;
        MPI_Test(&(*at)->request, &arrived, MPI_STATUS_IGNORE);
        if (!arrived) {
            at = &(*at)->next;
            continue;
        }
        parcel *gone = *at;
        *at = gone->next;
        free(gone);
    }
}

static void abandon(int code, const char *sentence);

static void send(int to, const void *data, size_t bytes) {
    double began = enter(bytes);
    parcel *sent = malloc(sizeof *sent + bytes);
    if (!sent)
        abandon(1, "covey: memory ran out while a message was sent to another rank\n");
    sweep();
    memcpy(sent->data, data, bytes);
    MPI_Isend(sent->data, (int)bytes, MPI_BYTE, to, TAG, MPI_COMM_WORLD, &sent->request);
    sent->next = parcels;
    parcels = sent;
    leave(began);
}

static void match_coming(void) {
    for (;;) {
        MPI_Message message;
        MPI_Status status;
        parcel **end = &coming, *found;
        int there = 0, bytes = 0;
        MPI_Improbe(MPI_ANY_SOURCE, TAG, MPI_COMM_WORLD, &there, &message, &status);
        if (!there)
            return;
        MPI_Get_count(&status, MPI_BYTE, &bytes);
        found = malloc(sizeof *found + (size_t)bytes);
        if (!found)
            abandon(1, "covey: memory ran out while a message of another rank came\n");
        found->from = status.MPI_SOURCE;
        found->bytes = bytes;
        found->next = NULL;
        MPI_Imrecv(found->data, bytes, MPI_BYTE, &message, &found->request);
        while (*end)
            end = &(*end)->next;
        *end = found;
    }
}

/* The first message of `from` that has come whole, or NULL; those of one rank in their order. */
static parcel **arrived(int from) {
    match_coming();
    for (parcel **at = &coming; *at; at = &(*at)->next) {
        int whole = from == COVEY__RANKS_ANY || (*at)->from == from;
        for (const parcel *before = coming; whole && before != *at; before = before->next)
            whole = before->from != (*at)->from;
        if (whole)
            MPI_Test(&(*at)->request, &whole, MPI_STATUS_IGNORE);
        if (whole)
            return at;
    }
    return NULL;
}

static int waiting(void) {
    sweep();
    return arrived(COVEY__RANKS_ANY) != NULL;
}

static size_t receive(int *from, void *data, size_t room) {
    static const struct timespec pause = {.tv_nsec = 200000};
    double began = enter(0);
    parcel **at;
    while (!(at = arrived(*from))) { /* others may work for long: no processor is kept from them */
        sweep();
        nanosleep(&pause, NULL);
    }
    parcel *taken = *at;
    size_t bytes = (size_t)taken->bytes;
    *at = taken->next;
    *from = taken->from;
    memcpy(data, taken->data, bytes < room ? bytes : room);
    free(taken);
    leave(began);
    return bytes;
}

static int meet(double seconds) {
    static const struct timespec pause = {.tv_nsec = 2000000};
    MPI_Request request;
    int met = 0;
    double until = now() + seconds;
    MPI_Ibarrier(last, &request);
    for (;;) {
        MPI_Test(&request, &met, MPI_STATUS_IGNORE);
        if (met || now() > until)
            return met;
        nanosleep(&pause, NULL); /* others may work for long: no processor is kept from them */
    }
}

static void abandon(int code, const char *sentence) {
    fputs(sentence, stderr);
    fflush(stderr);
    MPI_Abort(MPI_COMM_WORLD, code);
    _exit(code);
}

/* Messages that nobody wants any more come in, until those of all ranks have. */
static void drain(void) {
    static const struct timespec pause = {.tv_nsec = 200000};
    MPI_Request request;
    int entered = 0, done = 0;
    while (!done) {
        parcel **unread = arrived(COVEY__RANKS_ANY);
        sweep();
        if (unread) {
            parcel *gone = *unread;
            *unread = gone->next;
            free(gone);
        } else if (!parcels && !coming && !entered) {
            MPI_Ibarrier(last, &request);
            entered = 1;
        } else {
            if (entered)
                MPI_Test(&request, &done, MPI_STATUS_IGNORE);
            nanosleep(&pause, NULL);
        }
    }
}

static void end(void) {
    drain();
    MPI_Comm_free(&last);
    MPI_Finalize();
    free(counts);
    free(starts);
}

static void count_local(void) {
    MPI_Comm local;
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &local);
    MPI_Comm_size(local, &ranks.local);
    MPI_Comm_free(&local);
}

__attribute__((visibility("default"))) covey__ranks_begin_fn covey__ranks_mpi_3;

const covey__ranks *covey__ranks_mpi_3(void) {
    char name[MPI_MAX_PROCESSOR_NAME + 1] = "";
    int length = 0, level = 0;
    if (MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &level) != MPI_SUCCESS)
        return NULL;
    MPI_Comm_dup(MPI_COMM_WORLD, &last);
    MPI_Comm_rank(MPI_COMM_WORLD, &ranks.rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks.count);
    MPI_Get_processor_name(name, &length);
    snprintf(ranks.host, sizeof ranks.host, "%.*s", (int)sizeof ranks.host - 1, name);
    count_local();
    counts = calloc((size_t)ranks.count, sizeof *counts);
    starts = calloc((size_t)ranks.count, sizeof *starts);
    if (!counts || !starts)
        return NULL;
    ranks.gather = gather;
    ranks.reduce = reduce;
    ranks.broadcast = broadcast;
    ranks.send = send;
    ranks.receive = receive;
    ranks.waiting = waiting;
    ranks.meet = meet;
    ranks.abandon = abandon;
    ranks.end = end;
    ranks.traffic = &traffic;
    return &ranks;
}
