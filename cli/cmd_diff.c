/* SPDX-License-Identifier: MIT */
/* covey diff A B */
#include <jansson.h>
#include <string.h>

#include "commands.h"
#include "console.h"
#include "json_out.h"

/* ---- text ------------------------------------------------------------------------------------- */

static void print_row(const covey_run *run, int64_t row) {
    if (row < 0)
        printf("none");
    else if ((size_t)row < run->n_photos)
        print_clean(stdout, run->photos[row].path);
    else
        printf("row %lld", (long long)row);
}

static const char *name_of(const covey_run *run, int32_t cluster) {
    return cluster >= 0 && (size_t)cluster < run->n_names ? run->names[cluster] : NULL;
}

/* "3", or "-" where there is no group. */
static const char *number_of(int32_t cluster, char buffer[16]) {
    if (cluster < 0)
        return "-";
    snprintf(buffer, 16, "%d", (int)cluster);
    return buffer;
}

static void print_groups(const covey_diff *diff, const covey_run *a, const covey_run *b) {
    printf("\n  A    B  size A  size B    both  cover\n");
    for (size_t i = 0; i < diff->n_groups; ++i) {
        const covey_diff_group *g = &diff->groups[i];
        char from[16], to[16];
        const char *name = name_of(b, g->cluster_b) ? name_of(b, g->cluster_b)
                                                    : name_of(a, g->cluster_a);
        printf("%3s  %3s  %6zu  %6zu  %6zu  ", number_of(g->cluster_a, from),
               number_of(g->cluster_b, to), g->size_a, g->size_b, g->both);
        if (g->cluster_a < 0)
            print_row(b, g->cover_b);
        else
            print_row(a, g->cover_a);
        if (g->cover_changed) {
            printf(" -> ");
            print_row(b, g->cover_b);
        }
        if (name) {
            printf("  ");
            print_clean(stdout, name);
        }
        putchar('\n');
    }
}

static void print_rows(const char *title, const covey_run *run, const size_t *rows, size_t n) {
    if (n)
        printf("\n%s\n", title);
    for (size_t i = 0; i < n; ++i) {
        printf("  ");
        print_row(run, (int64_t)rows[i]);
        putchar('\n');
    }
}

static void print_text(const covey_diff *diff, const covey_run *a, const covey_run *b) {
    const char *what = a->n_photos ? "photos" : "rows";
    printf("%s: %zu %s in A, %zu in B, %zu in both",
           a->comparison.clusterings[diff->loss_a].loss.ops->name, a->features.rows, what,
           b->features.rows, diff->n_pairs);
    if (diff->changed_content)
        printf(" (%zu of them by name alone, the file has changed)", diff->changed_content);
    printf("\n%zu moved, %zu covers changed, %zu groups matched", diff->moved,
           diff->covers_changed, diff->n_matched);
    if (diff->n_pairs)
        printf("; agreement of the partitions: ARI %.4f, NMI %.4f", diff->ari, diff->nmi);
    putchar('\n');
    print_groups(diff, a, b);
    if (diff->moved)
        printf("\nmoved (group in A, group in B)\n");
    for (size_t p = 0; p < diff->n_pairs; ++p) {
        const covey_diff_pair *pair = &diff->pairs[p];
        if (!pair->moved)
            continue;
        printf("  %3d -> %3d  ", (int)pair->cluster_a, (int)pair->cluster_b);
        print_row(b, (int64_t)pair->row_b);
        putchar('\n');
    }
    print_rows("only in A", a, diff->only_a, diff->n_only_a);
    print_rows("only in B", b, diff->only_b, diff->n_only_b);
}

/* ---- JSON ------------------------------------------------------------------------------------- */

static json_t *row_json(const covey_run *run, int64_t row) {
    if (row < 0)
        return json_null();
    json_t *object = json_object();
    json_object_set_new(object, "row", json_integer(row));
    if ((size_t)row < run->n_photos)
        json_set_path(object, "path", run->photos[row].path);
    return object;
}

static json_t *rows_json(const covey_run *run, const size_t *rows, size_t n) {
    json_t *array = json_array();
    for (size_t i = 0; i < n; ++i)
        json_array_append_new(array, row_json(run, (int64_t)rows[i]));
    return array;
}

