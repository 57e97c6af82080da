/* SPDX-License-Identifier: MIT */
/* Times clusterings on request: bench_cluster FEATURES.npy START.npy [THREADS]
 *
 * Reads commands from stdin, one a line, and answers each with a line of JSON; times are in
 * milliseconds, cpu is that of all threads:
 *
 *     fit LOSS ROUNDS [all]   from the start, tolerance 0; all: every row against every centre in
 *                             every round
 *     parts                   under the absolute loss: one assignment of all rows to the start, and
 *                             the medians of the clusters that gives
 *     peak                    multiply-adds per second that the processor can do
 *
 * Scales of a loss are estimated before. `fit` gives what other programs' fit() gives: the rows
 * checked, the rounds, and from them labels, centres and objective. `whole` is the call of
 * covey_cluster_compute, which adds distance, weight, margin and rank of every row, and medoids.
 * `round` is the mean of the rounds but the last, which
 * solves the centres fully where a loss has no formula for them. `compared` is the share of the
 * pairs of row and centre that bounds did not spare. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base_internal.h"
#include "bench_peak.h"
#include "cluster_internal.h"
#include "covey/covey.h"

enum { MOST_ROUNDS = 1000 };

typedef struct moment {
    double wall, cpu;
} moment;

typedef struct stamps {
    int count;
    moment at[MOST_ROUNDS + 1];
} stamps;

typedef struct bench {
    covey_matrix x;
    double *start; /* [k][d] */
    size_t k;
    int threads;
} bench;

static moment now(void) {
    struct timespec wall, cpu;
    clock_gettime(CLOCK_MONOTONIC, &wall);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    return (moment){1e3 * (double)wall.tv_sec + 1e-6 * (double)wall.tv_nsec,
                    1e3 * (double)cpu.tv_sec + 1e-6 * (double)cpu.tv_nsec};
}

static moment since(moment before) {
    moment t = now();
    return (moment){t.wall - before.wall, t.cpu - before.cpu};
}

/* Called as each round begins. */
static int note(void *user, const char *phase, size_t done, size_t total) {
    stamps *s = user;
    (void)done, (void)total;
    if (!strcmp(phase, "cluster") && s->count <= MOST_ROUNDS)
        s->at[s->count++] = now();
    return 0;
}

static int by_value(const void *left, const void *right) {
    double l = *(const double *)left, r = *(const double *)right;
    return (l > r) - (l < r);
}

/* Processor time of the median round, the first and the last left out. */
static double median_round(const stamps *s) {
    double steps[MOST_ROUNDS] = {0};
    int count = 0;
    for (int i = s->count > 3; i + 1 < s->count; ++i)
        steps[count++] = s->at[i + 1].cpu - s->at[i].cpu;
    qsort(steps, (size_t)count, sizeof *steps, by_value);
    return count ? steps[count / 2] : 0;
}

/* The squared distances to the nearest of the centres: what scikit-learn calls inertia. A fit that
 * ends by its rounds has moved its centres once more since it assigned its rows. */
static covey_status sum_nearest(double *sum, const bench *b, const double *centres,
                                covey_error *err) {
    covey_status status = COVEY_OK;
    covey__data data = {0};
    covey__packed packed = {0};
    covey_loss square;
    int32_t *labels = covey__calloc(b->x.rows, sizeof *labels);
    double *value = covey__calloc(b->x.rows, sizeof *value);
    COVEY_NOMEM_IF(!labels || !value, err);
    COVEY_TRY(covey_loss_find(&square, "square", err));
    COVEY_TRY(covey__data_init(&data, b->x.data, b->x.rows, b->x.cols, b->threads, err));
    covey__measure measure = covey__measure_of(&square, data.kernels, data.d);
    COVEY_TRY(covey__packed_init(&packed, &data, b->k, err));
    covey__packed_set(&packed, &data, &measure, centres, b->k);
    COVEY_TRY(covey__assign(NULL, labels, value, NULL, NULL, &data, &measure, &packed, err));
    *sum = 0;
    for (size_t i = 0; i < b->x.rows; ++i)
        *sum += value[i];
done:
    covey__packed_fini(&packed);
    covey__data_fini(&data);
    covey__free(labels);
    covey__free(value);
    return status;
}

