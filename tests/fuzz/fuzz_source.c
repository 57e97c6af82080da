/* SPDX-License-Identifier: MIT */
/* Weights of others: .pth (zip and legacy), .safetensors, .onnx, wheels; the directory, and every
 * tensor that is not large. */
#include "fuzz.h"
#include "weights_source_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    int fd;
    char path[64];
    covey__source source;
    covey_error err;
    fuzz_file(&fd, path, data, size);
    covey_status status = covey__source_open(&source, path, &err);
    for (size_t i = 0; status == COVEY_OK && i < source.count && i < 64; ++i) {
        const covey__tensor *tensor = &source.tensor[i];
        uint64_t count;
        if (covey__tensor_elements(&count, tensor) || count > 1 << 16)
            continue;
        float *out = malloc((count ? count : 1) * sizeof *out);
        if (out && covey__source_read_tensor(&source, tensor, out, count, &err) != COVEY_OK &&
            !err.message[0])
            abort();
        free(out);
    }
    covey__source_fini(&source);
    close(fd);
    return 0;
}
