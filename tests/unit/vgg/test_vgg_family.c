/* SPDX-License-Identifier: MIT */
/* Every member of the VGG family, with batch normalisation and without, from a state dict of
 * torchvision's form with a few channels: read, folded, computed, and held to a direct float64
 * forward pass of the file's own tensors, unfolded. */
#include "direct_network.h"
#include "network_internal.h"
#include "weights_files.h"

enum { HEIGHT = 45, WIDTH = 61, CHANNELS = 16 };

/* torchvision's own lists of the layers: numbers of channels stand as c, max-pools as M. */
static const struct {
    const char *name, *layers;
} members[] = {
    {"VGG11", "cMcMccMccMccM"},
    {"VGG13", "ccMccMccMccMccM"},
    {"VGG16", "ccMccMcccMcccMcccM"},
    {"VGG19", "ccMccMccccMccccMccccM"},
};

/* Relative L2 error of F(7x7) after 16 layers of random weights. A wrong pool, fold or number gives
 * 1e-1 and more. */
static const double TOLERANCE = 3e-4;

static uint32_t seed;

static float noise(void) {
    seed = seed * 1664525u + 1013904223u;
    return (float)(int32_t)seed / 2147483648.0f; /* -1 .. 1 */
}

static file_tensor *add(file_model *model, int number, const char *part, int inputs, double centre,
                        double spread) {
    file_tensor *t = &model->tensor[model->count++];
    snprintf(t->name, sizeof t->name, "features.%d.%s", number, part);
    t->rank = inputs ? 4 : 1;
    t->shape[0] = CHANNELS;
    t->shape[1] = (uint64_t)inputs;
    t->shape[2] = t->shape[3] = 3;
    t->count = CHANNELS * (inputs ? (size_t)inputs * 9 : 1);
    t->value = malloc(t->count * sizeof *t->value);
    assert_non_null(t->value);
    for (size_t i = 0; i < t->count; ++i)
        t->value[i] = (float)(centre + spread * (double)noise());
    return t;
}

/* The state dict of a member, in torchvision's order and numbers. */
static void make_model(file_model *model, const char *layers, int normalised) {
    int number = 0, inputs = 3;
    model_init(model, tiny_channels); /* for its folder */
    for (size_t i = 0; i < model->count; ++i)
        free(model->tensor[i].value);
    memset(model->tensor, 0, sizeof model->tensor);
    model->count = 0;
    seed = 3;
    for (; *layers; ++layers) {
        if (*layers == 'M') {
            ++number;
            continue;
        }
        add(model, number, "weight", inputs, 0, sqrt(6.0 / (9.0 * inputs)));
        add(model, number, "bias", 0, 0, 0.1);
        if (normalised) {
            ++number;
            add(model, number, "weight", 0, 1, 0.5);
            add(model, number, "bias", 0, 0, 0.2);
            add(model, number, "running_mean", 0, 0, 0.3);
            add(model, number, "running_var", 0, 1, 0.8);
        }
        number += 2;
        inputs = CHANNELS;
    }
}

/* What the file says, computed as it says it: [CHANNELS] means over the places of the last pool. The
 * outputs of the layers of the form without batch normalisation go to `layer`. */
static int direct_model(image layer[COVEY_VGG_LAYERS_MAX], const file_model *model,
                        const char *layers, int normalised, const uint8_t *rgb,
                        const covey_weights *weights) {
    float mean[3], std[3];
    covey_weights_get_colour(weights, mean, std);
    image first = image_new(3, HEIGHT, WIDTH);
    for (size_t p = 0; p < HEIGHT * WIDTH; ++p)
        for (size_t q = 0; q < 3; ++q)
            first.data[q * HEIGHT * WIDTH + p] = (rgb[3 * p + q] / 255.0 - mean[q]) / std[q];
    const file_tensor *t = model->tensor;
    const image *in = &first;
    int n = 0;
    for (; *layers; ++layers) {
        if (*layers == 'M') {
            layer[n] = direct_pool(in);
            in = &layer[n++];
            continue;
        }
        image *out = &layer[n++];
        *out = direct_convolution_of(in, t[0].value, t[1].value, CHANNELS);
        t += 2;
        size_t places = out->height * out->width;
        if (normalised) {
            for (size_t i = 0; i < CHANNELS * places; ++i) {
                size_t c = i / places;
                out->data[i] = (out->data[i] - (double)t[2].value[c]) /
                                   sqrt((double)t[3].value[c] + 1e-5) * (double)t[0].value[c] +
                               (double)t[1].value[c];
            }
            t += 4;
        }
        layer[n] = image_new(CHANNELS, out->height, out->width);
        for (size_t i = 0; i < CHANNELS * places; ++i)
            layer[n].data[i] = fmax(out->data[i], 0);
        in = &layer[n++];
    }
    free(first.data);
    return n;
}

