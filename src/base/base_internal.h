/* SPDX-License-Identifier: MIT */
/* What every module may use: failing with a sentence, memory, strings, files, hashing. */
#ifndef COVEY_BASE_INTERNAL_H
#define COVEY_BASE_INTERNAL_H

#include <locale.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "covey/cpu.h"
#include "covey/npy.h"
#include "covey/status.h"

enum { COVEY__ISA_COUNT = COVEY_ISA_AMX + 1 };

/* ---- failing ---------------------------------------------------------------------------- */

/* Fills *err (may be NULL) and returns `status`. `path` may be NULL. */
COVEY_PRINTF(4, 5)
covey_status covey__fail(covey_error *err, covey_status status, const char *path, const char *fmt,
                         ...);

/* As covey__fail with COVEY_E_IO (COVEY_E_NOT_FOUND for ENOENT), strerror(errno) behind `what`. */
covey_status covey__fail_errno(covey_error *err, const char *path, const char *what);

/* Clang's analyzer (tests/slow/clang.sh) does not look into other files, and would follow a failure that
 * returns COVEY_OK. Whoever defines one of these puts its name in parentheses. */
#ifdef __clang_analyzer__
#define covey__fail(err, status, ...) (covey__fail((err), (status), __VA_ARGS__), (status))
#define covey__fail_errno(err, path, what) (covey__fail_errno((err), (path), (what)), COVEY_E_IO)
#endif

/* What to do about an allocation that failed, of memory or of disk (covey/memory.h). */
const char *covey__nomem_sentence(void);

/* The function using these has a `covey_status status = COVEY_OK` and one `done:` label. */
#define COVEY_TRY(expr)                                                                          \
    do {                                                                                         \
        status = (expr);                                                                         \
        if (status != COVEY_OK)                                                                  \
            goto done;                                                                           \
    } while (0)
#define COVEY_FAIL_IF(cond, err, code, path, ...)                                                \
    do {                                                                                         \
        if (cond) {                                                                              \
            status = covey__fail((err), (code), (path), __VA_ARGS__);                            \
            goto done;                                                                           \
        }                                                                                        \
    } while (0)
#define COVEY_NOMEM_IF(cond, err)                                                                \
    COVEY_FAIL_IF(cond, err, COVEY_E_NOMEM, NULL, "%s", covey__nomem_sentence())

/* covey_isa_in_use answers no better one from now on. */
void covey__isa_limit(covey_isa isa);

/* Turns n numbers of `width` bytes between a file's order, little-endian, and this machine's, in place. */
void covey__little_endian(void *numbers, size_t n, int width);

/* ---- memory: 64-byte aligned, freed by covey_free (covey/npy.h) ------------------------- */

void *covey__alloc(size_t bytes);               /* NULL when it fails; 0 bytes: a valid pointer */
void *covey__calloc(size_t count, size_t size); /* zeroed, the product checked */
void *covey__alloc_array(size_t count, size_t size);
/* Grows or shrinks; `old_bytes` of content are kept. On failure the old block stays valid. */
void *covey__realloc(void *pointer, size_t old_bytes, size_t new_bytes);
char *covey__strdup(const char *s);
char *covey__strndup(const char *s, size_t n);
COVEY_PRINTF(1, 2) char *covey__asprintf(const char *fmt, ...);
void covey__free(void *pointer);
/* 0 and *out = a*b; -1 on overflow. */
int covey__mul_size(size_t *out, size_t a, size_t b);
int covey__add_size(size_t *out, size_t a, size_t b);

/* Tests make the k-th allocation from now (1-based) and all later ones fail; 0 turns that off. */
void covey__alloc_fail_at(size_t k);
void covey__alloc_fail_only(size_t k); /* the k-th alone; for those that do without */
size_t covey__alloc_count(void); /* allocations made since the last covey__alloc_fail_at */

/* ---- a growing byte string -------------------------------------------------------------- */

/* Zero-initialise; `failed` is sticky, so a writer checks once at the end. */
typedef struct covey__text {
    char *data; /* NUL-terminated once anything was added */
    size_t size;
    size_t capacity;
    int failed;
} covey__text;
void covey__text_add(covey__text *text, const char *s);
void covey__text_add_bytes(covey__text *text, const void *bytes, size_t n);
COVEY_PRINTF(2, 3) void covey__text_addf(covey__text *text, const char *fmt, ...);
/* Quoted by RFC 4180 where needed, raw bytes otherwise. */
void covey__text_add_csv(covey__text *text, const char *field);
/* As covey__text_add, with & < > " ' as entities and invalid UTF-8 and controls as U+FFFD. */
void covey__text_add_html(covey__text *text, const char *s);
/* The shortest decimal that reads back as the same float64 (%.17g at worst); "nan", "inf". */
void covey__text_add_double(covey__text *text, double value);
/* The same for float32 values (%.9g at worst). */
void covey__text_add_float(covey__text *text, float value);
void covey__text_fini(covey__text *text);

