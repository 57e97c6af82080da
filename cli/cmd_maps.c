/* SPDX-License-Identifier: MIT */
/* covey maps PHOTO -o maps/: what chosen layers of the network make of one photo. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "commands.h"
#include "console.h"
#include "photo_options.h"
#include "run_output.h"

enum { LIST_MAX = 4096 };

typedef struct number_list {
    size_t n;
    unsigned short items[LIST_MAX];
} number_list;

typedef struct maps_request {
    number_list layers, channels;
    size_t first_channels; /* --channels N: the first N; 0: `channels` holds a list */
    int low, high;         /* --range; 0, 0: each map's own */
    const char *folder;
    int npy;
    size_t lost; /* figures that could not be drawn */
} maps_request;

/* "1,2,8..10" */
static int read_list(number_list *out, const char *text, unsigned long long limit,
                     const char *shown) {
    out->n = 0;
    for (const char *at = text;; ++at) {
        char piece[32];
        size_t length = strcspn(at, ",");
        unsigned long long low, high;
        snprintf(piece, sizeof piece, "%.*s", (int)(length < 31 ? length : 31), at);
        char *dots = strstr(piece, "..");
        if (dots)
            *dots = '\0';
        if (parse_count(&low, piece) || parse_count(&high, dots ? dots + 2 : piece) || high < low)
            return misuse("%s: '%s' is not a list of numbers such as 1,2,8 or 0..15", shown, text);
        if (high > limit)
            return misuse("%s: %llu is above %llu, the last there is", shown, high, limit);
        for (; low <= high; ++low) {
            if (out->n == LIST_MAX)
                return misuse("%s: more than %d numbers", shown, LIST_MAX);
            out->items[out->n++] = (unsigned short)low;
        }
        at += length;
        if (!*at)
            return EXIT_DONE;
    }
}

static int read_range(maps_request *out, const char *text) {
    char first[16];
    unsigned long long low, high;
    const char *comma = strchr(text, ',');
    snprintf(first, sizeof first, "%.*s", comma ? (int)(comma - text < 15 ? comma - text : 15) : 0,
             text);
    if (!comma || parse_count(&low, first) || parse_count(&high, comma + 1) || low >= high ||
        high > 255)
        return misuse("--range: '%s' is not LOW,HIGH within 0 to 255, such as 0,255", text);
    out->low = (int)low;
    out->high = (int)high;
    return EXIT_DONE;
}

static int read_request(maps_request *out, const options *options) {
    const option_value *values = options->values;
    unsigned long long first;
    memset(out, 0, sizeof *out);
    if (options->n_operands != 1)
        return misuse("name one photo: 'covey maps PHOTO -o maps/'");
    if (!values[OPT_OUT].given)
        return misuse("say where to: 'covey maps %s -o maps/'", options->operands[0]);
    out->folder = values[OPT_OUT].text;
    out->npy = values[OPT_NPY].given;
    int code = read_list(&out->layers, values[OPT_LAYERS].text, COVEY_VGG_LAYERS_MAX - 1, "--layers");
    if (code == EXIT_DONE && parse_count(&first, values[OPT_CHANNELS].text) == 0) {
        if (first < 1 || first > 512)
            return misuse("--channels: the first 1 to 512 channels can be shown, not %llu", first);
        out->first_channels = (size_t)first;
    } else if (code == EXIT_DONE) {
        code = read_list(&out->channels, values[OPT_CHANNELS].text, 511, "--channels");
    }
    if (code == EXIT_DONE && values[OPT_RANGE].given)
        code = read_range(out, values[OPT_RANGE].text);
    return code;
}

/* The pixels the network sees, [224][224][3]. */
static int decode_photo(uint8_t *pixels, const char *path, const options *options) {
    covey_decode_params params = covey_decode_params_default();
    covey_decoder *decoder = NULL;
    covey_photo photo;
    covey_error err = {0};
    struct stat info;
    int code = EXIT_DONE;
    if (stat(path, &info))
        return fail("%s: %s", path, strerror(errno));
    if (S_ISDIR(info.st_mode))
        return fail("%s: is a folder; name one photo", path);
    photo_options_decode(&params, options);
    params.threads = 1;
    params.thumb = 0;
    covey_status status = covey_decoder_new(&decoder, 1, &params, &err);
    if (status == COVEY_OK)
        status = covey_decoder_start(decoder, &path, 1, &err);
    if (status == COVEY_OK)
        status = covey_decoder_next(decoder, &photo, &err);
    if (status != COVEY_OK) {
        code = fail_status(status, &err);
    } else {
        if (photo.status != COVEY_OK)
            code = fail("%s: %s", path, photo.reason);
        else
            memcpy(pixels, photo.rgb, (size_t)COVEY_PHOTO_SIDE * COVEY_PHOTO_SIDE * 3);
        covey_decoder_release(decoder, &photo);
    }
    covey_decoder_free(decoder);
    return code;
}

/* One layer's activations out [channels][height][width]. */
typedef struct layer_maps {
    int layer;
    size_t channels, height, width;
    float *activations;
} layer_maps;

