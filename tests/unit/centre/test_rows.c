/* SPDX-License-Identifier: MIT */
/* The inner loops against the losses' own callbacks, every instruction set against the scalar one
 * to the bit, and the sparse sum of chunks against the full tree. */
#include "centre_cases.h"

#include "covey/cpu.h"
#include "rows_internal.h"
#include "sum_internal.h"

static const size_t widths[] = {1, 2, 15, 16, 17, 31, 64, 100};

static const covey__row_kernels *kernels_of(covey_isa isa) {
    if (!covey_isa_has(covey_isa_machine(), isa))
        return NULL;
    switch (isa) {
    case COVEY_ISA_SCALAR:
        return &covey__rows_scalar;
#if defined(__x86_64__)
    case COVEY_ISA_AVX2:
        return &covey__rows_avx2;
    case COVEY_ISA_AVX512:
        return &covey__rows_avx512;
#endif
    default:
        return NULL;
    }
}

static void test_isas_give_the_same_bits(void **state) {
    (void)state;
    for (int isa = COVEY_ISA_AVX2; isa <= COVEY_ISA_AVX512; ++isa) {
        const covey__row_kernels *fast = kernels_of((covey_isa)isa), *plain = &covey__rows_scalar;
        if (!fast) {
            print_message("skipped: this machine has no %s\n", covey_isa_name((covey_isa)isa));
            continue;
        }
        for (size_t w = 0; w < LENGTH(widths); ++w) {
            size_t d = widths[w], padded = covey__padded(d);
            float x32[112];
            double x64[112], mu[112] = {0}, u[112], v[112], sums[4 * 112], other[4 * 112];
            double params[COVEY_LOSS_PARAMS] = {0.8, 0.3};
            double powers[COVEY_LOSS_PARAMS] = {1.3};
            for (size_t j = 0; j < d; ++j) {
                x64[j] = j % 5 ? covey__normal(1, COVEY__PURPOSE_TEST, w, j) : 0.5;
                x32[j] = (float)x64[j];
                mu[j] = j % 5 ? covey__normal(2, COVEY__PURPOSE_TEST, w, j) : 0.5;
            }
            double a = plain->residual_f32(u, x32, mu, d), b = fast->residual_f32(v, x32, mu, d);
            assert_true(a == b);
            assert_memory_equal(u, v, padded * sizeof *u);
            a = plain->residual_f64(u, x64, mu, d);
            b = fast->residual_f64(v, x64, mu, d);
            assert_true(a == b);
            assert_memory_equal(u, v, padded * sizeof *u);
            for (int shape = 0; shape < COVEY__SHAPE_COUNT; ++shape) {
                const double *p = shape == COVEY__SHAPE_LP ? powers : params;
                for (int slope = 0; slope < 2; ++slope) {
                    memset(sums, 0, sizeof sums);
                    memset(other, 0, sizeof other);
                    for (int repeat = 0; repeat < 3; ++repeat) {
                        plain->coordinate[shape][slope](sums, u, 0.7, p, padded);
                        fast->coordinate[shape][slope](other, u, 0.7, p, padded);
                    }
                    assert_memory_equal(sums, other, 4 * padded * sizeof *sums);
                }
                a = plain->value[shape](x32, mu, p, d);
                b = fast->value[shape](x32, mu, p, d);
                assert_true(a == b);
            }
            plain->add_scaled(sums, u, 0.3, padded);
            fast->add_scaled(other, u, 0.3, padded);
            assert_memory_equal(sums, other, padded * sizeof *sums);
        }
    }
}

static void test_residual_pads_with_zeros(void **state) {
    (void)state;
    for (size_t w = 0; w < LENGTH(widths); ++w) {
        size_t d = widths[w];
        double x[112], mu[112], u[112], want = 0;
        for (size_t j = 0; j < 112; ++j) {
            x[j] = (double)j + 0.5;
            mu[j] = 2.0 * (double)j;
            u[j] = NAN;
        }
        double got = covey__rows_scalar.residual_f64(u, x, mu, d);
        for (size_t j = 0; j < d; ++j) {
            assert_true(u[j] == 0.5 - (double)j);
            want += u[j] * u[j];
        }
        for (size_t j = d; j < covey__padded(d); ++j)
            assert_true(u[j] == 0);
        assert_close(got, want, 0, 1e-15);
    }
}

