/* SPDX-License-Identifier: MIT */
/* Stores a seeded miniature network, which the command takes by name: what tests of the whole way
 * compute with where the real weights would take hours.
 *
 *     make_weights NAME SEED    into $COVEY_HOME */
#include <stdio.h>
#include <stdlib.h>

#include "base_internal.h"
#include "weights_internal.h"

static const int channels[COVEY_VGG_CONVOLUTIONS] = {16, 16, 16, 16, 16, 16, 16,
                                                     16, 16, 16, 16, 16, 32};

int main(int argc, char **argv) {
    covey_error err = {0};
    covey_weights *weights = NULL;
    char *path = NULL, *folder = NULL;
    if (argc != 3) {
        fprintf(stderr, "make_weights NAME SEED\n");
        return 2;
    }
    covey_status status =
        covey_weights_new_seeded(&weights, strtoull(argv[2], NULL, 10), channels, &err);
    if (status == COVEY_OK)
        status = covey__weights_folder(&folder, &err);
    if (status == COVEY_OK)
        status = covey__mkdirs(folder, &err);
    if (status == COVEY_OK)
        status = covey__weights_path(&path, argv[1], &err);
    if (status == COVEY_OK)
        status = covey__file_write(path, weights->image, weights->size, &err);
    if (status != COVEY_OK)
        fprintf(stderr, "make_weights: %s: %s\n", err.path, err.message);
    covey__free(path);
    covey__free(folder);
    covey_weights_free(weights);
    return status != COVEY_OK;
}
