/* SPDX-License-Identifier: MIT */
/* Rows and centres of length 1, for the losses that see directions alone [DhillonModha2001]. */
#include <math.h>
#include <string.h>

#include "base_internal.h"
#include "cluster_internal.h"

int covey__is_spherical(const covey_loss *loss) {
    return (loss->ops->traits & COVEY_LOSS_SPHERICAL) != 0;
}

int covey__to_sphere(double *v, size_t d) {
    double largest = 0, square = 0;
    for (size_t j = 0; j < d; ++j)
        largest = fabs(v[j]) > largest ? fabs(v[j]) : largest;
    if (largest == 0)
        return -1;
    for (size_t j = 0; j < d; ++j) { /* divided first: squares of tiny numbers vanish */
        v[j] /= largest;
        square += v[j] * v[j];
    }
    double length = sqrt(square);
    for (size_t j = 0; j < d; ++j)
        v[j] /= length;
    return 0;
}

typedef struct unit_rows {
    const covey__data *data;
    float *out;
    size_t *zero; /* [chunks], the first row of zeros, or n */
} unit_rows;

static void unit_chunk(void *context, size_t chunk, int worker) {
    unit_rows *u = context;
    size_t d = u->data->d, n = u->data->n, first = chunk * COVEY__CHUNK_ROWS;
    size_t end = first + COVEY__CHUNK_ROWS < n ? first + COVEY__CHUNK_ROWS : n;
    (void)worker;
    u->zero[chunk] = n;
    covey__spill_ahead(u->data->x + first * d);
    for (size_t i = first; i < end; ++i) {
        const float *row = u->data->x + i * d;
        double square = 0;
        for (size_t j = 0; j < d; ++j)
            square += (double)row[j] * row[j]; /* no float32 is so small that its square is 0 */
        if (square == 0) {
            u->zero[chunk] = i;
            return;
        }
        double length = sqrt(square);
        for (size_t j = 0; j < d; ++j)
            u->out[i * d + j] = (float)(row[j] / length);
    }
}

static covey_status make_unit(covey__data *unit, const covey__data *data, const covey_loss *loss,
                              covey_error *err) {
    covey_status status = COVEY_OK;
    size_t cells = 0, chunks = covey__chunk_count(data->n);
    unit_rows u = {.data = data};
    u.zero = covey__alloc_array(chunks, sizeof *u.zero);
    u.out = covey__mul_size(&cells, data->d, sizeof *u.out)
                ? NULL
                : covey__split_alloc(data->share.ranks, data->n, cells, 0);
    COVEY_NOMEM_IF(!u.out || !u.zero, err);
    covey__run_chunks(data, unit_chunk, &u);
    covey__exchange_chunks(&data->share, u.zero, sizeof *u.zero);
    for (size_t chunk = 0; chunk < chunks; ++chunk)
        COVEY_FAIL_IF(u.zero[chunk] < data->n, err, COVEY_E_NUMERIC, NULL,
                      "row %zu (the first is 0) is all zero and so has no direction, which the "
                      "loss %s needs; remove it or leave that loss out",
                      u.zero[chunk], loss->ops->name);
    COVEY_TRY(covey__data_init(unit, u.out, data->n, data->d, covey__pool_size(data->pool), err));
    unit->owned = u.out;
    u.out = NULL;
done:
    covey__free(u.out);
    covey__free(u.zero);
    return status;
}

covey_status covey__data_for(const covey__data **out, covey__data *unit, const covey__data *data,
                             const covey_loss *loss, covey_error *err) {
    covey_status status = COVEY_OK;
    *out = data;
    if (!covey__is_spherical(loss))
        return COVEY_OK;
    if (!unit->x)
        COVEY_TRY(make_unit(unit, data, loss, err));
    *out = unit;
done:
    return status;
}
