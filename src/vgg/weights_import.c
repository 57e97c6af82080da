/* SPDX-License-Identifier: MIT */
/* Import: from somebody's file of tensors to one checked file in the store. */
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base_internal.h"
#include "weights_internal.h"
#include "weights_source_internal.h"

/* torchvision's name, and those of the same tensor in other state dicts: torchvision's features
 * alone, and a model wrapped for training. */
static covey__tensor *find_tensor(covey__source *source, int tensor, char name[32]) {
    static const char *const prefixes[] = {
        "features.",        "",
        "module.features.", "features.module.",
        "model.features.",  "state_dict.features.",
        "state_dict.",      "state_dict.module.features.",
        "model_state_dict.features."};
    const char *part = tensor % 2 ? "bias" : "weight";
    int layer = covey__vgg_layers[tensor / 2];
    snprintf(name, 32, "features.%d.%s", layer, part);
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; ++i) {
        char other[64];
        snprintf(other, sizeof other, "%s%d.%s", prefixes[i], layer, part);
        covey__tensor *found = covey__source_find(source, other);
        if (found)
            return found;
    }
    return NULL;
}

static void format_shape(char text[128], const uint64_t *shape, int rank) {
    size_t n = 1;
    memcpy(text, "[", 2);
    for (int i = 0; i < rank && n < 100; ++i)
        n += (size_t)snprintf(text + n, 128 - n, "%s%llu", i ? ", " : "",
                              (unsigned long long)shape[i]);
    snprintf(text + n, 128 - n, "]");
}

static covey_status check_shape(const covey__tensor *found, int tensor,
                                const int channels[COVEY_VGG_CONVOLUTIONS], const char *name,
                                const char *path, covey_error *err) {
    uint64_t out = (uint64_t)channels[tensor / 2];
    uint64_t wanted[4] = {out, tensor < 2 ? 3 : (uint64_t)channels[tensor / 2 - 1], 3, 3};
    int rank = tensor % 2 ? 1 : 4;
    if (found->rank == rank && memcmp(found->shape, wanted, (size_t)rank * sizeof *wanted) == 0)
        return COVEY_OK;
    char is[128], should[128];
    format_shape(is, found->shape, found->rank);
    format_shape(should, wanted, rank);
    return covey__fail(err, COVEY_E_FORMAT, path,
                       "%s has the shape %s where VGG16 has %s; only VGG16 without batch "
                       "normalisation fits",
                       name, is, should);
}

static covey_status read_tensors(float *const tensor[COVEY__WEIGHTS_TENSORS],
                                 covey__source *source,
                                 const int channels[COVEY_VGG_CONVOLUTIONS], covey_error *err) {
    covey_status status = COVEY_OK;
    covey__tensor *found[COVEY__WEIGHTS_TENSORS];
    for (int i = 0; i < COVEY__WEIGHTS_TENSORS; ++i) {
        char name[32];
        found[i] = find_tensor(source, i, name);
        COVEY_FAIL_IF(!found[i], err, COVEY_E_FORMAT, source->path,
                      "has no tensor %s; it is not a VGG16 of torchvision's naming", name);
        COVEY_TRY(check_shape(found[i], i, channels, name, source->path, err));
    }
    for (int i = 0; i < COVEY__WEIGHTS_TENSORS; ++i) {
        size_t count = covey__weights_tensor_count(i, channels);
        COVEY_TRY(covey__source_read_tensor(source, found[i], tensor[i], count, err));
        for (size_t j = 0; j < count; ++j)
            COVEY_FAIL_IF(!isfinite(tensor[i][j]), err, COVEY_E_NUMERIC, source->path,
                          "%s holds NaN or infinity at element %zu", found[i]->name, j);
    }
done:
    return status;
}

/* Exchanges the first and the third input channel of the first convolution: RGB for BGR. */
static void swap_red_and_blue(float *weight, int out) {
    for (int o = 0; o < out; ++o)
        for (int i = 0; i < 9; ++i) {
            float *red = weight + 27 * (size_t)o + i, *blue = red + 18, keep = *red;
            *red = *blue;
            *blue = keep;
        }
}

/* Which set this is: by the digest of its tensors as they are, by that of its channels turned
 * round, else by the digest of the file. NULL: unknown. */
static covey_status identify(const covey__known_weights **known, char digest[65],
                             unsigned char *image, size_t size, float *first,
                             const covey__source *source, int out_channels, covey_error *err) {
    covey__weights_image_digest(digest, image, size);
    *known = covey__known_by_digest(digest);
    if (*known)
        return COVEY_OK;
    swap_red_and_blue(first, out_channels);
    char turned[65];
    covey__weights_image_digest(turned, image, size);
    *known = covey__known_by_digest(turned);
    if (*known || source->keras) {
        memcpy(digest, turned, sizeof turned);
        return COVEY_OK;
    }
    swap_red_and_blue(first, out_channels);
    uint8_t bytes[32];
    char file[65];
    covey_status status = covey__sha256_file(bytes, NULL, source->path, err);
    if (status != COVEY_OK)
        return status;
    covey__hex(file, bytes, sizeof bytes);
    for (const covey__known_weights *row = covey__known; row->name; ++row)
        if (!row->digest[0] && strcmp(file, row->file_sha256) == 0)
            *known = row;
    return COVEY_OK;
}

