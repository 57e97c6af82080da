/* SPDX-License-Identifier: MIT */
/* The pictures of a run: a strip of representatives per loss, and a contact sheet. */
#include <math.h>

#include "figure_internal.h"
#include "report_internal.h"

enum {
    PICTURE_SIDE = 320,   /* what is decoded for a tile */
    TILES_MOST = 200,     /* of a strip: more is no picture any more */
    SHEET_PHOTOS = 48,
    SHEET_COLUMNS = 8
};

/* What is drawn, and what the drawer failed at. */
typedef struct figures {
    const covey_run *run;
    const char *folder;
    covey_language language;
    covey__pictures_fn pictures_new;
    size_t lost;       /* figures that covey-draw did not come back with */
    covey_error first; /* why the first of them */
} figures;

/* The row with rank 0 of each cluster that has one, in order of clusters; *n of them. `clusters`
 * tells whose they are. */
static void find_representatives(int64_t *rows, size_t *clusters, size_t *n,
                                 const covey_comparison *comparison, size_t l) {
    const covey_clustering *c = &comparison->clusterings[l];
    int64_t *of_cluster = rows;
    for (size_t j = 0; j < comparison->k_all; ++j)
        of_cluster[j] = -1;
    for (size_t i = 0; i < c->n; ++i)
        if (c->rank[i] == 0 && c->labels[i] >= 0 && (size_t)c->labels[i] < comparison->k_all)
            of_cluster[c->labels[i]] = (int64_t)i;
    *n = 0;
    for (size_t j = 0; j < comparison->k_all; ++j)
        if (of_cluster[j] >= 0) {
            clusters[*n] = j;
            rows[(*n)++] = of_cluster[j];
        }
}

/* "IMG_1.jpg" and below it "Group 3 · 5 of 6 losses". */
static void add_caption(covey__text *text, const covey_run *run, covey_language language,
                        int64_t row, size_t cluster) {
    const covey_comparison *comparison = &run->comparison;
    const char *name = cluster < run->n_names ? run->names[cluster] : NULL;
    covey__text_addf(text, "%s\n", covey__path_base(run->photos[row].path));
    covey__text_add(text, name && *name
                              ? name
                              : covey__phrase(language, COVEY__MSG_GROUP_NAME, covey__count(language, cluster).s,
                                              NULL, NULL).s);
    for (size_t v = 0; comparison->panel_size > 1 && v < comparison->n_votes; ++v)
        if (comparison->votes[v].row == row && comparison->votes[v].cluster == (int32_t)cluster) {
            covey__text_add(text, covey__message_get(language, COVEY__MSG_COMMA));
            covey__text_add(text,
                            covey__phrase(language, COVEY__MSG_BADGE,
                                          covey__count(language, (size_t)comparison->votes[v].losses).s,
                                          covey__count(language, (size_t)comparison->panel_size).s, NULL)
                                .s);
        }
}

/* Both forms of one figure. `captions` hold NUL-terminated texts one after the other. */
static covey_status save_figure(figures *f, const char *name, const char *title,
                                const int64_t *rows, size_t n, size_t columns,
                                const covey__text *captions, covey_error *err) {
    covey_status status = COVEY_OK;
    covey_picture *pictures = NULL;
    char *path = NULL;
    covey_tile *tiles = covey__calloc(n, sizeof *tiles);
    COVEY_NOMEM_IF(!tiles || captions->failed, err);
    COVEY_TRY(f->pictures_new(&pictures, f->run, rows, n, PICTURE_SIDE, err));
    const char *caption = captions->data;
    for (size_t i = 0; i < n; ++i) {
        tiles[i] = (covey_tile){pictures[i].rgb, pictures[i].width, pictures[i].height, caption};
        while (*caption++)
            ;
    }
    for (int svg = 0; svg < 2; ++svg) {
        covey_error own;
        covey__free(path);
        path = covey__asprintf("%s/%s.%s", f->folder, name, svg ? "svg" : "png");
        COVEY_NOMEM_IF(!path, err);
        status = covey_figure_save_tiles(path, title, tiles, n, columns, &own);
        if (status == COVEY_E_DRAW) { /* costs this figure */
            if (!f->lost++)
                covey__fail(&f->first, COVEY_E_DRAW, path, "%s", own.message);
            status = COVEY_OK;
        } else if (status != COVEY_OK && err) {
            *err = own;
        }
        COVEY_TRY(status);
    }
done:
    covey__free(path);
    covey_pictures_free(pictures, n);
    covey__free(tiles);
    return status;
}

