/* SPDX-License-Identifier: MIT */
#include "result_print.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "json_out.h"
#include "k_table_print.h"
#include "labels_print.h"

/* The photo of a row, or "row 12". */
static const char *row_name(const covey_run *run, int64_t row, char buffer[32]) {
    if (row < 0)
        return "none";
    if ((size_t)row < run->n_photos)
        return run->photos[row].path;
    snprintf(buffer, 32, "row %lld", (long long)row);
    return buffer;
}

/* 0: a number that another loss has a cluster for and this one has not; its centre is NaN. */
static int is_cluster(const covey_clustering *c, size_t j) {
    return !isnan(c->centres[j * c->d]);
}

static size_t count_clusters(const covey_clustering *c) {
    size_t count = 0;
    for (size_t j = 0; j < c->k; ++j)
        count += is_cluster(c, j) != 0;
    return count;
}

/* The name a user gave to a group, or NULL. */
static const char *group_name(const covey_run *run, size_t cluster) {
    return cluster < run->n_names ? run->names[cluster] : NULL;
}

static void print_group_name(const covey_run *run, size_t cluster) {
    if (!group_name(run, cluster))
        return;
    printf("  ");
    print_clean(stdout, group_name(run, cluster));
}

static void print_params(char *out, size_t size, const covey_loss *loss) {
    size_t used = 0;
    out[0] = '\0';
    for (int i = 0; i < COVEY_LOSS_PARAMS && loss->ops->params[i].name && used < size; ++i)
        used += (size_t)snprintf(out + used, size - used, "%s%s=%.4g", i ? " " : "",
                                 loss->ops->params[i].name, loss->params[i]);
}

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Median distance of a cluster's rows; `scratch` [n]. */
static double median_distance(const covey_clustering *c, int32_t cluster, double *scratch) {
    size_t m = 0;
    for (size_t i = 0; i < c->n; ++i)
        if (c->labels[i] == cluster)
            scratch[m++] = c->distance[i];
    if (m == 0)
        return 0;
    qsort(scratch, m, sizeof *scratch, compare_doubles);
    return (scratch[(m - 1) / 2] + scratch[m / 2]) / 2;
}

void result_print_clusters(const covey_run *run, size_t loss) {
    const covey_clustering *c = &run->comparison.clusterings[loss];
    char params[96], name[32];
    double *scratch = malloc((c->n + 1) * sizeof *scratch);
    print_params(params, sizeof params, &c->loss);
    printf("%s%s%s: %zu rows in %zu clusters, objective %.10g, %d rounds%s\n", c->loss.ops->name,
           *params ? " " : "", params, c->n, count_clusters(c), c->objective, c->rounds,
           c->converged ? "" : " (the limit; not converged)");
    if (run->comparison.k_reason[0])
        printf("%s\n", run->comparison.k_reason);
    k_table_print(&run->comparison);
    printf("\ncluster    size  median distance  representative\n");
    for (size_t j = 0; j < c->k; ++j) {
        if (!is_cluster(c, j))
            continue;
        printf("%7zu %7zu  %15.6g  ", j, c->sizes[j],
               scratch ? median_distance(c, (int32_t)j, scratch) : 0);
        print_clean(stdout, row_name(run, c->representatives[j], name));
        print_group_name(run, j);
        putchar('\n');
    }
    size_t trimmed = 0;
    for (size_t i = 0; i < c->n; ++i)
        trimmed += c->labels[i] < 0;
    if (trimmed)
        printf("     -1 %7zu  %15s  trimmed off\n", trimmed, "");
    free(scratch);
}

static size_t column_width(const char *name) {
    size_t length = strlen(name);
    return length < 8 ? 8 : length;
}

static void print_agreement(const covey_comparison *c) {
    printf("\nagreement of the partitions (adjusted Rand index; 1: the same)\n%-20s", "");
    for (size_t j = 0; j < c->n_losses; ++j)
        printf(" %8s", c->clusterings[j].loss.ops->name);
    putchar('\n');
    for (size_t i = 0; i < c->n_losses; ++i) {
        printf("%-20s", c->clusterings[i].loss.ops->name);
        for (size_t j = 0; j < c->n_losses; ++j)
            printf(" %*.3f", (int)column_width(c->clusterings[j].loss.ops->name),
                   c->ari[i * c->n_losses + j]);
        putchar('\n');
    }
}

