/* SPDX-License-Identifier: MIT */
/* A 3x3 convolution without transforms, for matrix units that multiply bfloat16.
 *
 * A float32 x is kept as one part, bfloat16(x), or as two, the second being bfloat16(x - first): 8 or
 * 16 bits of its 24. Of two parts the product takes first x first, first x second and second x first;
 * what is left out is 2^-16 of it [HenryEtAl2019].
 *
 * An image [height][width][channels] lies as planes of 32 channels, one position after the other:
 * [part][chunk][position][32]. Between two rows lies one position of zeros, which is the right rim of
 * the one and the left rim of the other, so that all taps of a position lie at fixed distances from
 * it, and a convolution walks through rows and rims without looking where it is:
 *
 *     lead | rim row of zeros, width + 1 | row 0, width, 0 | row 1, width, 0 | ... | rim row
 *
 * What it computes at the rims is never stored. */
#ifndef COVEY_PLANES_INTERNAL_H
#define COVEY_PLANES_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

enum {
    COVEY__CHUNK = 32,          /* channels of a plane, and of a panel of outputs */
    COVEY__POSITIONS = 16,      /* a block: kernels read whole blocks of positions */
    COVEY__PANEL_STEP = 32 * 32 /* weights of one tap, one chunk in and one panel out */
};

/* Where a convolution finds what it multiplies; all in bfloat16 values. */
typedef struct covey__planes_shape {
    size_t step;         /* from one position to the next: COVEY__CHUNK, 4 for the photo itself */
    size_t plane, part;  /* from one chunk, one part to the next */
    size_t chunks, parts; /* parts: 1 or 2 */
    size_t taps;         /* 9; 3 for the photo, whose tap is 8 positions of 4 */
    ptrdiff_t tap[9];    /* from a position to its taps */
} covey__planes_shape;

/* sums [positions, rounded up to whole blocks][32], 64-byte aligned = the products of 32 values at
 * every tap of every chunk with weights [chunk][tap][part][2][16][16][2] (output half, pair of
 * inputs, output, which of the pair). `in` is the first position; up to 15 positions behind the last
 * are read. Each sum is one chain in float32 over chunks, taps, products of parts and pairs of inputs,
 * whatever block it falls into. tile_m: positions, tile_n: outputs. */
typedef void covey__planes_convolve_fn(float *sums, const uint16_t *in,
                                       const covey__planes_shape *shape, const uint16_t *weights,
                                       size_t positions);

/* Where the outputs of a panel go: `height` rows of `width` (after the pool), as parts or as float32. */
typedef struct covey__planes_target {
    uint16_t *planes;    /* its first position, or NULL: */
    float *floats;       /* [height][width][stride] */
    size_t part;         /* from one part to the next */
    size_t parts, stride;
    size_t height, width;
    size_t channels;     /* of floats: those beyond are not written, 1 .. 32 */
} covey__planes_target;

/* Bias added, ReLU and 2x2 max-pool on request, from sums [rows][in_pitch][32]: two rows and two columns
 * for each of target with COVEY__POOL. Planes get their position of zeros behind each row. */
typedef void covey__planes_store_fn(const covey__planes_target *target, const float *sums,
                                    size_t in_pitch, const float *bias, int flags);

/* To the nearest bfloat16, ties to even; subnormals to zero as the matrix units take them. */
static inline uint16_t covey__to_bf16(float x) {
    union {
        float value;
        uint32_t bits;
    } u = {.value = x};
    if ((u.bits & 0x7f800000u) == 0)
        return (uint16_t)(u.bits >> 16 & 0x8000u);
    return (uint16_t)((u.bits + 0x7fffu + (u.bits >> 16 & 1)) >> 16);
}

static inline float covey__from_bf16(uint16_t half) {
    union {
        uint32_t bits;
        float value;
    } u = {.bits = (uint32_t)half << 16};
    return u.value;
}

/* The parts of x, the second where it is asked for. */
static inline void covey__split_bf16(uint16_t part[2], float x, size_t parts) {
    part[0] = covey__to_bf16(x);
    if (parts == 2)
        part[1] = covey__to_bf16(x - covey__from_bf16(part[0]));
}

#endif
