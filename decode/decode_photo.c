/* SPDX-License-Identifier: MIT */
/* One photo: how far to decode it, and the rows' way through the resamplers. */
#include <string.h>

#include "base_internal.h"
#include "covey/photo.h"
#include "decode_internal.h"
#include "resample_internal.h"

/* A longer side makes the resampler's tables large; no camera comes near. */
enum { LONGEST_SIDE = 1000000 };

/* [width][3] from a row of 3 bands or 4. */
static const uint8_t *without_alpha(uint8_t *out, const uint8_t *row, size_t width, int bands,
                                    int over_white) {
    if (bands == 3)
        return row;
    for (size_t x = 0; x < width; ++x) {
        const uint8_t *p = row + 4 * x;
        unsigned a = over_white ? p[3] : 255;
        for (int c = 0; c < 3; ++c)
            out[3 * x + (size_t)c] = (uint8_t)((p[c] * a + 255 * (255 - a) + 127) / 255);
    }
    return out;
}

/* Row `y` of what is prepared (VIPS_REGION_ADDR mixes signs). */
static const uint8_t *row_of(VipsRegion *region, int y) {
    return VIPS_REGION_ADDR_TOPLEFT(region) +
           (size_t)(y - region->valid.top) * (size_t)VIPS_REGION_LSKIP(region);
}

/* Pulls the whole picture through the resamplers, strip by strip. */
static covey_status run_rows(VipsImage *image, covey__resampler *const *resamplers, size_t n,
                             const decode_job *job, covey_error *err) {
    covey_status status = COVEY_OK;
    size_t width = (size_t)image->Xsize;
    int bands = image->Bands, height = image->Ysize;
    int strip = (int)(((size_t)4 << 20) / (width * (size_t)bands));
    strip = strip < 1 ? 1 : strip > 64 ? 64 : strip;
    uint8_t *plain = covey__alloc_array(width, 3);
    VipsRegion *region = vips_region_new(image);
    COVEY_NOMEM_IF(!plain || !region, err);
    for (int y = 0; y < height; y += strip) {
        int rows = height - y < strip ? height - y : strip;
        VipsRect area = {0, y, image->Xsize, rows};
        if (vips_region_prepare(region, &area)) {
            status = decode_fail_vips(err, job);
            goto done;
        }
        for (int r = 0; r < rows; ++r) {
            const uint8_t *row =
                without_alpha(plain, row_of(region, y + r), width, bands,
                              job->setup->alpha == COVEY_ALPHA_WHITE);
            for (size_t i = 0; i < n; ++i)
                covey__resampler_push(resamplers[i], row);
        }
    }
done:
    if (region)
        g_object_unref(region);
    covey__free(plain);
    return status;
}

/* The largest of 8, 4, 2 that leaves both sides at least `least`, else 1. */
static int choose_shrink(const decode_job *job, size_t width, size_t height, size_t least) {
    if (decode_can_shrink(job->kind))
        for (size_t shrink = 8; shrink > 1; shrink /= 2)
            if (width / shrink >= least && height / shrink >= least)
                return (int)shrink;
    return 1;
}

static void thumb_size(size_t *width, size_t *height, size_t side) {
    size_t longer = *width > *height ? *width : *height;
    if (longer <= side)
        return;
    *width = (*width * side * 2 + longer) / (2 * longer);
    *height = (*height * side * 2 + longer) / (2 * longer);
    *width += !*width;
    *height += !*height;
}

