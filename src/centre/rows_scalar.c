/* SPDX-License-Identifier: MIT */
/* The inner loops of rows_body.h for scalar. */

#include "rows_body.h"

ROWS_TABLE(scalar);
