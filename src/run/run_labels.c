/* SPDX-License-Identifier: MIT */
/* Labels against groups: ARI and NMI of the two partitions [HubertArabie1985], purity, confusion. */
#include <stdlib.h>
#include <string.h>

#include "covey/labels.h"
#include "run_internal.h"

enum { LABELS_LIMIT = 1 << 28 };

typedef struct given {
    const char *path, *label;
} given;

struct covey_labels {
    char *source;
    char *text;  /* of the file; the entries point into it */
    given *list; /* [n], by path */
    size_t n;
    int folders;
    int by_row; /* the first column holds row numbers */
};

static int compare_given(const void *x, const void *y) {
    return strcmp(((const given *)x)->path, ((const given *)y)->path);
}

/* ---- reading ------------------------------------------------------------------------------- */

typedef struct columns {
    int path, label;
} columns;

/* 1: the record is a header. */
static int read_header(columns *at, covey_labels *labels, char *const *fields, int n) {
    int path = -1, label = -1, by_row = 0;
    for (int i = 0; i < n; ++i) {
        if (strcmp(fields[i], "label") == 0)
            label = i;
        if (strcmp(fields[i], "path") == 0 || (strcmp(fields[i], "row") == 0 && path < 0)) {
            by_row = fields[i][0] == 'r';
            path = i;
        }
    }
    if (path < 0 || label < 0)
        return 0;
    *at = (columns){path, label};
    labels->by_row = by_row;
    return 1;
}

static covey_status read_records(covey_labels *labels, size_t size, covey_error *err) {
    enum { COLUMNS = 32 };
    covey_status status = COVEY_OK;
    char *cursor = labels->text, *end = labels->text + size, *fields[COLUMNS];
    size_t capacity = 0, record = 0;
    columns at = {0, 1};
    for (;;) {
        int n = covey__csv_next(&cursor, end, fields, COLUMNS);
        if (n == 0)
            break;
        COVEY_FAIL_IF(n < 0, err, COVEY_E_FORMAT, labels->source, "has a quote that never ends");
        n = n > COLUMNS ? COLUMNS : n;
        if (record++ == 0 && read_header(&at, labels, fields, n))
            continue;
        if (n == 1 && !*fields[0])
            continue; /* an empty line */
        COVEY_FAIL_IF(at.path >= n || at.label >= n || !*fields[at.label], err, COVEY_E_FORMAT,
                      labels->source,
                      "record %zu has no label; each needs a path and a label: bear/a.jpg,bear",
                      record);
        if (labels->n == capacity) {
            size_t wanted = capacity ? 2 * capacity : 256;
            given *grown = covey__realloc(labels->list, capacity * sizeof *grown,
                                          wanted * sizeof *grown);
            COVEY_NOMEM_IF(!grown, err);
            labels->list = grown;
            capacity = wanted;
        }
        labels->list[labels->n++] = (given){fields[at.path], fields[at.label]};
    }
    COVEY_FAIL_IF(!labels->n, err, COVEY_E_FORMAT, labels->source, "lists no label");
    qsort(labels->list, labels->n, sizeof *labels->list, compare_given);
    for (size_t i = 1; i < labels->n; ++i)
        COVEY_FAIL_IF(strcmp(labels->list[i].path, labels->list[i - 1].path) == 0 &&
                          strcmp(labels->list[i].label, labels->list[i - 1].label) != 0,
                      err, COVEY_E_FORMAT, labels->source,
                      "gives %.200s two labels, %.60s and %.60s", labels->list[i].path,
                      labels->list[i - 1].label, labels->list[i].label);
done:
    return status;
}

covey_status covey_labels_new(covey_labels **out, const char *source, covey_error *err) {
    covey_status status = COVEY_OK;
    size_t size;
    covey_labels *made = covey__calloc(1, sizeof *made);
    COVEY_NOMEM_IF(!made, err);
    made->source = covey__strdup(source);
    COVEY_NOMEM_IF(!made->source, err);
    made->folders = strcmp(source, "folders") == 0;
    if (!made->folders) {
        COVEY_TRY(covey__file_read(&made->text, &size, source, LABELS_LIMIT, err));
        COVEY_TRY(read_records(made, size, err));
    }
    *out = made;
    made = NULL;
done:
    covey_labels_free(made);
    return status;
}

void covey_labels_free(covey_labels *labels) {
    if (!labels)
        return;
    covey__free(labels->source);
    covey__free(labels->text);
    covey__free(labels->list);
    covey__free(labels);
}

/* ---- each row's label ------------------------------------------------------------------------ */

/* The label of `path`, or *label where there is none. `met` [n] or NULL: entries found are
 * marked. */
static void look_up(const char **label, char *met, const covey_labels *labels, const char *path) {
    given key = {path, NULL};
    const given *found =
        bsearch(&key, labels->list, labels->n, sizeof *labels->list, compare_given);
    if (!found)
        return;
    *label = found->label;
    for (; met && found > labels->list && compare_given(found - 1, &key) == 0; --found)
        ;
    for (; met && found < labels->list + labels->n && compare_given(found, &key) == 0; ++found)
        met[found - labels->list] = 1;
}

