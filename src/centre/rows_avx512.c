/* SPDX-License-Identifier: MIT */
/* The inner loops of rows_body.h for avx512. */
#if !defined(__AVX512F__)
#error "compile with -mavx512f"
#endif
#include "rows_body.h"

ROWS_TABLE(avx512);
