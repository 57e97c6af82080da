/* SPDX-License-Identifier: MIT */
/* What the two halves of covey verify share. */
#ifndef COVEY_RUN_VERIFY_INTERNAL_H
#define COVEY_RUN_VERIFY_INTERNAL_H

#include "covey/verify.h"
#include "run_internal.h"

/* Counts a difference and keeps the first with its sentence; the verdict only gets worse. */
COVEY_PRINTF(5, 6)
void covey__verify_note(covey_verified *out, covey_verdict verdict, int64_t row, const char *file,
                        const char *fmt, ...);

#endif
