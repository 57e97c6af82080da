/* SPDX-License-Identifier: MIT */
/* From bytes to an upright sRGB picture, by libvips. Each format's loader is called by name: what
 * the content is was decided before, and no other loader can be reached. */
#include <string.h>

#include "base_internal.h"
#include "decode_internal.h"

covey_status decode_fail_vips(covey_error *err, const decode_job *job) {
    char said[160];
    const char *text = vips_error_buffer();
    size_t n = strcspn(text, "\n");
    snprintf(said, sizeof said, "%.*s", (int)(n < sizeof said ? n : sizeof said - 1), text);
    vips_error_clear();
    return covey__fail(err, COVEY_E_FORMAT, NULL,
                       "is %s that is damaged or cut short (%s); copy it again from where it came",
                       covey__kind_words(job->kind), said);
}

static int is_text(const uint8_t *bytes, size_t n) {
    for (size_t i = 0; i < n && i < 512; ++i)
        if ((bytes[i] < 0x20 && !strchr("\t\n\r\f\033", bytes[i])) || bytes[i] == 0x7F)
            return 0;
    return 1;
}

covey_status decode_check_kind(const decode_job *job, covey_error *err) {
    covey__kind kind = job->kind;
    /* Raw formats are TIFFs inside, and would give their preview; the name says what they are. */
    if (kind == COVEY__KIND_TIFF && job->name_kind == COVEY__KIND_RAW)
        kind = COVEY__KIND_RAW;
    switch (kind) {
    case COVEY__KIND_JPEG:
    case COVEY__KIND_PNG:
    case COVEY__KIND_WEBP:
    case COVEY__KIND_TIFF:
    case COVEY__KIND_GIF:
    case COVEY__KIND_HEIC:
    case COVEY__KIND_AVIF:
        return COVEY_OK;
    case COVEY__KIND_RAW:
        return covey__fail(err, COVEY_E_UNSUPPORTED, NULL,
                           "is a camera's raw file; develop it to JPEG or TIFF");
    case COVEY__KIND_VIDEO:
        return covey__fail(err, COVEY_E_UNSUPPORTED, NULL,
                           "is a video; save the frames that matter as JPEG");
    case COVEY__KIND_SVG:
    case COVEY__KIND_PDF:
        return covey__fail(err, COVEY_E_UNSUPPORTED, NULL, "is %s; export it as PNG",
                           covey__kind_words(kind));
    case COVEY__KIND_BMP:
    case COVEY__KIND_PSD:
    case COVEY__KIND_JXL:
    case COVEY__KIND_JP2:
        return covey__fail(err, COVEY_E_UNSUPPORTED, NULL, "is %s; convert it to PNG or JPEG",
                           covey__kind_words(kind));
    case COVEY__KIND_UNKNOWN:
        break;
    }
    if (is_text(job->bytes, job->size))
        return covey__fail(err, COVEY_E_FORMAT, NULL,
                           "holds text, not a picture; leave it out or rename it");
    return covey__fail(err, COVEY_E_FORMAT, NULL,
                       "holds no picture that Covey knows (JPEG, PNG, WebP, TIFF, GIF, HEIC, "
                       "AVIF); convert it to one of these");
}

int decode_can_shrink(covey__kind kind) {
    return kind == COVEY__KIND_JPEG || kind == COVEY__KIND_WEBP;
}

