/* SPDX-License-Identifier: MIT */
/* The numbers and words that the script works with. */
#include <math.h>
#include <string.h>

#include "report_internal.h"

static void add_numbers(covey__page *page, const char *key, const double *values, size_t n) {
    covey__text_addf(&page->text, ",\"%s\":[", key);
    for (size_t i = 0; i < n; ++i) {
        covey__short s = isfinite(values[i]) ? covey__six_digits(values[i])
                                             : (covey__short){"null"};
        covey__page_add(page, i ? "," : "");
        covey__page_add(page, s.s);
    }
    covey__page_add(page, "]");
}

/* The sentences that the script writes, under the names it knows them by. */
static void add_words(covey__page *page) {
    int photos = page->has_photos;
    const struct {
        const char *key;
        covey__message message;
    } words[] = {
        {"digits", COVEY__MSG_DIGITS},
        {"thousands", COVEY__MSG_THOUSANDS},
        {"comma", COVEY__MSG_COMMA},
        {"cover", COVEY__MSG_COVER},
        {"one", photos ? COVEY__MSG_PHOTO_ONE : COVEY__MSG_ROW_ONE},
        {"many", photos ? COVEY__MSG_PHOTO_MANY : COVEY__MSG_ROW_MANY},
        {"row", COVEY__MSG_ROW_NAME},
        {"found", COVEY__MSG_FILTER_COUNT},
        {"fold", COVEY__MSG_FOLD},
        {"unfold", COVEY__MSG_UNFOLD},
        {"more", COVEY__MSG_GROUP_MORE},
        {"weight", COVEY__MSG_WEIGHT},
        {"margin", COVEY__MSG_MARGIN},
        {"distance", COVEY__MSG_DISTANCE},
        {"rank", COVEY__MSG_RANK},
        {"loss", COVEY__MSG_LOSS},
        {"group", COVEY__MSG_GROUP},
        {"trimmed", COVEY__MSG_TRIMMED},
        {"runners", COVEY__MSG_RUNNERS_UP},
        {"alone", COVEY__MSG_NO_RUNNERS},
        {"medoid", COVEY__MSG_MEDOID},
        {"medoidSame", COVEY__MSG_MEDOID_SAME},
        {"close", COVEY__MSG_CLOSE},
        {"copy", COVEY__MSG_COPY},
        {"copied", COVEY__MSG_COPIED},
        {"perLoss", COVEY__MSG_PER_LOSS},
        {"duelCell", COVEY__MSG_DUEL_CELL},
        {"duelSummary", COVEY__MSG_DUEL_SUMMARY},
        {"duelSame", COVEY__MSG_DUEL_SAME},
        {"duelItself", COVEY__MSG_DUEL_ITSELF},
        {"duelAll", COVEY__MSG_DUEL_ALL},
        {"pick", COVEY__MSG_PICK},
        {"picked", COVEY__MSG_PICKED_COUNT},
        {"nearest", COVEY__MSG_NEAREST},
        {"nearestNote", COVEY__MSG_NEAREST_NOTE},
        {"original", COVEY__MSG_OPEN_ORIGINAL},
        {"objective", COVEY__MSG_OBJECTIVE},
        {"round", COVEY__MSG_ROUND},
        {"shift", COVEY__MSG_SHIFT},
        {"share", COVEY__MSG_SHARE},
        {"residual", COVEY__MSG_RESIDUAL},
        {"residualU", COVEY__MSG_RESIDUAL_U},
        {"silhouette", COVEY__MSG_SILHOUETTE},
        {"calinski", COVEY__MSG_CALINSKI},
        {"elbow", COVEY__MSG_ELBOW},
        {"stability", COVEY__MSG_STABILITY},
        {"groupsAxis", COVEY__MSG_GROUPS},
        {"scaleAt", COVEY__MSG_SCALE_AT},
        {"chosenK", COVEY__MSG_CHOSEN_K},
        {"objectiveAlt", COVEY__MSG_OBJECTIVE_ALT},
        {"shiftAlt", COVEY__MSG_SHIFT_ALT},
        {"firmAlt", COVEY__MSG_FIRM_ALT},
        {"kAlt", COVEY__MSG_K_ALT},
        {"curvesAlt", COVEY__MSG_CURVES_ALT},
        {"mapHint", COVEY__MSG_MAP_HINT},
        {"strangersAlt", COVEY__MSG_STRANGERS_ALT},
        {"strangersShare", COVEY__MSG_STRANGERS_SHARE},
        {"strangersUnit", COVEY__MSG_STRANGERS_UNIT},
        {"strangersMean", COVEY__MSG_STRANGERS_MEAN},
        {"strangersMost", COVEY__MSG_STRANGERS_MOST},
        {"strangersCovers", COVEY__MSG_STRANGERS_COVERS},
        {"landPlay", COVEY__MSG_LAND_PLAY},
        {"landPause", COVEY__MSG_LAND_PAUSE},
        {"landDescent", COVEY__MSG_LAND_DESCENT},
        {"landTitle", COVEY__MSG_LAND_TITLE},
        {"landAlt", COVEY__MSG_LAND_ALT},
        {"landFalls", COVEY__MSG_LAND_FALLS},
        {"landFallsAlt", COVEY__MSG_LAND_FALLS_ALT},
        {"landAbove", COVEY__MSG_LAND_ABOVE},
        {"landStepAxis", COVEY__MSG_LAND_AT},
        {"landMoment", COVEY__MSG_LAND_MOMENT},
        {"landSum", COVEY__MSG_LAND_SUM},
        {"dialNames", COVEY__MSG_DIAL_NAMES},
        {"dialAt", COVEY__MSG_DIAL_AT},
        {"dialBetween", COVEY__MSG_DIAL_BETWEEN},
        {"dialCurve", COVEY__MSG_DIAL_CURVE},
        {"dialCurveAlt", COVEY__MSG_DIAL_CURVE_ALT},
        {"dialNewCover", COVEY__MSG_DIAL_NEW_COVER},
        {"dialLeast", COVEY__MSG_DIAL_LEAST},
        {"dialAllEqual", COVEY__MSG_DIAL_ALL_EQUAL},
        {"dialStart", COVEY__MSG_DIAL_START},
        {"dialSum", COVEY__MSG_DIAL_SUM},
        {"mapFar", COVEY__MSG_MAP_FAR},
        {"mapNear", COVEY__MSG_MAP_NEAR},
        {"mapOpen", COVEY__MSG_MAP_OPEN},
        {"mapPca", COVEY__MSG_MAP_PCA_NOTE},
        {"mapTsne", COVEY__MSG_MAP_TSNE_NOTE},
        {"mapTrust", COVEY__MSG_MAP_TRUST},
    };
    covey__page_add(page, ",\"say\":{");
    for (size_t i = 0; i < sizeof words / sizeof *words; ++i) {
        covey__text_addf(&page->text, "%s\"%s\":", i ? "," : "", words[i].key);
        covey__page_json(page, covey__message_get(page->language, words[i].message));
    }
    covey__page_add(page, "}");
}

