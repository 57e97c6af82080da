/* SPDX-License-Identifier: MIT */
/* What came out in one sentence, what was skipped, how the run can be made again, how to read. */
#include <string.h>
#include <time.h>

#include "report_internal.h"

static covey__short things(const covey__page *page, size_t n) {
    return page->has_photos ? covey__plural(page->language, COVEY__MSG_PHOTO_ONE, COVEY__MSG_PHOTO_MANY, n)
                            : covey__plural(page->language, COVEY__MSG_ROW_ONE, COVEY__MSG_ROW_MANY, n);
}

/* ---- what came out -------------------------------------------------------------------------- */

static void write_sentence(covey__page *page) {
    const covey_comparison *comparison = page->comparison;
    covey__page_add(page, "<p class=\"lede\">");
    covey__short all = things(page, page->n);
    if (!comparison) {
        COVEY__SAYF(page, LEDE_EXTRACT, all.s);
    } else {
        covey__short groups =
            covey__plural(page->language, COVEY__MSG_GROUP_ONE, COVEY__MSG_GROUP_MANY, page->k);
        covey__short losses = covey__count(page->language, (size_t)comparison->panel_size);
        covey__short agreed =
            page->unanimous == 0 ? covey__phrase(page->language, COVEY__MSG_NO_GROUP_AT_ALL, NULL, NULL, NULL)
            : page->unanimous == page->k && page->k > 1
                ? covey__phrase(page->language, COVEY__MSG_EVERY_GROUP, NULL, NULL, NULL)
                : covey__plural(page->language, COVEY__MSG_GROUP_ONE, COVEY__MSG_GROUP_MANY, page->unanimous);
        covey__short doubtful = things(page, page->undecided);
        if (comparison->panel_size < 2)
            COVEY__SAYF(page, LEDE_ONE_LOSS, all.s, groups.s, covey__page_loss_title(page, 0));
        else if (!page->undecided)
            COVEY__SAYF(page, LEDE_STEADY, all.s, groups.s, losses.s, agreed.s);
        else if (comparison->n_seeds > 0)
            COVEY__SAYF(page, LEDE_SEEDS, all.s, groups.s, losses.s, agreed.s, doubtful.s);
        else
            COVEY__SAYF(page, LEDE_LOSSES, all.s, groups.s, losses.s, agreed.s, doubtful.s);
    }
    if (page->run->n_skips) {
        covey__page_add(page, " <a href=\"#skipped\">");
        COVEY__SAYF(page, LEDE_SKIPPED,
                    covey__plural(page->language, COVEY__MSG_FILE_ONE, COVEY__MSG_FILE_MANY,
                                  page->run->n_skips).s);
        covey__page_add(page, "</a>");
    }
    covey__page_add(page, "</p>\n");
}

static void open_tile(covey__page *page, const char *number, covey__message label) {
    covey__page_add(page, "<div><dt>");
    covey__page_say(page, label, NULL);
    covey__page_add(page, "</dt><dd>");
    covey__page_escape(page, number);
    covey__page_add(page, "</dd><dd class=\"sub\">");
}

static void close_tile(covey__page *page) { covey__page_add(page, "</dd></div>\n"); }

static double mean_agreement(const covey_comparison *comparison) {
    double sum = 0;
    size_t n = comparison->n_losses;
    for (size_t l = 0; l < n; ++l)
        for (size_t m = 0; m < n; ++m)
            sum += l != m ? comparison->ari[l * n + m] : 0;
    return sum / (double)(n * (n - 1));
}

static void write_comparison_tiles(covey__page *page) {
    const covey_comparison *comparison = page->comparison;
    open_tile(page, covey__count(page->language, page->k).s, COVEY__MSG_TILE_GROUPS);
    if (page->run->facts.k_automatic)
        COVEY__SAY(page, TILE_GROUPS_AUTO);
    else
        COVEY__SAY(page, TILE_GROUPS_FIXED);
    close_tile(page);
    open_tile(page, covey__count(page->language, comparison->n_losses).s,
              comparison->n_losses == 1 ? COVEY__MSG_TILE_LOSS : COVEY__MSG_TILE_LOSSES);
    if (comparison->n_losses == 1)
        covey__page_escape(page, covey__page_loss_title(page, 0));
    else if (comparison->ari)
        COVEY__SAYF(page, TILE_AGREEMENT, covey__prose(page->language, covey__fixed(mean_agreement(comparison), 2)).s);
    close_tile(page);
    if (comparison->n_losses > 1 || comparison->n_seeds > 0) {
        open_tile(page, covey__count(page->language, page->undecided).s, COVEY__MSG_TILE_UNDECIDED);
        COVEY__SAYF(page, TILE_UNDECIDED_NOTE,
                    covey__percent(page->language, page->n ? (double)page->undecided / (double)page->n : 0).s);
        close_tile(page);
    }
}

