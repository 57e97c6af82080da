/* SPDX-License-Identifier: MIT */
/* Extraction with every allocation failing once: alone, with a catalogue, and as either side of a job of
 * two ranks (the other side is played here). The features are right or there is no run; photos are never
 * skipped for it; a rank that helps is always told when there is no more. */
#include <stdlib.h>
#include <sys/stat.h>

#include "alloc_test.h"
#include "covey/covey.h"
#include "photo_fixture.h"
#include "ranks_internal.h"
#include "run_internal.h"

enum { PHOTOS = 5, CHANNELS = 16 };

static char folder[256], photos[300], cache[300];
static covey_weights *weights;
static covey_files *files;
static covey_run *right; /* what has to come out */

static void make_photo(int i) {
    char path[400];
    snprintf(path, sizeof path, "%s/p%02d.png", photos, i);
    make_noise_photo(path, 40, 30, 60.0 + 20 * i, i);
}

static covey_extract_params small_params(void) {
    covey_extract_params params = covey_extract_params_default();
    params.decode.threads = params.network.threads = 1;
    params.network.batch = 2;
    return params;
}

static int setup(void **state) {
    (void)state;
    static const int channels[13] = {16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, CHANNELS};
    covey_error err;
    char bad[400];
    const char *paths[] = {photos};
    covey_extract_params params = small_params();
    covey_test_folder(folder);
    snprintf(photos, sizeof photos, "%s/photos", folder);
    snprintf(cache, sizeof cache, "%s/cache", folder);
    setenv("COVEY_DECODE", COVEY_TEST_BUILD "/covey-decode", 1);
    assert_int_equal(mkdir(photos, 0777), 0);
    for (int i = 0; i < PHOTOS; ++i)
        make_photo(i);
    snprintf(bad, sizeof bad, "%s/bad.jpg", photos);
    covey_test_write(bad, "no photo", 8);
    assert_ok(covey_weights_new_seeded(&weights, 3, channels, &err));
    assert_ok(covey_files_new(&files, paths, 1, NULL, &err));
    assert_ok(covey_run_new(&right, &err));
    assert_ok(covey_run_extract(right, files, weights, &params, &err));
    assert_int_equal(right->n_photos, PHOTOS);
    assert_int_equal(right->n_skips, 1);
    alloc_test_steps = 25; /* a call starts a worker or two, and a network: not all of them each time */
    return 0;
}

static int teardown(void **state) {
    (void)state;
    covey_run_free(right);
    covey_files_free(files);
    covey_weights_free(weights);
    covey_test_remove(folder);
    return 0;
}

static void check_run(const covey_run *run) {
    assert_int_equal(run->n_photos, PHOTOS);
    assert_int_equal(run->n_skips, 1);
    assert_string_equal(run->skips[0].path, "bad.jpg");
    assert_string_equal(run->skips[0].reason, right->skips[0].reason);
    assert_memory_equal(run->features.data, right->features.data,
                        PHOTOS * CHANNELS * sizeof(float));
    for (int i = 0; i < PHOTOS; ++i)
        assert_memory_equal(run->photos[i].sha256, right->photos[i].sha256, 32);
}

static covey_status extract(covey_catalogue *catalogue, covey_error *err) {
    covey_run *run = NULL;
    covey_extract_params params = small_params();
    params.catalogue = catalogue;
    covey_status status = covey_run_new(&run, err);
    if (status == COVEY_OK)
        status = covey_run_extract(run, files, weights, &params, err);
    alloc_test_stop();
    if (status == COVEY_OK)
        check_run(run);
    covey_run_free(run);
    return status;
}

static covey_status extract_alone(void *user, covey_error *err) {
    (void)user;
    return extract(NULL, err);
}

static void check_catalogue(int keep) {
    covey_catalogue *catalogue;
    covey_catalogue_check check;
    covey_error err;
    if (access(cache, F_OK) == 0 && covey_catalogue_open(&catalogue, cache, 0, &err) == COVEY_OK) {
        assert_ok(covey_catalogue_verify(&check, catalogue, NULL, NULL, &err));
        assert_string_equal(check.first_fault, "");
        assert_int_equal(check.damaged, 0);
        covey_catalogue_free(catalogue);
    }
    if (!keep)
        assert_ok(covey__remove_tree(cache, &err));
}

/* `user`: the catalogue's content stays from call to call, else it begins empty. What cannot be kept costs
 * time, not the run. */
static covey_status extract_keeping(void *user, covey_error *err) {
    covey_catalogue *catalogue = NULL;
    covey_status status = covey_catalogue_open(&catalogue, cache, 1, err);
    if (status == COVEY_OK)
        status = extract(catalogue, err);
    covey_catalogue_free(catalogue);
    alloc_test_stop();
    check_catalogue(user != NULL);
    return status;
}

static void test_a_process_alone(void **state) {
    (void)state;
    char again = 1;
    alloc_test_every("covey_run_extract", extract_alone, NULL);
    alloc_test_every("covey_run_extract, an empty catalogue", extract_keeping, NULL);
    alloc_test_every("covey_run_extract, all is known", extract_keeping, &again);
}

/* ---- two ranks ------------------------------------------------------------------------------- */

/* The heads of messages, as in run_extract_ranks.c. */
typedef struct job_head {
    uint64_t first, count;
} job_head;
typedef struct result_head {
    uint64_t number;
    int64_t status;
} result_head;
enum { RESULT_BYTES = 584 };

