/* SPDX-License-Identifier: MIT */
/* Strips of representatives and contact sheets: photos in a grid, a title above, captions below. */
#include <string.h>

#include "figure_internal.h"

enum { TILE = 148, GAP = 16, MARGIN = 28, TITLE = 44, CAPTION = 15, TEXT = 11 };

/* Photos stand on their captions. */
static covey__box box_of(const covey_tile *tile, double x, double y) {
    double height = TILE;
    if (tile->rgb && tile->width > tile->height)
        height = TILE * (double)tile->height / (double)tile->width;
    return (covey__box){x, y + TILE - height, TILE, height};
}

covey_status covey_figure_save_tiles(const char *path, const char *title, const covey_tile *tiles,
                                     size_t n, size_t columns, covey_error *err) {
    covey_status status = COVEY_OK;
    covey__canvas canvas = {0};
    COVEY_FAIL_IF(n == 0 || columns == 0, err, COVEY_E_ARGUMENT, path,
                  "a figure needs at least one photo and one column");
    columns = columns < n ? columns : n;
    size_t rows = (n + columns - 1) / columns;
    int lines = 0; /* of the captions */
    for (size_t i = 0; i < n; ++i) {
        const char *caption = tiles[i].caption;
        int own = !caption || !*caption ? 0 : strchr(caption, '\n') ? 2 : 1;
        lines = own > lines ? own : lines;
    }
    double head = title && *title ? TITLE : 0, across = TILE + GAP;
    double down = TILE + GAP + (lines ? 5 + lines * CAPTION : 0);
    double width = 2 * MARGIN + (double)columns * across - GAP;
    COVEY_TRY(covey__canvas_open(&canvas, path, width,
                                 2 * MARGIN + head + (double)rows * down - GAP, err));
    if (head > 0)
        COVEY_TRY(covey__canvas_text(&canvas, MARGIN, MARGIN - 6, width - 2 * MARGIN, title,
                                     (covey__line){.size = 20, .bold = 1}, err));
    for (size_t i = 0; i < n; ++i) {
        double x = MARGIN + (double)(i % columns) * across;
        double y = MARGIN + head + (double)(i / columns) * down;
        COVEY_TRY(covey__canvas_image(&canvas, box_of(&tiles[i], x, y), tiles[i].rgb,
                                      tiles[i].width, tiles[i].height, 0, err));
        const char *caption = tiles[i].caption;
        if (!caption || !*caption)
            continue;
        covey__line style = {.size = TEXT, .centred = 1};
        COVEY_TRY(covey__canvas_text(&canvas, x, y + TILE + 4, TILE, caption, style, err));
        const char *second = strchr(caption, '\n');
        style.soft = 1;
        if (second)
            COVEY_TRY(covey__canvas_text(&canvas, x, y + TILE + 4 + CAPTION, TILE, second + 1,
                                         style, err));
    }
    COVEY_TRY(covey__canvas_save(&canvas, path, err));
done:
    covey__canvas_close(&canvas);
    return status;
}