/* The rows for which no group has a majority. */
static void add_undecided(covey__page *page) {
    const char *comma = "";
    covey__page_add(page, ",\"undecided\":[");
    for (size_t i = 0; page->undecided && i < page->n; ++i)
        if (page->comparison->disagreement[i] >= COVEY__NO_MAJORITY) {
            covey__text_addf(&page->text, "%s%zu", comma, i);
            comma = ",";
        }
    covey__page_add(page, "]");
}

/* Nearest rows of each, and how near. */
static void add_near(covey__page *page) {
    size_t count = page->near ? page->n * COVEY__NEAR_SHOWN : 0;
    covey__text_addf(&page->text, ",\"nearCount\":%d,\"near\":[", COVEY__NEAR_SHOWN);
    for (size_t i = 0; i < count; ++i)
        covey__text_addf(&page->text, i ? ",%d" : "%d", (int)page->near[i].row);
    covey__page_add(page, "],\"nearness\":[");
    for (size_t i = 0; i < count; ++i) {
        covey__page_add(page, i ? "," : "");
        covey__page_add(page, covey__fixed(page->near[i].cosine, 3).s);
    }
    covey__page_add(page, "]");
}

/* Names that the page cannot show as they are: their links come from here. */
static void add_odd_names(covey__page *page) {
    const covey_run *run = page->run;
    const char *comma = "";
    covey__page_add(page, ",\"odd\":{");
    for (size_t i = 0; i < run->n_photos; ++i) {
        int changed;
        char *clean = covey__utf8_clean(run->photos[i].path, &changed);
        page->text.failed |= !clean;
        if (clean && (changed || strstr(clean, "\xEF\xBF\xBD"))) {
            covey__text_addf(&page->text, "%s\"%zu\":\"", comma, i);
            covey__page_percent(&page->text, run->photos[i].path);
            covey__page_add(page, "\"");
            comma = ",";
        }
        covey__free(clean);
    }
    covey__page_add(page, "}");
}

