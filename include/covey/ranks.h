/* SPDX-License-Identifier: MIT */
/* Several processes of one job, the ranks, share the work: `mpirun -n 8 covey cluster ...`.
 *
 *     covey_ranks_begin(&err);                        // nothing, unless mpirun started this process
 *     covey_ranks_split(1);
 *     covey_matrix_load(&features, path, &err);       // each rank holds its own rows
 *     covey_cluster_compute(&result, features.data, ...);   // the same result on every rank
 *     code = covey_ranks_end(code, sentence, said);
 *
 * Without other ranks every function returns at once and nothing changes. With them all ranks make
 * the same calls of this library in the same order, from the thread that began: a call waits for
 * the other ranks, and one that a rank leaves out is waited for until the job ends. Results are the
 * same bytes for any number of ranks. docs/design/scale.md says who holds and sends what. */
#ifndef COVEY_RANKS_H
#define COVEY_RANKS_H

#include <stddef.h>
#include <stdint.h>

#include "covey/status.h"

COVEY_BEGIN_DECLS

/* The rank that mpirun or another launcher gave this process, from the environment; -1 if none did.
 * Needs no MPI and no covey_ranks_begin. */
COVEY_API int covey_ranks_launched(void);

/* Joins the other ranks where a launcher started this process: loads covey-mpi.so, which is found
 * beside the program, in ../libexec, where it was installed, or by $COVEY_MPI_MODULE. From now on all
 * ranks use the lowest instruction set of any of them.
 * COVEY_E_NOT_FOUND: this Covey was built without MPI; COVEY_E_UNSUPPORTED: the module is of another
 * version; COVEY_E_LIMIT: more than 4096 ranks. Once per process, before other threads use the
 * library. */
COVEY_API COVEY_NODISCARD covey_status covey_ranks_begin(covey_error *err);

/* This rank, from 0 on; 0 without others. */
COVEY_API int covey_ranks_rank(void);

/* How many ranks there are; 1 without others. */
COVEY_API int covey_ranks_count(void);

/* "4 ranks on 2 hosts, kernels avx2 (rank 3 on HOST has no better)": for people. The string belongs
 * to the library and stays. Empty without other ranks. */
COVEY_API const char *covey_ranks_words(void);

/* split 1: from now on covey_matrix_load, and what loads a matrix through it, is a call of all ranks
 * for the same file: each reads the rows it owns, whole chunks of 4096, and has address space for the
 * others. Functions of cluster.h and compare.h share the work on such rows; other functions need all
 * of them (covey_ranks_gather). 0, as it is at first: every rank loads on its own. Answers what it was
 * before. */
COVEY_API int covey_ranks_split(int split);

/* COVEY_OK if `text` is the same on all ranks; else COVEY_E_ARGUMENT on all of them, with a sentence
 * that names the first rank that differs from rank 0, its text, and `what` it is. */
COVEY_API COVEY_NODISCARD covey_status covey_ranks_same(const char *what, const char *text,
                                                        covey_error *err);

/* COVEY_OK if `status` is that on all ranks. Else all ranks get the status and sentence of the lowest
 * rank that failed, which it names unless that is rank 0. */
COVEY_API COVEY_NODISCARD covey_status covey_ranks_agree(covey_status status, covey_error *err);

/* Every rank's data [bytes] become those of rank 0. */
COVEY_API void covey_ranks_tell(void *data, size_t bytes);

/* All rows of x [n][d], of which each rank holds its own, come to every rank, for work that is not
 * shared: from then on x is an array as any other. Costs every rank the memory of all rows. Arrays
 * that are not split are left alone. */
COVEY_API COVEY_NODISCARD covey_status covey_ranks_gather(const float *x, size_t n, size_t d,
                                                          covey_error *err);

/* What the calls of this rank have cost so far: their number, the bytes it gave to them, the seconds
 * spent in them (transfer, and waiting for the slowest rank). Any pointer may be NULL. */
COVEY_API void covey_ranks_traffic(uint64_t *calls, uint64_t *bytes, double *seconds);

/* Processor seconds, of all its threads, that this rank has spent outside of collective calls: its part of
 * the work, whatever it waits for. 0 without other ranks. */
COVEY_API double covey_ranks_busy(void);

/* The end of the job. `code` is this rank's exit code and `sentence` what it has to say if that is not 0
 * (may be NULL). Answers the code for all ranks, the largest. Where only other ranks failed, said
 * [256] (may be NULL) is what the lowest of them had to say, else empty. A rank that fails while the
 * others wait for it in another call ends all processes after a few seconds, with its sentence. */
COVEY_API int covey_ranks_end(int code, const char *sentence, char said[256]);

COVEY_END_DECLS

#endif
