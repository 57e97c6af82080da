/* SPDX-License-Identifier: MIT */
/* covey cluster FEATURES and covey compare FEATURES: the same work under one loss or several. */
#include <stdlib.h>

#include "cluster_options.h"
#include "commands.h"
#include "compare_solvers.h"
#include "console.h"
#include "json_out.h"
#include "labels_print.h"
#include "result_print.h"
#include "run_output.h"

static int check_target(const covey_run *run, const char *folder) {
    covey_error err;
    covey_status status =
        covey_run_check_target(folder, (const char *const *)run->roots, run->n_roots, &err);
    return status == COVEY_OK ? EXIT_DONE : fail_status(status, &err);
}

static int print_result(const covey_run *run, const float *x, const options *options) {
    const option_value *values = options->values;
    int solvers = options->command == COMMAND_COMPARE && values[OPT_SOLVERS].given;
    solver_row *rows = NULL;
    size_t n_rows = 0;
    int code = solvers ? compare_solvers(&rows, &n_rows, run, x) : EXIT_DONE;
    if (code != EXIT_DONE)
        return code;
    if (values[OPT_JSON].given) {
        json_t *root = result_json(run, values[OPT_SAVE].text, 1);
        if (root && solvers)
            json_object_set_new(root, "solvers", compare_solvers_json(rows, n_rows));
        code = json_print(root);
    } else if (values[OPT_CSV].given) {
        if (solvers)
            compare_solvers_print_csv(rows, n_rows);
        else
            result_print_csv(run);
    } else if (options->command == COMMAND_CLUSTER) {
        result_print_clusters(run, 0);
    } else {
        result_print_comparison(run);
        if (solvers)
            compare_solvers_print(rows, n_rows);
    }
    if (!values[OPT_JSON].given && !values[OPT_CSV].given)
        labels_print(run);
    if (code == EXIT_DONE && solvers && values[OPT_COMPARE_PLOT].given)
        code = compare_solvers_plot(values[OPT_COMPARE_PLOT].text, rows, n_rows);
    free(rows);
    return code;
}

static int group_features(const options *options) {
    double started = console_clock();
    const char *name = command_rows[options->command].name;
    const char *folder = options->values[OPT_SAVE].text;
    cluster_request request;
    covey_run *run = NULL, *previous = NULL;
    int own = 0;
    if (options->n_operands != 1)
        return misuse("name one features file or run folder: 'covey %s FEATURES -k 6'", name);
    if (options->values[OPT_JSON].given && options->values[OPT_CSV].given)
        return misuse("--csv and --json exclude each other");
    if (options->values[OPT_COMPARE_PLOT].given && !options->values[OPT_SOLVERS].given)
        return misuse("--plot draws what --solvers finds; give both");
    int code = cluster_request_read(&request, options);
    if (code == EXIT_DONE)
        code = run_output_load(&run, &own, options->operands[0]);
    if (code == EXIT_DONE && folder)
        code = check_target(run, folder);
    if (code == EXIT_DONE && folder)
        previous = run_output_previous(folder);
    if (code == EXIT_DONE)
        code = cluster_request_compute(&request, run, own, previous);
    if (code == EXIT_DONE) {
        say("%s: %zu rows of %zu numbers, %s", options->operands[0], run->features.rows,
            run->features.cols,
            request.normalize == COVEY_NORMALIZE_L2         ? "each row scaled to length 1"
            : request.normalize == COVEY_NORMALIZE_STANDARD ? "each column standardised"
                                                            : "as they are");
        run_output_facts(run, options, started);
        code = print_result(run, request.x, options);
    }
    if (code == EXIT_DONE && folder)
        code = run_output_save(run, folder);
    covey_run_free(previous);
    covey_run_free(run);
    cluster_request_fini(&request);
    return code;
}

int cmd_cluster(const options *options) {
    return group_features(options);
}

int cmd_compare(const options *options) {
    return group_features(options);
}