/* *label <- that of a file, or NULL: by its path as listed in the run, or else with the name of its
 * root's folder before it, or else in full. */
static covey_status look_up_file(const char **label, char *met, const covey_labels *labels,
                                 const char *root, const char *path) {
    char *full = covey__path_join(root, path);
    if (!full)
        return COVEY_E_NOMEM;
    size_t length = strlen(root);
    while (length && root[length - 1] != '/')
        --length;
    *label = NULL;
    look_up(label, met, labels, full);
    look_up(label, met, labels, full + length);
    look_up(label, met, labels, path);
    covey__free(full);
    return COVEY_OK;
}

static const char *folder_of_photo(covey_run *run, size_t row, covey_status *status) {
    const covey_run_photo *photo = &run->photos[row];
    const char *slash = strchr(photo->path, '/');
    if (!slash)
        return run->n_roots > 1 ? covey__path_base(run->roots[photo->root]) : NULL;
    size_t length = (size_t)(slash - photo->path);
    char *copy = covey__run_alloc(run, length + 1);
    if (!copy) {
        *status = COVEY_E_NOMEM;
        return NULL;
    }
    memcpy(copy, photo->path, length);
    copy[length] = '\0';
    return copy;
}

/* names [rows]: each row's label or NULL, as strings that live as long as `run` or `labels`.
 * `met` [labels->n] or NULL: entries that name a row are marked. */
static covey_status name_rows(const char **names, char *met, covey_run *run,
                              const covey_labels *labels, covey_error *err) {
    covey_status status = COVEY_OK;
    COVEY_FAIL_IF(!run->n_photos && labels->folders, err, COVEY_E_ARGUMENT, NULL,
                  "rows of a features file lie in no folders; give a CSV file of row and label");
    for (size_t i = 0; i < run->features.rows; ++i) {
        char number[24];
        names[i] = NULL;
        if (labels->folders) {
            names[i] = folder_of_photo(run, i, &status);
        } else if (run->n_photos && !labels->by_row) {
            const covey_run_photo *photo = &run->photos[i];
            status = look_up_file(&names[i], met, labels, run->roots[photo->root], photo->path);
        } else {
            snprintf(number, sizeof number, "%zu", i);
            look_up(&names[i], met, labels, number);
        }
        COVEY_NOMEM_IF(status != COVEY_OK, err);
    }
done:
    return status;
}

static const char *none_labelled(const covey_run *run, const covey_labels *labels) {
    return labels->folders ? "no photo lies in a folder within the one given"
           : run->n_photos ? "names none of the photos; paths are those of images.csv"
                           : "names none of the rows; its columns are row (from 0) and label";
}

/* The entries and rows that have no counterpart: a sentence that names the first of either. */
static covey_status check_counterparts(const char *const *names, char *met, const covey_run *run,
                                       const covey_labels *labels, covey_error *err) {
    covey_status status = COVEY_OK;
    size_t n = run->features.rows, bare = 0, first_bare = 0, astray = 0, first_astray = 0;
    const char *label, *what = run->n_photos && !labels->by_row ? "photo" : "row";
    for (size_t i = 0; i < run->n_skips; ++i) /* a photo that could not be used is no mistake */
        COVEY_NOMEM_IF(look_up_file(&label, met, labels, run->roots[run->skips[i].root],
                                    run->skips[i].path) != COVEY_OK,
                       err);
    for (size_t i = n; i-- > 0;)
        if (!names[i]) {
            ++bare;
            first_bare = i;
        }
    for (size_t i = labels->n; i-- > 0;)
        if (!met[i]) {
            ++astray;
            first_astray = i;
        }
    COVEY_FAIL_IF(bare == n, err, COVEY_E_ARGUMENT, labels->source, "%s",
                  none_labelled(run, labels));
    COVEY_FAIL_IF(astray, err, COVEY_E_ARGUMENT, labels->source,
                  "%zu of its %zu lines %s no %s of these %zu (%.80s is one); correct them, or "
                  "pass over what does not match with --partial-labels",
                  astray, labels->n, astray == 1 ? "names" : "name", what, n, labels->list[first_astray].path);
    COVEY_FAIL_IF(bare && run->n_photos, err, COVEY_E_ARGUMENT, labels->source,
                  "has no label for %zu of the %zu photos (%.80s is one); label them, or hold the "
                  "others against it with --partial-labels",
                  bare, n, run->photos[first_bare].path);
    COVEY_FAIL_IF(bare, err, COVEY_E_ARGUMENT, labels->source,
                  "has no label for %zu of the %zu rows (%zu is one); label them, or hold the "
                  "others against it with --partial-labels",
                  bare, n, first_bare);
done:
    return status;
}

