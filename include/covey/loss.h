/* SPDX-License-Identifier: MIT */
/* The family of losses: rho, its derivative psi, the weight psi(u)/u, and what is known of each.
 *
 * A coordinate loss sums rho(x_j - mu_j) over the coordinates, so that assignment and centre both
 * depend on it. A radial loss applies rho to r = |x - mu|_2 >= 0: the assignment is then the
 * nearest centre whatever the loss, and only the centres move. Rows are constant and may be
 * shared by any number of threads. docs/maths/losses.md derives each. */
#ifndef COVEY_LOSS_H
#define COVEY_LOSS_H

#include "covey/status.h"

COVEY_BEGIN_DECLS

/* Whether a loss acts on each coordinate or on the distance. */
typedef enum covey_geometry { COVEY_GEOMETRY_COORDINATE = 0, COVEY_GEOMETRY_RADIAL = 1 } covey_geometry;

enum { COVEY_LOSS_PARAMS = 2 }; /* at most, per loss */

enum {
    COVEY_LOSS_CONVEX = 1,
    COVEY_LOSS_SMOOTH = 2,         /* psi is continuous */
    COVEY_LOSS_BOUNDED = 4,
    COVEY_LOSS_HALF_QUADRATIC = 8, /* psi(u)/u never increases in |u|: IRLS never goes up */
    COVEY_LOSS_PANEL = 16,         /* one vote of the panel of distinct losses */
    COVEY_LOSS_TRIMS = 32,         /* the worst-fitting share params[0] of all rows takes no part */
    COVEY_LOSS_SPHERICAL = 64      /* sees rows scaled to length 1; centres have length 1 */
};

/* A parameter of a loss: its name, its domain, and what it is unless given. */
typedef struct covey_loss_param {
    const char *name;   /* "delta", "sigma", "epsilon", "alpha"; NULL ends the list */
    double lower;       /* bounds of the domain, left out unless `closed` says so */
    double upper;
    int closed;         /* 1: `lower` belongs to the domain, 2: `upper` does, 3: both */
    double fallback;    /* used where no scale can be estimated (all points equal) */
    double constant;    /* auto = constant * statistic; 0: `fallback` is the default, not a scale */
    double quantile;    /* of r for radial losses (0.5: the median) */
} covey_loss_param;

/* One row of the table; see src/loss/losses.def. A loss of one's own is such a struct too, used by
 * setting covey_loss.ops to it: `name`, `geometry`, `traits`, rho, psi and weight are needed,
 * `curvature`, one-sided at kinks, makes convex coordinate losses faster (where it is infinite, the
 * term is left out of Newton's step), what is not promised in `traits` is not relied on. The
 * functions are called from several threads at once and must not fail. */
typedef struct covey_loss_ops {
    const char *name;             /* canonical, underscores */
    const char *const *aliases;   /* NULL-terminated */
    const char *title;            /* "Pseudo-Huber" */
    const char *formula;          /* of rho, plain text */
    const char *citation;         /* key in docs/references.bib */
    const char *exact_centre;     /* "mean", "median", "quantile" (of params[0]), "direction" (the
                                     mean, scaled to length 1), or NULL */
    covey_geometry geometry;
    unsigned traits;
    covey_loss_param params[COVEY_LOSS_PARAMS];
    double (*rho)(double u, const double *params);
    double (*psi)(double u, const double *params);
    double (*weight)(double u, const double *params); /* psi(u)/u with its limit at 0 (may be inf) */
    double (*curvature)(double u, const double *params); /* psi'(u); or NULL */
} covey_loss_ops;

/* A loss with its parameters: what every function of clustering takes. Plain value, copy freely. */
typedef struct covey_loss {
    const covey_loss_ops *ops;
    double params[COVEY_LOSS_PARAMS];
    int is_auto[COVEY_LOSS_PARAMS]; /* 1: to be estimated, or estimated, from the data */
} covey_loss;

/* Losses in the table. */
COVEY_API size_t covey_loss_count(void);
COVEY_API const covey_loss_ops *covey_loss_get(size_t index); /* NULL beyond the last */

/* By name or alias, hyphens as underscores; unknown: COVEY_E_ARGUMENT with "did you mean".
 * Parameters come out as auto. */
COVEY_API COVEY_NODISCARD covey_status covey_loss_find(covey_loss *out, const char *name,
                                                       covey_error *err);

/* Sets a parameter by name from text ("1.0", "auto"); checks its domain. */
COVEY_API COVEY_NODISCARD covey_status covey_loss_set_param(covey_loss *loss, const char *name,
                                                            const char *value, covey_error *err);

/* The loss of one point to one centre, [d] each, float64. Under a loss that trims: as if the point
 * were kept. Under a spherical one x and mu may have any length but 0, where the loss is 1. */
COVEY_API double covey_loss_compute(const covey_loss *loss, const double *x, const double *mu,
                                    size_t d);

COVEY_END_DECLS

#endif
