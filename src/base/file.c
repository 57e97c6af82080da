/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base_internal.h"

char *covey__path_join(const char *a, const char *b) {
    size_t n = strlen(a);
    return covey__asprintf(n == 0 || a[n - 1] == '/' ? "%s%s" : "%s/%s", a, b);
}

const char *covey__path_base(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

covey_status covey__file_read(char **out, size_t *size, const char *path, size_t limit,
                              covey_error *err) {
    covey_status status = COVEY_OK;
    char *data = NULL;
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return covey__fail_errno(err, path, "could not be opened");
    if (fstat(fd, &info)) {
        status = covey__fail_errno(err, path, "could not be examined");
        goto done;
    }
    COVEY_FAIL_IF(!S_ISREG(info.st_mode), err, COVEY_E_FORMAT, path,
                  "is not a regular file; name a file");
    COVEY_FAIL_IF((uintmax_t)info.st_size > limit, err, COVEY_E_LIMIT, path,
                  "has %jd bytes, more than the %zu that such a file can have",
                  (intmax_t)info.st_size, limit);
    size_t total = (size_t)info.st_size, have = 0;
    data = covey__alloc(total + 1);
    COVEY_NOMEM_IF(!data, err);
    while (have < total) {
        ssize_t n = read(fd, data + have, total - have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            status = covey__fail_errno(err, path, "could not be read");
            goto done;
        }
        if (n == 0)
            break;
        have += (size_t)n;
    }
    data[have] = '\0';
    *out = data;
    *size = have;
    data = NULL;
done:
    covey__free(data);
    close(fd);
    return status;
}

size_t covey__file_head(void *out, size_t room, const char *path) {
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return 0;
    ssize_t n = fstat(fd, &info) || !S_ISREG(info.st_mode) ? 0 : pread(fd, out, room, 0);
    close(fd);
    return n < 0 ? 0 : (size_t)n;
}

/* Cuts `path` down to its folder and flushes that. Some file systems refuse this; the file itself is
 * safe by then. */
static void sync_folder_of(char *path) {
    char *slash = strrchr(path, '/');
    if (slash)
        slash[slash == path] = '\0';
    int fd = open(slash ? path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
}

static covey_status write_all(int fd, const char *data, size_t size, const char *path,
                              covey_error *err) {
    while (size) {
        ssize_t n = write(fd, data, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return covey__fail_errno(err, path, "could not be written");
        data += n;
        size -= (size_t)n;
    }
    return COVEY_OK;
}

void covey__parent_sync(const char *path) {
    char *copy = covey__strdup(path);
    if (copy)
        sync_folder_of(copy);
    covey__free(copy);
}

/* ---- files built aside ------------------------------------------------------------------------ */

static const char aside_mark[] = ".tmp-";
enum { ASIDE_DIGITS = 8 };

/* Removes what writers of `path` that were killed left beside it. Whoever still writes holds a lock. */
static void remove_leftovers(const char *path) {
    const char *base = covey__path_base(path);
    size_t length = strlen(base), mark = sizeof aside_mark - 1;
    char *folder = covey__strndup(path, (size_t)(base - path));
    DIR *listing = folder ? opendir(*folder ? folder : ".") : NULL;
    for (struct dirent *e; listing && (e = readdir(listing));) {
        const char *digits = e->d_name + length + mark;
        struct stat info;
        if (strncmp(e->d_name, base, length) || strncmp(e->d_name + length, aside_mark, mark) ||
            strspn(digits, "0123456789abcdef") != ASIDE_DIGITS || digits[ASIDE_DIGITS])
            continue;
        int fd = openat(dirfd(listing), e->d_name,
                        O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
        if (fd >= 0 && !fstat(fd, &info) && S_ISREG(info.st_mode) && !flock(fd, LOCK_EX | LOCK_NB))
            unlinkat(dirfd(listing), e->d_name, 0);
        if (fd >= 0)
            close(fd);
    }
    if (listing)
        closedir(listing);
    covey__free(folder);
}

/* Locks the new file against remove_leftovers of others; 0 if one of them was faster. Where there are
 * no locks nobody can take one for lack of it. */
static int hold(int fd) {
    struct stat info;
    while (flock(fd, LOCK_EX) && errno == EINTR)
        ;
    return fstat(fd, &info) || info.st_nlink > 0;
}

/* Opens a temporary file beside `path`; the caller frees *temporary. */
static covey_status open_aside(int *fd, char **temporary, const char *path, covey_error *err) {
    /* mkostemp would give mode 0600, and undoing that needs the umask, which only can be read by
     * changing it for all threads; so the name is ours. */
    remove_leftovers(path);
    for (int attempt = 0;; ++attempt) {
        uint32_t number;
        if (getrandom(&number, sizeof number, 0) != sizeof number)
            number = (uint32_t)getpid() * 64 + (uint32_t)attempt;
        char *name = covey__asprintf("%s%s%0*x", path, aside_mark, ASIDE_DIGITS, number);
        if (!name)
            return covey__fail(err, COVEY_E_NOMEM, path, "memory ran out");
        int opened = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (opened >= 0 && !hold(opened)) {
            close(opened);
            opened = -1;
            errno = EEXIST;
        }
        if (opened >= 0) {
            *fd = opened;
            *temporary = name;
            return COVEY_OK;
        }
        int again = errno == EEXIST && attempt < 64;
        covey_status status = again ? COVEY_OK
                                    : covey__fail_errno(err, path, "could not be created");
        covey__free(name);
        if (!again)
            return status;
    }
}

/* Closes, and renames on success or removes on failure. */
static covey_status close_aside(int fd, char *temporary, const char *path, covey_status status,
                                covey_error *err) {
    int lock = dup(fd); /* keeps the file ours until it has its name */
    if (status == COVEY_OK && fsync(fd))
        status = covey__fail_errno(err, path, "could not be written to disk");
    if (close(fd) && status == COVEY_OK)
        status = covey__fail_errno(err, path, "could not be written to disk");
    if (status == COVEY_OK && rename(temporary, path))
        status = covey__fail_errno(err, path, "could not be put in place");
    if (status != COVEY_OK)
        unlink(temporary);
    else
        sync_folder_of(temporary);
    if (lock >= 0)
        close(lock);
    covey__free(temporary);
    return status;
}

covey_status covey__file_write(const char *path, const void *data, size_t size, covey_error *err) {
    int fd;
    char *temporary;
    covey_status status = open_aside(&fd, &temporary, path, err);
    if (status != COVEY_OK)
        return status;
    status = write_all(fd, data, size, path, err);
    return close_aside(fd, temporary, path, status, err);
}

covey_status covey__file_write_unsynced(const char *path, const void *data, size_t size,
                                        covey_error *err) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return covey__fail_errno(err, path, "could not be created");
    covey_status status = write_all(fd, data, size, path, err);
    if (close(fd) && status == COVEY_OK)
        status = covey__fail_errno(err, path, "could not be written");
    return status;
}

covey_status covey__folder_sync(const char *path, covey_error *err) {
    covey_status status = COVEY_OK;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || syncfs(fd))
        status = covey__fail_errno(err, path, "could not be written to disk");
    if (fd >= 0)
        close(fd);
    return status;
}

covey_status covey__file_copy(const char *to, const char *from, covey_error *err) {
    covey_status status = COVEY_OK;
    int fd;
    char *temporary, buffer[65536];
    struct stat info;
    int in = open(from, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (in < 0)
        return covey__fail_errno(err, from, "could not be opened");
    if (fstat(in, &info))
        status = covey__fail_errno(err, from, "could not be examined");
    else if (!S_ISREG(info.st_mode))
        status = covey__fail(err, COVEY_E_FORMAT, from, "is not a regular file; name a file");
    if (status == COVEY_OK)
        status = open_aside(&fd, &temporary, to, err);
    if (status == COVEY_OK) {
        for (;;) {
            ssize_t n = read(in, buffer, sizeof buffer);
            if (n < 0 && errno == EINTR)
                continue;
            if (n < 0)
                status = covey__fail_errno(err, from, "could not be read");
            if (n <= 0)
                break;
            status = write_all(fd, buffer, (size_t)n, to, err);
            if (status != COVEY_OK)
                break;
        }
        status = close_aside(fd, temporary, to, status, err);
    }
    close(in);
    return status;
}

covey_status covey__mkdirs(const char *path, covey_error *err) {
    covey_status status = COVEY_OK;
    if (!*path)
        return covey__fail(err, COVEY_E_ARGUMENT, path, "a folder without a name was asked for");
    char *copy = covey__strdup(path);
    COVEY_NOMEM_IF(!copy, err);
    for (char *p = copy + 1;; ++p) {
        if (*p && *p != '/')
            continue;
        char end = *p;
        *p = '\0';
        if (mkdir(copy, 0777) && errno != EEXIST && (errno != EROFS || !end)) {
            status = covey__fail_errno(err, path, "this folder could not be created");
            goto done;
        }
        *p = end;
        if (!end)
            break;
    }
    struct stat info;
    COVEY_FAIL_IF(stat(path, &info) || !S_ISDIR(info.st_mode), err, COVEY_E_IO, path,
                  "is not a folder; choose another name");
done:
    covey__free(copy);
    return status;
}

static covey_status remove_at(int parent, const char *name, const char *path, covey_error *err) {
    if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
        return COVEY_OK;
    if (errno != EISDIR && errno != EPERM)
        return covey__fail_errno(err, path, "could not be removed");
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    if (!folder) {
        if (fd >= 0)
            close(fd);
        return covey__fail_errno(err, path, "could not be removed");
    }
    covey_status status = COVEY_OK;
    struct dirent *entry;
    while (status == COVEY_OK && (entry = readdir(folder)))
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
            status = remove_at(fd, entry->d_name, path, err);
    closedir(folder);
    if (status == COVEY_OK && unlinkat(parent, name, AT_REMOVEDIR))
        status = covey__fail_errno(err, path, "could not be removed");
    return status;
}

covey_status covey__remove_tree(const char *path, covey_error *err) {
    return remove_at(AT_FDCWD, path, path, err);
}
