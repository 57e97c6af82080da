/* SPDX-License-Identifier: MIT */
/* The kernel table: one function per family, chosen by instruction set.
 *
 * All arrays are float32. Activations are [height][width][channels] (NHWC), channels a multiple
 * of COVEY__CHANNELS. No kernel reads or writes outside the shapes given here. Every output
 * element is computed by the same operations in the same order whatever the block it is in, so
 * results depend on the ISA alone, never on how work is cut. Thread-safe: kernels keep no state.
 *
 * Winograd symbols as in docs/maths/winograd.md: a tile of m x m outputs needs n = m + 2 inputs a
 * side; V = B^T d B, U = G g G^T, M = U V summed over input channels, Y = A^T M A; "point" is one
 * of the n*n places of V, U and M. */
#ifndef COVEY_KERNELS_INTERNAL_H
#define COVEY_KERNELS_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#include "covey/cpu.h"
#include "planes_internal.h"

enum {
    COVEY__CHANNELS = 16,     /* channel counts are multiples of this */
    COVEY__CHANNELS_MAX = 512,
    COVEY__WINO_MAX = 9,      /* largest n */
    COVEY__RELU = 1,          /* flags of the output transform */
    COVEY__POOL = 2           /* 2x2 max-pool */
};

/* c [rows][ldc >= panels*tile_n] = a [rows][lda >= k] times b, packed [panels][k][tile_n] by
 * covey__gemm_pack. Each element is one chain of k additions in order of k, fused where the ISA
 * has FMA. `next` (may be NULL) is what the caller will read next, fetched ahead: it has the
 * size of b. b and c are 64-byte aligned, ldc a multiple of 16. tile_m, tile_n: the register
 * block. */
typedef void covey__gemm_fn(float *c, size_t ldc, const float *a, size_t lda, const float *b,
                            size_t rows, size_t k, size_t panels, const float *next);

/* One tile, all channels: v[point*stride + channel] = (B^T d B)[point], where d is the n x n
 * window of in [height][width][channels] whose corner lies at (y, x), zero outside of the image.
 * tile_m: m; tile_n: channels per step. */
typedef void covey__wino_input_fn(float *v, size_t stride, const float *in, size_t height,
                                  size_t width, size_t channels, ptrdiff_t y, ptrdiff_t x);

/* One tile, all channels: A^T M A + bias, with ReLU and 2x2 max-pool on request, written where
 * it lies inside out. M[point] is m[point*stride + channel]; (y, x) is the tile's corner in the
 * convolution's output [height][width][channels]; out is that, or with COVEY__POOL
 * [height/2][width/2][channels]. With COVEY__POOL and an odd m two tiles share the pool windows
 * between them: the upper and left one must be written before. */
typedef void covey__wino_output_fn(float *out, const float *m, size_t stride, const float *bias,
                                   size_t height, size_t width, size_t channels, size_t y,
                                   size_t x, int flags);

/* U for one panel of output channels: u[point*stride + k*tile_n + j] = (G g G^T)[point] of the
 * filter g = w[(first + j)*inputs + k][3][3], zero for first + j >= outputs; k = 0 .. inputs-1,
 * j = 0 .. tile_n-1; tile_n as in the gemm family, at most 32; `m` is 4, 6 or 7. Computed in
 * float64 and rounded once, the same bits on every ISA. */
typedef void covey__wino_weights_fn(float *u, size_t stride, const float *w, size_t outputs,
                                    size_t inputs, size_t first, size_t tile_n, int m);

/* One output row of the direct 3x3 convolution over three channels, bias added, ReLU on request:
 * out [width][channels]; rows: the three input rows, each [width + 2][3], that is with one pixel
 * of padding at each end; weights [3][3][3][channels] (row, column, colour). */
typedef void covey__conv_rgb_fn(float *out, const float *const rows[3], const float *weights,
                                const float *bias, size_t width, size_t channels, int relu);

/* One row of the 2x2 max-pool, stride 2: out [width/2][channels] from in, two rows of
 * [width][channels]. */
