/* SPDX-License-Identifier: MIT */
/* Two runs side by side: which photos are the same, which groups are, and what differs. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "covey/diff.h"
#include "run_internal.h"

/* ---- the same photos ----------------------------------------------------------------------- */

typedef enum key_kind { KEY_CONTENT_AND_PATH, KEY_CONTENT, KEY_PATH } key_kind;

typedef struct entry {
    const covey_run_photo *photo;
    size_t row;
} entry;

static int compare_keys(const entry *x, const entry *y, key_kind kind) {
    int order = kind == KEY_PATH ? 0 : memcmp(x->photo->sha256, y->photo->sha256, 32);
    return order || kind == KEY_CONTENT ? order : strcmp(x->photo->path, y->photo->path);
}

static int by_row(const entry *x, const entry *y) {
    return (x->row > y->row) - (x->row < y->row);
}

static int by_content_and_path(const void *x, const void *y) {
    int order = compare_keys(x, y, KEY_CONTENT_AND_PATH);
    return order ? order : by_row(x, y);
}

static int by_content(const void *x, const void *y) {
    int order = compare_keys(x, y, KEY_CONTENT);
    return order ? order : by_row(x, y);
}

static int by_path(const void *x, const void *y) {
    int order = compare_keys(x, y, KEY_PATH);
    return order ? order : by_row(x, y);
}

/* list <- the photos that have no partner yet, sorted. */
static size_t list_unmatched(entry *list, const covey_run *run, const int64_t *partner,
                             key_kind kind) {
    static int (*const orders[])(const void *, const void *) = {by_content_and_path, by_content,
                                                                by_path};
    size_t n = 0;
    for (size_t i = 0; i < run->n_photos; ++i)
        if (partner[i] < 0)
            list[n++] = (entry){&run->photos[i], i};
    qsort(list, n, sizeof *list, orders[kind]);
    return n;
}

/* partner_a [rows of a], partner_b: the row of the other run, or -1. */
static covey_status match_photos(int64_t *partner_a, int64_t *partner_b, const covey_run *a,
                                 const covey_run *b, covey_error *err) {
    covey_status status = COVEY_OK;
    entry *of_a = covey__alloc_array(a->n_photos + 1, sizeof *of_a);
    entry *of_b = covey__alloc_array(b->n_photos + 1, sizeof *of_b);
    COVEY_NOMEM_IF(!of_a || !of_b, err);
    for (int kind = KEY_CONTENT_AND_PATH; kind <= KEY_PATH; ++kind) {
        size_t n_a = list_unmatched(of_a, a, partner_a, (key_kind)kind);
        size_t n_b = list_unmatched(of_b, b, partner_b, (key_kind)kind);
        for (size_t i = 0, j = 0; i < n_a && j < n_b;) {
            int order = compare_keys(&of_a[i], &of_b[j], (key_kind)kind);
            if (order == 0) {
                partner_a[of_a[i].row] = (int64_t)of_b[j].row;
                partner_b[of_b[j].row] = (int64_t)of_a[i].row;
            }
            i += order <= 0;
            j += order >= 0;
        }
    }
done:
    covey__free(of_a);
    covey__free(of_b);
    return status;
}

static covey_status set_pairs(covey_diff *made, const covey_run *a, const covey_run *b,
                              int64_t *partner_a, int64_t *partner_b, covey_error *err) {
    covey_status status = COVEY_OK;
    size_t n_a = a->features.rows, n_b = b->features.rows;
    const covey_clustering *c = &a->comparison.clusterings[made->loss_a];
    const covey_clustering *d = &b->comparison.clusterings[made->loss_b];
    memset(partner_a, 0xFF, n_a * sizeof *partner_a);
    memset(partner_b, 0xFF, n_b * sizeof *partner_b);
    if (a->n_photos)
        COVEY_TRY(match_photos(partner_a, partner_b, a, b, err));
    for (size_t i = 0; !a->n_photos && i < n_a && i < n_b; ++i)
        partner_a[i] = partner_b[i] = (int64_t)i;
    made->pairs = covey__alloc_array(n_a + 1, sizeof *made->pairs);
    made->only_a = covey__alloc_array(n_a + 1, sizeof *made->only_a);
    made->only_b = covey__alloc_array(n_b + 1, sizeof *made->only_b);
    COVEY_NOMEM_IF(!made->pairs || !made->only_a || !made->only_b, err);
    for (size_t i = 0; i < n_a; ++i) {
        if (partner_a[i] < 0) {
            made->only_a[made->n_only_a++] = i;
            continue;
        }
        size_t j = (size_t)partner_a[i];
        int same = !a->n_photos || memcmp(a->photos[i].sha256, b->photos[j].sha256, 32) == 0;
        made->pairs[made->n_pairs++] = (covey_diff_pair){.row_a = i,
                                                         .row_b = j,
                                                         .cluster_a = c->labels[i],
                                                         .cluster_b = d->labels[j],
                                                         .same_content = same};
        made->changed_content += !same;
    }
    for (size_t j = 0; j < n_b; ++j)
        if (partner_b[j] < 0)
            made->only_b[made->n_only_b++] = j;
done:
    return status;
}

