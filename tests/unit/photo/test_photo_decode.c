/* SPDX-License-Identifier: MIT */
/* Photos of every form that people have, made here by libvips, through the real decoder. */
#include <vips/vips.h>

#include "photo_test_decoder.h"
#include "resample_internal.h"

/* JPEG, WebP and the HEIF family change samples by a few levels; flat colours stay within this. */
enum { LOSSY = 6 };

/* Four flat quarters: top left, top right, bottom left, bottom right. */
static const uint8_t quarters[4][3] = {{200, 40, 40}, {40, 180, 60}, {50, 60, 190}, {220, 210, 90}};

/* [h][w][bands]: the quarters, and alpha 0 on the left, 255 on the right if there is a 4th band. */
static VipsImage *quarters_image(int w, int h, int bands) {
    uint8_t *p = malloc((size_t)w * (size_t)h * (size_t)bands);
    assert_non_null(p);
    for (int y = 0; y < h; ++y)
        for (int x = 0; x < w; ++x)
            for (int c = 0; c < bands; ++c)
                p[(y * w + x) * bands + c] =
                    c == 3 ? (x * 2 < w ? 0 : 255) : quarters[(y * 2 >= h) * 2 + (x * 2 >= w)][c];
    VipsImage *raw = vips_image_new_from_memory_copy(
        p, (size_t)w * (size_t)h * (size_t)bands, w, h, bands, VIPS_FORMAT_UCHAR);
    VipsImage *named = NULL;
    free(p);
    assert_int_equal(vips_copy(raw, &named, "interpretation",
                               bands < 3 ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB,
                               NULL),
                     0);
    g_object_unref(raw);
    return named;
}

static void save(VipsImage *image, const char *path, const char *options) {
    char name[1024];
    snprintf(name, sizeof name, "%s%s", path, options);
    if (vips_image_write_to_file(image, name, NULL))
        fail_msg("%s: %s", path, vips_error_buffer());
}

/* Colours in the middle of the four quarters of the decoded photo. */
static void assert_quarters(const taken *t, const uint8_t want[4][3], int tolerance) {
    assert_used(t);
    for (int q = 0; q < 4; ++q) {
        size_t x = q % 2 ? 168 : 56, y = q / 2 ? 168 : 56;
        for (size_t c = 0; c < 3; ++c) {
            int got = t->rgb[(y * 224 + x) * 3 + c];
            if (abs(got - want[q][c]) > tolerance)
                fail_msg("photo %zu, quarter %d, channel %zu: %d, expected %d within %d",
                         t->photo.index, q, c, got, want[q][c], tolerance);
        }
    }
}

static void every_format(void **state) {
    bench *b = *state;
    static const struct {
        const char *name, *options;
        const char *saver;
        int tolerance;
    } formats[] = {
        {"a.jpg", "[Q=95]", "jpegsave", LOSSY},
        {"progressive.jpg", "[Q=95,interlace]", "jpegsave", LOSSY},
        {"a.png", "", "pngsave", 0},
        {"interlaced.png", "[interlace]", "pngsave", 0},
        {"palette.png", "[palette]", "pngsave", 2},
        {"a.webp", "[Q=95]", "webpsave", LOSSY},
        {"lossless.webp", "[lossless]", "webpsave", 0},
        {"a.tif", "", "tiffsave", 0},
        {"tiles.tif", "[tile,compression=deflate]", "tiffsave", 0},
        {"big.tif", "[bigtiff]", "tiffsave", 0},
        {"a.gif", "", "gifsave", LOSSY},
        {"a.heic", "[Q=95,compression=hevc]", "heifsave", 2 * LOSSY},
        {"a.avif", "[Q=95]", "heifsave", 2 * LOSSY},
    };
    VipsImage *image = quarters_image(600, 480, 3);
    int tolerance[LENGTH(formats)];
    size_t n = 0;
    for (size_t i = 0; i < LENGTH(formats); ++i) {
        char name[1024];
        if (!vips_type_find("VipsOperation", formats[i].saver)) {
            print_message("not tried: %s, libvips cannot write it here\n", formats[i].name);
            continue;
        }
        snprintf(name, sizeof name, "%s%s", bench_add(b, formats[i].name), formats[i].options);
        if (vips_image_write_to_file(image, name, NULL)) {
            print_message("not tried: %s: %s", formats[i].name, vips_error_buffer());
            vips_error_clear();
            free(b->paths[--b->n]);
            continue;
        }
        tolerance[n++] = formats[i].tolerance;
    }
    assert_true(n >= 11);
    taken *all = bench_decode(b, 3, NULL);
    for (size_t i = 0; i < n; ++i) {
        assert_quarters(all + i, quarters, tolerance[i]);
        assert_int_equal(all[i].photo.width, 600);
        assert_int_equal(all[i].photo.height, 480);
        size_t size;
        FILE *file = fopen(b->paths[i], "rb");
        fseek(file, 0, SEEK_END);
        size = (size_t)ftell(file);
        fclose(file);
        assert_int_equal(all[i].photo.bytes, size);
    }
    taken_free(all, n);
    g_object_unref(image);
}

