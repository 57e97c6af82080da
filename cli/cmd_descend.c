/* SPDX-License-Identifier: MIT */
/* covey descend FEATURES: the landscape of one centre problem, and how solvers cross it. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cluster_options.h"
#include "commands.h"
#include "console.h"
#include "run_output.h"
#include "table_file.h"

/* ---- data ------------------------------------------------------------------------------------ */

static int save_paths(const covey_landscape *l, const char *folder) {
    FILE *file = table_open(folder, "paths.csv");
    if (!file)
        return EXIT_FAILED;
    fputs("solver,start,iteration,u,v,away,objective\n", file);
    for (size_t p = 0; p < l->n_paths; ++p)
        for (size_t s = 0; s < l->paths[p].n_steps; ++s) {
            const covey_landscape_step *step = &l->paths[p].steps[s];
            const double values[] = {step->u, step->v, step->away, step->objective};
            fprintf(file, "%s,%zu,%d", covey_solver_name(l->paths[p].solver), l->paths[p].start,
                    step->iteration);
            for (int i = 0; i < 4; ++i) {
                fputc(',', file);
                table_number(file, values[i]);
            }
            fputc('\n', file);
        }
    return table_close(file, folder, "paths.csv");
}

static double place(const covey_landscape *l, size_t i) {
    return l->half_width * (2. * (double)i / (double)(l->side - 1) - 1);
}

static int save_grid(const covey_landscape *l, const char *folder) {
    FILE *file = table_open(folder, "grid.csv");
    if (!file)
        return EXIT_FAILED;
    fputs("u,v,objective\n", file);
    for (size_t row = 0; row < l->side; ++row)
        for (size_t column = 0; column < l->side; ++column) {
            table_number(file, place(l, column));
            fputc(',', file);
            table_number(file, place(l, row));
            fputc(',', file);
            table_number(file, l->grid[row * l->side + column]);
            fputc('\n', file);
        }
    return table_close(file, folder, "grid.csv");
}

static double least_found(const covey_landscape *l) {
    double least = l->objective;
    for (size_t p = 0; p < l->n_paths; ++p)
        least = fmin(least, l->paths[p].steps[l->paths[p].n_steps - 1].objective);
    return least;
}

static void print_paths(const covey_landscape *l) {
    double least = least_found(l);
    printf("%-8s %5s %6s %10s %20s %20s %12s\n", "solver", "start", "steps", "converged",
           "loss at the start", "loss at the end", "above least");
    for (size_t p = 0; p < l->n_paths; ++p) {
        const covey_landscape_path *path = &l->paths[p];
        const covey_landscape_step *last = &path->steps[path->n_steps - 1];
        printf("%-8s %5zu %6d %10s %20.12g %20.12g %12.3g\n", covey_solver_name(path->solver),
               path->start, last->iteration, path->converged ? "yes" : "no",
               path->steps[0].objective, last->objective, last->objective - least);
    }
}

/* ---- the picture ----------------------------------------------------------------------------- */

typedef struct drawing {
    double *u, *v, *step, *gap; /* of all paths, one after another */
    double *start_u, *start_v;  /* [n_paths] */
    covey_series *on_plane, *by_step;
} drawing;

static const char *path_label(covey_solver solver) {
    return solver == COVEY_SOLVER_DESCENT ? "gradient descent"
           : solver == COVEY_SOLVER_IRLS  ? "IRLS"
                                          : "L-BFGS (evaluations)";
}

