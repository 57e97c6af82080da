/* SPDX-License-Identifier: MIT */
/* The network on a matrix unit for bfloat16: every layer a direct convolution over planes
 * (planes_internal.h), cut into tasks of some rows of one photo and some panels of outputs. Neither
 * the cut nor the thread enters a result: each sum is computed alone, always in the same order. */
#include <assert.h>
#include <string.h>

#include "network_internal.h"

enum { RGB_STEP = 4, RGB_POSITIONS = 8 /* a tap of the photo: 8 positions of 4 values */ };

/* ---- where an image lies ------------------------------------------------------------------ */

typedef struct planes {
    size_t pitch;  /* positions from row to row */
    size_t origin; /* of the first pixel */
    size_t count;  /* positions of a plane, rims and what kernels read behind the last included */
    size_t chunks;
} planes;

static planes planes_of(size_t height, size_t width, size_t channels) {
    planes p = {.pitch = width + 1, .chunks = (channels + COVEY__CHUNK - 1) / COVEY__CHUNK};
    p.origin = 1 + p.pitch;
    p.count = p.origin + height * p.pitch + COVEY__POSITIONS + p.pitch + 1;
    return p;
}

/* bfloat16 values of one part of one photo. */
static size_t part_size(const planes *p) {
    return p->chunks * p->count * COVEY__CHUNK;
}

static size_t side_after(size_t side, int flags) {
    return flags & COVEY__POOL ? side / 2 : side;
}

static planes output_planes(const covey__convolution *layer) {
    int flags = layer->pool ? COVEY__POOL : 0;
    return planes_of(side_after(layer->height, flags), side_after(layer->width, flags),
                     layer->outputs);
}

static size_t rgb_count(const covey_network *network) {
    planes p = planes_of(network->height, network->width, 1);
    return (p.count + RGB_POSITIONS) * RGB_STEP;
}

static size_t band_positions(const covey__convolution *layer) {
    size_t rows = layer->plan.block < layer->height ? layer->plan.block : layer->height;
    size_t positions = rows * (layer->width + 1);
    return (positions + COVEY__POSITIONS - 1) / COVEY__POSITIONS * COVEY__POSITIONS;
}

covey__regions covey__planes_regions(const covey_network *network) {
    covey__regions need = {0};
    size_t parts = network->plan.parts, threads = (size_t)covey__pool_size(network->pool);
    need.rgb = (parts * rgb_count(network) + 1) / 2;
    for (int i = 0; i < network->count; ++i) {
        const covey__convolution *layer = &network->convolutions[i];
        planes p = output_planes(layer);
        size_t kept = parts * part_size(&p) / 2, sums = band_positions(layer) * COVEY__CHUNK;
        size_t unpooled = layer->height * layer->width * layer->outputs; /* of a single layer */
        size_t *region = i < network->plan.early - 1 ? &need.early : &need.late;
        if (region == &need.late)
            kept *= network->batch;
        kept = kept > unpooled ? kept : unpooled;
        *region = kept > *region ? kept : *region;
        need.scratch = threads * sums > need.scratch ? threads * sums : need.scratch;
    }
    return need;
}

/* ---- weights ------------------------------------------------------------------------------ */

static size_t input_chunks(const covey__convolution *layer) {
    return (layer->inputs + COVEY__CHUNK - 1) / COVEY__CHUNK;
}

size_t covey__planes_panel_size(const covey__convolution *layer, int index, size_t parts) {
    size_t taps = index ? 9 : 3;
    return input_chunks(layer) * taps * parts * COVEY__PANEL_STEP;
}

/* Of the photo a tap is a row: its 32 values are pixels left to right, three colours and a nothing. */
static float weight_of(const covey__convolution *layer, int index, const float *weight, size_t o,
                       size_t k, size_t chunk, size_t tap) {
    size_t channel = index ? chunk * COVEY__CHUNK + k : k % RGB_STEP;
    size_t place = index ? tap : 3 * tap + k / RGB_STEP;
    if (o >= layer->outputs || channel >= layer->inputs || (!index && k / RGB_STEP >= 3))
        return 0;
    return weight[(o * layer->inputs + channel) * 9 + place];
}

