/* SPDX-License-Identifier: MIT */
/* What the write-up's own program reaches on the first 100 rows of the animals features, raw, with
 * k = 5: numbers only, computed with NumPy and SciPy from the starts named. Parameters: 1.0, and
 * for correntropy sigma = the median distance to the mean. Losses in the order of
 * original_losses. */
#ifndef CLUSTER_ORIGINAL_H
#define CLUSTER_ORIGINAL_H

#include <stddef.h>

enum { ORIGINAL_ROWS = 100, ORIGINAL_K = 5, ORIGINAL_LOSSES = 6 };

static const char *const original_losses[ORIGINAL_LOSSES] = {
    "square", "absolute", "huber", "pseudo_huber", "correntropy", "epsilon_insensitive"};

static const double original_sigma = 84.30784679172228;

static const struct {
    size_t start[ORIGINAL_K]; /* rows */
    double objective[ORIGINAL_LOSSES];
} original_runs[] = {
    {{26, 86, 2, 55, 75},
     {734649.491703, 98224.0133365, 79452.6858577, 72781.0050768, 37.6003447863, 8087.37193168}},
    {{80, 84, 33, 81, 93},
     {742480.94795, 98783.7568902, 79765.4360389, 73155.0880149, 38.0200608197, 8142.61820154}},
    {{83, 30, 56, 24, 16},
     {750143.36627, 96379.8563409, 77777.2846763, 71197.902541, 38.0746091262, 8160.44316047}},
    {{93, 67, 6, 64, 96},
     {765102.006318, 97585.9012339, 78677.7581399, 72038.9659788, 38.3061904461, 8207.66905661}},
    {{20, 10, 96, 16, 63},
     {736909.711621, 96647.2729041, 77914.0385125, 71433.0958321, 37.5890164023, 8117.43187048}},
    {{66, 32, 46, 28, 74},
     {759319.276051, 98065.6817485, 78950.1581263, 72409.9979786, 37.7978383112, 8171.09868775}},
    {{17, 34, 0, 45, 60},
     {740399.760028, 98795.8744339, 79782.2725893, 73114.6388427, 38.1751322417, 8216.73538954}},
    {{37, 26, 78, 91, 49},
     {747362.226022, 97219.6820809, 78443.1402593, 71708.6826895, 37.8420112108, 8140.77606255}},
    {{17, 23, 1, 44, 55},
     {765417.398928, 96852.0674463, 78390.055433, 71780.636412, 37.9267752123, 8155.76330276}},
};

#endif