static int fill_drawing(drawing *out, const covey_landscape *l) {
    size_t points = 0, at = 0;
    double least = least_found(l);
    for (size_t p = 0; p < l->n_paths; ++p)
        points += l->paths[p].n_steps;
    out->u = malloc((4 * points + 2 * l->n_paths) * sizeof(double));
    out->on_plane = calloc(2 * l->n_paths + 2, sizeof *out->on_plane);
    if (!out->u || !out->on_plane)
        return fail_memory();
    out->v = out->u + points;
    out->step = out->v + points;
    out->gap = out->step + points;
    out->start_u = out->gap + points;
    out->start_v = out->start_u + l->n_paths;
    out->by_step = out->on_plane + l->n_paths + 2;
    for (size_t p = 0; p < l->n_paths; ++p) {
        const covey_landscape_path *path = &l->paths[p];
        size_t n = path->n_steps, markers = n < 9 ? n : 9;
        out->on_plane[p] = (covey_series){path_label(path->solver), out->u + at, out->v + at, n,
                                          (int)markers, 0};
        out->by_step[p] = (covey_series){path_label(path->solver), out->step + at, out->gap + at,
                                         n, (int)markers, 0};
        out->start_u[p] = path->steps[0].u;
        out->start_v[p] = path->steps[0].v;
        for (size_t s = 0; s < n; ++s, ++at) {
            out->u[at] = path->steps[s].u;
            out->v[at] = path->steps[s].v;
            out->step[at] = path->steps[s].iteration;
            out->gap[at] = path->steps[s].objective - least;
        }
    }
    static const double nowhere[1] = {0};
    out->on_plane[l->n_paths] =
        (covey_series){"start", out->start_u, out->start_v, l->n_paths, 0, 1};
    out->on_plane[l->n_paths + 1] =
        (covey_series){"centre found by default", nowhere, nowhere, 1, 0, 1};
    return EXIT_DONE;
}

static int draw(const covey_landscape *l, const covey_loss *loss, const char *subject,
                int principal, const char *folder) {
    drawing d = {0};
    char title[160], note[256];
    int used = snprintf(title, sizeof title, "%s", loss->ops->title);
    for (int p = 0; p < COVEY_LOSS_PARAMS && loss->ops->params[p].name; ++p)
        used += snprintf(title + used, sizeof title - (size_t)used, ", %s = %.4g",
                         loss->ops->params[p].name, loss->params[p]);
    snprintf(title + used, sizeof title - (size_t)used, ": %s", subject);
    snprintf(note, sizeof note,
             "%zu of %zu rows. Solvers move in all %zu dimensions; the plane shows their shadow. "
             "Contours lie closer together near the minimum.",
             l->rows, l->m, l->d);
    int code = fill_drawing(&d, l);
    double w = l->half_width;
    covey_panel panels[] = {{.title = "total loss over the plane",
                             .x_label = principal ? "first principal direction"
                                                  : "first random direction",
                             .y_label = principal ? "second principal direction"
                                                  : "second random direction",
                             .series = d.on_plane,
                             .n_series = l->n_paths + 2,
                             .x_low = -w,
                             .x_high = w,
                             .y_low = -w,
                             .y_high = w,
                             .field = l->grid,
                             .field_width = l->side,
                             .field_height = l->side},
                            {.title = "loss against step",
                             .x_label = "step",
                             .y_label = "total loss above the least found",
                             .series = d.by_step,
                             .n_series = l->n_paths,
                             .log_y = 1}};
    covey_figure figure = {.title = title, .note = note, .panels = panels, .n_panels = 2,
                           .columns = 2, .width = 440, .height = 440};
    if (code == EXIT_DONE)
        code = figure_save_both(folder, "landscape", &figure);
    free(d.u);
    free(d.on_plane);
    return code;
}

/* ---- the work -------------------------------------------------------------------------------- */

/* One group of all rows needs no alternation: the rows normalised, the loss's parameters estimated.
 * *x [n][d] is freed with free. */
static int take_all(float **x, covey_loss *loss, cluster_request *request, const covey_run *run,
                    int own) {
    size_t n = run->features.rows, d = run->features.cols;
    covey_error err = {0};
    covey_normalize how = request->normalize_given ? request->normalize
                          : own                    ? COVEY_NORMALIZE_L2
                                                   : COVEY_NORMALIZE_NONE;
    *x = malloc(n * d * sizeof **x);
    if (!*x)
        return fail_memory();
    memcpy(*x, run->features.data, n * d * sizeof **x);
    *loss = request->losses[0];
    covey_status status = covey_normalize_rows(*x, n, d, how, NULL);
    if (status == COVEY_OK)
        status = covey_loss_estimate(loss, 1, *x, n, d, 1, 1, &request->params.cluster, &err);
    console_clear();
    return status == COVEY_OK ? EXIT_DONE : fail_status(status, &err);
}

