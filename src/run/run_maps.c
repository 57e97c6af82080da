/* SPDX-License-Identifier: MIT */
/* maps/: feature maps of covers, as PNG that nothing here looks into. */
#include <stdio.h>
#include <string.h>

#include "run_internal.h"

static const int layers[] = {COVEY_WRITE_UP_LAYERS};

covey_status covey_run_add_map(covey_run *run, int64_t row, int layer, const uint8_t *png,
                               size_t bytes) {
    size_t most = COVEY_RUN_MAP_COVERS * sizeof layers / sizeof *layers;
    if (row < 0 || (size_t)row >= run->n_photos || run->n_maps >= most)
        return COVEY_E_ARGUMENT;
    if (!run->maps)
        run->maps = covey__run_alloc(run, most * sizeof *run->maps);
    uint8_t *copy = covey__run_alloc(run, bytes);
    if (!run->maps || !copy)
        return COVEY_E_NOMEM;
    memcpy(copy, png, bytes);
    run->maps[run->n_maps++] =
        (covey_run_map){.row = row, .layer = layer, .png = copy, .bytes = bytes};
    return COVEY_OK;
}

void covey__run_map_name(char out[48], int64_t row, int layer) {
    snprintf(out, 48, "maps/%06lld_layer_%02d.png", (long long)row, layer);
}

/* Any file may be missing: a page without one picture is still a page. */
covey_status covey__run_load_maps(covey_run *run, const char *folder, covey_error *err) {
    const covey_clustering *c = run->comparison.clusterings;
    size_t photos = 0;
    for (size_t j = 0; c && run->n_photos && j < c->k && photos < COVEY_RUN_MAP_COVERS; ++j) {
        size_t before = run->n_maps;
        for (size_t l = 0; c->representatives[j] >= 0 && l < sizeof layers / sizeof *layers; ++l) {
            char name[48], *text = NULL;
            size_t size = 0;
            covey__run_map_name(name, c->representatives[j], layers[l]);
            char *path = covey__path_join(folder, name);
            covey_status status = path ? covey__file_read(&text, &size, path, 4 << 20, NULL)
                                       : COVEY_E_NOMEM;
            covey__free(path);
            if (status == COVEY_OK)
                status = covey_run_add_map(run, c->representatives[j], layers[l],
                                           (const uint8_t *)text, size);
            covey__free(text);
            if (status == COVEY_E_NOMEM)
                return covey__fail(err, COVEY_E_NOMEM, NULL, "memory ran out");
        }
        photos += run->n_maps > before;
    }
    return COVEY_OK;
}
