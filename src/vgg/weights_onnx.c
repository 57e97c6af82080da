/* SPDX-License-Identifier: MIT */
/* The directory of an ONNX file: a protocol-buffer message (onnx.proto of the ONNX project) read
 * with a small parser of the wire format that knows the few fields needed:
 *
 *     ModelProto   7 graph
 *     GraphProto   1 node, 5 initializer
 *     NodeProto    1 input, 4 op_type
 *     TensorProto  1 dims, 2 data_type, 4 float_data, 8 name, 9 raw_data, 14 data_location
 *
 * The convolutions are found by their place in the graph, not by name: nodes are stored in the
 * order of execution, and VGG16 is a chain. Their tensors take torchvision's names. */
#include <string.h>

#include "base_internal.h"
#include "weights_internal.h"
#include "weights_source_internal.h"

enum { WINDOW = 4096, VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

typedef struct cursor {
    covey__source *source;
    uint64_t at;
    uint64_t have_from, have_to; /* part of the source in `window` */
    unsigned char window[WINDOW];
} cursor;

typedef struct convolution {
    char input[3][COVEY__TENSOR_NAME]; /* data, weight, bias */
    int inputs;
} convolution;

static covey_status broken(const cursor *c, covey_error *err) {
    return covey__fail(err, COVEY_E_FORMAT, c->source->path,
                       "is not an ONNX file, or is damaged or truncated at byte %llu",
                       (unsigned long long)c->at);
}

static covey_status next_byte(cursor *c, uint64_t end, unsigned char *byte, covey_error *err) {
    if (c->at >= end)
        return broken(c, err);
    if (c->at < c->have_from || c->at >= c->have_to) {
        uint64_t left = c->source->size - c->at;
        size_t n = left < WINDOW ? (size_t)left : WINDOW;
        covey_status status = covey__source_read(c->source, c->window, c->at, n, err);
        if (status != COVEY_OK)
            return status;
        c->have_from = c->at;
        c->have_to = c->at + n;
    }
    *byte = c->window[c->at++ - c->have_from];
    return COVEY_OK;
}

static covey_status varint(cursor *c, uint64_t end, uint64_t *out, covey_error *err) {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        unsigned char byte = 0;
        covey_status status = next_byte(c, end, &byte, err);
        if (status != COVEY_OK)
            return status;
        value |= (uint64_t)(byte & 127) << shift;
        if (byte < 128) {
            *out = value;
            return COVEY_OK;
        }
    }
    return broken(c, err);
}

/* Reads a key and, for BYTES, the end of the value; skips the other fixed-size values. `*value` is
 * the number of a VARINT or the end of BYTES, whose content begins at c->at. */
static covey_status field(cursor *c, uint64_t end, uint64_t *number, int *type, uint64_t *value,
                          covey_error *err) {
    uint64_t key, length = 0;
    covey_status status = varint(c, end, &key, err);
    if (status != COVEY_OK)
        return status;
    *number = key >> 3;
    *type = (int)(key & 7);
    switch (*type) {
    case VARINT:
        return varint(c, end, value, err);
    case FIXED64:
    case FIXED32:
        length = *type == FIXED64 ? 8 : 4;
        if (length > end - c->at)
            return broken(c, err);
        *value = c->at;
        c->at += length;
        return COVEY_OK;
    case BYTES:
        status = varint(c, end, &length, err);
        if (status != COVEY_OK)
            return status;
        if (length > end - c->at)
            return broken(c, err);
        *value = c->at + length;
        return COVEY_OK;
    default:
        return broken(c, err);
    }
}

/* A string of at most 255 bytes without NUL; c->at moves to its end. */
static covey_status string(cursor *c, uint64_t end, char out[COVEY__TENSOR_NAME],
                           covey_error *err) {
    size_t n = (size_t)(end - c->at);
    if (end - c->at >= COVEY__TENSOR_NAME)
        return covey__fail(err, COVEY_E_LIMIT, c->source->path,
                           "holds a name of more than %d bytes", COVEY__TENSOR_NAME - 1);
    covey_status status = covey__source_read(c->source, out, c->at, n, err);
    if (status != COVEY_OK)
        return status;
    out[n] = '\0';
    c->at = end;
    return COVEY_OK;
}

static covey_status add_dimension(cursor *c, covey__tensor *tensor, uint64_t size,
                                  covey_error *err) {
    if (tensor->rank == COVEY__TENSOR_RANK || size > INT64_MAX)
        return covey__fail(err, COVEY_E_FORMAT, c->source->path,
                           "holds a tensor with an impossible shape");
    tensor->shape[tensor->rank++] = size;
    return COVEY_OK;
}

static void set_type(covey__tensor *tensor, uint64_t data_type) {
    static const struct {
        uint64_t value;
        covey__dtype dtype;
        const char *name;
    } types[] = {{1, COVEY__DTYPE_F32, "float32"},
                 {10, COVEY__DTYPE_F16, "float16"},
                 {11, COVEY__DTYPE_F64, "float64"},
                 {16, COVEY__DTYPE_BF16, "bfloat16"}};
    tensor->dtype = COVEY__DTYPE_OTHER;
    tensor->dtype_name = "other than float";
    for (size_t i = 0; i < sizeof types / sizeof *types; ++i)
        if (types[i].value == data_type) {
            tensor->dtype = types[i].dtype;
            tensor->dtype_name = types[i].name;
        }
}

