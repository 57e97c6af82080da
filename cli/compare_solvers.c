/* SPDX-License-Identifier: MIT */
#include "compare_solvers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "console.h"
#include "json_out.h"
#include "table_file.h"

static const covey_solver solvers[] = {COVEY_SOLVER_EXACT, COVEY_SOLVER_AUTO, COVEY_SOLVER_NEWTON,
                                       COVEY_SOLVER_IRLS,  COVEY_SOLVER_LBFGS, COVEY_SOLVER_BFGS};
enum { SOLVERS = sizeof solvers / sizeof *solvers };

/* A cluster's rows as the solvers take them. */
typedef struct cluster_rows {
    double *points; /* [m][d] */
    size_t m, d;
    double *mean, *exact, *centre; /* [d] */
} cluster_rows;

static void gather(cluster_rows *out, const covey_clustering *c, int32_t cluster, const float *x) {
    out->m = 0;
    memset(out->mean, 0, out->d * sizeof *out->mean);
    for (size_t i = 0; i < c->n; ++i) {
        if (c->labels[i] != cluster)
            continue;
        double *point = out->points + out->m++ * out->d;
        for (size_t j = 0; j < out->d; ++j) {
            point[j] = (double)x[i * out->d + j];
            out->mean[j] += point[j];
        }
    }
    for (size_t j = 0; j < out->d && out->m; ++j)
        out->mean[j] /= (double)out->m;
}

static double distance(const double *a, const double *b, size_t d) {
    double sum = 0;
    for (size_t j = 0; j < d; ++j)
        sum += (a[j] - b[j]) * (a[j] - b[j]);
    return sqrt(sum);
}

/* Of this thread, which is the one that solves: what else the machine does is left out. */
static double processor_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* One cluster by one solver, from the mean; COVEY_E_ARGUMENT: the solver does not take the loss. */
static covey_status solve(solver_row *row, const cluster_rows *rows, const covey_loss *loss,
                          covey_solver solver, const double *exact, covey_error *err) {
    covey_centre_report report;
    memcpy(rows->centre, rows->mean, rows->d * sizeof *rows->centre);
    double start = processor_seconds();
    covey_status status = covey_centre_compute(rows->centre, &report, rows->points, rows->m,
                                               rows->d, NULL, loss, solver, 0, err);
    if (status != COVEY_OK)
        return status;
    row->seconds += processor_seconds() - start;
    row->objective += report.objective;
    row->iterations += report.iterations;
    row->evaluations += report.evaluations;
    row->converged += report.converged != 0;
    ++row->clusters;
    double away = exact ? distance(rows->centre, exact, rows->d) : NAN;
    row->from_exact = row->clusters == 1 ? away : fmax(row->from_exact, away);
    return COVEY_OK;
}

/* All solvers on all clusters of one loss into out [SOLVERS]; rows left without a cluster were
 * refused. */
static int solve_loss(solver_row *out, cluster_rows *rows, const covey_clustering *c,
                      const float *x) {
    covey_error err;
    int refused[SOLVERS] = {0};
    for (int s = 0; s < SOLVERS; ++s)
        out[s] = (solver_row){.loss = c->loss.ops->name, .solver = covey_solver_name(solvers[s])};
    for (size_t j = 0; j < c->k; ++j) {
        const double *exact = NULL;
        gather(rows, c, (int32_t)j, x);
        for (int s = 0; s < SOLVERS && rows->m; ++s) {
            if (refused[s] || (exact && solvers[s] == COVEY_SOLVER_AUTO))
                continue; /* auto is then the exact centre itself */
            covey_status status = solve(&out[s], rows, &c->loss, solvers[s], exact, &err);
            if (status == COVEY_E_ARGUMENT)
                refused[s] = 1;
            else if (status != COVEY_OK)
                return fail_status(status, &err);
            if (status == COVEY_OK && solvers[s] == COVEY_SOLVER_EXACT) {
                memcpy(rows->exact, rows->centre, rows->d * sizeof *rows->exact);
                exact = rows->exact;
                out[s].from_exact = 0;
            }
        }
        if (console_progress(NULL, c->loss.ops->name, j + 1, c->k))
            return fail_status(COVEY_E_CANCELLED, NULL);
    }
    return EXIT_DONE;
}

static void fill_gaps(solver_row *rows) {
    double best = INFINITY;
    for (int s = 0; s < SOLVERS; ++s)
        if (rows[s].clusters)
            best = fmin(best, rows[s].objective);
    for (int s = 0; s < SOLVERS; ++s)
        rows[s].gap = rows[s].objective - best;
}

int compare_solvers(solver_row **out, size_t *n_out, const covey_run *run, const float *x) {
    const covey_comparison *comparison = &run->comparison;
    size_t n = comparison->n, d = comparison->d, kept = 0;
    solver_row *table = malloc((comparison->n_losses * SOLVERS + 1) * sizeof *table);
    cluster_rows rows = {.points = malloc(n * d * sizeof(double)),
                         .d = d,
                         .mean = malloc(3 * d * sizeof(double))};
    int code = table && rows.points && rows.mean ? EXIT_DONE : fail_memory();
    if (code == EXIT_DONE) {
        rows.exact = rows.mean + d;
        rows.centre = rows.mean + 2 * d;
    }
    for (size_t l = 0; l < comparison->n_losses && code == EXIT_DONE; ++l) {
        solver_row part[SOLVERS];
        code = solve_loss(part, &rows, &comparison->clusterings[l], x);
        fill_gaps(part);
        for (int s = 0; s < SOLVERS && code == EXIT_DONE; ++s)
            if (part[s].clusters)
                table[kept++] = part[s];
    }
    console_clear();
    free(rows.points);
    free(rows.mean);
    if (code != EXIT_DONE) {
        free(table);
        return code;
    }
    *out = table;
    *n_out = kept;
    return EXIT_DONE;
}

