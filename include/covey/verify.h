/* SPDX-License-Identifier: MIT */
/* Whether a run reproduces: everything its folder says, computed again from its passport.
 *
 * Two calls, because features and groups may come from different machines and instruction sets:
 * COVEY_ISA holds for each call as it stands. Nothing is written. A run belongs to one thread at a
 * time. */
#ifndef COVEY_VERIFY_H
#define COVEY_VERIFY_H

#include "covey/run.h"

COVEY_BEGIN_DECLS

/* What computing a part again says. */
typedef enum covey_verdict {
    COVEY_VERDICT_NONE = 0, /* the run has no such part */
    COVEY_VERDICT_EQUAL,    /* to the bit */
    COVEY_VERDICT_WITHIN,   /* computed by another engine, and within the bound */
    COVEY_VERDICT_DIFFERENT,
    COVEY_VERDICT_UNKNOWN /* could not be computed again; `why` says what is missing */
} covey_verdict;

/* What of a run is looked at. */
typedef enum covey_part {
    COVEY_PART_PHOTOS = 0, /* the files: there, and of the recorded content */
    COVEY_PART_FEATURES,   /* features.npy, from the photos that are unchanged */
    COVEY_PART_SKIPPED,    /* skipped.csv */
    COVEY_PART_DUPLICATES, /* duplicates.csv, from features.npy as recorded */
    COVEY_PART_GROUPS,     /* centres/, clusters.csv, history.csv, comparison.json, likewise */
    COVEY_PART_LABELS,     /* scores against labels, in comparison.json */
    COVEY_PART_COUNT
} covey_part;

/* What was found of one part. */
typedef struct covey_verified {
    covey_verdict verdict;
    size_t checked, different; /* photos, or rows of tables */
    int64_t row;               /* the first that differs; -1: none, or not a row */
    char file[4096];           /* that photo, or the table it stands in; "" where there is none */
    char why[512];             /* one sentence; "" where equal */
    double error; /* FEATURES: the largest relative L2 distance of a row; 0 where equal */
} covey_verified;

/* Largest relative L2 distance of a photo's features between two engines: twice what each may lie
 * from exact arithmetic (docs/maths/winograd.md, section 4). */
#define COVEY_ENGINE_BOUND_F32 6e-5
/* The same where one of them computes in bfloat16. */
#define COVEY_ENGINE_BOUND_BF16 3e-2

/* How a run is computed again; begin with covey_verify_params_default. */
typedef struct covey_verify_params {
    int threads;  /* 0: all cores */
    size_t batch; /* of the network, 1 .. 64 */
    covey_progress_fn progress; /* may be NULL */
    void *progress_user;
} covey_verify_params;
/* All cores, the usual batch, no progress. */
COVEY_API covey_verify_params covey_verify_params_default(void);

/* "photos", "features", ... and "equal", "within the bound", ... */
COVEY_API const char *covey_part_name(covey_part part);
/* The words of a verdict. */
COVEY_API const char *covey_verdict_name(covey_verdict verdict);

/* Fills parts PHOTOS, FEATURES and SKIPPED of `out` [COVEY_PART_COUNT] for a run that was loaded.
 * `weights`: a set of the recorded digest, or NULL where there is none (FEATURES: UNKNOWN). Runs that
 * were not made from photos: NONE. An error means that the work could not be done at all. */
COVEY_API COVEY_NODISCARD covey_status covey_run_verify_photos(covey_verified *out,
                                                               const covey_run *run,
                                                               const covey_weights *weights,
                                                               const covey_verify_params *params,
                                                               covey_error *err);

/* Fills parts DUPLICATES, GROUPS and LABELS. What is recorded as given (centres to start from,
 * labels) is read again and must have its recorded digest. */
COVEY_API COVEY_NODISCARD covey_status covey_run_verify_groups(covey_verified *out,
                                                               const covey_run *run,
                                                               const covey_verify_params *params,
                                                               covey_error *err);

COVEY_END_DECLS

#endif
