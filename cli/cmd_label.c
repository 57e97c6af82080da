/* SPDX-License-Identifier: MIT */
/* covey label FOLDER [NUMBER NAME]... */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "console.h"
#include "json_out.h"
#include "run_output.h"

static const char *name_of(const covey_run *run, size_t j) {
    return j < run->n_names && run->names[j] ? run->names[j] : "";
}

/* The size of group `j` and its cover (-1: none), under the first loss that has the group. */
static size_t size_of(const covey_run *run, size_t j, int64_t *cover) {
    *cover = -1;
    for (size_t l = 0; l < run->comparison.n_losses; ++l) {
        const covey_clustering *c = &run->comparison.clusterings[l];
        if (j < c->k && c->sizes[j]) {
            *cover = c->representatives[j];
            return c->sizes[j];
        }
    }
    return 0;
}

static void print_text(const covey_run *run) {
    printf("group    size  cover, name\n");
    for (size_t j = 0; j < run->comparison.k_all; ++j) {
        int64_t cover;
        size_t size = size_of(run, j, &cover);
        printf("%5zu %7zu  ", j, size);
        if (cover >= 0 && (size_t)cover < run->n_photos)
            print_clean(stdout, run->photos[cover].path);
        else if (cover >= 0)
            printf("row %lld", (long long)cover);
        else
            printf("none");
        if (*name_of(run, j)) {
            printf("  ");
            print_clean(stdout, name_of(run, j));
        }
        putchar('\n');
    }
}

static int print_json(const covey_run *run) {
    json_t *root = json_object(), *groups = json_array();
    json_set_path(root, "folder", run->folder);
    for (size_t j = 0; j < run->comparison.k_all; ++j) {
        json_t *group = json_object();
        int64_t cover;
        size_t size = size_of(run, j, &cover);
        json_object_set_new(group, "cluster", json_integer((json_int_t)j));
        json_object_set_new(group, "size", json_integer((json_int_t)size));
        if (cover >= 0)
            json_object_set_new(group, "cover", json_integer((json_int_t)cover));
        if (cover >= 0 && (size_t)cover < run->n_photos)
            json_set_path(group, "path", run->photos[cover].path);
        if (*name_of(run, j))
            json_set_path(group, "name", name_of(run, j));
        json_array_append_new(groups, group);
    }
    json_object_set_new(root, "groups", groups);
    return json_print(root);
}

static int set_names(covey_run *run, const options *options) {
    covey_error err = {0};
    for (size_t i = 1; i + 1 < options->n_operands; i += 2) {
        unsigned long long number;
        if (parse_count(&number, options->operands[i]))
            return misuse("'%s' is not the number of a group; 'covey label %s' lists them",
                          options->operands[i], options->operands[0]);
        covey_status status =
            covey_run_set_name(run, (size_t)number, options->operands[i + 1], &err);
        if (status != COVEY_OK)
            return misuse_status(status, &err);
    }
    covey_status status = covey_run_save_names(run, &err);
    if (status != COVEY_OK)
        return fail_status(status, &err);
    char *page = join_path(run->folder, "report.html");
    if (!page)
        return EXIT_FAILED;
    covey_report_params params = covey_report_params_default();
    params.language = run_output_language(options, run->folder);
    status = covey_report_save_html(run, page, &params, &err);
    if (status == COVEY_OK)
        say("named; report: %s", page);
    free(page);
    return status == COVEY_OK ? EXIT_DONE : fail_status(status, &err);
}

int cmd_label(const options *options) {
    covey_run *run = NULL;
    covey_error err;
    if (options->n_operands == 0 || options->n_operands % 2 == 0)
        return misuse("name a run folder, then a group's number and its name: "
                      "'covey label out/ 3 beach'");
    covey_status status = covey_run_load(&run, options->operands[0], &err);
    int code = status == COVEY_OK ? EXIT_DONE : fail_status(status, &err);
    if (code == EXIT_DONE && !run->comparison.n_losses)
        code = fail("%s: has no groups yet; make them with 'covey cluster %s -o FOLDER'",
                    run->folder, run->folder);
    if (code == EXIT_DONE && options->n_operands > 1)
        code = set_names(run, options);
    if (code == EXIT_DONE && options->values[OPT_JSON].given)
        code = print_json(run);
    else if (code == EXIT_DONE && options->n_operands == 1)
        print_text(run);
    covey_run_free(run);
    return code;
}
