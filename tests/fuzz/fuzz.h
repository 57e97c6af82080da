/* SPDX-License-Identifier: MIT */
/* Targets of fuzzing: each file here hands bytes to one reader, and asks no more of it than to
 * come back. Under libFuzzer (CMake's COVEY_FUZZ, Clang) they look for crashes; in every build
 * they run over the seeds of make_seeds.c and over what was found before (regressions/). */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A file in memory with this content, and a path to it. Ended by close(*fd). */
static inline void fuzz_file(int *fd, char path[64], const uint8_t *data, size_t size) {
    *fd = memfd_create("fuzz", MFD_CLOEXEC);
    for (size_t done = 0; *fd >= 0 && done < size;) {
        ssize_t n = write(*fd, data + done, size - done);
        if (n <= 0)
            abort();
        done += (size_t)n;
    }
    snprintf(path, 64, "/proc/self/fd/%d", *fd);
}

/* A folder of this process, made once and removed when it ends. */
static char fuzz_folder_path[64];

static inline void fuzz_folder_remove(void) {
    if (covey__remove_tree(fuzz_folder_path, NULL) != COVEY_OK)
        fprintf(stderr, "%s is left behind\n", fuzz_folder_path);
}

static inline const char *fuzz_folder(void) {
    if (!fuzz_folder_path[0]) {
        snprintf(fuzz_folder_path, sizeof fuzz_folder_path, "%s/covey-fuzz-XXXXXX",
                 access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
        if (!mkdtemp(fuzz_folder_path))
            abort();
        atexit(fuzz_folder_remove);
    }
    return fuzz_folder_path;
}

#endif
