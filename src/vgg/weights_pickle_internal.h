/* SPDX-License-Identifier: MIT */
/* Python pickles, parsed and never executed; and the state dicts of PyTorch in them.
 *
 * A pickle is a program for a small stack machine whose GLOBAL and REDUCE instructions import and
 * call any Python function: unpickling an untrusted file is running it. Here the machine builds
 * plain values only. A global is a number in a fixed list, "calling" one of them makes the value
 * that a state dict means by it, and any other name is an error that says the name. */
#ifndef COVEY_WEIGHTS_PICKLE_INTERNAL_H
#define COVEY_WEIGHTS_PICKLE_INTERNAL_H

#include "weights_source_internal.h"

typedef enum covey__pickle_kind {
    COVEY__PICKLE_NONE,
    COVEY__PICKLE_BOOL,
    COVEY__PICKLE_INT,
    COVEY__PICKLE_FLOAT,
    COVEY__PICKLE_BIG,    /* an integer of more than 64 bits: its bytes, little-endian */
    COVEY__PICKLE_TEXT,   /* str or bytes */
    COVEY__PICKLE_TUPLE,  /* items are cells */
    COVEY__PICKLE_LIST,   /* items are cells */
    COVEY__PICKLE_DICT,   /* key, value, key, value ... are cells */
    COVEY__PICKLE_GLOBAL, /* number: covey__pickle_global */
    COVEY__PICKLE_STORAGE,
    COVEY__PICKLE_TENSOR
} covey__pickle_kind;

/* Values and cells are named by their index; 0 is no cell. */
typedef struct covey__pickle_value {
    covey__pickle_kind kind;
    int64_t number;            /* INT, BOOL, GLOBAL; STORAGE, TENSOR: elements before the first */
    const unsigned char *text; /* TEXT and BIG, STORAGE: its key; inside the pickle's bytes */
    size_t length;
    uint32_t first, last, count; /* containers; count of items, a pair counting once */
    uint32_t part[3];            /* TENSOR: storage, size, stride; STORAGE: dtype number */
    uint64_t elements;           /* STORAGE */
} covey__pickle_value;

typedef struct covey__pickle_cell {
    uint32_t value, next;
} covey__pickle_cell;

typedef struct covey__pickle {
    const char *path;
    const unsigned char *data; /* the caller's; must outlive the values */
    size_t size, at;           /* after parsing, `at` is just beyond the pickle */
    covey__pickle_value *value;
    size_t values, value_capacity;
    covey__pickle_cell *cell;
    size_t cells, cell_capacity;
    uint32_t *stack, *mark, *memo; /* memo: value + 1, 0 unset */
    size_t stacked, stack_capacity, marks, mark_capacity, memo_capacity, memos;
    uint32_t root;
} covey__pickle;

/* The types of storages, in the order of COVEY__PICKLE_STORAGE's part[0]. */
typedef struct covey__storage_type {
    const char *name; /* FloatStorage */
    covey__dtype dtype;
    const char *dtype_name;
    int width; /* bytes of an element, also where dtype is OTHER */
} covey__storage_type;
extern const covey__storage_type covey__storage_types[];

/* Parses one pickle at data[0 .. size). covey__pickle_fini frees, after failure too. */
covey_status covey__pickle_parse(covey__pickle *pickle, const unsigned char *data, size_t size,
                                 const char *path, covey_error *err);
void covey__pickle_fini(covey__pickle *pickle);

/* Whether a TEXT value is exactly `word`. */
int covey__pickle_is(const covey__pickle_value *value, const char *word);

/* A .pth in the zip form, whose data.pkl is entry `index`. */
covey_status covey__source_parse_torch_zip(covey__source *source, uint64_t index,
                                           covey_error *err);

#endif
