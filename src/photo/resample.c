/* SPDX-License-Identifier: MIT */
/* Pillow's bilinear resampling of 8-bit RGB, to the bit.
 *
 * A triangle filter of half-width max(1, in/out) around the centre (i + 1/2) in/out of each output
 * sample, its weights normalised in float64 and rounded to 22 bits after the point. One pass goes
 * across, one down, with samples of 8 bits between them, so their order shows in the last bit:
 * across comes first, except that Pillow 13 goes down first where the height loses more than twice
 * what the width loses (older versions never do). The order of the floating-point operations below
 * is part of the definition too: another one would round other weights. Compared with Pillow's
 * output by the tests. */
#include <math.h>
#include <string.h>

#include "base_internal.h"
#include "covey/cpu.h"
#include "covey/photo.h"
#include "resample_internal.h"

enum { WEIGHT_BITS = 32 - 8 - 2 };

struct covey__resampler {
    covey__frame frame;
    size_t in_width, in_height;
    uint8_t *out;
    covey__taps *taps_x, *taps_y;
    int32_t *weights_x; /* [width][stride_x][3] */
    int32_t *weights_y; /* [height][stride_y] */
    size_t stride_x, stride_y;
    int down_first;
    size_t middle_width;    /* of the rows that go down: in_width if down_first, else frame.width */
    uint8_t *ring;          /* [stride_y][middle_width][3]: row r lies at r mod stride_y */
    uint8_t *middle;        /* [in_width][3]: a row that went down first */
    const uint8_t **window; /* [stride_y] */
    int32_t *sums;          /* [middle_width][3] */
    size_t in_row, out_row; /* rows taken and rows made so far */
    covey__resample_across_fn across;
    covey__resample_down_fn down;
};

static double triangle(double x) {
    x = fabs(x);
    return x < 1.0 ? 1.0 - x : 0.0;
}

static size_t tap_limit(double extent, size_t out) {
    double scale = extent / (double)out;
    return (size_t)ceil(scale < 1.0 ? 1.0 : scale) * 2 + 1;
}

/* Outputs start .. start + n - 1 of `out`: taps [n], weights [n][stride][repeat], scratch
 * [stride]. */
static void weigh(covey__taps *taps, int32_t *weights, size_t stride, size_t repeat, size_t in,
                  double origin, double extent, size_t out, size_t start, size_t n,
                  double *scratch) {
    double scale = extent / (double)out;
    double support = scale < 1.0 ? 1.0 : scale;
    double inverse = 1.0 / support;
    for (size_t i = 0; i < n; ++i) {
        double centre = origin + ((double)(start + i) + 0.5) * scale;
        double low = centre - support + 0.5, high = centre + support + 0.5;
        size_t first = low < 0 ? 0 : (size_t)low;
        size_t end = high > (double)in ? in : (size_t)high;
        if (first >= end) { /* beyond the input, within the box */
            end = end ? end : 1;
            first = end - 1;
        }
        double total = 0.0;
        for (size_t t = 0; t < end - first; ++t) {
            scratch[t] = triangle(((double)(t + first) - centre + 0.5) * inverse);
            total += scratch[t];
        }
        for (size_t t = 0; t < end - first; ++t) {
            double weight = total != 0.0 ? scratch[t] / total : end - first == 1;
            for (size_t r = 0; r < repeat; ++r)
                weights[(i * stride + t) * repeat + r] =
                    (int32_t)(0.5 + weight * (double)(1 << WEIGHT_BITS));
        }
        taps[i].first = first;
        taps[i].count = end - first;
    }
}

static void *alloc3(size_t a, size_t b, size_t c) {
    size_t n;
    return covey__mul_size(&n, a, b) ? NULL : covey__alloc_array(n, c);
}

static int box_is_valid(double start, double extent, size_t in) {
    return extent == 0 || (extent > 0 && start > -1 && start < 1 &&
                           fabs(start + extent - (double)in) < 1);
}

