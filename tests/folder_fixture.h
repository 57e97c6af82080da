/* SPDX-License-Identifier: MIT */
/* A folder of its own for each test: make_folder and remove_folder are its setup and teardown. */
#ifndef FOLDER_FIXTURE_H
#define FOLDER_FIXTURE_H

#include "covey_test.h"

static char folder[256];

static int make_folder(void **state) {
    (void)state;
    covey_test_folder(folder);
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    covey_test_remove(folder);
    return 0;
}

#endif
