/* SPDX-License-Identifier: MIT */
/* covey-decode: the only program of Covey that links an image library. */
#ifndef DECODE_INTERNAL_H
#define DECODE_INTERNAL_H

#include <vips/vips.h>

#include "covey/status.h"
#include "decode_protocol_internal.h"
#include "photo_internal.h"

typedef struct decode_job {
    const covey__decode_setup *setup;
    const uint8_t *bytes; /* the file, mapped */
    size_t size;
    covey__kind name_kind;
    covey__kind kind; /* by content */
    uint8_t *rgb;     /* [224][224][3] */
    uint8_t *thumb;   /* [setup->thumb_room] */
    covey__decode_reply *reply;
} decode_job;

/* Decodes the job into rgb, thumb and reply; a failure's sentence goes to err. */
covey_status decode_photo(decode_job *job, covey_error *err);

/* ---- decode_image.c ------------------------------------------------------------------------- */

/* COVEY_E_UNSUPPORTED with what to convert to, unless the job's kind is one that is read. */
covey_status decode_check_kind(const decode_job *job, covey_error *err);

/* Opens the photo at 1/shrink of its size (1, 2, 4, 8) where its format can do that, reading no
 * more than the header. The caller unrefs *image. */
covey_status decode_open(VipsImage **image, const decode_job *job, int shrink, covey_error *err);

/* Whether decode_open heeds shrink for this kind. */
int decode_can_shrink(covey__kind kind);

/* In: as opened. Out: upright 8-bit sRGB, 3 bands or 4 with alpha. The caller unrefs *out. */
covey_status decode_prepare(VipsImage **out, VipsImage *in, const decode_job *job,
                            covey_error *err);

/* Whether an ICC profile says what sRGB says, to half a level of 8 bits. */
int decode_profile_is_srgb(const uint8_t *profile, size_t size);

/* Eight hexadecimal digits that are the same for the same builds of all libraries that make pixels,
 * libvips among them. After it has started, and with it its modules. */
void decode_codecs_digest(char out[9]);

/* Fills err with what libvips said, and clears it. */
covey_status decode_fail_vips(covey_error *err, const decode_job *job);

#endif