static void check_member(const file_model *model, const char *path, size_t m, int normalised,
                         const uint8_t *rgb) {
    covey_error err;
    covey_weights *weights;
    image layer[COVEY_VGG_LAYERS_MAX];
    assert_ok(covey_weights_open_file(&weights, path, &err));
    assert_string_equal(covey_weights_architecture(weights), members[m].name);
    int layers = direct_model(layer, model, members[m].layers, normalised, rgb, weights);
    for (int isa = 0; isa <= (int)covey_isa_machine(); isa = next_isa(isa)) {
        if (isa == COVEY_ISA_AVX512_BF16)
            continue; /* its float32 kernels are those before */
        covey_network *network;
        covey_network_params params = covey_network_params_default();
        params.height = HEIGHT;
        params.width = WIDTH;
        params.threads = 2;
        setenv("COVEY_ISA", covey_isa_name((covey_isa)isa), 1);
        assert_ok(covey_network_new(&network, weights, &params, &err));
        assert_int_equal(covey_network_layer_count(network), layers);
        for (int l = 0; l < layers; ++l) {
            size_t c, height, width, n;
            assert_int_equal(covey_network_get_layer_shape(network, l, &c, &height, &width), 0);
            assert_int_equal(c, layer[l].channels);
            assert_int_equal(height, layer[l].height);
            assert_int_equal(width, layer[l].width);
            n = c * height * width;
            float *got = malloc(n * sizeof *got);
            assert_non_null(got);
            assert_int_equal(covey_network_compute_layer(network, got, l, rgb), 0);
            double error = covey_test_relative_l2(got, layer[l].data, n);
            if (!(error <= TOLERANCE))
                fail_msg("%s%s, %s, layer %d: relative error %g", members[m].name,
                         normalised ? "_bn" : "", covey_network_engine_id(network), l, error);
            free(got);
        }
        /* The whole pass, and as many photos at once: the same bits. */
        enum { PHOTOS = 3 };
        float one[CHANNELS], many[PHOTOS * CHANNELS];
        double want[CHANNELS];
        const image *last = &layer[layers - 1];
        size_t places = last->height * last->width;
        for (size_t c = 0; c < CHANNELS; ++c) {
            want[c] = 0;
            for (size_t p = 0; p < places; ++p)
                want[c] += last->data[c * places + p] / (double)places;
        }
        const uint8_t *photos[PHOTOS] = {rgb, rgb, rgb};
        assert_int_equal(covey_network_compute_features(network, one, rgb, 1), 0);
        assert_true(covey_test_relative_l2(one, want, CHANNELS) <= TOLERANCE);
        assert_int_equal(covey_network_compute_features_of(network, many, photos, PHOTOS), 0);
        for (size_t i = 0; i < PHOTOS; ++i)
            assert_memory_equal(many + i * CHANNELS, one, sizeof one);
        covey_network_free(network);
    }
    unsetenv("COVEY_ISA");
    for (int l = 0; l < layers; ++l)
        free(layer[l].data);
    covey_weights_free(weights);
}

static void every_member_is_computed(void **state) {
    (void)state;
    static uint8_t rgb[HEIGHT * WIDTH * 3];
    for (size_t i = 0; i < sizeof rgb; ++i)
        rgb[i] = (uint8_t)((i * 2654435761u) >> 13);
    for (size_t m = 0; m < LENGTH(members); ++m)
        for (int normalised = 0; normalised < 2; ++normalised) {
            file_model model;
            char path[320];
            make_model(&model, members[m].layers, normalised);
            model_path(path, &model, "model.pth");
            if (normalised)
                write_torch_zip(path, &model, ZIP_CM_STORE, NULL, "little");
            else
                write_safetensors(path, &model);
            check_member(&model, path, m, normalised, rgb);
            model_fini(&model);
        }
}