static int frame_is_valid(const covey__frame *f, size_t in_width, size_t in_height) {
    const size_t limit = (size_t)1 << 28;
    return f->width && f->height && in_width && in_height && f->full_width <= limit &&
           f->full_height <= limit && in_width <= limit && in_height <= limit &&
           f->width <= f->full_width && f->height <= f->full_height &&
           f->left <= f->full_width - f->width && f->top <= f->full_height - f->height &&
           box_is_valid(f->box_left, f->box_width, in_width) &&
           box_is_valid(f->box_top, f->box_height, in_height);
}

/* Pillow 13's rule: the height shrinks, by more than twice as many samples as the width does. */
static int goes_down_first(const covey__frame *f, size_t in_width, size_t in_height) {
    if (f->full_height >= in_height)
        return 0;
    return f->full_width >= in_width ||
           in_height - f->full_height > 2 * (in_width - f->full_width);
}

covey_status covey__resampler_new(covey__resampler **resampler, uint8_t *out,
                                  const covey__frame *frame, size_t in_width, size_t in_height,
                                  covey_error *err) {
    covey_status status = COVEY_OK;
    double *scratch = NULL;
    covey__resampler *r = NULL;
    COVEY_FAIL_IF(!frame_is_valid(frame, in_width, in_height), err, COVEY_E_ARGUMENT, NULL,
                  "%zux%zu to %zux%zu cannot be resampled; each side must be 1 to 2^28", in_width,
                  in_height, frame->full_width, frame->full_height);
    r = covey__calloc(1, sizeof *r);
    COVEY_NOMEM_IF(!r, err);
    r->out = out;
    r->frame = *frame;
    r->in_width = in_width;
    r->in_height = in_height;
    double extent_x = frame->box_width > 0 ? frame->box_width : (double)in_width;
    double extent_y = frame->box_height > 0 ? frame->box_height : (double)in_height;
    r->stride_x = tap_limit(extent_x, frame->full_width);
    r->stride_y = tap_limit(extent_y, frame->full_height);
    r->down_first = goes_down_first(frame, in_width, in_height);
    r->middle_width = r->down_first ? in_width : frame->width;
    r->taps_x = covey__alloc_array(frame->width, sizeof *r->taps_x);
    r->taps_y = covey__alloc_array(frame->height, sizeof *r->taps_y);
    r->weights_x = alloc3(frame->width, r->stride_x, 3 * sizeof *r->weights_x);
    r->weights_y = alloc3(frame->height, r->stride_y, sizeof *r->weights_y);
    r->ring = alloc3(r->stride_y, r->middle_width, 3);
    r->middle = covey__alloc_array(r->down_first ? in_width : 1, 3);
    r->window = covey__alloc_array(r->stride_y, sizeof *r->window);
    r->sums = covey__alloc_array(r->middle_width, 3 * sizeof *r->sums);
    scratch = covey__alloc_array(r->stride_x > r->stride_y ? r->stride_x : r->stride_y,
                                 sizeof *scratch);
    COVEY_NOMEM_IF(!r->taps_x || !r->taps_y || !r->weights_x || !r->weights_y || !r->ring ||
                       !r->middle || !r->window || !r->sums || !scratch,
                   err);
    weigh(r->taps_x, r->weights_x, r->stride_x, 3, in_width, frame->box_left, extent_x,
          frame->full_width, frame->left, frame->width, scratch);
    weigh(r->taps_y, r->weights_y, r->stride_y, 1, in_height, frame->box_top, extent_y,
          frame->full_height, frame->top, frame->height, scratch);
    covey_isa isa = COVEY_ISA_SCALAR;
    COVEY_TRY(covey_isa_in_use(&isa, err));
    r->across = covey__resample_across_scalar;
    r->down = covey__resample_down_scalar;
#if defined(__x86_64__)
    if (covey_isa_has(isa, COVEY_ISA_AVX2)) {
        r->across = covey__resample_across_avx2;
        r->down = covey__resample_down_avx2;
    }
#endif
    *resampler = r;
    r = NULL;
done:
    covey__free(scratch);
    covey__resampler_free(r);
    return status;
}

