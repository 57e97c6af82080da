/* SPDX-License-Identifier: MIT */
/* comparison.json and run.json. Keys keep the order in which they are written here. */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "run_internal.h"
#include "run_labels_internal.h"

/* NaN and infinity have no JSON number. */
static json_t *real_or_null(double value) {
    return isfinite(value) ? json_real(value) : json_null();
}

/* Adds `key`: the cleaned text, and `key_hex`: its raw bytes where cleaning lost something. */
static void set_path(json_t *object, const char *key, const char *path) {
    int changed;
    char *clean = covey__utf8_clean(path, &changed);
    json_object_set_new(object, key, json_string(clean ? clean : ""));
    covey__free(clean);
    size_t n = strlen(path);
    char *hex = changed ? covey__alloc_array(n + 1, 2) : NULL;
    char *name = changed ? covey__asprintf("%s_hex", key) : NULL;
    if (hex && name) {
        covey__hex(hex, (const uint8_t *)path, n);
        json_object_set_new(object, name, json_string(hex));
    }
    covey__free(hex);
    covey__free(name);
}

static json_t *text_or_null(const char *s) {
    int changed;
    char *clean = s ? covey__utf8_clean(s, &changed) : NULL;
    json_t *value = clean ? json_string(clean) : json_null();
    covey__free(clean);
    return value;
}

static json_t *matrix(const double *values, size_t rows, size_t cols) {
    json_t *array = json_array();
    for (size_t i = 0; values && i < rows; ++i) {
        json_t *row = json_array();
        for (size_t j = 0; j < cols; ++j)
            json_array_append_new(row, real_or_null(values[i * cols + j]));
        json_array_append_new(array, row);
    }
    return array;
}

static json_t *vector(const double *values, size_t n) {
    json_t *array = json_array();
    for (size_t i = 0; values && i < n; ++i)
        json_array_append_new(array, real_or_null(values[i]));
    return array;
}

static json_t *rows_of(const int64_t *values, size_t n) {
    json_t *array = json_array();
    for (size_t i = 0; i < n; ++i)
        json_array_append_new(array, json_integer(values[i]));
    return array;
}

static json_t *params_of(const covey_loss *loss) {
    json_t *params = json_object();
    for (int i = 0; i < COVEY_LOSS_PARAMS && loss->ops->params[i].name; ++i) {
        json_t *param = json_object();
        json_object_set_new(param, "value", real_or_null(loss->params[i]));
        json_object_set_new(param, "auto", json_boolean(loss->is_auto[i]));
        json_object_set_new(params, loss->ops->params[i].name, param);
    }
    return params;
}

static json_t *loss_of(const covey_comparison *c, size_t l) {
    const covey_clustering *r = &c->clusterings[l];
    json_t *loss = json_object(), *sizes = json_array();
    json_object_set_new(loss, "name", json_string(r->loss.ops->name));
    json_object_set_new(loss, "params", params_of(&r->loss));
    json_object_set_new(loss, "k", json_integer((json_int_t)r->k));
    json_object_set_new(loss, "objective", real_or_null(r->objective));
    json_object_set_new(loss, "restart", json_integer(r->restart));
    json_object_set_new(loss, "rounds", json_integer(r->rounds));
    json_object_set_new(loss, "converged", json_boolean(r->converged));
    json_object_set_new(loss, "unsolved_centres", json_integer((json_int_t)r->unsolved));
    json_object_set_new(loss, "refilled_clusters", json_integer((json_int_t)r->refilled));
    json_object_set_new(loss, "zero_rows", json_integer((json_int_t)r->zero_rows));
    json_object_set_new(loss, "in_panel", json_boolean(c->in_panel[l]));
    for (size_t j = 0; j < r->k; ++j)
        json_array_append_new(sizes, json_integer((json_int_t)r->sizes[j]));
    json_object_set_new(loss, "sizes", sizes);
    json_object_set_new(loss, "representatives", rows_of(r->representatives, r->k));
    json_object_set_new(loss, "medoids", rows_of(r->medoids, r->k));
    json_object_set_new(loss, "silhouette", real_or_null(c->silhouette[l]));
    json_object_set_new(loss, "sum_l2", real_or_null(c->sum_l2[l]));
    json_object_set_new(loss, "sum_l1", real_or_null(c->sum_l1[l]));
    return loss;
}

