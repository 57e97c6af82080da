/* SPDX-License-Identifier: MIT */
/* covey cluster FEATURES and covey compare FEATURES: the same work under one loss or several. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cluster_options.h"
#include "commands.h"
#include "compare_solvers.h"
#include "compare_strangers.h"
#include "console.h"
#include "json_out.h"
#include "labels_print.h"
#include "memory_option.h"
#include "result_print.h"
#include "run_output.h"

static int check_target(const covey_run *run, const char *folder) {
    covey_error err;
    covey_status status =
        covey_run_check_target(folder, (const char *const *)run->roots, run->n_roots, &err);
    return status == COVEY_OK ? EXIT_DONE : fail_status(status, &err);
}

/* What compare may look into beyond the comparison itself. */
typedef struct extras {
    int solvers, strangers; /* asked for */
    solver_row *solver_rows;
    size_t n_solver_rows;
    covey_strangers stranger_rows;
} extras;

/* What was found goes with the run, so that its folder and page show it. */
static int extras_hand_over(extras *e, covey_run *run) {
    covey_error err = {0};
    run->strangers = e->stranger_rows;
    e->stranger_rows = (covey_strangers){0};
    covey_status status = covey_run_keep_solvers(run, e->solver_rows, e->n_solver_rows, &err);
    return status == COVEY_OK ? EXIT_DONE : fail_status(status, &err);
}

static void extras_fini(extras *e) {
    free(e->solver_rows);
    covey_strangers_fini(&e->stranger_rows);
}

static int extras_compute(extras *e, const covey_run *run, const cluster_request *request,
                          const options *options) {
    int code = EXIT_DONE;
    double share = 0;
    e->solvers = options->values[OPT_SOLVERS].given;
    e->strangers = options->values[OPT_STRANGERS].given;
    if (e->solvers)
        code = compare_solvers(&e->solver_rows, &e->n_solver_rows, run, request->x);
    if (code == EXIT_DONE && e->strangers)
        code = strangers_read(&share, options->values[OPT_STRANGERS].text);
    if (code == EXIT_DONE && e->strangers)
        code = strangers_compute(&e->stranger_rows, run, request->x, request, share);
    return code;
}

static int print_json(const covey_run *run, const extras *e, const options *options) {
    json_t *root = result_json(run, options->values[OPT_SAVE].text, 1);
    if (root && e->solvers)
        json_object_set_new(root, "solvers",
                            compare_solvers_json(e->solver_rows, e->n_solver_rows));
    if (root && e->strangers)
        json_object_set_new(root, "strangers",
                            strangers_json(&e->stranger_rows, &run->comparison));
    return json_print(root);
}

static void print_csv_table(const covey_run *run, const extras *e) {
    if (e->solvers)
        compare_solvers_print_csv(e->solver_rows, e->n_solver_rows);
    else if (e->strangers)
        strangers_print_csv(&e->stranger_rows, &run->comparison);
    else
        result_print_csv(run);
}

static void print_tables(const covey_run *run, const extras *e, const options *options) {
    if (options->command == COMMAND_CLUSTER)
        result_print_clusters(run, 0);
    else
        result_print_comparison(run);
    if (e->solvers)
        compare_solvers_print(e->solver_rows, e->n_solver_rows);
    if (e->strangers)
        strangers_print(&e->stranger_rows, &run->comparison);
    labels_print(run);
}

static int print_result(covey_run *run, const cluster_request *request,
                        const options *options) {
    const option_value *values = options->values;
    extras e = {0};
    int code = extras_compute(&e, run, request, options);
    if (code == EXIT_DONE && values[OPT_JSON].given)
        code = print_json(run, &e, options);
    else if (code == EXIT_DONE && values[OPT_CSV].given)
        print_csv_table(run, &e);
    else if (code == EXIT_DONE)
        print_tables(run, &e, options);
    const char *plot = values[OPT_COMPARE_PLOT].text;
    if (code == EXIT_DONE && plot)
        code = e.solvers ? compare_solvers_plot(plot, e.solver_rows, e.n_solver_rows)
                         : strangers_plot(plot, &e.stranger_rows, &run->comparison);
    if (code == EXIT_DONE)
        code = extras_hand_over(&e, run);
    extras_fini(&e);
    return code;
}

