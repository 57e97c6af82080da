/* SPDX-License-Identifier: MIT */
/* Counter-based random numbers: Philox4x32-10 [Salmon2011]. A number depends only on
 * (seed, purpose, row, index), never on which thread asks or in what order. */
#ifndef COVEY_RANDOM_INTERNAL_H
#define COVEY_RANDOM_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

/* Purposes keep streams apart; values never change, since outputs depend on them. */
enum {
    COVEY__PURPOSE_TEST = 0,
    COVEY__PURPOSE_START = 1,     /* k-means++ and random starts; row = restart */
    COVEY__PURPOSE_PILOT = 2,     /* the pilot that scales are estimated from */
    COVEY__PURPOSE_WEIGHTS = 3,   /* the miniature network of the tests */
    COVEY__PURPOSE_RESAMPLE = 4,  /* stability; row = resample */
    COVEY__PURPOSE_DESCENT = 5,   /* random starts of gradient descent */
    COVEY__PURPOSE_SLICE = 6,     /* random directions of the landscape */
    COVEY__PURPOSE_STRANGER = 7,  /* far-off rows mixed in: 0 the direction, 1 + i the i-th */
    COVEY__PURPOSE_OVERSAMPLE = 8, /* k-means||; index = restart * rounds + round */
    COVEY__PURPOSE_BATCH = 9 /* rows of mini-batches; row = restart, index = batch * size + place */
};

/* Ten rounds on counter (row, index) under key (seed, purpose). */
void covey__philox(uint32_t out[4], uint64_t seed, uint32_t purpose, uint64_t row, uint64_t index);

/* Uniform in [0, 1), 53 bits. */
double covey__uniform(uint64_t seed, uint32_t purpose, uint64_t row, uint64_t index);

/* Uniform in 0 .. n-1, without bias (rejection on sub-counters). n > 0. */
uint64_t covey__uniform_below(uint64_t n, uint64_t seed, uint32_t purpose, uint64_t row,
                              uint64_t index);

/* Standard normal by Box-Muller. */
double covey__normal(uint64_t seed, uint32_t purpose, uint64_t row, uint64_t index);

#endif
