/* SPDX-License-Identifier: MIT */
/* New rows to the centres of a finished clustering, and which of them belong to none. The limit is
 * an order statistic of the members' own distances: it needs no assumption on how they are spread
 * (docs/maths/assigning.md). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base_internal.h"
#include "cluster_internal.h"
#include "covey/assign.h"

static int compare_doubles(const void *left, const void *right) {
    double l = *(const double *)left, r = *(const double *)right;
    return (l > r) - (l < r);
}

/* The smallest value that at least a share q of `values` [m], m > 0, does not exceed. Sorts. */
static double quantile_of(double *values, size_t m, double q) {
    qsort(values, m, sizeof *values, compare_doubles);
    double position = ceil(q * (double)m);
    size_t index = position < 1 ? 0 : (size_t)position - 1;
    return values[index < m ? index : m - 1];
}

/* limit [k]; NaN for a number without a centre. */
static covey_status set_limits(double *limit, const covey_clustering *clustering, double quantile,
                               covey_error *err) {
    covey_status status = COVEY_OK;
    size_t n = clustering->n, k = clustering->k, m = 0;
    covey__members members = {0};
    double *values = covey__alloc_array(n ? n : 1, sizeof *values);
    COVEY_NOMEM_IF(!values, err);
    for (size_t i = 0; i < n; ++i)
        if (clustering->labels[i] >= 0)
            values[m++] = clustering->distance[i];
    double pooled = m ? quantile_of(values, m, quantile) : 0;
    COVEY_TRY(covey__members_init(&members, n, k, err));
    covey__members_set(&members, clustering->labels, n, k);
    for (size_t j = 0; j < k; ++j) {
        size_t first = members.first[j], count = members.first[j + 1] - first;
        for (size_t i = 0; i < count; ++i)
            values[i] = clustering->distance[members.rows[first + i]];
        limit[j] = count ? quantile_of(values, count, quantile) : pooled;
        if (count < COVEY_ASSIGN_FEW && limit[j] < pooled)
            limit[j] = pooled;
        if (isnan(clustering->centres[j * clustering->d]))
            limit[j] = NAN;
    }
done:
    covey__members_fini(&members);
    covey__free(values);
    return status;
}

static covey_status allocate(covey_assignment *made, covey_error *err) {
    covey_status status = COVEY_OK;
    made->labels = covey__alloc_array(made->n, sizeof *made->labels);
    made->nearest = covey__alloc_array(made->n, sizeof *made->nearest);
    made->distance = covey__alloc_array(made->n, sizeof *made->distance);
    made->margin = covey__alloc_array(made->n, sizeof *made->margin);
    made->limit = covey__alloc_array(made->clusters, sizeof *made->limit);
    COVEY_NOMEM_IF(!made->labels || !made->nearest || !made->distance || !made->margin ||
                       !made->limit,
                   err);
done:
    return status;
}

/* Nearest of the `used` centres for every row; numbers [used] are the clusters' own numbers. */
static covey_status place_rows(covey_assignment *made, const covey__data *data,
                               const covey_loss *loss, const double *centres,
                               const int32_t *numbers, size_t used, covey_error *err) {
    covey_status status = COVEY_OK;
    size_t n = made->n;
    covey__packed packed = {0};
    covey__measure measure = covey__measure_of(loss, data->kernels, data->d);
    int32_t *second = covey__alloc_array(n, sizeof *second);
    double *second_value = covey__alloc_array(n, sizeof *second_value);
    COVEY_NOMEM_IF(!second || !second_value, err);
    memset(made->nearest, 0xFF, n * sizeof *made->nearest);
    COVEY_TRY(covey__packed_init(&packed, data, used, err));
    covey__packed_set(&packed, data, &measure, centres, used);
    COVEY_TRY(covey__assign(NULL, made->nearest, made->distance, second, second_value, data,
                            &measure, &packed, err));
    for (size_t i = 0; i < n; ++i) {
        double own = made->distance[i], other = second_value[i];
        if (measure.radial) {
            own = sqrt(own);
            other = sqrt(other);
        }
        made->nearest[i] = numbers[made->nearest[i]];
        made->distance[i] = own;
        made->margin[i] = used < 2 ? 1 : other > own ? (other - own) / other : 0;
        made->labels[i] = own <= made->limit[made->nearest[i]] ? made->nearest[i] : -1;
        made->outside += made->labels[i] < 0;
    }
done:
    covey__packed_fini(&packed);
    covey__free(second);
    covey__free(second_value);
    return status;
}

covey_status covey_assign_compute(covey_assignment *out, const float *x, size_t n, size_t d,
                                  const covey_clustering *clustering, double quantile, int threads,
                                  covey_error *err) {
    covey_status status = COVEY_OK;
    covey__data data = {0}, unit = {0};
    const covey__data *seen = NULL;
    covey_assignment made = {.n = n, .clusters = clustering->k};
    double *centres = NULL;
    int32_t *numbers = NULL;
    size_t used = 0, cells = 0;
    COVEY_FAIL_IF(d != clustering->d, err, COVEY_E_ARGUMENT, NULL,
                  "the new rows have %zu numbers, the clustered ones %zu; describe them by the same "
                  "network",
                  d, clustering->d);
    COVEY_FAIL_IF(!(quantile >= 0 && quantile <= 1), err, COVEY_E_ARGUMENT, NULL,
                  "the quantile of the limit must lie in 0..1, not %g", quantile);
    COVEY_NOMEM_IF(covey__mul_size(&cells, clustering->k, d), err);
    centres = covey__alloc_array(cells, sizeof *centres);
    numbers = covey__alloc_array(clustering->k, sizeof *numbers);
    COVEY_NOMEM_IF(!centres || !numbers, err);
    for (size_t j = 0; j < clustering->k; ++j)
        if (!isnan(clustering->centres[j * d])) {
            memcpy(centres + used * d, clustering->centres + j * d, d * sizeof *centres);
            numbers[used++] = (int32_t)j;
        }
    COVEY_FAIL_IF(!used, err, COVEY_E_ARGUMENT, NULL, "there is no cluster to assign to");
    COVEY_TRY(covey__data_init(&data, x, n, d, threads, err));
    COVEY_TRY(covey__data_for(&seen, &unit, &data, &clustering->loss, err));
    COVEY_TRY(allocate(&made, err));
    COVEY_TRY(set_limits(made.limit, clustering, quantile, err));
    COVEY_TRY(place_rows(&made, seen, &clustering->loss, centres, numbers, used, err));
    *out = made;
    memset(&made, 0, sizeof made);
done:
    covey__data_fini(&data);
    covey__data_fini(&unit);
    covey_assignment_fini(&made);
    covey__free(centres);
    covey__free(numbers);
    return status;
}

void covey_assignment_fini(covey_assignment *assignment) {
    covey__free(assignment->labels);
    covey__free(assignment->nearest);
    covey__free(assignment->distance);
    covey__free(assignment->margin);
    covey__free(assignment->limit);
    memset(assignment, 0, sizeof *assignment);
}