static void orientation_is_applied(void **state) {
    bench *b = *state;
    /* quarters as a viewer shows them, for EXIF orientations 1 to 8 */
    static const int shown[8][4] = {{0, 1, 2, 3}, {1, 0, 3, 2}, {3, 2, 1, 0}, {2, 3, 0, 1},
                                    {0, 2, 1, 3}, {2, 0, 3, 1}, {3, 1, 2, 0}, {1, 3, 0, 2}};
    VipsImage *image = quarters_image(1200, 1000, 3);
    for (int o = 1; o <= 8; ++o) {
        char name[32];
        VipsImage *marked = NULL;
        assert_int_equal(vips_copy(image, &marked, NULL), 0);
        vips_image_set_int(marked, VIPS_META_ORIENTATION, o);
        snprintf(name, sizeof name, "%d.jpg", o);
        save(marked, bench_add(b, name), "[Q=95]");
        snprintf(name, sizeof name, "%d.tif", o);
        save(marked, bench_add(b, name), "");
        g_object_unref(marked);
    }
    covey_decode_params params = covey_decode_params_default();
    params.thumb = 300;
    taken *all = bench_decode(b, 4, &params);
    for (int i = 0; i < 16; ++i) {
        uint8_t want[4][3];
        for (int q = 0; q < 4; ++q)
            memcpy(want[q], quarters[shown[i / 2][q]], 3);
        assert_quarters(all + i, (const uint8_t(*)[3])want, i % 2 ? 0 : LOSSY);
        int turned = i / 2 >= 4;
        assert_int_equal(all[i].photo.width, turned ? 1000 : 1200);
        assert_int_equal(all[i].photo.height, turned ? 1200 : 1000);
        VipsImage *thumb =
            vips_image_new_from_buffer(all[i].thumb, all[i].photo.thumb_bytes, "", NULL);
        assert_non_null(thumb);
        assert_int_equal(thumb->Xsize, turned ? 250 : 300);
        assert_int_equal(thumb->Ysize, turned ? 300 : 250);
        g_object_unref(thumb);
    }
    taken_free(all, 16);
    params.orient = 0;
    all = bench_decode(b, 4, &params);
    for (int i = 0; i < 16; ++i)
        assert_quarters(all + i, quarters, i % 2 ? 0 : LOSSY);
    taken_free(all, 16);
    g_object_unref(image);
}

static void alpha_lies_over_white_or_is_dropped(void **state) {
    bench *b = *state;
    static const uint8_t over_white[4][3] = {
        {255, 255, 255}, {40, 180, 60}, {255, 255, 255}, {220, 210, 90}};
    VipsImage *image = quarters_image(300, 300, 4), *wide = NULL;
    save(image, bench_add(b, "a.png"), "");
    save(image, bench_add(b, "a.webp"), "[lossless]");
    save(image, bench_add(b, "a.tif"), "");
    assert_int_equal(vips_colourspace(image, &wide, VIPS_INTERPRETATION_RGB16, NULL), 0);
    save(wide, bench_add(b, "16 bits.png"), "");
    taken *all = bench_decode(b, 2, NULL);
    for (size_t i = 0; i < b->n; ++i)
        assert_quarters(all + i, over_white, 0);
    taken_free(all, b->n);
    covey_decode_params params = covey_decode_params_default();
    params.alpha = COVEY_ALPHA_DROP;
    all = bench_decode(b, 2, &params);
    assert_quarters(all + 0, quarters, 0);
    assert_quarters(all + 2, quarters, 0);
    assert_quarters(all + 3, quarters, 0);
    taken_free(all, b->n);
    g_object_unref(wide);
    g_object_unref(image);
}

