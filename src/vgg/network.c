/* SPDX-License-Identifier: MIT */
#include "covey/network.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base_internal.h"
#include "network_internal.h"

enum { BATCH_MAX = 64, SIDE_MIN = 32, SIDE_MAX = 4096 };

covey_network_params covey_network_params_default(void) {
    covey_network_params params = {.threads = 0,
                                   .batch = 8,
                                   .height = 224,
                                   .width = 224,
                                   .precision = COVEY_PRECISION_F32,
                                   .pooling = COVEY_POOLING_MEAN};
    return params;
}

static covey_status set_shapes(covey_network *network, const covey_weights *weights,
                               covey_error *err) {
    covey_status status = COVEY_OK;
    size_t height = network->height, width = network->width;
    size_t tile_n = network->plan.parts ? COVEY__CHUNK : network->kernels->gemm_tile_n;
    network->member = weights->member;
    network->count = weights->member->convolutions;
    for (int i = 0; i < network->count; ++i) {
        covey__convolution *layer = &network->convolutions[i];
        int outputs, inputs;
        COVEY_TRY(covey_weights_get_layer(weights, i, NULL, NULL, &outputs, &inputs));
        int expected = i ? (int)network->convolutions[i - 1].outputs : 3;
        COVEY_FAIL_IF(inputs != expected || outputs <= 0 || outputs % COVEY__CHANNELS ||
                          outputs > COVEY__CHANNELS_MAX,
                      err, COVEY_E_UNSUPPORTED, NULL,
                      "convolution %d of the weights has %d inputs and %d outputs; the network "
                      "takes %d inputs and a multiple of %d outputs, at most %d",
                      i + 1, inputs, outputs, expected, COVEY__CHANNELS, COVEY__CHANNELS_MAX);
        layer->plan = network->plan.layers[i];
        layer->inputs = (size_t)inputs;
        layer->outputs = (size_t)outputs;
        layer->padded = (layer->outputs + tile_n - 1) / tile_n * tile_n;
        layer->depth = layer->plan.bf16 ? layer->inputs / 2 : layer->inputs;
        layer->height = height;
        layer->width = width;
        layer->pool = covey__vgg_is_pooled(network->member, i);
        if (layer->pool) {
            height /= 2;
            width /= 2;
        }
    }
done:
    return status;
}

static size_t align16(size_t floats) {
    return (floats + 15) / 16 * 16;
}

/* Floats of the larger of a pair of activation regions: `photos` photos of what layers leave
 * there, pooled in the transform or after it, or one photo unpooled (single layers). */
static size_t activation_floats(const covey_network *network, int from, int to, size_t photos) {
    size_t largest = 0;
    for (int i = from; i < to; ++i) {
        const covey__convolution *layer = &network->convolutions[i];
        size_t full = layer->height * layer->width * layer->outputs;
        size_t pooled = layer->height / 2 * (layer->width / 2) * layer->outputs;
        size_t left = photos * (covey__pool_is_fused(layer) ? pooled : full);
        largest = left > largest ? left : largest;
        largest = full > largest ? full : largest;
    }
    return align16(largest);
}

static covey__regions winograd_regions(const covey_network *network) {
    int early = network->plan.early;
    size_t threads = (size_t)covey__pool_size(network->pool), scratch = 0;
    for (int i = 1; i < network->count; ++i) {
        size_t need = covey__convolution_scratch(&network->convolutions[i], threads,
                                                 i < early ? 1 : network->batch);
        scratch = need > scratch ? need : scratch;
    }
    if (!network->convolutions[0].pool) {
        size_t first_two = covey__first_two_scratch(&network->convolutions[1], threads);
        scratch = first_two > scratch ? first_two : scratch;
    }
    /* The boundary layer leaves a batch in a late region, or one photo before its pool. */
    return (covey__regions){
        .rgb = (network->height + 2) * (network->width + 2) * 3,
        .early = activation_floats(network, 0, early, 1),
        .late = activation_floats(network, early - 1, network->count, network->batch),
        .scratch = scratch};
}

static covey_status set_workspace(covey_network *network, covey_error *err) {
    covey_status status = COVEY_OK;
    covey__regions need =
        network->plan.parts ? covey__planes_regions(network) : winograd_regions(network);
    size_t rgb = align16(need.rgb), early = align16(need.early), late = align16(need.late);
    size_t total = rgb + 2 * early + 2 * late + align16(need.scratch);
    network->workspace = covey__alloc_array(total, sizeof(float));
    COVEY_NOMEM_IF(!network->workspace, err);
    network->workspace_size = total * sizeof(float);
    covey__advise_huge(network->workspace, network->workspace_size);
    network->rgb = network->workspace;
    network->early[0] = network->rgb + rgb;
    network->early[1] = network->early[0] + early;
    network->late[0] = network->early[1] + early;
    network->late[1] = network->late[0] + late;
    network->scratch = network->late[1] + late;
done:
    return status;
}

