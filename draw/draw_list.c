/* SPDX-License-Identifier: MIT */
/* The list's strokes by Cairo, its text by Pango. The same list gives the same bytes: sizes are not
 * hinted, and the numbers that Cairo's SVG names things by start anew with the process. The list
 * comes from the library; it is checked all the same, since what is in it comes from strangers. */
#include "draw_internal.h"

#include <cairo-svg.h>
#include <math.h>
#include <pango/pangocairo.h>
#include <string.h>

#include "draw_protocol_internal.h"

enum { SCALE = 2, LARGEST_SIDE = 16000, LARGEST_PICTURE = 32767 };

static cairo_status_t add_bytes(void *closure, const unsigned char *data, unsigned int size) {
    covey__text *text = closure;
    covey__text_add_bytes(text, data, size);
    return text->failed ? CAIRO_STATUS_NO_MEMORY : CAIRO_STATUS_SUCCESS;
}

static int code_of(cairo_status_t status) {
    return status == CAIRO_STATUS_SUCCESS     ? 0
           : status == CAIRO_STATUS_NO_MEMORY ? COVEY__DRAW_NO_MEMORY
                                              : COVEY__DRAW_FAILED;
}

/* ---- text ------------------------------------------------------------------------------------ */

static void set_font(PangoLayout *layout, double size, int bold) {
    cairo_font_options_t *options = cairo_font_options_create();
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    PangoContext *context = pango_layout_get_context(layout);
    pango_cairo_context_set_font_options(context, options);
    pango_cairo_context_set_resolution(context, 96);
    cairo_font_options_destroy(options);

    PangoFontDescription *font = pango_font_description_new();
    pango_font_description_set_family_static(font, "Sans");
    pango_font_description_set_absolute_size(font, size * PANGO_SCALE);
    pango_font_description_set_weight(font, bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
    pango_layout_set_font_description(layout, font);
    pango_font_description_free(font);
}

static int draw_text(cairo_t *cairo, int svg, const double *n, const char *text, size_t size) {
    if (!(n[3] > 0 && n[3] < 1000) || !(n[2] >= 0 && n[2] < LARGEST_SIDE) || size > 1 << 20)
        return COVEY__DRAW_BAD_LIST;
    PangoLayout *layout = pango_cairo_create_layout(cairo);
    set_font(layout, n[3], n[4] != 0);
    pango_layout_set_text(layout, text, (int)size);
    pango_layout_set_single_paragraph_mode(layout, TRUE);
    pango_layout_set_width(layout, (int)(n[2] * PANGO_SCALE));
    pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_MIDDLE);
    pango_layout_set_alignment(layout, n[6] != 0   ? PANGO_ALIGN_CENTER
                                       : n[7] != 0 ? PANGO_ALIGN_RIGHT
                                                   : PANGO_ALIGN_LEFT);
    cairo_new_path(cairo);
    cairo_move_to(cairo, n[0], n[1]);
    if (n[5] != 0)
        cairo_set_source_rgb(cairo, 0x59 / 255., 0x60 / 255., 0x6b / 255.);
    else
        cairo_set_source_rgb(cairo, 0x1c / 255., 0x20 / 255., 0x26 / 255.);
    if (svg) { /* outlines: the reader's machine need not have the fonts */
        pango_cairo_layout_path(cairo, layout);
        cairo_fill(cairo);
    } else {
        pango_cairo_show_layout(cairo, layout);
    }
    g_object_unref(layout);
    return code_of(cairo_status(cairo));
}

/* ---- pictures -------------------------------------------------------------------------------- */

static cairo_surface_t *surface_of(const uint8_t *rgb, int width, int height) {
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
    if (cairo_surface_status(surface) != CAIRO_STATUS_SUCCESS)
        return surface;
    cairo_surface_flush(surface);
    unsigned char *data = cairo_image_surface_get_data(surface);
    int stride = cairo_image_surface_get_stride(surface);
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            const uint8_t *p = rgb + 3 * ((size_t)y * (size_t)width + (size_t)x);
            uint32_t pixel = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
            memcpy(data + (size_t)y * (size_t)stride + 4 * (size_t)x, &pixel, sizeof pixel);
        }
    cairo_surface_mark_dirty(surface);
    return surface;
}

/* The picture at the size it has among the PNG's pixels; SVG viewers would each smooth in their own
 * way. */