typedef void covey__max_pool_fn(float *out, const float *in, size_t width, size_t channels);

typedef covey__wino_input_fn covey__wino4_input_fn, covey__wino6_input_fn, covey__wino7_input_fn;
typedef covey__wino_output_fn covey__wino4_output_fn, covey__wino6_output_fn,
    covey__wino7_output_fn;

/* The bfloat16 families have the signatures of their float32 ones, but every 32-bit place of V
 * (a) and U (b) holds two bfloat16 values, those of input channels 2l (low half) and 2l + 1; k
 * and strides count such pairs. Products are exact in float32; an element's sum is one chain over
 * l of the CPU's two-term dot products. Values are rounded to nearest, ties to even. NULL in the
 * table of an ISA that lacks them. */
typedef covey__gemm_fn covey__gemm_bf16_fn;
typedef covey__wino_input_fn covey__wino4_input_bf16_fn, covey__wino6_input_bf16_fn;
typedef covey__wino_weights_fn covey__wino_weights_bf16_fn;

#define COVEY_KERNEL(family, isa, function, tile_m, tile_n) covey__##family##_fn function;
#include "kernels.def"

typedef struct covey__kernels {
    covey_isa isa;
#define COVEY_FAMILY(family)                                                                     \
    covey__##family##_fn *family;                                                                \
    size_t family##_tile_m, family##_tile_n;
#include "kernels.def"
} covey__kernels;

/* The best kernels of at most `isa`, which this machine must have. Static. */
const covey__kernels *covey__kernels_get(covey_isa isa);

static inline covey__wino_input_fn *covey__wino_input(const covey__kernels *kernels, int m) {
    return m == 4 ? kernels->wino4_input : m == 6 ? kernels->wino6_input : kernels->wino7_input;
}

/* m is 4 or 6. */
static inline covey__wino_input_fn *covey__wino_input_bf16(const covey__kernels *kernels, int m) {
    return m == 4 ? kernels->wino4_input_bf16 : kernels->wino6_input_bf16;
}

static inline covey__wino_output_fn *covey__wino_output(const covey__kernels *kernels, int m) {
    return m == 4   ? kernels->wino4_output
           : m == 6 ? kernels->wino6_output
                    : kernels->wino7_output;
}

/* ---- the matrix product for other modules ------------------------------------------------ */

/* Panels of tile_n that hold n columns. */
static inline size_t covey__gemm_panels(const covey__kernels *kernels, size_t n) {
    return (n + kernels->gemm_tile_n - 1) / kernels->gemm_tile_n;
}

/* Packs rows for the product with their transpose: packed [panels][k][tile_n] (64-byte aligned,
 * panels*k*tile_n floats) from b [n][ldb >= k], zero beyond n. */
void covey__gemm_pack(const covey__kernels *kernels, float *packed, const float *b, size_t ldb,
                      size_t n, size_t k);

/* c [m][n] (row stride ldc >= n, no alignment asked) = a [m][k] (row stride lda) times b^T, where
 * b [n][k] was packed by covey__gemm_pack: c[i][j] is the dot product of row i of a and row j of
 * b. Float32 accumulation along k in order; c must not alias. One thread; cut m for more, the
 * bits stay the same. */
void covey__gemm_multiply(const covey__kernels *kernels, float *c, size_t ldc, const float *a,
                          size_t lda, const float *packed, size_t m, size_t n, size_t k);

/* ---- Winograd matrices ------------------------------------------------------------------- */

/* Exact in float64 but for G's divisions. bt [n][n], g [n][3], at [m][n]. */
typedef struct covey__wino_matrices {
    int m, n;
    double bt[COVEY__WINO_MAX][COVEY__WINO_MAX];
    double g[COVEY__WINO_MAX][3];
    double at[COVEY__WINO_MAX - 2][COVEY__WINO_MAX];
} covey__wino_matrices;

/* m is 4, 6 or 7. */
void covey__wino_matrices_compute(covey__wino_matrices *out, int m);

#endif
