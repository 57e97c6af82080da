/* SPDX-License-Identifier: MIT */
#include "labels_print.h"

#include <stdio.h>

#include "console.h"
#include "json_out.h"

/* "  3  (20)  bear 12, dog 5, fish 3": most frequent first, ties in the order of names. */
static void print_group(const covey_label_scores *scores, const size_t *counts, size_t cluster) {
    size_t total = 0;
    for (size_t t = 0; t < scores->n_classes; ++t)
        total += counts[t];
    if (!total)
        return;
    printf("%7zu %6zu  ", cluster, total);
    size_t last = (size_t)-1, last_class = 0;
    for (int first = 1;; first = 0) {
        size_t next = 0, at = scores->n_classes;
        for (size_t t = 0; t < scores->n_classes; ++t) {
            int later = counts[t] < last || (counts[t] == last && t > last_class);
            if (later && counts[t] > next) {
                next = counts[t];
                at = t;
            }
        }
        if (at == scores->n_classes)
            break;
        printf("%s", first ? "" : ", ");
        print_clean(stdout, scores->classes[at]);
        printf(" %zu", next);
        last = next;
        last_class = at;
    }
    putchar('\n');
}

void labels_print(const covey_run *run) {
    const covey_label_scores *scores = run->scores;
    const covey_comparison *c = &run->comparison;
    if (!scores || !c->n_losses)
        return;
    printf("\nagainst the labels of ");
    print_clean(stdout, scores->source);
    printf(": %zu of %zu %s labelled, %zu labels\n", scores->labelled, run->features.rows,
           run->n_photos ? "photos" : "rows", scores->n_classes);
    printf("%-20s %8s %8s %8s\n", "loss", "ARI", "NMI", "purity");
    for (size_t l = 0; l < c->n_losses; ++l)
        printf("%-20s %8.4f %8.4f %8.4f\n", c->clusterings[l].loss.ops->name,
               scores->losses[l].ari, scores->losses[l].nmi, scores->losses[l].purity);
    printf("\ncluster   size  labels under %s\n", c->clusterings[0].loss.ops->name);
    for (size_t j = 0; j < c->clusterings[0].k; ++j)
        print_group(scores, scores->losses[0].confusion + j * scores->n_classes, j);
}

static json_t *score_json(const covey_label_score *score, const covey_clustering *c,
                          size_t classes) {
    json_t *object = json_object(), *table = json_array();
    json_object_set_new(object, "loss", json_string(c->loss.ops->name));
    json_object_set_new(object, "ari", json_number(score->ari));
    json_object_set_new(object, "nmi", json_number(score->nmi));
    json_object_set_new(object, "purity", json_number(score->purity));
    for (size_t j = 0; j < c->k; ++j) {
        json_t *row = json_array();
        for (size_t t = 0; t < classes; ++t)
            json_array_append_new(row,
                                  json_integer((json_int_t)score->confusion[j * classes + t]));
        json_array_append_new(table, row);
    }
    json_object_set_new(object, "confusion", table);
    return object;
}

json_t *labels_json(const covey_run *run) {
    const covey_label_scores *scores = run->scores;
    json_t *object = json_object(), *classes = json_array(), *losses = json_array();
    json_set_path(object, "source", scores->source);
    json_object_set_new(object, "labelled", json_integer((json_int_t)scores->labelled));
    for (size_t t = 0; t < scores->n_classes; ++t) {
        json_t *name = json_object();
        json_set_path(name, "name", scores->classes[t]);
        json_array_append_new(classes, name);
    }
    json_object_set_new(object, "classes", classes);
    for (size_t l = 0; l < run->comparison.n_losses; ++l)
        json_array_append_new(losses, score_json(&scores->losses[l],
                                                 &run->comparison.clusterings[l],
                                                 scores->n_classes));
    json_object_set_new(object, "losses", losses);
    return object;
}
