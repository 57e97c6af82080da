/* SPDX-License-Identifier: MIT */
/* covey-draw at work: Pango and GLib abort when memory runs out or a font is broken, and captions
 * are strangers' file names. In a process of its own that costs one figure. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "figure_internal.h"
#include "program_internal.h"

enum { LARGEST_FILE = 1 << 30 };

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* The list in memory that the drawer maps; -1 and errno. */
static int list_file(const covey__text *list) {
    int fd = covey__fd_lift(memfd_create("covey-draw", MFD_CLOEXEC));
    for (size_t done = 0; fd >= 0 && done < list->size;) {
        ssize_t n = write(fd, list->data + done, list->size - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            int code = n < 0 ? errno : EIO;
            close(fd);
            errno = code;
            return -1;
        }
        done += (size_t)n;
    }
    if (fd >= 0)
        lseek(fd, 0, SEEK_SET);
    return fd;
}

/* Reads until the drawer closes its end. 1: it did; 0: the time is over, or too much came. */
static int take(covey__text *out, int fd, double deadline) {
    char buffer[65536];
    for (;;) {
        double left = deadline - now();
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        if (left <= 0 || out->size > LARGEST_FILE)
            return 0;
        int ready = poll(&wait, 1, (int)(left * 1000) + 1);
        if (ready <= 0)
            continue;
        ssize_t n = read(fd, buffer, sizeof buffer);
        if (n == 0)
            return 1;
        if (n > 0)
            covey__text_add_bytes(out, buffer, (size_t)n);
        else if (errno != EINTR)
            return 0;
    }
}

static pid_t wait_for(pid_t pid, int *code) {
    pid_t ended;
    do
        ended = waitpid(pid, code, 0);
    while (ended < 0 && errno == EINTR);
    return ended;
}

static int looks_right(const covey__text *file, int svg) {
    const char *start = svg ? "<?xml" : "\x89PNG\r\n\x1A\n";
    return file->data && strncmp(file->data, start, strlen(start)) == 0;
}

covey_status covey__draw(covey__text *out, const covey__text *list, double seconds,
                         covey_error *err) {
    static const covey__program drawer = {"covey-draw", "COVEY_DRAW", "the program that draws"};
    /* Where fonts are, and how to choose among them. */
    static const char *const fonts[] = {"HOME=", "XDG_", "FONTCONFIG_", NULL};
    covey_status status = COVEY_OK;
    covey__text file = {0};
    covey__draw_head head;
    char *program = NULL, how[96] = "ended";
    int fds[2] = {-1, -1}, ends[2] = {-1, -1}, code = 0;
    pid_t pid = -1;
    COVEY_NOMEM_IF(list->failed, err);
    COVEY_FAIL_IF(list->size < sizeof head, err, COVEY_E_INTERNAL, NULL, "nothing to draw");
    memcpy(&head, list->data, sizeof head);
    status = covey__program_find(&program, NULL, &drawer, err);
    if (status == COVEY_E_NOT_FOUND || status == COVEY_E_IO)
        status = COVEY_E_DRAW;
    COVEY_TRY(status);
    fds[0] = list_file(list);
    COVEY_FAIL_IF(fds[0] < 0 || pipe2(ends, O_CLOEXEC), err, COVEY_E_DRAW, program,
                  "could not be told what to draw: %s", strerror(errno));
    fds[1] = covey__fd_lift(ends[1]);
    ends[1] = -1;
    COVEY_FAIL_IF(fds[1] < 0, err, COVEY_E_DRAW, program, "could not be told what to draw: %s",
                  strerror(errno));
    code = covey__program_start(&pid, program, fds, 2, fonts);
    if (code)
        pid = -1;
    COVEY_FAIL_IF(code, err, COVEY_E_DRAW, program,
                  "could not be started (%s); reinstall Covey or name another in COVEY_DRAW",
                  strerror(code));
    close(fds[1]);
    fds[1] = -1;
    int whole = take(&file, ends[0], now() + seconds);
    if (!whole)
        kill(pid, SIGKILL);
    pid_t ended = wait_for(pid, &code);
    pid = -1;
    COVEY_FAIL_IF(!whole, err, COVEY_E_DRAW, NULL,
                  "the figure was not drawn within %.0f seconds", seconds);
    COVEY_NOMEM_IF(file.failed || (ended > 0 && WIFEXITED(code) &&
                                   WEXITSTATUS(code) == COVEY__DRAW_NO_MEMORY),
                   err);
    if (ended > 0)
        covey__program_how(how, sizeof how, code);
    COVEY_FAIL_IF(ended <= 0 || code != 0 || !looks_right(&file, head.svg != 0), err, COVEY_E_DRAW,
                  NULL, "the program that draws %s",
                  ended > 0 && code == 0 ? "gave no picture" : how);
    *out = file;
    file = (covey__text){0};
done:
    for (int i = 0; i < 2; ++i) {
        if (fds[i] >= 0)
            close(fds[i]);
        if (ends[i] >= 0)
            close(ends[i]);
    }
    covey__text_fini(&file);
    covey__free(program);
    return status;
}
