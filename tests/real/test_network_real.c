/* SPDX-License-Identifier: MIT */
/* The network with the real weights: against a direct float64 pass on a small image, and against
 * the reference features and feature maps where those are at hand. */
#include "covey_test.h"

#include <zip.h>

#include "covey/npy.h"
#include "network_internal.h"

/* Relative L2 error of the features; the project's limit for the default path. */
static const double LIMIT = 3e-5;

static covey_weights *weights;

static int open_weights(void **state) {
    (void)state;
    covey_error err;
    assert_ok(covey_weights_open(&weights, "oxford", &err));
    return 0;
}

static int close_weights(void **state) {
    (void)state;
    covey_weights_free(weights);
    return 0;
}

/* `size` bytes of a .npy's data (or of one in memory), whatever its header says of the shape. */
static void npy_data(void *out, size_t size, const unsigned char *file, size_t file_size) {
    assert_true(file_size > 10 && memcmp(file, "\x93NUMPY\x01", 7) == 0);
    size_t header = 10 + file[8] + 256u * file[9];
    assert_int_equal(file_size - header, size);
    memcpy(out, file + header, size);
}

static void read_npy(void *out, size_t size, const char *path) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    unsigned char *bytes = malloc(size + 4096);
    assert_non_null(bytes);
    size_t got = fread(bytes, 1, size + 4096, file);
    fclose(file);
    npy_data(out, size, bytes, got);
    free(bytes);
}

static covey_network *new_network_of(covey_isa isa, size_t batch, size_t side,
                                     covey_precision precision) {
    covey_error err;
    covey_network *network = NULL;
    covey_network_params params = covey_network_params_default();
    params.batch = batch;
    params.height = params.width = side;
    params.precision = precision;
    setenv("COVEY_ISA", covey_isa_name(isa), 1);
    assert_ok(covey_network_new(&network, weights, &params, &err));
    unsetenv("COVEY_ISA");
    return network;
}

static covey_network *new_network(covey_isa isa, size_t batch, size_t side) {
    return new_network_of(isa, batch, side, COVEY_PRECISION_F32);
}

/* ---- direct float64 ------------------------------------------------------------------------ */

enum { SIDE = 32 };

/* One convolution and ReLU in NCHW, float64, by whole rows. */
static double *direct(const double *in, size_t side, int index, size_t *channels) {
    const float *w, *bias;
    int outputs, inputs;
    assert_int_equal(covey_weights_get_layer(weights, index, &w, &bias, &outputs, &inputs), 0);
    double *out = malloc((size_t)outputs * side * side * sizeof *out);
    assert_non_null(out);
    for (int o = 0; o < outputs; ++o) {
        double *to = out + (size_t)o * side * side;
        for (size_t i = 0; i < side * side; ++i)
            to[i] = bias[o];
        for (int k = 0; k < inputs; ++k)
            for (size_t p = 0; p < 9; ++p) {
                double tap = w[((size_t)o * (size_t)inputs + (size_t)k) * 9 + p];
                size_t from_x = p % 3 == 0, to_x = p % 3 == 2 ? side - 1 : side;
                for (size_t y = p / 3 == 0; y < (p / 3 == 2 ? side - 1 : side); ++y) {
                    const double *row = in + ((size_t)k * side + y + p / 3 - 1) * side;
                    for (size_t x = from_x; x < to_x; ++x)
                        to[y * side + x] += tap * row[x + p % 3 - 1];
                }
            }
        for (size_t i = 0; i < side * side; ++i)
            to[i] = fmax(to[i], 0);
    }
    *channels = (size_t)outputs;
    return out;
}

static void direct_features(double *features, const uint8_t *rgb) {
    float mean[3], std[3];
    covey_weights_get_colour(weights, mean, std);
    size_t side = SIDE, channels = 3;
    double *at = malloc(3 * SIDE * SIDE * sizeof *at);
    assert_non_null(at);
    for (size_t p = 0; p < SIDE * SIDE; ++p)
        for (size_t q = 0; q < 3; ++q)
            at[q * SIDE * SIDE + p] = (rgb[3 * p + q] / 255.0 - mean[q]) / std[q];
    for (int i = 0; i < 13; ++i) {
        double *next = direct(at, side, i, &channels);
        free(at);
        at = next;
        if (i == 1 || i == 3 || i == 6 || i == 9 || i == 12) {
            size_t half = side / 2;
            for (size_t c = 0; c < channels; ++c)
                for (size_t y = 0; y < half; ++y)
                    for (size_t x = 0; x < half; ++x) {
                        const double *corner = at + (c * side + 2 * y) * side + 2 * x;
                        at[(c * half + y) * half + x] = fmax(
                            fmax(corner[0], corner[1]), fmax(corner[side], corner[side + 1]));
                    }
            side = half;
        }
    }
    assert_int_equal(side, 1);
    memcpy(features, at, channels * sizeof *at);
    free(at);
}

static void test_small_image_on_every_isa(void **state) {
    (void)state;
    uint8_t rgb[SIDE * SIDE * 3];
    double want[512];
    float got[512];
    for (size_t i = 0; i < sizeof rgb; ++i) /* a smooth picture with an edge */
        rgb[i] = (uint8_t)(i % 96 * 2 + (i / 96) * 2 + (i / 96 > 16 ? 20 * (i % 3) : 0));
    direct_features(want, rgb);
    for (int isa = 0; isa <= (int)covey_isa_machine(); isa = next_isa(isa)) {
        covey_network *network = new_network((covey_isa)isa, 1, SIDE);
        assert_int_equal(covey_network_channels(network), 512);
        assert_int_equal(covey_network_compute_features(network, got, rgb, 1), 0);
        double error = covey_test_relative_l2(got, want, 512);
        print_message("%s: relative error %.2e\n", covey_network_engine_id(network), error);
        assert_true(error <= LIMIT);
        covey_network_free(network);
    }
}