covey_status covey_labels_check(covey_run *run, const covey_labels *labels, covey_error *err) {
    covey_status status = COVEY_OK;
    const char **names = covey__calloc(run->features.rows + 1, sizeof *names);
    char *met = covey__calloc(labels->n + 1, 1);
    COVEY_NOMEM_IF(!names || !met, err);
    COVEY_TRY(name_rows(names, met, run, labels, err));
    if (!labels->folders)
        COVEY_TRY(check_counterparts(names, met, run, labels, err));
done:
    covey__free(names);
    covey__free(met);
    return status;
}

static int compare_names(const void *x, const void *y) {
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* truth [rows] <- index into made->classes, or -1. */
static covey_status number_classes(int32_t *truth, covey_label_scores *made, covey_run *run,
                                   const char **names, covey_error *err) {
    covey_status status = COVEY_OK;
    size_t n = run->features.rows, m = 0, classes = 0;
    const char **sorted = covey__alloc_array(n, sizeof *sorted);
    COVEY_NOMEM_IF(!sorted, err);
    for (size_t i = 0; i < n; ++i)
        if (names[i])
            sorted[m++] = names[i];
    made->labelled = m;
    qsort(sorted, m, sizeof *sorted, compare_names);
    for (size_t i = 0; i < m; ++i)
        if (!i || strcmp(sorted[classes - 1], sorted[i]) != 0)
            sorted[classes++] = sorted[i];
    for (size_t i = 0; i < n; ++i) {
        const char **at = names[i] ? bsearch(&names[i], sorted, classes, sizeof *sorted,
                                             compare_names)
                                   : NULL;
        truth[i] = at ? (int32_t)(at - sorted) : -1;
    }
    made->n_classes = classes;
    made->classes = covey__run_alloc(run, (classes + 1) * sizeof *made->classes);
    COVEY_NOMEM_IF(!made->classes, err);
    for (size_t i = 0; i < classes; ++i) {
        made->classes[i] = covey_run_copy_string(run, sorted[i]);
        COVEY_NOMEM_IF(!made->classes[i], err);
    }
done:
    covey__free(sorted);
    return status;
}

/* ---- scores ----------------------------------------------------------------------------------- */

/* Rows without a group (-1) are a group of their own to ARI and NMI, and impure. `pair` [2][n]. */
static covey_status score_loss(covey_label_score *score, covey_run *run,
                               const covey_clustering *c, const int32_t *truth, size_t classes,
                               size_t labelled, int32_t *pair, covey_error *err) {
    covey_status status = COVEY_OK;
    size_t m = 0, cells = 0, bytes = 0, right = 0;
    COVEY_NOMEM_IF(covey__mul_size(&cells, c->k, classes) ||
                       covey__mul_size(&bytes, cells, sizeof(size_t)),
                   err);
    score->confusion = covey__run_alloc(run, bytes);
    COVEY_NOMEM_IF(!score->confusion, err);
    memset(score->confusion, 0, bytes);
    for (size_t i = 0; i < c->n; ++i) {
        if (truth[i] < 0)
            continue;
        pair[m] = c->labels[i];
        pair[labelled + m++] = truth[i];
        if (c->labels[i] >= 0)
            ++score->confusion[(size_t)c->labels[i] * classes + (size_t)truth[i]];
    }
    for (size_t j = 0; j < c->k; ++j) {
        size_t most = 0;
        for (size_t t = 0; t < classes; ++t)
            if (score->confusion[j * classes + t] > most)
                most = score->confusion[j * classes + t];
        right += most;
    }
    score->purity = (double)right / (double)labelled;
    COVEY_TRY(covey_agreement_compute(&score->ari, &score->nmi, NULL, pair, pair + labelled, m));
done:
    return status;
}

covey_status covey_labels_score(covey_run *run, const covey_labels *labels, covey_error *err) {
    covey_status status = COVEY_OK;
    size_t n = run->features.rows, n_losses = run->comparison.n_losses;
    const char **names = covey__calloc(n + 1, sizeof *names);
    int32_t *truth = covey__alloc_array(n + 1, sizeof *truth);
    int32_t *pair = covey__alloc_array(2 * n + 2, sizeof *pair);
    covey_label_scores *made = covey__run_alloc(run, sizeof *made);
    COVEY_NOMEM_IF(!names || !truth || !pair || !made, err);
    *made = (covey_label_scores){.source = covey_run_copy_string(run, labels->source)};
    made->losses = covey__run_alloc(run, (n_losses + 1) * sizeof *made->losses);
    COVEY_NOMEM_IF(!made->source || !made->losses, err);
    COVEY_TRY(name_rows(names, NULL, run, labels, err));
    COVEY_TRY(number_classes(truth, made, run, names, err));
    COVEY_FAIL_IF(!made->labelled, err, COVEY_E_ARGUMENT, labels->source, "%s",
                  none_labelled(run, labels));
    for (size_t l = 0; l < n_losses; ++l)
        COVEY_TRY(score_loss(&made->losses[l], run, &run->comparison.clusterings[l], truth,
                             made->n_classes, made->labelled, pair, err));
    run->scores = made;
done:
    covey__free(names);
    covey__free(truth);
    covey__free(pair);
    return status;
}
