/* SPDX-License-Identifier: MIT */
/* The undo list of `covey organize`, looked at without moving anything: what it names is a whole path. */
#include "fuzz.h"
#include "organize_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    int fd;
    char path[64];
    covey_error err;
    covey_organization found = {0};
    fuzz_file(&fd, path, data, size);
    if (covey_organize_undo(&found, path, 1, &err) == COVEY_OK) {
        for (size_t i = 0; i < found.n; ++i)
            if (!covey__path_is_plain(found.photos[i].from) ||
                !covey__path_is_plain(found.photos[i].to))
                abort();
        if (found.done + found.before + found.refused != found.n)
            abort();
    }
    covey_organization_fini(&found);
    close(fd);
    return 0;
}
