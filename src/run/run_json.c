/* SPDX-License-Identifier: MIT */
/* comparison.json and run.json. Keys keep the order in which they are written here. */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "json_internal.h"
#include "run_internal.h"
#include "run_json_internal.h"
#include "run_labels_internal.h"

/* Adds `key`: the cleaned text, and `key_hex`: its raw bytes where cleaning lost something. */
static void set_path(covey__json *j, json_t *object, const char *key, const char *path) {
    int changed;
    char *clean = covey__utf8_clean(path, &changed);
    j->failed |= !clean;
    covey__json_set(j, object, key, json_string(clean ? clean : ""));
    covey__free(clean);
    size_t n = strlen(path);
    char *hex = changed ? covey__alloc_array(n + 1, 2) : NULL;
    char *name = changed ? covey__asprintf("%s_hex", key) : NULL;
    if (hex && name) {
        covey__hex(hex, (const uint8_t *)path, n);
        covey__json_set(j, object, name, json_string(hex));
    }
    j->failed |= changed && !(hex && name);
    covey__free(hex);
    covey__free(name);
}

json_t *covey__json_text(covey__json *j, const char *s) {
    int changed;
    char *clean = s ? covey__utf8_clean(s, &changed) : NULL;
    json_t *value = clean ? json_string(clean) : json_null();
    j->failed |= s && !clean;
    covey__free(clean);
    return value;
}

static json_t *matrix(covey__json *j, const double *values, size_t rows, size_t cols) {
    json_t *array = covey__json_array(j);
    for (size_t i = 0; values && i < rows; ++i) {
        json_t *row = covey__json_array(j);
        for (size_t c = 0; c < cols; ++c)
            covey__json_append(j, row, covey__json_real(values[i * cols + c]));
        covey__json_append(j, array, row);
    }
    return array;
}

static json_t *vector(covey__json *j, const double *values, size_t n) {
    json_t *array = covey__json_array(j);
    for (size_t i = 0; values && i < n; ++i)
        covey__json_append(j, array, covey__json_real(values[i]));
    return array;
}

static json_t *rows_of(covey__json *j, const int64_t *values, size_t n) {
    json_t *array = covey__json_array(j);
    for (size_t i = 0; i < n; ++i)
        covey__json_append(j, array, json_integer(values[i]));
    return array;
}

static json_t *params_of(covey__json *j, const covey_loss *loss) {
    json_t *params = covey__json_object(j);
    for (int i = 0; i < COVEY_LOSS_PARAMS && loss->ops->params[i].name; ++i) {
        json_t *param = covey__json_object(j);
        covey__json_set(j, param, "value", covey__json_real(loss->params[i]));
        covey__json_set(j, param, "auto", json_boolean(loss->is_auto[i]));
        covey__json_set(j, params, loss->ops->params[i].name, param);
    }
    return params;
}

static json_t *loss_of(covey__json *j, const covey_comparison *c, size_t l) {
    const covey_clustering *r = &c->clusterings[l];
    json_t *loss = covey__json_object(j), *sizes = covey__json_array(j);
    covey__json_set(j, loss, "name", json_string(r->loss.ops->name));
    covey__json_set(j, loss, "params", params_of(j, &r->loss));
    covey__json_set(j, loss, "k", json_integer((json_int_t)r->k));
    covey__json_set(j, loss, "objective", covey__json_real(r->objective));
    covey__json_set(j, loss, "restart", json_integer(r->restart));
    covey__json_set(j, loss, "rounds", json_integer(r->rounds));
    covey__json_set(j, loss, "converged", json_boolean(r->converged));
    covey__json_set(j, loss, "unsolved_centres", json_integer((json_int_t)r->unsolved));
    covey__json_set(j, loss, "refilled_clusters", json_integer((json_int_t)r->refilled));
    covey__json_set(j, loss, "zero_rows", json_integer((json_int_t)r->zero_rows));
    covey__json_set(j, loss, "in_panel", json_boolean(c->in_panel[l]));
    for (size_t i = 0; i < r->k; ++i)
        covey__json_append(j, sizes, json_integer((json_int_t)r->sizes[i]));
    covey__json_set(j, loss, "sizes", sizes);
    covey__json_set(j, loss, "representatives", rows_of(j, r->representatives, r->k));
    covey__json_set(j, loss, "medoids", rows_of(j, r->medoids, r->k));
    covey__json_set(j, loss, "silhouette", covey__json_real(c->silhouette[l]));
    covey__json_set(j, loss, "sum_l2", covey__json_real(c->sum_l2[l]));
    covey__json_set(j, loss, "sum_l1", covey__json_real(c->sum_l1[l]));
    return loss;
}

