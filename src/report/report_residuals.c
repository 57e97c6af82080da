/* SPDX-License-Identifier: MIT */
/* How far rows are from their centres under each loss, as shares of a histogram: r under radial
 * losses, abs(u) pooled over all coordinates under coordinate losses. */
#include <math.h>
#include <string.h>

#include "report_internal.h"

enum { ROWS_LOOKED_AT = 2000 }; /* for coordinate losses: 512 residuals each */

static void count_radial(covey__residuals *out, const covey_clustering *c) {
    size_t counted = 0;
    for (size_t i = 0; i < c->n; ++i)
        if (c->labels[i] >= 0 && isfinite(c->distance[i]))
            out->top = fmax(out->top, c->distance[i]);
    for (size_t i = 0; out->top > 0 && i < c->n; ++i) {
        if (c->labels[i] < 0 || !isfinite(c->distance[i]))
            continue;
        size_t bin = (size_t)(c->distance[i] / out->top * COVEY__BINS);
        ++out->share[bin < COVEY__BINS ? bin : COVEY__BINS - 1];
        ++counted;
    }
    for (size_t b = 0; counted && b < COVEY__BINS; ++b)
        out->share[b] /= (double)counted;
}

/* Twice over the residuals: for their mean, which sets the range, and for the bins. */
static void count_coordinates(covey__residuals *out, const covey_clustering *c, const float *x,
                              const size_t *rows, size_t n) {
    double sum = 0, counted = 0;
    for (int pass = 0; pass < 2; ++pass) {
        for (size_t i = 0; i < n; ++i) {
            int32_t label = c->labels[rows[i]];
            for (size_t j = 0; label >= 0 && j < c->d; ++j) {
                double u = fabs(x[i * c->d + j] - c->centres[(size_t)label * c->d + j]);
                if (!pass) {
                    sum += u;
                    ++counted;
                } else {
                    double bin = u / out->top * COVEY__BINS;
                    ++out->share[bin < COVEY__BINS ? (size_t)bin : COVEY__BINS - 1];
                }
            }
        }
        if (!pass)
            out->top = counted > 0 ? 5 * sum / counted : 0;
        if (!(out->top > 0))
            return;
    }
    for (size_t b = 0; b < COVEY__BINS; ++b)
        out->share[b] /= counted;
}

/* x [*n][d] <- rows evenly chosen and normalised as they were clustered; left NULL where the run
 * does not hold them so. */
static covey_status look_up_rows(float **x, size_t **rows, size_t *n, const covey__page *page,
                                 covey_error *err) {
    covey_status status = COVEY_OK;
    const covey_run *run = page->run;
    size_t d = run->features.cols;
    covey_normalizer *normalizer = NULL;
    covey_normalize how = COVEY_NORMALIZE_NONE;
    *n = page->n < ROWS_LOOKED_AT ? page->n : ROWS_LOOKED_AT;
    if (!run->features.data || d != page->comparison->d || !run->facts.normalize ||
        covey_normalize_find(&how, run->facts.normalize, NULL) != COVEY_OK)
        goto done;
    *x = covey__alloc_array(*n * d, sizeof **x);
    *rows = covey__alloc_array(*n, sizeof **rows);
    COVEY_NOMEM_IF(!*x || !*rows, err);
    for (size_t i = 0; i < *n; ++i) {
        (*rows)[i] = i * page->n / *n;
        memcpy(*x + i * d, run->features.data + (*rows)[i] * d, d * sizeof **x);
    }
    COVEY_TRY(covey_normalizer_new(&normalizer, run->features.data, run->features.rows, d, how,
                                   err));
    COVEY_TRY(covey_normalizer_apply(normalizer, *x, *x, *n, NULL, err));
done:
    covey_normalizer_free(normalizer);
    return status;
}

covey_status covey__page_measure_residuals(covey__page *page, covey_error *err) {
    covey_status status = COVEY_OK;
    const covey_comparison *comparison = page->comparison;
    float *x = NULL;
    size_t *rows = NULL, n = 0;
    page->residuals = covey__calloc(comparison->n_losses, sizeof *page->residuals);
    COVEY_NOMEM_IF(!page->residuals, err);
    COVEY_TRY(look_up_rows(&x, &rows, &n, page, err));
    for (size_t l = 0; l < comparison->n_losses; ++l) {
        const covey_clustering *c = &comparison->clusterings[l];
        if (c->loss.ops->geometry == COVEY_GEOMETRY_RADIAL || strcmp(c->loss.ops->name, "square") == 0)
            count_radial(&page->residuals[l], c);
        else if (x)
            count_coordinates(&page->residuals[l], c, x, rows, n);
    }
done:
    covey__free(x);
    covey__free(rows);
    return status;
}

