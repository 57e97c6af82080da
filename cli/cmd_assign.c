/* SPDX-License-Identifier: MIT */
/* covey assign FOLDER PHOTOS... */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "assign_rows.h"
#include "commands.h"
#include "console.h"
#include "json_out.h"

typedef struct assigning {
    const options *options;
    covey_run *run, *fresh;
    size_t *losses; /* [n_losses], indices into run->comparison.clusterings */
    size_t n_losses;
    covey_assignment *made; /* [n_losses] */
    float *x;
    size_t columns;
} assigning;

/* ---- which losses ----------------------------------------------------------------------------- */

static int add_loss(assigning *work, const char *name) {
    const covey_comparison *c = &work->run->comparison;
    covey_loss loss;
    covey_error err;
    covey_status status = covey_loss_find(&loss, name, &err);
    if (status != COVEY_OK)
        return misuse_status(status, &err);
    for (size_t l = 0; l < c->n_losses; ++l)
        if (c->clusterings[l].loss.ops == loss.ops) {
            for (size_t i = 0; i < work->n_losses; ++i)
                if (work->losses[i] == l)
                    return misuse("--loss: %s is listed twice", name);
            work->losses[work->n_losses++] = l;
            return EXIT_DONE;
        }
    return fail("%s: holds no groups under %s; it was made with --loss %s%s", work->run->folder,
                loss.ops->name, c->clusterings[0].loss.ops->name, c->n_losses > 1 ? ",..." : "");
}

static int choose_losses(assigning *work) {
    const char *text = work->options->values[OPT_OF_LOSS].text;
    size_t n = work->run->comparison.n_losses;
    if (!n)
        return fail("%s: has no groups yet; make them with 'covey cluster %s -o FOLDER'",
                    work->run->folder, work->run->folder);
    work->losses = calloc(n, sizeof *work->losses);
    work->made = calloc(n, sizeof *work->made);
    if (!work->losses || !work->made)
        return fail_memory();
    if (!text || strcmp(text, "all") == 0) {
        work->n_losses = text ? n : 1;
        for (size_t l = 0; l < n; ++l)
            work->losses[l] = l;
        return EXIT_DONE;
    }
    for (const char *at = text;;) {
        char name[64];
        size_t length = strcspn(at, ",");
        if (length == 0 || length >= sizeof name)
            return misuse("--loss: '%s' is not a list of names such as huber,square", text);
        memcpy(name, at, length);
        name[length] = '\0';
        int code = add_loss(work, name);
        if (code != EXIT_DONE || !at[length])
            return code;
        at += length + 1;
    }
}

/* ---- printing --------------------------------------------------------------------------------- */

static const covey_clustering *clustering_of(const assigning *work, size_t i) {
    return &work->run->comparison.clusterings[work->losses[i]];
}

static const char *group_name(const assigning *work, int32_t cluster) {
    const covey_run *run = work->run;
    return cluster >= 0 && (size_t)cluster < run->n_names && run->names[cluster]
               ? run->names[cluster]
               : "";
}

static const char *path_of(const assigning *work, size_t row) {
    return row < work->fresh->n_photos ? work->fresh->photos[row].path : "";
}

static void print_text(const assigning *work) {
    const char *what = work->fresh->n_photos ? "photo" : "row";
    for (size_t i = 0; i < work->n_losses; ++i) {
        const covey_assignment *a = &work->made[i];
        printf("%s%s: %zu %s%s, %zu of them belong%s nowhere\n\n", i ? "\n" : "",
               clustering_of(work, i)->loss.ops->name, a->n, what, a->n == 1 ? "" : "s",
               a->outside, a->outside == 1 ? "s" : "");
        printf("cluster    distance       limit  margin  %s\n", what);
        for (size_t row = 0; row < a->n; ++row) {
            const char *name = group_name(work, a->nearest[row]);
            printf("%7d %11.6g %11.6g  %6.3f  ", (int)a->labels[row], a->distance[row],
                   a->limit[a->nearest[row]], a->margin[row]);
            if (work->fresh->n_photos)
                print_clean(stdout, path_of(work, row));
            else
                printf("row %zu", row);
            if (a->labels[row] < 0)
                printf("  (nearest: %d)", (int)a->nearest[row]);
            if (*name) {
                printf("  ");
                print_clean(stdout, name);
            }
            putchar('\n');
        }
    }
}

static void print_table(const assigning *work) {
    printf("loss,row,path,cluster,name,distance,limit,margin,nearest\n");
    for (size_t i = 0; i < work->n_losses; ++i) {
        const covey_assignment *a = &work->made[i];
        for (size_t row = 0; row < a->n; ++row) {
            printf("%s,%zu,", clustering_of(work, i)->loss.ops->name, row);
            print_csv(stdout, path_of(work, row));
            printf(",%d,", (int)a->labels[row]);
            print_csv(stdout, group_name(work, a->labels[row]));
            printf(",%.17g,%.17g,%.17g,%d\n", a->distance[row], a->limit[a->nearest[row]],
                   a->margin[row], (int)a->nearest[row]);
        }
    }
}