static json_t *vote_of(const covey_run *run, const covey_vote *vote) {
    json_t *object = json_object();
    json_object_set_new(object, "cluster", json_integer(vote->cluster));
    json_object_set_new(object, "row", json_integer(vote->row));
    if ((size_t)vote->row < run->n_photos)
        set_path(object, "path", run->photos[vote->row].path);
    json_object_set_new(object, "losses", json_integer(vote->losses));
    json_object_set_new(object, "seeds", json_integer(vote->seeds));
    return object;
}

/* The photos whose cluster depends on loss or seed, most first. */
static json_t *undecided_of(const covey_run *run) {
    const covey_comparison *c = &run->comparison;
    json_t *array = json_array();
    for (size_t i = 0; c->disagreement && i < c->n; ++i) {
        if (!(c->disagreement[i] > 0))
            continue;
        json_t *object = json_object();
        json_object_set_new(object, "row", json_integer((json_int_t)i));
        if (i < run->n_photos)
            set_path(object, "path", run->photos[i].path);
        json_object_set_new(object, "disagreement", real_or_null(c->disagreement[i]));
        json_array_append_new(array, object);
    }
    return array;
}

static covey_status dump(char **out, json_t *root, covey_error *err) {
    char *text = root ? json_dumps(root, JSON_INDENT(1) | JSON_REAL_PRECISION(17)) : NULL;
    json_decref(root);
    if (!text)
        return covey__fail(err, COVEY_E_NOMEM, NULL, "memory ran out while writing JSON");
    *out = text;
    return COVEY_OK;
}

static json_t *k_table_of(const covey_comparison *c) {
    json_t *array = json_array();
    for (size_t i = 0; i < c->n_k_table; ++i) {
        const covey_k_row *row = &c->k_table[i];
        json_t *object = json_object();
        json_object_set_new(object, "k", json_integer((json_int_t)row->k));
        json_object_set_new(object, "objective", real_or_null(row->objective));
        json_object_set_new(object, "silhouette", real_or_null(row->silhouette));
        json_object_set_new(object, "calinski_harabasz", real_or_null(row->calinski_harabasz));
        json_object_set_new(object, "elbow", real_or_null(row->elbow));
        json_object_set_new(object, "stability", real_or_null(row->stability));
        json_array_append_new(array, object);
    }
    return array;
}

covey_status covey__run_comparison_json(char **out, const covey_run *run, covey_error *err) {
    const covey_comparison *c = &run->comparison;
    json_t *root = json_object(), *losses = json_array(), *votes = json_array();
    json_object_set_new(root, "k", json_integer((json_int_t)c->k_chosen));
    json_object_set_new(root, "k_reason", text_or_null(c->k_reason));
    if (c->n_k_table) {
        json_object_set_new(root, "k_clear", json_boolean(c->k_clear));
        json_object_set_new(root, "k_table", k_table_of(c));
    }
    json_object_set_new(root, "clusters", json_integer((json_int_t)c->k_all));
    for (size_t l = 0; l < c->n_losses; ++l)
        json_array_append_new(losses, loss_of(c, l));
    json_object_set_new(root, "losses", losses);
    json_object_set_new(root, "ari", matrix(c->ari, c->n_losses, c->n_losses));
    json_object_set_new(root, "vi", matrix(c->vi, c->n_losses, c->n_losses));
    json_object_set_new(root, "panel_size", json_integer(c->panel_size));
    json_object_set_new(root, "seeds", json_integer(c->n_seeds));
    for (size_t v = 0; v < c->n_votes; ++v)
        json_array_append_new(votes, vote_of(run, &c->votes[v]));
    json_object_set_new(root, "votes", votes);
    json_object_set_new(root, "stability", vector(c->stability, c->k_all));
    json_object_set_new(root, "undecided", undecided_of(run));
    if (run->scores)
        json_object_set_new(root, "labels", covey__run_labels_json(run));
    return dump(out, root, err);
}

