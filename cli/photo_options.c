/* SPDX-License-Identifier: MIT */
#include "photo_options.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "console.h"
#include "ranks_option.h"

enum { LIST_LIMIT = 1 << 30 }; /* bytes: some ten million names */

/* ---- which photos --------------------------------------------------------------------------- */

typedef struct path_list {
    const char **paths; /* [n]: operands and pieces of `text` */
    size_t n, capacity;
    char *text; /* of --files-from */
} path_list;

static int add_path(path_list *list, const char *path) {
    if (list->n == list->capacity) {
        size_t capacity = list->capacity ? 2 * list->capacity : 64;
        const char **grown = realloc(list->paths, capacity * sizeof *grown);
        if (!grown)
            return fail_memory();
        list->paths = grown;
        list->capacity = capacity;
    }
    list->paths[list->n++] = path;
    return EXIT_DONE;
}

static int read_all(char **out, size_t *size, const char *name) {
    int is_stdin = strcmp(name, "-") == 0, code = EXIT_DONE;
    FILE *file = is_stdin ? stdin : fopen(name, "rb");
    if (!file)
        return fail("%s: cannot be read: %s", name, strerror(errno));
    char *text = NULL;
    size_t used = 0, capacity = 0;
    for (;;) {
        if (used > LIST_LIMIT) {
            code = fail("%s: has more than %d MiB of names; is it a list of photos?",
                        is_stdin ? "stdin" : name, LIST_LIMIT >> 20);
            break;
        }
        if (capacity - used < 65536) {
            size_t wanted = capacity ? 2 * capacity : 1 << 17;
            char *grown = realloc(text, wanted);
            if (!grown) {
                code = fail_memory();
                break;
            }
            text = grown;
            capacity = wanted;
        }
        size_t n = fread(text + used, 1, capacity - used - 1, file);
        used += n;
        if (n == 0)
            break;
    }
    if (code == EXIT_DONE && ferror(file))
        code = fail("%s: reading failed: %s", is_stdin ? "stdin" : name, strerror(errno));
    if (!is_stdin)
        fclose(file);
    if (code != EXIT_DONE) {
        free(text);
        return code;
    }
    text[used] = '\0';
    *out = text;
    *size = used;
    return EXIT_DONE;
}

/* One path a line (a carriage return before the newline is dropped), or up to each NUL byte. */
static int read_list(path_list *list, const char *name, int nul) {
    size_t size = 0;
    int code = read_all(&list->text, &size, name);
    if (code != EXIT_DONE)
        return code;
    char *end = list->text + size;
    if (!nul && memchr(list->text, '\0', size))
        return fail("%s: holds NUL bytes; add -0 if find -print0 wrote it", name);
    for (char *at = list->text; code == EXIT_DONE && at < end;) {
        char *stop = memchr(at, nul ? '\0' : '\n', (size_t)(end - at));
        if (!stop)
            stop = end;
        *stop = '\0';
        if (!nul && stop > at && stop[-1] == '\r')
            stop[-1] = '\0';
        if (*at)
            code = add_path(list, at);
        at = stop + 1;
    }
    if (code == EXIT_DONE && list->n == 0)
        code = fail("%s: lists no path", strcmp(name, "-") == 0 ? "stdin" : name);
    return code;
}

static int check_target(const covey_files *files, const char *folder) {
    size_t n = covey_files_root_count(files);
    const char **roots = malloc((n + 1) * sizeof *roots);
    covey_error err;
    if (!roots)
        return fail_memory();
    for (size_t i = 0; i < n; ++i)
        roots[i] = covey_files_root(files, i);
    covey_status status = covey_run_check_target(folder, roots, n, &err);
    free(roots);
    return status == COVEY_OK ? EXIT_DONE : fail_status(status, &err);
}

/* No photo in what was given. */
static int nothing_found(const covey_files *files, const path_list *list, const options *options) {
    size_t others = covey_files_other_count(files);
    char first[4200];
    snprintf(first, sizeof first, list->n > 1 ? "%.4096s and %zu more" : "%.4096s", list->paths[0],
             list->n - 1);
    if (others)
        return fail("%s: no photo among the %zu files there; Covey reads JPEG, PNG, WebP, TIFF, "
                    "GIF, HEIC and AVIF",
                    first, others);
    if (options->values[OPT_EXCLUDE].given)
        return fail("%s: no photo is left after --exclude", first);
    return fail("%s: holds no photo%s; name a folder with photos", first,
                options->values[OPT_NO_RECURSIVE].given ? " itself, and --no-recursive was given"
                                                        : " and no other file");
}

