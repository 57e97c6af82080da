/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "organize_internal.h"

void covey__placing_refuse(covey_placed *photo, const char *reason) {
    photo->state = COVEY_PLACING_REFUSED;
    snprintf(photo->reason, sizeof photo->reason, "%s", reason);
}

void covey__placing_refuse_errno(covey_placed *photo, int error) {
    if (error == EEXIST)
        covey__placing_refuse(photo, "something else of that name is there already");
    else if (error == EILSEQ)
        covey__placing_refuse(photo, "changed while it was copied");
    else if (error == ELOOP || error == ENOTDIR)
        covey__placing_refuse(photo, "its folder there is a link or a file");
    else
        covey__placing_refuse(photo, strerror(error));
}

int covey__path_is_plain(const char *path) {
    if (*path != '/')
        return 0;
    for (const char *part = path + 1;; ++part) {
        size_t n = strcspn(part, "/");
        if (n == 0 || (n == 1 && part[0] == '.') || (n == 2 && part[0] == '.' && part[1] == '.'))
            return 0;
        part += n;
        if (!*part)
            return 1;
    }
}

/* ---- without overwriting ---------------------------------------------------------------------- */

/* rename, refused where `to` exists. File systems without that flag have hard links as a rule, which
 * refuse too. */
static int rename_new(int from_folder, const char *from, int folder, const char *to) {
    if (renameat2(from_folder, from, folder, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return errno;
    if (linkat(from_folder, from, folder, to, 0))
        return errno;
    return unlinkat(from_folder, from, 0) ? errno : 0;
}

static int copy_bytes(int out, int in) {
    char buffer[1 << 16];
    for (;;) {
        ssize_t n = read(in, buffer, sizeof buffer);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? errno : 0;
        for (ssize_t at = 0; at < n;) {
            ssize_t m = write(out, buffer + at, (size_t)(n - at));
            if (m < 0 && errno != EINTR)
                return errno;
            at += m > 0 ? m : 0;
        }
    }
}

/* The content of the open file is `digest`: 0, else EILSEQ. */
static int check_content(int fd, const uint8_t digest[32]) {
    uint8_t found[32];
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (covey__sha256_file(found, NULL, path, NULL) != COVEY_OK)
        return EIO;
    return memcmp(found, digest, sizeof found) ? EILSEQ : 0;
}

/* ".covey-PID.part" */
static int is_half_made(const char *name) {
    static const char mark[] = ".covey-";
    size_t n = strncmp(name, mark, sizeof mark - 1) ? 0 : strspn(name + sizeof mark - 1, "0123456789");
    return n && strcmp(name + sizeof mark - 1 + n, ".part") == 0;
}

void covey__place_sweep(int folder) {
    int listed = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *listing = listed < 0 ? NULL : fdopendir(listed);
    for (struct dirent *e; listing && (e = readdir(listing));) {
        struct stat info;
        if (!is_half_made(e->d_name))
            continue;
        int fd = openat(folder, e->d_name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
        if (fd >= 0 && !fstat(fd, &info) && S_ISREG(info.st_mode) && !flock(fd, LOCK_EX | LOCK_NB))
            unlinkat(folder, e->d_name, 0);
        if (fd >= 0)
            close(fd);
    }
    if (listing)
        closedir(listing);
    else if (listed >= 0)
        close(listed);
}

int covey__place_copy(int folder, const char *name, const char *from, const uint8_t digest[32],
                      int durable) {
    char aside[64];
    struct stat info;
    int error = 0, out = -1, in = open(from, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (in < 0)
        return errno;
    snprintf(aside, sizeof aside, ".covey-%ld.part", (long)getpid());
    if (fstat(in, &info))
        error = errno;
    else if (!S_ISREG(info.st_mode))
        error = EILSEQ;
    if (!error) {
        out = openat(folder, aside, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (out < 0)
            error = errno;
        else
            (void)flock(out, LOCK_EX); /* where there are no locks, nobody sweeps */
    }
    if (!error)
        error = copy_bytes(out, in);
    if (!error)
        error = check_content(out, digest);
    if (!error) {
        /* Not every file system keeps modes and times; the content is what counts. */
        struct timespec times[2] = {info.st_atim, info.st_mtim};
        if (fchmod(out, info.st_mode & 0777) || futimens(out, times))
            errno = 0;
        if (durable && fsync(out))
            error = errno;
    }
    if (out >= 0 && close(out) && !error)
        error = errno;
    if (!error)
        error = rename_new(folder, aside, folder, name);
    if (error && out >= 0)
        unlinkat(folder, aside, 0);
    close(in);
    return error;
}

int covey__place_move(int folder, const char *name, const char *from, const uint8_t digest[32]) {
    int error = rename_new(AT_FDCWD, from, folder, name);
    if (error != EXDEV)
        return error;
    error = covey__place_copy(folder, name, from, digest, 1);
    /* The power may fail: its name, and the folders that were made for it, are on disk before the only other
     * copy goes. */
    if (!error && syncfs(folder))
        error = errno;
    return error ? error : unlink(from) ? errno : 0;
}

void covey_organization_fini(covey_organization *organization) {
    for (size_t i = 0; organization->photos && i < organization->n; ++i) {
        covey__free(organization->photos[i].from);
        covey__free(organization->photos[i].to);
    }
    covey__free(organization->photos);
    covey__free(organization->undo_list);
    memset(organization, 0, sizeof *organization);
}
