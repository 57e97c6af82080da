/* SPDX-License-Identifier: MIT */
/* Against the write-up's own program on real features, from the same starts: end to end the median
 * objective is no higher under any loss, and --classic comes out where the original does. */
#include "covey_test.h"

#include <time.h>

#include "cluster_original.h"
#include "covey/cluster.h"
#include "covey/npy.h"

enum { RUNS = sizeof original_runs / sizeof *original_runs };

static covey_matrix features;

static int compare_doubles(const void *left, const void *right) {
    double l = *(const double *)left, r = *(const double *)right;
    return (l > r) - (l < r);
}

static double median(double *v, size_t n) {
    qsort(v, n, sizeof *v, compare_doubles);
    return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/* Objectives and milliseconds of every run under loss l. */
static void run_all(double *objective, double *milliseconds, size_t l, int classic) {
    covey_error err;
    covey_loss loss;
    covey_cluster_params params = covey_cluster_params_default();
    assert_ok(covey_loss_find(&loss, original_losses[l], &err));
    if (loss.ops->params[0].name) {
        loss.params[0] = strcmp(original_losses[l], "correntropy") ? 1.0 : original_sigma;
        loss.is_auto[0] = 0;
    }
    double *centres = malloc(ORIGINAL_K * features.cols * sizeof *centres);
    assert_non_null(centres);
    params.k = ORIGINAL_K;
    params.start = COVEY_START_CENTRES;
    params.centres = centres;
    params.classic = classic;
    params.threads = 1;
    for (size_t run = 0; run < RUNS; ++run) {
        covey_clustering out;
        struct timespec begin, end;
        for (size_t i = 0; i < ORIGINAL_K * features.cols; ++i)
            centres[i] = features.data[original_runs[run].start[i / features.cols] *
                                           features.cols +
                                       i % features.cols];
        clock_gettime(CLOCK_MONOTONIC, &begin);
        assert_ok(covey_cluster_compute(&out, features.data, ORIGINAL_ROWS, features.cols, &loss,
                                        &params, &err));
        clock_gettime(CLOCK_MONOTONIC, &end);
        objective[run] = out.objective;
        milliseconds[run] = 1e3 * (double)(end.tv_sec - begin.tv_sec) +
                            1e-6 * (double)(end.tv_nsec - begin.tv_nsec);
        if (!classic)
            for (size_t i = 1; i < out.n_history; ++i)
                assert_true(out.history[i].objective <=
                            out.history[i - 1].objective * (1 + 1e-12));
        covey_clustering_fini(&out);
    }
    free(centres);
}

static void compare_with_original(int classic) {
    for (size_t l = 0; l < ORIGINAL_LOSSES; ++l) {
        double ours[RUNS], time[RUNS], theirs[RUNS];
        size_t lower = 0;
        run_all(ours, time, l, classic);
        for (size_t run = 0; run < RUNS; ++run) {
            theirs[run] = original_runs[run].objective[l];
            lower += ours[run] <= theirs[run] * (1 + 1e-9);
        }
        double our_median = median(ours, RUNS), their_median = median(theirs, RUNS);
        print_message("%s%s: median objective %.6g, the original's %.6g (%+.3f %%), not above it "
                      "from %zu of %d starts, median %.2f ms\n",
                      original_losses[l], classic ? " (classic)" : "", our_median, their_median,
                      100 * (our_median / their_median - 1), lower, RUNS, median(time, RUNS));
        if (classic)
            assert_close(our_median, their_median, 0, 0.01);
        else
            assert_true(our_median <= their_median * (1 + 1e-9));
    }
}

static void reaches_the_original_or_below(void **state) {
    (void)state;
    if (!features.data)
        skip();
    compare_with_original(0);
}

static void classic_comes_out_where_the_original_does(void **state) {
    (void)state;
    if (!features.data)
        skip();
    compare_with_original(1);
}

static int load(void **state) {
    char path[4096];
    covey_error err;
    (void)state;
    if (covey_test_shared(path, sizeof path, "reference/animals-features-float32.npy"))
        return covey_matrix_load(&features, path, &err) != COVEY_OK;
    return 0;
}

static int unload(void **state) {
    (void)state;
    covey_matrix_fini(&features);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reaches_the_original_or_below),
        cmocka_unit_test(classic_comes_out_where_the_original_does),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
