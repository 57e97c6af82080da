/* SPDX-License-Identifier: MIT */
/* Principal components: the directions of largest variance of rows scaled to length 1. The eigenvectors
 * of the covariance come from Householder's tridiagonal form and QR steps with Wilkinson's shift
 * [GolubVanLoan2013, sections 8.3.1 and 8.3.5]. A library's would depend on its build; these depend on
 * nothing but the numbers: one thread, a fixed order, so the components are the same bytes wherever
 * the arithmetic is IEEE. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base_internal.h"
#include "normalize_internal.h"
#include "ranks_internal.h"
#include "spill_internal.h"
#include "sum_internal.h"

enum {
    STEPS = 60, /* for each eigenvalue; two are usual */
    BLOCK = 8   /* rows whose products are added to the covariance in one pass over it */
};

/* a [n][n], symmetric, becomes Q T Q': the diagonal of T in d, beside it e. Row k of a keeps Householder
 * vector k, right of the diagonal; beta its factor. w: [n] scratch. */
static void to_tridiagonal(double *a, double *d, double *e, double *beta, double *w, size_t n) {
    for (size_t k = 0; k + 1 < n; ++k) {
        double *v = a + k * n, square = 0;
        for (size_t j = k + 2; j < n; ++j)
            square += v[j] * v[j];
        d[k] = v[k];
        e[k] = v[k + 1];
        beta[k] = 0;
        if (square == 0)
            continue;
        double alpha = v[k + 1], length = sqrt(alpha * alpha + square);
        e[k] = alpha > 0 ? -length : length;
        v[k + 1] = alpha - e[k];
        beta[k] = 2 / (v[k + 1] * v[k + 1] + square);
        double inner = 0;
        for (size_t i = k + 1; i < n; ++i) {
            const double *row = a + i * n;
            double sum = 0;
            for (size_t j = k + 1; j < n; ++j)
                sum += row[j] * v[j];
            w[i] = beta[k] * sum;
            inner += w[i] * v[i];
        }
        for (size_t i = k + 1; i < n; ++i)
            w[i] -= beta[k] * inner / 2 * v[i];
        for (size_t i = k + 1; i < n; ++i) {
            double *row = a + i * n, v_i = v[i], w_i = w[i];
            for (size_t j = k + 1; j < n; ++j)
                row[j] -= v_i * w[j] + w_i * v[j];
        }
    }
    if (n)
        d[n - 1] = a[n * n - 1];
}

/* q [n][n] <- Q', from the last reflection to the first. w: [n] scratch. */
static void accumulate(double *q, const double *a, const double *beta, double *w, size_t n) {
    memset(q, 0, n * n * sizeof *q);
    for (size_t i = 0; i < n; ++i)
        q[i * n + i] = 1;
    for (size_t k = n; k-- > 0;) {
        const double *v = a + k * n;
        if (k + 1 >= n || beta[k] == 0)
            continue;
        memset(w, 0, n * sizeof *w);
        for (size_t i = k + 1; i < n; ++i)
            for (size_t j = k + 1; j < n; ++j)
                w[j] += v[i] * q[i * n + j];
        for (size_t i = k + 1; i < n; ++i) {
            double by = beta[k] * v[i];
            for (size_t j = k + 1; j < n; ++j)
                q[i * n + j] -= by * w[j];
        }
    }
    for (size_t i = 0; i < n; ++i)
        for (size_t j = 0; j < i; ++j) {
            double kept = q[i * n + j];
            q[i * n + j] = q[j * n + i];
            q[j * n + i] = kept;
        }
}

/* One implicit QR step on rows first..last of T, with the rotations done to the rows of v. */
static void qr_step(double *d, double *e, double *v, size_t first, size_t last, size_t n) {
    double half = (d[last - 1] - d[last]) / 2, off = e[last - 1];
    double shift = d[last] - off * (off / (half + (half < 0 ? -1 : 1) * sqrt(half * half + off * off)));
    double x = d[first] - shift, z = e[first];
    for (size_t k = first; k < last; ++k) {
        double r = sqrt(x * x + z * z), c = r > 0 ? x / r : 1, s = r > 0 ? -z / r : 0;
        double p = d[k], b = e[k], q = d[k + 1];
        if (k > first)
            e[k - 1] = r;
        d[k] = c * (c * p - s * b) - s * (c * b - s * q);
        d[k + 1] = s * (s * p + c * b) + c * (s * b + c * q);
        e[k] = s * (c * p - s * b) + c * (c * b - s * q);
        if (k + 1 < last) {
            x = e[k];
            z = -s * e[k + 1];
            e[k + 1] *= c;
        }
        double *v_k = v + k * n, *v_next = v_k + n;
        for (size_t j = 0; j < n; ++j) {
            double left = v_k[j], right = v_next[j];
            v_k[j] = c * left - s * right;
            v_next[j] = s * left + c * right;
        }
    }
}

