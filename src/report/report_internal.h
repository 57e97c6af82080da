/* SPDX-License-Identifier: MIT */
/* The parts of the page, and what they share: sentences, numbers, pictures. */
#ifndef COVEY_REPORT_INTERNAL_H
#define COVEY_REPORT_INTERNAL_H

#include "base_internal.h"
#include "covey/landscape.h"
#include "covey/report.h"

/* ---- sentences --------------------------------------------------------------------------- */

typedef enum covey__message {
#define COVEY_LOSS_TITLE(name, persian)
#define COVEY_MESSAGE(name, english, persian) COVEY__MSG_##name,
#include "report_messages.def"
#undef COVEY_MESSAGE
#undef COVEY_LOSS_TITLE
    COVEY__MSG_COUNT
} covey__message;

/* Raw, placeholders unfilled. */
const char *covey__message_get(covey_language language, covey__message message);
const char *covey__loss_title(covey_language language, const covey_loss_ops *ops);

/* A short text by value, so that it can be made inside an argument list. */
typedef struct covey__short {
    char s[256];
} covey__short;

/* Numbers as data, the same in every language. */
covey__short covey__fixed(double value, int digits); /* always with a point; a dash if not finite */
covey__short covey__significant(double value);       /* four digits that matter */
covey__short covey__nine_digits(double value);        /* for charts */
covey__short covey__six_digits(double value);         /* for the script, which rounds again */

/* Numbers within sentences, with the language's digits. */
covey__short covey__prose(covey_language language, covey__short number); /* one of the above */
covey__short covey__count(covey_language language, size_t n);            /* 12,345 */
covey__short covey__percent(covey_language language, double share);      /* 0.123: 12 % */
covey__short covey__duration(covey_language language, double seconds);
/* The message for one or for many, {0} filled with n. */
covey__short covey__plural(covey_language language, covey__message one, covey__message many,
                           size_t n);
/* A message with up to three arguments, unescaped and cut to fit. */
covey__short covey__phrase(covey_language language, covey__message message, const char *a,
                           const char *b, const char *c);

/* ---- the page ---------------------------------------------------------------------------- */

enum {
    COVEY__LEFT_OUT = -1,
    COVEY__ROWS_SHOWN = 200, /* of a cluster, where there are no photos to look at */
    COVEY__NEAR_SHOWN = 8,   /* nearest photos of each */
    COVEY__BINS = 40,        /* of a residual histogram */
    COVEY__CURVE = 61,       /* points of a curve over it */
    COVEY__TSNE_LEAST = 12   /* rows from which neighbours are worth a map of their own */
};

/* Residuals of one loss from 0 to `top`, the last bin with all beyond; top 0: not known. */
typedef struct covey__residuals {
    double top, share[COVEY__BINS];
} covey__residuals;
#define COVEY__NO_MAJORITY 0.5 /* disagreement from which a row counts as undecided */

/* What every part of the page reads. Prepared once, so that the parts only write. */
typedef struct covey__page {
    covey__text text;
    const covey_run *run;
    covey_language language;
    const covey_comparison *comparison; /* NULL: nothing was clustered */
    size_t n;         /* rows */
    int has_photos;
    int thumbs_inline;
    size_t k;         /* clusters of the reference loss that have members */
    size_t wavering;  /* rows with any disagreement: with many starts, nearly all */
    size_t undecided; /* rows for which no cluster has a majority */
    size_t unanimous; /* covers that the whole panel chooses */
    /* Rows of each loss by cluster, then rank: order [n_losses][n]; the rows of cluster c (0 ..
     * k_all-1, then those left out) are order[offset[c]] .. order[offset[c+1]-1], with offset
     * [n_losses][k_all+2]. */
    size_t *order;
    size_t *offset;
    /* Measured by covey__page_measure: */
    char **ways;           /* [n_roots], from the page to the root, ready for a link; NULL: none */
    double *map;           /* [n][2], or NULL */
    double map_share[2];
    double *tsne;          /* [n][2], or NULL where rows are few or many */
    covey_neighbour *near; /* [n][COVEY__NEAR_SHOWN], or NULL */
    covey__residuals *residuals; /* [n_losses], or NULL */
    covey_landscape *landscapes; /* [n_losses] of one group, grid NULL: none; or NULL */
    size_t landscape_group;
} covey__page;

/* All but the last part, of a zeroed page; covey__page_fini in every case. */
covey_status covey__page_prepare(covey__page *page, const covey_run *run,
                                 const covey_report_params *params, covey_error *err);
void covey__page_fini(covey__page *page);

