/* SPDX-License-Identifier: MIT */
/* What tests of failing allocations share that look at a run: it lies in `saved` and is loaded as `shown`;
 * what calls write goes to `out`. */
#ifndef ALLOC_RUN_FIXTURE_H
#define ALLOC_RUN_FIXTURE_H

#include <sys/stat.h>

#include "alloc_test.h"
#include "covey/covey.h"
#include "run_fixture.h"

static char folder[256], saved[300], out[300];
static covey_run *shown;

static inline void make_folders(void) {
    covey_test_folder(folder);
    snprintf(saved, sizeof saved, "%s/saved", folder);
    snprintf(out, sizeof out, "%s/out", folder);
    assert_int_equal(mkdir(out, 0777), 0);
}

/* Takes `run`. */
static inline void show(covey_run *run) {
    covey_error err;
    assert_ok(covey_run_save(run, saved, NULL, NULL, &err));
    covey_run_free(run);
    assert_ok(covey_run_load(&shown, saved, &err));
}

static inline int teardown(void **state) {
    (void)state;
    covey_run_free(shown);
    covey_test_remove(folder);
    return 0;
}

static inline void clear_out(void) {
    covey_error err;
    assert_ok(covey__remove_tree(out, &err));
    assert_int_equal(mkdir(out, 0777), 0);
}

/* Call first in main. */
static inline void alloc_run_begin(void) {
    alloc_test_hooks();
    setenv("COVEY_DECODE", COVEY_TEST_BUILD "/covey-decode", 1);
    setenv("COVEY_DRAW", COVEY_TEST_BUILD "/covey-draw", 1);
}

#endif
