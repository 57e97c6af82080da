/* SPDX-License-Identifier: MIT */
/* The landscape of one centre problem under every loss: the largest group, its total loss over the
 * plane along which it varies most, and the ways of solvers on it. */
#include <math.h>
#include <string.h>

#include "covey/landscape.h"
#include "report_internal.h"

enum { SIDE = 41, STARTS = 4, STEPS = 80, MOST_ROWS = 200, LEAST_ROWS = 4, HEIGHTS = 9999 };

/* x [*m][*d] <- members of group `c` of the first loss, evenly chosen, as they were clustered; left
 * NULL where the run does not hold them so. */
static covey_status take_group(float **x, size_t *m, size_t *d, const covey__page *page, size_t c,
                               covey_error *err) {
    covey_status status = COVEY_OK;
    const covey_run *run = page->run;
    const size_t *rows;
    size_t members = covey__page_members(page, 0, c, &rows), columns = run->features.cols;
    covey_normalizer *normalizer = NULL;
    covey_normalize how;
    float *raw = NULL;
    *m = members < MOST_ROWS ? members : MOST_ROWS;
    if (!run->features.data || run->features.rows != page->n || *m < LEAST_ROWS ||
        !run->facts.normalize || covey_normalize_find(&how, run->facts.normalize, NULL) != COVEY_OK)
        goto done;
    COVEY_TRY(covey_normalizer_new(&normalizer, run->features.data, page->n, columns, how, err));
    *d = covey_normalizer_columns(normalizer);
    if (*d != page->comparison->d || *d < 2)
        goto done;
    raw = covey__alloc_array(*m * columns, sizeof *raw);
    *x = covey__alloc_array(*m * *d, sizeof **x);
    COVEY_NOMEM_IF(!raw || !*x, err);
    for (size_t i = 0; i < *m; ++i)
        memcpy(raw + i * columns, run->features.data + rows[i * members / *m] * columns,
               columns * sizeof *raw);
    COVEY_TRY(covey_normalizer_apply(normalizer, *x, raw, *m, NULL, err));
done:
    covey_normalizer_free(normalizer);
    covey__free(raw);
    return status;
}

covey_status covey__page_measure_landscapes(covey__page *page, covey_error *err) {
    covey_status status = COVEY_OK;
    const covey_comparison *comparison = page->comparison;
    covey_landscape_params params = covey_landscape_params_default();
    size_t m = 0, d = 0, c = 0;
    float *x = NULL;
    for (size_t j = 1; j < comparison->clusterings[0].k; ++j)
        if (comparison->clusterings[0].sizes[j] > comparison->clusterings[0].sizes[c])
            c = j;
    COVEY_TRY(take_group(&x, &m, &d, page, c, err));
    if (!x)
        goto done;
    page->landscapes = covey__calloc(comparison->n_losses, sizeof *page->landscapes);
    COVEY_NOMEM_IF(!page->landscapes, err);
    page->landscape_group = c;
    params.side = SIDE;
    params.starts = STARTS;
    params.steps = STEPS;
    params.threads = covey__page_threads(page);
    params.seed = page->run->facts.seed;
    for (size_t l = 0; l < comparison->n_losses; ++l) {
        covey_status one = covey_landscape_compute(&page->landscapes[l], x, m, d,
                                                   &comparison->clusterings[l].loss, &params, err);
        if (one != COVEY_E_ARGUMENT) /* that: a loss no plane shows, such as the cosine */
            COVEY_TRY(one);
    }
done:
    covey__free(x);
    return status;
}

void covey__page_fini_landscapes(covey__page *page) {
    for (size_t l = 0; page->landscapes && l < page->comparison->n_losses; ++l)
        covey_landscape_fini(&page->landscapes[l]);
    covey__free(page->landscapes);
}

static int any(const covey__page *page) {
    for (size_t l = 0; page->landscapes && l < page->comparison->n_losses; ++l)
        if (page->landscapes[l].grid)
            return 1;
    return 0;
}

static void add_button(covey__page *page, const char *id, covey__message text) {
    covey__text_addf(&page->text, "<button type=\"button\" id=\"%s\">", id);
    covey__page_say(page, text, NULL);
    covey__page_add(page, "</button>");
}

