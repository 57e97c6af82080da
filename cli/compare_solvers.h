/* SPDX-License-Identifier: MIT */
/* covey compare --solvers: every solver on every cluster of every loss. */
#ifndef COVEY_COMPARE_SOLVERS_H
#define COVEY_COMPARE_SOLVERS_H

#include <jansson.h>

#include "covey/covey.h"

typedef covey_solver_row solver_row;

/* Solves each cluster's centre again from its mean, by each solver that takes the loss. x: the rows
 * that were clustered, [n][d]. `*rows` [*n_rows] is freed with free. Returns the exit code. */
int compare_solvers(solver_row **rows, size_t *n_rows, const covey_run *run, const float *x);

void compare_solvers_print(const solver_row *rows, size_t n_rows);
json_t *compare_solvers_json(const solver_row *rows, size_t n_rows);
/* As CSV on stdout. */
void compare_solvers_print_csv(const solver_row *rows, size_t n_rows);
/* Gap against time, a panel for each loss; the suffix of `path` says .png or .svg. Returns the exit
 * code. */
int compare_solvers_plot(const char *path, const solver_row *rows, size_t n_rows);

#endif
