/* SPDX-License-Identifier: MIT */
/* The resampler as a stream of rows: the photo passes through row by row, so a photo of any height
 * needs memory for two filter supports of it alone. */
#ifndef COVEY_RESAMPLE_INTERNAL_H
#define COVEY_RESAMPLE_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#include "covey/status.h"

typedef struct covey__resampler covey__resampler;

/* What is made: the part [height][width] at (left, top) of the photo resampled to full_width x
 * full_height. Only the part costs time and memory.
 *
 * A photo decoded at reduced scale seldom is a whole number of pixels: 2743 pixels at 1/4 are
 * 685.75, of which the decoder gives 685. The box says where the photo lies in the input's
 * coordinates; taking 685 for the whole would shift the far side by three pixels of the original.
 * box_width or box_height of 0: the input is the photo. */
typedef struct covey__frame {
    size_t full_width, full_height, left, top, width, height;
    double box_left, box_top, box_width, box_height;
} covey__frame;

covey__frame covey__frame_whole(size_t width, size_t height);
/* torchvision's Resize(256) + CenterCrop(224) of a photo of this size. */
covey__frame covey__frame_crop(size_t in_width, size_t in_height);

/* From in [in_height][in_width][3] to out [frame.height][frame.width][3], which is borrowed until
 * the last row was pushed. A side of 0 or above 2^28, a part that is not inside, or a box more than
 * a pixel off the input: COVEY_E_ARGUMENT. */
covey_status covey__resampler_new(covey__resampler **resampler, uint8_t *out,
                                  const covey__frame *frame, size_t in_width, size_t in_height,
                                  covey_error *err);
void covey__resampler_free(covey__resampler *resampler); /* accepts NULL */

/* The next of in_height rows [in_width][3], from the top; out is complete after the last. */
void covey__resampler_push(covey__resampler *resampler, const uint8_t *row);

/* ---- row kernels, one pair per ISA ---------------------------------------------------------- */

/* The taps of one output sample: `count` inputs from `first` on. */
typedef struct covey__taps {
    size_t first, count;
} covey__taps;

/* out [n][3] from in [..][3]: taps [n]; weights [n][stride][3], each weight three times. */
typedef void (*covey__resample_across_fn)(uint8_t *out, const uint8_t *in, size_t n,
                                          const covey__taps *taps, const int32_t *weights,
                                          size_t stride);
/* out [n] = rounded sum of weights[t] * rows[t][0..n), `sums` [n] being scratch. */
typedef void (*covey__resample_down_fn)(uint8_t *out, int32_t *sums, const uint8_t *const *rows,
                                        const int32_t *weights, size_t taps, size_t n);

void covey__resample_across_scalar(uint8_t *out, const uint8_t *in, size_t n,
                                   const covey__taps *taps, const int32_t *weights, size_t stride);
void covey__resample_across_avx2(uint8_t *out, const uint8_t *in, size_t n,
                                 const covey__taps *taps, const int32_t *weights, size_t stride);
void covey__resample_down_scalar(uint8_t *out, int32_t *sums, const uint8_t *const *rows,
                                 const int32_t *weights, size_t taps, size_t n);
void covey__resample_down_avx2(uint8_t *out, int32_t *sums, const uint8_t *const *rows,
                               const int32_t *weights, size_t taps, size_t n);

#endif
