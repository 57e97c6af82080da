/* SPDX-License-Identifier: MIT */
/* dial.json, for those who write and read the folder. */
#ifndef COVEY_RUN_DIAL_INTERNAL_H
#define COVEY_RUN_DIAL_INTERNAL_H

#include <jansson.h>

#include "run_internal.h"

/* Freed with covey_free. */
covey_status covey__run_dial_json(char **out, const covey_run *run, covey_error *err);
/* Fills run->dial from the file's JSON; -1: it does not fit the run, whose dial is empty then. */
int covey__run_dial_load(covey_run *run, const json_t *root);

#endif