/* Every shape is the loss of its row: rho, psi, psi' and psi(u)/u. */
static void test_shapes_are_the_losses(void **state) {
    (void)state;
    int seen = 0;
    for (size_t l = 0; l < covey_loss_count(); ++l) {
        const covey_loss_ops *ops = covey_loss_get(l);
        covey_loss loss = loss_with(ops->name, 0.8);
        covey__shape shape = covey__shape_of(&loss);
        if (shape == COVEY__SHAPE_GENERIC)
            continue;
        ++seen;
        for (int slope = 0; slope < 2; ++slope) {
            double u[16], sums[4 * 16] = {0};
            for (int j = 0; j < 16; ++j)
                u[j] = j ? 1.7 * covey__normal(4, COVEY__PURPOSE_TEST, l, (uint64_t)j) : 0;
            covey__rows_scalar.coordinate[shape][slope](sums, u, 2.0, loss.params, 16);
            int kinked = isinf(ops->weight(0, loss.params));
            for (int j = 0; j < 16; ++j) {
                double weight = kinked && u[j] == 0 ? 0 : ops->weight(u[j], loss.params);
                double size = kinked ? u[j] == 0 : fabs(ops->psi(u[j], loss.params));
                assert_close(sums[j], 2 * ops->rho(u[j], loss.params), 1e-300, 1e-14);
                assert_close(sums[16 + j], 2 * ops->psi(u[j], loss.params), 1e-300, 1e-14);
                double bend = slope ? weight : ops->curvature(u[j], loss.params);
                assert_close(sums[32 + j], isinf(bend) ? 0 : 2 * bend, 1e-15, 1e-14);
                assert_close(sums[48 + j], 2 * size, 1e-300, 1e-14);
            }
        }
    }
    assert_int_equal(seen, COVEY__SHAPE_COUNT);
}

/* Relative error of what the loops compute, in units of 2^-53, over residuals from the
 * smallest to the largest: exp, log1p, tanh and powers are our own (rows_math.h). */
static void test_functions_keep_their_digits(void **state) {
    (void)state;
    static const double LARGEST_ERROR = 8; /* of 2^-53: t's own rounding counts twice near 0 */
    double worst_log_cosh = 0, worst_tanh = 0, worst_power = 0;
    covey_loss log_cosh = loss_with("log_cosh", 0.8), lp = loss_with("lp", 1);
    for (int i = -1500; i < 1500; ++i)
        for (int part = 0; part < 16; ++part) {
            double u = ldexp(1 + (part + 0.37) / 16, i / 30), v[16] = {u}, sums[64] = {0};
            if (u < 1e9) {
                covey__rows_scalar.coordinate[COVEY__SHAPE_LOG_COSH][1](sums, v, 1.0,
                                                                        log_cosh.params, 16);
                long double t = (long double)u / 0.8L, s = sinhl(t / 2);
                long double want = t < 1 ? log1pl(2 * s * s)
                                         : t + log1pl(expl(-2 * t)) - 0.693147180559945309417L;
                double off = (double)fabsl(sums[0] / (0.8L * 0.8L * want) - 1);
                worst_log_cosh = fmax(worst_log_cosh, off);
                off = (double)fabsl(sums[16] / (0.8L * tanhl(t)) - 1);
                worst_tanh = fmax(worst_tanh, off);
            }
            for (int power = 0; power < 11; ++power) {
                lp.params[0] = power ? 1 + power / 10.0 : 1 + 1e-9;
                memset(sums, 0, sizeof sums);
                covey__rows_scalar.coordinate[COVEY__SHAPE_LP][1](sums, v, 1.0, lp.params, 16);
                double off = (double)fabsl(sums[0] / powl(u, lp.params[0]) - 1);
                worst_power = fmax(worst_power, off);
            }
        }
    double ulp = 0x1p-53;
    print_message("units of 2^-53: log cosh %.2f, tanh %.2f, power %.2f\n",
                  worst_log_cosh / ulp, worst_tanh / ulp, worst_power / ulp);
    assert_true(worst_log_cosh < LARGEST_ERROR * ulp);
    assert_true(worst_tanh < LARGEST_ERROR * ulp);
    assert_true(worst_power < LARGEST_ERROR * ulp);
}

static void add_rows(void *context, double *sums, size_t begin, size_t end) {
    const covey__points *points = context;
    for (size_t i = begin; i < end; ++i)
        sums[0] += points->x64[covey__row_number(points, i)];
}

