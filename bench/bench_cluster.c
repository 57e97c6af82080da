/* SPDX-License-Identifier: MIT */
/* Time of the rounds of a clustering: bench_cluster FEATURES.npy START.npy [LOSS,...
 * [ROUNDS [THREADS]]]
 *
 * One JSON line per loss: wall and processor milliseconds (all threads) of all rounds and of the
 * median round, and the objective. Scales are estimated before, and what follows the rounds
 * (ranks, medoids) is not in the figures. The last round solves the centres fully where a loss has
 * no formula for them; it is given apart. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "covey/covey.h"

enum { MOST_ROUNDS = 1000 };

typedef struct stamps {
    int count;
    double wall[MOST_ROUNDS + 1], cpu[MOST_ROUNDS + 1];
} stamps;

static double milliseconds(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

/* Called as each round begins. */
static int note(void *user, const char *phase, size_t done, size_t total) {
    stamps *s = user;
    (void)done, (void)total;
    if (!strcmp(phase, "cluster") && s->count <= MOST_ROUNDS) {
        s->wall[s->count] = milliseconds(CLOCK_MONOTONIC);
        s->cpu[s->count++] = milliseconds(CLOCK_PROCESS_CPUTIME_ID);
    }
    return 0;
}

static int compare(const void *left, const void *right) {
    double l = *(const double *)left, r = *(const double *)right;
    return (l > r) - (l < r);
}

/* Of the differences of t [count]. */
static double median_step(const double *t, int count) {
    double steps[MOST_ROUNDS] = {0};
    for (int i = 0; i + 1 < count; ++i)
        steps[i] = t[i + 1] - t[i];
    qsort(steps, (size_t)(count - 1), sizeof *steps, compare);
    return steps[(count - 1) / 2];
}

static int fail(const covey_error *err) {
    fprintf(stderr, "%s %s\n", err->path, err->message);
    return 1;
}

int main(int argc, char **argv) {
    covey_error err;
    covey_matrix x;
    double *start = NULL;
    size_t k = 0, d = 0;
    char names[512] = "square,absolute,huber,pseudo_huber,correntropy,epsilon_insensitive";
    static stamps s;
    if (argc < 3) {
        fprintf(stderr, 
                "use: bench_cluster FEATURES.npy START.npy [LOSS,... [ROUNDS [THREADS]]]\n");
        return 2;
    }
    if (argc > 3)
        snprintf(names, sizeof names, "%s", argv[3]);
    if (covey_matrix_load(&x, argv[1], &err) || covey_npy_load_f64(&start, &k, &d, argv[2], &err))
        return fail(&err);
    for (char *name = strtok(names, ","); name; name = strtok(NULL, ",")) {
        covey_loss loss;
        covey_clustering out;
        covey_cluster_params params = covey_cluster_params_default();
        params.k = k;
        params.start = COVEY_START_CENTRES;
        params.centres = start;
        params.tolerance = 0;
        params.max_rounds = argc > 4 ? atoi(argv[4]) : 20;
        params.threads = argc > 5 ? atoi(argv[5]) : 0;
        if (params.max_rounds < 2 || params.max_rounds > MOST_ROUNDS) {
            fprintf(stderr, "bench_cluster: rounds must lie in 2..%d\n", MOST_ROUNDS);
            return 2;
        }
        if (covey_loss_find(&loss, name, &err) ||
            covey_loss_estimate(&loss, 1, x.data, x.rows, x.cols, k, k, &params, &err))
            return fail(&err);
        for (int p = 0; p < COVEY_LOSS_PARAMS; ++p)
            loss.is_auto[p] = 0; /* estimated above, outside what is timed */
        params.progress = note;
        params.progress_user = &s;
        s.count = 0;
        if (covey_cluster_compute(&out, x.data, x.rows, x.cols, &loss, &params, &err))
            return fail(&err);
        int last = s.count - 1; /* stamps[last]: the final round begins */
        printf("{\"loss\": \"%s\", \"n\": %zu, \"d\": %zu, \"k\": %zu, \"rounds\": %d, "
               "\"first_cpu_ms\": %.1f, \"wall_ms\": %.1f, \"cpu_ms\": %.1f, "
               "\"round_wall_ms\": %.1f, \"round_cpu_ms\": %.1f, \"objective\": %.9g}\n",
               name, x.rows, x.cols, k, last, s.cpu[1] - s.cpu[0], s.wall[last] - s.wall[0],
               s.cpu[last] - s.cpu[0], median_step(s.wall, s.count), median_step(s.cpu, s.count),
               out.objective);
        fflush(stdout);
        covey_clustering_fini(&out);
    }
    covey_free(start);
    covey_matrix_fini(&x);
    return 0;
}
