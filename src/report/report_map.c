/* SPDX-License-Identifier: MIT */
/* The map: where the script draws it, the same in words, and the places themselves. */
#include <math.h>

#include "report_internal.h"

enum { PLACES = 10000, LOOKED_AT = 2000 };

/* ---- how far a map can be trusted ------------------------------------------------------------ */

/* The share of the truly nearest rows that are among as many nearest ones on the map; rows evenly
 * chosen where there are many. */
static double kept_share(const covey__page *page, const double *map) {
    size_t n = page->n, looked = n < LOOKED_AT ? n : LOOKED_AT, kept = 0, total = 0;
    for (size_t a = 0; a < looked; ++a) {
        size_t row = a * n / looked, count = 0;
        const covey_neighbour *near = page->near + row * COVEY__NEAR_SHOWN;
        size_t closer[COVEY__NEAR_SHOWN] = {0};
        double away[COVEY__NEAR_SHOWN];
        for (; count < COVEY__NEAR_SHOWN && near[count].row >= 0; ++count) {
            const double *at = map + 2 * near[count].row;
            away[count] = hypot(at[0] - map[2 * row], at[1] - map[2 * row + 1]);
        }
        for (size_t i = 0; i < n && count; ++i) {
            double there = hypot(map[2 * i] - map[2 * row], map[2 * i + 1] - map[2 * row + 1]);
            for (size_t j = 0; j < count; ++j)
                closer[j] += i != row && there < away[j];
        }
        for (size_t j = 0; j < count; ++j)
            kept += closer[j] < count;
        total += count;
    }
    return total ? (double)kept / (double)total : 0;
}

covey_status covey__page_measure_map(covey__page *page, covey_error *err) {
    covey_status status = COVEY_OK;
    const covey_run *run = page->run;
    page->map = covey__alloc_array(page->n, 2 * sizeof *page->map);
    COVEY_NOMEM_IF(!page->map, err);
    COVEY_TRY(covey_run_find_map(page->map, page->map_share, run, covey__page_threads(page), err));
    if (page->n < COVEY__TSNE_LEAST || page->n > COVEY_TSNE_ROWS)
        goto done;
    page->tsne = covey__alloc_array(page->n, 2 * sizeof *page->tsne);
    COVEY_NOMEM_IF(!page->tsne, err);
    COVEY_TRY(covey_run_find_tsne(page->tsne, run, covey__page_threads(page), err));
done:
    return status;
}

/* ---- the frame ------------------------------------------------------------------------------- */

static void add_button(covey__page *page, const char *id, const char *sign, covey__message label) {
    covey__text_addf(&page->text, "<button type=\"button\" id=\"%s\" aria-label=\"", id);
    covey__page_say(page, label, NULL);
    covey__text_addf(&page->text, "\">%s</button>", sign);
}

static void add_tools(covey__page *page) {
    const covey_comparison *comparison = page->comparison;
    covey__page_add(page, "<div class=\"tools js\">");
    if (page->tsne) {
        covey__page_open_select(page, "map-which", COVEY__MSG_MAP_WHICH);
        covey__page_add_option(page, "1", COVEY__MSG_MAP_TSNE);
        covey__page_add_option(page, "0", COVEY__MSG_MAP_PCA);
        covey__page_add(page, "</select></label>");
    }
    if (comparison->n_losses > 1) {
        covey__page_open_select(page, "map-loss", COVEY__MSG_CHOOSE_LOSS);
        for (size_t l = 0; l < comparison->n_losses; ++l) {
            covey__text_addf(&page->text, "<option value=\"%zu\">", l);
            covey__page_escape(page, covey__page_loss_title(page, l));
            covey__page_add(page, "</option>");
        }
        covey__page_add(page, "</select></label>");
    }
    covey__page_open_select(page, "map-group", COVEY__MSG_MAP_SHOW);
    covey__page_add_option(page, "", COVEY__MSG_SHOW_ALL);
    if (page->undecided)
        covey__page_add_option(page, "u", COVEY__MSG_SHOW_UNDECIDED);
    covey__page_add_groups(page);
    covey__page_add(page, "</select></label><div class=\"zoom\">");
    add_button(page, "map-in", "+", COVEY__MSG_MAP_IN);
    add_button(page, "map-out", "\xE2\x88\x92", COVEY__MSG_MAP_OUT);
    covey__page_add(page, "<button type=\"button\" id=\"map-reset\">");
    COVEY__SAY(page, MAP_RESET);
    covey__page_add(page, "</button></div></div>\n");
}

/* ---- in words -------------------------------------------------------------------------------- */

static double centre_distance(const covey_clustering *c, size_t a, size_t b) {
    double sum = 0;
    for (size_t j = 0; j < c->d; ++j) {
        double u = c->centres[a * c->d + j] - c->centres[b * c->d + j];
        sum += u * u;
    }
    return sqrt(sum);
}

static void add_group_link(covey__page *page, size_t c) {
    covey__short scratch;
    covey__text_addf(&page->text, "<a href=\"#g%zu\">", c);
    covey__page_escape(page, covey__page_group_name(page, c, &scratch));
    covey__page_add(page, "</a>");
}

