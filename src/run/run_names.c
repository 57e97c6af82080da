/* SPDX-License-Identifier: MIT */
/* The names that users give to groups: set, kept in run.json, carried over to a run made again. */
#include <jansson.h>
#include <string.h>

#include "json_internal.h"
#include "run_internal.h"
#include "run_json_internal.h"

enum { NAME_BYTES = 200, PASSPORT_LIMIT = 64 << 20 };

/* ---- in memory ------------------------------------------------------------------------------ */

static int is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/* *out <- a copy of `name` without blanks at its ends, NULL where nothing is left. */
static covey_status clean_name(const char **out, covey_run *run, const char *name,
                               covey_error *err) {
    covey_status status = COVEY_OK;
    char *trimmed = NULL, *clean = NULL;
    int changed;
    *out = NULL;
    while (name && is_blank(*name))
        ++name;
    size_t n = name ? strlen(name) : 0;
    while (n && is_blank(name[n - 1]))
        --n;
    if (!n)
        goto done;
    COVEY_FAIL_IF(n > NAME_BYTES, err, COVEY_E_ARGUMENT, NULL,
                  "a group's name has at most %d bytes, this one %zu; choose a shorter one",
                  NAME_BYTES, n);
    trimmed = covey__strndup(name, n);
    COVEY_NOMEM_IF(!trimmed, err);
    clean = covey__utf8_clean(trimmed, &changed);
    COVEY_NOMEM_IF(!clean, err);
    COVEY_FAIL_IF(changed, err, COVEY_E_ARGUMENT, NULL,
                  "a group's name is one line of UTF-8 without control characters; '%.80s' is not",
                  clean);
    *out = covey_run_copy_string(run, trimmed);
    COVEY_NOMEM_IF(!*out, err);
done:
    covey__free(trimmed);
    covey__free(clean);
    return status;
}

/* names [k_all], whatever it was before. */
static covey_status size_names(covey_run *run, covey_error *err) {
    size_t n = run->comparison.k_all;
    if (run->n_names == n && run->names)
        return COVEY_OK;
    const char **names = covey__calloc(n + 1, sizeof *names);
    if (!names)
        return covey__fail(err, COVEY_E_NOMEM, NULL, "memory ran out");
    for (size_t j = 0; run->names && j < n && j < run->n_names; ++j)
        names[j] = run->names[j];
    covey__free(run->names);
    run->names = names;
    run->n_names = n;
    return COVEY_OK;
}

covey_status covey_run_set_name(covey_run *run, size_t cluster, const char *name,
                                covey_error *err) {
    covey_status status = COVEY_OK;
    const char *clean;
    size_t k = run->comparison.k_all;
    COVEY_FAIL_IF(!k, err, COVEY_E_ARGUMENT, run->folder,
                  "has no groups yet; covey cluster or covey compare makes them");
    COVEY_FAIL_IF(cluster >= k, err, COVEY_E_ARGUMENT, run->folder,
                  "has no group %zu; its groups are 0 to %zu", cluster, k - 1);
    COVEY_TRY(clean_name(&clean, run, name, err));
    COVEY_TRY(size_names(run, err));
    run->names[cluster] = clean;
done:
    return status;
}

/* ---- run.json ------------------------------------------------------------------------------- */

static json_t *names_json(covey__json *json, const covey_run *run) {
    json_t *names = covey__json_object(json);
    for (size_t j = 0; j < run->n_names; ++j) {
        char number[24];
        if (!run->names[j])
            continue;
        snprintf(number, sizeof number, "%zu", j);
        covey__json_set(json, names, number, json_string(run->names[j]));
    }
    return names;
}

covey_status covey_run_save_names(const covey_run *run, covey_error *err) {
    covey_status status = COVEY_OK;
    char *path = NULL, *text = NULL, *made = NULL;
    json_t *passport = NULL;
    covey__json json = {0};
    size_t size;
    COVEY_FAIL_IF(!run->folder, err, COVEY_E_ARGUMENT, NULL,
                  "the run lies in no folder yet; save it first");
    path = covey__path_join(run->folder, "run.json");
    COVEY_NOMEM_IF(!path, err);
    COVEY_TRY(covey__file_read(&text, &size, path, PASSPORT_LIMIT, err));
    /* Edited in place of written anew: whatever else stands in it stays as it is. */
    status = covey__json_load(&passport, text, size);
    COVEY_NOMEM_IF(status == COVEY_E_NOMEM, err);
    COVEY_FAIL_IF(!json_is_object(passport), err, COVEY_E_FORMAT, path,
                  "is not valid JSON; run covey again to rebuild the folder");
    const json_t *varies = json_object_get(passport, "varies");
    COVEY_FAIL_IF(json_integer_value(json_object_get(varies, "started")) != run->facts.started,
                  err, COVEY_E_EXISTS, path,
                  "has been replaced by another run meanwhile; look at its groups, then name them");
    covey__json_set(&json, passport, "names", names_json(&json, run));
    COVEY_NOMEM_IF(json.failed, err);
    status = covey__json_dump(&made, passport, JSON_INDENT(1) | JSON_REAL_PRECISION(17));
    COVEY_NOMEM_IF(status != COVEY_OK, err);
    COVEY_TRY(covey__file_write(path, made, strlen(made), err));
done:
    json_decref(passport);
    covey__free(made);
    covey__free(text);
    covey__free(path);
    return status;
}

/* ---- a run made again ------------------------------------------------------------------------ */

covey_status covey_run_carry_names(covey_run *run, size_t *lost, const int32_t *labels,
                                   const char **names, size_t n_names, covey_error *err) {
    covey_status status = COVEY_OK;
    const covey_comparison *c = &run->comparison;
    size_t k = c->k_all, cells = 0, gone = 0;
    size_t *both = NULL, *before = NULL, *now = NULL;
    covey__free(run->names);
    run->names = NULL;
    run->n_names = 0;
    COVEY_TRY(size_names(run, err));
    COVEY_NOMEM_IF(covey__mul_size(&cells, n_names, k), err);
    both = covey__calloc(cells + 1, sizeof *both);
    before = covey__calloc(n_names + 1, sizeof *before);
    now = covey__calloc(k + 1, sizeof *now);
    COVEY_NOMEM_IF(!both || !before || !now, err);
    for (size_t i = 0; labels && c->n_losses && i < c->n; ++i) {
        int32_t old = labels[i], new = c->clusterings[0].labels[i];
        if (old >= 0 && (size_t)old < n_names) {
            ++before[old];
            if (new >= 0)
                ++both[(size_t)old * k + (size_t)new];
        }
        if (old >= 0 && new >= 0)
            ++now[new];
    }
    for (size_t i = 0; i < n_names; ++i) {
        size_t j = 0;
        if (!names[i] || !*names[i])
            continue;
        while (j < k && (2 * both[i * k + j] <= before[i] || 2 * both[i * k + j] <= now[j]))
            ++j;
        if (j == k) {
            ++gone;
            continue;
        }
        run->names[j] = covey_run_copy_string(run, names[i]);
        COVEY_NOMEM_IF(!run->names[j], err);
    }
    if (lost)
        *lost = gone;
done:
    covey__free(both);
    covey__free(before);
    covey__free(now);
    return status;
}
