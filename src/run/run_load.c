/* SPDX-License-Identifier: MIT */
/* Reading a run folder back. Everything in it may have been edited: digests are checked first, and
 * every number is held to its range all the same. */
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json_internal.h"
#include "run_dial_internal.h"
#include "run_internal.h"
#include "run_json_internal.h"
#include "run_labels_internal.h"
#include "run_studies_internal.h"

enum { TEXT_LIMIT = 1 << 30, MAX_LOSSES = 64, MAX_CLUSTERS = 1 << 20 };

typedef struct loader {
    covey_run *run;
    const char *folder;
    json_t *passport, *comparison;
    size_t *loss_rows; /* rows read so far, per loss */
} loader;

static covey_status broken(const loader *in, const char *file, const char *what,
                           covey_error *err) {
    if (in->run && in->run->arena_failed) /* what is missing was there, but had no room */
        return covey__fail(err, COVEY_E_NOMEM, in->folder, "memory ran out");
    return covey__fail(err, COVEY_E_FORMAT, in->folder,
                       "%s %s; the folder is damaged or edited: run covey again", file, what);
}

static covey_status read_file(const loader *in, const char *name, char **text, size_t *size,
                              covey_error *err) {
    char *path = covey__path_join(in->folder, name);
    if (!path)
        return covey__fail(err, COVEY_E_NOMEM, NULL, "memory ran out");
    covey_status status = covey__file_read(text, size, path, TEXT_LIMIT, err);
    covey__free(path);
    return status;
}

static covey_status read_json(const loader *in, const char *name, json_t **out, covey_error *err) {
    char *text = NULL;
    size_t size;
    covey_status status = read_file(in, name, &text, &size, err);
    if (status != COVEY_OK)
        return status;
    json_t *root = NULL;
    status = covey__json_load(&root, text, size);
    covey__free(text);
    if (status == COVEY_E_NOMEM)
        return covey__fail(err, COVEY_E_NOMEM, in->folder, "memory ran out");
    if (!json_is_object(root)) {
        json_decref(root);
        return broken(in, name, "is not valid JSON", err);
    }
    *out = root;
    return COVEY_OK;
}

/* ---- the passport ---------------------------------------------------------------------------- */

static const char *text_at(loader *in, const json_t *object, const char *key) {
    const char *s = json_string_value(json_object_get(object, key));
    return s ? covey_run_copy_string(in->run, s) : NULL;
}

/* The raw path: from KEY_hex where the text lost something. */
static const char *path_at(loader *in, const json_t *object, const char *key) {
    char hex_key[32];
    snprintf(hex_key, sizeof hex_key, "%s_hex", key);
    const char *hex = json_string_value(json_object_get(object, hex_key));
    if (!hex)
        return text_at(in, object, key);
    size_t n = strlen(hex) / 2;
    char *raw = covey__run_alloc(in->run, n + 1);
    for (size_t i = 0; raw && i < n; ++i) {
        char byte[3] = {hex[2 * i], hex[2 * i + 1], 0}, *end;
        raw[i] = (char)strtoul(byte, &end, 16);
        if (*end || !raw[i])
            return NULL;
    }
    if (raw)
        raw[n] = '\0';
    return raw;
}

static size_t count_at(const json_t *object, const char *key) {
    json_int_t value = json_integer_value(json_object_get(object, key));
    return value < 0 || value > (json_int_t)1 << 48 ? 0 : (size_t)value;
}

