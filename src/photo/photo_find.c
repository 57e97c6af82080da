/* SPDX-License-Identifier: MIT */
/* The finder: walks folders with a work list rather than by recursion, so that depth costs neither
 * stack nor file descriptors. Nothing is opened before it is known to be a regular file or a
 * folder: opening a FIFO would wait for ever, opening a device may do things. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base_internal.h"
#include "covey/photo.h"
#include "photo_internal.h"

typedef struct entry {
    size_t root;
    size_t full, path; /* offsets into `names` */
    dev_t device;
    ino_t inode;
} entry;

struct covey_files {
    covey_file *files;
    size_t n_files;
    char **roots;
    size_t n_roots;
    char *names;
    size_t n_others;
};

/* A folder that is still to be read: root/path, "" being the root itself. */
typedef struct folder {
    size_t root, path;
} folder;

typedef struct finder {
    const covey_find_params *params;
    covey_error *err;
    char **roots;
    size_t n_roots, roots_room;
    covey__text names;
    entry *entries;
    size_t n_entries, entries_room;
    folder *folders;
    size_t n_folders, folders_room;
    covey__text paths; /* of the folders */
    size_t n_others;
} finder;

covey_find_params covey_find_params_default(void) {
    return (covey_find_params){1, NULL, 0};
}

static covey_status grow(void **array, size_t n, size_t *room, size_t size, covey_error *err) {
    covey_status status = COVEY_OK;
    size_t bytes;
    if (n < *room)
        return COVEY_OK;
    size_t more = *room ? *room * 2 : 64;
    COVEY_NOMEM_IF(covey__mul_size(&bytes, more, size), err);
    void *fresh = covey__realloc(*array, n * size, bytes);
    COVEY_NOMEM_IF(!fresh, err);
    *array = fresh;
    *room = more;
done:
    return status;
}

static covey_status add_root(finder *f, size_t *index, const char *path) {
    covey_status status = COVEY_OK;
    for (size_t i = 0; i < f->n_roots; ++i)
        if (!strcmp(f->roots[i], path)) {
            *index = i;
            return COVEY_OK;
        }
    COVEY_TRY(grow((void **)&f->roots, f->n_roots, &f->roots_room, sizeof *f->roots, f->err));
    f->roots[f->n_roots] = covey__strdup(path);
    COVEY_NOMEM_IF(!f->roots[f->n_roots], f->err);
    *index = f->n_roots++;
done:
    return status;
}

static covey_status add_entry(finder *f, size_t root, const char *path, const struct stat *info) {
    covey_status status = COVEY_OK;
    const char *folder_path = f->roots[root];
    COVEY_TRY(
        grow((void **)&f->entries, f->n_entries, &f->entries_room, sizeof *f->entries, f->err));
    entry *e = f->entries + f->n_entries;
    e->root = root;
    e->full = f->names.size;
    covey__text_add(&f->names, folder_path);
    if (folder_path[strlen(folder_path) - 1] != '/')
        covey__text_add(&f->names, "/");
    e->path = f->names.size;
    covey__text_add_bytes(&f->names, path, strlen(path) + 1);
    COVEY_NOMEM_IF(f->names.failed, f->err);
    e->device = info->st_dev;
    e->inode = info->st_ino;
    ++f->n_entries;
done:
    return status;
}

static covey_status add_folder(finder *f, size_t root, const char *path) {
    covey_status status = COVEY_OK;
    COVEY_TRY(
        grow((void **)&f->folders, f->n_folders, &f->folders_room, sizeof *f->folders, f->err));
    f->folders[f->n_folders].root = root;
    f->folders[f->n_folders].path = f->paths.size;
    covey__text_add_bytes(&f->paths, path, strlen(path) + 1);
    COVEY_NOMEM_IF(f->paths.failed, f->err);
    ++f->n_folders;
done:
    return status;
}

static int is_excluded(const finder *f, const char *path) {
    for (size_t i = 0; i < f->params->n_exclude; ++i) {
        const char *pattern = f->params->exclude[i];
        if (!fnmatch(pattern, path, 0) || !fnmatch(pattern, covey__path_base(path), 0))
            return 1;
    }
    return 0;
}

