/* SPDX-License-Identifier: MIT */
/* The reader of records, and labels from a table. */
#include "covey/labels.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    int fd, n;
    char path[64], *fields[16];
    covey_labels *labels = NULL;
    covey_error err;
    char *copy = malloc(size + 1);
    if (!copy)
        return 0;
    memcpy(copy, data, size);
    copy[size] = '\0';
    char *cursor = copy;
    while ((n = covey__csv_next(&cursor, copy + size, fields, 16)) > 0)
        for (int i = 0; i < n && i < 16; ++i)
            if (fields[i] < copy || fields[i] + strlen(fields[i]) > copy + size)
                abort();
    free(copy);
    fuzz_file(&fd, path, data, size);
    if (covey_labels_new(&labels, path, &err) == COVEY_OK)
        covey_labels_free(labels);
    close(fd);
    return 0;
}