/* The rows checked and the rounds, as covey_cluster_compute does both; what they took. */
static covey_status time_rounds(moment *took, const bench *b, const covey_loss *loss,
                                const covey_cluster_params *params, covey_error *err) {
    covey_status status = COVEY_OK;
    covey__data data = {0}, unit = {0};
    const covey__data *seen = NULL;
    covey__fit fit = {0};
    covey__history history = {0};
    moment began = now();
    COVEY_TRY(covey__data_init(&data, b->x.data, b->x.rows, b->x.cols, b->threads, err));
    COVEY_TRY(covey__data_for(&seen, &unit, &data, loss, err));
    COVEY_TRY(covey__data_check_distinct(seen, params->k, err));
    COVEY_TRY(covey__fit_best(&fit, &history, seen, loss, params, NULL, 1, err));
    *took = since(began);
done:
    covey__fit_fini(&fit);
    covey__free(history.rounds);
    covey__data_fini(&unit);
    covey__data_fini(&data);
    return status;
}

static covey_status time_fit(const bench *b, const char *name, int rounds, int all,
                             covey_error *err) {
    covey_status status = COVEY_OK;
    covey_loss loss;
    covey_clustering out = {0};
    static stamps s;
    covey_cluster_params params = covey_cluster_params_default();
    params.k = b->k;
    params.start = COVEY_START_CENTRES;
    params.centres = b->start;
    params.tolerance = 0;
    params.max_rounds = rounds;
    params.threads = b->threads;
    COVEY_TRY(covey_loss_find(&loss, name, err));
    COVEY_TRY(covey_loss_estimate(&loss, 1, b->x.data, b->x.rows, b->x.cols, b->k, b->k, &params,
                                  err));
    for (int p = 0; p < COVEY_LOSS_PARAMS; ++p)
        loss.is_auto[p] = 0; /* estimated above, outside what is timed */
    params.without_bounds = all;
    moment fit = {0};
    COVEY_TRY(time_rounds(&fit, b, &loss, &params, err));
    params.progress = note;
    params.progress_user = &s;
    s.count = 0;
    moment began = now();
    COVEY_TRY(covey_cluster_compute(&out, b->x.data, b->x.rows, b->x.cols, &loss, &params, err));
    moment whole = since(began), first = s.at[0], last = s.at[s.count - 1];
    double steps = s.count > 1 ? s.count - 1 : 1, nearest = 0;
    size_t compared = 0;
    for (size_t i = 0; i < out.n_history; ++i)
        compared += out.history[i].compared;
    COVEY_TRY(sum_nearest(&nearest, b, out.centres, err));
    printf("{\"loss\": \"%s\", \"rounds\": %d, \"fit_wall\": %.2f, \"fit_cpu\": %.2f, "
           "\"whole_wall\": %.2f, \"whole_cpu\": %.2f, "
           "\"round_wall\": %.2f, \"round_cpu\": %.2f, \"median_round_cpu\": %.2f, "
           "\"first_round_cpu\": %.2f, \"objective\": %.17g, \"nearest\": %.17g, "
           "\"compared\": %.4f}\n",
           name, out.rounds, fit.wall, fit.cpu, whole.wall, whole.cpu, (last.wall - first.wall) / steps,
           (last.cpu - first.cpu) / steps, median_round(&s),
           s.count > 1 ? s.at[1].cpu - s.at[0].cpu : 0, out.objective, nearest,
           (double)compared / ((double)out.rounds * (double)out.n * (double)out.k));
done:
    covey_clustering_fini(&out);
    return status;
}

typedef struct median_work {
    const covey__data *data;
    const covey__members *members;
    double *centres;
    atomic_bool failed;
} median_work;

static void solve_median(void *context, size_t j, int worker) {
    (void)worker;
    median_work *w = context;
    size_t first = w->members->first[j], count = w->members->first[j + 1] - first;
    if (count && covey__median(w->centres + j * w->data->d, w->data, w->members->rows + first, count))
        w->failed = 1;
}

