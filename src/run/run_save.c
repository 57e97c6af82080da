/* SPDX-License-Identifier: MIT */
/* Writing a run folder: built aside as FOLDER.partial-PID, then moved in whole, so that a reader
 * sees the old run or the new one and never a mixture. Whoever builds holds a lock on the folder it
 * builds; one without is what a killed run left, and goes. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run_dial_internal.h"
#include "run_studies_internal.h"

static covey_status write_named(const char *folder, const char *name, const void *data,
                                size_t size, covey_error *err) {
    char *path = covey__path_join(folder, name);
    if (!path)
        return covey__fail(err, COVEY_E_NOMEM, NULL, "memory ran out");
    covey_status status = covey__file_write_unsynced(path, data, size, err);
    covey__free(path);
    return status;
}

static covey_status make_folder(const char *folder, const char *name, covey_error *err) {
    char *path = covey__path_join(folder, name);
    if (!path)
        return covey__fail(err, COVEY_E_NOMEM, NULL, "memory ran out");
    covey_status status = covey__mkdirs(path, err);
    covey__free(path);
    return status;
}

/* ---- the target ---------------------------------------------------------------------------- */

char *covey__run_absolute_path(const char *folder) {
    char *copy = covey__strdup(folder), *rest = NULL, *result = NULL;
    if (!copy)
        return NULL;
    for (;;) {
        char *real = realpath(*copy ? copy : ".", NULL);
        if (real) {
            result = rest ? covey__path_join(real, rest) : covey__strdup(real);
            free(real);
            break;
        }
        size_t n = strlen(copy);
        while (n && copy[n - 1] == '/')
            copy[--n] = '\0';
        char *slash = strrchr(copy, '/');
        char *tail = slash ? slash + 1 : copy;
        char *joined = rest ? covey__path_join(tail, rest) : covey__strdup(tail);
        covey__free(rest);
        rest = joined;
        if (!rest || !n)
            break;
        if (slash == copy)
            copy[1] = '\0';
        else if (slash)
            *slash = '\0';
        else
            *copy = '\0';
    }
    covey__free(rest);
    covey__free(copy);
    return result;
}

