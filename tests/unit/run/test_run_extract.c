/* SPDX-License-Identifier: MIT */
/* What an extraction gives does not depend on what was kept before, nor on how the run before
 * ended: photos by libvips, the real decoder, a miniature network. */
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <vips/vips.h>

#include "catalogue_internal.h"
#include "covey/covey.h"
#include "covey_test.h"

enum { PHOTOS = 13 };

typedef struct scene {
    char folder[256], photos[300], cache[300];
    covey_weights *weights;
} scene;

static void make_photo(const scene *s, const char *name, int seed) {
    char path[700];
    VipsImage *noise, *bytes;
    snprintf(path, sizeof path, "%s/%s", s->photos, name);
    assert_int_equal(
        vips_gaussnoise(&noise, 200 + seed, 150, "mean", 128.0, "sigma", 60.0, "seed", seed, NULL),
        0);
    assert_int_equal(vips_cast_uchar(noise, &bytes, NULL), 0);
    assert_int_equal(vips_image_write_to_file(bytes, path, NULL), 0);
    g_object_unref(noise);
    g_object_unref(bytes);
}

static int setup(void **state) {
    static const int channels[13] = {16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 32};
    scene *s = calloc(1, sizeof *s);
    covey_error err;
    covey_test_folder(s->folder);
    snprintf(s->photos, sizeof s->photos, "%s/photos", s->folder);
    snprintf(s->cache, sizeof s->cache, "%s/cache", s->folder);
    setenv("COVEY_DECODE", COVEY_TEST_BUILD "/covey-decode", 1);
    assert_int_equal(mkdir(s->photos, 0777), 0);
    for (int i = 0; i < PHOTOS; ++i) {
        char name[32];
        snprintf(name, sizeof name, "p%02d.%s", i, i % 2 ? "png" : "jpg");
        make_photo(s, name, i);
    }
    char bad[400];
    snprintf(bad, sizeof bad, "%s/p05-bad.jpg", s->photos);
    covey_test_write(bad, "no photo", 8);
    assert_ok(covey_weights_new_seeded(&s->weights, 3, channels, &err));
    *state = s;
    return 0;
}

static int teardown(void **state) {
    scene *s = *state;
    covey_weights_free(s->weights);
    covey_test_remove(s->folder);
    free(s);
    return 0;
}

typedef struct how {
    int kept, rehash, batch;
    covey_progress_fn progress;
    void *user;
    uint64_t max_pixels;
} how;

static covey_run *extract(const scene *s, how how, covey_status want) {
    covey_error err;
    covey_files *files;
    covey_run *run;
    const char *paths[] = {s->photos};
    covey_extract_params params = covey_extract_params_default();
    params.decode.threads = 2;
    params.network.threads = 1;
    params.network.batch = how.batch ? (size_t)how.batch : 3;
    params.rehash = how.rehash;
    params.progress = how.progress;
    params.progress_user = how.user;
    if (how.max_pixels)
        params.decode.max_pixels = how.max_pixels;
    if (how.kept)
        assert_ok(covey_catalogue_open(&params.catalogue, s->cache, 1, &err));
    assert_ok(covey_files_new(&files, paths, 1, NULL, &err));
    assert_ok(covey_run_new(&run, &err));
    covey_status status = covey_run_extract(run, files, s->weights, &params, &err);
    if (status != want)
        fail_msg("status %d: %s %s", (int)status, err.path, err.message);
    if (params.catalogue)
        assert_null(covey_catalogue_trouble(params.catalogue));
    covey_catalogue_free(params.catalogue);
    covey_files_free(files);
    return run;
}

/* Every file of the byte contract, and the thumbnails. */
static void assert_same(const scene *s, const covey_run *a, const covey_run *b) {
    static const char *const names[] = {"features.npy", "images.csv", "skipped.csv",
                                        "clusters.csv", "history.csv", "comparison.json",
                                        "duplicates.csv"};
    covey_error err;
    char folders[2][320];
    for (int k = 0; k < 2; ++k) {
        snprintf(folders[k], sizeof folders[k], "%s/out%d", s->folder, k);
        assert_ok(covey_run_save(k ? b : a, folders[k], NULL, NULL, &err));
    }
    for (size_t i = 0; i < LENGTH(names); ++i) {
        char path[400], *text[2];
        size_t size[2];
        for (int k = 0; k < 2; ++k) {
            snprintf(path, sizeof path, "%s/%s", folders[k], names[i]);
            assert_ok(covey__file_read(&text[k], &size[k], path, 1 << 24, &err));
        }
        assert_int_equal(size[0], size[1]);
        assert_memory_equal(text[0], text[1], size[0]);
        covey_free(text[0]);
        covey_free(text[1]);
    }
    assert_int_equal(a->n_photos, b->n_photos);
    for (size_t i = 0; i < a->n_photos; ++i) {
        assert_true(a->photos[i].thumb_bytes > 0);
        assert_int_equal(a->photos[i].thumb_bytes, b->photos[i].thumb_bytes);
        assert_memory_equal(a->photos[i].thumb, b->photos[i].thumb, a->photos[i].thumb_bytes);
    }
}