int photo_options_list(covey_files **out, const options *options, size_t first) {
    const option_value *values = options->values;
    path_list list = {0};
    int code = EXIT_DONE;
    *out = NULL;
    if (values[OPT_NUL].given && !values[OPT_FILES_FROM].given)
        return misuse("-0 says how --files-from separates paths; give both");
    if (values[OPT_FILES_FROM].given)
        code = read_list(&list, values[OPT_FILES_FROM].text, values[OPT_NUL].given);
    for (size_t i = first; i < options->n_operands && code == EXIT_DONE; ++i)
        code = add_path(&list, options->operands[i]);
    if (code == EXIT_DONE) {
        covey_error err;
        covey_find_params find = covey_find_params_default();
        find.recursive = !values[OPT_NO_RECURSIVE].given;
        find.exclude = values[OPT_EXCLUDE].items;
        find.n_exclude = values[OPT_EXCLUDE].n_items;
        covey_status status = covey_files_new(out, list.paths, list.n, &find, &err);
        if (status != COVEY_OK)
            code = fail_status(status, &err);
    }
    if (code == EXIT_DONE && values[OPT_OUT].given && !photo_options_to_stdout(options))
        code = check_target(*out, values[OPT_OUT].text);
    if (code == EXIT_DONE && covey_files_count(*out) == 0)
        code = nothing_found(*out, &list, options);
    free(list.paths);
    free(list.text);
    return code;
}

int photo_options_to_stdout(const options *options) {
    const option_value *out = &options->values[OPT_OUT];
    return out->given && strcmp(out->text, "-") == 0;
}

int photo_options_find(covey_files **out, const options *options) {
    const char *name = command_rows[options->command].name;
    *out = NULL;
    if (options->n_operands == 0 && !options->values[OPT_FILES_FROM].given)
        return misuse("say which photos: 'covey %s PHOTOS -o out/'", name);
    if (!options->values[OPT_OUT].given)
        return misuse("say where to: 'covey %s ... -o out/'", name);
    if (photo_options_to_stdout(options) && options->command != COMMAND_EXTRACT)
        return misuse("-o -: a run is a folder; 'covey extract ... -o -' writes features to stdout");
    return photo_options_list(out, options, 0);
}

/* ---- decoder and network -------------------------------------------------------------------- */

/* Decoders work beside the network, so that each of them would have `threads` of its own. The
 * command and the workers it starts are kept on that many processors, from the present one on. */
static void keep_to_processors(int threads) {
    cpu_set_t allowed, kept;
    int first = sched_getcpu();
    if (threads <= 0 || first < 0 || sched_getaffinity(0, sizeof allowed, &allowed) ||
        CPU_COUNT(&allowed) <= threads)
        return;
    CPU_ZERO(&kept);
    for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&kept) < threads; ++i) {
        size_t cpu = (size_t)(first + i) % CPU_SETSIZE;
        if (CPU_ISSET(cpu, &allowed))
            CPU_SET(cpu, &kept);
    }
    if (sched_setaffinity(0, sizeof kept, &kept))
        return; /* a sandbox may forbid it: the result is the same, a little more is used */
}

void photo_options_decode(covey_decode_params *out, const options *options) {
    const option_value *values = options->values;
    keep_to_processors((int)values[OPT_THREADS].count);
    out->threads = (int)values[OPT_THREADS].count;
    out->full = values[OPT_DECODE].choice == 1;
    out->orient = !values[OPT_NO_ORIENT].given;
    out->icc = !values[OPT_NO_ICC].given;
    out->alpha = values[OPT_ALPHA].choice == 1 ? COVEY_ALPHA_DROP : COVEY_ALPHA_WHITE;
    out->max_pixels = values[OPT_MAX_PIXELS].count;
    out->time_limit = values[OPT_TIME_LIMIT].real;
    if (values[OPT_EXACT].given)
        covey_decode_params_set_exact(out);
    out->crop = options->command == COMMAND_MAPS ? !values[OPT_NO_CROP].given
                                                 : values[OPT_CROP].given;
}

void photo_options_extract(covey_extract_params *out, const options *options) {
    const option_value *values = options->values;
    *out = covey_extract_params_default();
    photo_options_decode(&out->decode, options);
    out->network.threads = (int)values[OPT_THREADS].count;
    out->network.batch = (size_t)values[OPT_BATCH].count;
    out->network.precision =
        values[OPT_PRECISION].choice == 1 ? COVEY_PRECISION_BF16 : COVEY_PRECISION_F32;
    out->network.pooling = (covey_pooling)values[OPT_POOL].choice; /* the same order */
    out->duplicates = values[OPT_DUPLICATES].real;
    out->progress = console_progress;
}

/* A name and the name of a file can be told apart but for the rare file in this folder that is called
 * as a set: installed sets come first. */
static int names_file(const char *text) {
    struct stat info;
    return strchr(text, '/') || (stat(text, &info) == 0 && S_ISREG(info.st_mode));
}

int photo_options_weights(covey_weights **out, const options *options) {
    const char *text = options->values[OPT_WEIGHTS].text;
    covey_error err;
    covey_status status = COVEY_E_NO_WEIGHTS;
    if (!strchr(text, '/'))
        status = covey_weights_open(out, text, &err);
    if ((status == COVEY_E_NO_WEIGHTS || status == COVEY_E_ARGUMENT) && names_file(text))
        status = covey_weights_open_file(out, text, &err);
    return status == COVEY_OK ? EXIT_DONE : fail_status(status, &err);
}