/* Length of the well-formed UTF-8 character at `s` (Unicode 15, table 3-7), 0 if there is none. */
size_t covey__utf8_length(const char *s);

/* Numbers are written with a point whatever locale the host program has set: what is formatted in
 * between uses the C locale, in this thread alone. */
locale_t covey__c_locale_begin(void);
void covey__c_locale_end(locale_t kept);

/* A copy with invalid UTF-8 and control characters as U+FFFD; *changed says whether. */
char *covey__utf8_clean(const char *s, int *changed);

/* Splits one RFC 4180 record in place: *cursor moves to the next record. Returns the number of
 * fields (pointers into the buffer, at most `max` stored), 0 at the end, -1 on a broken quote. */
int covey__csv_next(char **cursor, char *end, char **fields, int max);

/* ---- files ------------------------------------------------------------------------------ */

char *covey__path_join(const char *a, const char *b); /* NULL when memory runs out */
const char *covey__path_base(const char *path);

/* Whole file into memory, NUL appended beyond *size; refuses more than `limit` bytes. */
covey_status covey__file_read(char **out, size_t *size, const char *path, size_t limit,
                              covey_error *err);
/* Bytes read from the start of a file, at most `room`; 0 of what is not there or not a file. */
size_t covey__file_head(void *out, size_t room, const char *path);
/* Written to a temporary name in the same folder, fsynced, renamed, folder fsynced. What a killed
 * writer of the same file left there is removed. */
covey_status covey__file_write(const char *path, const void *data, size_t size, covey_error *err);
/* Written in place, not flushed: for folders built aside, which covey__folder_sync then brings to
 * disk at once (thousands of thumbnails would otherwise wait for the disk one by one). */
covey_status covey__file_write_unsynced(const char *path, const void *data, size_t size,
                                        covey_error *err);
covey_status covey__folder_sync(const char *path, covey_error *err);
/* Brings the name of `path` to disk: flushes the folder it lies in, where the file system can. */
void covey__parent_sync(const char *path);
/* mkdir -p. */
covey_status covey__mkdirs(const char *path, covey_error *err);
/* Removes a file or a whole folder (no symlink followed); missing is fine. */
covey_status covey__remove_tree(const char *path, covey_error *err);
/* Copies one regular file's content, built aside and renamed in. */
covey_status covey__file_copy(const char *to, const char *from, covey_error *err);

/* Where a .npy comes from, when it is not a file of its own: `read` gives exactly `size` bytes more. */
typedef struct covey__stream {
    covey_status (*read)(void *from, void *to, size_t size, const char *path, covey_error *err);
    void *from;
    uint64_t size; /* bytes in all; UINT64_MAX: not known */
} covey__stream;

/* As covey_matrix_read; with `as_row` a one-dimensional array is one row. */
covey_status covey__matrix_read(covey_matrix *out, const covey__stream *from, int as_row,
                                const char *name, covey_error *err);
/* The same from a descriptor; `piped`: it need not be a regular file. */
covey_status covey__matrix_read_fd(covey_matrix *out, int fd, int piped, int as_row,
                                   const char *name, covey_error *err);
/* A matrix that every rank has read whole, or failed to: where loads are split (covey_ranks_split) each
 * keeps its own rows, as covey_matrix_load would have read them. On failure `matrix` is emptied. */
covey_status covey__matrix_share(covey_matrix *matrix, covey_status status, const char *path,
                                 covey_error *err);

/* As covey_npy_load_f64; `finite` 0 lets NaN and infinity pass, for our own files. */
covey_status covey__npy_load_f64(double **out, size_t *rows, size_t *cols, const char *path,
                                 int finite, covey_error *err);

/* ---- SHA-256 ---------------------------------------------------------------------------- */

void covey__sha256(uint8_t digest[32], const void *data, size_t size);
/* Of a regular file alone: a device may have no end. *size, unless NULL, becomes its bytes. */
covey_status covey__sha256_file(uint8_t digest[32], uint64_t *size, const char *path,
                                covey_error *err);
void covey__hex(char *out /* 2n+1 */, const uint8_t *bytes, size_t n);

/* The nearest of `names` (NULL-terminated) to `word` by edit distance, or NULL if none is near. */
const char *covey__nearest_name(const char *word, const char *const *names);

#endif