static void grey_deep_and_cmyk(void **state) {
    bench *b = *state;
    VipsImage *image = quarters_image(320, 300, 3), *grey = quarters_image(320, 300, 1);
    VipsImage *wide = NULL, *wide_grey = NULL, *cmyk = NULL, *faded = NULL;
    save(grey, bench_add(b, "grey.png"), "");
    save(grey, bench_add(b, "grey.jpg"), "[Q=95]");
    assert_int_equal(vips_colourspace(grey, &wide_grey, VIPS_INTERPRETATION_GREY16, NULL), 0);
    save(wide_grey, bench_add(b, "grey16.png"), "");
    assert_int_equal(vips_colourspace(image, &wide, VIPS_INTERPRETATION_RGB16, NULL), 0);
    save(wide, bench_add(b, "16.png"), "");
    save(wide, bench_add(b, "16.tif"), "");
    assert_int_equal(
        vips_icc_transform(image, &cmyk, "cmyk", "input_profile", "srgb", NULL), 0);
    save(cmyk, bench_add(b, "cmyk.jpg"), "[Q=95]");
    save(cmyk, bench_add(b, "cmyk without profile.jpg"), "[Q=95,strip]");
    assert_int_equal(vips_bandjoin_const1(grey, &faded, 255, NULL), 0);
    save(faded, bench_add(b, "grey alpha.png"), "");
    /* Ink cannot show all of these colours; what it can comes back as libvips brings it back. */
    VipsImage *back = NULL;
    uint8_t inks[4][3];
    assert_int_equal(vips_icc_transform(cmyk, &back, "srgb", "embedded", TRUE, NULL), 0);
    for (int q = 0; q < 4; ++q) {
        double *point;
        int bands;
        assert_int_equal(
            vips_getpoint(back, &point, &bands, q % 2 ? 240 : 80, q / 2 ? 225 : 75, NULL), 0);
        for (int c = 0; c < 3; ++c)
            inks[q][c] = (uint8_t)point[c];
        g_free(point);
    }
    uint8_t greys[4][3];
    for (int q = 0; q < 4; ++q)
        memset(greys[q], quarters[q][0], 3);
    taken *all = bench_decode(b, 4, NULL);
    assert_quarters(all + 0, (const uint8_t(*)[3])greys, 0);
    assert_quarters(all + 1, (const uint8_t(*)[3])greys, LOSSY);
    assert_quarters(all + 2, (const uint8_t(*)[3])greys, 0);
    assert_quarters(all + 3, quarters, 0);
    assert_quarters(all + 4, quarters, 0);
    assert_quarters(all + 5, (const uint8_t(*)[3])inks, LOSSY);
    assert_quarters(all + 6, quarters, 60);
    assert_quarters(all + 7, (const uint8_t(*)[3])greys, 0);
    taken_free(all, b->n);
    g_object_unref(back);
    g_object_unref(faded);
    g_object_unref(cmyk);
    g_object_unref(wide);
    g_object_unref(wide_grey);
    g_object_unref(grey);
    g_object_unref(image);
}

/* [h][w][3] of smooth waves: content at reduced scale is comparable. */
static VipsImage *waves(int w, int h) {
    uint8_t *p = malloc((size_t)w * (size_t)h * 3);
    for (int y = 0; y < h; ++y)
        for (int x = 0; x < w; ++x)
            for (int c = 0; c < 3; ++c)
                p[(y * w + x) * 3 + c] =
                    (uint8_t)(127.5 + 120 * sin(0.011 * x * (c + 1)) * cos(0.013 * y + c));
    VipsImage *raw = vips_image_new_from_memory_copy(p, (size_t)w * (size_t)h * 3, w, h, 3,
                                                     VIPS_FORMAT_UCHAR);
    VipsImage *named = NULL;
    free(p);
    assert_int_equal(
        vips_copy(raw, &named, "interpretation", VIPS_INTERPRETATION_sRGB, NULL), 0);
    g_object_unref(raw);
    return named;
}