int covey__run_is_inside(const char *path, const char *root) {
    size_t n = strlen(root);
    while (n > 1 && root[n - 1] == '/')
        --n;
    if (n == 1 && root[0] == '/')
        return 0; /* photos named one by one from "/" do not own the whole machine */
    return strncmp(path, root, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

/* 1: empty or absent, 2: a run folder, 0: somebody's */
static int folder_kind(const char *folder) {
    DIR *dir = opendir(folder);
    if (!dir)
        return errno == ENOENT;
    int entries = 0, ours = 0;
    for (struct dirent *e; (e = readdir(dir));) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        ++entries;
        ours |= strcmp(e->d_name, "run.json") == 0;
    }
    closedir(dir);
    if (!entries)
        return 1;
    if (!ours)
        return 0;
    char *path = covey__path_join(folder, "run.json"), *text = NULL;
    size_t size;
    if (path && covey__file_read(&text, &size, path, 64u << 20, NULL) == COVEY_OK)
        ours = strstr(text, "\"covey-run\"") != NULL;
    covey__free(text);
    covey__free(path);
    return ours ? 2 : 0;
}

/* ---- what killed runs left ------------------------------------------------------------------ */

/* Calls `leftover` for each FOLDER.MARK-* beside `folder`; `pid` as its name says. */
typedef void (*leftover_fn)(const char *path, long pid, const char *folder);

static void each_leftover(const char *folder, const char *mark, leftover_fn leftover) {
    const char *base = covey__path_base(folder);
    char *parent = covey__strndup(folder, (size_t)(base - folder));
    char *prefix = covey__asprintf("%s.%s-", base, mark);
    DIR *dir = parent && prefix ? opendir(*parent ? parent : ".") : NULL;
    for (struct dirent *e; dir && (e = readdir(dir));) {
        char *end;
        size_t length = strlen(prefix);
        if (strncmp(e->d_name, prefix, length) != 0)
            continue;
        long pid = strtol(e->d_name + length, &end, 10);
        char *path = end > e->d_name + length && pid > 0 && strspn(end, "-0123456789") == strlen(end)
                         ? covey__path_join(*parent ? parent : ".", e->d_name)
                         : NULL;
        if (path)
            leftover(path, pid, folder);
        covey__free(path);
    }
    if (dir)
        closedir(dir);
    covey__free(parent);
    covey__free(prefix);
}

static int is_dead(long pid) {
    return kill((pid_t)pid, 0) && errno == ESRCH;
}

/* Locked: somebody builds it. Where the file system has no locks, the process tells. */
static void remove_unfinished(const char *path, long pid, const char *folder) {
    (void)folder;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int stale = fd >= 0 && (flock(fd, LOCK_EX | LOCK_NB) ? errno != EWOULDBLOCK && is_dead(pid) : 1);
    if (stale && covey__remove_tree(path, NULL) != COVEY_OK)
        errno = 0; /* somebody else's to remove; it stays and harms nothing */
    if (fd >= 0)
        close(fd);
}

static void remove_stale(const char *folder) {
    each_leftover(folder, "partial", remove_unfinished);
}

/* A run killed between its two renames, where a file system exchanges nothing: the run before goes
 * back to its place, or away if there is a new one. */
static void put_back(const char *path, long pid, const char *folder) {
    struct stat info;
    if (!is_dead(pid))
        return;
    if (lstat(folder, &info) == 0 ? folder_kind(folder) == 2 && folder_kind(path) == 2 &&
                                        covey__remove_tree(path, NULL) != COVEY_OK
                                  : rename(path, folder))
        errno = 0; /* it stays, and harms nothing */
}

/* Makes a folder beside `target` and locks it: *partial, freed by the caller, and the lock. */
static covey_status make_partial(char **partial, int *lock, const char *target, covey_error *err) {
    covey_status status = COVEY_OK;
    enum { ATTEMPTS = 64 };
    for (int attempt = 0; attempt < ATTEMPTS; ++attempt) {
        struct stat held, named;
        char *path = covey__asprintf(attempt ? "%s.partial-%ld-%d" : "%s.partial-%ld", target,
                                     (long)getpid(), attempt);
        if (!path)
            return covey__fail(err, COVEY_E_NOMEM, NULL, "memory ran out");
        if (mkdir(path, 0777) && errno == EEXIST) { /* of the same number in another container */
            covey__free(path);
            continue;
        }
        status = covey__mkdirs(path, err);
        if (status != COVEY_OK) {
            (void)rmdir(path);
            covey__free(path);
            return status;
        }
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        while (fd >= 0 && flock(fd, LOCK_EX) && errno == EINTR)
            ;
        /* Another run may have taken it for a leftover just before it was locked. */
        if (fd >= 0 && !fstat(fd, &held) && !lstat(path, &named) && held.st_ino == named.st_ino) {
            *partial = path;
            *lock = fd;
            return COVEY_OK;
        }
        if (fd >= 0)
            close(fd);
        covey__free(path);
    }
    return covey__fail(err, COVEY_E_IO, target, "no folder could be made beside it");
}

/* ---- the target, checked ------------------------------------------------------------------ */

covey_status covey_run_check_target(const char *folder, const char *const *roots, size_t n_roots,
                                    covey_error *err) {
    covey_status status = COVEY_OK;
    struct stat info;
    char *target = covey__run_absolute_path(folder), *parent = NULL;
    COVEY_NOMEM_IF(!target, err);
    each_leftover(target, "old", put_back);
    for (size_t i = 0; i < n_roots; ++i)
        COVEY_FAIL_IF(covey__run_is_inside(target, roots[i]), err, COVEY_E_EXISTS, folder,
                      "lies inside the photo folder %.200s, which Covey never writes to; choose a "
                      "folder elsewhere with -o",
                      roots[i]);
    COVEY_FAIL_IF(stat(folder, &info) == 0 && !S_ISDIR(info.st_mode), err, COVEY_E_EXISTS, folder,
                  "is a file; choose a new folder with -o");
    COVEY_FAIL_IF(!folder_kind(folder), err, COVEY_E_EXISTS, folder,
                  "is not empty and was not made by covey; choose a new folder with -o");
    /* The folder is built beside its final place, so its parent must be writable. */
    parent = covey__strdup(target);
    COVEY_NOMEM_IF(!parent, err);
    for (;;) {
        char *slash = strrchr(parent, '/');
        if (!slash)
            break;
        slash[slash == parent] = '\0';
        if (access(parent, F_OK) == 0 || slash == parent)
            break;
    }
    COVEY_FAIL_IF(access(parent, W_OK | X_OK), err, COVEY_E_IO, folder,
                  "cannot be made: %.200s is not writable for you; choose another place with -o",
                  parent);
done:
    covey__free(target);
    covey__free(parent);
    return status;
}

/* ---- the content --------------------------------------------------------------------------- */

typedef void (*table_fn)(covey__text *text, const covey_run *run);

static covey_status save_table(const covey_run *run, const char *folder, const char *name,
                               table_fn table, covey_error *err) {
    covey_status status = COVEY_OK;
    covey__text text = {0};
    table(&text, run);
    COVEY_NOMEM_IF(text.failed, err);
    COVEY_TRY(write_named(folder, name, text.data, text.size, err));
done:
    covey__text_fini(&text);
    return status;
}

static covey_status save_tables(const covey_run *run, const char *folder, covey_error *err) {
    static const struct {
        const char *name;
        table_fn table;
    } tables[] = {{"images.csv", covey__run_images_csv},
                  {"clusters.csv", covey__run_clusters_csv},
                  {"history.csv", covey__run_history_csv},
                  {"duplicates.csv", covey__run_duplicates_csv},
                  {"skipped.csv", covey__run_skipped_csv},
                  {"timings.csv", covey__run_timings_csv}};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; ++i) {
        covey_status status = save_table(run, folder, tables[i].name, tables[i].table, err);
        if (status != COVEY_OK)
            return status;
    }
    return COVEY_OK;
}

