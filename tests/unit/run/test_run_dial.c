/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "run_folder_fixture.h"

#include "run_dial_internal.h"

static covey_error err;
static covey_run *turned_run(void) {
    covey_run *run = fixture_run("/photos/of/somebody");
    covey_cluster_params params = covey_cluster_params_default();
    params.threads = 1;
    assert_ok(covey_dial_compute(&run->dial, &run->comparison, run->features.data, FIXTURE_ROWS,
                                 FIXTURE_COLS, &params, &err));
    return run;
}

static void the_dial_is_kept(void **state) {
    (void)state;
    covey_run *run = turned_run(), *back = NULL;
    assert_ok(covey_run_save(run, target, NULL, NULL, &err));
    assert_ok(covey_run_load(&back, target, &err));
    const covey_dial *a = &run->dial, *b = &back->dial;
    assert_int_equal(b->n_frames, COVEY_DIAL_FRAMES);
    assert_int_equal(b->n_rows, FIXTURE_ROWS);
    assert_true(a->c == b->c);
    for (size_t f = 0; f < a->n_frames; ++f) {
        const covey_dial_frame *p = &a->frames[f], *q = &b->frames[f];
        assert_true(p->alpha == q->alpha && p->objective == q->objective);
        assert_int_equal(p->rounds, q->rounds);
        assert_int_equal(p->moved, q->moved);
        assert_memory_equal(p->covers, q->covers, a->k * sizeof(int64_t));
        assert_memory_equal(p->sizes, q->sizes, a->k * sizeof(size_t));
        assert_memory_equal(p->shift, q->shift, a->k * sizeof(double));
        assert_memory_equal(p->labels, q->labels, a->n_rows * sizeof(int32_t));
        assert_memory_equal(p->weights, q->weights, a->n_rows * sizeof(double));
    }
    covey_run_free(run);
    covey_run_free(back);
}

static void a_run_without_one_has_none(void **state) {
    (void)state;
    covey_run *run = fixture_run("/photos/of/somebody"), *back = NULL;
    assert_ok(covey_run_save(run, target, NULL, NULL, &err));
    assert_ok(covey_run_load(&back, target, &err));
    assert_int_equal(back->dial.n_frames, 0);
    covey_run_free(run);
    covey_run_free(back);
}

/* What does not fit is refused whole, whatever it is. */
static void what_does_not_fit_is_refused(void **state) {
    (void)state;
    covey_run *run = turned_run();
    char *text;
    json_error_t where;
    assert_ok(covey__run_dial_json(&text, run, &err));
    covey_dial_fini(&run->dial);
    static const char *const edits[][2] = {
        {"\"k\":3", "\"k\":4"},
        {"\"rows\":[0,", "\"rows\":[1,"},
        {"\"alpha\":2.0", "\"alpha\":3.0"},
        {"\"alpha\":1.5", "\"alpha\":2.0"},
        {"\"alpha\":\"-inf\"", "\"alpha\":\"inf\""},
        {"\"labels\":[", "\"labels\":[9,"},
        {"\"weights\":[10000,", "\"weights\":[10001,"},
        {"\"covers\":[", "\"covers\":[30,"},
        {"\"sizes\":[", "\"sizes\":[\"1\","},
        {"\"moved\":0", "\"moved\":31"},
        {"\"frames\":[", "\"pages\":["}};
    for (size_t i = 0; i < LENGTH(edits); ++i) {
        const char *at = strstr(text, edits[i][0]);
        covey__text edited = {0};
        if (!at)
            fail_msg("%s is not in the file", edits[i][0]);
        covey__text_add_bytes(&edited, text, (size_t)(at - text));
        covey__text_add(&edited, edits[i][1]);
        covey__text_add(&edited, at + strlen(edits[i][0]));
        json_t *root = json_loads(edited.data, 0, &where);
        assert_non_null(root);
        if (covey__run_dial_load(run, root) == 0)
            fail_msg("%s was taken", edits[i][1]);
        assert_int_equal(run->dial.n_frames, 0);
        json_decref(root);
        covey__text_fini(&edited);
    }
    json_t *root = json_loads(text, 0, &where);
    assert_int_equal(covey__run_dial_load(run, root), 0);
    json_decref(root);
    covey_free(text);
    covey_run_free(run);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_dial_is_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(a_run_without_one_has_none, setup, teardown),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