static void profiles_are_heeded(void **state) {
    bench *b = *state;
    VipsImage *image = quarters_image(320, 300, 3), *p3 = NULL, *broken = NULL;
    assert_int_equal(vips_icc_transform(image, &p3, "p3", "input_profile", "srgb", NULL), 0);
    save(p3, bench_add(b, "p3.png"), "");
    assert_int_equal(vips_copy(image, &broken, NULL), 0);
    vips_image_set_blob_copy(broken, VIPS_META_ICC_NAME, "not a profile at all", 20);
    save(broken, bench_add(b, "broken.tif"), "");
    VipsImage *plain = waves(500, 400), *tagged = NULL;
    VipsBlob *profile = NULL;
    size_t size;
    assert_int_equal(vips_profile_load("srgb", &profile, NULL), 0);
    assert_int_equal(vips_copy(plain, &tagged, NULL), 0);
    const void *data = vips_blob_get(profile, &size);
    vips_image_set_blob_copy(tagged, VIPS_META_ICC_NAME, data, size);
    save(plain, bench_add(b, "plain.png"), "");
    save(tagged, bench_add(b, "srgb.png"), "");
    vips_area_unref(VIPS_AREA(profile));
    g_object_unref(tagged);
    g_object_unref(plain);
    taken *all = bench_decode(b, 2, NULL);
    assert_quarters(all + 0, quarters, 2);
    assert_quarters(all + 1, quarters, 0);
    assert_used(all + 3);
    assert_memory_equal(all[2].rgb, all[3].rgb, sizeof all[2].rgb); /* sRGB changes nothing */
    taken_free(all, b->n);
    covey_decode_params params = covey_decode_params_default();
    params.icc = 0;
    all = bench_decode(b, 2, &params);
    assert_used(all);
    size_t red = (56 * 224 + 56) * 3;
    assert_true(abs(all[0].rgb[red] - quarters[0][0]) > 8); /* the P3 numbers, taken as sRGB */
    taken_free(all, b->n);
    g_object_unref(broken);
    g_object_unref(p3);
    g_object_unref(image);
}

static void small_and_extreme_sizes(void **state) {
    bench *b = *state;
    static const int sizes[][2] = {{1, 1}, {1, 700}, {700, 1}, {3, 2}, {30000, 2}, {2, 30000}};
    for (size_t i = 0; i < LENGTH(sizes); ++i) {
        char name[32];
        VipsImage *image = quarters_image(sizes[i][0], sizes[i][1], 3);
        snprintf(name, sizeof name, "%zu.png", i);
        save(image, bench_add(b, name), "");
        snprintf(name, sizeof name, "%zu.jpg", i);
        save(image, bench_add(b, name), "");
        g_object_unref(image);
    }
    covey_decode_params params = covey_decode_params_default();
    params.thumb = 64;
    for (params.crop = 0; params.crop < 2; ++params.crop) {
        taken *all = bench_decode(b, 4, &params);
        for (size_t i = 0; i < b->n; ++i) {
            assert_used(all + i);
            assert_int_equal(all[i].photo.width, sizes[i / 2][0]);
            assert_int_equal(all[i].photo.height, sizes[i / 2][1]);
            assert_non_null(all[i].thumb);
        }
        taken_free(all, b->n);
    }
}

static void first_frame_of_an_animation(void **state) {
    bench *b = *state;
    VipsImage *frames = NULL, *still = quarters_image(300, 300, 3), *black = NULL, *rgb = NULL;
    assert_int_equal(vips_black(&black, 300, 300, "bands", 3, NULL), 0);
    assert_int_equal(vips_copy(black, &rgb, "interpretation", VIPS_INTERPRETATION_sRGB, NULL), 0);
    VipsImage *both[] = {still, rgb};
    assert_int_equal(vips_arrayjoin(both, &frames, 2, "across", 1, NULL), 0);
    vips_image_set_int(frames, VIPS_META_PAGE_HEIGHT, 300);
    save(frames, bench_add(b, "moving.gif"), "");
    save(frames, bench_add(b, "moving.webp"), "[lossless]");
    taken *all = bench_decode(b, 2, NULL);
    assert_quarters(all + 0, quarters, LOSSY);
    assert_quarters(all + 1, quarters, 0);
    assert_int_equal(all[0].photo.height, 300);
    taken_free(all, b->n);
    g_object_unref(frames);
    g_object_unref(rgb);
    g_object_unref(black);
    g_object_unref(still);
}