static void set_colour(covey_network *network, const covey_weights *weights) {
    float mean[3], std[3];
    covey_weights_get_colour(weights, mean, std);
    for (int q = 0; q < 3; ++q)
        for (int value = 0; value < 256; ++value) {
            uint16_t part[2];
            network->colour[q][value] =
                (float)((value / 255.0 - (double)mean[q]) / (double)std[q]);
            covey__split_bf16(part, network->colour[q][value], 2);
            network->colour_parts[0][q][value] = part[0];
            network->colour_parts[1][q][value] = part[1];
        }
}

static void name_engine(char id[COVEY__ENGINE_ID], const covey__plan *plan) {
    snprintf(id, COVEY__ENGINE_ID, "%s-%s-p%d", covey_isa_name(plan->isa),
             plan->precision == COVEY_PRECISION_BF16 ? "bf16" : "f32", plan->version);
}

covey_status covey__network_new_planned(covey_network **out, const covey_weights *weights,
                                        const covey_network_params *params, covey_isa isa,
                                        const covey__plan *plan, covey_error *err) {
    covey_status status = COVEY_OK;
    covey_network *network = NULL;
    COVEY_FAIL_IF(params->batch < 1 || params->batch > BATCH_MAX, err, COVEY_E_ARGUMENT, NULL,
                  "a batch of %zu photos is outside of 1 .. %d", params->batch, BATCH_MAX);
    COVEY_FAIL_IF(params->height < SIDE_MIN || params->height > SIDE_MAX ||
                      params->width < SIDE_MIN || params->width > SIDE_MAX,
                  err, COVEY_E_ARGUMENT, NULL,
                  "an input of %zu x %zu pixels is outside of %d .. %d a side", params->width,
                  params->height, SIDE_MIN, SIDE_MAX);
    COVEY_FAIL_IF(!covey_pooling_name(params->pooling), err, COVEY_E_ARGUMENT, NULL,
                  "there is no pooling number %d", (int)params->pooling);
    network = covey__calloc(1, sizeof *network);
    COVEY_NOMEM_IF(!network, err);
    network->plan = *plan;
    network->kernels = covey__kernels_get(isa);
    network->batch = params->batch;
    network->height = params->height;
    network->width = params->width;
    network->pooling = params->pooling;
    name_engine(network->id, plan);
    COVEY_TRY(covey__pool_new(&network->pool, params->threads, err));
    COVEY_TRY(set_shapes(network, weights, err));
    COVEY_TRY(set_workspace(network, err));
    COVEY_TRY(covey__network_pack(network, weights, err));
    set_colour(network, weights);
    *out = network;
    network = NULL;
done:
    covey_network_free(network);
    return status;
}

/* The plan that this machine runs under `precision`. */
static covey_status choose_plan(const covey__plan **plan, covey_isa *isa,
                                covey_precision precision, covey_error *err) {
    covey_status status = COVEY_OK;
    COVEY_TRY(covey_isa_in_use(isa, err));
    *plan = covey__plan_get(*isa, precision);
    COVEY_FAIL_IF(!*plan, err, COVEY_E_UNSUPPORTED, NULL,
                  "bf16 needs a processor with AVX512_BF16; this run uses %s: leave out "
                  "--precision bf16",
                  covey_isa_name(*isa));
done:
    return status;
}

covey_status covey__network_identify(char id[COVEY__ENGINE_ID], size_t *channels,
                                     const covey_weights *weights, covey_precision precision,
                                     covey_error *err) {
    covey_status status = COVEY_OK;
    covey_isa isa;
    const covey__plan *plan;
    int outputs;
    COVEY_TRY(choose_plan(&plan, &isa, precision, err));
    COVEY_TRY(covey_weights_get_layer(weights, covey_weights_count(weights) - 1, NULL, NULL, &outputs,
                                      NULL));
    name_engine(id, plan);
    *channels = (size_t)outputs;
done:
    return status;
}

covey_status covey_network_new(covey_network **out, const covey_weights *weights,
                               const covey_network_params *params, covey_error *err) {
    covey_status status = COVEY_OK;
    covey_isa isa;
    const covey__plan *plan;
    COVEY_TRY(choose_plan(&plan, &isa, params->precision, err));
    covey__plan fitted;
    covey__plan_fit(&fitted, plan, weights->member);
    COVEY_TRY(covey__network_new_planned(out, weights, params, isa, &fitted, err));
done:
    return status;
}

