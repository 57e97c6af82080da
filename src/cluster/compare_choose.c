/* SPDX-License-Identifier: MIT */
/* How many groups: four measures per k, laid side by side, and a recommendation that may be that
 * there is no clear k. docs/maths/choosing-k.md gives the formulas and the rule. */
#include <math.h>
#include <string.h>

#include "base_internal.h"
#include "compare_internal.h"
#include "random_internal.h"

enum {
    FIT_RESTARTS = 3,    /* a rough fit per k is enough to rank them */
    FIT_ROWS = 20000,    /* more rows are sampled: the ranking has long settled */
    SAMPLES = 5,         /* of which each pair is compared */
    SAMPLE_RESTARTS = 2,
    SAMPLE_ROWS = 2000
};
static const double SAMPLE_SHARE = 0.8; /* of the rows, so that two samples share some 64 % */

/* Below this a row is on average hardly nearer to its own group than to the next: no structure
 * worth the name (0.25 and less is none for the full silhouette [KaufmanRousseeuw1990]; the
 * simplified form in 512 dimensions runs lower). */
static const double CLEAR_SILHOUETTE = 0.1;
/* Samples that share two thirds of their rows ought to find the same groups. */
static const double CLEAR_STABILITY = 0.6;

/* ---- samples -------------------------------------------------------------------------------- */

typedef struct sample {
    float *x;      /* [m][d] */
    uint32_t *rows; /* [m], ascending */
    size_t m;
    covey__data data;
} sample;

static void sample_fini(sample *s) {
    covey__data_fini(&s->data);
    covey__free(s->x);
    covey__free(s->rows);
    memset(s, 0, sizeof *s);
}

/* A sample is small: every rank has all of it. */
static covey_status copy_rows(sample *s, const covey__data *data, covey_error *err) {
    enum { STEP = 256 };
    covey_status status = COVEY_OK;
    int64_t list[STEP];
    for (size_t at = 0; at < s->m; at += STEP) {
        size_t count = s->m - at < STEP ? s->m - at : STEP;
        for (size_t i = 0; i < count; ++i)
            list[i] = s->rows[at + i];
        COVEY_TRY(covey__data_fetch(data, list, count, err));
        for (size_t i = 0; i < count; ++i)
            memcpy(s->x + (at + i) * data->d, data->x + (size_t)list[i] * data->d,
                   data->d * sizeof *s->x);
    }
done:
    return status;
}

/* m rows of `data` without replacement, each set equally likely: a row is taken with probability
 * (still wanted) / (still to come). */
static covey_status sample_init(sample *s, const covey__data *data, size_t m, size_t number,
                                const covey_cluster_params *params, covey_error *err) {
    covey_status status = COVEY_OK;
    size_t cells = 0, taken = 0;
    COVEY_NOMEM_IF(covey__mul_size(&cells, m, data->d), err);
    s->x = covey__alloc_array(cells, sizeof *s->x);
    s->rows = covey__alloc_array(m, sizeof *s->rows);
    COVEY_NOMEM_IF(!s->x || !s->rows, err);
    s->m = m;
    for (size_t i = 0; i < data->n && taken < m; ++i) {
        double u = covey__uniform(params->seed, COVEY__PURPOSE_RESAMPLE, number, i);
        if (u * (double)(data->n - i) >= (double)(m - taken))
            continue;
        s->rows[taken++] = (uint32_t)i;
    }
    COVEY_TRY(copy_rows(s, data, err));
    COVEY_TRY(covey__data_init(&s->data, s->x, m, data->d, params->threads, err));
done:
    return status;
}

/* ---- fits ------------------------------------------------------------------------------------ */

static covey_status fit_k(covey__fit *fit, const covey__data *data, const covey_loss *loss,
                          const covey_cluster_params *params, size_t k, int restarts,
                          covey_error *err) {
    covey_status status = COVEY_OK;
    covey__history history = {0};
    covey_cluster_params rough = *params;
    int64_t *starts = NULL;
    rough.k = k;
    rough.restarts = restarts < rough.restarts ? restarts : rough.restarts;
    if (rough.start == COVEY_START_CENTRES)
        rough.start = COVEY_START_KMEANSPP;
    starts = covey__alloc_array((size_t)rough.restarts * k, sizeof *starts);
    COVEY_NOMEM_IF(!starts, err);
    COVEY_TRY(covey__start_rows(starts, data, data, loss, &rough, COVEY__PURPOSE_START, err));
    COVEY_TRY(covey__fit_best(fit, &history, data, loss, &rough, starts, rough.restarts, err));
done:
    covey__free(history.rounds);
    covey__free(starts);
    return status;
}

