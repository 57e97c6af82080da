/* SPDX-License-Identifier: MIT */
/* The inner loops of rows_body.h for avx2. */
#if !defined(__AVX2__)
#error "compile with -mavx2"
#endif
#include "rows_body.h"

ROWS_TABLE(avx2);
