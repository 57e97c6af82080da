/* SPDX-License-Identifier: MIT */
/* How the network is laid out in memory and cut into tasks (docs/design/vgg.md has the picture).
 *
 * The leading layers of the plan run photo by photo, so that their large activations stay in
 * cache; the rest run over the whole batch, so that transformed weights are read once for all of
 * its photos. The workspace is one block, each region 64-byte aligned:
 *
 *   | padded rgb | early 0 | early 1 | late 0 | late 1 | scratch: V and M                   |
 *   | one photo  |  one photo each   |   batch each    | fused: per thread, staged: shared  |
 *
 * Layer i reads one region of its pair and writes the other. */
#ifndef COVEY_NETWORK_INTERNAL_H
#define COVEY_NETWORK_INTERNAL_H

#include "covey/network.h"
#include "kernels_internal.h"
#include "threads_internal.h"
#include "weights_internal.h"

enum { COVEY__ENGINE_ID = 32 };

/* How one layer is computed. */
typedef struct covey__plan_layer {
    int tile;      /* m of Winograd F(m x m, 3x3): 4, 6 or 7; 0 where it is direct */
    size_t block;  /* fused: tiles per task, transforms and product together, V and M in L2;
                    * staged: tiles per pass, each stage on all threads, weights read once;
                    * planes: rows per task, even; staged: one panel of outputs per task */
    int staged;
    int bf16;      /* V and U rounded to bfloat16, the sums float32; tile 4 or 6 */
} covey__plan_layer;

/* A committed table per ISA, for VGG16; never timed at run time. `version` goes into the engine id. */
typedef struct covey__plan {
    covey_isa isa;
    covey_precision precision;
    int version;
    int early;                   /* leading convolutions that run photo by photo, 1 .. 12 */
    covey__plan_layer layers[COVEY_VGG_CONVOLUTIONS_MAX]; /* [0] is direct: unused without parts */
    size_t parts; /* 0: Winograd; 1, 2: direct over planes of as many bfloat16 parts of a float32 */
} covey__plan;

const covey__plan *covey__plan_get(covey_isa isa, covey_precision precision);

/* The plan of another member of the family: each layer is computed as the committed plan computes
 * VGG16's layer of that shape. VGG16's own plan comes out as it is. */
void covey__plan_fit(covey__plan *out, const covey__plan *committed, const covey__vgg *member);

typedef struct covey__convolution {
    covey__plan_layer plan;
    size_t inputs, outputs;  /* channels */
    size_t padded;           /* outputs rounded up to whole panels; so is the bias */
    size_t depth;            /* 32-bit places per row of V: inputs, or pairs of them (bf16) */
    size_t height, width;    /* of input and output */
    int pool;                /* followed by a 2x2 max-pool */
    union {
        float *weights;   /* U [n*n][panels][depth][tile_n]; layer 0: [27][outputs] */
        uint16_t *panels; /* with parts: as covey__planes_convolve_fn takes them */
    };
    float *bias;
} covey__convolution;

struct covey_network {
    covey__plan plan;
    const covey__kernels *kernels;
    covey__pool *pool;
    size_t batch, height, width;
    const covey__vgg *member;
    int count; /* of its convolutions */
    covey__convolution convolutions[COVEY_VGG_CONVOLUTIONS_MAX];
    float *parameters; /* holds every layer's weights and bias */
    size_t parameters_size;
    float *workspace;
    size_t workspace_size;
    float *rgb, *early[2], *late[2], *scratch; /* into workspace */
    float colour[3][256];                      /* (value / 255 - mean) / std */
    uint16_t colour_parts[2][3][256];          /* the same in bfloat16 parts */
    covey_pooling pooling;
    char id[COVEY__ENGINE_ID];
};

/* What covey_network_new would make here, without the work: its engine id and the columns of its
 * features. */
COVEY_NODISCARD covey_status covey__network_identify(char id[COVEY__ENGINE_ID], size_t *channels,
                                                     const covey_weights *weights,
                                                     covey_precision precision, covey_error *err);

