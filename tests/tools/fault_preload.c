/* SPDX-License-Identifier: MIT */
/* Loaded in front of libc by tests (LD_PRELOAD).
 *
 *     COVEY_FAULT_LOG=FILE      what the command `covey` writes, flushes and renames, in order
 *     COVEY_FAULT_CALL=K        and its K-th call that changes a file or folder fails with EIO ("failed" in the
 *                               log); a write writes one half, and the next call fails
 *     COVEY_FAULT_CLOCK=DAYS    the wall clock jumps to and fro by up to that much at every look */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

static int log_fd = -1;
static unsigned long calls, failing; /* counted from 1; 0: none */
static long long jump;               /* seconds */

__attribute__((constructor)) static void begin(void) {
    const char *log = getenv("COVEY_FAULT_LOG"), *days = getenv("COVEY_FAULT_CLOCK"),
               *call = getenv("COVEY_FAULT_CALL");
    int ours = !strcmp(program_invocation_short_name, "covey");
    if (days)
        jump = atoll(days) * 86400;
    if (call && ours)
        failing = strtoul(call, NULL, 10);
    if (log && ours)
        log_fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
}

static void note(const char *what, const char *a, const char *b) {
    char line[9000];
    int code = errno, n;
    if (log_fd < 0)
        return;
    n = snprintf(line, sizeof line, "%s\t%s\t%s\n", what, a, b);
    syscall(SYS_write, log_fd, line, (size_t)n);
    errno = code;
}

static void note_fd(const char *what, int fd) {
    char link[64], path[4096];
    if (log_fd < 0)
        return;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    note(what, path, "");
}

/* Counts a call; 1, with errno set, where it is to fail. */
static int fails(const char *what) {
    if (!failing || __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED) != failing)
        return 0;
    note("failed", what, "");
    errno = EIO;
    return 1;
}

/* Pipes, terminals and events are not on a disk. */
static int write_fails(int fd) {
    struct stat info;
    return failing && !fstat(fd, &info) && S_ISREG(info.st_mode) && fails("write");
}

ssize_t write(int fd, const void *data, size_t size) {
    note_fd("write", fd);
    if (!write_fails(fd))
        return syscall(SYS_write, fd, data, size);
    if (size < 2)
        return -1;
    ++failing;
    return syscall(SYS_write, fd, data, size / 2);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
    return write_fails(fd) ? -1 : syscall(SYS_pwrite64, fd, data, size, at);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    return write_fails(fd) ? -1 : syscall(SYS_pwrite64, fd, data, size, at);
}

int ftruncate(int fd, off_t size) {
    return write_fails(fd) ? -1 : (int)syscall(SYS_ftruncate, fd, size);
}

int ftruncate64(int fd, off64_t size) {
    return write_fails(fd) ? -1 : (int)syscall(SYS_ftruncate, fd, size);
}

int fsync(int fd) {
    note_fd("fsync", fd);
    return fails("fsync") ? -1 : (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd) {
    note_fd("fsync", fd);
    return fails("fdatasync") ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int syncfs(int fd) {
    note_fd("syncfs", fd);
    return fails("syncfs") ? -1 : (int)syscall(SYS_syncfs, fd);
}

int mkdir(const char *path, mode_t mode) {
    return fails("mkdir") ? -1 : (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

int mkdirat(int folder, const char *path, mode_t mode) {
    return fails("mkdirat") ? -1 : (int)syscall(SYS_mkdirat, folder, path, mode);
}

static void note_rename(const char *from, const char *to) {
    char folder[4096], a[4500], b[4500];
    if (log_fd < 0 || !getcwd(folder, sizeof folder))
        return;
    snprintf(a, sizeof a, "%s%s%.200s", *from == '/' ? "" : folder, *from == '/' ? "" : "/", from);
    snprintf(b, sizeof b, "%s%s%.200s", *to == '/' ? "" : folder, *to == '/' ? "" : "/", to);
    note("rename", a, b);
}

int rename(const char *from, const char *to) {
    int failed = fails("rename") ? -1 : (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
    if (!failed)
        note_rename(from, to);
    return failed;
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags) {
    int failed = fails("renameat2")
                     ? -1
                     : (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
    if (!failed)
        note_rename(from, to);
    return failed;
}

static int remove_noted(int folder, const char *name, int flags) {
    note_fd("remove", folder);
    return fails("unlinkat") ? -1 : (int)syscall(SYS_unlinkat, folder, name, flags);
}

int unlink(const char *path) {
    note("unlink", path, "");
    return fails("unlink") ? -1 : (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

int unlinkat(int folder, const char *name, int flags) {
    return remove_noted(folder, name, flags);
}

/* ---- the clock -------------------------------------------------------------------------------- */

static long long jump_now(void) {
    static unsigned long long looks;
    unsigned long long z = __atomic_add_fetch(&looks, 0x9E3779B97F4A7C15u, __ATOMIC_RELAXED);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    return jump ? (long long)((z >> 1) % (unsigned long long)(2 * jump)) - jump : 0;
}

int clock_gettime(clockid_t clock, struct timespec *out) {
    int failed = (int)syscall(SYS_clock_gettime, clock, out);
    if (!failed && clock == CLOCK_REALTIME)
        out->tv_sec += jump_now();
    return failed;
}

time_t time(time_t *out) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out)
        *out = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *out, void *zone) {
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    *out = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return 0;
}
