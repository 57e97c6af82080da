/* SPDX-License-Identifier: MIT */
/* Every public call that takes memory, with every allocation failing once: a status, nothing half
 * written. (Weights, network, decoder and finder have theirs beside their other tests.) */
#include "alloc_run_fixture.h"
#include "catalogue_fixture.h"

static char photos[300], target[300];

static int setup(void **state) {
    (void)state;
    covey_error err;
    make_folders();
    snprintf(photos, sizeof photos, "%s/photos", folder);
    snprintf(target, sizeof target, "%s/out/file", folder);
    assert_int_equal(mkdir(photos, 0777), 0);
    char path[400];
    snprintf(path, sizeof path, "%s/sub", photos);
    mkdir(path, 0777);
    snprintf(path, sizeof path, "%s/sub/folder", photos);
    mkdir(path, 0777);
    covey_run *run = fixture_run(photos);
    assert_ok(covey_run_find_duplicates(run, 0.5, 1, NULL, NULL, &err));
    show(run);
    return 0;
}

/* ---- a run as a whole ------------------------------------------------------------------------ */

static covey_status load_run(void *user, covey_error *err) {
    (void)user;
    covey_run *run = NULL;
    covey_status status = covey_run_load(&run, saved, err);
    covey_run_free(run);
    return status;
}

static covey_status save_run(void *user, covey_error *err) {
    (void)user;
    char path[400];
    snprintf(path, sizeof path, "%s/run", out);
    covey_status status = covey_run_save(shown, path, NULL, NULL, err);
    alloc_test_stop();
    static const char *const names[] = {"run", NULL};
    alloc_test_only(out, names);
    covey_error other;
    covey_run *run = NULL;
    if (access(path, F_OK) == 0 && covey_run_load(&run, path, &other) != COVEY_OK)
        fail_msg("a run half written (status %d): %s %s", (int)status, other.path, other.message);
    covey_run_free(run);
    clear_out();
    return status;
}

static covey_status names_of_run(void *user, covey_error *err) {
    (void)user;
    covey_run *run = NULL;
    const char *const name = "beach";
    const char *names[] = {"one", NULL, "three"};
    covey_status status = covey_run_load(&run, saved, err);
    if (status == COVEY_OK)
        status = covey_run_set_name(run, 1, name, err);
    if (status == COVEY_OK)
        status = covey_run_save_names(run, err);
    if (status == COVEY_OK)
        status = covey_run_carry_names(run, NULL, run->comparison.clusterings[0].labels, names, 3,
                                       err);
    covey_run_free(run);
    return status;
}

static covey_status copy_string(void *user, covey_error *err) {
    (void)user;
    covey_run *run = NULL;
    covey_status status = covey_run_new(&run, err);
    if (status == COVEY_OK && !covey_run_copy_string(run, "a string"))
        status = COVEY_E_NOMEM;
    covey_run_free(run);
    return status;
}

static covey_status check_target(void *user, covey_error *err) {
    (void)user;
    const char *roots[] = {photos};
    return covey_run_check_target(saved, roots, 1, err);
}

static covey_status duplicates(void *user, covey_error *err) {
    (void)user;
    return covey_run_find_duplicates(shown, 0.9, 1, NULL, NULL, err);
}

static covey_status nearest(void *user, covey_error *err) {
    (void)user;
    covey_neighbour near[4], all[FIXTURE_ROWS * 2];
    double map[FIXTURE_ROWS * 2], share[2];
    size_t n = 4;
    covey_status status =
        covey_run_similar(near, &n, shown, shown->features.data, 0, err);
    if (status == COVEY_OK)
        status = covey_run_find_near(all, 2, shown, 1, err);
    if (status == COVEY_OK)
        status = covey_run_find_map(map, share, shown, 1, err);
    return status;
}

static void test_runs(void **state) {
    (void)state;
    alloc_test_every("covey_run_copy_string", copy_string, NULL);
    alloc_test_every("covey_run_check_target", check_target, NULL);
    alloc_test_every("covey_run_load", load_run, NULL);
    alloc_test_every("covey_run_save", save_run, NULL);
    alloc_test_every("covey_run_find_duplicates", duplicates, NULL);
    alloc_test_every("covey_run_similar, _find_near, _find_map", nearest, NULL);
    alloc_test_every("covey_run_set_name, _save_names, _carry_names", names_of_run, NULL);
    static const char *const names[] = {"photos", "saved", "out", NULL};
    alloc_test_only(folder, names);
}

/* ---- beside a run ---------------------------------------------------------------------------- */

