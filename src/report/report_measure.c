/* SPDX-License-Identifier: MIT */
/* What the page finds out beyond the run folder: the nearest photos of each, their places on the
 * map, and the way from the page to the photos themselves. */
#include <stdlib.h>
#include <string.h>

#include "report_internal.h"

/* Every pair is looked at: beyond this the page would keep its maker waiting. */
enum { NEAR_ROWS = 20000 };

/* The folder that `path` lies in, absolute and without symbolic links; NULL where it has none yet.
 * Freed with free. */
static char *folder_of(const char *path) {
    const char *base = covey__path_base(path);
    char *folder = covey__strndup(path, (size_t)(base - path));
    char *real = folder ? realpath(*folder ? folder : ".", NULL) : NULL;
    covey__free(folder);
    return real;
}

void covey__page_percent(covey__text *text, const char *path) {
    for (const char *p = path; *p; ++p) {
        if (strchr("/-_.~", *p) || (*p >= '0' && *p <= '9') || (*p >= 'A' && *p <= 'Z') ||
            (*p >= 'a' && *p <= 'z'))
            covey__text_add_bytes(text, p, 1);
        else
            covey__text_addf(text, "%%%02X", (unsigned char)*p);
    }
}

/* "../../photos/" from folder `from` to folder `to`, percent-encoded; NULL where the two have nothing in
 * common but the machine, since such a way would be an absolute one in disguise. Both absolute.
 * Freed with covey__free. */
static char *way_between(const char *from, const char *to) {
    size_t same = 0;
    covey__text text = {0};
    for (size_t i = 0;; ++i) {
        int from_ends = from[i] == '/' || !from[i], to_ends = to[i] == '/' || !to[i];
        if (from_ends && to_ends)
            same = i;
        if (from[i] != to[i] || !from[i])
            break;
    }
    if (!same)
        return NULL;
    for (const char *p = from + same; *p; ++p)
        if (*p == '/' && p[1] && p[1] != '/')
            covey__text_add(&text, "../");
    const char *p = to + same;
    while (*p == '/')
        ++p;
    covey__page_percent(&text, p);
    if (text.size && text.data[text.size - 1] != '/')
        covey__text_add(&text, "/");
    if (text.failed || !text.size) {
        covey__text_fini(&text);
        return NULL;
    }
    return text.data;
}

static covey_status find_ways(covey__page *page, const char *path, covey_error *err) {
    covey_status status = COVEY_OK;
    const covey_run *run = page->run;
    char *folder = folder_of(path);
    page->ways = covey__calloc(run->n_roots + 1, sizeof *page->ways);
    COVEY_NOMEM_IF(!page->ways, err);
    for (size_t i = 0; folder && i < run->n_roots; ++i)
        page->ways[i] = way_between(folder, run->roots[i]);
done:
    free(folder);
    return status;
}

covey_status covey__page_measure(covey__page *page, const char *path, covey_error *err) {
    covey_status status = COVEY_OK;
    const covey_run *run = page->run;
    size_t n = page->n;
    COVEY_TRY(find_ways(page, path, err));
    if (page->comparison)
        COVEY_TRY(covey__page_measure_residuals(page, err));
    if (page->comparison)
        COVEY_TRY(covey__page_measure_landscapes(page, err));
    if (!run->features.data || run->features.rows != n || n < 2 || !page->comparison)
        goto done;
    COVEY_TRY(covey__page_measure_map(page, err));
    if (n > NEAR_ROWS)
        goto done;
    page->near = covey__alloc_array(n, COVEY__NEAR_SHOWN * sizeof *page->near);
    COVEY_NOMEM_IF(!page->near, err);
    COVEY_TRY(covey_run_find_near(page->near, COVEY__NEAR_SHOWN, run, covey__page_threads(page),
                                  err));
done:
    return status;
}

void covey__page_measure_fini(covey__page *page) {
    for (size_t i = 0; page->ways && i < page->run->n_roots; ++i)
        covey__free(page->ways[i]);
    covey__free(page->ways);
    covey__free(page->map);
    covey__free(page->tsne);
    covey__free(page->near);
    covey__free(page->residuals);
    covey__page_fini_landscapes(page);
}
