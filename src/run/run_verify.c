/* SPDX-License-Identifier: MIT */
/* Photos described again: the same files, the same pixels, the same numbers? Photos are compared as
 * they come, so that memory does not grow with the run. */
#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "run_verify_internal.h"

typedef struct checking {
    const covey_run *run;
    covey_verified *out;
    const covey_verify_params *params;
    covey_decoder *decoder;
    covey_network *network; /* NULL where features cannot be computed */
    char **paths;           /* [n]: of the photos by row, then of the skipped files */
    size_t n;
    const uint8_t **pixels; /* [batch] */
    covey_photo *held;      /* [n_held] */
    size_t n_held;
    float *rows; /* [batch][columns] */
    int is_alike; /* same engine, same preparation */
    double bound;
} checking;

covey_verify_params covey_verify_params_default(void) {
    return (covey_verify_params){.batch = 8};
}

const char *covey_part_name(covey_part part) {
    static const char *const names[] = {"photos",     "features", "skipped",
                                        "duplicates", "groups",   "labels"};
    return (unsigned)part < COVEY_PART_COUNT ? names[part] : "unknown";
}

const char *covey_verdict_name(covey_verdict verdict) {
    static const char *const names[] = {"not there", "equal", "within the bound", "different",
                                        "not checked"};
    return (unsigned)verdict <= COVEY_VERDICT_UNKNOWN ? names[verdict] : "unknown";
}

/* How bad each verdict is: something that differs weighs more than something that is not known. */
static int weight_of(covey_verdict verdict) {
    return verdict == COVEY_VERDICT_DIFFERENT ? COVEY_VERDICT_UNKNOWN + 1 : (int)verdict;
}

void covey__verify_note(covey_verified *out, covey_verdict verdict, int64_t row, const char *file,
                        const char *fmt, ...) {
    va_list args;
    out->different += verdict == COVEY_VERDICT_DIFFERENT;
    if (weight_of(verdict) <= weight_of(out->verdict))
        return;
    out->verdict = verdict;
    out->row = row;
    snprintf(out->file, sizeof out->file, "%s", file ? file : "");
    va_start(args, fmt);
    vsnprintf(out->why, sizeof out->why, fmt, args);
    va_end(args);
}

/* ---- one photo ------------------------------------------------------------------------------- */

static double distance_of(const float *a, const float *b, size_t n) {
    double difference = 0, norm = 0;
    for (size_t j = 0; j < n; ++j) {
        double step = (double)a[j] - b[j];
        difference += step * step;
        norm += (double)b[j] * b[j];
    }
    return difference > 0 ? sqrt(difference / (norm > 0 ? norm : 1)) : 0;
}

static void compare_features(checking *c, size_t row, const float *fresh) {
    const covey_run *run = c->run;
    covey_verified *out = &c->out[COVEY_PART_FEATURES];
    size_t columns = run->features.cols;
    const float *recorded = run->features.data + row * columns;
    const char *path = run->photos[row].path;
    ++out->checked;
    if (memcmp(fresh, recorded, columns * sizeof *fresh) == 0)
        return;
    double error = distance_of(fresh, recorded, columns);
    if (!(error <= out->error))
        out->error = error;
    if (c->is_alike)
        covey__verify_note(out, COVEY_VERDICT_DIFFERENT, (int64_t)row, path,
                           "is described by other numbers here (relative distance %.2g), though "
                           "engine and libraries are the same",
                           error);
    else if (error <= c->bound)
        covey__verify_note(out, COVEY_VERDICT_WITHIN, (int64_t)row, path,
                           "is described by another engine here; the bound is %.2g", c->bound);
    else
        covey__verify_note(out, COVEY_VERDICT_DIFFERENT, (int64_t)row, path,
                           "is described by other numbers here: relative distance %.2g, the bound "
                           "is %.2g",
                           error, c->bound);
}

static covey_status flush(checking *c, covey_error *err) {
    covey_status status = COVEY_OK;
    if (c->n_held && c->network)
        status = covey_network_compute_features_of(c->network, c->rows, c->pixels, c->n_held);
    if (status != COVEY_OK)
        covey__fail(err, status, NULL, "the network failed: %s", covey_status_str(status));
    for (size_t i = 0; i < c->n_held; ++i) {
        if (c->network && status == COVEY_OK)
            compare_features(c, c->held[i].index, c->rows + i * c->run->features.cols);
        covey_decoder_release(c->decoder, &c->held[i]);
    }
    c->n_held = 0;
    return status;
}

