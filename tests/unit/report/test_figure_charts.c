/* SPDX-License-Identifier: MIT */
/* Every chart of the page as a file: which there are, that they are what their names say, and the same
 * bytes again. */
#include "covey_test.h"

#include "base_internal.h"
#include "covey/covey.h"
#include "report_fixture.h"

static covey_error err;
static const char *const charts[] = {"agreement", "rounds",     "margins", "curves",    "choice_of_k",
                                     "landscapes", "dial",      "map",     "strangers", "solvers"};
enum { ROWS = 90, COLUMNS = 6 };

/* A run of features, with everything that a chart is made of. */
static covey_run *whole_run(void) {
    covey_run *run = NULL;
    covey_loss losses[3];
    covey_compare_params params = covey_compare_params_default();
    covey_strangers_params strangers = covey_strangers_params_default();
    const covey_solver_row solvers[] = {
        {.loss = "square", .solver = "exact", .objective = 2, .seconds = 1e-4},
        {.loss = "square", .solver = "lbfgs", .objective = 2.5, .gap = 0.5, .seconds = 2e-3},
        {.loss = "huber", .solver = "newton", .objective = 1, .seconds = 1e-3}};
    const char *const names[] = {"square", "huber", "correntropy"};
    assert_ok(covey_run_new(&run, &err));
    run->features.rows = ROWS;
    run->features.cols = COLUMNS;
    run->features.data = covey__alloc_array(ROWS * COLUMNS, sizeof(float));
    for (size_t i = 0; i < ROWS * COLUMNS; ++i)
        run->features.data[i] = (float)(fixture_noise(i, 1) + (double)(i / COLUMNS % 3) * (i % 2 ? 2 : -1));
    for (int l = 0; l < 3; ++l)
        assert_ok(covey_loss_find(&losses[l], names[l], &err));
    params.k_low = 2;
    params.k_high = 5;
    params.seeds = 0;
    params.cluster.restarts = 2;
    assert_ok(covey_compare_compute(&run->comparison, run->features.data, ROWS, COLUMNS, losses, 3, &params,
                                    &err));
    assert_ok(covey_dial_compute(&run->dial, &run->comparison, run->features.data, ROWS, COLUMNS,
                                 &params.cluster, &err));
    assert_ok(covey_strangers_compute(&run->strangers, &run->comparison, run->features.data, ROWS, COLUMNS,
                                      &params.cluster, &strangers, &err));
    assert_ok(covey_run_keep_solvers(run, solvers, LENGTH(solvers), &err));
    run->facts.normalize = "none";
    run->facts.threads = 1;
    return run;
}

/* The bytes of a chart; NULL where there is none. */
static char *bytes_of(size_t *size, const char *folder, const char *name, const char *suffix) {
    char path[400];
    snprintf(path, sizeof path, "%s/%s.%s", folder, name, suffix);
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    char *bytes = calloc(1, 1 << 22);
    assert_non_null(bytes);
    *size = fread(bytes, 1, (1 << 22) - 1, file);
    assert_true(feof(file));
    fclose(file);
    return bytes;
}

static void test_every_chart_in_every_language(void **state) {
    (void)state;
    covey_run *run = whole_run();
    char *english[LENGTH(charts)] = {0};
    size_t sizes[LENGTH(charts)] = {0};
    for (int turn = 0; turn < 3; ++turn) { /* English, English again, Persian */
        char folder[256];
        covey_test_folder(folder);
        assert_ok(covey_figures_save_charts(run, folder, turn == 2 ? COVEY_LANGUAGE_FA : COVEY_LANGUAGE_EN,
                                            &err));
        for (size_t i = 0; i < LENGTH(charts); ++i) {
            size_t size = 0;
            char *png = bytes_of(&size, folder, charts[i], "png");
            if (!png || size < 1000 || memcmp(png, "\x89PNG\r\n\x1a\n", 8) != 0)
                fail_msg("%s.png is not there, or no picture", charts[i]);
            free(png);
            char *svg = bytes_of(&size, folder, charts[i], "svg");
            assert_non_null(svg);
            assert_non_null(strstr(svg, "<svg"));
            assert_non_null(strstr(svg, "</svg>"));
            assert_null(strstr(svg, "<text")); /* text as outlines */
            if (turn == 0) {
                english[i] = svg;
                sizes[i] = size;
                continue;
            }
            int same = size == sizes[i] && memcmp(svg, english[i], size) == 0;
            if (same != (turn == 1))
                fail_msg("%s.svg: %s", charts[i],
                         turn == 1 ? "other bytes the second time" : "not in Persian");
            free(svg);
        }
        covey_test_remove(folder);
    }
    for (size_t i = 0; i < LENGTH(charts); ++i)
        free(english[i]);
    covey_run_free(run);
}

/* What a run has nothing for is left out, and no reason to fail. */
static void test_small_runs(void **state) {
    (void)state;
    static const fixture_options few[] = {
        {.n = 1, .k = 1, .n_losses = 1}, {.n = 9, .k = 3, .n_losses = 1, .photos = 1},
        {.n = 480, .k = 240, .n_losses = 2}, {.n = 5, .n_losses = 0}};
    for (size_t i = 0; i < LENGTH(few); ++i) {
        char folder[256];
        size_t size;
        covey_test_folder(folder);
        covey_run *run = fixture_new(&few[i]);
        assert_ok(covey_figures_save_charts(run, folder, COVEY_LANGUAGE_EN, &err));
        char *svg = bytes_of(&size, folder, "agreement", "svg");
        assert_int_equal(svg != NULL, few[i].n_losses > 1);
        free(svg);
        svg = bytes_of(&size, folder, "solvers", "svg");
        assert_null(svg);
        fixture_free(run);
        covey_test_remove(folder);
    }
}

static void test_without_the_drawer(void **state) {
    (void)state;
    char folder[256], *drawer = strdup(getenv("COVEY_DRAW") ? getenv("COVEY_DRAW") : "");
    covey_run *run = whole_run();
    covey_test_folder(folder);
    setenv("COVEY_DRAW", "/bin/false", 1);
    assert_status(covey_figures_save_charts(run, folder, COVEY_LANGUAGE_EN, &err), COVEY_E_DRAW);
    assert_non_null(strstr(err.message, "and others are left out"));
    setenv("COVEY_DRAW", drawer, 1);
    assert_status(covey_figures_save_charts(run, folder, (covey_language)7, &err), COVEY_E_ARGUMENT);
    free(drawer);
    covey_run_free(run);
    covey_test_remove(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_chart_in_every_language),
        cmocka_unit_test(test_small_runs),
        cmocka_unit_test(test_without_the_drawer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
