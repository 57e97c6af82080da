/* SPDX-License-Identifier: MIT */
#include "covey_test.h"

#include "cluster_internal.h"
#include "cluster_test.h"
#include "covey/cpu.h"
#include "kernels_internal.h"

#if defined(__x86_64__)
static const covey_isa isas[] = {COVEY_ISA_SCALAR, COVEY_ISA_AVX2, COVEY_ISA_AVX512};
static const covey__score_kernels *const tables[] = {
    &covey__score_kernels_scalar, &covey__score_kernels_avx2, &covey__score_kernels_avx512};
#elif defined(__aarch64__)
static const covey_isa isas[] = {COVEY_ISA_SCALAR, COVEY_ISA_NEON};
static const covey__score_kernels *const tables[] = {&covey__score_kernels_scalar,
                                                     &covey__score_kernels_neon};
#else
static const covey_isa isas[] = {COVEY_ISA_SCALAR};
static const covey__score_kernels *const tables[] = {&covey__score_kernels_scalar};
#endif
static const size_t widths[] = {1, 2, 7, 15, 16, 17, 31, 512, 515};
static const char *const names[] = {"square",   "absolute", "huber", "pseudo_huber",
                                    "quantile", "log_cosh", "lp"};
enum { ROWS = 4, CENTRES = 5, WIDEST = 515 };

/* The instruction sets this machine has, from the least. */
static int available(void) {
    int count = 0;
    while (count < (int)LENGTH(isas) && covey_isa_has(covey_isa_machine(), isas[count]))
        ++count;
    return count;
}

static double measure_param(const char *name) {
    return strcmp(name, "lp") ? 0.7 : 1.3;
}

static void scores_lie_within_their_bound(void **state) {
    (void)state;
    covey_error err;
    for (int t = 0; t < available(); ++t)
        for (size_t w = 0; w < LENGTH(widths); ++w)
            for (size_t l = 0; l < LENGTH(names); ++l) {
                size_t d = widths[w];
                covey_loss loss = loss_named(names[l]);
                loss.params[0] = measure_param(names[l]);
                covey__measure measure = covey__measure_of(&loss, tables[t], d);
                float length[ROWS];
                covey__data data = {.d = d, .kernels = tables[t], .length = length,
                                    .products = covey__kernels_get(isas[t])};
                covey__packed packed;
                float *x = make_rows(ROWS + CENTRES, d, 3, 5, 17);
                _Alignas(64) float scores[ROWS * 32];
                static double centres[CENTRES * WIDEST];
                for (size_t i = 0; i < CENTRES * d; ++i) /* not float32 numbers */
                    centres[i] = x[ROWS * d + i] * (1 + 1e-8);
                assert_ok(covey__packed_init(&packed, &data, CENTRES, &err));
                covey__packed_set(&packed, &data, &measure, centres, CENTRES);
                assert_false(packed.exact_only);
                if (packed.by_product)
                    data.products->gemm(scores, packed.stride, x, d, packed.data, ROWS, d,
                                        covey__gemm_panels(data.products, CENTRES), NULL);
                else
                    covey__score_rows(scores, &data, &measure, &packed, x, ROWS);
                float longest = 0; /* squared, under a product */
                for (size_t j = 0; j < CENTRES; ++j)
                    longest = fabsf(packed.offset[j]) > longest ? fabsf(packed.offset[j]) : longest;
                for (size_t i = 0; i < ROWS; ++i)
                    for (size_t j = 0; j < CENTRES; ++j) {
                        double want = covey__measure_row(&measure, x + i * d, centres + j * d);
                        double got =
                            packed.offset[j] + packed.scale * scores[i * packed.stride + j];
                        double zero[WIDEST] = {0}, square = 0, off = packed.absolute;
                        double share = measure.kind == COVEY__KIND_QUANTILE ? 0.7 : 1;
                        if (packed.by_product || share < 1 ||
                            measure.kind == COVEY__KIND_ABSOLUTE) {
                            square = tables[t]->row_loss(x + i * d, zero, d, COVEY__KIND_SQUARE);
                            want -= packed.by_product ? square : 0;
                            for (size_t c = 0; c < d && !packed.by_product; ++c)
                                want -= share * x[i * d + c]; /* the same for every centre */
                            off += packed.per_length * sqrt(square);
                            assert_true(packed.per_length < 1e-3 * (longest + 1)); /* of use, too */
                        }
                        if (measure.kind == COVEY__KIND_PSEUDO_HUBER ||
                            measure.kind == COVEY__KIND_LOG_COSH) {
                            /* A tail padded to a whole register adds 1 or log 2 for each zero. */
                            size_t lanes = tables[t]->lanes, terms = (d + lanes - 1) / lanes * lanes;
                            double one = measure.kind == COVEY__KIND_LOG_COSH ? M_LN2 : 1;
                            want = want / (0.7 * 0.7) + one * (double)terms;
                        }
                        assert_close(got, want, off, packed.relative);
                        assert_true(packed.relative < 1e-4);
                    }
                covey__packed_fini(&packed);
                free(x);
            }
}