static json_t *row_json(const assigning *work, const covey_assignment *a, size_t row) {
    json_t *object = json_object();
    const char *name = group_name(work, a->labels[row]);
    json_object_set_new(object, "row", json_integer((json_int_t)row));
    if (work->fresh->n_photos)
        json_set_path(object, "path", path_of(work, row));
    json_object_set_new(object, "cluster", json_integer(a->labels[row]));
    if (*name)
        json_set_path(object, "name", name);
    json_object_set_new(object, "nearest", json_integer(a->nearest[row]));
    json_object_set_new(object, "distance", json_number(a->distance[row]));
    json_object_set_new(object, "limit", json_number(a->limit[a->nearest[row]]));
    json_object_set_new(object, "margin", json_number(a->margin[row]));
    return object;
}

static int print_json(const assigning *work) {
    json_t *root = json_object(), *losses = json_array(), *skips = json_array();
    const covey_run *fresh = work->fresh;
    json_set_path(root, "folder", work->run->folder);
    json_object_set_new(root, "rows", json_integer((json_int_t)fresh->features.rows));
    json_object_set_new(root, "quantile", json_real(work->options->values[OPT_LIMIT].real));
    for (size_t i = 0; i < work->n_losses; ++i) {
        const covey_assignment *a = &work->made[i];
        json_t *loss = json_object(), *rows = json_array();
        json_object_set_new(loss, "loss", json_string(clustering_of(work, i)->loss.ops->name));
        json_object_set_new(loss, "outside", json_integer((json_int_t)a->outside));
        for (size_t row = 0; row < a->n; ++row)
            json_array_append_new(rows, row_json(work, a, row));
        json_object_set_new(loss, "assigned", rows);
        json_array_append_new(losses, loss);
    }
    json_object_set_new(root, "losses", losses);
    for (size_t i = 0; i < fresh->n_skips; ++i) {
        json_t *skip = json_object();
        json_set_path(skip, "path", fresh->skips[i].path);
        json_set_path(skip, "reason", fresh->skips[i].reason);
        json_array_append_new(skips, skip);
    }
    json_object_set_new(root, "skipped", skips);
    return json_print(root);
}

static int print_all(const assigning *work) {
    const option_value *values = work->options->values;
    int code = EXIT_DONE;
    if (values[OPT_JSON].given)
        code = print_json(work);
    else if (values[OPT_CSV].given)
        print_table(work);
    else
        print_text(work);
    for (size_t i = 0; i < work->fresh->n_skips; ++i)
        say("skipped %s: %s", work->fresh->skips[i].path, work->fresh->skips[i].reason);
    if (code == EXIT_DONE && work->fresh->n_skips && values[OPT_STRICT].given)
        code = EXIT_SKIPPED;
    return code;
}

/* ---- the command ------------------------------------------------------------------------------ */

static int assign_all(assigning *work) {
    const option_value *values = work->options->values;
    for (size_t i = 0; i < work->n_losses; ++i) {
        covey_error err;
        covey_status status = covey_assign_compute(
            &work->made[i], work->x, work->fresh->features.rows, work->columns,
            clustering_of(work, i), values[OPT_LIMIT].real, (int)values[OPT_THREADS].count, &err);
        if (status != COVEY_OK)
            return fail_status(status, &err);
    }
    return EXIT_DONE;
}

int cmd_assign(const options *options) {
    assigning work = {.options = options};
    covey_error err;
    if (options->n_operands == 0 ||
        (options->n_operands == 1 && !options->values[OPT_FILES_FROM].given))
        return misuse("name a run folder and the new photos: 'covey assign out/ PHOTOS'");
    if (options->values[OPT_JSON].given && options->values[OPT_CSV].given)
        return misuse("--csv and --json exclude each other");
    covey_status status = covey_run_load(&work.run, options->operands[0], &err);
    int code = status == COVEY_OK ? EXIT_DONE : fail_status(status, &err);
    if (code == EXIT_DONE)
        code = choose_losses(&work);
    if (code == EXIT_DONE)
        code = assign_rows_describe(&work.fresh, work.run, options);
    if (code == EXIT_DONE)
        code = assign_rows_normalise(&work.x, &work.columns, work.fresh, work.run);
    if (code == EXIT_DONE)
        code = assign_all(&work);
    if (code == EXIT_DONE)
        code = print_all(&work);
    for (size_t i = 0; work.made && i < work.n_losses; ++i)
        covey_assignment_fini(&work.made[i]);
    free(work.made);
    free(work.losses);
    free(work.x);
    covey_run_free(work.fresh);
    covey_run_free(work.run);
    return code;
}