covey_status decode_open(VipsImage **image, const decode_job *job, int shrink, covey_error *err) {
    /* libvips takes a const buffer as void *; it is mapped read-only. */
    void *bytes = (void *)(uintptr_t)job->bytes;
    size_t size = job->size;
    VipsImage *opened = NULL;
    int failed = -1;
#define SAFELY "access", VIPS_ACCESS_SEQUENTIAL, "fail_on", VIPS_FAIL_ON_ERROR, NULL
    switch (job->kind) {
    case COVEY__KIND_JPEG:
        failed = vips_jpegload_buffer(bytes, size, &opened, "shrink", shrink, SAFELY);
        break;
    case COVEY__KIND_PNG:
        failed = vips_pngload_buffer(bytes, size, &opened, SAFELY);
        break;
    case COVEY__KIND_WEBP:
        failed = vips_webpload_buffer(bytes, size, &opened, "scale", 1.0 / shrink, SAFELY);
        break;
    case COVEY__KIND_TIFF:
        failed = vips_tiffload_buffer(bytes, size, &opened, SAFELY);
        break;
    case COVEY__KIND_GIF:
        failed = vips_gifload_buffer(bytes, size, &opened, SAFELY);
        break;
    case COVEY__KIND_HEIC:
    case COVEY__KIND_AVIF:
        if (!vips_type_find("VipsOperation", "heifload_buffer"))
            return covey__fail(err, COVEY_E_UNSUPPORTED, NULL,
                               "is %s, which this machine's libvips cannot read; install libheif "
                               "or convert it to JPEG",
                               covey__kind_words(job->kind));
        failed = vips_heifload_buffer(bytes, size, &opened, SAFELY);
        break;
    default:
        return covey__fail(err, COVEY_E_INTERNAL, NULL, "reached no loader; please report this");
    }
#undef SAFELY
    if (failed)
        return decode_fail_vips(err, job);
    *image = opened;
    return COVEY_OK;
}

/* Most photos carry a profile that says sRGB. For them the transform would be the identity, give or
 * take a level, and building it costs more than decoding a small photo. */
static int has_other_profile(VipsImage *in) {
    const void *profile;
    size_t size;
    if (!vips_image_get_typeof(in, VIPS_META_ICC_NAME) ||
        vips_image_get_blob(in, VIPS_META_ICC_NAME, &profile, &size))
        return 0;
    return in->Bands < 3 || !decode_profile_is_srgb(profile, size);
}

/* By the embedded profile if there is one that works, else by what the samples say they are. */
static int to_srgb(VipsImage **out, VipsImage *in, int icc) {
    VipsImage *named = NULL;
    int failed;
    if (icc && has_other_profile(in) &&
        !vips_icc_transform(in, out, "srgb", "embedded", TRUE, "depth", 8, NULL))
        return 0;
    vips_error_clear();
    if (vips_copy(in, &named, "interpretation", vips_image_guess_interpretation(in), NULL))
        return -1;
    failed = vips_colourspace(named, out, VIPS_INTERPRETATION_sRGB, NULL);
    g_object_unref(named);
    return failed;
}

/* Replaces *image by *by, the result of an operation that was given it. A pointer, because the operation may
 * be called after the other arguments have been looked at. */
static int replace(VipsImage **image, VipsImage *const *by, int failed) {
    if (failed)
        return -1;
    g_object_unref(*image);
    *image = *by;
    return 0;
}

covey_status decode_prepare(VipsImage **out, VipsImage *in, const decode_job *job,
                            covey_error *err) {
    VipsImage *image = NULL, *next = NULL;
    if (to_srgb(&image, in, (int)job->setup->icc)) {
        vips_error_clear();
        return covey__fail(err, COVEY_E_UNSUPPORTED, NULL,
                           "is %s whose samples have no meaning as colours; convert it to 8-bit "
                           "PNG",
                           covey__kind_words(job->kind));
    }
    int failed = 0;
    if (image->BandFmt != VIPS_FORMAT_UCHAR)
        failed = replace(&image, &next, vips_cast_uchar(image, &next, NULL));
    if (!failed && image->Bands > 4)
        failed = replace(&image, &next, vips_extract_band(image, &next, 0, "n", 3, NULL));
    if (!failed && job->setup->orient && vips_image_get_orientation(image) > 1) {
        /* Rows come from the file in order; turning needs all of them. */
        failed = !(next = vips_image_copy_memory(image));
        failed = replace(&image, &next, failed) ||
                 replace(&image, &next, vips_autorot(image, &next, NULL));
    }
    if (failed || image->Bands < 3) {
        g_object_unref(image);
        return decode_fail_vips(err, job);
    }
    *out = image;
    return COVEY_OK;
}
