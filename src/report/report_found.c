/* SPDX-License-Identifier: MIT */
/* How it was found: the frame of the charts, which the script draws. */
#include "report_internal.h"

/* A heading with its introduction and an empty box that the script fills. */
static void add_part(covey__page *page, const char *id, covey__message title,
                     covey__message intro) {
    covey__text_addf(&page->text, "<div class=\"js part\" id=\"part-%s\">\n<h3>", id);
    covey__page_say(page, title, NULL);
    covey__page_add(page, "</h3>\n<p class=\"intro\">");
    covey__page_say(page, intro, NULL);
    covey__text_addf(&page->text, "</p>\n<div class=\"charts\" id=\"%s\"></div>\n</div>\n", id);
}

static int has_history(const covey_comparison *comparison) {
    for (size_t l = 0; l < comparison->n_losses; ++l)
        if (comparison->clusterings[l].n_history)
            return 1;
    return 0;
}

static int has_residuals(const covey__page *page) {
    for (size_t l = 0; page->residuals && l < page->comparison->n_losses; ++l)
        if (page->residuals[l].top > 0)
            return 1;
    return 0;
}

void covey__page_write_found(covey__page *page) {
    const covey_comparison *comparison = page->comparison;
    covey__page_section(page, "found-how", COVEY__MSG_FOUND);
    covey__page_add(page, "<p class=\"note no-js\">");
    COVEY__SAY(page, FOUND_NO_SCRIPT);
    covey__page_add(page, "</p>\n");
    if (comparison->n_losses > 1) {
        covey__page_add(page, "<div class=\"tools js\"><label class=\"field\"><span>");
        COVEY__SAY(page, LOSS);
        covey__page_add(page, "</span><select id=\"found-loss\">");
        for (size_t l = 0; l < comparison->n_losses; ++l) {
            covey__text_addf(&page->text, "<option value=\"%zu\">", l);
            covey__page_escape(page, covey__page_loss_title(page, l));
            covey__page_add(page, "</option>");
        }
        covey__page_add(page, "</select></label></div>\n");
    }
    if (has_history(comparison))
        add_part(page, "chart-rounds", COVEY__MSG_ROUNDS_CHART, COVEY__MSG_ROUNDS_CHART_INTRO);
    if (page->k > 1)
        add_part(page, "chart-firm", COVEY__MSG_FIRM_CHART, COVEY__MSG_FIRM_CHART_INTRO);
    if (has_residuals(page))
        add_part(page, "chart-curves", COVEY__MSG_CURVES_CHART, COVEY__MSG_CURVES_CHART_INTRO);
    if (comparison->n_k_table > 1)
        add_part(page, "chart-k", COVEY__MSG_K_CHART, COVEY__MSG_K_CHART_INTRO);
    covey__page_write_landscape(page);
    covey__page_write_studies(page);
    covey__page_add(page, "</section>\n");
}
