/* SPDX-License-Identifier: MIT */
/* Selection with NEON: the 16 columns are four registers. */
#if !defined(__aarch64__)
#error "the build leaves this file out of other architectures"
#endif
#include <arm_neon.h>
#include <stdint.h>

enum { VK_LANES = 4 };
typedef int32_t vk __attribute__((vector_size(VK_LANES * sizeof(int32_t))));
typedef uint32_t vku __attribute__((vector_size(VK_LANES * sizeof(int32_t))));

static inline vk vk_min(vk a, vk b) {
    return (vk)vminq_u32((uint32x4_t)a, (uint32x4_t)b);
}
static inline vk vk_max(vk a, vk b) {
    return (vk)vmaxq_u32((uint32x4_t)a, (uint32x4_t)b);
}

#include "select_body.h"

const covey__select_passes covey__select_neon = {gather_keys, pass};
