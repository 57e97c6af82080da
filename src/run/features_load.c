/* SPDX-License-Identifier: MIT */
/* Features in the forms that other tools write: NumPy's .npz is a zip file of .npy files, a
 * .safetensors a directory of tensors (src/vgg reads it), a folder any of these in order. */
#include "covey/features.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zip.h>

#include "base_internal.h"
#include "weights_source_internal.h"

static int ends_with(const char *name, const char *end) {
    size_t n = strlen(name), m = strlen(end);
    return n > m && strcmp(name + n - m, end) == 0;
}

/* ---- .npz ------------------------------------------------------------------------------------ */

static covey_status read_member(void *from, void *to, size_t size, const char *path,
                                covey_error *err) {
    char *p = to;
    while (size) {
        zip_int64_t n = zip_fread(from, p, size < 1 << 24 ? size : 1 << 24);
        if (n < 0)
            return covey__fail(err, COVEY_E_FORMAT, path, "is damaged (%s); save it again",
                               zip_error_strerror(zip_file_get_error(from)));
        if (n == 0)
            return covey__fail(err, COVEY_E_FORMAT, path, "ends too early; it is truncated");
        p += n;
        size -= (size_t)n;
    }
    return COVEY_OK;
}

/* One array. COVEY_E_FORMAT and COVEY_E_UNSUPPORTED may mean that it is of another kind. */
static covey_status load_member(covey_matrix *out, zip_t *zip, uint64_t index, int as_row,
                                const char *path, covey_error *err) {
    covey_status status = COVEY_OK;
    covey_matrix found = {0};
    zip_file_t *file = NULL;
    zip_stat_t info;
    unsigned char beyond;
    zip_stat_init(&info);
    COVEY_FAIL_IF(zip_stat_index(zip, index, 0, &info) ||
                      (info.valid & (ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE)) !=
                          (ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE) ||
                      info.size / 1040 > info.comp_size, /* deflate cannot shrink by more */
                  err, COVEY_E_FORMAT, path, "claims an impossible size; save it again");
    file = zip_fopen_index(zip, index, 0);
    COVEY_FAIL_IF(!file, err, COVEY_E_FORMAT, path, "cannot be read (%s); save it again",
                  zip_strerror(zip));
    covey__stream from = {read_member, file, info.size};
    COVEY_TRY(covey__matrix_read(&found, &from, as_row, path, err));
    /* Reaching the end makes libzip compare the array's checksum. */
    COVEY_FAIL_IF(zip_fread(file, &beyond, 1) != 0, err, COVEY_E_FORMAT, path,
                  "is damaged; save it again");
    *out = found;
    found = (covey_matrix){0};
done:
    covey_matrix_fini(&found);
    if (file)
        zip_fclose(file);
    return status;
}

/* The array of the zip file that can be features; `named` is "FILE: ARRAY" for sentences. */
static covey_status find_member(covey_matrix *out, zip_t *zip, int as_row, const char *path,
                                covey_error *err) {
    covey_status status = COVEY_OK;
    covey_matrix found = {0}, other = {0};
    covey_error why = {0};
    char first[64] = "";
    zip_int64_t count = zip_get_num_entries(zip, 0);
    for (zip_int64_t i = 0; i < count; ++i) {
        const char *name = zip_get_name(zip, (zip_uint64_t)i, ZIP_FL_ENC_RAW);
        if (!name || !ends_with(name, ".npy"))
            continue;
        covey_error problem;
        status = load_member(&other, zip, (uint64_t)i, as_row, path, &problem);
        if (status == COVEY_E_FORMAT || status == COVEY_E_UNSUPPORTED) {
            why = problem;
            status = COVEY_OK;
            continue;
        }
        if (status != COVEY_OK) {
            if (err)
                *err = problem;
            goto done;
        }
        COVEY_FAIL_IF(found.data, err, COVEY_E_FORMAT, path,
                      "holds several arrays that could be features (%.40s, %.40s); save one alone",
                      first, name);
        found = other;
        other = (covey_matrix){0};
        snprintf(first, sizeof first, "%s", name);
    }
    if (!found.data && why.message[0]) {
        if (err)
            *err = why;
        status = why.status;
        goto done;
    }
    COVEY_FAIL_IF(!found.data, err, COVEY_E_FORMAT, path,
                  "is a zip file without an array: save features with numpy.savez");
    *out = found;
    found = (covey_matrix){0};
done:
    covey_matrix_fini(&found);
    covey_matrix_fini(&other);
    return status;
}

