/* SPDX-License-Identifier: MIT */
/* Charts: a grid of panels with axes, lines and markers, one legend for all of them. */
#include <math.h>
#include <string.h>

#include "figure_chart_internal.h"

enum {
    MARGIN = 28,
    TITLE = 40,
    LEGEND = 20, /* height of a row of it */
    SAMPLE = 34, /* width of a line in it */
    NOTE = 18,
    LEFT = 62,   /* beside a frame: tick labels */
    RIGHT = 14,
    ABOVE = 42,  /* panel title, label of the y axis */
    BELOW = 54,  /* tick labels, label of the x axis */
    ENTRIES = 256
};

static const double TEXT = 11;

typedef struct chart {
    covey__canvas canvas;
    const covey_figure *figure;
    const char *names[ENTRIES]; /* of the legend; the place is the look */
    size_t n_names;
    double width, height; /* of a frame */
    size_t columns, entries_per_row;
    double entry_width;
    int from_right; /* the legend's names are of a script that runs to the left */
} chart;

/* ---- the legend ------------------------------------------------------------------------------ */

static size_t look_of(const chart *c, const char *name) {
    for (size_t i = 0; i < c->n_names; ++i)
        if (strcmp(c->names[i], name) == 0)
            return i;
    return c->n_names;
}

/* Characters of UTF-8, *from_right <- 1 for Hebrew, Arabic and their like (U+0590 .. U+07FF). */
static size_t count_characters(const char *name, int *from_right) {
    size_t n = 0;
    for (const unsigned char *p = (const unsigned char *)name; *p; ++p) {
        n += (*p & 0xC0) != 0x80;
        if (*p >= 0xD6 && *p <= 0xDF)
            *from_right = 1;
    }
    return n;
}

static covey_status collect_names(chart *c, covey_error *err) {
    covey_status status = COVEY_OK;
    size_t longest = 0;
    for (size_t p = 0; p < c->figure->n_panels; ++p)
        for (size_t s = 0; s < c->figure->panels[p].n_series; ++s) {
            const char *name = c->figure->panels[p].series[s].name;
            COVEY_FAIL_IF(!name, err, COVEY_E_ARGUMENT, NULL, "every line of a chart has a name");
            if (look_of(c, name) < c->n_names)
                continue;
            COVEY_FAIL_IF(c->n_names == ENTRIES, err, COVEY_E_LIMIT, NULL,
                          "a chart can tell %d lines apart; draw fewer", ENTRIES);
            c->names[c->n_names++] = name;
            size_t characters = count_characters(name, &c->from_right);
            longest = characters > longest ? characters : longest;
        }
    c->entry_width = SAMPLE + 8 + 7.2 * (double)longest + 18;
done:
    return status;
}

static int has_lines(const chart *c, const char *name) {
    for (size_t p = 0; p < c->figure->n_panels; ++p)
        for (size_t s = 0; s < c->figure->panels[p].n_series; ++s) {
            const covey_series *series = &c->figure->panels[p].series[s];
            if (strcmp(series->name, name) == 0 && !series->no_line)
                return 1;
        }
    return 0;
}

static int has_markers(const chart *c, const char *name) {
    for (size_t p = 0; p < c->figure->n_panels; ++p)
        for (size_t s = 0; s < c->figure->panels[p].n_series; ++s) {
            const covey_series *series = &c->figure->panels[p].series[s];
            if (strcmp(series->name, name) == 0 && (series->markers || series->no_line))
                return 1;
        }
    return 0;
}