static covey_status diff(void *user, covey_error *err) {
    (void)user;
    covey_diff found = {0};
    covey_status status = covey_diff_compute(&found, shown, shown, NULL, err);
    covey_diff_fini(&found);
    return status;
}

static covey_status labels(void *user, covey_error *err) {
    const char *file = user;
    covey_labels *known = NULL;
    covey_run *run = NULL;
    char *json = NULL;
    covey_status status = covey_run_load(&run, saved, err);
    if (status == COVEY_OK)
        status = covey_labels_new(&known, file, err);
    if (status == COVEY_OK)
        status = covey_labels_check(run, known, err);
    if (status == COVEY_OK)
        status = covey_labels_score(run, known, err);
    if (status == COVEY_OK)
        status = covey_labels_json(&json, run, err);
    covey_free(json);
    covey_labels_free(known);
    covey_run_free(run);
    return status;
}

/* Every photo that is reached is placed whole, or its row says why not. */
static covey_status organize(void *user, covey_error *err) {
    (void)user;
    covey_organization placed = {0};
    covey_organize_params params = covey_organize_params_default();
    char into[400];
    snprintf(into, sizeof into, "%s/groups", out);
    covey_status status = covey_run_organize(&placed, shown, into, &params, err);
    covey_organization_fini(&placed);
    alloc_test_stop();
    clear_out();
    return status;
}

static covey_status undo(void *user, covey_error *err) {
    const char *list = user;
    covey_organization placed = {0};
    covey_status status = covey_organize_undo(&placed, list, 1, err);
    covey_organization_fini(&placed);
    return status;
}

static void test_beside_a_run(void **state) {
    (void)state;
    covey_error err;
    alloc_test_every("covey_diff_compute", diff, NULL);
    char list[400];
    snprintf(list, sizeof list, "%s/labels.csv", folder);
    FILE *file = fopen(list, "wb");
    assert_non_null(file);
    fprintf(file, "row,label\n");
    for (int i = 0; i < FIXTURE_ROWS; ++i)
        fprintf(file, "%d,%s\n", i, i % 3 ? "cat" : "dog");
    fclose(file);
    alloc_test_every("covey_labels_new, _check, _score, _json", labels, list);
    alloc_test_every("covey_run_organize", organize, NULL);

    /* photos as images.csv knows them, for a move that can be undone */
    for (size_t i = 0; i < shown->n_photos; ++i) {
        char path[700];
        snprintf(path, sizeof path, "%s/%s", photos, shown->photos[i].path);
        char *slash = strrchr(path, '/');
        *slash = '\0';
        assert_ok(covey__mkdirs(path, &err));
        *slash = '/';
        covey_test_write(path, "x", 1);
        covey__sha256(shown->photos[i].sha256, "x", 1);
    }
    covey_organization placed = {0};
    covey_organize_params params = covey_organize_params_default();
    params.how = COVEY_ORGANIZE_MOVE;
    char into[400];
    snprintf(into, sizeof into, "%s/groups", folder);
    assert_ok(covey_run_organize(&placed, shown, into, &params, &err));
    assert_non_null(placed.undo_list);
    snprintf(list, sizeof list, "%s", placed.undo_list);
    covey_organization_fini(&placed);
    alloc_test_every("covey_organize_undo", undo, list);
}

/* ---- numbers --------------------------------------------------------------------------------- */

static covey_status normalise(void *user, covey_error *err) {
    covey_normalizer *normalizer = NULL;
    float x[FIXTURE_ROWS * FIXTURE_COLS], y[FIXTURE_ROWS * FIXTURE_COLS];
    covey_normalize how;
    fixture_features(x);
    covey_status status = covey_normalize_find(&how, user, err);
    if (status == COVEY_OK)
        status = covey_normalizer_new(&normalizer, x, FIXTURE_ROWS, FIXTURE_COLS, how, err);
    if (status == COVEY_OK)
        status = covey_normalizer_apply(normalizer, y, x, FIXTURE_ROWS, NULL, err);
    if (status == COVEY_OK)
        status = covey_normalize_rows(x, FIXTURE_ROWS, FIXTURE_COLS, COVEY_NORMALIZE_L2, NULL);
    covey_normalizer_free(normalizer);
    return status;
}

