/* SPDX-License-Identifier: MIT */
/* covey extract PHOTOS... -o out/ */
#include "commands.h"
#include "console.h"
#include "json_out.h"
#include "photo_options.h"
#include "result_print.h"
#include "run_output.h"

static int save_and_print(covey_run *run, const options *options, double started) {
    const char *folder = options->values[OPT_OUT].text;
    run_output_facts(run, options, started);
    int code = run_output_save(run, folder, options);
    if (code == EXIT_DONE && options->values[OPT_JSON].given)
        code = json_print(result_json(run, folder, 0));
    return code == EXIT_DONE ? photo_options_totals(run, options) : code;
}

int cmd_extract(const options *options) {
    double started = console_clock();
    covey_files *files = NULL;
    covey_run *run = NULL;
    int code = photo_options_find(&files, options);
    if (code == EXIT_DONE)
        code = photo_options_describe(&run, options, files);
    if (code == EXIT_STOPPED)
        code = run_output_keep_stopped(run, options, started);
    else if (code == EXIT_DONE)
        code = save_and_print(run, options, started);
    covey_run_free(run);
    covey_files_free(files);
    return code;
}
