/* SPDX-License-Identifier: MIT */
/* Do the losses agree, how do they do on one yardstick, how was each set, how did it end. */
#include <math.h>

#include "report_internal.h"

static void add_heading(covey__page *page, covey__message title) {
    covey__page_add(page, "<h3>");
    covey__page_say(page, title, NULL);
    covey__page_add(page, "</h3>\n");
}

static void add_column(covey__page *page, covey__message title, covey__message note) {
    covey__page_add(page, "<th scope=\"col\">");
    covey__page_say(page, title, NULL);
    if (note != COVEY__MSG_COUNT) {
        covey__page_add(page, "<span class=\"sub\">");
        covey__page_say(page, note, NULL);
        covey__page_add(page, "</span>");
    }
    covey__page_add(page, "</th>");
}

static void add_loss_cell(covey__page *page, size_t l) {
    covey__page_add(page, "<tr><th scope=\"row\">");
    covey__page_escape(page, covey__page_loss_title(page, l));
    covey__page_add(page, "</th>");
}

static void open_table(covey__page *page, const char *class, covey__message label) {
    covey__page_add(page, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"");
    covey__page_say(page, label, NULL);
    covey__text_addf(&page->text, "\"><table class=\"%s\">\n", class);
}

/* A square table of losses by losses; `heat`: the shade rises from 0 to 1. */
static void add_square(covey__page *page, const double *values, int heat, covey__message label) {
    size_t n = page->comparison->n_losses;
    open_table(page, heat ? "square heat" : "square", label);
    covey__page_add(page, "<thead><tr><td></td>");
    for (size_t l = 0; l < n; ++l) {
        covey__page_add(page, "<th scope=\"col\">");
        covey__page_escape(page, covey__page_loss_title(page, l));
        covey__page_add(page, "</th>");
    }
    covey__page_add(page, "</tr></thead>\n<tbody>\n");
    for (size_t l = 0; l < n; ++l) {
        add_loss_cell(page, l);
        for (size_t m = 0; m < n; ++m) {
            double value = values[l * n + m];
            int shade = value > 0 ? (int)(10 * (value > 1 ? 1 : value)) : 0;
            if (heat)
                covey__text_addf(&page->text, "<td class=\"h%d\" data-a=\"%zu\" data-b=\"%zu\">",
                                 shade, l, m);
            else
                covey__page_add(page, "<td>");
            covey__page_add(page, covey__fixed(value, 2).s);
            covey__page_add(page, "</td>");
        }
        covey__page_add(page, "</tr>\n");
    }
    covey__page_add(page, "</tbody></table></div>\n");
}

static void write_agreement(covey__page *page) {
    const covey_comparison *comparison = page->comparison;
    add_heading(page, COVEY__MSG_AGREEMENT);
    covey__page_add(page, "<p class=\"intro\">");
    if (comparison->n_losses < 2 || !comparison->ari) {
        COVEY__SAY(page, AGREEMENT_ONE);
        covey__page_add(page, "</p>\n");
        return;
    }
    COVEY__SAY(page, AGREEMENT_INTRO);
    covey__page_add(page, "</p>\n");
    add_square(page, comparison->ari, 1, COVEY__MSG_AGREEMENT);
    if (comparison->vi) {
        covey__page_add(page, "<details class=\"fold\"><summary>");
        COVEY__SAY(page, AGREEMENT_VI);
        covey__page_add(page, "</summary>\n");
        add_square(page, comparison->vi, 0, COVEY__MSG_AGREEMENT_VI);
        covey__page_add(page, "</details>\n");
    }
}

static void add_choice(covey__page *page, const char *id, covey__message label, size_t chosen) {
    covey__text_addf(&page->text, "<label class=\"field\"><span>");
    covey__page_say(page, label, NULL);
    covey__text_addf(&page->text, "</span><select id=\"%s\">", id);
    for (size_t l = 0; l < page->comparison->n_losses; ++l) {
        covey__text_addf(&page->text, "<option value=\"%zu\"%s>", l,
                         l == chosen ? " selected=\"\"" : "");
        covey__page_escape(page, covey__page_loss_title(page, l));
        covey__page_add(page, "</option>");
    }
    covey__page_add(page, "</select></label>\n");
}

/* The frame; the script fills it for the pair that is chosen. */
static void write_duel(covey__page *page) {
    if (page->comparison->n_losses < 2)
        return;
    covey__page_add(page, "<div class=\"js\" id=\"duel\">\n<h3 id=\"duel-h\" tabindex=\"-1\">");
    COVEY__SAY(page, DUEL);
    covey__page_add(page, "</h3>\n<p class=\"intro\">");
    COVEY__SAY(page, DUEL_INTRO);
    covey__page_add(page, "</p>\n<div class=\"tools\">\n");
    add_choice(page, "duel-a", COVEY__MSG_DUEL_FROM, 0);
    add_choice(page, "duel-b", COVEY__MSG_DUEL_TO, 1);
    covey__page_add(page, "</div>\n<p class=\"note\" id=\"duel-sum\" aria-live=\"polite\"></p>\n"
                          "<div id=\"duel-flows\"></div>\n<template id=\"duel-arrow\">"
                          "<svg viewBox=\"0 0 200 12\" preserveAspectRatio=\"none\" "
                          "aria-hidden=\"true\"><path d=\"M0 4V8H190V12L200 6 190 0V4Z\"/></svg>"
                          "</template>\n</div>\n");
}

