/* SPDX-License-Identifier: MIT */
/* Selection with AVX2: the 16 columns are two registers. */
#if !defined(__AVX2__)
#error "this file is compiled with AVX2"
#endif
#include <immintrin.h>
#include <stdint.h>

enum { VK_LANES = 8 };
typedef int32_t vk __attribute__((vector_size(VK_LANES * sizeof(int32_t))));
typedef uint32_t vku __attribute__((vector_size(VK_LANES * sizeof(int32_t))));

static inline vk vk_min(vk a, vk b) {
    return (vk)_mm256_min_epu32((__m256i)a, (__m256i)b);
}
static inline vk vk_max(vk a, vk b) {
    return (vk)_mm256_max_epu32((__m256i)a, (__m256i)b);
}

#include "select_body.h"

const covey__select_passes covey__select_avx2 = {gather_keys, pass};