static covey_status load_facts(loader *in, covey_error *err) {
    covey_run_facts *f = &in->run->facts;
    const json_t *p = in->passport;
    const json_t *network = json_object_get(p, "network"), *method = json_object_get(p, "method");
    const json_t *counts = json_object_get(p, "counts"), *varies = json_object_get(p, "varies");
    const json_t *roots = json_object_get(p, "roots");
    f->version = text_at(in, p, "version");
    f->command = text_at(in, p, "command");
    f->weights_name = text_at(in, network, "weights");
    f->weights_digest = text_at(in, network, "weights_digest");
    f->engine_id = text_at(in, network, "engine");
    f->preparation = text_at(in, network, "preparation");
    f->pooling = text_at(in, network, "pooling");
    if (!f->pooling && f->weights_name)
        f->pooling = covey_pooling_name(COVEY_POOLING_MEAN); /* before there was a choice */
    f->normalize = text_at(in, method, "normalize");
    f->start = text_at(in, method, "start");
    f->seed = (uint64_t)json_integer_value(json_object_get(method, "seed"));
    f->found = count_at(counts, "found");
    f->others = count_at(counts, "others");
    f->restarts = (int)(count_at(method, "restarts") & INT_MAX);
    f->max_rounds = (int)(count_at(method, "max_rounds") & INT_MAX);
    f->batch = count_at(method, "batch");
    f->seeds = (int)(count_at(method, "vote_seeds") & INT_MAX);
    f->tolerance = json_number_value(json_object_get(method, "tolerance"));
    f->classic = json_is_true(json_object_get(method, "classic"));
    f->k_automatic = json_is_true(json_object_get(method, "k_automatic"));
    f->k_low = count_at(method, "k_low");
    f->k_high = count_at(method, "k_high");
    f->renumbered = json_is_true(json_object_get(method, "renumbered"));
    f->libraries = text_at(in, p, "libraries");
    f->solver = text_at(in, method, "solver");
    f->empty = text_at(in, method, "empty");
    f->cluster_isa = text_at(in, method, "isa");
    f->start_file = path_at(in, method, "start_file");
    f->start_sha256 = text_at(in, method, "start_file_sha256");
    f->labels_file = path_at(in, method, "labels_file");
    f->labels_sha256 = text_at(in, method, "labels_file_sha256");
    f->partial_labels = json_is_true(json_object_get(method, "partial_labels"));
    const json_t *duplicates = json_object_get(network, "duplicates");
    f->max_pixels = count_at(network, "max_pixels");
    f->time_limit = json_number_value(json_object_get(network, "time_limit"));
    f->duplicates = json_is_number(duplicates) ? json_number_value(duplicates) : -1;
    f->host = text_at(in, varies, "host");
    f->cpu = text_at(in, varies, "cpu");
    f->isolation = text_at(in, varies, "isolation");
    f->threads = (int)(count_at(varies, "threads") & INT_MAX);
    f->started = json_integer_value(json_object_get(varies, "started"));
    f->recalled = count_at(varies, "recalled");
    f->seconds_extract = json_number_value(json_object_get(varies, "seconds_extract"));
    f->seconds_cluster = json_number_value(json_object_get(varies, "seconds_cluster"));
    f->seconds_total = json_number_value(json_object_get(varies, "seconds_total"));
    size_t n = json_array_size(roots);
    in->run->roots = covey__calloc(n + 1, sizeof *in->run->roots);
    if (!in->run->roots)
        return covey__fail(err, COVEY_E_NOMEM, NULL, "memory ran out");
    for (size_t i = 0; i < n; ++i) {
        in->run->roots[i] = path_at(in, json_array_get(roots, i), "path");
        if (!in->run->roots[i])
            return broken(in, "run.json", "has a root without a path", err);
    }
    in->run->n_roots = n;
    return COVEY_OK;
}

static covey_status check_digests(const loader *in, covey_error *err) {
    covey_status status = COVEY_OK;
    const char *name;
    json_t *value;
    char *path = NULL;
    json_t *files = json_object_get(in->passport, "files");
    for (const char *const *must = covey__run_contract_files; *must; ++must)
        if (!json_is_string(json_object_get(files, *must)))
            return broken(in, "run.json", "does not list every file", err);
    json_object_foreach(files, name, value) {
        uint8_t digest[32];
        char hex[65];
        if (strstr(name, "..") || name[0] == '/')
            return broken(in, "run.json", "names a file outside the folder", err);
        path = covey__path_join(in->folder, name);
        COVEY_NOMEM_IF(!path, err);
        COVEY_TRY(covey__sha256_file(digest, NULL, path, err));
        covey__hex(hex, digest, sizeof digest);
        COVEY_FAIL_IF(!json_is_string(value) || strcmp(hex, json_string_value(value)) != 0, err,
                      COVEY_E_DIGEST, path,
                      "has changed since the run was made; run covey again to rebuild the folder");
        covey__free(path);
        path = NULL;
    }
done:
    covey__free(path);
    return status;
}

