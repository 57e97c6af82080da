/* SPDX-License-Identifier: MIT */
/* Charts as PNG or SVG: panels of lines over axes, a field of values below them where there is one.
 *
 * Each call is independent; safe from any thread on different files. The same figure gives the same
 * bytes. Nothing is kept: every array belongs to the caller. */
#ifndef COVEY_CHART_H
#define COVEY_CHART_H

#include "covey/status.h"

COVEY_BEGIN_DECLS

/* One line. Series of one name look alike in all panels (colour, dash and marker together, so that
 * colour is never alone) and have one entry in the legend. */
typedef struct covey_series {
    const char *name;    /* UTF-8 */
    const double *x, *y; /* [n]; NaN or infinity breaks the line, as does 0 or less on a log axis */
    size_t n;
    int markers; /* about how many markers along the line; 0: none; n or more: one per point */
    int no_line; /* 1: markers alone */
} covey_series;

/* Lines over axes, and a field of values below them where there is one. */
typedef struct covey_panel {
    const char *title, *x_label, *y_label; /* UTF-8 or NULL */
    const covey_series *series;            /* [n_series] */
    size_t n_series;
    double x_low, x_high, y_low, y_high; /* low >= high: from the series; what lies beyond is cut */
    int log_x, log_y;
    /* Values over the whole panel, the first row at y_low, the first column at x_low; NULL: none.
     * Drawn as bands between `field_levels` contours (0: 14) that lie at
     * min + (max - min) (i / field_levels)^2: closer together near the minimum. */
    const double *field; /* [field_height][field_width], finite, 2 by 2 at least */
    size_t field_width, field_height, field_levels;
} covey_panel;

/* Panels under one title, drawn by covey_figure_save. */
typedef struct covey_figure {
    const char *title, *note; /* above, and small below; UTF-8 or NULL */
    const covey_panel *panels;
    size_t n_panels, columns;
    double width, height; /* of each panel's frame in pixels, 60 to 2000; 0: 300 by 200 */
} covey_figure;

/* The suffix of `path` says .png (two pixels for each of the sizes) or .svg (text as outlines).
 * Errors: nothing to draw, a field or size outside its bounds (COVEY_E_ARGUMENT), a figure too
 * large (COVEY_E_LIMIT), the file (COVEY_E_IO), the drawer (COVEY_E_DRAW; see covey/report.h). */
COVEY_API COVEY_NODISCARD covey_status covey_figure_save(const char *path,
                                                         const covey_figure *figure,
                                                         covey_error *err);

COVEY_END_DECLS

#endif