/* As covey_network_new with a plan of the caller's: for tests and tuning. */
COVEY_NODISCARD covey_status covey__network_new_planned(covey_network **out,
                                                        const covey_weights *weights,
                                                        const covey_network_params *params,
                                                        covey_isa isa, const covey__plan *plan,
                                                        covey_error *err);

static inline size_t covey__tiles(size_t size, int tile) {
    return (size + (size_t)tile - 1) / (size_t)tile;
}

/* Whether the layer's pool is part of its output transform (never of the direct layer 0). With an odd tile, two tiles share pool
 * windows, and a task takes whole 2x2 groups of tiles. */
static inline int covey__pool_is_fused(const covey__convolution *layer) {
    int tile = layer->plan.tile;
    return layer->pool && tile && (tile % 2 == 0 || (covey__tiles(layer->height, tile) % 2 == 0 &&
                                             covey__tiles(layer->width, tile) % 2 == 0));
}

/* Floats of V's row: its depth, and one cache line more so that rows fall into different sets. */
static inline size_t covey__v_stride(const covey__convolution *convolution) {
    return (convolution->depth + 15) / 16 * 16 + 16;
}

static inline size_t covey__m_stride(const covey__convolution *convolution) {
    return convolution->padded + 16;
}

/* Floats of scratch that one convolution needs with these many threads and photos. */
size_t covey__convolution_scratch(const covey__convolution *convolution, size_t threads,
                                  size_t photos);

/* Asks for large pages: the blocks are walked in strides that would miss the TLB otherwise. */
void covey__advise_huge(void *block, size_t bytes);

/* Transforms the weights of all layers, on all threads. */
covey_status covey__network_pack(covey_network *network, const covey_weights *weights,
                                 covey_error *err);

/* The first layer for one photo: rgb [height][width][3] -> out [height][width][channels]. */
void covey__network_first(covey_network *network, float *out, const uint8_t *rgb, int relu);

/* Convolution 1, 2, ... for `photos` photos that lie one after the other. flags: COVEY__RELU,
 * COVEY__POOL (where covey__pool_is_fused). */
void covey__network_convolve(covey_network *network, float *out, const float *in, int index,
                             size_t photos, int flags);

/* The first two convolutions of one photo, ReLU between them, the first in strips that stay in
 * cache: the same bits as one after the other. `flags` are the second's. */
void covey__network_first_two(covey_network *network, float *out, const uint8_t *rgb, int flags);

/* Floats of scratch that covey__network_first_two needs; `second` is convolution 1. */
size_t covey__first_two_scratch(const covey__convolution *second, size_t threads);

/* ---- over planes (network_planes.c) ----------------------------------------------------------- */

/* Floats of each region of the workspace: one of the early pair, one of the late pair. */
typedef struct covey__regions {
    size_t rgb, early, late, scratch;
} covey__regions;

covey__regions covey__planes_regions(const covey_network *network);

/* bfloat16 values of the weights for 32 outputs, and the packing of one such panel. */
size_t covey__planes_panel_size(const covey__convolution *layer, int index, size_t parts);
void covey__planes_pack_panel(const covey__convolution *layer, int index, size_t parts,
                              const float *weight, size_t panel);

/* Convolution `index` of photos that lie one after the other, as planes (the photo itself for 0), to
 * planes or, `flat`, to float32 [photo][height][width][channels]. flags: COVEY__RELU, COVEY__POOL. */
void covey__planes_layer(covey_network *network, float *out, const float *in, int index, int flat,
                         size_t photos, int flags);

/* Photos through convolutions 0 .. last, the last with `flags` (COVEY__RELU, COVEY__POOL) and as float32
 * [photo][height][width][channels]: where they lie is returned. More than one photo only where `last`
 * is behind the early layers. */
float *covey__planes_run(covey_network *network, const uint8_t *const *rgb, size_t photos, int last,
                         int flags);

/* 2x2 max-pool of `photos` images [height][width][channels]. */
void covey__network_max_pool(covey_network *network, float *out, const float *in, size_t photos,
                             size_t height, size_t width, size_t channels);

#endif
