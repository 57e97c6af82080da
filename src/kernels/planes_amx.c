/* SPDX-License-Identifier: MIT */
/* The convolution of planes by AMX: tiles of 16 positions x 32 inputs times 32 inputs x 16 outputs.
 * Registers: 6 tiles of sums (48 positions x 32 outputs), 1 of positions, 1 of weights, or 4, 2 and 2:
 * all 8. Tail: fewer blocks of 16 by the same chain; sums behind the last position are written and
 * never read. */
#include <immintrin.h>
#include <string.h>

#include "kernels_internal.h"

/* GCC and Clang spell it differently. */
#if !defined(__AMX_BF16__) && !defined(__AMXBF16__)
#error "the build gives this file its instruction set by suffix"
#endif

/* All tiles 16 rows of 64 bytes (Intel's Software Developer's Manual, LDTILECFG). */
typedef struct tile_config {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} tile_config;

static void configure(void) {
    tile_config config = {.palette = 1};
    for (int i = 0; i < 8; ++i) {
        config.row_bytes[i] = 64;
        config.rows[i] = 16;
    }
    _tile_loadconfig(&config);
}

/* Tiles are named by constants. Three blocks of positions: 0 .. 5 sums, 6 weights, 7 positions. */
static inline __attribute__((always_inline)) void multiply_three(const uint16_t *a, size_t bytes,
                                                                 const uint16_t *w) {
    const size_t block = COVEY__POSITIONS * bytes / sizeof *a;
    _tile_loadd(6, w, 64);
    _tile_loadd(7, a, bytes);
    _tile_dpbf16ps(0, 7, 6);
    _tile_loadd(7, a + block, bytes);
    _tile_dpbf16ps(2, 7, 6);
    _tile_loadd(7, a + 2 * block, bytes);
    _tile_dpbf16ps(4, 7, 6);
    _tile_loadd(6, w + COVEY__PANEL_STEP / 2, 64);
    _tile_dpbf16ps(5, 7, 6);
    _tile_loadd(7, a + block, bytes);
    _tile_dpbf16ps(3, 7, 6);
    _tile_loadd(7, a, bytes);
    _tile_dpbf16ps(1, 7, 6);
}

/* One or two: 0 .. 3 sums, 4 and 5 positions, 6 and 7 weights. Positions stay where `again` is 0. */
static inline __attribute__((always_inline)) void multiply_two(const uint16_t *a, size_t bytes,
                                                               const uint16_t *w, int blocks,
                                                               int again) {
    if (again) {
        _tile_loadd(4, a, bytes);
        if (blocks == 2)
            _tile_loadd(5, a + COVEY__POSITIONS * bytes / sizeof *a, bytes);
    }
    _tile_loadd(6, w, 64);
    _tile_loadd(7, w + COVEY__PANEL_STEP / 2, 64);
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    if (blocks == 2) {
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
    }
}

static inline __attribute__((always_inline)) void multiply(const uint16_t *a, size_t bytes,
                                                           const uint16_t *w, int blocks,
                                                           int again) {
    if (blocks == 3)
        multiply_three(a, bytes, w);
    else
        multiply_two(a, bytes, w, blocks, again);
}

static inline __attribute__((always_inline)) void fetch(const uint16_t *from, size_t lines) {
    for (size_t i = 0; i < lines; ++i)
        _mm_prefetch((const char *)(from + i * COVEY__CHUNK), _MM_HINT_T0);
}

/* One to three blocks of positions; `blocks` and `parts` are constants where it is inlined. The next
 * chunk's positions are no stream that the hardware would follow: a third of each row is fetched by
 * each of its taps. */
static inline __attribute__((always_inline)) void
convolve_blocks(float *sums, const uint16_t *in, const covey__planes_shape *shape,
                const uint16_t *weights, int blocks, size_t parts) {
    const size_t bytes = shape->step * sizeof *in, chunks = shape->chunks, taps = shape->taps;
    const size_t third = ((size_t)blocks * COVEY__POSITIONS + 4) / 3;
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    _tile_zero(4);
    _tile_zero(5);
    for (size_t c = 0; c < chunks; ++c, in += shape->plane)
        for (size_t t = 0; t < taps; ++t) {
            const uint16_t *a = in + shape->tap[t];
            if (c + 1 < chunks)
                fetch(in + shape->plane + shape->tap[t / 3 * 3] + t % 3 * third * COVEY__CHUNK, third);
            multiply(a, bytes, weights, blocks, 1);
            if (parts == 2) {
                multiply(a, bytes, weights + COVEY__PANEL_STEP, blocks, 0);
                multiply(a + shape->part, bytes, weights, blocks, 1);
            }
            weights += parts * COVEY__PANEL_STEP;
        }
    const size_t row = COVEY__CHUNK * sizeof *sums, block = COVEY__POSITIONS * COVEY__CHUNK;
    _tile_stored(0, sums, row);
    _tile_stored(1, sums + 16, row);
    if (blocks >= 2) {
        _tile_stored(2, sums + block, row);
        _tile_stored(3, sums + block + 16, row);
    }
    if (blocks == 3) {
        _tile_stored(4, sums + 2 * block, row);
        _tile_stored(5, sums + 2 * block + 16, row);
    }
}