static covey_status save_centres(const covey_run *run, const char *folder, covey_error *err) {
    covey_status status = make_folder(folder, "centres", err);
    for (size_t l = 0; status == COVEY_OK && l < run->comparison.n_losses; ++l) {
        const covey_clustering *c = &run->comparison.clusterings[l];
        char *path = covey__asprintf("%s/centres/%s.npy", folder, c->loss.ops->name);
        status = path ? covey_npy_save_f64(path, c->centres, c->k, c->d, err)
                      : covey__fail(err, COVEY_E_NOMEM, NULL, "memory ran out");
        covey__free(path);
    }
    return status;
}

static covey_status save_thumbs(const covey_run *run, const char *folder, covey_error *err) {
    covey_status status = make_folder(folder, "thumbs", err);
    for (size_t i = 0; status == COVEY_OK && i < run->n_photos; ++i) {
        char name[40];
        if (!run->photos[i].thumb)
            continue;
        snprintf(name, sizeof name, "thumbs/%06zu.jpg", i);
        status = write_named(folder, name, run->photos[i].thumb, run->photos[i].thumb_bytes, err);
        if (i % 4096 == 0)
            covey__run_rest_thumbs(run);
    }
    return status;
}

static covey_status save_maps(const covey_run *run, const char *folder, covey_error *err) {
    covey_status status = run->n_maps ? make_folder(folder, "maps", err) : COVEY_OK;
    for (size_t i = 0; status == COVEY_OK && i < run->n_maps; ++i) {
        char name[48];
        covey__run_map_name(name, run->maps[i].row, run->maps[i].layer);
        status = write_named(folder, name, run->maps[i].png, run->maps[i].bytes, err);
    }
    return status;
}

typedef struct covers {
    const covey_run *run;
    const char *folder;
    const int64_t *rows;
} covers;

/* One decoded photo may stand for clusters of several losses: written under each. */
static covey_status save_cover(void *user, size_t index, const uint8_t *jpeg, size_t bytes,
                               covey_error *err) {
    const covers *context = user;
    const covey_comparison *c = &context->run->comparison;
    if (!jpeg)
        return COVEY_OK;
    for (size_t l = 0; l < c->n_losses; ++l) {
        const covey_clustering *r = &c->clusterings[l];
        for (size_t j = 0; j < r->k; ++j) {
            char name[160];
            if (r->representatives[j] != context->rows[index])
                continue;
            snprintf(name, sizeof name, "representatives/%s/cluster_%03zu.jpg", r->loss.ops->name,
                     j);
            covey_status status = write_named(context->folder, name, jpeg, bytes, err);
            if (status != COVEY_OK)
                return status;
        }
    }
    return COVEY_OK;
}

