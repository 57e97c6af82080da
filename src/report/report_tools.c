/* SPDX-License-Identifier: MIT */
/* The controls of the gallery: which loss, which photos, in which order; what is done with the ones
 * selected. The script puts them to use. */
#include "report_internal.h"

void covey__page_add_option(covey__page *page, const char *value, covey__message message) {
    covey__text_addf(&page->text, "<option value=\"%s\">", value);
    covey__page_say(page, message, NULL);
    covey__page_add(page, "</option>");
}

void covey__page_open_select(covey__page *page, const char *id, covey__message label) {
    covey__page_add(page, "<label class=\"field\"><span>");
    covey__page_say(page, label, NULL);
    covey__text_addf(&page->text, "</span><select id=\"%s\">", id);
}

void covey__page_add_groups(covey__page *page) {
    for (size_t c = 0; c < page->comparison->k_all; ++c) {
        covey__short scratch;
        covey__text_addf(&page->text, "<option value=\"%zu\">", c);
        covey__page_escape(page, covey__page_group_name(page, c, &scratch));
        covey__page_add(page, "</option>");
    }
}

static void close_select(covey__page *page) {
    covey__page_add(page, "</select></label>\n");
}

static void add_losses(covey__page *page) {
    covey__page_add(page, "<fieldset class=\"pick\"><legend>");
    COVEY__SAY(page, CHOOSE_LOSS);
    covey__page_add(page, "</legend>");
    for (size_t l = 0; l < page->comparison->n_losses; ++l) {
        covey__text_addf(&page->text,
                         "<label><input type=\"radio\" name=\"loss\" value=\"%zu\"%s><span>", l,
                         l ? "" : " checked");
        covey__page_escape(page, covey__page_loss_title(page, l));
        covey__page_add(page, "</span></label>");
    }
    covey__page_add(page, "</fieldset>\n");
}

static void add_groups(covey__page *page) {
    covey__page_open_select(page, "only", COVEY__MSG_GROUP);
    covey__page_add_option(page, "", COVEY__MSG_EVERY_GROUP);
    covey__page_add_groups(page);
    close_select(page);
}

static void add_button(covey__page *page, const char *id, covey__message title) {
    covey__text_addf(&page->text, "<button type=\"button\" id=\"%s\">", id);
    covey__page_say(page, title, NULL);
    covey__page_add(page, "</button>\n");
}

/* Shown as soon as something is selected. */
static void add_picked(covey__page *page) {
    covey__page_add(page,
                    "<div class=\"picked\" id=\"picked\" role=\"region\" hidden aria-label=\"");
    COVEY__SAY(page, PICKED);
    covey__page_add(page, "\">\n<output id=\"picked-count\"></output>\n");
    add_button(page, "picked-copy", COVEY__MSG_COPY_PATHS);
    add_button(page, "picked-save", COVEY__MSG_SAVE_CSV);
    add_button(page, "picked-clear", COVEY__MSG_CLEAR_PICKED);
    covey__page_add(page, "</div>\n");
}

void covey__page_write_tools(covey__page *page, int grouped) {
    covey__page_add(page, "<div class=\"tools js\" role=\"group\" aria-label=\"");
    COVEY__SAY(page, TOOLS);
    covey__page_add(page, "\">\n");
    if (grouped && page->comparison->n_losses > 1)
        add_losses(page);
    covey__page_add(page, "<label class=\"field find\"><span>");
    COVEY__SAY(page, FILTER);
    covey__page_add(page, "</span><input type=\"search\" id=\"find\" autocomplete=\"off\" "
                          "spellcheck=\"false\" placeholder=\"");
    COVEY__SAY(page, FILTER_HINT);
    covey__page_add(page, "\"></label>\n");
    if (grouped) {
        covey__page_open_select(page, "show", COVEY__MSG_SHOW);
        covey__page_add_option(page, "", COVEY__MSG_SHOW_ALL);
        if (page->undecided)
            covey__page_add_option(page, "undecided", COVEY__MSG_SHOW_UNDECIDED);
        covey__page_add_option(page, "outliers", COVEY__MSG_SHOW_OUTLIERS);
        covey__page_add_option(page, "picked", COVEY__MSG_SHOW_PICKED);
        close_select(page);
        add_groups(page);
        covey__page_open_select(page, "sort", COVEY__MSG_SORT);
        covey__page_add_option(page, "rank", COVEY__MSG_SORT_RANK);
        covey__page_add_option(page, "distance", COVEY__MSG_SORT_DISTANCE);
        covey__page_add_option(page, "weight", COVEY__MSG_SORT_WEIGHT);
        covey__page_add_option(page, "margin", COVEY__MSG_SORT_MARGIN);
        covey__page_add_option(page, "name", COVEY__MSG_SORT_NAME);
        close_select(page);
        add_button(page, "fold", COVEY__MSG_FOLD);
    }
    add_button(page, "pick-shown", COVEY__MSG_PICK_SHOWN);
    covey__page_add(page, "<output id=\"found\" for=\"find\"></output>\n"
                          "<p class=\"note\" id=\"outliers-note\" hidden>");
    COVEY__SAY(page, OUTLIERS_NOTE);
    covey__page_add(page, "</p></div>\n");
    add_picked(page);
}
