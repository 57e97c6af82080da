/* SPDX-License-Identifier: MIT */
/* The page's charts as figures: one file for each, of what the run holds and the page measures. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "figure_chart_internal.h"
#include "report_internal.h"

enum {
    SCATTER_ROWS = 4000, /* more points than that are one blot */
    NAMES_MOST = 200,    /* groups that a legend can tell apart */
    CURVE_POINTS = 121
};

/* A chart in the making. Numbers and names live until the next one is begun. */
typedef struct maker {
    const covey__page *page;
    const char *folder;
    covey_panel *panels;
    covey_series *series;
    double *numbers;
    covey__short *names;
    size_t n_panels, n_series, n_numbers, n_names;
    size_t lost;
    covey_error first;
} maker;

static const char *say(const maker *m, covey__message message) {
    return covey__message_get(m->page->language, message);
}

static void discard(maker *m) {
    covey__free(m->panels);
    covey__free(m->series);
    covey__free(m->numbers);
    covey__free(m->names);
    m->panels = NULL;
    m->series = NULL;
    m->numbers = NULL;
    m->names = NULL;
    m->n_panels = m->n_series = m->n_numbers = m->n_names = 0;
}

/* Room for as many of each at most. */
static covey_status begin(maker *m, size_t panels, size_t series, size_t numbers,
                          covey_error *err) {
    covey_status status = COVEY_OK;
    discard(m);
    m->panels = covey__calloc(panels, sizeof *m->panels);
    m->series = covey__calloc(series, sizeof *m->series);
    m->numbers = covey__alloc_array(numbers, sizeof *m->numbers);
    m->names = covey__alloc_array(series, sizeof *m->names);
    COVEY_NOMEM_IF(!m->panels || !m->series || !m->numbers || !m->names, err);
done:
    return status;
}

static covey_panel *add_panel(maker *m, const char *title, const char *x_label,
                              const char *y_label) {
    covey_panel *panel = &m->panels[m->n_panels++];
    *panel = (covey_panel){.title = title, .x_label = x_label, .y_label = y_label,
                           .series = m->series + m->n_series};
    return panel;
}

/* A line of n points, to be filled: xy[0][i], xy[1][i]. `name` is copied. */
static covey_series *add_series(maker *m, const char *name, size_t n, double *xy[2]) {
    covey_series *series = &m->series[m->n_series++];
    covey__short *kept = &m->names[m->n_names++];
    snprintf(kept->s, sizeof kept->s, "%s", name);
    xy[0] = m->numbers + m->n_numbers;
    xy[1] = xy[0] + n;
    m->n_numbers += 2 * n;
    ++m->panels[m->n_panels - 1].n_series;
    *series = (covey_series){.name = kept->s, .x = xy[0], .y = xy[1], .n = n};
    return series;
}

static const char *title_of(const maker *m, size_t l) {
    return covey__page_loss_title(m->page, l);
}

/* ---- writing ------------------------------------------------------------------------------- */

/* A figure that the drawer fails at costs that figure. */
static covey_status count_lost(maker *m, const char *path, covey_status status,
                               const covey_error *own, covey_error *err) {
    if (status == COVEY_E_DRAW) {
        if (!m->lost++)
            covey__fail(&m->first, COVEY_E_DRAW, path, "%s", own->message);
        return COVEY_OK;
    }
    if (status != COVEY_OK && err)
        *err = *own;
    return status;
}

typedef covey_status (*draw_fn)(const char *path, const void *what, covey_error *err);

static covey_status save_both(maker *m, const char *name, draw_fn draw, const void *what,
                              covey_error *err) {
    covey_status status = COVEY_OK;
    char *path = NULL;
    for (int svg = 0; svg < 2; ++svg) {
        covey_error own;
        covey__free(path);
        path = covey__asprintf("%s/%s.%s", m->folder, name, svg ? "svg" : "png");
        COVEY_NOMEM_IF(!path, err);
        COVEY_TRY(count_lost(m, path, draw(path, what, &own), &own, err));
    }
done:
    covey__free(path);
    return status;
}

static covey_status draw_figure(const char *path, const void *what, covey_error *err) {
    return covey_figure_save(path, what, err);
}

