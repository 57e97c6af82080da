/* SPDX-License-Identifier: MIT */
/* The forward pass on a seeded miniature network, against a direct float64 one. */
#include "covey_test.h"

#include "base_internal.h"
#include "direct_network.h"
#include "network_internal.h"

static const int channels[13] = {16, 32, 32, 48, 48, 16, 64, 32, 16, 32, 48, 16, 80};
static const int tiles[] = {4, 6, 7};

enum { HEIGHT = 37, WIDTH = 51 };

static covey_weights *open_weights(void) {
    covey_error err;
    covey_weights *weights = NULL;
    assert_ok(covey_weights_new_seeded(&weights, 5, channels, &err));
    return weights;
}

static void fill_rgb(uint8_t *rgb, size_t n, uint32_t seed) {
    for (size_t i = 0; i < n; ++i) {
        seed = seed * 1664525u + 1013904223u;
        rgb[i] = (uint8_t)(seed >> 24);
    }
}

/* ---- the direct network ------------------------------------------------------------------- */

static image direct_convolution(const image *in, const covey_weights *weights, int index) {
    const float *w, *bias;
    int outputs;
    assert_int_equal(covey_weights_get_layer(weights, index, &w, &bias, &outputs, NULL), 0);
    return direct_convolution_of(in, w, bias, (size_t)outputs);
}

/* The outputs of layers 0..30, as torchvision's Sequential would give them. */
static void direct_network(image layers[COVEY_VGG_LAYERS], const covey_weights *weights,
                           const uint8_t *rgb) {
    float mean[3], std[3];
    covey_weights_get_colour(weights, mean, std);
    image in = image_new(3, HEIGHT, WIDTH);
    for (size_t p = 0; p < HEIGHT * WIDTH; ++p)
        for (size_t q = 0; q < 3; ++q)
            in.data[q * HEIGHT * WIDTH + p] = (rgb[3 * p + q] / 255.0 - mean[q]) / std[q];
    const char *kinds = "crcrpcrcrpcrcrcrpcrcrcrpcrcrcrp"; /* convolution, ReLU, pool */
    int index = 0;
    for (int l = 0; l < COVEY_VGG_LAYERS; ++l) {
        const image *from = l ? &layers[l - 1] : &in;
        if (kinds[l] == 'c') {
            layers[l] = direct_convolution(from, weights, index++);
        } else if (kinds[l] == 'p') {
            layers[l] = direct_pool(from);
        } else {
            layers[l] = image_new(from->channels, from->height, from->width);
            for (size_t i = 0; i < from->channels * from->height * from->width; ++i)
                layers[l].data[i] = fmax(from->data[i], 0);
        }
    }
    free(in.data);
}

/* ---- tests -------------------------------------------------------------------------------- */

static covey_network *new_planned(const covey_weights *weights, covey_isa isa, int tile,
                                  int staged, int early, int threads, size_t batch,
                                  int bf16) {
    covey_error err;
    covey__plan plan = {.isa = isa, .version = 1, .early = early};
    plan.precision = bf16 ? COVEY_PRECISION_BF16 : COVEY_PRECISION_F32;
    for (int i = 1; i < COVEY_VGG_CONVOLUTIONS; ++i)
        plan.layers[i] = (covey__plan_layer){tile, staged ? 11 : 5, staged, bf16};
    covey_network_params params = covey_network_params_default();
    params.threads = threads;
    params.batch = batch;
    params.height = HEIGHT;
    params.width = WIDTH;
    covey_network *network = NULL;
    assert_ok(covey__network_new_planned(&network, weights, &params, isa, &plan, &err));
    return network;
}

