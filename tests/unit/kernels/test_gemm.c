/* SPDX-License-Identifier: MIT */
/* The matrix product of every ISA this machine has, against float64. */
#include "guard_test.h"

#include <float.h>

#include "kernels_internal.h"

/* |error| <= k u sum |a||b| for a chain of k roundings, u = 2^-24 [Higham2002, section 3.1]; twice
 * that where product and sum round apart. */
static double bound(const float *a, const float *b, size_t k) {
    double sum = 0;
    for (size_t l = 0; l < k; ++l)
        sum += fabs((double)a[l] * b[l]);
    return 2 * (double)k * (FLT_EPSILON / 2) * sum + 1e-30;
}

static void check_product(const covey__kernels *kernels, size_t rows, size_t k, size_t panels) {
    size_t tile_n = kernels->gemm_tile_n, n = panels * tile_n, lda = k + 3;
    guarded a = guarded_new((rows - 1) * lda + k), b = guarded_new(k * n);
    guarded c = guarded_new(rows * n), next = guarded_new(k * n);
    test_fill(a.data, (rows - 1) * lda + k, 1);
    test_fill(b.data, k * n, 2);
    kernels->gemm(c.data, n, a.data, lda, b.data, rows, k, panels, next.data);
    float column[1024];
    assert_true(k <= LENGTH(column));
    for (size_t j = 0; j < n; ++j) {
        for (size_t l = 0; l < k; ++l)
            column[l] = b.data[(j / tile_n * k + l) * tile_n + j % tile_n];
        for (size_t i = 0; i < rows; ++i) {
            double want = 0;
            for (size_t l = 0; l < k; ++l)
                want += (double)a.data[i * lda + l] * column[l];
            assert_close(c.data[i * n + j], want, bound(a.data + i * lda, column, k), 0);
        }
    }
    /* A row's result does not depend on the rows beside it. */
    guarded one = guarded_new(n);
    for (size_t i = 0; i < rows; ++i) {
        kernels->gemm(one.data, n, a.data + i * lda, lda, b.data, 1, k, panels, NULL);
        assert_memory_equal(one.data, c.data + i * n, n * sizeof(float));
    }
    guarded_free(&a), guarded_free(&b), guarded_free(&c), guarded_free(&next),
        guarded_free(&one);
}

static void test_product(void **state) {
    (void)state;
    for (int isa = 0; isa <= (int)covey_isa_machine(); isa = next_isa(isa)) {
        const covey__kernels *kernels = covey__kernels_get((covey_isa)isa);
        print_message("%s\n", covey_isa_name((covey_isa)isa));
        size_t m = kernels->gemm_tile_m;
        const size_t rows[] = {1, m > 1 ? m - 1 : 2, m, m + 1, 29, 3 * m};
        const size_t ks[] = {1, 2, 16, 17, 64, 131};
        for (size_t i = 0; i < LENGTH(rows); ++i)
            for (size_t j = 0; j < LENGTH(ks); ++j)
                for (size_t panels = 1; panels <= 3; panels += 2)
                    check_product(kernels, rows[i], ks[j], panels);
    }
}

/* Every number of rows below two blocks, so that each tail is met. */
static void test_every_tail(void **state) {
    (void)state;
    for (int isa = 0; isa <= (int)covey_isa_machine(); isa = next_isa(isa))
        for (size_t rows = 1; rows <= 29; ++rows)
            check_product(covey__kernels_get((covey_isa)isa), rows, 5, 1);
}

