/* SPDX-License-Identifier: MIT */
/* Folders of groups: where each photo goes, then putting it there. Names come from a run folder that
 * anybody may have edited, so each is held to the photo folder it claims and to the target. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "organize_internal.h"

covey_organize_params covey_organize_params_default(void) {
    return (covey_organize_params){.how = COVEY_ORGANIZE_LINK};
}

/* ---- where each photo goes --------------------------------------------------------------------- */

typedef struct place {
    const char *path, *base;
    size_t root, row;
    int32_t cluster;
} place;

static int by_base(const void *left, const void *right) {
    const place *a = left, *b = right;
    int order = (a->cluster > b->cluster) - (a->cluster < b->cluster);
    if (!order)
        order = strcmp(a->base, b->base);
    return order ? order : (a->row > b->row) - (a->row < b->row);
}

static int by_path(const void *left, const void *right) {
    const place *a = left, *b = right;
    int order = (a->cluster > b->cluster) - (a->cluster < b->cluster);
    if (!order)
        order = strcmp(a->path, b->path);
    return order ? order : (a->row > b->row) - (a->row < b->row);
}

/* shared [rows] += 1 for photos of one group with the same key. */
static void mark_shared(char *shared, place *places, size_t n, int paths) {
    qsort(places, n, sizeof *places, paths ? by_path : by_base);
    for (size_t i = 1; i < n; ++i) {
        const place *a = &places[i - 1], *b = &places[i];
        if (a->cluster != b->cluster ||
            strcmp(paths ? a->path : a->base, paths ? b->path : b->base) != 0)
            continue;
        char level = paths ? 2 : 1;
        if (shared[a->row] < level)
            shared[a->row] = level;
        if (shared[b->row] < level)
            shared[b->row] = level;
    }
}

/* "cluster_007_beach": what file systems or people stumble over becomes '_'. */
static void add_folder(covey__text *text, const covey_run *run, int32_t cluster, int digits) {
    if (cluster < 0) {
        covey__text_add(text, "left_out");
        return;
    }
    covey__text_addf(text, "cluster_%0*d", digits, (int)cluster);
    const char *name = (size_t)cluster < run->n_names ? run->names[cluster] : NULL;
    if (!name || !*name)
        return;
    covey__text_add(text, "_");
    for (const char *p = name; *p; ++p) {
        int odd = (unsigned char)*p < 0x20 || *p == 0x7f || strchr("/\\:*?\"<>|", *p) ||
                  ((*p == '.' || *p == ' ') && !p[1]);
        covey__text_add_bytes(text, odd ? "_" : p, 1);
    }
}

/* Relative to the target. */
static char *name_place(const covey_run *run, size_t row, int32_t cluster, int level, int digits) {
    covey__text text = {0};
    const covey_run_photo *photo = &run->photos[row];
    add_folder(&text, run, cluster, digits);
    if (level == 2)
        covey__text_addf(&text, "/root_%zu", photo->root);
    covey__text_add(&text, "/");
    covey__text_add(&text, level ? photo->path : covey__path_base(photo->path));
    char *made = text.failed ? NULL : covey__strdup(text.data);
    covey__text_fini(&text);
    return made;
}

static covey_status plan(covey_organization *made, const covey_run *run, const char *target,
                         size_t loss, covey_error *err) {
    covey_status status = COVEY_OK;
    const int32_t *labels = run->comparison.clusterings[loss].labels;
    size_t n = run->n_photos, k = run->comparison.k_all;
    int digits = k > 1000 ? snprintf(NULL, 0, "%zu", k - 1) : 3;
    char *relative = NULL, *shared = covey__calloc(n, 1);
    place *places = covey__alloc_array(n, sizeof *places);
    made->photos = covey__calloc(n, sizeof *made->photos);
    COVEY_NOMEM_IF(!shared || !places || !made->photos, err);
    made->n = n;
    for (size_t i = 0; i < n; ++i) {
        const covey_run_photo *photo = &run->photos[i];
        places[i] = (place){photo->path, covey__path_base(photo->path), photo->root, i, labels[i]};
    }
    mark_shared(shared, places, n, 0);
    if (run->n_roots > 1)
        mark_shared(shared, places, n, 1);
    for (size_t i = 0; i < n; ++i) {
        covey_placed *photo = &made->photos[i];
        photo->row = (int64_t)i;
        photo->from = covey__run_full_path(run, i);
        COVEY_NOMEM_IF(!photo->from, err);
        if (run->photos[i].path[0] == '/' || !covey__path_is_plain(photo->from)) {
            covey__placing_refuse(photo, "its name leads out of the photo folder");
            continue;
        }
        relative = name_place(run, i, labels[i], shared[i], digits);
        photo->to = relative ? covey__path_join(target, relative) : NULL;
        COVEY_NOMEM_IF(!photo->to, err);
        covey__free(relative);
        relative = NULL;
    }
done:
    covey__free(relative);
    covey__free(shared);
    covey__free(places);
    return status;
}