/* Rows picked from many chunks, some of them empty: the bits of the whole tree with zeros. */
static void test_sparse_sum_is_the_tree(void **state) {
    (void)state;
    enum { CHUNKS = 13, N = CHUNKS * COVEY__CHUNK_ROWS };
    double *x = malloc(sizeof *x * N), nodes[16];
    uint32_t *rows = malloc(sizeof *rows * N);
    for (size_t i = 0; i < N; ++i)
        x[i] = covey__normal(8, COVEY__PURPOSE_TEST, i, 0) * 1e3;
    for (unsigned pattern = 1; pattern < 1u << CHUNKS; pattern += 37) {
        double partial[CHUNKS] = {0};
        covey__points points = {.x64 = x, .rows = rows, .d = 1};
        for (size_t c = 0; c < CHUNKS; ++c)
            for (size_t i = 0; (pattern >> c & 1) && i < 5; ++i) {
                rows[points.m] = (uint32_t)(c * COVEY__CHUNK_ROWS + i * 811);
                partial[c] += x[rows[points.m++]];
            }
        assert_true(covey__sum_depth(&points) <= LENGTH(nodes));
        covey__sum_rows(nodes, 1, &points, add_rows, &points);
        covey__sum_tree(partial, CHUNKS, 1);
        assert_true(nodes[0] == partial[0]);
    }
    free(x);
    free(rows);
}

/* The k-th allocation fails, for every k: a status, and the centre untouched. */
static void test_memory_runs_out(void **state) {
    (void)state;
    for (int solver = COVEY_SOLVER_AUTO; solver <= COVEY_SOLVER_NEWTON; ++solver) {
        covey_loss loss = loss_with("huber", 1);
        if (solver == COVEY_SOLVER_EXACT)
            loss = loss_with("absolute", 1);
        double x[20 * 3];
        clumps(x, 20, 3, 4);
        for (size_t k = 1;; ++k) {
            double centre[3] = {1, 2, 3};
            covey_error err;
            covey__alloc_fail_at(k);
            covey_status status = covey_centre_compute(centre, NULL, x, 20, 3, NULL, &loss,
                                                       (covey_solver)solver, 0, &err);
            covey__alloc_fail_at(0);
            if (status == COVEY_OK) {
                assert_true(k > 1);
                break;
            }
            assert_int_equal(status, COVEY_E_NOMEM);
            assert_true(centre[0] == 1 && centre[1] == 2 && centre[2] == 3);
        }
    }
}

/* A step of the alternation: two passes, never above the start. */
static void test_a_step_never_rises(void **state) {
    (void)state;
    enum { M = 50, D = 20 };
    covey__centre_work work = {0};
    covey_error err;
    for (size_t l = 0; l < covey_loss_count(); ++l)
        for (uint64_t seed = 0; seed < 30; ++seed) {
            double x[M * D], centre[D];
            covey_loss loss = loss_with(covey_loss_get(l)->name, 0.3 * (double)(1 + seed));
            covey__points points = {.x64 = x, .m = M, .d = D};
            covey__centre_options options = {.solver = COVEY_SOLVER_AUTO,
                                         .effort = COVEY__EFFORT_STEP};
            if (is_spherical(&loss))
                continue;
            clumps(x, M, D, seed);
            memcpy(centre, x + seed * D, sizeof centre);
            double before = total_loss(&loss, x, NULL, M, D, centre);
            for (int round = 0; round < 6; ++round) {
                covey_centre_report report;
                assert_ok(covey__centre_solve(centre, &report, &points, &loss, &options, &work,
                                              &err));
                assert_close(report.objective, total_loss(&loss, x, NULL, M, D, centre), 1e-13,
                             1e-13);
                assert_true(report.objective <= before * (1 + 1e-13));
                before = report.objective;
            }
        }
    covey__centre_work_fini(&work);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_isas_give_the_same_bits),
        cmocka_unit_test(test_residual_pads_with_zeros),
        cmocka_unit_test(test_shapes_are_the_losses),
        cmocka_unit_test(test_functions_keep_their_digits),
        cmocka_unit_test(test_sparse_sum_is_the_tree),
        cmocka_unit_test(test_memory_runs_out),
        cmocka_unit_test(test_a_step_never_rises),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