static void row_losses_are_the_losses_and_the_same_bits_everywhere(void **state) {
    (void)state;
    for (size_t w = 0; w < LENGTH(widths); ++w)
        for (size_t l = 0; l < LENGTH(names); ++l) {
            size_t d = widths[w];
            covey_loss loss = loss_named(names[l]);
            loss.params[0] = measure_param(names[l]);
            float *x = make_rows(2, d, 2, 1, 5);
            double wide[WIDEST], centre[WIDEST], scalar = 0, sums[3][WIDEST] = {{0}};
            for (size_t j = 0; j < d; ++j) {
                wide[j] = x[j];
                centre[j] = x[d + j] * (1 + 1e-8);
            }
            for (int t = 0; t < available(); ++t) {
                covey__measure measure = covey__measure_of(&loss, tables[t], d);
                double got = covey__measure_loss(&measure, covey__measure_row(&measure, x, centre));
                assert_close(got, covey_loss_compute(&loss, wide, centre, d), 0, 1e-13);
                if (!t)
                    scalar = got;
                assert_memory_equal(&got, &scalar, sizeof got);
                tables[t]->accumulate(sums[t], x, 0.3, d);
                assert_memory_equal(sums[t], sums[0], d * sizeof(double));
            }
            assert_close(sums[0][d - 1], 0.3 * x[d - 1], 0, 1e-15);
            free(x);
        }
}

static void squares_lie_within_their_bound(void **state) {
    (void)state;
    for (int t = 0; t < available(); ++t)
        for (size_t w = 0; w < LENGTH(widths); ++w) {
            size_t d = widths[w], d_pad = (d + 15) / 16 * 16, lanes = tables[t]->lanes;
            double relative = (double)((d + lanes - 1) / lanes + lanes + 24) * 0x1p-24;
            float *x = make_rows(1 + CENTRES, d, 3, 5, 18), out[CENTRES];
            float *centres = calloc(CENTRES * d_pad, sizeof *centres);
            uint32_t list[CENTRES];
            assert_non_null(centres);
            for (uint32_t j = 0; j < CENTRES; ++j) {
                list[j] = (j * 2 + 1) % CENTRES;
                memcpy(centres + j * d_pad, x + (1 + j) * d, d * sizeof *centres);
            }
            for (size_t count = 1; count <= CENTRES; ++count) {
                tables[t]->squares(out, x, d, centres, d_pad, list, count);
                for (size_t c = 0; c < count; ++c) {
                    double wide[WIDEST];
                    for (size_t j = 0; j < d; ++j)
                        wide[j] = centres[list[c] * d_pad + j];
                    assert_close(out[c], tables[t]->row_loss(x, wide, d, COVEY__KIND_SQUARE), 0,
                                 relative);
                }
            }
            free(centres);
            free(x);
        }
}

static void the_largest_is_found_and_what_is_not_finite(void **state) {
    (void)state;
    static const float bad[] = {INFINITY, -INFINITY, NAN, -NAN};
    for (int t = 0; t < available(); ++t)
        for (size_t w = 0; w < LENGTH(widths); ++w) {
            size_t d = widths[w];
            float *x = make_rows(1, d, 3, 5, 19);
            for (size_t at = 0; at < d; at += 1 + d / 20) {
                float kept = x[at];
                x[at] = -1e30F;
                assert_true(tables[t]->largest(x, d) == 1e30F);
                for (size_t b = 0; b < LENGTH(bad); ++b) {
                    x[at] = bad[b];
                    assert_false(isfinite(tables[t]->largest(x, d)));
                }
                x[at] = kept;
            }
            free(x);
        }
}

static void two_least_finds_them(void **state) {
    (void)state;
    enum { COUNT = 96 };
    _Alignas(64) float scores[COUNT], offset[COUNT];
    for (int t = 0; t < available(); ++t)
        for (uint64_t trial = 0; trial < 300; ++trial) {
            float least, next, want = INFINITY, second = INFINITY;
            size_t place = 0;
            for (size_t j = 0; j < COUNT; ++j) { /* whole numbers: many ties, no rounding */
                scores[j] = (float)covey__uniform_below(50, trial, COVEY__PURPOSE_TEST, 0, j);
                offset[j] = j < 70 ? (float)(j % 3) : INFINITY;
                float s = offset[j] - 2 * scores[j];
                if (s < want) {
                    second = want;
                    want = s;
                    place = j;
                } else if (s < second) {
                    second = s;
                }
            }
            assert_int_equal(tables[t]->two_least(&least, &next, scores, offset, -2, COUNT), place);
            assert_true(least == want && next == second);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_least_finds_them),
        cmocka_unit_test(scores_lie_within_their_bound),
        cmocka_unit_test(squares_lie_within_their_bound),
        cmocka_unit_test(the_largest_is_found_and_what_is_not_finite),
        cmocka_unit_test(row_losses_are_the_losses_and_the_same_bits_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
