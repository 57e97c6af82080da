/* SPDX-License-Identifier: MIT */
/* Made-up rows for the tests of clustering. Include after covey_test.h. */
#ifndef CLUSTER_TEST_H
#define CLUSTER_TEST_H

#include "covey/cluster.h"
#include "covey/npy.h"
#include "random_internal.h"

/* n rows around `groups` centres, spread 1, centres about `apart` from the origin per coordinate;
 * row i belongs to group i % groups. Freed with free(). */
static inline float *make_rows(size_t n, size_t d, size_t groups, double apart, uint64_t seed) {
    float *x = malloc(n * d * sizeof *x);
    assert_non_null(x);
    for (size_t i = 0; i < n; ++i)
        for (size_t j = 0; j < d; ++j)
            x[i * d + j] =
                (float)(apart * covey__normal(seed, COVEY__PURPOSE_TEST, i % groups, j) +
                        covey__normal(seed, COVEY__PURPOSE_TEST, 1000 + i, j));
    return x;
}

static inline covey_loss loss_named(const char *name) {
    covey_loss loss;
    covey_error err;
    assert_ok(covey_loss_find(&loss, name, &err));
    return loss;
}

static inline covey_cluster_params params_of(size_t k, int restarts, int threads) {
    covey_cluster_params params = covey_cluster_params_default();
    params.k = k;
    params.restarts = restarts;
    params.threads = threads;
    return params;
}

#endif
