/* SPDX-License-Identifier: MIT */
/* Winograd transforms of every tile and ISA this machine has, put together to a convolution and
 * held against the direct one in float64. */
#include "guard_test.h"

#include "kernels_internal.h"

static const int tiles[] = {4, 6, 7};

/* Largest error of an element, relative to the largest sum of |products| of any element: each
 * multiple of 2^-24 stands for one rounding amplified by the transforms. Measured: 4e-7 for
 * F(4x4), 1.5e-6 for F(6x6), 7e-6 for F(7x7) on these numbers; a wrong coefficient gives 1e-2. */
static double tolerance(int m, int bf16) {
    if (bf16) /* V and U rounded to 8 bits, the same amplification */
        return m == 4 ? 1e-2 : 5e-2;
    return m == 4 ? 3e-6 : m == 6 ? 1.5e-5 : 8e-5;
}

/* out [height][width][outputs] = relu?(conv(in) + bias), and the sum of magnitudes. */
static double direct(double *out, const float *in, const float *w, const float *bias,
                     size_t height, size_t width, size_t inputs, size_t outputs) {
    double largest = 0;
    for (size_t y = 0; y < height; ++y)
        for (size_t x = 0; x < width; ++x)
            for (size_t o = 0; o < outputs; ++o) {
                double sum = bias[o], size = fabs((double)bias[o]);
                for (int place = 0; place < 9; ++place) {
                    ptrdiff_t yy = (ptrdiff_t)y + place / 3 - 1;
                    ptrdiff_t xx = (ptrdiff_t)x + place % 3 - 1;
                    if (yy < 0 || xx < 0 || yy >= (ptrdiff_t)height || xx >= (ptrdiff_t)width)
                        continue;
                    const float *from = in + ((size_t)yy * width + (size_t)xx) * inputs;
                    for (size_t k = 0; k < inputs; ++k) {
                        double p = (double)from[k] * w[(o * inputs + k) * 9 + (size_t)place];
                        sum += p;
                        size += fabs(p);
                    }
                }
                out[(y * width + x) * outputs + o] = sum;
                largest = size > largest ? size : largest;
            }
    return largest;
}

static void check_output(const float *got, const double *want, size_t height, size_t width,
                         size_t outputs, int flags, double allowed) {
    size_t step = flags & COVEY__POOL ? 2 : 1;
    for (size_t y = 0; y < height / step; ++y)
        for (size_t x = 0; x < width / step; ++x)
            for (size_t o = 0; o < outputs; ++o) {
                double best = -INFINITY;
                for (size_t i = 0; i < step; ++i)
                    for (size_t j = 0; j < step; ++j)
                        best = fmax(best, want[((y * step + i) * width + x * step + j) * outputs +
                                               o]);
                if (flags & COVEY__RELU)
                    best = fmax(best, 0);
                size_t index = (y * (width / step) + x) * outputs + o;
                covey_test_close(got[index], best, allowed, 0, index, "out", __FILE__, __LINE__);
            }
}

/* One convolution, tile by tile, for all flags. */
static void check(covey_isa isa, int m, size_t height, size_t width, size_t inputs,
                  size_t outputs, int bf16) {
    const covey__kernels *kernels = covey__kernels_get(isa);
    size_t n = (size_t)m + 2, tile_n = kernels->gemm_tile_n;
    size_t depth = bf16 ? inputs / 2 : inputs;
    covey__gemm_fn *gemm = bf16 ? kernels->gemm_bf16 : kernels->gemm;
    covey__wino_input_fn *input =
        bf16 ? covey__wino_input_bf16(kernels, m) : covey__wino_input(kernels, m);
    size_t padded = (outputs + tile_n - 1) / tile_n * tile_n, pixels = height * width;
    guarded in = guarded_new(pixels * inputs), w = guarded_new(outputs * inputs * 9);
    guarded bias = guarded_new(outputs), out = guarded_new(pixels * outputs);
    guarded u = guarded_new(n * n * depth * padded), v = guarded_new(n * n * depth);
    guarded product = guarded_new(n * n * padded);
    double *want = malloc(pixels * outputs * sizeof *want);
    assert_non_null(want);
    test_fill(in.data, pixels * inputs, 1);
    test_fill(w.data, outputs * inputs * 9, 2);
    test_fill(bias.data, outputs, 3);
    double allowed = tolerance(m, bf16) * direct(want, in.data, w.data, bias.data, height,
                                                 width, inputs, outputs);
    for (size_t first = 0; first < padded; first += tile_n)
        (bf16 ? kernels->wino_weights_bf16 : kernels->wino_weights)(
            u.data + first * depth, depth * padded, w.data, outputs, inputs, first, tile_n, m);
    const int flags[] = {0, COVEY__RELU, COVEY__RELU | COVEY__POOL, COVEY__POOL};
    for (size_t f = 0; f < LENGTH(flags); ++f) {
        size_t step = flags[f] & COVEY__POOL ? 2 : 1;
        /* The pooled image is smaller: put it, too, against the guard page. */
        float *image = out.data + pixels * outputs - height / step * (width / step) * outputs;
        for (size_t y = 0; y < height; y += (size_t)m)
            for (size_t x = 0; x < width; x += (size_t)m) {
                input(v.data, depth, in.data, height, width, inputs, (ptrdiff_t)y - 1,
                      (ptrdiff_t)x - 1);
                for (size_t point = 0; point < n * n; ++point)
                    gemm(product.data + point * padded, padded, v.data + point * depth, depth,
                         u.data + point * depth * padded, 1, depth, padded / tile_n, NULL);
                covey__wino_output(kernels, m)(image, product.data, padded, bias.data, height,
                                               width, outputs, y, x, flags[f]);
            }
        check_output(image, want, height, width, outputs, flags[f], allowed);
    }
    free(want);
    guarded_free(&in), guarded_free(&w), guarded_free(&bias), guarded_free(&out);
    guarded_free(&u), guarded_free(&v), guarded_free(&product);
}

