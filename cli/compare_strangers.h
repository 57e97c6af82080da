/* SPDX-License-Identifier: MIT */
/* covey compare --strangers 10%: how far centres move when far-off rows are mixed in. */
#ifndef COVEY_COMPARE_STRANGERS_H
#define COVEY_COMPARE_STRANGERS_H

#include <jansson.h>

#include "cluster_options.h"
#include "covey/covey.h"

/* "10%" or "0.1" into *share; EXIT_MISUSE once the reason is on stderr. */
int strangers_read(double *share, const char *text);

/* Returns the exit code; covey_strangers_fini on success. x: the rows that were clustered. */
int strangers_compute(covey_strangers *out, const covey_run *run, const float *x,
                      const cluster_request *request, double share);

void strangers_print(const covey_strangers *strangers, const covey_comparison *comparison);
void strangers_print_csv(const covey_strangers *strangers, const covey_comparison *comparison);
json_t *strangers_json(const covey_strangers *strangers, const covey_comparison *comparison);
/* The breakdown curves; the suffix of `path` says .png or .svg. Returns the exit code. */
int strangers_plot(const char *path, const covey_strangers *strangers,
                   const covey_comparison *comparison);

#endif
