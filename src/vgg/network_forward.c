/* SPDX-License-Identifier: MIT */
/* The layers themselves, cut into tasks. Which thread takes which task, and where the cuts lie,
 * does not enter any result: each tile's transforms and each element's sum over the channels are
 * computed alone, always in the same order. */
#include <assert.h>
#include <string.h>

#include "network_internal.h"

/* ---- first layer ------------------------------------------------------------------------- */

enum { ROWS_PER_TASK = 8 };

typedef struct first_context {
    covey_network *network;
    float *out;
    const uint8_t *rgb;
    int relu;
} first_context;

/* Eight bits to normalised floats, inside one pixel of zeros. */
static void prepare_task(void *argument, size_t task, int worker) {
    (void)worker;
    const first_context *context = argument;
    const covey_network *network = context->network;
    size_t width = network->width, stride = (width + 2) * 3;
    size_t end = (task + 1) * ROWS_PER_TASK;
    end = end < network->height + 2 ? end : network->height + 2;
    for (size_t y = task * ROWS_PER_TASK; y < end; ++y) {
        float *row = network->rgb + y * stride;
        memset(row, 0, stride * sizeof *row);
        if (y == 0 || y == network->height + 1)
            continue;
        const uint8_t *source = context->rgb + (y - 1) * width * 3;
        for (size_t x = 0; x < width; ++x)
            for (size_t q = 0; q < 3; ++q)
                row[3 + 3 * x + q] = network->colour[q][source[3 * x + q]];
    }
}

/* Row y of the first layer's output, from the prepared photo. */
static void first_row(const covey_network *network, float *out, size_t y, int relu) {
    const covey__convolution *layer = &network->convolutions[0];
    size_t stride = (network->width + 2) * 3;
    const float *row = network->rgb + y * stride;
    const float *const rows[3] = {row, row + stride, row + 2 * stride};
    network->kernels->conv_rgb(out, rows, layer->weights, layer->bias, network->width,
                               layer->outputs, relu);
}

static void first_task(void *argument, size_t task, int worker) {
    (void)worker;
    const first_context *context = argument;
    const covey_network *network = context->network;
    size_t floats = network->width * network->convolutions[0].outputs;
    size_t end = (task + 1) * ROWS_PER_TASK;
    end = end < network->height ? end : network->height;
    for (size_t y = task * ROWS_PER_TASK; y < end; ++y)
        first_row(network, context->out + y * floats, y, context->relu);
}

void covey__network_first(covey_network *network, float *out, const uint8_t *rgb, int relu) {
    first_context context = {network, out, rgb, relu};
    covey__pool_run(network->pool, (network->height + 2 + ROWS_PER_TASK - 1) / ROWS_PER_TASK,
                    prepare_task, &context);
    covey__pool_run(network->pool, (network->height + ROWS_PER_TASK - 1) / ROWS_PER_TASK,
                    first_task, &context);
}

/* ---- Winograd layers --------------------------------------------------------------------- */

typedef struct wino_context {
    covey_network *network;
    const covey__convolution *layer;
    float *out;
    const float *in;
    size_t across, per_photo, total; /* tiles: in a row, in a photo, in all photos */
    size_t points;                   /* n * n */
    size_t in_top, in_height;        /* the rows of the layer's input that `in` holds */
    int flags;
    size_t block;                    /* fused: tiles of a task, the plan's or fewer */
    size_t first, count;             /* staged: this pass's tiles */
    size_t tiles_per_task, panels_per_task;
} wino_context;

/* V and M for `capacity` tiles: V [points][capacity][v_stride], M [points][capacity][m_stride],
 * each point padded to an odd number of lines. */
typedef struct scratch {
    float *v, *m;
    size_t v_stride, v_point, m_stride, m_point;
} scratch;

/* An odd number of cache lines: the n*n places of a tile then fall into different sets. */
static size_t odd_lines(size_t floats) {
    return (floats / 16 | 1) * 16;
}