/* What was made, under its title. */
static covey_status save(maker *m, const char *name, covey__message title, const char *note,
                         size_t columns, double width, double height, covey_error *err) {
    covey_figure figure = {.title = say(m, title), .note = note, .panels = m->panels,
                           .n_panels = m->n_panels, .columns = columns, .width = width,
                           .height = height};
    return m->n_panels ? save_both(m, name, draw_figure, &figure, err) : COVEY_OK;
}

/* ---- how it was found ----------------------------------------------------------------------- */

/* The winning start of each loss: the objective above its last value, as a share, and the shift. */
static covey_status save_rounds(maker *m, covey_error *err) {
    covey_status status = COVEY_OK;
    const covey_comparison *comparison = m->page->comparison;
    size_t rounds = 0, losses = comparison->n_losses;
    double *xy[2];
    for (size_t l = 0; l < losses; ++l)
        rounds += comparison->clusterings[l].n_history;
    if (!rounds)
        return COVEY_OK;
    COVEY_TRY(begin(m, 2, 2 * losses, 4 * rounds, err));
    for (int which = 0; which < 2; ++which) {
        add_panel(m, say(m, which ? COVEY__MSG_SHIFT : COVEY__MSG_OBJECTIVE_ABOVE),
                  say(m, COVEY__MSG_ROUND), NULL)
            ->log_y = 1;
        for (size_t l = 0; l < losses; ++l) {
            const covey_clustering *c = &comparison->clusterings[l];
            size_t first = 0, n = 0;
            while (first < c->n_history && c->history[first].restart != c->restart)
                ++first;
            while (first + n < c->n_history && c->history[first + n].restart == c->restart)
                ++n;
            if (!n)
                continue;
            add_series(m, title_of(m, l), n, xy)->markers = 6;
            double last = c->history[first + n - 1].objective;
            for (size_t i = 0; i < n; ++i) {
                const covey_round *row = &c->history[first + i];
                xy[0][i] = (double)i + 1;
                xy[1][i] = which ? row->shift : (row->objective - last) / fabs(last);
            }
        }
    }
    COVEY_TRY(save(m, "rounds", COVEY__MSG_ROUNDS_CHART, NULL, 2, 380, 280, err));
done:
    return status;
}

static int falling(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? 1 : x > y ? -1 : 0;
}

/* The margins of every group, the firmest first, a panel for each loss. */
static covey_status save_margins(maker *m, covey_error *err) {
    covey_status status = COVEY_OK;
    const covey__page *page = m->page;
    const covey_comparison *comparison = page->comparison;
    size_t losses = comparison->n_losses, shown = losses < 12 ? losses : 12;
    size_t groups = comparison->k_all < NAMES_MOST ? comparison->k_all : NAMES_MOST;
    double *sorted = covey__alloc_array(page->n, sizeof *sorted), *xy[2];
    COVEY_NOMEM_IF(!sorted, err);
    COVEY_TRY(begin(m, shown, shown * groups, shown * (4 * page->n + 2), err));
    for (size_t l = 0; l < shown; ++l) {
        const covey_clustering *c = &comparison->clusterings[l];
        const size_t *rows;
        size_t at = 0;
        if (!c->margin)
            continue;
        add_panel(m, title_of(m, l), say(m, COVEY__MSG_FIRM_AXIS), say(m, COVEY__MSG_MARGIN));
        for (size_t j = 0; j < groups; ++j) {
            covey__short scratch;
            size_t n = covey__page_members(page, l, j, &rows);
            if (!n)
                continue;
            for (size_t i = 0; i < n; ++i)
                sorted[i] = isfinite(c->margin[rows[i]]) ? c->margin[rows[i]] : 0;
            qsort(sorted, n, sizeof *sorted, falling);
            add_series(m, covey__page_group_name(page, j, &scratch), 2 * n, xy);
            for (size_t i = 0; i < n; ++i) {
                xy[0][2 * i] = (double)(at + i);
                xy[0][2 * i + 1] = (double)(at + i + 1);
                xy[1][2 * i] = xy[1][2 * i + 1] = sorted[i];
            }
            at += n;
        }
    }
    COVEY_TRY(save(m, "margins", COVEY__MSG_FIRM_CHART, NULL, shown > 1 ? 2 : 1, 380, 200, err));
done:
    covey__free(sorted);
    return status;
}

