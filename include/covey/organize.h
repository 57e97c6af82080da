/* SPDX-License-Identifier: MIT */
/* The photos of a run as folders, one per group: links, copies, or the files themselves.
 *
 * Nothing is ever overwritten, nothing is written into a photo folder, and no name in a run leads out
 * of the folder that was named. Memory belongs to the covey_organization; one thread at a time. */
#ifndef COVEY_ORGANIZE_H
#define COVEY_ORGANIZE_H

#include "covey/run.h"

COVEY_BEGIN_DECLS

/* What is put into a group's folder. */
typedef enum covey_organize_how {
    COVEY_ORGANIZE_LINK, /* symbolic links with absolute targets */
    COVEY_ORGANIZE_COPY, /* with modes and times, checked against images.csv */
    COVEY_ORGANIZE_MOVE  /* renamed, or copied, checked and removed where that cannot be */
} covey_organize_how;

/* How photos are put into folders. */
typedef struct covey_organize_params {
    covey_organize_how how;
    size_t loss; /* index into run->comparison.clusterings */
    int dry_run; /* say what would be done; write nothing */
    covey_progress_fn progress;
    void *progress_user;
} covey_organize_params;
COVEY_API covey_organize_params covey_organize_params_default(void); /* links, the first loss */

/* What became of one photo. */
typedef enum covey_placing {
    COVEY_PLACING_NOT_REACHED, /* the work was stopped before */
    COVEY_PLACING_DONE,        /* with dry_run: would be done */
    COVEY_PLACING_BEFORE,      /* it is there already, from an earlier time */
    COVEY_PLACING_REFUSED      /* see reason; the photo is where it was */
} covey_placing;

/* One photo and its place. */
typedef struct covey_placed {
    int64_t row;  /* of the run; -1 when undoing */
    char *from;   /* absolute path */
    char *to;     /* absolute path; NULL where the name was refused */
    covey_placing state;
    char reason[160];
} covey_placed;

/* What was done. Arrays are owned by the struct (covey_organization_fini). */
typedef struct covey_organization {
    covey_placed *photos; /* [n] in row order */
    size_t n, done, before, refused;
    char *undo_list; /* path of what undoes a move; NULL where nothing was moved */
} covey_organization;

/* Photos go to INTO/cluster_000/NAME, or INTO/cluster_000_GROUPNAME/NAME, rows of no group to
 * INTO/left_out/NAME. Photos of one group that share a name keep their path within the photo folder,
 * and where that is shared too, under root_N/. A photo that is gone, or whose SHA-256 is not that of
 * images.csv, or whose place is taken by something else is refused with a reason, and the rest goes
 * on. When moving, INTO/undo.sh (undo-2.sh, ...: never an old one) lists each move before it is made.
 *
 * COVEY_E_EXISTS: `into` lies inside a photo folder or the run folder, or is a file.
 * COVEY_E_CANCELLED and COVEY_E_IO (disk full or read-only) fill *out all the same. */
COVEY_API COVEY_NODISCARD covey_status covey_run_organize(covey_organization *out,
                                                          const covey_run *run, const char *into,
                                                          const covey_organize_params *params,
                                                          covey_error *err);

/* Moves back what an undo list names; folders of groups that are empty then go too. A photo whose old
 * place is taken is refused. COVEY_E_FORMAT: not an undo list. */
COVEY_API COVEY_NODISCARD covey_status covey_organize_undo(covey_organization *out,
                                                           const char *list, int dry_run,
                                                           covey_error *err);

/* Frees what the struct holds; accepts a zeroed one. */
COVEY_API void covey_organization_fini(covey_organization *organization);

COVEY_END_DECLS

#endif
