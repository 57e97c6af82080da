/* SPDX-License-Identifier: MIT */
/* A file somebody else wrote that holds named tensors: its directory, and reading one of them.
 *
 * Opening reads names, types, shapes and places only; numbers are read one tensor at a time, those
 * that are asked for. Nothing in such a file is trusted: every size is checked against the file
 * before it is used, and nothing is ever executed or written to disk under a name from it. */
#ifndef COVEY_WEIGHTS_SOURCE_INTERNAL_H
#define COVEY_WEIGHTS_SOURCE_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#include <zip.h>

#include "covey/status.h"

enum {
    COVEY__TENSOR_RANK = 8,
    COVEY__TENSOR_NAME = 256,
    COVEY__TENSOR_LIMIT = 65536 /* in one file */
};

typedef enum covey__dtype {
    COVEY__DTYPE_F32,
    COVEY__DTYPE_F64,
    COVEY__DTYPE_F16,
    COVEY__DTYPE_BF16,
    COVEY__DTYPE_OTHER /* integers and the like: never a weight here */
} covey__dtype;

typedef struct covey__tensor {
    char *name;
    covey__dtype dtype;
    const char *dtype_name; /* for sentences; static */
    int rank;
    uint64_t shape[COVEY__TENSOR_RANK];
    uint64_t stride[COVEY__TENSOR_RANK]; /* in elements */
    int64_t entry;                       /* of the zip file; -1: the source itself */
    uint64_t offset;                     /* of element 0, bytes */
    uint64_t bytes;                      /* there are from `offset` on */
} covey__tensor;

typedef struct covey__source {
    const char *path; /* the caller's */
    int fd;
    uint64_t size; /* of the file, or of `memory` */
    unsigned char *memory; /* content of a file inside a wheel, else NULL */
    zip_t *zip;
    covey__tensor *tensor;
    size_t count, capacity;
    int keras; /* names of Keras: made for BGR input with Oxford's means */
} covey__source;

/* Recognises the form by content and reads the directory. `*source` may be passed to
 * covey__source_fini whether this succeeds or fails. */
covey_status covey__source_open(covey__source *source, const char *path, covey_error *err);
void covey__source_fini(covey__source *source);

/* n bytes at `offset` of the source itself. */
covey_status covey__source_read(covey__source *source, void *to, uint64_t offset, size_t n,
                                covey_error *err);

/* Appends a copy of *tensor under `name`, of which `length` bytes count. */
covey_status covey__source_add(covey__source *source, const covey__tensor *tensor,
                               const char *name, size_t length, covey_error *err);
covey__tensor *covey__source_find(covey__source *source, const char *name);

/* Elements of the tensor; -1 when that overflows. */
int covey__tensor_elements(uint64_t *out, const covey__tensor *tensor);
/* Row-major strides for its shape. */
void covey__tensor_set_contiguous(covey__tensor *tensor);
size_t covey__dtype_size(covey__dtype dtype); /* 0 for OTHER */

/* All `count` elements, row-major, as float32. Narrower types are widened exactly; float64 is
 * taken where float32 holds the same number and refused elsewhere. */
covey_status covey__source_read_tensor(covey__source *source, const covey__tensor *tensor,
                                       float *out, size_t count, covey_error *err);

/* ---- one per form; each fills the directory ----------------------------------------------- */

covey_status covey__source_parse_onnx(covey__source *source, covey_error *err);
covey_status covey__source_parse_zip(covey__source *source, covey_error *err);
covey_status covey__source_parse_legacy(covey__source *source, covey_error *err);
covey_status covey__source_parse_safetensors(covey__source *source, covey_error *err);

/* Whole content of a zip entry, at most `limit` bytes; freed with covey__free. */
covey_status covey__zip_read_entry(unsigned char **out, uint64_t *size, covey__source *source,
                                   uint64_t index, uint64_t limit, covey_error *err);
/* n bytes at `offset` of a zip entry. */
covey_status covey__zip_read_part(covey__source *source, uint64_t index, void *to,
                                  uint64_t offset, size_t n, covey_error *err);

#endif
