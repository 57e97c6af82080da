/* SPDX-License-Identifier: MIT */
#include "cover_maps.h"

#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "photo_options.h"
#include "run_output.h"

static const int layers[] = {COVEY_WRITE_UP_LAYERS};
enum { LAYERS = sizeof layers / sizeof *layers };

/* rows [COVEY_RUN_MAP_COVERS] <- the covers of the largest groups; returns how many. */
static size_t choose(int64_t *rows, const covey_run *run) {
    const covey_clustering *c = &run->comparison.clusterings[0];
    size_t n = 0;
    for (; n < COVEY_RUN_MAP_COVERS; ++n) {
        int64_t best = -1;
        size_t size = 0;
        for (size_t j = 0; j < c->k; ++j) {
            int taken = c->representatives[j] < 0;
            for (size_t i = 0; i < n && !taken; ++i)
                taken = rows[i] == c->representatives[j];
            if (!taken && c->sizes[j] > size) {
                size = c->sizes[j];
                best = c->representatives[j];
            }
        }
        if (best < 0)
            break;
        rows[n] = best;
    }
    return n;
}

/* One layer of one photo, appended to run->maps. */
static covey_status add_layer(covey_run *run, covey_network *network, int layer, int64_t row,
                              const uint8_t *rgb, covey_error *err) {
    size_t channels, height, width, bytes = 0, shown = COVEY_RUN_MAP_CHANNELS;
    uint8_t *png = NULL;
    covey_status status =
        covey_network_get_layer_shape(network, layer, &channels, &height, &width);
    if (status != COVEY_OK)
        return status;
    shown = shown < channels ? shown : channels;
    float *activations = malloc(channels * height * width * sizeof *activations);
    uint8_t *maps = malloc(shown * height * width);
    status = activations && maps ? covey_network_compute_layer(network, activations, layer, rgb)
                                 : COVEY_E_NOMEM;
    for (size_t i = 0; i < shown && status == COVEY_OK; ++i)
        covey_figure_normalise_map(maps + i * height * width, activations + i * height * width,
                                   height * width);
    if (status == COVEY_OK)
        status = covey_figure_encode_strip(&png, &bytes, maps, shown, height, width,
                                           COVEY_RUN_MAP_SIDE, err);
    if (status == COVEY_OK)
        status = covey_run_add_map(run, row, layer, png, bytes);
    covey_free(png);
    free(activations);
    free(maps);
    return status;
}

static covey_status add_photo(covey_run *run, covey_network *network, const covey_photo *photo,
                              int64_t row, covey_error *err) {
    covey_status status = COVEY_OK;
    for (int l = 0; l < LAYERS && status == COVEY_OK; ++l)
        status = add_layer(run, network, layers[l], row, photo->rgb, err);
    return status;
}

/* The photos one after the other through decoder and network. */
static covey_status add_all(covey_run *run, covey_network *network, const int64_t *rows,
                            const char *const *paths, size_t n, const options *options,
                            covey_error *err) {
    covey_decode_params params = covey_decode_params_default();
    covey_decoder *decoder = NULL;
    photo_options_decode(&params, options);
    params.threads = 1;
    params.thumb = 0;
    covey_status status = covey_decoder_new(&decoder, n, &params, err);
    if (status == COVEY_OK)
        status = covey_decoder_start(decoder, paths, n, err);
    for (size_t i = 0; i < n && status == COVEY_OK; ++i) {
        covey_photo photo;
        if (console_progress(NULL, "maps", i, n))
            status = COVEY_E_CANCELLED;
        else
            status = covey_decoder_next(decoder, &photo, err);
        if (status != COVEY_OK)
            break;
        if (photo.status == COVEY_OK)
            status = add_photo(run, network, &photo, rows[photo.index], err);
        covey_decoder_release(decoder, &photo);
    }
    console_clear();
    if (status == COVEY_E_DRAW) { /* the page stands without them */
        say("feature maps of the covers are left out: %s", err->message);
        status = COVEY_OK;
    }
    covey_decoder_free(decoder);
    return status;
}

int cover_maps(covey_run *run, const options *options) {
    int64_t rows[COVEY_RUN_MAP_COVERS];
    char *paths[COVEY_RUN_MAP_COVERS] = {0};
    covey_weights *weights = NULL;
    covey_network *network = NULL;
    covey_network_params params = covey_network_params_default();
    covey_error err = {0};
    size_t n = run->n_photos && run->comparison.n_losses ? choose(rows, run) : 0;
    int code = n ? photo_options_weights(&weights, options) : EXIT_DONE;
    for (size_t i = 0; i < n && code == EXIT_DONE; ++i) {
        const covey_run_photo *photo = &run->photos[rows[i]];
        paths[i] = join_path(run->roots[photo->root], photo->path);
        code = paths[i] ? EXIT_DONE : EXIT_FAILED;
    }
    if (code == EXIT_DONE && n) {
        params.threads = (int)options->values[OPT_THREADS].count;
        params.batch = 1;
        covey_status status = covey_network_new(&network, weights, &params, &err);
        if (status == COVEY_OK)
            status = add_all(run, network, rows, (const char *const *)paths, n, options, &err);
        code = status == COVEY_OK ? EXIT_DONE : fail_status(status, &err);
    }
    for (size_t i = 0; i < n; ++i)
        free(paths[i]);
    covey_network_free(network);
    covey_weights_free(weights);
    return code;
}
