/* SPDX-License-Identifier: MIT */
/* Which photos stand for a cluster under how many losses and seeds; which photos change sides. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base_internal.h"
#include "compare_internal.h"

/* The panel's row that a loss with these parameters equals, up to a constant factor or the unit of
 * the objective; its own name where there is none. docs/maths/comparison.md, section 3. */
static const char *equal_row(const covey_loss *loss) {
    static const struct {
        const char *name;
        double param;
        const char *equals;
    } equal[] = {{"quantile", 0.5, "absolute"},  {"barron", 2, "square"},
                 {"barron", 1, "pseudo_huber_radial"}, {"barron", 0, "cauchy"},
                 {"barron", -2, "geman_mcclure"}, {"barron", -INFINITY, "correntropy"},
                 {"lp", 1, "absolute"},          {"lp", 2, "square"},
                 {"trimmed", 0, "square"}};
    int ours = 0; /* a user's own loss may have any name */
    for (size_t i = 0; i < covey_loss_count() && !ours; ++i)
        ours = covey_loss_get(i) == loss->ops;
    for (size_t i = 0; ours && i < sizeof equal / sizeof *equal; ++i)
        if (!strcmp(loss->ops->name, equal[i].name) && loss->params[0] == equal[i].param)
            return equal[i].equals;
    return loss->ops->name;
}

static int is_member(const char *name, const covey_loss_ops *ops) {
    for (size_t i = 0; i < covey_loss_count(); ++i)
        if (!strcmp(covey_loss_get(i)->name, name))
            return (covey_loss_get(i)->traits & COVEY_LOSS_PANEL) != 0;
    return (ops->traits & COVEY_LOSS_PANEL) != 0;
}

/* One vote per row of the panel: the row itself has it if it is listed, else the first equal. */
void covey__choose_panel(covey_comparison *out) {
    out->panel_size = 0;
    for (size_t l = 0; l < out->n_losses; ++l) {
        const covey_loss *loss = &out->clusterings[l].loss;
        const char *row = equal_row(loss);
        int itself = !strcmp(row, loss->ops->name);
        out->in_panel[l] = is_member(row, loss->ops);
        for (size_t m = 0; m < out->n_losses && out->in_panel[l]; ++m) {
            const covey_loss *other = &out->clusterings[m].loss;
            int other_itself = !strcmp(equal_row(other), other->ops->name);
            if (m == l || strcmp(equal_row(other), row) != 0)
                continue;
            if (other_itself > itself || (other_itself == itself && m < l))
                out->in_panel[l] = 0;
        }
        out->panel_size += out->in_panel[l];
    }
}

static int compare_votes(const void *left, const void *right) {
    const covey_vote *l = left, *r = right;
    if (l->cluster != r->cluster)
        return l->cluster < r->cluster ? -1 : 1;
    if (l->losses != r->losses)
        return l->losses > r->losses ? -1 : 1;
    return (l->row > r->row) - (l->row < r->row);
}

/* The vote of (cluster, row), made if there is none. */
static covey_vote *find_vote(covey_vote *votes, size_t *count, int64_t row, int32_t cluster) {
    for (size_t i = 0; i < *count; ++i)
        if (votes[i].row == row && votes[i].cluster == cluster)
            return votes + i;
    votes[*count] = (covey_vote){.row = row, .cluster = cluster};
    return votes + (*count)++;
}

static covey_status collect_votes(covey_comparison *out, const covey__seed_run *seeds,
                                  size_t n_seeds, covey_error *err) {
    covey_status status = COVEY_OK;
    size_t count = 0;
    covey_vote *votes = covey__calloc(out->n_losses * out->k_all, sizeof *votes);
    COVEY_NOMEM_IF(!votes, err);
    for (size_t j = 0; j < out->k_all; ++j) {
        covey_vote *mine = votes + count; /* searched per cluster, so that the search stays short */
        size_t n_mine = 0;
        for (size_t l = 0; l < out->n_losses; ++l) {
            const covey_clustering *c = out->clusterings + l;
            if (j < c->k && c->representatives[j] >= 0)
                find_vote(mine, &n_mine, c->representatives[j], (int32_t)j)->losses +=
                    out->in_panel[l];
        }
        for (size_t v = 0; v < n_mine; ++v)
            for (size_t s = 0; s < n_seeds; ++s)
                mine[v].seeds += j < seeds[s].k && seeds[s].representatives[j] == mine[v].row;
        count += n_mine;
    }
    qsort(votes, count, sizeof *votes, compare_votes);
    out->votes = votes;
    out->n_votes = count;
    votes = NULL;
done:
    covey__free(votes);
    return status;
}

