/* SPDX-License-Identifier: MIT */
/* Synthetic runs for the tests of the report: filled by rule, owned by the fixture. */
#ifndef COVEY_REPORT_FIXTURE_H
#define COVEY_REPORT_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "covey/report.h"

typedef struct fixture_options {
    size_t n, k, n_losses; /* n_losses 0: extract alone */
    int photos;            /* 0: a features file */
    int seeds;
    size_t skips;
    size_t empty;          /* this many last clusters have no member */
    size_t trimmed;        /* this many last rows are left out under the last loss */
    const char *const *names; /* [n] paths, or NULL */
    const uint8_t *thumb;  /* bytes of every thumbnail; NULL: a few bytes that begin as a JPEG */
    size_t thumb_bytes;
} fixture_options;

static const char *const fixture_losses[] = {"square",       "absolute",    "huber",
                                             "pseudo_huber", "correntropy", "epsilon_insensitive"};

static inline void *fixture_calloc(size_t n, size_t size) {
    void *p = calloc(n ? n : 1, size);
    if (!p)
        abort();
    return p;
}

/* 0 .. 1, the same everywhere. */
static inline double fixture_noise(size_t a, size_t b) {
    uint64_t x = (a + 1) * 0x9E3779B97F4A7C15u ^ (b + 7) * 0xC2B2AE3D27D4EB4Fu;
    x ^= x >> 29;
    x *= 0xBF58476D1CE4E5B9u;
    x ^= x >> 32;
    return (double)(x >> 11) / 9007199254740992.0;
}

static inline void fixture_cluster(covey_clustering *c, const fixture_options *o, size_t l) {
    size_t n = o->n, used = o->k - o->empty;
    if (covey_loss_find(&c->loss, fixture_losses[l % 6], NULL) != COVEY_OK)
        abort();
    c->loss.params[0] = 0.7;
    c->loss.is_auto[0] = l % 2 == 0;
    c->n = n;
    c->d = 8;
    c->k = o->k;
    c->centres = fixture_calloc(o->k * c->d, sizeof(double));
    c->labels = fixture_calloc(n, sizeof(int32_t));
    c->nearest = fixture_calloc(n, sizeof(int32_t));
    c->distance = fixture_calloc(n, sizeof(double));
    c->weight = fixture_calloc(n, sizeof(double));
    c->margin = fixture_calloc(n, sizeof(double));
    c->rank = fixture_calloc(n, sizeof(int32_t));
    c->sizes = fixture_calloc(o->k, sizeof(size_t));
    c->representatives = fixture_calloc(o->k, sizeof(int64_t));
    c->medoids = fixture_calloc(o->k, sizeof(int64_t));
    for (size_t i = 0; i < n; ++i) {
        size_t label = i * used / n;
        /* Some rows wander with the loss; the first of each cluster stays, so none runs empty. */
        if (l && i && (i - 1) * used / n == label && fixture_noise(i, l / 2) < 0.08)
            label = (label + 1) % used;
        c->nearest[i] = (int32_t)label;
        c->labels[i] = l + 1 == o->n_losses && i + o->trimmed >= n ? -1 : (int32_t)label;
        c->distance[i] = 0.4 + 0.5 * fixture_noise(i, 99) + 0.02 * fixture_noise(i, l);
        c->weight[i] = l ? 1.3 - c->distance[i] : 1;
        c->margin[i] = fixture_noise(i, 55) * 0.6;
    }
    for (size_t j = 0; j < o->k; ++j)
        c->representatives[j] = c->medoids[j] = -1;
    for (size_t i = 0; i < n; ++i) {
        if (c->labels[i] < 0)
            continue;
        ++c->sizes[c->labels[i]];
        for (size_t m = 0; m < n; ++m)
            if (c->labels[m] == c->labels[i])
                c->rank[i] += c->distance[m] < c->distance[i] ||
                              (c->distance[m] == c->distance[i] && m < i);
        if (c->rank[i] == 0)
            c->representatives[c->labels[i]] = c->medoids[c->labels[i]] = (int64_t)i;
    }
    c->objective = 100 + (double)l;
    c->rounds = 7 + (int)l;
    c->converged = l != 3;
    c->seconds = 0.3 * (double)(l + 1);
}

static inline void fixture_count_votes(covey_comparison *p) {
    p->votes = fixture_calloc(p->k_all * p->n_losses, sizeof *p->votes);
    for (size_t j = 0; j < p->k_all; ++j)
        for (size_t l = 0; l < p->n_losses; ++l) {
            int64_t row = p->clusterings[l].representatives[j];
            size_t v = 0;
            while (v < p->n_votes && !(p->votes[v].row == row && p->votes[v].cluster == (int)j))
                ++v;
            if (row < 0)
                continue;
            p->n_votes += v == p->n_votes;
            p->votes[v].row = row;
            p->votes[v].cluster = (int32_t)j;
            ++p->votes[v].losses;
            p->votes[v].seeds = p->n_seeds ? p->n_seeds - (int)(j % 3) % p->n_seeds : 0;
        }
}

