/* SPDX-License-Identifier: MIT */
/* The gallery and the undecided shelf. */
#include <math.h>
#include <stdlib.h>

#include "report_internal.h"

enum { UNDECIDED_SHOWN = 48 /* a shelf, not a catalogue */ };

static void add_caption(covey__page *page, size_t row) {
    covey__short scratch;
    covey__page_add(page, "<span class=\"nm\" dir=\"auto\" title=\"");
    covey__page_escape(page, page->has_photos ? page->run->photos[row].path : "");
    covey__page_add(page, "\"><bdi>");
    covey__page_escape(page, covey__page_row_name(page, row, &scratch));
    covey__page_add(page, "</bdi></span>");
}

/* One photo (or row) under the reference loss. The script rewrites what the loss decides. */
static void add_figure(covey__page *page, size_t row) {
    const covey_clustering *c = page->comparison ? &page->comparison->clusterings[0] : NULL;
    int cover = c && c->labels[row] >= 0 && c->rank[row] == 0;
    covey__text_addf(&page->text, "<figure class=\"ph%s%s\" id=\"p%zu\">",
                     cover ? " is-cover" : "", page->has_photos ? "" : " bare", row);
    if (page->has_photos) {
        covey__page_add(page, "<a class=\"pic\" href=\"#p");
        covey__text_addf(&page->text, "%zu\" aria-label=\"", row);
        covey__page_escape(page, covey__path_base(page->run->photos[row].path));
        covey__page_add(page, "\">");
        covey__page_picture(page, row, 1);
        covey__page_add(page, "</a>");
        if (c) {
            covey__page_add(page, "<span class=\"tag cover\">");
            COVEY__SAY(page, COVER);
            covey__page_add(page, "</span>");
        }
    }
    covey__page_add(page, "<figcaption>");
    add_caption(page, row);
    if (c) {
        covey__page_bar(page, c->weight[row]);
        covey__page_add(page, "<span class=\"num\"><b class=\"w\" title=\"");
        COVEY__SAY(page, WEIGHT);
        covey__text_addf(&page->text, "\">%s</b> ", covey__fixed(c->weight[row], 2).s);
        COVEY__SAY(page, MARGIN);
        covey__text_addf(&page->text, " <span class=\"m\">%s</span> <span class=\"dd\">",
                         covey__fixed(c->margin[row], 2).s);
        COVEY__SAY(page, DISTANCE);
        covey__text_addf(&page->text, " <span class=\"d\">%s</span></span></span>",
                         covey__significant(c->distance[row]).s);
    }
    covey__page_add(page, "</figcaption></figure>\n");
}

static covey__short size_text(const covey__page *page, size_t size) {
    return page->has_photos
               ? covey__plural(page->language, COVEY__MSG_PHOTO_ONE, COVEY__MSG_PHOTO_MANY, size)
               : covey__plural(page->language, COVEY__MSG_ROW_ONE, COVEY__MSG_ROW_MANY, size);
}

static void add_group(covey__page *page, size_t c) {
    const covey_comparison *comparison = page->comparison;
    int left_out = c == comparison->k_all;
    const size_t *rows;
    size_t size = covey__page_members(page, 0, c, &rows);
    covey__short scratch;
    covey__text_addf(&page->text, "<details class=\"group\" open id=\"g%zu\" data-c=\"%zu\"%s>"
                                  "<summary><h3><bdi>", c, c, size ? "" : " data-empty");
    if (left_out)
        COVEY__SAY(page, TRIMMED);
    else
        covey__page_escape(page, covey__page_group_name(page, c, &scratch));
    covey__page_add(page, "</bdi></h3> <span class=\"size\">");
    covey__page_add(page, size_text(page, size).s);
    covey__page_add(page, "</span>");
    if (!left_out && size && comparison->stability && comparison->n_losses > 1 &&
        isfinite(comparison->stability[c])) {
        covey__page_add(page, " <span class=\"steady\" title=\"");
        COVEY__SAY(page, GROUP_STABLE_TITLE);
        covey__page_add(page, "\">");
        COVEY__SAYF(page, GROUP_STABLE, covey__prose(page->language, covey__fixed(comparison->stability[c], 2)).s);
        covey__page_add(page, "</span>");
    }
    covey__page_add(page, "</summary>\n");
    if (left_out) {
        covey__page_add(page, "<p class=\"note\">");
        COVEY__SAY(page, TRIMMED_NOTE);
        covey__page_add(page, "</p>\n");
    }
    covey__page_add(page, "<p class=\"note empty\">");
    COVEY__SAY(page, GROUP_EMPTY);
    covey__page_add(page, "</p>\n<div class=\"photos\">\n");
    size_t shown = page->has_photos || size <= COVEY__ROWS_SHOWN ? size : COVEY__ROWS_SHOWN;
    for (size_t i = 0; i < shown; ++i)
        add_figure(page, rows[i]);
    covey__page_add(page, "</div>\n<p class=\"note more\">");
    if (shown < size)
        COVEY__SAYF(page, GROUP_MORE, covey__count(page->language, size - shown).s);
    covey__page_add(page, "</p></details>\n");
}