/* The histogram of residuals, with the loss, its slope and its weight, each in the unit of its largest
 * value, and the scales. */
static covey_status save_curves(maker *m, covey_error *err) {
    covey_status status = COVEY_OK;
    const covey__page *page = m->page;
    size_t losses = page->comparison->n_losses;
    double *xy[2];
    if (!page->residuals)
        return COVEY_OK;
    COVEY_TRY(begin(m, losses, losses * (4 + COVEY_LOSS_PARAMS),
                    losses * (4 * COVEY__BINS + 6 * CURVE_POINTS + 4 * COVEY_LOSS_PARAMS), err));
    for (size_t l = 0; l < losses; ++l) {
        const covey__residuals *r = &page->residuals[l];
        const covey_loss *loss = &page->comparison->clusterings[l].loss;
        double (*const curves[3])(double, const double *) = {loss->ops->rho, loss->ops->psi,
                                                             loss->ops->weight};
        static const char *const names[3] = {"\xCF\x81", "\xCF\x88", "w"};
        double highest = 0;
        if (!(r->top > 0))
            continue;
        covey_panel *panel =
            add_panel(m, title_of(m, l),
                      say(m, loss->ops->geometry == COVEY_GEOMETRY_RADIAL ? COVEY__MSG_RESIDUAL
                                                                         : COVEY__MSG_RESIDUAL_U),
                      NULL);
        panel->x_high = r->top;
        panel->y_high = 1.1;
        for (size_t b = 0; b < COVEY__BINS; ++b)
            highest = fmax(highest, r->share[b]);
        add_series(m, say(m, COVEY__MSG_RESIDUALS), 2 * COVEY__BINS, xy);
        for (size_t b = 0; b < COVEY__BINS; ++b) {
            xy[0][2 * b] = r->top * (double)b / COVEY__BINS;
            xy[0][2 * b + 1] = r->top * (double)(b + 1) / COVEY__BINS;
            xy[1][2 * b] = xy[1][2 * b + 1] = highest > 0 ? r->share[b] / highest : 0;
        }
        for (int f = 0; f < 3; ++f) {
            double most = 0;
            add_series(m, names[f], CURVE_POINTS, xy);
            for (int i = 0; i < CURVE_POINTS; ++i) {
                xy[0][i] = r->top * i / (CURVE_POINTS - 1);
                xy[1][i] = curves[f](xy[0][i], loss->params);
                if (i && isfinite(xy[1][i])) /* some weights are infinite at 0 */
                    most = fmax(most, fabs(xy[1][i]));
            }
            for (int i = 0; i < CURVE_POINTS; ++i)
                xy[1][i] = most > 0 ? fmin(xy[1][i] / most, 1) : 0;
        }
        for (size_t p = 0; p < COVEY_LOSS_PARAMS && loss->ops->params[p].name; ++p) {
            if (loss->ops->params[p].constant == 0)
                continue;
            add_series(m, say(m, COVEY__MSG_SCALE), 2, xy);
            xy[0][0] = xy[0][1] = loss->params[p];
            xy[1][0] = 0;
            xy[1][1] = 1.1;
        }
    }
    COVEY_TRY(save(m, "curves", COVEY__MSG_CURVES_CHART, say(m, COVEY__MSG_CURVES_NOTE), 3, 260,
                   180, err));
done:
    return status;
}

