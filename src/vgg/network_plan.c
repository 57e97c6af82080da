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
};

const covey__plan *covey__plan_get(covey_isa isa, covey_precision precision) {
    const covey__plan *best = NULL;
    for (size_t i = 0; i < sizeof plans / sizeof *plans; ++i)
        if (plans[i].precision == precision && plans[i].isa <= isa)
            best = &plans[i];
    return best;
}
