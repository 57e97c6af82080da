/* SPDX-License-Identifier: MIT */
/* Pictures and the page. Knows structs, not the network. Each call is independent; safe from any
 * thread on different outputs.
 *
 * Figures are drawn by covey-draw, a process of its own for each: found as covey-decode is (named
 * by $COVEY_DRAW, beside the program, in its ../libexec, or as installed). One that crashes, hangs
 * or is not there is COVEY_E_DRAW: nothing is written, and another figure may be tried. */
#ifndef COVEY_REPORT_H
#define COVEY_REPORT_H

#include "covey/run.h"

COVEY_BEGIN_DECLS

/* The languages of pages and pictures: X(id, name); the name is what --lang takes. */
#define COVEY_LANGUAGE_MAP(X)                                                                      \
    X(EN, "en")                                                                                    \
    X(FA, "fa")
/* The languages of pages and pictures. */
typedef enum covey_language {
#define COVEY_LANGUAGE_ROW(id, name) COVEY_LANGUAGE_##id,
    COVEY_LANGUAGE_MAP(COVEY_LANGUAGE_ROW)
#undef COVEY_LANGUAGE_ROW
        COVEY_LANGUAGE_COUNT
} covey_language;

/* How a page is written; begin with covey_report_params_default. */
typedef struct covey_report_params {
    covey_language language;
    size_t inline_limit; /* bytes of thumbnails that the page carries itself; 0: 20 MB */
} covey_report_params;
COVEY_API covey_report_params covey_report_params_default(void); /* English */

/* report.html of a run into `path`: self-contained, thumbnails inline up to the limit, else shown
 * from thumbs/ beside it (which covey_run_save writes) by relative path. params NULL: defaults. */
COVEY_API COVEY_NODISCARD covey_status covey_report_save_html(const covey_run *run,
                                                              const char *path,
                                                              const covey_report_params *params,
                                                              covey_error *err);

/* The language of a page that covey_report_save_html wrote to `path`; `otherwise` if there is none
 * or another language's. So a page that is written again keeps its language. */
COVEY_API covey_language covey_report_language(const char *path, covey_language otherwise);

/* One photo of a picture: rgb [height][width][3]; NULL: a grey square with the caption. */
typedef struct covey_tile {
    const uint8_t *rgb;
    size_t width, height;
    const char *caption; /* UTF-8, may hold one newline */
} covey_tile;

/* A titled strip or sheet of photos with captions, `columns` wide; the suffix of `path` says .png
 * or .svg (text as outlines). The write-up's "Representative Images - HUBER Loss". */
COVEY_API COVEY_NODISCARD covey_status covey_figure_save_tiles(const char *path, const char *title,
                                                               const covey_tile *tiles, size_t n,
                                                               size_t columns, covey_error *err);

/* Feature maps for a page: maps [n][height][width] after covey_figure_normalise_map, n <= 64, side by
 * side without words, each in viridis over its own range and averaged down by a whole factor to
 * about `side` pixels; white fills up to an even width and height. *png [*bytes] is freed with
 * covey_free; COVEY_E_DRAW as for figures. */
COVEY_API COVEY_NODISCARD covey_status covey_figure_encode_strip(uint8_t **png, size_t *bytes,
                                                                 const uint8_t *maps, size_t n,
                                                                 size_t height, size_t width,
                                                                 size_t side, covey_error *err);

/* A titled grid of feature maps, the photo beside them: maps [n][height][width] 8 bits after
 * covey_figure_normalise_map, coloured by viridis over each map's own range, or over
 * [range_low, range_high] if range_low < range_high. titles [n]. photo [side][side][3] or NULL. */
COVEY_API COVEY_NODISCARD covey_status covey_figure_save_maps(
    const char *path, const char *title, const uint8_t *maps, size_t n, size_t height, size_t width,
    const char *const *titles, const uint8_t *photo, size_t side, int range_low, int range_high,
    covey_error *err);

/* clip((x - mean) / (std + 1e-5) * 64 + 128, 0, 255), truncated: out [n], map [n]; the population
 * standard deviation; arithmetic in float32 as the write-up's NumPy does. */
COVEY_API void covey_figure_normalise_map(uint8_t *out, const float *map, size_t n);

/* All pictures of a run into `folder`: strips of representatives per loss, a contact sheet. A
 * figure that covey-draw fails at is left out: the others are written, then COVEY_E_DRAW names
 * it. */
COVEY_API COVEY_NODISCARD covey_status covey_figures_save_run(const covey_run *run,
                                                              const char *folder,
                                                              covey_language language,
                                                              covey_error *err);

/* Every chart of the page into `folder`, as PNG and SVG: agreement, rounds, margins, curves, choice_of_k,
 * landscapes, dial, map, strangers, solvers; those that the run has nothing for are left out. Measures
 * what the page measures, which takes as long. COVEY_E_DRAW as covey_figures_save_run. */
COVEY_API COVEY_NODISCARD covey_status covey_figures_save_charts(const covey_run *run,
                                                                 const char *folder,
                                                                 covey_language language,
                                                                 covey_error *err);

COVEY_END_DECLS

#endif
