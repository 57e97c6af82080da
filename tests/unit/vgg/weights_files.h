/* SPDX-License-Identifier: MIT */
/* Writers of the forms that Covey imports, for its tests: a tiny VGG16 of 16 channels whose numbers
 * every float type holds exactly. Tests change the description before they write it. */
#ifndef WEIGHTS_FILES_H
#define WEIGHTS_FILES_H

#include "covey_test.h"

#include <zip.h>

#include "base_internal.h"
#include "weights_internal.h"
#include "weights_source_internal.h"

typedef struct file_tensor {
    char name[80];
    covey__dtype dtype;
    int rank;
    uint64_t shape[4];
    float *value;
    size_t count;
} file_tensor;

typedef struct file_model {
    file_tensor tensor[128];
    size_t count;
    char digest[65]; /* of its values, as they are to be imported */
    char folder[256];
} file_model;

static const int tiny_channels[13] = {16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16};

static inline void model_path(char path[320], const file_model *model, const char *name) {
    assert_true(snprintf(path, 320, "%s/%s", model->folder, name) < 320);
}

/* A fresh folder with COVEY_HOME in it, and the 26 tensors named by torchvision. */
static inline void model_init(file_model *model, const int channels[13]) {
    covey__text all = {0};
    memset(model, 0, sizeof *model);
    covey_test_folder(model->folder);
    char home[320];
    model_path(home, model, "home");
    setenv("COVEY_HOME", home, 1);
    for (int i = 0; i < 26; ++i) {
        file_tensor *t = &model->tensor[model->count++];
        snprintf(t->name, sizeof t->name, "features.%d.%s", covey__vgg_layers[i / 2],
                 i % 2 ? "bias" : "weight");
        t->rank = i % 2 ? 1 : 4;
        t->shape[0] = (uint64_t)channels[i / 2];
        t->shape[1] = i < 2 ? 3 : (uint64_t)channels[i / 2 - 1];
        t->shape[2] = t->shape[3] = 3;
        t->count = covey__weights_tensor_count(i, channels);
        t->value = malloc(t->count * sizeof *t->value);
        assert_non_null(t->value);
        for (size_t j = 0; j < t->count; ++j)
            t->value[j] = (float)((int)((j * 7 + (size_t)i * 13) % 127) - 63) / 64.0f;
        covey__text_add_bytes(&all, t->value, t->count * sizeof *t->value);
    }
    assert_false(all.failed);
    uint8_t bytes[32];
    covey__sha256(bytes, all.data, all.size);
    covey__hex(model->digest, bytes, 32);
    covey__text_fini(&all);
}

static inline void model_fini(file_model *model) {
    for (size_t i = 0; i < model->count; ++i)
        free(model->tensor[i].value);
    covey_test_remove(model->folder);
}

static inline void model_set_dtype(file_model *model, covey__dtype dtype) {
    for (size_t i = 0; i < model->count; ++i)
        model->tensor[i].dtype = dtype;
}

/* A number of `width` bytes as files have it, least significant byte first. */
static inline void add_little(covey__text *out, const void *number, int width) {
    unsigned char bytes[8];
    memcpy(bytes, number, (size_t)width);
    covey__little_endian(bytes, 1, width);
    covey__text_add_bytes(out, bytes, (size_t)width);
}

/* One value in the tensor's type. Only normal numbers occur. */
static inline void add_value(covey__text *out, covey__dtype dtype, float value) {
    uint32_t bits;
    double wide = (double)value;
    memcpy(&bits, &value, sizeof bits);
    if (dtype == COVEY__DTYPE_F64) {
        add_little(out, &wide, 8);
    } else if (dtype == COVEY__DTYPE_BF16) {
        uint16_t upper = (uint16_t)(bits >> 16);
        add_little(out, &upper, 2);
    } else if (dtype == COVEY__DTYPE_F16) {
        uint16_t half = (uint16_t)(bits >> 16 & 0x8000);
        if (value != 0)
            half |= (uint16_t)((((bits >> 23 & 255) - 112) << 10) | (bits >> 13 & 0x3FF));
        add_little(out, &half, 2);
    } else {
        add_little(out, &value, 4);
    }
}

static inline void add_values(covey__text *out, const file_tensor *t) {
    for (size_t i = 0; i < t->count; ++i)
        add_value(out, t->dtype, t->value[i]);
}

