/* SPDX-License-Identifier: MIT */
/* Matrices in NumPy's .npy format (versions 1.0 to 3.0), little-endian float32 and float64, C order.
 *
 * Safe from any thread. Reading checks every header field against the file's size before it
 * allocates; a file in Fortran order, of another type, big-endian, or not 2-D is refused with a
 * sentence that says how to convert it. */
#ifndef COVEY_NPY_H
#define COVEY_NPY_H

#include "covey/status.h"

COVEY_BEGIN_DECLS

/* A matrix [rows][cols], row-major. `data` is owned by the struct: covey_matrix_fini frees it. */
typedef struct covey_matrix {
    float *data; /* 64-byte aligned */
    size_t rows;
    size_t cols;
} covey_matrix;

/* Reads a 2-D float32 or float64 .npy (float64 is rounded to float32). A NaN or an infinity is
 * COVEY_E_NUMERIC, naming the first such row. An empty matrix is COVEY_E_FORMAT.
 * On success the caller owns `out` and calls covey_matrix_fini. */
COVEY_API COVEY_NODISCARD covey_status covey_matrix_load(covey_matrix *out, const char *path,
                                                         covey_error *err);

/* The same from an open descriptor, which may be a pipe and is left open: reads one .npy and no byte
 * beyond it. `name` stands for it in errors. */
COVEY_API COVEY_NODISCARD covey_status covey_matrix_read(covey_matrix *out, int fd,
                                                         const char *name, covey_error *err);

/* Between ranks (ranks.h), a call of all of them: rank 0's `from` [rows][cols], which it keeps, is split:
 * each rank holds in `out` the rows it owns, as after covey_matrix_load with covey_ranks_split(1); the
 * others' `from` is not read and may be NULL. With one rank a copy. COVEY_E_NOMEM on all ranks.
 * The caller owns `out`. */
COVEY_API COVEY_NODISCARD covey_status covey_matrix_scatter(covey_matrix *out,
                                                            const covey_matrix *from,
                                                            covey_error *err);

/* Frees what the matrix holds and zeroes it; accepts a zeroed struct and NULL. */
COVEY_API void covey_matrix_fini(covey_matrix *matrix);

/* Reads a 2-D float32 or float64 .npy as float64: `*out` [rows][cols], freed by the caller with
 * covey_free. */
COVEY_API COVEY_NODISCARD covey_status covey_npy_load_f64(double **out, size_t *rows, size_t *cols,
                                                          const char *path, covey_error *err);

/* Write [rows][cols] as a version 1.0 .npy, built aside and renamed in: readers never see half. */
COVEY_API COVEY_NODISCARD covey_status covey_npy_save_f32(const char *path, const float *data,
                                                          size_t rows, size_t cols,
                                                          covey_error *err);
/* The same for float64. */
COVEY_API COVEY_NODISCARD covey_status covey_npy_save_f64(const char *path, const double *data,
                                                          size_t rows, size_t cols,
                                                          covey_error *err);

/* Writes [rows][cols] as a version 1.0 .npy to an open descriptor, which may be a pipe and is left
 * open. `name` stands for it in errors; on failure a part may have been written. */
COVEY_API COVEY_NODISCARD covey_status covey_npy_write_f32(int fd, const char *name,
                                                           const float *data, size_t rows,
                                                           size_t cols, covey_error *err);

/* Frees an array that a function of this library handed over; accepts NULL. */
COVEY_API void covey_free(void *pointer);

COVEY_END_DECLS

#endif
