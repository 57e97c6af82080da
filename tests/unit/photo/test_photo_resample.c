/* SPDX-License-Identifier: MIT */
/* The resampler against Pillow 13.0.0, to the bit: checksums of Pillow's output for pictures made
 * by a formula, and the team's reference cases where they are at hand. */
#include "covey_test.h"

#include "covey/photo.h"
#include "photo_test_npy.h"
#include "resample_internal.h"

/* The picture [h][w][3]: an integer hash of row, column and channel. */
static uint8_t *formula_picture(size_t w, size_t h) {
    uint8_t *picture = malloc(w * h * 3);
    assert_non_null(picture);
    for (size_t y = 0; y < h; ++y)
        for (size_t x = 0; x < w; ++x)
            for (size_t c = 0; c < 3; ++c) {
                uint32_t v = (uint32_t)(y * 2654435761u + x * 40503u * 69069u + c * 977u +
                                        x * y * 2246822519u);
                v ^= v >> 15;
                v *= 2246822519u;
                v ^= v >> 13;
                picture[(y * w + x) * 3 + c] = (uint8_t)v;
            }
    return picture;
}

/* FNV-1a, 64 bits. */
static uint64_t checksum(const uint8_t *bytes, size_t n) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < n; ++i)
        hash = (hash ^ bytes[i]) * 0x100000001b3u;
    return hash;
}

/* checksum(Image.fromarray(picture).resize((out_w, out_h), Image.BILINEAR)), Pillow 13.0.0 */
static const struct {
    size_t w, h, out_w, out_h;
    uint64_t hash;
} pillow_cases[] = {
    {1, 1, 224, 224, 0x7f1cf93cee62a725u},     {1, 1, 3, 2, 0xda5015fea5e6031bu},
    {2, 1, 5, 4, 0xa30d671098f82235u},         {7, 5, 7, 5, 0x591171ac0b511a5cu},
    {7, 5, 3, 2, 0x094dcf4c749c470au},         {17, 23, 224, 224, 0x6ca29947da9eabb6u},
    {224, 225, 224, 224, 0x1814acecaddcb748u}, {225, 224, 224, 224, 0x97adf551fdc3e710u},
    {448, 448, 224, 224, 0xa954ccd21983605fu}, {1000, 37, 224, 224, 0xf1f484e8a034d222u},
    {3, 500, 224, 224, 0xc893f4a67df87b61u},   {641, 427, 224, 224, 0x233bd1f77594b67du},
    {1024, 768, 160, 120, 0x3b3d91d95c07686du}, {64, 64, 1, 1, 0xab5a5d19738dea84u},
    /* either side of the rule which pass goes first */
    {333, 500, 224, 224, 0xbf29034f717b43e2u}, {62, 351, 2, 218, 0xab57e464c209a2abu},
    {100, 100, 99, 97, 0x1b3052b8d69b0e62u},   {100, 100, 99, 98, 0x306a63d7220b8235u},
};

static void check_cases(void) {
    for (size_t i = 0; i < LENGTH(pillow_cases); ++i) {
        size_t w = pillow_cases[i].w, h = pillow_cases[i].h;
        size_t out_w = pillow_cases[i].out_w, out_h = pillow_cases[i].out_h;
        uint8_t *in = formula_picture(w, h), *out = malloc(out_w * out_h * 3);
        assert_int_equal(covey_photo_resize(out, out_w, out_h, in, w, h), COVEY_OK);
        uint64_t hash = checksum(out, out_w * out_h * 3);
        if (hash != pillow_cases[i].hash)
            fail_msg("%zux%zu to %zux%zu: checksum %016jx, Pillow's is %016jx", w, h, out_w, out_h,
                     (uintmax_t)hash, (uintmax_t)pillow_cases[i].hash);
        free(in);
        free(out);
    }
}

static void equals_pillow(void **state) {
    (void)state;
    check_cases();
}

static void equals_pillow_without_vectors(void **state) {
    (void)state;
    char *before = getenv("COVEY_ISA") ? strdup(getenv("COVEY_ISA")) : NULL;
    setenv("COVEY_ISA", "scalar", 1);
    check_cases();
    if (before)
        setenv("COVEY_ISA", before, 1);
    else
        unsetenv("COVEY_ISA");
    free(before);
}