/* ---- the same groups ------------------------------------------------------------------------- */

/* counterpart [k_a]: B's group of each of A's, or -1; both [k_a][k_b] <- the overlap. */
static covey_status match_groups(int32_t *counterpart, size_t *both, const covey_diff *made,
                                 size_t k_a, size_t k_b, covey_error *err) {
    covey_status status = COVEY_OK;
    int turned = k_a > k_b;
    size_t rows = turned ? k_b : k_a, cols = turned ? k_a : k_b;
    int32_t *found = covey__alloc_array(rows, sizeof *found);
    double *cost = covey__calloc(k_a * k_b, sizeof *cost);
    COVEY_NOMEM_IF(!found || !cost, err);
    for (size_t p = 0; p < made->n_pairs; ++p)
        if (made->pairs[p].cluster_a >= 0 && made->pairs[p].cluster_b >= 0)
            ++both[(size_t)made->pairs[p].cluster_a * k_b + (size_t)made->pairs[p].cluster_b];
    for (size_t i = 0; i < k_a; ++i)
        for (size_t j = 0; j < k_b; ++j)
            cost[turned ? j * cols + i : i * cols + j] = -(double)both[i * k_b + j];
    COVEY_TRY(covey_match_compute(found, cost, rows, cols));
    for (size_t i = 0; i < k_a; ++i)
        counterpart[i] = -1;
    for (size_t r = 0; r < rows; ++r) {
        size_t i = turned ? (size_t)found[r] : r, j = turned ? r : (size_t)found[r];
        if (both[i * k_b + j])
            counterpart[i] = (int32_t)j;
    }
done:
    covey__free(found);
    covey__free(cost);
    return status;
}

static int is_group(const covey_clustering *c, size_t j) {
    return !isnan(c->centres[j * c->d]);
}

static void add_group(covey_diff *made, const covey_clustering *c, int32_t i,
                      const covey_clustering *d, int32_t j, size_t both,
                      const int64_t *partner_a) {
    covey_diff_group *g = &made->groups[made->n_groups++];
    *g = (covey_diff_group){.cluster_a = i, .cluster_b = j, .cover_a = -1, .cover_b = -1};
    if (i >= 0) {
        g->size_a = c->sizes[i];
        g->cover_a = c->representatives[i];
    }
    if (j >= 0) {
        g->size_b = d->sizes[j];
        g->cover_b = d->representatives[j];
    }
    if (i < 0 || j < 0)
        return;
    g->both = both;
    g->cover_changed = g->cover_a < 0 || partner_a[g->cover_a] != g->cover_b;
    ++made->n_matched;
    made->covers_changed += g->cover_changed != 0;
}

static covey_status set_groups(covey_diff *made, const covey_clustering *c,
                               const covey_clustering *d, const int64_t *partner_a,
                               covey_error *err) {
    covey_status status = COVEY_OK;
    size_t cells = 0;
    int32_t *counterpart = covey__alloc_array(c->k, sizeof *counterpart);
    size_t *both = covey__mul_size(&cells, c->k, d->k) ? NULL : covey__calloc(cells, sizeof *both);
    char *taken = covey__calloc(d->k, 1);
    made->groups = covey__alloc_array(c->k + d->k, sizeof *made->groups);
    COVEY_NOMEM_IF(!counterpart || !both || !taken || !made->groups, err);
    COVEY_TRY(match_groups(counterpart, both, made, c->k, d->k, err));
    for (size_t i = 0; i < c->k; ++i) {
        int32_t j = counterpart[i];
        if (!is_group(c, i))
            continue;
        if (j >= 0)
            taken[j] = 1;
        add_group(made, c, (int32_t)i, d, j, j < 0 ? 0 : both[i * d->k + (size_t)j], partner_a);
    }
    for (size_t j = 0; j < d->k; ++j)
        if (!taken[j] && is_group(d, j))
            add_group(made, c, -1, d, (int32_t)j, 0, partner_a);
    for (size_t p = 0; p < made->n_pairs; ++p) {
        covey_diff_pair *pair = &made->pairs[p];
        int32_t expected = pair->cluster_a < 0 ? -1 : counterpart[pair->cluster_a];
        /* A group that is gone has no counterpart: all its photos moved. */
        pair->moved = pair->cluster_b != expected || (expected < 0 && pair->cluster_a >= 0);
        made->moved += pair->moved != 0;
    }
done:
    covey__free(counterpart);
    covey__free(both);
    covey__free(taken);
    return status;
}

