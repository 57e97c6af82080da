/* SPDX-License-Identifier: MIT */
/* describe(): photos, as paths or as pixels, to rows of features. */
#include "_covey_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "covey/network.h"
#include "covey/photo.h"
#include "covey/npy.h"

typedef struct request {
    const char **paths; /* [n], or NULL: `pixels` */
    const uint8_t *pixels;
    size_t n, height, width;
    covey_network_params network;
    covey_decode_params decode;
    const char *weights;
    int is_file;
    PyObject *progress;
    float *features; /* [n][channels] */
    size_t channels;
    char (*reasons)[256]; /* [n]; "" for a photo that was read */
} request;

/* Decoded photos of one batch, and those that could not be read left at zero. */
static covey_status describe_paths(request *r, covey_network *network, covey_error *err) {
    covey_decoder *decoder = NULL;
    size_t batch = r->network.batch;
    r->decode.threads = r->network.threads;
    covey_status status = covey_decoder_new(&decoder, 2 * batch, &r->decode, err);
    if (status == COVEY_OK)
        status = covey_decoder_start(decoder, r->paths, r->n, err);
    for (size_t first = 0; first < r->n && status == COVEY_OK; first += batch) {
        covey_photo photos[64];
        const uint8_t *rgb[64];
        size_t row[64], used = 0, taken = 0;
        size_t count = r->n - first < batch ? r->n - first : batch;
        for (; taken < count; ++taken) {
            covey_photo *photo = &photos[taken];
            status = covey_decoder_next(decoder, photo, err);
            if (status != COVEY_OK)
                break;
            if (photo->status == COVEY_OK) {
                row[used] = first + taken;
                rgb[used++] = photo->rgb;
            } else {
                snprintf(r->reasons[first + taken], sizeof *r->reasons, "%s", photo->reason);
            }
        }
        float made[64 * 512];
        if (status == COVEY_OK && used)
            status = covey_network_compute_features_of(network, made, rgb, used);
        for (size_t i = 0; i < used && status == COVEY_OK; ++i)
            memcpy(r->features + row[i] * r->channels, made + i * r->channels,
                   r->channels * sizeof *made);
        for (size_t i = 0; i < taken; ++i)
            covey_decoder_release(decoder, &photos[i]);
        if (status == COVEY_OK &&
            covey_python_progress(r->progress, "extract", first + count, r->n))
            status = COVEY_E_CANCELLED;
    }
    covey_decoder_free(decoder);
    return status;
}

static covey_status describe_pixels(request *r, covey_network *network) {
    covey_status status = COVEY_OK;
    size_t batch = r->network.batch, photo = r->height * r->width * 3;
    for (size_t first = 0; first < r->n && status == COVEY_OK; first += batch) {
        size_t count = r->n - first < batch ? r->n - first : batch;
        status = covey_network_compute_features(network, r->features + first * r->channels,
                                                r->pixels + first * photo, count);
        if (status == COVEY_OK &&
            covey_python_progress(r->progress, "extract", first + count, r->n))
            status = COVEY_E_CANCELLED;
    }
    return status;
}

static covey_status compute(request *r, covey_error *err) {
    covey_weights *weights = NULL;
    covey_network *network = NULL;
    covey_status status = r->is_file ? covey_weights_open_file(&weights, r->weights, err)
                                     : covey_weights_open(&weights, r->weights, err);
    if (status == COVEY_OK)
        status = covey_network_new(&network, weights, &r->network, err);
    if (status == COVEY_OK) {
        r->channels = covey_network_channels(network);
        r->features = calloc(r->n, r->channels * sizeof *r->features);
        r->reasons = calloc(r->n, sizeof *r->reasons);
        status = r->features && r->reasons ? COVEY_OK : COVEY_E_NOMEM;
    }
    if (status == COVEY_OK)
        status = r->paths ? describe_paths(r, network, err) : describe_pixels(r, network);
    covey_network_free(network);
    covey_weights_free(weights);
    return status;
}

static int read_paths(request *r, PyObject *list) {
    r->n = (size_t)PyList_Size(list);
    r->paths = calloc(r->n + 1, sizeof *r->paths);
    if (!r->paths) {
        PyErr_NoMemory();
        return 0;
    }
    for (size_t i = 0; i < r->n; ++i) { /* the list keeps the bytes alive */
        r->paths[i] = PyBytes_AsString(PyList_GetItem(list, (Py_ssize_t)i));
        if (!r->paths[i])
            return 0;
    }
    return 1;
}

static PyObject *answer(const request *r) {
    PyObject *reasons = PyList_New(0);
    for (size_t i = 0; reasons && i < r->n; ++i) {
        PyObject *text = PyUnicode_FromString(r->reasons[i]);
        if (!text || PyList_Append(reasons, text))
            Py_CLEAR(reasons);
        Py_XDECREF(text);
    }
    if (!reasons)
        return NULL;
    PyObject *bytes = PyByteArray_FromStringAndSize(
        (const char *)r->features, (Py_ssize_t)(r->n * r->channels * sizeof *r->features));
    if (!bytes) {
        Py_DECREF(reasons);
        return NULL;
    }
    return Py_BuildValue("(NnN)", bytes, (Py_ssize_t)r->channels, reasons);
}

/* describe(paths, pixels, n, height, width, weights, is_file, batch, threads, bf16, pooling, crop,
 * exact, decoder, progress) -> (features, channels, reasons): one of paths (list of bytes) and pixels
 * (buffer [n][height][width][3]) is None. */
PyObject *covey_python_describe(PyObject *self, PyObject *args) {
    (void)self;
    PyObject *paths, *pixels, *out = NULL;
    Py_buffer view = {0};
    Py_ssize_t n, height, width, batch;
    int threads, bf16, pooling, crop, exact;
    request r = {0};
    r.network = covey_network_params_default();
    r.decode = covey_decode_params_default();
    if (!PyArg_ParseTuple(args, "OOnnnsiniiiiizO", &paths, &pixels, &n, &height, &width,
                          &r.weights, &r.is_file, &batch, &threads, &bf16, &pooling, &crop,
                          &exact, &r.decode.program, &r.progress))
        return NULL;
    if (exact)
        covey_decode_params_set_exact(&r.decode);
    r.decode.crop = crop;
    r.network.threads = threads;
    r.network.batch = (size_t)batch;
    r.network.precision = bf16 ? COVEY_PRECISION_BF16 : COVEY_PRECISION_F32;
    r.network.pooling = (covey_pooling)pooling;
    if (paths != Py_None) {
        if (!read_paths(&r, paths))
            goto done;
    } else {
        if (PyObject_GetBuffer(pixels, &view, PyBUF_SIMPLE))
            goto done;
        r.pixels = view.buf;
        r.n = (size_t)n;
        r.height = r.network.height = (size_t)height;
        r.width = r.network.width = (size_t)width;
    }
    covey_status status;
    covey_error err = {0};
    Py_BEGIN_ALLOW_THREADS;
    status = compute(&r, &err);
    Py_END_ALLOW_THREADS;
    out = status == COVEY_OK ? answer(&r) : covey_python_raise(status, &err);
done:
    if (view.obj)
        PyBuffer_Release(&view);
    free(r.paths);
    free(r.features);
    free(r.reasons);
    return out;
}
