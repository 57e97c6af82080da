/* SPDX-License-Identifier: MIT */
/* Transformed weights: U = G g G^T for the Winograd layers, packed for the product. */
#include <assert.h>
#include <string.h>
#include <sys/mman.h>

#include "base_internal.h"
#include "network_internal.h"

void covey__advise_huge(void *block, size_t bytes) {
    const size_t page = (size_t)2 << 20;
    uintptr_t from = ((uintptr_t)block + page - 1) / page * page;
    uintptr_t to = ((uintptr_t)block + bytes) / page * page;
    if (to > from) /* advice: a refusal costs speed alone */
        (void)madvise((void *)from, to - from, MADV_HUGEPAGE);
}

typedef struct layer_source {
    const float *weight, *bias;
} layer_source;

typedef struct pack_context {
    covey_network *network;
    layer_source sources[COVEY_VGG_CONVOLUTIONS_MAX];
    size_t first_task[COVEY_VGG_CONVOLUTIONS_MAX + 1]; /* layer i has tasks [i] .. [i + 1] - 1 */
} pack_context;

static size_t points(const covey__convolution *convolution) {
    size_t n = (size_t)convolution->plan.tile + 2;
    return n * n;
}

/* One task is one panel of one layer. */
static void pack_task(void *argument, size_t task, int worker) {
    (void)worker;
    pack_context *context = argument;
    int layer = 0;
    while (task >= context->first_task[layer + 1])
        ++layer;
    const covey__kernels *kernels = context->network->kernels;
    const covey__convolution *convolution = &context->network->convolutions[layer];
    size_t panel = task - context->first_task[layer], tile_n = kernels->gemm_tile_n;
    size_t parts = context->network->plan.parts;
    if (parts) {
        covey__planes_pack_panel(convolution, layer, parts, context->sources[layer].weight, panel);
        return;
    }
    covey__wino_weights_fn *transform =
        convolution->plan.bf16 ? kernels->wino_weights_bf16 : kernels->wino_weights;
    transform(convolution->weights + panel * convolution->depth * tile_n,
              convolution->depth * convolution->padded, context->sources[layer].weight,
              convolution->outputs, convolution->inputs, panel * tile_n, tile_n,
              convolution->plan.tile);
}

static size_t weights_floats(const covey__convolution *convolution, int layer, size_t parts) {
    if (parts)
        return convolution->padded / COVEY__CHUNK *
               covey__planes_panel_size(convolution, layer, parts) / 2;
    return layer == 0 ? 27 * convolution->outputs
                      : points(convolution) * convolution->depth * convolution->padded;
}

/* [out][in][3][3] -> [3][3][in][out] for the direct first layer. */
static void pack_first(covey__convolution *convolution, const float *weight) {
    for (size_t o = 0; o < convolution->outputs; ++o)
        for (size_t q = 0; q < 3; ++q)
            for (size_t place = 0; place < 9; ++place)
                convolution->weights[(place * 3 + q) * convolution->outputs + o] =
                    weight[(o * 3 + q) * 9 + place];
}

covey_status covey__network_pack(covey_network *network, const covey_weights *weights,
                                 covey_error *err) {
    covey_status status = COVEY_OK;
    pack_context context = {.network = network};
    size_t total = 0, parts = network->plan.parts;
    size_t tile_n = parts ? COVEY__CHUNK : network->kernels->gemm_tile_n;
    for (int i = 0; i < network->count; ++i) {
        covey__convolution *convolution = &network->convolutions[i];
        COVEY_TRY(covey_weights_get_layer(weights, i, &context.sources[i].weight,
                                          &context.sources[i].bias, NULL, NULL));
        context.first_task[i + 1] =
            context.first_task[i] + (i || parts ? convolution->padded / tile_n : 0);
        total += weights_floats(convolution, i, parts) + convolution->padded;
    }
    network->parameters = covey__alloc_array(total, sizeof(float));
    COVEY_NOMEM_IF(!network->parameters, err);
    network->parameters_size = total * sizeof(float);
    covey__advise_huge(network->parameters, network->parameters_size);
    float *next = network->parameters;
    for (int i = 0; i < network->count; ++i) {
        covey__convolution *convolution = &network->convolutions[i];
        convolution->weights = next;
        next += weights_floats(convolution, i, parts);
        convolution->bias = next;
        next += convolution->padded;
        memset(convolution->bias, 0, convolution->padded * sizeof(float));
        memcpy(convolution->bias, context.sources[i].bias,
               convolution->outputs * sizeof(float));
    }
    assert(network->count > 0 && context.sources[0].weight);
    if (!parts)
        pack_first(&network->convolutions[0], context.sources[0].weight);
    covey__pool_run(network->pool, context.first_task[network->count], pack_task,
                    &context);
done:
    return status;
}
