/* SPDX-License-Identifier: MIT */
/* One extraction: what run_extract.c computes and run_recall.c remembers.
 *
 * While it goes on, run->photos and the rows of run->features stand at the numbers of the files;
 * gaps are closed at the end, so that rows come in the order of the files whatever was known. */
#ifndef COVEY_RUN_EXTRACT_INTERNAL_H
#define COVEY_RUN_EXTRACT_INTERNAL_H

#include "catalogue_internal.h"
#include "run_internal.h"

typedef struct covey__handing covey__handing; /* of photos to other ranks */

typedef struct covey__extraction {
    covey_run *run;
    const covey_files *files;
    const covey_extract_params *params;
    const covey_weights *weights;
    covey_catalogue *catalogue; /* NULL: nothing is kept */
    covey_network *network;     /* NULL until a photo is to be computed */
    covey_decoder *decoder;
    char *preparation;       /* for the catalogue: with what thumbnails depend on */
    char *is_used;           /* [n]: the photo at this place is whole */
    covey__stamp *stamps;    /* [n]: size -1 where there is none to be kept */
    size_t *todo;            /* [n_todo]: files that are to be decoded */
    const char **paths;      /* [n_todo]: full paths, for the decoder */
    const uint8_t **pixels;  /* [batch] */
    covey_photo *held;       /* [batch]: photos of the batch, not yet released */
    float *rows;             /* [batch][channels] */
    size_t *skip_of;         /* [n]: the file of each skip */
    covey__handing *handing; /* NULL: this process does all */
    size_t n, n_todo, n_done, n_known, batch, n_held, channels;
} covey__extraction;

/* Finds what the catalogue knows, and lists the rest in todo. Fails only when memory runs out or
 * on request. */
covey_status covey__recall(covey__extraction *e, covey_error *err);

/* Enters the `n_held` photos of the batch, whose features and places are filled. */
void covey__remember_batch(covey__extraction *e);

/* Copies what a photo is to place `i` of the run. */
covey_status covey__extraction_place(covey__extraction *e, size_t i, const covey__kept *photo,
                                     covey_error *err);

/* The photo, of number `index` among those to do, takes its place and joins the batch; its features
 * are the caller's to fill in. */
covey_status covey__extraction_enter(covey__extraction *e, const covey_photo *photo,
                                     covey_error *err);
covey_status covey__extraction_skip(covey__extraction *e, const covey_photo *photo,
                                    covey_error *err);

/* Photos handed to other ranks (run_extract_ranks.c); without any, covey__handing_next gives all and
 * the others do nothing. */
covey_status covey__handing_begin(covey__extraction *e, covey_error *err);
int covey__handing_next(size_t *from, size_t *to, covey__extraction *e);
covey_status covey__handing_serve(covey__extraction *e, int all, covey_error *err);
/* What became of photo `t` of those to do is known from now on. 1: it was known already. */
int covey__handing_settle(covey__extraction *e, size_t t);
void covey__handing_end(covey__extraction *e);

#endif
