/* SPDX-License-Identifier: MIT */
/* Cairo and Pango behind four calls. The same picture gives the same bytes: sizes are not hinted,
 * and the numbers that cairo's SVG names things by, which count surfaces of the whole process,
 * are counted afresh. Cairo and Pango allocate by themselves. */
#include "figure_internal.h"

#include <cairo-svg.h>
#include <math.h>
#include <pango/pangocairo.h>
#include <stdlib.h>
#include <string.h>

enum {
    LARGEST_SIDE = 16000,     /* logical; cairo's images end at 32767 */
    LARGEST_AREA = 100000000  /* of PNG pixels, four bytes each */
};

static cairo_status_t add_bytes(void *closure, const unsigned char *data, unsigned int size) {
    covey__text *text = closure;
    covey__text_add_bytes(text, data, size);
    return text->failed ? CAIRO_STATUS_NO_MEMORY : CAIRO_STATUS_SUCCESS;
}

static covey_status check(cairo_status_t cairo, covey_error *err) {
    if (cairo == CAIRO_STATUS_SUCCESS)
        return COVEY_OK;
    return covey__fail(err, cairo == CAIRO_STATUS_NO_MEMORY ? COVEY_E_NOMEM : COVEY_E_INTERNAL,
                       NULL, "the picture could not be drawn: %s",
                       cairo_status_to_string(cairo));
}

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
    if (canvas->svg) {
        canvas->surface =
            cairo_svg_surface_create_for_stream(add_bytes, &canvas->bytes, width, height);
        cairo_svg_surface_set_document_unit(canvas->surface, CAIRO_SVG_UNIT_PX);
    } else {
        canvas->surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)width * scale,
                                                     (int)height * scale);
    }
    COVEY_TRY(check(cairo_surface_status(canvas->surface), err));
    canvas->cairo = cairo_create(canvas->surface);
    COVEY_TRY(check(cairo_status(canvas->cairo), err));
    cairo_set_source_rgb(canvas->cairo, 1, 1, 1);
    cairo_paint(canvas->cairo);
    if (!canvas->svg)
        cairo_scale(canvas->cairo, scale, scale);
done:
    return status;
}

void covey__canvas_close(covey__canvas *canvas) {
    if (canvas->cairo)
        cairo_destroy(canvas->cairo);
    if (canvas->surface)
        cairo_surface_destroy(canvas->surface);
    covey__text_fini(&canvas->bytes);
    *canvas = (covey__canvas){0};
}

/* ---- SVG: names counted afresh --------------------------------------------------------------- */

enum { NAMES = 4 };

/* The length of a name that cairo numbers at `p` ("image" of "image12"), 0 if there is none.
 * Names follow id=" or #; the base64 of pictures holds neither. */
static size_t name_length(const char *p) {
    static const char *const names[NAMES] = {"image", "surface", "mask", "clip"};
    for (size_t i = 0; i < NAMES; ++i) {
        size_t n = strlen(names[i]);
        if (strncmp(p, names[i], n) == 0 && p[n] >= '0' && p[n] <= '9')
            return n;
    }
    return 0;
}

/* The place of `number` among those seen, added if new. */
static covey_status number_of(size_t *place, covey__text *seen, unsigned long number,
                              covey_error *err) {
    const unsigned long *numbers = (const unsigned long *)(const void *)seen->data;
    size_t count = seen->size / sizeof number;
    for (size_t i = count; i-- > 0;)
        if (numbers[i] == number) {
            *place = i;
            return COVEY_OK;
        }
    *place = count;
    covey__text_add_bytes(seen, &number, sizeof number);
    return seen->failed ? covey__fail(err, COVEY_E_NOMEM, NULL, "memory ran out") : COVEY_OK;
}

static covey_status recount_names(covey__text *svg, covey_error *err) {
    covey_status status = COVEY_OK;
    covey__text out = {0}, seen = {0};
    const char *at = svg->data, *p = at, *end = svg->data + svg->size;
    while ((p = memchr(p, '"', (size_t)(end - p)))) {
        ++p;
        const char *name = strncmp(p, "url(#", 5) == 0 ? p + 5 : *p == '#' ? p + 1 : p;
        if (name == p && (p - svg->data < 4 || strncmp(p - 4, "id=\"", 4) != 0))
            continue;
        size_t n = name_length(name), place;
        if (!n)
            continue;
        char *after;
        COVEY_TRY(number_of(&place, &seen, strtoul(name + n, &after, 10), err));
        covey__text_add_bytes(&out, at, (size_t)(name + n - at));
        covey__text_addf(&out, "%zu", place);
        at = p = after;
    }
    covey__text_add_bytes(&out, at, (size_t)(end - at));
    COVEY_NOMEM_IF(out.failed, err);
    covey__text swap = *svg;
    *svg = out;
    out = swap;
done:
    covey__text_fini(&out);
    covey__text_fini(&seen);
    return status;
}

covey_status covey__canvas_save(covey__canvas *canvas, const char *path, covey_error *err) {
    covey_status status = COVEY_OK;
    COVEY_TRY(check(cairo_status(canvas->cairo), err));
    if (canvas->svg) {
        cairo_surface_finish(canvas->surface);
        COVEY_NOMEM_IF(canvas->bytes.failed, err);
        COVEY_TRY(check(cairo_surface_status(canvas->surface), err));
        COVEY_TRY(recount_names(&canvas->bytes, err));
    } else {
        cairo_surface_flush(canvas->surface);
        COVEY_TRY(check(cairo_surface_write_to_png_stream(canvas->surface, add_bytes,
                                                          &canvas->bytes),
                        err));
    }
    COVEY_TRY(covey__file_write(path, canvas->bytes.data, canvas->bytes.size, err));
done:
    return status;
}

