/* SPDX-License-Identifier: MIT */
/* Selection with four numbers at a time, for any processor. */
#include <stdint.h>

enum { VK_LANES = 4 };
typedef int32_t vk __attribute__((vector_size(VK_LANES * sizeof(int32_t))));
typedef uint32_t vku __attribute__((vector_size(VK_LANES * sizeof(int32_t))));

static inline vk vk_min(vk a, vk b) {
    vk less = (vk)((vku)a < (vku)b);
    return (a & less) | (b & ~less);
}
static inline vk vk_max(vk a, vk b) {
    vk less = (vk)((vku)a < (vku)b);
    return (b & less) | (a & ~less);
}

#include "select_body.h"

const covey__select_passes covey__select_scalar = {gather_keys, pass};