/* ---- putting it there -------------------------------------------------------------------------- */

typedef struct organizer {
    const covey_run *run;
    const covey_organize_params *params;
    const char *target;
    int folder; /* the target, -1 where a dry run has none */
    int undo, undo_error; /* an error of the list ends the work: nothing is moved that it does not name */
    dev_t swept_device; /* the folder last looked through for copies half made */
    ino_t swept;
} organizer;

/* Opens the folder of `relative` below the target, making what is missing; no link is followed. -1
 * and errno where it cannot be had. */
static int open_below(const organizer *work, const char *relative) {
    int folder = work->folder < 0 ? -1 : dup(work->folder);
    errno = folder < 0 && work->folder < 0 ? ENOENT : errno;
    for (const char *part = relative, *slash; folder >= 0 && (slash = strchr(part, '/'));
         part = slash + 1) {
        char name[NAME_MAX + 1];
        int next = -1;
        if ((size_t)(slash - part) >= sizeof name) {
            errno = ENAMETOOLONG;
        } else {
            snprintf(name, sizeof name, "%.*s", (int)(slash - part), part);
            if (work->params->dry_run || mkdirat(folder, name, 0777) == 0 || errno == EEXIST)
                next = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        }
        int error = errno;
        close(folder);
        errno = error;
        folder = next;
    }
    return folder;
}

/* What lies at `name` already is what would be put there. */
static int is_there(const organizer *work, int folder, const char *name, const covey_placed *photo) {
    uint8_t digest[32];
    struct stat info;
    if (fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW))
        return 0;
    if (work->params->how == COVEY_ORGANIZE_LINK) {
        char target[PATH_MAX + 1];
        ssize_t n = readlinkat(folder, name, target, sizeof target - 1);
        if (n < 0)
            return 0;
        target[n] = '\0';
        return strcmp(target, photo->from) == 0;
    }
    return work->params->how == COVEY_ORGANIZE_COPY && S_ISREG(info.st_mode) &&
           covey__sha256_file(digest, NULL, photo->to, NULL) == COVEY_OK &&
           memcmp(digest, work->run->photos[photo->row].sha256, sizeof digest) == 0;
}

/* The source is still the photo that was described: else refused with the reason. */
static int is_as_described(const organizer *work, covey_placed *photo) {
    struct stat info;
    uint8_t digest[32];
    covey_error err = {0};
    if (lstat(photo->from, &info))
        covey__placing_refuse(photo, errno == ENOENT || errno == ENOTDIR ? "is gone"
                                                                         : strerror(errno));
    else if (work->params->how == COVEY_ORGANIZE_MOVE && S_ISLNK(info.st_mode))
        covey__placing_refuse(photo, "is a symbolic link; only a file itself is moved");
    else if (stat(photo->from, &info) || !S_ISREG(info.st_mode))
        covey__placing_refuse(photo, "is no longer a file");
    else if (covey__sha256_file(digest, NULL, photo->from, &err) != COVEY_OK)
        covey__placing_refuse(photo, err.message);
    else if (memcmp(digest, work->run->photos[photo->row].sha256, sizeof digest) != 0)
        covey__placing_refuse(photo, "has changed since the run was made");
    else
        return 1;
    return 0;
}

static int put(organizer *work, int folder, const char *name, const covey_placed *photo) {
    const uint8_t *digest = work->run->photos[photo->row].sha256;
    if (work->params->how == COVEY_ORGANIZE_COPY)
        return covey__place_copy(folder, name, photo->from, digest, 0);
    if (work->params->how == COVEY_ORGANIZE_LINK)
        return symlinkat(photo->from, folder, name) ? errno : 0;
    /* Listed on disk before it is moved: after a crash the list names at most one move too many. */
    work->undo_error = covey__undo_list_add(work->undo, photo->from, photo->to);
    return work->undo_error ? work->undo_error
                            : covey__place_move(folder, name, photo->from, digest);
}

/* Photos come group by group: a look at each folder when its first comes. */
static void sweep_once(organizer *work, int folder) {
    struct stat info;
    if (fstat(folder, &info) || (info.st_dev == work->swept_device && info.st_ino == work->swept))
        return;
    work->swept_device = info.st_dev;
    work->swept = info.st_ino;
    covey__place_sweep(folder);
}