/* ---- text ------------------------------------------------------------------------------------ */

covey_status covey__canvas_text(covey__canvas *canvas, double x, double y, double width,
                                const char *text, covey__line style, covey_error *err) {
    covey_status status = COVEY_OK;
    PangoLayout *layout = NULL;
    char *clean = NULL;
    int changed;
    const char *newline = strchr(text, '\n');
    char *line = newline ? covey__strndup(text, (size_t)(newline - text)) : covey__strdup(text);
    COVEY_NOMEM_IF(!line, err);
    clean = covey__utf8_clean(line, &changed);
    COVEY_NOMEM_IF(!clean, err);
    layout = pango_cairo_create_layout(canvas->cairo);

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
    pango_font_description_set_absolute_size(font, style.size * PANGO_SCALE);
    pango_font_description_set_weight(font,
                                      style.bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
    pango_layout_set_font_description(layout, font);
    pango_font_description_free(font);
    pango_layout_set_text(layout, clean, -1);
    pango_layout_set_single_paragraph_mode(layout, TRUE);
    pango_layout_set_width(layout, (int)(width * PANGO_SCALE));
    pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_MIDDLE);
    pango_layout_set_alignment(layout, style.centred ? PANGO_ALIGN_CENTER
                                      : style.right ? PANGO_ALIGN_RIGHT
                                                    : PANGO_ALIGN_LEFT);

    cairo_new_path(canvas->cairo);
    cairo_move_to(canvas->cairo, x, y);
    if (style.soft)
        cairo_set_source_rgb(canvas->cairo, 0x59 / 255., 0x60 / 255., 0x6b / 255.);
    else
        cairo_set_source_rgb(canvas->cairo, 0x1c / 255., 0x20 / 255., 0x26 / 255.);
    if (canvas->svg) { /* outlines: the reader's machine need not have the fonts */
        pango_cairo_layout_path(canvas->cairo, layout);
        cairo_fill(canvas->cairo);
    } else {
        pango_cairo_show_layout(canvas->cairo, layout);
    }
    COVEY_TRY(check(cairo_status(canvas->cairo), err));
done:
    if (layout)
        g_object_unref(layout);
    covey__free(clean);
    covey__free(line);
    return status;
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

covey_status covey__canvas_image(covey__canvas *canvas, covey__box box, const uint8_t *rgb,
                                 size_t width, size_t height, int sharp, covey_error *err) {
    covey_status status = COVEY_OK;
    cairo_surface_t *source = NULL, *fitted = NULL;
    cairo_t *cairo = NULL;
    if (!rgb || !width || !height) {
        cairo_set_source_rgb(canvas->cairo, 0.92, 0.92, 0.91);
        cairo_rectangle(canvas->cairo, box.x, box.y, box.width, box.height);
        cairo_fill(canvas->cairo);
        goto done;
    }
    COVEY_FAIL_IF(width > 32767 || height > 32767, err, COVEY_E_LIMIT, NULL,
                  "a picture of %zu by %zu is too large for a figure", width, height);
    /* Fitted to the pixels of the PNG first; SVG viewers would each smooth in their own way. */
    double by = fmin(box.width / (double)width, box.height / (double)height);
    int w = (int)fmax(1, round((double)width * by * COVEY__FIGURE_SCALE));
    int h = (int)fmax(1, round((double)height * by * COVEY__FIGURE_SCALE));
    source = surface_of(rgb, (int)width, (int)height);
    COVEY_TRY(check(cairo_surface_status(source), err));
    fitted = cairo_image_surface_create(CAIRO_FORMAT_RGB24, w, h);
    cairo = cairo_create(fitted);
    cairo_scale(cairo, (double)w / (double)width, (double)h / (double)height);
    cairo_set_source_surface(cairo, source, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(cairo),
                             sharp ? CAIRO_FILTER_NEAREST : CAIRO_FILTER_GOOD);
    cairo_pattern_set_extend(cairo_get_source(cairo), CAIRO_EXTEND_PAD);
    cairo_paint(cairo);
    COVEY_TRY(check(cairo_status(cairo), err));
    cairo_surface_flush(fitted);

    /* On whole pixels, so that nothing is smoothed twice. */
    double x = box.x + (box.width - (double)w / COVEY__FIGURE_SCALE) / 2;
    double y = box.y + (box.height - (double)h / COVEY__FIGURE_SCALE) / 2;
    cairo_save(canvas->cairo);
    cairo_translate(canvas->cairo, round(x * COVEY__FIGURE_SCALE) / COVEY__FIGURE_SCALE,
                    round(y * COVEY__FIGURE_SCALE) / COVEY__FIGURE_SCALE);
    cairo_scale(canvas->cairo, 1. / COVEY__FIGURE_SCALE, 1. / COVEY__FIGURE_SCALE);
    cairo_set_source_surface(canvas->cairo, fitted, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(canvas->cairo), CAIRO_FILTER_NEAREST);
    cairo_paint(canvas->cairo);
    cairo_restore(canvas->cairo);
    COVEY_TRY(check(cairo_status(canvas->cairo), err));
done:
    if (cairo)
        cairo_destroy(cairo);
    if (fitted)
        cairo_surface_destroy(fitted);
    if (source)
        cairo_surface_destroy(source);
    return status;
}
