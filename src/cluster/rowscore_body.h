/* SPDX-License-Identifier: MIT */
/* The bodies of the row kernels, compiled once per instruction set by rowscore_<isa>.c, which says
 * how wide a register is (VF_LANES), how large a tile fits (TILE_ROWS x TILE_CENTRES accumulators)
 * and how to take a minimum, a square root, a fused product and a comparison of one register.
 *
 * A tile of rows x centres keeps its sums in registers; each row and each centre is loaded once
 * per step. Centres are packed with zeros up to a multiple of 16, and the tail of a row is copied
 * into a zeroed register, so that a tail adds rho(0): 0, or 1 for pseudo-Huber, which is the same
 * for every centre and so changes no comparison. */
#ifndef COVEY_ROWSCORE_BODY_H
#define COVEY_ROWSCORE_BODY_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "rowscore_internal.h"
#include "spill_internal.h"

#define ALWAYS_INLINE static inline __attribute__((always_inline))

ALWAYS_INLINE vf load(const float *p) {
    vf v;
    memcpy(&v, p, sizeof v);
    return v;
}

#include "rowscore_math.h"

ALWAYS_INLINE vf add_term(vf sum, vf x, vf c, covey__kind kind, vf p, vf inverse) {
    vf u = x - c;
    switch (kind) {
    case COVEY__KIND_SQUARE:
        return vf_fma(u, u, sum);
    case COVEY__KIND_ABSOLUTE:
        return sum + vf_min(x, c);
    case COVEY__KIND_HUBER: {
        /* min(|u|, p) (|u| - min(|u|, p) / 2) is both branches at once. */
        vf a = vf_abs(u), m = vf_min(a, p);
        return vf_fma(m, vf_fma(m, vf_set(-0.5F), a), sum);
    }
    default: {
        vf t = u * inverse;
        return sum + vf_sqrt(vf_fma(t, t, vf_set(1.0F)));
    }
    }
}

ALWAYS_INLINE void score_tile(float *out, size_t stride, const float *const *rows, size_t d,
                              const float *centres, size_t k_pad, size_t d_pad, covey__kind kind,
                              vf p, vf inverse) {
    size_t whole = d / VF_LANES * VF_LANES;
    float tail[TILE_ROWS][VF_LANES];
    memset(tail, 0, sizeof tail);
    for (int r = 0; r < TILE_ROWS; ++r)
        memcpy(tail[r], rows[r] + whole, (d - whole) * sizeof(float));
    for (size_t k = 0; k < k_pad; k += TILE_CENTRES) {
        vf sum[TILE_ROWS][TILE_CENTRES];
        memset(sum, 0, sizeof sum);
        const float *c = centres + k * d_pad;
        for (size_t j = 0; j < whole; j += VF_LANES)
            for (int r = 0; r < TILE_ROWS; ++r) {
                vf x = load(rows[r] + j);
                for (int i = 0; i < TILE_CENTRES; ++i)
                    sum[r][i] =
                        add_term(sum[r][i], x, load(c + (size_t)i * d_pad + j), kind, p, inverse);
            }
        for (int r = 0; r < TILE_ROWS; ++r)
            for (int i = 0; i < TILE_CENTRES; ++i) {
                if (whole < d)
                    sum[r][i] = add_term(sum[r][i], load(tail[r]),
                                         load(c + (size_t)i * d_pad + whole), kind, p, inverse);
                out[(size_t)r * stride + k + (size_t)i] = vf_total(sum[r][i]);
            }
    }
}

static void score(float *out, size_t stride, const float *x, size_t rows, size_t d,
                  const float *centres, size_t k_pad, size_t d_pad, covey__kind kind,
                  float parameter) {
    vf p = vf_set(parameter), inverse = vf_set(1.0F / parameter);
    int single = kind == COVEY__KIND_PSEUDO_HUBER && k_pad == 1;
    if (kind == COVEY__KIND_LOG_COSH || kind == COVEY__KIND_LP || single) {
        score_costly(out, stride, x, rows, d, centres, k_pad, d_pad, kind, p);
        return;
    }
    for (size_t first = 0; first < rows; first += TILE_ROWS) {
        /* A short tile repeats its last row: `out` has room for whole tiles. */
        const float *row[TILE_ROWS];
        for (size_t r = 0; r < TILE_ROWS; ++r)
            row[r] = x + (first + r < rows ? first + r : rows - 1) * d;
        float *to = out + first * stride;
        switch (kind) {
        case COVEY__KIND_SQUARE:
            score_tile(to, stride, row, d, centres, k_pad, d_pad, COVEY__KIND_SQUARE, p, inverse);
            break;
        case COVEY__KIND_ABSOLUTE:
            score_tile(to, stride, row, d, centres, k_pad, d_pad, COVEY__KIND_ABSOLUTE, p, inverse);
            break;
        case COVEY__KIND_HUBER:
            score_tile(to, stride, row, d, centres, k_pad, d_pad, COVEY__KIND_HUBER, p, inverse);
            break;
        default:
            score_tile(to, stride, row, d, centres, k_pad, d_pad, COVEY__KIND_PSEUDO_HUBER, p,
                       inverse);
            break;
        }
    }
}