/* Entries in rows between x and x + inner; the name follows its look in its own direction. */
static covey_status draw_legend(chart *c, double x, double inner, double y, covey_error *err) {
    covey_status status = COVEY_OK;
    covey__canvas *canvas = &c->canvas;
    for (size_t i = 0; i < c->n_names; ++i) {
        double away = (double)(i % c->entries_per_row) * c->entry_width;
        double left = c->from_right ? x + inner - away - SAMPLE : x + away;
        double text = c->from_right ? left - (c->entry_width - SAMPLE) + 8 : left + SAMPLE + 8;
        double top = y + (double)(i / c->entries_per_row) * LEGEND, middle = top + 8;
        int leftwards = 0; /* such names keep to the right by themselves */
        count_characters(c->names[i], &leftwards);
        if (has_lines(c, c->names[i])) {
            covey__canvas_do(canvas, COVEY__DRAW_NEW_PATH);
            covey__canvas_move_to(canvas, left, middle);
            covey__canvas_line_to(canvas, left + SAMPLE, middle);
            covey__style_line(canvas, i, 0);
            covey__canvas_do(canvas, COVEY__DRAW_STROKE);
        }
        if (has_markers(c, c->names[i]))
            covey__style_marker(canvas, i, left + SAMPLE / 2., middle, 0);
        COVEY_TRY(covey__canvas_text(&c->canvas, text, top, c->entry_width - SAMPLE - 16,
                                     c->names[i],
                                     (covey__line){.size = 12, .right = c->from_right && !leftwards}, err));
    }
done:
    return status;
}

/* ---- one panel ------------------------------------------------------------------------------- */

static void widen(double *low, double *high, double value, int log) {
    if (!isfinite(value) || (log && value <= 0))
        return;
    *low = fmin(*low, value);
    *high = fmax(*high, value);
}

static void find_axes(covey__axis *x, covey__axis *y, const covey_panel *panel) {
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    for (size_t s = 0; s < panel->n_series; ++s) {
        const covey_series *series = &panel->series[s];
        for (size_t i = 0; i < series->n; ++i) {
            widen(&low[0], &high[0], series->x[i], panel->log_x);
            widen(&low[1], &high[1], series->y[i], panel->log_y);
        }
    }
    int fixed_x = panel->x_low < panel->x_high, fixed_y = panel->y_low < panel->y_high;
    for (int a = 0; a < 2; ++a)
        if (!(low[a] <= high[a]))
            low[a] = high[a] = (a ? panel->log_y : panel->log_x) ? 1 : 0;
    covey__axis_init(x, fixed_x ? panel->x_low : low[0], fixed_x ? panel->x_high : high[0],
                     panel->log_x, !fixed_x && panel->log_x);
    covey__axis_init(y, fixed_y ? panel->y_low : low[1], fixed_y ? panel->y_high : high[1],
                     panel->log_y, !fixed_y);
}

static covey_status draw_axes(chart *c, covey__box box, const covey__axis *x,
                              const covey__axis *y, int grid, covey_error *err) {
    covey_status status = COVEY_OK;
    covey__canvas *canvas = &c->canvas;
    covey__line style = {.size = TEXT, .soft = 1, .centred = 1};
    char label[32];
    covey__canvas_do(canvas, COVEY__DRAW_NEW_PATH);
    for (size_t t = 0; t < x->n_ticks; ++t) {
        double at = box.x + covey__axis_place(x, x->ticks[t]) * box.width;
        covey__canvas_move_to(canvas, at, box.y + (grid ? 0 : box.height));
        covey__canvas_line_to(canvas, at, box.y + box.height + 4);
    }
    for (size_t t = 0; t < y->n_ticks; ++t) {
        double at = box.y + (1 - covey__axis_place(y, y->ticks[t])) * box.height;
        covey__canvas_move_to(canvas, box.x - 4, at);
        covey__canvas_line_to(canvas, box.x + (grid ? box.width : 0), at);
    }
    covey__canvas_dash(canvas, NULL, 0);
    covey__canvas_pen(canvas, 0.8);
    covey__canvas_colour(canvas, 0.86, 0.87, 0.88, 1);
    covey__canvas_do(canvas, COVEY__DRAW_STROKE);
    for (size_t t = 0; t < x->n_ticks; ++t) {
        double at = box.x + covey__axis_place(x, x->ticks[t]) * box.width;
        covey__axis_label(label, x, t);
        COVEY_TRY(covey__canvas_text(&c->canvas, at - 30, box.y + box.height + 5, 60, label, style,
                                     err));
    }
    style.centred = 0;
    style.right = 1;
    for (size_t t = 0; t < y->n_ticks; ++t) {
        double at = box.y + (1 - covey__axis_place(y, y->ticks[t])) * box.height;
        covey__axis_label(label, y, t);
        COVEY_TRY(covey__canvas_text(&c->canvas, box.x - LEFT, at - 8, LEFT - 8, label, style,
                                     err));
    }
done:
    return status;
}