void compare_solvers_print(const solver_row *rows, size_t n_rows) {
    printf("\nsolvers: each cluster's centre again, from its mean\n%-20s %-7s %20s %10s %10s %11s "
           "%10s %10s %s\n",
           "loss", "solver", "objective", "above best", "iterations", "evaluations", "ms",
           "converged",
           "from the exact centre");
    for (size_t i = 0; i < n_rows; ++i) {
        const solver_row *row = &rows[i];
        printf("%-20s %-7s %20.12g %10.3g %10lld %11lld %10.2f %6zu/%-3zu ", row->loss,
               row->solver, row->objective, row->gap, row->iterations, row->evaluations,
               1000 * row->seconds,
               row->converged, row->clusters);
        if (isnan(row->from_exact))
            puts("-");
        else
            printf("%.3g\n", row->from_exact);
    }
}

json_t *compare_solvers_json(const solver_row *rows, size_t n_rows) {
    json_t *list = json_array();
    for (size_t i = 0; i < n_rows; ++i) {
        const solver_row *row = &rows[i];
        json_t *object = json_object();
        json_object_set_new(object, "loss", json_string(row->loss));
        json_object_set_new(object, "solver", json_string(row->solver));
        json_object_set_new(object, "objective", json_number(row->objective));
        json_object_set_new(object, "gap", json_number(row->gap));
        json_object_set_new(object, "iterations", json_integer(row->iterations));
        json_object_set_new(object, "evaluations", json_integer(row->evaluations));
        json_object_set_new(object, "clusters", json_integer((json_int_t)row->clusters));
        json_object_set_new(object, "converged", json_integer((json_int_t)row->converged));
        json_object_set_new(object, "seconds", json_number(row->seconds));
        json_object_set_new(object, "from_exact", json_number(row->from_exact));
        json_array_append_new(list, object);
    }
    return list;
}

void compare_solvers_print_csv(const solver_row *rows, size_t n_rows) {
    puts("loss,solver,objective,gap,iterations,evaluations,clusters,converged,seconds,from_exact");
    for (size_t i = 0; i < n_rows; ++i) {
        const solver_row *row = &rows[i];
        printf("%s,%s,", row->loss, row->solver);
        table_number(stdout, row->objective);
        putchar(',');
        table_number(stdout, row->gap);
        printf(",%lld,%lld,%zu,%zu,%.6f,", row->iterations, row->evaluations, row->clusters,
               row->converged, row->seconds);
        table_number(stdout, row->from_exact);
        putchar('\n');
    }
}

/* ---- the picture ----------------------------------------------------------------------------- */

static const double FLOOR = 1e-17; /* where a gap of 0 is drawn: the axis has no 0 */

/* One panel for each run of rows of one loss; series, ms and gap [n_rows]. Returns the number. */
static size_t fill_panels(covey_panel *panels, covey_series *series, double *ms, double *gap,
                          const solver_row *rows, size_t n_rows) {
    double fastest = INFINITY, slowest = 0, largest = 1e-9;
    size_t n = 0;
    for (size_t i = 0; i < n_rows; ++i) {
        const solver_row *row = &rows[i];
        double size = fabs(row->objective - row->gap);
        ms[i] = fmax(1000 * row->seconds, 1e-4);
        gap[i] = fmax(size > 0 ? row->gap / size : row->gap, FLOOR);
        fastest = fmin(fastest, ms[i]);
        slowest = fmax(slowest, ms[i]);
        largest = fmax(largest, gap[i]);
        series[i] = (covey_series){row->solver, ms + i, gap + i, 1, 0, 1};
        if (n == 0 || strcmp(panels[n - 1].title, row->loss) != 0)
            panels[n++] = (covey_panel){.title = row->loss, .series = series + i};
        ++panels[n - 1].n_series;
    }
    for (size_t p = 0; p < n; ++p) {
        panels[p].x_label = "ms, all clusters";
        panels[p].y_label = "relative gap to the best solver";
        panels[p].log_x = panels[p].log_y = 1;
        panels[p].x_low = pow(10, floor(log10(fastest)));
        panels[p].x_high = pow(10, floor(log10(slowest)) + 1);
        panels[p].y_low = FLOOR / 3;
        panels[p].y_high = 10 * largest;
    }
    return n;
}

int compare_solvers_plot(const char *path, const solver_row *rows, size_t n_rows) {
    covey_panel *panels = calloc(n_rows + 1, sizeof *panels);
    covey_series *series = calloc(n_rows + 1, sizeof *series);
    double *numbers = malloc((2 * n_rows + 1) * sizeof *numbers);
    int code = panels && series && numbers ? EXIT_DONE : fail_memory();
    if (code == EXIT_DONE) {
        size_t n = fill_panels(panels, series, numbers, numbers + n_rows, rows, n_rows);
        covey_figure figure = {.title = "Solvers: how near, how fast",
                               .note = "Each cluster's centre again, from its mean. A gap of 0 is "
                                       "drawn at 1e-17.",
                               .panels = panels,
                               .n_panels = n,
                               .columns = 3};
        code = figure_save_one(path, &figure);
    }
    free(panels);
    free(series);
    free(numbers);
    return code;
}
