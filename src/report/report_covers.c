/* SPDX-License-Identifier: MIT */
/* The matrix of representatives: a row per loss, a column per matched cluster. */
#include "report_internal.h"

/* "5 of 6 losses choose this photo", and the starts where they were tried. */
static void add_note(covey__page *page, size_t l, const covey_vote *vote) {
    const covey_comparison *comparison = page->comparison;
    covey__short panel = covey__count(page->language, (size_t)comparison->panel_size);
    if (comparison->panel_size > 1 && vote && vote->losses == comparison->panel_size)
        COVEY__SAYF(page, BADGE_TITLE_ALL, panel.s);
    else if (comparison->panel_size > 1)
        COVEY__SAYF(page, BADGE_TITLE, covey__count(page->language, vote ? (size_t)vote->losses : 0).s, panel.s);
    if (l == 0 && comparison->n_seeds > 0 && vote) {
        if (comparison->panel_size > 1)
            COVEY__SAY(page, SEMICOLON);
        COVEY__SAYF(page, SEEDS_BADGE, covey__count(page->language, (size_t)vote->seeds).s,
                    covey__count(page->language, (size_t)comparison->n_seeds).s);
    }
}

/* Many votes and few look different in shape and words, not in colour alone. */
static void add_badge(covey__page *page, const covey_vote *vote) {
    int votes = vote ? vote->losses : 0, panel = page->comparison->panel_size;
    if (panel < 2)
        return;
    covey__text_addf(&page->text, "<span class=\"badge%s\" aria-hidden=\"true\">",
                     votes == panel ? " all" : 2 * votes > panel ? " most" : "");
    if (votes == panel)
        COVEY__SAYF(page, BADGE_ALL, covey__count(page->language, (size_t)panel).s);
    else
        COVEY__SAYF(page, BADGE, covey__count(page->language, (size_t)votes).s, covey__count(page->language, (size_t)panel).s);
    covey__page_add(page, "</span>");
}

static void add_cell(covey__page *page, size_t l, size_t c) {
    const size_t *members;
    if (!covey__page_members(page, l, c, &members)) {
        covey__page_add(page, "<td class=\"none\"><span title=\"");
        COVEY__SAY(page, NO_GROUP);
        covey__page_add(page, "\">\xE2\x80\x93</span></td>");
        return;
    }
    size_t row = members[0];
    const covey_vote *vote = covey__page_vote(page, row, c);
    covey__short scratch, group;
    const char *name = covey__page_row_name(page, row, &scratch);
    covey__text_addf(&page->text,
                     "<td><a class=\"cv\" href=\"#%c%zu\" data-p=\"%zu\" data-l=\"%zu\" "
                     "data-c=\"%zu\" aria-label=\"",
                     page->has_photos ? 'p' : 'g', page->has_photos ? row : c, row, l, c);
    COVEY__SAYF(page, COVER_TITLE, name, covey__page_group_name(page, c, &group),
                covey__page_loss_title(page, l));
    covey__page_add(page, ". ");
    add_note(page, l, vote);
    covey__page_add(page, "\" data-note=\"");
    add_note(page, l, vote);
    covey__page_add(page, "\">");
    if (page->has_photos)
        covey__page_picture(page, row, 0);
    covey__page_add(page, "<span class=\"nm\" dir=\"auto\"><bdi>");
    covey__page_escape(page, name);
    covey__page_add(page, "</bdi></span>");
    add_badge(page, vote);
    covey__page_add(page, "</a></td>\n");
}

static void add_panel(covey__page *page) {
    const covey_comparison *comparison = page->comparison;
    covey__text names = {0};
    covey__text_add(&names, "");
    for (size_t l = 0, listed = 0; l < comparison->n_losses; ++l)
        if (!comparison->in_panel || comparison->in_panel[l])
            covey__text_addf(&names, "%s%s",
                             listed++ ? covey__message_get(page->language, COVEY__MSG_COMMA) : "",
                             covey__page_loss_title(page, l));
    page->text.failed |= names.failed;
    if (!names.failed)
        COVEY__SAYF(page, COVERS_VOTES, covey__count(page->language, (size_t)comparison->panel_size).s,
                    names.data);
    covey__text_fini(&names);
}

void covey__page_write_covers(covey__page *page) {
    const covey_comparison *comparison = page->comparison;
    covey__page_section(page, "covers", COVEY__MSG_COVERS);
    covey__page_add(page, "<p class=\"intro\">");
    COVEY__SAY(page, COVERS_INTRO);
    covey__page_add(page, " <span class=\"js\">");
    COVEY__SAY(page, COVERS_HINT);
    covey__text_addf(&page->text,
                     "</span></p>\n<div class=\"bleed%s\"><div class=\"scroll\" tabindex=\"0\" "
                     "role=\"region\" aria-label=\"",
                     comparison->k_all > 10  ? " many"
                     : comparison->k_all < 7 ? " few"
                                             : "");
    COVEY__SAY(page, COVERS_LABEL);
    covey__page_add(page, "\"><table class=\"covers\">\n<thead><tr><th scope=\"col\">");
    COVEY__SAY(page, LOSS);
    covey__page_add(page, "</th>");
    for (size_t c = 0; c < comparison->k_all; ++c) {
        const size_t *members;
        covey__short scratch;
        size_t size = covey__page_members(page, 0, c, &members);
        covey__text_addf(&page->text, "<th scope=\"col\"><a href=\"#g%zu\"><bdi>", c);
        covey__page_escape(page, covey__page_group_name(page, c, &scratch));
        covey__page_add(page, "</bdi></a><span class=\"sub\">");
        if (!size)
            COVEY__SAYF(page, COLUMN_ABSENT, covey__page_loss_title(page, 0));
        else if (page->has_photos)
            covey__page_add(page, covey__plural(page->language, COVEY__MSG_PHOTO_ONE, COVEY__MSG_PHOTO_MANY,
                                                size).s);
        else
            covey__page_add(page, covey__plural(page->language, COVEY__MSG_ROW_ONE, COVEY__MSG_ROW_MANY,
                                                size).s);
        covey__page_add(page, "</span></th>\n");
    }
    covey__page_add(page, "</tr></thead>\n<tbody>\n");
    for (size_t l = 0; l < comparison->n_losses; ++l) {
        covey__page_add(page, "<tr><th scope=\"row\">");
        covey__page_escape(page, covey__page_loss_title(page, l));
        covey__page_add(page, "</th>\n");
        for (size_t c = 0; c < comparison->k_all; ++c)
            add_cell(page, l, c);
        covey__page_add(page, "</tr>\n");
    }
    covey__page_add(page, "</tbody></table></div></div>\n");
    if (comparison->panel_size > 1 || comparison->n_seeds > 0) {
        covey__page_add(page, "<p class=\"note\">");
        if (comparison->panel_size > 1)
            add_panel(page);
        if (comparison->n_seeds > 0) {
            covey__page_add(page, " ");
            COVEY__SAYF(page, COVERS_SEEDS, covey__page_loss_title(page, 0),
                        covey__count(page->language, (size_t)comparison->n_seeds).s);
        }
        covey__page_add(page, "</p>\n");
    }
    covey__page_add(page, "</section>\n");
}
