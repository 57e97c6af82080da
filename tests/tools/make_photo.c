/* SPDX-License-Identifier: MIT */
/* Photos for tests: make_photo KIND FILE WIDTH HEIGHT SEED, or make_photo set FOLDER N, which makes
 * N small JPEGs of three families of patterns. The suffix of FILE says the format. make_photo
 * shrink FROM TO writes a picture for the guide: a PNG with few colours. KIND: rgb, grey, rgba,
 * rgb16, palette, cmyk, animated, huge (WIDTH x HEIGHT of 1-bit black). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vips/vips.h>

static int fail(const char *file) {
    fprintf(stderr, "make_photo: %s: %s\n", file, vips_error_buffer());
    return 1;
}

/* Stripes, rings or patches by seed % 3, colours by seed. */
static unsigned char pattern(int x, int y, int band, int seed) {
    double phase = 0.7 * seed + 1.3 * band, u = x / 9.0, v = y / 9.0, value;
    switch (seed % 3) {
    case 0:
        value = sin(u + 0.2 * v + phase);
        break;
    case 1:
        value = sin(sqrt((u - 8) * (u - 8) + (v - 8) * (v - 8)) * 2 + phase);
        break;
    default:
        value = sin(0.3 * u + phase) * sin(0.3 * v + phase) * (band == seed / 3 % 3 ? 1 : 0.2);
    }
    return (unsigned char)(127.5 + 127 * value);
}

static VipsImage *draw(int width, int height, int bands, int seed) {
    size_t size = (size_t)width * height * bands;
    unsigned char *pixels = malloc(size);
    VipsImage *image = NULL;
    if (!pixels)
        return NULL;
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x)
            for (int band = 0; band < bands; ++band)
                pixels[((size_t)y * width + x) * bands + band] = pattern(x, y, band, seed);
    image = vips_image_new_from_memory_copy(pixels, size, width, height, bands, VIPS_FORMAT_UCHAR);
    free(pixels);
    return image;
}

static int set_interpretation(VipsImage **image, VipsInterpretation interpretation) {
    VipsImage *out;
    if (vips_copy(*image, &out, "interpretation", interpretation, NULL))
        return -1;
    g_object_unref(*image);
    *image = out;
    return 0;
}

/* 8 bits to 16: x 257. */
static int deepen(VipsImage **image) {
    VipsImage *wide, *out;
    if (vips_linear1(*image, &wide, 257, 0, NULL))
        return -1;
    if (vips_cast_ushort(wide, &out, NULL)) {
        g_object_unref(wide);
        return -1;
    }
    g_object_unref(wide);
    g_object_unref(*image);
    *image = out;
    return set_interpretation(image, VIPS_INTERPRETATION_RGB16);
}

static int make(const char *kind, const char *file, int width, int height, int seed) {
    int animated = strcmp(kind, "animated") == 0, bands = 3, bad;
    VipsImage *image;
    if (strcmp(kind, "huge") == 0) {
        if (vips_black(&image, width, height, NULL))
            return fail(file);
        bad = vips_pngsave(image, file, "bitdepth", 1, NULL);
        g_object_unref(image);
        return bad ? fail(file) : 0;
    }
    if (strcmp(kind, "grey") == 0)
        bands = 1;
    else if (strcmp(kind, "rgba") == 0 || strcmp(kind, "cmyk") == 0)
        bands = 4;
    image = draw(width, animated ? 3 * height : height, bands, seed);
    if (!image)
        return fail(file);
    bad = set_interpretation(&image, bands == 1                  ? VIPS_INTERPRETATION_B_W
                                     : strcmp(kind, "cmyk") == 0 ? VIPS_INTERPRETATION_CMYK
                                                                 : VIPS_INTERPRETATION_sRGB);
    if (!bad && strcmp(kind, "rgb16") == 0)
        bad = deepen(&image);
    if (!bad && animated)
        vips_image_set_int(image, "page-height", height);
    if (!bad && strcmp(kind, "palette") == 0)
        bad = vips_pngsave(image, file, "palette", TRUE, NULL);
    else if (!bad)
        bad = vips_image_write_to_file(image, file, NULL);
    g_object_unref(image);
    return bad ? fail(file) : 0;
}

static int make_set(const char *folder, int n) {
    char file[4096];
    for (int i = 0; i < n; ++i) {
        snprintf(file, sizeof file, "%s/photo_%02d.jpg", folder, i);
        if (make("rgb", file, 160, 120, i))
            return 1;
    }
    return 0;
}

static int shrink(const char *from, const char *to) {
    VipsImage *image = vips_image_new_from_file(from, NULL);
    int bad;
    if (!image)
        return fail(from);
    bad = vips_pngsave(image, to, "palette", TRUE, "Q", 60, "dither", 0.0, "compression", 9,
                       "strip", TRUE, NULL);
    g_object_unref(image);
    return bad ? fail(to) : 0;
}

int main(int argc, char **argv) {
    int code = 2;
    if (VIPS_INIT(argv[0]))
        return fail(argv[0]);
    if (argc == 4 && strcmp(argv[1], "set") == 0)
        code = make_set(argv[2], atoi(argv[3]));
    else if (argc == 4 && strcmp(argv[1], "shrink") == 0)
        code = shrink(argv[2], argv[3]);
    else if (argc == 6)
        code = make(argv[1], argv[2], atoi(argv[3]), atoi(argv[4]), atoi(argv[5]));
    else
        fprintf(stderr, "usage: make_photo KIND FILE WIDTH HEIGHT SEED | set FOLDER N | "
                        "shrink FROM TO\n");
    vips_shutdown();
    return code;
}