static inline void fixture_compare(covey_comparison *p, const fixture_options *o) {
    size_t s = o->n_losses;
    p->n = o->n;
    p->d = 8;
    p->n_losses = s;
    p->k_all = o->k;
    p->n_seeds = o->seeds;
    p->panel_size = (int)s;
    p->k_chosen = o->k;
    p->clusterings = fixture_calloc(s, sizeof *p->clusterings);
    p->ari = fixture_calloc(s * s, sizeof(double));
    p->vi = fixture_calloc(s * s, sizeof(double));
    p->in_panel = fixture_calloc(s, sizeof(int));
    p->disagreement = fixture_calloc(o->n, sizeof(double));
    p->stability = fixture_calloc(o->k, sizeof(double));
    p->silhouette = fixture_calloc(s, sizeof(double));
    p->sum_l2 = fixture_calloc(s, sizeof(double));
    p->sum_l1 = fixture_calloc(s, sizeof(double));
    for (size_t l = 0; l < s; ++l) {
        fixture_cluster(&p->clusterings[l], o, l);
        p->in_panel[l] = 1;
        p->silhouette[l] = 0.12 + 0.01 * (double)l;
        p->sum_l2[l] = 130.5 + (double)l;
        p->sum_l1[l] = 2170.25 - 3 * (double)l;
        for (size_t m = 0; m < s; ++m) {
            p->ari[l * s + m] = l == m ? 1 : 0.95 - 0.1 * (double)(l > m ? l - m : m - l);
            p->vi[l * s + m] = l == m ? 0 : 0.4;
        }
    }
    for (size_t i = 0; i < o->n; ++i)
        for (size_t l = 1; l < s; ++l)
            p->disagreement[i] +=
                (p->clusterings[l].labels[i] != p->clusterings[0].labels[i]) / (double)s;
    for (size_t j = 0; j < o->k; ++j)
        p->stability[j] = 0.6 + 0.4 * fixture_noise(j, 3);
    fixture_count_votes(p);
}

static inline covey_run *fixture_new(const fixture_options *o) {
    static const uint8_t thumb[] = {0xFF, 0xD8, 0xFF, 0xD9};
    static const char *const reasons[] = {"the file is cut short",
                                          "BMP is not read; save it as PNG",
                                          "this is a video"};
    covey_run *run = fixture_calloc(1, sizeof *run);
    run->facts = (covey_run_facts){
        .version = "0.1.0", .command = "covey run '/home/me/my photos' -k 18 -o out/",
        .weights_name = "oxford", .weights_digest = "3be917fb4375d2d5", .engine_id = "avx2-f32-p1",
        .preparation = "224 bilinear orient icc alpha=white shrink vips-8.14.1",
        .normalize = "l2", .start = "kmeans++", .seed = 42, .found = o->n + o->skips, .others = 3,
        .restarts = 10, .max_rounds = 100, .seeds = o->seeds, .tolerance = 1e-6, .host = "desk",
        .cpu = "A processor", .threads = 4, .seconds_extract = 25, .seconds_cluster = 5.5,
        .seconds_total = 31, .started = 1700000000};
    run->features.rows = o->n;
    run->features.cols = 512;
    if (o->photos) {
        run->roots = fixture_calloc(1, sizeof *run->roots);
        run->roots[0] = "/home/me/my photos";
        run->n_roots = 1;
        run->photos = fixture_calloc(o->n, sizeof *run->photos);
        run->n_photos = o->n;
        run->skips = fixture_calloc(o->skips, sizeof *run->skips);
        run->n_skips = o->skips;
    } else {
        run->facts.found = 0;
    }
    for (size_t i = 0; o->photos && i < o->n; ++i) {
        char *path = fixture_calloc(64, 1);
        snprintf(path, 64, "holiday/IMG_%04zu.jpg", i);
        run->photos[i] = (covey_run_photo){
            .path = o->names ? strcpy(fixture_calloc(strlen(o->names[i]) + 1, 1), o->names[i])
                             : path,
            .width = 640, .height = i % 3 ? 480 : 853, .bytes = 1000,
            .thumb = o->thumb ? o->thumb : thumb,
            .thumb_bytes = o->thumb ? o->thumb_bytes : sizeof thumb};
        if (o->names)
            free(path);
    }
    for (size_t i = 0; i < run->n_skips; ++i) {
        char *path = fixture_calloc(64, 1);
        snprintf(path, 64, "broken/file_%03zu.bmp", i);
        run->skips[i] = (covey_run_skip){.path = path, .reason = reasons[i % 3]};
    }
    if (o->n_losses)
        fixture_compare(&run->comparison, o);
    return run;
}

static inline void fixture_free(covey_run *run) {
    covey_comparison *p = &run->comparison;
    for (size_t l = 0; l < p->n_losses; ++l) {
        covey_clustering *c = &p->clusterings[l];
        void *owned[] = {c->centres, c->labels, c->nearest, c->distance, c->weight, c->margin,
                         c->rank, c->sizes, c->representatives, c->medoids};
        for (size_t i = 0; i < sizeof owned / sizeof *owned; ++i)
            free(owned[i]);
    }
    void *owned[] = {p->clusterings, p->ari, p->vi, p->in_panel, p->disagreement, p->stability,
                     p->silhouette, p->sum_l2, p->sum_l1, p->votes};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; ++i)
        free(owned[i]);
    for (size_t i = 0; i < run->n_photos; ++i)
        free((void *)run->photos[i].path);
    for (size_t i = 0; i < run->n_skips; ++i)
        free((void *)run->skips[i].path);
    free(run->photos);
    free(run->skips);
    free((void *)run->roots);
    free(run);
}

#endif
