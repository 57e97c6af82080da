/* SPDX-License-Identifier: MIT */
#ifndef COVEY_NORMALIZE_INTERNAL_H
#define COVEY_NORMALIZE_INTERNAL_H

#include "covey/status.h"

/* Eigenvalues onto the diagonal of the symmetric a [n][n], eigenvectors into the rows of v [n][n]. */
void covey__jacobi(double *a, double *v, size_t n);

/* mean [d] and the `wanted` <= d first principal components [wanted][d] of x [n][d], by falling
 * variance; the entry of largest magnitude of each is positive (ties: the first). */
covey_status covey__learn_pca(double *mean, double *components, const float *x, size_t n, size_t d,
                              size_t wanted, covey_error *err);

#endif
