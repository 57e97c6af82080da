/* SPDX-License-Identifier: MIT */
/* "labels" of comparison.json. */
#ifndef COVEY_RUN_LABELS_INTERNAL_H
#define COVEY_RUN_LABELS_INTERNAL_H

#include <jansson.h>

#include "covey/run.h"
#include "run_json_internal.h"

/* NULL where the run has no scores. */
json_t *covey__run_labels_json(covey__json *j, const covey_run *run);

/* The way back, into run->scores; the clusterings are loaded already. `object` NULL: nothing. -1: it
 * does not fit the run. */
int covey__run_labels_load(covey_run *run, const json_t *object);

#endif
