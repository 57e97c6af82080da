/* SPDX-License-Identifier: MIT */
/* What a page and its pictures are made by, and the studies behind them, with every allocation failing
 * once. The drawer and the decoder are processes of their own: what fails is the library's part. */
#include "alloc_run_fixture.h"

#include <fcntl.h>

static int setup(void **state) {
    (void)state;
    make_folders();
    show(fixture_run("/photos"));
    return 0;
}

/* Whatever lies in `out` is whole: a PNG with its end, an SVG with its last tag. Then it is gone. */
static void check_and_clear(void) {
    char command[1024];
    alloc_test_stop();
    snprintf(command, sizeof command,
             "cd '%s' && for f in $(find . -type f); do case $f in "
             "*.png) tail -c 8 $f | grep -q IEND || echo $f;; *.svg) tail -c 8 $f | grep -q '</svg>' || echo $f;; "
             "*) echo $f;; esac; done",
             out);
    char wrong[256] = "";
    FILE *list = popen(command, "r");
    assert_non_null(list);
    if (fgets(wrong, sizeof wrong, list))
        fail_msg("half written or left behind: %s", wrong);
    pclose(list);
    clear_out();
}

static covey_status save_tiles(void *user, covey_error *err) {
    (void)user;
    static const uint8_t rgb[4 * 4 * 3] = {255, 0, 0};
    const covey_tile tiles[] = {{rgb, 4, 4, "one"}, {NULL, 0, 0, "two\nlines"}};
    char path[400];
    snprintf(path, sizeof path, "%s/tiles.png", out);
    covey_status status = covey_figure_save_tiles(path, "tiles", tiles, 2, 2, err);
    check_and_clear();
    return status;
}

static covey_status encode_strip(void *user, covey_error *err) {
    (void)user;
    static const uint8_t maps[2 * 8 * 8] = {1, 2, 3};
    uint8_t *png = NULL;
    size_t bytes = 0;
    covey_status status = covey_figure_encode_strip(&png, &bytes, maps, 2, 8, 8, 8, err);
    covey_free(png);
    return status;
}

static covey_status save_run_figures(void *user, covey_error *err) {
    (void)user;
    covey_status status = covey_figures_save_run(shown, out, COVEY_LANGUAGE_EN, err);
    check_and_clear();
    return status;
}

static covey_status save_charts(void *user, covey_error *err) {
    (void)user;
    covey_status status = covey_figures_save_charts(shown, out, COVEY_LANGUAGE_FA, err);
    check_and_clear();
    return status;
}

static covey_status pictures(void *user, covey_error *err) {
    (void)user;
    const int64_t rows[] = {0, -1, 2};
    covey_picture *made = NULL;
    covey_status status = covey_pictures_new(&made, shown, rows, 3, 32, err);
    covey_pictures_free(made, status == COVEY_OK ? 3 : 0);
    return status;
}

static void test_pictures(void **state) {
    (void)state;
    alloc_test_every("covey_figure_save_tiles", save_tiles, NULL);
    alloc_test_every("covey_figure_encode_strip", encode_strip, NULL);
    alloc_test_every("covey_pictures_new", pictures, NULL);
    alloc_test_steps = 8; /* each call starts a drawer for every figure */
    alloc_test_every("covey_figures_save_run", save_run_figures, NULL);
    alloc_test_every("covey_figures_save_charts", save_charts, NULL);
    alloc_test_steps = 60;
}

/* ---- studies ----------------------------------------------------------------------------------- */

static covey_cluster_params few(void) {
    covey_cluster_params params = covey_cluster_params_default();
    params.k = FIXTURE_GROUPS;
    params.threads = 1;
    params.restarts = 1;
    params.max_rounds = 3;
    return params;
}

static covey_status dial(void *user, covey_error *err) {
    (void)user;
    covey_dial made = {0};
    covey_cluster_params params = few();
    covey_status status = covey_dial_compute(&made, &shown->comparison, shown->features.data,
                                             FIXTURE_ROWS, FIXTURE_COLS, &params, err);
    covey_dial_fini(&made);
    return status;
}

