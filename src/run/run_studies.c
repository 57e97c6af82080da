/* SPDX-License-Identifier: MIT */
/* strangers.json and solvers.json: what covey compare looked into besides, there and back. */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "run_json_internal.h"
#include "run_studies_internal.h"

enum { MOST_FITS = 1 << 16, MOST_SOLVER_ROWS = 1024 };

/* -1: not a whole number 0 .. most. */
static int count_at(size_t *out, const json_t *object, const char *key, size_t most) {
    const json_t *value = json_object_get(object, key);
    json_int_t n = json_integer_value(value);
    if (!json_is_integer(value) || n < 0 || (size_t)n > most)
        return -1;
    *out = (size_t)n;
    return 0;
}

/* The index of the loss named at `key`, or -1. */
static int loss_at(size_t *out, const covey_comparison *c, const json_t *object) {
    const char *name = json_string_value(json_object_get(object, "loss"));
    for (size_t l = 0; name && l < c->n_losses; ++l)
        if (strcmp(c->clusterings[l].loss.ops->name, name) == 0) {
            *out = l;
            return 0;
        }
    return -1;
}

/* ---- strangers ------------------------------------------------------------------------------- */

covey_status covey__run_strangers_json(char **out, const covey_run *run, covey_error *err) {
    const covey_strangers *s = &run->strangers;
    covey__json json = {0}, *j = &json;
    json_t *root = covey__json_object(j), *fits = covey__json_array(j);
    covey__json_set(j, root, "unit", json_real(s->unit));
    covey__json_set(j, root, "points", json_integer((json_int_t)s->points));
    for (size_t i = 0; i < s->n_rows; ++i) {
        const covey_strangers_row *row = &s->rows[i];
        const char *name = run->comparison.clusterings[row->loss].loss.ops->name;
        json_t *object = covey__json_object(j);
        covey__json_set(j, object, "loss", json_string(name));
        covey__json_set(j, object, "strangers", json_integer((json_int_t)row->strangers));
        covey__json_set(j, object, "share", json_real(row->share));
        covey__json_set(j, object, "centre_mean", covey__json_real(row->centre_mean));
        covey__json_set(j, object, "centre_most", covey__json_real(row->centre_most));
        covey__json_set(j, object, "representative_mean",
                        covey__json_real(row->representative_mean));
        covey__json_set(j, object, "changed", json_integer((json_int_t)row->changed));
        covey__json_set(j, object, "taken", json_integer((json_int_t)row->taken));
        covey__json_set(j, object, "ari", covey__json_real(row->ari));
        covey__json_append(j, fits, object);
    }
    covey__json_set(j, root, "fits", fits);
    return covey__json_finish(out, j, root, JSON_INDENT(1) | JSON_REAL_PRECISION(17), err);
}

static int read_stranger(covey_strangers_row *out, const covey_comparison *c,
                         const json_t *object) {
    out->share = covey__json_number(object, "share");
    out->centre_mean = covey__json_number(object, "centre_mean");
    out->centre_most = covey__json_number(object, "centre_most");
    out->representative_mean = covey__json_number(object, "representative_mean");
    out->ari = covey__json_number(object, "ari");
    return loss_at(&out->loss, c, object) || count_at(&out->strangers, object, "strangers", c->n) ||
           count_at(&out->changed, object, "changed", c->k_all) ||
           count_at(&out->taken, object, "taken", c->k_all) ||
           !(out->share >= 0 && out->share <= 1);
}

int covey__run_strangers_load(covey_run *run, const json_t *root) {
    covey_strangers *s = &run->strangers;
    const covey_comparison *c = &run->comparison;
    const json_t *fits = json_object_get(root, "fits");
    size_t n = json_array_size(fits);
    s->unit = covey__json_number(root, "unit");
    int bad = n == 0 || n > MOST_FITS || count_at(&s->points, root, "points", 100) ||
              n != c->n_losses * (s->points + 1) || !(s->unit > 0);
    if (!bad && !(s->rows = covey__calloc(n, sizeof *s->rows)))
        bad = 1;
    for (size_t i = 0; !bad && i < n; ++i)
        bad = read_stranger(&s->rows[i], c, json_array_get(fits, i)) ||
              s->rows[i].loss != i / (s->points + 1);
    if (bad)
        covey_strangers_fini(s);
    else
        s->n_rows = n;
    return bad ? -1 : 0;
}