/* Direct over planes of `parts` bfloat16 parts. */
static covey_network *new_planes(const covey_weights *weights, covey_isa isa, size_t parts,
                                 size_t rows, int staged, int early, int threads, size_t batch) {
    covey_error err;
    covey__plan plan = {.isa = isa, .version = 1, .early = early, .parts = parts};
    plan.precision = parts == 1 ? COVEY_PRECISION_BF16 : COVEY_PRECISION_F32;
    for (int i = 0; i < COVEY_VGG_CONVOLUTIONS; ++i)
        plan.layers[i] = (covey__plan_layer){0, rows, staged, 0};
    covey_network_params params = covey_network_params_default();
    params.threads = threads;
    params.batch = batch;
    params.height = HEIGHT;
    params.width = WIDTH;
    covey_network *network = NULL;
    assert_ok(covey__network_new_planned(&network, weights, &params, isa, &plan, &err));
    return network;
}

/* ISAs whose kernel of planes is their own. */
static int has_planes(int isa) {
    return isa == COVEY_ISA_SCALAR ||
           covey__kernels_get((covey_isa)isa)->planes_convolve !=
               covey__kernels_get(COVEY_ISA_SCALAR)->planes_convolve;
}

/* Relative L2 error allowed after 13 layers: ten times what real weights show per layer times
 * their number; a wrong tap or border gives 1e-2 and more. */
static double tolerance(int tile) {
    return tile == 7 ? 2e-4 : 3e-5;
}

/* Rounding V and U to 8 bits leaves 1e-2 or so per layer; random weights do not average it as
 * trained ones do. A wrong pair of channels gives 1. */
static const double BF16_LIMIT = 0.15;

/* Of two parts 2^-16 is left out, 256 times less than of one. */
static const double PARTS_LIMIT = 6e-4;

static void check_layers(covey_network *network, const image layers[COVEY_VGG_LAYERS],
                         const uint8_t *rgb, double allowed) {
    for (int l = 0; l < COVEY_VGG_LAYERS; ++l) {
        const image *want = &layers[l];
        size_t c, height, width, n;
        assert_int_equal(covey_network_get_layer_shape(network, l, &c, &height, &width), 0);
        assert_int_equal(c, want->channels);
        assert_int_equal(height, want->height);
        assert_int_equal(width, want->width);
        n = c * height * width;
        float *got = malloc(n * sizeof *got);
        assert_non_null(got);
        assert_int_equal(covey_network_compute_layer(network, got, l, rgb), 0);
        double error = covey_test_relative_l2(got, want->data, n);
        if (!(error <= allowed))
            fail_msg("%s layer %d: relative error %g, allowed %g",
                     covey_network_engine_id(network), l, error, allowed);
        free(got);
    }
    /* features: the mean over the last layer's places */
    float features[512];
    assert_int_equal(covey_network_compute_features(network, features, rgb, 1), 0);
    const image *last = &layers[COVEY_VGG_LAYERS - 1];
    assert_int_equal(covey_network_channels(network), last->channels);
    double want[512];
    for (size_t c = 0; c < last->channels; ++c) {
        size_t places = last->height * last->width;
        want[c] = 0;
        for (size_t p = 0; p < places; ++p)
            want[c] += last->data[c * places + p] / (double)places;
    }
    assert_true(covey_test_relative_l2(features, want, last->channels) <= allowed);
}