/* layer_N.png and layer_N.svg of the channels chosen. */
static int save_figures(const layer_maps *maps, const unsigned short *channels, size_t n,
                        const uint8_t *pixels, maps_request *request) {
    size_t size = maps->height * maps->width;
    uint8_t *shown = malloc(n * size);
    char(*titles)[16] = malloc(n * sizeof *titles);
    const char **title_of = malloc(n * sizeof *title_of);
    int code = shown && titles && title_of ? EXIT_DONE : fail_memory();
    for (size_t i = 0; i < n && code == EXIT_DONE; ++i) {
        covey_figure_normalise_map(shown + i * size, maps->activations + channels[i] * size, size);
        snprintf(titles[i], sizeof titles[i], "ch %d", channels[i]);
        title_of[i] = titles[i];
    }
    static const char *const suffixes[] = {"png", "svg"};
    for (int s = 0; s < 2 && code == EXIT_DONE; ++s) {
        char name[32], title[64];
        covey_error err;
        snprintf(name, sizeof name, "layer_%d.%s", maps->layer, suffixes[s]);
        snprintf(title, sizeof title, "layer_%d \xE2\x80\x94 feature maps", maps->layer);
        char *path = join_path(request->folder, name);
        if (!path) {
            code = EXIT_FAILED;
            break;
        }
        covey_status status = covey_figure_save_maps(path, title, shown, n, maps->height,
                                                     maps->width, title_of, pixels,
                                                     COVEY_PHOTO_SIDE, request->low,
                                                     request->high, &err);
        if (status == COVEY_E_DRAW) { /* costs this figure */
            say("%s: left out: %s", err.path, err.message);
            ++request->lost;
        } else if (status != COVEY_OK) {
            code = fail_status(status, &err);
        }
        free(path);
    }
    free(shown);
    free(titles);
    free(title_of);
    return code;
}

static int save_activations(const layer_maps *maps, const maps_request *request) {
    char name[32];
    covey_error err;
    snprintf(name, sizeof name, "layer_%d.npy", maps->layer);
    char *path = join_path(request->folder, name);
    if (!path)
        return EXIT_FAILED;
    covey_status status = covey_npy_save_f32(path, maps->activations, maps->channels,
                                             maps->height * maps->width, &err);
    free(path);
    return status == COVEY_OK ? EXIT_DONE : fail_status(status, &err);
}

static int show_layer(covey_network *network, int layer, const uint8_t *pixels,
                      maps_request *request) {
    layer_maps maps = {.layer = layer};
    unsigned short first[512];
    const unsigned short *channels = request->channels.items;
    size_t n = request->channels.n;
    covey_status status = covey_network_get_layer_shape(network, layer, &maps.channels,
                                                        &maps.height, &maps.width);
    if (status != COVEY_OK)
        return fail("layer %d: %s", layer, covey_status_str(status));
    if (request->first_channels) {
        n = request->first_channels < maps.channels ? request->first_channels : maps.channels;
        for (size_t i = 0; i < n; ++i)
            first[i] = (unsigned short)i;
        channels = first;
    }
    for (size_t i = 0; i < n; ++i)
        if (channels[i] >= maps.channels)
            return fail("layer %d has channels 0..%zu, and --channels asks for %d", layer,
                        maps.channels - 1, channels[i]);
    maps.activations = malloc(maps.channels * maps.height * maps.width * sizeof(float));
    if (!maps.activations)
        return fail_memory();
    int code = EXIT_DONE;
    status = covey_network_compute_layer(network, maps.activations, layer, pixels);
    if (status != COVEY_OK)
        code = fail("layer %d: %s", layer, covey_status_str(status));
    if (code == EXIT_DONE)
        code = save_figures(&maps, channels, n, pixels, request);
    if (code == EXIT_DONE && request->npy)
        code = save_activations(&maps, request);
    free(maps.activations);
    return code;
}

static int show_layers(maps_request *request, const uint8_t *pixels,
                       const options *options) {
    covey_weights *weights = NULL;
    covey_network *network = NULL;
    covey_network_params params = covey_network_params_default();
    covey_error err;
    int code = photo_options_weights(&weights, options);
    if (code != EXIT_DONE)
        return code;
    params.threads = (int)options->values[OPT_THREADS].count;
    params.batch = 1;
    covey_status status = covey_network_new(&network, weights, &params, &err);
    if (status != COVEY_OK)
        code = fail_status(status, &err);
    for (size_t i = 0; i < request->layers.n && code == EXIT_DONE; ++i)
        if (request->layers.items[i] >= covey_network_layer_count(network))
            code = misuse("--layers: %d is above %d, the last there is", request->layers.items[i],
                          covey_network_layer_count(network) - 1);
    if (code == EXIT_DONE && mkdir(request->folder, 0777) && errno != EEXIST)
        code = fail("%s: cannot be made: %s", request->folder, strerror(errno));
    for (size_t i = 0; i < request->layers.n && code == EXIT_DONE; ++i) {
        if (console_progress(NULL, "maps", i, request->layers.n))
            code = fail_status(COVEY_E_CANCELLED, NULL);
        else
            code = show_layer(network, request->layers.items[i], pixels, request);
    }
    console_clear();
    covey_network_free(network);
    covey_weights_free(weights);
    if (code == EXIT_DONE && request->lost)
        code = fail("%zu figures could not be drawn; the others are in %s", request->lost,
                    request->folder);
    else if (code == EXIT_DONE)
        say("feature maps of %zu layers: %s", request->layers.n, request->folder);
    return code;
}

int cmd_maps(const options *options) {
    maps_request *request = malloc(sizeof *request);
    uint8_t *pixels = malloc((size_t)COVEY_PHOTO_SIDE * COVEY_PHOTO_SIDE * 3);
    int code = request && pixels ? read_request(request, options) : fail_memory();
    if (code == EXIT_DONE)
        code = decode_photo(pixels, options->operands[0], options);
    if (code == EXIT_DONE)
        code = show_layers(request, pixels, options);
    free(request);
    free(pixels);
    return code;
}
