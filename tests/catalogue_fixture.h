/* SPDX-License-Identifier: MIT */
/* A catalogue of one photo, for tests of allocations that fail and the seeds of the fuzzers. */
#ifndef CATALOGUE_FIXTURE_H
#define CATALOGUE_FIXTURE_H

#include "catalogue_internal.h"

/* One photo kept under the recipe of the weights that are named. */
static inline void keep_photo(covey_catalogue *kept, const char *weights) {
    covey__recipe recipe = {weights, "preparation", "engine", "mean", 4};
    covey__stamp stamp = {1, 2, 9, 4, 5};
    covey__kept photo = {.sha256 = {1}, .width = 1, .height = 1, .bytes = 9};
    float features[4] = {1, 2, 3, 4};
    covey__catalogue_use(kept, &recipe);
    covey__catalogue_begin(kept);
    covey__catalogue_put(kept, &photo, features);
    covey__catalogue_put_stamp(kept, &stamp, photo.sha256);
    covey__catalogue_commit(kept);
}

#endif
