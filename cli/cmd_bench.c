/* SPDX-License-Identifier: MIT */
/* covey bench: the network's speed on this machine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "commands.h"
#include "console.h"
#include "json_out.h"
#include "photo_options.h"

typedef struct timing {
    double first;          /* seconds from opening the weights to the first photo's features */
    double median, best;   /* milliseconds per photo */
    double peak_mib;       /* largest resident size of the process */
} timing;

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Numbers that are no picture; the time does not depend on what is seen. */
static void fill_noise(uint8_t *rgb, size_t n) {
    uint32_t state = 1;
    for (size_t i = 0; i < n; ++i) {
        state = state * 1664525u + 1013904223u;
        rgb[i] = (uint8_t)(state >> 24);
    }
}

/* `seconds` [repeat]: room for the batches' times. */
static covey_status measure(timing *out, covey_network *network, const covey_network_params *params,
                            const uint8_t *rgb, float *features, double *seconds, size_t repeat,
                            double start) {
    covey_status status = covey_network_compute_features(network, features, rgb, 1);
    out->first = console_clock() - start;
    for (size_t i = 0; i < repeat && status == COVEY_OK && !console_stopped(); ++i) {
        double from = console_clock();
        status = covey_network_compute_features(network, features, rgb, params->batch);
        seconds[i] = console_clock() - from;
    }
    if (status == COVEY_OK && console_stopped())
        status = COVEY_E_CANCELLED;
    if (status != COVEY_OK)
        return status;
    qsort(seconds, repeat, sizeof *seconds, compare);
    double middle = (seconds[(repeat - 1) / 2] + seconds[repeat / 2]) / 2;
    out->median = middle / (double)params->batch * 1e3;
    out->best = seconds[0] / (double)params->batch * 1e3;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    out->peak_mib = (double)usage.ru_maxrss / 1024;
    return COVEY_OK;
}

static int print_result(const timing *t, const covey_network *network, const covey_weights *weights,
                        const covey_network_params *params, size_t repeat, int json) {
    int threads = params->threads ? params->threads : covey_cpu_count();
    double workspace = (double)covey_network_workspace_size(network) / 1048576;
    if (json) {
        json_t *o = json_object();
        json_object_set_new(o, "cpu", json_string(covey_cpu_name()));
        json_object_set_new(o, "engine", json_string(covey_network_engine_id(network)));
        json_object_set_new(o, "weights", json_string(covey_weights_name(weights)));
        json_object_set_new(o, "threads", json_integer(threads));
        json_object_set_new(o, "batch", json_integer((json_int_t)params->batch));
        json_object_set_new(o, "repeat", json_integer((json_int_t)repeat));
        json_object_set_new(o, "ms_per_photo", json_number(t->median));
        json_object_set_new(o, "best_ms_per_photo", json_number(t->best));
        json_object_set_new(o, "first_photo_s", json_number(t->first));
        json_object_set_new(o, "workspace_mib", json_number(workspace));
        json_object_set_new(o, "peak_mib", json_number(t->peak_mib));
        return json_print(o);
    }
    printf("%s, %s, threads %d, batch %zu\n", covey_cpu_name(), covey_network_engine_id(network),
           threads, params->batch);
    printf("%9.2f ms per photo (median of %zu; best %.2f), %.1f photos/s\n", t->median, repeat,
           t->best, 1e3 / t->median);
    printf("%9.2f s from opening the weights to the first photo\n", t->first);
    printf("%9.0f MiB at most, of which activations and scratch %.0f\n", t->peak_mib, workspace);
    return EXIT_DONE;
}

int cmd_bench(const options *options) {
    const option_value *values = options->values;
    if (options->n_operands)
        return misuse("bench takes no operand, and '%s' is one", options->operands[0]);
    covey_network_params params = covey_network_params_default();
    params.threads = (int)values[OPT_THREADS].count;
    params.batch = (size_t)values[OPT_BATCH].count;
    params.precision =
        values[OPT_PRECISION].choice == 1 ? COVEY_PRECISION_BF16 : COVEY_PRECISION_F32;
    size_t repeat = (size_t)values[OPT_REPEAT].count;
    size_t photo = params.height * params.width * 3;
    uint8_t *rgb = malloc(params.batch * photo);
    float *features = malloc(params.batch * 512 * sizeof *features);
    double *seconds = malloc(repeat * sizeof *seconds);
    covey_weights *weights = NULL;
    covey_network *network = NULL;
    covey_error err = {0};
    int code = EXIT_DONE;
    if (!rgb || !features || !seconds) {
        code = fail_memory();
        goto done;
    }
    fill_noise(rgb, params.batch * photo);
    timing t;
    double start = console_clock();
    code = photo_options_weights(&weights, options);
    if (code != EXIT_DONE)
        goto done;
    covey_status status = covey_network_new(&network, weights, &params, &err);
    if (status == COVEY_OK)
        status = measure(&t, network, &params, rgb, features, seconds, repeat, start);
    code = status != COVEY_OK
               ? fail_status(status, &err)
               : print_result(&t, network, weights, &params, repeat, values[OPT_JSON].given);
done:
    covey_network_free(network);
    covey_weights_free(weights);
    free(seconds);
    free(features);
    free(rgb);
    return code;
}