static covey_status load_passport(loader *in, covey_error *err) {
    covey_status status = read_json(in, "run.json", &in->passport, err);
    if (status == COVEY_E_NOT_FOUND)
        return covey__fail(err, COVEY_E_FORMAT, in->folder,
                           "is not a finished run: it has no run.json; make it with covey run");
    if (status != COVEY_OK)
        return status;
    const char *format = json_string_value(json_object_get(in->passport, "format"));
    if (!format || strcmp(format, "covey-run") != 0)
        return broken(in, "run.json", "was not written by covey", err);
    json_int_t version = json_integer_value(json_object_get(in->passport, "format_version"));
    if (version > COVEY__RUN_FORMAT)
        return covey__fail(err, COVEY_E_UNSUPPORTED, in->folder,
                           "was made by a newer covey (format %lld, this one reads %d); update covey",
                           (long long)version, COVEY__RUN_FORMAT);
    status = check_digests(in, err);
    return status == COVEY_OK ? load_facts(in, err) : status;
}

/* ---- tables ---------------------------------------------------------------------------------- */

static int parse_count(const char *s, size_t limit, size_t *out) {
    char *end;
    errno = 0;
    if (*s < '0' || *s > '9')
        return -1;
    unsigned long long value = strtoull(s, &end, 10);
    if (errno || *end || value > limit)
        return -1;
    *out = (size_t)value;
    return 0;
}

static int parse_hex(uint8_t *out, size_t n, const char *s) {
    if (strlen(s) != 2 * n)
        return -1;
    for (size_t i = 0; i < n; ++i) {
        char byte[3] = {s[2 * i], s[2 * i + 1], 0}, *end;
        out[i] = (uint8_t)strtoul(byte, &end, 16);
        if (*end)
            return -1;
    }
    return 0;
}

/* Calls `row` for each record after the header. */
typedef covey_status (*row_fn)(loader *in, char **fields, covey_error *err);

static covey_status each_row(loader *in, const char *name, int columns, row_fn row,
                             covey_error *err) {
    covey_status status = COVEY_OK;
    char *text = NULL, *fields[16];
    size_t size;
    COVEY_TRY(read_file(in, name, &text, &size, err));
    char *cursor = text, *end = text + size;
    int header = 1;
    for (;;) {
        int n = covey__csv_next(&cursor, end, fields, 16);
        if (n == 0)
            break;
        if (n != columns) {
            status = broken(in, name, "has a row with the wrong number of columns", err);
            goto done;
        }
        if (!header)
            COVEY_TRY(row(in, fields, err));
        header = 0;
    }
done:
    covey__free(text);
    return status;
}

static covey_status image_row(loader *in, char **fields, covey_error *err) {
    covey_run *run = in->run;
    size_t row, root, width, height, bytes;
    if (run->n_photos >= run->features.rows)
        return broken(in, "images.csv", "has more rows than features.npy", err);
    covey_run_photo *photo = &run->photos[run->n_photos];
    if (parse_count(fields[0], SIZE_MAX, &row) || row != run->n_photos ||
        parse_count(fields[1], SIZE_MAX, &root) || root >= run->n_roots ||
        parse_count(fields[3], UINT32_MAX, &width) || parse_count(fields[4], UINT32_MAX, &height) ||
        parse_count(fields[5], SIZE_MAX, &bytes) || parse_hex(photo->sha256, 32, fields[6]))
        return broken(in, "images.csv", "has a row that cannot be read", err);
    photo->path = covey_run_copy_string(run, fields[2]);
    if (!photo->path)
        return covey__fail(err, COVEY_E_NOMEM, NULL, "memory ran out");
    photo->root = root;
    photo->width = (uint32_t)width;
    photo->height = (uint32_t)height;
    photo->bytes = bytes;
    run->n_photos++;
    return COVEY_OK;
}

static int parse_double(const char *s, double *out) {
    char *end;
    *out = strtod(s, &end);
    return *s == '\0' || *end || isnan(*out) ? -1 : 0;
}

