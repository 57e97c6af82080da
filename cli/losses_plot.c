/* SPDX-License-Identifier: MIT */
#include "losses_plot.h"

#include <math.h>
#include <stdlib.h>

#include "console.h"

enum { POINTS = 401, COLUMNS = 4 };

static const double REACH = 4; /* of u, in units in which the scale is 1 */

/* A curve's room in `values`: x, rho, psi, weight. */
typedef struct curves {
    double u[POINTS], rho[POINTS], psi[POINTS], weight[POINTS];
} curves;

static void compute_curves(curves *out, const covey_loss *loss) {
    const covey_loss_ops *ops = loss->ops;
    int radial = ops->geometry == COVEY_GEOMETRY_RADIAL;
    for (int i = 0; i < POINTS; ++i) {
        double u = radial ? REACH * i / (POINTS - 1) : REACH * (2. * i / (POINTS - 1) - 1);
        out->u[i] = u;
        out->rho[i] = ops->rho(u, loss->params);
        out->psi[i] = ops->psi(u, loss->params);
        out->weight[i] = ops->weight(u, loss->params);
    }
    /* A jump of psi is a jump, not a slope: the line is broken there. */
    for (int i = 1; i < POINTS; ++i)
        if (!(ops->traits & COVEY_LOSS_SMOOTH) &&
            fabs(out->psi[i] - out->psi[i - 1]) > 0.4)
            out->psi[i - 1] = NAN;
}

static void write_title(char *out, size_t size, const covey_loss *loss) {
    int used = snprintf(out, size, "%s", loss->ops->name);
    for (int p = 0; p < COVEY_LOSS_PARAMS && loss->ops->params[p].name; ++p)
        used += snprintf(out + used, size - (size_t)used, ", %s = %g", loss->ops->params[p].name,
                         loss->params[p]);
}

static int fill_panel(covey_panel *panel, covey_series *series, curves *curve, char *title,
                      size_t title_size, const covey_loss_ops *ops) {
    covey_loss loss;
    covey_error err;
    covey_status status = covey_loss_find(&loss, ops->name, &err);
    if (status != COVEY_OK)
        return fail_status(status, &err);
    compute_curves(curve, &loss);
    write_title(title, title_size, &loss);
    int radial = ops->geometry == COVEY_GEOMETRY_RADIAL;
    series[0] = (covey_series){"rho", curve->u, curve->rho, POINTS, 0, 0};
    series[1] = (covey_series){"psi = rho'", curve->u, curve->psi, POINTS, 5, 0};
    series[2] = (covey_series){"weight = psi(u) / u", curve->u, curve->weight, POINTS, 9, 0};
    *panel = (covey_panel){.title = title,
                           .x_label = radial ? "r = |x - mu|" : "u = x_j - mu_j",
                           .series = series,
                           .n_series = 3,
                           .x_low = radial ? 0 : -REACH,
                           .x_high = REACH,
                           .y_low = -2,
                           .y_high = 4};
    return EXIT_DONE;
}

int losses_plot(const char *path) {
    enum { TITLE = 96 };
    size_t n = covey_loss_count();
    covey_panel *panels = calloc(n, sizeof *panels);
    covey_series *series = calloc(3 * n, sizeof *series);
    curves *curve = calloc(n, sizeof *curve);
    char(*titles)[TITLE] = calloc(n, sizeof *titles);
    int code = panels && series && curve && titles ? EXIT_DONE : fail_memory();
    for (size_t i = 0; i < n && code == EXIT_DONE; ++i)
        code = fill_panel(&panels[i], series + 3 * i, &curve[i], titles[i], TITLE,
                          covey_loss_get(i));
    if (code == EXIT_DONE) {
        covey_figure figure = {
            .title = "The losses",
            .note = "Scales at 1; the frame cuts off what lies beyond. A radial loss takes the "
                    "distance, which is never negative.",
            .panels = panels,
            .n_panels = n,
            .columns = COLUMNS};
        covey_error err;
        covey_status status = covey_figure_save(path, &figure, &err);
        if (status == COVEY_OK)
            say("written: %s", path);
        else
            code = status == COVEY_E_ARGUMENT ? misuse_status(status, &err)
                                              : fail_status(status, &err);
    }
    free(panels);
    free(series);
    free(curve);
    free(titles);
    return code;
}