static void convolve_some(float *sums, const uint16_t *in, const covey__planes_shape *shape,
                          const uint16_t *weights, int blocks) {
    if (shape->parts == 2)
        blocks == 3   ? convolve_blocks(sums, in, shape, weights, 3, 2)
        : blocks == 2 ? convolve_blocks(sums, in, shape, weights, 2, 2)
                      : convolve_blocks(sums, in, shape, weights, 1, 2);
    else
        blocks == 3   ? convolve_blocks(sums, in, shape, weights, 3, 1)
        : blocks == 2 ? convolve_blocks(sums, in, shape, weights, 2, 1)
                      : convolve_blocks(sums, in, shape, weights, 1, 1);
}

/* Three blocks read the weights less often, two are begun and stored less dearly: for long sums and
 * for short ones. */
void covey__planes_convolve_amx(float *sums, const uint16_t *in, const covey__planes_shape *shape,
                                const uint16_t *weights, size_t positions) {
    const size_t most = shape->chunks >= 4 ? 3 : 2;
    size_t left = (positions + COVEY__POSITIONS - 1) / COVEY__POSITIONS;
    configure();
    while (left) {
        size_t blocks = left < most ? left : most;
        convolve_some(sums, in, shape, weights, (int)blocks);
        sums += blocks * COVEY__POSITIONS * COVEY__CHUNK;
        in += blocks * COVEY__POSITIONS * shape->step;
        left -= blocks;
    }
    _tile_release(); /* leaves the thread as it was, cheap to switch */
}

/* ---- what follows the products --------------------------------------------------------------- */

typedef struct pair {
    __m512 low, high; /* 32 channels */
} pair;

static inline pair load(const float *at) {
    return (pair){_mm512_loadu_ps(at), _mm512_loadu_ps(at + 16)};
}

static inline pair larger(pair a, pair b) {
    return (pair){_mm512_max_ps(a.low, b.low), _mm512_max_ps(a.high, b.high)};
}

static inline __m512 widen(__m256bh half) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32((__m256i)half), 16));
}

static inline __m512i join(__m256bh low, __m256bh high) {
    return _mm512_inserti64x4(_mm512_castsi256_si512((__m256i)low), (__m256i)high, 1);
}

void covey__planes_store_amx(const covey__planes_target *target, const float *sums,
                             size_t in_pitch, const float *bias, int flags) {
    const size_t row = in_pitch * COVEY__CHUNK, step = flags & COVEY__POOL ? 2 : 1;
    const pair add = load(bias);
    const __m512 floor = _mm512_set1_ps(flags & COVEY__RELU ? 0.0f : -__builtin_inff());
    const uint32_t mask = (uint32_t)((UINT64_C(1) << target->channels) - 1);
    for (size_t y = 0; y < target->height; ++y) {
        const float *at = sums + y * step * row;
        uint16_t *to = NULL;
        float *floats = NULL;
        if (target->planes)
            to = target->planes + y * (target->width + 1) * COVEY__CHUNK;
        else
            floats = target->floats + y * target->width * target->stride;
        for (size_t x = 0; x < target->width; ++x, at += step * COVEY__CHUNK) {
            pair v = load(at);
            if (step == 2) {
                v = larger(v, load(at + COVEY__CHUNK));
                v = larger(v, larger(load(at + row), load(at + row + COVEY__CHUNK)));
            }
            v.low = _mm512_max_ps(_mm512_add_ps(v.low, add.low), floor);
            v.high = _mm512_max_ps(_mm512_add_ps(v.high, add.high), floor);
            if (!to) {
                _mm512_mask_storeu_ps(floats, (__mmask16)mask, v.low);
                _mm512_mask_storeu_ps(floats + 16, (__mmask16)(mask >> 16), v.high);
                floats += target->stride;
                continue;
            }
            __m256bh low = _mm512_cvtneps_pbh(v.low), high = _mm512_cvtneps_pbh(v.high);
            _mm512_storeu_si512(to, join(low, high));
            if (target->parts == 2)
                _mm512_storeu_si512(
                    to + target->part,
                    join(_mm512_cvtneps_pbh(_mm512_sub_ps(v.low, widen(low))),
                         _mm512_cvtneps_pbh(_mm512_sub_ps(v.high, widen(high)))));
            to += COVEY__CHUNK;
        }
        if (!to)
            continue;
        for (size_t i = 0; i < target->parts; ++i)
            _mm512_storeu_si512(to + i * target->part, _mm512_setzero_si512());
    }
}
