/* SPDX-License-Identifier: MIT */
/* describe_photos FOLDER FEATURES.npy: every photo of a folder as 512 numbers. Needs the weights
 * (`covey weights get oxford`). Photos that cannot be used are named and end nothing. */
#include <covey/covey.h>
#include <stdio.h>

/* A non-zero answer would stop the work at the next safe point. */
static int on_progress(void *user, const char *stage, size_t done, size_t total) {
    (void)user;
    fprintf(stderr, "\r%s %zu/%zu", stage, done, total);
    return 0;
}

int main(int argc, char **argv) {
    covey_weights *weights = NULL;
    covey_files *files = NULL;
    covey_run *run = NULL;
    covey_error err;
    covey_find_params find = covey_find_params_default();
    covey_extract_params params = covey_extract_params_default();
    if (argc != 3) {
        fprintf(stderr, "usage: describe_photos FOLDER FEATURES.npy\n");
        return 2;
    }
    params.progress = on_progress;
    covey_status status = covey_weights_open(&weights, "oxford", &err);
    if (status == COVEY_OK)
        status = covey_files_new(&files, (const char *const *)&argv[1], 1, &find, &err);
    if (status == COVEY_OK)
        status = covey_run_new(&run, &err);
    if (status == COVEY_OK)
        status = covey_run_extract(run, files, weights, &params, &err);
    if (status == COVEY_OK)
        status = covey_npy_save_f32(argv[2], run->features.data, run->features.rows,
                                    run->features.cols, &err);
    fprintf(stderr, "\n");
    if (status == COVEY_OK) {
        printf("%zu photos, %zu numbers each\n", run->features.rows, run->features.cols);
        for (size_t i = 0; i < run->n_skips; ++i)
            printf("skipped %s: %s\n", run->skips[i].path, run->skips[i].reason);
    } else
        fprintf(stderr, "%s %s\n", err.path, err.message);
    covey_run_free(run);
    covey_files_free(files);
    covey_weights_free(weights);
    return status == COVEY_OK ? 0 : 1;
}