static covey_status set_agreement(covey_diff *made, covey_error *err) {
    covey_status status = COVEY_OK;
    int32_t *labels = covey__alloc_array(2 * made->n_pairs + 1, sizeof *labels);
    COVEY_NOMEM_IF(!labels, err);
    made->ari = made->nmi = NAN;
    for (size_t p = 0; p < made->n_pairs; ++p) {
        labels[p] = made->pairs[p].cluster_a;
        labels[made->n_pairs + p] = made->pairs[p].cluster_b;
    }
    if (made->n_pairs)
        COVEY_TRY(covey_agreement_compute(&made->ari, &made->nmi, NULL, labels,
                                          labels + made->n_pairs, made->n_pairs));
done:
    covey__free(labels);
    return status;
}

/* ---- the entry ------------------------------------------------------------------------------ */

static int find_loss(size_t *out, const covey_run *run, const char *name) {
    for (size_t l = 0; l < run->comparison.n_losses; ++l)
        if (strcmp(run->comparison.clusterings[l].loss.ops->name, name) == 0) {
            *out = l;
            return 1;
        }
    return 0;
}

static covey_status choose_loss(covey_diff *made, const covey_run *a, const covey_run *b,
                                const char *loss, covey_error *err) {
    const covey_comparison *c = &a->comparison;
    for (size_t l = 0; l < c->n_losses; ++l) {
        const char *name = c->clusterings[l].loss.ops->name;
        if ((!loss || strcmp(name, loss) == 0) && find_loss(&made->loss_b, b, name)) {
            made->loss_a = l;
            return COVEY_OK;
        }
    }
    if (loss)
        return covey__fail(err, COVEY_E_ARGUMENT, NULL, "%s has no groups under %s",
                           find_loss(&made->loss_a, a, loss) ? "the second run" : "the first run",
                           loss);
    return covey__fail(err, COVEY_E_ARGUMENT, NULL,
                       "the two runs have no loss in common; make one of them again with --loss %s",
                       c->clusterings[0].loss.ops->name);
}

covey_status covey_diff_compute(covey_diff *out, const covey_run *a, const covey_run *b,
                                const char *loss, covey_error *err) {
    covey_status status = COVEY_OK;
    covey_diff made = {0};
    int64_t *partner_a = NULL, *partner_b = NULL;
    COVEY_FAIL_IF(!a->comparison.n_losses || !b->comparison.n_losses, err, COVEY_E_ARGUMENT,
                  (a->comparison.n_losses ? b : a)->folder,
                  "has no groups to compare; make them with covey cluster or covey compare");
    COVEY_FAIL_IF(!a->n_photos != !b->n_photos, err, COVEY_E_ARGUMENT,
                  (a->n_photos ? b : a)->folder,
                  "was made from a features file and the other from photos: rows of the one cannot "
                  "be found in the other");
    COVEY_TRY(choose_loss(&made, a, b, loss, err));
    partner_a = covey__alloc_array(a->features.rows + 1, sizeof *partner_a);
    partner_b = covey__alloc_array(b->features.rows + 1, sizeof *partner_b);
    COVEY_NOMEM_IF(!partner_a || !partner_b, err);
    COVEY_TRY(set_pairs(&made, a, b, partner_a, partner_b, err));
    COVEY_TRY(set_groups(&made, &a->comparison.clusterings[made.loss_a],
                         &b->comparison.clusterings[made.loss_b], partner_a, err));
    COVEY_TRY(set_agreement(&made, err));
    *out = made;
    memset(&made, 0, sizeof made);
done:
    covey__free(partner_a);
    covey__free(partner_b);
    covey_diff_fini(&made);
    return status;
}

void covey_diff_fini(covey_diff *diff) {
    covey__free(diff->pairs);
    covey__free(diff->only_a);
    covey__free(diff->only_b);
    covey__free(diff->groups);
    memset(diff, 0, sizeof *diff);
}