/* ---- for the script -------------------------------------------------------------------------- */

static void add_list(covey__page *page, const char *key, const double *values, size_t n) {
    covey__text_addf(&page->text, ",\"%s\":[", key);
    for (size_t i = 0; i < n; ++i) {
        covey__page_add(page, i ? "," : "");
        covey__page_add(page, isfinite(values[i]) ? covey__nine_digits(values[i]).s : "null");
    }
    covey__page_add(page, "]");
}

/* One of rho, psi, weight, in the unit of its largest value on 1 .. CURVE-1: some weights are
 * infinite at 0. */
static void add_curve(covey__page *page, const char *key, const covey_loss *loss,
                      double (*f)(double, const double *), double top) {
    double y[COVEY__CURVE], most = 0;
    for (int i = 0; i < COVEY__CURVE; ++i) {
        y[i] = f(top * i / (COVEY__CURVE - 1), loss->params);
        if (i && isfinite(y[i]))
            most = fmax(most, fabs(y[i]));
    }
    for (int i = 0; i < COVEY__CURVE; ++i)
        y[i] = most > 0 ? fmin(y[i] / most, 1) : 0;
    add_list(page, key, y, COVEY__CURVE);
}

void covey__page_write_residuals(covey__page *page, size_t l) {
    const covey_clustering *c = &page->comparison->clusterings[l];
    const covey__residuals *residuals = page->residuals ? &page->residuals[l] : NULL;
    double scales[COVEY_LOSS_PARAMS];
    size_t n = 0;
    covey__text_addf(&page->text, ",\"radial\":%d",
                     c->loss.ops->geometry == COVEY_GEOMETRY_RADIAL);
    if (!residuals || !(residuals->top > 0))
        return;
    for (size_t p = 0; p < COVEY_LOSS_PARAMS && c->loss.ops->params[p].name; ++p)
        if (c->loss.ops->params[p].constant != 0)
            scales[n++] = c->loss.params[p];
    add_list(page, "top", &residuals->top, 1);
    add_list(page, "share", residuals->share, COVEY__BINS);
    add_list(page, "scales", scales, n);
    covey__page_add(page, ",\"scaleNames\":[");
    for (size_t p = 0, i = 0; p < COVEY_LOSS_PARAMS && c->loss.ops->params[p].name; ++p)
        if (c->loss.ops->params[p].constant != 0) {
            covey__page_add(page, i++ ? "," : "");
            covey__page_json(page, c->loss.ops->params[p].name);
        }
    covey__page_add(page, "]");
    add_curve(page, "rho", &c->loss, c->loss.ops->rho, residuals->top);
    add_curve(page, "psi", &c->loss, c->loss.ops->psi, residuals->top);
    add_curve(page, "curve", &c->loss, c->loss.ops->weight, residuals->top);
}

/* Rounds of every restart: [[objective, ...], [shift, ...]] each, in order of restarts. */
void covey__page_write_history(covey__page *page, size_t l) {
    const covey_clustering *c = &page->comparison->clusterings[l];
    covey__text_addf(&page->text, ",\"restart\":%d,\"history\":[", c->restart);
    for (size_t i = 0, end; i < c->n_history; i = end) {
        for (end = i; end < c->n_history && c->history[end].restart == c->history[i].restart;)
            ++end;
        covey__text_addf(&page->text, "%s{\"restart\":%d", i ? "," : "", c->history[i].restart);
        for (int which = 0; which < 2; ++which) {
            covey__page_add(page, which ? "],\"shift\":[" : ",\"objective\":[");
            for (size_t j = i; j < end; ++j) {
                double v = which ? c->history[j].shift : c->history[j].objective;
                covey__page_add(page, j > i ? "," : "");
                covey__page_add(page, isfinite(v) ? covey__nine_digits(v).s : "null");
            }
        }
        covey__page_add(page, "]}");
    }
    covey__page_add(page, "]");
}

/* The table of k, a list for each measure. */
void covey__page_write_k_table(covey__page *page) {
    const covey_comparison *c = page->comparison;
    double values[64] = {0};
    size_t n = c && c->n_k_table <= 64 ? c->n_k_table : 0;
    covey__text_addf(&page->text, ",\"kChosen\":%zu,\"kTable\":{\"none\":0", c ? c->k_chosen : 0);
#define COLUMN(key, field)                                                                         \
    for (size_t i = 0; i < n; ++i)                                                                 \
        values[i] = (double)c->k_table[i].field;                                                   \
    add_list(page, key, values, n);
    COLUMN("k", k)
    COLUMN("silhouette", silhouette)
    COLUMN("calinski", calinski_harabasz)
    COLUMN("elbow", elbow)
    COLUMN("stability", stability)
#undef COLUMN
    covey__page_add(page, "}");
}
