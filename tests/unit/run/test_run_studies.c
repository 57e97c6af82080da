/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "run_folder_fixture.h"

#include "run_studies_internal.h"

static covey_error err;
static covey_run *studied_run(void) {
    covey_run *run = fixture_run("/photos/of/somebody");
    covey_cluster_params params = covey_cluster_params_default();
    covey_strangers_params how = covey_strangers_params_default();
    const covey_solver_row rows[] = {
        {"square", "exact", 12.5, 0, 3, 0, 3, 3, 0.001, 0},
        {"huber", "newton", 7.25, 1e-9, 21, 40, 3, 2, 0.25, NAN}};
    params.threads = 1;
    params.restarts = 3;
    params.seed = 0;
    how.points = 2;
    assert_ok(covey_strangers_compute(&run->strangers, &run->comparison, run->features.data,
                                      FIXTURE_ROWS, FIXTURE_COLS, &params, &how, &err));
    assert_ok(covey_run_keep_solvers(run, rows, LENGTH(rows), &err));
    return run;
}

static void what_was_looked_into_is_kept(void **state) {
    (void)state;
    covey_run *run = studied_run(), *back = NULL;
    assert_ok(covey_run_add_map(run, 3, 29, (const uint8_t *)"a picture", 9));
    assert_int_equal(covey_run_add_map(run, FIXTURE_ROWS, 29, (const uint8_t *)"x", 1),
                     COVEY_E_ARGUMENT);
    /* Maps are looked for at the covers of the first loss. */
    run->maps[0].row = run->comparison.clusterings[0].representatives[1];
    assert_ok(covey_run_save(run, target, NULL, NULL, &err));
    assert_ok(covey_run_load(&back, target, &err));
    const covey_strangers *a = &run->strangers, *b = &back->strangers;
    assert_int_equal(b->n_rows, 6);
    assert_true(a->unit == b->unit);
    for (size_t i = 0; i < a->n_rows; ++i) {
        assert_int_equal(a->rows[i].loss, b->rows[i].loss);
        assert_int_equal(a->rows[i].strangers, b->rows[i].strangers);
        assert_int_equal(a->rows[i].taken, b->rows[i].taken);
        assert_true(a->rows[i].centre_mean == b->rows[i].centre_mean);
        assert_true(a->rows[i].ari == b->rows[i].ari);
    }
    assert_int_equal(back->n_solver_rows, 2);
    assert_string_equal(back->solver_rows[1].loss, "huber");
    assert_string_equal(back->solver_rows[1].solver, "newton");
    assert_int_equal(back->solver_rows[1].converged, 2);
    assert_true(back->solver_rows[1].gap == 1e-9);
    assert_true(isnan(back->solver_rows[1].from_exact) && back->solver_rows[0].from_exact == 0);
    assert_int_equal(back->n_maps, 1);
    assert_int_equal(back->maps[0].row, run->maps[0].row);
    assert_int_equal(back->maps[0].layer, 29);
    assert_int_equal(back->maps[0].bytes, 9);
    assert_memory_equal(back->maps[0].png, "a picture", 9);
    covey_run_free(run);
    covey_run_free(back);
}

typedef int (*load_fn)(covey_run *run, const json_t *root);

static void refuse(covey_run *run, const char *text, const char *from, const char *to,
                   load_fn load) {
    json_error_t where;
    covey__text edited = {0};
    const char *at = strstr(text, from);
    if (!at)
        fail_msg("%s is not in the file", from);
    covey__text_add_bytes(&edited, text, (size_t)(at - text));
    covey__text_add(&edited, to);
    covey__text_add(&edited, at + strlen(from));
    json_t *root = json_loads(edited.data, 0, &where);
    assert_non_null(root);
    if (load(run, root) == 0)
        fail_msg("%s was taken", to);
    json_decref(root);
    covey__text_fini(&edited);
}

static void what_does_not_fit_is_refused(void **state) {
    (void)state;
    covey_run *run = studied_run();
    char *strangers, *solvers;
    assert_ok(covey__run_strangers_json(&strangers, run, &err));
    assert_ok(covey__run_solvers_json(&solvers, run, &err));
    covey_strangers_fini(&run->strangers);
    run->n_solver_rows = 0;
    static const char *const one[][2] = {{"\"points\": 2", "\"points\": 3"},
                                         {"\"loss\": \"square\"", "\"loss\": \"huber\""},
                                         {"\"loss\": \"square\"", "\"loss\": \"<b>\""},
                                         {"\"share\": 0.0", "\"share\": -1"},
                                         {"\"taken\": 0", "\"taken\": 4"},
                                         {"\"fits\"", "\"fit\""}};
    static const char *const two[][2] = {{"\"loss\": \"square\"", "\"loss\": \"cauchy\""},
                                         {"\"solver\": \"exact\"", "\"solver\": \"<script>\""},
                                         {"\"converged\": 3", "\"converged\": 4"},
                                         {"\"iterations\": 3", "\"iterations\": -3"},
                                         {"\"rows\"", "\"row\""}};
    for (size_t i = 0; i < LENGTH(one); ++i) {
        refuse(run, strangers, one[i][0], one[i][1], covey__run_strangers_load);
        assert_int_equal(run->strangers.n_rows, 0);
    }
    for (size_t i = 0; i < LENGTH(two); ++i) {
        refuse(run, solvers, two[i][0], two[i][1], covey__run_solvers_load);
        assert_int_equal(run->n_solver_rows, 0);
    }
    covey_free(strangers);
    covey_free(solvers);
    covey_run_free(run);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_looked_into_is_kept, setup, teardown),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