static void reduced_scale_is_close_and_blind_to_thumbnails(void **state) {
    bench *b = *state;
    static const char *const names[] = {"a.jpg", "a.webp"};
    VipsImage *image = waves(3700, 2000);
    for (size_t i = 0; i < LENGTH(names); ++i)
        save(image, bench_add(b, names[i]), "[Q=92]");
    covey_decode_params params = covey_decode_params_default();
    taken *plain = bench_decode(b, 2, &params);
    params.thumb = 2048; /* wants more pixels than the network's copy is decoded at */
    taken *large = bench_decode(b, 2, &params);
    params.thumb = 100;
    params.full = 1;
    taken *full = bench_decode(b, 2, &params);
    for (size_t i = 0; i < b->n; ++i) {
        assert_used(plain + i);
        assert_used(large + i);
        assert_used(full + i);
        assert_memory_equal(plain[i].rgb, large[i].rgb, sizeof plain[i].rgb);
        VipsImage *thumb =
            vips_image_new_from_buffer(large[i].thumb, large[i].photo.thumb_bytes, "", NULL);
        assert_int_equal(thumb->Xsize, 2048);
        assert_int_equal(thumb->Ysize, 1107);
        g_object_unref(thumb);
        double difference = 0;
        for (size_t j = 0; j < sizeof plain[i].rgb; ++j)
            difference += abs(plain[i].rgb[j] - full[i].rgb[j]);
        difference /= sizeof plain[i].rgb;
        /* Half a reduced pixel of the wave's slope is about one level. */
        if (difference > 1.5 || difference == 0)
            fail_msg("%s: mean difference to the full decode %g", names[i], difference);
    }
    taken_free(plain, b->n);
    taken_free(large, b->n);
    taken_free(full, b->n);
    g_object_unref(image);
}

/* 1795 and 1799 are no multiples of 4: the cut pixels must be made up for, on whichever side EXIF
 * puts them, or the photo is shifted against its full decode. */
static void reduced_scale_keeps_the_place(void **state) {
    bench *b = *state;
    VipsImage *image = waves(1795, 1799);
    for (int o = 1; o <= 8; ++o) {
        char name[32];
        VipsImage *marked = NULL;
        assert_int_equal(vips_copy(image, &marked, NULL), 0);
        vips_image_set_int(marked, VIPS_META_ORIENTATION, o);
        snprintf(name, sizeof name, "%d.jpg", o);
        save(marked, bench_add(b, name), "[Q=97]");
        g_object_unref(marked);
    }
    covey_decode_params params = covey_decode_params_default();
    for (params.crop = 0; params.crop < 2; ++params.crop) {
        params.full = 0;
        taken *reduced = bench_decode(b, 2, &params);
        params.full = 1;
        taken *full = bench_decode(b, 2, &params);
        for (size_t i = 0; i < b->n; ++i) {
            double difference = 0;
            for (size_t j = 0; j < sizeof full[i].rgb; ++j)
                difference += abs(reduced[i].rgb[j] - full[i].rgb[j]);
            difference /= sizeof full[i].rgb;
            if (difference > 0.5) /* 0.23 measured; 3.2 if the box is put on the wrong side */
                fail_msg("orientation %zu: mean difference to the full decode %g", i + 1,
                         difference);
        }
        taken_free(reduced, b->n);
        taken_free(full, b->n);
    }
    g_object_unref(image);
}

static void exact_mode_is_the_resampler_alone(void **state) {
    bench *b = *state;
    static uint8_t want[224 * 224 * 3];
    VipsImage *image = waves(640, 431), *marked = NULL;
    size_t size;
    uint8_t *samples = vips_image_write_to_memory(image, &size);
    assert_int_equal(covey_photo_resize(want, 224, 224, samples, 640, 431), COVEY_OK);
    assert_int_equal(vips_copy(image, &marked, NULL), 0);
    vips_image_set_int(marked, VIPS_META_ORIENTATION, 6);
    save(marked, bench_add(b, "a.png"), "");
    save(marked, bench_add(b, "a.tif"), "");
    covey_decode_params params = covey_decode_params_default();
    covey_decode_params_set_exact(&params);
    taken *all = bench_decode(b, 2, &params);
    for (size_t i = 0; i < b->n; ++i) {
        assert_used(all + i);
        assert_memory_equal(all[i].rgb, want, sizeof want);
    }
    taken_free(all, b->n);
    g_free(samples);
    g_object_unref(marked);
    g_object_unref(image);
}