static covey_status duplicate_row(loader *in, char **fields, covey_error *err) {
    covey_run *run = in->run;
    covey_duplicate found;
    if (run->n_duplicates >= run->features.rows ||
        parse_count(fields[0], run->features.rows - 1, &found.row) ||
        parse_count(fields[2], SIZE_MAX, &found.of_row) || found.of_row >= found.row ||
        parse_double(fields[3], &found.similarity))
        return broken(in, "duplicates.csv", "has a row that cannot be read", err);
    run->duplicates[run->n_duplicates++] = found;
    return COVEY_OK;
}

/* Folders made before there was such a table have none. */
static covey_status load_duplicates(loader *in, covey_error *err) {
    covey_run *run = in->run;
    if (!json_object_get(json_object_get(in->passport, "files"), "duplicates.csv"))
        return COVEY_OK;
    run->duplicates = covey__run_alloc(run, run->features.rows * sizeof *run->duplicates);
    if (!run->duplicates)
        return covey__fail(err, COVEY_E_NOMEM, NULL, "memory ran out");
    return each_row(in, "duplicates.csv", 4, duplicate_row, err);
}

static covey_status skip_row(loader *in, char **fields, covey_error *err) {
    covey_run *run = in->run;
    if (run->n_skips >= run->facts.found - run->n_photos)
        return broken(in, "skipped.csv", "has more rows than photos were found", err);
    covey_run_skip *skip = &run->skips[run->n_skips];
    skip->path = covey_run_copy_string(run, fields[0]);
    skip->reason = covey_run_copy_string(run, fields[1]);
    if (!skip->path || !skip->reason)
        return covey__fail(err, COVEY_E_NOMEM, NULL, "memory ran out");
    run->n_skips++;
    return COVEY_OK;
}

static int parse_label(const char *s, size_t k, int32_t *out) {
    size_t value;
    if (strcmp(s, "-1") == 0) {
        *out = -1;
        return 0;
    }
    if (parse_count(s, k - 1, &value))
        return -1;
    *out = (int32_t)value;
    return 0;
}

static covey_clustering *clustering_named(loader *in, const char *name, size_t *index) {
    covey_comparison *c = &in->run->comparison;
    for (size_t l = 0; l < c->n_losses; ++l)
        if (strcmp(c->clusterings[l].loss.ops->name, name) == 0) {
            *index = l;
            return &c->clusterings[l];
        }
    return NULL;
}

static covey_status cluster_row(loader *in, char **fields, covey_error *err) {
    size_t l, row;
    covey_clustering *c = clustering_named(in, fields[0], &l);
    if (!c || parse_count(fields[1], SIZE_MAX, &row) || row != in->loss_rows[l] || row >= c->n ||
        parse_label(fields[3], c->k, &c->labels[row]) ||
        parse_double(fields[4], &c->distance[row]) || c->distance[row] < 0 ||
        parse_double(fields[5], &c->weight[row]) ||
        parse_double(fields[6], &c->margin[row]) || parse_label(fields[7], c->n, &c->rank[row]) ||
        parse_label(fields[8], c->k, &c->nearest[row]) ||
        (c->labels[row] < 0) != (c->rank[row] < 0)) /* trimmed off: no cluster and no rank */
        return broken(in, "clusters.csv", "has a row that cannot be read", err);
    in->loss_rows[l]++;
    return COVEY_OK;
}

/* "cluster.LOSS"; the stages' seconds stand in run.json. */
static covey_status timing_row(loader *in, char **fields, covey_error *err) {
    static const char prefix[] = "cluster.";
    size_t l;
    double seconds;
    (void)err;
    covey_clustering *r = strncmp(fields[0], prefix, sizeof prefix - 1) != 0
                              ? NULL
                              : clustering_named(in, fields[0] + sizeof prefix - 1, &l);
    if (r && !parse_double(fields[1], &seconds) && seconds >= 0 && isfinite(seconds))
        r->seconds = seconds;
    return COVEY_OK;
}