static json_t *vote_of(covey__json *j, const covey_run *run, const covey_vote *vote) {
    json_t *object = covey__json_object(j);
    covey__json_set(j, object, "cluster", json_integer(vote->cluster));
    covey__json_set(j, object, "row", json_integer(vote->row));
    if ((size_t)vote->row < run->n_photos)
        set_path(j, object, "path", run->photos[vote->row].path);
    covey__json_set(j, object, "losses", json_integer(vote->losses));
    covey__json_set(j, object, "seeds", json_integer(vote->seeds));
    return object;
}

/* The photos whose cluster depends on loss or seed, most first. */
static json_t *undecided_of(covey__json *j, const covey_run *run) {
    const covey_comparison *c = &run->comparison;
    json_t *array = covey__json_array(j);
    for (size_t i = 0; c->disagreement && i < c->n; ++i) {
        if (!(c->disagreement[i] > 0))
            continue;
        json_t *object = covey__json_object(j);
        covey__json_set(j, object, "row", json_integer((json_int_t)i));
        if (i < run->n_photos)
            set_path(j, object, "path", run->photos[i].path);
        covey__json_set(j, object, "disagreement", covey__json_real(c->disagreement[i]));
        covey__json_append(j, array, object);
    }
    return array;
}

covey_status covey__json_finish(char **out, const covey__json *json, json_t *root, size_t flags,
                                covey_error *err) {
    covey_status status = covey__json_dump(out, json->failed ? NULL : root, flags);
    json_decref(root);
    if (status != COVEY_OK)
        return covey__fail(err, COVEY_E_NOMEM, NULL, "memory ran out while writing JSON");
    return COVEY_OK;
}

static json_t *k_table_of(covey__json *j, const covey_comparison *c) {
    json_t *array = covey__json_array(j);
    for (size_t i = 0; i < c->n_k_table; ++i) {
        const covey_k_row *row = &c->k_table[i];
        json_t *object = covey__json_object(j);
        covey__json_set(j, object, "k", json_integer((json_int_t)row->k));
        covey__json_set(j, object, "objective", covey__json_real(row->objective));
        covey__json_set(j, object, "silhouette", covey__json_real(row->silhouette));
        covey__json_set(j, object, "calinski_harabasz", covey__json_real(row->calinski_harabasz));
        covey__json_set(j, object, "elbow", covey__json_real(row->elbow));
        covey__json_set(j, object, "stability", covey__json_real(row->stability));
        covey__json_append(j, array, object);
    }
    return array;
}

covey_status covey__run_comparison_json(char **out, const covey_run *run, covey_error *err) {
    const covey_comparison *c = &run->comparison;
    covey__json json = {0}, *j = &json;
    json_t *root = covey__json_object(j), *losses = covey__json_array(j);
    json_t *votes = covey__json_array(j);
    covey__json_set(j, root, "k", json_integer((json_int_t)c->k_chosen));
    covey__json_set(j, root, "k_reason", covey__json_text(j, c->k_reason));
    if (c->n_k_table) {
        covey__json_set(j, root, "k_clear", json_boolean(c->k_clear));
        covey__json_set(j, root, "k_table", k_table_of(j, c));
    }
    covey__json_set(j, root, "clusters", json_integer((json_int_t)c->k_all));
    for (size_t l = 0; l < c->n_losses; ++l)
        covey__json_append(j, losses, loss_of(j, c, l));
    covey__json_set(j, root, "losses", losses);
    covey__json_set(j, root, "ari", matrix(j, c->ari, c->n_losses, c->n_losses));
    covey__json_set(j, root, "vi", matrix(j, c->vi, c->n_losses, c->n_losses));
    covey__json_set(j, root, "panel_size", json_integer(c->panel_size));
    covey__json_set(j, root, "seeds", json_integer(c->n_seeds));
    for (size_t v = 0; v < c->n_votes; ++v)
        covey__json_append(j, votes, vote_of(j, run, &c->votes[v]));
    covey__json_set(j, root, "votes", votes);
    covey__json_set(j, root, "stability", vector(j, c->stability, c->k_all));
    covey__json_set(j, root, "undecided", undecided_of(j, run));
    if (run->scores)
        covey__json_set(j, root, "labels", covey__run_labels_json(j, run));
    return covey__json_finish(out, j, root, JSON_INDENT(1) | JSON_REAL_PRECISION(17), err);
}