static covey_status save_choice(maker *m, covey_error *err) {
    covey_status status = COVEY_OK;
    const covey_comparison *comparison = m->page->comparison;
    size_t n = comparison->n_k_table;
    double *xy[2];
    if (n < 2)
        return COVEY_OK;
    static const covey__message titles[] = {COVEY__MSG_SILHOUETTE, COVEY__MSG_CALINSKI,
                                            COVEY__MSG_ELBOW, COVEY__MSG_STABILITY};
    covey__short chosen = covey__phrase(m->page->language, COVEY__MSG_CHOSEN_K,
                                        covey__count(m->page->language, comparison->k_chosen).s,
                                        NULL, NULL);
    COVEY_TRY(begin(m, 4, 8, 8 * (n + 1), err));
    for (int t = 0; t < 4; ++t) {
        double at = NAN;
        add_panel(m, say(m, titles[t]), say(m, COVEY__MSG_GROUPS), NULL);
        add_series(m, say(m, COVEY__MSG_K_MEASURE), n, xy)->markers = (int)n;
        for (size_t i = 0; i < n; ++i) {
            const covey_k_row *row = &comparison->k_table[i];
            const double values[] = {row->silhouette, row->calinski_harabasz, row->elbow,
                                     row->stability};
            xy[0][i] = (double)row->k;
            xy[1][i] = values[t];
            if (row->k == comparison->k_chosen)
                at = values[t];
        }
        covey_series *ring = add_series(m, chosen.s, 1, xy);
        ring->no_line = 1;
        xy[0][0] = (double)comparison->k_chosen;
        xy[1][0] = at;
    }
    COVEY_TRY(save(m, "choice_of_k", COVEY__MSG_K_CHART, NULL, 2, 340, 180, err));
done:
    return status;
}

static covey_status save_landscapes(maker *m, covey_error *err) {
    covey_status status = COVEY_OK;
    const covey__page *page = m->page;
    size_t losses = page->comparison->n_losses, steps = 0, paths = 0;
    double *xy[2];
    for (size_t l = 0; page->landscapes && l < losses; ++l)
        for (size_t p = 0; p < page->landscapes[l].n_paths; ++p, ++paths)
            steps += page->landscapes[l].paths[p].n_steps;
    if (!paths)
        return COVEY_OK;
    COVEY_TRY(begin(m, losses, paths, 2 * steps, err));
    for (size_t l = 0; l < losses; ++l) {
        const covey_landscape *land = &page->landscapes[l];
        if (!land->grid)
            continue;
        covey_panel *panel = add_panel(m, title_of(m, l), NULL, NULL);
        panel->field = land->grid;
        panel->field_width = panel->field_height = land->side;
        panel->x_high = panel->y_high = land->half_width;
        panel->x_low = panel->y_low = -land->half_width;
        for (size_t p = 0; p < land->n_paths; ++p) {
            const covey_landscape_path *path = &land->paths[p];
            int descent = path->solver == COVEY_SOLVER_DESCENT;
            add_series(m, descent ? say(m, COVEY__MSG_LAND_DESCENT) : covey_solver_name(path->solver),
                       path->n_steps, xy)
                ->markers = descent ? 3 : 6;
            for (size_t s = 0; s < path->n_steps; ++s) {
                xy[0][s] = path->steps[s].u;
                xy[1][s] = path->steps[s].v;
            }
        }
    }
    COVEY_TRY(save(m, "landscapes", COVEY__MSG_LAND, NULL, 3, 280, 280, err));
done:
    return status;
}

/* ---- the dial -------------------------------------------------------------------------------- */

