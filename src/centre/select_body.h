/* SPDX-License-Identifier: MIT */
/* The body of covey__select_ISA, compiled once per instruction set by select_ISA.c, which says how
 * many int32 a register holds (VK_LANES) and how to take unsigned minima and maxima of two.
 *
 * Float32 numbers become integers of the same order. Each column keeps a bracket [low, high] of
 * keys that occur in it, with the number of keys below and up to it, and all 16 columns are
 * narrowed by one pass over the rows: keys up to a pivot are counted, and the keys next to the
 * pivot on either side are found, so that the bracket always ends on the data's own keys and
 * closes in about log2 m passes whatever the keys' range. Pivots come from the guess, then from
 * interpolating the counts, every third from the middle, which bounds the passes. Selecting by
 * exchanges does less work, but mispredicts every other branch and fits no register. */
#ifndef COVEY_SELECT_BODY_H
#define COVEY_SELECT_BODY_H

#include <string.h>

#include "select_internal.h"
#include "spill_internal.h"

enum { COLUMNS = COVEY__SELECT_COLUMNS, PARTS = COLUMNS / VK_LANES, AHEAD = 12 };

typedef struct bracket {
    int32_t low[COLUMNS], high[COLUMNS];  /* the answer lies in low .. high */
    int32_t below[COLUMNS], upto[COLUMNS]; /* keys < low, keys <= high */
} bracket;

static inline int32_t key_of(float value) {
    int32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits ^ ((bits >> 31) & INT32_MAX);
}

static inline double value_of(int32_t key) {
    int32_t bits = key ^ ((key >> 31) & INT32_MAX);
    float value;
    memcpy(&value, &bits, sizeof value);
    return (double)value + 0.0; /* -0 becomes 0 */
}

/* Unsigned order of the keys with their top bit turned is their own. */
static inline vk turned(vk key) {
    return key ^ INT32_MIN;
}

static void gather_keys(bracket *b, int32_t *keys, const float *x, const uint32_t *rows, size_t m,
                        size_t d, size_t columns) {
    vk least[PARTS], most[PARTS];
    for (int p = 0; p < PARTS; ++p) {
        least[p] = (vk){0} - 1;
        most[p] = (vk){0};
    }
    for (size_t i = 0; i < m; ++i) {
        int32_t cells[COLUMNS] = {0};
        size_t row = rows ? rows[i] : i;
        covey__spill_pace(x + row * d, i);
        if (i + AHEAD < m)
            __builtin_prefetch(x + (rows ? rows[i + AHEAD] : i + AHEAD) * d);
        if (columns == COLUMNS)
            memcpy(cells, x + row * d, sizeof cells);
        else
            memcpy(cells, x + row * d, columns * sizeof *x);
        for (int p = 0; p < PARTS; ++p) {
            vk key;
            memcpy(&key, cells + p * VK_LANES, sizeof key);
            key = key ^ ((key >> 31) & INT32_MAX);
            memcpy(keys + i * COLUMNS + p * VK_LANES, &key, sizeof key);
            least[p] = vk_min(least[p], turned(key));
            most[p] = vk_max(most[p], turned(key));
        }
    }
    for (int p = 0; p < PARTS; ++p) {
        vk low = turned(least[p]), high = turned(most[p]);
        memcpy(b->low + p * VK_LANES, &low, sizeof low);
        memcpy(b->high + p * VK_LANES, &high, sizeof high);
    }
    for (int j = 0; j < COLUMNS; ++j) {
        b->below[j] = 0;
        b->upto[j] = (int32_t)m;
    }
}

/* Of each column: count, keys <= pivot; before, the largest of them; after, the least key beyond.
 * key - (pivot + 1) is small and not negative beyond the pivot and wraps to large numbers up to it,
 * so that one unsigned minimum finds the least beyond and one maximum the largest before. */
static void pass(int32_t *count, int32_t *before, int32_t *after, const int32_t *keys, size_t m,
                 const int32_t *pivot) {
    vk at[PARTS], counted[PARTS], least[PARTS], most[PARTS];
    for (int p = 0; p < PARTS; ++p) {
        memcpy(&at[p], pivot + p * VK_LANES, sizeof at[p]);
        counted[p] = most[p] = (vk){0};
        least[p] = (vk){0} - 1;
    }
    for (size_t i = 0; i < m; ++i)
        for (int p = 0; p < PARTS; ++p) {
            vk key;
            memcpy(&key, keys + i * COLUMNS + p * VK_LANES, sizeof key);
            counted[p] -= (vk)(key > at[p]);
            key = (vk)((vku)key - (vku)at[p] - 1);
            least[p] = vk_min(least[p], key);
            most[p] = vk_max(most[p], key);
        }
    for (int p = 0; p < PARTS; ++p) {
        vk upto = (int32_t)m - counted[p];
        vk last = (vk)((vku)most[p] + (vku)at[p] + 1), next = (vk)((vku)least[p] + (vku)at[p] + 1);
        memcpy(count + p * VK_LANES, &upto, sizeof upto);
        memcpy(before + p * VK_LANES, &last, sizeof last);
        memcpy(after + p * VK_LANES, &next, sizeof next);
    }
}

/* Where to cut an open bracket: in [low, high - 1]. */
static inline int32_t choose_pivot(int64_t low, int64_t high, int32_t below, int32_t upto,
                                   int32_t rank, int turn) {
    if (turn % 3 == 2)
        return (int32_t)(low + (high - low) / 2);
    double share = ((double)(rank - below) + 0.5) / (double)(upto - below);
    int64_t pivot = low + (int64_t)(share * (double)(high - low));
    return (int32_t)(pivot < high ? pivot : high - 1);
}

static void select_columns(double *out, int32_t *keys, const float *x, const uint32_t *rows,
                           size_t m, size_t d, size_t columns, size_t rank_wanted, int pair,
                           const double *guess) {
    bracket b;
    int32_t pivot[COLUMNS], count[COLUMNS], before[COLUMNS], after[COLUMNS];
    int32_t rank = (int32_t)rank_wanted;
    gather_keys(&b, keys, x, rows, m, d, columns);
    for (int turn = guess ? -1 : 0;; ++turn) {
        int open = 0;
        for (size_t j = 0; j < COLUMNS; ++j) {
            pivot[j] = b.low[j];
            if (b.low[j] >= b.high[j])
                continue;
            open = 1;
            int32_t first = turn < 0 && j < columns ? key_of((float)guess[j]) : b.high[j];
            pivot[j] = first >= b.low[j] && first < b.high[j]
                           ? first
                           : choose_pivot(b.low[j], b.high[j], b.below[j], b.upto[j], rank, turn);
        }
        if (!open)
            break;
        pass(count, before, after, keys, m, pivot);
        for (int j = 0; j < COLUMNS; ++j) {
            if (b.low[j] >= b.high[j])
                continue;
            if (count[j] > rank) {
                b.high[j] = before[j];
                b.upto[j] = count[j];
            } else {
                b.low[j] = after[j];
                b.below[j] = count[j];
            }
        }
    }
    if (!pair) {
        for (size_t j = 0; j < columns; ++j)
            out[j] = value_of(b.low[j]);
        return;
    }
    /* The next rank's: the same key again, or the least beyond. */
    pass(count, before, after, keys, m, b.low);
    for (size_t j = 0; j < columns; ++j)
        out[j] = (value_of(b.low[j]) + value_of(count[j] > rank + 1 ? b.low[j] : after[j])) / 2;
}

#endif
