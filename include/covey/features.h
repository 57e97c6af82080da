/* SPDX-License-Identifier: MIT */
/* Features of any network, as its user has them: a matrix [n][d] from .npy, .npz or .safetensors, or
 * from a folder of such files.
 *
 * Safe from any thread. Recognised by content, .safetensors by name. Nothing in a file is trusted:
 * every size is checked against the file before memory is asked for. */
#ifndef COVEY_FEATURES_H
#define COVEY_FEATURES_H

#include "covey/npy.h"

COVEY_BEGIN_DECLS

/* Reads features as float32 (wider numbers are rounded, halves and bfloat16 widened):
 *
 * - .npy: as covey_matrix_load.
 * - .npz: its one two-dimensional array of float32 or float64; arrays of other kinds beside it, such
 *   as labels, are passed over.
 * - .safetensors: its one two-dimensional floating tensor; or, if it has none, one-dimensional
 *   tensors of equal length, a row each, in the byte order of their names.
 * - a folder: every file in it (not below) whose name ends in .npy, .npz or .safetensors and does not
 *   begin with a dot, one after the other in the byte order of their names; there a one-dimensional
 *   array is one row. All must have as many columns. Numbers in names want leading zeros.
 *
 * Where ranks share loads (covey_ranks_split) each keeps its own rows, as covey_matrix_load says; of the
 * other forms every rank reads the whole file first.
 *
 * A NaN or an infinity is COVEY_E_NUMERIC, naming the row; several candidates, or none, are
 * COVEY_E_FORMAT. On success the caller owns `out` and calls covey_matrix_fini; on failure it is
 * untouched. */
COVEY_API COVEY_NODISCARD covey_status covey_features_load(covey_matrix *out, const char *path,
                                                           covey_error *err);

COVEY_END_DECLS

#endif