static covey_status history_row(loader *in, char **fields, covey_error *err) {
    size_t l, restart, round, moved;
    covey_clustering *c = clustering_named(in, fields[0], &l);
    covey_round h;
    if (!c || parse_count(fields[1], INT_MAX, &restart) || parse_count(fields[2], INT_MAX, &round) ||
        parse_double(fields[3], &h.objective) || parse_double(fields[4], &h.shift) ||
        parse_count(fields[5], SIZE_MAX, &moved))
        return broken(in, "history.csv", "has a row that cannot be read", err);
    h.restart = (int)restart;
    h.round = (int)round;
    h.moved = moved;
    /* Doubles at powers of two. */
    if ((c->n_history & (c->n_history - 1)) == 0) {
        size_t capacity = c->n_history ? 2 * c->n_history : 1;
        covey_round *grown = covey__realloc(c->history, c->n_history * sizeof h, capacity * sizeof h);
        if (!grown)
            return covey__fail(err, COVEY_E_NOMEM, NULL, "memory ran out");
        c->history = grown;
    }
    c->history[c->n_history++] = h;
    return COVEY_OK;
}

/* ---- the comparison ---------------------------------------------------------------------------- */

static covey_status load_params(loader *in, covey_loss *loss, const json_t *params,
                                covey_error *err) {
    for (int i = 0; i < COVEY_LOSS_PARAMS && loss->ops->params[i].name; ++i) {
        const json_t *param = json_object_get(params, loss->ops->params[i].name);
        const json_t *value = json_object_get(param, "value");
        if (!json_is_number(value))
            return broken(in, "comparison.json", "lacks a loss parameter", err);
        loss->params[i] = json_number_value(value);
        loss->is_auto[i] = json_is_true(json_object_get(param, "auto"));
    }
    return COVEY_OK;
}

static covey_status load_rows(loader *in, int64_t *out, const json_t *array, size_t k, size_t n,
                              covey_error *err) {
    if (json_array_size(array) != k)
        return broken(in, "comparison.json", "lists too few representatives", err);
    for (size_t j = 0; j < k; ++j) {
        out[j] = json_integer_value(json_array_get(array, j));
        if (out[j] < -1 || out[j] >= (int64_t)n)
            return broken(in, "comparison.json", "names a row that does not exist", err);
    }
    return COVEY_OK;
}

static covey_status load_clustering(loader *in, size_t l, const json_t *object, covey_error *err) {
    covey_status status = COVEY_OK;
    covey_comparison *all = &in->run->comparison;
    covey_clustering *c = &all->clusterings[l];
    const char *name = json_string_value(json_object_get(object, "name"));
    size_t k = count_at(object, "k"), n = in->run->features.rows, rows, cols;
    char *path = NULL;
    if (!name || k == 0 || k > MAX_CLUSTERS) /* numbers without a cluster may make k exceed n */
        return broken(in, "comparison.json", "has a loss without name or clusters", err);
    COVEY_TRY(covey_loss_find(&c->loss, name, err));
    COVEY_TRY(load_params(in, &c->loss, json_object_get(object, "params"), err));
    c->n = n;
    c->d = in->run->features.cols;
    c->k = k;
    path = covey__asprintf("%s/centres/%s.npy", in->folder, c->loss.ops->name);
    COVEY_NOMEM_IF(!path, err);
    /* A number that this loss has no cluster for is a row of NaN. */
    COVEY_TRY(covey__npy_load_f64(&c->centres, &rows, &cols, path, 0, err));
    /* pca:N groups in N columns of its own. */
    if (in->run->facts.normalize && strncmp(in->run->facts.normalize, "pca:", 4) == 0 &&
        cols && cols <= c->d)
        c->d = all->d = cols;
    COVEY_FAIL_IF(rows != k || cols != c->d, err, COVEY_E_FORMAT, path,
                  "does not fit the run: %zu x %zu in place of %zu x %zu", rows, cols, k, c->d);
    c->labels = covey__calloc(n, sizeof *c->labels);
    c->nearest = covey__calloc(n, sizeof *c->nearest);
    c->rank = covey__calloc(n, sizeof *c->rank);
    c->distance = covey__calloc(n, sizeof *c->distance);
    c->weight = covey__calloc(n, sizeof *c->weight);
    c->margin = covey__calloc(n, sizeof *c->margin);
    c->sizes = covey__calloc(k, sizeof *c->sizes);
    c->representatives = covey__calloc(k, sizeof *c->representatives);
    c->medoids = covey__calloc(k, sizeof *c->medoids);
    COVEY_NOMEM_IF(!c->labels || !c->nearest || !c->rank || !c->distance || !c->weight ||
                       !c->margin || !c->sizes || !c->representatives || !c->medoids,
                   err);
    COVEY_TRY(load_rows(in, c->representatives, json_object_get(object, "representatives"), k, n,
                        err));
    COVEY_TRY(load_rows(in, c->medoids, json_object_get(object, "medoids"), k, n, err));
    c->objective = json_number_value(json_object_get(object, "objective"));
    c->restart = (int)count_at(object, "restart");
    c->rounds = (int)count_at(object, "rounds");
    c->converged = json_is_true(json_object_get(object, "converged"));
    c->unsolved = count_at(object, "unsolved_centres");
    c->refilled = count_at(object, "refilled_clusters");
    c->zero_rows = count_at(object, "zero_rows");
    all->in_panel[l] = json_is_true(json_object_get(object, "in_panel"));
    const char *const keys[] = {"silhouette", "sum_l2", "sum_l1"};
    double *const values[] = {all->silhouette, all->sum_l2, all->sum_l1};
    for (int i = 0; i < 3; ++i) {
        const json_t *value = json_object_get(object, keys[i]);
        values[i][l] = json_is_number(value) ? json_number_value(value) : NAN;
    }
done:
    covey__free(path);
    return status;
}