static covey_status save_dial(maker *m, covey_error *err) {
    covey_status status = COVEY_OK;
    const covey_dial *dial = &m->page->run->dial;
    double *xy[2];
    covey_loss barron;
    if (!dial->n_frames)
        return COVEY_OK;
    COVEY_TRY(covey_loss_find(&barron, "barron", err));
    COVEY_TRY(begin(m, 3, 2 * dial->n_frames + 2,
                    2 * dial->n_frames * CURVE_POINTS + 8 * dial->n_frames, err));
    covey_panel *panel = add_panel(m, say(m, COVEY__MSG_DIAL_CURVE), say(m, COVEY__MSG_RESIDUAL),
                                   say(m, COVEY__MSG_WEIGHT));
    panel->x_high = 4 * dial->c;
    panel->y_high = 1.05;
    for (size_t f = 0; f < dial->n_frames; ++f) {
        double alpha = dial->frames[f].alpha;
        double params[COVEY_LOSS_PARAMS] = {alpha, dial->c};
        char name[48];
        if (isfinite(alpha))
            snprintf(name, sizeof name, "\xCE\xB1 = %g", alpha);
        else
            snprintf(name, sizeof name, "\xCE\xB1 = -\xE2\x88\x9E");
        add_series(m, name, CURVE_POINTS, xy)->markers = 3;
        double most = barron.ops->weight(1e-9 * dial->c, params);
        for (int i = 0; i < CURVE_POINTS; ++i) {
            xy[0][i] = 4 * dial->c * i / (CURVE_POINTS - 1);
            xy[1][i] = barron.ops->weight(fmax(xy[0][i], 1e-9 * dial->c), params) / most;
        }
    }
    /* The frames stand at equal steps, since the last lies at minus infinity. */
    for (int which = 0; which < 2; ++which) {
        add_panel(m, say(m, which ? COVEY__MSG_DIAL_SHIFTS : COVEY__MSG_DIAL_MOVED),
                  say(m, COVEY__MSG_DIAL_PLACE), NULL);
        add_series(m, say(m, COVEY__MSG_DIAL_AGAINST), dial->n_frames, xy)->markers =
            (int)dial->n_frames;
        for (size_t f = 0; f < dial->n_frames; ++f) {
            const covey_dial_frame *frame = &dial->frames[f];
            double sum = 0;
            for (size_t j = 0; j < dial->k; ++j)
                sum += frame->shift[j];
            xy[0][f] = (double)f;
            xy[1][f] = which ? sum / (double)dial->k : (double)frame->moved;
        }
    }
    COVEY_TRY(save(m, "dial", COVEY__MSG_DIAL, say(m, COVEY__MSG_DIAL_NOTE), 3, 350, 240, err));
done:
    return status;
}

/* ---- the map --------------------------------------------------------------------------------- */

/* Rows evenly chosen where there are many; both axes in one scale. */
static void add_map(maker *m, covey__message title, const double *map) {
    const covey__page *page = m->page;
    const covey_clustering *c = &page->comparison->clusterings[0];
    size_t step = (page->n + SCATTER_ROWS - 1) / SCATTER_ROWS;
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY}, *xy[2];
    covey_panel *panel = add_panel(m, say(m, title), NULL, NULL);
    for (size_t i = 0; i < 2 * page->n; ++i) {
        low[i % 2] = fmin(low[i % 2], map[i]);
        high[i % 2] = fmax(high[i % 2], map[i]);
    }
    double half = 0.52 * fmax(high[0] - low[0], high[1] - low[1]);
    half = half > 0 ? half : 1;
    panel->x_low = (low[0] + high[0]) / 2 - half;
    panel->x_high = (low[0] + high[0]) / 2 + half;
    panel->y_low = (low[1] + high[1]) / 2 - half;
    panel->y_high = (low[1] + high[1]) / 2 + half;
    size_t groups = c->k < NAMES_MOST ? c->k : NAMES_MOST;
    for (size_t j = 0; j < groups; ++j) {
        covey__short scratch;
        size_t n = 0;
        for (size_t i = 0; i < page->n; i += step)
            n += c->labels[i] == (int32_t)j;
        if (!n)
            continue;
        add_series(m, covey__page_group_name(page, j, &scratch), n, xy)->no_line = 1;
        n = 0;
        for (size_t i = 0; i < page->n; i += step)
            if (c->labels[i] == (int32_t)j) {
                xy[0][n] = map[2 * i];
                xy[1][n++] = map[2 * i + 1];
            }
    }
}

static covey_status save_map(maker *m, covey_error *err) {
    covey_status status = COVEY_OK;
    const covey__page *page = m->page;
    if (!page->map)
        return COVEY_OK;
    COVEY_TRY(begin(m, 2, 2 * NAMES_MOST, 4 * page->n, err));
    if (page->tsne)
        add_map(m, COVEY__MSG_MAP_TSNE, page->tsne);
    add_map(m, COVEY__MSG_MAP_PCA, page->map);
    COVEY_TRY(save(m, "map", COVEY__MSG_MAP, NULL, 2, 460, 460, err));
done:
    return status;
}

/* ---- strangers and solvers --------------------------------------------------------------------- */

