/* SPDX-License-Identifier: MIT */
/* A folder of its own for each test, and in it the place `target` for a run to be saved to. */
#ifndef RUN_FOLDER_FIXTURE_H
#define RUN_FOLDER_FIXTURE_H

#include <stdlib.h>

#include "folder_fixture.h"
#include "run_fixture.h"

static char target[300];

static int setup(void **state) {
    setenv("COVEY_DECODE", COVEY_TEST_BUILD "/covey-decode", 1);
    make_folder(state);
    snprintf(target, sizeof target, "%s/out", folder);
    return 0;
}

static int teardown(void **state) {
    return remove_folder(state);
}

#endif