static void point_of(double *px, double *py, covey__box box, const covey__axis *x,
                     const covey__axis *y, const covey_series *series, size_t i) {
    /* Far beyond the frame is clipped anyway; cairo's coordinates are small. */
    double u = covey__axis_place(x, series->x[i]), v = covey__axis_place(y, series->y[i]);
    *px = box.x + fmin(fmax(u, -20), 20) * box.width;
    *py = box.y + (1 - fmin(fmax(v, -20), 20)) * box.height;
    if (isnan(u) || isnan(v))
        *px = *py = NAN;
}

static void draw_series(covey__canvas *canvas, covey__box box, const covey__axis *x,
                        const covey__axis *y, const covey_series *series, size_t look, int halo) {
    double px, py;
    int pen = 0;
    covey__canvas_do(canvas, COVEY__DRAW_SAVE);
    covey__canvas_do(canvas, COVEY__DRAW_NEW_PATH);
    covey__canvas_rectangle(canvas, box.x - 1, box.y - 1, box.width + 2, box.height + 2);
    covey__canvas_do(canvas, COVEY__DRAW_CLIP);
    for (size_t i = 0; i < series->n && !series->no_line; ++i) {
        point_of(&px, &py, box, x, y, series, i);
        if (isnan(px)) {
            pen = 0;
            continue;
        }
        if (pen)
            covey__canvas_line_to(canvas, px, py);
        else
            covey__canvas_move_to(canvas, px, py);
        pen = 1;
    }
    if (halo) {
        covey__style_line(canvas, look, 1);
        covey__canvas_do(canvas, COVEY__DRAW_STROKE_PRESERVE);
    }
    covey__style_line(canvas, look, 0);
    covey__canvas_do(canvas, COVEY__DRAW_STROKE);
    covey__canvas_do(canvas, COVEY__DRAW_RESTORE);
    /* Evenly by number, at the middle of each share: ends are the likeliest to lie on others. On
     * the frame they are drawn whole, beyond it not at all. */
    size_t marks = series->no_line       ? series->n
                   : series->markers > 0 ? (size_t)series->markers
                                         : 0;
    marks = marks < series->n ? marks : series->n;
    for (size_t m = 0; m < marks; ++m) {
        size_t i = marks == series->n ? m : (2 * m + 1) * series->n / (2 * marks);
        point_of(&px, &py, box, x, y, series, i);
        if (px >= box.x - 0.01 && px <= box.x + box.width + 0.01 && py >= box.y - 0.01 &&
            py <= box.y + box.height + 0.01)
            covey__style_marker(canvas, look, px, py, halo);
    }
}