static void test_layers_on_every_isa(void **state) {
    (void)state;
    static uint8_t rgb[HEIGHT * WIDTH * 3];
    fill_rgb(rgb, sizeof rgb, 1);
    covey_weights *weights = open_weights();
    image layers[COVEY_VGG_LAYERS];
    direct_network(layers, weights, rgb);
    for (int isa = 0; isa <= (int)covey_isa_machine(); isa = next_isa(isa))
        for (size_t t = 0; t < LENGTH(tiles); ++t)
            for (int staged = 0; staged < 2; ++staged) {
                covey_network *network = new_planned(weights, (covey_isa)isa, tiles[t], staged,
                                                     staged ? 3 : 4, 2, 2, 0);
                check_layers(network, (const image *)layers, rgb, tolerance(tiles[t]));
                covey_network_free(network);
            }
    if (covey__kernels_get(covey_isa_machine())->gemm_bf16)
        for (int tile = 4; tile <= 6; tile += 2) {
            covey_network *network =
                new_planned(weights, covey_isa_machine(), tile, tile == 4, 4, 2, 2, 1);
            check_layers(network, (const image *)layers, rgb, BF16_LIMIT);
            covey_network_free(network);
        }
    for (int isa = 0; isa <= (int)covey_isa_machine(); isa = next_isa(isa))
        for (size_t parts = 1; has_planes(isa) && parts <= 2; ++parts)
            for (int staged = 0; staged <= (isa != 0); ++staged) {
                covey_network *network = new_planes(weights, (covey_isa)isa, parts,
                                                    staged ? 64 : 6, staged, staged ? 3 : 4, 2, 2);
                check_layers(network, (const image *)layers, rgb,
                             parts == 1 ? BF16_LIMIT : PARTS_LIMIT);
                covey_network_free(network);
            }
    for (int l = 0; l < COVEY_VGG_LAYERS; ++l)
        free(layers[l].data);
    covey_weights_free(weights);
}

enum { PHOTOS = 7, SIZE = HEIGHT * WIDTH * 3, FEATURES = 80 };

static void check_bits(const covey_weights *weights, const uint8_t *rgb, covey_isa isa, int tile,
                       int bf16) {
    float want[PHOTOS * FEATURES], got[PHOTOS * FEATURES];
    covey_network *one = new_planned(weights, isa, tile, 0, 4, 1, 1, bf16);
    assert_int_equal(covey_network_compute_features(one, want, rgb, PHOTOS), 0);
    covey_network_free(one);
    const uint8_t *reversed[PHOTOS];
    for (size_t i = 0; i < PHOTOS; ++i)
        reversed[i] = rgb + (PHOTOS - 1 - i) * SIZE;
    for (int threads = 1; threads <= 3; threads += 2)
        for (size_t batch = isa ? 2 : 5; batch <= 8; batch += 3)
            for (int staged = 0; staged < 2; ++staged) {
                covey_network *network = new_planned(
                    weights, isa, tile, staged, threads == 3 ? 1 : 5, threads, batch, bf16);
                assert_int_equal(
                    covey_network_compute_features_of(network, got, reversed, PHOTOS), 0);
                for (size_t i = 0; i < PHOTOS; ++i)
                    assert_memory_equal(got + i * FEATURES, want + (PHOTOS - 1 - i) * FEATURES,
                                        FEATURES * sizeof *got);
                covey_network_free(network);
            }
}

static void check_bits_of_planes(const covey_weights *weights, const uint8_t *rgb, covey_isa isa,
                                 size_t parts) {
    float want[PHOTOS * FEATURES], got[PHOTOS * FEATURES];
    covey_network *one = new_planes(weights, isa, parts, 64, 0, 4, 1, 1);
    assert_int_equal(covey_network_compute_features(one, want, rgb, PHOTOS), 0);
    covey_network_free(one);
    const uint8_t *reversed[PHOTOS];
    for (size_t i = 0; i < PHOTOS; ++i)
        reversed[i] = rgb + (PHOTOS - 1 - i) * SIZE;
    for (int threads = 1; threads <= 3; threads += 2)
        for (int staged = 0; staged < 2; ++staged) {
            size_t batch = (size_t)(2 + 3 * staged + threads / 2);
            covey_network *network = new_planes(weights, isa, parts, staged ? 10 : 2, staged,
                                                threads == 3 ? 1 : 5, threads, batch);
            assert_int_equal(covey_network_compute_features_of(network, got, reversed, PHOTOS), 0);
            for (size_t i = 0; i < PHOTOS; ++i)
                assert_memory_equal(got + i * FEATURES, want + (PHOTOS - 1 - i) * FEATURES,
                                    FEATURES * sizeof *got);
            covey_network_free(network);
        }
}