/* 1: the file holds what it held. */
static int compare_content(checking *c, const covey_photo *photo) {
    static const uint8_t none[32];
    const covey_run_photo *then = &c->run->photos[photo->index];
    covey_verified *out = &c->out[COVEY_PART_PHOTOS];
    struct stat info;
    ++out->checked;
    if (memcmp(photo->sha256, then->sha256, sizeof then->sha256) == 0)
        return 1;
    int is_read = memcmp(photo->sha256, none, sizeof none) != 0;
    if (is_read)
        covey__verify_note(out, COVEY_VERDICT_DIFFERENT, (int64_t)photo->index, then->path,
                           "has changed since: %llu bytes, %llu then",
                           (unsigned long long)photo->bytes, (unsigned long long)then->bytes);
    else if (stat(c->paths[photo->index], &info) && (errno == ENOENT || errno == ENOTDIR))
        covey__verify_note(out, COVEY_VERDICT_DIFFERENT, (int64_t)photo->index, then->path,
                           "is gone from %.300s", c->run->roots[then->root]);
    else
        covey__verify_note(out, COVEY_VERDICT_DIFFERENT, (int64_t)photo->index, then->path,
                           "cannot be read any more: %.300s", photo->reason);
    return 0;
}

/* Takes one photo of the run; 1: it is held for the network. */
static int take_photo(checking *c, const covey_photo *photo) {
    const covey_run_photo *then = &c->run->photos[photo->index];
    covey_verified *out = &c->out[COVEY_PART_FEATURES];
    if (!compare_content(c, photo))
        return 0;
    if (photo->status != COVEY_OK) {
        covey__verify_note(out, COVEY_VERDICT_DIFFERENT, (int64_t)photo->index, then->path,
                           "was used then and is skipped here: %.300s", photo->reason);
        return 0;
    }
    if (photo->width != then->width || photo->height != then->height) {
        covey__verify_note(out, COVEY_VERDICT_DIFFERENT, (int64_t)photo->index, then->path,
                           "is read as %u x %u pixels here, as %u x %u then", photo->width,
                           photo->height, then->width, then->height);
        return 0;
    }
    return 1;
}

static void take_skip(checking *c, const covey_photo *photo) {
    const covey_run_skip *then = &c->run->skips[photo->index - c->run->n_photos];
    covey_verified *out = &c->out[COVEY_PART_SKIPPED];
    ++out->checked;
    if (photo->status == COVEY_OK)
        covey__verify_note(out, COVEY_VERDICT_DIFFERENT, -1, then->path,
                           "was skipped then (%.200s) and can be used here", then->reason);
    else if (strcmp(photo->reason, then->reason) != 0)
        covey__verify_note(out, COVEY_VERDICT_DIFFERENT, -1, then->path,
                           "is skipped for another reason: '%.200s' here, '%.200s' then",
                           photo->reason, then->reason);
}

