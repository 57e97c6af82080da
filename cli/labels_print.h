/* SPDX-License-Identifier: MIT */
/* How groups agree with given labels, on stdout. */
#ifndef COVEY_LABELS_PRINT_H
#define COVEY_LABELS_PRINT_H

#include <jansson.h>

#include "covey/covey.h"

/* Nothing where the run has no scores. */
void labels_print(const covey_run *run);
json_t *labels_json(const covey_run *run);

#endif