static json_t *group_json(const covey_diff_group *g, const covey_run *a, const covey_run *b) {
    json_t *object = json_object();
    const struct {
        const char *key;
        json_int_t value;
    } numbers[] = {{"cluster_a", g->cluster_a},       {"cluster_b", g->cluster_b},
                   {"size_a", (json_int_t)g->size_a}, {"size_b", (json_int_t)g->size_b},
                   {"both", (json_int_t)g->both}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; ++i)
        json_object_set_new(object, numbers[i].key, json_integer(numbers[i].value));
    json_object_set_new(object, "cover_a", row_json(a, g->cover_a));
    json_object_set_new(object, "cover_b", row_json(b, g->cover_b));
    json_object_set_new(object, "cover_changed", json_boolean(g->cover_changed));
    return object;
}

static int print_json(const covey_diff *diff, const covey_run *a, const covey_run *b) {
    json_t *root = json_object(), *groups = json_array(), *moved = json_array();
    json_t *changed = json_array();
    json_set_path(root, "a", a->folder);
    json_set_path(root, "b", b->folder);
    json_object_set_new(root, "loss",
                        json_string(a->comparison.clusterings[diff->loss_a].loss.ops->name));
    json_object_set_new(root, "in_both", json_integer((json_int_t)diff->n_pairs));
    json_object_set_new(root, "ari", json_number(diff->ari));
    json_object_set_new(root, "nmi", json_number(diff->nmi));
    json_object_set_new(root, "covers_changed", json_integer((json_int_t)diff->covers_changed));
    for (size_t i = 0; i < diff->n_groups; ++i)
        json_array_append_new(groups, group_json(&diff->groups[i], a, b));
    json_object_set_new(root, "groups", groups);
    for (size_t p = 0; p < diff->n_pairs; ++p) {
        const covey_diff_pair *pair = &diff->pairs[p];
        if (!pair->same_content)
            json_array_append_new(changed, row_json(b, (int64_t)pair->row_b));
        if (!pair->moved)
            continue;
        json_t *object = row_json(b, (int64_t)pair->row_b);
        json_object_set_new(object, "row_a", json_integer((json_int_t)pair->row_a));
        json_object_set_new(object, "cluster_a", json_integer(pair->cluster_a));
        json_object_set_new(object, "cluster_b", json_integer(pair->cluster_b));
        json_array_append_new(moved, object);
    }
    json_object_set_new(root, "moved", moved);
    json_object_set_new(root, "changed_content", changed);
    json_object_set_new(root, "only_a", rows_json(a, diff->only_a, diff->n_only_a));
    json_object_set_new(root, "only_b", rows_json(b, diff->only_b, diff->n_only_b));
    return json_print(root);
}

/* ---- the command ------------------------------------------------------------------------------ */

int cmd_diff(const options *options) {
    covey_run *runs[2] = {NULL, NULL};
    covey_diff diff = {0};
    covey_loss loss;
    covey_error err;
    covey_status status = COVEY_OK;
    const char *name = options->values[OPT_ONE_LOSS].text;
    if (options->n_operands != 2)
        return misuse("name two run folders: 'covey diff before/ after/'");
    if (name) {
        status = covey_loss_find(&loss, name, &err);
        if (status != COVEY_OK)
            return misuse_status(status, &err);
    }
    for (int i = 0; i < 2 && status == COVEY_OK; ++i)
        status = covey_run_load(&runs[i], options->operands[i], &err);
    if (status == COVEY_OK)
        status = covey_diff_compute(&diff, runs[0], runs[1], name ? loss.ops->name : NULL, &err);
    int code = status == COVEY_OK ? EXIT_DONE : fail_status(status, &err);
    if (code == EXIT_DONE && options->values[OPT_JSON].given)
        code = print_json(&diff, runs[0], runs[1]);
    else if (code == EXIT_DONE)
        print_text(&diff, runs[0], runs[1]);
    covey_diff_fini(&diff);
    covey_run_free(runs[0]);
    covey_run_free(runs[1]);
    return code;
}