static cairo_surface_t *fit(const uint8_t *rgb, int width, int height, int w, int h, int sharp) {
    cairo_surface_t *source = surface_of(rgb, width, height);
    cairo_surface_t *fitted = cairo_image_surface_create(CAIRO_FORMAT_RGB24, w, h);
    cairo_t *cairo = cairo_create(fitted);
    cairo_scale(cairo, (double)w / (double)width, (double)h / (double)height);
    cairo_set_source_surface(cairo, source, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(cairo),
                             sharp ? CAIRO_FILTER_NEAREST : CAIRO_FILTER_GOOD);
    cairo_pattern_set_extend(cairo_get_source(cairo), CAIRO_EXTEND_PAD);
    cairo_paint(cairo);
    int bad = cairo_status(cairo) != CAIRO_STATUS_SUCCESS;
    cairo_destroy(cairo);
    cairo_surface_destroy(source);
    if (bad) {
        cairo_surface_destroy(fitted);
        return NULL;
    }
    cairo_surface_flush(fitted);
    return fitted;
}

/* Gives an SVG the picture as our own PNG, which it would else make with Cairo's writer. */
static int attach_png(cairo_surface_t *surface) {
    covey__text png = {0};
    int code = draw_png(&png, surface);
    if (!code) {
        code = code_of(cairo_surface_set_mime_data(surface, CAIRO_MIME_TYPE_PNG,
                                                   (const unsigned char *)png.data, png.size,
                                                   covey__free, png.data));
        if (!code)
            return 0;
    }
    covey__text_fini(&png);
    return code;
}

static int draw_image(cairo_t *cairo, int svg, const double *n, const uint8_t *rgb, size_t size) {
    if (!size) {
        cairo_set_source_rgb(cairo, 0.92, 0.92, 0.91);
        cairo_rectangle(cairo, n[0], n[1], n[2], n[3]);
        cairo_fill(cairo);
        return code_of(cairo_status(cairo));
    }
    if (!(n[5] >= 1 && n[5] <= LARGEST_PICTURE && n[6] >= 1 && n[6] <= LARGEST_PICTURE) ||
        (size_t)n[5] * (size_t)n[6] * 3 != size || !(n[2] > 0 && n[2] <= LARGEST_SIDE) ||
        !(n[3] > 0 && n[3] <= LARGEST_SIDE))
        return COVEY__DRAW_BAD_LIST;
    double by = fmin(n[2] / n[5], n[3] / n[6]);
    int w = (int)fmax(1, round(n[5] * by * SCALE)), h = (int)fmax(1, round(n[6] * by * SCALE));
    cairo_surface_t *fitted = fit(rgb, (int)n[5], (int)n[6], w, h, n[4] != 0);
    if (!fitted)
        return COVEY__DRAW_NO_MEMORY;
    int code = svg ? attach_png(fitted) : 0;
    if (code) {
        cairo_surface_destroy(fitted);
        return code;
    }
    /* On whole pixels, so that nothing is smoothed twice. */
    double x = n[0] + (n[2] - (double)w / SCALE) / 2, y = n[1] + (n[3] - (double)h / SCALE) / 2;
    cairo_save(cairo);
    cairo_translate(cairo, round(x * SCALE) / SCALE, round(y * SCALE) / SCALE);
    cairo_scale(cairo, 1. / SCALE, 1. / SCALE);
    cairo_set_source_surface(cairo, fitted, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(cairo), CAIRO_FILTER_NEAREST);
    cairo_paint(cairo);
    cairo_restore(cairo);
    cairo_surface_destroy(fitted);
    return code_of(cairo_status(cairo));
}

/* ---- the list -------------------------------------------------------------------------------- */