static void cold_and_warm_are_the_same(void **state) {
    const scene *s = *state;
    covey_run *none = extract(s, (how){0}, COVEY_OK);
    covey_run *cold = extract(s, (how){.kept = 1}, COVEY_OK);
    covey_run *warm = extract(s, (how){.kept = 1, .batch = 5}, COVEY_OK);
    covey_run *rehashed = extract(s, (how){.kept = 1, .rehash = 1}, COVEY_OK);
    assert_int_equal(none->n_photos, PHOTOS);
    assert_int_equal(none->n_skips, 1);
    assert_int_equal(cold->facts.recalled, 0);
    assert_non_null(strstr(cold->facts.isolation, "no new privileges"));
    assert_int_equal(warm->facts.recalled, PHOTOS);
    assert_int_equal(rehashed->facts.recalled, PHOTOS);
    assert_same(s, none, cold);
    assert_same(s, none, warm);
    assert_same(s, none, rehashed);
    covey_run_free(none);
    covey_run_free(cold);
    covey_run_free(warm);
    covey_run_free(rehashed);
}

/* Renamed and moved photos are known, changed and added ones alone are computed. */
static void only_what_changed_is_computed(void **state) {
    const scene *s = *state;
    char from[400], to[400];
    covey_run_free(extract(s, (how){.kept = 1}, COVEY_OK));
    snprintf(from, sizeof from, "%s/p00.jpg", s->photos);
    snprintf(to, sizeof to, "%s/z-renamed.jpg", s->photos);
    assert_int_equal(rename(from, to), 0);
    make_photo(s, "p01.png", 77);
    make_photo(s, "p06-added.jpg", 78);
    snprintf(from, sizeof from, "%s/p02.jpg", s->photos);
    assert_int_equal(unlink(from), 0);
    covey_run *none = extract(s, (how){0}, COVEY_OK);
    covey_run *some = extract(s, (how){.kept = 1}, COVEY_OK);
    assert_int_equal(some->n_photos, PHOTOS);
    assert_int_equal(some->facts.recalled, PHOTOS - 2);
    assert_same(s, none, some);
    covey_run_free(some);
    /* A limit that came later holds for kept photos too: all but p00..p03 are wider. */
    covey_run *few = extract(s, (how){.max_pixels = 204 * 150}, COVEY_OK);
    some = extract(s, (how){.kept = 1, .max_pixels = 204 * 150}, COVEY_OK);
    assert_true(few->n_photos > 0 && few->n_photos < PHOTOS);
    assert_same(s, few, some);
    covey_run_free(few);
    covey_run_free(some);
    covey_run_free(none);
}

/* The stamp of p01.png, as the catalogue would enter it for content of this digest. */
static void enter_stamp(const scene *s, const char *path, const uint8_t sha256[32]) {
    covey_error err;
    covey_catalogue *c;
    struct stat info;
    covey__stamp stamp;
    assert_int_equal(stat(path, &info), 0);
    covey__stamp_of(&stamp, &info);
    assert_ok(covey_catalogue_open(&c, s->cache, 1, &err));
    covey__catalogue_use(c, &(covey__recipe){"w", "p", "e", "mean", 1});
    covey__catalogue_begin(c);
    covey__catalogue_put_stamp(c, &stamp, sha256);
    covey__catalogue_commit(c);
    assert_null(covey_catalogue_trouble(c));
    covey_catalogue_free(c);
}

/* A file whose times lie: it is taken for what it was, not being opened; --rehash reads it. */
static void rehash_reads_everything(void **state) {
    const scene *s = *state;
    char path[400];
    covey_error err;
    uint8_t old[32];
    snprintf(path, sizeof path, "%s/p01.png", s->photos);
    covey_run *before = extract(s, (how){.kept = 1}, COVEY_OK);
    assert_ok(covey__sha256_file(old, NULL, path, &err));
    make_photo(s, "p01.png", 99);
    enter_stamp(s, path, old);
    covey_run *fooled = extract(s, (how){.kept = 1}, COVEY_OK);
    assert_int_equal(fooled->facts.recalled, PHOTOS);
    assert_same(s, before, fooled);
    covey_run *none = extract(s, (how){0}, COVEY_OK);
    covey_run *fresh = extract(s, (how){.kept = 1, .rehash = 1}, COVEY_OK);
    assert_int_equal(fresh->facts.recalled, PHOTOS - 1);
    assert_same(s, none, fresh);
    covey_run_free(before);
    covey_run_free(fooled);
    covey_run_free(none);
    covey_run_free(fresh);
}

/* Once photos have lain still for two seconds, their stamps are kept with them. */
static void settled_files_are_known_by_their_stamps(void **state) {
    const scene *s = *state;
    covey_error err;
    covey_catalogue *c;
    covey_catalogue_info info;
    usleep(2300000);
    covey_run_free(extract(s, (how){.kept = 1}, COVEY_OK));
    make_photo(s, "p14.png", 14); /* of this moment: not trusted */
    covey_run_free(extract(s, (how){.kept = 1}, COVEY_OK));
    assert_ok(covey_catalogue_open(&c, s->cache, 0, &err));
    assert_ok(covey_catalogue_get_info(&info, c, &err));
    assert_int_equal(info.photos, PHOTOS + 1);
    assert_int_equal(info.files, PHOTOS);
    covey_catalogue_info_fini(&info);
    covey_catalogue_free(c);
}

