/* SPDX-License-Identifier: MIT */
/* What is no photo, or a broken one: skipped, each with a sentence that says what to do. */
#include <sys/stat.h>
#include <vips/vips.h>

#include "base_internal.h"
#include "photo_test_decoder.h"

static void put(bench *b, const char *name, const void *bytes, size_t n) {
    covey_test_write(bench_add(b, name), bytes, n);
}

/* A sound picture of noise, encoded; freed by g_free. */
static void *noise(const char *format, int side, size_t *size) {
    VipsImage *image = NULL, *bytes = NULL;
    void *encoded = NULL;
    assert_int_equal(vips_gaussnoise(&image, side, side, "mean", 128.0, "sigma", 50.0, "seed", 1,
                                     NULL),
                     0);
    assert_int_equal(vips_cast_uchar(image, &bytes, NULL), 0);
    assert_int_equal(vips_image_write_to_buffer(bytes, format, &encoded, size, NULL), 0);
    g_object_unref(bytes);
    g_object_unref(image);
    return encoded;
}

static void other_content(void **state) {
    bench *b = *state;
    static const struct {
        const char *name, *bytes;
        size_t n;
        covey_status status;
        const char *says;
    } cases[] = {
        {"text.jpg", "Dear diary,\nno photos today.\n", 28, COVEY_E_FORMAT, "holds text"},
        {"empty.jpg", "", 0, COVEY_E_FORMAT, "is empty"},
        {"binary.jpg", "\0\1\2\3\4\5\6\7", 8, COVEY_E_FORMAT, "convert it to one of these"},
        {"a.bmp", "BM\x36\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0", 18, COVEY_E_UNSUPPORTED,
         "a BMP picture; convert it to PNG or JPEG"},
        {"a.psd", "8BPS\0\1\0\0\0\0", 10, COVEY_E_UNSUPPORTED, "Photoshop"},
        {"svg.jpg", "<svg xmlns='http://www.w3.org/2000/svg'/>", 41, COVEY_E_UNSUPPORTED,
         "an SVG drawing; export it as PNG"},
        {"pdf.jpg", "%PDF-1.4\n", 9, COVEY_E_UNSUPPORTED, "a PDF document"},
        {"a.mov", "\0\0\0\x14" "ftypqt  \0\0\0\0qt  ", 20, COVEY_E_UNSUPPORTED, "is a video"},
        {"a.cr2", "II*\0\x10\0\0\0CR\2\0\0\0\0\0", 16, COVEY_E_UNSUPPORTED, "raw file; develop"},
        {"a.nef", "MM\0*\0\0\0\x08\0\0\0\0\0\0", 14, COVEY_E_UNSUPPORTED, "raw file; develop"},
        {"a.jxl", "\xFF\x0A\0\0", 4, COVEY_E_UNSUPPORTED, "JPEG XL"},
        {"head.jpg", "\xFF\xD8\xFF\xE0", 4, COVEY_E_FORMAT, "is a JPEG that is damaged"},
        {"head.png", "\x89PNG\r\n\x1A\n", 8, COVEY_E_FORMAT, "is a PNG that is damaged"},
        {"head.webp", "RIFF\x10\0\0\0WEBPVP8 ", 16, COVEY_E_FORMAT, "is a WebP that is damaged"},
        {"head.tif", "II*\0\x08\0\0\0", 8, COVEY_E_FORMAT, "is a TIFF that is damaged"},
        {"head.gif", "GIF89a", 6, COVEY_E_FORMAT, "is a GIF that is damaged"},
        {"head.heic", "\0\0\0\x14" "ftypheic\0\0\0\0mif1", 20, COVEY_E_FORMAT, "is a HEIC"},
        {"head.avif", "\0\0\0\x14" "ftypavif\0\0\0\0mif1", 20, COVEY_E_FORMAT, "is an AVIF"},
    };
    for (size_t i = 0; i < LENGTH(cases); ++i)
        put(b, cases[i].name, cases[i].bytes, cases[i].n);
    taken *all = bench_decode(b, 4, NULL);
    for (size_t i = 0; i < LENGTH(cases); ++i) {
        uint8_t digest[32];
        assert_skipped(all + i, cases[i].status, cases[i].says);
        covey__sha256(digest, cases[i].bytes, cases[i].n);
        assert_memory_equal(all[i].photo.sha256, digest, 32);
        assert_int_equal(all[i].photo.bytes, cases[i].n);
    }
    taken_free(all, b->n);
}

static void cut_short_at_any_place(void **state) {
    bench *b = *state;
    static const char *const formats[] = {".jpg", ".png", ".webp", ".tif", ".gif"};
    static const double kept[] = {0.02, 0.5, 0.95};
    for (size_t f = 0; f < LENGTH(formats); ++f) {
        size_t size;
        void *bytes = noise(formats[f], 700, &size);
        for (size_t k = 0; k < LENGTH(kept); ++k) {
            char name[32];
            snprintf(name, sizeof name, "%zu%s", k, formats[f]);
            put(b, name, bytes, (size_t)((double)size * kept[k]));
        }
        g_free(bytes);
    }
    taken *all = bench_decode(b, 4, NULL);
    for (size_t i = 0; i < b->n; ++i)
        assert_skipped(all + i, COVEY_E_FORMAT, "damaged or cut short");
    taken_free(all, b->n);
}

