/* SPDX-License-Identifier: MIT */
/* Agreement of two labelings, from their contingency table n_ij with margins a_i, b_j:
 *   ARI = (S - E) / ((A + B)/2 - E), S = sum C(n_ij,2), A = sum C(a_i,2), B = sum C(b_j,2),
 *         E = A B / C(n,2)                                          [HubertArabie1985]
 *   VI  = -sum (n_ij/n) (log(n_ij/a_i) + log(n_ij/b_j)), nats       [Meila2007]
 *   NMI = I / ((H(a) + H(b)) / 2), I = sum (n_ij/n) log(n n_ij / (a_i b_j)). */
#include <math.h>
#include <stdlib.h>

#include "base_internal.h"
#include "covey/compare.h"

/* Up to this many cells the table is kept whole; larger ones (k near n) are counted by sorting. */
enum { DENSE_CELLS = 1 << 22 };

typedef struct cell {
    uint32_t a, b;
    size_t count;
} cell;

static int compare_keys(const void *left, const void *right) {
    uint64_t l = *(const uint64_t *)left, r = *(const uint64_t *)right;
    return (l > r) - (l < r);
}

static double pairs(double count) {
    return count * (count - 1) / 2;
}

/* Distinct (a, b) with their counts, ordered by a then b: *out [*n_cells], to be freed. Labels are
 * shifted by one, so that -1 is class 0. */
static covey_status count_cells(cell **out, size_t *n_cells, const int32_t *a, const int32_t *b,
                                size_t n, size_t classes_a, size_t classes_b) {
    covey_status status = COVEY_OK;
    size_t *table = NULL, cells = 0, used = 0;
    uint64_t *keys = NULL;
    cell *list = NULL;
    if (!covey__mul_size(&cells, classes_a, classes_b) && cells <= DENSE_CELLS) {
        table = covey__calloc(cells, sizeof *table);
        COVEY_NOMEM_IF(!table, NULL);
        for (size_t i = 0; i < n; ++i)
            ++table[(size_t)(a[i] + 1) * classes_b + (size_t)(b[i] + 1)];
        for (size_t i = 0; i < cells; ++i)
            used += table[i] != 0;
        list = covey__alloc_array(used, sizeof *list);
        COVEY_NOMEM_IF(!list, NULL);
        used = 0;
        for (size_t i = 0; i < cells; ++i)
            if (table[i])
                list[used++] = (cell){(uint32_t)(i / classes_b), (uint32_t)(i % classes_b),
                                      table[i]};
    } else {
        keys = covey__alloc_array(n, sizeof *keys);
        list = covey__alloc_array(n, sizeof *list);
        COVEY_NOMEM_IF(!keys || !list, NULL);
        for (size_t i = 0; i < n; ++i)
            keys[i] = (uint64_t)(uint32_t)(a[i] + 1) << 32 | (uint32_t)(b[i] + 1);
        qsort(keys, n, sizeof *keys, compare_keys);
        for (size_t i = 0; i < n; ++i) {
            if (i && keys[i] == keys[i - 1])
                ++list[used - 1].count;
            else
                list[used++] = (cell){(uint32_t)(keys[i] >> 32), (uint32_t)keys[i], 1};
        }
    }
    *out = list;
    *n_cells = used;
    list = NULL;
done:
    covey__free(table);
    covey__free(keys);
    covey__free(list);
    return status;
}

covey_status covey_agreement_compute(double *ari, double *nmi, double *vi, const int32_t *a,
                                     const int32_t *b, size_t n) {
    covey_status status = COVEY_OK;
    int32_t top_a = -1, top_b = -1;
    cell *cells = NULL;
    size_t n_cells = 0, *sum_a = NULL, *sum_b = NULL;
    if (!n)
        return COVEY_E_ARGUMENT;
    for (size_t i = 0; i < n; ++i) {
        if (a[i] < -1 || b[i] < -1 || a[i] == INT32_MAX || b[i] == INT32_MAX)
            return COVEY_E_ARGUMENT;
        top_a = a[i] > top_a ? a[i] : top_a;
        top_b = b[i] > top_b ? b[i] : top_b;
    }
    size_t classes_a = (size_t)top_a + 2, classes_b = (size_t)top_b + 2;
    sum_a = covey__calloc(classes_a, sizeof *sum_a);
    sum_b = covey__calloc(classes_b, sizeof *sum_b);
    COVEY_NOMEM_IF(!sum_a || !sum_b, NULL);
    COVEY_TRY(count_cells(&cells, &n_cells, a, b, n, classes_a, classes_b));

    double both = 0, in_a = 0, in_b = 0, information = 0, entropy_a = 0, entropy_b = 0, way = 0;
    for (size_t i = 0; i < n_cells; ++i) {
        sum_a[cells[i].a] += cells[i].count;
        sum_b[cells[i].b] += cells[i].count;
    }
    double total = (double)n;
    for (size_t i = 0; i < n_cells; ++i) {
        double count = (double)cells[i].count;
        double of_a = (double)sum_a[cells[i].a], of_b = (double)sum_b[cells[i].b];
        both += pairs(count);
        information += count / total * log(total * count / (of_a * of_b));
        way -= count / total * (log(count / of_a) + log(count / of_b));
    }
    for (size_t i = 0; i < classes_a; ++i) {
        in_a += pairs((double)sum_a[i]);
        if (sum_a[i])
            entropy_a -= (double)sum_a[i] / total * log((double)sum_a[i] / total);
    }
    for (size_t i = 0; i < classes_b; ++i) {
        in_b += pairs((double)sum_b[i]);
        if (sum_b[i])
            entropy_b -= (double)sum_b[i] / total * log((double)sum_b[i] / total);
    }
    int equal = both == in_a && both == in_b;
    double expected = n > 1 ? in_a * in_b / pairs(total) : 0;
    if (ari)
        *ari = equal ? 1 : (both - expected) / ((in_a + in_b) / 2 - expected);
    if (nmi) {
        double mean = (entropy_a + entropy_b) / 2;
        double value = equal ? 1 : mean > 0 ? information / mean : 0;
        *nmi = value < 0 ? 0 : value > 1 ? 1 : value;
    }
    if (vi)
        *vi = equal || way < 0 ? 0 : way;
done:
    covey__free(cells);
    covey__free(sum_a);
    covey__free(sum_b);
    return status;
}
