/* SPDX-License-Identifier: MIT */
#include "table_file.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "run_output.h"

FILE *table_open(const char *folder, const char *name) {
    char *path = join_path(folder, name);
    if (!path)
        return NULL;
    FILE *file = fopen(path, "wb");
    if (!file)
        fail("%s: cannot be written: %s", path, strerror(errno));
    free(path);
    return file;
}

int table_close(FILE *file, const char *folder, const char *name) {
    int bad = ferror(file);
    if (fclose(file) == 0 && !bad)
        return EXIT_DONE;
    return fail("%s/%s: cannot be written: %s", folder, name, strerror(errno));
}

void table_number(FILE *file, double value) {
    char text[40];
    if (isnan(value))
        return;
    for (int digits = 15; digits <= 17; ++digits) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    fputs(text, file);
}

int figure_save_both(const char *folder, const char *name, const covey_figure *figure) {
    static const char *const suffixes[] = {"png", "svg"};
    covey_status status = COVEY_OK;
    int code = EXIT_DONE;
    /* One that cannot be drawn does not cost the other. */
    for (int s = 0; s < 2 && (status == COVEY_OK || status == COVEY_E_DRAW); ++s) {
        char file[64];
        covey_error err;
        snprintf(file, sizeof file, "%s.%s", name, suffixes[s]);
        char *path = join_path(folder, file);
        if (!path)
            return EXIT_FAILED;
        status = covey_figure_save(path, figure, &err);
        if (status != COVEY_OK)
            code = fail_status(status, &err);
        free(path);
    }
    return code;
}

int figure_save_one(const char *path, const covey_figure *figure) {
    covey_error err;
    covey_status status = covey_figure_save(path, figure, &err);
    if (status == COVEY_OK)
        say("written: %s", path);
    return status == COVEY_OK           ? EXIT_DONE
           : status == COVEY_E_ARGUMENT ? misuse_status(status, &err)
                                        : fail_status(status, &err);
}
