/* SPDX-License-Identifier: MIT */
/* Which member of the VGG family a file of tensors holds, found by names and checked by shapes, and its
 * convolutions with batch normalisation folded in:
 *
 *     y = gamma (w x + b - mean) / sqrt(var + epsilon) + beta
 *       = (s w) x + (s (b - mean) + beta),    s = gamma / sqrt(var + epsilon)
 *
 * in float64, rounded once [IoffeSzegedy2015, algorithm 2]. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "base_internal.h"
#include "weights_internal.h"
#include "weights_source_internal.h"

/* PyTorch's default; a state dict does not hold it, and torchvision's VGGs use it. */
static const double EPSILON = 1e-5;

enum { CHANNELS_STEP = 16, CHANNELS_MOST = 512, NAME = 96 };

/* Where the layers of a state dict are: torchvision's name, and those of the same tensor in other
 * state dicts: torchvision's features alone, and a model wrapped for training. */
static const char *const prefixes[] = {
    "features.",        "",
    "module.features.", "features.module.",
    "model.features.",  "state_dict.features.",
    "state_dict.",      "state_dict.module.features.",
    "model_state_dict.features."};

typedef struct layout {
    const covey__vgg *member;
    int normalised; /* with batch normalisation */
    const char *prefix;
} layout;

static covey__tensor *find(covey__source *source, const layout *l, int index, int after,
                           const char *part) {
    char name[NAME];
    snprintf(name, sizeof name, "%s%d.%s", l->prefix,
             covey__vgg_number(l->member, index, l->normalised) + after, part);
    return covey__source_find(source, name);
}

/* How many of the member's convolutions are there under these names. */
static int count_found(covey__source *source, const layout *l) {
    int found = 0;
    for (int i = 0; i < l->member->convolutions; ++i) {
        const covey__tensor *weight = find(source, l, i, 0, "weight");
        const covey__tensor *variance = find(source, l, i, 1, "running_var");
        found += weight && weight->rank == 4 && !variance == !l->normalised;
    }
    return found;
}

/* The layout of which nothing is missing, else the one of which most is there; sentences speak of it. */
static layout choose_layout(covey__source *source) {
    layout best = {covey__vgg_family, 0, prefixes[0]};
    int most = 0;
    for (size_t p = 0; p < sizeof prefixes / sizeof *prefixes; ++p)
        for (int m = 0; m < COVEY__VGG_FAMILY; ++m)
            for (int normalised = 0; normalised < 2; ++normalised) {
                layout l = {&covey__vgg_family[m], normalised, prefixes[p]};
                int found = count_found(source, &l);
                if (found == l.member->convolutions)
                    return l;
                if (found > most) {
                    most = found;
                    best = l;
                }
            }
    return best;
}

static void format_shape(char text[128], const uint64_t *shape, int rank) {
    size_t n = 1;
    memcpy(text, "[", 2);
    for (int i = 0; i < rank && n < 100; ++i)
        n += (size_t)snprintf(text + n, 128 - n, "%s%llu", i ? ", " : "",
                              (unsigned long long)shape[i]);
    snprintf(text + n, 128 - n, "]");
}

static covey_status check_shape(const covey__tensor *tensor, const uint64_t *wanted, int rank,
                                const layout *l, const char *path, covey_error *err) {
    if (tensor->rank == rank && memcmp(tensor->shape, wanted, (size_t)rank * sizeof *wanted) == 0)
        return COVEY_OK;
    char is[128], should[128];
    format_shape(is, tensor->shape, tensor->rank);
    format_shape(should, wanted, rank);
    return covey__fail(err, COVEY_E_FORMAT, path,
                       "%s has the shape %s where %s has %s; the files of torchvision's VGG11, 13, "
                       "16 and 19 fit, with batch normalisation or without",
                       tensor->name, is, l->member->name, should);
}

/* The tensors of one convolution, and of its batch normalisation. */
typedef struct convolution {
    covey__tensor *weight, *bias;
    covey__tensor *gamma, *beta, *mean, *variance; /* NULL without */
} convolution;

static covey_status find_tensor(covey__tensor **out, covey__source *source, const layout *l,
                                int index, int after, const char *part, covey_error *err) {
    *out = find(source, l, index, after, part);
    if (*out)
        return COVEY_OK;
    return covey__fail(err, COVEY_E_FORMAT, source->path,
                       "has no tensor features.%d.%s; it is not a %s%s of torchvision's naming",
                       covey__vgg_number(l->member, index, l->normalised) + after, part,
                       l->member->name, l->normalised ? " with batch normalisation" : "");
}