void covey__page_write_groups(covey__page *page) {
    const covey_comparison *comparison = page->comparison;
    covey__page_section(page, "groups", COVEY__MSG_GROUPS);
    covey__page_add(page, "<p class=\"intro\">");
    COVEY__SAY(page, GROUPS_INTRO);
    covey__page_add(page, "</p>\n");
    if (comparison->n_losses > 1) {
        covey__page_add(page, "<p class=\"note no-js\">");
        COVEY__SAYF(page, GROUPS_NO_SCRIPT, covey__page_loss_title(page, 0));
        covey__page_add(page, "</p>\n");
    }
    covey__page_write_tools(page, 1);
    for (size_t c = 0; c <= comparison->k_all; ++c)
        add_group(page, c);
    covey__page_add(page, "</section>\n");
}

void covey__page_write_contact(covey__page *page) {
    covey__page_section(page, "groups", COVEY__MSG_PHOTOS);
    covey__page_add(page, "<p class=\"intro\">");
    COVEY__SAY(page, PHOTOS_INTRO);
    covey__page_add(page, "</p>\n");
    covey__page_write_tools(page, 0);
    covey__page_add(page, "<div class=\"photos\">\n");
    for (size_t i = 0; i < page->n; ++i)
        add_figure(page, i);
    covey__page_add(page, "</div>\n</section>\n");
}

/* ---- undecided ------------------------------------------------------------------------------ */

typedef struct doubt {
    double disagreement;
    size_t row;
} doubt;

static int by_doubt(const void *a, const void *b) {
    const doubt *x = a, *y = b;
    if (x->disagreement != y->disagreement)
        return x->disagreement < y->disagreement ? 1 : -1;
    return x->row < y->row ? -1 : x->row > y->row;
}

/* "Group 3: Square, Huber", one line per group that some loss chooses, in order of losses. */
static void add_choices(covey__page *page, size_t row) {
    const covey_comparison *comparison = page->comparison;
    covey__page_add(page, "<ul class=\"choices\">");
    for (size_t l = 0; l < comparison->n_losses; ++l) {
        int32_t label = comparison->clusterings[l].labels[row];
        size_t earlier = 0;
        while (earlier < l && comparison->clusterings[earlier].labels[row] != label)
            ++earlier;
        if (earlier < l)
            continue;
        covey__short scratch;
        covey__text_addf(&page->text, "<li><a href=\"#g%zu\"><bdi>",
                         label < 0 ? comparison->k_all : (size_t)label);
        if (label < 0)
            COVEY__SAY(page, TRIMMED);
        else
            covey__page_escape(page, covey__page_group_name(page, (size_t)label, &scratch));
        covey__page_add(page, "</bdi></a> ");
        for (size_t m = l, listed = 0; m < comparison->n_losses; ++m)
            if (comparison->clusterings[m].labels[row] == label) {
                if (listed++)
                    COVEY__SAY(page, COMMA);
                covey__page_escape(page, covey__page_loss_title(page, m));
            }
        covey__page_add(page, "</li>");
    }
    covey__page_add(page, "</ul>");
}

static void add_doubt(covey__page *page, const doubt *d) {
    covey__short scratch;
    covey__page_add(page, "<li class=\"doubt\">");
    if (page->has_photos) {
        covey__text_addf(&page->text,
                         "<a class=\"thumb\" href=\"#p%zu\" data-p=\"%zu\" aria-label=\"", d->row,
                         d->row);
        covey__page_escape(page, covey__page_row_name(page, d->row, &scratch));
        covey__page_add(page, "\">");
        covey__page_picture(page, d->row, 0);
        covey__page_add(page, "</a>");
    }
    covey__page_add(page, "<div>");
    add_caption(page, d->row);
    covey__page_bar(page, d->disagreement);
    covey__page_add(page, "<span class=\"num\">");
    COVEY__SAYF(page, DISAGREE, covey__percent(page->language, d->disagreement).s);
    covey__page_add(page, "</span>");
    add_choices(page, d->row);
    covey__page_add(page, "</div></li>\n");
}

void covey__page_write_undecided(covey__page *page) {
    const covey_comparison *comparison = page->comparison;
    covey__page_section(page, "undecided", COVEY__MSG_UNDECIDED);
    covey__page_add(page, "<p class=\"intro\">");
    if (page->undecided)
        COVEY__SAY(page, UNDECIDED_INTRO);
    else if (page->wavering)
        COVEY__SAY(page, UNDECIDED_FEW);
    else
        COVEY__SAY(page, UNDECIDED_NONE);
    covey__page_add(page, "</p>\n");
    if (page->wavering) {
        double least = page->undecided ? COVEY__NO_MAJORITY : 0;
        doubt *doubts = covey__alloc_array(page->wavering, sizeof *doubts);
        if (!doubts) {
            page->text.failed = 1;
            return;
        }
        size_t count = 0;
        for (size_t i = 0; i < page->n; ++i)
            if (comparison->disagreement[i] > 0 && comparison->disagreement[i] >= least)
                doubts[count++] = (doubt){comparison->disagreement[i], i};
        qsort(doubts, count, sizeof *doubts, by_doubt);
        size_t shown = count < UNDECIDED_SHOWN ? count : UNDECIDED_SHOWN;
        covey__page_add(page, "<ul class=\"shelf\">\n");
        for (size_t i = 0; i < shown; ++i)
            add_doubt(page, &doubts[i]);
        covey__page_add(page, "</ul>\n");
        covey__free(doubts);
        if (shown < count) {
            covey__page_add(page, "<p class=\"note\">");
            COVEY__SAYF(page, UNDECIDED_MORE, covey__count(page->language, shown).s, covey__count(page->language, count).s);
            covey__page_add(page, "</p>\n");
        }
    }
    covey__page_add(page, "</section>\n");
}
