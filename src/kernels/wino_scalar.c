/* SPDX-License-Identifier: MIT */
/* Winograd's transforms as their definition reads, for every tile size:
 *
 *   V = B^T d B      d the n x n window of the input, zero outside of the image
 *   U = G g G^T      g a 3 x 3 filter
 *   Y = A^T M A      then bias, ReLU, 2x2 maximum
 *
 * [LavinGray2016, eq. 8]; the matrices come from wino_matrices.c. Float32 throughout, U apart
 * (float64, rounded once). Clear, not fast: the other files of this family are tested against
 * a direct convolution and this. Tail: one channel at a time, so there is none. */
#include "kernels_internal.h"
#include "wino_weights_internal.h"

static void input(float *v, size_t stride, const float *in, size_t height, size_t width,
                  size_t channels, ptrdiff_t y, ptrdiff_t x, int m) {
    covey__wino_matrices mats;
    covey__wino_matrices_compute(&mats, m);
    int n = mats.n;
    for (size_t c = 0; c < channels; ++c) {
        float d[COVEY__WINO_MAX][COVEY__WINO_MAX], half[COVEY__WINO_MAX][COVEY__WINO_MAX];
        for (int i = 0; i < n; ++i)
            for (int j = 0; j < n; ++j) {
                ptrdiff_t yy = y + i, xx = x + j;
                int inside = yy >= 0 && yy < (ptrdiff_t)height && xx >= 0 && xx < (ptrdiff_t)width;
                d[i][j] =
                    inside ? in[((size_t)yy * width + (size_t)xx) * channels + c] : 0.0f;
            }
        for (int i = 0; i < n; ++i) /* half = B^T d */
            for (int j = 0; j < n; ++j) {
                half[i][j] = 0;
                for (int l = 0; l < n; ++l)
                    half[i][j] += (float)mats.bt[i][l] * d[l][j];
            }
        for (int i = 0; i < n; ++i) /* V = half B */
            for (int j = 0; j < n; ++j) {
                float sum = 0;
                for (int l = 0; l < n; ++l)
                    sum += half[i][l] * (float)mats.bt[j][l];
                v[(size_t)(i * n + j) * stride + c] = sum;
            }
    }
}

static float larger(float a, float b) {
    return a > b ? a : b;
}

static void output(float *out, const float *m_, size_t stride, const float *bias, size_t height,
                   size_t width, size_t channels, size_t y, size_t x, int flags, int m) {
    covey__wino_matrices mats;
    covey__wino_matrices_compute(&mats, m);
    int n = mats.n;
    size_t step = flags & COVEY__POOL ? 2 : 1;
    size_t out_height = height / step, out_width = width / step;
    for (size_t c = 0; c < channels; ++c) {
        float half[COVEY__WINO_MAX][COVEY__WINO_MAX], Y[COVEY__WINO_MAX][COVEY__WINO_MAX];
        for (int i = 0; i < m; ++i) /* half = A^T M */
            for (int j = 0; j < n; ++j) {
                half[i][j] = 0;
                for (int l = 0; l < n; ++l)
                    half[i][j] += (float)mats.at[i][l] * m_[(size_t)(l * n + j) * stride + c];
            }
        for (int i = 0; i < m; ++i) /* Y = half A, bias, ReLU */
            for (int j = 0; j < m; ++j) {
                float sum = 0;
                for (int l = 0; l < n; ++l)
                    sum += half[i][l] * (float)mats.at[j][l];
                sum += bias[c];
                Y[i][j] = flags & COVEY__RELU ? larger(sum, 0.0f) : sum;
            }
        for (int i = 0; i < m; ++i)
            for (int j = 0; j < m; ++j) {
                size_t yy = y + (size_t)i, xx = x + (size_t)j;
                if (yy / step >= out_height || xx / step >= out_width)
                    continue;
                float *to = out + (yy / step * out_width + xx / step) * channels + c;
                /* A pool window begins with its upper left place, in this tile or one before. */
                int begins = yy % step == 0 && xx % step == 0;
                *to = begins ? Y[i][j] : larger(*to, Y[i][j]);
            }
    }
}

void covey__wino_f4x4_3x3_input_scalar(float *v, size_t stride, const float *in, size_t height,
                                       size_t width, size_t channels, ptrdiff_t y, ptrdiff_t x) {
    input(v, stride, in, height, width, channels, y, x, 4);
}

void covey__wino_f6x6_3x3_input_scalar(float *v, size_t stride, const float *in, size_t height,
                                       size_t width, size_t channels, ptrdiff_t y, ptrdiff_t x) {
    input(v, stride, in, height, width, channels, y, x, 6);
}

void covey__wino_f7x7_3x3_input_scalar(float *v, size_t stride, const float *in, size_t height,
                                       size_t width, size_t channels, ptrdiff_t y, ptrdiff_t x) {
    input(v, stride, in, height, width, channels, y, x, 7);
}

void covey__wino_f4x4_3x3_output_scalar(float *out, const float *m, size_t stride,
                                        const float *bias, size_t height, size_t width,
                                        size_t channels, size_t y, size_t x, int flags) {
    output(out, m, stride, bias, height, width, channels, y, x, flags, 4);
}

void covey__wino_f6x6_3x3_output_scalar(float *out, const float *m, size_t stride,
                                        const float *bias, size_t height, size_t width,
                                        size_t channels, size_t y, size_t x, int flags) {
    output(out, m, stride, bias, height, width, channels, y, x, flags, 6);
}

void covey__wino_f7x7_3x3_output_scalar(float *out, const float *m, size_t stride,
                                        const float *bias, size_t height, size_t width,
                                        size_t channels, size_t y, size_t x, int flags) {
    output(out, m, stride, bias, height, width, channels, y, x, flags, 7);
}

void covey__wino_weights_scalar(float *u, size_t stride, const float *w, size_t outputs,
                                size_t inputs, size_t first, size_t tile_n, int m) {
    wino_weights(u, stride, w, outputs, inputs, first, tile_n, m);
}