void covey__page_write_overview(covey__page *page) {
    const covey_run *run = page->run;
    write_sentence(page);
    covey__page_add(page, "<dl class=\"tiles\">\n");
    if (page->has_photos || run->n_skips) {
        open_tile(page, covey__count(page->language, run->n_photos).s, COVEY__MSG_TILE_USED);
        COVEY__SAYF(page, TILE_USED_OF, covey__count(page->language, run->facts.found).s,
                    covey__count(page->language, run->n_skips).s);
    } else {
        open_tile(page, covey__count(page->language, page->n).s, COVEY__MSG_TILE_ROWS);
        COVEY__SAYF(page, TILE_ROWS_NOTE,
                    covey__count(page->language, page->comparison ? page->comparison->d : run->features.cols).s);
    }
    close_tile(page);
    if (page->comparison)
        write_comparison_tiles(page);
    if (run->facts.seconds_total > 0) {
        open_tile(page, covey__duration(page->language, run->facts.seconds_total).s, COVEY__MSG_TILE_TIME);
        if (page->has_photos && run->facts.seconds_extract > 0 && !run->facts.recalled) /* a rate of work */
            COVEY__SAYF(page, TILE_RATE,
                        covey__prose(page->language,
                                 covey__fixed((double)run->n_photos / run->facts.seconds_extract, 1)).s);
        close_tile(page);
    }
    covey__page_add(page, "</dl>\n");
}

/* ---- skipped -------------------------------------------------------------------------------- */

void covey__page_write_skipped(covey__page *page) {
    const covey_run *run = page->run;
    covey__page_section(page, "skipped", COVEY__MSG_SKIPPED);
    covey__page_add(page, "<p class=\"intro\">");
    if (run->n_skips)
        COVEY__SAYF(page, SKIPPED_INTRO, covey__count(page->language, run->facts.found).s,
                    covey__count(page->language, run->n_photos).s, covey__count(page->language, run->n_skips).s);
    else
        COVEY__SAY(page, SKIPPED_NONE);
    if (run->facts.others) {
        covey__page_add(page, " ");
        COVEY__SAYF(page, SKIPPED_OTHERS,
                    covey__plural(page->language, COVEY__MSG_FILE_ONE, COVEY__MSG_FILE_MANY,
                                  run->facts.others).s);
    }
    covey__page_add(page, "</p>\n");
    if (run->n_skips) {
        int folded = run->n_skips > 25;
        if (folded) {
            covey__page_add(page, "<details class=\"fold\"><summary>");
            COVEY__SAYF(page, SKIPPED_LIST, covey__count(page->language, run->n_skips).s);
            covey__page_add(page, "</summary>\n");
        }
        covey__page_add(page, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
                              "aria-labelledby=\"skipped-h\"><table class=\"plain\"><thead><tr>"
                              "<th scope=\"col\">");
        COVEY__SAY(page, SKIPPED_FILE);
        covey__page_add(page, "</th><th scope=\"col\">");
        COVEY__SAY(page, SKIPPED_REASON);
        covey__page_add(page, "</th></tr></thead>\n<tbody>\n");
        for (size_t i = 0; i < run->n_skips; ++i) {
            covey__page_add(page, "<tr><td class=\"path\"><bdi>");
            covey__page_escape(page, run->skips[i].path);
            covey__page_add(page, "</bdi></td><td>");
            covey__page_escape(page, run->skips[i].reason ? run->skips[i].reason : "");
            covey__page_add(page, "</td></tr>\n");
        }
        covey__page_add(page, "</tbody></table></div>\n");
        covey__page_add(page, folded ? "</details>\n" : "");
    }
    covey__page_add(page, "</section>\n");
}

/* ---- facts ---------------------------------------------------------------------------------- */

static void open_fact(covey__page *page, covey__message label) {
    covey__page_add(page, "<div><dt>");
    covey__page_say(page, label, NULL);
    covey__page_add(page, "</dt><dd>");
}

static void close_fact(covey__page *page) { covey__page_add(page, "</dd></div>\n"); }

