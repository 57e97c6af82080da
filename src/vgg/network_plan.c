/* SPDX-License-Identifier: MIT */
/* The committed choices: algorithm, block and staging per layer and ISA. Measured, then fixed;
 * docs/design/vgg.md has the measurements. A change that alters any bit of the features (tile
 * sizes do, blocks do not) raises `version`. */
#include "network_internal.h"

#define DIRECT {0, 0, 0, 0}
#define FUSED(tile, block) {tile, block, 0, 0}
#define STAGED(tile, block) {tile, block, 1, 0}
#define FUSED_BF16(tile, block) {tile, block, 0, 1}
#define STAGED_BF16(tile, block) {tile, block, 1, 1}
#define BAND(rows) {0, rows, 0, 0}
#define PANEL(rows) {0, rows, 1, 0}

static const covey__plan plans[] = {
    {.isa = COVEY_ISA_SCALAR,
     .precision = COVEY_PRECISION_F32,
     .version = 1,
     .early = 4,
     .layers = {DIRECT, FUSED(4, 16), FUSED(4, 16), FUSED(4, 16), FUSED(4, 16), FUSED(4, 16),
                FUSED(4, 16), FUSED(4, 16), FUSED(4, 16), FUSED(4, 16), FUSED(4, 16),
                FUSED(4, 16), FUSED(4, 16)}},
    {.isa = COVEY_ISA_AVX2,
     .precision = COVEY_PRECISION_F32,
     .version = 2,
     .early = 4,
     .layers = {DIRECT, FUSED(7, 12), FUSED(7, 12), FUSED(7, 12), STAGED(7, 256), STAGED(7, 256),
                STAGED(7, 256), STAGED(7, 128), STAGED(7, 128), STAGED(7, 128), STAGED(7, 128),
                STAGED(7, 128), STAGED(7, 128)}},
    {.isa = COVEY_ISA_AVX512,
     .precision = COVEY_PRECISION_F32,
     .version = 2,
     .early = 4,
     .layers = {DIRECT, FUSED(7, 16), FUSED(7, 14), FUSED(7, 16), FUSED(7, 14), FUSED(7, 14),
                FUSED(7, 16), STAGED(7, 128), STAGED(7, 128), STAGED(7, 128), STAGED(7, 128),
                STAGED(7, 128), STAGED(7, 128)}},
    {.isa = COVEY_ISA_AVX512_BF16,
     .precision = COVEY_PRECISION_BF16,
     .version = 1,
     .early = 4,
     .layers = {DIRECT, FUSED_BF16(6, 14), FUSED_BF16(6, 14), FUSED_BF16(6, 14),
                FUSED_BF16(4, 28), FUSED_BF16(4, 28), FUSED_BF16(4, 28), STAGED_BF16(4, 392),
                STAGED_BF16(4, 392), STAGED_BF16(4, 392), STAGED_BF16(4, 392),
                STAGED_BF16(4, 392), STAGED_BF16(4, 392)}},
    {.isa = COVEY_ISA_AMX,
     .precision = COVEY_PRECISION_F32,
     .version = 1,
     .early = 4,
     .parts = 2,
     .layers = {BAND(4), BAND(4), BAND(8), BAND(8), BAND(8), BAND(8), BAND(8), PANEL(28), PANEL(28),
                PANEL(28), PANEL(14), PANEL(14), PANEL(14)}},
    {.isa = COVEY_ISA_AMX,
     .precision = COVEY_PRECISION_BF16,
     .version = 1,
     .early = 4,
     .parts = 1,
     .layers = {BAND(4), BAND(4), BAND(8), BAND(8), BAND(8), BAND(8), BAND(8), PANEL(28), PANEL(28),
                PANEL(28), PANEL(14), PANEL(14), PANEL(14)}},
    /* AVX2's tiles, whose error is known; its blocks too, which have been timed there alone. */
    {.isa = COVEY_ISA_NEON,
     .precision = COVEY_PRECISION_F32,
     .version = 1,
     .early = 4,
     .layers = {DIRECT, FUSED(7, 12), FUSED(7, 12), FUSED(7, 12), STAGED(7, 256), STAGED(7, 256),
                STAGED(7, 256), STAGED(7, 128), STAGED(7, 128), STAGED(7, 128), STAGED(7, 128),
                STAGED(7, 128), STAGED(7, 128)}},
};

/* VGG16's convolution whose input has been pooled as often and which stands as far into its block;
 * beyond the block's end, the last. Shapes are the same: side and channels change at pools alone. */
static int model_of(const covey__vgg *member, int index) {
    const covey__vgg *vgg16 = covey__vgg_of(COVEY_VGG_CONVOLUTIONS);
    int place, block = covey__vgg_block(member, index, &place), first = 0;
    for (int b = 0; b < block; ++b)
        first += vgg16->blocks[b];
    return first + (place < vgg16->blocks[block] ? place : vgg16->blocks[block] - 1);
}

void covey__plan_fit(covey__plan *out, const covey__plan *committed, const covey__vgg *member) {
    *out = *committed;
    out->early = 0;
    for (int i = 0; i < member->convolutions; ++i) {
        int model = model_of(member, i);
        out->layers[i] = committed->layers[model];
        out->early += model < committed->early;
    }
}

const covey__plan *covey__plan_get(covey_isa isa, covey_precision precision) {
    const covey__plan *best = NULL;
    for (size_t i = 0; i < sizeof plans / sizeof *plans; ++i)
        if (plans[i].precision == precision && covey_isa_has(isa, plans[i].isa))
            best = &plans[i];
    return best;
}
