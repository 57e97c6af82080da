/* SPDX-License-Identifier: MIT */
/* The page as a whole: what its parts share, its frame, and the policy that keeps it harmless.
 *
 * File names come from anywhere, so nothing of a run enters the page unescaped, and the browser is
 * told to run the one script and use the one style whose digests the page names. */
#include <string.h>

#include "report_internal.h"

enum { INLINE_LIMIT = 20 << 20 };

/* A few birds of a flock, an SVG; without an icon in the page a browser asks the server for one. */
static const char icon[] =
    "data:image/svg+xml;base64,"
    "PHN2ZyB4bWxucz0naHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmcnIHZpZXdCb3g9JzAgMCAxNiAxNic+PHBh"
    "dGggZmlsbD0nbm9uZScgc3Ryb2tlPScjMWY3YWI4JyBzdHJva2Utd2lkdGg9JzEuNycgc3Ryb2tlLWxpbmVj"
    "YXA9J3JvdW5kJyBkPSdNMSA5cTItMyA0IDBxMi0zIDQgME03IDRxMi0zIDQgMHEyLTMgNCAwTTggMTRxMS43"
    "LTIuNiAzLjQgMHExLjctMi42IDMuNCAwJy8+PC9zdmc+";

/* ---- what the parts share ------------------------------------------------------------------ */

size_t covey__page_members(const covey__page *page, size_t l, size_t c, const size_t **rows) {
    const size_t *offset = page->offset + l * (page->comparison->k_all + 2);
    *rows = page->order + l * page->n + offset[c];
    return offset[c + 1] - offset[c];
}

int covey__page_threads(const covey__page *page) {
    int recorded = page->run->facts.threads, cores = covey_cpu_count();
    return recorded < cores ? recorded : cores;
}

const covey_vote *covey__page_vote(const covey__page *page, size_t row, size_t cluster) {
    const covey_comparison *c = page->comparison;
    for (size_t i = 0; c->votes && i < c->n_votes; ++i)
        if (c->votes[i].row == (int64_t)row && c->votes[i].cluster == (int32_t)cluster)
            return &c->votes[i];
    return NULL;
}

const char *covey__page_row_name(const covey__page *page, size_t row, covey__short *scratch) {
    if (page->has_photos)
        return covey__path_base(page->run->photos[row].path);
    *scratch = covey__phrase(page->language, COVEY__MSG_ROW_NAME, covey__count(page->language, row).s, NULL, NULL);
    return scratch->s;
}

const char *covey__page_loss_title(const covey__page *page, size_t l) {
    return covey__loss_title(page->language, page->comparison->clusterings[l].loss.ops);
}

const char *covey__page_group_name(const covey__page *page, size_t cluster,
                                   covey__short *scratch) {
    if (cluster < page->run->n_names && page->run->names[cluster] &&
        page->run->names[cluster][0])
        return page->run->names[cluster];
    *scratch = covey__phrase(page->language, COVEY__MSG_GROUP_NAME, covey__count(page->language, cluster).s, NULL, NULL);
    return scratch->s;
}

void covey__page_section(covey__page *page, const char *id, covey__message title) {
    covey__text_addf(&page->text, "<section id=\"%s\" aria-labelledby=\"%s-h\">\n<h2 id=\"%s-h\">",
                     id, id, id);
    covey__page_say(page, title, NULL);
    covey__page_add(page, "</h2>\n");
}

void covey__page_picture(covey__page *page, size_t row, int owner) {
    const covey_run_photo *photo = &page->run->photos[row];
    covey__text *text = &page->text;
    if (!photo->thumb || !photo->thumb_bytes) {
        covey__page_add(page, "<span class=\"nopic\">");
        COVEY__SAY(page, NO_PICTURE);
        covey__page_add(page, "</span>");
        return;
    }
    covey__page_add(page, "<img alt=\"\" decoding=\"async\"");
    if (photo->width && photo->height)
        covey__text_addf(text, " width=\"%u\" height=\"%u\"", (unsigned)photo->width,
                         (unsigned)photo->height);
    if (!page->thumbs_inline) {
        covey__text_addf(text, " loading=\"lazy\" src=\"thumbs/%06zu.jpg\">", row);
    } else if (owner) {
        covey__page_add(page, " src=\"data:image/jpeg;base64,");
        covey__page_base64(text, photo->thumb, photo->thumb_bytes);
        covey__page_add(page, "\">");
    } else {
        covey__text_addf(text, " data-of=\"%zu\">", row);
    }
}

