/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "landscape_internal.h"
#include "rows_internal.h"

enum {
    BUDGET = 5120000, /* numbers: 10,000 photos; a pass over them takes some milliseconds */
    SLOW_SHARE = 20   /* losses known by callbacks alone get one in that many */
};

covey_landscape_params covey_landscape_params_default(void) {
    return (covey_landscape_params){
        .slice = COVEY_SLICE_PRINCIPAL, .side = 101, .starts = 5, .steps = 100};
}

void covey_landscape_fini(covey_landscape *landscape) {
    covey__free(landscape->origin);
    covey__free(landscape->axes);
    covey__free(landscape->grid);
    for (size_t i = 0; landscape->paths && i < landscape->n_paths; ++i)
        covey__free(landscape->paths[i].steps);
    covey__free(landscape->paths);
    *landscape = (covey_landscape){0};
}

covey_status covey__landscape_progress(const covey__scene *scene, const char *stage, size_t done,
                                       size_t total, covey_error *err) {
    const covey_landscape_params *p = scene->params;
    if (p->progress && p->progress(p->progress_user, stage, done, total))
        return covey__fail(err, COVEY_E_CANCELLED, NULL, "stopped on request");
    return COVEY_OK;
}

static covey_status check(const covey_landscape_params *p, const covey_loss *loss, size_t m,
                          size_t d, covey_error *err) {
    covey_status status = COVEY_OK;
    COVEY_FAIL_IF(loss->ops->traits & COVEY_LOSS_SPHERICAL, err, COVEY_E_ARGUMENT, NULL,
                  "the centres of the loss %s lie on a sphere, which no plane shows; choose "
                  "another loss",
                  loss->ops->name);
    COVEY_FAIL_IF(m == 0, err, COVEY_E_ARGUMENT, NULL, "a landscape needs at least one row");
    COVEY_FAIL_IF(m > UINT32_MAX, err, COVEY_E_LIMIT, NULL, "%zu rows are too many", m);
    COVEY_FAIL_IF(d < 2, err, COVEY_E_ARGUMENT, NULL,
                  "a plane needs rows of at least two numbers; these have %zu", d);
    COVEY_FAIL_IF(p->side < 2 || p->side > 2001, err, COVEY_E_ARGUMENT, NULL,
                  "the grid has 2 to 2001 points along each axis, not %zu", p->side);
    COVEY_FAIL_IF(p->starts > 100, err, COVEY_E_ARGUMENT, NULL,
                  "at most 100 starts can be told apart, not %zu", p->starts);
    COVEY_FAIL_IF(p->steps < 1, err, COVEY_E_ARGUMENT, NULL, "a solver takes 1 step or more");
    COVEY_FAIL_IF(p->slice != COVEY_SLICE_PRINCIPAL && p->slice != COVEY_SLICE_RANDOM, err,
                  COVEY_E_ARGUMENT, NULL, "no slice number %d", (int)p->slice);
done:
    return status;
}

static size_t rows_to_use(const covey_landscape_params *p, const covey_loss *loss, size_t m,
                          size_t d) {
    int slow = loss->ops->geometry == COVEY_GEOMETRY_COORDINATE &&
               covey__shape_of(loss) == COVEY__SHAPE_GENERIC;
    size_t most = p->max_rows ? p->max_rows : (slow ? BUDGET / SLOW_SHARE : BUDGET) / d;
    most = most ? most : 1;
    return m < most ? m : most;
}

/* The rows used, evenly by place, in float64. */
static covey_status take_rows(double **out, size_t rows, const float *x, size_t m, size_t d,
                              covey_error *err) {
    covey_status status = COVEY_OK;
    size_t cells;
    double *taken = NULL;
    COVEY_NOMEM_IF(covey__mul_size(&cells, rows, d), err);
    taken = covey__alloc_array(cells, sizeof *taken);
    COVEY_NOMEM_IF(!taken, err);
    for (size_t i = 0; i < rows; ++i) {
        size_t from = (size_t)((uint64_t)i * m / rows); /* m < 2^32 keeps it within 64 bits */
        for (size_t j = 0; j < d; ++j) {
            float value = x[from * d + j];
            COVEY_FAIL_IF(!isfinite(value), err, COVEY_E_NUMERIC, NULL,
                          "row %zu has NaN or infinity in column %zu; leave such rows out", from,
                          j);
            taken[i * d + j] = (double)value;
        }
    }
    *out = taken;
    taken = NULL;
done:
    covey__free(taken);
    return status;
}

/* The best centre there is, from the mean. */
static covey_status find_origin(covey__scene *scene, covey_error *err) {
    covey_landscape *out = scene->out;
    covey_centre_report report;
    for (size_t i = 0; i < scene->rows; ++i)
        for (size_t j = 0; j < scene->d; ++j)
            out->origin[j] += scene->x[i * scene->d + j] / (double)scene->rows;
    covey_status status =
        covey_centre_compute(out->origin, &report, scene->x, scene->rows, scene->d, NULL,
                             scene->loss, COVEY_SOLVER_AUTO, 0, err);
    if (status == COVEY_OK)
        out->objective = report.objective;
    return status;
}

covey_status covey_landscape_compute(covey_landscape *out, const float *x, size_t m, size_t d,
                                     const covey_loss *loss, const covey_landscape_params *params,
                                     covey_error *err) {
    covey_status status = COVEY_OK;
    covey_landscape ours = {0};
    covey__scene scene = {.d = d, .loss = loss, .params = params, .out = &ours};
    double *rows = NULL;
    COVEY_TRY(check(params, loss, m, d, err));
    ours.m = m;
    ours.d = d;
    ours.side = params->side;
    ours.rows = scene.rows = rows_to_use(params, loss, m, d);
    COVEY_TRY(take_rows(&rows, scene.rows, x, m, d, err));
    scene.x = rows;
    ours.origin = covey__calloc(d, sizeof *ours.origin);
    ours.axes = covey__alloc_array(2 * d, sizeof *ours.axes);
    ours.grid = covey__alloc_array(params->side * params->side, sizeof *ours.grid);
    COVEY_NOMEM_IF(!ours.origin || !ours.axes || !ours.grid, err);
    COVEY_TRY(covey__pool_new(&scene.pool, params->threads, err));
    COVEY_TRY(covey__landscape_progress(&scene, "plane", 0, 1, err));
    COVEY_TRY(find_origin(&scene, err));
    COVEY_TRY(covey__landscape_plane(&scene, err));
    COVEY_TRY(covey__landscape_grid(&scene, err));
    COVEY_TRY(covey__landscape_paths(&scene, err));
    *out = ours;
    ours = (covey_landscape){0};
done:
    covey__pool_free(scene.pool);
    covey__free(rows);
    covey_landscape_fini(&ours);
    return status;
}