/* Everything but stability. */
static covey_status measure_fits(covey_k_row *table, size_t count, const covey__data *data,
                                 const covey_loss *loss, const covey_cluster_params *params,
                                 covey_error *err) {
    covey_status status = COVEY_OK;
    covey__fit fit = {0};
    double n = (double)data->n;
    for (size_t i = 0; i < count; ++i) {
        covey_k_row *row = &table[i];
        double within = 0, k = (double)row->k;
        COVEY_TRY(fit_k(&fit, data, loss, params, row->k, FIT_RESTARTS, err));
        covey__place_trimmed(fit.labels, data, loss, fit.centres, fit.k);
        COVEY_TRY(covey__yardsticks(&row->silhouette, &within, NULL, data, fit.labels, fit.k,
                                    err));
        row->objective = fit.objective;
        row->calinski_harabasz = row->k > 1 && row->k < data->n && within > 0
                                     ? (data->spread - within) / (k - 1) / (within / (n - k))
                                     : NAN;
        covey__fit_fini(&fit);
    }
    for (size_t i = 1; i + 1 < count; ++i) {
        double before = table[i - 1].objective, now = table[i].objective;
        double after = table[i + 1].objective;
        if (before > 0 && now > 0 && after > 0)
            table[i].elbow = log(before) - 2 * log(now) + log(after);
    }
done:
    covey__fit_fini(&fit);
    return status;
}

/* ---- stability ------------------------------------------------------------------------------- */

/* ARI over the rows that both samples have; pair [2][m] is scratch. -1: they share none. */
static covey_status compare_samples(double *ari, const sample *a, const int32_t *labels_a,
                                    const sample *b, const int32_t *labels_b, int32_t *pair) {
    size_t shared = 0;
    for (size_t i = 0, j = 0; i < a->m && j < b->m;) {
        if (a->rows[i] == b->rows[j]) {
            pair[shared] = labels_a[i];
            pair[a->m + shared++] = labels_b[j];
        }
        uint32_t x = a->rows[i], y = b->rows[j];
        i += x <= y;
        j += y <= x;
    }
    *ari = -1;
    return shared ? covey_agreement_compute(ari, NULL, NULL, pair, pair + a->m, shared)
                  : COVEY_OK;
}

static covey_status measure_stability(covey_k_row *row, const sample *samples,
                                      const covey_loss *loss, const covey_cluster_params *params,
                                      int32_t *labels, int32_t *pair, covey_error *err) {
    covey_status status = COVEY_OK;
    covey__fit fit = {0};
    size_t m = samples[0].m, pairs = 0;
    double sum = 0;
    row->stability = NAN;
    if (row->k < 2 || 2 * row->k > m)
        return COVEY_OK; /* one group is always the same, and nearly single rows never are */
    for (size_t s = 0; s < SAMPLES; ++s) {
        if (covey__data_check_distinct(&samples[s].data, row->k, NULL) != COVEY_OK)
            goto done;
        COVEY_TRY(fit_k(&fit, &samples[s].data, loss, params, row->k, SAMPLE_RESTARTS, err));
        memcpy(labels + s * m, fit.labels, m * sizeof *labels);
        covey__fit_fini(&fit);
    }
    for (size_t a = 0; a < SAMPLES; ++a)
        for (size_t b = a + 1; b < SAMPLES; ++b) {
            double ari;
            COVEY_TRY(compare_samples(&ari, &samples[a], labels + a * m, &samples[b],
                                      labels + b * m, pair));
            if (ari < -0.5)
                continue;
            sum += ari;
            ++pairs;
        }
    if (pairs)
        row->stability = sum / (double)pairs;
done:
    covey__fit_fini(&fit);
    return status;
}

static covey_status measure_all_stability(covey_k_row *table, size_t count,
                                          const covey__data *data, const covey_loss *loss,
                                          const covey_cluster_params *params, covey_error *err) {
    covey_status status = COVEY_OK;
    sample samples[SAMPLES];
    size_t m = (size_t)(SAMPLE_SHARE * (double)data->n + 0.5);
    m = m > SAMPLE_ROWS ? SAMPLE_ROWS : m < 1 ? 1 : m;
    memset(samples, 0, sizeof samples);
    int32_t *labels = covey__alloc_array((size_t)SAMPLES * m, sizeof *labels);
    int32_t *pair = covey__alloc_array(2 * m, sizeof *pair);
    COVEY_NOMEM_IF(!labels || !pair, err);
    for (size_t s = 0; s < SAMPLES; ++s)
        COVEY_TRY(sample_init(&samples[s], data, m, s + 1, params, err));
    for (size_t i = 0; i < count; ++i)
        COVEY_TRY(measure_stability(&table[i], samples, loss, params, labels, pair, err));
done:
    for (size_t s = 0; s < SAMPLES; ++s)
        sample_fini(&samples[s]);
    covey__free(labels);
    covey__free(pair);
    return status;
}

/* ---- the recommendation ------------------------------------------------------------------------ */

static double silhouette_at(const covey_k_row *row) { return row->silhouette; }
static double ratio_at(const covey_k_row *row) { return row->calinski_harabasz; }
static double elbow_at(const covey_k_row *row) { return row->elbow; }
static double stability_at(const covey_k_row *row) { return row->stability; }

