/* SPDX-License-Identifier: MIT */
/* What a run looked into besides: its solvers, and how far strangers carry its centres. */
#include <math.h>

#include "report_internal.h"

static void open_part(covey__page *page, const char *id, covey__message title,
                      covey__message intro) {
    covey__text_addf(&page->text, "<div class=\"part\" id=\"%s\">\n<h3>", id);
    covey__page_say(page, title, NULL);
    covey__page_add(page, "</h3>\n<p class=\"intro\">");
    covey__page_say(page, intro, NULL);
    covey__page_add(page, "</p>\n");
}

static void open_table(covey__page *page, covey__message label, const covey__message *heads,
                       size_t n) {
    covey__page_add(page, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"");
    covey__page_say(page, label, NULL);
    covey__page_add(page, "\"><table class=\"numbers\"><thead><tr>");
    for (size_t i = 0; i < n; ++i) {
        covey__page_add(page, "<th scope=\"col\">");
        covey__page_say(page, heads[i], NULL);
        covey__page_add(page, "</th>");
    }
    covey__page_add(page, "</tr></thead><tbody>\n");
}

static void add_cell(covey__page *page, const char *text) {
    covey__page_add(page, "<td>");
    covey__page_add(page, text);
    covey__page_add(page, "</td>");
}

static void add_count(covey__page *page, long long n) {
    covey__text_addf(&page->text, "<td>%lld</td>", n);
}

/* A number of which 0 is common and means exactly that. */
static void add_small(covey__page *page, double value) {
    add_cell(page, value == 0 ? "0" : covey__significant(value).s);
}

static void add_loss(covey__page *page, const char *name) {
    covey__page_add(page, "<tr><th scope=\"row\">");
    for (size_t l = 0; l < page->comparison->n_losses; ++l)
        if (page->comparison->clusterings[l].loss.ops->name == name)
            covey__page_escape(page, covey__page_loss_title(page, l));
    covey__page_add(page, "</th>");
}

static void write_solvers(covey__page *page) {
    static const covey__message heads[] = {
        COVEY__MSG_LOSS,       COVEY__MSG_SOLVER,      COVEY__MSG_OBJECTIVE,
        COVEY__MSG_SOLVER_GAP, COVEY__MSG_SOLVER_ITERATIONS, COVEY__MSG_SOLVER_EVALUATIONS,
        COVEY__MSG_SOLVER_MS,  COVEY__MSG_SOLVER_CONVERGED,  COVEY__MSG_SOLVER_EXACT};
    const covey_run *run = page->run;
    open_part(page, "solvers", COVEY__MSG_SOLVERS, COVEY__MSG_SOLVERS_INTRO);
    open_table(page, COVEY__MSG_SOLVERS, heads, sizeof heads / sizeof *heads);
    for (size_t i = 0; i < run->n_solver_rows; ++i) {
        const covey_solver_row *row = &run->solver_rows[i];
        add_loss(page, row->loss);
        covey__text_addf(&page->text, "<td class=\"text\"><code>%s</code></td>", row->solver);
        add_cell(page, covey__nine_digits(row->objective).s);
        add_small(page, row->gap);
        add_count(page, row->iterations);
        add_count(page, row->evaluations);
        add_cell(page, covey__fixed(1000 * row->seconds, 2).s);
        covey__text_addf(&page->text, "<td>%zu/%zu</td>", row->converged, row->clusters);
        add_small(page, row->from_exact);
        covey__page_add(page, "</tr>\n");
    }
    covey__page_add(page, "</tbody></table></div>\n</div>\n");
}

static void write_strangers(covey__page *page) {
    static const covey__message heads[] = {
        COVEY__MSG_LOSS,          COVEY__MSG_STRANGERS_SHARE,   COVEY__MSG_STRANGERS_MEAN,
        COVEY__MSG_STRANGERS_MOST, COVEY__MSG_STRANGERS_COVERS, COVEY__MSG_STRANGERS_CHANGED,
        COVEY__MSG_STRANGERS_TAKEN, COVEY__MSG_HELP_ARI};
    const covey_strangers *s = &page->run->strangers;
    open_part(page, "strangers", COVEY__MSG_STRANGERS, COVEY__MSG_STRANGERS_INTRO);
    covey__page_add(page, "<div class=\"charts js\" id=\"strangers-charts\"></div>\n"
                          "<details class=\"fold\"><summary>");
    COVEY__SAY(page, STRANGERS_TABLE);
    covey__page_add(page, "</summary>");
    open_table(page, COVEY__MSG_STRANGERS, heads, sizeof heads / sizeof *heads);
    for (size_t i = 0; i < s->n_rows; ++i) {
        const covey_strangers_row *row = &s->rows[i];
        add_loss(page, page->comparison->clusterings[row->loss].loss.ops->name);
        covey__text_addf(&page->text, "<td>%.1f&nbsp;%%</td>", 100 * row->share);
        add_cell(page, covey__fixed(row->centre_mean, 3).s);
        add_cell(page, covey__fixed(row->centre_most, 3).s);
        add_cell(page, covey__fixed(row->representative_mean, 3).s);
        add_count(page, (long long)row->changed);
        add_count(page, (long long)row->taken);
        add_cell(page, covey__fixed(row->ari, 3).s);
        covey__page_add(page, "</tr>\n");
    }
    covey__page_add(page, "</tbody></table></div></details>\n</div>\n");
}

void covey__page_write_studies(covey__page *page) {
    if (page->run->n_solver_rows)
        write_solvers(page);
    if (page->run->strangers.n_rows)
        write_strangers(page);
}

void covey__page_write_studies_data(covey__page *page) {
    const covey_strangers *s = &page->run->strangers;
    covey__page_add(page, ",\"strangers\":[");
    for (size_t i = 0; i < s->n_rows; ++i) {
        const covey_strangers_row *row = &s->rows[i];
        const double values[] = {row->share, row->centre_mean, row->centre_most,
                                 row->representative_mean};
        covey__text_addf(&page->text, "%s[%zu", i ? "," : "", row->loss);
        for (int v = 0; v < 4; ++v) {
            covey__page_add(page, ",");
            covey__page_add(page,
                            isfinite(values[v]) ? covey__nine_digits(values[v]).s : "null");
        }
        covey__page_add(page, "]");
    }
    covey__page_add(page, "]");
}
