/* SPDX-License-Identifier: MIT */
#ifndef COVEY_NORMALIZE_INTERNAL_H
#define COVEY_NORMALIZE_INTERNAL_H

#include "covey/status.h"

/* values [n] <- the eigenvalues of the symmetric a [n][n], in no order; vectors [n][n]: an eigenvector a row.
 * a is used up. */
covey_status covey__eigen(double *values, double *vectors, double *a, size_t n, covey_error *err);

/* mean [d] and the `wanted` <= d first principal components [wanted][d] of x [n][d], by falling
 * variance; the entry of largest magnitude of each is positive (ties: the first). */
covey_status covey__learn_pca(double *mean, double *components, const float *x, size_t n, size_t d,
                              size_t wanted, covey_error *err);

#endif