/* Stored, opened again by name: the same numbers, and each damage is noticed. */
static void members_are_stored(void **state) {
    (void)state;
    for (size_t m = 0; m < LENGTH(members); ++m) {
        covey_error err;
        file_model model;
        char path[320], *name;
        covey_weights *direct, *stored;
        make_model(&model, members[m].layers, 1);
        model_path(path, &model, "mine.safetensors");
        write_safetensors(path, &model);
        assert_ok(covey_weights_open_file(&direct, path, &err));
        assert_string_equal(covey_weights_name(direct), "mine");
        assert_ok(covey_weights_import(&name, path, NULL, &err));
        assert_string_equal(name, "mine");
        assert_ok(covey_weights_open(&stored, name, &err));
        assert_string_equal(covey_weights_digest(stored), covey_weights_digest(direct));
        assert_int_equal(covey_weights_count(stored), covey_weights_count(direct));
        assert_string_equal(covey_weights_architecture(stored), members[m].name);
        const float *weight;
        assert_int_equal(covey_weights_get_layer(stored, covey_weights_count(stored), &weight, NULL,
                                                 NULL, NULL),
                         COVEY_E_ARGUMENT);
        covey_weights_free(direct);
        covey_weights_free(stored);
        model_path(path, &model, "home/mine.weights");
        for (size_t at = 0; at < 4096 && at < 1200; at += 37) {
            covey__text whole = {0};
            read_whole(&whole, path);
            poke(path, at, (char)(whole.data[at] ^ 4));
            assert_int_not_equal(covey_weights_open(&stored, name, &err), COVEY_OK);
            poke(path, at, whole.data[at]);
            covey__text_fini(&whole);
        }
        covey__free(name);
        model_fini(&model);
    }
}

static void refuse(file_model *model, const char *words, covey_status code) {
    covey_error err;
    char path[320];
    model_path(path, model, "bad.safetensors");
    write_safetensors(path, model);
    covey_weights *weights = NULL;
    assert_status(covey_weights_open_file(&weights, path, &err), code);
    assert_null(weights);
    if (!strstr(err.message, words))
        fail_msg("\"%s\" is not in: %s", words, err.message);
    assert_string_equal(err.path, path);
}

static void what_does_not_fit_is_named(void **state) {
    (void)state;
    file_model model;
    make_model(&model, members[3].layers, 1);
    snprintf(model.tensor[6 * 7 + 5].name, 80, "features.99.running_var");
    refuse(&model, "features.24.running_var; it is not a VGG19 with batch normalisation",
           COVEY_E_FORMAT);
    model_fini(&model);

    make_model(&model, members[0].layers, 1);
    model.tensor[5].value[3] = -0.5f;
    refuse(&model, "features.1.running_var holds a negative variance at element 3",
           COVEY_E_NUMERIC);
    model.tensor[5].value[3] = 0;
    model.tensor[2].value[3] = 3e38f;
    refuse(&model, "features.1.weight, folded into the convolution before it, overflows",
           COVEY_E_NUMERIC);
    model.tensor[2].value[3] = NAN;
    refuse(&model, "features.1.weight holds NaN or infinity at element 3", COVEY_E_NUMERIC);
    model_fini(&model);

    make_model(&model, members[2].layers, 0);
    model.tensor[6].shape[2] = 9; /* kernels of 1 x 9 */
    model.tensor[6].shape[3] = 1;
    refuse(&model, "features.7.weight has the shape [16, 16, 9, 1] where VGG16 has "
                   "[16, 16, 3, 3]", COVEY_E_FORMAT);
    model_fini(&model);

    make_model(&model, members[1].layers, 0);
    for (size_t i = 0; i < 2; ++i) { /* twelve outputs */
        model.tensor[i].shape[0] = 12;
        model.tensor[i].count = model.tensor[i].count / 16 * 12;
    }
    refuse(&model, "features.0.weight has 12 outputs; the network takes multiples of 16",
           COVEY_E_FORMAT);
    model_fini(&model);

    /* Fewer or more convolutions than any member has. */
    make_model(&model, "ccMccMccM", 0);
    refuse(&model, "has no tensor features.14.weight; it is not a VGG16", COVEY_E_FORMAT);
    model_fini(&model);
}

/* The committed rows are VGG16's: they come out as they are, so that its bits and its engine id
 * stay. The others have the row of the layer of the same shape. */
static void plans_are_fitted(void **state) {
    (void)state;
    const covey__plan *committed = covey__plan_get(COVEY_ISA_AVX2, COVEY_PRECISION_F32);
    covey__plan plan;
    covey__plan_fit(&plan, committed, covey__vgg_of(13));
    assert_memory_equal(&plan, committed, sizeof plan);
    covey__plan_fit(&plan, committed, covey__vgg_of(8));
    assert_int_equal(plan.early, 2);
    assert_memory_equal(&plan.layers[1], &committed->layers[2], sizeof plan.layers[1]);
    assert_memory_equal(&plan.layers[7], &committed->layers[11], sizeof plan.layers[7]);
    covey__plan_fit(&plan, committed, covey__vgg_of(16));
    assert_int_equal(plan.early, 4);
    assert_memory_equal(&plan.layers[7], &committed->layers[6], sizeof plan.layers[7]);
    assert_memory_equal(&plan.layers[15], &committed->layers[12], sizeof plan.layers[15]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_member_is_computed),
        cmocka_unit_test(members_are_stored),
        cmocka_unit_test(what_does_not_fit_is_named),
        cmocka_unit_test(plans_are_fitted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
