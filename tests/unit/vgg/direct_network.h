/* SPDX-License-Identifier: MIT */
/* Convolution and pool as they are defined, in float64: what the network is held to. */
#ifndef DIRECT_NETWORK_H
#define DIRECT_NETWORK_H

#include "covey_test.h"

typedef struct image {
    size_t channels, height, width;
    double *data; /* [channels][height][width], as torch */
} image;

static inline image image_new(size_t c, size_t height, size_t width) {
    image i = {c, height, width, calloc(c * height * width, sizeof(double))};
    assert_non_null(i.data);
    return i;
}

/* w [outputs][in->channels][3][3], bias [outputs] */
static inline image direct_convolution_of(const image *in, const float *w, const float *bias,
                                          size_t outputs) {
    image out = image_new(outputs, in->height, in->width);
    for (size_t o = 0; o < out.channels; ++o)
        for (size_t y = 0; y < in->height; ++y)
            for (size_t x = 0; x < in->width; ++x) {
                double sum = bias[o];
                for (size_t k = 0; k < in->channels; ++k)
                    for (size_t p = 0; p < 9; ++p) {
                        size_t yy = y + p / 3, xx = x + p % 3; /* one more than the place */
                        if (yy >= 1 && yy <= in->height && xx >= 1 && xx <= in->width)
                            sum += (double)w[(o * in->channels + k) * 9 + p] *
                                   in->data[(k * in->height + yy - 1) * in->width + xx - 1];
                    }
                out.data[(o * in->height + y) * in->width + x] = sum;
            }
    return out;
}

static inline image direct_pool(const image *in) {
    image out = image_new(in->channels, in->height / 2, in->width / 2);
    for (size_t c = 0; c < out.channels; ++c)
        for (size_t y = 0; y < out.height; ++y)
            for (size_t x = 0; x < out.width; ++x) {
                const double *at = in->data + (c * in->height + 2 * y) * in->width + 2 * x;
                out.data[(c * out.height + y) * out.width + x] =
                    fmax(fmax(at[0], at[1]), fmax(at[in->width], at[in->width + 1]));
            }
    return out;
}

#endif
