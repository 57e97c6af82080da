/* SPDX-License-Identifier: MIT */
/* A target without libFuzzer: every file named, or lying in a folder named, is tried once. */
#include <dirent.h>
#include <sys/stat.h>

#include "fuzz.h"

static size_t tried;

static int try_path(const char *path) {
    struct stat info;
    char *text = NULL;
    size_t size;
    int bad = 0;
    if (stat(path, &info))
        return 0; /* no regressions yet */
    if (!S_ISDIR(info.st_mode)) {
        if (covey__file_read(&text, &size, path, (size_t)64 << 20, NULL) != COVEY_OK) {
            fprintf(stderr, "%s: cannot be read\n", path);
            return 1;
        }
        LLVMFuzzerTestOneInput((const uint8_t *)text, size);
        covey__free(text);
        ++tried;
        return 0;
    }
    DIR *dir = opendir(path);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        char *inner = e->d_name[0] == '.' ? NULL : covey__path_join(path, e->d_name);
        if (inner)
            bad |= try_path(inner);
        covey__free(inner);
    }
    if (dir)
        closedir(dir);
    return bad;
}

int main(int argc, char **argv) {
    int bad = 0;
    for (int i = 1; i < argc; ++i)
        bad |= try_path(argv[i]);
    printf("%zu inputs\n", tried);
    return bad || !tried;
}
