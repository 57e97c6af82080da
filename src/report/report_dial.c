/* SPDX-License-Identifier: MIT */
/* The robustness dial: its frame, which the script fills, and the frames as numbers. */
#include <math.h>

#include "report_internal.h"

void covey__page_write_dial(covey__page *page) {
    const covey_dial *dial = &page->run->dial;
    if (!dial->n_frames)
        return;
    covey__page_section(page, "dial", COVEY__MSG_DIAL);
    covey__page_add(page, "<p class=\"intro\">");
    COVEY__SAY(page, DIAL_INTRO);
    covey__page_add(page, "</p>\n<p class=\"note no-js\">");
    COVEY__SAY(page, DIAL_NO_SCRIPT);
    covey__text_addf(&page->text,
                     "</p>\n<div class=\"js dial\"><div class=\"knob\"><label for=\"dial-at\" "
                     "id=\"dial-name\">");
    COVEY__SAY(page, DIAL_SLIDER);
    covey__text_addf(&page->text,
                     "</label><input type=\"range\" id=\"dial-at\" min=\"0\" max=\"%zu\" "
                     "step=\"1\" value=\"0\"><div class=\"ends\" aria-hidden=\"true\"><span>",
                     dial->n_frames - 1);
    COVEY__SAY(page, DIAL_TENDER);
    covey__page_add(page, "</span><span>");
    COVEY__SAY(page, DIAL_TOUGH);
    covey__page_add(page, "</span></div><p id=\"dial-sum\" aria-live=\"polite\"></p></div>"
                          "<div id=\"dial-curve\"></div></div>\n<div class=\"js\" "
                          "id=\"dial-body\"><h3>");
    COVEY__SAY(page, DIAL_SINK);
    covey__page_add(page, "</h3><p class=\"note\">");
    COVEY__SAY(page, DIAL_SINK_INTRO);
    covey__page_add(page, "</p><ol class=\"sink\" id=\"dial-sink\"></ol>\n<h3>");
    COVEY__SAY(page, DIAL_GROUPS);
    covey__page_add(page, "</h3><p class=\"note\">");
    COVEY__SAY(page, DIAL_GROUPS_INTRO);
    covey__page_add(page, "</p><ul class=\"packs\" id=\"dial-packs\"></ul></div>\n</section>\n");
}

/* ---- for the script -------------------------------------------------------------------------- */

static void add_frame(covey__page *page, const covey_dial *dial, const covey_dial_frame *frame) {
    covey__text_addf(&page->text, "\n{\"alpha\":%s,\"moved\":%zu,\"sizes\":[",
                     isinf(frame->alpha) ? "null" : covey__significant(frame->alpha).s,
                     frame->moved);
    for (size_t j = 0; j < dial->k; ++j)
        covey__text_addf(&page->text, j ? ",%zu" : "%zu", frame->sizes[j]);
    covey__page_add(page, "],\"covers\":[");
    for (size_t j = 0; j < dial->k; ++j)
        covey__text_addf(&page->text, j ? ",%lld" : "%lld", (long long)frame->covers[j]);
    covey__page_add(page, "],\"labels\":[");
    for (size_t i = 0; i < dial->n_rows; ++i)
        covey__text_addf(&page->text, i ? ",%d" : "%d", (int)frame->labels[i]);
    covey__page_add(page, "],\"weights\":[");
    for (size_t i = 0; i < dial->n_rows; ++i)
        covey__text_addf(&page->text, i ? ",%d" : "%d", (int)lround(1000 * frame->weights[i]));
    covey__page_add(page, "]}");
}

void covey__page_write_dial_data(covey__page *page) {
    const covey_dial *dial = &page->run->dial;
    if (!dial->n_frames)
        return;
    covey__page_add(page, ",\"dial\":{\"c\":");
    covey__page_add(page, covey__nine_digits(dial->c).s);
    covey__page_add(page, ",\"rows\":[");
    for (size_t i = 0; i < dial->n_rows; ++i)
        covey__text_addf(&page->text, i ? ",%lld" : "%lld", (long long)dial->rows[i]);
    covey__page_add(page, "],\"frames\":[");
    for (size_t f = 0; f < dial->n_frames; ++f) {
        covey__page_add(page, f ? "," : "");
        add_frame(page, dial, &dial->frames[f]);
    }
    covey__page_add(page, "]}");
}
