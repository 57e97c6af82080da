/* SPDX-License-Identifier: MIT */
/* Reads uint8 arrays of the reference material: .npy (version 1), alone or in an .npz, which is a
 * zip of them. */
#ifndef PHOTO_TEST_NPY_H
#define PHOTO_TEST_NPY_H

#include <zip.h>

#include "covey_test.h"

/* `bytes` is the whole file; answers the first sample and fills shape[0..3] (1 where absent). */
static inline const uint8_t *test_npy_u8(const uint8_t *bytes, size_t size, size_t shape[4]) {
    assert_true(size > 10 && !memcmp(bytes, "\x93NUMPY\x01", 7));
    size_t header = (size_t)bytes[8] | (size_t)bytes[9] << 8;
    char text[512];
    assert_true(header < sizeof text && 10 + header <= size);
    memcpy(text, bytes + 10, header);
    text[header] = '\0';
    assert_non_null(strstr(text, "|u1"));
    const char *p = strstr(text, "'shape': (");
    assert_non_null(p);
    p += strlen("'shape': (");
    size_t total = 1;
    for (int i = 0; i < 4; ++i) {
        char *end;
        shape[i] = strtoul(p, &end, 10);
        if (end == p)
            shape[i] = 1;
        total *= shape[i];
        p = end + strspn(end, ", ");
    }
    assert_int_equal(10 + header + total, size);
    return bytes + 10 + header;
}

/* The file's content, to be freed by the caller. */
static inline uint8_t *test_read(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    uint8_t *bytes = malloc(*size + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *size, file), *size);
    fclose(file);
    return bytes;
}

static inline uint8_t *test_npz_member(zip_t *archive, const char *name, size_t *size) {
    zip_stat_t info;
    assert_int_equal(zip_stat(archive, name, 0, &info), 0);
    zip_file_t *file = zip_fopen(archive, name, 0);
    assert_non_null(file);
    *size = info.size;
    uint8_t *bytes = malloc(info.size + 1);
    assert_non_null(bytes);
    assert_int_equal(zip_fread(file, bytes, info.size), (zip_int64_t)info.size);
    zip_fclose(file);
    return bytes;
}

#endif