static void add_measure(covey__page *page, const double *values, size_t l, int higher) {
    const covey_comparison *comparison = page->comparison;
    if (!values) {
        covey__page_add(page, "<td>\xE2\x80\x93</td>");
        return;
    }
    int best = comparison->n_losses > 1 && isfinite(values[l]);
    for (size_t m = 0; m < comparison->n_losses; ++m)
        if (higher ? values[m] > values[l] : values[m] < values[l])
            best = 0;
    covey__text_addf(&page->text, "<td%s>", best ? " class=\"best\"" : "");
    covey__page_add(page, higher ? covey__fixed(values[l], 4).s : covey__significant(values[l]).s);
    if (best) {
        covey__page_add(page, " <span class=\"chip-best\">");
        COVEY__SAY(page, BEST);
        covey__page_add(page, "</span>");
    }
    covey__page_add(page, "</td>");
}

static void write_yardstick(covey__page *page) {
    const covey_comparison *comparison = page->comparison;
    if (!comparison->silhouette && !comparison->sum_l2 && !comparison->sum_l1)
        return;
    add_heading(page, COVEY__MSG_YARDSTICK);
    covey__page_add(page, "<p class=\"intro\">");
    COVEY__SAY(page, YARDSTICK_INTRO);
    covey__page_add(page, "</p>\n");
    open_table(page, "numbers", COVEY__MSG_YARDSTICK);
    covey__page_add(page, "<thead><tr>");
    add_column(page, COVEY__MSG_LOSS, COVEY__MSG_COUNT);
    add_column(page, COVEY__MSG_SILHOUETTE, COVEY__MSG_SILHOUETTE_NOTE);
    add_column(page, COVEY__MSG_SUM_L2, COVEY__MSG_LOWER_NOTE);
    add_column(page, COVEY__MSG_SUM_L1, COVEY__MSG_LOWER_NOTE);
    covey__page_add(page, "</tr></thead>\n<tbody>\n");
    for (size_t l = 0; l < comparison->n_losses; ++l) {
        add_loss_cell(page, l);
        add_measure(page, comparison->silhouette, l, 1);
        add_measure(page, comparison->sum_l2, l, 0);
        add_measure(page, comparison->sum_l1, l, 0);
        covey__page_add(page, "</tr>\n");
    }
    covey__page_add(page, "</tbody></table></div>\n");
}

/* For a radial loss whose parameter is a length of r: the share of rows farther out than it. */
static int share_beyond(double *share, const covey_clustering *c, const covey_loss_param *param,
                        double value) {
    if (c->loss.ops->geometry != COVEY_GEOMETRY_RADIAL || param->constant == 0 || !c->n)
        return 0;
    size_t beyond = 0;
    for (size_t i = 0; i < c->n; ++i)
        beyond += c->distance[i] > value;
    *share = (double)beyond / (double)c->n;
    return 1;
}

static void add_parameters(covey__page *page, const covey_clustering *c) {
    const covey_loss *loss = &c->loss;
    int any = 0;
    for (size_t p = 0; p < COVEY_LOSS_PARAMS && loss->ops->params[p].name; ++p, any = 1) {
        double share;
        covey__page_add(page, any ? "<br>" : "");
        covey__page_escape(page, loss->ops->params[p].name);
        covey__page_add(page, " = <b>");
        covey__page_add(page, covey__significant(loss->params[p]).s);
        covey__page_add(page, "</b> <span class=\"sub\">");
        if (loss->is_auto[p])
            COVEY__SAY(page, PARAM_AUTO);
        else
            COVEY__SAY(page, PARAM_GIVEN);
        if (share_beyond(&share, c, &loss->ops->params[p], loss->params[p])) {
            COVEY__SAY(page, SEMICOLON);
            COVEY__SAYF(page, PARAM_BEYOND, covey__percent(page->language, share).s);
        }
        covey__page_add(page, "</span>");
    }
    if (!any)
        COVEY__SAY(page, PARAM_NONE);
}

static void add_ending(covey__page *page, const covey_clustering *c) {
    const struct {
        size_t count;
        covey__message message;
    } notes[] = {{c->unsolved, COVEY__MSG_ENDED_UNSOLVED},
                 {c->refilled, COVEY__MSG_ENDED_REFILLED},
                 {c->zero_rows, COVEY__MSG_ENDED_ZERO}};
    if (c->converged)
        COVEY__SAY(page, ENDED_CONVERGED);
    else
        COVEY__SAY(page, ENDED_LIMIT);
    for (size_t i = 0; i < sizeof notes / sizeof *notes; ++i)
        if (notes[i].count) {
            covey__page_add(page, "<span class=\"sub\">");
            covey__page_say(page, notes[i].message,
                            (const char *const[]){covey__count(page->language, notes[i].count).s});
            covey__page_add(page, "</span>");
        }
}

