/* SPDX-License-Identifier: MIT */
/* Larger pictures of some photos, from the originals or, where those are gone, from the run's own
 * thumbnails. The library links no image decoder: covey-decode does the work. */
#include <string.h>

#include "run_internal.h"

typedef struct wanted {
    const char **paths; /* [n] */
    char **owned;       /* [n] the same, to free */
    size_t *index;      /* [n] into the caller's rows */
    size_t n;
} wanted;

typedef covey_status (*photo_sink)(void *user, size_t index, const covey_photo *photo,
                                   covey_error *err);

static covey_status wanted_init(wanted *w, size_t n, covey_error *err) {
    w->paths = covey__calloc(n, sizeof *w->paths);
    w->owned = covey__calloc(n, sizeof *w->owned);
    w->index = covey__calloc(n, sizeof *w->index);
    return w->paths && w->owned && w->index
               ? COVEY_OK
               : covey__fail(err, COVEY_E_NOMEM, NULL, "memory ran out");
}

static void wanted_fini(wanted *w) {
    for (size_t i = 0; w->owned && i < w->n; ++i)
        covey__free(w->owned[i]);
    covey__free(w->owned);
    covey__free(w->paths);
    covey__free(w->index);
}

static covey_status wanted_add(wanted *w, size_t index, char *path, covey_error *err) {
    if (!path)
        return covey__fail(err, COVEY_E_NOMEM, NULL, "memory ran out");
    w->owned[w->n] = path;
    w->paths[w->n] = path;
    w->index[w->n++] = index;
    return COVEY_OK;
}

/* Decodes the paths of `w` at `side` and hands each photo, good or bad, to `sink`. */
static covey_status decode_wanted(const wanted *w, size_t side, int raw, photo_sink sink,
                                  void *user, covey_error *err) {
    covey_status status = COVEY_OK;
    covey_decoder *decoder = NULL;
    covey_decode_params params = covey_decode_params_default();
    if (w->n == 0)
        return COVEY_OK;
    params.thumb = side;
    params.thumb_raw = raw;
    COVEY_TRY(covey_decoder_new(&decoder, 4, &params, err));
    COVEY_TRY(covey_decoder_start(decoder, w->paths, w->n, err));
    for (size_t i = 0; i < w->n; ++i) {
        covey_photo photo;
        COVEY_TRY(covey_decoder_next(decoder, &photo, err));
        status = sink(user, w->index[i], &photo, err);
        covey_decoder_release(decoder, &photo);
        if (status != COVEY_OK)
            goto done;
    }
done:
    covey_decoder_free(decoder);
    return status;
}

static int is_photo(const covey_run *run, int64_t row) {
    return row >= 0 && (size_t)row < run->n_photos;
}

static covey_status wanted_originals(wanted *w, const covey_run *run, const int64_t *rows,
                                     size_t n, covey_error *err) {
    covey_status status = COVEY_OK;
    COVEY_TRY(wanted_init(w, n, err));
    for (size_t i = 0; i < n; ++i)
        if (is_photo(run, rows[i]))
            COVEY_TRY(wanted_add(w, i, covey__run_full_path(run, (size_t)rows[i]), err));
done:
    return status;
}

/* ---- pixels -------------------------------------------------------------------------------- */

static covey_status keep_pixels(void *user, size_t index, const covey_photo *photo,
                                covey_error *err) {
    covey_picture *picture = (covey_picture *)user + index;
    if (photo->status != COVEY_OK || !photo->thumb)
        return COVEY_OK;
    picture->rgb = covey__alloc(photo->thumb_bytes);
    if (!picture->rgb)
        return covey__fail(err, COVEY_E_NOMEM, NULL, "memory ran out");
    memcpy(picture->rgb, photo->thumb, photo->thumb_bytes);
    picture->width = photo->thumb_width;
    picture->height = photo->thumb_height;
    return COVEY_OK;
}

/* The folder a run was loaded from keeps a thumbnail of every photo. */
static covey_status wanted_thumbs(wanted *w, const covey_run *run, const int64_t *rows,
                                  const covey_picture *have, size_t n, covey_error *err) {
    covey_status status = COVEY_OK;
    COVEY_TRY(wanted_init(w, n, err));
    for (size_t i = 0; run->folder && i < n; ++i)
        if (!have[i].rgb && is_photo(run, rows[i]))
            COVEY_TRY(wanted_add(
                w, i, covey__asprintf("%s/thumbs/%06zu.jpg", run->folder, (size_t)rows[i]), err));
done:
    return status;
}

covey_status covey_pictures_new(covey_picture **out, const covey_run *run, const int64_t *rows,
                                size_t n, size_t side, covey_error *err) {
    covey_status status = COVEY_OK;
    wanted originals = {0}, thumbs = {0};
    covey_picture *pictures = covey__calloc(n, sizeof *pictures);
    COVEY_NOMEM_IF(!pictures, err);
    COVEY_TRY(wanted_originals(&originals, run, rows, n, err));
    COVEY_TRY(decode_wanted(&originals, side, 1, keep_pixels, pictures, err));
    COVEY_TRY(wanted_thumbs(&thumbs, run, rows, pictures, n, err));
    COVEY_TRY(decode_wanted(&thumbs, side, 1, keep_pixels, pictures, err));
    *out = pictures;
    pictures = NULL;
done:
    covey_pictures_free(pictures, n);
    wanted_fini(&originals);
    wanted_fini(&thumbs);
    return status;
}

void covey_pictures_free(covey_picture *pictures, size_t n) {
    for (size_t i = 0; pictures && i < n; ++i)
        covey__free(pictures[i].rgb);
    covey__free(pictures);
}

/* ---- JPEG ---------------------------------------------------------------------------------- */

typedef struct jpeg_context {
    const covey_run *run;
    const int64_t *rows;
    covey__jpeg_sink sink;
    void *user;
} jpeg_context;

static covey_status pass_jpeg(void *user, size_t index, const covey_photo *photo,
                              covey_error *err) {
    const jpeg_context *context = user;
    const covey_run_photo *kept = &context->run->photos[context->rows[index]];
    if (photo->status == COVEY_OK && photo->thumb)
        return context->sink(context->user, index, photo->thumb, photo->thumb_bytes, err);
    return context->sink(context->user, index, kept->thumb, kept->thumb_bytes, err);
}

covey_status covey__run_jpegs(const covey_run *run, const int64_t *rows, size_t n, size_t side,
                              covey__jpeg_sink sink, void *user, covey_error *err) {
    covey_status status = COVEY_OK;
    wanted originals = {0};
    jpeg_context context = {run, rows, sink, user};
    COVEY_TRY(wanted_originals(&originals, run, rows, n, err));
    COVEY_TRY(decode_wanted(&originals, side, 0, pass_jpeg, &context, err));
done:
    wanted_fini(&originals);
    return status;
}