static covey_status load_votes(loader *in, covey_error *err) {
    covey_comparison *c = &in->run->comparison;
    const json_t *votes = json_object_get(in->comparison, "votes");
    const json_t *undecided = json_object_get(in->comparison, "undecided");
    size_t n = json_array_size(votes);
    c->votes = covey__calloc(n + 1, sizeof *c->votes);
    c->disagreement = covey__calloc(c->n, sizeof *c->disagreement);
    if (!c->votes || !c->disagreement)
        return covey__fail(err, COVEY_E_NOMEM, NULL, "memory ran out");
    for (size_t i = 0; i < n; ++i) {
        const json_t *vote = json_array_get(votes, i);
        size_t row = count_at(vote, "row"), cluster = count_at(vote, "cluster");
        if (row >= c->n || cluster >= c->k_all)
            return broken(in, "comparison.json", "has a vote for a row that does not exist", err);
        c->votes[c->n_votes++] = (covey_vote){.row = (int64_t)row,
                                              .cluster = (int32_t)cluster,
                                              .losses = (int)count_at(vote, "losses"),
                                              .seeds = (int)count_at(vote, "seeds")};
    }
    for (size_t i = 0; i < json_array_size(undecided); ++i) {
        const json_t *entry = json_array_get(undecided, i);
        size_t row = count_at(entry, "row");
        if (row >= c->n)
            return broken(in, "comparison.json", "doubts a row that does not exist", err);
        c->disagreement[row] = json_number_value(json_object_get(entry, "disagreement"));
    }
    return COVEY_OK;
}

static void load_matrix(double *out, const json_t *array, size_t n) {
    for (size_t i = 0; i < n * n; ++i)
        out[i] = json_number_value(json_array_get(json_array_get(array, i / n), i % n));
}

static covey_status load_k_table(loader *in, covey_error *err) {
    covey_comparison *c = &in->run->comparison;
    const json_t *table = json_object_get(in->comparison, "k_table");
    size_t n = json_array_size(table);
    if (n > c->n)
        return broken(in, "comparison.json", "tries more numbers of groups than there are rows",
                      err);
    c->k_clear = json_is_true(json_object_get(in->comparison, "k_clear"));
    c->k_table = covey__calloc(n + 1, sizeof *c->k_table);
    if (!c->k_table)
        return covey__fail(err, COVEY_E_NOMEM, NULL, "memory ran out");
    for (size_t i = 0; i < n; ++i) {
        const json_t *row = json_array_get(table, i);
        c->k_table[i] =
            (covey_k_row){.k = count_at(row, "k"),
                          .objective = covey__json_number(row, "objective"),
                          .silhouette = covey__json_number(row, "silhouette"),
                          .calinski_harabasz = covey__json_number(row, "calinski_harabasz"),
                          .elbow = covey__json_number(row, "elbow"),
                          .stability = covey__json_number(row, "stability")};
    }
    c->n_k_table = n;
    return COVEY_OK;
}