/* The same bits for any batch, place in the batch, number of threads, block and staging. */
static void test_same_bits_however_cut(void **state) {
    (void)state;
    static uint8_t rgb[PHOTOS * SIZE];
    fill_rgb(rgb, sizeof rgb, 2);
    covey_weights *weights = open_weights();
    for (int isa = 0; isa <= (int)covey_isa_machine(); isa = next_isa(isa))
        for (size_t t = 0; t < LENGTH(tiles); ++t)
            check_bits(weights, rgb, (covey_isa)isa, tiles[t], 0);
    if (covey__kernels_get(covey_isa_machine())->gemm_bf16)
        for (int tile = 4; tile <= 6; tile += 2)
            check_bits(weights, rgb, covey_isa_machine(), tile, 1);
    for (int isa = 0; isa <= (int)covey_isa_machine(); isa = next_isa(isa))
        for (size_t parts = isa ? 1 : 2; has_planes(isa) && parts <= 2; ++parts) /* scalar is slow */
            check_bits_of_planes(weights, rgb, (covey_isa)isa, parts);
    covey_weights_free(weights);
}

/* Features against the last layer's own output, for every pooling. */
static void test_poolings(void **state) {
    (void)state;
    enum { SIDE = 96, PLACES = (SIDE / 32) * (SIDE / 32) };
    static uint8_t rgb[3 * SIDE * SIDE];
    static float layer[FEATURES * PLACES];
    covey_error err;
    covey_weights *weights = open_weights();
    for (size_t i = 0; i < sizeof rgb; ++i)
        rgb[i] = (uint8_t)(i * 37 + i / 7 * 11);
    for (int pooling = COVEY_POOLING_MEAN; pooling <= COVEY_POOLING_GEM; ++pooling) {
        covey_network *network = NULL;
        covey_network_params params = covey_network_params_default();
        params.height = params.width = SIDE;
        params.batch = 1;
        params.threads = 1;
        params.pooling = (covey_pooling)pooling;
        float features[FEATURES];
        assert_ok(covey_network_new(&network, weights, &params, &err));
        assert_int_equal(covey_network_channels(network), FEATURES);
        assert_int_equal(covey_network_compute_features(network, features, rgb, 1), 0);
        assert_int_equal(covey_network_compute_layer(network, layer, 30, rgb), 0);
        double total = 0;
        for (size_t c = 0; c < FEATURES; ++c) {
            double sum = 0, cubes = 0, most = 0;
            for (size_t p = 0; p < PLACES; ++p) {
                double x = layer[c * PLACES + p];
                sum += x;
                cubes += pow(x, 3);
                most = fmax(most, x);
            }
            double want = pooling == COVEY_POOLING_MEAN  ? sum / PLACES
                          : pooling == COVEY_POOLING_MAX ? most
                                                         : pow(cubes / PLACES, 1.0 / 3);
            assert_close(features[c], want, 1e-30, 1e-6); /* float32 */
            total += features[c];
        }
        assert_true(total > 0);
        covey_network_free(network);
    }
    assert_string_equal(covey_pooling_name(COVEY_POOLING_GEM), "gem");
    assert_null(covey_pooling_name((covey_pooling)3));
    covey_weights_free(weights);
}

static void test_forward_allocates_nothing(void **state) {
    (void)state;
    static uint8_t rgb[3 * SIZE];
    float features[3 * FEATURES];
    covey_weights *weights = open_weights();
    covey_network *network = new_planned(weights, covey_isa_machine(), 6, 1, 4, 2, 2, 0);
    covey__alloc_fail_at(0);
    assert_int_equal(covey_network_compute_features(network, features, rgb, 3), 0);
    assert_int_equal(covey__alloc_count(), 0);
    covey_network_free(network);
    covey_weights_free(weights);
}

static void test_each_allocation_may_fail(void **state) {
    (void)state;
    covey_error err;
    covey_weights *weights = open_weights();
    covey_network_params params = covey_network_params_default();
    params.height = params.width = 32;
    params.threads = 2;
    for (size_t k = 1;; ++k) {
        covey_network *network = NULL;
        covey__alloc_fail_at(k);
        covey_status status = covey_network_new(&network, weights, &params, &err);
        covey__alloc_fail_at(0);
        if (status == COVEY_OK) {
            assert_true(k > 4);
            covey_network_free(network);
            break;
        }
        assert_int_equal(status, COVEY_E_NOMEM);
        assert_null(network);
    }
    covey_weights_free(weights);
}

