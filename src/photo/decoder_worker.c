/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base_internal.h"
#include "decoder_internal.h"

extern char **environ;

double covey__now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* The folder of the running program followed by `tail`. */
static char *beside_program(const char *tail) {
    char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n <= 0)
        return NULL;
    path[n] = '\0';
    char *slash = strrchr(path, '/');
    if (!slash)
        return NULL;
    *slash = '\0';
    return covey__path_join(path, tail);
}

covey_status covey__decode_program(char **program, const covey_decode_params *params,
                                   covey_error *err) {
    covey_status status = COVEY_OK;
    const char *named = params->program ? params->program : getenv("COVEY_DECODE");
    char *found = NULL;
    if (named && *named) {
        found = covey__strdup(named);
        COVEY_NOMEM_IF(!found, err);
    }
    static const char *const tails[] = {"covey-decode", "../libexec/covey-decode"};
    for (size_t i = 0; !found && i < sizeof tails / sizeof *tails; ++i) {
        found = beside_program(tails[i]);
        if (found && access(found, X_OK)) {
            covey__free(found);
            found = NULL;
        }
    }
    if (!found) {
        found = covey__strdup(COVEY_LIBEXECDIR "/covey-decode");
        COVEY_NOMEM_IF(!found, err);
    }
    if (access(found, X_OK)) {
        status = covey__fail_errno(err, found,
                                   "the photo decoder is not there to be run; install it, or name "
                                   "it in COVEY_DECODE");
        goto done;
    }
    *program = found;
    found = NULL;
done:
    covey__free(found);
    return status;
}

/* Above the numbers that the worker is to find its own at, so that neither overwrites the other. */
static int lift(int fd) {
    if (fd < 0)
        return -1;
    int lifted = fcntl(fd, F_DUPFD_CLOEXEC, 10);
    int code = errno;
    close(fd);
    errno = code;
    return lifted;
}

covey_status covey__worker_init(covey__worker *worker, const covey__decode_setup *setup,
                                covey_error *err) {
    *worker = (covey__worker){.socket = -1, .memory = -1};
    size_t size = COVEY__THUMB_AT + (size_t)setup->thumb_room;
    worker->memory = lift(memfd_create("covey-decode", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    /* Sealed, lest a worker that has gone wrong cut the memory off under us. */
    if (worker->memory < 0 || ftruncate(worker->memory, (off_t)size) ||
        fcntl(worker->memory, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
        return covey__fail_errno(err, NULL, "memory to share with the photo decoder");
    void *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, worker->memory, 0);
    if (map == MAP_FAILED)
        return covey__fail_errno(err, NULL, "memory to share with the photo decoder");
    worker->shared = map;
    worker->shared_size = size;
    return COVEY_OK;
}

void covey__worker_fini(covey__worker *worker) {
    char how[COVEY__HOW_BYTES];
    covey__worker_end(worker, 0, how, sizeof how);
    if (worker->shared)
        munmap(worker->shared, worker->shared_size);
    if (worker->memory >= 0)
        close(worker->memory);
    *worker = (covey__worker){.socket = -1, .memory = -1};
}

/* Only what finding libraries, the choice of ISA and sanitizers need: pixels shall not depend on a
 * variable that GLib or libvips happens to read. */
static size_t small_environment(char **out, size_t room) {
    static const char *const kept[] = {
        "PATH=",         "LD_LIBRARY_PATH=", "LD_PRELOAD=",   "LIBHEIF_PLUGIN_PATH=", "VIPSHOME=",
        "COVEY_ISA=",    "COVEY_SANDBOX=",   "ASAN_OPTIONS=",    "UBSAN_OPTIONS=", "LSAN_OPTIONS=",
        "TSAN_OPTIONS=", "GCOV_PREFIX=",     "LLVM_PROFILE_FILE="};
    static char locale[] = "LC_ALL=C";
    size_t n = 0;
    out[n++] = locale;
    for (char **entry = environ; *entry; ++entry)
        for (size_t i = 0; i < sizeof kept / sizeof *kept && n + 1 < room; ++i)
            if (!strncmp(*entry, kept[i], strlen(kept[i])))
                out[n++] = *entry;
    out[n] = NULL;
    return n;
}

/* Starts the program with `socket` and `memory` at their fixed numbers, and no other descriptor.
 * Its process group is its own: a terminal's Ctrl-C is for us to act on, not for the workers. */
static int spawn(pid_t *pid, const char *program, int socket, int memory) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    char *environment[32], argument[] = "--worker";
    char *arguments[] = {(char *)(uintptr_t)program, argument, NULL};
    small_environment(environment, sizeof environment / sizeof *environment);
    int code = posix_spawn_file_actions_init(&actions);
    if (code)
        return code;
    code = posix_spawnattr_init(&attributes);
    if (code) {
        posix_spawn_file_actions_destroy(&actions);
        return code;
    }
    sigemptyset(&none);
    sigfillset(&all);
    short flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    if (!(code = posix_spawnattr_setflags(&attributes, flags)) &&
        !(code = posix_spawnattr_setpgroup(&attributes, 0)) &&
        !(code = posix_spawnattr_setsigmask(&attributes, &none)) &&
        !(code = posix_spawnattr_setsigdefault(&attributes, &all)) &&
        !(code = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)) &&
        !(code = posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)) &&
        !(code = posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)) &&
        !(code = posix_spawn_file_actions_adddup2(&actions, socket, COVEY__DECODE_SOCKET)) &&
        !(code = posix_spawn_file_actions_adddup2(&actions, memory, COVEY__DECODE_SHARED)) &&
        !(code = posix_spawn_file_actions_addclosefrom_np(&actions, COVEY__DECODE_SHARED + 1)))
        code = posix_spawn(pid, program, &actions, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return code;
}