/* Nothing is written where the run does not know. */
static void add_fact(covey__page *page, covey__message label, const char *value, int code) {
    if (!value || !value[0])
        return;
    open_fact(page, label);
    covey__page_add(page, code ? "<code>" : "");
    covey__page_escape(page, value);
    covey__page_add(page, code ? "</code>" : "");
    close_fact(page);
}

/* The command line as code, absolute paths cut to their last part: a page that is passed on does
 * not tell how its maker's disk is laid out. run.json keeps them. */
static void add_command(covey__page *page) {
    const char *at = page->run->facts.command;
    if (!at || !at[0])
        return;
    covey__text kept = {0};
    covey__text_add(&kept, "");
    for (char before = ' ', quote = 0; *at;) {
        int opens = before == ' ' || before == '=' || before == '\'' || before == '"';
        if (*at == '/' && opens) {
            const char *last = at, *end = at;
            for (; *end && (quote ? *end != quote : *end != ' '); ++end)
                if (*end == '/' && end[1] && end[1] != ' ' && end[1] != quote)
                    last = end;
            covey__text_add(&kept, "\xE2\x80\xA6");
            covey__text_add_bytes(&kept, last, (size_t)(end - last));
            before = 'x';
            at = end;
            continue;
        }
        if (*at == '\'' || *at == '"')
            quote = !quote ? *at : quote == *at ? 0 : quote;
        before = *at;
        covey__text_add_bytes(&kept, at++, 1);
    }
    page->text.failed |= kept.failed;
    if (!kept.failed)
        add_fact(page, COVEY__MSG_FACT_COMMAND, kept.data, 1);
    covey__text_fini(&kept);
}

static void add_network(covey__page *page) {
    const covey_run_facts *facts = &page->run->facts;
    if (!facts->weights_name || !facts->weights_name[0])
        return;
    open_fact(page, COVEY__MSG_FACT_WEIGHTS);
    /* The publishers' terms ask for the authors' names wherever the weights are named. */
    if (strcmp(facts->weights_name, "oxford") == 0)
        COVEY__SAY(page, FACT_WEIGHTS_OXFORD);
    else if (strcmp(facts->weights_name, "imagenet1k_v1") == 0)
        COVEY__SAY(page, FACT_WEIGHTS_IMAGENET);
    else
        COVEY__SAYF(page, FACT_WEIGHTS_OTHER, facts->weights_name);
    close_fact(page);
    add_fact(page, COVEY__MSG_FACT_DIGEST, facts->weights_digest, 1);
}

static void add_grouping(covey__page *page) {
    const covey_run_facts *facts = &page->run->facts;
    const covey_comparison *comparison = page->comparison;
    char number[32];
    if (page->run->n_duplicates) {
        open_fact(page, COVEY__MSG_FACT_DUPLICATES);
        COVEY__SAYF(page, FACT_DUPLICATES_VALUE, covey__count(page->language, page->run->n_duplicates).s);
        close_fact(page);
    }
    open_fact(page, COVEY__MSG_FACT_GROUPS);
    if (facts->k_automatic) {
        COVEY__SAYF(page, FACT_GROUPS_AUTO, covey__count(page->language, page->k).s);
        covey__page_add(page, " ");
        covey__page_say_why(page);
    } else
        COVEY__SAYF(page, FACT_GROUPS_FIXED, covey__count(page->language, page->k).s);
    close_fact(page);
    add_fact(page, COVEY__MSG_FACT_NORMALIZE, facts->normalize, 0);
    snprintf(number, sizeof number, "%llu", (unsigned long long)facts->seed);
    add_fact(page, COVEY__MSG_FACT_SEED, number, 0);
    if (facts->start && facts->start[0]) {
        open_fact(page, COVEY__MSG_FACT_START);
        COVEY__SAYF(page, FACT_START_VALUE, facts->start,
                    covey__count(page->language, (size_t)(facts->restarts > 0 ? facts->restarts : 0)).s,
                    covey__count(page->language, (size_t)(facts->max_rounds > 0 ? facts->max_rounds : 0)).s,
                    covey__significant(facts->tolerance).s);
        close_fact(page);
    }
    if (comparison->n_seeds > 0)
        add_fact(page, COVEY__MSG_FACT_SEEDS, covey__count(page->language, (size_t)comparison->n_seeds).s, 0);
    if (facts->classic)
        add_fact(page, COVEY__MSG_FACT_CLASSIC,
                 covey__message_get(page->language, COVEY__MSG_FACT_CLASSIC_VALUE), 0);
}

