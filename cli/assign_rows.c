/* SPDX-License-Identifier: MIT */
#include "assign_rows.h"

#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "photo_options.h"

/* ---- the same description as the run's ----------------------------------------------------------
 */

static int open_weights(covey_weights **out, const covey_run *run) {
    const covey_run_facts *facts = &run->facts;
    covey_error err;
    if (!facts->weights_name || !facts->weights_digest)
        return fail("%s: was not made from photos; name a features file of %zu columns",
                    run->folder, run->features.cols);
    covey_status status = covey_weights_open(out, facts->weights_name, &err);
    if (status != COVEY_OK)
        return fail_status(status, &err);
    if (strcmp(covey_weights_digest(*out), facts->weights_digest) != 0)
        return fail("%s: was made with weights '%s' of digest %.12s, installed are those of digest "
                    "%.12s; import the run's own, or run covey again",
                    run->folder, facts->weights_name, facts->weights_digest,
                    covey_weights_digest(*out));
    return EXIT_DONE;
}

/* Another instruction set or plan changes the last digits, another decoder release some pixels:
 * worth a word, not a refusal. What was asked for is the same by construction. */
static void compare_engines(const covey_run *fresh, const covey_run *run) {
    const covey_run_facts *now = &fresh->facts, *then = &run->facts;
    if (then->engine_id && strcmp(now->engine_id, then->engine_id) != 0)
        say("note: engine %s describes these photos, %s described the run's: distances may differ "
            "in their last digits",
            now->engine_id, then->engine_id);
    if (then->preparation && strcmp(now->preparation, then->preparation) != 0)
        say("note: photos are read as '%s' here, as '%s' in the run", now->preparation,
            then->preparation);
}

static int describe_photos(covey_run **out, const covey_run *run, const options *options) {
    covey_files *files = NULL;
    covey_weights *weights = NULL;
    covey_extract_params params = covey_extract_params_of(run);
    covey_error err;
    int code = open_weights(&weights, run);
    if (code == EXIT_DONE)
        code = photo_options_list(&files, options, 1);
    if (code == EXIT_DONE) {
        params.decode.threads = params.network.threads = (int)options->values[OPT_THREADS].count;
        params.network.batch = (size_t)options->values[OPT_BATCH].count;
        params.progress = console_progress;
        covey_status status = covey_run_new(out, &err);
        if (status == COVEY_OK)
            status = covey_run_extract(*out, files, weights, &params, &err);
        console_clear();
        code = status == COVEY_OK ? EXIT_DONE : fail_status(status, &err);
    }
    if (code == EXIT_DONE)
        compare_engines(*out, run);
    covey_weights_free(weights);
    covey_files_free(files);
    return code;
}

/* ---- a features file ------------------------------------------------------------------------- */

static int is_features(const char *path) {
    static const char *const ends[] = {".npy", ".npz", ".safetensors"};
    size_t n = strlen(path);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; ++i) {
        size_t m = strlen(ends[i]);
        if (n > m && strcmp(path + n - m, ends[i]) == 0)
            return 1;
    }
    return 0;
}

static int load_features(covey_run **out, const covey_run *run, const char *path) {
    covey_error err;
    covey_matrix features;
    covey_status status = covey_features_load(&features, path, &err);
    if (status != COVEY_OK)
        return fail_status(status, &err);
    status = covey_run_new(out, &err);
    if (status != COVEY_OK) {
        covey_matrix_fini(&features);
        return fail_status(status, &err);
    }
    (*out)->features = features;
    if (features.cols != run->features.cols)
        return fail("%s: has %zu columns, the run %s %zu; both must come from the same network",
                    path, features.cols, run->folder, run->features.cols);
    return EXIT_DONE;
}

int assign_rows_describe(covey_run **out, const covey_run *run, const options *options) {
    for (size_t i = 1; i < options->n_operands; ++i) {
        if (!is_features(options->operands[i]))
            continue;
        if (options->n_operands > 2 || options->values[OPT_FILES_FROM].given)
            return misuse("give one features file, or photos");
        return load_features(out, run, options->operands[i]);
    }
    return describe_photos(out, run, options);
}

int assign_rows_normalise(float **x, size_t *columns, const covey_run *fresh,
                          const covey_run *run) {
    covey_normalize how = COVEY_NORMALIZE_NONE;
    covey_normalizer *normalizer = NULL;
    covey_error err = {0};
    size_t zero_rows = 0;
    *x = NULL;
    covey_status status =
        run->facts.normalize ? covey_normalize_find(&how, run->facts.normalize, &err) : COVEY_OK;
    if (status == COVEY_OK)
        status = covey_normalizer_new(&normalizer, run->features.data, run->features.rows,
                                      run->features.cols, how, &err);
    if (status != COVEY_OK)
        return fail_status(status, &err);
    *columns = covey_normalizer_columns(normalizer);
    float *made = malloc(fresh->features.rows * *columns * sizeof *made);
    if (made)
        status = covey_normalizer_apply(normalizer, made, fresh->features.data,
                                        fresh->features.rows, &zero_rows, &err);
    covey_normalizer_free(normalizer);
    if (!made)
        return fail_memory();
    if (status != COVEY_OK) {
        free(made);
        return fail_status(status, &err);
    }
    if (zero_rows)
        say("%zu rows are all zero and stay so", zero_rows);
    *x = made;
    return EXIT_DONE;
}
