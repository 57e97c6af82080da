/* SPDX-License-Identifier: MIT */
/* One measure for all losses, whose own objectives cannot be compared. */
#include <math.h>
#include <string.h>

#include "base_internal.h"
#include "compare_internal.h"

static covey_status silhouette_of(double *out, const covey__data *data,
                                  const covey__measure *measure, const int32_t *labels,
                                  const double *means, const size_t *sizes, size_t used,
                                  covey_error *err) {
    covey_status status = COVEY_OK;
    size_t n = data->n, chunks = covey__chunk_count(n);
    covey__packed packed = {0};
    int32_t *first = covey__alloc_array(n, sizeof *first);
    int32_t *second = covey__alloc_array(n, sizeof *second);
    double *value = covey__alloc_array(n, sizeof *value);
    double *second_value = covey__alloc_array(n, sizeof *second_value);
    double *sums = covey__calloc(chunks, sizeof *sums);
    COVEY_NOMEM_IF(!first || !second || !value || !second_value || !sums, err);
    COVEY_TRY(covey__packed_init(&packed, data, used, err));
    covey__packed_set(&packed, data, measure, means, used);
    memset(first, 0xFF, n * sizeof *first);
    COVEY_TRY(covey__assign(NULL, first, value, second, second_value, data, measure, &packed, err));
    for (size_t i = data->share.first; i < data->share.end; ++i) {
        size_t own = (size_t)labels[i];
        covey__spill_look(i);
        if (sizes[own] < 2)
            continue; /* a single row is neither well nor badly placed */
        double a, b;
        if (first[i] == labels[i]) {
            a = sqrt(value[i]);
            b = sqrt(second_value[i]);
        } else {
            a = sqrt(covey__measure_row(measure, data->x + i * data->d, means + own * data->d));
            b = sqrt(value[i]);
        }
        double larger = a > b ? a : b;
        if (larger > 0)
            sums[i / COVEY__CHUNK_ROWS] += (b - a) / larger;
    }
    covey__exchange_chunks(&data->share, sums, sizeof *sums);
    covey__sum_tree(sums, chunks, 1);
    *out = sums[0] / (double)n;
done:
    covey__packed_fini(&packed);
    covey__free(first);
    covey__free(second);
    covey__free(value);
    covey__free(second_value);
    covey__free(sums);
    return status;
}

typedef struct medians {
    const covey__data *data;
    const covey__members *members;
    double *centres;
    int *failed; /* [k] */
} medians;

static void median_of(void *context, size_t j, int worker) {
    medians *m = context;
    size_t first = m->members->first[j], count = m->members->first[j + 1] - first;
    (void)worker;
    m->failed[j] = count && covey__median(m->centres + j * m->data->d, m->data,
                                          m->members->rows + first, count) != COVEY_OK;
}

static covey_status sum_to_medians(double *out, const covey__data *data, const int32_t *labels,
                                   size_t k, double *centres, double *totals, covey_error *err) {
    covey_status status = COVEY_OK;
    covey__members members = {0};
    covey_loss absolute;
    int *failed = covey__calloc(k, sizeof *failed);
    medians m = {data, &members, centres, failed};
    COVEY_NOMEM_IF(!failed, err);
    COVEY_TRY(covey_loss_find(&absolute, "absolute", err));
    COVEY_TRY(covey__members_init(&members, data->n, k, err));
    covey__members_set(&members, labels, data->n, k);
    covey__run_clusters(data, k, median_of, &m);
    for (size_t j = 0; j < k; ++j)
        COVEY_NOMEM_IF(failed[j], err);
    covey__measure measure = covey__measure_of(&absolute, data->kernels, data->d);
    COVEY_TRY(covey__losses(totals, NULL, data, &measure, labels, centres, k, NULL, err));
    *out = 0;
    for (size_t j = 0; j < k; ++j)
        *out += totals[j];
done:
    covey__members_fini(&members);
    covey__free(failed);
    return status;
}

covey_status covey__yardsticks(double *silhouette, double *sum_l2, double *sum_l1,
                               const covey__data *data, const int32_t *given, size_t k_given,
                               covey_error *err) {
    covey_status status = COVEY_OK;
    size_t n = data->n, d = data->d, used = 0, cells = 0;
    covey_loss square;
    int32_t *labels = covey__alloc_array(n, sizeof *labels);
    int32_t *numbers = covey__alloc_array(k_given, sizeof *numbers);
    size_t *sizes = covey__calloc(k_given, sizeof *sizes);
    double *means = covey__mul_size(&cells, k_given, d) ? NULL
                                                        : covey__calloc(cells, sizeof *means);
    double *totals = covey__calloc(k_given, sizeof *totals);
    COVEY_NOMEM_IF(!labels || !numbers || !sizes || !means || !totals, err);
    COVEY_TRY(covey_loss_find(&square, "square", err));
    covey__measure measure = covey__measure_of(&square, data->kernels, d);
    /* Empty clusters have no mean: the others move up. */
    for (size_t j = 0; j < k_given; ++j)
        numbers[j] = -1;
    for (size_t i = 0; i < n; ++i) {
        if (numbers[given[i]] < 0)
            numbers[given[i]] = (int32_t)used++;
        labels[i] = numbers[given[i]];
        ++sizes[labels[i]];
    }
    COVEY_TRY(covey__means(means, data, labels, used, err));
    *silhouette = 0;
    if (used > 1)
        COVEY_TRY(silhouette_of(silhouette, data, &measure, labels, means, sizes, used, err));
    if (sum_l2) {
        COVEY_TRY(covey__losses(totals, NULL, data, &measure, labels, means, used, NULL, err));
        *sum_l2 = 0;
        for (size_t j = 0; j < used; ++j)
            *sum_l2 += totals[j];
    }
    if (sum_l1)
        COVEY_TRY(sum_to_medians(sum_l1, data, labels, used, means, totals, err));
done:
    covey__free(labels);
    covey__free(numbers);
    covey__free(sizes);
    covey__free(means);
    covey__free(totals);
    return status;
}