/* The rows of one cluster, [*m][d], freed with free. */
static int take_cluster(float **out, size_t *m, const covey_clustering *c, size_t cluster,
                        const float *x) {
    if (cluster >= c->k)
        return misuse("--cluster %zu: the groups are numbered 0 to %zu", cluster, c->k - 1);
    float *rows = malloc((c->sizes[cluster] + 1) * c->d * sizeof *rows);
    if (!rows)
        return fail_memory();
    *m = 0;
    for (size_t i = 0; i < c->n; ++i)
        if (c->labels[i] == (int32_t)cluster)
            memcpy(rows + (*m)++ * c->d, x + i * c->d, c->d * sizeof *rows);
    *out = rows;
    if (*m == 0)
        return fail("cluster %zu is empty; choose another by --cluster", cluster);
    return EXIT_DONE;
}

static int descend(const float *rows, size_t m, size_t d, const covey_loss *loss,
                   const char *subject, const options *options) {
    const option_value *values = options->values;
    const char *folder = values[OPT_DESCEND_OUT].text;
    covey_landscape_params params = covey_landscape_params_default();
    params.slice = (covey_slice)values[OPT_SLICE].choice;
    params.side = (size_t)values[OPT_GRID].count;
    params.starts = (size_t)values[OPT_STARTS].count;
    params.steps = (int)values[OPT_STEPS].count;
    params.max_rows = (size_t)values[OPT_ROWS].count;
    params.seed = values[OPT_SEED].count;
    params.threads = (int)values[OPT_THREADS].count;
    params.progress = console_progress;
    covey_landscape l = {0};
    covey_error err;
    covey_status status = covey_landscape_compute(&l, rows, m, d, loss, &params, &err);
    console_clear();
    int code = status == COVEY_OK ? EXIT_DONE : fail_status(status, &err);
    if (code == EXIT_DONE && mkdir(folder, 0777) && errno != EEXIST)
        code = fail("%s: cannot be made: %s", folder, strerror(errno));
    if (code == EXIT_DONE)
        code = draw(&l, loss, subject, params.slice == COVEY_SLICE_PRINCIPAL, folder);
    if (code == EXIT_DONE)
        code = save_paths(&l, folder);
    if (code == EXIT_DONE)
        code = save_grid(&l, folder);
    if (code == EXIT_DONE) {
        say("%s, %s: %zu of %zu rows, grid %zu by %zu, off by at most %.1e of the plain sum at 25 "
            "points",
            loss->ops->name, subject, l.rows, l.m, l.side, l.side, l.grid_error);
        print_paths(&l);
        say("written: %s", folder);
    }
    covey_landscape_fini(&l);
    return code;
}

int cmd_descend(const options *options) {
    cluster_request request;
    covey_run *run = NULL;
    covey_loss loss;
    float *rows = NULL;
    char subject[96] = "all rows";
    size_t cluster = (size_t)options->values[OPT_CLUSTER].count, m = 0;
    int own = 0;
    if (options->n_operands != 1)
        return misuse("name one features file or run folder: 'covey descend FEATURES -o DIR'");
    if (!options->values[OPT_DESCEND_OUT].given)
        return misuse("say where to: 'covey descend %s -o descent/'", options->operands[0]);
    int code = cluster_request_read(&request, options);
    if (code == EXIT_DONE)
        code = run_output_load(&run, &own, options->operands[0]);
    if (code == EXIT_DONE && request.params.cluster.k == 1) {
        m = run->features.rows;
        code = cluster == 0 ? take_all(&rows, &loss, &request, run, own)
                            : misuse("--cluster %zu: without -k there is group 0 alone", cluster);
    } else if (code == EXIT_DONE) {
        code = cluster_request_compute(&request, run, own, NULL);
        if (code == EXIT_DONE) {
            const covey_clustering *c = &run->comparison.clusterings[0];
            loss = c->loss;
            snprintf(subject, sizeof subject, "cluster %zu of %zu", cluster, c->k);
            code = take_cluster(&rows, &m, c, cluster, request.x);
        }
    }
    if (code == EXIT_DONE)
        code = descend(rows, m, run->features.cols, &loss, subject, options);
    free(rows);
    covey_run_free(run);
    cluster_request_fini(&request);
    return code;
}