static void check_multiply(const covey__kernels *kernels, size_t m, size_t n, size_t k) {
    guarded a = guarded_new(m * k), b = guarded_new(n * k), c = guarded_new(m * (n + 1));
    guarded packed =
        guarded_new(covey__gemm_panels(kernels, n) * kernels->gemm_tile_n * k / 16 * 16);
    test_fill(a.data, m * k, 3);
    test_fill(b.data, n * k, 4);
    test_fill(c.data, m * (n + 1), 5);
    float beside = c.data[n];
    covey__gemm_pack(kernels, packed.data, b.data, k, n, k);
    covey__gemm_multiply(kernels, c.data, n + 1, a.data, k, packed.data, m, n, k);
    for (size_t i = 0; i < m; ++i)
        for (size_t j = 0; j < n; ++j) {
            double want = 0;
            for (size_t l = 0; l < k; ++l)
                want += (double)a.data[i * k + l] * b.data[j * k + l];
            assert_close(c.data[i * (n + 1) + j], want,
                         bound(a.data + i * k, b.data + j * k, k), 0);
        }
    assert_true(c.data[n] == beside); /* nothing is written beyond n */
    guarded_free(&a), guarded_free(&b), guarded_free(&c), guarded_free(&packed);
}

static void test_multiply_of_plain_matrices(void **state) {
    (void)state;
    const size_t sizes[][3] = {{1, 1, 1},   {1, 33, 7},  {43, 1, 16}, {42, 32, 8},
                               {85, 47, 33}, {3, 31, 512}, {100, 18, 129}};
    for (int isa = 0; isa <= (int)covey_isa_machine(); isa = next_isa(isa))
        for (size_t i = 0; i < LENGTH(sizes); ++i)
            check_multiply(covey__kernels_get((covey_isa)isa), sizes[i][0], sizes[i][1],
                           sizes[i][2]);
}

static float from_bf16(uint16_t half) {
    uint32_t bits = (uint32_t)half << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Pairs of bfloat16 (depth k counts pairs) against their float64 product. */
static void check_bf16(const covey__kernels *kernels, size_t rows, size_t k, size_t panels) {
    size_t tile_n = kernels->gemm_bf16_tile_n, n = panels * tile_n, lda = k + 1;
    guarded a = guarded_new((rows - 1) * lda + k), b = guarded_new(k * n);
    guarded c = guarded_new(rows * n), one = guarded_new(n);
    uint16_t *a_half = (uint16_t *)a.data, *b_half = (uint16_t *)b.data;
    uint32_t seed = 6;
    for (size_t i = 0; i < 2 * ((rows - 1) * lda + k) + 2 * k * n; ++i) {
        float value = test_number(&seed);
        uint32_t bits;
        memcpy(&bits, &value, sizeof bits);
        size_t in_a = 2 * ((rows - 1) * lda + k);
        *(i < in_a ? a_half + i : b_half + i - in_a) = (uint16_t)(bits >> 16);
    }
    kernels->gemm_bf16(c.data, n, a.data, lda, b.data, rows, k, panels, NULL);
    for (size_t i = 0; i < rows; ++i) {
        for (size_t j = 0; j < n; ++j) {
            double want = 0, size = 0;
            for (size_t l = 0; l < 2 * k; ++l) {
                double p = (double)from_bf16(a_half[2 * i * lda + l]) *
                           from_bf16(b_half[2 * ((j / tile_n * k + l / 2) * tile_n + j % tile_n) +
                                            l % 2]);
                want += p;
                size += fabs(p);
            }
            assert_close(c.data[i * n + j], want, 4 * (double)k * (FLT_EPSILON / 2) * size, 0);
        }
        kernels->gemm_bf16(one.data, n, a.data + i * lda, lda, b.data, 1, k, panels, NULL);
        assert_memory_equal(one.data, c.data + i * n, n * sizeof(float));
    }
    guarded_free(&a), guarded_free(&b), guarded_free(&c), guarded_free(&one);
}

static void test_bf16(void **state) {
    (void)state;
    const covey__kernels *kernels = covey__kernels_get(covey_isa_machine());
    if (!kernels->gemm_bf16) {
        print_message("skipped: %s has no bfloat16 kernels\n", covey_cpu_name());
        skip();
    }
    for (size_t rows = 1; rows <= 29; ++rows) {
        check_bf16(kernels, rows, 8, 1);
        check_bf16(kernels, rows, 33, 2);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_product),
        cmocka_unit_test(test_every_tail),
        cmocka_unit_test(test_bf16),
        cmocka_unit_test(test_multiply_of_plain_matrices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