static void test_arguments(void **state) {
    (void)state;
    covey_error err;
    covey_weights *weights = open_weights();
    covey_network *network = NULL;
    covey_network_params params = covey_network_params_default();
    assert_int_equal(params.batch, 8);
    params.batch = 0;
    assert_status(covey_network_new(&network, weights, &params, &err), COVEY_E_ARGUMENT);
    params.batch = 65;
    assert_status(covey_network_new(&network, weights, &params, &err), COVEY_E_ARGUMENT);
    params.batch = 1;
    params.height = 31;
    assert_status(covey_network_new(&network, weights, &params, &err), COVEY_E_ARGUMENT);
    params.height = 32;
    params.width = 4097;
    assert_status(covey_network_new(&network, weights, &params, &err), COVEY_E_ARGUMENT);
    params.width = 33;
    params.pooling = (covey_pooling)3;
    assert_status(covey_network_new(&network, weights, &params, &err), COVEY_E_ARGUMENT);
    params.pooling = COVEY_POOLING_MEAN;
    assert_ok(covey_network_new(&network, weights, &params, &err));
    size_t c, height, width;
    assert_int_equal(covey_network_get_layer_shape(network, -1, &c, &height, &width),
                     COVEY_E_ARGUMENT);
    assert_int_equal(covey_network_get_layer_shape(network, 31, &c, &height, &width),
                     COVEY_E_ARGUMENT);
    assert_int_equal(covey_network_get_layer_shape(network, 30, &c, &height, &width), 0);
    assert_int_equal(height, 1);
    assert_int_equal(width, 1);
    assert_true(covey_network_workspace_size(network) > 0);
    covey_network_free(network);
    covey_network_free(NULL);
    covey_weights_free(weights);
}

/* COVEY_ISA lowers the kernels and shows in the engine id. */
static void test_engine_id(void **state) {
    (void)state;
    covey_error err;
    covey_weights *weights = open_weights();
    covey_network_params params = covey_network_params_default();
    params.height = params.width = 32;
    for (int isa = 0; isa <= (int)covey_isa_machine(); isa = next_isa(isa)) {
        covey_network *network = NULL;
        setenv("COVEY_ISA", covey_isa_name((covey_isa)isa), 1);
        assert_ok(covey_network_new(&network, weights, &params, &err));
        char want[32];
        snprintf(want, sizeof want, "%s-f32-p",
                 covey_isa_name(isa == COVEY_ISA_AVX512_BF16 ? COVEY_ISA_AVX512 : (covey_isa)isa));
        assert_memory_equal(covey_network_engine_id(network), want, strlen(want));
        covey_network_free(network);
        network = NULL;
        params.precision = COVEY_PRECISION_BF16;
        if (covey_isa_has((covey_isa)isa, COVEY_ISA_AVX512_BF16)) {
            assert_ok(covey_network_new(&network, weights, &params, &err));
            snprintf(want, sizeof want, "%s-bf16-p", covey_isa_name((covey_isa)isa));
            assert_memory_equal(covey_network_engine_id(network), want, strlen(want));
            covey_network_free(network);
        } else {
            assert_status(covey_network_new(&network, weights, &params, &err),
                          COVEY_E_UNSUPPORTED);
        }
        params.precision = COVEY_PRECISION_F32;
    }
    unsetenv("COVEY_ISA");
    covey_weights_free(weights);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layers_on_every_isa),
        cmocka_unit_test(test_same_bits_however_cut),
        cmocka_unit_test(test_poolings),
        cmocka_unit_test(test_forward_allocates_nothing),
        cmocka_unit_test(test_each_allocation_may_fail),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_engine_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