static covey_status add_digest(covey__json *j, json_t *files, const char *folder, const char *name,
                               covey_error *err) {
    covey_status status = COVEY_OK;
    uint8_t digest[32];
    char hex[65];
    char *path = covey__path_join(folder, name);
    COVEY_NOMEM_IF(!path, err);
    COVEY_TRY(covey__sha256_file(digest, NULL, path, err));
    covey__hex(hex, digest, sizeof digest);
    covey__json_set(j, files, name, json_string(hex));
done:
    covey__free(path);
    return status;
}

static json_t *counts_of(covey__json *j, const covey_run *run) {
    json_t *counts = covey__json_object(j);
    covey__json_set(j, counts, "found", json_integer((json_int_t)run->facts.found));
    covey__json_set(j, counts, "used", json_integer((json_int_t)run->n_photos));
    covey__json_set(j, counts, "skipped", json_integer((json_int_t)run->n_skips));
    covey__json_set(j, counts, "others", json_integer((json_int_t)run->facts.others));
    covey__json_set(j, counts, "near_duplicates", json_integer((json_int_t)run->n_duplicates));
    covey__json_set(j, counts, "rows", json_integer((json_int_t)run->features.rows));
    covey__json_set(j, counts, "columns", json_integer((json_int_t)run->features.cols));
    return counts;
}

/* What differs between two equal runs stands apart, so that a reader can compare the rest. */
static json_t *varies_of(covey__json *j, const covey_run_facts *f) {
    json_t *varies = covey__json_object(j);
    covey__json_set(j, varies, "started", json_integer(f->started));
    covey__json_set(j, varies, "host", covey__json_text(j, f->host));
    covey__json_set(j, varies, "cpu", covey__json_text(j, f->cpu));
    covey__json_set(j, varies, "threads", json_integer(f->threads));
    covey__json_set(j, varies, "isolation", covey__json_text(j, f->isolation));
    covey__json_set(j, varies, "recalled", json_integer((json_int_t)f->recalled));
    covey__json_set(j, varies, "seconds_extract", covey__json_real(f->seconds_extract));
    covey__json_set(j, varies, "seconds_cluster", covey__json_real(f->seconds_cluster));
    covey__json_set(j, varies, "seconds_total", covey__json_real(f->seconds_total));
    return varies;
}

/* A file that was read beside the photos: where it lay, and what it was. */
static void add_input(covey__json *j, json_t *object, const char *key, const char *path,
                      const char *sha256) {
    char digest_key[40];
    if (!path)
        return;
    set_path(j, object, key, path);
    snprintf(digest_key, sizeof digest_key, "%s_sha256", key);
    if (sha256)
        covey__json_set(j, object, digest_key, json_string(sha256));
}

static json_t *network_of(covey__json *j, const covey_run_facts *f) {
    json_t *network = covey__json_object(j);
    covey__json_set(j, network, "weights", covey__json_text(j, f->weights_name));
    covey__json_set(j, network, "weights_digest", covey__json_text(j, f->weights_digest));
    covey__json_set(j, network, "engine", covey__json_text(j, f->engine_id));
    covey__json_set(j, network, "preparation", covey__json_text(j, f->preparation));
    covey__json_set(j, network, "pooling", covey__json_text(j, f->pooling));
    if (f->max_pixels) {
        covey__json_set(j, network, "max_pixels", json_integer((json_int_t)f->max_pixels));
        covey__json_set(j, network, "time_limit", covey__json_real(f->time_limit));
        covey__json_set(j, network, "duplicates", covey__json_real(f->duplicates));
    }
    return network;
}

