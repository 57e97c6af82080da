/* SPDX-License-Identifier: MIT */
/* Rows in a plane, to look at: the two directions along which they vary most. */
#include <math.h>
#include <string.h>

#include "landscape_internal.h"
#include "run_internal.h"

enum { PLANE_ROWS = 8192 }; /* that decide the plane; the others are projected alike */

/* out [d] <- row i scaled to length 1; a zero row stays. */
static void unit_row(double *out, const covey_run *run, size_t i) {
    size_t d = run->features.cols;
    const float *x = run->features.data + i * d;
    double square = 0;
    for (size_t j = 0; j < d; ++j)
        square += (double)x[j] * x[j];
    for (size_t j = 0; j < d; ++j)
        out[j] = square > 0 ? x[j] / sqrt(square) : 0;
}

covey_status covey_run_find_map(double *out, double share[2], const covey_run *run, int threads,
                                covey_error *err) {
    covey_status status = COVEY_OK;
    size_t n = run->features.rows, d = run->features.cols;
    size_t rows = n < PLANE_ROWS ? n : PLANE_ROWS;
    covey_landscape plane = {.d = d};
    covey_landscape_params params = covey_landscape_params_default();
    covey__scene scene = {.rows = rows, .d = d, .params = &params, .out = &plane};
    double *x = NULL, *mean = NULL, *row = NULL, total = 0;
    share[0] = share[1] = 0;
    memset(out, 0, 2 * n * sizeof *out);
    if (n == 0 || d < 2)
        return COVEY_OK;
    COVEY_TRY(covey__pool_new(&scene.pool, threads, err));
    x = covey__alloc_array(rows * d, sizeof *x);
    mean = covey__calloc(d, sizeof *mean);
    row = covey__alloc_array(d, sizeof *row);
    plane.axes = covey__alloc_array(2 * d, sizeof *plane.axes);
    COVEY_NOMEM_IF(!x || !mean || !row || !plane.axes, err);
    for (size_t i = 0; i < rows; ++i) {
        unit_row(x + i * d, run, i * n / rows); /* evenly by place */
        for (size_t j = 0; j < d; ++j)
            mean[j] += x[i * d + j] / (double)rows;
    }
    for (size_t i = 0; i < rows; ++i)
        for (size_t j = 0; j < d; ++j)
            total += (x[i * d + j] - mean[j]) * (x[i * d + j] - mean[j]);
    scene.x = x;
    COVEY_TRY(covey__landscape_plane(&scene, err));
    for (int k = 0; k < 2 && total > 0; ++k)
        share[k] = plane.variance[k] * (double)rows / total;
    for (size_t i = 0; i < n; ++i) {
        unit_row(row, run, i);
        for (int k = 0; k < 2; ++k)
            for (size_t j = 0; j < d; ++j)
                out[2 * i + (size_t)k] += (row[j] - mean[j]) * plane.axes[(size_t)k * d + j];
    }
done:
    covey__pool_free(scene.pool);
    covey__free(x);
    covey__free(mean);
    covey__free(row);
    covey__free(plane.axes);
    return status;
}
