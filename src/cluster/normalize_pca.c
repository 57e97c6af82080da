/* SPDX-License-Identifier: MIT */
/* Principal components: the directions of largest variance of rows scaled to length 1, by Jacobi's
 * eigenvalue method [GolubVanLoan2013, section 8.5]. It is slower than a library's and depends on
 * nothing but the numbers: no threads, no blocking, a fixed order of rotations, so the components are
 * the same bytes wherever the arithmetic is IEEE. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base_internal.h"
#include "normalize_internal.h"
#include "ranks_internal.h"
#include "spill_internal.h"
#include "sum_internal.h"

enum { SWEEPS = 60 };

/* a [n][n], symmetric, becomes diagonal; v [n][n]: row i <- the eigenvector of a[i][i]. Cyclic by
 * rows; a sweep leaves out what is below rounding. */
void covey__jacobi(double *a, double *v, size_t n) {
    double scale = 0;
    memset(v, 0, n * n * sizeof *v);
    for (size_t i = 0; i < n; ++i) {
        v[i * n + i] = 1;
        for (size_t j = 0; j < n; ++j)
            scale = fmax(scale, fabs(a[i * n + j]));
    }
    for (int sweep = 0; sweep < SWEEPS; ++sweep) {
        size_t turned = 0;
        for (size_t p = 0; p + 1 < n; ++p)
            for (size_t q = p + 1; q < n; ++q) {
                double apq = a[p * n + q];
                if (fabs(apq) <= 1e-15 * scale)
                    continue;
                ++turned;
                double theta = (a[q * n + q] - a[p * n + p]) / (2 * apq);
                double t = (theta < 0 ? -1 : 1) / (fabs(theta) + sqrt(theta * theta + 1));
                double c = 1 / sqrt(t * t + 1), s = t * c;
                double app = a[p * n + p] - t * apq, aqq = a[q * n + q] + t * apq;
                double *row_p = a + p * n, *row_q = a + q * n;
                double *v_p = v + p * n, *v_q = v + q * n;
                for (size_t k = 0; k < n; ++k) {
                    double x = row_p[k], y = row_q[k];
                    row_p[k] = c * x - s * y;
                    row_q[k] = s * x + c * y;
                    x = v_p[k];
                    y = v_q[k];
                    v_p[k] = c * x - s * y;
                    v_q[k] = s * x + c * y;
                }
                for (size_t k = 0; k < n; ++k) {
                    a[k * n + p] = row_p[k];
                    a[k * n + q] = row_q[k];
                }
                row_p[p] = app;
                row_q[q] = aqq;
                row_p[q] = row_q[p] = 0;
            }
        if (!turned)
            break;
    }
}

typedef struct ranked {
    double value;
    size_t index;
} ranked;

static int by_value(const void *x, const void *y) {
    const ranked *l = x, *r = y;
    if (l->value != r->value)
        return l->value > r->value ? -1 : 1;
    return (l->index > r->index) - (l->index < r->index);
}

/* c [d][d] <- sum over rows of (x - mean)(x - mean)^T, chunk by chunk in the order of rows. */
static covey_status covariance(double *c, const float *x, size_t n, size_t d, const double *mean,
                               covey_error *err) {
    covey_status status = COVEY_OK;
    double *u = covey__alloc_array(d, sizeof *u);
    COVEY_NOMEM_IF(!u, err);
    memset(c, 0, d * d * sizeof *c);
    covey__share share = covey__share_of(x, n);
    for (int r = 0; r < share.ranks->count; ++r) { /* the sum goes from rank to rank */
        for (size_t i = share.first; r == share.ranks->rank && i < share.end; ++i) {
            covey__spill_pace(x + i * d, i);
            for (size_t j = 0; j < d; ++j)
                u[j] = x[i * d + j] - mean[j];
            for (size_t p = 0; p < d; ++p)
                for (size_t q = p; q < d; ++q)
                    c[p * d + q] += u[p] * u[q];
        }
        share.ranks->broadcast(c, d * d * sizeof *c, r);
    }
    for (size_t p = 0; p < d; ++p)
        for (size_t q = 0; q < p; ++q)
            c[p * d + q] = c[q * d + p];
done:
    covey__free(u);
    return status;
}

covey_status covey__learn_pca(double *mean, double *components, const float *x, size_t n, size_t d,
                              size_t wanted, covey_error *err) {
    covey_status status = COVEY_OK;
    size_t cells = 0;
    double *c = NULL, *v = NULL;
    ranked *order = covey__alloc_array(d, sizeof *order);
    COVEY_NOMEM_IF(covey__mul_size(&cells, d, d), err);
    c = covey__alloc_array(cells, sizeof *c);
    v = covey__alloc_array(cells, sizeof *v);
    COVEY_NOMEM_IF(!order || !c || !v, err);
    memset(mean, 0, d * sizeof *mean);
    covey__share share = covey__share_of(x, n);
    for (int r = 0; r < share.ranks->count; ++r) {
        for (size_t i = share.first; r == share.ranks->rank && i < share.end; ++i)
            for (size_t j = 0; j < d; ++j)
                mean[j] += x[i * d + j];
        share.ranks->broadcast(mean, d * sizeof *mean, r);
    }
    for (size_t j = 0; j < d; ++j)
        mean[j] /= (double)n;
    COVEY_TRY(covariance(c, x, n, d, mean, err));
    covey__jacobi(c, v, d);
    for (size_t i = 0; i < d; ++i)
        order[i] = (ranked){c[i * d + i], i};
    qsort(order, d, sizeof *order, by_value);
    for (size_t i = 0; i < wanted; ++i) {
        const double *from = v + order[i].index * d;
        size_t largest = 0;
        for (size_t j = 1; j < d; ++j)
            if (fabs(from[j]) > fabs(from[largest]))
                largest = j;
        double sign = from[largest] < 0 ? -1 : 1;
        for (size_t j = 0; j < d; ++j)
            components[i * d + j] = sign * from[j];
    }
done:
    covey__free(order);
    covey__free(c);
    covey__free(v);
    return status;
}
