/* SPDX-License-Identifier: MIT */
/* The passes over the rows of select.c, compiled once per instruction set by select_ISA.c, which says
 * how many int32 a register holds (VK_LANES) and how to take unsigned minima and maxima of two. */
#ifndef COVEY_SELECT_BODY_H
#define COVEY_SELECT_BODY_H

#include <string.h>

#include "select_internal.h"
#include "spill_internal.h"

enum { COLUMNS = COVEY__SELECT_COLUMNS, PARTS = COLUMNS / VK_LANES, AHEAD = 12 };

/* Unsigned order of the keys with their top bit turned is their own. */
static inline vk turned(vk key) {
    return key ^ INT32_MIN;
}

static void gather_keys(int32_t *lowest, int32_t *highest, int32_t *keys, const float *x,
                        const uint32_t *rows, size_t m, size_t d, size_t columns) {
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
        memcpy(lowest + p * VK_LANES, &low, sizeof low);
        memcpy(highest + p * VK_LANES, &high, sizeof high);
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

#endif
