/* SPDX-License-Identifier: MIT */
/* How long the parts of a round take: bench_cluster FEATURES.npy START.npy [LOSS,...] [ROUNDS]
 * One line per loss: milliseconds per round, rounds, objective. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "covey/covey.h"

static int fail(const covey_error *err) {
    fprintf(stderr, "%s %s\n", err->path, err->message);
    return 1;
}

int main(int argc, char **argv) {
    covey_error err;
    covey_matrix x;
    double *start = NULL;
    size_t k = 0, d = 0;
    char names[256] = "square,absolute,huber,pseudo_huber,correntropy,epsilon_insensitive";
    if (argc < 3) {
        fprintf(stderr, "use: bench_cluster FEATURES.npy START.npy [LOSS,...] [ROUNDS]\n");
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
        if (covey_loss_find(&loss, name, &err) ||
            covey_loss_estimate(&loss, 1, x.data, x.rows, x.cols, k, k, &params, &err))
            return fail(&err);
        for (int p = 0; p < COVEY_LOSS_PARAMS; ++p)
            loss.is_auto[p] = 0; /* estimated above, outside what is timed */
        if (covey_cluster_compute(&out, x.data, x.rows, x.cols, &loss, &params, &err))
            return fail(&err);
        printf("{\"loss\": \"%s\", \"n\": %zu, \"d\": %zu, \"k\": %zu, \"seconds\": %.3f, "
               "\"rounds\": %d, \"objective\": %.9g}\n",
               name, x.rows, x.cols, k, out.seconds, out.rounds, out.objective);
        fflush(stdout);
        covey_clustering_fini(&out);
    }
    covey_free(start);
    covey_matrix_fini(&x);
    return 0;
}
