/* SPDX-License-Identifier: MIT */
/* The parts of the page that show what was computed with the run: the dial, the network's maps,
 * solvers and strangers. */
#include <math.h>
#include <stdlib.h>

#include "report_described.h"
#include "report_internal.h"

static const char *const ids[] = {"<section id=\"dial\"", "<section id=\"seen\"", "id=\"solvers\"",
                                  "id=\"strangers\""};

/* A run with everything. The fixture owns its arrays, these are taken back before it is freed. */
static covey_run *full_run(const fixture_options *o, covey_run_map *maps,
                           covey_solver_row *solvers) {
    covey_run *run = described_new(o);
    covey_error err;
    covey_cluster_params params = covey_cluster_params_default();
    covey_strangers_params how = covey_strangers_params_default();
    params.threads = 1;
    params.restarts = 2;
    params.k = o->k;
    /* Of the real rows: the fixture's numbers are made up. */
    assert_ok(covey_dial_compute(&run->dial, &run->comparison, run->features.data, o->n, 8,
                                 &params, &err));
    how.points = 1;
    run->comparison.clusterings[0].restart = 0;
    assert_ok(covey_strangers_compute(&run->strangers, &run->comparison, run->features.data, o->n,
                                      8, &params, &how, &err));
    maps[0] = (covey_run_map){2, 1, (const uint8_t *)"png", 3};
    maps[1] = (covey_run_map){2, 29, (const uint8_t *)"png", 3};
    solvers[0] = (covey_solver_row){run->comparison.clusterings[0].loss.ops->name, "exact",
                                    12.5, 0, 3, 0, 3, 3, 0.001, 0};
    run->maps = o->photos ? maps : NULL;
    run->n_maps = o->photos ? 2 : 0;
    run->solver_rows = solvers;
    run->n_solver_rows = 1;
    return run;
}

static void free_full(covey_run *run) {
    covey_dial_fini(&run->dial);
    covey_strangers_fini(&run->strangers);
    described_free(run);
}

static void what_was_computed_is_shown(void **state) {
    (void)state;
    for (int photos = 0; photos < 2; ++photos) {
        fixture_options o = {.n = 40, .k = 3, .n_losses = 2, .photos = photos};
        covey_run_map maps[2];
        covey_solver_row solvers[1];
        covey_run *run = full_run(&o, maps, solvers);
        char *html = described_page(run, photos ? COVEY_LANGUAGE_FA : COVEY_LANGUAGE_EN);
        char wanted[64];
        for (size_t i = 0; i < LENGTH(ids); ++i)
            if ((strstr(html, ids[i]) != NULL) != (photos || i != 1))
                fail_msg("%s with photos %d", ids[i], photos);
        /* As many places as frames; the first is alpha 2, where everything weighs 1000. */
        snprintf(wanted, sizeof wanted, "max=\"%d\"", COVEY_DIAL_FRAMES - 1);
        assert_non_null(strstr(html, wanted));
        assert_non_null(strstr(html, "{\"alpha\":2"));
        assert_non_null(strstr(html, "{\"alpha\":null"));
        assert_non_null(strstr(html, "\"weights\":[1000,1000"));
        assert_non_null(strstr(html, "<code>exact</code>"));
        if (photos)
            assert_non_null(strstr(html, "data:image/png;base64,cG5n"));
        covey__free(html);
        free_full(run);
    }
}

static void what_was_not_is_not(void **state) {
    (void)state;
    fixture_options o = {.n = 40, .k = 3, .n_losses = 2, .photos = 1};
    covey_run *run = described_new(&o);
    char *html = described_page(run, COVEY_LANGUAGE_EN);
    for (size_t i = 0; i < LENGTH(ids); ++i)
        assert_null(strstr(html, ids[i]));
    assert_null(strstr(html, "href=\"#dial\""));
    covey__free(html);
    described_free(run);
}

static void strips_are_pictures(void **state) {
    (void)state;
    covey_error err;
    static uint8_t maps[3 * 224 * 224];
    for (size_t i = 0; i < sizeof maps; ++i)
        maps[i] = (uint8_t)(i * 7 / 5);
    static const struct {
        size_t n, height, width, side, wide, high;
    } cases[] = {{3, 224, 224, 56, 3 * 56 + 4, 56}, {3, 14, 14, 56, 3 * 14 + 2, 14},
                 {1, 112, 112, 56, 56, 56},         {2, 7, 100, 50, 2 * 50 + 2, 4},
                 {1, 1, 1, 56, 2, 2}};
    for (size_t i = 0; i < LENGTH(cases); ++i) {
        uint8_t *png = NULL;
        size_t bytes = 0;
        assert_ok(covey_figure_encode_strip(&png, &bytes, maps, cases[i].n, cases[i].height,
                                            cases[i].width, cases[i].side, &err));
        assert_true(bytes > 24);
        assert_memory_equal(png, "\x89PNG\r\n\x1a\n", 8);
        assert_int_equal(png[18] << 8 | png[19], cases[i].wide);
        assert_int_equal(png[22] << 8 | png[23], cases[i].high);
        covey_free(png);
    }
    uint8_t *png = NULL;
    size_t bytes = 0;
    assert_status(covey_figure_encode_strip(&png, &bytes, maps, 0, 4, 4, 4, &err),
                  COVEY_E_ARGUMENT);
    assert_null(png);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_computed_is_shown),
        cmocka_unit_test(what_was_not_is_not),
        cmocka_unit_test(strips_are_pictures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