void covey_network_free(covey_network *network) {
    if (!network)
        return;
    covey__pool_free(network->pool);
    covey__free(network->workspace);
    covey__free(network->parameters);
    covey__free(network);
}

/* Convolution `index`, from `in`, or for index 1 with `rgb` from the photo itself. */
static void convolve(covey_network *network, float *out, const float *in, const uint8_t *rgb,
                     int index, size_t photos, int flags) {
    if (index == 1 && rgb)
        covey__network_first_two(network, out, rgb, flags);
    else
        covey__network_convolve(network, out, in, index, photos, flags);
}

/* Convolution `index` as the network uses it: ReLU, and the pool where one follows. `in` and
 * `other` are free afterwards; the result lies in *result, one of `other` and `in`. */
static void full_layer(covey_network *network, float **result, float *other, float *in,
                       const uint8_t *rgb, int index, size_t photos) {
    const covey__convolution *layer = &network->convolutions[index];
    int fused = covey__pool_is_fused(layer);
    convolve(network, other, in, rgb, index, photos, COVEY__RELU | (fused ? COVEY__POOL : 0));
    *result = other;
    if (layer->pool && !fused) {
        covey__network_max_pool(network, in, other, photos, layer->height, layer->width,
                                layer->outputs);
        *result = in;
    }
}

static float *partner(float *const pair[2], const float *one) {
    return one == pair[0] ? pair[1] : pair[0];
}

/* One photo through layers 0 .. early-1; the last leaves its output in `out`. */
static void run_early(covey_network *network, float *out, const uint8_t *rgb) {
    const covey__convolution *first = &network->convolutions[0];
    int last = network->plan.early - 1;
    if (last == 0 && !first->pool) {
        covey__network_first(network, out, rgb, 1);
        return;
    }
    float *at = network->early[0];
    if (first->pool) { /* VGG11: the second convolution reads a pooled first */
        covey__network_first(network, network->early[1], rgb, 1);
        covey__network_max_pool(network, last ? at : out, network->early[1], 1, first->height,
                                first->width, first->outputs);
        if (last == 0)
            return;
        rgb = NULL;
    }
    for (int i = 1; i < last; ++i)
        full_layer(network, &at, partner(network->early, at), at, rgb, i, 1);
    const covey__convolution *layer = &network->convolutions[last];
    if (layer->pool && !covey__pool_is_fused(layer)) {
        float *other = partner(network->early, at);
        convolve(network, other, at, rgb, last, 1, COVEY__RELU);
        covey__network_max_pool(network, out, other, 1, layer->height, layer->width,
                                layer->outputs);
    } else {
        convolve(network, out, at, rgb, last, 1, COVEY__RELU | (layer->pool ? COVEY__POOL : 0));
    }
}

/* Floats of what convolution `index` leaves after its pool. */
static size_t output_floats(const covey_network *network, int index, size_t *places) {
    const covey__convolution *layer = &network->convolutions[index];
    size_t step = layer->pool ? 2 : 1;
    *places = (layer->height / step) * (layer->width / step);
    return *places * layer->outputs;
}

const char *covey_pooling_name(covey_pooling pooling) {
    static const char *const names[] = {"mean", "max", "gem"};
    return (unsigned)pooling < sizeof names / sizeof *names ? names[pooling] : NULL;
}

/* features [channels] from the places of one photo, in [places][channels] >= 0. Sums are in float64
 * and in the order of the places. */
static void pool_places(float *features, const float *in, size_t places, size_t channels,
                        covey_pooling pooling) {
    double sum[COVEY__CHANNELS_MAX] = {0};
    for (size_t p = 0; p < places; ++p)
        for (size_t c = 0; c < channels; ++c) {
            double x = in[p * channels + c];
            if (pooling == COVEY_POOLING_MAX)
                sum[c] = x > sum[c] ? x : sum[c];
            else
                sum[c] += pooling == COVEY_POOLING_GEM ? x * x * x : x;
        }
    for (size_t c = 0; c < channels; ++c) {
        double mean = sum[c] / (double)places;
        features[c] = (float)(pooling == COVEY_POOLING_MAX   ? sum[c]
                              : pooling == COVEY_POOLING_GEM ? cbrt(mean)
                                                             : mean);
    }
}

/* What the last pool leaves of each photo. */
static float *run_winograd(covey_network *network, const uint8_t *const *rgb, size_t photos) {
    int early = network->plan.early;
    size_t places, size = output_floats(network, early - 1, &places);
    for (size_t i = 0; i < photos; ++i)
        run_early(network, network->late[0] + i * size, rgb[i]);
    float *at = network->late[0];
    for (int i = early; i < network->count; ++i)
        full_layer(network, &at, partner(network->late, at), at, NULL, i, photos);
    return at;
}

