/* SPDX-License-Identifier: MIT */
/* Labels by way of bounds are those without them, bit for bit, whatever the centres do. */
#include "covey_test.h"

#include "base_internal.h"
#include "cluster_internal.h"
#include "cluster_test.h"

enum { N = 1500, D = 21, K = 40, ROUNDS = 12 };

/* Some centres stay, some step a little, one leaps; two are kept equal, so that ties arise. */
static void move_centres(double *centres, const float *x, uint64_t round) {
    for (uint64_t j = 0; j < K; ++j) {
        uint64_t fate = covey__uniform_below(8, 5, COVEY__PURPOSE_TEST, round, j);
        for (size_t i = 0; i < D; ++i) {
            double step = covey__normal(6, COVEY__PURPOSE_TEST, round * K + j, i);
            if (fate == 0)
                centres[j * D + i] += 0.05 * step;
            else if (fate == 1)
                centres[j * D + i] = x[(round * 37 + j * 11) % N * D + i];
        }
    }
    memcpy(centres + 9 * D, centres + 4 * D, D * sizeof *centres);
}

static void check_loss(const covey_loss *loss, const float *x, int threads) {
    covey_error err;
    covey__data data;
    covey__packed packed;
    covey__bounds bounds;
    static double centres[K * D];
    static int32_t labels[N], plain[N];
    size_t moved = 0, want_moved = 0, k = K;
    assert_ok(covey__data_init(&data, x, N, D, threads, &err));
    covey__measure measure = covey__measure_of(loss, data.kernels, D);
    assert_ok(covey__packed_init(&packed, &data, K, &err));
    assert_ok(covey__bounds_init(&bounds, &data, loss, K, &err));
    for (size_t i = 0; i < K * D; ++i)
        centres[i] = x[i];
    for (size_t i = 0; i < N; ++i)
        labels[i] = plain[i] = -2;
    for (uint64_t round = 0; round < ROUNDS; ++round) {
        if (round)
            move_centres(centres, x, round);
        if (round == 7) /* rows put elsewhere in between, as refilling does */
            for (size_t i = 0; i < N; i += 97)
                labels[i] = plain[i] = (int32_t)(i % K);
        if (round == 9)
            k = K - 3; /* clusters dropped */
        if (round == 9)
            for (size_t i = 0; i < N; ++i)
                labels[i] = plain[i] = plain[i] % (int32_t)k;
        covey__packed_set(&packed, &data, &measure, centres, k);
        assert_ok(covey__assign_bounded(&moved, labels, &bounds, &data, &measure, &packed, &err));
        assert_ok(covey__assign(&want_moved, plain, NULL, NULL, NULL, &data, &measure, &packed,
                                &err));
        for (size_t i = 0; i < N; ++i)
            if (labels[i] != plain[i])
                fail_msg("%s, round %d, row %zu: %d, but without bounds %d", loss->ops->name,
                         (int)round, i, labels[i], plain[i]);
        assert_int_equal(moved, want_moved);
    }
    covey__bounds_fini(&bounds);
    covey__packed_fini(&packed);
    covey__data_fini(&data);
}

static void labels_are_those_without_bounds(void **state) {
    (void)state;
    float *x = make_rows(N, D, 30, 1.5, 21);
    size_t bounded = 0;
    for (size_t l = 0; l < covey_loss_count(); ++l) {
        covey_loss loss = loss_named(covey_loss_get(l)->name);
        bounded += covey__metric_of(&loss) != COVEY__METRIC_NONE;
        for (int threads = 1; threads <= 3; ++threads)
            check_loss(&loss, x, threads);
    }
    assert_true(bounded >= 14); /* only what no norm fits goes without */
    free(x);
}

/* |g(v(x, a)) - g(v(x, b))| <= |a - b|: what the bounds stand on. */
static void measures_obey_the_triangle(void **state) {
    (void)state;
    covey_error err;
    enum { ROWS = 60 };
    for (size_t l = 0; l < covey_loss_count(); ++l) {
        covey_loss loss = loss_named(covey_loss_get(l)->name);
        covey__metric metric = covey__metric_of(&loss);
        float *x = make_rows(ROWS, D, 3, 2, 22);
        covey__data data;
        if (metric == COVEY__METRIC_NONE) {
            free(x);
            continue;
        }
        assert_ok(covey__data_init(&data, x, ROWS, D, 1, &err));
        covey__measure measure = covey__measure_of(&loss, data.kernels, D);
        for (size_t a = 0; a < ROWS; ++a)
            for (size_t b = 0; b < ROWS; ++b) {
                double ca[D], cb[D], step = 0, to[2];
                double p = loss.params[0];
                for (size_t i = 0; i < D; ++i) { /* from far apart to very close */
                    ca[i] = x[a * D + i];
                    cb[i] = ca[i] + (x[b * D + i] - ca[i]) * pow(10, -(double)(a % 7));
                    double u = fabs(ca[i] - cb[i]);
                    step += metric == COVEY__METRIC_SUM     ? u
                            : metric == COVEY__METRIC_POWER ? pow(u, p)
                                                            : u * u;
                }
                if (metric != COVEY__METRIC_SUM)
                    step = pow(step, metric == COVEY__METRIC_POWER ? 1 / p : 0.5);
                const float *row = x + (a * 7 + b) % ROWS * D;
                to[0] = covey__measure_row(&measure, row, ca);
                to[1] = covey__measure_row(&measure, row, cb);
                for (int i = 0; i < 2; ++i)
                    to[i] = metric == COVEY__METRIC_DISTANCE ? sqrt(to[i])
                            : metric == COVEY__METRIC_ROOT   ? sqrt(2 * to[i])
                            : metric == COVEY__METRIC_POWER  ? pow(to[i], 1 / p)
                                                             : to[i];
                if (fabs(to[0] - to[1]) > step * (1 + 1e-9) + 1e-12)
                    fail_msg("%s: %g apart, but the centres only %g", loss.ops->name,
                             fabs(to[0] - to[1]), step);
            }
        covey__data_fini(&data);
        free(x);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_are_those_without_bounds),
        cmocka_unit_test(measures_obey_the_triangle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
