/* SPDX-License-Identifier: MIT */
/* covey run PHOTOS... -o out/ */
#include "cluster_options.h"
#include "commands.h"
#include "console.h"
#include "cover_maps.h"
#include "json_out.h"
#include "labels_print.h"
#include "photo_options.h"
#include "ranks_option.h"
#include "result_print.h"
#include "run_output.h"

/* Groups the rows of rank 0's run, each rank the rows it owns. `code`: whether this rank is ready. */
static int group(covey_run *run, cluster_request *request, const covey_run *previous, int code) {
    const covey_matrix all = run->features;
    covey_matrix own = {0};
    covey_error err = {0};
    int shared = covey_ranks_count() > 1;
    code = ranks_agree(code);
    if (code == EXIT_DONE && shared) {
        covey_status status = covey_matrix_scatter(&own, &all, &err);
        if (status != COVEY_OK)
            return fail_status(status, &err);
        run->features = own;
    }
    if (code == EXIT_DONE)
        code = cluster_request_compute(request, run, 1, previous);
    if (code == EXIT_DONE)
        code = cluster_request_explore(request, run);
    run->features = all;
    covey_matrix_fini(&own);
    return code;
}

/* Of a rank that is not the first: photos first, then rows. `code`: whether it could begin. */
static int help(cluster_request *request, const options *options, int code) {
    covey_run *run = NULL;
    covey_error err = {0};
    code = photo_options_help(options, code);
    if (code != EXIT_DONE)
        return code;
    covey_status status = covey_run_new(&run, &err);
    code = status == COVEY_OK ? EXIT_DONE : fail_status(status, &err);
    cluster_request_forget_labels(request);
    if (run)
        code = group(run, request, NULL, code);
    covey_run_free(run);
    return code;
}

static int group_and_save(covey_run *run, cluster_request *request, const options *options,
                          double started, int code) {
    const char *folder = options->values[OPT_OUT].text;
    covey_run *previous = code == EXIT_DONE ? run_output_previous(folder) : NULL;
    code = group(run, request, previous, code);
    covey_run_free(previous);
    if (code == EXIT_DONE)
        code = cover_maps(run, options);
    if (code == EXIT_STOPPED)
        return run_output_keep_stopped(run, options, started);
    if (code != EXIT_DONE)
        return code;
    run_output_facts(run, options, started);
    code = run_output_save(run, folder, options);
    if (code == EXIT_DONE && options->values[OPT_JSON].given)
        code = json_print(result_json(run, folder, 0));
    else if (code == EXIT_DONE)
        labels_print(run);
    return code == EXIT_DONE ? photo_options_totals(run, options) : code;
}

int cmd_run(const options *options) {
    double started = console_clock();
    cluster_request request;
    covey_files *files = NULL;
    covey_run *run = NULL;
    int helps = covey_ranks_rank() > 0;
    int code = cluster_request_read(&request, options);
    if (helps) {
        code = help(&request, options, code);
        cluster_request_fini(&request);
        return code;
    }
    if (code == EXIT_DONE)
        code = photo_options_find(&files, options);
    if (code == EXIT_DONE)
        code = cluster_request_check(&request, covey_files_count(files), 0, "photos");
    code = photo_options_help(options, code);
    if (code == EXIT_DONE) {
        code = photo_options_describe(&run, options, files);
        if (run)
            code = group_and_save(run, &request, options, started, code);
    }
    covey_run_free(run);
    covey_files_free(files);
    cluster_request_fini(&request);
    return code;
}