/* A thumbnail is a convenience: without one the photo is still used. */
static uint32_t encode_thumb(const decode_job *job, const uint8_t *rgb, size_t width,
                             size_t height) {
    static const int qualities[] = {82, 60, 30};
    uint32_t stored = 0;
    if (job->setup->thumb_raw) {
        memcpy(job->thumb, rgb, width * height * 3); /* at most [thumb][thumb][3]: the room */
        return (uint32_t)(width * height * 3);
    }
    VipsImage *image = vips_image_new_from_memory(rgb, width * height * 3, (int)width, (int)height,
                                                  3, VIPS_FORMAT_UCHAR);
    VipsImage *named = NULL;
    if (image && !vips_copy(image, &named, "interpretation", VIPS_INTERPRETATION_sRGB, NULL))
        for (size_t i = 0; i < sizeof qualities / sizeof *qualities && !stored; ++i) {
            void *jpeg = NULL;
            size_t size = 0;
            if (vips_jpegsave_buffer(named, &jpeg, &size, "Q", qualities[i], "optimize_coding",
                                     TRUE, "strip", TRUE, NULL))
                break;
            if (size <= job->setup->thumb_room) {
                memcpy(job->thumb, jpeg, size);
                stored = (uint32_t)size;
            }
            g_free(jpeg);
        }
    vips_error_clear();
    if (named)
        g_object_unref(named);
    if (image)
        g_object_unref(image);
    return stored;
}

/* The photo as stored, and as the network is to see it. */
typedef struct shape {
    size_t width, height; /* as stored */
    int orientation;      /* EXIF's, as it is to be applied: 1 if not */
    size_t seen_width, seen_height;
} shape;

/* Where the photo lies in an image of it at 1/shrink. JPEG cuts the last partial pixel off at the
 * right and at the bottom as stored; turning puts these sides elsewhere. */
static void set_box(covey__frame *frame, const shape *photo, int shrink, size_t width,
                    size_t height) {
    int o = photo->orientation;
    int from_right = o == 2 || o == 3 || o == 6 || o == 7;
    int from_bottom = o == 3 || o == 4 || o == 7 || o == 8;
    frame->box_width = (double)photo->seen_width / shrink;
    frame->box_height = (double)photo->seen_height / shrink;
    frame->box_left = from_right ? (double)width - frame->box_width : 0;
    frame->box_top = from_bottom ? (double)height - frame->box_height : 0;
}

/* Decodes at 1/shrink into rgb and thumb [thumb_height][thumb_width][3], either of them NULL if not
 * wanted. */
static covey_status decode_at(const decode_job *job, const shape *photo, int shrink, uint8_t *rgb,
                              uint8_t *thumb, size_t thumb_width, size_t thumb_height,
                              covey_error *err) {
    covey_status status = COVEY_OK;
    VipsImage *opened = NULL, *image = NULL;
    covey__resampler *resamplers[2];
    size_t n = 0;
    COVEY_TRY(decode_open(&opened, job, shrink, err));
    COVEY_TRY(decode_prepare(&image, opened, job, err));
    size_t width = (size_t)image->Xsize, height = (size_t)image->Ysize;
    int boxed = shrink > 1 && job->kind == COVEY__KIND_JPEG; /* WebP scales to whole pixels */
    if (rgb) {
        covey__frame frame = job->setup->crop
                                 ? covey__frame_crop(photo->seen_width, photo->seen_height)
                                 : covey__frame_whole(COVEY_PHOTO_SIDE, COVEY_PHOTO_SIDE);
        if (boxed)
            set_box(&frame, photo, shrink, width, height);
        COVEY_TRY(covey__resampler_new(&resamplers[n], rgb, &frame, width, height, err));
        ++n;
    }
    if (thumb) {
        covey__frame frame = covey__frame_whole(thumb_width, thumb_height);
        if (boxed)
            set_box(&frame, photo, shrink, width, height);
        COVEY_TRY(covey__resampler_new(&resamplers[n], thumb, &frame, width, height, err));
        ++n;
    }
    COVEY_TRY(run_rows(image, resamplers, n, job, err));
done:
    for (size_t i = 0; i < n; ++i)
        covey__resampler_free(resamplers[i]);
    if (image)
        g_object_unref(image);
    if (opened)
        g_object_unref(opened);
    return status;
}

