/* SPDX-License-Identifier: MIT */
/* The interpolation points, each a pair +-p; F(4x4) and F(6x6) also use 0, all use infinity. How
 * they were chosen, and the error of others, stands in docs/maths/winograd.md. Changing one
 * changes the features' last bits: raise the plan version with it. */
#ifndef COVEY_WINO_POINTS_INTERNAL_H
#define COVEY_WINO_POINTS_INTERNAL_H

#define WINO4_P 0.75
#define WINO4_Q 1.5

#define WINO6_P 1.0
#define WINO6_Q 2.0
#define WINO6_R 0.5

#define WINO7_P 0.25
#define WINO7_Q 0.625
#define WINO7_R 1.25
#define WINO7_S 2.0

#endif
