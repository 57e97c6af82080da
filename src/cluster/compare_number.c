/* SPDX-License-Identifier: MIT */
/* Cluster numbers that mean the same across losses, seeds and runs. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base_internal.h"
#include "compare_internal.h"

typedef struct sized {
    size_t size, lowest;
    int32_t cluster;
} sized;

static int compare_sized(const void *left, const void *right) {
    const sized *l = left, *r = right;
    if (l->size != r->size)
        return l->size > r->size ? -1 : 1;
    if (l->lowest != r->lowest)
        return l->lowest < r->lowest ? -1 : 1;
    return (l->cluster > r->cluster) - (l->cluster < r->cluster);
}

/* list [k] <- clusters by falling size, ties to the lowest row. */
static void sort_by_size(sized *list, const int32_t *labels, size_t k, size_t n) {
    for (size_t j = 0; j < k; ++j)
        list[j] = (sized){0, n, (int32_t)j};
    for (size_t i = n; i-- > 0;)
        if (labels[i] >= 0) {
            ++list[labels[i]].size;
            list[labels[i]].lowest = i;
        }
    qsort(list, k, sizeof *list, compare_sized);
}

covey_status covey__size_numbers(int32_t *numbers, const int32_t *labels, size_t k, size_t n,
                                 covey_error *err) {
    covey_status status = COVEY_OK;
    sized *list = covey__alloc_array(k, sizeof *list);
    COVEY_NOMEM_IF(!list, err);
    sort_by_size(list, labels, k, n);
    for (size_t j = 0; j < k; ++j)
        numbers[list[j].cluster] = (int32_t)j;
done:
    covey__free(list);
    return status;
}

/* match [k]: the reference cluster of each, or -1. */
static covey_status match_overlap(int32_t *match, const int32_t *labels, size_t k,
                                  const int32_t *reference, size_t k_reference, size_t n,
                                  covey_error *err) {
    covey_status status = COVEY_OK;
    int turned = k > k_reference;
    size_t rows = turned ? k_reference : k, cols = turned ? k : k_reference, cells = 0;
    int32_t *found = covey__alloc_array(rows, sizeof *found);
    double *cost = covey__mul_size(&cells, rows, cols) ? NULL
                                                       : covey__calloc(cells, sizeof *cost);
    COVEY_NOMEM_IF(!found || !cost, err);
    for (size_t i = 0; i < n; ++i)
        if (labels[i] >= 0 && reference[i] >= 0) {
            size_t own = (size_t)labels[i], other = (size_t)reference[i];
            cost[turned ? other * cols + own : own * cols + other] -= 1;
        }
    COVEY_TRY(covey_match_compute(found, cost, rows, cols));
    for (size_t j = 0; j < k; ++j)
        match[j] = -1;
    for (size_t r = 0; r < rows; ++r)
        if (cost[r * cols + (size_t)found[r]] < 0)
            match[turned ? (size_t)found[r] : r] = turned ? (int32_t)r : found[r];
done:
    covey__free(found);
    covey__free(cost);
    return status;
}

covey_status covey__match_numbers(int32_t *numbers, int32_t *next, const int32_t *labels,
                                  size_t k, const int32_t *reference, size_t k_reference, size_t n,
                                  covey_error *err) {
    covey_status status = COVEY_OK;
    sized *list = covey__alloc_array(k, sizeof *list);
    COVEY_NOMEM_IF(!list, err);
    COVEY_TRY(match_overlap(numbers, labels, k, reference, k_reference, n, err));
    sort_by_size(list, labels, k, n);
    for (size_t j = 0; j < k; ++j)
        if (numbers[list[j].cluster] < 0)
            numbers[list[j].cluster] = (*next)++;
done:
    covey__free(list);
    return status;
}

void covey__renumber_labels(int32_t *labels, size_t n, const int32_t *numbers) {
    for (size_t i = 0; i < n; ++i)
        if (labels[i] >= 0)
            labels[i] = numbers[labels[i]];
}

covey_status covey__renumber(covey_clustering *clustering, const int32_t *numbers,
                             covey_error *err) {
    covey_status status = COVEY_OK;
    size_t k = 0, d = clustering->d, cells = 0;
    for (size_t j = 0; j < clustering->k; ++j)
        k = (size_t)numbers[j] + 1 > k ? (size_t)numbers[j] + 1 : k;
    double *centres = covey__mul_size(&cells, k, d) ? NULL
                                                    : covey__alloc_array(cells, sizeof *centres);
    size_t *sizes = covey__calloc(k, sizeof *sizes);
    int64_t *representatives = covey__alloc_array(k, sizeof *representatives);
    int64_t *medoids = covey__alloc_array(k, sizeof *medoids);
    COVEY_NOMEM_IF(!centres || !sizes || !representatives || !medoids, err);
    for (size_t i = 0; i < cells; ++i)
        centres[i] = NAN;
    for (size_t j = 0; j < k; ++j)
        representatives[j] = medoids[j] = -1;
    for (size_t j = 0; j < clustering->k; ++j) {
        size_t to = (size_t)numbers[j];
        memcpy(centres + to * d, clustering->centres + j * d, d * sizeof *centres);
        sizes[to] = clustering->sizes[j];
        representatives[to] = clustering->representatives[j];
        medoids[to] = clustering->medoids[j];
    }
    covey__renumber_labels(clustering->labels, clustering->n, numbers);
    covey__renumber_labels(clustering->nearest, clustering->n, numbers);
#define SWAP(type, a, b)                                                                         \
    do {                                                                                         \
        type swapped = (a);                                                                      \
        (a) = (b);                                                                               \
        (b) = swapped;                                                                           \
    } while (0)
    SWAP(double *, clustering->centres, centres);
    SWAP(size_t *, clustering->sizes, sizes);
    SWAP(int64_t *, clustering->representatives, representatives);
    SWAP(int64_t *, clustering->medoids, medoids);
#undef SWAP
    clustering->k = k;
done:
    covey__free(centres);
    covey__free(sizes);
    covey__free(representatives);
    covey__free(medoids);
    return status;
}