static covey_status save_strangers(maker *m, covey_error *err) {
    covey_status status = COVEY_OK;
    const covey_strangers *strangers = &m->page->run->strangers;
    size_t losses = m->page->comparison->n_losses, points = strangers->points + 1;
    static const covey__message titles[] = {COVEY__MSG_STRANGERS_MEAN, COVEY__MSG_STRANGERS_MOST,
                                            COVEY__MSG_STRANGERS_COVERS};
    double *xy[2];
    if (!strangers->n_rows || strangers->n_rows < losses * points)
        return COVEY_OK;
    COVEY_TRY(begin(m, 3, 3 * losses, 6 * losses * points, err));
    for (int t = 0; t < 3; ++t) {
        add_panel(m, say(m, titles[t]), say(m, COVEY__MSG_STRANGERS_SHARE),
                  say(m, COVEY__MSG_STRANGERS_UNIT));
        for (size_t l = 0; l < losses; ++l) {
            add_series(m, title_of(m, l), points, xy)->markers = (int)points;
            for (size_t i = 0; i < points; ++i) {
                const covey_strangers_row *row = &strangers->rows[l * points + i];
                xy[0][i] = 100 * row->share;
                xy[1][i] = t == 0   ? row->centre_mean
                           : t == 1 ? row->centre_most
                                    : row->representative_mean;
            }
        }
    }
    COVEY_TRY(save(m, "strangers", COVEY__MSG_STRANGERS, NULL, 3, 300, 260, err));
done:
    return status;
}

static covey_status save_solvers(maker *m, covey_error *err) {
    covey_status status = COVEY_OK;
    const covey_run *run = m->page->run;
    const double least_gap = 1e-17;
    double *xy[2], fastest = INFINITY, slowest = 0, largest = 1e-9;
    if (!run->n_solver_rows)
        return COVEY_OK;
    COVEY_TRY(begin(m, run->n_solver_rows, run->n_solver_rows, 2 * run->n_solver_rows, err));
    for (size_t i = 0; i < run->n_solver_rows; ++i) {
        const covey_solver_row *row = &run->solver_rows[i];
        double size = fabs(row->objective - row->gap);
        if (i == 0 || strcmp(row->loss, run->solver_rows[i - 1].loss) != 0) {
            covey_loss loss;
            COVEY_TRY(covey_loss_find(&loss, row->loss, err));
            add_panel(m, covey__loss_title(m->page->language, loss.ops),
                      say(m, COVEY__MSG_SOLVER_MS), say(m, COVEY__MSG_SOLVER_GAP));
        }
        add_series(m, row->solver, 1, xy)->no_line = 1;
        xy[0][0] = fmax(1000 * row->seconds, 1e-4);
        xy[1][0] = fmax(size > 0 ? row->gap / size : row->gap, least_gap);
        fastest = fmin(fastest, xy[0][0]);
        slowest = fmax(slowest, xy[0][0]);
        largest = fmax(largest, xy[1][0]);
    }
    for (size_t p = 0; p < m->n_panels; ++p) { /* one measure for all */
        covey_panel *panel = &m->panels[p];
        panel->log_x = panel->log_y = 1;
        panel->x_low = pow(10, floor(log10(fastest)));
        panel->x_high = pow(10, floor(log10(slowest)) + 1);
        panel->y_low = least_gap / 3;
        panel->y_high = 10 * largest;
    }
    COVEY_TRY(save(m, "solvers", COVEY__MSG_SOLVERS, say(m, COVEY__MSG_SOLVERS_NOTE), 3, 280, 180,
                   err));
done:
    return status;
}

/* ---- agreement -------------------------------------------------------------------------------- */

typedef struct heat {
    const char *title;
    const char *const *names; /* [n] */
    const double *values;     /* [n][n] */
    size_t n;
} heat;

