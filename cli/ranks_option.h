/* SPDX-License-Identifier: MIT */
/* The command as one of several ranks: `mpirun -n 8 covey cluster ...`. */
#ifndef COVEY_RANKS_OPTION_H
#define COVEY_RANKS_OPTION_H

#include "options.h"

/* Before anything is said: every rank but the first of a launcher's is silent from here on. */
void ranks_hush(void);

/* Joins the other ranks, if the command shares its work; else rank 0 does it alone and *idle <- 1 on
 * the others. Returns the exit code. */
int ranks_join(int *idle, command_id command, int argc, char **argv);

/* EXIT_DONE if that is `code` on every rank; else this rank's own code, EXIT_FAILED where only others
 * failed: rank 0 then says what. All ranks call it at the same point of their work. */
int ranks_agree(int code);

/* Leaves them, and answers the exit code for all. */
int ranks_leave(int code);

#endif
