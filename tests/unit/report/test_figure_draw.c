/* SPDX-License-Identifier: MIT */
/* covey-draw that aborts, hangs, talks nonsense or is not there costs one figure and a sentence. */
#include "folder_fixture.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "covey/chart.h"
#include "covey/report.h"
#include "figure_internal.h"
#include "run_fixture.h"

static covey_error err;

static int tear_down(void **state) {
    remove_folder(state);
    setenv("COVEY_DRAW", COVEY_TEST_BUILD "/covey-draw", 1);
    return 0;
}

/* A shell script that plays the drawer. */
static void play(const char *script) {
    char path[300], text[1024];
    snprintf(path, sizeof path, "%s/drawer", folder);
    int n = snprintf(text, sizeof text, "#!/bin/sh\n%s\n", script);
    covey_test_write(path, text, (size_t)n);
    assert_int_equal(chmod(path, 0755), 0);
    setenv("COVEY_DRAW", path, 1);
}

static covey_status save(const char *name, const char *caption) {
    char path[300];
    covey_tile tile = {.caption = caption};
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return covey_figure_save_tiles(path, "title", &tile, 1, 1, &err);
}

static int exists(const char *name) {
    char path[300];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return access(path, F_OK) == 0;
}

/* No child is left behind, dead or alive. */
static void check_no_child(void) {
    int code;
    assert_int_equal(waitpid(-1, &code, WNOHANG), -1);
}

static void test_drawers_that_fail(void **state) {
    (void)state;
    static const struct {
        const char *script, *says;
    } cases[] = {{"kill -ABRT $$", "signal 6"},
                 {"kill -SEGV $$", "signal 11"},
                 {"exit 1", "exit code 1"},
                 {"exit 3", "exit code 3"},
                 {"printf '\\211PNG' >&4; kill -KILL $$", "signal 9"},
                 {"printf '<html>' >&4", "no picture"},
                 {"exit 0", "no picture"}};
    for (size_t i = 0; i < LENGTH(cases); ++i) {
        play(cases[i].script);
        assert_status(save("a.png", "x"), COVEY_E_DRAW);
        if (!strstr(err.message, cases[i].says))
            fail_msg("'%s' gives: %s", cases[i].script, err.message);
        assert_false(exists("a.png"));
        check_no_child();
    }
}

static void test_memory_that_runs_out_there(void **state) {
    (void)state;
    play("exit 4");
    assert_status(save("a.svg", "x"), COVEY_E_NOMEM);
    assert_false(exists("a.svg"));
}

static void test_no_drawer(void **state) {
    (void)state;
    setenv("COVEY_DRAW", "/nonexistent/covey-draw", 1);
    assert_status(save("a.png", "x"), COVEY_E_DRAW);
    assert_non_null(strstr(err.message, "COVEY_DRAW"));
    assert_string_equal(err.path, "/nonexistent/covey-draw");
    char text[300];
    snprintf(text, sizeof text, "%s/text", folder);
    covey_test_write(text, "no program", 10);
    chmod(text, 0755);
    setenv("COVEY_DRAW", text, 1);
    assert_status(save("a.png", "x"), COVEY_E_DRAW);
}

static void test_a_drawer_that_hangs(void **state) {
    (void)state;
    covey__canvas canvas = {0};
    covey__text out = {0};
    play("exec sleep 1000");
    assert_ok(covey__canvas_open(&canvas, "a.png", 10, 10, &err));
    time_t before = time(NULL);
    assert_status(covey__draw(&out, &canvas.list, 0.3, &err), COVEY_E_DRAW);
    assert_true(time(NULL) - before < 60);
    assert_null(out.data);
    check_no_child();
    covey__canvas_close(&canvas);
}