static int compare_rows(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static covey_status save_covers(const covey_run *run, const char *folder, covey_error *err) {
    covey_status status = COVEY_OK;
    const covey_comparison *c = &run->comparison;
    size_t n = 0, total = 0;
    int64_t *rows = NULL;
    for (size_t l = 0; l < c->n_losses; ++l)
        total += c->clusterings[l].k;
    if (run->n_photos == 0 || total == 0)
        return COVEY_OK;
    rows = covey__alloc_array(total, sizeof *rows);
    COVEY_NOMEM_IF(!rows, err);
    for (size_t l = 0; l < c->n_losses; ++l) {
        char name[160];
        snprintf(name, sizeof name, "representatives/%s", c->clusterings[l].loss.ops->name);
        COVEY_TRY(make_folder(folder, name, err));
        for (size_t j = 0; j < c->clusterings[l].k; ++j)
            if (c->clusterings[l].representatives[j] >= 0)
                rows[n++] = c->clusterings[l].representatives[j];
    }
    qsort(rows, n, sizeof *rows, compare_rows);
    size_t kept = 0;
    for (size_t i = 0; i < n; ++i)
        if (kept == 0 || rows[kept - 1] != rows[i])
            rows[kept++] = rows[i];
    covers context = {run, folder, rows};
    COVEY_TRY(covey__run_jpegs(run, rows, kept, COVEY__RUN_COVER_SIDE, save_cover, &context, err));
done:
    covey__free(rows);
    return status;
}

/* What was looked into beyond the comparison, each in its own file. */
static covey_status save_studies(const covey_run *run, const char *folder, covey_error *err) {
    const struct {
        int there;
        const char *name;
        covey_status (*write)(char **out, const covey_run *run, covey_error *err);
    } studies[] = {{run->dial.n_frames > 0, "dial.json", covey__run_dial_json},
                   {run->strangers.n_rows > 0, "strangers.json", covey__run_strangers_json},
                   {run->n_solver_rows > 0, "solvers.json", covey__run_solvers_json}};
    covey_status status = COVEY_OK;
    for (size_t i = 0; i < sizeof studies / sizeof *studies && status == COVEY_OK; ++i) {
        char *json = NULL;
        if (!studies[i].there)
            continue;
        status = studies[i].write(&json, run, err);
        if (status == COVEY_OK)
            status = write_named(folder, studies[i].name, json, strlen(json), err);
        covey_free(json);
    }
    return status;
}

static covey_status build(const covey_run *run, const char *folder, covey_run_extras_fn extras,
                          void *user, covey_error *err) {
    covey_status status = COVEY_OK;
    char *json = NULL, *path = covey__path_join(folder, "features.npy");
    COVEY_NOMEM_IF(!path, err);
    COVEY_TRY(covey_npy_save_f32(path, run->features.data, run->features.rows, run->features.cols,
                                 err));
    COVEY_TRY(save_tables(run, folder, err));
    COVEY_TRY(save_centres(run, folder, err));
    COVEY_TRY(covey__run_comparison_json(&json, run, err));
    COVEY_TRY(write_named(folder, "comparison.json", json, strlen(json), err));
    covey__free(json);
    json = NULL;
    COVEY_TRY(save_studies(run, folder, err));
    COVEY_TRY(save_thumbs(run, folder, err));
    COVEY_TRY(save_covers(run, folder, err));
    COVEY_TRY(save_maps(run, folder, err));
    if (extras)
        COVEY_TRY(extras(user, run, folder, err));
    COVEY_TRY(covey__run_passport_json(&json, run, folder, err));
    COVEY_TRY(write_named(folder, "run.json", json, strlen(json), err));
    COVEY_TRY(covey__folder_sync(folder, err));
done:
    covey__free(json);
    covey__free(path);
    return status;
}

/* Puts `partial` at `folder`; an older run there is removed after the exchange. */
static covey_status move_in(const char *partial, const char *folder, covey_error *err) {
    struct stat info;
    if (lstat(folder, &info)) {
        if (rename(partial, folder))
            return covey__fail_errno(err, folder, "the finished folder could not be moved in");
        covey__parent_sync(folder);
        return COVEY_OK;
    }
    if (S_ISDIR(info.st_mode) &&
        renameat2(AT_FDCWD, partial, AT_FDCWD, folder, RENAME_EXCHANGE) == 0) {
        covey__parent_sync(folder); /* the new one is safe before the old one goes */
        return covey__remove_tree(partial, err);
    }
    /* No exchange on this file system, or `folder` is a symbolic link to a folder. */
    char *old = covey__asprintf("%s.old-%ld", folder, (long)getpid());
    if (!old)
        return covey__fail(err, COVEY_E_NOMEM, NULL, "memory ran out");
    covey_status status = COVEY_OK;
    if (rename(folder, old))
        status = covey__fail_errno(err, folder, "the run before could not be moved away");
    else if (rename(partial, folder)) {
        status = covey__fail_errno(err, folder, "the finished folder could not be moved in");
        if (rename(old, folder))
            covey__fail_errno(err, old, "holds the run before; it could not be moved back");
    } else {
        covey__parent_sync(folder);
        status = covey__remove_tree(old, err);
    }
    covey__free(old);
    return status;
}

covey_status covey_run_save(const covey_run *run, const char *folder, covey_run_extras_fn extras,
                            void *user, covey_error *err) {
    covey_status status = COVEY_OK;
    int made = 0, lock = -1;
    char *target = NULL, *partial = NULL;
    COVEY_TRY(covey_run_check_target(folder, run->roots, run->n_roots, err));
    target = covey__run_absolute_path(folder);
    COVEY_NOMEM_IF(!target, err);
    remove_stale(target);
    COVEY_TRY(make_partial(&partial, &lock, target, err));
    made = 1;
    COVEY_TRY(build(run, partial, extras, user, err));
    COVEY_TRY(move_in(partial, target, err));
    made = 0;
done:
    if (made && covey__remove_tree(partial, NULL) != COVEY_OK)
        errno = 0; /* the next run removes it */
    if (lock >= 0)
        close(lock);
    covey__free(partial);
    covey__free(target);
    return status;
}