static void small_case_sample_by_sample(void **state) {
    (void)state;
    static const uint8_t pillow[] = {115, 162, 110, 132, 135, 109, 95,  100, 112,
                                     151, 163, 117, 115, 148, 152, 123, 158, 134};
    uint8_t *in = formula_picture(7, 5), out[18];
    assert_int_equal(covey_photo_resize(out, 3, 2, in, 7, 5), COVEY_OK);
    assert_array_close(out, pillow, 18, 0, 0);
    free(in);
}

static void same_size_changes_nothing(void **state) {
    (void)state;
    uint8_t *in = formula_picture(40, 30), out[40 * 30 * 3];
    assert_int_equal(covey_photo_resize(out, 40, 30, in, 40, 30), COVEY_OK);
    assert_memory_equal(in, out, sizeof out);
    free(in);
}

static void a_part_equals_the_same_part_of_the_whole(void **state) {
    (void)state;
    enum { W = 321, H = 200, FW = 90, FH = 70 };
    uint8_t *in = formula_picture(W, H), whole[FW * FH * 3], part[20 * 30 * 3];
    covey_error err;
    covey__resampler *r = NULL;
    covey__frame frame = {FW, FH, 13, 37, 20, 30, 0, 0, 0, 0};
    assert_int_equal(covey_photo_resize(whole, FW, FH, in, W, H), COVEY_OK);
    assert_ok(covey__resampler_new(&r, part, &frame, W, H, &err));
    for (size_t y = 0; y < H; ++y)
        covey__resampler_push(r, in + y * W * 3);
    covey__resampler_free(r);
    for (size_t y = 0; y < 30; ++y)
        assert_memory_equal(part + y * 60, whole + ((y + 37) * FW + 13) * 3, 60);
    free(in);
}

static void impossible_sizes_are_refused(void **state) {
    (void)state;
    uint8_t pixel[3] = {0};
    assert_int_equal(covey_photo_resize(pixel, 0, 1, pixel, 1, 1), COVEY_E_ARGUMENT);
    assert_int_equal(covey_photo_resize(pixel, 1, 1, pixel, 1, 0), COVEY_E_ARGUMENT);
    assert_int_equal(covey_photo_resize(pixel, SIZE_MAX / 2, 1, pixel, 1, 1), COVEY_E_ARGUMENT);
    covey_error err;
    covey__resampler *r = NULL;
    covey__frame outside = {10, 10, 5, 0, 6, 10, 0, 0, 0, 0};
    covey__frame far_off = {10, 10, 0, 0, 10, 10, 0, 0, 5.5, 4};
    assert_status(covey__resampler_new(&r, pixel, &outside, 4, 4, &err), COVEY_E_ARGUMENT);
    assert_status(covey__resampler_new(&r, pixel, &far_off, 4, 4, &err), COVEY_E_ARGUMENT);
}

/* checksum(Image.fromarray(picture).resize(size, Image.BILINEAR, box=...)), Pillow 13.0.0 */
static void boxes_equal_pillow(void **state) {
    (void)state;
    static const struct {
        size_t w, h;
        covey__frame frame;
        uint64_t hash;
    } cases[] = {
        {686, 671, {224, 224, 0, 0, 224, 224, 0, 0, 685.75, 670.75}, 0x1f736f3832fa0e9cu},
        {686, 671, {224, 224, 0, 0, 224, 224, 0.25, 0.25, 685.75, 670.75}, 0x2960d5e030d742cfu},
        {100, 80, {30, 20, 0, 0, 30, 20, 0.5, 0.25, 99.25, 79.25}, 0x042d94f4dc471293u},
    };
    for (size_t i = 0; i < LENGTH(cases); ++i) {
        static uint8_t out[224 * 224 * 3];
        covey_error err;
        covey__resampler *r = NULL;
        const covey__frame *frame = &cases[i].frame;
        uint8_t *in = formula_picture(cases[i].w, cases[i].h);
        assert_ok(covey__resampler_new(&r, out, frame, cases[i].w, cases[i].h, &err));
        for (size_t y = 0; y < cases[i].h; ++y)
            covey__resampler_push(r, in + y * cases[i].w * 3);
        covey__resampler_free(r);
        free(in);
        if (checksum(out, frame->width * frame->height * 3) != cases[i].hash)
            fail_msg("case %zu differs from Pillow's", i);
    }
}

