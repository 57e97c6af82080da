/* SPDX-License-Identifier: MIT */
/* Features of others: .npy and .npz by content, .safetensors by name, each also as part of a
 * folder, where one dimension will do. */
#include "covey/features.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const names[] = {"x.npy", "x.safetensors"};
    for (size_t i = 0; i < 2; ++i) {
        char path[128];
        covey_matrix x;
        covey_error err;
        snprintf(path, sizeof path, "%s/%s", fuzz_folder(), names[i]);
        FILE *file = fopen(path, "wb");
        if (!file || (size && fwrite(data, 1, size, file) != size) || fclose(file))
            abort();
        if (covey_features_load(&x, path, &err) == COVEY_OK)
            covey_matrix_fini(&x);
        else if (!err.message[0])
            abort();
        if (covey_features_load(&x, fuzz_folder(), &err) == COVEY_OK)
            covey_matrix_fini(&x);
        unlink(path);
    }
    return 0;
}