static void add_times(covey__page *page) {
    const covey_run_facts *facts = &page->run->facts;
    char when[64] = "";
    struct tm parts;
    time_t started = (time_t)facts->started;
    if (facts->started > 0 && gmtime_r(&started, &parts))
        strftime(when, sizeof when, "%Y-%m-%d %H:%M UTC", &parts);
    add_fact(page, COVEY__MSG_FACT_STARTED, when, 0);
    if (facts->seconds_total > 0) {
        open_fact(page, COVEY__MSG_FACT_TIME);
        COVEY__SAYF(page, FACT_TIME_VALUE, covey__duration(page->language, facts->seconds_total).s,
                    covey__duration(page->language, facts->seconds_extract).s,
                    covey__duration(page->language, facts->seconds_cluster).s);
        close_fact(page);
    }
    if (page->has_photos && facts->seconds_extract > 0 && !facts->recalled) {
        open_fact(page, COVEY__MSG_FACT_RATE);
        COVEY__SAYF(page, FACT_RATE_VALUE,
                    covey__prose(page->language,
                                 covey__fixed((double)page->run->n_photos / facts->seconds_extract, 1)).s);
        close_fact(page);
    }
    if (facts->host && facts->host[0]) {
        open_fact(page, COVEY__MSG_FACT_HOST);
        COVEY__SAYF(page, FACT_HOST_VALUE, facts->host, facts->cpu ? facts->cpu : "",
                    covey__count(page->language, (size_t)(facts->threads > 0 ? facts->threads : 0)).s);
        close_fact(page);
    }
}

void covey__page_write_facts(covey__page *page) {
    const covey_run *run = page->run;
    const covey_run_facts *facts = &run->facts;
    covey__page_section(page, "facts", COVEY__MSG_FACTS);
    covey__page_add(page, "<p class=\"intro\">");
    COVEY__SAY(page, FACTS_INTRO);
    covey__page_add(page, "</p>\n<dl class=\"facts\">\n");
    add_command(page);
    if (run->features.rows) {
        open_fact(page, COVEY__MSG_FACT_SIZE);
        COVEY__SAYF(page, FACT_SIZE_VALUE, covey__count(page->language, run->features.rows).s,
                    covey__count(page->language, run->features.cols).s);
        close_fact(page);
    }
    add_network(page);
    add_fact(page, COVEY__MSG_FACT_ENGINE, facts->engine_id, 1);
    add_fact(page, COVEY__MSG_FACT_PREPARATION, facts->preparation, 1);
    add_fact(page, COVEY__MSG_FACT_POOLING, facts->pooling, 1);
    if (page->comparison)
        add_grouping(page);
    add_times(page);
    add_fact(page, COVEY__MSG_FACT_VERSION, facts->version ? facts->version : covey_version(), 0);
    covey__page_add(page, "</dl>\n</section>\n");
}

/* ---- help ----------------------------------------------------------------------------------- */

void covey__page_write_help(covey__page *page) {
    static const covey__message terms[][2] = {
        {COVEY__MSG_HELP_GROUP, COVEY__MSG_HELP_GROUP_TEXT},
        {COVEY__MSG_HELP_LOSS, COVEY__MSG_HELP_LOSS_TEXT},
        {COVEY__MSG_HELP_COVER, COVEY__MSG_HELP_COVER_TEXT},
        {COVEY__MSG_HELP_WEIGHT, COVEY__MSG_HELP_WEIGHT_TEXT},
        {COVEY__MSG_HELP_MARGIN, COVEY__MSG_HELP_MARGIN_TEXT},
        {COVEY__MSG_HELP_DISTANCE, COVEY__MSG_HELP_DISTANCE_TEXT},
        {COVEY__MSG_HELP_UNDECIDED, COVEY__MSG_HELP_UNDECIDED_TEXT},
        {COVEY__MSG_HELP_ARI, COVEY__MSG_HELP_ARI_TEXT},
    };
    covey__page_section(page, "help", COVEY__MSG_HELP);
    covey__page_add(page, "<dl class=\"help\">\n");
    for (size_t i = 0; i < sizeof terms / sizeof *terms; ++i) {
        covey__page_add(page, "<div><dt>");
        covey__page_say(page, terms[i][0], NULL);
        covey__page_add(page, "</dt><dd>");
        covey__page_say(page, terms[i][1], NULL);
        covey__page_add(page, "</dd></div>\n");
    }
    covey__page_add(page, "</dl>\n</section>\n");
}