/* Ways from the page to the photos' folders, and which photo lies in which. */
static void add_ways(covey__page *page) {
    const covey_run *run = page->run;
    covey__page_add(page, ",\"ways\":[");
    for (size_t i = 0; i < run->n_roots; ++i) {
        covey__page_add(page, i ? "," : "");
        covey__page_json(page, page->ways[i] ? page->ways[i] : "");
    }
    covey__page_add(page, "],\"root\":[");
    for (size_t i = 0; run->n_roots > 1 && i < run->n_photos; ++i)
        covey__text_addf(&page->text, i ? ",%zu" : "%zu", run->photos[i].root);
    covey__page_add(page, "]");
    add_odd_names(page);
}

/* A data block, not a script: `<` never occurs in it, so nothing in it can end it. */
void covey__page_write_data(covey__page *page) {
    const covey_comparison *comparison = page->comparison;
    size_t n_losses = comparison ? comparison->n_losses : 0;
    covey__text_addf(&page->text,
                     "<script type=\"application/json\" id=\"data\">{\"n\":%zu,\"k\":%zu,"
                     "\"cap\":%d,\"losses\":[",
                     page->n, comparison ? comparison->k_all : 0,
                     page->has_photos ? 0 : COVEY__ROWS_SHOWN);
    for (size_t l = 0; l < n_losses; ++l) {
        const covey_clustering *c = &comparison->clusterings[l];
        covey__page_add(page, l ? ",\n{\"title\":" : "\n{\"title\":");
        covey__page_json(page, covey__page_loss_title(page, l));
        covey__page_add(page, ",\"name\":");
        covey__page_json(page, c->loss.ops->name);
        covey__page_add(page, ",\"label\":[");
        for (size_t i = 0; i < page->n; ++i)
            covey__text_addf(&page->text, i ? ",%d" : "%d", (int)c->labels[i]);
        covey__page_add(page, "],\"rank\":[");
        for (size_t i = 0; i < page->n; ++i)
            covey__text_addf(&page->text, i ? ",%d" : "%d", (int)c->rank[i]);
        covey__page_add(page, "],\"medoid\":[");
        for (size_t i = 0; c->medoids && i < c->k; ++i)
            covey__text_addf(&page->text, i ? ",%lld" : "%lld", (long long)c->medoids[i]);
        covey__page_add(page, "]");
        add_numbers(page, "weight", c->weight, page->n);
        add_numbers(page, "margin", c->margin, page->n);
        add_numbers(page, "distance", c->distance, page->n);
        covey__page_write_residuals(page, l);
        covey__page_write_history(page, l);
        covey__page_add(page, "}");
    }
    covey__page_add(page, "]");
    add_undecided(page);
    add_near(page);
    add_ways(page);
    covey__page_write_k_table(page);
    covey__page_write_map_data(page);
    covey__page_write_dial_data(page);
    covey__page_write_landscape_data(page);
    covey__page_write_studies_data(page);
    add_words(page);
    covey__page_add(page, "}</script>\n");
}