static covey_status load_npz(covey_matrix *out, int as_row, const char *path, covey_error *err) {
    int code;
    zip_t *zip = zip_open(path, ZIP_RDONLY, &code);
    if (!zip) {
        zip_error_t error;
        zip_error_init_with_code(&error, code);
        covey_status status = covey__fail(
            err, zip_error_code_zip(&error) == ZIP_ER_MEMORY ? COVEY_E_NOMEM : COVEY_E_FORMAT, path,
            "is a damaged or truncated zip file (%s); save it again", zip_error_strerror(&error));
        zip_error_fini(&error);
        return status;
    }
    covey_status status = find_member(out, zip, as_row, path, err);
    zip_discard(zip);
    return status;
}

/* ---- .safetensors ---------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b) {
    const covey__tensor *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

/* `n` numbers as float32; float64 is rounded. */
static covey_status read_tensor(float *to, covey__source *source, const covey__tensor *tensor,
                                size_t n, covey_error *err) {
    enum { PIECE = 4096 };
    unsigned char raw[PIECE * 8];
    if (tensor->dtype != COVEY__DTYPE_F64)
        return covey__source_read_tensor(source, tensor, to, n, err);
    for (size_t at = 0; at < n; at += PIECE) {
        size_t count = n - at < PIECE ? n - at : PIECE;
        covey_status status =
            covey__source_read(source, raw, tensor->offset + 8 * at, 8 * count, err);
        if (status != COVEY_OK)
            return status;
        for (size_t i = 0; i < count; ++i) {
            uint64_t bits = 0;
            double value;
            for (int byte = 7; byte >= 0; --byte)
                bits = bits << 8 | raw[8 * i + (size_t)byte];
            memcpy(&value, &bits, sizeof value);
            to[at + i] = (float)value;
        }
    }
    return COVEY_OK;
}

/* The tensors that make the rows, into `chosen`: one of rank 2, or all, of rank 1. */
static covey_status choose_tensors(const covey__tensor **chosen, size_t *count,
                                   const covey__source *source, covey_error *err) {
    size_t flat = 0;
    *count = 0;
    for (size_t i = 0; i < source->count; ++i) {
        const covey__tensor *tensor = &source->tensor[i];
        if (tensor->dtype == COVEY__DTYPE_OTHER)
            continue;
        if (tensor->rank == 2 && *count)
            return covey__fail(err, COVEY_E_FORMAT, source->path,
                               "holds several tensors that could be features (%.40s, %.40s); save "
                               "one alone",
                               chosen[0]->name, tensor->name);
        if (tensor->rank == 2)
            chosen[(*count)++] = tensor;
        flat += tensor->rank == 1;
    }
    if (*count)
        return COVEY_OK;
    for (size_t i = 0; i < source->count; ++i)
        if (source->tensor[i].rank == 1 && source->tensor[i].dtype != COVEY__DTYPE_OTHER)
            chosen[(*count)++] = &source->tensor[i];
    if (flat == 0)
        return covey__fail(err, COVEY_E_FORMAT, source->path,
                           "holds no floating tensor of shape [n][d], nor one [d] for each row");
    qsort(chosen, *count, sizeof *chosen, by_name);
    for (size_t i = 1; i < *count; ++i)
        if (chosen[i]->shape[0] != chosen[0]->shape[0])
            return covey__fail(err, COVEY_E_FORMAT, source->path,
                               "has rows of different lengths: %.40s of %ju numbers, %.40s of %ju",
                               chosen[0]->name, (uintmax_t)chosen[0]->shape[0], chosen[i]->name,
                               (uintmax_t)chosen[i]->shape[0]);
    return COVEY_OK;
}

static covey_status load_safetensors(covey_matrix *out, const char *path, covey_error *err) {
    covey_status status = COVEY_OK;
    covey__source source = {0};
    const covey__tensor **chosen = NULL;
    float *data = NULL;
    size_t count = 0, n;
    COVEY_TRY(covey__source_open(&source, path, err));
    chosen = covey__alloc_array(source.count + 1, sizeof *chosen);
    COVEY_NOMEM_IF(!chosen, err);
    COVEY_TRY(choose_tensors(chosen, &count, &source, err));
    int whole = chosen[0]->rank == 2;
    uint64_t rows = whole ? chosen[0]->shape[0] : count, cols = chosen[0]->shape[whole];
    COVEY_FAIL_IF(rows == 0 || cols == 0, err, COVEY_E_FORMAT, path,
                  "is empty: %ju rows of %ju numbers", (uintmax_t)rows, (uintmax_t)cols);
    COVEY_FAIL_IF(covey__mul_size(&n, (size_t)rows, (size_t)cols), err, COVEY_E_FORMAT, path,
                  "claims an impossible size");
    data = covey__alloc_array(n, sizeof *data);
    COVEY_FAIL_IF(!data, err, COVEY_E_NOMEM, path, "does not fit: %s", covey__nomem_sentence());
    for (size_t i = 0; i < count; ++i)
        COVEY_TRY(read_tensor(data + i * cols, &source, chosen[i], whole ? n : (size_t)cols, err));
    for (size_t i = 0; i < n; ++i)
        COVEY_FAIL_IF(!isfinite(data[i]), err, COVEY_E_NUMERIC, path,
                      "has NaN or infinity in row %zu (counted from 0)", i / (size_t)cols);
    *out = (covey_matrix){data, (size_t)rows, (size_t)cols};
    data = NULL;
done:
    covey__free(data);
    covey__free(chosen);
    covey__source_fini(&source);
    return status;
}