static int draw_path(cairo_t *cairo, covey__draw_op op, const double *n) {
    switch (op) {
    case COVEY__DRAW_NEW_PATH: cairo_new_path(cairo); break;
    case COVEY__DRAW_MOVE_TO: cairo_move_to(cairo, n[0], n[1]); break;
    case COVEY__DRAW_LINE_TO: cairo_line_to(cairo, n[0], n[1]); break;
    case COVEY__DRAW_CLOSE_PATH: cairo_close_path(cairo); break;
    case COVEY__DRAW_CIRCLE: cairo_arc(cairo, n[0], n[1], n[2], 0, 2 * M_PI); break;
    case COVEY__DRAW_RECTANGLE: cairo_rectangle(cairo, n[0], n[1], n[2], n[3]); break;
    case COVEY__DRAW_STROKE: cairo_stroke(cairo); break;
    case COVEY__DRAW_STROKE_PRESERVE: cairo_stroke_preserve(cairo); break;
    case COVEY__DRAW_FILL: cairo_fill(cairo); break;
    case COVEY__DRAW_FILL_PRESERVE: cairo_fill_preserve(cairo); break;
    case COVEY__DRAW_CLIP: cairo_clip(cairo); break;
    case COVEY__DRAW_SAVE: cairo_save(cairo); break;
    case COVEY__DRAW_RESTORE: cairo_restore(cairo); break;
    case COVEY__DRAW_COLOUR: cairo_set_source_rgba(cairo, n[0], n[1], n[2], n[3]); break;
    case COVEY__DRAW_WIDTH: cairo_set_line_width(cairo, n[0]); break;
    case COVEY__DRAW_JOIN:
        cairo_set_line_join(cairo, n[0] != 0 ? CAIRO_LINE_JOIN_ROUND : CAIRO_LINE_JOIN_MITER);
        break;
    case COVEY__DRAW_DASH:
        if (!(n[0] >= 0 && n[0] <= COVEY__DRAW_DASHES))
            return COVEY__DRAW_BAD_LIST;
        cairo_set_dash(cairo, n + 1, (int)n[0], 0);
        break;
    default: return COVEY__DRAW_BAD_LIST;
    }
    return code_of(cairo_status(cairo));
}

static int draw_records(cairo_t *cairo, int svg, const uint8_t *at, size_t left) {
    static const unsigned char counts[] = {
#define COUNT(name, numbers) numbers,
        COVEY__DRAW_MAP(COUNT)
#undef COUNT
    };
    int code = 0;
    while (left && !code) {
        covey__draw_record record;
        double numbers[COVEY__DRAW_NUMBERS];
        if (left < sizeof record)
            return COVEY__DRAW_BAD_LIST;
        memcpy(&record, at, sizeof record);
        at += sizeof record;
        left -= sizeof record;
        size_t n = record.op < COVEY__DRAW_OPS ? counts[record.op] : 0;
        if (record.op >= COVEY__DRAW_OPS || record.n_numbers != n || left < n * sizeof *numbers ||
            record.n_bytes > left - n * sizeof *numbers)
            return COVEY__DRAW_BAD_LIST;
        memcpy(numbers, at, n * sizeof *numbers);
        at += n * sizeof *numbers;
        left -= n * sizeof *numbers;
        for (size_t i = 0; i < n; ++i)
            if (!isfinite(numbers[i]))
                return COVEY__DRAW_BAD_LIST;
        size_t size = (size_t)record.n_bytes, padded = size + (-size & 7);
        code = record.op == COVEY__DRAW_TEXT
                   ? draw_text(cairo, svg, numbers, (const char *)at, size)
               : record.op == COVEY__DRAW_IMAGE
                   ? draw_image(cairo, svg, numbers, at, size)
                   : draw_path(cairo, (covey__draw_op)record.op, numbers);
        if (padded > left)
            return COVEY__DRAW_BAD_LIST;
        at += padded;
        left -= padded;
    }
    return code;
}

int draw_list(covey__text *out, const uint8_t *list, size_t size) {
    covey__draw_head head;
    if (size < sizeof head)
        return COVEY__DRAW_BAD_LIST;
    memcpy(&head, list, sizeof head);
    if (head.magic != COVEY__DRAW_MAGIC || head.version != COVEY__DRAW_VERSION || !head.width ||
        !head.height || head.width > LARGEST_SIDE || head.height > LARGEST_SIDE)
        return COVEY__DRAW_BAD_LIST;
    cairo_surface_t *surface =
        head.svg ? cairo_svg_surface_create_for_stream(add_bytes, out, head.width, head.height)
                 : cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)head.width * SCALE,
                                              (int)head.height * SCALE);
    if (head.svg)
        cairo_svg_surface_set_document_unit(surface, CAIRO_SVG_UNIT_PX);
    cairo_t *cairo = cairo_create(surface);
    cairo_set_source_rgb(cairo, 1, 1, 1);
    cairo_paint(cairo);
    if (!head.svg)
        cairo_scale(cairo, SCALE, SCALE);
    int code = code_of(cairo_status(cairo));
    if (!code)
        code = draw_records(cairo, head.svg != 0, list + sizeof head, size - sizeof head);
    cairo_destroy(cairo);
    if (!code && head.svg)
        cairo_surface_finish(surface);
    else if (!code)
        code = draw_png(out, surface);
    if (!code)
        code = out->failed ? COVEY__DRAW_NO_MEMORY : code_of(cairo_surface_status(surface));
    cairo_surface_destroy(surface);
    return code;
}
