/* SPDX-License-Identifier: MIT */
/* How the cost of a round grows with the rows: bench_growth [-t THREADS] [-k CLUSTERS] [-r ROUNDS]
 * [-m MOST_ROWS] [-o STEM]
 *
 * Clusters 10^4 to 10^6 made-up rows of 512 numbers under the square loss, k = 256, each size in a
 * process of its own, so that its memory can be told: one JSON line per size, and with -o STEM the
 * chart STEM.svg and STEM.png. The rows are copies of 1000 others, scaled and blurred. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "covey/covey.h"

enum { COLUMNS = 512, PATTERNS = 1000, SIZES = 5, MOST_ROUNDS = 100 };

typedef struct result {
    double wall, cpu; /* ms per round */
    double mib;
} result;

typedef struct stamps {
    int count;
    double wall[MOST_ROUNDS + 1], cpu[MOST_ROUNDS + 1];
} stamps;

static double milliseconds(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static int note(void *user, const char *phase, size_t done, size_t total) {
    stamps *s = user;
    (void)done, (void)total;
    if (!strcmp(phase, "cluster") && s->count <= MOST_ROUNDS) {
        s->wall[s->count] = milliseconds(CLOCK_MONOTONIC);
        s->cpu[s->count++] = milliseconds(CLOCK_PROCESS_CPUTIME_ID);
    }
    return 0;
}

/* 0 <= number < 1 [SplitMix64's output function]: quick, and the same everywhere. */
static float draw(uint64_t *state) {
    uint64_t z = (*state += 0x9E3779B97F4A7C15u);
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return (float)(z >> 40) * 0x1p-24F;
}

static void make_rows(float *x, size_t n) {
    static float pattern[PATTERNS][COLUMNS];
    uint64_t state = 1;
    for (size_t p = 0; p < PATTERNS; ++p)
        for (size_t j = 0; j < COLUMNS; ++j) {
            float u = draw(&state);
            pattern[p][j] = u * u * u * 4; /* most small, some large */
        }
    for (size_t i = 0; i < n; ++i) {
        const float *from = pattern[(size_t)(draw(&state) * PATTERNS)];
        float scale = 0.8F + 0.4F * draw(&state);
        for (size_t j = 0; j < COLUMNS; ++j)
            x[i * COLUMNS + j] = scale * from[j] + 0.5F * (draw(&state) - 0.5F);
    }
}

static int cluster(result *out, size_t n, size_t k, int rounds, int threads) {
    covey_error err;
    covey_clustering fit;
    static stamps s;
    covey_loss loss;
    covey_cluster_params params = covey_cluster_params_default();
    float *x = malloc(n * COLUMNS * sizeof *x);
    double *start = malloc(k * COLUMNS * sizeof *start);
    if (!x || !start) {
        fprintf(stderr, "bench_growth: no memory for %zu rows\n", n);
        return 1;
    }
    make_rows(x, n);
    for (size_t j = 0; j < k; ++j)
        for (size_t i = 0; i < COLUMNS; ++i)
            start[j * COLUMNS + i] = x[j * (n / k) * COLUMNS + i];
    params.k = k;
    params.start = COVEY_START_CENTRES;
    params.centres = start;
    params.tolerance = 0;
    params.max_rounds = rounds;
    params.threads = threads;
    params.progress = note;
    params.progress_user = &s;
    if (covey_loss_find(&loss, "square", &err) ||
        covey_cluster_compute(&fit, x, n, COLUMNS, &loss, &params, &err)) {
        fprintf(stderr, "bench_growth: %s\n", err.message);
        return 1;
    }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    int steps = s.count > 1 ? s.count - 1 : 1;
    out->wall = (s.wall[s.count - 1] - s.wall[0]) / steps;
    out->cpu = (s.cpu[s.count - 1] - s.cpu[0]) / steps;
    out->mib = (double)usage.ru_maxrss / 1024;
    covey_clustering_fini(&fit);
    free(start);
    free(x);
    return 0;
}

/* In a child, whose memory is its own. */
static int cluster_apart(result *out, size_t n, size_t k, int rounds, int threads) {
    int ends[2], state = 1;
    if (pipe(ends))
        return 1;
    pid_t child = fork();
    if (child == 0) {
        result mine;
        int failed = cluster(&mine, n, k, rounds, threads) ||
                     write(ends[1], &mine, sizeof mine) != (ssize_t)sizeof mine;
        _exit(failed);
    }
    close(ends[1]);
    int failed = child < 0 || read(ends[0], out, sizeof *out) != (ssize_t)sizeof *out;
    close(ends[0]);
    if (child > 0)
        waitpid(child, &state, 0);
    return failed || state;
}

static int draw_chart(const char *stem, const double *n, const result *results, size_t count,
                      size_t k, int rounds) {
    covey_error err;
    double cpu[SIZES], line[SIZES], mib[SIZES], data[SIZES], limit[SIZES];
    char title[128], path[1024];
    for (size_t i = 0; i < count; ++i) {
        cpu[i] = results[i].cpu;
        line[i] = results[count - 1].cpu * n[i] / n[count - 1];
        mib[i] = results[i].mib;
        data[i] = n[i] * COLUMNS * sizeof(float) / 0x1p20;
        limit[i] = 4096;
    }
    covey_series time[] = {{.name = "measured", .x = n, .y = cpu, .n = count, .markers = SIZES},
                           {.name = "linear in n", .x = n, .y = line, .n = count}};
    covey_series memory[] = {{.name = "measured", .x = n, .y = mib, .n = count, .markers = SIZES},
                             {.name = "the rows alone", .x = n, .y = data, .n = count},
                             {.name = "4 GiB", .x = n, .y = limit, .n = count}};
    covey_panel panels[] = {{.title = "A round", .x_label = "rows",
                             .y_label = "processor time, ms", .series = time, .n_series = 2,
                             .log_x = 1, .log_y = 1},
                            {.title = "Memory", .x_label = "rows", .y_label = "MiB at most",
                             .series = memory, .n_series = 3, .log_x = 1, .log_y = 1}};
    snprintf(title, sizeof title, "Square loss, %d columns, k = %zu, mean of %d rounds", COLUMNS,
             k, rounds);
    covey_figure figure = {.title = title, .panels = panels, .n_panels = 2, .columns = 2};
    static const char *const suffixes[] = {"svg", "png"};
    for (int i = 0; i < 2; ++i) {
        snprintf(path, sizeof path, "%s.%s", stem, suffixes[i]);
        if (covey_figure_save(path, &figure, &err)) {
            fprintf(stderr, "bench_growth: %s %s\n", path, err.message);
            return 1;
        }
    }
    return 0;
}

int main(int argc, char **argv) {
    static const double sizes[SIZES] = {1e4, 3e4, 1e5, 3e5, 1e6};
    result results[SIZES];
    size_t k = 256, most = 1000000, count = 0;
    int threads = 0, rounds = 10, option;
    const char *stem = NULL;
    while ((option = getopt(argc, argv, "t:k:r:m:o:")) != -1) {
        if (option == 't')
            threads = atoi(optarg);
        else if (option == 'k')
            k = (size_t)atoi(optarg);
        else if (option == 'r')
            rounds = atoi(optarg);
        else if (option == 'm')
            most = (size_t)atol(optarg);
        else if (option == 'o')
            stem = optarg;
        else
            rounds = 0;
    }
    if (rounds < 2 || rounds > MOST_ROUNDS || k < 1 || k > 10000) {
        fprintf(stderr, "use: bench_growth [-t THREADS] [-k CLUSTERS] [-r ROUNDS] "
                        "[-m MOST_ROWS] [-o STEM]\n");
        return 2;
    }
    for (; count < SIZES && sizes[count] <= (double)most; ++count) {
        result *r = &results[count];
        if (cluster_apart(r, (size_t)sizes[count], k, rounds, threads))
            return 1;
        printf("{\"n\": %.0f, \"k\": %zu, \"round_wall\": %.2f, \"round_cpu\": %.2f, "
               "\"mib\": %.0f}\n",
               sizes[count], k, r->wall, r->cpu, r->mib);
        fflush(stdout);
    }
    return stem && count ? draw_chart(stem, sizes, results, count, k, rounds) : 0;
}
