/* SPDX-License-Identifier: MIT */
/* Run folders in and out. */
#ifndef COVEY_RUN_OUTPUT_H
#define COVEY_RUN_OUTPUT_H

#include <stddef.h>

#include "covey/covey.h"
#include "options.h"

/* FOLDER/name; NULL once "memory ran out" is on stderr. The caller frees it with free. */
char *join_path(const char *folder, const char *name);

/* Enters version, command line, host and the like. `started`: console_clock() at the start. */
void run_output_facts(covey_run *run, const options *options, double started);

/* What --lang says; without it, a page that is written again keeps its language. */
covey_language run_output_language(const options *options, const char *folder);

/* Saves the folder with report.html and figures/ where there are groups, and says where. */
int run_output_save(covey_run *run, const char *folder, const options *options);

/* After a stop: keeps the descriptions, which are the slow part, in the folder of --out (beside it
 * where that holds a whole run). `run` may be NULL. Returns EXIT_STOPPED. */
int run_output_keep_stopped(covey_run *run, const options *options, double started);

/* The run that lies in `folder`, or NULL if there is none (or it cannot be read: a new run replaces
 * it). Freed by covey_run_free. */
covey_run *run_output_previous(const char *folder);

/* A features file or a run folder as a run; *own: it is Covey's. */
int run_output_load(covey_run **out, int *own, const char *path);

#endif
