/* SPDX-License-Identifier: MIT */
/* Philox4x32-10, after Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as 1, 2, 3",
 * SC 2011 [Salmon2011, section 3.3]. The test holds it to the published known-answer vectors. */
#include "random_internal.h"

#include <math.h>

static void round_once(uint32_t c[4], const uint32_t k[2]) {
    uint64_t p0 = (uint64_t)0xD2511F53u * c[0];
    uint64_t p1 = (uint64_t)0xCD9E8D57u * c[2];
    uint32_t n0 = (uint32_t)(p1 >> 32) ^ c[1] ^ k[0];
    uint32_t n2 = (uint32_t)(p0 >> 32) ^ c[3] ^ k[1];
    c[0] = n0;
    c[1] = (uint32_t)p1;
    c[2] = n2;
    c[3] = (uint32_t)p0;
}

/* The key is the seed. The counter is (index low, row low, row high, index high ^ purpose << 16):
 * distinct for every purpose, row and index as long as index stays below 2^48. */
void covey__philox(uint32_t out[4], uint64_t seed, uint32_t purpose, uint64_t row,
                   uint64_t index) {
    uint32_t k[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    out[0] = (uint32_t)index;
    out[1] = (uint32_t)row;
    out[2] = (uint32_t)(row >> 32);
    out[3] = (uint32_t)(index >> 32) ^ (purpose << 16);
    for (int i = 0; i < 10; ++i) {
        if (i) {
            k[0] += 0x9E3779B9u;
            k[1] += 0xBB67AE85u;
        }
        round_once(out, k);
    }
}

double covey__uniform(uint64_t seed, uint32_t purpose, uint64_t row, uint64_t index) {
    uint32_t w[4];
    covey__philox(w, seed, purpose, row, index);
    uint64_t bits = ((uint64_t)w[0] << 32 | w[1]) >> 11;
    return (double)bits * 0x1p-53;
}

uint64_t covey__uniform_below(uint64_t n, uint64_t seed, uint32_t purpose, uint64_t row,
                              uint64_t index) {
    uint64_t limit = UINT64_MAX - UINT64_MAX % n;
    for (uint64_t attempt = 0;; ++attempt) {
        uint32_t w[4];
        covey__philox(w, seed, purpose, row, index + (attempt << 40));
        uint64_t first = (uint64_t)w[0] << 32 | w[1];
        uint64_t second = (uint64_t)w[2] << 32 | w[3];
        if (first < limit)
            return first % n;
        if (second < limit)
            return second % n;
    }
}

double covey__normal(uint64_t seed, uint32_t purpose, uint64_t row, uint64_t index) {
    uint32_t w[4];
    covey__philox(w, seed, purpose, row, index);
    double u = ((double)(((uint64_t)w[0] << 32 | w[1]) >> 11) + 1.0) * 0x1p-53; /* (0, 1] */
    double v = (double)(((uint64_t)w[2] << 32 | w[3]) >> 11) * 0x1p-53;
    return sqrt(-2.0 * log(u)) * cos(6.283185307179586476925286766559 * v);
}