static json_t *method_of(covey__json *j, const covey_run *run) {
    const covey_run_facts *f = &run->facts;
    json_t *method = covey__json_object(j), *losses = covey__json_array(j);
    covey__json_set(j, method, "normalize", covey__json_text(j, f->normalize));
    covey__json_set(j, method, "k", json_integer((json_int_t)run->comparison.k_chosen));
    covey__json_set(j, method, "k_automatic", json_boolean(f->k_automatic));
    covey__json_set(j, method, "start", covey__json_text(j, f->start));
    covey__json_set(j, method, "restarts", json_integer(f->restarts));
    covey__json_set(j, method, "max_rounds", json_integer(f->max_rounds));
    if (f->batch)
        covey__json_set(j, method, "batch", json_integer((json_int_t)f->batch));
    covey__json_set(j, method, "tolerance", covey__json_real(f->tolerance));
    covey__json_set(j, method, "seed", json_integer((json_int_t)f->seed));
    covey__json_set(j, method, "vote_seeds", json_integer(f->seeds));
    covey__json_set(j, method, "classic", json_boolean(f->classic));
    covey__json_set(j, method, "k_low", json_integer((json_int_t)f->k_low));
    covey__json_set(j, method, "k_high", json_integer((json_int_t)f->k_high));
    covey__json_set(j, method, "solver", covey__json_text(j, f->solver));
    covey__json_set(j, method, "empty", covey__json_text(j, f->empty));
    covey__json_set(j, method, "isa", covey__json_text(j, f->cluster_isa));
    covey__json_set(j, method, "renumbered", json_boolean(f->renumbered));
    add_input(j, method, "start_file", f->start_file, f->start_sha256);
    add_input(j, method, "labels_file", f->labels_file, f->labels_sha256);
    if (f->labels_file)
        covey__json_set(j, method, "partial_labels", json_boolean(f->partial_labels));
    for (size_t l = 0; l < run->comparison.n_losses; ++l) {
        const covey_loss *loss = &run->comparison.clusterings[l].loss;
        json_t *object = covey__json_object(j);
        covey__json_set(j, object, "name", json_string(loss->ops->name));
        covey__json_set(j, object, "params", params_of(j, loss));
        covey__json_append(j, losses, object);
    }
    covey__json_set(j, method, "losses", losses);
    return method;
}

covey_status covey__run_passport_json(char **out, const covey_run *run, const char *folder,
                                      covey_error *err) {
    covey_status status = COVEY_OK;
    const covey_run_facts *f = &run->facts;
    covey__json json = {0}, *j = &json;
    json_t *root = covey__json_object(j), *roots = covey__json_array(j);
    json_t *files = covey__json_object(j), *names = covey__json_object(j);
    covey__json_set(j, root, "format", json_string("covey-run"));
    covey__json_set(j, root, "format_version", json_integer(COVEY__RUN_FORMAT));
    covey__json_set(j, root, "version", covey__json_text(j, f->version));
    covey__json_set(j, root, "command", covey__json_text(j, f->command));
    covey__json_set(j, root, "counts", counts_of(j, run));
    for (size_t i = 0; i < run->n_roots; ++i) {
        json_t *object = covey__json_object(j);
        set_path(j, object, "path", run->roots[i]);
        covey__json_append(j, roots, object);
    }
    covey__json_set(j, root, "roots", roots);
    covey__json_set(j, root, "libraries", covey__json_text(j, f->libraries));
    covey__json_set(j, root, "network", network_of(j, f));
    covey__json_set(j, root, "method", method_of(j, run));
    for (size_t i = 0; i < run->n_names; ++i)
        if (run->names[i]) {
            char number[24];
            snprintf(number, sizeof number, "%zu", i);
            covey__json_set(j, names, number, covey__json_text(j, run->names[i]));
        }
    covey__json_set(j, root, "names", names);
    covey__json_set(j, root, "files", files);
    covey__json_set(j, root, "varies", varies_of(j, f));
    for (const char *const *name = covey__run_contract_files; *name; ++name)
        COVEY_TRY(add_digest(j, files, folder, *name, err));
    COVEY_TRY(add_digest(j, files, folder, "duplicates.csv", err));
    if (run->dial.n_frames)
        COVEY_TRY(add_digest(j, files, folder, "dial.json", err));
    if (run->strangers.n_rows)
        COVEY_TRY(add_digest(j, files, folder, "strangers.json", err));
    for (size_t l = 0; l < run->comparison.n_losses; ++l) {
        char name[128];
        snprintf(name, sizeof name, "centres/%s.npy",
                 run->comparison.clusterings[l].loss.ops->name);
        COVEY_TRY(add_digest(j, files, folder, name, err));
    }
    return covey__json_finish(out, j, root, JSON_INDENT(1) | JSON_REAL_PRECISION(17), err);
done:
    json_decref(root);
    return status;
}
