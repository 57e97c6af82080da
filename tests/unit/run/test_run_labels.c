/* SPDX-License-Identifier: MIT */
#include "run_fixture.h"

#include "covey/labels.h"

static char folder[256], file[300];

static covey_labels *labels_of(const char *text) {
    covey_error err;
    covey_labels *labels = NULL;
    covey_test_write(file, text, strlen(text));
    assert_ok(covey_labels_new(&labels, file, &err));
    return labels;
}

/* Rows 0..5 of groups 0, 1, 2, 0, 1, 2; one label is wrong. Values by scikit-learn 1.9: truth
 * a b c a b b against 0 1 2 0 1 2. */
static void a_csv_is_scored(void **state) {
    (void)state;
    covey_error err;
    covey_run *run = fixture_run("/photos");
    covey_labels *labels = labels_of(
        "extra,label,path\n,a,00-plain.jpg\n,b,/photos/01-with space.jpg\n"
        ",c,\"photos/02-comma, quote\"\".jpg\"\n,a,\"03-new\nline.jpg\"\n"
        ",b,04-angle<b>&amp;'.jpg\n,b,05-invalid\xff\xfe.jpg\n,z,not here.jpg\n");
    assert_ok(covey_labels_score(run, labels, &err));
    const covey_label_scores *s = run->scores;
    assert_int_equal(s->labelled, 6);
    assert_int_equal(s->n_classes, 3);
    assert_string_equal(s->classes[0], "a");
    assert_string_equal(s->classes[2], "c");
    assert_close(s->losses[0].ari, 0.4444444444444444, 0, 1e-12);
    assert_close(s->losses[0].nmi, 0.7396673768007592, 0, 1e-12);
    assert_close(s->losses[0].purity, 5.0 / 6, 0, 1e-12);
    const int32_t *group = run->comparison.clusterings[0].labels;
    assert_int_equal(s->losses[0].confusion[group[0] * 3 + 0], 2);
    assert_int_equal(s->losses[0].confusion[group[1] * 3 + 1], 2);
    assert_int_equal(s->losses[0].confusion[group[2] * 3 + 1], 1);
    assert_int_equal(s->losses[0].confusion[group[2] * 3 + 2], 1);
    covey_labels_free(labels);
    covey_run_free(run);
}

static void folders_are_labels(void **state) {
    (void)state;
    covey_error err;
    covey_run *run = fixture_run("/photos");
    covey_labels *labels = NULL;
    assert_ok(covey_labels_new(&labels, "folders", &err));
    for (size_t i = 0; i < FIXTURE_ROWS; ++i)
        run->photos[i].path = i % 3 == 0 ? "x/1.jpg" : i % 3 == 1 ? "y/x/1.jpg" : "1.jpg";
    assert_ok(covey_labels_score(run, labels, &err));
    assert_int_equal(run->scores->labelled, 20);
    assert_int_equal(run->scores->n_classes, 2);
    assert_string_equal(run->scores->classes[1], "y");
    assert_true(run->scores->losses[1].ari == 1 && run->scores->losses[1].purity == 1);
    for (size_t i = 0; i < FIXTURE_ROWS; ++i)
        run->photos[i].path = "1.jpg";
    assert_status(covey_labels_score(run, labels, &err), COVEY_E_ARGUMENT);
    covey_labels_free(labels);
    covey_run_free(run);
}

static void scores_survive_the_folder(void **state) {
    (void)state;
    covey_error err;
    char root[300], out[300];
    snprintf(root, sizeof root, "%s/photos", folder);
    snprintf(out, sizeof out, "%s/out", folder);
    covey_run *run = fixture_run(root), *again = NULL;
    covey_labels *labels = labels_of("row,label\n0,a\n1,b\n2,b\n3,a\n");
    assert_ok(covey_labels_score(run, labels, &err));
    assert_ok(covey_run_save(run, out, NULL, NULL, &err));
    assert_ok(covey_run_load(&again, out, &err));
    assert_non_null(again->scores);
    assert_int_equal(again->scores->labelled, 4);
    assert_string_equal(again->scores->classes[1], "b");
    for (size_t l = 0; l < 2; ++l) {
        const covey_label_score *x = &run->scores->losses[l], *y = &again->scores->losses[l];
        assert_true(x->ari == y->ari && x->nmi == y->nmi && x->purity == y->purity);
        assert_memory_equal(x->confusion, y->confusion,
                            run->comparison.clusterings[l].k * 2 * sizeof(size_t));
    }
    covey_labels_free(labels);
    covey_run_free(run);
    covey_run_free(again);
}