static covey_status time_parts(const bench *b, covey_error *err) {
    covey_status status = COVEY_OK;
    covey__data data = {0};
    covey__packed packed = {0};
    covey__members members = {0};
    covey_loss loss;
    size_t n = b->x.rows, d = b->x.cols;
    int32_t *labels = NULL;
    median_work w = {.data = &data, .members = &members};
    COVEY_TRY(covey_loss_find(&loss, "absolute", err));
    COVEY_TRY(covey__data_init(&data, b->x.data, n, d, b->threads, err));
    covey__measure measure = covey__measure_of(&loss, data.kernels, d);
    labels = covey__calloc(n, sizeof *labels);
    w.centres = covey__calloc(b->k * d, sizeof *w.centres);
    COVEY_NOMEM_IF(!labels || !w.centres, err);
    COVEY_TRY(covey__packed_init(&packed, &data, b->k, err));
    COVEY_TRY(covey__members_init(&members, n, b->k, err));
    moment began = now();
    covey__packed_set(&packed, &data, &measure, b->start, b->k);
    COVEY_TRY(covey__assign(NULL, labels, NULL, NULL, NULL, &data, &measure, &packed, err));
    moment assign = since(began);
    began = now();
    covey__members_set(&members, labels, n, b->k);
    covey__pool_run(data.pool, b->k, solve_median, &w);
    moment median = since(began);
    COVEY_NOMEM_IF(w.failed, err);
    printf("{\"assign_wall\": %.2f, \"assign_cpu\": %.2f, \"median_wall\": %.2f, "
           "\"median_cpu\": %.2f}\n",
           assign.wall, assign.cpu, median.wall, median.cpu);
done:
    covey__members_fini(&members);
    covey__packed_fini(&packed);
    covey__data_fini(&data);
    covey__free(w.centres);
    covey__free(labels);
    return status;
}

static covey_status obey(const bench *b, const char *line, covey_error *err) {
    char name[64], how[8] = "";
    int rounds = 0;
    covey_isa isa = COVEY_ISA_SCALAR;
    covey_status status = covey_isa_in_use(&isa, err);
    if (status != COVEY_OK)
        return status;
    if (sscanf(line, "fit %63s %d %7s", name, &rounds, how) >= 2 && rounds >= 1 &&
        rounds <= MOST_ROUNDS)
        return time_fit(b, name, rounds, !strcmp(how, "all"), err);
    if (!strncmp(line, "parts", 5))
        return time_parts(b, err);
    if (strncmp(line, "peak", 4))
        return covey__fail(err, COVEY_E_ARGUMENT, NULL, "not understood: %.60s", line);
    printf("{\"isa\": \"%s\", \"gflops_per_thread\": %.1f}\n", covey_isa_name(isa),
           bench_peak(isa) * 1e-9);
    return COVEY_OK;
}

int main(int argc, char **argv) {
    covey_error err = {0};
    bench b = {.threads = argc > 3 ? atoi(argv[3]) : 0};
    size_t d = 0;
    char line[128];
    if (argc < 3) {
        fprintf(stderr, "use: bench_cluster FEATURES.npy START.npy [THREADS] < COMMANDS\n");
        return 2;
    }
    covey_status status = covey_matrix_load(&b.x, argv[1], &err);
    if (status == COVEY_OK)
        status = covey_npy_load_f64(&b.start, &b.k, &d, argv[2], &err);
    if (status == COVEY_OK && d != b.x.cols)
        status = covey__fail(&err, COVEY_E_ARGUMENT, argv[2], "as wide as the features it is not");
    while (status == COVEY_OK && fgets(line, sizeof line, stdin)) {
        status = obey(&b, line, &err);
        fflush(stdout);
    }
    if (status != COVEY_OK)
        fprintf(stderr, "bench_cluster: %s %s\n", err.path, err.message);
    covey_free(b.start);
    covey_matrix_fini(&b.x);
    return status != COVEY_OK;
}
