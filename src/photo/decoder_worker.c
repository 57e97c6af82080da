/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base_internal.h"
#include "decoder_internal.h"
#include "program_internal.h"

double covey__now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

covey_status covey__decode_program(char **program, const covey_decode_params *params,
                                   covey_error *err) {
    static const covey__program decoder = {"covey-decode", "COVEY_DECODE",
                                            "the photo decoder, which goes with libvips 8.13 or later,"};
    return covey__program_find(program, params->program, &decoder, err);
}

covey_status covey__worker_init(covey__worker *worker, const covey__decode_setup *setup,
                                covey_error *err) {
    *worker = (covey__worker){.socket = -1, .memory = -1};
    size_t size = COVEY__THUMB_AT + (size_t)setup->thumb_room;
    worker->memory = covey__fd_lift(memfd_create("covey-decode", MFD_CLOEXEC | MFD_ALLOW_SEALING));
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

covey_status covey__worker_start(covey__worker *worker, const char *program,
                                 const covey__decode_setup *setup, covey_error *err) {
    int pair[2] = {-1, -1};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair))
        return covey__fail_errno(err, NULL, "a socket for the photo decoder");
    worker->socket = pair[0];
    int theirs = covey__fd_lift(pair[1]);
    if (theirs < 0) {
        covey_status status = covey__fail_errno(err, NULL, "a socket for the photo decoder");
        close(worker->socket);
        worker->socket = -1;
        return status;
    }
    /* Non-blocking is our end's matter; the worker waits for its requests. */
    fcntl(theirs, F_SETFL, fcntl(theirs, F_GETFL) & ~O_NONBLOCK);
    const int fds[] = {theirs, worker->memory}; /* COVEY__DECODE_SOCKET, COVEY__DECODE_SHARED */
    int code = covey__program_start(&worker->pid, program, fds, 2, NULL);
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
    if (ended == worker->pid)
        covey__program_how(how, size, code);
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