/* A box may reach beyond the input by less than a pixel: the last samples stand for the rest. */
static void a_box_beyond_the_input(void **state) {
    (void)state;
    uint8_t in[6] = {10, 20, 30, 50, 60, 70}, out[12];
    covey_error err;
    covey__resampler *r = NULL;
    covey__frame frame = {4, 1, 0, 0, 4, 1, 0, 0, 2.9, 0};
    assert_ok(covey__resampler_new(&r, out, &frame, 2, 1, &err));
    covey__resampler_push(r, in);
    covey__resampler_free(r);
    assert_memory_equal(out + 9, in + 3, 3);
    assert_memory_equal(out, in, 3);
}

/* torchvision 0.29.2: resize(256).size, then center_crop(224)'s corner. */
static void crop_follows_torchvision(void **state) {
    (void)state;
    static const struct {
        size_t w, h, full_w, full_h, left, top;
    } cases[] = {
        {640, 480, 341, 256, 58, 16},  {481, 640, 256, 340, 16, 58},  {256, 256, 256, 256, 16, 16},
        {257, 256, 257, 256, 16, 16},  {300, 999, 256, 852, 16, 314},
        {1000, 37, 6918, 256, 3347, 16},
        {500, 375, 341, 256, 58, 16},  {375, 500, 256, 341, 16, 58},  {333, 500, 256, 384, 16, 80},
        {1, 1, 256, 256, 16, 16},
    };
    for (size_t i = 0; i < LENGTH(cases); ++i) {
        covey__frame got = covey__frame_crop(cases[i].w, cases[i].h);
        assert_int_equal(got.full_width, cases[i].full_w);
        assert_int_equal(got.full_height, cases[i].full_h);
        assert_int_equal(got.left, cases[i].left);
        assert_int_equal(got.top, cases[i].top);
        assert_int_equal(got.width, 224);
        assert_int_equal(got.height, 224);
    }
}

static void reference_cases(void **state) {
    (void)state;
    char path[512], name[16];
    if (!covey_test_shared(path, sizeof path, "reference/resize-cases.npz"))
        skip();
    zip_t *archive = zip_open(path, ZIP_RDONLY, NULL);
    assert_non_null(archive);
    for (int i = 0; i < 10; ++i) {
        size_t size, in_shape[4], out_shape[4];
        snprintf(name, sizeof name, "in%d.npy", i);
        uint8_t *in_bytes = test_npz_member(archive, name, &size);
        const uint8_t *in = test_npy_u8(in_bytes, size, in_shape);
        snprintf(name, sizeof name, "out%d.npy", i);
        uint8_t *out_bytes = test_npz_member(archive, name, &size);
        const uint8_t *want = test_npy_u8(out_bytes, size, out_shape);
        uint8_t *out = malloc(out_shape[0] * out_shape[1] * 3);
        assert_int_equal(
            covey_photo_resize(out, out_shape[1], out_shape[0], in, in_shape[1], in_shape[0]),
            COVEY_OK);
        assert_array_close(out, want, out_shape[0] * out_shape[1] * 3, 0, 0);
        free(out);
        free(in_bytes);
        free(out_bytes);
    }
    zip_close(archive);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_pillow),
        cmocka_unit_test(equals_pillow_without_vectors),
        cmocka_unit_test(small_case_sample_by_sample),
        cmocka_unit_test(same_size_changes_nothing),
        cmocka_unit_test(a_part_equals_the_same_part_of_the_whole),
        cmocka_unit_test(impossible_sizes_are_refused),
        cmocka_unit_test(boxes_equal_pillow),
        cmocka_unit_test(a_box_beyond_the_input),
        cmocka_unit_test(crop_follows_torchvision),
        cmocka_unit_test(reference_cases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