static struct {
    uint64_t owed[PHOTOS + 1]; /* photos that the rank played here was given */
    size_t n_owed;
    int given, ended; /* messages without a photo */
    size_t described;
} other;
static covey__ranks played;

/* The linker puts this in front of the library's. */
const covey__ranks *__real_covey__ranks_get(void);
const covey__ranks *__wrap_covey__ranks_get(void);
const covey__ranks *__wrap_covey__ranks_get(void) {
    return played.count ? &played : __real_covey__ranks_get();
}

static int no_message(void) {
    return 0;
}

/* A helper that skips whatever it is given. */
static void helper_takes(int to, const void *data, size_t bytes) {
    job_head head;
    assert_int_equal(to, 1);
    assert_true(bytes >= sizeof head);
    memcpy(&head, data, sizeof head);
    other.ended += head.count == 0;
    for (uint64_t i = 0; i < head.count && other.n_owed <= PHOTOS; ++i)
        other.owed[other.n_owed++] = head.first + i;
}

static int helper_answers(void) {
    return other.n_owed > 0;
}

static size_t helper_gives(int *from, void *data, size_t room) {
    static const char reason[] = "not to the helper's taste";
    result_head head = {other.owed[--other.n_owed], COVEY_E_FORMAT};
    assert_true(room >= RESULT_BYTES);
    *from = 1;
    memset(data, 0, RESULT_BYTES);
    memcpy(data, &head, sizeof head);
    memcpy((char *)data + RESULT_BYTES - 512, reason, sizeof reason);
    return RESULT_BYTES;
}

static covey_status extract_with_helper(void *user, covey_error *err) {
    (void)user;
    covey_run *run = NULL;
    covey_extract_params params = small_params();
    memset(&other, 0, sizeof other);
    covey_status status = covey_run_new(&run, err);
    if (status == COVEY_OK) {
        status = covey_run_extract(run, files, weights, &params, err);
        alloc_test_stop();
        assert_int_equal(other.ended, 1);
    }
    if (status == COVEY_OK)
        assert_int_equal(run->n_photos + run->n_skips, PHOTOS + 1);
    covey_run_free(run);
    return status;
}

/* One job of all photos, in the order of the run's rows, then the message that there is no more. */
static size_t first_rank_gives(int *from, void *data, size_t room) {
    job_head head = {0, other.given++ ? 0 : PHOTOS};
    size_t size = sizeof head;
    memcpy(data, &head, sizeof head);
    for (int i = 0; i < PHOTOS && head.count; ++i) {
        int n = snprintf((char *)data + size, room - size, "%s/p%02d.png", photos, i);
        size += (size_t)n + 1;
    }
    *from = 0;
    return size;
}

static void first_rank_takes(int to, const void *data, size_t bytes) {
    result_head head;
    assert_int_equal(to, 0);
    assert_true(bytes >= RESULT_BYTES + CHANNELS * sizeof(float));
    memcpy(&head, data, sizeof head);
    assert_true(head.number < PHOTOS);
    assert_int_equal(head.status, COVEY_OK);
    assert_memory_equal((const char *)data + RESULT_BYTES,
                        right->features.data + head.number * CHANNELS, CHANNELS * sizeof(float));
    ++other.described;
}

static covey_status help(void *user, covey_error *err) {
    (void)user;
    covey_extract_params params = small_params();
    memset(&other, 0, sizeof other);
    covey_status status = covey_run_extract_help(weights, &params, err);
    alloc_test_stop();
    if (status == COVEY_OK)
        assert_int_equal(other.described, PHOTOS);
    return status;
}

static void test_two_ranks(void **state) {
    (void)state;
    played = covey__ranks_single;
    played.count = 2;
    played.send = helper_takes;
    played.receive = helper_gives;
    played.waiting = helper_answers;
    alloc_test_every("covey_run_extract, with a helper", extract_with_helper, NULL);
    played.rank = 1;
    played.send = first_rank_takes;
    played.receive = first_rank_gives;
    played.waiting = no_message;
    alloc_test_every("covey_run_extract_help", help, NULL);
    played.count = 0;
}

/* ---- beside it ------------------------------------------------------------------------------- */

static covey_status catalogue_folder(void *user, covey_error *err) {
    (void)user;
    char *path = NULL;
    covey_status status = covey_catalogue_folder(&path, err);
    covey_free(path);
    return status;
}

static covey_status maps(void *user, covey_error *err) {
    (void)user;
    static const uint8_t png[] = "no picture";
    covey_run *run = NULL;
    covey_status status = covey_run_new(&run, err);
    if (status == COVEY_OK) {
        run->n_photos = 1; /* of a row that nobody looks at */
        status = covey_run_add_map(run, 0, 1, png, sizeof png);
        assert_int_equal(run->n_maps, status == COVEY_OK);
    }
    covey_run_free(run);
    return status;
}

static void test_beside_it(void **state) {
    (void)state;
    alloc_test_every("covey_catalogue_folder", catalogue_folder, NULL);
    alloc_test_every("covey_run_add_map", maps, NULL);
}

int main(int argc, char **argv) {
    (void)argc;
    alloc_test_hooks();
    if (VIPS_INIT(argv[0]))
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_process_alone),
        cmocka_unit_test(test_two_ranks),
        cmocka_unit_test(test_beside_it),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