static covey_status read_tensor(cursor *c, uint64_t end, covey_error *err) {
    covey_status status = COVEY_OK;
    covey__tensor tensor = {.entry = -1, .dtype = COVEY__DTYPE_OTHER, .dtype_name = "unknown"};
    char name[COVEY__TENSOR_NAME] = "";
    int pieces = 0;
    while (c->at < end) {
        uint64_t number, value;
        int type;
        COVEY_TRY(field(c, end, &number, &type, &value, err));
        if (number == 1 && type == VARINT)
            COVEY_TRY(add_dimension(c, &tensor, value, err));
        else if (number == 1 && type == BYTES)
            while (c->at < value) {
                uint64_t size;
                COVEY_TRY(varint(c, value, &size, err));
                COVEY_TRY(add_dimension(c, &tensor, size, err));
            }
        else if (number == 2 && type == VARINT)
            set_type(&tensor, value);
        else if (number == 8 && type == BYTES)
            COVEY_TRY(string(c, value, name, err));
        else if ((number == 9 || number == 4) && type == BYTES) {
            tensor.offset = c->at;
            tensor.bytes = value - c->at;
            pieces += tensor.bytes > 0;
        } else if (number == 14 && type == VARINT)
            COVEY_FAIL_IF(value != 0, err, COVEY_E_UNSUPPORTED, c->source->path,
                          "keeps its numbers in another file; save the model in one file");
        if (type == BYTES)
            c->at = value;
    }
    if (pieces != 1)
        tensor.bytes = 0; /* split or stored in another way: refused if it is asked for */
    covey__tensor_set_contiguous(&tensor);
    COVEY_TRY(covey__source_add(c->source, &tensor, name, strlen(name), err));
done:
    return status;
}

static covey_status read_node(cursor *c, uint64_t end, convolution *found, int *is_convolution,
                              covey_error *err) {
    covey_status status = COVEY_OK;
    char operation[COVEY__TENSOR_NAME] = "";
    found->inputs = 0;
    while (c->at < end) {
        uint64_t number, value;
        int type;
        COVEY_TRY(field(c, end, &number, &type, &value, err));
        if (number == 1 && type == BYTES && found->inputs < 3)
            COVEY_TRY(string(c, value, found->input[found->inputs++], err));
        else if (number == 4 && type == BYTES)
            COVEY_TRY(string(c, value, operation, err));
        if (type == BYTES)
            c->at = value;
    }
    COVEY_FAIL_IF(strcmp(operation, "BatchNormalization") == 0, err, COVEY_E_UNSUPPORTED,
                  c->source->path,
                  "holds batch normalisation as layers of its own; import the state dict, or export "
                  "the model in evaluation mode, which folds them into the convolutions");
    *is_convolution = strcmp(operation, "Conv") == 0;
done:
    return status;
}

static covey_status read_graph(cursor *c, uint64_t end, convolution *convolutions, int *count,
                               covey_error *err) {
    covey_status status = COVEY_OK;
    while (c->at < end) {
        uint64_t number, value;
        int type;
        COVEY_TRY(field(c, end, &number, &type, &value, err));
        if (number == 1 && type == BYTES) {
            int is_convolution;
            COVEY_FAIL_IF(*count > COVEY_VGG_CONVOLUTIONS_MAX, err, COVEY_E_FORMAT,
                          c->source->path,
                          "holds a network of more than %d convolutions; it is not a VGG",
                          COVEY_VGG_CONVOLUTIONS_MAX);
            COVEY_TRY(read_node(c, value, &convolutions[*count], &is_convolution, err));
            *count += is_convolution;
        } else if (number == 5 && type == BYTES) {
            COVEY_TRY(read_tensor(c, value, err));
        }
        if (type == BYTES)
            c->at = value;
    }
done:
    return status;
}

/* Names the tensors of convolution i as torchvision does. */
static covey_status rename_tensors(covey__source *source, const convolution *convolutions,
                                   int count, covey_error *err) {
    const covey__vgg *member = covey__vgg_of(count);
    for (int i = 0; i < count; ++i)
        for (int part = 0; part < 2; ++part) {
            if (convolutions[i].inputs < 2 + part)
                continue;
            covey__tensor *tensor = covey__source_find(source, convolutions[i].input[1 + part]);
            if (!tensor)
                continue;
            char *name = covey__asprintf("features.%d.%s", covey__vgg_number(member, i, 0),
                                         part ? "bias" : "weight");
            if (!name)
                return covey__fail(err, COVEY_E_NOMEM, source->path, "memory ran out");
            if (i == 0 && strstr(tensor->name, "block1_conv1"))
                source->keras = 1;
            covey__free(tensor->name);
            tensor->name = name;
        }
    return COVEY_OK;
}

covey_status covey__source_parse_onnx(covey__source *source, covey_error *err) {
    covey_status status = COVEY_OK;
    int count = 0;
    cursor *c = covey__calloc(1, sizeof *c);
    /* One more than are kept, so that a seventeenth is noticed. */
    convolution *convolutions = covey__calloc(COVEY_VGG_CONVOLUTIONS_MAX + 2, sizeof *convolutions);
    COVEY_NOMEM_IF(!c || !convolutions, err);
    c->source = source;
    while (c->at < source->size) {
        uint64_t number, value;
        int type;
        COVEY_TRY(field(c, source->size, &number, &type, &value, err));
        if (number == 7 && type == BYTES)
            COVEY_TRY(read_graph(c, value, convolutions, &count, err));
        if (type == BYTES)
            c->at = value;
    }
    COVEY_FAIL_IF(!covey__vgg_of(count), err, COVEY_E_FORMAT, source->path,
                  "holds a network of %d convolutions where VGG16 has %d (VGG11 8, VGG13 10, VGG19 "
                  "16)",
                  count, COVEY_VGG_CONVOLUTIONS);
    COVEY_TRY(rename_tensors(source, convolutions, count, err));
done:
    covey__free(c);
    covey__free(convolutions);
    return status;
}