/* Of one centre, in four sums: a single chain of additions would wait for itself. `tail` is the
 * row's last part in a zeroed register, NULL where it has none. */
ALWAYS_INLINE float square_of_one(const float *x, size_t whole, const float *tail, const float *c) {
    vf sum[4];
    size_t j = 0;
    memset(sum, 0, sizeof sum);
    for (; j + 4 * VF_LANES <= whole; j += 4 * VF_LANES)
        for (size_t i = 0; i < 4; ++i) {
            vf u = load(x + j + i * VF_LANES) - load(c + j + i * VF_LANES);
            sum[i] = vf_fma(u, u, sum[i]);
        }
    for (; j < whole; j += VF_LANES) {
        vf u = load(x + j) - load(c + j);
        sum[0] = vf_fma(u, u, sum[0]);
    }
    if (tail) {
        vf u = load(tail) - load(c + whole);
        sum[1] = vf_fma(u, u, sum[1]);
    }
    return vf_total((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

ALWAYS_INLINE void squares_of_four(float *out, const float *x, size_t whole, const float *tail,
                                   const float *const *c) {
    vf sum[4];
    memset(sum, 0, sizeof sum);
    for (size_t j = 0; j < whole; j += VF_LANES) {
        vf v = load(x + j);
        for (size_t i = 0; i < 4; ++i) {
            vf u = v - load(c[i] + j);
            sum[i] = vf_fma(u, u, sum[i]);
        }
    }
    for (size_t i = 0; i < 4; ++i) {
        if (tail) {
            vf u = load(tail) - load(c[i] + whole);
            sum[i] = vf_fma(u, u, sum[i]);
        }
        out[i] = vf_total(sum[i]);
    }
}

static void squares(float *out, const float *x, size_t d, const float *centres, size_t d_pad,
                    const uint32_t *list, size_t count) {
    float last[VF_LANES] = {0};
    size_t whole = d / VF_LANES * VF_LANES, at = 0;
    const float *tail = whole < d ? last : NULL;
    memcpy(last, x + whole, (d - whole) * sizeof *last);
    for (; at + 4 <= count; at += 4) {
        const float *c[4];
        for (size_t i = 0; i < 4; ++i)
            c[i] = centres + list[at + i] * d_pad;
        squares_of_four(out + at, x, whole, tail, c);
    }
    for (; at < count; ++at)
        out[at] = square_of_one(x, whole, tail, centres + list[at] * d_pad);
}

/* Magnitudes as integers have the order of the numbers, with infinity and NaN above them all. */
static float largest(const float *x, size_t d) {
    typedef int32_t vb __attribute__((vector_size(VF_LANES * sizeof(int32_t))));
    vb most = {0};
    for (size_t j = 0; j < d; j += VF_LANES) {
        vb bits = {0};
        if (j + VF_LANES <= d) /* a size known when compiled: no call */
            memcpy(&bits, x + j, sizeof bits);
        else
            memcpy(&bits, x + j, (d - j) * sizeof *x);
        bits &= INT32_MAX;
        vb more = bits > most;
        most = (bits & more) | (most & ~more);
    }
    int32_t all = 0;
    for (int i = 0; i < VF_LANES; ++i)
        all = most[i] > all ? most[i] : all;
    float value;
    memcpy(&value, &all, sizeof value);
    return value;
}

static size_t two_least(float *least, float *next, const float *scores, const float *offset,
                        float scale, size_t count) {
    vf first = vf_set(INFINITY), second = first, factor = vf_set(scale);
    for (size_t j = 0; j < count; j += VF_LANES) {
        vf s = vf_fma(factor, load(scores + j), load(offset + j));
        second = vf_min(second, vf_max(first, s));
        first = vf_min(first, s);
    }
    float one[VF_LANES], two[VF_LANES];
    memcpy(one, &first, sizeof one);
    memcpy(two, &second, sizeof two);
    float a = one[0], b = two[0];
    for (int i = 1; i < VF_LANES; ++i) {
        float larger = a > one[i] ? a : one[i];
        b = b < larger ? b : larger;
        b = b < two[i] ? b : two[i];
        a = a < one[i] ? a : one[i];
    }
    *least = a;
    *next = b;
    for (size_t j = 0; j < count; j += VF_LANES) {
        vf s = vf_fma(factor, load(scores + j), load(offset + j));
        for (int i = 0; i < VF_LANES; ++i)
            if (s[i] == a)
                return j + (size_t)i;
    }
    return 0;
}

static void bounds(float *bound, const float *scores, const float *offset, float scale,
                   const float *path, float share, float low, int root, size_t count) {
    vf factor = vf_set(scale), slope = vf_set(share), base = vf_set(low), zero = vf_set(0);
    vf down = vf_set(1 - 0x1p-20F);
    for (size_t j = 0; j < count; j += VF_LANES) {
        vf s = vf_fma(factor, load(scores + j), load(offset + j));
        vf t = vf_max(vf_fma(slope, s, base), zero);
        t = vf_fma(root ? vf_sqrt(t) : t, down, load(path + j));
        memcpy(bound + j, &t, sizeof t);
    }
}

static size_t open_bounds(uint32_t *list, float *least, const float *bound, const float *path,
                          float limit, size_t count) {
    vf lowest = vf_set(INFINITY), edge = vf_set(limit);
    size_t found = 0;
    for (size_t j = 0; j < count; j += VF_LANES) {
        vf now = load(bound + j) - load(path + j);
        lowest = vf_min(lowest, now);
        for (unsigned bits = vf_not_above(now, edge); bits; bits &= bits - 1)
            list[found++] = (uint32_t)j + (uint32_t)__builtin_ctz(bits);
    }
    float lane[VF_LANES];
    memcpy(lane, &lowest, sizeof lane);
    for (size_t half = VF_LANES / 2; half; half /= 2)
        for (size_t i = 0; i < half; ++i)
            lane[i] = lane[i + half] < lane[i] ? lane[i + half] : lane[i];
    *least = lane[0];
    return found;
}

/* ---- float64: 16 sums on every instruction set, no contraction -------------------------- */

/* A register's worth of them: vectors wider than a register are kept in memory by GCC. */
enum { WIDE_SUMS = 16, WIDE_LANES = VF_LANES / 2, WIDE_PARTS = WIDE_SUMS / WIDE_LANES };
typedef double vd __attribute__((vector_size(WIDE_LANES * sizeof(double))));
typedef int64_t vi __attribute__((vector_size(WIDE_LANES * sizeof(int64_t))));
typedef float vn __attribute__((vector_size(WIDE_LANES * sizeof(float))));

ALWAYS_INLINE vd wide_load(const float *x) {
    vn v;
    memcpy(&v, x, sizeof v);
    return __builtin_convertvector(v, vd);
}

ALWAYS_INLINE vd wide_term(vd u, covey__kind kind) {
    return kind == COVEY__KIND_SQUARE ? u * u : (vd)((vi)u & INT64_MAX);
}

ALWAYS_INLINE void wide_add(vd *sum, const float *x, const double *centre, covey__kind kind) {
#pragma GCC unroll 8
    for (int i = 0; i < WIDE_PARTS; ++i) {
        vd c;
        memcpy(&c, centre + i * WIDE_LANES, sizeof c);
        sum[i] += wide_term(wide_load(x + i * WIDE_LANES) - c, kind);
    }
}

/* Of sum i and sum i + 8 first, so that the order is one for every width. */
ALWAYS_INLINE double wide_total(const vd *sum) {
    double lane[WIDE_SUMS], half[WIDE_SUMS / 2];
    memcpy(lane, sum, sizeof lane);
    for (int i = 0; i < WIDE_SUMS / 2; ++i)
        half[i] = lane[i] + lane[i + WIDE_SUMS / 2];
    return ((half[0] + half[1]) + (half[2] + half[3])) +
           ((half[4] + half[5]) + (half[6] + half[7]));
}

ALWAYS_INLINE double wide_sum(const float *x, const double *centre, size_t d, covey__kind kind) {
    vd sum[WIDE_PARTS];
    size_t whole = d / WIDE_SUMS * WIDE_SUMS;
    memset(sum, 0, sizeof sum);
    for (size_t j = 0; j < whole; j += WIDE_SUMS)
        wide_add(sum, x + j, centre + j, kind);
    if (whole < d) {
        float last[WIDE_SUMS] = {0};
        double to[WIDE_SUMS] = {0};
        memcpy(last, x + whole, (d - whole) * sizeof *last);
        memcpy(to, centre + whole, (d - whole) * sizeof *to);
        wide_add(sum, last, to, kind);
    }
    return wide_total(sum);
}

static double row_loss(const float *x, const double *centre, size_t d, covey__kind kind) {
    return kind == COVEY__KIND_SQUARE ? wide_sum(x, centre, d, COVEY__KIND_SQUARE)
                                      : wide_sum(x, centre, d, COVEY__KIND_ABSOLUTE);
}

static void accumulate(double *sum, const float *x, double w, size_t d) {
    size_t j = 0;
    for (; j + WIDE_LANES <= d; j += WIDE_LANES) {
        vd s;
        memcpy(&s, sum + j, sizeof s);
        s += w * wide_load(x + j);
        memcpy(sum + j, &s, sizeof s);
    }
    for (; j < d; ++j)
        sum[j] += w * x[j];
}

#define ROWSCORE_TABLE                                                                             \
    {                                                                                              \
        .lanes = VF_LANES, .score = score, .two_least = two_least, .bounds = bounds,               \
        .open_bounds = open_bounds, .squares = squares, .largest = largest, .row_loss = row_loss,  \
        .accumulate = accumulate                                                                   \
    }

#endif
