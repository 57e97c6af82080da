/* SPDX-License-Identifier: MIT */
/* The .npy format, after NumPy's own specification (numpy.lib.format, versions 1.0, 2.0, 3.0). */
#include "covey/npy.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base_internal.h"
#include "covey/ranks.h"
#include "ranks_internal.h"
#include "spill_internal.h"

/* Files are little-endian, whatever this machine is. */
enum { SWAPPED = __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__ };

enum { HEADER_LIMIT = 65536, READ_PIECE = 1 << 20 /* numbers */ };

typedef struct header {
    size_t offset; /* of the data */
    size_t rows, cols;
    int width; /* 4 or 8 bytes */
} header;

/* Finds 'key': in the header's dictionary and returns what follows, blanks skipped, or NULL. */
static const char *value_of(const char *dictionary, const char *key) {
    const char *at = strstr(dictionary, key);
    if (!at)
        return NULL;
    at += strlen(key);
    while (*at == ' ')
        ++at;
    if (*at++ != ':')
        return NULL;
    while (*at == ' ')
        ++at;
    return at;
}

/* `as_row`: a one-dimensional array is one row. */
static covey_status parse_dictionary(header *out, const char *text, int as_row, const char *path,
                                     covey_error *err) {
    const char *descr = value_of(text, "'descr'");
    const char *order = value_of(text, "'fortran_order'");
    const char *shape = value_of(text, "'shape'");
    if (!descr || !order || !shape)
        return covey__fail(err, COVEY_E_FORMAT, path,
                           "has a broken .npy header; save it again "
                           "with numpy.save");
    if (strncmp(descr, "'<f4'", 5) == 0)
        out->width = 4;
    else if (strncmp(descr, "'<f8'", 5) == 0)
        out->width = 8;
    else
        return covey__fail(err, COVEY_E_UNSUPPORTED, path,
                           "holds numbers of type %.*s; save it as "
                           "little-endian float32: numpy.save(path, x.astype('<f4'))",
                           (int)strnlen(descr, 5), descr);
    if (strncmp(order, "False", 5) != 0)
        return covey__fail(err, COVEY_E_UNSUPPORTED, path,
                           "is in Fortran order; save numpy.ascontiguousarray(x)");
    size_t dims[2];
    int count = 0;
    if (*shape++ != '(')
        return covey__fail(err, COVEY_E_FORMAT, path, "has a broken shape in its .npy header");
    for (;;) {
        while (*shape == ' ' || *shape == ',')
            ++shape;
        if (*shape == ')')
            break;
        if (!isdigit((unsigned char)*shape))
            return covey__fail(err, COVEY_E_FORMAT, path, "has a broken shape in its .npy header");
        char *after;
        errno = 0;
        unsigned long long value = strtoull(shape, &after, 10);
        if (errno || value > SIZE_MAX / 16)
            return covey__fail(err, COVEY_E_FORMAT, path, "claims an impossible size");
        if (count < 2)
            dims[count] = (size_t)value;
        ++count;
        shape = after + (*after == 'L'); /* Python 2 wrote (3L, 4L) */
    }
    if (count == 1 && as_row) {
        dims[1] = dims[0];
        dims[0] = 1;
        count = 2;
    }
    if (count != 2)
        return covey__fail(err, COVEY_E_FORMAT, path,
                           "has %d dimensions where 2 are needed: one row per photo, "
                           "[n][d]; use x.reshape(len(x), -1)",
                           count);
    if (dims[0] == 0 || dims[1] == 0)
        return covey__fail(err, COVEY_E_FORMAT, path, "is empty: %zu rows of %zu numbers", dims[0],
                           dims[1]);
    out->rows = dims[0];
    out->cols = dims[1];
    return COVEY_OK;
}

void covey__little_endian(void *numbers, size_t n, int width) {
    unsigned char *p = numbers;
    for (size_t i = 0; SWAPPED && i < n; ++i, p += width)
        for (int low = 0, high = width - 1; low < high; ++low, --high) {
            unsigned char byte = p[low];
            p[low] = p[high];
            p[high] = byte;
        }
}

