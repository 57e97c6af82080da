/* SPDX-License-Identifier: MIT */
/* From the options of run, cluster and compare to the parameters of the library. */
#ifndef COVEY_CLUSTER_OPTIONS_H
#define COVEY_CLUSTER_OPTIONS_H

#include <stddef.h>

#include "covey/covey.h"
#include "options.h"

typedef struct cluster_request {
    covey_compare_params params; /* cluster.centres points at `start` */
    covey_loss *losses;          /* [n_losses] */
    size_t n_losses;
    double *start; /* [params.cluster.k][start_cols], or NULL */
    size_t start_cols;
    int normalize_given;
    covey_normalize normalize;
    const char *start_name;
    covey_labels *labels; /* of --labels, or NULL */
    const char *labels_source; /* their file; NULL for "folders" */
    int partial_labels;
    /* [n][d], the rows as they were clustered; set by cluster_request_compute. Where they were clustered as they
     * are, the run's own: they go with it. */
    float *x;
    int x_borrowed;
} cluster_request;

/* Returns the exit code, the reason on stderr. cluster_request_fini in every case. */
int cluster_request_read(cluster_request *out, const options *options);
void cluster_request_fini(cluster_request *request);

/* What can be known before hours of work: k and the start against n rows [d]; d 0: not known yet.
 * `what`: "photos" or "rows". */
int cluster_request_check(const cluster_request *request, size_t n, size_t d, const char *what);

/* Groups and compares run->features (normalised in a copy) into run->comparison, and enters the
 * facts of the passport. `own`: the features are Covey's. `previous` (may be NULL): the run whose
 * cluster numbers are kept. Between ranks a call of all of them, each with its rows; photos, labels and
 * `previous` are rank 0's. */
int cluster_request_compute(cluster_request *request, covey_run *run, int own,
                            const covey_run *previous);

/* For a rank that has rows but no photos: scoring against labels is left to the rank that has them. */
void cluster_request_forget_labels(cluster_request *request);

/* What the run folder keeps beyond the comparison: the robustness dial. After
 * cluster_request_compute. */
int cluster_request_explore(const cluster_request *request, covey_run *run);

#endif
