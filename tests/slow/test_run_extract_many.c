/* SPDX-License-Identifier: MIT */
/* 100,000 photos that did not change are looked up by size and times in less than 3 s of one core, and
 * not one of them is opened. */
#include "covey_test.h"

#include <sys/stat.h>
#include <time.h>

#include "catalogue_internal.h"
#include "covey/covey.h"
#include "network_internal.h"

enum { PHOTOS = 100000, PER_FOLDER = 1000, THUMB = 2000 };

static const double LIMIT = 3; /* seconds of processor time, which other load does not stretch */

static double processor_time(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double wall_time(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Files that no decoder could read: a photo that were opened would be skipped. */
static void make_files(const char *folder) {
    char path[700];
    for (int i = 0; i < PHOTOS; ++i) {
        if (i % PER_FOLDER == 0) {
            snprintf(path, sizeof path, "%s/%03d", folder, i / PER_FOLDER);
            assert_int_equal(mkdir(path, 0777), 0);
        }
        snprintf(path, sizeof path, "%s/%03d/%06d.jpg", folder, i / PER_FOLDER, i);
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        fprintf(file, "no photo %d", i);
        fclose(file);
    }
}

static void keep_all(covey_catalogue *c, const covey_files *files, size_t channels) {
    float *features = calloc(channels, sizeof *features);
    uint8_t thumb[THUMB] = {0xff, 0xd8};
    covey__catalogue_begin(c);
    for (size_t i = 0; i < PHOTOS; ++i) {
        struct stat info;
        covey__stamp stamp;
        covey__kept kept = {.width = 640, .height = 480, .thumb = thumb, .thumb_bytes = THUMB};
        assert_int_equal(stat(covey_files_get(files, i)->full, &info), 0);
        covey__stamp_of(&stamp, &info);
        kept.bytes = (uint64_t)info.st_size;
        covey__sha256(kept.sha256, &i, sizeof i);
        features[i % channels] = (float)i;
        covey__catalogue_put(c, &kept, features);
        covey__catalogue_put_stamp(c, &stamp, kept.sha256);
    }
    covey__catalogue_commit(c);
    assert_null(covey_catalogue_trouble(c));
    free(features);
}

static void unchanged_photos_are_looked_up(void **state) {
    static const int channels[13] = {16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 512};
    char folder[256], photos[300], cache[300], preparation[400], engine[COVEY__ENGINE_ID];
    covey_error err;
    covey_weights *weights;
    covey_files *files;
    covey_run *run;
    size_t columns;
    const char *paths[] = {photos};
    (void)state;
    covey_test_folder(folder);
    snprintf(photos, sizeof photos, "%s/photos", folder);
    snprintf(cache, sizeof cache, "%s/cache", folder);
    setenv("COVEY_DECODE", COVEY_TEST_BUILD "/covey-decode", 1);
    assert_int_equal(mkdir(photos, 0777), 0);
    make_files(photos);
    assert_ok(covey_weights_new_seeded(&weights, 3, channels, &err));
    double began = wall_time(), before = processor_time();
    assert_ok(covey_files_new(&files, paths, 1, NULL, &err));
    print_message("finding: %.2f s, %.2f s of one core\n", wall_time() - began,
                  processor_time() - before);
    assert_int_equal(covey_files_count(files), PHOTOS);
    covey_extract_params params = covey_extract_params_default();
    params.duplicates = 0;
    params.decode.threads = params.network.threads = 1;
    covey_decoder *decoder;
    assert_ok(covey_decoder_new(&decoder, 4, &params.decode, &err));
    snprintf(preparation, sizeof preparation, "%s thumb=%zu", covey_decoder_preparation(decoder),
             params.decode.thumb);
    covey_decoder_free(decoder);
    assert_ok(covey__network_identify(engine, &columns, weights, COVEY_PRECISION_F32, &err));
    assert_ok(covey_catalogue_open(&params.catalogue, cache, 1, &err));
    covey__recipe recipe = {covey_weights_digest(weights), preparation, engine, "mean", columns};
    covey__catalogue_use(params.catalogue, &recipe);
    keep_all(params.catalogue, files, columns);
    for (int again = 0; again < 2; ++again) {
        assert_ok(covey_run_new(&run, &err));
        began = wall_time();
        before = processor_time();
        assert_ok(covey_run_extract(run, files, weights, &params, &err));
        double took = processor_time() - before;
        print_message("looking up %d photos: %.2f s, %.2f s of one core\n", PHOTOS,
                      wall_time() - began, took);
        assert_int_equal(run->facts.recalled, PHOTOS);
        assert_int_equal(run->n_photos, PHOTOS);
        assert_true(run->features.data[7 * columns + 7] == 7.0f);
        assert_true(took < LIMIT);
        covey_run_free(run);
    }
    covey_catalogue_free(params.catalogue);
    covey_files_free(files);
    covey_weights_free(weights);
    covey_test_remove(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(unchanged_photos_are_looked_up)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
