/* SPDX-License-Identifier: MIT */
#include "covey_test.h"

#include "random_internal.h"

/* The vectors "philox4x32 10" of Random123's kat_vectors: counter, key, output. */
static const uint32_t vectors[][10] = {
    {0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
    {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x408f276d,
     0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
    {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09,
     0x94fdcceb, 0x5001e420, 0x24126ea1},
};

static void known_answers(void **state) {
    (void)state;
    for (size_t i = 0; i < LENGTH(vectors); ++i) {
        const uint32_t *v = vectors[i];
        uint32_t out[4];
        covey__philox(out, v[4] | (uint64_t)v[5] << 32, 0, v[1] | (uint64_t)v[2] << 32,
                      v[0] | (uint64_t)v[3] << 32);
        assert_memory_equal(out, v + 6, 16);
    }
    /* The purpose goes into the upper half of the last counter word. */
    uint32_t a[4], b[4];
    covey__philox(a, 5, 3, 7, 9);
    covey__philox(b, 5, 0, 7, 9 | (uint64_t)3 << 48);
    assert_memory_equal(a, b, 16);
}

static void streams_differ(void **state) {
    (void)state;
    uint32_t base[4], other[4];
    covey__philox(base, 1, 1, 1, 1);
    covey__philox(other, 2, 1, 1, 1);
    assert_memory_not_equal(base, other, 16);
    covey__philox(other, 1, 2, 1, 1);
    assert_memory_not_equal(base, other, 16);
    covey__philox(other, 1, 1, 2, 1);
    assert_memory_not_equal(base, other, 16);
    covey__philox(other, 1, 1, 1, 2);
    assert_memory_not_equal(base, other, 16);
}

/* All streams are fixed, so that these bounds, five standard errors, hold now and for ever. */
enum { N = 200000 };

static void uniform_numbers_are_uniform(void **state) {
    (void)state;
    double sum = 0, square = 0;
    for (uint64_t i = 0; i < N; ++i) {
        double u = covey__uniform(42, COVEY__PURPOSE_TEST, 3, i);
        assert_true(u >= 0 && u < 1);
        sum += u;
        square += u * u;
    }
    assert_close(sum / N, 0.5, 5 * sqrt(1.0 / 12 / N), 0);
    assert_close(square / N, 1.0 / 3, 5 * sqrt(4.0 / 45 / N), 0);
}

static void normal_numbers_are_normal(void **state) {
    (void)state;
    double sum = 0, square = 0, fourth = 0;
    for (uint64_t i = 0; i < N; ++i) {
        double x = covey__normal(42, COVEY__PURPOSE_TEST, 4, i);
        assert_true(isfinite(x));
        sum += x;
        square += x * x;
        fourth += x * x * x * x;
    }
    assert_close(sum / N, 0, 5 / sqrt(N), 0);
    assert_close(square / N, 1, 5 * sqrt(2.0 / N), 0);
    assert_close(fourth / N, 3, 5 * sqrt(96.0 / N), 0);
}

static void whole_numbers_are_unbiased(void **state) {
    (void)state;
    static const uint64_t limits[] = {1, 2, 3, 7, 10};
    for (size_t l = 0; l < LENGTH(limits); ++l) {
        uint64_t n = limits[l], seen[10] = {0};
        for (uint64_t i = 0; i < 20000; ++i) {
            uint64_t x = covey__uniform_below(n, 1, COVEY__PURPOSE_TEST, l, i);
            assert_true(x < n);
            ++seen[x];
        }
        double p = 1.0 / (double)n;
        for (uint64_t x = 0; x < n; ++x)
            assert_close((double)seen[x] / 20000, p, 5 * sqrt(p * (1 - p) / 20000), 0);
    }
    /* n for which half of all 64-bit numbers must be thrown away. */
    uint64_t n = ((uint64_t)1 << 63) + 1, high = 0;
    for (uint64_t i = 0; i < 4000; ++i) {
        uint64_t x = covey__uniform_below(n, 1, COVEY__PURPOSE_TEST, 99, i);
        assert_true(x < n);
        high += x >= n / 2;
    }
    assert_close((double)high / 4000, 0.5, 5 * sqrt(0.25 / 4000), 0);
    assert_true(covey__uniform_below(UINT64_MAX, 1, 0, 0, 0) < UINT64_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(streams_differ),
        cmocka_unit_test(uniform_numbers_are_uniform),
        cmocka_unit_test(normal_numbers_are_normal),
        cmocka_unit_test(whole_numbers_are_unbiased),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
