/* SPDX-License-Identifier: MIT */
/* strangers.json and solvers.json, for those who write and read the folder. */
#ifndef COVEY_RUN_STUDIES_INTERNAL_H
#define COVEY_RUN_STUDIES_INTERNAL_H

#include <jansson.h>

#include "run_internal.h"

/* Freed with covey_free. */
covey_status covey__run_strangers_json(char **out, const covey_run *run, covey_error *err);
covey_status covey__run_solvers_json(char **out, const covey_run *run, covey_error *err);
/* Fill run->strangers and run->solver_rows; -1: the file does not fit the run. */
int covey__run_strangers_load(covey_run *run, const json_t *root);
int covey__run_solvers_load(covey_run *run, const json_t *root);

#endif