static inline void write_text(const char *path, covey__text *text) {
    assert_false(text->failed);
    covey_test_write(path, text->data, text->size);
    covey__text_fini(text);
}

/* ---- pickles ------------------------------------------------------------------------------- */

#define PICKLE(out, literal) covey__text_add_bytes((out), literal, sizeof(literal) - 1)

static inline void pickle_number(covey__text *out, uint64_t value) {
    uint32_t small = (uint32_t)value;
    if (value > INT32_MAX) {
        PICKLE(out, "\x8a\x08");
        add_little(out, &value, 8);
        return;
    }
    PICKLE(out, "J");
    add_little(out, &small, 4);
}

static inline void pickle_text(covey__text *out, const char *s) {
    uint32_t n = (uint32_t)strlen(s);
    PICKLE(out, "X");
    add_little(out, &n, 4);
    covey__text_add_bytes(out, s, n);
}

static inline void pickle_tuple(covey__text *out, const uint64_t *values, int n) {
    PICKLE(out, "(");
    for (int i = 0; i < n; ++i)
        pickle_number(out, values[i]);
    PICKLE(out, "t");
}

static const char *const storage_names[] = {"FloatStorage", "DoubleStorage", "HalfStorage",
                                            "BFloat16Storage", "LongStorage"};

/* key -> _rebuild_tensor_v2(storage, 0, shape, strides, False, OrderedDict()) */
static inline void pickle_tensor(covey__text *out, const file_tensor *t, size_t key, int legacy) {
    uint64_t stride[4], step = 1;
    char text[24];
    for (int i = t->rank - 1; i >= 0; --i) {
        stride[i] = step;
        step *= t->shape[i];
    }
    snprintf(text, sizeof text, "%zu", key);
    PICKLE(out, "ctorch._utils\n_rebuild_tensor_v2\n((");
    pickle_text(out, "storage");
    covey__text_addf(out, "ctorch\n%s\n", storage_names[t->dtype]);
    pickle_text(out, text);
    pickle_text(out, "cpu");
    pickle_number(out, t->count);
    if (legacy)
        PICKLE(out, "N");
    PICKLE(out, "tQK\0");
    pickle_tuple(out, t->shape, t->rank);
    pickle_tuple(out, stride, t->rank);
    PICKLE(out, "\x89" "ccollections\nOrderedDict\n)RtR");
}

static inline void pickle_state_dict(covey__text *out, const file_model *model, int legacy) {
    PICKLE(out, "\x80\x02" "ccollections\nOrderedDict\n)Rq\0(");
    for (size_t i = 0; i < model->count; ++i) {
        pickle_text(out, model->tensor[i].name);
        pickle_tensor(out, &model->tensor[i], i, legacy);
    }
    PICKLE(out, "u}");
    pickle_text(out, "_metadata");
    PICKLE(out, "ccollections\nOrderedDict\n)Rsb.");
}

static inline void add_entry(zip_t *zip, const char *name, const void *data, size_t size,
                           int method) {
    zip_source_t *source = zip_source_buffer(zip, data, size, 0);
    assert_non_null(source);
    zip_int64_t index = zip_file_add(zip, name, source, ZIP_FL_ENC_UTF_8);
    assert_true(index >= 0);
    assert_int_equal(zip_set_file_compression(zip, (zip_uint64_t)index, method, 0), 0);
}

static inline zip_t *create_zip(const char *path) {
    zip_t *zip = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, NULL);
    assert_non_null(zip);
    return zip;
}

/* The zip form of .pth; method ZIP_CM_STORE as PyTorch does it. `pickle` NULL: the state dict. */
static inline void write_torch_zip(const char *path, const file_model *model, int method,
                                   const covey__text *pickle, const char *byte_order) {
    covey__text state = {0}, data[128] = {{0}};
    char name[64];
    if (pickle)
        covey__text_add_bytes(&state, pickle->data, pickle->size);
    else
        pickle_state_dict(&state, model, 0);
    zip_t *zip = create_zip(path);
    add_entry(zip, "model/data.pkl", state.data, state.size, method);
    add_entry(zip, "model/byteorder", byte_order, strlen(byte_order), method);
    for (size_t i = 0; i < model->count; ++i) {
        add_values(&data[i], &model->tensor[i]);
        snprintf(name, sizeof name, "model/data/%zu", i);
        add_entry(zip, name, data[i].data, data[i].size, method);
    }
    add_entry(zip, "model/version", "3\n", 2, method);
    assert_int_equal(zip_close(zip), 0);
    for (size_t i = 0; i < model->count; ++i)
        covey__text_fini(&data[i]);
    covey__text_fini(&state);
}