/* From the header alone. *quarter: a viewer turns the photo by a quarter. */
static covey_status measure(const decode_job *job, shape *photo, int *quarter, covey_error *err) {
    covey_status status = COVEY_OK;
    VipsImage *header = NULL;
    COVEY_TRY(decode_open(&header, job, 1, err));
    size_t width = (size_t)header->Xsize, height = (size_t)header->Ysize;
    int orientation = vips_image_get_orientation(header);
    *quarter = orientation >= 5;
    photo->width = width;
    photo->height = height;
    photo->orientation = job->setup->orient ? orientation : 1;
    photo->seen_width = photo->orientation >= 5 ? height : width;
    photo->seen_height = photo->orientation >= 5 ? width : height;
    COVEY_FAIL_IF(width > LONGEST_SIDE || height > LONGEST_SIDE, err, COVEY_E_LIMIT, NULL,
                  "is %zux%zu pixels, with a side beyond the limit of %d; cut it into parts", width,
                  height, LONGEST_SIDE);
    COVEY_FAIL_IF(width * height > job->setup->max_pixels, err, COVEY_E_LIMIT, NULL,
                  "is %zux%zu pixels, more than the limit of %ju; make it smaller or raise the "
                  "limit",
                  width, height, (uintmax_t)job->setup->max_pixels);
done:
    if (header)
        g_object_unref(header);
    return status;
}

/* What the network sees must not depend on the thumbnail: if that wants more pixels, this is less
 * than `shrink`, and the photo is decoded twice. */
static int choose_thumb_shrink(const decode_job *job, const shape *photo, int shrink) {
    size_t longer = photo->width > photo->height ? photo->width : photo->height;
    int chosen = 1;
    while (chosen < shrink && longer / (size_t)(2 * chosen) >= job->setup->thumb)
        chosen *= 2;
    return chosen;
}

covey_status decode_photo(decode_job *job, covey_error *err) {
    covey_status status = COVEY_OK;
    shape photo;
    int quarter;
    uint8_t *thumb = NULL;
    COVEY_FAIL_IF(!job->size, err, COVEY_E_FORMAT, NULL,
                  "is empty (0 bytes); copy it again from where it came");
    job->kind = covey__sniff(job->bytes,
                             job->size < COVEY__SNIFF_BYTES ? job->size : COVEY__SNIFF_BYTES);
    COVEY_TRY(decode_check_kind(job, err));
    COVEY_TRY(measure(job, &photo, &quarter, err));
    /* Twice what the resampler is to make of it, on each side. */
    size_t least = job->setup->crop ? 2 * 256 : 2 * COVEY_PHOTO_SIDE;
    int shrink = job->setup->full ? 1 : choose_shrink(job, photo.width, photo.height, least);
    int thumb_shrink = shrink;
    size_t thumb_width = photo.seen_width, thumb_height = photo.seen_height;
    if (job->setup->thumb) {
        thumb_shrink = choose_thumb_shrink(job, &photo, shrink);
        thumb_size(&thumb_width, &thumb_height, job->setup->thumb);
        thumb = covey__alloc_array(thumb_width * thumb_height, 3);
        COVEY_NOMEM_IF(!thumb, err);
    }
    int once = thumb_shrink == shrink;
    COVEY_TRY(decode_at(job, &photo, shrink, job->rgb, once ? thumb : NULL, thumb_width,
                        thumb_height, err));
    if (thumb && !once)
        COVEY_TRY(
            decode_at(job, &photo, thumb_shrink, NULL, thumb, thumb_width, thumb_height, err));
    job->reply->thumb_bytes = thumb ? encode_thumb(job, thumb, thumb_width, thumb_height) : 0;
    if (job->reply->thumb_bytes) {
        job->reply->thumb_width = (uint32_t)thumb_width;
        job->reply->thumb_height = (uint32_t)thumb_height;
    }
    job->reply->width = (uint32_t)(quarter ? photo.height : photo.width);
    job->reply->height = (uint32_t)(quarter ? photo.width : photo.height);
done:
    covey__free(thumb);
    return status;
}
