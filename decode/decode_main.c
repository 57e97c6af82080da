/* SPDX-License-Identifier: MIT */
/* covey-decode, a worker of the library: takes open files over a socket, one at a time, and leaves
 * pixels in shared memory. See decode_protocol_internal.h. It opens no file and writes none. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base_internal.h"
#include "covey/photo.h"
#include "decode_internal.h"
#include "decode_sandbox_internal.h"

static char decoder_name[64];

static int start_vips(const char *program) {
    /* A worker holds pictures in memory, whatever their size: it cannot write them to a file. */
    setenv("VIPS_DISC_THRESHOLD", "1000g", 1);
    if (VIPS_INIT(program))
        return -1;
    vips_concurrency_set(1);
    vips_cache_set_max(0);
    vips_block_untrusted_set(TRUE);
    char codecs[9];
    decode_codecs_digest(codecs);
    snprintf(decoder_name, sizeof decoder_name, "vips-%d.%d.%d codecs-%s", vips_version(0),
             vips_version(1), vips_version(2), codecs);
    return 0;
}

/* 1: a message of exactly this size came, with *fd (or -1) attached. 0: the library is gone, or
 * speaks nonsense. */
static int receive(void *message, size_t size, int *fd) {
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    struct iovec data = {message, size};
    struct msghdr header = {.msg_iov = &data,
                            .msg_iovlen = 1,
                            .msg_control = control.bytes,
                            .msg_controllen = sizeof control.bytes};
    ssize_t n;
    do
        n = recvmsg(COVEY__DECODE_SOCKET, &header, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    *fd = -1;
    if (n > 0) {
        struct cmsghdr *part = CMSG_FIRSTHDR(&header);
        if (part && part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_RIGHTS &&
            part->cmsg_len == CMSG_LEN(sizeof(int)))
            memcpy(fd, CMSG_DATA(part), sizeof *fd);
    }
    return n == (ssize_t)size;
}

static int answer(const void *message, size_t size) {
    ssize_t n;
    do
        n = send(COVEY__DECODE_SOCKET, message, size, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)size;
}

/* Maps the file, notes its digest, decodes it. A file that shrinks meanwhile ends this process by
 * SIGBUS, which costs that photo. */
static covey_status serve(int fd, decode_job *job, covey__decode_result *result,
                          covey_error *err) {
    covey_status status = COVEY_OK;
    struct stat info;
    void *map = MAP_FAILED;
    memset(result, 0, sizeof *result);
    COVEY_FAIL_IF(fstat(fd, &info) || !S_ISREG(info.st_mode) || info.st_size < 0, err, COVEY_E_IO,
                  NULL, "could not be examined; check the file");
    job->size = (size_t)info.st_size;
    if (job->size) {
        map = mmap(NULL, job->size, PROT_READ, MAP_PRIVATE, fd, 0);
        COVEY_FAIL_IF(map == MAP_FAILED, err, COVEY_E_IO, NULL,
                      "could not be read into memory: %s", strerror(errno));
        job->bytes = map;
    }
    covey__sha256(result->sha256, job->size ? job->bytes : (const uint8_t *)"", job->size);
    result->bytes = job->size;
    result->hashed = 1;
    COVEY_TRY(decode_photo(job, err));
done:
    if (map != MAP_FAILED)
        munmap(map, job->size);
    return status;
}

static int work(void) {
    covey__decode_setup setup;
    covey__decode_hello hello = {.magic = COVEY__DECODE_HELLO, .version = COVEY__DECODE_VERSION};
    int fd;
    if (!receive(&setup, sizeof setup, &fd) || setup.magic != COVEY__DECODE_SETUP ||
        setup.version != COVEY__DECODE_VERSION || setup.thumb > COVEY__THUMB_LARGEST ||
        setup.thumb_room != covey__thumb_room(setup.thumb, setup.thumb_raw))
        return 1;
    size_t shared_size = COVEY__THUMB_AT + (size_t)setup.thumb_room;
    uint8_t *shared =
        mmap(NULL, shared_size, PROT_READ | PROT_WRITE, MAP_SHARED, COVEY__DECODE_SHARED, 0);
    if (shared == MAP_FAILED)
        return 1;
    memcpy(hello.decoder, decoder_name, sizeof hello.decoder);
    uint8_t unused[32];
    covey__sha256(unused, shared, 1); /* libcrypto reads its configuration at the first use */
    decode_sandbox_enter(hello.isolation, sizeof hello.isolation, setup.max_pixels);
    if (!answer(&hello, sizeof hello))
        return 1;
    covey__decode_request request;
    while (receive(&request, sizeof request, &fd)) {
        covey__decode_reply reply = {.magic = COVEY__DECODE_REPLY, .id = request.id};
        decode_job job = {.setup = &setup,
                          .name_kind = (covey__kind)request.name_kind,
                          .rgb = shared + COVEY__RGB_AT,
                          .thumb = shared + COVEY__THUMB_AT,
                          .reply = &reply};
        covey_error err = {0};
        if (request.magic != COVEY__DECODE_REQUEST || fd < 0)
            return 1;
        decode_sandbox_renew(setup.seconds);
        alarm(setup.seconds);
        reply.status = serve(fd, &job, (covey__decode_result *)(void *)shared, &err);
        alarm(0);
        close(fd);
        if (reply.status != COVEY_OK)
            snprintf(reply.reason, sizeof reply.reason, "%.*s", (int)sizeof reply.reason - 1,
                     err.message);
        if (!answer(&reply, sizeof reply))
            return 1;
    }
    return 0;
}

int main(int argc, char **argv) {
    if (start_vips(argv[0])) {
        fprintf(stderr, "covey-decode: libvips could not be started: %s\n", vips_error_buffer());
        return 1;
    }
    if (argc == 2 && !strcmp(argv[1], "--worker"))
        return work();
    if (argc == 2 && !strcmp(argv[1], "--version")) {
        printf("covey-decode %s, %s\n", covey_version(), decoder_name);
        return 0;
    }
    fprintf(stderr, "covey-decode is started by covey, to decode photos in a process of its own; "
                    "--version is all it does by hand\n");
    return 2;
}
