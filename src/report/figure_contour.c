/* SPDX-License-Identifier: MIT */
/* A field of values as bands of colour and the lines between them.
 *
 * Between grid points values are bilinear; the contour of a cell joins the places where its edges
 * cross the level (marching squares), the cell's mean deciding where four of them do. */
#include <math.h>

#include "figure_chart_internal.h"

enum { LEVELS = 14 };

typedef struct field {
    const double *values;
    size_t width, height, levels;
    double low, high;
} field;

static double level_at(const field *f, size_t i) {
    double share = (double)i / (double)f->levels;
    return f->low + (f->high - f->low) * share * share;
}

/* At column x and row y of the grid, both within it. */
static double value_at(const field *f, double x, double y) {
    size_t i = (size_t)x, j = (size_t)y;
    i = i + 1 < f->width ? i : f->width - 2;
    j = j + 1 < f->height ? j : f->height - 2;
    const double *p = f->values + j * f->width + i;
    double s = x - (double)i, t = y - (double)j;
    return (1 - t) * ((1 - s) * p[0] + s * p[1]) +
           t * ((1 - s) * p[f->width] + s * p[f->width + 1]);
}

/* Dark at the minimum; the middle of each band's share of viridis, paled: lines must stand out. */
static void colour_of(uint8_t out[3], const field *f, double value) {
    double share = f->high > f->low ? (value - f->low) / (f->high - f->low) : 0;
    double band = fmin(floor(sqrt(fmax(share, 0)) * (double)f->levels), (double)f->levels - 1);
    const uint8_t *c = covey__viridis[(int)((band + 0.5) / (double)f->levels * 255)];
    for (int i = 0; i < 3; ++i)
        out[i] = (uint8_t)(0.25 * 255 + 0.75 * c[i]);
}

static covey_status draw_bands(covey__canvas *canvas, covey__box box, const field *f,
                               covey_error *err) {
    covey_status status = COVEY_OK;
    size_t w = (size_t)(box.width * COVEY__FIGURE_SCALE);
    size_t h = (size_t)(box.height * COVEY__FIGURE_SCALE);
    uint8_t *rgb = covey__alloc_array(w * h, 3);
    COVEY_NOMEM_IF(!rgb, err);
    for (size_t j = 0; j < h; ++j)
        for (size_t i = 0; i < w; ++i) {
            double x = ((double)i + 0.5) / (double)w * (double)(f->width - 1);
            double y = (1 - ((double)j + 0.5) / (double)h) * (double)(f->height - 1);
            colour_of(rgb + 3 * (j * w + i), f, value_at(f, x, y));
        }
    COVEY_TRY(covey__canvas_image(canvas, box, rgb, w, h, 1, err));
done:
    covey__free(rgb);
    return status;
}

/* One cell's lines at `level`. Corners and edges run counter-clockwise from the lower left. */
static void cell_lines(covey__canvas *canvas, covey__box box, const field *f, size_t i, size_t j,
                       double level) {
    const double *p = f->values + j * f->width + i;
    double v[4] = {p[0], p[1], p[f->width + 1], p[f->width]};
    static const double corner[4][2] = {{0, 0}, {1, 0}, {1, 1}, {0, 1}};
    double cross[4][2];
    int n = 0;
    for (int e = 0; e < 4; ++e) {
        int to = (e + 1) % 4;
        if ((v[e] < level) == (v[to] < level))
            continue;
        double t = (level - v[e]) / (v[to] - v[e]);
        double x = (double)i + corner[e][0] + t * (corner[to][0] - corner[e][0]);
        double y = (double)j + corner[e][1] + t * (corner[to][1] - corner[e][1]);
        cross[n][0] = box.x + x / (double)(f->width - 1) * box.width;
        cross[n++][1] = box.y + (1 - y / (double)(f->height - 1)) * box.height;
    }
    int first = 0;
    if (n == 4) { /* a saddle: the centre belongs to one of the diagonals */
        double mean = (v[0] + v[1] + v[2] + v[3]) / 4;
        first = (mean < level) == (v[0] < level) ? 0 : 3;
    }
    for (int k = 0; k + 1 < n; k += 2) {
        const double *a = cross[(first + k) % n], *b = cross[(first + k + 1) % n];
        covey__canvas_move_to(canvas, a[0], a[1]);
        covey__canvas_line_to(canvas, b[0], b[1]);
    }
}

covey_status covey__canvas_field(covey__canvas *canvas, covey__box box, const covey_panel *panel,
                                 covey_error *err) {
    covey_status status = COVEY_OK;
    field f = {.values = panel->field,
               .width = panel->field_width,
               .height = panel->field_height,
               .levels = panel->field_levels ? panel->field_levels : LEVELS,
               .low = INFINITY,
               .high = -INFINITY};
    COVEY_FAIL_IF(f.width < 2 || f.height < 2 || f.levels > 100, err, COVEY_E_ARGUMENT, NULL,
                  "a field of values is 2 by 2 at least, with 1 to 100 levels");
    for (size_t i = 0; i < f.width * f.height; ++i) {
        COVEY_FAIL_IF(!isfinite(f.values[i]), err, COVEY_E_NUMERIC, NULL,
                      "value %zu of the field is NaN or infinite", i);
        f.low = fmin(f.low, f.values[i]);
        f.high = fmax(f.high, f.values[i]);
    }
    COVEY_TRY(draw_bands(canvas, box, &f, err));
    covey__canvas_do(canvas, COVEY__DRAW_NEW_PATH);
    for (size_t l = 1; l < f.levels && f.high > f.low; ++l)
        for (size_t j = 0; j + 1 < f.height; ++j)
            for (size_t i = 0; i + 1 < f.width; ++i)
                cell_lines(canvas, box, &f, i, j, level_at(&f, l));
    covey__canvas_colour(canvas, 1, 1, 1, 0.7);
    covey__canvas_pen(canvas, 0.7);
    covey__canvas_dash(canvas, NULL, 0);
    covey__canvas_do(canvas, COVEY__DRAW_STROKE);
done:
    return status;
}
