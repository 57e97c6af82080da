/* SPDX-License-Identifier: MIT */
/* The catalogue: descriptions of photos kept from run to run, so that a photo is computed once.
 *
 *     covey_catalogue *kept = NULL;
 *     if (covey_catalogue_open(&kept, NULL, 1, &err) == COVEY_OK)
 *         params.catalogue = kept;          // of covey_extract_params; NULL: nothing is kept
 *
 * One SQLite file, FOLDER/catalogue.sqlite. A photo is known by the SHA-256 of its file, and its
 * description by all that it depends on: weights, preparation, engine and pooling; what comes out
 * never depends on what was kept. Any number of processes may use one catalogue at once. A
 * covey_catalogue belongs to one thread at a time. */
#ifndef COVEY_CATALOGUE_H
#define COVEY_CATALOGUE_H

#include <stdint.h>

#include "covey/status.h"

COVEY_BEGIN_DECLS

/* An open catalogue (covey_catalogue_open, covey_catalogue_free). */
typedef struct covey_catalogue covey_catalogue;

/* The folder used where none is named: $XDG_CACHE_HOME/covey, else ~/.cache/covey; none:
 * COVEY_E_NOT_FOUND. *out is freed with covey_free. */
COVEY_API COVEY_NODISCARD covey_status covey_catalogue_folder(char **out, covey_error *err);

/* Opens the catalogue in `folder` (NULL: the one above) for reading and writing. `create` makes
 * folder and file where they are missing; otherwise that is COVEY_E_NOT_FOUND. Damaged or foreign:
 * COVEY_E_FORMAT; of a newer Covey: COVEY_E_UNSUPPORTED; not writable: COVEY_E_IO. A caller that
 * computes goes on without it then. */
COVEY_API COVEY_NODISCARD covey_status covey_catalogue_open(covey_catalogue **out,
                                                            const char *folder, int create,
                                                            covey_error *err);
COVEY_API void covey_catalogue_free(covey_catalogue *catalogue); /* accepts NULL */

/* What made the catalogue unusable since it was opened (full disk, damage), or NULL. From then on
 * it finds nothing and keeps nothing, and whatever uses it goes on. Lives with the catalogue. */
COVEY_API const covey_error *covey_catalogue_trouble(const covey_catalogue *catalogue);

/* ---- care --------------------------------------------------------------------------------- */

/* One way of describing photos, and what is kept of it. */
typedef struct covey_catalogue_recipe {
    char weights_digest[65];
    char engine_id[64], pooling[32], preparation[256];
    size_t photos;
    uint64_t bytes; /* of descriptions and thumbnails */
} covey_catalogue_recipe;

/* What a catalogue holds. Arrays are owned by the struct (covey_catalogue_info_fini). */
typedef struct covey_catalogue_info {
    char path[4096];
    uint64_t bytes; /* of the file */
    size_t photos;  /* descriptions, over all recipes */
    size_t files;   /* unchanged files recognised without being opened */
    long long oldest_use, newest_use; /* seconds since 1970; 0 if there is none */
    covey_catalogue_recipe *recipes;  /* [n_recipes], most photos first */
    size_t n_recipes;
} covey_catalogue_info;

/* Freed with covey_catalogue_info_fini. */
COVEY_API COVEY_NODISCARD covey_status covey_catalogue_get_info(covey_catalogue_info *out,
                                                                covey_catalogue *catalogue,
                                                                covey_error *err);
/* Frees what the struct holds; accepts a zeroed one. */
COVEY_API void covey_catalogue_info_fini(covey_catalogue_info *info);

/* What goes; each rule is off by default, and they add up. */
typedef struct covey_prune_params {
    double older_than;     /* days since the last use, 0 or more; < 0: off */
    uint64_t max_bytes;    /* least recently used first, until descriptions and thumbnails take no
                              more than this; UINT64_MAX: off */
    const char *const *weights_digests; /* [n_weights]: recipes of other weights go; NULL: off */
    size_t n_weights;
} covey_prune_params;
/* Every rule off. */
COVEY_API covey_prune_params covey_prune_params_default(void);

/* Removes what the rules say and gives the space back to the file system. *removed: how many
 * descriptions. */
COVEY_API COVEY_NODISCARD covey_status covey_catalogue_prune(size_t *removed,
                                                             covey_catalogue *catalogue,
                                                             const covey_prune_params *params,
                                                             covey_error *err);

/* What checking a catalogue found. */
typedef struct covey_catalogue_check {
    size_t checked, damaged; /* descriptions; a damaged one is computed again by the next run */
    char first_fault[256];   /* of the file's structure, in SQLite's words; "" if it is sound */
} covey_catalogue_check;

/* SQLite's own integrity check, then every description against its checksum. Damage is not an
 * error of this call. `progress` may be NULL. */
COVEY_API COVEY_NODISCARD covey_status covey_catalogue_verify(covey_catalogue_check *out,
                                                              covey_catalogue *catalogue,
                                                              covey_progress_fn progress,
                                                              void *user, covey_error *err);

COVEY_END_DECLS

#endif