covey_status covey__eigen(double *values, double *vectors, double *a, size_t n, covey_error *err) {
    covey_status status = COVEY_OK;
    double *e = covey__calloc(n, sizeof *e), *beta = covey__calloc(n, sizeof *beta);
    double *w = covey__calloc(n, sizeof *w), scale = 0;
    int power = 0;
    COVEY_NOMEM_IF(!e || !beta || !w, err);
    for (size_t i = 0; i < n * n; ++i)
        scale = fmax(scale, fabs(a[i]));
    frexp(scale, &power); /* squares shall not vanish; a power of two rounds nothing */
    for (size_t i = 0; i < n * n; ++i)
        a[i] = ldexp(a[i], -power);
    scale = 0;
    to_tridiagonal(a, values, e, beta, w, n);
    accumulate(vectors, a, beta, w, n);
    for (size_t i = 0; i < n; ++i)
        scale = fmax(scale, fmax(fabs(values[i]), fabs(e[i])));
    size_t last = n ? n - 1 : 0;
    for (size_t step = 0; last > 0 && step < STEPS * n; ++step) {
        size_t first = last;
        while (first > 0 && fabs(e[first - 1]) > DBL_EPSILON * (fabs(values[first - 1]) +
                                                                fabs(values[first])) &&
               fabs(e[first - 1]) > DBL_EPSILON * scale / 4)
            --first;
        if (first == last)
            --last;
        else
            qr_step(values, e, vectors, first, last, n);
    }
    for (size_t i = 0; i < n; ++i)
        values[i] = ldexp(values[i], power);
done:
    covey__free(e);
    covey__free(beta);
    covey__free(w);
    return status;
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

/* c [d][d], its upper half, += u u^T of BLOCK rows u [BLOCK][d], one row after the other. */
static void add_block(double *c, const double *u, size_t d) {
    for (size_t p = 0; p < d; ++p) {
        double *row = c + p * d;
        for (size_t q = p; q < d; ++q) {
            double sum = row[q];
            for (size_t r = 0; r < BLOCK; ++r)
                sum += u[r * d + p] * u[r * d + q];
            row[q] = sum;
        }
    }
}

/* c [d][d] <- sum over rows of (x - mean)(x - mean)^T in the order of rows, whatever the ranks: those
 * of a block that is not full are zeros. */
static covey_status covariance(double *c, const float *x, size_t n, size_t d, const double *mean,
                               covey_error *err) {
    covey_status status = COVEY_OK;
    size_t cells = 0;
    double *u = NULL;
    COVEY_NOMEM_IF(covey__mul_size(&cells, d, BLOCK), err);
    u = covey__alloc_array(cells, sizeof *u);
    COVEY_NOMEM_IF(!u, err);
    memset(c, 0, d * d * sizeof *c);
    covey__share share = covey__share_of(x, n);
    for (int r = 0; r < share.ranks->count; ++r) { /* the sum goes from rank to rank */
        for (size_t i = share.first; r == share.ranks->rank && i < share.end; i += BLOCK) {
            for (size_t t = 0; t < BLOCK; ++t) {
                if (i + t < share.end)
                    covey__spill_pace(x + (i + t) * d, i + t);
                for (size_t j = 0; j < d; ++j)
                    u[t * d + j] = i + t < share.end ? x[(i + t) * d + j] - mean[j] : 0;
            }
            add_block(c, u, d);
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
    double *c = NULL, *v = NULL, *values = covey__alloc_array(d, sizeof *values);
    ranked *order = covey__alloc_array(d, sizeof *order);
    COVEY_NOMEM_IF(covey__mul_size(&cells, d, d), err);
    c = covey__alloc_array(cells, sizeof *c);
    v = covey__alloc_array(cells, sizeof *v);
    COVEY_NOMEM_IF(!order || !values || !c || !v, err);
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
    COVEY_TRY(covey__eigen(values, v, c, d, err));
    for (size_t i = 0; i < d; ++i)
        order[i] = (ranked){values[i], i};
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
    covey__free(values);
    covey__free(c);
    covey__free(v);
    return status;
}
