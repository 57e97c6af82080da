/* SPDX-License-Identifier: MIT */
/* Time of each layer of the network, for choosing the plan (src/vgg/network_plan.c).
 *
 *   bench_layers [-t THREADS] [-b BATCH] [-r REPEAT] [-p] [LAYER:TILE:BLOCK:STAGED[:BF16]]...
 *
 * Row 1 contains what row 0 does, which then counts twice in the total (planes: it does not). Weights are seeded; -p takes the bfloat16 plan. Processor time of all threads per photo, the
 * least of the repeats, and what share of a multiply-add count of the direct convolution per
 * second that is: a Winograd layer may exceed the processor's peak. LAYER 1..12 replaces the
 * plan's row; TILE is 0 for planes, BLOCK their rows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base_internal.h"
#include "network_internal.h"

static const int channels[13] = {64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512};

static double seconds(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void run_layer(covey_network *network, int index, size_t photos, const uint8_t *rgb) {
    const covey__convolution *layer = &network->convolutions[index];
    if (network->plan.parts) {
        int is_early = index < network->plan.early;
        float *const *from = is_early ? network->early : network->late;
        covey__planes_layer(network, from[1], index ? from[0] : network->rgb, index, 0,
                            is_early ? 1 : photos, COVEY__RELU | (layer->pool ? COVEY__POOL : 0));
        return;
    }
    if (index == 0) {
        covey__network_first(network, network->early[0], rgb, 1);
        return;
    }
    int fused = covey__pool_is_fused(layer);
    if (index == 1 && network->plan.early > 1) {
        covey__network_first_two(network, network->early[1], rgb,
                                 COVEY__RELU | (fused ? COVEY__POOL : 0));
        return;
    }
    int flags = COVEY__RELU | (fused ? COVEY__POOL : 0), early = index < network->plan.early;
    float *const *pair = early ? network->early : network->late;
    covey__network_convolve(network, pair[1], pair[0], index, early ? 1 : photos, flags);
    if (layer->pool && !fused)
        covey__network_max_pool(network, pair[0], pair[1], early ? 1 : photos, layer->height,
                                layer->width, layer->outputs);
}

static int report(covey_network *network, size_t batch, int repeat, const uint8_t *rgb) {
    double total = 0;
    printf("layer  channels     side  plan            cpu ms  wall ms  GMAC/s (direct)\n");
    for (int i = 0; i < COVEY_VGG_CONVOLUTIONS; ++i) {
        const covey__convolution *layer = &network->convolutions[i];
        size_t photos = i < network->plan.early ? 1 : batch;
        double cpu = 1e9, wall = 1e9;
        for (int r = 0; r < repeat * (photos == 1 ? 4 : 1); ++r) {
            double c = seconds(CLOCK_PROCESS_CPUTIME_ID), w = seconds(CLOCK_MONOTONIC);
            run_layer(network, i, batch, rgb);
            c = (seconds(CLOCK_PROCESS_CPUTIME_ID) - c) / (double)photos;
            w = (seconds(CLOCK_MONOTONIC) - w) / (double)photos;
            cpu = c < cpu ? c : cpu;
            wall = w < wall ? w : wall;
        }
        double macs = 9.0 * (double)(layer->height * layer->width * layer->inputs *
                                     layer->outputs);
        char plan[32] = "direct";
        if (network->plan.parts)
            snprintf(plan, sizeof plan, "planes %s %zu", layer->plan.staged ? "panel" : "band",
                     layer->plan.block);
        else if (i)
            snprintf(plan, sizeof plan, "F(%d) %s %zu%s", layer->plan.tile,
                     layer->plan.staged ? "staged" : "fused", layer->plan.block,
                     layer->plan.bf16 ? " bf16" : "");
        printf("%5d  %3zu->%3zu  %4zux%-4zu %-18s %7.3f %7.3f  %8.1f\n", i, layer->inputs,
               layer->outputs, layer->height, layer->width, plan, cpu * 1e3, wall * 1e3,
               macs / cpu * 1e-9);
        total += cpu;
    }
    printf("total %40.2f\n", total * 1e3);
    return 0;
}

static int usage(void) {
    fprintf(stderr, "usage: bench_layers [-t THREADS] [-b BATCH] [-r REPEAT] [-p] "
                    "[LAYER:TILE:BLOCK:STAGED[:BF16]]...\n");
    return 2;
}

int main(int argc, char **argv) {
    covey_network_params params = covey_network_params_default();
    covey_error err;
    covey_isa isa;
    int repeat = 10, option;
    params.threads = 1;
    while ((option = getopt(argc, argv, "t:b:r:p")) != -1) {
        if (option == 't')
            params.threads = atoi(optarg);
        else if (option == 'b')
            params.batch = (size_t)atoi(optarg);
        else if (option == 'r')
            repeat = atoi(optarg);
        else if (option == 'p')
            params.precision = COVEY_PRECISION_BF16;
        else
            return usage();
    }
    if (covey_isa_in_use(&isa, &err)) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    const covey__plan *committed = covey__plan_get(isa, params.precision);
    if (!committed || params.batch < 1 || params.batch > 64)
        return usage();
    covey__plan plan = *committed;
    for (int i = optind; i < argc; ++i) {
        int layer, tile, staged, bf16 = params.precision == COVEY_PRECISION_BF16;
        size_t block;
        if (sscanf(argv[i], "%d:%d:%zu:%d:%d", &layer, &tile, &block, &staged, &bf16) < 4 ||
            layer < 1 || layer > 12 || (plan.parts ? tile != 0 : tile != 4 && tile != 6 && tile != 7) || !block)
            return usage();
        plan.layers[layer] = (covey__plan_layer){tile, block, staged, bf16};
    }
    covey_weights *weights = NULL;
    covey_network *network = NULL;
    uint8_t *rgb = malloc(224 * 224 * 3);
    covey_status status = covey_weights_new_seeded(&weights, 1, channels, &err);
    if (status == COVEY_OK)
        status = covey__network_new_planned(&network, weights, &params, isa, &plan, &err);
    if (status != COVEY_OK || !rgb) {
        fprintf(stderr, "%s\n", status == COVEY_OK ? "memory ran out" : err.message);
        return 1;
    }
    for (size_t i = 0; i < 224 * 224 * 3; ++i)
        rgb[i] = (uint8_t)(i * 2654435761u >> 24);
    /* Real numbers to work on: zeros are multiplied faster by some processors. */
    static float features[64 * 512];
    const uint8_t *photos[64];
    for (size_t i = 0; i < params.batch; ++i)
        photos[i] = rgb;
    memset(network->workspace, 0, network->workspace_size);
    status = covey_network_compute_features_of(network, features, photos, params.batch);
    if (status == COVEY_OK)
        report(network, params.batch, repeat, rgb);
    covey_network_free(network);
    covey_weights_free(weights);
    free(rgb);
    return status != COVEY_OK;
}
