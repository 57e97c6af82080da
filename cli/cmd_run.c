/* SPDX-License-Identifier: MIT */
/* covey run PHOTOS... -o out/ */
#include "cluster_options.h"
#include "commands.h"
#include "console.h"
#include "cover_maps.h"
#include "json_out.h"
#include "labels_print.h"
#include "photo_options.h"
#include "result_print.h"
#include "run_output.h"

static int group_and_save(covey_run *run, cluster_request *request, const options *options,
                          double started) {
    const char *folder = options->values[OPT_OUT].text;
    covey_run *previous = run_output_previous(folder);
    int code = cluster_request_compute(request, run, 1, previous);
    covey_run_free(previous);
    if (code == EXIT_DONE)
        code = cluster_request_explore(request, run);
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
    if (code == EXIT_DONE && !helps)
        code = photo_options_find(&files, options);
    if (code == EXIT_DONE && !helps)
        code = cluster_request_check(&request, covey_files_count(files), 0, "photos");
    code = photo_options_help(options, code);
    if (helps) {
        cluster_request_fini(&request);
        return code;
    }
    if (code == EXIT_DONE)
        code = photo_options_describe(&run, options, files);
    if (code == EXIT_STOPPED)
        code = run_output_keep_stopped(run, options, started);
    else if (code == EXIT_DONE)
        code = group_and_save(run, &request, options, started);
    covey_run_free(run);
    covey_files_free(files);
    cluster_request_fini(&request);
    return code;
}
