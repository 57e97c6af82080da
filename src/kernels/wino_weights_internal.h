/* SPDX-License-Identifier: MIT */
/* U = G g G^T for one panel of output channels, in float64, rounded once. Plain C whose inner
 * loops run over the panel's channels, so that each including file is vectorised for its ISA;
 * no contraction, hence the same bits everywhere. Contract: covey__wino_weights_fn. */
#ifndef COVEY_WINO_WEIGHTS_INTERNAL_H
#define COVEY_WINO_WEIGHTS_INTERNAL_H

#include <assert.h>
#include <string.h>

#include "kernels_internal.h"

enum { PANEL = 32 };

static inline __attribute__((always_inline)) void
wino_weights_panel(float *u, size_t stride, const float *w, size_t count, size_t inputs,
                   size_t tile_n, const covey__wino_matrices *mats, int n) {
    double g[3][3][PANEL], half[COVEY__WINO_MAX][3][PANEL];
    memset(g, 0, sizeof g);
    for (size_t k = 0; k < inputs; ++k) {
        for (size_t j = 0; j < count; ++j) {
            const float *filter = w + (j * inputs + k) * 9;
            for (int i = 0; i < 9; ++i)
                g[i / 3][i % 3][j] = filter[i];
        }
        for (int i = 0; i < n; ++i) /* half = G g */
            for (int l = 0; l < 3; ++l)
                for (size_t j = 0; j < PANEL; ++j)
                    half[i][l][j] = mats->g[i][0] * g[0][l][j] + mats->g[i][1] * g[1][l][j] +
                                    mats->g[i][2] * g[2][l][j];
        for (int i = 0; i < n; ++i) /* U = half G^T */
            for (int l = 0; l < n; ++l) {
                float *row = u + (size_t)(i * n + l) * stride + k * tile_n;
                double a = mats->g[l][0], b = mats->g[l][1], c = mats->g[l][2];
                for (size_t j = 0; j < tile_n; ++j)
                    row[j] =
                        (float)(half[i][0][j] * a + half[i][1][j] * b + half[i][2][j] * c);
            }
    }
}

static inline void wino_weights(float *u, size_t stride, const float *w, size_t outputs,
                                size_t inputs, size_t first, size_t tile_n, int m) {
    assert(tile_n <= PANEL && first < outputs);
    covey__wino_matrices mats;
    covey__wino_matrices_compute(&mats, m);
    size_t count = outputs - first < tile_n ? outputs - first : tile_n;
    w += first * inputs * 9;
    if (tile_n == PANEL)
        wino_weights_panel(u, stride, w, count, inputs, PANEL, &mats, mats.n);
    else
        wino_weights_panel(u, stride, w, count, inputs, tile_n, &mats, mats.n);
}

#endif
