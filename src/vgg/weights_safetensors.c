/* SPDX-License-Identifier: MIT */
/* The directory of a .safetensors file, after the format's own description: eight bytes of
 * little-endian header size, a JSON object of that size, then the numbers. Every tensor names its
 * type, shape and place; places must fit the type and shape, lie in the file, and neither overlap
 * nor leave gaps. */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base_internal.h"
#include "json_internal.h"
#include "weights_source_internal.h"

enum { HEADER_LIMIT = 16 << 20 };

static const struct {
    const char *name;
    covey__dtype dtype;
    const char *dtype_name;
    uint64_t width;
} types[] = {{"F32", COVEY__DTYPE_F32, "float32", 4},    {"F64", COVEY__DTYPE_F64, "float64", 8},
             {"F16", COVEY__DTYPE_F16, "float16", 2},    {"BF16", COVEY__DTYPE_BF16, "bfloat16", 2},
             {"I64", COVEY__DTYPE_OTHER, "int64", 8},    {"U64", COVEY__DTYPE_OTHER, "uint64", 8},
             {"I32", COVEY__DTYPE_OTHER, "int32", 4},    {"U32", COVEY__DTYPE_OTHER, "uint32", 4},
             {"I16", COVEY__DTYPE_OTHER, "int16", 2},    {"U16", COVEY__DTYPE_OTHER, "uint16", 2},
             {"I8", COVEY__DTYPE_OTHER, "int8", 1},      {"U8", COVEY__DTYPE_OTHER, "uint8", 1},
             {"BOOL", COVEY__DTYPE_OTHER, "bool", 1},
             {"F8_E4M3", COVEY__DTYPE_OTHER, "float8", 1},
             {"F8_E5M2", COVEY__DTYPE_OTHER, "float8", 1}};

typedef struct range {
    uint64_t from, to;
} range;

static int by_place(const void *a, const void *b) {
    const range *x = a, *y = b;
    if (x->from != y->from)
        return x->from < y->from ? -1 : 1;
    return x->to < y->to ? -1 : x->to > y->to;
}

static int natural(const json_t *value, uint64_t *out) {
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return 0;
    *out = (uint64_t)json_integer_value(value);
    return 1;
}

static covey_status add_tensor(covey__source *source, const char *name, const json_t *entry,
                               uint64_t data_at, range *place, covey_error *err) {
    covey_status status = COVEY_OK;
    covey__tensor tensor = {.entry = -1};
    const char *type = json_string_value(json_object_get(entry, "dtype"));
    const json_t *shape = json_object_get(entry, "shape");
    const json_t *offsets = json_object_get(entry, "data_offsets");
    COVEY_FAIL_IF(!type || !json_is_array(shape) || json_array_size(shape) > COVEY__TENSOR_RANK ||
                      json_array_size(offsets) != 2 ||
                      !natural(json_array_get(offsets, 0), &place->from) ||
                      !natural(json_array_get(offsets, 1), &place->to),
                  err, COVEY_E_FORMAT, source->path,
                  "does not say type, shape and place of its tensor %.80s; it is damaged", name);
    uint64_t width = 0, elements, bytes;
    for (size_t i = 0; i < sizeof types / sizeof *types; ++i)
        if (strcmp(types[i].name, type) == 0) {
            tensor.dtype = types[i].dtype;
            tensor.dtype_name = types[i].dtype_name;
            width = types[i].width;
        }
    COVEY_FAIL_IF(!width, err, COVEY_E_UNSUPPORTED, source->path,
                  "holds %.80s in the type %.20s, which is not known; save it as F32", name, type);
    tensor.rank = (int)json_array_size(shape);
    for (int i = 0; i < tensor.rank; ++i)
        COVEY_FAIL_IF(!natural(json_array_get(shape, (size_t)i), &tensor.shape[i]), err,
                      COVEY_E_FORMAT, source->path, "gives %.80s an impossible shape", name);
    COVEY_FAIL_IF(place->to < place->from || place->to > source->size - data_at, err,
                  COVEY_E_FORMAT, source->path,
                  "places %.80s beyond its end; it is truncated, fetch it again", name);
    COVEY_FAIL_IF(covey__tensor_elements(&elements, &tensor) ||
                      __builtin_mul_overflow(elements, width, &bytes) ||
                      bytes != place->to - place->from,
                  err, COVEY_E_FORMAT, source->path,
                  "gives %.80s a place that does not fit its shape; it is damaged", name);
    tensor.offset = data_at + place->from;
    tensor.bytes = bytes;
    covey__tensor_set_contiguous(&tensor);
    COVEY_TRY(covey__source_add(source, &tensor, name, strlen(name), err));
done:
    return status;
}

static covey_status check_places(range *places, size_t count, uint64_t size, const char *path,
                                 covey_error *err) {
    uint64_t at = 0;
    qsort(places, count, sizeof *places, by_place);
    for (size_t i = 0; i < count; ++i) {
        if (places[i].from != at)
            return covey__fail(err, COVEY_E_FORMAT, path,
                               "has tensors that %s at byte %llu of its numbers; it is damaged",
                               places[i].from < at ? "overlap" : "leave a gap",
                               (unsigned long long)(places[i].from < at ? places[i].from : at));
        at = places[i].to;
    }
    if (at != size)
        return covey__fail(err, COVEY_E_FORMAT, path,
                           "has %llu bytes that belong to no tensor; it is damaged",
                           (unsigned long long)(size - at));
    return COVEY_OK;
}

covey_status covey__source_parse_safetensors(covey__source *source, covey_error *err) {
    covey_status status = COVEY_OK;
    unsigned char prefix[8];
    char *text = NULL;
    json_t *root = NULL;
    range *places = NULL;
    uint64_t length = 0;
    size_t count = 0;
    COVEY_TRY(covey__source_read(source, prefix, 0, sizeof prefix, err));
    for (int i = 7; i >= 0; --i)
        length = length << 8 | prefix[i];
    COVEY_FAIL_IF(length > HEADER_LIMIT, err, COVEY_E_LIMIT, source->path,
                  "has a header of %llu bytes, which is no directory of tensors", (unsigned long long)length);
    text = covey__alloc((size_t)length);
    COVEY_NOMEM_IF(!text, err);
    COVEY_TRY(covey__source_read(source, text, 8, (size_t)length, err));
    status = covey__json_load(&root, text, (size_t)length);
    COVEY_NOMEM_IF(status == COVEY_E_NOMEM, err);
    COVEY_FAIL_IF(status != COVEY_OK || !json_is_object(root), err, COVEY_E_FORMAT, source->path,
                  "has a broken .safetensors header; fetch or save it again");
    places = covey__alloc_array(json_object_size(root), sizeof *places);
    COVEY_NOMEM_IF(!places, err);
    const char *name;
    json_t *entry;
    json_object_foreach(root, name, entry) {
        if (strcmp(name, "__metadata__") == 0)
            continue;
        COVEY_TRY(add_tensor(source, name, entry, 8 + length, &places[count], err));
        ++count;
    }
    COVEY_TRY(check_places(places, count, source->size - 8 - length, source->path, err));
done:
    json_decref(root);
    covey__free(places);
    covey__free(text);
    return status;
}
