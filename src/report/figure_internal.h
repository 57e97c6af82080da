/* SPDX-License-Identifier: MIT */
/* A canvas that ends up as PNG or SVG, and what is drawn on it. Lengths are in logical pixels; a
 * PNG holds two by two of its own for each. A canvas only notes what to draw: covey-draw draws it,
 * in a process of its own, when it is saved. */
#ifndef COVEY_FIGURE_INTERNAL_H
#define COVEY_FIGURE_INTERNAL_H

#include "base_internal.h"
#include "covey/report.h"
#include "draw_protocol_internal.h"

enum { COVEY__FIGURE_SCALE = 2 };

typedef struct covey__canvas {
    covey__text list; /* of draw_protocol_internal.h */
    int svg;
} covey__canvas;

/* Zero-initialise first; the suffix of `path` decides the form. White all over. */
covey_status covey__canvas_open(covey__canvas *canvas, const char *path, double width,
                                double height, covey_error *err);
/* Writes the file, built aside and renamed in. COVEY_E_DRAW: covey-draw crashed, hung, or is not
 * there; nothing is written. */
covey_status covey__canvas_save(covey__canvas *canvas, const char *path, covey_error *err);
void covey__canvas_close(covey__canvas *canvas); /* accepts a zeroed one */

/* Strokes, as Cairo's calls of these names. Memory that runs out is noticed when saving. */
void covey__canvas_do(covey__canvas *canvas, covey__draw_op op); /* those without numbers */
void covey__canvas_move_to(covey__canvas *canvas, double x, double y);
void covey__canvas_line_to(covey__canvas *canvas, double x, double y);
void covey__canvas_circle(covey__canvas *canvas, double x, double y, double radius);
void covey__canvas_rectangle(covey__canvas *canvas, double x, double y, double width,
                             double height);
void covey__canvas_colour(covey__canvas *canvas, double r, double g, double b, double alpha);
void covey__canvas_pen(covey__canvas *canvas, double width);
void covey__canvas_dash(covey__canvas *canvas, const double *lengths, size_t n); /* n <= 6 */
void covey__canvas_join(covey__canvas *canvas, int round);

/* One line of text inside [x, x + width], shortened in the middle where it does not fit; `bold`
 * as said, `soft` greyer, centred if `centred`, to the right if `right`. Any bytes:
 * what is not UTF-8 becomes U+FFFD, what is after a newline is left out. */
typedef struct covey__line {
    double size; /* of the letters */
    int bold, soft, centred, right;
} covey__line;
covey_status covey__canvas_text(covey__canvas *canvas, double x, double y, double width,
                                const char *text, covey__line style, covey_error *err);

/* rgb [height][width][3] as large as fits into the box at (x, y), centred; `sharp`: pixels stay
 * squares; otherwise they are averaged. NULL: a grey box. */
typedef struct covey__box {
    double x, y, width, height;
} covey__box;
covey_status covey__canvas_image(covey__canvas *canvas, covey__box box, const uint8_t *rgb,
                                 size_t width, size_t height, int sharp, covey_error *err);

/* Has covey-draw draw the list within `seconds`: out gets the bytes of the file. */
covey_status covey__draw(covey__text *out, const covey__text *list, double seconds,
                         covey_error *err);

/* covey_figures_save_run with pictures from `pictures_new`, which does as covey_pictures_new. */
typedef covey_status (*covey__pictures_fn)(covey_picture **out, const covey_run *run,
                                           const int64_t *rows, size_t n, size_t side,
                                           covey_error *err);
covey_status covey__figures_save(const covey_run *run, const char *folder,
                                 covey_language language, covey__pictures_fn pictures_new,
                                 covey_error *err);

extern const uint8_t covey__viridis[256][3];

#endif