/* Combinations that make no sense, before any work. */
static int check_request(const options *options) {
    const option_value *values = options->values;
    int both = values[OPT_SOLVERS].given && values[OPT_STRANGERS].given;
    double share;
    if (values[OPT_JSON].given && values[OPT_CSV].given)
        return misuse("--csv and --json exclude each other");
    if (values[OPT_COMPARE_PLOT].given && !values[OPT_SOLVERS].given &&
        !values[OPT_STRANGERS].given)
        return misuse("--plot draws what --solvers or --strangers find; give one of them too");
    if (both && (values[OPT_COMPARE_PLOT].given || values[OPT_CSV].given))
        return misuse("--csv and --plot show --solvers or --strangers, one at a time");
    if (values[OPT_MINI_BATCH].given && values[OPT_CLASSIC].given)
        return misuse("--batch and --classic are two procedures; leave one out");
    if (values[OPT_STRANGERS].given && values[OPT_CLASSIC].given)
        return misuse("--strangers keeps the starts, which --classic has none of; leave one out");
    return values[OPT_STRANGERS].given ? strangers_read(&share, values[OPT_STRANGERS].text)
                                       : EXIT_DONE;
}

/* Where ranks share the rows: all must see them. */
static int check_ranks(const options *options) {
    const char *path = options->operands[0];
    covey_error err = {0};
    struct stat info;
    if (covey_ranks_count() == 1)
        return EXIT_DONE;
    if (strcmp(path, "-") == 0)
        return misuse("-: ranks cannot share a stream; name a file that all of them see");
    covey_status status = stat(path, &info) ? COVEY_E_NOT_FOUND : COVEY_OK;
    if (status != COVEY_OK)
        snprintf(err.message, sizeof err.message, "%s: %s; all ranks must see it", path,
                 strerror(errno));
    status = covey_ranks_agree(status, &err);
    return status == COVEY_OK ? EXIT_DONE : fail_status(status, &err);
}

/* What follows the grouping is one rank's work, on all rows. */
static int gather_rows(const cluster_request *request, covey_run *run, const options *options) {
    const option_value *values = options->values;
    const covey_matrix *features = &run->features;
    covey_error err = {0};
    if (!values[OPT_SAVE].given && !values[OPT_SOLVERS].given && !values[OPT_STRANGERS].given)
        return EXIT_DONE;
    covey_status status =
        covey_ranks_gather(features->data, features->rows, features->cols, &err);
    if (status == COVEY_OK)
        status = covey_ranks_gather(request->x, run->comparison.n, run->comparison.d, &err);
    return status == COVEY_OK ? EXIT_DONE : fail_status(status, &err);
}

static void warn_few_rows(const covey_run *run) {
    enum { CHUNK = 4096 };
    size_t ranks = (size_t)covey_ranks_count(), rows = run->features.rows;
    size_t chunks = (rows + CHUNK - 1) / CHUNK;
    if (ranks > 1 && chunks < ranks)
        say("%zu rows are %zu chunk%s of %d: %zu of the %zu ranks have rows, the others wait", rows,
            chunks, chunks == 1 ? "" : "s", CHUNK, chunks, ranks);
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
    int code = check_request(options);
    if (code != EXIT_DONE)
        return code;
    code = memory_option_take(options->values[OPT_MEMORY].text);
    if (code != EXIT_DONE)
        return code;
    code = cluster_request_read(&request, options);
    if (code == EXIT_DONE)
        code = check_ranks(options);
    if (code == EXIT_DONE)
        code = run_output_load(&run, &own, options->operands[0]);
    if (code == EXIT_DONE && folder)
        code = check_target(run, folder);
    if (code == EXIT_DONE && folder)
        previous = run_output_previous(folder);
    if (code == EXIT_DONE)
        warn_few_rows(run);
    if (code == EXIT_DONE)
        code = cluster_request_compute(&request, run, own, previous);
    if (code == EXIT_DONE && folder)
        code = cluster_request_explore(&request, run);
    if (code == EXIT_DONE)
        code = gather_rows(&request, run, options);
    if (code == EXIT_DONE) {
        say("%s: %zu rows of %zu numbers, %s", options->operands[0], run->features.rows,
            run->features.cols,
            request.normalize == COVEY_NORMALIZE_L2         ? "each row scaled to length 1"
            : request.normalize == COVEY_NORMALIZE_STANDARD ? "each column standardised"
            : (int)request.normalize > COVEY_NORMALIZE_PCA  ? "scaled to length 1 and put onto their "
                                                              "first principal components"
                                                            : "as they are");
        run_output_facts(run, options, started);
        code = print_result(run, &request, options);
    }
    if (code == EXIT_DONE && folder && covey_ranks_rank() == 0)
        code = run_output_save(run, folder, options);
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