static void test_odd_shapes(void **state) {
    (void)state;
    for (int isa = 0; isa <= (int)covey_isa_machine(); isa = next_isa(isa))
        for (size_t t = 0; t < LENGTH(tiles); ++t) {
            size_t m = (size_t)tiles[t];
            const size_t sizes[] = {1, 2, m - 1, m, m + 1, 13, 17};
            print_message("%s F(%zux%zu)\n", covey_isa_name((covey_isa)isa), m, m);
            for (size_t i = 0; i < LENGTH(sizes); ++i)
                for (size_t j = 0; j < LENGTH(sizes); ++j)
                    check((covey_isa)isa, tiles[t], sizes[i], sizes[j], 16, 16, 0);
            check((covey_isa)isa, tiles[t], 5, 11, 48, 80, 0);
            check((covey_isa)isa, tiles[t], 11, 5, 512, 16, 0);
        }
}

/* The sides VGG16 has at 224 x 224, with fewer channels. */
static void test_vgg_shapes(void **state) {
    (void)state;
    static const size_t shapes[][3] = {{224, 16, 16}, {112, 16, 32}, {112, 16, 16}, {56, 16, 32},
                                       {56, 32, 16},  {28, 32, 64},  {28, 64, 32},  {14, 64, 64}};
    for (int isa = 0; isa <= (int)covey_isa_machine(); isa = next_isa(isa))
        for (size_t t = 0; t < LENGTH(tiles); ++t)
            for (size_t i = 0; i < LENGTH(shapes); ++i) {
                /* The largest is checked on a strip of its width. */
                size_t height = shapes[i][0] > 56 ? 18 : shapes[i][0];
                check((covey_isa)isa, tiles[t], height, shapes[i][0], shapes[i][1],
                      shapes[i][2], 0);
            }
}

static void test_bf16_shapes(void **state) {
    (void)state;
    covey_isa isa = covey_isa_machine();
    if (!covey__kernels_get(isa)->gemm_bf16) {
        print_message("skipped: %s has no bfloat16 kernels\n", covey_cpu_name());
        skip();
    }
    const size_t sizes[] = {1, 3, 4, 5, 7, 13};
    for (int m = 4; m <= 6; m += 2) {
        for (size_t i = 0; i < LENGTH(sizes); ++i)
            for (size_t j = 0; j < LENGTH(sizes); ++j)
                check(isa, m, sizes[i], sizes[j], 16, 48, 1);
        check(isa, m, 14, 14, 512, 32, 1);
        check(isa, m, 17, 11, 48, 80, 1);
    }
}

/* Cook-Toom as an identity: A^T [(G g) (B^T d)] is the correlation of d with g. */
static void test_matrices(void **state) {
    (void)state;
    for (size_t t = 0; t < LENGTH(tiles); ++t) {
        covey__wino_matrices mats;
        covey__wino_matrices_compute(&mats, tiles[t]);
        assert_int_equal(mats.n, tiles[t] + 2);
        for (int tap = 0; tap < 3; ++tap)
            for (int place = 0; place < mats.n; ++place)
                for (int i = 0; i < mats.m; ++i) {
                    double y = 0;
                    for (int j = 0; j < mats.n; ++j)
                        y += mats.at[i][j] * mats.g[j][tap] * mats.bt[j][place];
                    assert_close(y, place == i + tap ? 1.0 : 0.0, 1e-12, 0);
                }
    }
}

/* U must not depend on the ISA: it is computed in float64 and rounded once. */
static void test_weights_are_equal_on_every_isa(void **state) {
    (void)state;
    enum { INPUTS = 5, OUTPUTS = 40 };
    float w[OUTPUTS * INPUTS * 9];
    test_fill(w, LENGTH(w), 9);
    for (size_t t = 0; t < LENGTH(tiles); ++t)
        for (size_t tile_n = 16; tile_n <= 32; tile_n *= 2)
            for (size_t first = 0; first < OUTPUTS; first += tile_n) {
                size_t n = (size_t)tiles[t] + 2, stride = INPUTS * tile_n;
                guarded want = guarded_new(n * n * stride), got = guarded_new(n * n * stride);
                covey__kernels_get(COVEY_ISA_SCALAR)
                    ->wino_weights(want.data, stride, w, OUTPUTS, INPUTS, first, tile_n,
                                   tiles[t]);
                for (int isa = next_isa(0); isa <= (int)covey_isa_machine(); isa = next_isa(isa)) {
                    covey__kernels_get((covey_isa)isa)
                        ->wino_weights(got.data, stride, w, OUTPUTS, INPUTS, first, tile_n,
                                       tiles[t]);
                    assert_memory_equal(got.data, want.data, n * n * stride * sizeof(float));
                }
                guarded_free(&want), guarded_free(&got);
            }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matrices),
        cmocka_unit_test(test_weights_are_equal_on_every_isa),
        cmocka_unit_test(test_odd_shapes),
        cmocka_unit_test(test_vgg_shapes),
        cmocka_unit_test(test_bf16_shapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
