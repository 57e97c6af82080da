/* SPDX-License-Identifier: MIT */
/* Axes with ticks at round numbers, and the looks that tell lines apart. */
#include <math.h>

#include "figure_chart_internal.h"

/* ---- axes ------------------------------------------------------------------------------------ */

/* The smallest of 1, 2, 5 times a power of ten that cuts `span` into at most `most` parts. */
static double round_step(double span, int most) {
    double raw = span / most, power = pow(10, floor(log10(raw)));
    static const double factors[] = {1, 2, 5, 10};
    for (int i = 0; i < 4; ++i)
        if (factors[i] * power >= raw * (1 - 1e-9))
            return factors[i] * power;
    return 10 * power;
}

void covey__axis_init(covey__axis *axis, double low, double high, int log, int loose) {
    *axis = (covey__axis){.log = log};
    if (log) {
        low = log10(low);
        high = log10(high);
    }
    if (!(high > low)) { /* one value, or none */
        double room = log ? 1 : low != 0 ? fabs(low) : 1;
        if (!isfinite(low))
            low = 0;
        high = low + 0.5 * room;
        low -= 0.5 * room;
    }
    double step = round_step(high - low, 6);
    if (log && step < 1)
        step = 1;
    if (loose) {
        low = step * floor(low / step + 1e-9);
        high = step * ceil(high / step - 1e-9);
    }
    axis->low = low;
    axis->high = high;
    for (double i = ceil(low / step - 1e-9);
         i * step <= high + 1e-9 * step && axis->n_ticks < COVEY__TICKS; ++i)
        axis->ticks[axis->n_ticks++] = log      ? pow(10, i * step)
                                          : i == 0 ? 0 /* not -0 */
                                                   : i * step;
}

double covey__axis_place(const covey__axis *axis, double value) {
    if (axis->log)
        value = value > 0 ? log10(value) : NAN;
    return isfinite(value) ? (value - axis->low) / (axis->high - axis->low) : NAN;
}

void covey__axis_label(char out[32], const covey__axis *axis, size_t tick) {
    double value = axis->ticks[tick];
    locale_t kept = covey__c_locale_begin();
    if (axis->log && (value < 0.005 || value > 20000))
        snprintf(out, 32, "1e%.0f", round(log10(value)));
    else
        snprintf(out, 32, "%.6g", value);
    covey__c_locale_end(kept);
}

/* ---- looks ----------------------------------------------------------------------------------- */

enum { LOOKS = 8 };

/* The palette of Okabe and Ito, which people of every colour vision tell apart, its yellow left out
 * (too pale on white). */
static const double colours[LOOKS][3] = {
    {0, 0x72 / 255., 0xB2 / 255.},           {0xD5 / 255., 0x5E / 255., 0},
    {0, 0x9E / 255., 0x73 / 255.},           {0xCC / 255., 0x79 / 255., 0xA7 / 255.},
    {0x1c / 255., 0x20 / 255., 0x26 / 255.}, {0xE6 / 255., 0x9F / 255., 0},
    {0x56 / 255., 0xB4 / 255., 0xE9 / 255.}, {0x80 / 255., 0x80 / 255., 0x80 / 255.}};

static const struct {
    size_t n;
    double lengths[COVEY__DRAW_DASHES];
} dashes[LOOKS] = {{0, {0}},
                   {2, {6, 3}},
                   {2, {1.5, 2.5}},
                   {4, {7, 2.5, 1.5, 2.5}},
                   {2, {11, 3}},
                   {6, {6, 2.5, 1.5, 2.5, 1.5, 2.5}},
                   {2, {3, 3}},
                   {4, {10, 2.5, 4, 2.5}}};

static void set_colour(covey__canvas *canvas, size_t style) {
    const double *c = colours[style % LOOKS];
    covey__canvas_colour(canvas, c[0], c[1], c[2], 1);
}

void covey__style_line(covey__canvas *canvas, size_t style, int halo) {
    size_t dash = (style + style / LOOKS) % LOOKS;
    covey__canvas_join(canvas, 1);
    covey__canvas_pen(canvas, halo ? 4.2 : 1.8);
    covey__canvas_dash(canvas, dashes[dash].lengths, halo ? 0 : dashes[dash].n);
    if (halo)
        covey__canvas_colour(canvas, 1, 1, 1, 1);
    else
        set_colour(canvas, style);
}

/* A polygon of `n` corners, the first at `turn` (in turns, 0 up). */
static void polygon(covey__canvas *canvas, double x, double y, double radius, int n, double turn) {
    for (int i = 0; i < n; ++i) {
        double angle = 2 * M_PI * (turn + (double)i / n);
        double px = x + radius * sin(angle), py = y - radius * cos(angle);
        if (i)
            covey__canvas_line_to(canvas, px, py);
        else
            covey__canvas_move_to(canvas, px, py);
    }
    covey__canvas_do(canvas, COVEY__DRAW_CLOSE_PATH);
}

static void strokes(covey__canvas *canvas, double x, double y, double radius, int n, double turn) {
    for (int i = 0; i < n; ++i) {
        double angle = 2 * M_PI * (turn + 0.5 * i / n);
        covey__canvas_move_to(canvas, x - radius * sin(angle), y + radius * cos(angle));
        covey__canvas_line_to(canvas, x + radius * sin(angle), y - radius * cos(angle));
    }
}

void covey__style_marker(covey__canvas *canvas, size_t style, double x, double y, int halo) {
    size_t shape = style % LOOKS;
    int open = style / LOOKS % 2 == 1; /* hollow shapes after the first eight */
    covey__canvas_do(canvas, COVEY__DRAW_NEW_PATH);
    switch (shape) {
    case 0:
        covey__canvas_circle(canvas, x, y, 3.2);
        break;
    case 1:
        polygon(canvas, x, y, 4, 4, 0.125);
        break;
    case 2:
        polygon(canvas, x, y, 4.2, 3, 0);
        break;
    case 3:
        polygon(canvas, x, y, 4.4, 4, 0);
        break;
    case 4:
        strokes(canvas, x, y, 4, 2, 0.125);
        break;
    case 5:
        polygon(canvas, x, y, 4.2, 3, 0.5);
        break;
    case 6:
        strokes(canvas, x, y, 4.2, 2, 0);
        break;
    default:
        strokes(canvas, x, y, 4.2, 3, 0);
    }
    int lines = shape == 4 || shape >= 6;
    covey__canvas_dash(canvas, NULL, 0);
    covey__canvas_join(canvas, 0);
    if (halo) {
        covey__canvas_colour(canvas, 1, 1, 1, 1);
        covey__canvas_pen(canvas, lines ? 4.2 : 2.4);
        covey__canvas_do(canvas, COVEY__DRAW_STROKE_PRESERVE);
    }
    if (!lines && open) {
        covey__canvas_colour(canvas, 1, 1, 1, 1);
        covey__canvas_do(canvas, COVEY__DRAW_FILL_PRESERVE);
    }
    set_colour(canvas, style);
    covey__canvas_pen(canvas, lines && open ? 2.6 : 1.5);
    if (lines || open)
        covey__canvas_do(canvas, COVEY__DRAW_STROKE);
    else
        covey__canvas_do(canvas, COVEY__DRAW_FILL);
}
