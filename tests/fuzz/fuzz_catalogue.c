/* SPDX-License-Identifier: MIT */
/* A catalogue that somebody else wrote: opened, asked, checked, written to and pruned. */
#include "catalogue_internal.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const rests[] = {"", "-wal", "-shm", "-journal"};
    char path[160];
    covey_error err;
    covey_catalogue *catalogue = NULL;
    for (size_t i = 0; i < 4; ++i) {
        snprintf(path, sizeof path, "%s/catalogue.sqlite%s", fuzz_folder(), rests[i]);
        unlink(path);
    }
    snprintf(path, sizeof path, "%s/catalogue.sqlite", fuzz_folder());
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(data, 1, size, file) != size || fclose(file))
        abort();
    if (covey_catalogue_open(&catalogue, fuzz_folder(), 1, &err) != COVEY_OK)
        return 0;
    covey__recipe recipe = {"weights", "preparation", "engine", "mean", 4};
    covey__stamp stamp = {1, 2, 3, 4, 5};
    covey__kept kept = {.width = 1, .height = 1, .bytes = 9};
    covey_catalogue_info info;
    covey_catalogue_check check;
    covey_prune_params prune = covey_prune_params_default();
    uint8_t sha256[32] = {1};
    float features[4] = {0};
    size_t removed;
    covey__catalogue_use(catalogue, &recipe);
    covey__catalogue_begin_reading(catalogue);
    covey__catalogue_find_stamp(catalogue, sha256, &stamp);
    covey__catalogue_has_size(catalogue, 9);
    covey__catalogue_find(catalogue, &kept, features, sha256);
    covey__catalogue_end_reading(catalogue);
    covey__catalogue_begin(catalogue);
    kept.thumb = NULL;
    kept.thumb_bytes = 0;
    covey__catalogue_put(catalogue, &kept, features);
    covey__catalogue_put_stamp(catalogue, &stamp, sha256);
    covey__catalogue_commit(catalogue);
    if (covey_catalogue_get_info(&info, catalogue, &err) == COVEY_OK)
        covey_catalogue_info_fini(&info);
    if (covey_catalogue_verify(&check, catalogue, NULL, NULL, &err) != COVEY_OK &&
        !err.message[0])
        abort();
    prune.older_than = 1;
    if (covey_catalogue_prune(&removed, catalogue, &prune, &err) != COVEY_OK && !err.message[0])
        abort();
    covey_catalogue_free(catalogue);
    return 0;
}