static covey_status take_all(checking *c, covey_error *err) {
    covey_status status = COVEY_OK;
    covey_progress_fn progress = c->params->progress;
    for (size_t i = 0; i < c->n; ++i) {
        covey_photo photo;
        COVEY_TRY(covey_decoder_next(c->decoder, &photo, err));
        int is_row = photo.index < c->run->n_photos;
        if (is_row && take_photo(c, &photo)) {
            c->pixels[c->n_held] = photo.rgb;
            c->held[c->n_held++] = photo;
        } else {
            if (!is_row)
                take_skip(c, &photo);
            covey_decoder_release(c->decoder, &photo);
        }
        if (c->n_held == c->params->batch || i + 1 == c->n)
            COVEY_TRY(flush(c, err));
        COVEY_FAIL_IF(progress && progress(c->params->progress_user, "verify", i + 1, c->n), err,
                      COVEY_E_CANCELLED, NULL, "stopped on request after %zu of %zu photos", i + 1,
                      c->n);
    }
done:
    return status;
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* skipped.csv does not say which root a path belongs to: the first that has it. */
static char *path_of_skip(const covey_run *run, const char *path) {
    struct stat info;
    for (size_t r = 0; r < run->n_roots; ++r) {
        char *full = covey__path_join(run->roots[r], path);
        if (!full || r + 1 == run->n_roots || lstat(full, &info) == 0)
            return full;
        covey__free(full);
    }
    return covey__strdup(path);
}

static covey_status list_paths(checking *c, covey_error *err) {
    covey_status status = COVEY_OK;
    const covey_run *run = c->run;
    c->paths = covey__calloc(c->n + 1, sizeof *c->paths);
    COVEY_NOMEM_IF(!c->paths, err);
    for (size_t i = 0; i < c->n; ++i) {
        c->paths[i] = i < run->n_photos ? covey__run_full_path(run, i)
                                        : path_of_skip(run, run->skips[i - run->n_photos].path);
        COVEY_NOMEM_IF(!c->paths[i], err);
    }
done:
    return status;
}

/* Makes the network where the weights are the run's; otherwise says why there is none. */
static covey_status make_network(checking *c, const covey_weights *weights,
                                 const covey_network_params *params, covey_error *err) {
    const covey_run_facts *facts = &c->run->facts;
    covey_verified *out = &c->out[COVEY_PART_FEATURES];
    const char *digest = facts->weights_digest ? facts->weights_digest : "";
    if (!weights || strcmp(covey_weights_digest(weights), digest) != 0) {
        covey__verify_note(out, COVEY_VERDICT_UNKNOWN, -1, NULL,
                           "weights '%.60s' of digest %.12s are not installed; import them",
                           facts->weights_name ? facts->weights_name : "", digest);
        return COVEY_OK;
    }
    covey_status status = covey_network_new(&c->network, weights, params, err);
    if (status == COVEY_E_UNSUPPORTED) {
        covey__verify_note(out, COVEY_VERDICT_UNKNOWN, -1, NULL, "%s", err ? err->message : "");
        return COVEY_OK;
    }
    if (status != COVEY_OK)
        return status;
    if (covey_network_channels(c->network) != c->run->features.cols) {
        covey__verify_note(out, COVEY_VERDICT_DIFFERENT, -1, "features.npy",
                           "has %zu columns, the network gives %zu", c->run->features.cols,
                           covey_network_channels(c->network));
        covey_network_free(c->network);
        c->network = NULL;
        return COVEY_OK;
    }
    const char *engine = covey_network_engine_id(c->network);
    c->is_alike = facts->engine_id && strcmp(engine, facts->engine_id) == 0;
    return COVEY_OK;
}

/* Appends what is another library here to the sentence on features that differ. */
static void explain(const checking *c) {
    covey_verified *out = &c->out[COVEY_PART_FEATURES];
    const covey_run_facts *facts = &c->run->facts;
    size_t used = strlen(out->why);
    const char *engine = c->network ? covey_network_engine_id(c->network) : NULL;
    const char *preparation = covey_decoder_preparation(c->decoder);
    if (out->verdict != COVEY_VERDICT_DIFFERENT && out->verdict != COVEY_VERDICT_WITHIN)
        return;
    if (engine && facts->engine_id && strcmp(engine, facts->engine_id) != 0)
        used += (size_t)snprintf(out->why + used, sizeof out->why - used,
                                 "; engine %.40s here, %.40s then", engine, facts->engine_id);
    if (used < sizeof out->why && facts->preparation &&
        strcmp(preparation, facts->preparation) != 0)
        snprintf(out->why + used, sizeof out->why - used,
                 "; photos are read as '%.120s' here, as '%.120s' then", preparation,
                 facts->preparation);
}

static void begin(covey_verified *out, int is_there) {
    memset(out, 0, sizeof *out);
    out->row = -1;
    out->verdict = is_there ? COVEY_VERDICT_EQUAL : COVEY_VERDICT_NONE;
}

covey_status covey_run_verify_photos(covey_verified *out, const covey_run *run,
                                     const covey_weights *weights,
                                     const covey_verify_params *params, covey_error *err) {
    covey_status status = COVEY_OK;
    covey_verify_params defaults = covey_verify_params_default();
    checking c = {.run = run, .out = out, .params = params ? params : &defaults};
    covey_extract_params how = covey_extract_params_of(run);
    size_t batch = c.params->batch, cells = 0;
    how.decode.threads = how.network.threads = c.params->threads;
    how.network.batch = batch;
    begin(&out[COVEY_PART_PHOTOS], run->n_photos > 0);
    begin(&out[COVEY_PART_FEATURES], run->n_photos > 0);
    begin(&out[COVEY_PART_SKIPPED], run->n_skips > 0);
    c.n = run->n_photos + run->n_skips;
    if (!run->n_photos)
        return COVEY_OK;
    COVEY_FAIL_IF(batch < 1, err, COVEY_E_ARGUMENT, NULL, "a batch of no photo computes nothing");
    c.bound = how.network.precision == COVEY_PRECISION_BF16 ? COVEY_ENGINE_BOUND_BF16
                                                            : COVEY_ENGINE_BOUND_F32;
    COVEY_TRY(list_paths(&c, err));
    c.pixels = covey__calloc(batch, sizeof *c.pixels);
    c.held = covey__calloc(batch, sizeof *c.held);
    COVEY_NOMEM_IF(!c.pixels || !c.held || covey__mul_size(&cells, batch, run->features.cols), err);
    c.rows = covey__alloc_array(cells, sizeof *c.rows);
    COVEY_NOMEM_IF(!c.rows, err);
    COVEY_TRY(covey_decoder_new(&c.decoder, 3 * batch + 4, &how.decode, err));
    COVEY_TRY(make_network(&c, weights, &how.network, err));
    c.is_alike = c.is_alike && run->facts.preparation &&
                 strcmp(covey_decoder_preparation(c.decoder), run->facts.preparation) == 0;
    COVEY_TRY(covey_decoder_start(c.decoder, (const char *const *)c.paths, c.n, err));
    COVEY_TRY(take_all(&c, err));
    explain(&c);
done:
    covey_decoder_free(c.decoder);
    covey_network_free(c.network);
    for (size_t i = 0; c.paths && i < c.n; ++i)
        covey__free(c.paths[i]);
    covey__free(c.paths);
    covey__free(c.pixels);
    covey__free(c.held);
    covey__free(c.rows);
    return status;
}