/* ---- one file -------------------------------------------------------------------------------- */

/* 1: .npz or .safetensors, which are read whole. 0: .npy, or nothing that can be opened. */
static int is_other_form(int *zipped, const char *path) {
    unsigned char start[4];
    *zipped = covey__file_head(start, sizeof start, path) == sizeof start &&
              memcmp(start, "PK\3\4", 4) == 0;
    return *zipped || ends_with(path, ".safetensors");
}

static covey_status load_npy(covey_matrix *out, int as_row, const char *path, covey_error *err) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return covey__fail_errno(err, path, "could not be opened");
    covey_status status = covey__matrix_read_fd(out, fd, 0, as_row, path, err);
    close(fd);
    return status;
}

static covey_status load_file(covey_matrix *out, int as_row, const char *path, covey_error *err) {
    int zipped = 0;
    if (!is_other_form(&zipped, path))
        return load_npy(out, as_row, path, err);
    return zipped ? load_npz(out, as_row, path, err) : load_safetensors(out, path, err);
}

/* ---- a folder -------------------------------------------------------------------------------- */

static int is_ours(const struct dirent *entry) {
    const char *name = entry->d_name;
    return name[0] != '.' &&
           (ends_with(name, ".npy") || ends_with(name, ".npz") || ends_with(name, ".safetensors"));
}

static int by_bytes(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* Puts `more` behind the rows that are there; room grows by doubling. */
static covey_status append(covey_matrix *all, size_t *room, const covey_matrix *more,
                           const char *path, covey_error *err) {
    size_t rows = all->rows + more->rows;
    if (all->rows && all->cols != more->cols)
        return covey__fail(err, COVEY_E_FORMAT, path,
                           "has %zu columns where the files before it have %zu", more->cols,
                           all->cols);
    if (rows > *room) {
        size_t wanted = rows > 2 * *room ? rows : 2 * *room, n;
        float *data =
            covey__mul_size(&n, wanted, more->cols) ? NULL : covey__alloc_array(n, sizeof *data);
        if (!data)
            return covey__fail(err, COVEY_E_NOMEM, path, "does not fit: %s",
                               covey__nomem_sentence());
        if (all->rows)
            memcpy(data, all->data, all->rows * all->cols * sizeof *data);
        covey__free(all->data);
        all->data = data;
        *room = wanted;
    }
    assert(all->data && more->data);
    memcpy(all->data + all->rows * more->cols, more->data,
           more->rows * more->cols * sizeof *more->data);
    all->rows = rows;
    all->cols = more->cols;
    return COVEY_OK;
}

static covey_status load_folder(covey_matrix *out, const char *folder, covey_error *err) {
    covey_status status = COVEY_OK;
    struct dirent **entries = NULL;
    covey_matrix all = {0}, one = {0};
    size_t room = 0;
    char *path = NULL;
    int count = scandir(folder, &entries, is_ours, by_bytes);
    if (count < 0)
        return covey__fail_errno(err, folder, "could not be read");
    COVEY_FAIL_IF(count == 0, err, COVEY_E_FORMAT, folder,
                  "is no run folder (there is no run.json) and holds no .npy, .npz or "
                  ".safetensors files");
    for (int i = 0; i < count; ++i) {
        covey__free(path);
        path = covey__path_join(folder, entries[i]->d_name);
        COVEY_NOMEM_IF(!path, err);
        COVEY_TRY(load_file(&one, 1, path, err));
        COVEY_TRY(append(&all, &room, &one, path, err));
        covey_matrix_fini(&one);
    }
    *out = all;
    all = (covey_matrix){0};
done:
    for (int i = 0; i < count; ++i)
        free(entries[i]);
    free(entries);
    covey__free(path);
    covey_matrix_fini(&one);
    covey_matrix_fini(&all);
    return status;
}

covey_status covey_features_load(covey_matrix *out, const char *path, covey_error *err) {
    struct stat info;
    covey_matrix whole = {0};
    int zipped = 0, folder = stat(path, &info) == 0 && S_ISDIR(info.st_mode);
    if (!folder && !is_other_form(&zipped, path))
        return covey_matrix_load(out, path, err);
    covey_status status = folder   ? load_folder(&whole, path, err)
                          : zipped ? load_npz(&whole, 0, path, err)
                                   : load_safetensors(&whole, path, err);
    status = covey__matrix_share(&whole, status, path, err);
    if (status == COVEY_OK)
        *out = whole;
    return status;
}
