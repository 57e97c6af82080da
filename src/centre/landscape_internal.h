/* SPDX-License-Identifier: MIT */
/* The parts of a landscape: the plane, the grid over it, the ways on it. */
#ifndef COVEY_LANDSCAPE_INTERNAL_H
#define COVEY_LANDSCAPE_INTERNAL_H

#include "base_internal.h"
#include "covey/landscape.h"
#include "threads_internal.h"

typedef struct covey__scene {
    const double *x; /* [rows][d] */
    size_t rows, d;
    const covey_loss *loss;
    const covey_landscape_params *params;
    covey__pool *pool;
    covey_landscape *out; /* origin, axes, half_width, side as they become known */
} covey__scene;

/* axes [2][d] and the variance along them. */
covey_status covey__landscape_plane(covey__scene *scene, covey_error *err);
/* half_width, grid and grid_error, on the plane. */
covey_status covey__landscape_grid(covey__scene *scene, covey_error *err);
covey_status covey__landscape_paths(covey__scene *scene, covey_error *err);

/* Asks whether to go on. */
covey_status covey__landscape_progress(const covey__scene *scene, const char *stage, size_t done,
                                       size_t total, covey_error *err);

#endif
