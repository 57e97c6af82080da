/* SPDX-License-Identifier: MIT */
/* Rows to length 1, or columns to mean 0 and deviation 1, before clustering. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base_internal.h"
#include "covey/cluster.h"
#include "normalize_internal.h"
#include "ranks_internal.h"
#include "spill_internal.h"
#include "sum_internal.h"

enum { PIECE = 1 << 20 }; /* numbers looked at before more are read ahead */

static const char *const names[] = {"none", "l2", "standard", NULL};

/* N of COVEY_NORMALIZE_PCA + N, else 0. */
static size_t components_of(covey_normalize how) {
    int n = (int)how - COVEY_NORMALIZE_PCA;
    return n > 0 && n < COVEY_NORMALIZE_PCA ? (size_t)n : 0;
}

void covey_normalize_name(char out[32], covey_normalize how) {
    if (components_of(how))
        snprintf(out, 32, "pca:%zu", components_of(how));
    else
        snprintf(out, 32, "%s",
                 (unsigned)how <= COVEY_NORMALIZE_STANDARD ? names[how] : "unknown");
}

covey_status covey_normalize_find(covey_normalize *out, const char *name, covey_error *err) {
    for (int i = 0; names[i]; ++i)
        if (strcmp(name, names[i]) == 0) {
            *out = (covey_normalize)i;
            return COVEY_OK;
        }
    if (strncmp(name, "pca:", 4) == 0) {
        size_t digits = strspn(name + 4, "0123456789");
        int n = digits && digits < 6 && !name[4 + digits] ? atoi(name + 4) : 0;
        if (!n)
            return covey__fail(err, COVEY_E_ARGUMENT, NULL,
                               "'%.60s' does not say how many components; write pca:50", name);
        *out = (covey_normalize)(COVEY_NORMALIZE_PCA + n);
        return COVEY_OK;
    }
    const char *near = covey__nearest_name(name, names);
    return covey__fail(err, COVEY_E_ARGUMENT, NULL,
                       "'%.60s' is no normalisation (none, l2, standard, pca:N)%s%s%s", name,
                       near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

struct covey_normalizer {
    covey_normalize how;
    size_t d;
    double *mean;       /* [d], of STANDARD and PCA */
    double *deviation;  /* [d], of STANDARD */
    double *components; /* [columns][d], of PCA */
    size_t columns;
};

/* Division by the length rounds each number once; a row of length 0 has no direction and stays. */
static size_t apply_l2(float *out, const float *x, size_t n, size_t d) {
    size_t zero = 0;
    for (size_t i = 0; i < n; ++i) {
        const float *row = x + i * d;
        double square = 0;
        covey__spill_pace(row, n > 1 ? i : 1);
        for (size_t j = 0; j < d; ++j)
            square += (double)row[j] * row[j];
        zero += square == 0;
        double length = square == 0 ? 1 : sqrt(square);
        for (size_t j = 0; j < d; ++j)
            out[i * d + j] = (float)(row[j] / length);
    }
    return zero;
}

/* out [chunks][d] <- per-chunk sums of x (of squared differences from `mean`, if given). */
static void column_sums(double *out, const float *x, size_t n, size_t d, const double *mean) {
    covey__share share = covey__share_of(x, n);
    size_t chunks = covey__chunk_count(n), last = covey__chunk_count(share.end);
    for (size_t chunk = share.first / COVEY__CHUNK_ROWS; chunk < last; ++chunk) {
        double *sum = out + chunk * d;
        size_t end = (chunk + 1) * COVEY__CHUNK_ROWS;
        for (size_t j = 0; j < d; ++j)
            sum[j] = 0;
        covey__spill_ahead(x + chunk * COVEY__CHUNK_ROWS * d);
        for (size_t i = chunk * COVEY__CHUNK_ROWS; i < n && i < end; ++i)
            for (size_t j = 0; j < d; ++j) {
                double u = mean ? x[i * d + j] - mean[j] : x[i * d + j];
                sum[j] += mean ? u * u : u;
            }
    }
    covey__exchange_chunks(&share, out, d * sizeof *out);
    covey__sum_tree(out, chunks, d);
}

static covey_status learn_standard(covey_normalizer *normalizer, const float *x, size_t n,
                                   covey_error *err) {
    covey_status status = COVEY_OK;
    size_t cells = 0, d = normalizer->d;
    double *sums = covey__mul_size(&cells, covey__chunk_count(n), d)
                       ? NULL
                       : covey__calloc(cells, sizeof *sums);
    normalizer->mean = covey__calloc(d, sizeof(double));
    normalizer->deviation = covey__calloc(d, sizeof(double));
    COVEY_NOMEM_IF(!sums || !normalizer->mean || !normalizer->deviation, err);
    column_sums(sums, x, n, d, NULL);
    for (size_t j = 0; j < d; ++j)
        normalizer->mean[j] = sums[j] / (double)n;
    column_sums(sums, x, n, d, normalizer->mean);
    for (size_t j = 0; j < d; ++j)
        normalizer->deviation[j] = sqrt(sums[j] / (double)n);
done:
    covey__free(sums);
    return status;
}

/* A constant column has no deviation to divide by: it becomes 0, as its numbers carry nothing. */
static void apply_standard(const covey_normalizer *normalizer, float *out, const float *x,
                           size_t n) {
    size_t d = normalizer->d;
    for (size_t i = 0; i < n; ++i) {
        covey__spill_pace(x + i * d, i);
        for (size_t j = 0; j < d; ++j) {
            double mean = normalizer->mean[j], deviation = normalizer->deviation[j];
            /* The mean of equal numbers is off by rounding, which is no deviation either. */
            int constant = deviation <= 1e-15 * fabs(mean);
            out[i * d + j] = constant ? 0.0F : (float)((x[i * d + j] - mean) / deviation);
        }
    }
}

static covey_status learn_pca(covey_normalizer *normalizer, const float *x, size_t n,
                              covey_error *err) {
    covey_status status = COVEY_OK;
    size_t d = normalizer->d, wanted = components_of(normalizer->how), cells = 0;
    float *unit = NULL;
    COVEY_FAIL_IF(wanted > d || wanted > n, err, COVEY_E_ARGUMENT, NULL,
                  "pca:%zu asks for more components than there are: %zu rows of %zu numbers", wanted,
                  n, d);
    COVEY_NOMEM_IF(covey__mul_size(&cells, n, d), err);
    covey__share share = covey__share_of(x, n);
    unit = covey__split_alloc(share.ranks, n, d * sizeof *unit, 0);
    normalizer->mean = covey__calloc(d, sizeof(double));
    normalizer->components = covey__calloc(wanted * d, sizeof(double));
    COVEY_NOMEM_IF(!unit || !normalizer->mean || !normalizer->components, err);
    apply_l2(unit + share.first * d, x + share.first * d, share.end - share.first, d);
    normalizer->columns = wanted;
    COVEY_TRY(covey__learn_pca(normalizer->mean, normalizer->components, unit, n, d, wanted, err));
done:
    covey__free(unit);
    return status;
}

static covey_status apply_pca(const covey_normalizer *normalizer, float *out, const float *x,
                              size_t n, size_t *zero, covey_error *err) {
    covey_status status = COVEY_OK;
    size_t d = normalizer->d;
    float *unit = covey__alloc_array(d, sizeof *unit);
    COVEY_NOMEM_IF(!unit, err);
    for (size_t i = 0; i < n; ++i) {
        *zero += apply_l2(unit, x + i * d, 1, d);
        for (size_t c = 0; c < normalizer->columns; ++c) {
            double sum = 0;
            for (size_t j = 0; j < d; ++j)
                sum += (unit[j] - normalizer->mean[j]) * normalizer->components[c * d + j];
            out[i * normalizer->columns + c] = (float)sum;
        }
    }
done:
    covey__free(unit);
    return status;
}

static covey_status check_finite(const float *x, size_t n, size_t d, covey_error *err) {
    covey__share share = covey__share_of(x, n);
    int64_t bad = INT64_MAX;
    for (size_t i = share.first * d; i < share.end * d && bad == INT64_MAX; ++i) {
        if (i % PIECE == 0)
            covey__spill_ahead(x + i);
        if (!isfinite(x[i]))
            bad = (int64_t)(i / d);
    }
    share.ranks->reduce(&bad, 1, COVEY__LEAST);
    if (bad == INT64_MAX)
        return COVEY_OK;
    return covey__fail(err, COVEY_E_NUMERIC, NULL,
                       "row %zu (the first is 0) contains NaN or infinity", (size_t)bad);
}

covey_status covey_normalizer_new(covey_normalizer **out, const float *x, size_t n, size_t d,
                                  covey_normalize how, covey_error *err) {
    covey_status status = COVEY_OK;
    covey_normalizer *made = NULL;
    COVEY_FAIL_IF(!n || !d, err, COVEY_E_ARGUMENT, NULL, "there are no rows to normalise");
    COVEY_FAIL_IF((unsigned)how > COVEY_NORMALIZE_STANDARD && !components_of(how), err, COVEY_E_ARGUMENT, NULL,
                  "an unknown normalisation");
    COVEY_TRY(check_finite(x, n, d, err));
    made = covey__calloc(1, sizeof *made);
    COVEY_NOMEM_IF(!made, err);
    made->how = how;
    made->d = made->columns = d;
    if (how == COVEY_NORMALIZE_STANDARD)
        COVEY_TRY(learn_standard(made, x, n, err));
    if (components_of(how))
        COVEY_TRY(learn_pca(made, x, n, err));
    *out = made;
    made = NULL;
done:
    covey_normalizer_free(made);
    return status;
}

void covey_normalizer_free(covey_normalizer *normalizer) {
    if (!normalizer)
        return;
    covey__free(normalizer->mean);
    covey__free(normalizer->deviation);
    covey__free(normalizer->components);
    covey__free(normalizer);
}

size_t covey_normalizer_columns(const covey_normalizer *normalizer) {
    return normalizer->columns;
}

covey_status covey_normalizer_apply(const covey_normalizer *normalizer, float *out, const float *x,
                                    size_t n, size_t *zero_rows, covey_error *err) {
    covey_status status = COVEY_OK;
    size_t zero = 0, d = normalizer->d, wide = normalizer->columns;
    covey__share share = covey__share_of(x, n);
    COVEY_TRY(check_finite(x, n, d, err));
    size_t own = share.end - share.first, cells = own * d;
    x += share.first * d;
    out += share.first * wide;
    if (normalizer->how == COVEY_NORMALIZE_L2)
        zero = apply_l2(out, x, own, d);
    else if (normalizer->how == COVEY_NORMALIZE_STANDARD)
        apply_standard(normalizer, out, x, own);
    else if (normalizer->components)
        COVEY_TRY(apply_pca(normalizer, out, x, own, &zero, err));
    else if (out != x)
        for (size_t at = 0; at < cells; at += PIECE) {
            covey__spill_ahead(x + at);
            memcpy(out + at, x + at, (cells - at < PIECE ? cells - at : PIECE) * sizeof *out);
        }
    int64_t all = (int64_t)zero;
    share.ranks->reduce(&all, 1, COVEY__SUM);
    if (zero_rows)
        *zero_rows = (size_t)all;
done:
    return status;
}

covey_status covey_normalize_rows(float *x, size_t n, size_t d, covey_normalize how,
                                  size_t *zero_rows) {
    covey_normalizer *normalizer = NULL;
    if (components_of(how))
        return COVEY_E_ARGUMENT;
    covey_status status = covey_normalizer_new(&normalizer, x, n, d, how, NULL);
    if (status == COVEY_OK)
        status = covey_normalizer_apply(normalizer, x, x, n, zero_rows, NULL);
    covey_normalizer_free(normalizer);
    return status;
}