/* By name where the name says it, else by the first bytes. Only for regular files. */
static int looks_like_photo(int folder_fd, const char *name) {
    uint8_t head[COVEY__SNIFF_BYTES];
    struct stat info;
    if (covey__kind_is_photo_like(covey__kind_of_name(name)))
        return 1;
    int fd = openat(folder_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return 0;
    ssize_t n = fstat(fd, &info) || !S_ISREG(info.st_mode) ? 0 : read(fd, head, sizeof head);
    close(fd);
    return n > 0 && covey__kind_is_photo_like(covey__sniff(head, (size_t)n));
}

/* One entry of a folder; `path` is relative to the root, `name` its last part. */
static covey_status take(finder *f, size_t root, int folder_fd, const char *path,
                         const char *name) {
    struct stat info;
    if (fstatat(folder_fd, name, &info, AT_SYMLINK_NOFOLLOW))
        return COVEY_OK; /* removed since the folder was read */
    if (S_ISDIR(info.st_mode))
        return f->params->recursive ? add_folder(f, root, path) : COVEY_OK;
    if (S_ISLNK(info.st_mode)) {
        struct stat target;
        if (!fstatat(folder_fd, name, &target, 0)) {
            if (S_ISDIR(target.st_mode))
                return COVEY_OK;
            info = target;
        } else if (covey__kind_is_photo_like(covey__kind_of_name(name))) {
            return add_entry(f, root, path, &info); /* leads nowhere: the decoder says so */
        }
    }
    if (S_ISREG(info.st_mode) && looks_like_photo(folder_fd, name))
        return add_entry(f, root, path, &info);
    ++f->n_others;
    return COVEY_OK;
}

/* A subfolder that cannot be read is listed itself: its photos are not lost without a word. */
static covey_status read_folder(finder *f, size_t index) {
    covey_status status = COVEY_OK;
    folder at = f->folders[index];
    struct stat info = {0};
    DIR *directory = NULL;
    char *full = NULL, *path = covey__strdup(f->paths.data + at.path), *child = NULL;
    COVEY_NOMEM_IF(!path, f->err);
    full = *path ? covey__path_join(f->roots[at.root], path) : covey__strdup(f->roots[at.root]);
    COVEY_NOMEM_IF(!full, f->err);
    int fd = open(full, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (*path ? O_NOFOLLOW : 0));
    if (fd >= 0 && !(directory = fdopendir(fd)))
        close(fd);
    if (!directory) {
        if (!*path)
            status = covey__fail_errno(f->err, full, "is a folder that could not be opened");
        else if (errno != ENOENT) {
            lstat(full, &info);
            status = add_entry(f, at.root, path, &info);
        }
        goto done;
    }
    for (;;) {
        errno = 0;
        struct dirent *item = readdir(directory);
        if (!item)
            break;
        if (item->d_name[0] == '.')
            continue;
        covey__free(child);
        child = *path ? covey__path_join(path, item->d_name) : covey__strdup(item->d_name);
        COVEY_NOMEM_IF(!child, f->err);
        if (!is_excluded(f, child))
            COVEY_TRY(take(f, at.root, dirfd(directory), child, item->d_name));
    }
    if (errno && !*path) {
        status = covey__fail_errno(f->err, full, "is a folder that could not be read to its end");
    } else if (errno && errno != ENOENT) {
        lstat(full, &info);
        status = add_entry(f, at.root, path, &info);
    }
done:
    if (directory)
        closedir(directory);
    covey__free(child);
    covey__free(full);
    covey__free(path);
    return status;
}

/* A file that the user named is taken whatever it is, unless it is excluded. */
static covey_status take_named_file(finder *f, const char *path, const struct stat *info) {
    covey_status status = COVEY_OK;
    char absolute[PATH_MAX];
    size_t root;
    char *above = covey__strdup(path);
    COVEY_NOMEM_IF(!above, f->err);
    char *base = strrchr(above, '/');
    const char *name = base ? base + 1 : path;
    if (base)
        base[base == above] = '\0';
    if (base == above)
        name = path + 1;
    if (!realpath(base ? above : ".", absolute)) {
        status = covey__fail_errno(f->err, path, "its folder could not be examined");
        goto done;
    }
    if (is_excluded(f, name))
        goto done;
    COVEY_TRY(add_root(f, &root, absolute));
    COVEY_TRY(add_entry(f, root, name, info));
done:
    covey__free(above);
    return status;
}

static covey_status take_argument(finder *f, const char *path) {
    covey_status status = COVEY_OK;
    struct stat info;
    char absolute[PATH_MAX];
    size_t root;
    if (stat(path, &info))
        return covey__fail_errno(f->err, path, "could not be found; check the name");
    if (S_ISREG(info.st_mode))
        return take_named_file(f, path, &info);
    COVEY_FAIL_IF(!S_ISDIR(info.st_mode), f->err, COVEY_E_FORMAT, path,
                  "is neither a folder nor a regular file; name a folder of photos");
    if (!realpath(path, absolute))
        return covey__fail_errno(f->err, path, "could not be examined");
    COVEY_TRY(add_root(f, &root, absolute));
    for (size_t i = 0; i < f->n_folders; ++i)
        if (f->folders[i].root == root && !f->paths.data[f->folders[i].path])
            return COVEY_OK; /* given twice */
    COVEY_TRY(add_folder(f, root, ""));
done:
    return status;
}

static int compare_names(const void *a, const void *b, void *context) {
    const entry *x = a, *y = b;
    const char *names = context;
    if (x->root != y->root)
        return x->root < y->root ? -1 : 1;
    return strcmp(names + x->path, names + y->path);
}

/* Equal files side by side, the one that is listed first in front. */
static int compare_inodes(const void *a, const void *b, void *context) {
    const entry *x = *(entry *const *)a, *y = *(entry *const *)b;
    (void)context;
    if (x->device != y->device)
        return x->device < y->device ? -1 : 1;
    if (x->inode != y->inode)
        return x->inode < y->inode ? -1 : 1;
    return x < y ? -1 : x > y;
}

/* Sorts the entries and drops those whose file was listed before. */
static covey_status sort_entries(finder *f) {
    covey_status status = COVEY_OK;
    size_t n = f->n_entries, kept = 0;
    entry **order = covey__alloc_array(n, sizeof *order);
    char *repeated = covey__calloc(n ? n : 1, 1);
    COVEY_NOMEM_IF(!order || !repeated, f->err);
    if (n)
        qsort_r(f->entries, n, sizeof *f->entries, compare_names, f->names.data);
    for (size_t i = 0; i < n; ++i)
        order[i] = f->entries + i;
    if (n)
        qsort_r(order, n, sizeof *order, compare_inodes, NULL);
    for (size_t i = 1; i < n; ++i)
        repeated[order[i] - f->entries] = order[i]->device == order[i - 1]->device &&
                                          order[i]->inode == order[i - 1]->inode;
    for (size_t i = 0; i < n; ++i)
        if (!repeated[i])
            f->entries[kept++] = f->entries[i];
    f->n_entries = kept;
done:
    covey__free(order);
    covey__free(repeated);
    return status;
}

static covey_status hand_over(finder *f, covey_files **out) {
    covey_status status = COVEY_OK;
    covey_files *files = covey__calloc(1, sizeof *files);
    COVEY_NOMEM_IF(!files, f->err);
    files->files = covey__alloc_array(f->n_entries, sizeof *files->files);
    if (!files->files) {
        covey__free(files);
        files = NULL;
    }
    COVEY_NOMEM_IF(!files, f->err);
    for (size_t i = 0; i < f->n_entries; ++i)
        files->files[i] = (covey_file){f->entries[i].root, f->names.data + f->entries[i].path,
                                       f->names.data + f->entries[i].full};
    files->n_files = f->n_entries;
    files->n_others = f->n_others;
    files->roots = f->roots;
    files->n_roots = f->n_roots;
    files->names = f->names.data;
    f->roots = NULL;
    f->n_roots = 0;
    f->names = (covey__text){0};
    *out = files;
done:
    return status;
}

covey_status covey_files_new(covey_files **out, const char *const *paths, size_t n_paths,
                             const covey_find_params *params, covey_error *err) {
    covey_status status = COVEY_OK;
    covey_find_params defaults = covey_find_params_default();
    finder f = {.params = params ? params : &defaults, .err = err};
    for (size_t i = 0; i < n_paths; ++i)
        COVEY_TRY(take_argument(&f, paths[i]));
    for (size_t i = 0; i < f.n_folders; ++i) /* which grows as we go */
        COVEY_TRY(read_folder(&f, i));
    COVEY_TRY(sort_entries(&f));
    COVEY_TRY(hand_over(&f, out));
done:
    for (size_t i = 0; i < f.n_roots; ++i)
        covey__free(f.roots[i]);
    covey__free(f.roots);
    covey__free(f.entries);
    covey__free(f.folders);
    covey__text_fini(&f.names);
    covey__text_fini(&f.paths);
    return status;
}

void covey_files_free(covey_files *files) {
    if (!files)
        return;
    for (size_t i = 0; i < files->n_roots; ++i)
        covey__free(files->roots[i]);
    covey__free(files->roots);
    covey__free(files->files);
    covey__free(files->names);
    covey__free(files);
}

size_t covey_files_count(const covey_files *files) {
    return files->n_files;
}

const covey_file *covey_files_get(const covey_files *files, size_t index) {
    return index < files->n_files ? files->files + index : NULL;
}

size_t covey_files_root_count(const covey_files *files) {
    return files->n_roots;
}

const char *covey_files_root(const covey_files *files, size_t index) {
    return index < files->n_roots ? files->roots[index] : NULL;
}

size_t covey_files_other_count(const covey_files *files) {
    return files->n_others;
}