/* Every row with a label and every label with a row: anything else is said before the work. */
static void labels_and_rows_must_match(void **state) {
    (void)state;
    covey_error err;
    covey_run *run = fixture_run("/photos");
    covey_labels *labels = labels_of("row,label\n0,a\n1,b\n");
    assert_status(covey_labels_check(run, labels, &err), COVEY_E_ARGUMENT);
    assert_non_null(strstr(err.message, "no label for 28 of the 30 photos"));
    covey_labels_free(labels);

    labels = labels_of("elsewhere.jpg,x\n");
    assert_status(covey_labels_check(run, labels, &err), COVEY_E_ARGUMENT);
    assert_non_null(strstr(err.message, "names none of the photos"));
    covey_labels_free(labels);

    char text[2000] = "row,label\n";
    for (size_t i = 0; i < FIXTURE_ROWS; ++i)
        sprintf(text + strlen(text), "%zu,%s\n", i, i % 2 ? "a" : "b");
    labels = labels_of(text);
    assert_ok(covey_labels_check(run, labels, &err));
    covey_labels_free(labels);
    labels = labels_of(strcat(text, "30,a\n007,b\n"));
    assert_status(covey_labels_check(run, labels, &err), COVEY_E_ARGUMENT);
    assert_non_null(strstr(err.message, "2 of its 32 lines name no row"));
    assert_ok(covey_labels_score(run, labels, &err)); /* what matches can be scored all the same */
    assert_int_equal(run->scores->labelled, FIXTURE_ROWS);
    covey_labels_free(labels);

    /* Photos by path, in any of the three forms; one that was skipped is no mistake. */
    covey_run_skip skip = {"broken.jpg", 0, "no photo"}, *own = run->skips;
    run->skips = &skip;
    run->n_skips = 1;
    *text = '\0';
    for (size_t i = 0; i < FIXTURE_ROWS; ++i) {
        char name[40];
        snprintf(name, sizeof name, "%zu.jpg", i);
        run->photos[i].path = covey_run_copy_string(run, name);
        sprintf(text + strlen(text), "%s%s,x\n", i % 3 == 0 ? "" : i % 3 == 1 ? "photos/" : "/photos/",
                name);
    }
    strcat(text, "0.jpg,x\nphotos/broken.jpg,y\n");
    labels = labels_of(text);
    assert_ok(covey_labels_check(run, labels, &err));
    run->n_skips = 0;
    assert_status(covey_labels_check(run, labels, &err), COVEY_E_ARGUMENT);
    assert_non_null(strstr(err.message, "photos/broken.jpg"));
    run->skips = own;
    covey_labels_free(labels);
    assert_ok(covey_labels_new(&labels, "folders", &err));
    assert_ok(covey_labels_check(run, labels, &err)); /* score says that there are none */
    covey_labels_free(labels);
    covey_run_free(run);
}

static void bad_files_are_refused(void **state) {
    (void)state;
    static const char *const texts[] = {"", "path,label\n", "a.jpg\n", "a.jpg,\n",
                                        "a.jpg,x\na.jpg,y\n", "\"a.jpg,x\n"};
    covey_error err;
    covey_labels *labels = NULL;
    for (size_t i = 0; i < LENGTH(texts); ++i) {
        covey_test_write(file, texts[i], strlen(texts[i]));
        assert_status(covey_labels_new(&labels, file, &err), COVEY_E_FORMAT);
    }
    assert_status(covey_labels_new(&labels, "/nowhere/labels.csv", &err), COVEY_E_NOT_FOUND);
    assert_null(labels);
    covey_run *run = fixture_run("/photos");
    labels = labels_of("elsewhere.jpg,x\n");
    assert_status(covey_labels_score(run, labels, &err), COVEY_E_ARGUMENT);
    assert_null(run->scores);
    covey_labels_free(labels);
    covey_run_free(run);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_csv_is_scored),
        cmocka_unit_test(folders_are_labels),
        cmocka_unit_test(scores_survive_the_folder),
        cmocka_unit_test(labels_and_rows_must_match),
        cmocka_unit_test(bad_files_are_refused),
    };
    setenv("COVEY_DECODE", COVEY_TEST_BUILD "/covey-decode", 1);
    covey_test_folder(folder);
    snprintf(file, sizeof file, "%s/labels.csv", folder);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    covey_test_remove(folder);
    return failed;
}