static void print_votes(const covey_run *run) {
    const covey_comparison *c = &run->comparison;
    printf("\nrepresentatives: votes of %d losses", c->panel_size);
    if (c->n_seeds)
        printf(", and of %d seeds under %s", c->n_seeds, c->clusterings[0].loss.ops->name);
    printf("\nthe losses that vote:");
    for (size_t l = 0, named = 0; l < c->n_losses; ++l)
        if (c->in_panel[l])
            printf("%s%s", named++ ? ", " : " ", c->clusterings[l].loss.ops->name);
    printf("\ncluster  losses%s  representative\n", c->n_seeds ? "  seeds" : "");
    for (size_t v = 0; v < c->n_votes; ++v) {
        const covey_vote *vote = &c->votes[v];
        char name[32];
        printf("%7d  %6d", (int)vote->cluster, vote->losses);
        if (c->n_seeds)
            printf("  %5d", vote->seeds);
        printf("  ");
        print_clean(stdout, row_name(run, vote->row, name));
        print_group_name(run, (size_t)vote->cluster);
        putchar('\n');
    }
}

void result_print_comparison(const covey_run *run) {
    const covey_comparison *c = &run->comparison;
    if (c->k_reason[0])
        printf("%s\n", c->k_reason);
    k_table_print(c);
    if (c->k_reason[0])
        putchar('\n');
    printf("%-20s %-16s %3s %14s %6s %10s %14s %14s\n", "loss", "parameters", "k", "objective",
           "rounds", "silhouette", "sum of squares", "sum of |x|");
    for (size_t l = 0; l < c->n_losses; ++l) {
        const covey_clustering *r = &c->clusterings[l];
        char params[96];
        print_params(params, sizeof params, &r->loss);
        printf("%-20s %-16s %3zu %14.8g %5d%s %10.4f %14.8g %14.8g\n", r->loss.ops->name,
               *params ? params : "-", count_clusters(r), r->objective, r->rounds,
               r->converged ? " " : "*", c->silhouette[l], c->sum_l2[l], c->sum_l1[l]);
    }
    for (size_t l = 0; l < c->n_losses; ++l)
        if (!c->clusterings[l].converged) {
            printf("* stopped at the limit of rounds, not converged\n");
            break;
        }
    print_agreement(c);
    print_votes(run);
}