/* The three pickles before the state dict of the older form. */
static inline void add_legacy_preamble(covey__text *out) {
    PICKLE(out, "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.");
    PICKLE(out, "\x80\x02M\xe9\x03.");
    PICKLE(out, "\x80\x02}(");
    pickle_text(out, "little_endian");
    PICKLE(out, "\x88");
    pickle_text(out, "protocol_version");
    PICKLE(out, "M\xe9\x03u.");
}

static inline void write_legacy(const char *path, const file_model *model) {
    covey__text out = {0};
    char key[24];
    add_legacy_preamble(&out);
    pickle_state_dict(&out, model, 1);
    /* The storages lie in the order of the list, here the last one first. */
    PICKLE(&out, "\x80\x02](");
    for (size_t i = model->count; i-- > 0;) {
        snprintf(key, sizeof key, "%zu", i);
        pickle_text(&out, key);
    }
    PICKLE(&out, "e.");
    for (size_t i = model->count; i-- > 0;) {
        uint64_t count = model->tensor[i].count;
        add_little(&out, &count, 8);
        add_values(&out, &model->tensor[i]);
    }
    write_text(path, &out);
}

/* ---- safetensors --------------------------------------------------------------------------- */

static inline void write_safetensors_of(const char *path, const char *header,
                                        const void *data, size_t size) {
    covey__text out = {0};
    uint64_t n = strlen(header);
    add_little(&out, &n, 8);
    covey__text_add(&out, header);
    covey__text_add_bytes(&out, data, size);
    write_text(path, &out);
}

static inline void write_safetensors(const char *path, const file_model *model) {
    static const char *const types[] = {"F32", "F64", "F16", "BF16", "I64"};
    covey__text header = {0}, data = {0};
    covey__text_add(&header, "{\"__metadata__\":{\"format\":\"pt\"}");
    for (size_t i = 0; i < model->count; ++i) {
        const file_tensor *t = &model->tensor[i];
        size_t from = data.size;
        add_values(&data, t);
        covey__text_addf(&header, ",\"%s\":{\"dtype\":\"%s\",\"shape\":[", t->name,
                         types[t->dtype]);
        for (int d = 0; d < t->rank; ++d)
            covey__text_addf(&header, "%s%llu", d ? "," : "", (unsigned long long)t->shape[d]);
        covey__text_addf(&header, "],\"data_offsets\":[%zu,%zu]}", from, data.size);
    }
    covey__text_add(&header, "}");
    write_safetensors_of(path, header.data, data.data, data.size);
    covey__text_fini(&header);
    covey__text_fini(&data);
}

/* ---- ONNX ---------------------------------------------------------------------------------- */

static inline void add_varint(covey__text *out, uint64_t value) {
    do {
        unsigned char byte = (unsigned char)(value & 127);
        value >>= 7;
        byte |= value ? 128 : 0;
        covey__text_add_bytes(out, &byte, 1);
    } while (value);
}

static inline void add_field(covey__text *out, int number, uint64_t value) {
    add_varint(out, (uint64_t)number << 3);
    add_varint(out, value);
}

static inline void add_bytes_field(covey__text *out, int number, const void *data, size_t size) {
    add_varint(out, (uint64_t)number << 3 | 2);
    add_varint(out, size);
    covey__text_add_bytes(out, data, size);
}

typedef struct onnx_options {
    int convolutions; /* nodes written; 13 where it is 0 */
    int packed;       /* dims and numbers in packed fields instead of plain dims and raw_data */
    int external;     /* claims numbers in another file */
    const char *prefix;
} onnx_options;

static inline void add_onnx_tensor(covey__text *graph, const file_tensor *t,
                                   const onnx_options *options) {
    static const uint64_t types[] = {1, 11, 10, 16, 7};
    covey__text body = {0}, data = {0}, dims = {0};
    char name[160];
    for (int d = 0; d < t->rank; ++d)
        if (options->packed)
            add_varint(&dims, t->shape[d]);
        else
            add_field(&body, 1, t->shape[d]);
    if (options->packed)
        add_bytes_field(&body, 1, dims.data, dims.size);
    add_field(&body, 2, types[t->dtype]);
    snprintf(name, sizeof name, "%s%s", options->prefix ? options->prefix : "", t->name);
    add_bytes_field(&body, 8, name, strlen(name));
    add_values(&data, t);
    add_bytes_field(&body, options->packed ? 4 : 9, data.data, data.size);
    if (options->external)
        add_field(&body, 14, 1);
    add_bytes_field(graph, 5, body.data, body.size);
    covey__text_fini(&body);
    covey__text_fini(&data);
    covey__text_fini(&dims);
}

