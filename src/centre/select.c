/* SPDX-License-Identifier: MIT */
/* Order statistics of many columns at once.
 *
 * Float32 numbers become integers of the same order. Each column keeps a bracket [low, high] of
 * keys that occur in it, with the number of keys below and up to it, and 16 columns are narrowed by
 * one pass over the rows: keys up to a pivot are counted, and the keys next to the pivot on either
 * side are found, so that the bracket always ends on the data's own keys and closes in about log2 m
 * passes whatever the keys' range. Pivots come from the guess, then from interpolating the counts,
 * every third from the middle, which bounds the passes. Selecting by exchanges does less work, but
 * mispredicts every other branch and fits no register.
 *
 * Ranks narrow the same brackets: counts add up, and of the neighbours of a pivot the nearest of all
 * ranks count. They do so for as many columns per message as BATCH_CELLS keys hold. */
#include "select_internal.h"

#include <math.h>
#include <string.h>

#include "covey/cpu.h"

enum { COLUMNS = COVEY__SELECT_COLUMNS, MOST_PANELS = 64 };
static const size_t BATCH_CELLS = (size_t)1 << 24;

const covey__select_passes *covey__select_get(void) {
    covey_isa isa = COVEY_ISA_SCALAR;
    if (covey_isa_in_use(&isa, NULL) != COVEY_OK)
        isa = covey_isa_machine(); /* a misspelt COVEY_ISA is reported where a status can be */
#if defined(__x86_64__)
    if (covey_isa_has(isa, COVEY_ISA_AVX512))
        return &covey__select_avx512;
    if (covey_isa_has(isa, COVEY_ISA_AVX2))
        return &covey__select_avx2;
#elif defined(__aarch64__)
    if (covey_isa_has(isa, COVEY_ISA_NEON))
        return &covey__select_neon;
#endif
    return &covey__select_scalar;
}

static int32_t key_of(float value) {
    int32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits ^ ((bits >> 31) & INT32_MAX);
}

static double value_of(int32_t key) {
    int32_t bits = key ^ ((key >> 31) & INT32_MAX);
    float value;
    memcpy(&value, &bits, sizeof value);
    return (double)value + 0.0; /* -0 becomes 0 */
}

/* ---- which rows ------------------------------------------------------------------------------ */

/* Entries first .. end-1 are here. */
static void own_entries(size_t *first, size_t *end, const covey__selection *s) {
    *first = 0;
    *end = s->m;
    if (!s->share || s->share->ranks->count == 1)
        return;
    for (int side = 0; side < 2; ++side) {
        size_t low = 0, high = s->m, row = side ? s->share->end : s->share->first;
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            if ((s->rows ? s->rows[middle] : middle) < row)
                low = middle + 1;
            else
                high = middle;
        }
        *(side ? end : first) = low;
    }
}

/* Panels of 16 columns that are narrowed together: one where nothing is sent. */
static size_t batch_of(const covey__selection *s) {
    size_t panels = (s->d + COLUMNS - 1) / COLUMNS;
    if (!s->share || s->share->ranks->count == 1)
        return 1;
    /* The same on all ranks, whatever they own. */
    size_t share = (s->m / (size_t)s->share->ranks->count + 1) * COLUMNS;
    size_t batch = BATCH_CELLS / share < 1 ? 1 : BATCH_CELLS / share;
    batch = batch > MOST_PANELS ? MOST_PANELS : batch;
    return batch < panels ? batch : panels;
}

size_t covey__select_cells(const covey__selection *s) {
    size_t first, end;
    own_entries(&first, &end, s);
    return (end - first) * COLUMNS * batch_of(s);
}

/* ---- narrowing ------------------------------------------------------------------------------ */

typedef struct bracket {
    int32_t low[COLUMNS], high[COLUMNS];   /* the answer lies in low .. high */
    int32_t below[COLUMNS], upto[COLUMNS]; /* keys < low, keys <= high */
    int32_t pivot[COLUMNS], count[COLUMNS], before[COLUMNS], after[COLUMNS];
} bracket;

typedef struct narrowing {
    const covey__selection *of;
    const covey__select_passes *passes;
    bracket *brackets; /* [panels] */
    int32_t *keys;     /* [panels][own][16] */
    const uint32_t *rows;
    const float *x;
    size_t own, first, panels; /* entries here; the first column */
} narrowing;

/* `least` and `most` of all ranks, `sum` their sum; each panel by panel, NULL: not wanted. */
static void across_ranks(const narrowing *w, size_t sum, size_t least, size_t most) {
    const covey__share *share = w->of->share;
    const size_t offsets[] = {sum, least, most};
    static const covey__reduction how[] = {COVEY__SUM, COVEY__LEAST, COVEY__MOST};
    int64_t numbers[MOST_PANELS * COLUMNS];
    if (!share || share->ranks->count == 1)
        return;
    for (int r = 0; r < 3; ++r) {
        if (offsets[r] == SIZE_MAX)
            continue;
        for (size_t i = 0; i < w->panels * COLUMNS; ++i)
            numbers[i] = ((int32_t *)(void *)((char *)&w->brackets[i / COLUMNS] +
                                              offsets[r]))[i % COLUMNS];
        share->ranks->reduce(numbers, w->panels * COLUMNS, how[r]);
        for (size_t i = 0; i < w->panels * COLUMNS; ++i)
            ((int32_t *)(void *)((char *)&w->brackets[i / COLUMNS] + offsets[r]))[i % COLUMNS] =
                (int32_t)numbers[i];
    }
}