/* What cannot be used is said, and the run goes on without it. */
static int open_catalogue(covey_catalogue **out, const options *options) {
    const option_value *values = options->values;
    covey_error err;
    *out = NULL;
    if (values[OPT_NO_CACHE].given) {
        if (values[OPT_CACHE].given || values[OPT_REHASH].given)
            return misuse("--no-cache goes with neither --cache nor --rehash");
        return EXIT_DONE;
    }
    covey_status status = covey_catalogue_open(out, values[OPT_CACHE].text, 1, &err);
    if (status != COVEY_OK)
        say("%s%s%s; going on without kept features", err.path, *err.path ? ": " : "",
            err.message);
    return EXIT_DONE;
}

static void close_catalogue(covey_catalogue *catalogue) {
    const covey_error *trouble = catalogue ? covey_catalogue_trouble(catalogue) : NULL;
    if (trouble)
        say("%s: %s; went on without kept features", trouble->path, trouble->message);
    covey_catalogue_free(catalogue);
}

/* All ranks are ready (`code`), have the same weights and see the folders of rank 0. */
static int check_ranks(int code, const covey_weights *weights, covey_files *files) {
    char roots[8192] = "";
    covey_error err = {0};
    covey_status status = COVEY_OK;
    code = ranks_agree(code);
    if (code != EXIT_DONE || covey_ranks_count() == 1)
        return code;
    for (size_t i = 0; files && i < covey_files_root_count(files); ++i) {
        size_t used = strlen(roots);
        if (used + strlen(covey_files_root(files, i)) + 2 < sizeof roots)
            snprintf(roots + used, sizeof roots - used, "%s\n", covey_files_root(files, i));
    }
    status = covey_ranks_same("set of weights", covey_weights_digest(weights), &err);
    if (status == COVEY_OK) {
        covey_ranks_tell(roots, sizeof roots);
        for (char *root = roots, *end; *root && status == COVEY_OK; root = end + 1) {
            struct stat info;
            end = strchr(root, '\n');
            *end = '\0';
            if (stat(root, &info)) {
                status = err.status = COVEY_E_NOT_FOUND;
                snprintf(err.path, sizeof err.path, "%s", root);
                snprintf(err.message, sizeof err.message, "%s; all ranks must see the photos",
                         strerror(errno));
            }
        }
        status = covey_ranks_agree(status, &err);
    }
    return status == COVEY_OK ? EXIT_DONE : fail_status(status, &err);
}

int photo_options_help(const options *options, int code) {
    covey_weights *weights = NULL;
    covey_extract_params params;
    covey_error err = {0};
    code = ranks_agree(code);
    if (code != EXIT_DONE || covey_ranks_rank() == 0)
        return code;
    code = photo_options_weights(&weights, options);
    code = check_ranks(code, weights, NULL);
    if (code == EXIT_DONE) {
        photo_options_extract(&params, options);
        params.progress = NULL;
        covey_status status = covey_run_extract_help(weights, &params, &err);
        code = status == COVEY_OK ? EXIT_DONE : fail_status(status, &err);
    }
    covey_weights_free(weights);
    return code;
}

int photo_options_describe(covey_run **out, const options *options, covey_files *files) {
    covey_weights *weights = NULL;
    covey_catalogue *catalogue = NULL;
    covey_extract_params params;
    covey_error err;
    int code = photo_options_weights(&weights, options);
    if (code == EXIT_DONE)
        code = open_catalogue(&catalogue, options);
    code = check_ranks(code, weights, files);
    if (code != EXIT_DONE) {
        close_catalogue(catalogue);
        covey_weights_free(weights);
        return code;
    }
    covey_status status = covey_run_new(out, &err);
    if (status == COVEY_OK) {
        photo_options_extract(&params, options);
        params.catalogue = catalogue;
        params.rehash = options->values[OPT_REHASH].given;
        status = covey_run_extract(*out, files, weights, &params, &err);
        console_clear();
    }
    if (status != COVEY_OK)
        code = fail_status(status, &err);
    close_catalogue(catalogue);
    covey_weights_free(weights);
    return code;
}

int photo_options_totals(const covey_run *run, const options *options) {
    const covey_run_facts *facts = &run->facts;
    char known[64] = "";
    if (facts->recalled)
        snprintf(known, sizeof known, " (%zu of them known already)", facts->recalled);
    say("%zu photos found, %zu used%s, %zu skipped%s", facts->found, run->n_photos, known,
        run->n_skips, run->n_skips ? " (skipped.csv says why)" : "");
    if (run->n_duplicates)
        say("%zu are nearly the same as an earlier one (duplicates.csv)", run->n_duplicates);
    enum { SHOWN = 5 };
    for (size_t i = 0; i < run->n_skips && i < SHOWN; ++i)
        say("  skipped %s: %s", run->skips[i].path, run->skips[i].reason);
    if (run->n_skips > SHOWN)
        say("  and %zu more", run->n_skips - SHOWN);
    return run->n_skips && options->values[OPT_STRICT].given ? EXIT_SKIPPED : EXIT_DONE;
}
