/* SPDX-License-Identifier: MIT */
/* How far rows lie from centres, fast in float32 and exactly in float64.
 *
 * `score` is for choosing: float32, with an error that covey__score_bound states; its last bits
 * depend on the instruction set. `row_loss` decides and is reported: float64, added in 16 fixed
 * lanes without contraction, so that it gives the same bytes on every instruction set. */
#ifndef COVEY_ROWSCORE_INTERNAL_H
#define COVEY_ROWSCORE_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#include "covey/status.h"

/* What is summed over the coordinates u_j = x_j - c_j, p being the loss's first parameter. */
typedef enum covey__kind {
    COVEY__KIND_SQUARE = 0,       /* u^2: every radial loss assigns by it */
    COVEY__KIND_ABSOLUTE = 1,     /* |u|; score: min(x, c), as |x - c| = x + c - 2 min(x, c) */
    COVEY__KIND_HUBER = 2,        /* u^2/2 inside p, p(|u| - p/2) outside */
    COVEY__KIND_PSEUDO_HUBER = 3, /* score: sqrt(1 + (u/p)^2); loss: p^2 (that - 1) */
    COVEY__KIND_QUANTILE = 4,     /* p u above 0, (p - 1) u below; score: that of absolute */
    COVEY__KIND_LOG_COSH = 5,     /* score: log cosh(u/p) + log 2; loss: p^2 log cosh(u/p) */
    COVEY__KIND_LP = 6,           /* |u|^p, 1 <= p <= 2 */
    COVEY__KIND_OTHER = 7         /* by the loss's own functions, in float64 only */
} covey__kind;

enum {
    COVEY__SCORE_TILE = 4, /* `score` writes whole tiles of this many rows and centres */
    COVEY__SCORE_PAD = 32  /* a row of scores is padded to a multiple of it */
};

typedef struct covey__score_kernels {
    size_t lanes; /* float32 numbers added side by side */
    /* out [rows][stride] <- score of x [rows][d] to centres [k_pad][d_pad] (d_pad a multiple of 16,
     * k_pad of the tile, or 1 under COVEY__KIND_PSEUDO_HUBER, _LOG_COSH and _LP). */
    void (*score)(float *out, size_t stride, const float *x, size_t rows, size_t d,
                  const float *centres, size_t k_pad, size_t d_pad, covey__kind kind, float p);
    /* The index of the least s_j = offset[j] + scale * scores[j], j < count (a multiple of
     * COVEY__SCORE_PAD), the first of equal ones; *least and *next: the two least values. */
    size_t (*two_least)(float *least, float *next, const float *scores, const float *offset,
                        float scale, size_t count);
    /* bound[j] = path[j] + t (1 - 2^-20), t = share * s_j + low with s_j as of two_least, at least
     * 0, its square root on request; infinite beyond the centres. */
    void (*bounds)(float *bound, const float *scores, const float *offset, float scale,
                   const float *path, float share, float low, int root, size_t count);
    /* list <- the j < count with not bound[j] - path[j] > limit, ascending; returns how many.
     * *least: the least bound[j] - path[j]. */
    size_t (*open_bounds)(uint32_t *list, float *least, const float *bound, const float *path,
                          float limit, size_t count);
    /* out [count] <- |x - c|^2 in float32 for the centres list [count] of centres [.][d_pad], padded
     * with zeros; off by at most (d/lanes + lanes + 24) 2^-24 of itself. */
    void (*squares)(float *out, const float *x, size_t d, const float *centres, size_t d_pad,
                    const uint32_t *list, size_t count);
    /* The largest |x_j| of x [d]; not finite where some x_j is not. */
    float (*largest)(const float *x, size_t d);
    /* Sum over the coordinates, for COVEY__KIND_SQUARE and _ABSOLUTE; the other kinds have the loops
     * of covey__row_kernels. */
    double (*row_loss)(const float *x, const double *centre, size_t d, covey__kind kind);
    /* sum [d] += w * x [d]. */
    void (*accumulate)(double *sum, const float *x, double w, size_t d);
} covey__score_kernels;

extern const covey__score_kernels covey__score_kernels_scalar;
extern const covey__score_kernels covey__score_kernels_avx2;
extern const covey__score_kernels covey__score_kernels_avx512;
extern const covey__score_kernels covey__score_kernels_neon;

/* The kernels of the instruction set in use (covey_isa_in_use). */
covey_status covey__score_kernels_get(const covey__score_kernels **out, covey_error *err);

#endif