void covey__planes_pack_panel(const covey__convolution *layer, int index, size_t parts,
                              const float *weight, size_t panel) {
    size_t taps = index ? 9 : 3;
    assert(parts <= 2);
    uint16_t *to = layer->panels + panel * covey__planes_panel_size(layer, index, parts);
    for (size_t chunk = 0; chunk < input_chunks(layer); ++chunk)
        for (size_t tap = 0; tap < taps; ++tap, to += parts * COVEY__PANEL_STEP)
            for (size_t k = 0; k < COVEY__CHUNK; ++k)
                for (size_t o = 0; o < COVEY__CHUNK; ++o) {
                    uint16_t part[2] = {0, 0};
                    covey__split_bf16(part,
                                      weight_of(layer, index, weight, panel * COVEY__CHUNK + o, k,
                                                chunk, tap),
                                      parts);
                    for (size_t i = 0; i < parts; ++i)
                        to[i * COVEY__PANEL_STEP + o / 16 * 512 + k / 2 * 32 + o % 16 * 2 +
                           k % 2] = part[i];
                }
}

/* ---- layers ------------------------------------------------------------------------------- */

typedef struct layer_context {
    covey_network *network;
    const covey__convolution *layer;
    covey__planes_shape shape;
    const uint16_t *in; /* photos one after the other, each its parts */
    uint16_t *out;      /* the same, or NULL: */
    float *floats;      /* [photo][height][width][channels] */
    planes from, to;
    size_t in_photo;    /* bfloat16 values from photo to photo */
    size_t panel_size, panels, panels_per_task, bands, photos;
    int flags;
} layer_context;

/* The rims above a plane's first row and below its last. */
static void clear_rim(const layer_context *context, uint16_t *plane, int below) {
    size_t height = side_after(context->layer->height, context->flags);
    const planes *to = &context->to;
    size_t first = below ? to->origin + height * to->pitch : 0;
    size_t count = below ? to->pitch + 1 : to->origin;
    for (size_t i = 0; i < context->shape.parts; ++i)
        memset(plane + i * part_size(to) + first * COVEY__CHUNK, 0,
               count * COVEY__CHUNK * sizeof *plane);
}

static void compute_panel(const layer_context *context, float *sums, size_t photo, size_t band,
                          size_t panel) {
    const covey__convolution *layer = context->layer;
    const covey__kernels *kernels = context->network->kernels;
    int flags = context->flags;
    size_t step = flags & COVEY__POOL ? 2 : 1, width = side_after(layer->width, flags);
    size_t height = side_after(layer->height, flags), block = layer->plan.block / step;
    size_t first = band * block, left = height - first, rows = left < block ? left : block;
    const planes *from = &context->from, *to = &context->to;
    size_t start = from->origin + first * step * from->pitch;
    kernels->planes_convolve(sums, context->in + photo * context->in_photo + start * context->shape.step,
                             &context->shape, layer->panels + panel * context->panel_size,
                             rows * step * from->pitch);
    size_t channel = panel * COVEY__CHUNK, channels = layer->outputs - channel;
    covey__planes_target target = {.parts = context->shape.parts,
                                   .part = part_size(to),
                                   .stride = layer->outputs,
                                   .height = rows,
                                   .width = width,
                                   .channels = channels < COVEY__CHUNK ? channels : COVEY__CHUNK};
    if (context->out) {
        uint16_t *plane = context->out + photo * context->shape.parts * part_size(to) +
                          panel * to->count * COVEY__CHUNK;
        target.planes = plane + (to->origin + first * to->pitch) * COVEY__CHUNK;
        if (band == 0)
            clear_rim(context, plane, 0);
        if (band + 1 == context->bands)
            clear_rim(context, plane, 1);
    } else {
        target.floats =
            context->floats + ((photo * height + first) * width) * layer->outputs + channel;
    }
    kernels->planes_store(&target, sums, from->pitch, layer->bias + channel, flags);
}

static void layer_task(void *argument, size_t task, int worker) {
    const layer_context *context = argument;
    const covey__convolution *layer = context->layer;
    float *sums =
        context->network->scratch + (size_t)worker * band_positions(layer) * COVEY__CHUNK;
    size_t band = task % context->bands, rest = task / context->bands;
    size_t photo = rest % context->photos;
    size_t panel = rest / context->photos * context->panels_per_task;
    size_t end = panel + context->panels_per_task;
    for (end = end < context->panels ? end : context->panels; panel < end; ++panel)
        compute_panel(context, sums, photo, band, panel);
}

