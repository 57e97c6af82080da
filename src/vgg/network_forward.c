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

/* `width` pixels from (y, x) on of the first layer's output, from the prepared photo. */
static void first_row(const covey_network *network, float *out, size_t y, size_t x, size_t width,
                      int relu) {
    const covey__convolution *layer = &network->convolutions[0];
    size_t stride = (network->width + 2) * 3;
    const float *row = network->rgb + y * stride + 3 * x;
    const float *const rows[3] = {row, row + stride, row + 2 * stride};
    network->kernels->conv_rgb(out, rows, layer->weights, layer->bias, width, layer->outputs,
                               relu);
}

static void first_task(void *argument, size_t task, int worker) {
    (void)worker;
    const first_context *context = argument;
    const covey_network *network = context->network;
    size_t floats = network->width * network->convolutions[0].outputs;
    size_t end = (task + 1) * ROWS_PER_TASK;
    end = end < network->height ? end : network->height;
    for (size_t y = task * ROWS_PER_TASK; y < end; ++y)
        first_row(network, context->out + y * floats, y, 0, network->width, context->relu);
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
    size_t group;                    /* 2: tiles in 2x2 groups that share pool windows, else 1 */
    size_t points;                   /* n * n */
    size_t in_top, in_left, in_height, in_width; /* the part of the layer's input `in` holds */
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

/* The plan's block in whole groups. */
static size_t whole_block(const covey__convolution *layer, size_t group) {
    size_t groups = layer->plan.block / (group * group);
    return (groups ? groups : 1) * group * group;
}

size_t covey__convolution_scratch(const covey__convolution *layer, size_t threads,
                                  size_t photos) {
    size_t tiles = photos * covey__tiles(layer->height, layer->plan.tile) *
                   covey__tiles(layer->width, layer->plan.tile);
    size_t one = whole_block(layer, 1), two = whole_block(layer, 2);
    size_t block = one > two ? one : two, capacity = block < tiles ? block : tiles;
    return scratch_floats(layer, capacity) * (layer->plan.staged ? 1 : threads);
}

/* Where a photo's tile number `tile` lies, in tiles: row by row, or by 2x2 groups, each from top to
 * bottom and left to right as covey__wino_output_fn asks. */
static void place_tile(const wino_context *context, size_t tile, size_t *y, size_t *x) {
    size_t band = context->across * context->group;
    *y = tile / band * context->group + tile % context->group;
    *x = tile % band / context->group;
}

static void input_tiles(const wino_context *context, const scratch *s, size_t slot, size_t first,
                        size_t count) {
    const covey__convolution *layer = context->layer;
    const covey__kernels *kernels = context->network->kernels;
    covey__wino_input_fn *input = layer->plan.bf16
                                      ? covey__wino_input_bf16(kernels, layer->plan.tile)
                                      : covey__wino_input(kernels, layer->plan.tile);
    size_t tile = (size_t)layer->plan.tile;
    size_t image = context->in_height * context->in_width * layer->inputs;
    for (size_t i = 0; i < count; ++i) {
        size_t photo = (first + i) / context->per_photo, y, x;
        place_tile(context, (first + i) % context->per_photo, &y, &x);
        input(s->v + (slot + i) * s->v_stride, s->v_point, context->in + photo * image,
              context->in_height, context->in_width, layer->inputs,
              (ptrdiff_t)(y * tile) - 1 - (ptrdiff_t)context->in_top,
              (ptrdiff_t)(x * tile) - 1 - (ptrdiff_t)context->in_left);
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
        size_t photo = (first + i) / context->per_photo, y, x;
        place_tile(context, (first + i) % context->per_photo, &y, &x);
        output(context->out + photo * image, s->m + (slot + i) * s->m_stride, s->m_point,
               layer->bias, layer->height, layer->width, layer->outputs, y * tile, x * tile,
               context->flags);
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
    size_t block = whole_block(context->layer, context->group);
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
    context->tiles_per_task = context->total < 64 && context->group == 1 ? 1 : 4;
    size_t groups = (panels + context->panels_per_task - 1) / context->panels_per_task;
    size_t block = whole_block(layer, context->group);
    for (size_t first = 0; first < context->total; first += block) {
        size_t left = context->total - first;
        context->first = first;
        context->count = left < block ? left : block;
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
    assert(index >= 1 && !((flags & COVEY__POOL) && !covey__pool_is_fused(layer)));
    size_t n = (size_t)layer->plan.tile + 2;
    wino_context context = {.network = network,
                            .layer = layer,
                            .out = out,
                            .in = in,
                            .across = covey__tiles(layer->width, layer->plan.tile),
                            .points = n * n,
                            .group = flags & COVEY__POOL && layer->plan.tile % 2 ? 2 : 1,
                            .in_height = layer->height,
                            .in_width = layer->width,
                            .flags = flags};
    context.per_photo = context.across * covey__tiles(layer->height, layer->plan.tile);
    context.total = photos * context.per_photo;
    return context;
}

/* Tiles of a fused task: the plan's, or fewer where the number of tasks would otherwise leave
 * threads idle at the end (one photo's 64 tiles are 4 4/7 blocks of 14, two threads take six of
 * 11). Many tasks balance by themselves. Whole groups. */
static size_t even_block(const wino_context *context) {
    size_t least = context->group * context->group;
    size_t block = whole_block(context->layer, context->group) / least;
    size_t groups = context->total / least;
    size_t threads = (size_t)covey__pool_size(context->network->pool);
    size_t tasks = (groups + block - 1) / block;
    if (tasks < 8 * threads)
        tasks = (tasks + threads - 1) / threads * threads;
    return (groups + tasks - 1) / tasks * least;
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

/* A strip is a block of tiles, one tile high or, with 2x2 groups, two. */
typedef struct strip {
    size_t high, wide; /* tiles */
    size_t in_height, in_width; /* of the second layer's input, at most */
} strip;

static strip strip_of(const covey__convolution *layer, size_t group) {
    size_t across = covey__tiles(layer->width, layer->plan.tile) / group;
    size_t most = whole_block(layer, group) / (group * group);
    size_t parts = (across + most - 1) / most;
    strip s = {.high = group, .wide = (across + parts - 1) / parts * group};
    s.in_height = s.high * (size_t)layer->plan.tile + 2;
    s.in_width = s.wide * (size_t)layer->plan.tile + 2;
    return s;
}

static size_t strip_floats(const covey__convolution *layer, const strip *s) {
    return s->in_height * s->in_width * layer->inputs;
}

/* Enough for groups of one and of two tiles. */
size_t covey__first_two_scratch(const covey__convolution *second, size_t threads) {
    size_t largest = 0;
    for (size_t group = 1; group <= 2; ++group) {
        strip s = strip_of(second, group);
        size_t floats = strip_floats(second, &s) + scratch_floats(second, s.high * s.wide);
        largest = floats > largest ? floats : largest;
    }
    return threads * largest;
}

/* The part of the first layer's output that a strip of the second reads is computed into the
 * thread's scratch, and never leaves its cache. Neighbours compute the two places between them
 * twice. */
static void strip_task(void *argument, size_t task, int worker) {
    const wino_context *context = argument;
    covey_network *network = context->network;
    const covey__convolution *layer = context->layer;
    strip shape = strip_of(layer, context->group);
    size_t parts = (context->across + shape.wide - 1) / shape.wide;
    size_t tile = (size_t)layer->plan.tile, count = shape.high * shape.wide;
    size_t first_x = task % parts * shape.wide, y = task / parts * shape.high * tile;
    size_t left = context->across - first_x, wide = left < shape.wide ? left : shape.wide;
    size_t x = first_x * tile;
    wino_context mine = *context;
    mine.in_top = y ? y - 1 : 0;
    mine.in_left = x ? x - 1 : 0;
    size_t bottom = y + shape.high * tile + 1, right = x + wide * tile + 1;
    mine.in_height = (bottom < layer->height ? bottom : layer->height) - mine.in_top;
    mine.in_width = (right < layer->width ? right : layer->width) - mine.in_left;
    float *in = network->scratch + (size_t)worker * (strip_floats(layer, &shape) +
                                                     scratch_floats(layer, count));
    for (size_t row = 0; row < mine.in_height; ++row)
        first_row(network, in + row * mine.in_width * layer->inputs, mine.in_top + row,
                  mine.in_left, mine.in_width, 1);
    mine.in = in;
    scratch s = scratch_at(&mine, in + strip_floats(layer, &shape), count);
    compute_block(&mine, &s, task / parts * context->across * shape.high + first_x * shape.high,
                  wide * shape.high);
}

void covey__network_first_two(covey_network *network, float *out, const uint8_t *rgb, int flags) {
    first_context first = {network, NULL, rgb, 1};
    covey__pool_run(network->pool, (network->height + 2 + ROWS_PER_TASK - 1) / ROWS_PER_TASK,
                    prepare_task, &first);
    wino_context context = context_of(network, out, NULL, 1, 1, flags);
    strip shape = strip_of(context.layer, context.group);
    size_t parts = (context.across + shape.wide - 1) / shape.wide;
    covey__pool_run(network->pool, context.per_photo / context.across / shape.high * parts,
                    strip_task, &context);
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
