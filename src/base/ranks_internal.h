/* SPDX-License-Identifier: MIT */
/* Work shared by the ranks of a job on several machines.
 *
 * Every rank runs the same program and comes to the same decisions; what differs is which rows it
 * holds. Ranks own whole chunks of rows (sum_internal.h), so that a sum is the same tree of the same
 * chunks for any number of ranks: each sends the roots of the subtrees that lie within its chunks.
 * Numbers that are added across ranks otherwise are integers.
 *
 * covey__ranks is all that is known of the other ranks: ranks_single.c is the process alone,
 * mpi/ranks_mpi.c the ranks of MPI. All functions are collective: every rank of the job calls the same
 * ones in the same order, from the thread that began. docs/design/scale.md. */
#ifndef COVEY_RANKS_INTERNAL_H
#define COVEY_RANKS_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#include "covey/status.h"

typedef enum covey__reduction { COVEY__SUM, COVEY__LEAST, COVEY__MOST } covey__reduction;

enum { COVEY__RANKS_ANY = -1, COVEY__HOST_BYTES = 64 };

typedef struct covey__traffic {
    uint64_t calls, bytes; /* collective calls, and bytes that this rank gave to them */
    double seconds;        /* in them: the transfer, and waiting for the slowest */
    double polling;        /* processor seconds in them */
} covey__traffic;

typedef struct covey__ranks {
    int rank, count;
    int local; /* ranks on this host */
    char host[COVEY__HOST_BYTES];
    /* Rank r's bytes[r] bytes at data + offsets[r] reach all others. */
    void (*gather)(void *data, const size_t *bytes, const size_t *offsets);
    void (*reduce)(int64_t *numbers, size_t n, covey__reduction how); /* the result on all ranks */
    void (*broadcast)(void *data, size_t bytes, int from);
    /* Not collective: a message to one rank, and the next message from one (or any) of them. receive
     * answers the message's bytes, at most `room` of which are stored, and whose it was. */
    void (*send)(int to, const void *data, size_t bytes);
    size_t (*receive)(int *from, void *data, size_t room);
    int (*waiting)(void); /* 1: a message has come that receive would take at once */
    /* 1 when all ranks called it within `seconds`, else 0. */
    int (*meet)(double seconds);
    /* Says the sentence on stderr and ends the processes of all ranks; does not return. */
    void (*abandon)(int code, const char *sentence);
    void (*end)(void);
    covey__traffic *traffic;
} covey__ranks;

extern const covey__ranks covey__ranks_single;

/* The ranks of this job: covey__ranks_single until covey_ranks_begin has found others. */
const covey__ranks *covey__ranks_get(void);
/* Those that covey_matrix_load splits rows between: covey__ranks_single unless that was asked for. */
const covey__ranks *covey__ranks_split_loads(void);
/* Cores for this rank's threads: those it is bound to, else its part of the host's. */
int covey__ranks_cores(void);

/* The function that covey-mpi.so exports. NULL: MPI did not start. */
typedef const covey__ranks *covey__ranks_begin_fn(void);
#define COVEY__RANKS_SYMBOL "covey__ranks_mpi_3" /* another number with each change above */

/* ---- who has which rows ------------------------------------------------------------------- */

/* Rows first .. end-1 of n are this rank's; `ranks` are those that have the others. */
typedef struct covey__share {
    const covey__ranks *ranks;
    size_t n, first, end;
} covey__share;

size_t covey__rank_first(const covey__ranks *ranks, size_t n, int rank); /* rank = count: n */
int covey__rank_of_row(const covey__ranks *ranks, size_t n, size_t row);
covey__share covey__share_all(size_t n); /* all rows are here */

/* An array of n rows of `row_bytes` of which this rank holds its own; with other ranks the rest is
 * address space, zero until written. Zeroed where `zero`. NULL if there is no room; freed by
 * covey__free. With one rank a plain array. */
void *covey__split_alloc(const covey__ranks *ranks, size_t n, size_t row_bytes, int zero);
/* The share of an array's rows: split if `rows` was made by covey__split_alloc (or lies within such
 * an array), else all of them. */
covey__share covey__share_of(const void *rows, size_t n);
/* All rows of the array have been filled: from now on it is as any other. */
void covey__split_whole(const void *rows);
int covey__split_free(void *pointer); /* 1 and it is gone if it is one of these; else 0 */

/* Every rank's part of an array of per-row (per-chunk) things reaches all others. */
void covey__exchange_rows(const covey__share *share, void *array, size_t row_bytes);
void covey__exchange_chunks(const covey__share *share, void *array, size_t chunk_bytes);

/* Rows list [count] of x [n][d], the same list on every rank, become readable on all of them. */
covey_status covey__fetch_rows(const covey__share *share, const float *x, size_t d,
                               const int64_t *list, size_t count, covey_error *err);

/* ---- agreement ---------------------------------------------------------------------------- */

/* COVEY_OK if `status` is that on every rank; else every rank gets the failure of the lowest failing
 * rank, its sentence in *err, which names the rank where it is not 0. */
covey_status covey__ranks_agree(const covey__ranks *ranks, covey_status status, covey_error *err);

/* ---- the fixed tree, across ranks ----------------------------------------------------------- */

/* A stack of subtrees of the tree of covey__sum_tree, chunk after chunk in ascending order. Only
 * subtrees that lie within first .. end-1 are joined: those of other ranks join the rest. */
typedef struct covey__tree {
    size_t width, first, end, top;
    double *nodes; /* [covey__tree_room][width], the caller's */
    size_t chunk[2 * (sizeof(size_t) * 8 + 2)];
} covey__tree;

size_t covey__tree_room(size_t chunks, int split);
void covey__tree_init(covey__tree *tree, double *nodes, size_t width, const covey__share *share);
/* A node of zeros for the sum of `chunk`, to be filled before the next call. */
double *covey__tree_next(covey__tree *tree, size_t chunk);
/* nodes [0] <- the sum over all chunks of all ranks. COVEY_E_NOMEM. */
covey_status covey__tree_total(covey__tree *tree, const covey__share *share);

#endif
