/* SPDX-License-Identifier: MIT */
#include "covey/npy.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    int fd;
    char path[64];
    covey_matrix matrix = {0};
    double *values = NULL;
    size_t rows, cols;
    covey_error err;
    fuzz_file(&fd, path, data, size);
    if (covey_matrix_load(&matrix, path, &err) == COVEY_OK)
        covey_matrix_fini(&matrix);
    if (covey_npy_load_f64(&values, &rows, &cols, path, &err) == COVEY_OK)
        covey_free(values);
    close(fd);
    return 0;
}