/* Fills the last part of the page, which will be written to `path`. */
covey_status covey__page_measure(covey__page *page, const char *path, covey_error *err);
covey_status covey__page_measure_residuals(covey__page *page, covey_error *err);
covey_status covey__page_measure_map(covey__page *page, covey_error *err);
covey_status covey__page_measure_landscapes(covey__page *page, covey_error *err);
void covey__page_fini_landscapes(covey__page *page);
void covey__page_measure_fini(covey__page *page);

/* Writes a message with its arguments, all escaped. */
void covey__page_say(covey__page *page, covey__message message, const char *const *args);
#define COVEY__SAY(page, message) covey__page_say((page), COVEY__MSG_##message, NULL)
#define COVEY__SAYF(page, message, ...)                                                          \
    covey__page_say((page), COVEY__MSG_##message, (const char *const[]){__VA_ARGS__})

void covey__page_add(covey__page *page, const char *html);        /* as it is */
void covey__page_escape(covey__page *page, const char *raw);      /* text or attribute value */
void covey__page_json(covey__page *page, const char *raw);        /* a quoted JSON string */
/* The bytes of a path as a link takes them: all but letters, digits and -_.~/ by their number. */
void covey__page_percent(covey__text *text, const char *path);
void covey__page_base64(covey__text *text, const void *data, size_t size);
/* <h2> with its id and, under it, an introduction; opens a <section>. */
void covey__page_section(covey__page *page, const char *id, covey__message title);
/* A labelled <select>, which the caller closes, and what may be chosen in it. */
void covey__page_open_select(covey__page *page, const char *id, covey__message label);
void covey__page_add_option(covey__page *page, const char *value, covey__message message);
void covey__page_add_groups(covey__page *page); /* one option for each, by number */

/* The rows of cluster `c` under loss `l`, in rank order; c = k_all: those left out. */
size_t covey__page_members(const covey__page *page, size_t l, size_t c, const size_t **rows);
/* As many as the run was made with, at most one for each core here: the folder may be another
 * machine's, or a stranger's. */
int covey__page_threads(const covey__page *page);
const covey_vote *covey__page_vote(const covey__page *page, size_t row, size_t cluster);
void covey__page_say_why(covey__page *page); /* why this k */
/* The base name of a photo, or "row 12" (the text lives in *scratch then). */
const char *covey__page_row_name(const covey__page *page, size_t row, covey__short *scratch);
const char *covey__page_loss_title(const covey__page *page, size_t l);
/* "Group 3", or the name a user gave. */
const char *covey__page_group_name(const covey__page *page, size_t cluster,
                                   covey__short *scratch);
/* An <img> of a photo. `owner`: the one place that carries the bytes when thumbnails are inline;
 * elsewhere the script points the image at the same bytes. */
void covey__page_picture(covey__page *page, size_t row, int owner);
/* A bar from 0 to 1. */
void covey__page_bar(covey__page *page, double share);

void covey__page_write_overview(covey__page *page);
void covey__page_write_covers(covey__page *page);
void covey__page_write_groups(covey__page *page);
/* The controls; `grouped`: of groups, else of photos alone. */
void covey__page_write_tools(covey__page *page, int grouped);
void covey__page_write_contact(covey__page *page); /* all photos, where nothing was clustered */
void covey__page_write_undecided(covey__page *page);
void covey__page_write_map(covey__page *page);
void covey__page_write_dial(covey__page *page);
void covey__page_write_seen(covey__page *page);
void covey__page_write_studies(covey__page *page); /* a part of how it was found */
void covey__page_write_landscape(covey__page *page); /* a part of how it was found */
void covey__page_write_losses(covey__page *page);
void covey__page_write_found(covey__page *page);
void covey__page_write_skipped(covey__page *page);
void covey__page_write_facts(covey__page *page);
void covey__page_write_help(covey__page *page);
/* Parts of the data block: of one loss, and the choice of k. */
void covey__page_write_residuals(covey__page *page, size_t l);
void covey__page_write_history(covey__page *page, size_t l);
void covey__page_write_k_table(covey__page *page);
void covey__page_write_map_data(covey__page *page);
void covey__page_write_dial_data(covey__page *page);
void covey__page_write_landscape_data(covey__page *page);
void covey__page_write_studies_data(covey__page *page);
void covey__page_write_data(covey__page *page); /* the numbers the script works with */

/* The bundle of src/report/page. */
extern const char covey__asset_page_css[];
extern const size_t covey__asset_page_css_size;
extern const char covey__asset_page_js[];
extern const size_t covey__asset_page_js_size;

#endif