/* What the drawer is told is checked by it: no list makes it crash, or draw without end. */
static void test_lists_that_lie(void **state) {
    (void)state;
    setenv("COVEY_DRAW", COVEY_TEST_BUILD "/covey-draw", 1);
    covey__canvas canvas = {0};
    covey__text out = {0};
    assert_ok(covey__canvas_open(&canvas, "a.png", 40, 40, &err));
    size_t head = canvas.list.size;
    covey__canvas_rectangle(&canvas, 1, 2, 30, 30);
    covey__canvas_do(&canvas, COVEY__DRAW_FILL);
    uint8_t grey[4 * 4 * 3] = {9};
    assert_ok(covey__canvas_image(&canvas, (covey__box){0, 0, 8, 8}, grey, 4, 4, 1, &err));
    assert_ok(covey__canvas_text(&canvas, 1, 1, 30, "text", (covey__line){.size = 9}, &err));
    assert_ok(covey__draw(&out, &canvas.list, 60, &err));
    covey__text_fini(&out);
    uint64_t random = 12345;
    for (int i = 0; i < 60; ++i) {
        covey__text list = {0};
        covey__text_add_bytes(&list, canvas.list.data, canvas.list.size);
        random = random * 6364136223846793005u + 1442695040888963407u;
        size_t at = (size_t)(random >> 33) % list.size;
        if (i % 3 == 0)
            list.size = at > 1 ? at : 1; /* cut short */
        else
            list.data[i % 2 ? at : head + at % 8] = (char)(random >> 20);
        covey_status status = list.size < head ? COVEY_E_INTERNAL
                                               : covey__draw(&out, &list, 60, &err);
        if (status == COVEY_E_DRAW && strstr(err.message, "signal"))
            fail_msg("list %d: %s", i, err.message);
        assert_true(status == COVEY_OK || status == COVEY_E_DRAW || status == COVEY_E_INTERNAL);
        covey__text_fini(&out);
        covey__text_fini(&list);
    }
    covey__canvas_close(&canvas);
}

/* Pictures of no photo: the figures are of captions alone. */
static covey_status no_pictures(covey_picture **out, const covey_run *run, const int64_t *rows,
                                size_t n, size_t side, covey_error *error) {
    (void)run, (void)rows, (void)side, (void)error;
    *out = covey__calloc(n, sizeof **out);
    return *out ? COVEY_OK : COVEY_E_NOMEM;
}

/* One figure's drawer aborts: that figure is missing, all others are there; the error says so. */
static void test_one_of_a_run(void **state) {
    (void)state;
    char script[600], figures[300];
    snprintf(figures, sizeof figures, "%s/figures", folder);
    covey_run *run = fixture_run("/photos");
    snprintf(script, sizeof script,
             "if grep -aq 'Huber' <&3; then kill -ABRT $$; fi\nexec '%s' \"$@\"",
             COVEY_TEST_BUILD "/covey-draw");
    play(script);
    covey_status status =
        covey__figures_save(run, figures, COVEY_LANGUAGE_EN, no_pictures, &err);
    assert_int_equal(status, COVEY_E_DRAW);
    assert_non_null(strstr(err.path, "representatives_huber.png"));
    assert_non_null(strstr(err.message, "and others"));
    assert_false(exists("figures/representatives_huber.png"));
    assert_false(exists("figures/representatives_huber.svg"));
    assert_true(exists("figures/representatives_square.png"));
    assert_true(exists("figures/contact_sheet.png"));
    assert_true(exists("figures/contact_sheet.svg"));
    covey_run_free(run);
}

/* Every allocation of this process may fail: a status, nothing written, no child left. */
static void test_failed_allocations(void **state) {
    (void)state;
    setenv("COVEY_DRAW", COVEY_TEST_BUILD "/covey-draw", 1);
    size_t k = 0;
    for (covey_status status = COVEY_E_NOMEM; status != COVEY_OK;) {
        assert_true(++k < 1000);
        covey__alloc_fail_at(k);
        status = save("b.svg", "caption");
        covey__alloc_fail_at(0);
        if (status != COVEY_OK) {
            assert_int_equal(status, COVEY_E_NOMEM);
            assert_false(exists("b.svg"));
        }
        check_no_child();
    }
    assert_true(exists("b.svg"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_drawers_that_fail, make_folder, tear_down),
        cmocka_unit_test_setup_teardown(test_memory_that_runs_out_there, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(test_no_drawer, make_folder, tear_down),
        cmocka_unit_test_setup_teardown(test_a_drawer_that_hangs, make_folder, tear_down),
        cmocka_unit_test_setup_teardown(test_lists_that_lie, make_folder, tear_down),
        cmocka_unit_test_setup_teardown(test_one_of_a_run, make_folder, tear_down),
        cmocka_unit_test_setup_teardown(test_failed_allocations, make_folder, tear_down),
    };
    setenv("COVEY_DRAW", COVEY_TEST_BUILD "/covey-draw", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
