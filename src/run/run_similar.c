/* SPDX-License-Identifier: MIT */
/* The photos whose descriptions point the same way as a given one. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "run_internal.h"

static double dot(const float *a, const float *b, size_t d) {
    double sum = 0; /* a few hundred terms in one order: the same on any number of threads */
    for (size_t j = 0; j < d; ++j)
        sum += (double)a[j] * (double)b[j];
    return sum;
}

static int by_cosine(const void *left, const void *right) {
    const covey_neighbour *a = left, *b = right;
    if (a->cosine != b->cosine)
        return a->cosine > b->cosine ? -1 : 1;
    return (a->row > b->row) - (a->row < b->row);
}

covey_status covey_run_similar(covey_neighbour *out, size_t *n, const covey_run *run,
                               const float *features, int64_t except, covey_error *err) {
    covey_status status = COVEY_OK;
    size_t rows = run->features.rows, d = run->features.cols, found = 0;
    double length = sqrt(dot(features, features, d));
    covey_neighbour *all = covey__alloc_array(rows + 1, sizeof *all);
    COVEY_NOMEM_IF(!all, err);
    COVEY_FAIL_IF(!(length > 0) || !isfinite(length), err, COVEY_E_ARGUMENT, NULL,
                  "the photo's description is all zero or not finite, so nothing is near it");
    for (size_t i = 0; i < rows; ++i) {
        const float *row = run->features.data + i * d;
        double own = sqrt(dot(row, row, d));
        if ((int64_t)i == except || !(own > 0))
            continue;
        double cosine = dot(features, row, d) / (length * own);
        all[found++] = (covey_neighbour){(int64_t)i, cosine > 1 ? 1 : cosine < -1 ? -1 : cosine};
    }
    qsort(all, found, sizeof *all, by_cosine);
    *n = found < *n ? found : *n;
    for (size_t i = 0; i < *n; ++i)
        out[i] = all[i];
done:
    covey__free(all);
    return status;
}

int64_t covey_run_find_photo(const covey_run *run, const char *path) {
    int64_t found = -1;
    for (size_t i = 0; i < run->n_photos; ++i)
        if (strcmp(run->photos[i].path, path) == 0)
            return (int64_t)i;
    char *real = realpath(path, NULL);
    for (size_t i = 0; i < run->n_photos && found < 0 && (real || *path == '/'); ++i) {
        char *full = covey__run_full_path(run, i);
        if (full && (strcmp(full, path) == 0 || (real && strcmp(full, real) == 0)))
            found = (int64_t)i;
        covey__free(full);
    }
    free(real);
    return found;
}
