/* SPDX-License-Identifier: MIT */
/* The total loss at every point of a grid over the plane mu(u, v) = o + u p + v q, without going
 * through all coordinates of all rows at every point. docs/maths/landscape.md, section 2.
 *
 * Radial losses: with a = p'(x - o), b = q'(x - o) and c = |x - o|^2 - a^2 - b^2 the distance is
 * r^2 = (a - u)^2 + (b - v)^2 + c: three numbers a row.
 * Coordinate losses: the sum over the rows of coordinate j is a function of one variable,
 * F_j(t) = sum_i rho(x_ij - o_j - t), taken at t = u p_j + v q_j. It is tabulated with its slope on
 * the interval the window reaches, and read by cubic Hermite interpolation. Where rows are few the
 * table would show their kinks; then every point is summed plainly. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "landscape_internal.h"
#include "solvers_internal.h"

enum {
    PLAIN_WORK = 400000000,  /* evaluations of rho up to which the plain sum is taken */
    TABLE_WORK = 30000000,   /* that a table may cost, its nodes chosen by it within: */
    FEWEST_NODES = 33,
    MOST_NODES = 513,
    CHECKS = 5,              /* squared: points at which the grid is compared */
    BATCH = 8                /* rows of the grid between two calls of progress */
};

static const double WINDOW_SHARE = 0.95, WINDOW_ROOM = 1.25;

typedef struct grid {
    covey__scene *scene;
    double *a, *b, *c; /* [rows] */
    double *table;     /* [d][nodes][2]: F_j, dF_j/dt; NULL: plain */
    double *column;    /* [workers][rows] */
    double *point;     /* [workers][d] */
    size_t nodes, first_row;
} grid;

static double place(const grid *g, size_t i) {
    const covey_landscape *out = g->scene->out;
    return out->half_width * (2. * (double)i / (double)(out->side - 1) - 1);
}

/* ---- the window ------------------------------------------------------------------------------ */