static covey_status cluster(void *user, covey_error *err) {
    covey_clustering found = {0};
    covey_loss loss;
    covey_cluster_params params = covey_cluster_params_default();
    params.k = FIXTURE_GROUPS;
    params.restarts = 2;
    params.threads = 1;
    params.max_rounds = 4;
    covey_status status = covey_loss_find(&loss, user, err);
    if (status == COVEY_OK)
        status = covey_cluster_compute(&found, shown->features.data, FIXTURE_ROWS, FIXTURE_COLS,
                                       &loss, &params, err);
    covey_clustering_fini(&found);
    return status;
}

static covey_status centre(void *user, covey_error *err) {
    double x[40 * 3], mu[3] = {0};
    covey_centre_report report;
    covey_loss loss;
    for (size_t i = 0; i < 120; ++i)
        x[i] = covey__normal(5, COVEY__PURPOSE_TEST, i, 0);
    covey_status status = covey_loss_find(&loss, user, err);
    for (size_t p = 0; status == COVEY_OK && p < COVEY_LOSS_PARAMS && loss.ops->params[p].name;
         ++p) {
        char value[32];
        snprintf(value, sizeof value, "%g", loss.ops->params[p].fallback);
        status = covey_loss_set_param(&loss, loss.ops->params[p].name, value, err);
    }
    if (status == COVEY_OK)
        status = covey_centre_compute(mu, &report, x, 40, 3, NULL, &loss, COVEY_SOLVER_AUTO, 0,
                                      err);
    return status;
}

static covey_status compare(void *user, covey_error *err) {
    (void)user;
    covey_assignment assigned = {0};
    covey_strangers mixed = {0};
    covey_strangers_params params = covey_strangers_params_default();
    covey_cluster_params how = covey_cluster_params_default();
    how.k = FIXTURE_GROUPS;
    how.threads = 1;
    how.restarts = 1;
    params.points = 1;
    covey_status status =
        covey_assign_compute(&assigned, shown->features.data, FIXTURE_ROWS, FIXTURE_COLS,
                             &shown->comparison.clusterings[0], 0.95, 1, err);
    if (status == COVEY_OK)
        status = covey_strangers_compute(&mixed, &shown->comparison, shown->features.data,
                                         FIXTURE_ROWS, FIXTURE_COLS, &how, &params, err);
    covey_strangers_fini(&mixed);
    covey_assignment_fini(&assigned);
    return status;
}

static covey_status partitions(void *user, covey_error *err) {
    (void)user, (void)err;
    const int32_t a[] = {0, 0, 1, 1, 2}, b[] = {0, 1, 1, 1, 2};
    const double cost[] = {1, 2, 3, 3, 1, 2};
    double ari, nmi, vi;
    int32_t match[2];
    covey_status status = covey_agreement_compute(&ari, &nmi, &vi, a, b, 5);
    return status == COVEY_OK ? covey_match_compute(match, cost, 2, 3) : status;
}

static covey_status resize(void *user, covey_error *err) {
    (void)user, (void)err;
    static uint8_t small[20 * 10 * 3], large[40 * 30 * 3];
    return covey_photo_resize(small, 20, 10, large, 40, 30);
}

static covey_status npy(void *user, covey_error *err) {
    (void)user;
    static const double values[6] = {1, 2, 3, 4, 5, 6};
    covey_matrix matrix = {0};
    char path[400];
    snprintf(path, sizeof path, "%s.npy", target);
    covey_status status = covey_npy_save_f64(path, values, 2, 3, err);
    if (status == COVEY_OK)
        status = covey_matrix_load(&matrix, path, err);
    covey_matrix_fini(&matrix);
    alloc_test_stop();
    static const char *const names[] = {"file.npy", NULL};
    alloc_test_only(out, names);
    unlink(path);
    return status;
}

static void test_numbers(void **state) {
    (void)state;
    char l2[] = "l2", standard[] = "standard", pca[] = "pca:2";
    char *const hows[] = {l2, standard, pca};
    for (size_t i = 0; i < LENGTH(hows); ++i)
        alloc_test_every("covey_normalizer_new, _apply", normalise, hows[i]);
    for (size_t i = 0; i < covey_loss_count(); ++i) {
        char name[64];
        snprintf(name, sizeof name, "%s", covey_loss_get(i)->name);
        alloc_test_every("covey_centre_compute", centre, name);
        if (i % 4 == 0)
            alloc_test_every("covey_cluster_compute", cluster, name);
    }
    alloc_test_every("covey_assign_compute, covey_strangers_compute", compare, NULL);
    alloc_test_every("covey_agreement_compute, covey_match_compute", partitions, NULL);
    alloc_test_every("covey_photo_resize", resize, NULL);
    alloc_test_every("covey_npy_save_f64, covey_matrix_load", npy, NULL);
}

