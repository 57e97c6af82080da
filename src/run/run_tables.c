/* SPDX-License-Identifier: MIT */
/* The tables of a run folder, as text. Paths keep their raw bytes; numbers read back exactly. */
#include "run_internal.h"

void covey__run_images_csv(covey__text *text, const covey_run *run) {
    covey__text_add(text, "row,root,path,width,height,bytes,sha256\n");
    for (size_t i = 0; i < run->n_photos; ++i) {
        const covey_run_photo *photo = &run->photos[i];
        char digest[65];
        covey__hex(digest, photo->sha256, sizeof photo->sha256);
        covey__text_addf(text, "%zu,%zu,", i, photo->root);
        covey__text_add_csv(text, photo->path);
        covey__text_addf(text, ",%u,%u,%llu,%s\n", photo->width, photo->height,
                         (unsigned long long)photo->bytes, digest);
    }
}

void covey__run_clusters_csv(covey__text *text, const covey_run *run) {
    covey__text_add(text, "loss,row,path,cluster,distance,weight,margin,rank,nearest\n");
    for (size_t l = 0; l < run->comparison.n_losses; ++l) {
        const covey_clustering *c = &run->comparison.clusterings[l];
        for (size_t i = 0; i < c->n; ++i) {
            covey__text_addf(text, "%s,%zu,", c->loss.ops->name, i);
            covey__text_add_csv(text, run->n_photos ? run->photos[i].path : "");
            covey__text_addf(text, ",%d,", c->labels[i]);
            covey__text_add_double(text, c->distance[i]);
            covey__text_add(text, ",");
            covey__text_add_double(text, c->weight[i]);
            covey__text_add(text, ",");
            covey__text_add_double(text, c->margin[i]);
            covey__text_addf(text, ",%d,%d\n", c->rank[i], c->nearest[i]);
        }
    }
}

void covey__run_history_csv(covey__text *text, const covey_run *run) {
    covey__text_add(text, "loss,restart,round,objective,shift,moved\n");
    for (size_t l = 0; l < run->comparison.n_losses; ++l) {
        const covey_clustering *c = &run->comparison.clusterings[l];
        for (size_t i = 0; i < c->n_history; ++i) {
            const covey_round *h = &c->history[i];
            covey__text_addf(text, "%s,%d,%d,", c->loss.ops->name, h->restart, h->round);
            covey__text_add_double(text, h->objective);
            covey__text_add(text, ",");
            covey__text_add_double(text, h->shift);
            covey__text_addf(text, ",%zu\n", h->moved);
        }
    }
}

void covey__run_duplicates_csv(covey__text *text, const covey_run *run) {
    covey__text_add(text, "row,path,of_row,similarity\n");
    for (size_t i = 0; i < run->n_duplicates; ++i) {
        const covey_duplicate *found = &run->duplicates[i];
        covey__text_addf(text, "%zu,", found->row);
        covey__text_add_csv(text, found->row < run->n_photos ? run->photos[found->row].path : "");
        covey__text_addf(text, ",%zu,", found->of_row);
        covey__text_add_double(text, found->similarity);
        covey__text_add(text, "\n");
    }
}

void covey__run_skipped_csv(covey__text *text, const covey_run *run) {
    covey__text_add(text, "path,reason\n");
    for (size_t i = 0; i < run->n_skips; ++i) {
        covey__text_add_csv(text, run->skips[i].path);
        covey__text_add(text, ",");
        covey__text_add_csv(text, run->skips[i].reason);
        covey__text_add(text, "\n");
    }
}

void covey__run_timings_csv(covey__text *text, const covey_run *run) {
    covey__text_add(text, "stage,seconds\n");
    /* Finer than anybody needs, so that a page of what is read rounds as the page of the run did. */
    covey__text_addf(text, "extract,%.6f\ncluster,%.6f\ntotal,%.6f\n", run->facts.seconds_extract,
                     run->facts.seconds_cluster, run->facts.seconds_total);
    for (size_t l = 0; l < run->comparison.n_losses; ++l)
        covey__text_addf(text, "cluster.%s,%.6f\n", run->comparison.clusterings[l].loss.ops->name,
                         run->comparison.clusterings[l].seconds);
}