/* The partitions that have a say: panel losses, then seeds; the first seed is the reference's own
 * run and so already counted. */
static covey_status list_partitions(const int32_t ***out, size_t *count,
                                    const covey_comparison *comparison,
                                    const covey__seed_run *seeds, size_t n_seeds,
                                    covey_error *err) {
    covey_status status = COVEY_OK;
    const int32_t **list = covey__alloc_array(comparison->n_losses + n_seeds, sizeof *list);
    COVEY_NOMEM_IF(!list, err);
    *count = 0;
    for (size_t l = 0; l < comparison->n_losses; ++l)
        if (comparison->in_panel[l] || !l)
            list[(*count)++] = comparison->clusterings[l].nearest;
    for (size_t s = 1; s < n_seeds; ++s)
        list[(*count)++] = seeds[s].labels;
    *out = list;
done:
    return status;
}

/* One more than the largest number in use, which a seed may have beyond those of the losses. */
static size_t count_numbers(const int32_t *const *partitions, size_t count, size_t n, size_t k) {
    for (size_t p = 0; p < count; ++p)
        for (size_t i = 0; i < n; ++i)
            k = (size_t)partitions[p][i] + 1 > k ? (size_t)partitions[p][i] + 1 : k;
    return k;
}

static covey_status set_disagreement(covey_comparison *out, const int32_t *const *partitions,
                                     size_t count, size_t k, covey_error *err) {
    covey_status status = COVEY_OK;
    int *votes = covey__calloc(k, sizeof *votes);
    COVEY_NOMEM_IF(!votes, err);
    for (size_t i = 0; i < out->n; ++i) {
        int most = 0;
        for (size_t p = 0; p < count; ++p) {
            int now = ++votes[partitions[p][i]];
            most = now > most ? now : most;
        }
        for (size_t p = 0; p < count; ++p)
            votes[partitions[p][i]] = 0;
        out->disagreement[i] = (double)((int)count - most) / (double)count;
    }
done:
    covey__free(votes);
    return status;
}

/* Jaccard overlap |A and B| / |A or B| of equally numbered clusters [Hennig2007]. */
static covey_status set_stability(covey_comparison *out, const int32_t *const *partitions,
                                  size_t count, size_t k, covey_error *err) {
    covey_status status = COVEY_OK;
    size_t *both = covey__calloc(3 * k, sizeof *both);
    COVEY_NOMEM_IF(!both, err);
    size_t *in_first = both + k, *in_other = both + 2 * k;
    for (size_t j = 0; j < out->k_all; ++j)
        out->stability[j] = count > 1 ? 0 : 1;
    for (size_t p = 1; p < count; ++p) {
        memset(both, 0, 3 * k * sizeof *both);
        for (size_t i = 0; i < out->n; ++i) {
            int32_t a = partitions[0][i], b = partitions[p][i];
            ++in_first[a];
            ++in_other[b];
            both[a] += a == b;
        }
        for (size_t j = 0; j < out->k_all; ++j) {
            size_t either = in_first[j] + in_other[j] - both[j];
            if (either)
                out->stability[j] += (double)both[j] / (double)either / (double)(count - 1);
        }
    }
done:
    covey__free(both);
    return status;
}

covey_status covey__count_votes(covey_comparison *out, const covey__seed_run *seeds,
                                size_t n_seeds, covey_error *err) {
    covey_status status = COVEY_OK;
    const int32_t **partitions = NULL;
    size_t count = 0;
    COVEY_TRY(collect_votes(out, seeds, n_seeds, err));
    COVEY_TRY(list_partitions(&partitions, &count, out, seeds, n_seeds, err));
    size_t k = count_numbers(partitions, count, out->n, out->k_all);
    COVEY_TRY(set_disagreement(out, partitions, count, k, err));
    COVEY_TRY(set_stability(out, partitions, count, k, err));
done:
    covey__free(partitions);
    return status;
}
