/* SPDX-License-Identifier: MIT */
/* New rows described and normalised as a run's own were. */
#ifndef COVEY_ASSIGN_ROWS_H
#define COVEY_ASSIGN_ROWS_H

#include "covey/covey.h"
#include "options.h"

/* Photos of the operands from the second on (or one .npy) as a run of their own, without groups, in
 * *out, freed by covey_run_free; their features stay as extracted. Returns the exit code. */
int assign_rows_describe(covey_run **out, const covey_run *run, const options *options);

/* *x [rows][*columns], freed with free: the features of `fresh` normalised as those of `run`. */
int assign_rows_normalise(float **x, size_t *columns, const covey_run *fresh,
                          const covey_run *run);

#endif
