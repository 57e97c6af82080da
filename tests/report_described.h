/* SPDX-License-Identifier: MIT */
/* Synthetic runs that hold descriptions too, and their pages. */
#ifndef COVEY_REPORT_DESCRIBED_H
#define COVEY_REPORT_DESCRIBED_H

#include <string.h>

#include "covey_test.h"

#include "base_internal.h"
#include "report_fixture.h"

/* The run of `o` with 8 numbers a row that fit its groups; the centres lie where the rows do. */
static inline covey_run *described_new(const fixture_options *o) {
    covey_run *run = fixture_new(o);
    size_t d = run->features.cols = 8;
    run->features.data = covey__alloc_array(o->n * d, sizeof(float));
    assert_non_null(run->features.data);
    for (size_t i = 0; i < o->n; ++i)
        for (size_t j = 0; j < d; ++j)
            run->features.data[i * d + j] =
                (float)((j == i * (o->k - o->empty) / o->n % d ? 2 : 0.3) +
                        0.4 * fixture_noise(i, j));
    for (size_t l = 0; l < o->n_losses; ++l) {
        covey_clustering *c = &run->comparison.clusterings[l];
        for (size_t i = 0; i < o->n; ++i)
            for (size_t j = 0; j < d && c->labels[i] >= 0; ++j)
                c->centres[(size_t)c->labels[i] * d + j] +=
                    run->features.data[i * d + j] / (double)c->sizes[c->labels[i]];
    }
    return run;
}

static inline void described_free(covey_run *run) {
    covey__free(run->features.data);
    run->features.data = NULL;
    fixture_free(run);
}

/* The page of a run as text, freed with covey__free. */
static inline char *described_page(const covey_run *run, covey_language language) {
    char folder[256], path[300], *html;
    size_t size;
    covey_error err;
    covey_report_params params = covey_report_params_default();
    params.language = language;
    covey_test_folder(folder);
    snprintf(path, sizeof path, "%s/report.html", folder);
    assert_ok(covey_report_save_html(run, path, &params, &err));
    assert_ok(covey__file_read(&html, &size, path, (size_t)1 << 30, &err));
    covey_test_remove(folder);
    return html;
}

#endif