void covey__resampler_free(covey__resampler *r) {
    if (!r)
        return;
    covey__free(r->taps_x);
    covey__free(r->taps_y);
    covey__free(r->weights_x);
    covey__free(r->weights_y);
    covey__free(r->ring);
    covey__free(r->middle);
    covey__free(r->window);
    covey__free(r->sums);
    covey__free(r);
}

/* in [in_width][3] to out [frame.width][3]. */
static void go_across(const covey__resampler *r, uint8_t *out, const uint8_t *in) {
    if (r->frame.full_width == r->in_width && r->frame.box_width == 0)
        memcpy(out, in + 3 * r->frame.left, 3 * r->frame.width);
    else
        r->across(out, in, r->frame.width, r->taps_x, r->weights_x, r->stride_x);
}

void covey__resampler_push(covey__resampler *r, const uint8_t *row) {
    size_t middle_bytes = 3 * r->middle_width;
    if (r->in_row == r->in_height)
        return;
    /* Windows only move down, and none is taller than the ring: the row that is overwritten here
     * was used for the last time. */
    uint8_t *kept = r->ring + (r->in_row % r->stride_y) * middle_bytes;
    if (r->down_first)
        memcpy(kept, row, middle_bytes);
    else
        go_across(r, kept, row);
    ++r->in_row;
    for (; r->out_row < r->frame.height; ++r->out_row) {
        const covey__taps *taps = r->taps_y + r->out_row;
        if (taps->first + taps->count > r->in_row)
            return;
        for (size_t t = 0; t < taps->count; ++t)
            r->window[t] = r->ring + ((taps->first + t) % r->stride_y) * middle_bytes;
        uint8_t *out = r->out + 3 * r->frame.width * r->out_row;
        r->down(r->down_first ? r->middle : out, r->sums, r->window,
                r->weights_y + r->out_row * r->stride_y, taps->count, middle_bytes);
        if (r->down_first)
            go_across(r, out, r->middle);
    }
}

covey_status covey_photo_resize(uint8_t *out, size_t out_width, size_t out_height,
                                const uint8_t *in, size_t in_width, size_t in_height) {
    covey__resampler *resampler = NULL;
    covey__frame frame = covey__frame_whole(out_width, out_height);
    covey_status status =
        covey__resampler_new(&resampler, out, &frame, in_width, in_height, NULL);
    if (status != COVEY_OK)
        return status;
    for (size_t y = 0; y < in_height; ++y)
        covey__resampler_push(resampler, in + 3 * in_width * y);
    covey__resampler_free(resampler);
    return COVEY_OK;
}

covey__frame covey__frame_whole(size_t width, size_t height) {
    return (covey__frame){width, height, 0, 0, width, height, 0, 0, 0, 0};
}

/* n/2 rounded, halves to even, as Python's round. */
static size_t half_to_even(size_t n) {
    size_t half = n / 2;
    return n % 2 ? half + half % 2 : half;
}

covey__frame covey__frame_crop(size_t in_width, size_t in_height) {
    enum { SHORT_SIDE = 256 };
    size_t shorter = in_width < in_height ? in_width : in_height;
    size_t longer = in_width < in_height ? in_height : in_width;
    /* Python's int(256 * longer / shorter): an integer product, then a float64 quotient. */
    size_t scaled =
        shorter ? (size_t)((double)(SHORT_SIDE * longer) / (double)shorter) : SHORT_SIDE;
    size_t width = in_width <= in_height ? SHORT_SIDE : scaled;
    size_t height = in_width <= in_height ? scaled : SHORT_SIDE;
    return (covey__frame){width,
                          height,
                          half_to_even(width - COVEY_PHOTO_SIDE),
                          half_to_even(height - COVEY_PHOTO_SIDE),
                          COVEY_PHOTO_SIDE,
                          COVEY_PHOTO_SIDE,
                          0,
                          0,
                          0,
                          0};
}