/* ---- references ---------------------------------------------------------------------------- */

enum { PHOTOS = 8, BYTES = 224 * 224 * 3 };

static void test_reference_features(void **state) {
    (void)state;
    char photos_path[4096], features_path[4096];
    if (!covey_test_shared(photos_path, sizeof photos_path, "reference/resized-uint8.npy") ||
        !covey_test_shared(features_path, sizeof features_path, "reference/features-float64.npy"))
        skip();
    static uint8_t rgb[PHOTOS * BYTES];
    static double want[PHOTOS * 512];
    static float got[PHOTOS * 512];
    read_npy(rgb, sizeof rgb, photos_path);
    read_npy(want, sizeof want, features_path);
    for (int isa = 0; isa <= (int)covey_isa_machine(); isa = next_isa(isa)) {
        size_t photos = isa == 0 ? 1 : PHOTOS; /* scalar is slow */
        covey_network *network = new_network((covey_isa)isa, photos, 224);
        assert_int_equal(covey_network_compute_features(network, got, rgb, photos), 0);
        for (size_t i = 0; i < photos; ++i) {
            double error = covey_test_relative_l2(got + i * 512, want + i * 512, 512);
            if (!(error <= LIMIT))
                fail_msg("%s, photo %zu: relative error %g", covey_network_engine_id(network), i,
                         error);
        }
        print_message("%s: relative error %.2e\n", covey_network_engine_id(network),
                      covey_test_relative_l2(got, want, photos * 512));
        covey_network_free(network);
    }
}

/* Every photo's cosine to its float64 features. */
static void test_bf16(void **state) {
    (void)state;
    char photos_path[4096], features_path[4096];
    if (!covey_isa_has(covey_isa_machine(), COVEY_ISA_AVX512_BF16)) {
        print_message("skipped: %s has no AVX512_BF16\n", covey_cpu_name());
        skip();
    }
    if (!covey_test_shared(photos_path, sizeof photos_path, "reference/resized-uint8.npy") ||
        !covey_test_shared(features_path, sizeof features_path, "reference/features-float64.npy"))
        skip();
    static uint8_t rgb[PHOTOS * BYTES];
    static double want[PHOTOS * 512];
    static float got[PHOTOS * 512];
    read_npy(rgb, sizeof rgb, photos_path);
    read_npy(want, sizeof want, features_path);
    for (int isa = COVEY_ISA_AVX512_BF16; isa <= (int)covey_isa_machine(); isa = next_isa(isa)) {
        covey_network *network =
            new_network_of((covey_isa)isa, PHOTOS, 224, COVEY_PRECISION_BF16);
        assert_int_equal(covey_network_compute_features(network, got, rgb, PHOTOS), 0);
        for (size_t i = 0; i < PHOTOS; ++i) {
            double product = 0, a = 0, b = 0;
            for (size_t c = 0; c < 512; ++c) {
                double x = got[i * 512 + c], y = want[i * 512 + c];
                product += x * y, a += x * x, b += y * y;
            }
            print_message("%s, photo %zu: cosine %.6f\n", covey_network_engine_id(network), i,
                          product / sqrt(a * b));
            assert_true(product / sqrt(a * b) >= 0.9999);
        }
        covey_network_free(network);
    }
}

/* The write-up's layers: 8 channels of layers 1, 2, 3, 8, 15, 22, 29. */
static void test_reference_maps(void **state) {
    (void)state;
    char input_path[4096], maps_path[4096];
    if (!covey_test_shared(input_path, sizeof input_path, "reference/maps-input-uint8.npy") ||
        !covey_test_shared(maps_path, sizeof maps_path, "reference/maps-activations.npz"))
        skip();
    static uint8_t rgb[BYTES];
    read_npy(rgb, sizeof rgb, input_path);
    covey_network *network = new_network(covey_isa_machine(), 1, 224);
    zip_t *zip = zip_open(maps_path, ZIP_RDONLY, NULL);
    assert_non_null(zip);
    const int layers[] = {1, 2, 3, 8, 15, 22, 29};
    for (size_t i = 0; i < LENGTH(layers); ++i) {
        char name[32];
        size_t channels, height, width;
        assert_int_equal(
            covey_network_get_layer_shape(network, layers[i], &channels, &height, &width), 0);
        size_t n = 8 * height * width;
        float *got = malloc(channels * height * width * sizeof *got), *want = malloc(n * 4);
        unsigned char *file = malloc(n * 4 + 4096);
        assert_true(got && want && file);
        snprintf(name, sizeof name, "layer_%d.npy", layers[i]);
        zip_file_t *entry = zip_fopen(zip, name, 0);
        assert_non_null(entry);
        zip_int64_t size = zip_fread(entry, file, n * 4 + 4096);
        zip_fclose(entry);
        npy_data(want, n * 4, file, (size_t)size);
        assert_int_equal(covey_network_compute_layer(network, got, layers[i], rgb), 0);
        double difference = 0, norm = 0;
        for (size_t j = 0; j < n; ++j) {
            difference += ((double)got[j] - want[j]) * ((double)got[j] - want[j]);
            norm += (double)want[j] * want[j];
        }
        print_message("layer %d: relative error %.2e\n", layers[i], sqrt(difference / norm));
        assert_true(sqrt(difference / norm) <= LIMIT);
        free(got), free(want), free(file);
    }
    zip_discard(zip);
    covey_network_free(network);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_image_on_every_isa),
        cmocka_unit_test(test_reference_features),
        cmocka_unit_test(test_bf16),
        cmocka_unit_test(test_reference_maps),
    };
    return cmocka_run_group_tests(tests, open_weights, close_weights);
}