static void run_batch(covey_network *network, float *features, const uint8_t *const *rgb,
                      size_t photos) {
    int last = network->count - 1;
    size_t places, size = output_floats(network, last, &places);
    size_t channels = network->convolutions[last].outputs;
    const float *at = network->plan.parts
                          ? covey__planes_run(network, rgb, photos, last, COVEY__RELU | COVEY__POOL)
                          : run_winograd(network, rgb, photos);
    for (size_t i = 0; i < photos; ++i)
        pool_places(features + i * channels, at + i * size, places, channels, network->pooling);
}

covey_status covey_network_compute_features_of(covey_network *network, float *features,
                                               const uint8_t *const *rgb, size_t n) {
    size_t channels = covey_network_channels(network);
    for (size_t i = 0; i < n; i += network->batch) {
        size_t photos = n - i < network->batch ? n - i : network->batch;
        run_batch(network, features + i * channels, rgb + i, photos);
    }
    return COVEY_OK;
}

covey_status covey_network_compute_features(covey_network *network, float *features,
                                            const uint8_t *rgb, size_t n) {
    size_t channels = covey_network_channels(network), size = network->height * network->width * 3;
    const uint8_t *photos[BATCH_MAX];
    for (size_t i = 0; i < n; i += network->batch) {
        size_t count = n - i < network->batch ? n - i : network->batch;
        for (size_t j = 0; j < count; ++j)
            photos[j] = rgb + (i + j) * size;
        run_batch(network, features + i * channels, photos, count);
    }
    return COVEY_OK;
}

/* The convolution that a layer belongs to; *part: 0 itself, 1 its ReLU, 2 its pool. */
static int find_layer(const covey_network *network, int layer, int *part) {
    int index = network->count - 1;
    while (covey__vgg_number(network->member, index, 0) > layer)
        --index;
    *part = layer - covey__vgg_number(network->member, index, 0);
    return index;
}

int covey_network_layer_count(const covey_network *network) {
    return 2 * network->count + COVEY__VGG_BLOCKS;
}

covey_status covey_network_get_layer_shape(const covey_network *network, int layer,
                                           size_t *channels, size_t *height, size_t *width) {
    if (layer < 0 || layer >= covey_network_layer_count(network))
        return COVEY_E_ARGUMENT;
    int part;
    const covey__convolution *convolution = &network->convolutions[find_layer(network, layer, &part)];
    size_t step = part == 2 ? 2 : 1;
    *channels = convolution->outputs;
    *height = convolution->height / step;
    *width = convolution->width / step;
    return COVEY_OK;
}

/* One photo through convolution `index`; part: 0 itself, 1 its ReLU, 2 its pool. */
static const float *run_winograd_to(covey_network *network, const uint8_t *rgb, int index,
                                    int part) {
    int early = network->plan.early;
    /* The early regions hold one photo of any early layer, the late ones of any later layer. */
    float *at = network->early[0];
    const covey__convolution *first = &network->convolutions[0];
    covey__network_first(network, at, rgb, index > 0 || part > 0);
    if (first->pool && (index > 0 || part == 2)) {
        covey__network_max_pool(network, network->early[1], at, 1, first->height, first->width,
                                first->outputs);
        at = network->early[1];
    }
    for (int i = 1; i <= index; ++i) {
        float *other = partner(i < early - 1 ? network->early : network->late, at);
        if (i < index || part == 2) {
            full_layer(network, &at, other, at, NULL, i, 1);
        } else {
            covey__network_convolve(network, other, at, i, 1, part ? COVEY__RELU : 0);
            at = other;
        }
    }
    return at;
}

covey_status covey_network_compute_layer(covey_network *network, float *out, int layer,
                                         const uint8_t *rgb) {
    size_t channels, height, width;
    covey_status status = covey_network_get_layer_shape(network, layer, &channels, &height, &width);
    if (status != COVEY_OK)
        return status;
    int part, index = find_layer(network, layer, &part);
    const float *at =
        network->plan.parts
            ? covey__planes_run(network, &rgb, 1, index,
                                (part ? COVEY__RELU : 0) | (part == 2 ? COVEY__POOL : 0))
            : run_winograd_to(network, rgb, index, part);
    for (size_t c = 0; c < channels; ++c)
        for (size_t p = 0; p < height * width; ++p)
            out[c * height * width + p] = at[p * channels + c];
    return COVEY_OK;
}

size_t covey_network_channels(const covey_network *network) {
    return network->convolutions[network->count - 1].outputs;
}

const char *covey_network_engine_id(const covey_network *network) {
    return network->id;
}

size_t covey_network_workspace_size(const covey_network *network) {
    return network->workspace_size;
}
