/* SPDX-License-Identifier: MIT */
/* Photos for tests that extract. */
#ifndef PHOTO_FIXTURE_H
#define PHOTO_FIXTURE_H

#include <vips/vips.h>

/* Grey noise around `mean`; the same seed gives the same file. */
static inline void make_noise_photo(const char *path, int width, int height, double mean, int seed) {
    VipsImage *noise, *bytes;
    assert_int_equal(vips_gaussnoise(&noise, width, height, "mean", mean, "seed", seed, NULL), 0);
    assert_int_equal(vips_cast_uchar(noise, &bytes, NULL), 0);
    assert_int_equal(vips_image_write_to_file(bytes, path, NULL), 0);
    g_object_unref(noise);
    g_object_unref(bytes);
}

#endif
