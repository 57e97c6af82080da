/* SPDX-License-Identifier: MIT */
/* What cmocka lacks: comparers for arrays that name index, both values and the tolerance, a
 * scratch folder, and an honest skip. Include this first; it includes cmocka. */
#ifndef COVEY_TEST_H
#define COVEY_TEST_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "covey/cpu.h"
#include "covey/status.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* The instruction set after `isa` that this machine has; beyond its best when there is none. */
static inline int next_isa(int isa) {
    do
        ++isa;
    while (isa < (int)covey_isa_machine() && !covey_isa_has(covey_isa_machine(), (covey_isa)isa));
    return isa;
}

/* The call answers COVEY_OK; otherwise its sentence is printed. Needs a `covey_error err`. */
#define assert_ok(call)                                                                          \
    do {                                                                                         \
        memset(&err, 0, sizeof err);                                                             \
        covey_status assert_ok_status = (call);                                                  \
        if (assert_ok_status != COVEY_OK)                                                        \
            fail_msg("%s: status %d: %s %s", #call, (int)assert_ok_status, err.path,             \
                     err.message);                                                               \
    } while (0)

/* The call answers `code` and says something. Needs a `covey_error err`. */
#define assert_status(call, code)                                                                \
    do {                                                                                         \
        memset(&err, 0, sizeof err);                                                             \
        covey_status assert_got = (call);                                                        \
        if (assert_got != (code))                                                                \
            fail_msg("%s: status %d, expected %d: %s %s", #call, (int)assert_got, (int)(code),   \
                     err.path, err.message);                                                     \
        assert_true(err.message[0] != '\0');                                                     \
    } while (0)

static inline void covey_test_close(double got, double want, double absolute, double relative,
                                    size_t index, const char *what, const char *file, int line) {
    double bound = absolute + relative * fabs(want);
    if (!(fabs(got - want) <= bound)) {
        print_error("%s:%d: %s[%zu] = %.17g, expected %.17g, off by %.3g, allowed %.3g\n", file,
                    line, what, index, got, want, fabs(got - want), bound);
        _fail(file, line);
    }
}

/* |got - want| <= absolute + relative |want|; NaN never passes. */
#define assert_close(got, want, absolute, relative)                                              \
    covey_test_close((got), (want), (absolute), (relative), 0, #got, __FILE__, __LINE__)

#define assert_array_close(got, want, n, absolute, relative)                                     \
    do {                                                                                         \
        for (size_t covey_i = 0; covey_i < (size_t)(n); ++covey_i)                               \
            covey_test_close((double)(got)[covey_i], (double)(want)[covey_i], (absolute),        \
                             (relative), covey_i, #got, __FILE__, __LINE__);                     \
    } while (0)

/* |got - want|_2 / |want|_2, in float64. */
static inline double covey_test_relative_l2(const float *got, const double *want, size_t n) {
    double difference = 0, size = 0;
    for (size_t i = 0; i < n; ++i) {
        difference += ((double)got[i] - want[i]) * ((double)got[i] - want[i]);
        size += want[i] * want[i];
    }
    return sqrt(difference / size);
}

/* A fresh empty folder, removed by covey_test_remove. */
static inline void covey_test_folder(char path[256]) {
    const char *base = getenv("TMPDIR");
    snprintf(path, 256, "%s/covey-test-XXXXXX", base && *base ? base : "/tmp");
    assert_non_null(mkdtemp(path));
}

static inline void covey_test_remove(const char *path) {
    char command[1024];
    snprintf(command, sizeof command, "PATH=/bin:/usr/bin; chmod -R u+w '%s'; rm -rf '%s'",
             path, path); /* tests change PATH */
    if (system(command))
        print_error("could not remove %s\n", path);
}

static inline void covey_test_write(const char *path, const void *data, size_t size) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* The team's reference material, where it lies beside the repository; the test that needs it
 * calls skip() where this answers 0. */
static inline int covey_test_shared(char *path, size_t size, const char *name) {
    snprintf(path, size, "%s/../shared/%s", COVEY_TEST_SOURCE, name);
    if (access(path, R_OK) == 0)
        return 1;
    print_message("skipped: %s is not here\n", name);
    return 0;
}

#endif