/* A flipped byte may still decode; what counts is that every photo ends as used or skipped. */
static void flipped_bytes_end_well(void **state) {
    bench *b = *state;
    static const char *const formats[] = {".jpg", ".png", ".webp", ".tif", ".gif"};
    uint32_t random = 1;
    for (size_t f = 0; f < LENGTH(formats); ++f) {
        size_t size;
        uint8_t *bytes = noise(formats[f], 120, &size);
        for (int k = 0; k < 8; ++k) {
            char name[32];
            random = random * 1664525u + 1013904223u;
            size_t at = (random >> 8) % (k < 4 ? 64 : size);
            uint8_t before = bytes[at];
            bytes[at] ^= (uint8_t)(1u << (random >> 29));
            snprintf(name, sizeof name, "%d%s", k, formats[f]);
            put(b, name, bytes, size);
            bytes[at] = before;
        }
        g_free(bytes);
    }
    taken_free(bench_decode(b, 4, NULL), b->n);
}

/* The checksum of PNG chunks. */
static uint32_t crc32_of(uint32_t crc, const void *data, size_t n) {
    const uint8_t *bytes = data;
    for (size_t i = 0; i < n; ++i) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; ++bit)
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
    }
    return crc;
}

static void chunk(FILE *file, const char *type, const uint8_t *data, uint32_t n) {
    uint8_t length[4] = {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};
    uint32_t crc = ~crc32_of(crc32_of(0xFFFFFFFFu, type, 4), data, n);
    uint8_t check[4] = {(uint8_t)(crc >> 24), (uint8_t)(crc >> 16), (uint8_t)(crc >> 8),
                        (uint8_t)crc};
    fwrite(length, 1, 4, file);
    fwrite(type, 1, 4, file);
    fwrite(data, 1, n, file);
    fwrite(check, 1, 4, file);
}

/* A grey PNG that claims width x height pixels and holds none. */
static void put_claim(bench *b, const char *name, uint32_t width, uint32_t height) {
    FILE *file = fopen(bench_add(b, name), "wb");
    uint8_t header[13] = {(uint8_t)(width >> 24),  (uint8_t)(width >> 16), (uint8_t)(width >> 8),
                          (uint8_t)width,          (uint8_t)(height >> 24), (uint8_t)(height >> 16),
                          (uint8_t)(height >> 8), (uint8_t)height,         8,
                          0,                       0,                       0,
                          0};
    assert_non_null(file);
    fwrite("\x89PNG\r\n\x1A\n", 1, 8, file);
    chunk(file, "IHDR", header, 13);
    chunk(file, "IDAT", (const uint8_t *)"\x78\x9c\x03\0\0\0\0\1", 8);
    chunk(file, "IEND", (const uint8_t *)"", 0);
    fclose(file);
}

static void limits_hold_before_decoding(void **state) {
    bench *b = *state;
    size_t size;
    put_claim(b, "30000.png", 30000, 30000);
    put_claim(b, "100000.png", 100000, 100000);
    put_claim(b, "long.png", 5000000, 2);
    void *bytes = noise(".jpg", 500, &size);
    put(b, "small.jpg", bytes, size);
    g_free(bytes);
    taken *all = bench_decode(b, 4, NULL);
    assert_skipped(all, COVEY_E_LIMIT, "30000x30000 pixels, more than the limit of 400000000");
    /* a decoder may refuse such a header by itself */
    assert_true(all[1].photo.status == COVEY_E_LIMIT || all[1].photo.status == COVEY_E_FORMAT);
    assert_true(all[2].photo.status == COVEY_E_LIMIT || all[2].photo.status == COVEY_E_FORMAT);
    assert_used(all + 3);
    taken_free(all, b->n);
    covey_decode_params params = covey_decode_params_default();
    params.max_pixels = 249999;
    all = bench_decode(b, 4, &params);
    assert_skipped(all + 3, COVEY_E_LIMIT, "500x500 pixels, more than the limit of 249999");
    taken_free(all, b->n);
}

static void files_that_are_not_to_be_read(void **state) {
    bench *b = *state;
    bench_add(b, "never was.jpg");
    assert_int_equal(mkfifo(bench_add(b, "fifo.jpg"), 0600), 0);
    assert_int_equal(mkdir(bench_add(b, "folder.jpg"), 0700), 0);
    assert_int_equal(symlink("nowhere", bench_add(b, "link.jpg")), 0);
    taken *all = bench_decode(b, 4, NULL);
    assert_skipped(all + 0, COVEY_E_NOT_FOUND, "could not be opened");
    assert_skipped(all + 1, COVEY_E_FORMAT, "not a regular file");
    assert_skipped(all + 2, COVEY_E_FORMAT, "is a folder");
    assert_skipped(all + 3, COVEY_E_NOT_FOUND, "could not be opened");
    taken_free(all, b->n);
}

/* A PNG is a PNG under any name. */
static void content_counts_not_the_name(void **state) {
    bench *b = *state;
    size_t size;
    void *bytes = noise(".png", 50, &size);
    put(b, "really a png.jpg", bytes, size);
    put(b, "no ending", bytes, size);
    put(b, "video.mov", bytes, size);
    put(b, "new\nline \xFF.nef", bytes, size);
    g_free(bytes);
    taken *all = bench_decode(b, 4, NULL);
    for (size_t i = 0; i < b->n; ++i)
        assert_used(all + i);
    taken_free(all, b->n);
}

int main(int argc, char **argv) {
    (void)argc;
    if (VIPS_INIT(argv[0]))
        return 1;
#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
    const struct CMUnitTest tests[] = {
        TEST(other_content),
        TEST(cut_short_at_any_place),
        TEST(flipped_bytes_end_well),
        TEST(limits_hold_before_decoding),
        TEST(files_that_are_not_to_be_read),
        TEST(content_counts_not_the_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