void covey__page_bar(covey__page *page, double share) {
    if (!(share >= 0))
        share = 0;
    int width = (int)(100 * (share > 1 ? 1 : share) + 0.5);
    covey__text_addf(&page->text,
                     "<svg class=\"bar\" viewBox=\"0 0 100 4\" preserveAspectRatio=\"none\" "
                     "aria-hidden=\"true\"><rect class=\"bt\" width=\"100\" height=\"4\"/><rect "
                     "class=\"bf\" width=\"%d\" height=\"4\"/></svg>",
                     width);
}

/* ---- preparing ----------------------------------------------------------------------------- */

/* Fills order and offset of loss `l`; a run whose ranks do not number each cluster's members is
 * refused, since the page would show wrong covers. */
static covey_status arrange(covey__page *page, size_t l, covey_error *err) {
    covey_status status = COVEY_OK;
    const covey_comparison *comparison = page->comparison;
    const covey_clustering *c = &comparison->clusterings[l];
    size_t n = page->n, k = comparison->k_all;
    size_t *offset = page->offset + l * (k + 2), *order = page->order + l * n;
    COVEY_FAIL_IF(c->n != n || !c->labels || !c->rank || !c->distance || !c->weight || !c->margin ||
                      !c->loss.ops,
                  err, COVEY_E_ARGUMENT, NULL, "the run's clusterings are incomplete; run again");
    for (size_t i = 0; i < n; ++i) {
        COVEY_FAIL_IF(c->labels[i] < COVEY__LEFT_OUT || c->labels[i] >= (int64_t)k, err,
                      COVEY_E_ARGUMENT, NULL, "row %zu is in cluster %d of %zu; run again", i,
                      (int)c->labels[i], k);
        ++offset[(c->labels[i] < 0 ? k : (size_t)c->labels[i]) + 1];
    }
    for (size_t j = 0; j <= k; ++j)
        offset[j + 1] += offset[j];
    for (size_t i = 0; i < n; ++i)
        order[i] = n;
    size_t left_out = offset[k];
    for (size_t i = 0; i < n; ++i) {
        size_t place = left_out;
        if (c->labels[i] < 0) {
            ++left_out;
        } else {
            size_t first = offset[c->labels[i]], end = offset[c->labels[i] + 1];
            COVEY_FAIL_IF(c->rank[i] < 0 || (size_t)c->rank[i] >= end - first ||
                              order[first + (size_t)c->rank[i]] != n,
                          err, COVEY_E_ARGUMENT, NULL,
                          "row %zu has rank %d in cluster %d, which is taken or too large; run "
                          "again",
                          i, (int)c->rank[i], (int)c->labels[i]);
            place = first + (size_t)c->rank[i];
        }
        order[place] = i;
    }
done:
    return status;
}

covey_status covey__page_prepare(covey__page *page, const covey_run *run,
                                 const covey_report_params *params, covey_error *err) {
    covey_status status = COVEY_OK;
    size_t limit = params->inline_limit ? params->inline_limit : INLINE_LIMIT, total = 0;
    COVEY_FAIL_IF((unsigned)params->language >= COVEY_LANGUAGE_COUNT, err, COVEY_E_ARGUMENT, NULL,
                  "no language has the number %d", (int)params->language);
    page->run = run;
    page->language = params->language;
    page->has_photos = run->n_photos > 0;
    page->comparison = run->comparison.n_losses ? &run->comparison : NULL;
    page->n = page->has_photos ? run->n_photos
              : page->comparison ? page->comparison->n
                                 : run->features.rows;
    for (size_t i = 0; i < run->n_photos; ++i)
        total += run->photos[i].thumb ? (run->photos[i].thumb_bytes + 2) / 3 * 4 : 0;
    for (size_t i = 0; i < run->n_maps; ++i)
        total += (run->maps[i].bytes + 2) / 3 * 4;
    page->thumbs_inline = total <= limit;
    const covey_comparison *comparison = page->comparison;
    if (!comparison)
        goto done;
    COVEY_FAIL_IF(comparison->n != page->n || !comparison->clusterings, err, COVEY_E_ARGUMENT, NULL,
                  "the comparison has %zu rows for %zu photos; run again", comparison->n, page->n);
    size_t rows, offsets;
    COVEY_NOMEM_IF(covey__mul_size(&rows, comparison->n_losses, page->n) ||
                       covey__add_size(&offsets, comparison->k_all, 2) ||
                       covey__mul_size(&offsets, offsets, comparison->n_losses),
                   err);
    page->order = covey__calloc(rows, sizeof *page->order);
    page->offset = covey__calloc(offsets, sizeof *page->offset);
    COVEY_NOMEM_IF(!page->order || !page->offset, err);
    for (size_t l = 0; l < comparison->n_losses; ++l)
        COVEY_TRY(arrange(page, l, err));
    for (size_t c = 0; c < comparison->k_all; ++c) {
        const size_t *members;
        if (!covey__page_members(page, 0, c, &members))
            continue;
        ++page->k;
        const covey_vote *vote = covey__page_vote(page, members[0], c);
        page->unanimous += vote && vote->losses == comparison->panel_size;
    }
    for (size_t i = 0; comparison->disagreement && i < page->n; ++i) {
        page->wavering += comparison->disagreement[i] > 0;
        page->undecided += comparison->disagreement[i] >= COVEY__NO_MAJORITY;
    }
done:
    return status;
}