/* Returns an error that ends the work, or 0. */
static int place_photo(organizer *work, covey_placed *photo) {
    const char *name, *relative = photo->to ? photo->to + strlen(work->target) + 1 : NULL;
    struct stat info;
    int error = 0;
    if (!relative || !is_as_described(work, photo))
        return 0;
    name = covey__path_base(relative);
    int folder = open_below(work, relative);
    if (folder >= 0 && !work->params->dry_run)
        sweep_once(work, folder);
    if (folder < 0 && !(work->params->dry_run && errno == ENOENT))
        error = errno;
    else if (folder >= 0 && is_there(work, folder, name, photo))
        photo->state = COVEY_PLACING_BEFORE;
    else if (folder >= 0 && fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) == 0)
        error = EEXIST;
    else {
        error = work->params->dry_run ? 0 : put(work, folder, name, photo);
        photo->state = COVEY_PLACING_DONE;
    }
    if (error == EPERM && work->params->how == COVEY_ORGANIZE_LINK)
        covey__placing_refuse(photo, "this file system has no symbolic links; copy instead");
    else if (error)
        covey__placing_refuse_errno(photo, error);
    if (folder >= 0)
        close(folder);
    return work->undo_error || error == ENOSPC || error == EDQUOT || error == EROFS ? error : 0;
}

static covey_status place_all(organizer *work, covey_organization *made, covey_error *err) {
    covey_status status = COVEY_OK;
    for (size_t i = 0; i < made->n; ++i) {
        covey_placed *photo = &made->photos[i];
        const covey_organize_params *params = work->params;
        int error = photo->state == COVEY_PLACING_REFUSED ? 0 : place_photo(work, photo);
        made->done += photo->state == COVEY_PLACING_DONE;
        made->before += photo->state == COVEY_PLACING_BEFORE;
        made->refused += photo->state == COVEY_PLACING_REFUSED;
        if (error) {
            errno = error;
            status = covey__fail_errno(err, work->undo_error ? made->undo_list : photo->to,
                                       "could not be written");
            goto done;
        }
        if (params->progress && params->progress(params->progress_user, "organize", i + 1, made->n))
            COVEY_FAIL_IF(1, err, COVEY_E_CANCELLED, NULL, "stopped after %zu of %zu photos", i + 1,
                          made->n);
    }
done:
    return status;
}

/* ---- the entry ------------------------------------------------------------------------------- */

static covey_status check_target(const char *target, const covey_run *run, covey_error *err) {
    covey_status status = COVEY_OK;
    struct stat info;
    char *own = run->folder ? covey__run_absolute_path(run->folder) : NULL;
    COVEY_NOMEM_IF(run->folder && !own, err);
    COVEY_FAIL_IF(!covey__path_is_plain(target), err, COVEY_E_ARGUMENT, target,
                  "name a folder, and one that is not there yet without '..'");
    for (size_t i = 0; i < run->n_roots; ++i)
        COVEY_FAIL_IF(covey__run_is_inside(target, run->roots[i]), err, COVEY_E_EXISTS, target,
                      "lies inside the photo folder %.200s, which Covey never writes to; choose a "
                      "folder elsewhere",
                      run->roots[i]);
    COVEY_FAIL_IF(own && covey__run_is_inside(target, own), err, COVEY_E_EXISTS, target,
                  "lies inside the run folder, which the next run replaces; choose a folder "
                  "elsewhere");
    COVEY_FAIL_IF(stat(target, &info) == 0 && !S_ISDIR(info.st_mode), err, COVEY_E_EXISTS, target,
                  "is a file; choose a folder");
done:
    covey__free(own);
    return status;
}

covey_status covey_run_organize(covey_organization *out, const covey_run *run, const char *into,
                                const covey_organize_params *params, covey_error *err) {
    covey_status status = COVEY_OK;
    covey_organization made = {0};
    organizer work = {.run = run, .params = params, .folder = -1, .undo = -1};
    int filled = 0;
    char *target = covey__run_absolute_path(into);
    COVEY_NOMEM_IF(!target, err);
    COVEY_FAIL_IF(params->loss >= run->comparison.n_losses, err, COVEY_E_ARGUMENT, run->folder,
                  "has no such groups; covey cluster makes them");
    COVEY_FAIL_IF(!run->n_photos, err, COVEY_E_ARGUMENT, run->folder,
                  "was made from a features file, so there are no photos to organize");
    COVEY_TRY(check_target(target, run, err));
    COVEY_TRY(plan(&made, run, target, params->loss, err));
    if (!params->dry_run)
        COVEY_TRY(covey__mkdirs(target, err));
    work.target = target;
    work.folder = open(target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (work.folder < 0 && !(params->dry_run && errno == ENOENT)) {
        status = covey__fail_errno(err, target, "could not be opened");
        goto done;
    }
    if (params->how == COVEY_ORGANIZE_MOVE && !params->dry_run)
        COVEY_TRY(covey__undo_list_new(&work.undo, &made.undo_list, target, err));
    filled = 1;
    status = place_all(&work, &made, err);
done:
    if (work.folder >= 0)
        close(work.folder);
    if (work.undo >= 0)
        close(work.undo);
    covey__free(target);
    if (filled)
        *out = made;
    else
        covey_organization_fini(&made);
    return status;
}