void covey__page_write_landscape(covey__page *page) {
    covey__short scratch;
    if (!any(page))
        return;
    covey__page_add(page, "<div class=\"js part\" id=\"land\">\n<h3>");
    COVEY__SAY(page, LAND);
    covey__page_add(page, "</h3>\n<p class=\"intro\">");
    COVEY__SAYF(page, LAND_INTRO, covey__page_group_name(page, page->landscape_group, &scratch));
    covey__page_add(page, "</p>\n<div class=\"tools\">");
    if (page->comparison->n_losses > 1) {
        covey__page_add(page, "<label class=\"field\"><span>");
        COVEY__SAY(page, LOSS);
        covey__page_add(page, "</span><select id=\"land-loss\">");
        for (size_t l = 0; l < page->comparison->n_losses; ++l) {
            if (!page->landscapes[l].grid)
                continue;
            covey__text_addf(&page->text, "<option value=\"%zu\">", l);
            covey__page_escape(page, covey__page_loss_title(page, l));
            covey__page_add(page, "</option>");
        }
        covey__page_add(page, "</select></label>");
    }
    covey__page_add(page, "<div class=\"zoom\">");
    add_button(page, "land-play", COVEY__MSG_LAND_PLAY);
    add_button(page, "land-step", COVEY__MSG_LAND_STEP);
    add_button(page, "land-reset", COVEY__MSG_LAND_RESET);
    covey__page_add(page, "</div><label class=\"field grow\"><span>");
    COVEY__SAY(page, LAND_AT);
    covey__page_add(page, "</span><input type=\"range\" id=\"land-at\" min=\"0\" max=\"1\" "
                          "step=\"1\" value=\"0\"></label></div>\n<div class=\"charts land\" "
                          "id=\"land-charts\"></div>\n<p class=\"note\" id=\"land-sum\"></p>\n"
                          "</div>\n");
}

/* ---- for the script -------------------------------------------------------------------------- */

static void add_path(covey__page *page, const covey_landscape *l, const covey_landscape_path *p) {
    covey__text_addf(&page->text, "{\"solver\":\"%s\",\"start\":%zu,\"converged\":%d,\"steps\":[",
                     covey_solver_name(p->solver), p->start, p->converged);
    for (size_t s = 0; s < p->n_steps; ++s) {
        const covey_landscape_step *step = &p->steps[s];
        covey__text_addf(&page->text, "%s[%d,%d,%d,", s ? "," : "", step->iteration,
                         (int)lround(1e4 * fmax(-9, fmin(9, step->u / l->half_width))),
                         (int)lround(1e4 * fmax(-9, fmin(9, step->v / l->half_width))));
        covey__page_add(page, covey__nine_digits(step->objective).s);
        covey__page_add(page, "]");
    }
    covey__page_add(page, "]}");
}

static void add_landscape(covey__page *page, const covey_landscape *l) {
    size_t cells = l->side * l->side;
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < cells; ++i) {
        low = fmin(low, l->grid[i]);
        high = fmax(high, l->grid[i]);
    }
    covey__text_addf(&page->text, "\n{\"rows\":%zu,\"side\":%zu,\"low\":", l->rows, l->side);
    covey__page_add(page, covey__nine_digits(low).s);
    covey__page_add(page, ",\"high\":");
    covey__page_add(page, covey__nine_digits(high).s);
    covey__page_add(page, ",\"half\":");
    covey__page_add(page, covey__nine_digits(l->half_width).s);
    covey__page_add(page, ",\"grid\":[");
    for (size_t i = 0; i < cells; ++i)
        covey__text_addf(&page->text, i ? ",%d" : "%d",
                         high > low ? (int)((l->grid[i] - low) / (high - low) * HEIGHTS + 0.5) : 0);
    covey__page_add(page, "],\"paths\":[");
    for (size_t p = 0; p < l->n_paths; ++p) {
        covey__page_add(page, p ? "," : "");
        add_path(page, l, &l->paths[p]);
    }
    covey__page_add(page, "]}");
}

void covey__page_write_landscape_data(covey__page *page) {
    covey__page_add(page, ",\"landscapes\":[");
    for (size_t l = 0; any(page) && l < page->comparison->n_losses; ++l) {
        covey__page_add(page, l ? "," : "");
        if (page->landscapes[l].grid)
            add_landscape(page, &page->landscapes[l]);
        else
            covey__page_add(page, "null");
    }
    covey__page_add(page, "]");
}