static void write_settings(covey__page *page) {
    const covey_comparison *comparison = page->comparison;
    add_heading(page, COVEY__MSG_CONFIGURED);
    open_table(page, "numbers settings", COVEY__MSG_CONFIGURED);
    covey__page_add(page, "<thead><tr>");
    add_column(page, COVEY__MSG_LOSS, COVEY__MSG_COUNT);
    add_column(page, COVEY__MSG_FORMULA, COVEY__MSG_COUNT);
    add_column(page, COVEY__MSG_PARAMETERS, COVEY__MSG_COUNT);
    add_column(page, COVEY__MSG_OBJECTIVE, COVEY__MSG_COUNT);
    add_column(page, COVEY__MSG_ROUNDS, COVEY__MSG_COUNT);
    add_column(page, COVEY__MSG_RESTART, COVEY__MSG_COUNT);
    add_column(page, COVEY__MSG_ENDED, COVEY__MSG_COUNT);
    add_column(page, COVEY__MSG_SECONDS, COVEY__MSG_COUNT);
    covey__page_add(page, "</tr></thead>\n<tbody>\n");
    for (size_t l = 0; l < comparison->n_losses; ++l) {
        const covey_clustering *c = &comparison->clusterings[l];
        add_loss_cell(page, l);
        covey__page_add(page, "<td class=\"text\"><span class=\"formula\">");
        covey__page_escape(page, c->loss.ops->formula ? c->loss.ops->formula : "");
        covey__page_add(page, "</span><span class=\"sub\">");
        if (c->loss.ops->geometry == COVEY_GEOMETRY_RADIAL)
            COVEY__SAY(page, GEOMETRY_RADIAL);
        else
            COVEY__SAY(page, GEOMETRY_COORDINATE);
        covey__page_add(page, "</span></td><td class=\"text\">");
        add_parameters(page, c);
        covey__text_addf(&page->text, "</td><td>%s</td><td>%d</td><td>%d</td><td class=\"text\">",
                         covey__significant(c->objective).s, c->rounds, c->restart);
        add_ending(page, c);
        covey__text_addf(&page->text, "</td><td>%s</td></tr>\n", covey__duration(COVEY_LANGUAGE_EN, c->seconds).s);
    }
    covey__page_add(page, "</tbody></table></div>\n");
}

/* Why this k, in the page's language; as it is kept where the run has no table. */
void covey__page_say_why(covey__page *page) {
    const covey_comparison *comparison = page->comparison;
    const covey_language language = page->language;
    covey_k_why why = covey_comparison_why_k(comparison);
    covey__short k = covey__count(language, comparison->k_chosen), low = covey__count(language, why.low);
    covey__short high = covey__count(language, why.high), agree = covey__count(language, why.agree);
    covey__short top = covey__prose(language, covey__fixed(why.silhouette, 3));
    covey__short stability = covey__prose(language, covey__fixed(why.stability, 2));
    covey__short least = covey__prose(language, covey__fixed(why.least, 2));
    switch (why.verdict) {
    case COVEY_K_GIVEN:
        covey__page_escape(page, comparison->k_reason);
        break;
    case COVEY_K_ONLY:
        COVEY__SAYF(page, WHY_ONLY, k.s);
        break;
    case COVEY_K_FLAT:
        COVEY__SAYF(page, WHY_FLAT, least.s, low.s, high.s, k.s, top.s);
        break;
    case COVEY_K_END:
        COVEY__SAYF(page, WHY_END, low.s, high.s, top.s, k.s);
        break;
    case COVEY_K_UNSTABLE:
        COVEY__SAYF(page, WHY_UNSTABLE, k.s, top.s, stability.s);
        break;
    case COVEY_K_ALONE:
        COVEY__SAYF(page, WHY_ALONE, k.s, top.s);
        break;
    case COVEY_K_CLEAR:
        COVEY__SAYF(page, WHY_CLEAR, k.s, low.s, high.s, top.s, agree.s);
        break;
    }
}

void covey__page_write_losses(covey__page *page) {
    const covey_comparison *comparison = page->comparison;
    covey__page_section(page, "losses", COVEY__MSG_LOSSES);
    write_agreement(page);
    write_duel(page);
    write_yardstick(page);
    write_settings(page);
    if (comparison->k_reason[0]) {
        covey__page_add(page, "<h3>");
        COVEY__SAYF(page, CHOICE_OF_K,
                    covey__plural(page->language, COVEY__MSG_GROUP_ONE, COVEY__MSG_GROUP_MANY,
                                  comparison->k_chosen).s);
        covey__page_add(page, "</h3>\n<p class=\"intro\">");
        covey__page_say_why(page);
        covey__page_add(page, "</p>\n");
    }
    covey__page_add(page, "</section>\n");
}