void result_print_csv(const covey_run *run) {
    const covey_comparison *comparison = &run->comparison;
    puts("loss,row,path,cluster,distance,weight,margin,rank,nearest");
    for (size_t l = 0; l < comparison->n_losses; ++l) {
        const covey_clustering *c = &comparison->clusterings[l];
        for (size_t i = 0; i < c->n; ++i) {
            printf("%s,%zu,", c->loss.ops->name, i);
            if (i < run->n_photos)
                print_csv(stdout, run->photos[i].path);
            printf(",%d,%.17g,%.17g,%.17g,%d,%d\n", (int)c->labels[i], c->distance[i],
                   c->weight[i], c->margin[i], (int)c->rank[i], (int)c->nearest[i]);
        }
    }
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static json_t *matrix_json(const double *values, size_t n) {
    json_t *rows = json_array();
    for (size_t i = 0; values && i < n; ++i) {
        json_t *row = json_array();
        for (size_t j = 0; j < n; ++j)
            json_array_append_new(row, json_number(values[i * n + j]));
        json_array_append_new(rows, row);
    }
    return rows;
}

static void set_count(json_t *object, const char *key, long long value) {
    json_object_set_new(object, key, json_integer((json_int_t)value));
}

static void set_row(json_t *object, const covey_run *run, int64_t row) {
    set_count(object, "row", row);
    if (row >= 0 && (size_t)row < run->n_photos)
        json_set_path(object, "path", run->photos[row].path);
}

static json_t *clusters_json(const covey_run *run, const covey_clustering *c) {
    json_t *clusters = json_array();
    for (size_t j = 0; j < c->k; ++j) {
        if (!is_cluster(c, j))
            continue;
        json_t *cluster = json_object(), *representative = json_object();
        set_count(cluster, "cluster", (long long)j);
        if (group_name(run, j))
            json_set_path(cluster, "name", group_name(run, j));
        set_count(cluster, "size", (long long)c->sizes[j]);
        set_row(representative, run, c->representatives[j]);
        json_object_set_new(cluster, "representative", representative);
        set_count(cluster, "medoid", c->medoids[j]);
        json_array_append_new(clusters, cluster);
    }
    return clusters;
}

static json_t *loss_json(const covey_run *run, size_t l, int labels) {
    const covey_comparison *comparison = &run->comparison;
    const covey_clustering *c = &comparison->clusterings[l];
    json_t *loss = json_object(), *params = json_object();
    json_object_set_new(loss, "loss", json_string(c->loss.ops->name));
    for (int i = 0; i < COVEY_LOSS_PARAMS && c->loss.ops->params[i].name; ++i)
        json_object_set_new(params, c->loss.ops->params[i].name, json_number(c->loss.params[i]));
    json_object_set_new(loss, "params", params);
    set_count(loss, "k", (long long)count_clusters(c));
    json_object_set_new(loss, "objective", json_number(c->objective));
    set_count(loss, "rounds", c->rounds);
    set_count(loss, "restart", c->restart);
    json_object_set_new(loss, "converged", json_boolean(c->converged));
    set_count(loss, "unsolved_centres", (long long)c->unsolved);
    json_object_set_new(loss, "silhouette", json_number(comparison->silhouette[l]));
    json_object_set_new(loss, "sum_l2", json_number(comparison->sum_l2[l]));
    json_object_set_new(loss, "sum_l1", json_number(comparison->sum_l1[l]));
    json_object_set_new(loss, "seconds", json_number(c->seconds));
    json_object_set_new(loss, "clusters", clusters_json(run, c));
    if (labels) {
        json_t *list = json_array();
        for (size_t i = 0; i < c->n; ++i)
            json_array_append_new(list, json_integer(c->labels[i]));
        json_object_set_new(loss, "labels", list);
    }
    return loss;
}

static void add_comparison(json_t *root, const covey_run *run, int labels) {
    const covey_comparison *c = &run->comparison;
    json_t *losses = json_array(), *votes = json_array();
    set_count(root, "k", (long long)c->k_chosen);
    if (c->k_reason[0])
        json_object_set_new(root, "k_reason", json_string(c->k_reason));
    if (c->n_k_table) {
        json_object_set_new(root, "k_clear", json_boolean(c->k_clear));
        json_object_set_new(root, "k_table", k_table_json(c));
    }
    for (size_t l = 0; l < c->n_losses; ++l)
        json_array_append_new(losses, loss_json(run, l, labels));
    json_object_set_new(root, "losses", losses);
    json_object_set_new(root, "ari", matrix_json(c->ari, c->n_losses));
    json_object_set_new(root, "vi", matrix_json(c->vi, c->n_losses));
    set_count(root, "panel_size", c->panel_size);
    json_t *panel = json_array();
    for (size_t l = 0; l < c->n_losses; ++l)
        if (c->in_panel[l])
            json_array_append_new(panel, json_string(c->clusterings[l].loss.ops->name));
    json_object_set_new(root, "panel", panel);
    set_count(root, "seeds", c->n_seeds);
    for (size_t v = 0; v < c->n_votes; ++v) {
        json_t *vote = json_object();
        set_count(vote, "cluster", c->votes[v].cluster);
        set_row(vote, run, c->votes[v].row);
        set_count(vote, "losses", c->votes[v].losses);
        set_count(vote, "seeds", c->votes[v].seeds);
        json_array_append_new(votes, vote);
    }
    json_object_set_new(root, "votes", votes);
}

json_t *result_json(const covey_run *run, const char *folder, int labels) {
    json_t *root = json_object();
    if (folder)
        json_set_path(root, "folder", folder);
    if (run->facts.found) {
        set_count(root, "found", (long long)run->facts.found);
        set_count(root, "used", (long long)run->n_photos);
        set_count(root, "skipped", (long long)run->n_skips);
    }
    set_count(root, "rows", (long long)run->features.rows);
    set_count(root, "columns", (long long)run->features.cols);
    if (run->facts.normalize)
        json_object_set_new(root, "normalize", json_string(run->facts.normalize));
    if (run->comparison.n_losses)
        add_comparison(root, run, labels);
    if (run->scores)
        json_object_set_new(root, "labels", labels_json(run));
    return root;
}