static inline void add_onnx_node(covey__text *graph, const file_model *model, int i,
                                 const char *operation, const onnx_options *options) {
    covey__text node = {0};
    char name[160];
    const char *prefix = options->prefix ? options->prefix : "";
    add_bytes_field(&node, 1, "x", 1);
    for (int part = 0; part < 2; ++part) {
        snprintf(name, sizeof name, "%s%s", prefix, model->tensor[2 * i + part].name);
        add_bytes_field(&node, 1, name, strlen(name));
    }
    add_bytes_field(&node, 2, "y", 1);
    add_bytes_field(&node, 4, operation, strlen(operation));
    add_bytes_field(graph, 1, node.data, node.size);
    covey__text_fini(&node);
}

static inline void build_onnx(covey__text *out, const file_model *model,
                              const onnx_options *options) {
    covey__text graph = {0};
    int nodes = options->convolutions ? options->convolutions : 13;
    for (int i = 0; i < nodes; ++i) {
        add_onnx_node(&graph, model, i % 13, "Conv", options);
        add_onnx_node(&graph, model, i % 13, "Relu", options);
    }
    /* Initialisers lie in any order. */
    for (size_t i = model->count; i-- > 0;)
        add_onnx_tensor(&graph, &model->tensor[i], options);
    add_field(out, 1, 7);
    add_bytes_field(out, 2, "tests", 5);
    add_bytes_field(out, 7, graph.data, graph.size);
    covey__text_fini(&graph);
}

static inline void write_onnx(const char *path, const file_model *model,
                              const onnx_options *options) {
    covey__text out = {0};
    build_onnx(&out, model, options);
    write_text(path, &out);
}

/* ---- what the tests ask -------------------------------------------------------------------- */

#define assert_imports(model, file)                                                              \
    do {                                                                                         \
        char *imported_name;                                                                     \
        covey_weights *imported;                                                                 \
        assert_ok(                                                                               \
            covey_weights_import(&imported_name, (file), NULL, &err));    \
        assert_ok(covey_weights_open(&imported, imported_name, &err));                           \
        assert_string_equal(covey_weights_digest(imported), (model)->digest);                    \
        covey_weights_free(imported);                                                            \
        covey__free(imported_name);                                                              \
    } while (0)

/* Refused with `code`, a sentence that contains `words`, and the file's name. */
#define assert_refused(file, code, words)                                                        \
    do {                                                                                         \
        assert_status(covey_weights_import(NULL, (file), NULL, &err),     \
                      (code));                                                                   \
        if (!strstr(err.message, (words)))                                                       \
            fail_msg("\"%s\" is not in: %s", (words), err.message);                              \
        assert_string_equal(err.path, (file));                                                   \
    } while (0)

static inline void read_whole(covey__text *out, const char *path) {
    char *data;
    size_t size;
    covey_error err;
    assert_ok(covey__file_read(&data, &size, path, (size_t)1 << 30, &err));
    covey__text_add_bytes(out, data, size);
    covey__free(data);
}

/* Changes one byte in place: rewriting whole files makes the file system flush them each time. */
static inline void poke(const char *path, size_t at, char byte) {
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, (long)at, SEEK_SET), 0);
    assert_int_equal(fputc((unsigned char)byte, file), (unsigned char)byte);
    assert_int_equal(fclose(file), 0);
}

/* Every status but success is fine for a damaged file, as long as it comes with a sentence and the
 * reader returns; success is fine too (a flipped bit of a number, a name that is not needed). The
 * store is out of reach, so that no time goes into flushing files to disk. */
static inline void assert_survives(const char *path) {
    covey_error err = {.message = ""};
    setenv("COVEY_HOME", "/dev/null/nowhere", 1);
    covey_status status = covey_weights_import(NULL, path, NULL, &err);
    if (status != COVEY_OK)
        assert_true(err.message[0] != '\0');
}

#endif
