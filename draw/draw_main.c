/* SPDX-License-Identifier: MIT */
/* covey-draw: takes the list of one figure from one descriptor, gives the bytes of a picture to
 * the other. See draw_protocol_internal.h. */
#include <errno.h>
#include <pango/pangocairo.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "draw_internal.h"
#include "draw_protocol_internal.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAS_SANITIZER 1
#endif
#endif

/* A figure needs none of this: a bound on what a broken font can cost. */
static void limit(void) {
    const struct rlimit seconds = {120, 121}, core = {0, 0};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    setrlimit(RLIMIT_CPU, &seconds);
    setrlimit(RLIMIT_CORE, &core);
#ifndef HAS_SANITIZER
    const struct rlimit memory = {(rlim_t)3 << 30, (rlim_t)3 << 30};
    setrlimit(RLIMIT_DATA, &memory);
#endif
}

static int write_all(const covey__text *text) {
    for (size_t done = 0; done < text->size;) {
        ssize_t n = write(COVEY__DRAW_OUT, text->data + done, text->size - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return COVEY__DRAW_FAILED;
        done += (size_t)n;
    }
    return 0;
}

static int work(void) {
    struct stat info;
    covey__text out = {0};
    limit();
    if (fstat(COVEY__DRAW_LIST, &info) || info.st_size <= 0)
        return COVEY__DRAW_BAD_LIST;
    size_t size = (size_t)info.st_size;
    void *list = mmap(NULL, size, PROT_READ, MAP_PRIVATE, COVEY__DRAW_LIST, 0);
    if (list == MAP_FAILED)
        return COVEY__DRAW_NO_MEMORY;
    int code = draw_list(&out, list, size);
    if (!code)
        code = write_all(&out);
    covey__text_fini(&out);
    munmap(list, size);
    return code;
}

int main(int argc, char **argv) {
    if (argc == 2 && !strcmp(argv[1], "--worker"))
        return work();
    if (argc == 2 && !strcmp(argv[1], "--version")) {
        printf("covey-draw %s, cairo %s, pango %s\n", covey_version(), cairo_version_string(),
               pango_version_string());
        return 0;
    }
    fprintf(stderr, "covey-draw is started by covey, to draw figures in a process of its own; "
                    "there is nothing it does by hand\n");
    return 2;
}