static covey_status add_digest(json_t *files, const char *folder, const char *name,
                               covey_error *err) {
    covey_status status = COVEY_OK;
    uint8_t digest[32];
    char hex[65];
    char *path = covey__path_join(folder, name);
    COVEY_NOMEM_IF(!path, err);
    COVEY_TRY(covey__sha256_file(digest, NULL, path, err));
    covey__hex(hex, digest, sizeof digest);
    json_object_set_new(files, name, json_string(hex));
done:
    covey__free(path);
    return status;
}

static json_t *counts_of(const covey_run *run) {
    json_t *counts = json_object();
    json_object_set_new(counts, "found", json_integer((json_int_t)run->facts.found));
    json_object_set_new(counts, "used", json_integer((json_int_t)run->n_photos));
    json_object_set_new(counts, "skipped", json_integer((json_int_t)run->n_skips));
    json_object_set_new(counts, "others", json_integer((json_int_t)run->facts.others));
    json_object_set_new(counts, "near_duplicates", json_integer((json_int_t)run->n_duplicates));
    json_object_set_new(counts, "rows", json_integer((json_int_t)run->features.rows));
    json_object_set_new(counts, "columns", json_integer((json_int_t)run->features.cols));
    return counts;
}

/* What differs between two equal runs stands apart, so that a reader can compare the rest. */
static json_t *varies_of(const covey_run_facts *f) {
    json_t *varies = json_object();
    json_object_set_new(varies, "started", json_integer(f->started));
    json_object_set_new(varies, "host", text_or_null(f->host));
    json_object_set_new(varies, "cpu", text_or_null(f->cpu));
    json_object_set_new(varies, "threads", json_integer(f->threads));
    json_object_set_new(varies, "isolation", text_or_null(f->isolation));
    json_object_set_new(varies, "recalled", json_integer((json_int_t)f->recalled));
    json_object_set_new(varies, "seconds_extract", real_or_null(f->seconds_extract));
    json_object_set_new(varies, "seconds_cluster", real_or_null(f->seconds_cluster));
    json_object_set_new(varies, "seconds_total", real_or_null(f->seconds_total));
    return varies;
}

/* A file that was read beside the photos: where it lay, and what it was. */
static void add_input(json_t *object, const char *key, const char *path, const char *sha256) {
    char digest_key[40];
    if (!path)
        return;
    set_path(object, key, path);
    snprintf(digest_key, sizeof digest_key, "%s_sha256", key);
    if (sha256)
        json_object_set_new(object, digest_key, json_string(sha256));
}

static json_t *network_of(const covey_run_facts *f) {
    json_t *network = json_object();
    json_object_set_new(network, "weights", text_or_null(f->weights_name));
    json_object_set_new(network, "weights_digest", text_or_null(f->weights_digest));
    json_object_set_new(network, "engine", text_or_null(f->engine_id));
    json_object_set_new(network, "preparation", text_or_null(f->preparation));
    if (f->max_pixels) {
        json_object_set_new(network, "max_pixels", json_integer((json_int_t)f->max_pixels));
        json_object_set_new(network, "time_limit", real_or_null(f->time_limit));
        json_object_set_new(network, "duplicates", real_or_null(f->duplicates));
    }
    return network;
}

