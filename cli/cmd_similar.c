/* SPDX-License-Identifier: MIT */
/* covey similar FOLDER PHOTO */
#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

#include "assign_rows.h"
#include "commands.h"
#include "console.h"
#include "json_out.h"

typedef struct similar {
    const options *options;
    covey_run *run, *fresh; /* fresh: the photo, where it is not one of the run's */
    int64_t row;            /* of the photo, or -1 */
    covey_neighbour *found; /* [n] */
    size_t n;
} similar;

/* The photo as a row of the run, or described anew. */
static int choose_photo(similar *work) {
    const char *name = work->options->operands[1];
    const covey_run *run = work->run;
    unsigned long long number;
    work->row = covey_run_find_photo(run, name);
    if (work->row < 0 && parse_count(&number, name) == 0) {
        if (number >= run->features.rows)
            return misuse("row %s: the run %s has rows 0 to %zu", name, run->folder,
                          run->features.rows - 1);
        work->row = (int64_t)number;
    }
    if (work->row >= 0)
        return EXIT_DONE;
    if (access(name, F_OK))
        return fail("%s: is neither a photo of the run %s nor a file", name, run->folder);
    int code = assign_rows_describe(&work->fresh, run, work->options);
    if (code == EXIT_DONE && work->fresh->features.rows != 1)
        code = misuse("%s: holds %zu photos; name one", name, work->fresh->features.rows);
    return code;
}

static int search(similar *work) {
    const covey_matrix *own = &work->run->features;
    const float *features =
        work->fresh ? work->fresh->features.data : own->data + (size_t)work->row * own->cols;
    unsigned long long wanted = work->options->values[OPT_NUMBER].count;
    covey_error err;
    work->n = wanted < own->rows ? (size_t)wanted : own->rows;
    work->found = calloc(work->n + 1, sizeof *work->found);
    if (!work->found)
        return fail_memory();
    covey_status status =
        covey_run_similar(work->found, &work->n, work->run, features, work->row, &err);
    return status == COVEY_OK ? EXIT_DONE : fail_status(status, &err);
}

/* ---- printing --------------------------------------------------------------------------------- */

static int32_t cluster_of(const covey_run *run, int64_t row) {
    return run->comparison.n_losses ? run->comparison.clusterings[0].labels[row] : -1;
}

static const char *name_of(const covey_run *run, int32_t cluster) {
    return cluster >= 0 && (size_t)cluster < run->n_names ? run->names[cluster] : NULL;
}

static void print_text(const similar *work) {
    const covey_run *run = work->run;
    int groups = run->comparison.n_losses > 0;
    printf("%scosine  %s\n", groups ? "group  " : "", run->n_photos ? "photo" : "row");
    for (size_t i = 0; i < work->n; ++i) {
        int64_t row = work->found[i].row;
        int32_t cluster = cluster_of(run, row);
        if (groups)
            printf("%5d  ", (int)cluster);
        printf("%6.4f  ", work->found[i].cosine);
        if ((size_t)row < run->n_photos)
            print_clean(stdout, run->photos[row].path);
        else
            printf("row %lld", (long long)row);
        if (name_of(run, cluster)) {
            printf("  ");
            print_clean(stdout, name_of(run, cluster));
        }
        putchar('\n');
    }
}

static void set_photo(json_t *object, const covey_run *run, int64_t row) {
    json_object_set_new(object, "row", json_integer(row));
    if ((size_t)row < run->n_photos)
        json_set_path(object, "path", run->photos[row].path);
    if (!run->comparison.n_losses)
        return;
    json_object_set_new(object, "cluster", json_integer(cluster_of(run, row)));
    if (name_of(run, cluster_of(run, row)))
        json_set_path(object, "name", name_of(run, cluster_of(run, row)));
}

static int print_json(const similar *work) {
    json_t *root = json_object(), *photo = json_object(), *list = json_array();
    json_set_path(root, "folder", work->run->folder);
    if (work->row >= 0)
        set_photo(photo, work->run, work->row);
    else
        json_set_path(photo, "path", work->options->operands[1]);
    json_object_set_new(root, "photo", photo);
    for (size_t i = 0; i < work->n; ++i) {
        json_t *object = json_object();
        set_photo(object, work->run, work->found[i].row);
        json_object_set_new(object, "cosine", json_number(work->found[i].cosine));
        json_array_append_new(list, object);
    }
    json_object_set_new(root, "nearest", list);
    return json_print(root);
}

int cmd_similar(const options *options) {
    similar work = {.options = options};
    covey_error err;
    if (options->n_operands != 2)
        return misuse("name a run folder and a photo: 'covey similar out/ photo.jpg'");
    covey_status status = covey_run_load(&work.run, options->operands[0], &err);
    int code = status == COVEY_OK ? EXIT_DONE : fail_status(status, &err);
    if (code == EXIT_DONE)
        code = choose_photo(&work);
    if (code == EXIT_DONE)
        code = search(&work);
    if (code == EXIT_DONE && options->values[OPT_JSON].given)
        code = print_json(&work);
    else if (code == EXIT_DONE)
        print_text(&work);
    free(work.found);
    covey_run_free(work.fresh);
    covey_run_free(work.run);
    return code;
}
