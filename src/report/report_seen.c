/* SPDX-License-Identifier: MIT */
/* What the network sees: the covers' feature maps, layer by layer. Needs no script. */
#include "report_internal.h"

enum { FIRST_OPEN = 1 };

/* The layers of the write-up and what a reader should know of them. */
static const struct {
    int layer;
    covey__message title, text;
} layers[] = {
    {1, COVEY__MSG_SEEN_1, COVEY__MSG_SEEN_1_TEXT},    {2, COVEY__MSG_SEEN_2, COVEY__MSG_SEEN_2_TEXT},
    {3, COVEY__MSG_SEEN_3, COVEY__MSG_SEEN_3_TEXT},    {8, COVEY__MSG_SEEN_8, COVEY__MSG_SEEN_8_TEXT},
    {15, COVEY__MSG_SEEN_15, COVEY__MSG_SEEN_15_TEXT}, {22, COVEY__MSG_SEEN_22, COVEY__MSG_SEEN_22_TEXT},
    {29, COVEY__MSG_SEEN_29, COVEY__MSG_SEEN_29_TEXT}};
enum { LAYERS = sizeof layers / sizeof *layers };

static const covey_run_map *find_map(const covey_run *run, int64_t row, int layer) {
    for (size_t i = 0; i < run->n_maps; ++i)
        if (run->maps[i].row == row && run->maps[i].layer == layer)
            return &run->maps[i];
    return NULL;
}

static void add_strip(covey__page *page, const covey_run_map *map, const char *alt_name) {
    covey__page_add(page, "<img class=\"strip\" loading=\"lazy\" decoding=\"async\" alt=\"");
    COVEY__SAYF(page, SEEN_ALT, alt_name, covey__count(page->language, (size_t)map->layer).s);
    if (page->thumbs_inline) {
        covey__page_add(page, "\" src=\"data:image/png;base64,");
        covey__page_base64(&page->text, map->png, map->bytes);
        covey__page_add(page, "\">");
    } else {
        covey__text_addf(&page->text, "\" src=\"maps/%06lld_layer_%02d.png\">", (long long)map->row,
                         map->layer);
    }
}

static void add_photo(covey__page *page, int64_t row, int open) {
    covey__short scratch;
    const char *name = covey__page_row_name(page, (size_t)row, &scratch);
    covey__text_addf(&page->text, "<details class=\"seen\"%s><summary><span class=\"js face\">",
                     open ? " open" : "");
    covey__page_picture(page, (size_t)row, 0);
    covey__page_add(page, "</span><h3 class=\"nm\"><bdi>");
    covey__page_escape(page, name);
    covey__page_add(page, "</bdi></h3></summary>\n<ol>\n");
    for (size_t l = 0; l < LAYERS; ++l) {
        const covey_run_map *map = find_map(page->run, row, layers[l].layer);
        if (!map)
            continue;
        covey__page_add(page, "<li><h4>");
        covey__page_say(page, layers[l].title, NULL);
        covey__page_add(page, "</h4><p class=\"note\">");
        covey__page_say(page, layers[l].text, NULL);
        covey__page_add(page, "</p><div class=\"scroll\" tabindex=\"0\" role=\"group\" "
                              "aria-label=\"");
        covey__page_say(page, layers[l].title, NULL);
        covey__page_add(page, "\">");
        add_strip(page, map, name);
        covey__page_add(page, "</div></li>\n");
    }
    covey__page_add(page, "</ol></details>\n");
}

void covey__page_write_seen(covey__page *page) {
    const covey_run *run = page->run;
    size_t shown = 0;
    if (!run->n_maps || !page->has_photos)
        return;
    covey__page_section(page, "seen", COVEY__MSG_SEEN);
    covey__page_add(page, "<p class=\"intro\">");
    COVEY__SAYF(page, SEEN_INTRO, covey__count(page->language, COVEY_RUN_MAP_CHANNELS).s);
    covey__page_add(page, "</p>\n");
    for (size_t i = 0; i < run->n_maps; ++i)
        if (i == 0 || run->maps[i].row != run->maps[i - 1].row)
            add_photo(page, run->maps[i].row, shown++ < FIRST_OPEN);
    covey__page_add(page, "</section>\n");
}
