/* SPDX-License-Identifier: MIT */
/* Status codes, error details and progress: how every part of Covey says what happened.
 *
 * Every fallible function returns a covey_status; results travel by out-parameter, which is left
 * untouched on failure. Functions that touch users' files also take a covey_error, which may be
 * NULL. The library never prints, exits or aborts. All of this is safe from any thread. */
#ifndef COVEY_STATUS_H
#define COVEY_STATUS_H

#include <stddef.h>

#include "covey/export.h"

COVEY_BEGIN_DECLS

/* (name, value, sentence). Values never change; new ones are added at the end. */
#define COVEY_STATUS_MAP(X)                                                              \
    X(OK, 0, "done")                                                                     \
    X(E_NOMEM, -1, "memory ran out")                                                     \
    X(E_ARGUMENT, -2, "an argument is outside its range")                                \
    X(E_IO, -3, "reading or writing failed")                                             \
    X(E_FORMAT, -4, "the file is not of the form it claims")                             \
    X(E_UNSUPPORTED, -5, "this form of file or request is not supported")                \
    X(E_NOT_FOUND, -6, "the file or name does not exist")                                \
    X(E_DIGEST, -7, "the content does not match its checksum")                           \
    X(E_LIMIT, -8, "the input is larger than the limit")                                 \
    X(E_DECODER, -9, "the photo decoder ended unexpectedly")                             \
    X(E_CANCELLED, -10, "stopped on request")                                            \
    X(E_NO_WEIGHTS, -11, "the network's weights are not installed")                      \
    X(E_INTERNAL, -12, "an internal check failed; please report this")                   \
    X(E_EXISTS, -13, "the target exists and is not ours to replace")                     \
    X(E_NUMERIC, -14, "the numbers contain NaN or infinity, or a computation diverged")   \
    X(E_DRAW, -15, "the program that draws figures ended unexpectedly")

/* What a call says: COVEY_OK is 0, failures are negative, from COVEY_STATUS_MAP. */
typedef enum covey_status {
#define COVEY_STATUS_ENUM(name, value, sentence) COVEY_##name = value,
    COVEY_STATUS_MAP(COVEY_STATUS_ENUM)
#undef COVEY_STATUS_ENUM
} covey_status;

/* The sentence of a status. Total (unknown values included), never NULL, never allocates. */
COVEY_API const char *covey_status_str(covey_status status);

/* Details of a failure. Caller-owned; needs no initialisation; written only on failure.
 * `message` is one sentence that says what is wrong and what to do, valid UTF-8;
 * `path` is the file concerned (raw bytes) or "". Both are NUL-terminated. */
typedef struct covey_error {
    covey_status status;
    char message[512];
    char path[4096];
} covey_error;

/* Reports progress; called from the thread that called the library. `stage` is a short static
 * string ("extract", "cluster"), `done` of `total` units are finished. A non-zero answer asks the
 * library to stop at the next safe point with COVEY_E_CANCELLED, keeping what is computed. */
typedef int (*covey_progress_fn)(void *user, const char *stage, size_t done, size_t total);

/* "1.0.0": the version of the library that is loaded. Static string. */
COVEY_API const char *covey_version(void);

/* "nlopt 2.7.1, jansson 2.14, ...": the libraries this one runs on, with the versions that are
 * loaded. Static string. */
COVEY_API const char *covey_libraries(void);

COVEY_END_DECLS

#endif