static covey_status load_comparison(loader *in, covey_error *err) {
    covey_status status = COVEY_OK;
    covey_comparison *c = &in->run->comparison;
    const json_t *losses = json_object_get(in->comparison, "losses");
    size_t n_losses = json_array_size(losses);
    if (n_losses == 0)
        return COVEY_OK;
    if (n_losses > MAX_LOSSES)
        return broken(in, "comparison.json", "lists too many losses", err);
    c->n = in->run->features.rows;
    c->d = in->run->features.cols;
    c->k_all = count_at(in->comparison, "clusters");
    c->k_chosen = count_at(in->comparison, "k");
    if (c->k_all > MAX_CLUSTERS)
        return broken(in, "comparison.json", "claims too many clusters", err);
    const char *reason = json_string_value(json_object_get(in->comparison, "k_reason"));
    snprintf(c->k_reason, sizeof c->k_reason, "%s", reason ? reason : "");
    c->panel_size = (int)count_at(in->comparison, "panel_size");
    c->n_seeds = (int)count_at(in->comparison, "seeds");
    c->clusterings = covey__calloc(n_losses, sizeof *c->clusterings);
    c->in_panel = covey__calloc(n_losses, sizeof *c->in_panel);
    c->silhouette = covey__calloc(n_losses, sizeof(double));
    c->sum_l2 = covey__calloc(n_losses, sizeof(double));
    c->sum_l1 = covey__calloc(n_losses, sizeof(double));
    c->ari = covey__calloc(n_losses * n_losses, sizeof(double));
    c->vi = covey__calloc(n_losses * n_losses, sizeof(double));
    c->stability = covey__calloc(c->k_all + 1, sizeof(double));
    in->loss_rows = covey__calloc(n_losses, sizeof *in->loss_rows);
    COVEY_NOMEM_IF(!c->clusterings || !c->in_panel || !c->silhouette || !c->sum_l2 || !c->sum_l1 ||
                       !c->ari || !c->vi || !c->stability || !in->loss_rows,
                   err);
    for (size_t l = 0; l < n_losses; ++l) {
        c->n_losses = l + 1; /* so that fini frees what was loaded */
        COVEY_TRY(load_clustering(in, l, json_array_get(losses, l), err));
    }
    load_matrix(c->ari, json_object_get(in->comparison, "ari"), n_losses);
    load_matrix(c->vi, json_object_get(in->comparison, "vi"), n_losses);
    const json_t *stability = json_object_get(in->comparison, "stability");
    for (size_t j = 0; j < c->k_all; ++j)
        c->stability[j] = json_number_value(json_array_get(stability, j));
    COVEY_TRY(load_votes(in, err));
    COVEY_TRY(load_k_table(in, err));
    COVEY_TRY(each_row(in, "clusters.csv", 9, cluster_row, err));
    COVEY_TRY(each_row(in, "history.csv", 6, history_row, err));
    /* It varies from run to run, so that no digest holds it to be there, or whole. */
    status = each_row(in, "timings.csv", 2, timing_row, NULL);
    COVEY_NOMEM_IF(status == COVEY_E_NOMEM, err);
    status = COVEY_OK;
    for (size_t l = 0; l < n_losses; ++l) {
        covey_clustering *r = &c->clusterings[l];
        if (in->loss_rows[l] != r->n) {
            status = broken(in, "clusters.csv", "lacks rows", err);
            goto done;
        }
        for (size_t i = 0; i < r->n; ++i)
            if (r->labels[i] >= 0)
                r->sizes[r->labels[i]]++;
    }
done:
    return status;
}

/* Runs made before there were such files, and those that did not look into it, have none.
 * solvers.json varies from run to run, so that its digest is not in the passport. */
static covey_status load_study(loader *in, const char *name, int (*load)(covey_run *, const json_t *),
                               int listed, covey_error *err) {
    json_t *root = NULL;
    if (listed && !json_object_get(json_object_get(in->passport, "files"), name))
        return COVEY_OK;
    covey_status status = read_json(in, name, &root, err);
    if (status == COVEY_E_NOT_FOUND && !listed)
        return COVEY_OK;
    if (status == COVEY_OK && load(in->run, root))
        status = broken(in, name, "does not fit the run", err);
    json_decref(root);
    return status;
}