static scratch scratch_at(const wino_context *context, float *base, size_t capacity) {
    scratch s;
    s.v_stride = covey__v_stride(context->layer);
    s.v_point = odd_lines(capacity * s.v_stride);
    s.m_stride = covey__m_stride(context->layer);
    s.m_point = odd_lines(capacity * s.m_stride);
    s.v = base;
    s.m = base + context->points * s.v_point;
    return s;
}

static size_t scratch_floats(const covey__convolution *layer, size_t capacity) {
    size_t n = (size_t)layer->plan.tile + 2;
    return n * n * (odd_lines(capacity * covey__v_stride(layer)) +
                    odd_lines(capacity * covey__m_stride(layer)));
}

size_t covey__convolution_scratch(const covey__convolution *layer, size_t threads,
                                  size_t photos) {
    size_t tiles = photos * covey__tiles(layer->height, layer->plan.tile) *
                   covey__tiles(layer->width, layer->plan.tile);
    size_t capacity = layer->plan.block < tiles ? layer->plan.block : tiles;
    return scratch_floats(layer, capacity) * (layer->plan.staged ? 1 : threads);
}

static void input_tiles(const wino_context *context, const scratch *s, size_t slot, size_t first,
                        size_t count) {
    const covey__convolution *layer = context->layer;
    const covey__kernels *kernels = context->network->kernels;
    covey__wino_input_fn *input = layer->plan.bf16
                                      ? covey__wino_input_bf16(kernels, layer->plan.tile)
                                      : covey__wino_input(kernels, layer->plan.tile);
    size_t tile = (size_t)layer->plan.tile;
    size_t image = context->in_height * layer->width * layer->inputs;
    for (size_t i = 0; i < count; ++i) {
        size_t photo = (first + i) / context->per_photo, place = (first + i) % context->per_photo;
        ptrdiff_t y = (ptrdiff_t)(place / context->across * tile) - 1 - (ptrdiff_t)context->in_top;
        ptrdiff_t x = (ptrdiff_t)(place % context->across * tile) - 1;
        input(s->v + (slot + i) * s->v_stride, s->v_point, context->in + photo * image,
              context->in_height, layer->width, layer->inputs, y, x);
    }
}

static void output_tiles(const wino_context *context, const scratch *s, size_t slot, size_t first,
                         size_t count) {
    const covey__convolution *layer = context->layer;
    covey__wino_output_fn *output =
        covey__wino_output(context->network->kernels, layer->plan.tile);
    size_t tile = (size_t)layer->plan.tile, step = context->flags & COVEY__POOL ? 2 : 1;
    size_t image = (layer->height / step) * (layer->width / step) * layer->outputs;
    for (size_t i = 0; i < count; ++i) {
        size_t photo = (first + i) / context->per_photo, place = (first + i) % context->per_photo;
        output(context->out + photo * image, s->m + (slot + i) * s->m_stride, s->m_point,
               layer->bias, layer->height, layer->width, layer->outputs,
               place / context->across * tile, place % context->across * tile, context->flags);
    }
}

/* M = V U at one point for `count` tiles and a run of panels; `next`: what is read after. */
static void multiply(const wino_context *context, const scratch *s, size_t point, size_t count,
                     size_t panel, size_t panels, const float *next) {
    const covey__convolution *layer = context->layer;
    const covey__kernels *kernels = context->network->kernels;
    size_t tile_n = kernels->gemm_tile_n;
    const float *u =
        layer->weights + (point * layer->padded + panel * tile_n) * layer->depth;
    covey__gemm_fn *gemm = layer->plan.bf16 ? kernels->gemm_bf16 : kernels->gemm;
    gemm(s->m + point * s->m_point + panel * tile_n, s->m_stride, s->v + point * s->v_point,
         s->v_stride, u, count, layer->depth, panels, next);
}

/* A block of tiles from input to output, in one thread's scratch. */
static void compute_block(const wino_context *context, const scratch *s, size_t first,
                          size_t count) {
    const covey__convolution *layer = context->layer;
    size_t panels = layer->padded / context->network->kernels->gemm_tile_n;
    input_tiles(context, s, 0, first, count);
    for (size_t point = 0; point < context->points; ++point)
        multiply(context, s, point, count, 0, panels,
                 point + 1 < context->points
                     ? layer->weights + (point + 1) * layer->padded * layer->depth
                     : NULL);
    output_tiles(context, s, 0, first, count);
}

