/* SPDX-License-Identifier: MIT */
/* First layer and max-pool of every ISA this machine has. */
#include "guard_test.h"

#include "kernels_internal.h"

static void check_conv(covey_isa isa, size_t width, size_t channels, int relu) {
    size_t row_floats = (width + 2) * 3;
    guarded in = guarded_new(3 * row_floats), w = guarded_new(27 * channels);
    guarded bias = guarded_new(channels), out = guarded_new(width * channels);
    test_fill(in.data, 3 * row_floats, 1);
    test_fill(w.data, 27 * channels, 2);
    test_fill(bias.data, channels, 3);
    const float *const rows[3] = {in.data, in.data + row_floats, in.data + 2 * row_floats};
    covey__kernels_get(isa)->conv_rgb(out.data, rows, w.data, bias.data, width, channels, relu);
    for (size_t x = 0; x < width; ++x)
        for (size_t c = 0; c < channels; ++c) {
            double want = bias.data[c], size = fabs(want);
            for (size_t l = 0; l < 27; ++l) {
                double p = (double)rows[l / 9][3 * x + l % 9] * w.data[l * channels + c];
                want += p;
                size += fabs(p);
            }
            if (relu && want < 0)
                want = 0;
            /* 28 roundings of at most 2^-24 of the sum of magnitudes, doubled without FMA. */
            assert_close(out.data[x * channels + c], want, 56 * 6e-8 * size, 0);
        }
    guarded_free(&in), guarded_free(&w), guarded_free(&bias), guarded_free(&out);
}

static void test_conv_rgb(void **state) {
    (void)state;
    const size_t widths[] = {1, 2, 5, 6, 7, 13, 224}, channels[] = {16, 48, 64, 80};
    for (int isa = 0; isa <= (int)covey_isa_machine(); isa = next_isa(isa))
        for (size_t i = 0; i < LENGTH(widths); ++i)
            for (size_t j = 0; j < LENGTH(channels); ++j)
                for (int relu = 0; relu < 2; ++relu)
                    check_conv((covey_isa)isa, widths[i], channels[j], relu);
}

static void test_max_pool(void **state) {
    (void)state;
    const size_t widths[] = {1, 2, 3, 7, 14}, channels[] = {16, 48};
    for (int isa = 0; isa <= (int)covey_isa_machine(); isa = next_isa(isa))
        for (size_t i = 0; i < LENGTH(widths); ++i)
            for (size_t j = 0; j < LENGTH(channels); ++j) {
                size_t width = widths[i], n = channels[j];
                guarded in = guarded_new(2 * width * n), out = guarded_new(width / 2 * n + 16);
                test_fill(in.data, 2 * width * n, 7);
                float *pooled = out.data + 16; /* may be empty */
                covey__kernels_get((covey_isa)isa)->max_pool(pooled, in.data, width, n);
                for (size_t x = 0; x < width / 2; ++x)
                    for (size_t c = 0; c < n; ++c) {
                        const float *at = in.data + 2 * x * n + c;
                        float want = fmaxf(fmaxf(at[0], at[n]),
                                           fmaxf(at[width * n], at[width * n + n]));
                        assert_true(pooled[x * n + c] == want);
                    }
                guarded_free(&in), guarded_free(&out);
            }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conv_rgb),
        cmocka_unit_test(test_max_pool),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
