/* SPDX-License-Identifier: MIT */
/* One covey-decode process, as the decoder pool sees it. Nothing here waits, except for a process
 * that was killed to end. */
#ifndef COVEY_DECODER_INTERNAL_H
#define COVEY_DECODER_INTERNAL_H

#include <sys/types.h>

#include "covey/photo.h"
#include "decode_protocol_internal.h"

typedef enum covey__worker_state {
    COVEY__WORKER_NONE = 0, /* no process */
    COVEY__WORKER_STARTING, /* started, its hello is awaited */
    COVEY__WORKER_IDLE,
    COVEY__WORKER_BUSY
} covey__worker_state;

typedef struct covey__worker {
    covey__worker_state state;
    pid_t pid;
    int socket;      /* -1 if none */
    int memory;      /* the memfd, kept over restarts */
    uint8_t *shared; /* its mapping: result, rgb, thumbnail */
    size_t shared_size;
    double deadline; /* covey__now() by which it must have spoken */
    size_t index, slot; /* what it works on, if BUSY */
} covey__worker;

/* Seconds on a clock that is never set. */
double covey__now(void);

/* params->program, $COVEY_DECODE, beside the running program, its ../libexec, the installed one:
 * the first that is named, or exists. Freed by covey__free. */
covey_status covey__decode_program(char **program, const covey_decode_params *params,
                                   covey_error *err);

covey_status covey__worker_init(covey__worker *worker, const covey__decode_setup *setup,
                                covey_error *err);
void covey__worker_fini(covey__worker *worker);

/* From NONE to STARTING: starts the process and sends the setup. */
covey_status covey__worker_start(covey__worker *worker, const char *program,
                                 const covey__decode_setup *setup, covey_error *err);

enum { COVEY__HOW_BYTES = 96 };

/* To NONE, killing the process unless it ends by itself; `gone` says that it closed its socket.
 * `how` says how it ended: "was ended by signal 11". */
void covey__worker_end(covey__worker *worker, int gone, char *how, size_t size);

/* From IDLE to BUSY: hands over the open file. 0, or -1 if the worker is gone. */
int covey__worker_request(covey__worker *worker, const covey__decode_request *request, int fd);

/* Takes one message of exactly `size`: 1 taken, 0 nothing there yet, -1 the worker is gone or
 * speaks nonsense. */
int covey__worker_receive(covey__worker *worker, void *message, size_t size);

#endif
