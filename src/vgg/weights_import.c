/* SPDX-License-Identifier: MIT */
/* Import: from somebody's file of tensors to one checked file in the store. */
#include <string.h>
#include <unistd.h>

#include "base_internal.h"
#include "weights_internal.h"
#include "weights_source_internal.h"

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

/* What a file holds, ready to be stored or used. */
typedef struct loaded {
    unsigned char *image;
    size_t size;
    char digest[65];
    const covey__known_weights *known; /* NULL: unknown */
} loaded;

static covey_status load(loaded *out, const char *path, covey_error *err) {
    covey_status status = COVEY_OK;
    covey__source source = {.fd = -1};
    float *first;
    int outputs;
    COVEY_TRY(covey__source_open(&source, path, err));
    COVEY_TRY(covey__weights_read_tensors(&out->image, &out->size, &first, &outputs, &source, err));
    COVEY_TRY(identify(&out->known, out->digest, out->image, out->size, first, &source, outputs,
                       err));
    const covey__known_weights *colour =
        out->known ? out->known : covey__known_find(source.keras ? "oxford" : "imagenet1k_v1");
    covey__weights_image_seal(out->image, out->size, out->digest, colour->mean, colour->std);
done:
    covey__source_fini(&source);
    return status;
}

covey_status covey_weights_import(char **stored_name, const char *path, const char *name,
                                  covey_error *err) {
    covey_status status = COVEY_OK;
    loaded file = {0};
    char *copy = NULL, chosen[COVEY__WEIGHTS_NAME];
    if (name)
        COVEY_TRY(covey__weights_check_name(name, err));
    COVEY_TRY(load(&file, path, err));
    COVEY_TRY(choose_name(chosen, name, file.known, file.digest, path, err));
    copy = covey__strdup(chosen);
    COVEY_NOMEM_IF(!copy, err);
    COVEY_TRY(store(file.image, file.size, chosen, err));
    if (stored_name) {
        *stored_name = copy;
        copy = NULL;
    }
done:
    covey__free(copy);
    covey__free(file.image);
    return status;
}

covey_status covey_weights_open_file(covey_weights **out, const char *path, covey_error *err) {
    covey_status status = COVEY_OK;
    loaded file = {0};
    covey_weights *weights = covey__calloc(1, sizeof *weights);
    COVEY_NOMEM_IF(!weights, err);
    COVEY_TRY(load(&file, path, err));
    weights->image = file.image;
    weights->size = file.size;
    file.image = NULL;
    COVEY_TRY(covey__weights_image_read(weights, weights->image, weights->size, 0, path, err));
    if (file.known)
        snprintf(weights->name, sizeof weights->name, "%s", file.known->name);
    else
        name_from_path(weights->name, path);
    COVEY_FAIL_IF(!file.known && covey__known_find(weights->name), err, COVEY_E_DIGEST, path,
                  "does not hold the weights that \"%s\" stands for (tensor digest %.12s...); "
                  "give the file another name",
                  weights->name, file.digest);
    *out = weights;
    weights = NULL;
done:
    covey_weights_free(weights);
    covey__free(file.image);
    return status;
}