static void run_layer(layer_context *context, int index) {
    covey_network *network = context->network;
    const covey__convolution *layer = &network->convolutions[index];
    covey__planes_shape *shape = &context->shape;
    size_t parts = network->plan.parts, height = side_after(layer->height, context->flags);
    context->layer = layer;
    context->from = planes_of(layer->height, layer->width, layer->inputs);
    context->to = planes_of(height, side_after(layer->width, context->flags), layer->outputs);
    *shape = (covey__planes_shape){.parts = parts, .chunks = input_chunks(layer)};
    ptrdiff_t pitch = (ptrdiff_t)context->from.pitch;
    if (index) {
        shape->step = COVEY__CHUNK;
        shape->plane = context->from.count * COVEY__CHUNK;
        shape->part = part_size(&context->from);
        shape->taps = 9;
        for (int t = 0; t < 9; ++t)
            shape->tap[t] = ((t / 3 - 1) * pitch + t % 3 - 1) * COVEY__CHUNK;
    } else {
        shape->step = RGB_STEP;
        shape->part = rgb_count(network);
        shape->taps = 3;
        for (int t = 0; t < 3; ++t)
            shape->tap[t] = ((t - 1) * pitch - 1) * RGB_STEP;
    }
    context->in_photo = parts * shape->part;
    context->panel_size = covey__planes_panel_size(layer, index, parts);
    context->panels = layer->padded / COVEY__CHUNK;
    context->panels_per_task = layer->plan.staged ? 1 : context->panels;
    size_t rows = layer->plan.block / (context->flags & COVEY__POOL ? 2 : 1);
    context->bands = (height + rows - 1) / rows;
    size_t groups = (context->panels + context->panels_per_task - 1) / context->panels_per_task;
    covey__pool_run(network->pool, context->bands * context->photos * groups, layer_task, context);
}

/* ---- the photo ---------------------------------------------------------------------------- */

enum { ROWS_PER_TASK = 16 };

typedef struct photo_context {
    covey_network *network;
    const uint8_t *rgb;
} photo_context;

static void photo_task(void *argument, size_t task, int worker) {
    (void)worker;
    const photo_context *context = argument;
    const covey_network *network = context->network;
    size_t width = network->width, end = (task + 1) * ROWS_PER_TASK;
    planes p = planes_of(network->height, width, 1);
    end = end < network->height ? end : network->height;
    for (size_t i = 0; i < network->plan.parts; ++i) {
        uint16_t *part = (uint16_t *)network->rgb + i * rgb_count(network);
        if (task == 0)
            memset(part, 0, p.origin * RGB_STEP * sizeof *part);
        for (size_t y = task * ROWS_PER_TASK; y < end; ++y) {
            const uint8_t *from = context->rgb + y * width * 3;
            uint16_t *to = part + (p.origin + y * p.pitch) * RGB_STEP;
            for (size_t x = 0; x < width; ++x, from += 3, to += RGB_STEP) {
                to[0] = network->colour_parts[i][0][from[0]];
                to[1] = network->colour_parts[i][1][from[1]];
                to[2] = network->colour_parts[i][2][from[2]];
                to[3] = 0;
            }
            memset(to, 0, RGB_STEP * sizeof *to);
        }
        /* Behind the last row everything a tap may read has to be a number. */
        size_t below = (p.origin + network->height * p.pitch) * RGB_STEP;
        if (end == network->height)
            memset(part + below, 0, (rgb_count(network) - below) * sizeof *part);
    }
}

/* ---- the network -------------------------------------------------------------------------- */

void covey__planes_layer(covey_network *network, float *out, const float *in, int index, int flat,
                         size_t photos, int flags) {
    layer_context context = {.network = network,
                             .in = (const uint16_t *)in,
                             .photos = photos,
                             .flags = flags};
    if (flat)
        context.floats = out;
    else
        context.out = (uint16_t *)out;
    run_layer(&context, index);
}

static int flags_of(const covey_network *network, int index) {
    return COVEY__RELU | (network->convolutions[index].pool ? COVEY__POOL : 0);
}

float *covey__planes_run(covey_network *network, const uint8_t *const *rgb, size_t photos, int last,
                         int flags) {
    int early = network->plan.early;
    assert(photos == 1 || last >= early);
    size_t size = 0;
    float *at = network->late[0];
    for (size_t i = 0; i < photos; ++i) {
        photo_context photo = {network, rgb[i]};
        covey__pool_run(network->pool, (network->height + ROWS_PER_TASK - 1) / ROWS_PER_TASK,
                        photo_task, &photo);
        const float *from = network->rgb;
        for (int l = 0; l < early && l <= last; ++l) {
            planes p = output_planes(&network->convolutions[l]);
            size = network->plan.parts * part_size(&p) / 2;
            at = l < early - 1 ? network->early[l % 2] : network->late[0] + i * size;
            covey__planes_layer(network, at, from, l, l == last, 1,
                                l == last ? flags : flags_of(network, l));
            from = at;
        }
    }
    if (last < early)
        return at;
    at = network->late[0];
    for (int l = early; l <= last; ++l) {
        float *other = at == network->late[0] ? network->late[1] : network->late[0];
        covey__planes_layer(network, other, at, l, l == last, photos,
                            l == last ? flags : flags_of(network, l));
        at = other;
    }
    return at;
}
