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
/* Stores LANES channels from c on at one point of V. */
typedef void put_fn(float *v, size_t c, vec value);

COVEY__INLINE void put_f32(float *v, size_t c, vec value) {
    vec_store(v + c, value);
}

/* Floats that V and M are fetched ahead, two cache lines; beyond a row's end lies the next tile's. */
enum { AHEAD = 32 };

/* What lies outside of the image. */
static const float zeros[COVEY__CHANNELS_MAX];

/* Where the n x n places of a window lie: by strides inside the image, by a table at its rim. */
typedef struct window {
    const float *corner;     /* NULL: use the table */
    size_t row, column;      /* strides, in floats */
    const float *const *at;  /* [n*n], a block of zeros for places outside */
} window;

/* V = B^T d B for the LANES channels from c. */
COVEY__INLINE void input_channels(float *v, size_t stride, const window *w, size_t c, int n,
                                  line_fn *bt, put_fn *put) {
    vec half[COVEY__WINO_MAX][COVEY__WINO_MAX];
    assert(w->corner || w->at);
    for (int j = 0; j < n; ++j) {
        vec d[COVEY__WINO_MAX], o[COVEY__WINO_MAX];
        for (int i = 0; i < n; ++i)
            d[i] = vec_load(w->corner ? w->corner + (size_t)i * w->row + (size_t)j * w->column + c
                                      : w->at[i * n + j] + c);
        bt(o, d);
        for (int i = 0; i < n; ++i)
            half[i][j] = o[i];
        /* n*n places of V are written in turn, more streams than the hardware follows. */
        for (int i = 0; i < n; ++i)
            __builtin_prefetch(v + (size_t)(j * n + i) * stride + c + AHEAD, 1);
        /* The next tile to the right shares two columns; fetch its others meanwhile. */
        if (w->corner && j >= 2)
            for (int i = 0; i < n; ++i)
                __builtin_prefetch(w->corner + (size_t)i * w->row +
                                   (size_t)(n - 2 + j) * w->column + c);
    }
    for (int i = 0; i < n; ++i) {
        vec o[COVEY__WINO_MAX];
        bt(o, half[i]);
        for (int j = 0; j < n; ++j)
            put(v + (size_t)(i * n + j) * stride, c, o[j]);
    }
}

COVEY__INLINE void input_tile(float *v, size_t stride, const float *in, size_t height,
                              size_t width, size_t channels, ptrdiff_t y, ptrdiff_t x, int m,
                              line_fn *bt, put_fn *put) {
    assert(channels % COVEY__CHANNELS == 0 && channels <= COVEY__CHANNELS_MAX);
    int n = m + 2;
    if (y >= 0 && x >= 0 && y + n <= (ptrdiff_t)height && x + n <= (ptrdiff_t)width) {
        window inside = {in + ((size_t)y * width + (size_t)x) * channels, width * channels,
                         channels, NULL};
        for (size_t c = 0; c < channels; c += LANES)
            input_channels(v, stride, &inside, c, n, bt, put);
        return;
    }
    const float *at[COVEY__WINO_MAX * COVEY__WINO_MAX];
    for (int i = 0; i < n; ++i) {
        ptrdiff_t yy = y + i;
        const float *row = yy >= 0 && yy < (ptrdiff_t)height
                               ? in + (size_t)yy * width * channels
                               : NULL;
        for (int j = 0; j < n; ++j) {
            ptrdiff_t xx = x + j;
            at[i * n + j] =
                row && xx >= 0 && xx < (ptrdiff_t)width ? row + (size_t)xx * channels : zeros;
        }
    }
    window rim = {NULL, 0, 0, at};
    for (size_t c = 0; c < channels; c += LANES)
        input_channels(v, stride, &rim, c, n, bt, put);
}

/* half = A^T M, LANES channels. */
COVEY__INLINE void output_columns(vec half[7][COVEY__WINO_MAX], const float *m_, size_t stride,
                                  int m, line_fn *at) {
    int n = m + 2;
    for (int j = 0; j < n; ++j) {
        vec column[COVEY__WINO_MAX], o[7];
        for (int i = 0; i < n; ++i) {
            const float *from = m_ + (size_t)(i * n + j) * stride;
            column[i] = vec_load(from);
            __builtin_prefetch(from + AHEAD);
        }
        at(o, column);
        for (int i = 0; i < m; ++i)
            half[i][j] = o[i];
    }
}

/* One row of Y = half A, with bias, and ReLU on request. */
COVEY__INLINE void output_line(vec y[7], const vec *half, vec bias, int m, int relu,
                               line_fn *at) {
    at(y, half);
    for (int j = 0; j < m; ++j) {
        y[j] = vec_add(y[j], bias);
        if (relu)
            y[j] = vec_max(y[j], vec_set(0));
    }
}

/* The larger of what there is of a 2x2 window of the tile's lines: `above` or `below` may be NULL,
 * a column outside 0 .. m-1. */
