/* SPDX-License-Identifier: MIT */
/* Results on stdout: tables for people, CSV and JSON for programs. */
#ifndef COVEY_RESULT_PRINT_H
#define COVEY_RESULT_PRINT_H

#include <jansson.h>

#include "covey/covey.h"

/* The clusters of one loss. */
void result_print_clusters(const covey_run *run, size_t loss);

/* The losses side by side: fit, agreement, votes. */
void result_print_comparison(const covey_run *run);

/* loss,row,path,cluster,distance,weight,margin,rank,nearest: the columns of clusters.csv. */
void result_print_csv(const covey_run *run);

/* Everything as one object; `folder`: where it was saved, or NULL. `labels`: each row's too. */
json_t *result_json(const covey_run *run, const char *folder, int labels);

#endif