/* Each group with the group whose centre is nearest: what a map should show, in true distances. */
static void add_neighbours(covey__page *page) {
    const covey_clustering *c = &page->comparison->clusterings[0];
    const size_t *rows;
    if (page->k < 2 || !c->centres)
        return;
    covey__page_add(page, "<details class=\"fold\"><summary>");
    COVEY__SAY(page, MAP_TABLE);
    covey__page_add(page, "</summary><p class=\"note\">");
    COVEY__SAYF(page, MAP_TABLE_INTRO, covey__page_loss_title(page, 0));
    covey__page_add(page, "</p><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"");
    COVEY__SAY(page, MAP_TABLE);
    covey__page_add(page, "\"><table class=\"numbers\"><thead><tr><th scope=\"col\">");
    COVEY__SAY(page, GROUP);
    covey__page_add(page, "</th><th scope=\"col\">");
    COVEY__SAY(page, MAP_NEXT_GROUP);
    covey__page_add(page, "</th><th scope=\"col\">");
    COVEY__SAY(page, MAP_NEXT_DISTANCE);
    covey__page_add(page, "</th></tr></thead><tbody>\n");
    for (size_t a = 0; a < c->k; ++a) {
        size_t nearest = a;
        double least = INFINITY;
        if (!covey__page_members(page, 0, a, &rows))
            continue;
        for (size_t b = 0; b < c->k; ++b) {
            double away = b != a && covey__page_members(page, 0, b, &rows)
                              ? centre_distance(c, a, b)
                              : INFINITY;
            if (away < least) {
                least = away;
                nearest = b;
            }
        }
        covey__page_add(page, "<tr><th scope=\"row\">");
        add_group_link(page, a);
        covey__page_add(page, "</th><td class=\"text\">");
        add_group_link(page, nearest);
        covey__page_add(page, "</td><td>");
        covey__page_add(page, covey__significant(least).s);
        covey__page_add(page, "</td></tr>\n");
    }
    covey__page_add(page, "</tbody></table></div></details>\n");
}

void covey__page_write_map(covey__page *page) {
    if (!page->map)
        return;
    covey__page_section(page, "map", COVEY__MSG_MAP);
    covey__page_add(page, "<p class=\"intro\">");
    if (page->has_photos)
        COVEY__SAY(page, MAP_INTRO);
    else
        COVEY__SAY(page, MAP_INTRO_ROWS);
    covey__page_add(page, "</p>\n<p class=\"note no-js\">");
    COVEY__SAY(page, MAP_NO_SCRIPT);
    covey__page_add(page, "</p>\n");
    add_tools(page);
    covey__page_add(page, "<div class=\"map js\"><div class=\"sea\"><canvas id=\"map-canvas\" "
                          "tabindex=\"0\" role=\"application\" aria-describedby=\"map-keys\" "
                          "aria-label=\"");
    COVEY__SAY(page, MAP_LABEL);
    covey__page_add(page, "\"></canvas></div><div class=\"map-info\" id=\"map-info\" "
                          "aria-live=\"polite\"></div></div>\n<p class=\"note js\" "
                          "id=\"map-note\"></p>\n<p class=\"note js\" id=\"map-keys\">");
    COVEY__SAY(page, MAP_KEYS);
    covey__page_add(page, "</p>\n");
    add_neighbours(page);
    covey__page_add(page, "</section>\n");
}

/* ---- for the script -------------------------------------------------------------------------- */

/* Places as whole numbers, both axes in one scale, so that the map keeps its shape. */
static void add_places(covey__page *page, const char *name, const double *map) {
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    covey__text_addf(&page->text, "{\"name\":\"%s\"", name);
    for (size_t i = 0; i < 2 * page->n; ++i) {
        low[i % 2] = fmin(low[i % 2], map[i]);
        high[i % 2] = fmax(high[i % 2], map[i]);
    }
    double span = fmax(high[0] - low[0], high[1] - low[1]);
    for (int k = 0; k < 2; ++k) {
        covey__page_add(page, k ? "],\"y\":[" : ",\"x\":[");
        for (size_t i = 0; i < page->n; ++i) {
            double away = k ? high[1] - map[2 * i + 1] : map[2 * i] - low[0];
            covey__text_addf(&page->text, i ? ",%d" : "%d",
                             span > 0 ? (int)(away / span * PLACES + 0.5) : 0);
        }
    }
    covey__page_add(page, "],\"trust\":");
    covey__page_json(page,
                     page->near ? covey__percent(page->language, kept_share(page, map)).s : "");
    covey__page_add(page, "}");
}

void covey__page_write_map_data(covey__page *page) {
    double share = page->map_share[0] + page->map_share[1];
    covey__page_add(page, ",\"mapShare\":");
    covey__page_json(page, covey__percent(page->language, share).s);
    covey__page_add(page, ",\"maps\":[");
    if (page->map)
        add_places(page, "pca", page->map);
    if (page->tsne) {
        covey__page_add(page, ",");
        add_places(page, "tsne", page->tsne);
    }
    covey__page_add(page, "]");
}