/* ---- solvers --------------------------------------------------------------------------------- */

covey_status covey__run_solvers_json(char **out, const covey_run *run, covey_error *err) {
    covey__json json = {0}, *j = &json;
    json_t *root = covey__json_object(j), *rows = covey__json_array(j);
    for (size_t i = 0; i < run->n_solver_rows; ++i) {
        const covey_solver_row *row = &run->solver_rows[i];
        json_t *object = covey__json_object(j);
        covey__json_set(j, object, "loss", json_string(row->loss));
        covey__json_set(j, object, "solver", json_string(row->solver));
        covey__json_set(j, object, "objective", covey__json_real(row->objective));
        covey__json_set(j, object, "gap", covey__json_real(row->gap));
        covey__json_set(j, object, "iterations", json_integer(row->iterations));
        covey__json_set(j, object, "evaluations", json_integer(row->evaluations));
        covey__json_set(j, object, "clusters", json_integer((json_int_t)row->clusters));
        covey__json_set(j, object, "converged", json_integer((json_int_t)row->converged));
        covey__json_set(j, object, "seconds", covey__json_real(row->seconds));
        covey__json_set(j, object, "from_exact", covey__json_real(row->from_exact));
        covey__json_append(j, rows, object);
    }
    covey__json_set(j, root, "rows", rows);
    return covey__json_finish(out, j, root, JSON_INDENT(1) | JSON_REAL_PRECISION(17), err);
}

static int read_solver(covey_solver_row *out, const covey_comparison *c, const json_t *object) {
    const char *solver = json_string_value(json_object_get(object, "solver"));
    covey_solver known;
    size_t loss, iterations, evaluations;
    if (!solver || covey_solver_find(&known, solver, NULL) != COVEY_OK ||
        loss_at(&loss, c, object) || count_at(&iterations, object, "iterations", 1u << 30) ||
        count_at(&evaluations, object, "evaluations", 1u << 30) ||
        count_at(&out->clusters, object, "clusters", c->k_all) ||
        count_at(&out->converged, object, "converged", out->clusters))
        return -1;
    out->loss = c->clusterings[loss].loss.ops->name;
    out->solver = covey_solver_name(known);
    out->iterations = (long long)iterations;
    out->evaluations = (long long)evaluations;
    out->objective = covey__json_number(object, "objective");
    out->gap = covey__json_number(object, "gap");
    out->seconds = covey__json_number(object, "seconds");
    out->from_exact = covey__json_number(object, "from_exact");
    return 0;
}

int covey__run_solvers_load(covey_run *run, const json_t *root) {
    const json_t *list = json_object_get(root, "rows");
    size_t n = json_array_size(list);
    if (n == 0 || n > MOST_SOLVER_ROWS)
        return -1;
    covey_solver_row *rows = covey__run_alloc(run, n * sizeof *rows);
    for (size_t i = 0; rows && i < n; ++i) {
        rows[i] = (covey_solver_row){0};
        if (read_solver(&rows[i], &run->comparison, json_array_get(list, i)))
            return -1;
    }
    run->solver_rows = rows;
    run->n_solver_rows = rows ? n : 0;
    return rows ? 0 : -1;
}

covey_status covey_run_keep_solvers(covey_run *run, const covey_solver_row *rows, size_t n,
                                    covey_error *err) {
    covey_solver_row *copy = covey__run_alloc(run, (n + 1) * sizeof *copy);
    if (!copy)
        return covey__fail(err, COVEY_E_NOMEM, NULL, "memory ran out");
    for (size_t i = 0; i < n; ++i)
        copy[i] = rows[i];
    run->solver_rows = copy;
    run->n_solver_rows = n;
    return COVEY_OK;
}
