/* SPDX-License-Identifier: MIT */
/* The tree of covey__sum_tree as a stack. Chunks that are absent add zeros, which changes nothing, so
 * that two neighbours join at the level where their chunk numbers first agree; each joins its left
 * neighbour before anything joins the two at a higher level. */
#include <assert.h>
#include <string.h>

#include "base_internal.h"
#include "ranks_internal.h"
#include "sum_internal.h"

static int bit_length(size_t n) {
    int bits = 0;
    for (; n; n >>= 1)
        ++bits;
    return bits;
}

/* Levels fall strictly along the stack of all chunks; on a rank they rise once and fall once. */
size_t covey__tree_room(size_t chunks, int split) {
    return ((size_t)bit_length(chunks) + 2) * (split ? 2 : 1);
}

void covey__tree_init(covey__tree *tree, double *nodes, size_t width, const covey__share *share) {
    tree->width = width;
    tree->nodes = nodes;
    tree->top = 0;
    tree->first = share ? share->first / COVEY__CHUNK_ROWS : 0;
    tree->end = share && share->end < share->n ? share->end / COVEY__CHUNK_ROWS : SIZE_MAX;
}

/* 1: the last two are neighbours within the chunks of this rank. */
static int can_join(const covey__tree *tree) {
    if (tree->top < 2)
        return 0;
    size_t a = tree->chunk[tree->top - 2];
    int level = bit_length(a ^ tree->chunk[tree->top - 1]);
    size_t base = a >> level << level;
    return base >= tree->first && base + ((size_t)1 << level) <= tree->end;
}

static void join(covey__tree *tree) {
    covey__sum_tree(tree->nodes + (tree->top - 2) * tree->width, 2, tree->width);
    --tree->top;
}

double *covey__tree_next(covey__tree *tree, size_t chunk) {
    const size_t *at = tree->chunk;
    while (can_join(tree) && bit_length(at[tree->top - 2] ^ at[tree->top - 1]) <
                                 bit_length(at[tree->top - 1] ^ chunk))
        join(tree);
    double *node = tree->nodes + tree->top * tree->width;
    memset(node, 0, tree->width * sizeof *node);
    tree->chunk[tree->top++] = chunk;
    return node;
}

/* What ranks send: how many subtrees, and each behind its chunk's number. The first `slots` of them
 * travel with the count, so that one message does where sums are short. */
enum { SLOT_NUMBERS = 2048 };

typedef struct parcel {
    size_t record, slots, count; /* numbers per subtree, ... */
    size_t *bytes, *offsets;     /* [ranks] */
    double *heads;               /* [ranks][1 + slots * record]: the count comes first */
    double *rest;                /* what did not fit, rank by rank */
} parcel;

static void put_records(double *to, const covey__tree *tree, size_t from, size_t end) {
    for (size_t i = from; i < end; ++i, to += tree->width + 1) {
        to[0] = (double)tree->chunk[i];
        memcpy(to + 1, tree->nodes + i * tree->width, tree->width * sizeof *to);
    }
}

static covey_status exchange(parcel *p, const covey__tree *tree, const covey__ranks *ranks) {
    covey_status status = COVEY_OK;
    size_t head = 1 + p->slots * p->record, left = 0;
    double *own = p->heads + (size_t)ranks->rank * head;
    for (size_t r = 0; r < p->count; ++r) {
        p->bytes[r] = head * sizeof *own;
        p->offsets[r] = r * head * sizeof *own;
    }
    own[0] = (double)tree->top;
    put_records(own + 1, tree, 0, tree->top < p->slots ? tree->top : p->slots);
    ranks->gather(p->heads, p->bytes, p->offsets);
    for (size_t r = 0; r < p->count; ++r) {
        size_t top = (size_t)p->heads[r * head], more = top > p->slots ? top - p->slots : 0;
        p->offsets[r] = left * sizeof *own;
        p->bytes[r] = more * p->record * sizeof *own;
        left += more * p->record;
    }
    if (!left)
        return COVEY_OK;
    p->rest = covey__alloc_array(left, sizeof *p->rest);
    COVEY_NOMEM_IF(!p->rest, NULL);
    put_records(p->rest + p->offsets[ranks->rank] / sizeof *own, tree, p->slots, tree->top);
    ranks->gather(p->rest, p->bytes, p->offsets);
done:
    return status;
}

/* All ranks' subtrees become one stack. */
static covey_status join_ranks(covey__tree *tree, const covey__share *share) {
    covey_status status = COVEY_OK;
    parcel p = {.record = tree->width + 1, .count = (size_t)share->ranks->count};
    p.slots = SLOT_NUMBERS / p.record < 1 ? 1 : SLOT_NUMBERS / p.record;
    p.slots = p.slots > 4 ? 4 : p.slots;
    size_t head = 1 + p.slots * p.record;
    p.bytes = covey__calloc(p.count, sizeof *p.bytes);
    p.offsets = covey__calloc(p.count, sizeof *p.offsets);
    p.heads = covey__calloc(p.count * head, sizeof *p.heads);
    COVEY_NOMEM_IF(!p.bytes || !p.offsets || !p.heads, NULL);
    COVEY_TRY(exchange(&p, tree, share->ranks));
    covey__tree_init(tree, tree->nodes, tree->width, NULL);
    const double *rest = p.rest;
    for (size_t r = 0; r < p.count; ++r) {
        const double *from = p.heads + r * head;
        size_t top = (size_t)*from++;
        for (size_t i = 0; i < top; ++i) {
            const double *record = i < p.slots ? from + i * p.record : rest;
            assert(record);
            rest += i < p.slots ? 0 : p.record;
            memcpy(covey__tree_next(tree, (size_t)record[0]), record + 1,
                   tree->width * sizeof *record);
        }
    }
done:
    covey__free(p.bytes);
    covey__free(p.offsets);
    covey__free(p.heads);
    covey__free(p.rest);
    return status;
}

covey_status covey__tree_total(covey__tree *tree, const covey__share *share) {
    covey_status status = COVEY_OK;
    while (can_join(tree))
        join(tree);
    if (share && share->ranks->count > 1)
        status = join_ranks(tree, share);
    if (status == COVEY_OK && !tree->top)
        memset(tree->nodes, 0, tree->width * sizeof *tree->nodes);
    while (status == COVEY_OK && tree->top >= 2)
        join(tree);
    return status;
}