/* ---- figures, the catalogue ------------------------------------------------------------------- */

static covey_status figure(void *user, covey_error *err) {
    (void)user;
    const double x[] = {1, 2, 3}, y[] = {1, 4, 9}, field[] = {1, 2, 3, 4};
    covey_series series = {"a", x, y, 3, 2, 0};
    covey_panel panel = {.title = "t", .series = &series, .n_series = 1, .field = field,
                         .field_width = 2, .field_height = 2};
    covey_figure chart = {.title = "chart", .panels = &panel, .n_panels = 1, .columns = 1,
                          .width = 60, .height = 60};
    char path[400];
    snprintf(path, sizeof path, "%s.png", target);
    covey_status status = covey_figure_save(path, &chart, err);
    if (status == COVEY_OK) {
        static const uint8_t maps[16] = {1, 2, 3};
        const char *titles[] = {"ch 0"};
        status = covey_figure_save_maps(path, "maps", maps, 1, 4, 4, titles, NULL, 0, 0, 0, err);
    }
    alloc_test_stop();
    static const char *const names[] = {"file.png", NULL};
    alloc_test_only(out, names);
    unlink(path);
    return status;
}

static covey_status catalogue(void *user, covey_error *err) {
    (void)user;
    covey_catalogue *kept = NULL;
    covey_catalogue_info info;
    covey_catalogue_check check;
    covey_prune_params prune = covey_prune_params_default();
    size_t removed;
    covey_status status = covey_catalogue_open(&kept, out, 1, err);
    if (status == COVEY_OK) {
        keep_photo(kept, "weights");
        if (covey_catalogue_trouble(kept))
            status = covey_catalogue_trouble(kept)->status;
    }
    if (status == COVEY_OK && (status = covey_catalogue_get_info(&info, kept, err)) == COVEY_OK)
        covey_catalogue_info_fini(&info);
    if (status == COVEY_OK)
        status = covey_catalogue_verify(&check, kept, NULL, NULL, err);
    if (status == COVEY_OK) {
        assert_int_equal(check.checked, 1);
        assert_int_equal(check.damaged, 0);
        assert_string_equal(check.first_fault, "");
    }
    prune.older_than = 100;
    if (status == COVEY_OK)
        status = covey_catalogue_prune(&removed, kept, &prune, err);
    covey_catalogue_free(kept);
    return status;
}

/* Where an allocation fails while a row is written, the row is right or there is none: every one of them,
 * since a wrong row is found by whoever verifies, long after. */
static void test_kept_rows(void **state) {
    (void)state;
    covey_error err;
    size_t made = 1;
    for (size_t k = 0; k <= made; ++k) {
        char weights[32];
        covey_catalogue *kept;
        covey_catalogue_check check;
        assert_ok(covey_catalogue_open(&kept, out, 1, &err));
        snprintf(weights, sizeof weights, "weights %zu", k);
        if (k)
            covey__alloc_fail_only(k);
        else
            covey__alloc_fail_at(0);
        keep_photo(kept, weights);
        made = k ? made : covey__alloc_count();
        covey__alloc_fail_at(0);
        covey_catalogue_free(kept);
        assert_ok(covey_catalogue_open(&kept, out, 0, &err));
        assert_ok(covey_catalogue_verify(&check, kept, NULL, NULL, &err));
        if (check.damaged)
            fail_msg("allocation %zu of %zu: a row does not match its checksum", k, made);
        assert_true(k || check.checked == 1);
        covey_catalogue_free(kept);
    }
    print_message("keeping a row: %zu allocations\n", made);
}

static void test_figures_and_catalogue(void **state) {
    (void)state;
    covey_error err;
    alloc_test_every("covey_figure_save, _save_maps", figure, NULL);
    alloc_test_every("covey_catalogue_open, _get_info, _verify, _prune", catalogue, NULL);
    /* It is sound after all that, and knows its photo or nothing. */
    covey_catalogue *kept;
    covey_catalogue_check check;
    assert_ok(covey_catalogue_open(&kept, out, 0, &err));
    assert_ok(covey_catalogue_verify(&check, kept, NULL, NULL, &err));
    assert_string_equal(check.first_fault, "");
    assert_int_equal(check.damaged, 0);
    covey_catalogue_free(kept);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_runs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_beside_a_run, setup, teardown),
        cmocka_unit_test_setup_teardown(test_numbers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_kept_rows, setup, teardown),
        cmocka_unit_test_setup_teardown(test_figures_and_catalogue, setup, teardown),
    };
    alloc_run_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
