/* SPDX-License-Identifier: MIT */
/* The ways of solvers, seen from the plane: each is a task of its own, and kept by its number. */
#include <math.h>
#include <string.h>

#include "landscape_internal.h"
#include "random_internal.h"
#include "solvers_internal.h"

static const double START_SHARE = 0.95; /* of the window that starts are drawn from */

typedef struct walk {
    const covey__scene *scene;
    covey_landscape_path *path;
    double *centre, *offset; /* [d] */
    size_t capacity;
    covey_status status;
    covey_error error;
} walk;

static void note_step(void *user, int iteration, const double *centre, double objective) {
    walk *w = user;
    const covey_landscape *out = w->scene->out;
    covey_landscape_path *path = w->path;
    size_t d = w->scene->d;
    if (w->status != COVEY_OK)
        return;
    if (path->n_steps == w->capacity) {
        size_t more = w->capacity ? 2 * w->capacity : 32;
        void *grown = covey__realloc(path->steps, path->n_steps * sizeof *path->steps,
                                     more * sizeof *path->steps);
        if (!grown) {
            w->status = covey__fail(&w->error, COVEY_E_NOMEM, NULL,
                                    "memory ran out; use fewer rows or steps");
            return;
        }
        path->steps = grown;
        w->capacity = more;
    }
    for (size_t j = 0; j < d; ++j)
        w->offset[j] = centre[j] - out->origin[j];
    covey_landscape_step *step = &path->steps[path->n_steps];
    *step = (covey_landscape_step){.iteration = iteration, .objective = objective};
    step->u = covey__dot(w->offset, out->axes, d);
    step->v = covey__dot(w->offset, out->axes + d, d);
    for (size_t j = 0; j < d; ++j)
        w->offset[j] -= step->u * out->axes[j] + step->v * out->axes[d + j];
    step->away = sqrt(covey__dot(w->offset, w->offset, d));
    /* The answer is told once more at the end; it counts where it is another point. */
    const covey_landscape_step *last = path->n_steps ? step - 1 : NULL;
    if (last && last->iteration == iteration && last->u == step->u && last->v == step->v)
        return;
    ++path->n_steps;
}

static void set_start(double *centre, const covey__scene *scene, size_t start) {
    const covey_landscape *out = scene->out;
    double place[2];
    for (int k = 0; k < 2; ++k)
        place[k] = START_SHARE * out->half_width *
                   (2 * covey__uniform(scene->params->seed, COVEY__PURPOSE_DESCENT, start,
                                       (uint64_t)k) -
                    1);
    for (size_t j = 0; j < scene->d; ++j)
        centre[j] = out->origin[j] + place[0] * out->axes[j] + place[1] * out->axes[scene->d + j];
}

static void run_walk(void *context, size_t task, int worker) {
    walk *w = (walk *)context + task;
    const covey__scene *scene = w->scene;
    covey_centre_report report;
    (void)worker;
    w->centre = covey__alloc_array(2 * scene->d, sizeof *w->centre);
    if (!w->centre) {
        w->status = covey__fail(&w->error, COVEY_E_NOMEM, NULL,
                                "memory ran out; use fewer rows or threads");
        return;
    }
    w->offset = w->centre + scene->d;
    set_start(w->centre, scene, w->path->start);
    covey_status status = covey_centre_trace(w->centre, &report, scene->x, scene->rows, scene->d,
                                             NULL, scene->loss, w->path->solver,
                                             scene->params->steps, note_step, w, &w->error);
    if (w->status == COVEY_OK)
        w->status = status;
    w->path->converged = status == COVEY_OK && report.converged;
    covey__free(w->centre);
    w->centre = NULL;
}

covey_status covey__landscape_paths(covey__scene *scene, covey_error *err) {
    covey_status status = COVEY_OK;
    covey_landscape *out = scene->out;
    size_t starts = scene->params->starts, n = starts + 2;
    size_t workers = (size_t)covey__pool_size(scene->pool);
    walk *walks = covey__calloc(n, sizeof *walks);
    out->paths = covey__calloc(n, sizeof *out->paths);
    COVEY_NOMEM_IF(!walks || !out->paths, err);
    out->n_paths = n;
    for (size_t i = 0; i < n; ++i) {
        out->paths[i].solver = i < starts     ? COVEY_SOLVER_DESCENT
                               : i == starts ? COVEY_SOLVER_IRLS
                                             : COVEY_SOLVER_LBFGS;
        out->paths[i].start = i < starts ? i : 0;
        walks[i].scene = scene;
        walks[i].path = &out->paths[i];
    }
    for (size_t first = 0; first < n; first += workers) {
        COVEY_TRY(covey__landscape_progress(scene, "descent", first, n, err));
        covey__pool_run(scene->pool, n - first < workers ? n - first : workers, run_walk,
                        walks + first);
    }
    for (size_t i = 0; i < n; ++i)
        if (walks[i].status != COVEY_OK) {
            status = walks[i].status;
            if (err)
                *err = walks[i].error;
            goto done;
        }
done:
    covey__free(walks);
    return status;
}