static int kill_at(void *user, const char *stage, size_t done, size_t total) {
    (void)stage;
    (void)total;
    if (done >= *(const size_t *)user)
        raise(SIGKILL);
    return 0;
}

static int stop_at(void *user, const char *stage, size_t done, size_t total) {
    (void)stage;
    (void)total;
    return done >= *(const size_t *)user;
}

/* Killed in the middle, then again: each goes on where the one before ended. */
static void a_kill_loses_photos_in_flight_alone(void **state) {
    const scene *s = *state;
    covey_run *none = extract(s, (how){0}, COVEY_OK);
    for (size_t at = 3; at <= 9; at += 3) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            covey_run_free(
                extract(s, (how){.kept = 1, .progress = kill_at, .user = &at}, COVEY_OK));
            _exit(1);
        }
        int how_it_ended;
        assert_int_equal(waitpid(child, &how_it_ended, 0), child);
        assert_true(WIFSIGNALED(how_it_ended) && WTERMSIG(how_it_ended) == SIGKILL);
    }
    covey_run *after = extract(s, (how){.kept = 1}, COVEY_OK);
    assert_true(after->facts.recalled >= 9 - 1); /* one of the nine was the bad one */
    assert_true(after->facts.recalled < PHOTOS);
    assert_same(s, none, after);
    covey_run_free(after);
    covey_run_free(none);
}

/* A stop keeps what is known, in the order of the files. */
static void a_stop_keeps_what_is_there(void **state) {
    const scene *s = *state;
    size_t at = 6;
    covey_run *run =
        extract(s, (how){.kept = 1, .progress = stop_at, .user = &at}, COVEY_E_CANCELLED);
    assert_in_range(run->n_photos, 5, PHOTOS - 1);
    assert_int_equal(run->features.rows, run->n_photos);
    for (size_t i = 1; i < run->n_photos; ++i)
        assert_true(strcmp(run->photos[i - 1].path, run->photos[i].path) < 0);
    covey_run_free(run);
}

static int stop_at_duplicates(void *user, const char *stage, size_t done, size_t total) {
    (void)user;
    (void)done;
    (void)total;
    return strcmp(stage, "duplicates") == 0;
}

/* All photos are described by then: they are kept, and nothing says that they were searched. */
static void a_stop_among_near_duplicates_keeps_the_photos(void **state) {
    const scene *s = *state;
    covey_run *all = extract(s, (how){0}, COVEY_OK);
    covey_run *run = extract(s, (how){.progress = stop_at_duplicates}, COVEY_E_CANCELLED);
    assert_true(all->facts.duplicates > 0);
    assert_true(run->facts.duplicates == 0);
    assert_int_equal(run->n_duplicates, 0);
    assert_int_equal(run->n_photos, all->n_photos);
    assert_memory_equal(run->features.data, all->features.data,
                        all->features.rows * all->features.cols * sizeof(float));
    covey_run_free(run);
    covey_run_free(all);
}

static void two_at_once_are_both_right(void **state) {
    const scene *s = *state;
#ifdef __SANITIZE_THREAD__
    skip(); /* it takes the threads of a child for those of its parent */
#endif
    covey_run *none = extract(s, (how){0}, COVEY_OK);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        covey_run *run = extract(s, (how){.kept = 1, .batch = 1}, COVEY_OK);
        size_t bytes = run->features.rows * run->features.cols * sizeof(float);
        _exit(run->n_photos != PHOTOS ||
              memcmp(run->features.data, none->features.data, bytes) != 0);
    }
    covey_run *other = extract(s, (how){.kept = 1, .batch = 1}, COVEY_OK);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_same(s, none, other);
    covey_run_free(other);
    covey_run_free(none);
}

int main(int argc, char **argv) {
    (void)argc;
    if (VIPS_INIT(argv[0]))
        return 1;
    vips_concurrency_set(1); /* children are forked: no threads of libvips beside */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(cold_and_warm_are_the_same, setup, teardown),
        cmocka_unit_test_setup_teardown(only_what_changed_is_computed, setup, teardown),
        cmocka_unit_test_setup_teardown(rehash_reads_everything, setup, teardown),
        cmocka_unit_test_setup_teardown(settled_files_are_known_by_their_stamps, setup, teardown),
        cmocka_unit_test_setup_teardown(a_kill_loses_photos_in_flight_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(a_stop_keeps_what_is_there, setup, teardown),
        cmocka_unit_test_setup_teardown(a_stop_among_near_duplicates_keeps_the_photos, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(two_at_once_are_both_right, setup, teardown),
    };
    return cmocka_run_group_tests_name("run_extract", tests, NULL, NULL);
}
