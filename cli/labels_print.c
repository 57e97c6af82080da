/* SPDX-License-Identifier: MIT */
#include "labels_print.h"

#include <stdio.h>

#include "console.h"
#include "covey/labels.h"

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

json_t *labels_json(const covey_run *run) {
    char *text = NULL;
    if (covey_labels_json(&text, run, NULL) != COVEY_OK)
        return NULL;
    json_t *object = json_loads(text, 0, NULL);
    covey_free(text);
    return object;
}