covey_status covey__worker_start(covey__worker *worker, const char *program,
                                 const covey__decode_setup *setup, covey_error *err) {
    int pair[2] = {-1, -1};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair))
        return covey__fail_errno(err, NULL, "a socket for the photo decoder");
    worker->socket = pair[0];
    int theirs = lift(pair[1]);
    if (theirs < 0) {
        covey_status status = covey__fail_errno(err, NULL, "a socket for the photo decoder");
        close(worker->socket);
        worker->socket = -1;
        return status;
    }
    /* Non-blocking is our end's matter; the worker waits for its requests. */
    fcntl(theirs, F_SETFL, fcntl(theirs, F_GETFL) & ~O_NONBLOCK);
    int code = spawn(&worker->pid, program, theirs, worker->memory);
    close(theirs);
    if (code) {
        errno = code;
        close(worker->socket);
        worker->socket = -1;
        return covey__fail_errno(err, program,
                                 "the photo decoder could not be started; reinstall Covey or name "
                                 "another in COVEY_DECODE");
    }
    worker->state = COVEY__WORKER_STARTING;
    /* A lost setup shows as a worker that ends without a hello. */
    ssize_t sent = send(worker->socket, setup, sizeof *setup, MSG_NOSIGNAL);
    (void)sent;
    return COVEY_OK;
}

void covey__worker_end(covey__worker *worker, int gone, char *how, size_t size) {
    int code = 0;
    pid_t ended;
    snprintf(how, size, "ended");
    if (worker->state == COVEY__WORKER_NONE)
        return;
    /* A crash closes the socket an instant before the process can be waited for; looking a little
     * later tells its signal from ours. */
    ended = waitpid(worker->pid, &code, WNOHANG);
    for (int i = 0; gone && ended == 0 && i < 100; ++i) {
        nanosleep(&(struct timespec){0, 1000000}, NULL);
        ended = waitpid(worker->pid, &code, WNOHANG);
    }
    if (ended == 0) {
        kill(worker->pid, SIGKILL);
        do
            ended = waitpid(worker->pid, &code, 0);
        while (ended < 0 && errno == EINTR);
    }
    if (ended == worker->pid && WIFSIGNALED(code))
        snprintf(how, size, "%s signal %d",
                 WTERMSIG(code) == SIGSYS ? "tried what no decoder may do and was ended by"
                                          : "was ended by",
                 WTERMSIG(code));
    else if (ended == worker->pid && WIFEXITED(code))
        snprintf(how, size, "ended with exit code %d", WEXITSTATUS(code));
    close(worker->socket);
    worker->socket = -1;
    worker->state = COVEY__WORKER_NONE;
}

int covey__worker_request(covey__worker *worker, const covey__decode_request *request, int fd) {
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {{0}};
    covey__decode_request copy = *request;
    struct iovec data = {&copy, sizeof copy};
    struct msghdr header = {.msg_iov = &data,
                            .msg_iovlen = 1,
                            .msg_control = control.bytes,
                            .msg_controllen = sizeof control.bytes};
    struct cmsghdr *part = CMSG_FIRSTHDR(&header);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(part), &fd, sizeof fd);
    ssize_t n;
    do
        n = sendmsg(worker->socket, &header, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n != (ssize_t)sizeof copy)
        return -1;
    worker->state = COVEY__WORKER_BUSY;
    return 0;
}

int covey__worker_receive(covey__worker *worker, void *message, size_t size) {
    struct iovec data = {message, size};
    struct msghdr header = {.msg_iov = &data, .msg_iovlen = 1};
    ssize_t n;
    do
        n = recvmsg(worker->socket, &header, MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return 0;
    return n == (ssize_t)size && !(header.msg_flags & MSG_TRUNC) ? 1 : -1;
}