static int compare_doubles(const void *x, const void *y) {
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

static double quantile_of_size(double *scratch, const double *v, size_t n) {
    for (size_t i = 0; i < n; ++i)
        scratch[i] = fabs(v[i]);
    qsort(scratch, n, sizeof *scratch, compare_doubles);
    return scratch[(size_t)(WINDOW_SHARE * (double)(n - 1))];
}

static void project(grid *g) {
    const covey__scene *scene = g->scene;
    covey_landscape *out = scene->out;
    size_t d = scene->d;
    for (size_t i = 0; i < scene->rows; ++i) {
        for (size_t j = 0; j < d; ++j)
            g->point[j] = scene->x[i * d + j] - out->origin[j];
        g->a[i] = covey__dot(g->point, out->axes, d);
        g->b[i] = covey__dot(g->point, out->axes + d, d);
        /* What the plane leaves over, from the vector itself: a difference of squares would lose
         * the digits of rows that lie in the plane. */
        for (size_t j = 0; j < d; ++j)
            g->point[j] -= g->a[i] * out->axes[j] + g->b[i] * out->axes[d + j];
        g->c[i] = covey__dot(g->point, g->point, d);
    }
    double reach = fmax(quantile_of_size(g->column, g->a, scene->rows),
                        quantile_of_size(g->column, g->b, scene->rows));
    out->half_width = reach > 0 ? WINDOW_ROOM * reach : 1;
}

/* ---- values ---------------------------------------------------------------------------------- */

static double radial_value(const grid *g, double u, double v) {
    const covey_loss *loss = g->scene->loss;
    double sum = 0;
    for (size_t i = 0; i < g->scene->rows; ++i) {
        double du = g->a[i] - u, dv = g->b[i] - v;
        sum += loss->ops->rho(sqrt(du * du + dv * dv + g->c[i]), loss->params);
    }
    return sum;
}

static void point_at(double *mu, const grid *g, double u, double v) {
    const covey_landscape *out = g->scene->out;
    for (size_t j = 0; j < g->scene->d; ++j)
        mu[j] = out->origin[j] + u * out->axes[j] + v * out->axes[g->scene->d + j];
}

static double plain_value(const grid *g, double *mu, double u, double v) {
    double sum = 0;
    point_at(mu, g, u, v);
    for (size_t i = 0; i < g->scene->rows; ++i)
        sum += covey_loss_compute(g->scene->loss, g->scene->x + i * g->scene->d, mu, g->scene->d);
    return sum;
}

/* Half the interval that t = u p_j + v q_j runs over. */
static double reach_of(const grid *g, size_t j) {
    const covey_landscape *out = g->scene->out;
    return out->half_width * (fabs(out->axes[j]) + fabs(out->axes[g->scene->d + j]));
}

static void tabulate_column(void *context, size_t j, int worker) {
    grid *g = context;
    const covey__scene *scene = g->scene;
    const covey_loss *loss = scene->loss;
    double *column = g->column + (size_t)worker * scene->rows, *out = g->table + j * g->nodes * 2;
    double reach = reach_of(g, j);
    for (size_t i = 0; i < scene->rows; ++i)
        column[i] = scene->x[i * scene->d + j] - scene->out->origin[j];
    for (size_t k = 0; k < g->nodes; ++k) {
        double t = reach * (2. * (double)k / (double)(g->nodes - 1) - 1), value = 0, slope = 0;
        for (size_t i = 0; i < scene->rows; ++i) {
            value += loss->ops->rho(column[i] - t, loss->params);
            slope -= loss->ops->psi(column[i] - t, loss->params);
        }
        out[2 * k] = value;
        out[2 * k + 1] = slope;
    }
}

static double table_value(const grid *g, double u, double v) {
    const covey_landscape *out = g->scene->out;
    size_t d = g->scene->d;
    double sum = 0;
    for (size_t j = 0; j < d; ++j) {
        double reach = reach_of(g, j), t = u * out->axes[j] + v * out->axes[d + j];
        double step = 2 * reach / (double)(g->nodes - 1);
        double at = reach > 0 ? (t + reach) / step : 0;
        size_t k = at > 0 ? (size_t)at : 0;
        k = k + 1 < g->nodes ? k : g->nodes - 2;
        const double *f = g->table + (j * g->nodes + k) * 2;
        double s = at - (double)k, s2 = s * s, s3 = s2 * s;
        sum += (2 * s3 - 3 * s2 + 1) * f[0] + (s3 - 2 * s2 + s) * step * f[1] +
               (3 * s2 - 2 * s3) * f[2] + (s3 - s2) * step * f[3];
    }
    return sum;
}

static void grid_row(void *context, size_t task, int worker) {
    grid *g = context;
    covey_landscape *out = g->scene->out;
    size_t row = g->first_row + task;
    double *mu = g->point + (size_t)worker * g->scene->d, v = place(g, row);
    int radial = g->scene->loss->ops->geometry == COVEY_GEOMETRY_RADIAL;
    for (size_t i = 0; i < out->side; ++i) {
        double u = place(g, i);
        out->grid[row * out->side + i] = radial     ? radial_value(g, u, v)
                                         : g->table ? table_value(g, u, v)
                                                    : plain_value(g, mu, u, v);
    }
}

/* ---- all of it ------------------------------------------------------------------------------- */

static covey_status make_table(grid *g, covey_error *err) {
    covey_status status = COVEY_OK;
    const covey__scene *scene = g->scene;
    double work = (double)scene->rows * (double)scene->d;
    double points = (double)scene->out->side * (double)scene->out->side, nodes;
    size_t cells;
    if (scene->loss->ops->geometry == COVEY_GEOMETRY_RADIAL || points * work <= PLAIN_WORK)
        goto done;
    nodes = fmin(fmax(TABLE_WORK / work, FEWEST_NODES), MOST_NODES);
    g->nodes = (size_t)nodes;
    COVEY_NOMEM_IF(covey__mul_size(&cells, scene->d, g->nodes * 2), err);
    g->table = covey__alloc_array(cells, sizeof *g->table);
    COVEY_NOMEM_IF(!g->table, err);
    covey__pool_run(scene->pool, scene->d, tabulate_column, g);
done:
    return status;
}

/* Against the plain sum over all coordinates, at points spread over the grid. */
static void check_grid(grid *g) {
    covey_landscape *out = g->scene->out;
    double largest = 0;
    for (size_t k = 0; k < CHECKS * CHECKS; ++k) {
        size_t row = k / CHECKS * (out->side - 1) / (CHECKS - 1);
        size_t column = k % CHECKS * (out->side - 1) / (CHECKS - 1);
        double plain = plain_value(g, g->point, place(g, column), place(g, row));
        double away = fabs(out->grid[row * out->side + column] - plain);
        largest = fmax(largest, plain != 0 ? away / fabs(plain) : away);
    }
    out->grid_error = largest;
}

covey_status covey__landscape_grid(covey__scene *scene, covey_error *err) {
    covey_status status = COVEY_OK;
    covey_landscape *out = scene->out;
    size_t workers = (size_t)covey__pool_size(scene->pool);
    grid g = {.scene = scene};
    g.a = covey__alloc_array(scene->rows, sizeof *g.a);
    g.b = covey__alloc_array(scene->rows, sizeof *g.b);
    g.c = covey__alloc_array(scene->rows, sizeof *g.c);
    g.column = covey__alloc_array(workers * scene->rows, sizeof *g.column);
    g.point = covey__alloc_array(workers * scene->d, sizeof *g.point);
    COVEY_NOMEM_IF(!g.a || !g.b || !g.c || !g.column || !g.point, err);
    project(&g);
    COVEY_TRY(make_table(&g, err));
    for (g.first_row = 0; g.first_row < out->side; g.first_row += BATCH) {
        COVEY_TRY(covey__landscape_progress(scene, "landscape", g.first_row, out->side, err));
        size_t left = out->side - g.first_row;
        covey__pool_run(scene->pool, left < BATCH ? left : BATCH, grid_row, &g);
    }
    check_grid(&g);
    for (size_t i = 0; i < out->side * out->side; ++i)
        COVEY_FAIL_IF(!isfinite(out->grid[i]), err, COVEY_E_NUMERIC, NULL,
                      "the loss overflows on the plane; scale the rows (--normalize l2)");
done:
    covey__free(g.a);
    covey__free(g.b);
    covey__free(g.c);
    covey__free(g.table);
    covey__free(g.column);
    covey__free(g.point);
    return status;
}