/* ---- the frame ----------------------------------------------------------------------------- */

static void add_digest(covey__page *page, const char *data, size_t size) {
    uint8_t digest[32];
    covey__sha256(digest, data, size);
    covey__page_add(page, "'sha256-");
    covey__page_base64(&page->text, digest, sizeof digest);
    covey__page_add(page, "'");
}

/* The folder's name, or the first of them with the number of others. */
static void add_name(covey__page *page) {
    if (!page->has_photos || !page->run->n_roots) {
        COVEY__SAY(page, UNTITLED);
        return;
    }
    const char *root = page->run->roots[0], *base = covey__path_base(root);
    covey__page_escape(page, *base ? base : root);
    for (size_t i = 1; i < page->run->n_roots && i < 3; ++i) {
        COVEY__SAY(page, COMMA);
        covey__page_escape(page, covey__path_base(page->run->roots[i]));
    }
    if (page->run->n_roots > 3)
        covey__page_add(page, " \xE2\x80\xA6");
}

static void add_head(covey__page *page) {
    covey__page_add(page, "<!DOCTYPE html>\n<html lang=\"");
    COVEY__SAY(page, LANG);
    covey__page_add(page, "\" dir=\"");
    COVEY__SAY(page, DIRECTION);
    covey__page_add(page, "\">\n<head>\n<meta charset=\"utf-8\">\n"
                          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
                          "'none'; base-uri 'none'; form-action 'none'; "
                          "require-trusted-types-for 'script'; img-src data: blob: 'self'; "
                          "style-src ");
    add_digest(page, covey__asset_page_css, covey__asset_page_css_size);
    covey__page_add(page, "; script-src ");
    add_digest(page, covey__asset_page_js, covey__asset_page_js_size);
    covey__page_add(page, "\">\n<meta name=\"viewport\" content=\"width=device-width, "
                          "initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light "
                          "dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n"
                          "<link rel=\"icon\" href=\"");
    covey__page_add(page, icon);
    covey__page_add(page, "\">\n<meta name=\"generator\" content=\"Covey ");
    covey__page_escape(page, covey_version());
    covey__page_add(page, "\">\n<title>");
    add_name(page);
    covey__page_add(page, " \xE2\x80\x93 Covey</title>\n<style>");
    covey__text_add_bytes(&page->text, covey__asset_page_css, covey__asset_page_css_size);
    covey__page_add(page, "</style>\n</head>\n");
}

/* Something was tried that could disagree. */
static int compared(const covey__page *page) {
    return page->comparison->n_losses > 1 || page->comparison->n_seeds > 0;
}

static void add_link(covey__page *page, const char *id, covey__message title, size_t count) {
    covey__text_addf(&page->text, "<li><a href=\"#%s\">", id);
    covey__page_say(page, title, NULL);
    if (count) {
        covey__page_add(page, " <span class=\"n\">");
        covey__page_add(page, covey__count(page->language, count).s);
        covey__page_add(page, "</span>");
    }
    covey__page_add(page, "</a></li>");
}