static size_t columns_of(const narrowing *w, size_t panel) {
    size_t left = w->of->d - w->first - panel * COLUMNS;
    return left < COLUMNS ? left : COLUMNS;
}

static void gather(narrowing *w) {
    for (size_t p = 0; p < w->panels; ++p) {
        bracket *b = &w->brackets[p];
        w->passes->gather(b->low, b->high, w->keys + p * w->own * COLUMNS,
                          w->x + w->first + p * COLUMNS, w->rows, w->own, w->of->d,
                          columns_of(w, p));
        for (int j = 0; j < COLUMNS; ++j) {
            b->below[j] = 0;
            b->upto[j] = (int32_t)w->of->m;
        }
    }
    across_ranks(w, SIZE_MAX, offsetof(bracket, low), offsetof(bracket, high));
}

/* count, before and after of each pivot. */
static void pass(narrowing *w) {
    for (size_t p = 0; p < w->panels; ++p) {
        bracket *b = &w->brackets[p];
        w->passes->pass(b->count, b->before, b->after, w->keys + p * w->own * COLUMNS, w->own,
                        b->pivot);
        for (int j = 0; j < COLUMNS; ++j) { /* nothing here is no neighbour */
            b->before[j] = b->count[j] ? b->before[j] : INT32_MIN;
            b->after[j] = (size_t)b->count[j] < w->own ? b->after[j] : INT32_MAX;
        }
    }
    across_ranks(w, offsetof(bracket, count), offsetof(bracket, after),
                 offsetof(bracket, before));
}

/* Where to cut an open bracket: in [low, high - 1]. */
static int32_t choose_pivot(const bracket *b, size_t j, int32_t rank, int turn) {
    int64_t low = b->low[j], high = b->high[j];
    if (turn % 3 == 2)
        return (int32_t)(low + (high - low) / 2);
    double share = ((double)(rank - b->below[j]) + 0.5) / (double)(b->upto[j] - b->below[j]);
    int64_t pivot = low + (int64_t)(share * (double)(high - low));
    return (int32_t)(pivot < high ? pivot : high - 1);
}

/* Pivots of the brackets that are open; 0 if none is. */
static int set_pivots(narrowing *w, int turn) {
    int open = 0;
    for (size_t p = 0; p < w->panels; ++p) {
        bracket *b = &w->brackets[p];
        size_t columns = columns_of(w, p);
        const double *guess = w->of->guess ? w->of->guess + w->first + p * COLUMNS : NULL;
        for (size_t j = 0; j < COLUMNS; ++j) {
            b->pivot[j] = b->low[j];
            if (b->low[j] >= b->high[j])
                continue;
            open = 1;
            int32_t first = turn < 0 && j < columns ? key_of((float)guess[j]) : b->high[j];
            b->pivot[j] = first >= b->low[j] && first < b->high[j]
                              ? first
                              : choose_pivot(b, j, (int32_t)w->of->rank, turn);
        }
    }
    return open;
}

static void narrow(narrowing *w) {
    int32_t rank = (int32_t)w->of->rank;
    for (int turn = w->of->guess ? -1 : 0; set_pivots(w, turn); ++turn) {
        pass(w);
        for (size_t p = 0; p < w->panels; ++p)
            for (int j = 0; j < COLUMNS; ++j) {
                bracket *b = &w->brackets[p];
                if (b->low[j] >= b->high[j])
                    continue;
                if (b->count[j] > rank) {
                    b->high[j] = b->before[j];
                    b->upto[j] = b->count[j];
                } else {
                    b->low[j] = b->after[j];
                    b->below[j] = b->count[j];
                }
            }
    }
}

static void answer(narrowing *w, double *out) {
    size_t rank = w->of->rank;
    for (size_t p = 0; p < w->panels; ++p)
        memcpy(w->brackets[p].pivot, w->brackets[p].low, sizeof w->brackets[p].pivot);
    if (w->of->pair) /* the next rank's: the same key again, or the least beyond */
        pass(w);
    for (size_t p = 0; p < w->panels; ++p) {
        const bracket *b = &w->brackets[p];
        double *to = out + w->first + p * COLUMNS;
        for (size_t j = 0; j < columns_of(w, p); ++j)
            to[j] = !w->of->pair ? value_of(b->low[j])
                                 : (value_of(b->low[j]) +
                                    value_of((size_t)b->count[j] > rank + 1 ? b->low[j]
                                                                            : b->after[j])) /
                                       2;
    }
}

void covey__select_all(double *out, int32_t *keys, const covey__selection *selection) {
    bracket brackets[MOST_PANELS];
    size_t first, end, panels = (selection->d + COLUMNS - 1) / COLUMNS;
    own_entries(&first, &end, selection);
    size_t batch = batch_of(selection);
    narrowing w = {.of = selection, .passes = selection->passes, .brackets = brackets,
                   .keys = keys, .own = end - first};
    if (!w.passes)
        w.passes = covey__select_get();
    w.rows = selection->rows ? selection->rows + first : NULL;
    w.x = selection->rows ? selection->x : selection->x + first * selection->d;
    for (size_t panel = 0; panel < panels; panel += batch) {
        w.first = panel * COLUMNS;
        w.panels = panels - panel < batch ? panels - panel : batch;
        gather(&w);
        narrow(&w);
        answer(&w, out);
    }
}

size_t covey__quantile_rank(double tau, size_t m) {
    double wanted = tau * (double)m;
    size_t rank = (size_t)wanted;
    if (rank >= m)
        rank = m - 1;
    while (rank > 0 && (double)rank >= wanted)
        --rank;
    while (rank + 1 < m && (double)(rank + 1) < wanted)
        ++rank;
    return rank;
}