/* Finds all tensors of the layout and reads the channels off their shapes. */
static covey_status find_tensors(convolution found[COVEY_VGG_CONVOLUTIONS_MAX],
                                 int channels[COVEY_VGG_CONVOLUTIONS_MAX], covey__source *source,
                                 const layout *l, covey_error *err) {
    covey_status status = COVEY_OK;
    uint64_t in = 3;
    for (int i = 0; i < l->member->convolutions; ++i) {
        convolution *c = &found[i];
        COVEY_TRY(find_tensor(&c->weight, source, l, i, 0, "weight", err));
        COVEY_TRY(find_tensor(&c->bias, source, l, i, 0, "bias", err));
        if (l->normalised) {
            COVEY_TRY(find_tensor(&c->gamma, source, l, i, 1, "weight", err));
            COVEY_TRY(find_tensor(&c->beta, source, l, i, 1, "bias", err));
            COVEY_TRY(find_tensor(&c->mean, source, l, i, 1, "running_mean", err));
            COVEY_TRY(find_tensor(&c->variance, source, l, i, 1, "running_var", err));
        }
        /* A bias that fits tells the outputs; the weights are held to it. */
        uint64_t out = c->bias->rank == 1 ? c->bias->shape[0] : c->weight->shape[0];
        const uint64_t wanted[4] = {out, in, 3, 3};
        COVEY_TRY(check_shape(c->weight, wanted, 4, l, source->path, err));
        COVEY_FAIL_IF(out == 0 || out % CHANNELS_STEP || out > CHANNELS_MOST, err, COVEY_E_FORMAT,
                      source->path,
                      "%s has %llu outputs; the network takes multiples of %d, at most %d",
                      c->weight->name, (unsigned long long)out, CHANNELS_STEP, CHANNELS_MOST);
        covey__tensor *const rows[5] = {c->bias, c->gamma, c->beta, c->mean, c->variance};
        for (int j = 0; j < (l->normalised ? 5 : 1); ++j)
            COVEY_TRY(check_shape(rows[j], wanted, 1, l, source->path, err));
        channels[i] = (int)out;
        in = out;
    }
done:
    return status;
}

static covey_status read_finite(float *out, covey__source *source, const covey__tensor *tensor,
                                size_t count, covey_error *err) {
    covey_status status = COVEY_OK;
    COVEY_TRY(covey__source_read_tensor(source, tensor, out, count, err));
    for (size_t j = 0; j < count; ++j)
        COVEY_FAIL_IF(!isfinite(out[j]), err, COVEY_E_NUMERIC, source->path,
                      "%s holds NaN or infinity at element %zu", tensor->name, j);
done:
    return status;
}

static covey_status fold(float *weight, float *bias, size_t outputs, size_t per_output,
                         covey__source *source, const convolution *c, covey_error *err) {
    covey_status status = COVEY_OK;
    float gamma[CHANNELS_MOST], beta[CHANNELS_MOST], mean[CHANNELS_MOST], variance[CHANNELS_MOST];
    COVEY_TRY(read_finite(gamma, source, c->gamma, outputs, err));
    COVEY_TRY(read_finite(beta, source, c->beta, outputs, err));
    COVEY_TRY(read_finite(mean, source, c->mean, outputs, err));
    COVEY_TRY(read_finite(variance, source, c->variance, outputs, err));
    for (size_t o = 0; o < outputs; ++o) {
        COVEY_FAIL_IF(variance[o] < 0, err, COVEY_E_NUMERIC, source->path,
                      "%s holds a negative variance at element %zu", c->variance->name, o);
        double scale = (double)gamma[o] / sqrt((double)variance[o] + EPSILON);
        for (size_t j = 0; j < per_output; ++j)
            weight[o * per_output + j] = (float)(scale * (double)weight[o * per_output + j]);
        bias[o] = (float)(scale * ((double)bias[o] - (double)mean[o]) + (double)beta[o]);
        int finite = isfinite(bias[o]);
        for (size_t j = 0; j < per_output; ++j)
            finite = finite && isfinite(weight[o * per_output + j]);
        COVEY_FAIL_IF(!finite, err, COVEY_E_NUMERIC, source->path,
                      "%s, folded into the convolution before it, overflows at element %zu",
                      c->gamma->name, o);
    }
done:
    return status;
}

covey_status covey__weights_read_tensors(unsigned char **image, size_t *size, float **first,
                                         int *first_outputs, covey__source *source,
                                         covey_error *err) {
    covey_status status = COVEY_OK;
    convolution found[COVEY_VGG_CONVOLUTIONS_MAX] = {{0}};
    int channels[COVEY_VGG_CONVOLUTIONS_MAX] = {0};
    float *tensor[COVEY__WEIGHTS_TENSORS_MAX] = {NULL};
    unsigned char *made = NULL;
    layout l = choose_layout(source);
    COVEY_TRY(find_tensors(found, channels, source, &l, err));
    COVEY_TRY(covey__weights_image_new(&made, size, tensor, l.member, channels, err));
    for (int i = 0; i < l.member->convolutions; ++i) {
        size_t count = covey__weights_tensor_count(2 * i, channels);
        size_t outputs = (size_t)channels[i];
        assert(outputs && found[i].weight && found[i].bias);
        COVEY_TRY(read_finite(tensor[2 * i], source, found[i].weight, count, err));
        COVEY_TRY(read_finite(tensor[2 * i + 1], source, found[i].bias, outputs, err));
        if (l.normalised)
            COVEY_TRY(fold(tensor[2 * i], tensor[2 * i + 1], outputs, count / outputs, source,
                           &found[i], err));
    }
    *image = made;
    *first = tensor[0];
    *first_outputs = channels[0];
    made = NULL;
done:
    covey__free(made);
    return status;
}
