/* SPDX-License-Identifier: MIT */
/* covey report FOLDER and covey figures FOLDER: from a run folder, again. */
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "console.h"
#include "run_output.h"

/* Opens the folder and decides where to write: --out, else FOLDER/name. *path is freed with
 * free, *run by covey_run_free, in every case. */
static int open_folder(covey_run **run, char **path, const char *name, const options *options) {
    const option_value *to = &options->values[OPT_TO];
    covey_error err;
    *run = NULL;
    *path = NULL;
    if (options->n_operands != 1)
        return misuse("name one run folder: 'covey %s out/'", command_rows[options->command].name);
    covey_status status = covey_run_load(run, options->operands[0], &err);
    if (status != COVEY_OK)
        return fail_status(status, &err);
    if ((*run)->comparison.n_losses == 0)
        return fail("%s: holds no groups yet; 'covey compare %s -o %s' makes them",
                    options->operands[0], options->operands[0], options->operands[0]);
    *path = to->given ? strdup(to->text) : join_path(options->operands[0], name);
    return *path ? EXIT_DONE : fail_memory();
}

int cmd_report(const options *options) {
    covey_run *run;
    char *path;
    int code = open_folder(&run, &path, "report.html", options);
    if (code == EXIT_DONE) {
        covey_error err;
        covey_report_params params = covey_report_params_default();
        params.language = run_output_language(options, options->operands[0]);
        covey_status status = covey_report_save_html(run, path, &params, &err);
        code = status == COVEY_OK ? EXIT_DONE : fail_status(status, &err);
    }
    if (code == EXIT_DONE)
        say("report: %s", path);
    free(path);
    covey_run_free(run);
    return code;
}

int cmd_figures(const options *options) {
    covey_run *run;
    char *path;
    int code = open_folder(&run, &path, "figures", options);
    if (code == EXIT_DONE) {
        covey_error err;
        covey_language language = run_output_language(options, options->operands[0]);
        covey_status status = covey_figures_save_run(run, path, language, &err);
        if (status == COVEY_OK)
            status = covey_figures_save_charts(run, path, language, &err);
        code = status == COVEY_OK ? EXIT_DONE : fail_status(status, &err);
    }
    if (code == EXIT_DONE)
        say("figures: %s", path);
    free(path);
    covey_run_free(run);
    return code;
}
