/* SPDX-License-Identifier: MIT */
/* What the parts of a chart share: axes, styles, the field below the lines. */
#ifndef COVEY_FIGURE_CHART_INTERNAL_H
#define COVEY_FIGURE_CHART_INTERNAL_H

#include "covey/chart.h"
#include "figure_internal.h"

enum { COVEY__TICKS = 12 };

/* From values to places: `low` and `high` are logarithms where `log` is set. */
typedef struct covey__axis {
    double low, high;
    int log;
    double ticks[COVEY__TICKS]; /* values */
    size_t n_ticks;
} covey__axis;

/* An axis that holds low..high, with ticks at round numbers. `loose`: widened to the ticks. */
void covey__axis_init(covey__axis *axis, double low, double high, int log, int loose);
/* 0..1 from low to high; NaN where the value has no place. */
double covey__axis_place(const covey__axis *axis, double value);
void covey__axis_label(char out[32], const covey__axis *axis, size_t tick);

/* Look number `style` of a line: 8 colours, dashes and markers, combined anew after each eight. */
void covey__style_line(covey__canvas *canvas, size_t style, int halo);
void covey__style_marker(covey__canvas *canvas, size_t style, double x, double y, int halo);

/* The panel's field as bands and contour lines, in the box. */
covey_status covey__canvas_field(covey__canvas *canvas, covey__box box, const covey_panel *panel,
                                 covey_error *err);

#endif