static json_t *method_of(const covey_run *run) {
    const covey_run_facts *f = &run->facts;
    json_t *method = json_object(), *losses = json_array();
    json_object_set_new(method, "normalize", text_or_null(f->normalize));
    json_object_set_new(method, "k", json_integer((json_int_t)run->comparison.k_chosen));
    json_object_set_new(method, "k_automatic", json_boolean(f->k_automatic));
    json_object_set_new(method, "start", text_or_null(f->start));
    json_object_set_new(method, "restarts", json_integer(f->restarts));
    json_object_set_new(method, "max_rounds", json_integer(f->max_rounds));
    json_object_set_new(method, "tolerance", real_or_null(f->tolerance));
    json_object_set_new(method, "seed", json_integer((json_int_t)f->seed));
    json_object_set_new(method, "vote_seeds", json_integer(f->seeds));
    json_object_set_new(method, "classic", json_boolean(f->classic));
    json_object_set_new(method, "k_low", json_integer((json_int_t)f->k_low));
    json_object_set_new(method, "k_high", json_integer((json_int_t)f->k_high));
    json_object_set_new(method, "solver", text_or_null(f->solver));
    json_object_set_new(method, "empty", text_or_null(f->empty));
    json_object_set_new(method, "isa", text_or_null(f->cluster_isa));
    json_object_set_new(method, "renumbered", json_boolean(f->renumbered));
    add_input(method, "start_file", f->start_file, f->start_sha256);
    add_input(method, "labels_file", f->labels_file, f->labels_sha256);
    if (f->labels_file)
        json_object_set_new(method, "partial_labels", json_boolean(f->partial_labels));
    for (size_t l = 0; l < run->comparison.n_losses; ++l) {
        const covey_loss *loss = &run->comparison.clusterings[l].loss;
        json_t *object = json_object();
        json_object_set_new(object, "name", json_string(loss->ops->name));
        json_object_set_new(object, "params", params_of(loss));
        json_array_append_new(losses, object);
    }
    json_object_set_new(method, "losses", losses);
    return method;
}

covey_status covey__run_passport_json(char **out, const covey_run *run, const char *folder,
                                      covey_error *err) {
    covey_status status = COVEY_OK;
    const covey_run_facts *f = &run->facts;
    json_t *root = json_object(), *roots = json_array(), *files = json_object();
    json_t *names = json_object();
    json_object_set_new(root, "format", json_string("covey-run"));
    json_object_set_new(root, "format_version", json_integer(COVEY__RUN_FORMAT));
    json_object_set_new(root, "version", text_or_null(f->version));
    json_object_set_new(root, "command", text_or_null(f->command));
    json_object_set_new(root, "counts", counts_of(run));
    for (size_t i = 0; i < run->n_roots; ++i) {
        json_t *object = json_object();
        set_path(object, "path", run->roots[i]);
        json_array_append_new(roots, object);
    }
    json_object_set_new(root, "roots", roots);
    json_object_set_new(root, "libraries", text_or_null(f->libraries));
    json_object_set_new(root, "network", network_of(f));
    json_object_set_new(root, "method", method_of(run));
    for (size_t i = 0; i < run->n_names; ++i)
        if (run->names[i]) {
            char number[24];
            snprintf(number, sizeof number, "%zu", i);
            json_object_set_new(names, number, text_or_null(run->names[i]));
        }
    json_object_set_new(root, "names", names);
    json_object_set_new(root, "files", files);
    json_object_set_new(root, "varies", varies_of(f));
    for (const char *const *name = covey__run_contract_files; *name; ++name)
        COVEY_TRY(add_digest(files, folder, *name, err));
    COVEY_TRY(add_digest(files, folder, "duplicates.csv", err));
    for (size_t l = 0; l < run->comparison.n_losses; ++l) {
        char name[128];
        snprintf(name, sizeof name, "centres/%s.npy", run->comparison.clusterings[l].loss.ops->name);
        COVEY_TRY(add_digest(files, folder, name, err));
    }
    return dump(out, root, err);
done:
    json_decref(root);
    return status;
}
