/* SPDX-License-Identifier: MIT */
/* What the command says and how it ends: data on stdout, people on stderr. One thread. */
#ifndef COVEY_CONSOLE_H
#define COVEY_CONSOLE_H

#include <stdio.h>

#include "covey/covey.h"

enum {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,
    EXIT_MISUSE = 2,
    EXIT_SKIPPED = 3,
    EXIT_STOPPED = 130
};

/* Signals: the first SIGINT, SIGTERM or SIGHUP asks the work to stop at the next safe point, the second
 * ends the program at once. */
void console_start(void);
void console_set_quiet(int quiet);
/* From here on everything on stderr is events, one JSON object a line (docs/guide/events.md). */
void console_set_events(int events);

/* Only rank 0 speaks: the others keep their last sentence of failure for covey_ranks_end. */
void console_set_silent(void);
const char *console_last_failure(void); /* "" if there was none */

/* Flushes stdout; a failed write (full disk) turns `code` into EXIT_FAILED with a sentence, a
 * reader that went away (head) ends quietly. */
int console_finish(int code);

/* A remark for people on stderr, with a newline; nothing with --quiet. */
COVEY_PRINTF(1, 2) void say(const char *format, ...);

/* Each prints "covey: ..." on stderr, and returns the exit code. */
COVEY_PRINTF(1, 2) int misuse(const char *format, ...);
COVEY_PRINTF(1, 2) int fail(const char *format, ...);
int fail_memory(void);
/* The error of the library, or its status where it said nothing; a stop by signal: 130. */
int fail_status(covey_status status, const covey_error *err);
/* The same, where the value given on the command line is what is wrong. */
int misuse_status(covey_status status, const covey_error *err);
/* For Clang's analyzer, as in base_internal.h: none of them says that all is well. */
#ifdef __clang_analyzer__
#define misuse(...) (misuse(__VA_ARGS__), EXIT_MISUSE)
#define fail(...) (fail(__VA_ARGS__), EXIT_FAILED)
#define fail_memory() (fail_memory(), EXIT_FAILED)
#define fail_status(status, err) (fail_status((status), (err)), EXIT_FAILED)
#define misuse_status(status, err) (misuse_status((status), (err)), EXIT_MISUSE)
#endif

/* A covey_progress_fn: rate and time left on a terminal, else a plain line every few seconds.
 * Answers 1 once a signal asked to stop. */
int console_progress(void *user, const char *stage, size_t done, size_t total);
int console_stopped(void);
/* Ends a line of progress that is being redrawn. */
void console_clear(void);

/* `text` with control characters as '?': a file name must not command a terminal. */
void print_clean(FILE *file, const char *text);
/* A field of CSV by RFC 4180, raw bytes. */
void print_csv(FILE *file, const char *text);
/* Columns that `text` takes on a terminal, one per code point. */
size_t text_columns(const char *text);

/* Seconds on a clock that only goes forward. */
double console_clock(void);

#endif