static covey_status tsne(void *user, covey_error *err) {
    (void)user;
    double map[2 * FIXTURE_ROWS];
    return covey_run_find_tsne(map, shown, 1, err);
}

static covey_status estimate(void *user, covey_error *err) {
    (void)user;
    covey_loss losses[2];
    covey_cluster_params params = few();
    covey_status status = covey_loss_find(&losses[0], "huber", err);
    if (status == COVEY_OK)
        status = covey_loss_find(&losses[1], "correntropy", err);
    if (status == COVEY_OK)
        status = covey_loss_estimate(losses, 2, shown->features.data, FIXTURE_ROWS, FIXTURE_COLS,
                                     2, 3, &params, err);
    return status;
}

static void ignore_step(void *user, int iteration, const double *centre, double objective) {
    (void)user, (void)iteration, (void)centre, (void)objective;
}

static covey_status trace(void *user, covey_error *err) {
    const covey_solver *solver = user;
    double x[20 * 3], mu[3] = {0};
    covey_centre_report report;
    covey_loss loss;
    for (size_t i = 0; i < 60; ++i)
        x[i] = covey__normal(5, COVEY__PURPOSE_TEST, i, 0);
    covey_status status = covey_loss_find(&loss, "pseudo_huber", err);
    if (status == COVEY_OK)
        status = covey_loss_set_param(&loss, "delta", "1", err);
    if (status == COVEY_OK)
        status = covey_centre_trace(mu, &report, x, 20, 3, NULL, &loss, *solver, 20, ignore_step,
                                    NULL, err);
    return status;
}

/* What a run is given beside its photos. */
static covey_status keep(void *user, covey_error *err) {
    const char *file = user;
    covey_run *run = NULL;
    const char *path, *digest;
    covey_solver_row rows[1] = {{0}};
    covey_status status = covey_run_new(&run, err);
    if (status == COVEY_OK)
        status = covey_run_record_input(run, &path, &digest, file, err);
    if (status == COVEY_OK) {
        rows[0].loss = "huber";
        rows[0].solver = "auto";
        status = covey_run_keep_solvers(run, rows, 1, err);
    }
    covey_run_free(run);
    return status;
}

static covey_status read_and_write(void *user, covey_error *err) {
    const char *file = user;
    covey_matrix matrix = {0}, own = {0};
    char path[400];
    int in = open(file, O_RDONLY | O_CLOEXEC);
    covey_status status = covey_matrix_read(&matrix, in, "rows", err);
    close(in);
    if (status == COVEY_OK)
        status = covey_matrix_scatter(&own, &matrix, err);
    snprintf(path, sizeof path, "%s/again.npy", folder);
    int to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (status == COVEY_OK)
        status = covey_npy_write_f32(to, "again", own.data, own.rows, own.cols, err);
    close(to);
    unlink(path);
    covey_matrix_fini(&own);
    covey_matrix_fini(&matrix);
    return status;
}

static void test_studies(void **state) {
    (void)state;
    char file[400];
    snprintf(file, sizeof file, "%s/saved/features.npy", folder);
    alloc_test_every("covey_dial_compute", dial, NULL);
    alloc_test_every("covey_run_find_tsne", tsne, NULL);
    alloc_test_every("covey_loss_estimate", estimate, NULL);
    covey_solver solvers[] = {COVEY_SOLVER_AUTO, COVEY_SOLVER_IRLS, COVEY_SOLVER_NEWTON,
                              COVEY_SOLVER_LBFGS, COVEY_SOLVER_DESCENT};
    for (size_t i = 0; i < LENGTH(solvers); ++i)
        alloc_test_every("covey_centre_trace", trace, &solvers[i]);
    alloc_test_every("covey_run_record_input, _keep_solvers", keep, file);
    alloc_test_every("covey_matrix_read, _scatter, covey_npy_write_f32", read_and_write, file);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_pictures, setup, teardown),
        cmocka_unit_test_setup_teardown(test_studies, setup, teardown),
    };
    alloc_run_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
