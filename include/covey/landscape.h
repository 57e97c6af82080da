/* SPDX-License-Identifier: MIT */
/* The landscape of a centre problem: the total loss over a plane, and the ways of solvers on it.
 *
 * Results depend on rows, loss, parameters and seed alone: the same for any number of threads.
 * Safe from any thread on different outputs. The method: docs/maths/landscape.md. */
#ifndef COVEY_LANDSCAPE_H
#define COVEY_LANDSCAPE_H

#include <stdint.h>

#include "covey/cluster.h"

COVEY_BEGIN_DECLS

/* The plane that is shown. */
typedef enum covey_slice {
    COVEY_SLICE_PRINCIPAL = 0, /* the two directions along which the rows vary most */
    COVEY_SLICE_RANDOM = 1     /* two random directions, at right angles */
} covey_slice;

/* What is drawn; begin with covey_landscape_params_default. */
typedef struct covey_landscape_params {
    covey_slice slice;
    size_t side;     /* grid points along each axis, 2..2001 */
    size_t starts;   /* of gradient descent, 0..100 */
    int steps;       /* of each solver, at most; from 1 on */
    /* Rows used at most, chosen evenly by place; 0: as many as keep rows * d below 5,120,000, or
     * below a twentieth of it for coordinate losses known by callbacks alone. */
    size_t max_rows;
    uint64_t seed;
    int threads;     /* 0: all cores */
    covey_progress_fn progress;
    void *progress_user;
} covey_landscape_params;

/* Principal plane, 101, 5 starts, 100 steps, rows by the rule, seed 0, all cores. */
COVEY_API covey_landscape_params covey_landscape_params_default(void);

/* A point of a solver's way: its coordinates in the plane, its distance from the plane (solvers
 * move in all d dimensions), and the objective where it really is. */
typedef struct covey_landscape_step {
    int iteration;
    double u, v, away, objective;
} covey_landscape_step;

/* The way of one solver from one start. */
typedef struct covey_landscape_path {
    covey_solver solver;
    size_t start; /* number of the start; equal numbers: the same start */
    int converged;
    covey_landscape_step *steps; /* [n_steps], the start first */
    size_t n_steps;
} covey_landscape_path;

/* Arrays are owned by the struct (covey_landscape_fini). */
typedef struct covey_landscape {
    size_t m, rows; /* rows given, rows used */
    size_t d, side;
    double *origin;      /* [d], the centre found by the default solver: (u, v) = (0, 0) */
    double *axes;        /* [2][d], orthonormal */
    double variance[2];  /* of the rows along the axes */
    double half_width;   /* u and v run from -half_width to half_width */
    double *grid;        /* [side][side]: total loss at (u, v), rows by v ascending, then u */
    double objective;    /* at the origin */
    double grid_error;   /* largest relative difference from the plain sum, at 25 grid points */
    covey_landscape_path *paths; /* [n_paths]: descent from each start, then irls, lbfgs from 0 */
    size_t n_paths;
} covey_landscape;

/* x [m][d], finite, d >= 2; `loss` with its parameters set (covey_loss_estimate). Errors: a
 * parameter outside its range (COVEY_E_ARGUMENT), NaN in x (COVEY_E_NUMERIC), cancelled. */
COVEY_API COVEY_NODISCARD covey_status covey_landscape_compute(
    covey_landscape *out, const float *x, size_t m, size_t d, const covey_loss *loss,
    const covey_landscape_params *params, covey_error *err);
COVEY_API void covey_landscape_fini(covey_landscape *landscape); /* accepts a zeroed one */

COVEY_END_DECLS

#endif