static void fused_task(void *argument, size_t task, int worker) {
    const wino_context *context = argument;
    const covey__convolution *layer = context->layer;
    size_t block = context->block, first = task * block;
    size_t count = context->total - first < block ? context->total - first : block;
    scratch s = scratch_at(context,
                           context->network->scratch +
                               (size_t)worker * scratch_floats(layer, block),
                           block);
    compute_block(context, &s, first, count);
}

static scratch staged_scratch(const wino_context *context) {
    size_t block = context->layer->plan.block;
    return scratch_at(context, context->network->scratch,
                      block < context->total ? block : context->total);
}

static void staged_input_task(void *argument, size_t task, int worker) {
    (void)worker;
    const wino_context *context = argument;
    scratch s = staged_scratch(context);
    size_t from = task * context->tiles_per_task, left = context->count - from;
    input_tiles(context, &s, from, context->first + from,
                left < context->tiles_per_task ? left : context->tiles_per_task);
}

static void staged_output_task(void *argument, size_t task, int worker) {
    (void)worker;
    const wino_context *context = argument;
    scratch s = staged_scratch(context);
    size_t from = task * context->tiles_per_task, left = context->count - from;
    output_tiles(context, &s, from, context->first + from,
                 left < context->tiles_per_task ? left : context->tiles_per_task);
}

static void staged_product_task(void *argument, size_t task, int worker) {
    (void)worker;
    const wino_context *context = argument;
    scratch s = staged_scratch(context);
    size_t panels = context->layer->padded / context->network->kernels->gemm_tile_n;
    size_t groups = (panels + context->panels_per_task - 1) / context->panels_per_task;
    size_t panel = task % groups * context->panels_per_task, left = panels - panel;
    multiply(context, &s, task / groups, context->count, panel,
             left < context->panels_per_task ? left : context->panels_per_task, NULL);
}

static void run_staged(wino_context *context) {
    covey_network *network = context->network;
    const covey__convolution *layer = context->layer;
    size_t panels = layer->padded / network->kernels->gemm_tile_n;
    /* Small enough for an even load on a few threads. */
    context->panels_per_task = panels > 8 ? 8 : panels;
    context->tiles_per_task = context->total < 64 ? 1 : 4;
    size_t groups = (panels + context->panels_per_task - 1) / context->panels_per_task;
    for (size_t first = 0; first < context->total; first += layer->plan.block) {
        size_t left = context->total - first;
        context->first = first;
        context->count = left < layer->plan.block ? left : layer->plan.block;
        size_t tasks =
            (context->count + context->tiles_per_task - 1) / context->tiles_per_task;
        covey__pool_run(network->pool, tasks, staged_input_task, context);
        covey__pool_run(network->pool, context->points * groups, staged_product_task, context);
        covey__pool_run(network->pool, tasks, staged_output_task, context);
    }
}

static wino_context context_of(covey_network *network, float *out, const float *in, int index,
                               size_t photos, int flags) {
    const covey__convolution *layer = &network->convolutions[index];
    assert(index >= 1 && !((flags & COVEY__POOL) && layer->plan.tile % 2));
    size_t n = (size_t)layer->plan.tile + 2;
    wino_context context = {.network = network,
                            .layer = layer,
                            .out = out,
                            .in = in,
                            .across = covey__tiles(layer->width, layer->plan.tile),
                            .points = n * n,
                            .in_height = layer->height,
                            .flags = flags};
    context.per_photo = context.across * covey__tiles(layer->height, layer->plan.tile);
    context.total = photos * context.per_photo;
    return context;
}

/* Tiles of a fused task: the plan's, or fewer where the number of tasks would otherwise leave
 * threads idle at the end (one photo's 64 tiles are 4 4/7 blocks of 14, two threads take six of
 * 11). Many tasks balance by themselves. */
