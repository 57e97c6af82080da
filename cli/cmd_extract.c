/* SPDX-License-Identifier: MIT */
/* covey extract PHOTOS... -o out/ */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "console.h"
#include "json_out.h"
#include "photo_options.h"
#include "result_print.h"
#include "run_output.h"

/* The list of --names, built aside: opened before the work, so that hours are not lost. */
typedef struct names_file {
    const char *path;
    char *partial;
    FILE *file;
} names_file;

static int names_open(names_file *names, const options *options) {
    names->path = options->values[OPT_NAMES].text;
    if (!names->path)
        return EXIT_DONE;
    size_t size = strlen(names->path) + sizeof ".partial";
    names->partial = malloc(size);
    if (!names->partial)
        return fail_memory();
    snprintf(names->partial, size, "%s.partial", names->path);
    names->file = fopen(names->partial, "wb");
    return names->file ? EXIT_DONE
                       : fail("%s: cannot be written: %s", names->partial, strerror(errno));
}

/* One name a line. Like sha256sum's, a line whose name holds a newline or a backslash begins with a
 * backslash, and has \n and \\ for them. */
static void print_name(FILE *file, const char *root, const char *path) {
    const char *parts[3] = {root, "/", path};
    int escaped = strpbrk(root, "\n\\") || strpbrk(path, "\n\\");
    if (escaped)
        putc('\\', file);
    for (int part = strcmp(root, "/") == 0 ? 1 : 0; part < 3; ++part)
        for (const char *c = parts[part]; *c; ++c)
            if (*c == '\n')
                fputs("\\n", file);
            else if (*c == '\\')
                fputs("\\\\", file);
            else
                putc(*c, file);
    putc('\n', file);
}

static int names_write(names_file *names, const covey_run *run) {
    if (!names->file)
        return EXIT_DONE;
    for (size_t i = 0; i < run->n_photos; ++i)
        print_name(names->file, run->roots[run->photos[i].root], run->photos[i].path);
    int bad = ferror(names->file);
    bad |= fclose(names->file);
    names->file = NULL;
    if (bad || rename(names->partial, names->path))
        return fail("%s: cannot be written: %s", names->path, strerror(errno));
    free(names->partial);
    names->partial = NULL;
    return EXIT_DONE;
}

/* What was begun and did not become whole goes. */
static void names_fini(names_file *names) {
    if (names->file)
        fclose(names->file);
    if (names->partial)
        remove(names->partial);
    free(names->partial);
}

static int write_stdout(const covey_run *run) {
    covey_error err;
    covey_status status = covey_npy_write_f32(STDOUT_FILENO, "stdout", run->features.data,
                                              run->features.rows, run->features.cols, &err);
    return status == COVEY_OK ? EXIT_DONE : fail_status(status, &err);
}

static int save_and_print(covey_run *run, names_file *names, const options *options,
                          double started) {
    const char *folder = options->values[OPT_OUT].text;
    int code = names_write(names, run);
    if (photo_options_to_stdout(options)) {
        if (code == EXIT_DONE)
            code = write_stdout(run);
        return code == EXIT_DONE ? photo_options_totals(run, options) : code;
    }
    run_output_facts(run, options, started);
    if (code == EXIT_DONE)
        code = run_output_save(run, folder, options);
    if (code == EXIT_DONE && options->values[OPT_JSON].given)
        code = json_print(result_json(run, folder, 0));
    return code == EXIT_DONE ? photo_options_totals(run, options) : code;
}

int cmd_extract(const options *options) {
    double started = console_clock();
    covey_files *files = NULL;
    covey_run *run = NULL;
    names_file names = {0};
    int to_stdout = photo_options_to_stdout(options);
    if (to_stdout && isatty(STDOUT_FILENO))
        return misuse("-o -: stdout is a terminal; send it to a file or to 'covey cluster -'");
    int helps = covey_ranks_rank() > 0;
    int code = helps ? EXIT_DONE : photo_options_find(&files, options);
    if (code == EXIT_DONE && !helps)
        code = names_open(&names, options);
    code = photo_options_help(options, code);
    if (helps)
        return code;
    if (code == EXIT_DONE)
        code = photo_options_describe(&run, options, files);
    if (code == EXIT_STOPPED && !to_stdout)
        code = run_output_keep_stopped(run, options, started);
    else if (code == EXIT_DONE)
        code = save_and_print(run, &names, options, started);
    names_fini(&names);
    covey_run_free(run);
    covey_files_free(files);
    return code;
}
