/* SPDX-License-Identifier: MIT */
/* A small run made from numbers alone: three well-separated groups, photos with hostile names. */
#ifndef RUN_FIXTURE_H
#define RUN_FIXTURE_H

#include "base_internal.h"
#include "covey/covey.h"
#include "covey_test.h"
#include "random_internal.h"

enum { FIXTURE_ROWS = 30, FIXTURE_COLS = 6, FIXTURE_GROUPS = 3 };

static const char *const fixture_names[] = {
    "plain.jpg",          "with space.jpg",     "comma, quote\".jpg", "new\nline.jpg",
    "angle<b>&amp;'.jpg", "invalid\xff\xfe.jpg", "sub/folder/a.png",   "\xd8\xb9\xda\xa9\xd8\xb3.jpg"};

static inline void fixture_features(float *x) {
    for (size_t i = 0; i < FIXTURE_ROWS; ++i)
        for (size_t j = 0; j < FIXTURE_COLS; ++j)
            x[i * FIXTURE_COLS + j] =
                (float)(10.0 * (double)(i % FIXTURE_GROUPS == j) +
                        0.3 * covey__normal(7, COVEY__PURPOSE_TEST, i, j));
}

/* A run with photos, two skipped files and two losses compared. Freed by covey_run_free. */
static inline covey_run *fixture_run(const char *root) {
    covey_error err;
    covey_run *run = NULL;
    assert_ok(covey_run_new(&run, &err));
    run->features.data = covey__alloc_array(FIXTURE_ROWS * FIXTURE_COLS, sizeof(float));
    assert_non_null(run->features.data);
    run->features.rows = FIXTURE_ROWS;
    run->features.cols = FIXTURE_COLS;
    fixture_features(run->features.data);
    run->roots = covey__calloc(1, sizeof *run->roots);
    run->photos = covey__calloc(FIXTURE_ROWS, sizeof *run->photos);
    run->skips = covey__calloc(2, sizeof *run->skips);
    run->roots[0] = covey_run_copy_string(run, root);
    run->n_roots = 1;
    for (size_t i = 0; i < FIXTURE_ROWS; ++i) {
        char name[64];
        snprintf(name, sizeof name, "%02zu-%s", i, fixture_names[i % LENGTH(fixture_names)]);
        covey_run_photo *photo = &run->photos[i];
        photo->path = covey_run_copy_string(run, name);
        photo->width = 640;
        photo->height = (uint32_t)(400 + i);
        photo->bytes = 1000 + i;
        memset(photo->sha256, (int)i, sizeof photo->sha256);
        photo->thumb = (const uint8_t *)covey_run_copy_string(run, "thumbnail");
        photo->thumb_bytes = 9;
    }
    run->n_photos = FIXTURE_ROWS;
    run->skips[0] = (covey_run_skip){.path = "broken.jpg", .reason = "is truncated, \"really\""};
    run->skips[1] = (covey_run_skip){.path = "film.mov", .reason = "is a video"};
    run->n_skips = 2;
    run->facts = (covey_run_facts){.version = covey_version(),
                                   .command = "covey run",
                                   .weights_name = "oxford",
                                   .normalize = "l2",
                                   .start = "kmeans++",
                                   .found = FIXTURE_ROWS + 2,
                                   .restarts = 3,
                                   .max_rounds = 50,
                                   .tolerance = 1e-6,
                                   .seed = 5,
                                   .isolation = "seccomp, limits"};
    covey_loss losses[2];
    assert_ok(covey_loss_find(&losses[0], "square", &err));
    assert_ok(covey_loss_find(&losses[1], "huber", &err));
    covey_compare_params params = covey_compare_params_default();
    params.cluster.k = FIXTURE_GROUPS;
    params.cluster.restarts = 3;
    params.cluster.threads = 1;
    params.seeds = 2;
    assert_ok(covey_compare_compute(&run->comparison, run->features.data, FIXTURE_ROWS,
                                    FIXTURE_COLS, losses, 2, &params, &err));
    return run;
}

#endif
