/* SPDX-License-Identifier: MIT */
/* VGG's convolutional part on the CPU (VGG16's by default): photos in, 512-number descriptions or
 * feature maps out.
 *
 * A covey_network belongs to one thread at a time and starts threads of its own; the weights may
 * be shared. After covey_network_new a forward pass allocates nothing. Features are bit-identical
 * for any batch size, place in the batch and number of threads; they differ between engine ids. */
#ifndef COVEY_NETWORK_H
#define COVEY_NETWORK_H

#include <stdint.h>

#include "covey/cpu.h"
#include "covey/weights.h"

COVEY_BEGIN_DECLS

/* A network ready to compute (covey_network_new, covey_network_free). */
typedef struct covey_network covey_network;

/* Of the products: float32, or bfloat16 with sums in float32. */
typedef enum covey_precision { COVEY_PRECISION_F32 = 0, COVEY_PRECISION_BF16 = 1 } covey_precision;

/* How the places of the last max-pool's output become one number per channel. */
typedef enum covey_pooling {
    COVEY_POOLING_MEAN = 0,
    COVEY_POOLING_MAX = 1,
    COVEY_POOLING_GEM = 2 /* generalized mean (mean of x^3)^(1/3) [RadenovicEtAl2019] */
} covey_pooling;

/* How the network computes; begin with covey_network_params_default. */
typedef struct covey_network_params {
    int threads;               /* 0: all cores */
    size_t batch;              /* photos computed together, 1 .. 64 */
    size_t height, width;      /* of the input, 32 .. 4096 */
    covey_precision precision; /* BF16 needs AVX512_BF16 or AMX: COVEY_E_UNSUPPORTED elsewhere */
    covey_pooling pooling;     /* of the features; layers are not touched by it */
} covey_network_params;

/* All cores, batch 8, 224 x 224, float32, mean. */
COVEY_API covey_network_params covey_network_params_default(void);

/* `weights` must outlive the network. */
COVEY_API COVEY_NODISCARD covey_status covey_network_new(covey_network **out,
                                                         const covey_weights *weights,
                                                         const covey_network_params *params,
                                                         covey_error *err);
COVEY_API void covey_network_free(covey_network *network); /* accepts NULL */

/* "mean", "max", "gem"; NULL for a value that is none of them. */
COVEY_API const char *covey_pooling_name(covey_pooling pooling);

/* features [n][channels] (512 for VGG16), float32, at least 0: the last max-pool's output pooled
 * over its places. rgb [n][height][width][3], 8 bits. n may exceed the batch. No aliasing. */
COVEY_API COVEY_NODISCARD covey_status covey_network_compute_features(covey_network *network,
                                                                      float *features,
                                                                      const uint8_t *rgb,
                                                                      size_t n);

/* The same for photos that lie apart: rgb [n] pointers to [height][width][3]. */
COVEY_API COVEY_NODISCARD covey_status covey_network_compute_features_of(
    covey_network *network, float *features, const uint8_t *const *rgb, size_t n);

/* Layers are numbered as torchvision numbers the `features` of the member without batch normalisation
 * (VGG16: 0 is the first convolution before its ReLU, 1 after it, 4 the first pool, 30 the last). */
COVEY_API int covey_network_layer_count(const covey_network *network);

/* Shape of the output of layer 0 .. count-1. */
COVEY_API COVEY_NODISCARD covey_status covey_network_get_layer_shape(const covey_network *network,
                                                                     int layer, size_t *channels,
                                                                     size_t *height,
                                                                     size_t *width);

/* The output of one layer for one photo: out [channels][height][width]. */
COVEY_API COVEY_NODISCARD covey_status covey_network_compute_layer(covey_network *network,
                                                                   float *out, int layer,
                                                                   const uint8_t *rgb);

COVEY_API size_t covey_network_channels(const covey_network *network); /* of the features */

/* "avx512-f32-p2", "amx-bf16-p1": ISA, precision, plan version. Same id, same photos: same bits. */
COVEY_API const char *covey_network_engine_id(const covey_network *network);

/* Bytes of activations and scratch, transformed weights apart. */
COVEY_API size_t covey_network_workspace_size(const covey_network *network);

COVEY_END_DECLS

#endif
