/* SPDX-License-Identifier: MIT */
#include "run_output.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "console.h"

char *join_path(const char *folder, const char *name) {
    size_t n = strlen(folder), size = n + strlen(name) + 2;
    char *path = malloc(size);
    if (!path) {
        fail_memory();
        return NULL;
    }
    snprintf(path, size, "%s%s%s", folder, n && folder[n - 1] != '/' ? "/" : "", name);
    return path;
}

void run_output_facts(covey_run *run, const options *options, double started) {
    covey_run_facts *facts = &run->facts;
    char host[256] = "";
    if (gethostname(host, sizeof host - 1))
        host[0] = '\0';
    facts->version = covey_version();
    facts->libraries = covey_libraries();
    facts->command = covey_run_copy_string(run, options->line);
    facts->host = covey_run_copy_string(run, host);
    facts->cpu = covey_cpu_name();
    facts->seconds_total = console_clock() - started;
    facts->started = (long long)time(NULL) - (long long)facts->seconds_total;
    if (!facts->threads)
        facts->threads = options->values[OPT_THREADS].count
                             ? (int)options->values[OPT_THREADS].count
                             : covey_cpu_count();
}

covey_language run_output_language(const options *options, const char *folder) {
    const option_value *lang = &options->values[OPT_LANG];
    covey_language language = (covey_language)lang->choice;
    if (lang->given)
        return language;
    char *page = join_path(folder, "report.html");
    if (page)
        language = covey_report_language(page, language);
    free(page);
    return language;
}

static covey_status add_pages(void *user, const covey_run *run, const char *folder,
                              covey_error *err) {
    covey_report_params params = covey_report_params_default();
    covey_status status = COVEY_OK;
    params.language = *(const covey_language *)user;
    char *page = join_path(folder, "report.html"), *figures = join_path(folder, "figures");
    if (!page || !figures)
        status = COVEY_E_NOMEM;
    if (status == COVEY_OK)
        status = covey_report_save_html(run, page, &params, err);
    if (status == COVEY_OK && run->n_photos)
        status = covey_figures_save_run(run, figures, params.language, err);
    if (status == COVEY_E_DRAW) { /* the run stands without it */
        say("%s: %s", err->path, err->message);
        status = COVEY_OK;
    }
    free(page);
    free(figures);
    return status;
}

int run_output_save(covey_run *run, const char *folder, const options *options) {
    covey_error err = {0};
    covey_language language = run_output_language(options, folder);
    covey_status status =
        covey_run_save(run, folder, run->comparison.n_losses ? add_pages : NULL, &language, &err);
    if (status != COVEY_OK)
        return fail_status(status, &err);
    char *page = join_path(folder, "report.html");
    if (page && run->comparison.n_losses)
        say("report: %s", page);
    else
        say("written: %s", folder);
    free(page);
    return EXIT_DONE;
}

/* Where a stopped run goes: a whole run of before is worth more than a part of this one. */
static char *stopped_folder(const char *folder) {
    char *passport = join_path(folder, "run.json");
    int taken = passport && access(passport, F_OK) == 0;
    size_t n = strlen(folder);
    free(passport);
    if (!taken)
        return strdup(folder);
    while (n > 1 && folder[n - 1] == '/')
        --n;
    char *path = malloc(n + sizeof "-stopped");
    if (path)
        sprintf(path, "%.*s-stopped", (int)n, folder);
    return path;
}

int run_output_keep_stopped(covey_run *run, const options *options, double started) {
    if (!run || run->n_photos == 0)
        return EXIT_STOPPED;
    char *folder = stopped_folder(options->values[OPT_OUT].text);
    size_t found = run->facts.found;
    run->facts.found = run->n_photos + run->n_skips; /* the rest was not looked at */
    run_output_facts(run, options, started);
    if (!folder)
        fail_memory();
    else if (run_output_save(run, folder, options) == EXIT_DONE)
        say("stopped; the descriptions of %zu of %zu photos are kept: 'covey cluster %s' groups "
            "them",
            run->n_photos, found, folder);
    free(folder);
    return EXIT_STOPPED;
}

covey_run *run_output_previous(const char *folder) {
    covey_run *run;
    char *passport = join_path(folder, "run.json");
    int there = passport && access(passport, R_OK) == 0;
    free(passport);
    covey_error err;
    if (!there)
        return NULL;
    int split = covey_ranks_split(0); /* every rank by itself: the labels alone are wanted */
    covey_status status = covey_run_load(&run, folder, &err);
    covey_ranks_split(split);
    if (status == COVEY_OK) {
        if (split)
            covey_matrix_fini(&run->features);
        return run;
    }
    say("the run before in %s cannot be read (%s); its cluster numbers are not kept", folder,
        err.message);
    return NULL;
}

/* The run folder that `path` (".../features.npy") lies in, or NULL. Freed with free. */
static char *folder_of_features(const char *path) {
    static const char name[] = "features.npy";
    size_t n = strlen(path), length = sizeof name - 1;
    if (n < length || strcmp(path + n - length, name) != 0 ||
        (n > length && path[n - length - 1] != '/'))
        return NULL;
    char *folder = n == length ? strdup(".") : strndup(path, n - length);
    char *passport = folder ? join_path(folder, "run.json") : NULL;
    if (!passport || access(passport, F_OK) != 0) {
        free(folder);
        folder = NULL;
    }
    free(passport);
    return folder;
}

/* A folder of another model's features, not one of a run, whole or broken off. */
static int is_features_folder(const char *path) {
    static const char *const ours[] = {"run.json", "images.csv"};
    int other = 1;
    for (size_t i = 0; i < sizeof ours / sizeof *ours; ++i) {
        char *file = join_path(path, ours[i]);
        if (!file || access(file, F_OK) == 0)
            other = 0;
        free(file);
    }
    return other;
}

/* A run of a matrix, which it takes over. */
static int run_of_features(covey_run **out, covey_matrix *features) {
    covey_error err;
    covey_status status = covey_run_new(out, &err);
    if (status != COVEY_OK) {
        covey_matrix_fini(features);
        return fail_status(status, &err);
    }
    (*out)->features = *features;
    return EXIT_DONE;
}

static int load_stdin(covey_run **out) {
    covey_matrix features;
    covey_error err;
    if (isatty(STDIN_FILENO))
        return misuse(
            "-: stdin is a terminal; send a .npy to it, as 'covey extract ... -o -' does");
    covey_status status = covey_matrix_read(&features, STDIN_FILENO, "stdin", &err);
    return status == COVEY_OK ? run_of_features(out, &features) : fail_status(status, &err);
}

int run_output_load(covey_run **out, int *own, const char *path) {
    covey_error err;
    covey_status status;
    struct stat info;
    *out = NULL;
    *own = 1;
    if (strcmp(path, "-") == 0) {
        *own = 0;
        return load_stdin(out);
    }
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode) && !is_features_folder(path)) {
        status = covey_run_load(out, path, &err);
        return status == COVEY_OK ? EXIT_DONE : fail_status(status, &err);
    }
    char *folder = folder_of_features(path);
    if (folder) {
        status = covey_run_load(out, folder, &err);
        free(folder);
        return status == COVEY_OK ? EXIT_DONE : fail_status(status, &err);
    }
    *own = 0;
    covey_matrix features;
    status = covey_features_load(&features, path, &err);
    if (status != COVEY_OK)
        return fail_status(status, &err);
    return run_of_features(out, &features);
}