static size_t even_block(const wino_context *context) {
    size_t block = context->layer->plan.block;
    size_t threads = (size_t)covey__pool_size(context->network->pool);
    size_t tasks = (context->total + block - 1) / block;
    if (tasks < 8 * threads)
        tasks = (tasks + threads - 1) / threads * threads;
    return (context->total + tasks - 1) / tasks;
}

void covey__network_convolve(covey_network *network, float *out, const float *in, int index,
                             size_t photos, int flags) {
    wino_context context = context_of(network, out, in, index, photos, flags);
    if (context.layer->plan.staged) {
        run_staged(&context);
        return;
    }
    context.block = even_block(&context);
    covey__pool_run(network->pool, (context.total + context.block - 1) / context.block,
                    fused_task, &context);
}

/* ---- the first two layers together ------------------------------------------------------- */

/* Tiles per block: a row of tiles cut evenly into blocks of at most the plan's. */
static size_t strip_block(const covey__convolution *layer) {
    size_t across = covey__tiles(layer->width, layer->plan.tile);
    size_t parts = (across + layer->plan.block - 1) / layer->plan.block;
    return (across + parts - 1) / parts;
}

static size_t strip_floats(const covey__convolution *layer) {
    return ((size_t)layer->plan.tile + 2) * layer->width * layer->inputs;
}

size_t covey__first_two_scratch(const covey__convolution *second, size_t threads) {
    return threads * (strip_floats(second) + scratch_floats(second, strip_block(second)));
}

/* One row of tiles of the second layer: the rows of the first that it reads are computed into
 * the thread's strip, and never leave its cache. Neighbours compute two rows twice. */
static void strip_task(void *argument, size_t task, int worker) {
    const wino_context *context = argument;
    covey_network *network = context->network;
    const covey__convolution *layer = context->layer;
    size_t tile = (size_t)layer->plan.tile, block = strip_block(layer), y = task * tile;
    size_t top = y ? y - 1 : 0;
    size_t bottom = y + tile + 1 < layer->height ? y + tile + 1 : layer->height;
    float *strip = network->scratch +
                   (size_t)worker * (strip_floats(layer) + scratch_floats(layer, block));
    for (size_t row = top; row < bottom; ++row)
        first_row(network, strip + (row - top) * layer->width * layer->inputs, row, 1);
    wino_context mine = *context;
    mine.in = strip;
    mine.in_top = top;
    mine.in_height = bottom - top;
    scratch s = scratch_at(&mine, strip + strip_floats(layer), block);
    for (size_t x = 0; x < context->across; x += block) {
        size_t left = context->across - x;
        compute_block(&mine, &s, task * context->across + x, left < block ? left : block);
    }
}

void covey__network_first_two(covey_network *network, float *out, const uint8_t *rgb, int flags) {
    first_context first = {network, NULL, rgb, 1};
    covey__pool_run(network->pool, (network->height + 2 + ROWS_PER_TASK - 1) / ROWS_PER_TASK,
                    prepare_task, &first);
    wino_context context = context_of(network, out, NULL, 1, 1, flags);
    covey__pool_run(network->pool, context.per_photo / context.across, strip_task, &context);
}

/* ---- max-pool ---------------------------------------------------------------------------- */

typedef struct pool_context {
    covey_network *network;
    float *out;
    const float *in;
    size_t height, width, channels;
} pool_context;

static void pool_task(void *argument, size_t task, int worker) {
    (void)worker;
    const pool_context *context = argument;
    size_t half = context->height / 2, photo = task / half, y = task % half;
    size_t in_row = context->width * context->channels;
    size_t out_row = context->width / 2 * context->channels;
    context->network->kernels->max_pool(
        context->out + (photo * half + y) * out_row,
        context->in + (photo * context->height + 2 * y) * in_row, context->width,
        context->channels);
}

void covey__network_max_pool(covey_network *network, float *out, const float *in, size_t photos,
                             size_t height, size_t width, size_t channels) {
    pool_context context = {network, out, in, height, width, channels};
    covey__pool_run(network->pool, photos * (height / 2), pool_task, &context);
}