/* A table of shades from 0 to 1, each with its number. */
static covey_status draw_heat(const char *path, const void *what, covey_error *err) {
    enum { MARGIN = 28, TITLE = 44, NAME = 190, CELL = 58, ROW = 34 };
    covey_status status = COVEY_OK;
    const heat *h = what;
    covey__canvas canvas = {0};
    double width = 2 * MARGIN + NAME + CELL * (double)h->n;
    double height = 2 * MARGIN + TITLE + ROW * (double)(h->n + 1);
    COVEY_TRY(covey__canvas_open(&canvas, path, width < 480 ? 480 : width, height, err));
    COVEY_TRY(covey__canvas_text(&canvas, MARGIN, MARGIN - 6, (width < 480 ? 480 : width) - 2 * MARGIN,
                                 h->title, (covey__line){.size = 20, .bold = 1}, err));
    for (size_t a = 0; a < h->n; ++a) {
        double y = MARGIN + TITLE + ROW * (double)(a + 1);
        char number[24];
        snprintf(number, sizeof number, "%zu", a + 1);
        COVEY_TRY(covey__canvas_text(&canvas, MARGIN + NAME - 34, y + 8, 22, number,
                                     (covey__line){.size = 12, .soft = 1, .right = 1}, err));
        COVEY_TRY(covey__canvas_text(&canvas, MARGIN, y + 8, NAME - 40, h->names[a],
                                     (covey__line){.size = 12}, err));
        COVEY_TRY(covey__canvas_text(&canvas, MARGIN + NAME + CELL * (double)a, y - ROW * (double)(a + 1) + 10,
                                     CELL, number,
                                     (covey__line){.size = 12, .soft = 1, .centred = 1}, err));
        for (size_t b = 0; b < h->n; ++b) {
            double value = h->values[a * h->n + b], x = MARGIN + NAME + CELL * (double)b;
            double share = isfinite(value) ? fmin(fmax(value, 0), 1) : 0;
            static const double deep[3] = {0.45, 0.71, 0.91}; /* numbers on it stay dark on light */
            covey__canvas_do(&canvas, COVEY__DRAW_NEW_PATH);
            covey__canvas_rectangle(&canvas, x, y, CELL - 2, ROW - 2);
            covey__canvas_colour(&canvas, 0.95 - share * (0.95 - deep[0]), 0.96 - share * (0.96 - deep[1]),
                                 0.98 - share * (0.98 - deep[2]), 1);
            covey__canvas_do(&canvas, COVEY__DRAW_FILL);
            COVEY_TRY(covey__canvas_text(&canvas, x, y + 8, CELL - 2, covey__fixed(value, 2).s,
                                         (covey__line){.size = 12, .centred = 1}, err));
        }
    }
    COVEY_TRY(covey__canvas_save(&canvas, path, err));
done:
    covey__canvas_close(&canvas);
    return status;
}

static covey_status save_agreement(maker *m, covey_error *err) {
    covey_status status = COVEY_OK;
    const covey_comparison *comparison = m->page->comparison;
    const char **names = NULL;
    if (comparison->n_losses < 2 || !comparison->ari)
        return COVEY_OK;
    names = covey__alloc_array(comparison->n_losses, sizeof *names);
    COVEY_NOMEM_IF(!names, err);
    for (size_t l = 0; l < comparison->n_losses; ++l)
        names[l] = title_of(m, l);
    heat h = {say(m, COVEY__MSG_AGREEMENT_CHART), names, comparison->ari, comparison->n_losses};
    COVEY_TRY(save_both(m, "agreement", draw_heat, &h, err));
done:
    covey__free(names);
    return status;
}

covey_status covey_figures_save_charts(const covey_run *run, const char *folder,
                                       covey_language language, covey_error *err) {
    covey_status status = COVEY_OK;
    covey_report_params params = covey_report_params_default();
    covey__page page = {0};
    maker m = {.page = &page, .folder = folder};
    static covey_status (*const charts[])(maker *, covey_error *) = {
        save_agreement, save_rounds, save_margins, save_curves, save_choice, save_landscapes,
        save_dial,      save_map,    save_strangers, save_solvers};
    params.language = language;
    COVEY_TRY(covey__page_prepare(&page, run, &params, err));
    COVEY_TRY(covey__mkdirs(folder, err));
    if (!page.comparison)
        goto done;
    COVEY_TRY(covey__page_measure(&page, folder, err));
    for (size_t i = 0; i < sizeof charts / sizeof *charts; ++i)
        COVEY_TRY(charts[i](&m, err));
    COVEY_FAIL_IF(m.lost, err, COVEY_E_DRAW, m.first.path, "this figure%s left out: %s",
                  m.lost > 1 ? " and others are" : " is", m.first.message);
done:
    discard(&m);
    covey__page_fini(&page);
    return status;
}