/* The file's name without its ending, other characters as underscores. */
static void name_from_path(char name[COVEY__WEIGHTS_NAME], const char *path) {
    snprintf(name, COVEY__WEIGHTS_NAME, "%.*s", COVEY__WEIGHTS_NAME - 1, covey__path_base(path));
    char *dot = strrchr(name, '.');
    if (dot && dot != name)
        *dot = '\0';
    for (char *p = name; *p; ++p) {
        int letter = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z');
        if (!letter && !(*p >= '0' && *p <= '9') && (p == name || !strchr("._-", *p)))
            *p = '_';
    }
}

/* The name to store under; refuses to pass unknown weights off as known ones, and to replace a
 * set that the caller did not name. */
static covey_status choose_name(char chosen[COVEY__WEIGHTS_NAME], const char *name,
                                const covey__known_weights *known, const char *digest,
                                const char *path, covey_error *err) {
    covey_status status = COVEY_OK;
    covey_weights *old = NULL;
    char *target = NULL;
    if (name)
        snprintf(chosen, COVEY__WEIGHTS_NAME, "%s", name);
    else if (known)
        snprintf(chosen, COVEY__WEIGHTS_NAME, "%s", known->name);
    else
        name_from_path(chosen, path);
    const covey__known_weights *reserved = covey__known_find(chosen);
    COVEY_FAIL_IF(reserved && reserved != known, err, COVEY_E_DIGEST, path,
                  "does not hold the weights that \"%s\" stands for (tensor digest %.12s...); "
                  "import it under another name",
                  chosen, digest);
    if (!name && !known) {
        COVEY_TRY(covey__weights_path(&target, chosen, err));
        COVEY_FAIL_IF(access(target, F_OK) == 0 &&
                          covey__weights_map(&old, target, 0, NULL) == COVEY_OK &&
                          strcmp(old->digest, digest) != 0,
                      err, COVEY_E_EXISTS, path,
                      "would replace the different weights stored as \"%s\"; give it a name of its "
                      "own",
                      chosen);
    }
done:
    covey_weights_free(old);
    covey__free(target);
    return status;
}

static covey_status store(const unsigned char *image, size_t size, const char *name,
                          covey_error *err) {
    covey_status status = COVEY_OK;
    char *folder = NULL, *path = NULL;
    COVEY_TRY(covey__weights_folder(&folder, err));
    COVEY_TRY(covey__weights_path(&path, name, err));
    COVEY_TRY(covey__mkdirs(folder, err));
    COVEY_TRY(covey__file_write(path, image, size, err));
done:
    covey__free(folder);
    covey__free(path);
    return status;
}

covey_status covey__weights_import_shaped(char **stored_name, const char *path, const char *name,
                                          const int channels[COVEY_VGG_CONVOLUTIONS],
                                          covey_error *err) {
    covey_status status = COVEY_OK;
    covey__source source = {.fd = -1};
    unsigned char *image = NULL;
    char *copy = NULL, chosen[COVEY__WEIGHTS_NAME], digest[65];
    size_t size;
    float *tensor[COVEY__WEIGHTS_TENSORS];
    const covey__known_weights *known;
    if (name)
        COVEY_TRY(covey__weights_check_name(name, err));
    COVEY_TRY(covey__source_open(&source, path, err));
    COVEY_TRY(covey__weights_image_new(&image, &size, tensor, channels, err));
    COVEY_TRY(read_tensors(tensor, &source, channels, err));
    COVEY_TRY(identify(&known, digest, image, size, tensor[0], &source, channels[0], err));
    COVEY_TRY(choose_name(chosen, name, known, digest, path, err));
    const covey__known_weights *colour = known ? known
                                               : covey__known_find(source.keras ? "oxford"
                                                                                : "imagenet1k_v1");
    covey__weights_image_seal(image, size, digest, colour->mean, colour->std);
    copy = covey__strdup(chosen);
    COVEY_NOMEM_IF(!copy, err);
    COVEY_TRY(store(image, size, chosen, err));
    if (stored_name) {
        *stored_name = copy;
        copy = NULL;
    }
done:
    covey__free(copy);
    covey__free(image);
    covey__source_fini(&source);
    return status;
}

covey_status covey_weights_import(char **stored_name, const char *path, const char *name,
                                  covey_error *err) {
    return covey__weights_import_shaped(stored_name, path, name, covey__vgg_channels, err);
}