static void any_number_of_workers_gives_the_same(void **state) {
    bench *b = *state;
    for (int i = 0; i < 12; ++i) {
        char name[32];
        VipsImage *image = waves(200 + 97 * i, 300 + 31 * i);
        snprintf(name, sizeof name, "%02d.jpg", i);
        save(image, bench_add(b, name), "");
        g_object_unref(image);
    }
    covey_decode_params params = covey_decode_params_default();
    params.thumb = 128;
    params.threads = 1;
    taken *one = bench_decode(b, 1, &params);
    params.threads = 3;
    taken *three = bench_decode(b, 8, &params);
    for (size_t i = 0; i < b->n; ++i) {
        assert_used(one + i);
        assert_memory_equal(one[i].rgb, three[i].rgb, sizeof one[i].rgb);
        assert_int_equal(one[i].photo.thumb_bytes, three[i].photo.thumb_bytes);
        assert_memory_equal(one[i].thumb, three[i].thumb, one[i].photo.thumb_bytes);
        assert_memory_equal(one[i].photo.sha256, three[i].photo.sha256, 32);
    }
    taken_free(one, b->n);
    taken_free(three, b->n);
}

/* Upright pixels, of the size that the JPEG has; a small photo is not enlarged. */
/* Caches and passports know a decoder below libvips by the digest of its build. */
static void the_decoders_are_named(void **state) {
    (void)state;
    covey_decode_params params = covey_decode_params_default();
    covey_decoder *decoders[2];
    covey_error err;
    params.threads = 1;
    for (int i = 0; i < 2; ++i)
        assert_ok(covey_decoder_new(&decoders[i], 1, &params, &err));
    const char *words = covey_decoder_preparation(decoders[0]);
    const char *codecs = strstr(words, " codecs-");
    assert_non_null(strstr(words, " vips-"));
    assert_non_null(codecs);
    codecs += strlen(" codecs-");
    assert_int_equal(strlen(codecs), 8);
    assert_int_equal(strspn(codecs, "0123456789abcdef"), 8);
    assert_string_not_equal(codecs, "e3b0c442"); /* the digest of nothing: no library was seen */
    assert_string_equal(words, covey_decoder_preparation(decoders[1]));
    for (int i = 0; i < 2; ++i)
        covey_decoder_free(decoders[i]);
}

static void thumbnails_come_as_pixels_too(void **state) {
    bench *b = *state;
    VipsImage *image = quarters_image(300, 150, 3);
    vips_image_set_int(image, VIPS_META_ORIENTATION, 6); /* shown turned: 150 wide, 300 high */
    save(image, bench_add(b, "turned.tif"), "");
    g_object_unref(image);
    image = quarters_image(30, 20, 3);
    save(image, bench_add(b, "small.png"), "");
    g_object_unref(image);
    covey_decode_params params = covey_decode_params_default();
    params.thumb = 100;
    taken *jpeg = bench_decode(b, 4, &params);
    params.thumb_raw = 1;
    taken *raw = bench_decode(b, 4, &params);
    static const size_t width[] = {50, 30}, height[] = {100, 20};
    for (int i = 0; i < 2; ++i) {
        assert_int_equal(raw[i].photo.thumb_width, width[i]);
        assert_int_equal(raw[i].photo.thumb_height, height[i]);
        assert_int_equal(jpeg[i].photo.thumb_width, width[i]);
        assert_int_equal(jpeg[i].photo.thumb_height, height[i]);
        assert_int_equal(raw[i].photo.thumb_bytes, width[i] * height[i] * 3);
        assert_memory_equal(raw[i].rgb, jpeg[i].rgb, sizeof raw[i].rgb);
    }
    /* Turned by a quarter to the right, the lower left quarter comes to the upper left. */
    assert_memory_equal(raw[0].thumb, quarters[2], 3);
    assert_memory_equal(raw[0].thumb + 49 * 3, quarters[0], 3);
    assert_memory_equal(raw[1].thumb, quarters[0], 3);
    assert_memory_equal(raw[1].thumb + (20 * 30 - 1) * 3, quarters[3], 3);
    taken_free(jpeg, 2);
    taken_free(raw, 2);
}

int main(int argc, char **argv) {
    (void)argc;
    if (VIPS_INIT(argv[0]))
        return 1;
#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
    const struct CMUnitTest tests[] = {
        TEST(every_format),
        TEST(orientation_is_applied),
        TEST(alpha_lies_over_white_or_is_dropped),
        TEST(grey_deep_and_cmyk),
        TEST(profiles_are_heeded),
        TEST(small_and_extreme_sizes),
        TEST(first_frame_of_an_animation),
        TEST(reduced_scale_is_close_and_blind_to_thumbnails),
        TEST(thumbnails_come_as_pixels_too),
        TEST(reduced_scale_keeps_the_place),
        TEST(exact_mode_is_the_resampler_alone),
        TEST(any_number_of_workers_gives_the_same),
        TEST(the_decoders_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