/* The next `size` bytes: everything is read in the file's order, so that a pipe will do. */
static covey_status read_fully(int fd, void *to, size_t size, const char *path, covey_error *err) {
    char *p = to;
    while (size) {
        ssize_t n = read(fd, p, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return covey__fail_errno(err, path, "could not be read");
        if (n == 0)
            return covey__fail(err, COVEY_E_FORMAT, path, "ends too early; it is truncated");
        p += n;
        size -= (size_t)n;
    }
    return COVEY_OK;
}

static covey_status read_descriptor(void *from, void *to, size_t size, const char *path,
                                    covey_error *err) {
    return read_fully(*(int *)from, to, size, path, err);
}

/* `piped`: a pipe or the like, whose size nobody knows, will do. */
static covey_status stream_of(covey__stream *out, int *fd, int piped, const char *path,
                              covey_error *err) {
    struct stat info;
    if (fstat(*fd, &info))
        return covey__fail_errno(err, path, "could not be examined");
    if (!S_ISREG(info.st_mode) && !piped)
        return covey__fail(err, COVEY_E_FORMAT, path, "is not a regular file; name a .npy file");
    *out = (covey__stream){read_descriptor, fd,
                           S_ISREG(info.st_mode) ? (uint64_t)info.st_size : UINT64_MAX};
    return COVEY_OK;
}

static covey_status read_header(header *out, const covey__stream *from, int as_row,
                                const char *path, covey_error *err) {
    covey_status status = COVEY_OK;
    unsigned char fixed[12] = {0};
    char *text = NULL;
    COVEY_FAIL_IF(from->size < 12, err, COVEY_E_FORMAT, path,
                  "is not a .npy file: it has only %ju bytes", (uintmax_t)from->size);
    COVEY_TRY(from->read(from->from, fixed, 10, path, err));
    COVEY_FAIL_IF(memcmp(fixed, "\x93NUMPY", 6) != 0 || fixed[6] < 1 || fixed[6] > 3, err,
                  COVEY_E_FORMAT, path, "is not a .npy file; save features with numpy.save");
    size_t prefix = fixed[6] == 1 ? 10 : 12;
    COVEY_TRY(from->read(from->from, fixed + 10, prefix - 10, path, err));
    size_t length = fixed[8] | (size_t)fixed[9] << 8;
    if (fixed[6] > 1)
        length |= (size_t)fixed[10] << 16 | (size_t)fixed[11] << 24;
    COVEY_FAIL_IF(length > HEADER_LIMIT || prefix + length > from->size, err, COVEY_E_FORMAT, path,
                  "has a .npy header that is longer than the file");
    text = covey__alloc(length + 1);
    COVEY_NOMEM_IF(!text, err);
    COVEY_TRY(from->read(from->from, text, length, path, err));
    text[length] = '\0';
    header found = {.offset = prefix + length};
    COVEY_TRY(parse_dictionary(&found, text, as_row, path, err));
    size_t bytes;
    COVEY_FAIL_IF(covey__mul_size(&bytes, found.rows, found.cols) ||
                      covey__mul_size(&bytes, bytes, (size_t)found.width) ||
                      bytes > from->size - found.offset,
                  err, COVEY_E_FORMAT, path,
                  "is truncated: its header promises %zu rows of %zu numbers", found.rows,
                  found.cols);
    *out = found;
done:
    covey__free(text);
    return status;
}

static int all_finite_f32(const float *x, size_t n) {
    /* A sum of x*0 is NaN exactly if some x is NaN or infinite. */
    float sum = 0;
    for (size_t i = 0; i < n; ++i)
        sum += x[i] * 0.0f;
    return sum == 0;
}

static covey_status open_npy(int *fd, covey__stream *from, header *head, const char *path,
                             covey_error *err) {
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (*fd < 0)
        return covey__fail_errno(err, path, "could not be opened");
    covey_status status = stream_of(from, fd, 0, path, err);
    return status == COVEY_OK ? read_header(head, from, 0, path, err) : status;
}

covey_status covey__npy_load_f64(double **out, size_t *rows, size_t *cols, const char *path,
                                 int finite, covey_error *err) {
    covey_status status = COVEY_OK;
    double *data = NULL;
    covey__stream from;
    header head = {0};
    int fd = -1;
    COVEY_TRY(open_npy(&fd, &from, &head, path, err));
    size_t n = head.rows * head.cols;
    data = covey__alloc_array(n, sizeof *data);
    COVEY_FAIL_IF(!data, err, COVEY_E_NOMEM, path, "does not fit: %s", covey__nomem_sentence());
    if (head.width == 8) {
        COVEY_TRY(read_fully(fd, data, n * 8, path, err));
        covey__little_endian(data, n, 8);
    } else {
        /* The floats are read into the upper half and widened forwards, in place. */
        float *narrow = (float *)data + n;
        COVEY_TRY(read_fully(fd, narrow, n * 4, path, err));
        covey__little_endian(narrow, n, 4);
        for (size_t i = 0; i < n; ++i) {
            float value;
            memcpy(&value, (char *)narrow + 4 * i, 4);
            data[i] = (double)value;
        }
    }
    for (size_t i = 0; finite && i < n; ++i)
        COVEY_FAIL_IF(!isfinite(data[i]), err, COVEY_E_NUMERIC, path,
                      "has NaN or infinity in row %zu (counted from 0)", i / head.cols);
    *out = data;
    *rows = head.rows;
    *cols = head.cols;
    data = NULL;
done:
    covey__free(data);
    if (fd >= 0)
        close(fd);
    return status;
}

covey_status covey_npy_load_f64(double **out, size_t *rows, size_t *cols, const char *path,
                                covey_error *err) {
    return covey__npy_load_f64(out, rows, cols, path, 1, err);
}

/* Reads float64 numbers first .. end-1 in pieces and rounds, so that no second copy is held. */
static covey_status read_rounded(float *data, const covey__stream *from, size_t first, size_t end,
                                 const char *path, covey_error *err) {
    enum { PIECE = 8192 };
    double piece[PIECE];
    for (size_t at = first; at < end; at += PIECE) {
        size_t count = end - at < PIECE ? end - at : PIECE;
        covey_status status = from->read(from->from, piece, count * 8, path, err);
        if (status != COVEY_OK)
            return status;
        covey__little_endian(piece, count, 8);
        for (size_t i = 0; i < count; ++i)
            data[at + i] = (float)piece[i];
        if (at % READ_PIECE == 0)
            covey__spill_ahead(NULL);
    }
    return COVEY_OK;
}

/* The numbers that follow the header; of `ranks` each reads its own rows, from a stream that is the
 * descriptor `fd`. One rank reads all of any stream. */
static covey_status read_matrix(covey_matrix *out, const covey__stream *from, int fd,
                                const header *head, const covey__ranks *ranks, const char *path,
                                covey_error *err) {
    covey_status status = COVEY_OK;
    size_t first_row = covey__rank_first(ranks, head->rows, ranks->rank);
    size_t end_row = covey__rank_first(ranks, head->rows, ranks->rank + 1);
    size_t first = first_row * head->cols, end = end_row * head->cols;
    float *data = covey__split_alloc(ranks, head->rows, head->cols * sizeof *data, 0);
    COVEY_FAIL_IF(!data, err, COVEY_E_NOMEM, path, "does not fit: %s", covey__nomem_sentence());
    if (first && lseek(fd, (off_t)(head->offset + first * (size_t)head->width), SEEK_SET) < 0)
        COVEY_TRY(covey__fail_errno(err, path, "could not be read"));
    if (head->width == 4) {
        for (size_t at = first; at < end; at += READ_PIECE) {
            size_t count = end - at < READ_PIECE ? end - at : READ_PIECE;
            covey__spill_ahead(NULL); /* room is made; what is not written yet is not to be read */
            COVEY_TRY(from->read(from->from, data + at, count * 4, path, err));
            covey__little_endian(data + at, count, 4);
        }
    } else {
        COVEY_TRY(read_rounded(data, from, first, end, path, err));
    }
    for (size_t row = first_row; row < end_row; ++row) {
        covey__spill_pace(data + row * head->cols, row);
        COVEY_FAIL_IF(!all_finite_f32(data + row * head->cols, head->cols), err, COVEY_E_NUMERIC,
                      path, "has NaN or infinity in row %zu (counted from 0)", row);
    }
    *out = (covey_matrix){data, head->rows, head->cols};
    data = NULL;
done:
    covey__free(data);
    return status;
}

/* Ranks that see different files under one name would group rows that nobody has. */
static covey_status check_same(size_t rows, size_t cols, int width, const char *path,
                               covey_error *err) {
    char shape[96];
    snprintf(shape, sizeof shape, "%zu rows of %zu numbers in float%d", rows, cols, 8 * width);
    covey_status status = covey_ranks_same("features file", shape, err);
    if (status != COVEY_OK && err)
        snprintf(err->path, sizeof err->path, "%s", path);
    return status;
}

covey_status covey_matrix_load(covey_matrix *out, const char *path, covey_error *err) {
    covey__stream from;
    header head = {0};
    int fd = -1;
    covey_status status = open_npy(&fd, &from, &head, path, err);
    const covey__ranks *ranks = covey__ranks_split_loads();
    status = covey__ranks_agree(ranks, status, err);
    if (status == COVEY_OK && ranks->count > 1)
        status = check_same(head.rows, head.cols, head.width, path, err);
    if (status == COVEY_OK)
        status = read_matrix(out, &from, fd, &head, ranks, path, err);
    status = covey__ranks_agree(ranks, status, err);
    if (fd >= 0)
        close(fd);
    return status;
}

covey_status covey__matrix_share(covey_matrix *matrix, covey_status status, const char *path,
                                 covey_error *err) {
    const covey__ranks *ranks = covey__ranks_split_loads();
    size_t rows = matrix->rows, row_bytes = matrix->cols * sizeof *matrix->data;
    status = covey__ranks_agree(ranks, status, err);
    if (status == COVEY_OK && ranks->count > 1) {
        status = check_same(rows, matrix->cols, sizeof *matrix->data, path, err);
        size_t first = covey__rank_first(ranks, rows, ranks->rank);
        size_t end = covey__rank_first(ranks, rows, ranks->rank + 1);
        char *own = NULL;
        if (status == COVEY_OK && !(own = covey__split_alloc(ranks, rows, row_bytes, 0)))
            status = covey__fail(err, COVEY_E_NOMEM, path, "does not fit: %s",
                                 covey__nomem_sentence());
        if (own) {
            memcpy(own + first * row_bytes, (char *)matrix->data + first * row_bytes,
                   (end - first) * row_bytes);
            covey__free(matrix->data);
            matrix->data = (float *)own;
        }
    }
    status = covey__ranks_agree(ranks, status, err);
    if (status != COVEY_OK)
        covey_matrix_fini(matrix);
    return status;
}

covey_status covey_matrix_scatter(covey_matrix *out, const covey_matrix *from, covey_error *err) {
    enum { PIECE_BYTES = 4 << 20 };
    covey_status status = COVEY_OK;
    const covey__ranks *ranks = covey__ranks_get();
    int gives = ranks->rank == 0;
    uint64_t shape[2] = {gives ? from->rows : 0, gives ? from->cols : 0};
    covey_ranks_tell(shape, sizeof shape);
    size_t rows = (size_t)shape[0], cols = (size_t)shape[1], row_bytes = cols * sizeof *out->data;
    size_t first = covey__rank_first(ranks, rows, ranks->rank);
    size_t end = covey__rank_first(ranks, rows, ranks->rank + 1);
    size_t step = row_bytes && row_bytes < PIECE_BYTES ? PIECE_BYTES / row_bytes : 1;
    float *data = covey__split_alloc(ranks, rows, row_bytes, 0);
    float *piece = covey__alloc_array(step, row_bytes ? row_bytes : 1);
    if (!data || !piece)
        status = covey__fail(err, COVEY_E_NOMEM, NULL, "%s", covey__nomem_sentence());
    COVEY_TRY(covey__ranks_agree(ranks, status, err));
    assert(data && piece);
    /* Piece by piece to all: a row's owner keeps it. */
    for (size_t at = 0; at < rows; at += step) {
        size_t count = rows - at < step ? rows - at : step, low = at > first ? at : first;
        size_t high = at + count < end ? at + count : end;
        if (gives)
            memcpy(piece, from->data + at * cols, count * row_bytes);
        if (ranks->count > 1)
            ranks->broadcast(piece, count * row_bytes, 0);
        if (low < high)
            memcpy(data + low * cols, piece + (low - at) * cols, (high - low) * row_bytes);
    }
    *out = (covey_matrix){data, rows, cols};
    data = NULL;
done:
    covey__free(piece);
    covey__free(data);
    return status;
}

covey_status covey__matrix_read(covey_matrix *out, const covey__stream *from, int as_row,
                                const char *name, covey_error *err) {
    header head = {0};
    covey_status status = read_header(&head, from, as_row, name, err);
    return status == COVEY_OK ? read_matrix(out, from, -1, &head, &covey__ranks_single, name, err)
                              : status;
}

covey_status covey__matrix_read_fd(covey_matrix *out, int fd, int piped, int as_row,
                                   const char *name, covey_error *err) {
    covey__stream from;
    covey_status status = stream_of(&from, &fd, piped, name, err);
    return status == COVEY_OK ? covey__matrix_read(out, &from, as_row, name, err) : status;
}

covey_status covey_matrix_read(covey_matrix *out, int fd, const char *name, covey_error *err) {
    return covey__matrix_read_fd(out, fd, 1, 0, name, err);
}

void covey_matrix_fini(covey_matrix *matrix) {
    if (!matrix)
        return;
    covey__free(matrix->data);
    *matrix = (covey_matrix){0};
}

/* Magic, version, length and dictionary; blanks and a newline bring the data to a multiple of 64,
 * as NumPy writes it. */
static void add_head(covey__text *text, size_t rows, size_t cols, int width) {
    char dictionary[160];
    snprintf(dictionary, sizeof dictionary,
             "{'descr': '<f%d', 'fortran_order': False, 'shape': (%zu, %zu), }", width, rows, cols);
    size_t length = (10 + strlen(dictionary) + 1 + 63) / 64 * 64 - 10;
    unsigned char fixed[10] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
    fixed[8] = (unsigned char)(length & 255);
    fixed[9] = (unsigned char)(length >> 8);
    covey__text_add_bytes(text, fixed, sizeof fixed);
    covey__text_addf(text, "%-*s\n", (int)length - 1, dictionary);
}

static covey_status save(const char *path, const void *data, size_t rows, size_t cols, int width,
                         covey_error *err) {
    covey_status status = COVEY_OK;
    covey__text text = {0};
    add_head(&text, rows, cols, width);
    size_t offset = text.size;
    covey__text_add_bytes(&text, data, rows * cols * (size_t)width);
    COVEY_NOMEM_IF(text.failed, err);
    covey__little_endian(text.data + offset, rows * cols, width);
    COVEY_TRY(covey__file_write(path, text.data, text.size, err));
done:
    covey__text_fini(&text);
    return status;
}

static covey_status write_fully(int fd, const void *from, size_t size, const char *name,
                                covey_error *err) {
    const char *p = from;
    while (size) {
        ssize_t n = write(fd, p, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return covey__fail_errno(err, name, "could not be written");
        p += n;
        size -= (size_t)n;
    }
    return COVEY_OK;
}

covey_status covey_npy_write_f32(int fd, const char *name, const float *data, size_t rows,
                                 size_t cols, covey_error *err) {
    enum { PIECE = 16384 };
    covey_status status = COVEY_OK;
    covey__text head = {0};
    float piece[PIECE];
    add_head(&head, rows, cols, 4);
    COVEY_NOMEM_IF(head.failed, err);
    COVEY_TRY(write_fully(fd, head.data, head.size, name, err));
    for (size_t at = 0, n = rows * cols; at < n; at += PIECE) {
        size_t count = n - at < PIECE ? n - at : PIECE;
        memcpy(piece, data + at, count * sizeof *piece);
        covey__little_endian(piece, count, 4);
        COVEY_TRY(write_fully(fd, piece, count * sizeof *piece, name, err));
    }
done:
    covey__text_fini(&head);
    return status;
}

covey_status covey_npy_save_f32(const char *path, const float *data, size_t rows, size_t cols,
                                covey_error *err) {
    return save(path, data, rows, cols, 4, err);
}

covey_status covey_npy_save_f64(const char *path, const double *data, size_t rows, size_t cols,
                                covey_error *err) {
    return save(path, data, rows, cols, 8, err);
}