/* Index of the largest value, ties to the smaller k; `count` if all are NaN. */
static size_t best_of(const covey_k_row *table, size_t count, double (*value)(const covey_k_row *)) {
    size_t best = count;
    for (size_t i = 0; i < count; ++i)
        if (!isnan(value(&table[i])) && (best == count || value(&table[i]) > value(&table[best])))
            best = i;
    return best;
}

covey_k_why covey_comparison_why_k(const covey_comparison *comparison) {
    const covey_k_row *table = comparison->k_table;
    size_t count = comparison->n_k_table, best = best_of(table, count, silhouette_at);
    covey_k_why why = {.least = CLEAR_SILHOUETTE};
    if (best == count) /* no table */
        return why;
    why.low = table[0].k;
    why.high = table[count - 1].k;
    why.silhouette = table[best].silhouette;
    why.stability = table[best].stability;
    why.agree += best_of(table, count, ratio_at) == best;
    why.agree += best_of(table, count, elbow_at) == best;
    why.agree += best_of(table, count, stability_at) == best;
    if (count == 1)
        why.verdict = COVEY_K_ONLY;
    else if (why.silhouette < CLEAR_SILHOUETTE)
        why.verdict = COVEY_K_FLAT;
    else if (table[best].k == why.high && count > 2)
        why.verdict = COVEY_K_END;
    else if (why.stability < CLEAR_STABILITY)
        why.verdict = COVEY_K_UNSTABLE;
    else if (!why.agree && count > 2)
        why.verdict = COVEY_K_ALONE;
    else
        why.verdict = COVEY_K_CLEAR;
    return why;
}

static void recommend(covey_comparison *out) {
    covey_k_why why = covey_comparison_why_k(out);
    size_t best = best_of(out->k_table, out->n_k_table, silhouette_at), k = out->k_table[best].k;
    char *reason = out->k_reason;
    out->k_chosen = k;
    out->k_clear = why.verdict == COVEY_K_ONLY || why.verdict == COVEY_K_CLEAR;
    switch (why.verdict) {
    case COVEY_K_GIVEN:
        break;
    case COVEY_K_ONLY:
        snprintf(reason, 256, "k = %zu is the only number in the range", k);
        break;
    case COVEY_K_FLAT:
        snprintf(reason, 256,
                 "there is no clear k: the mean silhouette stays below %.2f for every k in "
                 "%zu..%zu; k = %zu has the highest (%.3f)",
                 why.least, why.low, why.high, k, why.silhouette);
        break;
    case COVEY_K_END:
        snprintf(reason, 256,
                 "there is no clear k: the mean silhouette is highest at the end of the range "
                 "%zu..%zu (%.3f at k = %zu) and may rise further",
                 why.low, why.high, why.silhouette, k);
        break;
    case COVEY_K_UNSTABLE:
        snprintf(reason, 256,
                 "there is no clear k: k = %zu has the highest mean silhouette (%.3f), but samples "
                 "of the rows do not agree on its groups (mean ARI %.2f)",
                 k, why.silhouette, why.stability);
        break;
    case COVEY_K_ALONE:
        snprintf(reason, 256,
                 "there is no clear k: k = %zu has the highest mean silhouette (%.3f), but neither "
                 "variance ratio nor elbow nor stability names it",
                 k, why.silhouette);
        break;
    case COVEY_K_CLEAR:
        snprintf(reason, 256,
                 "k = %zu has the highest mean silhouette of k = %zu..%zu (%.3f); %zu of the 3 other "
                 "measures name it too",
                 k, why.low, why.high, why.silhouette, why.agree);
        break;
    }
}

covey_status covey__choose_k(covey_comparison *out, const covey__data *data,
                             const covey_loss *loss, size_t k_low, size_t k_high,
                             const covey_cluster_params *params, covey_error *err) {
    covey_status status = COVEY_OK;
    sample part = {0};
    const covey__data *used = data;
    size_t count = k_high - k_low + 1;
    covey_k_row *table = covey__calloc(count, sizeof *table);
    COVEY_NOMEM_IF(!table, err);
    for (size_t i = 0; i < count; ++i)
        table[i] = (covey_k_row){.k = k_low + i, .elbow = NAN, .stability = NAN};
    if (data->n > FIT_ROWS && 2 * k_high <= FIT_ROWS) {
        COVEY_TRY(sample_init(&part, data, FIT_ROWS, 0, params, err));
        if (covey__data_check_distinct(&part.data, k_high, NULL) == COVEY_OK)
            used = &part.data;
    }
    COVEY_TRY(measure_fits(table, count, used, loss, params, err));
    if (count > 1)
        COVEY_TRY(measure_all_stability(table, count, data, loss, params, err));
    out->k_table = table;
    out->n_k_table = count;
    table = NULL;
    recommend(out);
done:
    sample_fini(&part);
    covey__free(table);
    return status;
}