static covey_status load_studies(loader *in, covey_error *err) {
    covey_status status = load_study(in, "dial.json", covey__run_dial_load, 1, err);
    if (status == COVEY_OK)
        status = load_study(in, "strangers.json", covey__run_strangers_load, 1, err);
    if (status == COVEY_OK)
        status = load_study(in, "solvers.json", covey__run_solvers_load, 0, err);
    return status;
}

/* ---- thumbnails and names ------------------------------------------------------------------------ */

static covey_status load_thumbs(loader *in, covey_error *err) {
    for (size_t i = 0; i < in->run->n_photos; ++i) {
        char name[40], *text = NULL;
        size_t size;
        snprintf(name, sizeof name, "thumbs/%06zu.jpg", i);
        covey_status status = read_file(in, name, &text, &size, NULL);
        if (status == COVEY_E_NOMEM)
            return covey__fail(err, COVEY_E_NOMEM, NULL, "memory ran out");
        if (status != COVEY_OK)
            continue; /* a page without one picture is still a page */
        const uint8_t *copy = covey__run_keep_thumb(in->run, (const uint8_t *)text, size);
        in->run->photos[i].thumb = copy;
        in->run->photos[i].thumb_bytes = copy ? size : 0;
        covey__free(text);
        if (!copy)
            return covey__fail(err, COVEY_E_NOMEM, NULL, "memory ran out");
    }
    return COVEY_OK;
}

static covey_status load_names(loader *in, covey_error *err) {
    const json_t *names = json_object_get(in->passport, "names");
    size_t n = in->run->comparison.k_all;
    in->run->names = covey__calloc(n + 1, sizeof *in->run->names);
    if (!in->run->names)
        return covey__fail(err, COVEY_E_NOMEM, NULL, "memory ran out");
    for (size_t j = 0; j < n; ++j) {
        char number[24];
        snprintf(number, sizeof number, "%zu", j);
        in->run->names[j] = text_at(in, names, number);
    }
    in->run->n_names = n;
    return COVEY_OK;
}

covey_status covey_run_load(covey_run **out, const char *folder, covey_error *err) {
    covey_status status = COVEY_OK;
    loader in = {.folder = folder};
    char *path = NULL;
    COVEY_TRY(covey_run_new(&in.run, err));
    covey_run *run = in.run;
    COVEY_TRY(load_passport(&in, err));
    run->folder = covey__strdup(folder);
    path = covey__path_join(folder, "features.npy");
    COVEY_NOMEM_IF(!run->folder || !path, err);
    COVEY_TRY(covey_matrix_load(&run->features, path, err));
    run->photos = covey__calloc(run->features.rows, sizeof *run->photos);
    COVEY_NOMEM_IF(!run->photos, err);
    COVEY_TRY(each_row(&in, "images.csv", 7, image_row, err));
    if (run->n_photos && run->n_photos != run->features.rows) {
        status = broken(&in, "images.csv", "and features.npy have different numbers of rows", err);
        goto done;
    }
    if (run->facts.found < run->n_photos || run->facts.found - run->n_photos > 1u << 30) {
        status = broken(&in, "run.json", "has counts that do not add up", err);
        goto done;
    }
    run->skips = covey__calloc(run->facts.found - run->n_photos + 1, sizeof *run->skips);
    COVEY_NOMEM_IF(!run->skips, err);
    COVEY_TRY(each_row(&in, "skipped.csv", 2, skip_row, err));
    COVEY_TRY(load_duplicates(&in, err));
    COVEY_TRY(read_json(&in, "comparison.json", &in.comparison, err));
    COVEY_TRY(load_comparison(&in, err));
    if (covey__run_labels_load(run, json_object_get(in.comparison, "labels"))) {
        status = broken(&in, "comparison.json", "has labels that do not fit", err);
        goto done;
    }
    COVEY_TRY(load_studies(&in, err));
    COVEY_TRY(covey__run_load_maps(run, folder, err));
    COVEY_TRY(load_thumbs(&in, err));
    COVEY_TRY(load_names(&in, err));
    COVEY_NOMEM_IF(run->arena_failed, err);
    *out = run;
    in.run = NULL;
done:
    covey__free(path);
    covey__free(in.loss_rows);
    json_decref(in.passport);
    json_decref(in.comparison);
    covey_run_free(in.run);
    return status;
}
