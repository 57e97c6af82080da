/* SPDX-License-Identifier: MIT */
/* The 2-D transforms of one tile from the 1-D ones: columns into a small array that stays in L1,
 * then rows. Bodies for constant arguments; each kernel file instantiates its own. Contracts:
 * covey__wino_input_fn, covey__wino_output_fn. */
#ifndef COVEY_WINO_TILE_INTERNAL_H
#define COVEY_WINO_TILE_INTERNAL_H

#include <assert.h>
#include <stdalign.h>

#include "kernels_internal.h"
#include "wino_lines_internal.h"

typedef void line_fn(vec *out, const vec *in);

/* What lies outside of the image. */
static const float zeros[COVEY__CHANNELS_MAX];

/* V = B^T d B for LANES channels; d's vector (i, j) is loaded from at[i*n + j] + c. */
COVEY__INLINE void input_channels(float *v, size_t stride, const float *const *at, size_t c, int n,
                                  line_fn *bt) {
    vec half[COVEY__WINO_MAX][COVEY__WINO_MAX];
    for (int j = 0; j < n; ++j) {
        vec d[COVEY__WINO_MAX], o[COVEY__WINO_MAX];
        for (int i = 0; i < n; ++i)
            d[i] = vec_load(at[i * n + j] + c);
        bt(o, d);
        for (int i = 0; i < n; ++i)
            half[i][j] = o[i];
    }
    for (int i = 0; i < n; ++i) {
        vec o[COVEY__WINO_MAX];
        bt(o, half[i]);
        for (int j = 0; j < n; ++j)
            vec_store(v + (size_t)(i * n + j) * stride + c, o[j]);
    }
}

COVEY__INLINE void input_tile(float *v, size_t stride, const float *in, size_t height,
                              size_t width, size_t channels, ptrdiff_t y, ptrdiff_t x, int m,
                              line_fn *bt) {
    assert(channels % COVEY__CHANNELS == 0 && channels <= COVEY__CHANNELS_MAX);
    int n = m + 2;
    const float *at[COVEY__WINO_MAX * COVEY__WINO_MAX];
    for (int i = 0; i < n; ++i)
        for (int j = 0; j < n; ++j) {
            ptrdiff_t yy = y + i, xx = x + j;
            int inside = yy >= 0 && yy < (ptrdiff_t)height && xx >= 0 && xx < (ptrdiff_t)width;
            at[i * n + j] =
                inside ? in + ((size_t)yy * width + (size_t)xx) * channels : zeros;
        }
    for (size_t c = 0; c < channels; c += LANES)
        input_channels(v, stride, at, c, n, bt);
}

/* Y = A^T M A + bias for LANES channels, ReLU on request, into y. */
COVEY__INLINE void output_channels(vec y[7][7], const float *m_, size_t stride, vec bias, int m,
                                   int relu, line_fn *at) {
    int n = m + 2;
    vec half[7][COVEY__WINO_MAX];
    for (int j = 0; j < n; ++j) {
        vec column[COVEY__WINO_MAX], o[7];
        for (int i = 0; i < n; ++i)
            column[i] = vec_load(m_ + (size_t)(i * n + j) * stride);
        at(o, column);
        for (int i = 0; i < m; ++i)
            half[i][j] = o[i];
    }
    for (int i = 0; i < m; ++i) {
        at(y[i], half[i]);
        for (int j = 0; j < m; ++j) {
            y[i][j] = vec_add(y[i][j], bias);
            if (relu)
                y[i][j] = vec_max(y[i][j], vec_set(0));
        }
    }
}

COVEY__INLINE void output_tile(float *out, const float *m_, size_t stride, const float *bias,
                               size_t height, size_t width, size_t channels, size_t y, size_t x,
                               int flags, int m, line_fn *at) {
    assert(channels % COVEY__CHANNELS == 0);
    assert(!(flags & COVEY__POOL) || m % 2 == 0);
    int relu = flags & COVEY__RELU, step = flags & COVEY__POOL ? 2 : 1;
    size_t out_height = height / (size_t)step, out_width = width / (size_t)step;
    size_t top = y / (size_t)step, left = x / (size_t)step, side = (size_t)(m / step);
    size_t rows = top < out_height ? out_height - top : 0;
    size_t columns = left < out_width ? out_width - left : 0;
    rows = rows < side ? rows : side;
    columns = columns < side ? columns : side;
    out += (top * out_width + left) * channels;
    for (size_t c = 0; c < channels; c += LANES) {
        vec result[7][7];
        output_channels(result, m_ + c, stride, vec_load(bias + c), m, relu, at);
        for (size_t i = 0; i < rows; ++i)
            for (size_t j = 0; j < columns; ++j) {
                vec value = result[i][j];
                if (step == 2)
                    value = vec_max(vec_max(result[2 * i][2 * j], result[2 * i][2 * j + 1]),
                                    vec_max(result[2 * i + 1][2 * j],
                                            result[2 * i + 1][2 * j + 1]));
                vec_store(out + (i * out_width + j) * channels + c, value);
            }
    }
}

#endif
