/* SPDX-License-Identifier: MIT */
/* What is to be drawn, noted as a list for covey-draw. */
#include "figure_internal.h"

#include <math.h>
#include <string.h>

enum {
    LARGEST_SIDE = 16000,     /* logical; cairo's images end at 32767 */
    LARGEST_AREA = 100000000, /* of PNG pixels, four bytes each */
    DRAW_SECONDS = 120        /* for a figure that takes 0.1; fonts may have to be indexed first */
};

static int ends_in(const char *path, const char *suffix) {
    size_t a = strlen(path), b = strlen(suffix);
    return a > b && strcmp(path + a - b, suffix) == 0;
}

covey_status covey__canvas_open(covey__canvas *canvas, const char *path, double width,
                                double height, covey_error *err) {
    covey_status status = COVEY_OK;
    const int scale = COVEY__FIGURE_SCALE;
    canvas->svg = ends_in(path, ".svg");
    COVEY_FAIL_IF(!canvas->svg && !ends_in(path, ".png"), err, COVEY_E_ARGUMENT, path,
                  "a figure is written as PNG or SVG; end its name in .png or .svg");
    width = ceil(width);
    height = ceil(height);
    COVEY_FAIL_IF(width > LARGEST_SIDE || height > LARGEST_SIDE ||
                      width * height * scale * scale > LARGEST_AREA,
                  err, COVEY_E_LIMIT, path,
                  "the figure would be %.0f by %.0f; put fewer pictures on it", width, height);
    covey__draw_head head = {.magic = COVEY__DRAW_MAGIC,
                             .version = COVEY__DRAW_VERSION,
                             .svg = (uint32_t)canvas->svg,
                             .width = (uint32_t)width,
                             .height = (uint32_t)height};
    covey__text_add_bytes(&canvas->list, &head, sizeof head);
done:
    return status;
}

void covey__canvas_close(covey__canvas *canvas) {
    covey__text_fini(&canvas->list);
    *canvas = (covey__canvas){0};
}

covey_status covey__canvas_save(covey__canvas *canvas, const char *path, covey_error *err) {
    covey_status status = COVEY_OK;
    covey__text file = {0};
    status = covey__draw(&file, &canvas->list, DRAW_SECONDS, err);
    if (status == COVEY_E_DRAW && err && !err->path[0]) /* which figure it was */
        snprintf(err->path, sizeof err->path, "%s", path);
    COVEY_TRY(status);
    COVEY_TRY(covey__file_write(path, file.data, file.size, err));
done:
    covey__text_fini(&file);
    return status;
}

static void note(covey__canvas *canvas, covey__draw_op op, const double *numbers, size_t n,
                 const void *bytes, size_t n_bytes) {
    static const char zeros[8] = {0};
    covey__draw_record record = {(uint32_t)op, (uint32_t)n, n_bytes};
    covey__text_add_bytes(&canvas->list, &record, sizeof record);
    covey__text_add_bytes(&canvas->list, numbers, n * sizeof *numbers);
    covey__text_add_bytes(&canvas->list, bytes, n_bytes);
    covey__text_add_bytes(&canvas->list, zeros, -n_bytes & 7);
}

#define NOTE(canvas, op, ...)                                                                    \
    note((canvas), (op), (const double[]){__VA_ARGS__},                                          \
         sizeof((const double[]){__VA_ARGS__}) / sizeof(double), NULL, 0)

void covey__canvas_do(covey__canvas *canvas, covey__draw_op op) {
    note(canvas, op, NULL, 0, NULL, 0);
}

void covey__canvas_move_to(covey__canvas *canvas, double x, double y) {
    NOTE(canvas, COVEY__DRAW_MOVE_TO, x, y);
}

void covey__canvas_line_to(covey__canvas *canvas, double x, double y) {
    NOTE(canvas, COVEY__DRAW_LINE_TO, x, y);
}

void covey__canvas_circle(covey__canvas *canvas, double x, double y, double radius) {
    NOTE(canvas, COVEY__DRAW_CIRCLE, x, y, radius);
}

void covey__canvas_rectangle(covey__canvas *canvas, double x, double y, double width,
                             double height) {
    NOTE(canvas, COVEY__DRAW_RECTANGLE, x, y, width, height);
}

void covey__canvas_colour(covey__canvas *canvas, double r, double g, double b, double alpha) {
    NOTE(canvas, COVEY__DRAW_COLOUR, r, g, b, alpha);
}

void covey__canvas_pen(covey__canvas *canvas, double width) {
    NOTE(canvas, COVEY__DRAW_WIDTH, width);
}

void covey__canvas_dash(covey__canvas *canvas, const double *lengths, size_t n) {
    double numbers[1 + COVEY__DRAW_DASHES] = {(double)n};
    for (size_t i = 0; i < n; ++i)
        numbers[1 + i] = lengths[i];
    note(canvas, COVEY__DRAW_DASH, numbers, 1 + COVEY__DRAW_DASHES, NULL, 0);
}

void covey__canvas_join(covey__canvas *canvas, int round) {
    NOTE(canvas, COVEY__DRAW_JOIN, round);
}

covey_status covey__canvas_text(covey__canvas *canvas, double x, double y, double width,
                                const char *text, covey__line style, covey_error *err) {
    covey_status status = COVEY_OK;
    char *clean = NULL;
    int changed;
    const char *newline = strchr(text, '\n');
    char *line = newline ? covey__strndup(text, (size_t)(newline - text)) : covey__strdup(text);
    COVEY_NOMEM_IF(!line, err);
    clean = covey__utf8_clean(line, &changed);
    COVEY_NOMEM_IF(!clean, err);
    const double numbers[] = {x,          y,          width,         style.size,
                              style.bold, style.soft, style.centred, style.right};
    note(canvas, COVEY__DRAW_TEXT, numbers, 8, clean, strlen(clean));
done:
    covey__free(clean);
    covey__free(line);
    return status;
}

covey_status covey__canvas_image(covey__canvas *canvas, covey__box box, const uint8_t *rgb,
                                 size_t width, size_t height, int sharp, covey_error *err) {
    if (!rgb || !width || !height)
        rgb = NULL, width = height = 0;
    if (width > 32767 || height > 32767)
        return covey__fail(err, COVEY_E_LIMIT, NULL,
                           "a picture of %zu by %zu is too large for a figure", width, height);
    const double numbers[] = {box.x, box.y,         box.width,     box.height,
                              sharp, (double)width, (double)height};
    note(canvas, COVEY__DRAW_IMAGE, numbers, 7, rgb, width * height * 3);
    return COVEY_OK;
}
