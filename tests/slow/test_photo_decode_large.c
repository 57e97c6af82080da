/* SPDX-License-Identifier: MIT */
/* What takes long: decoders that hang before they start, and photos at the limit of size. */
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <vips/vips.h>

#include "../unit/photo/photo_test_decoder.h"

static void a_decoder_that_never_speaks(void **state) {
    bench *b = *state;
    covey_error err;
    covey_decoder *decoder = NULL;
    char path[1024];
    snprintf(path, sizeof path, "%s/decoder.sh", b->root);
    static const char script[] = "#!/bin/sh\nexec sleep 1000\n";
    covey_test_write(path, script, sizeof script - 1);
    assert_int_equal(chmod(path, 0700), 0);
    covey_decode_params params = covey_decode_params_default();
    params.program = path;
    params.threads = 1;
    assert_status(covey_decoder_new(&decoder, 4, &params, &err), COVEY_E_DECODER);
    assert_string_equal(err.path, path);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void save_black(const char *path, int width, int height) {
    VipsImage *image = NULL;
    assert_int_equal(vips_black(&image, width, height, NULL), 0);
    assert_int_equal(vips_image_write_to_file(image, path, NULL), 0);
    g_object_unref(image);
}

/* 400 million pixels pass, one column more does not; neither needs the photo in memory at once. */
static void photos_at_the_limit(void **state) {
    enum { MOST_KIB = 400 * 1024 };
    bench *b = *state;
    save_black(bench_add(b, "a.png"), 20000, 20000);
    save_black(bench_add(b, "a.jpg"), 20000, 20000);
    save_black(bench_add(b, "b.png"), 20001, 20000);
    save_black(bench_add(b, "c.png"), 30000, 30000);
    covey_decode_params params = covey_decode_params_default();
    params.full = 1;
    params.threads = 1;
    taken *all = bench_decode(b, 2, &params);
    for (size_t i = 0; i < 2; ++i) {
        assert_used(all + i);
        for (size_t j = 0; j < sizeof all[i].rgb; ++j)
            assert_int_equal(all[i].rgb[j], 0);
    }
    assert_skipped(all + 2, COVEY_E_LIMIT, "20001x20000");
    assert_skipped(all + 3, COVEY_E_LIMIT, "30000x30000");
    taken_free(all, b->n);
    struct rusage used;
    assert_int_equal(getrusage(RUSAGE_CHILDREN, &used), 0);
    print_message("decoder's peak memory: %ld MiB\n", used.ru_maxrss / 1024);
    assert_true(used.ru_maxrss < MOST_KIB);
}

int main(int argc, char **argv) {
    (void)argc;
    if (VIPS_INIT(argv[0]))
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_decoder_that_never_speaks, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(photos_at_the_limit, bench_setup, bench_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