static void add_navigation(covey__page *page) {
    covey__page_add(page, "<nav aria-label=\"");
    COVEY__SAY(page, NAV_LABEL);
    covey__page_add(page, "\"><ul>");
    if (page->comparison) {
        add_link(page, "covers", COVEY__MSG_COVERS, 0);
        add_link(page, "groups", COVEY__MSG_GROUPS, page->k);
        if (compared(page))
            add_link(page, "undecided", COVEY__MSG_UNDECIDED, page->undecided);
        if (page->map)
            add_link(page, "map", COVEY__MSG_MAP, 0);
        add_link(page, "losses", COVEY__MSG_LOSSES, page->comparison->n_losses);
        if (page->run->dial.n_frames)
            add_link(page, "dial", COVEY__MSG_DIAL_SHORT, 0);
        add_link(page, "found-how", COVEY__MSG_FOUND, 0);
        if (page->run->n_maps && page->has_photos)
            add_link(page, "seen", COVEY__MSG_SEEN, 0);
    } else if (page->has_photos) {
        add_link(page, "groups", COVEY__MSG_PHOTOS, page->n);
    }
    if (page->has_photos || page->run->n_skips)
        add_link(page, "skipped", COVEY__MSG_SKIPPED, page->run->n_skips);
    add_link(page, "facts", COVEY__MSG_FACTS, 0);
    add_link(page, "help", COVEY__MSG_HELP, 0);
    covey__page_add(page, "</ul></nav>\n");
}

static void write_page(covey__page *page) {
    add_head(page);
    covey__page_add(page, "<body>\n<a class=\"skip\" href=\"#main\">");
    COVEY__SAY(page, SKIP_LINK);
    covey__page_add(page, "</a>\n<header>\n<p class=\"eyebrow\">");
    COVEY__SAY(page, EYEBROW);
    covey__page_add(page, "</p>\n<h1><bdi>");
    add_name(page);
    covey__page_add(page, "</bdi></h1>\n");
    covey__page_write_overview(page);
    covey__page_add(page, "</header>\n");
    add_navigation(page);
    covey__page_add(page, "<main id=\"main\">\n");
    if (page->comparison) {
        covey__page_write_covers(page);
        covey__page_write_groups(page);
        if (compared(page))
            covey__page_write_undecided(page);
        covey__page_write_map(page);
        covey__page_write_losses(page);
        covey__page_write_dial(page);
        covey__page_write_found(page);
        covey__page_write_seen(page);
    } else if (page->has_photos) {
        covey__page_write_contact(page);
    }
    if (page->has_photos || page->run->n_skips)
        covey__page_write_skipped(page);
    covey__page_write_facts(page);
    covey__page_write_help(page);
    covey__page_add(page, "</main>\n<footer><p>");
    if (page->thumbs_inline)
        COVEY__SAYF(page, FOOTER, covey_version());
    else
        COVEY__SAYF(page, FOOTER_THUMBS, covey_version());
    covey__page_add(page, "</p></footer>\n");
    covey__page_write_data(page);
    covey__page_add(page, "<script>");
    covey__text_add_bytes(&page->text, covey__asset_page_js, covey__asset_page_js_size);
    covey__page_add(page, "</script>\n</body>\n</html>\n");
}

void covey__page_fini(covey__page *page) {
    covey__free(page->order);
    covey__free(page->offset);
    covey__page_measure_fini(page);
    covey__text_fini(&page->text);
}

covey_report_params covey_report_params_default(void) {
    return (covey_report_params){.language = COVEY_LANGUAGE_EN};
}

covey_status covey_report_save_html(const covey_run *run, const char *path,
                                    const covey_report_params *params, covey_error *err) {
    covey_status status = COVEY_OK;
    covey_report_params defaults = covey_report_params_default();
    covey__page page = {0};
    COVEY_TRY(covey__page_prepare(&page, run, params ? params : &defaults, err));
    COVEY_TRY(covey__page_measure(&page, path, err));
    write_page(&page);
    COVEY_NOMEM_IF(page.text.failed, err);
    COVEY_TRY(covey__file_write(path, page.text.data, page.text.size, err));
done:
    covey__page_fini(&page);
    return status;
}

covey_language covey_report_language(const char *path, covey_language otherwise) {
    static const char *const names[] = {
#define COVEY_LANGUAGE_ROW(id, name) name,
        COVEY_LANGUAGE_MAP(COVEY_LANGUAGE_ROW)
#undef COVEY_LANGUAGE_ROW
    };
    static const char before[] = "<!DOCTYPE html>\n<html lang=\"";
    char head[sizeof before + 8] = "";
    size_t n = covey__file_head(head, sizeof head - 1, path), length = sizeof before - 1;
    if (n < length || memcmp(head, before, length) != 0)
        return otherwise;
    for (int i = 0; i < COVEY_LANGUAGE_COUNT; ++i) {
        size_t size = strlen(names[i]);
        if (strncmp(head + length, names[i], size) == 0 && head[length + size] == '"')
            return (covey_language)i;
    }
    return otherwise;
}
