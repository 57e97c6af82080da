/* SPDX-License-Identifier: MIT */
/* Selection with AVX-512: the 16 columns are one register. */
#if !defined(__AVX512F__)
#error "this file is compiled with AVX-512"
#endif
#include <immintrin.h>
#include <stdint.h>

enum { VK_LANES = 16 };
typedef int32_t vk __attribute__((vector_size(VK_LANES * sizeof(int32_t))));
typedef uint32_t vku __attribute__((vector_size(VK_LANES * sizeof(int32_t))));

static inline vk vk_min(vk a, vk b) {
    return (vk)_mm512_min_epu32((__m512i)a, (__m512i)b);
}
static inline vk vk_max(vk a, vk b) {
    return (vk)_mm512_max_epu32((__m512i)a, (__m512i)b);
}

#include "select_body.h"

const covey__select_passes covey__select_avx512 = {gather_keys, pass};