static covey_status save_strip(figures *f, size_t l, covey_error *err) {
    covey_status status = COVEY_OK;
    const covey_comparison *comparison = &f->run->comparison;
    const covey_loss_ops *ops = comparison->clusterings[l].loss.ops;
    const covey_language language = f->language;
    covey__text captions = {0};
    size_t n = 0;
    char *name = NULL;
    int64_t *rows = covey__alloc_array(comparison->k_all, sizeof *rows);
    size_t *clusters = covey__alloc_array(comparison->k_all, sizeof *clusters);
    COVEY_NOMEM_IF(!rows || !clusters, err);
    find_representatives(rows, clusters, &n, comparison, l);
    if (!n)
        goto done;
    size_t shown = n < TILES_MOST ? n : TILES_MOST;
    const char *of = covey__loss_title(language, ops);
    covey__short title =
        shown < n ? covey__phrase(language, COVEY__MSG_FIGURE_STRIP_FIRST, of,
                                  covey__count(language, shown).s, covey__count(language, n).s)
                  : covey__phrase(language, COVEY__MSG_FIGURE_STRIP, of, NULL, NULL);
    for (size_t i = 0; i < shown; ++i) {
        add_caption(&captions, f->run, language, rows[i], clusters[i]);
        covey__text_add_bytes(&captions, "", 1);
    }
    name = covey__asprintf("representatives_%s", ops->name);
    COVEY_NOMEM_IF(!name, err);
    size_t columns = shown <= 36 ? 6 : (size_t)ceil(sqrt((double)shown));
    COVEY_TRY(save_figure(f, name, title.s, rows, shown, columns, &captions, err));
done:
    covey__free(name);
    covey__text_fini(&captions);
    covey__free(clusters);
    covey__free(rows);
    return status;
}

/* Photos evenly spread over the run. */
static covey_status save_sheet(figures *f, covey_error *err) {
    covey_status status = COVEY_OK;
    covey__text captions = {0};
    int64_t rows[SHEET_PHOTOS];
    const covey_run *run = f->run;
    size_t n = run->n_photos < SHEET_PHOTOS ? run->n_photos : SHEET_PHOTOS;
    for (size_t i = 0; i < n; ++i) {
        rows[i] = (int64_t)((double)i * (double)run->n_photos / (double)n);
        covey__text_add(&captions, covey__path_base(run->photos[rows[i]].path));
        covey__text_add_bytes(&captions, "", 1);
    }
    covey__short title =
        covey__phrase(f->language, COVEY__MSG_FIGURE_SHEET, covey__count(f->language, n).s,
                      covey__count(f->language, run->n_photos).s, NULL);
    COVEY_TRY(save_figure(f, "contact_sheet", title.s, rows, n,
                          n < SHEET_COLUMNS ? n : SHEET_COLUMNS, &captions, err));
done:
    covey__text_fini(&captions);
    return status;
}

covey_status covey__figures_save(const covey_run *run, const char *folder,
                                 covey_language language, covey__pictures_fn pictures_new,
                                 covey_error *err) {
    covey_status status = COVEY_OK;
    figures f = {run, folder, language, pictures_new, .lost = 0};
    COVEY_FAIL_IF((unsigned)language >= COVEY_LANGUAGE_COUNT, err, COVEY_E_ARGUMENT, NULL,
                  "no language has the number %d", (int)language);
    COVEY_TRY(covey__mkdirs(folder, err));
    if (!run->n_photos)
        goto done;
    COVEY_TRY(save_sheet(&f, err));
    for (size_t l = 0; l < run->comparison.n_losses; ++l)
        COVEY_TRY(save_strip(&f, l, err));
    COVEY_FAIL_IF(f.lost, err, COVEY_E_DRAW, f.first.path, "this figure%s left out: %s",
                  f.lost > 1 ? " and others are" : " is", f.first.message);
done:
    return status;
}

covey_status covey_figures_save_run(const covey_run *run, const char *folder,
                                    covey_language language, covey_error *err) {
    return covey__figures_save(run, folder, language, covey_pictures_new, err);
}
