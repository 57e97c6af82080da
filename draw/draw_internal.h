/* SPDX-License-Identifier: MIT */
#ifndef DRAW_INTERNAL_H
#define DRAW_INTERNAL_H

#include <cairo.h>
#include <stddef.h>
#include <stdint.h>

#include "base_internal.h"

/* Draws a list of draw_protocol_internal.h. 0, or an exit code of that header. */
int draw_list(covey__text *out, const uint8_t *list, size_t size);

/* An RGB24 surface as PNG, put after what is in `out`. 0, or an exit code of that header. */
int draw_png(covey__text *out, cairo_surface_t *surface);

#endif