COVEY__INLINE vec window_max(const vec *above, const vec *below, int left, int m) {
    const vec *one = above ? above : below;
    int first = left < 0 ? 0 : left, second = left + 1 < m ? left + 1 : first;
    vec value = vec_max(one[first], one[second]);
    if (above && below)
        value = vec_max(value, vec_max(below[first], below[second]));
    return value;
}

/* LANES channels of one tile, `rows` x `columns` of which lie inside out, whose pixels and rows
 * are `pixel` and `row` floats apart. down, right: with COVEY__POOL and an odd m, whether the
 * tile's first line or column is the second of its pool window, which the tile before has begun. */
COVEY__INLINE void output_channels(float *out, size_t row, size_t pixel, const float *m_,
                                   size_t stride, vec bias, size_t rows, size_t columns,
                                   int flags, int m, int down, int right, line_fn *at) {
    int relu = flags & COVEY__RELU, pool = flags & COVEY__POOL, step = pool ? 2 : 1;
    int side = (m + step - 1) / step;
    vec half[7][COVEY__WINO_MAX];
    output_columns(half, m_, stride, m, at);
    for (int i = 0; i < side; ++i) {
        int top = i * step - down, bottom = top + 1;
        vec y[7], below[7];
        if (top >= 0)
            output_line(y, half[top], bias, m, relu, at);
        if (pool && bottom < m)
            output_line(below, half[bottom], bias, m, relu, at);
        if ((size_t)i >= rows)
            break;
        for (int j = 0; j < side; ++j) {
            float *to = out + (size_t)i * row + (size_t)j * pixel;
            if ((size_t)j >= columns)
                break;
            vec value = pool ? window_max(top < 0 ? NULL : y, bottom < m ? below : NULL,
                                          j * 2 - right, m)
                             : y[j];
            if ((down && i == 0) || (right && j == 0))
                value = vec_max(value, vec_load(to));
            vec_store(to, value);
        }
    }
}

COVEY__INLINE void output_tile(float *out, const float *m_, size_t stride, const float *bias,
                               size_t height, size_t width, size_t channels, size_t y, size_t x,
                               int flags, int m, int down, int right, line_fn *at) {
    assert(channels % COVEY__CHANNELS == 0);
    size_t step = flags & COVEY__POOL ? 2 : 1, side = ((size_t)m + step - 1) / step;
    size_t out_height = height / step, out_width = width / step;
    size_t top = y / step, left = x / step, row = out_width * channels;
    size_t rows = top < out_height ? out_height - top : 0;
    size_t columns = left < out_width ? out_width - left : 0;
    out += top * row + left * channels;
    if (rows >= side && columns >= side) { /* whole tile: constant bounds */
        for (size_t c = 0; c < channels; c += LANES)
            output_channels(out + c, row, channels, m_ + c, stride, vec_load(bias + c), side,
                            side, flags, m, down, right, at);
        return;
    }
    for (size_t c = 0; c < channels; c += LANES)
        output_channels(out + c, row, channels, m_ + c, stride, vec_load(bias + c), rows, columns,
                        flags, m, down, right, at);
}

/* The pools' place in the tile as constants. */
COVEY__INLINE void output_pool(float *out, const float *m_, size_t stride, const float *bias,
                               size_t height, size_t width, size_t channels, size_t y, size_t x,
                               int flags, int m, line_fn *at) {
    switch (m % 2 ? y % 2 * 2 + x % 2 : 0) {
    case 0:
        output_tile(out, m_, stride, bias, height, width, channels, y, x, flags, m, 0, 0, at);
        break;
    case 1:
        output_tile(out, m_, stride, bias, height, width, channels, y, x, flags, m, 0, 1, at);
        break;
    case 2:
        output_tile(out, m_, stride, bias, height, width, channels, y, x, flags, m, 1, 0, at);
        break;
    default:
        output_tile(out, m_, stride, bias, height, width, channels, y, x, flags, m, 1, 1, at);
    }
}

/* The flags as constants. */
COVEY__INLINE void output_flags(float *out, const float *m_, size_t stride, const float *bias,
                                size_t height, size_t width, size_t channels, size_t y, size_t x,
                                int flags, int m, line_fn *at) {
    switch (flags) {
    case 0:
        output_tile(out, m_, stride, bias, height, width, channels, y, x, 0, m, 0, 0, at);
        break;
    case COVEY__RELU:
        output_tile(out, m_, stride, bias, height, width, channels, y, x, COVEY__RELU, m, 0, 0,
                    at);
        break;
    case COVEY__POOL:
        output_pool(out, m_, stride, bias, height, width, channels, y, x, COVEY__POOL, m, at);
        break;
    default:
        output_pool(out, m_, stride, bias, height, width, channels, y, x,
                    COVEY__RELU | COVEY__POOL, m, at);
    }
}

#endif
