/* SPDX-License-Identifier: MIT */
/* A run folder that somebody else made: JSON and tables, then the page of what they say. The input
 * is the files one after another, "%%name" on a line before each. Digests are made to fit, as an
 * attacker would. */
#include <jansson.h>
#include <sys/stat.h>

#include "covey/covey.h"
#include "fuzz.h"

/* Names that an input may give to its files. */
static const char *const names[] = {"run.json",    "images.csv",      "clusters.csv",
                                    "history.csv", "comparison.json", "skipped.csv",
                                    "duplicates.csv", "timings.csv", "features.npy",
                                    "centres/square.npy", "centres/huber.npy", NULL};

static void write_file(const char *name, const char *data, size_t size) {
    char path[160];
    snprintf(path, sizeof path, "%s/%s", fuzz_folder(), name);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(data, 1, size, file) != size || fclose(file))
        abort();
}

static void set_digest(json_t *files, const char *name, const char *data, size_t size) {
    uint8_t digest[32];
    char hex[65];
    covey__sha256(digest, data, size);
    covey__hex(hex, digest, 32);
    json_object_set_new(files, name, json_string(hex));
}

/* One pass writes the files, and collects their digests. */
static void unpack(json_t *files, const char **passport, size_t *passport_size, const char *data,
                   size_t size) {
    const char *end = data + size;
    while (data < end) {
        const char *line = memchr(data, '\n', (size_t)(end - data));
        if (!line || data[0] != '%' || data[1] != '%')
            return;
        const char *content = line + 1, *stop = content;
        while (stop < end && !(end - stop > 3 && !memcmp(stop, "\n%%", 3)))
            ++stop;
        for (const char *const *name = names; *name; ++name)
            if (strlen(*name) == (size_t)(line - data - 2) &&
                !memcmp(*name, data + 2, strlen(*name))) {
                size_t n = (size_t)(stop - content);
                write_file(*name, content, n);
                if (name == names) {
                    *passport = content;
                    *passport_size = n;
                } else
                    set_digest(files, *name, content, n);
            }
        data = stop < end ? stop + 1 : end;
    }
}

static void check(covey_status status, const covey_error *err) {
    if (status != COVEY_OK && !err->message[0])
        abort();
}

/* What the command does with a run that it has read. */
static void use(const covey_run *run, covey_language language) {
    char path[160];
    covey_error err;
    covey_diff diff = {0};
    covey_neighbour near[8];
    size_t n = sizeof near / sizeof *near;
    covey_report_params params = covey_report_params_default();
    check(covey_run_similar(near, &n, run, run->features.data, 0, &err), &err);
    covey_run_find_photo(run, "/photos/01-with space.jpg");
    if (!run->comparison.n_losses)
        return;
    check(covey_diff_compute(&diff, run, run, NULL, &err), &err);
    covey_diff_fini(&diff);
    params.language = language;
    snprintf(path, sizeof path, "%s/report.html", fuzz_folder());
    check(covey_report_save_html(run, path, &params, &err), &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char path[160];
    const char *passport = NULL;
    size_t passport_size = 0;
    covey_error err;
    covey_run *run = NULL;
    for (const char *const *name = names; *name; ++name) {
        snprintf(path, sizeof path, "%s/%s", fuzz_folder(), *name);
        unlink(path);
    }
    snprintf(path, sizeof path, "%s/centres", fuzz_folder());
    mkdir(path, 0700);
    json_t *files = json_object();
    unpack(files, &passport, &passport_size, (const char *)data, size);
    json_t *root = passport ? json_loadb(passport, passport_size, 0, NULL) : NULL;
    if (json_is_object(root)) {
        json_object_set(root, "files", files);
        char *text = json_dumps(root, JSON_INDENT(1));
        if (text)
            write_file("run.json", text, strlen(text));
        free(text);
    }
    json_decref(root);
    json_decref(files);
    if (covey_run_load(&run, fuzz_folder(), &err) == COVEY_OK) {
        if (run->features.rows && run->features.rows < 1000)
            use(run, (covey_language)(size % COVEY_LANGUAGE_COUNT));
        covey_run_free(run);
    } else if (!err.message[0])
        abort();
    return 0;
}
