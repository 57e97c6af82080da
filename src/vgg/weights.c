/* SPDX-License-Identifier: MIT */
/* A set of weights in use: opened from the store, or seeded for tests. */
#include <math.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base_internal.h"
#include "random_internal.h"
#include "weights_internal.h"

static covey_status not_installed(const char *name, const char *path, covey_error *err) {
    if (covey__known_find(name))
        return covey__fail(err, COVEY_E_NO_WEIGHTS, path,
                           "the weights \"%s\" are not installed; get them with: covey weights "
                           "get %s",
                           name, name);
    const char *names[8] = {NULL};
    for (size_t i = 0; i < covey__known_count && i < 7; ++i)
        names[i] = covey__known[i].name;
    const char *near = covey__nearest_name(name, names);
    if (near)
        return covey__fail(err, COVEY_E_NO_WEIGHTS, path,
                           "there are no weights named \"%s\"; did you mean \"%s\"?", name, near);
    return covey__fail(err, COVEY_E_NO_WEIGHTS, path,
                       "there are no weights named \"%s\"; covey weights list shows those there "
                       "are, covey weights import FILE adds others",
                       name);
}

covey_status covey_weights_open(covey_weights **out, const char *name, covey_error *err) {
    covey_status status = COVEY_OK;
    covey_weights *weights = NULL;
    char *path = NULL;
    if (!name)
        name = "oxford";
    COVEY_TRY(covey__weights_path(&path, name, err));
    if (access(path, F_OK)) {
        status = not_installed(name, path, err);
        goto done;
    }
    COVEY_TRY(covey__weights_map(&weights, path, 1, err));
    const covey__known_weights *known = covey__known_find(name);
    COVEY_FAIL_IF(known && known->digest[0] && strcmp(known->digest, weights->digest) != 0, err,
                  COVEY_E_DIGEST, path,
                  "does not hold the weights \"%s\"; remove it and run: covey weights get %s", name,
                  name);
    snprintf(weights->name, sizeof weights->name, "%s", name);
    *out = weights;
    weights = NULL;
done:
    covey_weights_free(weights);
    covey__free(path);
    return status;
}

covey_status covey__weights_new_seeded(covey_weights **out, unsigned long long seed,
                                       const covey__vgg *member, const int *channels,
                                       covey_error *err) {
    covey_status status = COVEY_OK;
    unsigned char *image = NULL;
    size_t size;
    float *tensor[COVEY__WEIGHTS_TENSORS_MAX];
    covey_weights *weights = covey__calloc(1, sizeof *weights);
    COVEY_NOMEM_IF(!weights, err);
    for (int i = 0; i < member->convolutions; ++i)
        COVEY_FAIL_IF(channels[i] < 16 || channels[i] > 512 || channels[i] % 16, err,
                      COVEY_E_ARGUMENT, NULL,
                      "convolution %d has %d channels; use a multiple of 16, at most 512", i,
                      channels[i]);
    COVEY_TRY(covey__weights_image_new(&image, &size, tensor, member, channels, err));
    weights->image = image;
    weights->size = size;
    for (int i = 0; i < 2 * member->convolutions; ++i) {
        /* He et al. 2015, eq. 10: a deviation of sqrt(2 / fan in) keeps the size of the
         * activations from layer to layer. Biases are small, so that both sides of ReLU occur. */
        int in = i < 2 ? 3 : channels[i / 2 - 1];
        double deviation = i % 2 ? 0.05 : sqrt(2.0 / (9.0 * in));
        size_t count = covey__weights_tensor_count(i, channels);
        for (size_t j = 0; j < count; ++j)
            tensor[i][j] =
                (float)(deviation *
                        covey__normal(seed, COVEY__PURPOSE_WEIGHTS, (uint64_t)i, j));
    }
    const covey__known_weights *colour = covey__known_find("imagenet1k_v1");
    char digest[65];
    covey__weights_image_digest(digest, image, size);
    covey__weights_image_seal(image, size, digest, colour->mean, colour->std);
    COVEY_TRY(covey__weights_image_read(weights, image, size, 0, NULL, err));
    snprintf(weights->name, sizeof weights->name, "seeded");
    *out = weights;
    weights = NULL;
done:
    covey_weights_free(weights);
    return status;
}

covey_status covey_weights_new_seeded(covey_weights **out, unsigned long long seed,
                                      const int channels[13], covey_error *err) {
    return covey__weights_new_seeded(out, seed, covey__vgg_of(COVEY_VGG_CONVOLUTIONS), channels,
                                     err);
}

void covey_weights_free(covey_weights *weights) {
    if (!weights)
        return;
    if (weights->mapped)
        munmap(weights->image, weights->size);
    else
        covey__free(weights->image);
    covey__free(weights);
}

const char *covey_weights_name(const covey_weights *weights) {
    return weights->name;
}

const char *covey_weights_digest(const covey_weights *weights) {
    return weights->digest;
}

int covey_weights_count(const covey_weights *weights) {
    return weights->member->convolutions;
}

const char *covey_weights_architecture(const covey_weights *weights) {
    return weights->member->name;
}

covey_status covey_weights_get_layer(const covey_weights *weights, int index, const float **weight,
                                     const float **bias, int *out, int *in) {
    if (index < 0 || index >= weights->member->convolutions)
        return COVEY_E_ARGUMENT;
    if (weight)
        *weight = weights->tensor[2 * index];
    if (bias)
        *bias = weights->tensor[2 * index + 1];
    if (out)
        *out = weights->channels[index + 1];
    if (in)
        *in = weights->channels[index];
    return COVEY_OK;
}

void covey_weights_get_colour(const covey_weights *weights, float mean[3], float std[3]) {
    memcpy(mean, weights->mean, sizeof weights->mean);
    memcpy(std, weights->std, sizeof weights->std);
}
