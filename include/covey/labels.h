/* SPDX-License-Identifier: MIT */
/* Labels that somebody gave, and how well groups agree with them.
 *
 * A covey_labels is read-only once made and may be shared by threads. */
#ifndef COVEY_LABELS_H
#define COVEY_LABELS_H

#include "covey/run.h"

COVEY_BEGIN_DECLS

/* Labels read from a file or taken from folders (covey_labels_new, covey_labels_free). */
typedef struct covey_labels covey_labels;

/* A CSV file (RFC 4180, UTF-8 names or raw bytes) with the columns `path` and `label`, in any order
 * among others if a header names them, else the first two; rows of features files are named by `row`
 * (from 0) in place of path. The word "folders": the first folder of each photo's path, or, where a
 * photo lies in its root itself and there are several roots, the root's name. A path given twice with
 * different labels, or a record without label: COVEY_E_FORMAT, naming it. The caller frees *out. */
COVEY_API COVEY_NODISCARD covey_status covey_labels_new(covey_labels **out, const char *source,
                                                        covey_error *err);
COVEY_API void covey_labels_free(covey_labels *labels); /* accepts NULL */

/* Whether labels and rows are each other's counterparts, before any work is spent: every row has a
 * label, and every entry names a row, or a photo that was skipped. COVEY_E_ARGUMENT says how many do
 * not and names one. The word "folders" always passes where there are photos. */
COVEY_API COVEY_NODISCARD covey_status covey_labels_check(covey_run *run,
                                                          const covey_labels *labels,
                                                          covey_error *err);

/* Finds each row's label and fills run->scores (owned by the run) for every loss. Rows without
 * label are left out and counted. No row with a label at all: COVEY_E_ARGUMENT. */
COVEY_API COVEY_NODISCARD covey_status covey_labels_score(covey_run *run,
                                                          const covey_labels *labels,
                                                          covey_error *err);

/* *json <- the scores of a run that has them, as comparison.json holds them under "labels"
 * (docs/guide/run-folder.md). The caller frees it with covey_free. */
COVEY_API COVEY_NODISCARD covey_status covey_labels_json(char **json, const covey_run *run,
                                                         covey_error *err);

COVEY_END_DECLS

#endif