static covey_status draw_panel(chart *c, covey__box box, const covey_panel *panel,
                               covey_error *err) {
    covey_status status = COVEY_OK;
    covey__canvas *canvas = &c->canvas;
    covey__axis x, y;
    find_axes(&x, &y, panel);
    if (panel->field)
        COVEY_TRY(covey__canvas_field(&c->canvas, box, panel, err));
    COVEY_TRY(draw_axes(c, box, &x, &y, !panel->field, err));
    if (panel->title)
        COVEY_TRY(covey__canvas_text(&c->canvas, box.x, box.y - ABOVE, box.width, panel->title,
                                     (covey__line){.size = 13, .bold = 1}, err));
    if (panel->y_label)
        COVEY_TRY(covey__canvas_text(&c->canvas, box.x - LEFT + 10, box.y - 22,
                                     box.width + LEFT - 10, panel->y_label,
                                     (covey__line){.size = TEXT, .soft = 1}, err));
    if (panel->x_label)
        COVEY_TRY(covey__canvas_text(&c->canvas, box.x, box.y + box.height + 20, box.width,
                                     panel->x_label,
                                     (covey__line){.size = TEXT, .soft = 1, .centred = 1}, err));
    covey__canvas_do(canvas, COVEY__DRAW_NEW_PATH);
    covey__canvas_rectangle(canvas, box.x, box.y, box.width, box.height);
    covey__canvas_dash(canvas, NULL, 0);
    covey__canvas_colour(canvas, 0.55, 0.57, 0.6, 1);
    covey__canvas_pen(canvas, 1);
    covey__canvas_do(canvas, COVEY__DRAW_STROKE);
    for (size_t s = 0; s < panel->n_series; ++s)
        draw_series(canvas, box, &x, &y, &panel->series[s], look_of(c, panel->series[s].name),
                    panel->field != NULL);
done:
    return status;
}

/* ---- the figure ------------------------------------------------------------------------------ */

static covey_status check_figure(const covey_figure *figure, covey_error *err) {
    covey_status status = COVEY_OK;
    COVEY_FAIL_IF(figure->n_panels == 0 || figure->columns == 0, err, COVEY_E_ARGUMENT, NULL,
                  "a chart needs at least one panel and one column");
    for (int i = 0; i < 2; ++i) {
        double size = i ? figure->height : figure->width;
        COVEY_FAIL_IF(size != 0 && !(size >= 60 && size <= 2000), err, COVEY_E_ARGUMENT, NULL,
                      "a panel is 60 to 2000 wide and high, not %g", size);
    }
done:
    return status;
}

covey_status covey_figure_save(const char *path, const covey_figure *figure, covey_error *err) {
    covey_status status = COVEY_OK;
    chart c = {.figure = figure};
    COVEY_TRY(check_figure(figure, err));
    c.width = figure->width != 0 ? figure->width : 300;
    c.height = figure->height != 0 ? figure->height : 200;
    c.columns = figure->columns < figure->n_panels ? figure->columns : figure->n_panels;
    COVEY_TRY(collect_names(&c, err));
    size_t rows = (figure->n_panels + c.columns - 1) / c.columns;
    double across = LEFT + c.width + RIGHT, down = ABOVE + c.height + BELOW;
    double inner = (double)c.columns * across;
    c.entries_per_row = (size_t)fmax(1, floor(inner / c.entry_width));
    size_t legend = (c.n_names + c.entries_per_row - 1) / c.entries_per_row;
    double head = (figure->title ? TITLE : 0) + (double)legend * LEGEND + (legend ? 14 : 0);
    double width = 2 * MARGIN + inner;
    double height = 2 * MARGIN + head + (double)rows * down + (figure->note ? NOTE : 0);
    COVEY_TRY(covey__canvas_open(&c.canvas, path, width, height, err));
    if (figure->title)
        COVEY_TRY(covey__canvas_text(&c.canvas, MARGIN, MARGIN - 6, inner, figure->title,
                                     (covey__line){.size = 20, .bold = 1}, err));
    COVEY_TRY(draw_legend(&c, MARGIN, inner, MARGIN + (figure->title ? TITLE : 0), err));
    for (size_t p = 0; p < figure->n_panels; ++p) {
        covey__box box = {MARGIN + (double)(p % c.columns) * across + LEFT,
                          MARGIN + head + (double)(p / c.columns) * down + ABOVE, c.width,
                          c.height};
        COVEY_TRY(draw_panel(&c, box, &figure->panels[p], err));
    }
    if (figure->note)
        COVEY_TRY(covey__canvas_text(&c.canvas, MARGIN, height - MARGIN - 8, inner, figure->note,
                                     (covey__line){.size = TEXT, .soft = 1}, err));
    COVEY_TRY(covey__canvas_save(&c.canvas, path, err));
done:
    covey__canvas_close(&c.canvas);
    return status;
}
