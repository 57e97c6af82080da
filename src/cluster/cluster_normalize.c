/* SPDX-License-Identifier: MIT */
/* Rows to length 1, or columns to mean 0 and deviation 1, before clustering. */
#include <math.h>

#include "base_internal.h"
#include "covey/cluster.h"
#include "sum_internal.h"

/* Division by the length rounds each number once; a row of length 0 has no direction and stays. */
static size_t normalize_l2(float *x, size_t n, size_t d) {
    size_t zero = 0;
    for (size_t i = 0; i < n; ++i) {
        float *row = x + i * d;
        double square = 0;
        for (size_t j = 0; j < d; ++j)
            square += (double)row[j] * row[j];
        if (square == 0) {
            ++zero;
            continue;
        }
        double length = sqrt(square);
        for (size_t j = 0; j < d; ++j)
            row[j] = (float)(row[j] / length);
    }
    return zero;
}

/* out [chunks][d] <- per-chunk sums of x (of squared differences from `mean`, if given). */
static void column_sums(double *out, const float *x, size_t n, size_t d, const double *mean) {
    size_t chunks = covey__chunk_count(n);
    for (size_t chunk = 0; chunk < chunks; ++chunk) {
        double *sum = out + chunk * d;
        size_t end = (chunk + 1) * COVEY__CHUNK_ROWS;
        for (size_t j = 0; j < d; ++j)
            sum[j] = 0;
        for (size_t i = chunk * COVEY__CHUNK_ROWS; i < n && i < end; ++i)
            for (size_t j = 0; j < d; ++j) {
                double u = mean ? x[i * d + j] - mean[j] : x[i * d + j];
                sum[j] += mean ? u * u : u;
            }
    }
    covey__sum_tree(out, chunks, d);
}

/* A constant column has no deviation to divide by: it becomes 0, as its numbers carry nothing. */
static covey_status normalize_standard(float *x, size_t n, size_t d) {
    covey_status status = COVEY_OK;
    double *mean = covey__calloc(d, sizeof *mean);
    size_t cells = 0;
    double *sums = covey__mul_size(&cells, covey__chunk_count(n), d)
                       ? NULL
                       : covey__calloc(cells, sizeof *sums);
    COVEY_NOMEM_IF(!mean || !sums, NULL);
    column_sums(sums, x, n, d, NULL);
    for (size_t j = 0; j < d; ++j)
        mean[j] = sums[j] / (double)n;
    column_sums(sums, x, n, d, mean);
    for (size_t j = 0; j < d; ++j)
        sums[j] = sqrt(sums[j] / (double)n);
    for (size_t i = 0; i < n; ++i)
        for (size_t j = 0; j < d; ++j) {
            /* The mean of equal numbers is off by rounding, which is no deviation either. */
            int constant = sums[j] <= 1e-15 * fabs(mean[j]);
            x[i * d + j] = constant ? 0.0F : (float)((x[i * d + j] - mean[j]) / sums[j]);
        }
done:
    covey__free(mean);
    covey__free(sums);
    return status;
}

covey_status covey_normalize_rows(float *x, size_t n, size_t d, covey_normalize how,
                                  size_t *zero_rows) {
    size_t zero = 0;
    if (!n || !d)
        return COVEY_E_ARGUMENT;
    for (size_t i = 0; i < n * d; ++i)
        if (!isfinite(x[i]))
            return COVEY_E_NUMERIC;
    switch (how) {
    case COVEY_NORMALIZE_NONE:
        break;
    case COVEY_NORMALIZE_L2:
        zero = normalize_l2(x, n, d);
        break;
    case COVEY_NORMALIZE_STANDARD: {
        covey_status status = normalize_standard(x, n, d);
        if (status != COVEY_OK)
            return status;
        break;
    }
    default:
        return COVEY_E_ARGUMENT;
    }
    if (zero_rows)
        *zero_rows = zero;
    return COVEY_OK;
}
