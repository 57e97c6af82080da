/* SPDX-License-Identifier: MIT */
/* Programs of ours that do, in a process of their own, what may crash or abort: covey-decode and
 * covey-draw. */
#ifndef COVEY_PROGRAM_INTERNAL_H
#define COVEY_PROGRAM_INTERNAL_H

#include <sys/types.h>

#include "covey/status.h"

typedef struct covey__program {
    const char *name;     /* "covey-draw" */
    const char *variable; /* the environment's, which names another */
    const char *what;     /* for sentences: "the program that draws" */
} covey__program;

/* `named` (may be NULL), $variable, beside the running program, its ../libexec, the installed one:
 * the first that is named, or exists. Freed by covey__free. */
covey_status covey__program_find(char **path, const char *named, const covey__program *program,
                                 covey_error *err);

/* A copy of `fd` above the numbers that a program finds its own at, so that neither overwrites the
 * other; `fd` is closed. -1 and errno on failure. */
int covey__fd_lift(int fd);

enum { COVEY__PROGRAM_FD = 3 }; /* the first of its own */

/* Starts "path --worker" with fds[0..n) as descriptors 3, 4, ... and no other; input and output are
 * /dev/null. It sees of the environment what finding libraries, the choice of ISA and sanitizers
 * need, and the entries that begin with one of `more` (NULL-terminated, or NULL). Its process
 * group is its own: a terminal's Ctrl-C is for us to act on. 0, or an errno. */
int covey__program_start(pid_t *pid, const char *path, const int *fds, size_t n,
                         const char *const *more);

/* How a process with this code of waitpid ended: "was ended by signal 11". */
void covey__program_how(char *how, size_t size, int code);

#endif
