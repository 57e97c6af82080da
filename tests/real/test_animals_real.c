/* SPDX-License-Identifier: MIT */
/* Real photos through the whole of extraction, against PyTorch's features of the same files: the
 * exact preparation, every row. Needs the reference photos; skips where they are not. */
#include "covey/covey.h"
#include "covey_test.h"

/* PyTorch's float32 rows are themselves off by about 4e-7; the network's own bound is 3e-5. */
static const double row_bound = 1e-4;

static void every_photo_has_the_reference_features(void **state) {
    (void)state;
    covey_error err;
    char photos[512], reference[512], names[512];
    if (!covey_test_shared(photos, sizeof photos, "photos/animals") ||
        !covey_test_shared(reference, sizeof reference, "reference/animals-features-float32.npy") ||
        !covey_test_shared(names, sizeof names, "reference/animals-features-rows.txt"))
        skip();
    const char *paths[] = {photos};
    covey_files *files = NULL;
    covey_weights *weights = NULL;
    covey_run *run = NULL;
    covey_matrix want = {0};
    covey_extract_params params = covey_extract_params_default();
    covey_decode_params_set_exact(&params.decode);
    params.decode.program = COVEY_TEST_BUILD "/covey-decode";
    assert_ok(covey_weights_open(&weights, "oxford", &err));
    assert_ok(covey_files_new(&files, paths, 1, NULL, &err));
    assert_ok(covey_matrix_load(&want, reference, &err));
    assert_ok(covey_run_new(&run, &err));
    assert_ok(covey_run_extract(run, files, weights, &params, &err));
    assert_int_equal(run->n_skips, 0);
    assert_int_equal(run->features.rows, want.rows);
    assert_int_equal(run->features.cols, want.cols);

    FILE *list = fopen(names, "r");
    assert_non_null(list);
    char name[512];
    double worst = 0;
    for (size_t row = 0; row < want.rows; ++row) {
        assert_non_null(fgets(name, sizeof name, list));
        name[strcspn(name, "\n")] = '\0';
        size_t own = 0;
        while (own < run->n_photos && strcmp(run->photos[own].path, name) != 0)
            ++own;
        assert_true(own < run->n_photos);
        double difference = 0, size = 0;
        for (size_t j = 0; j < want.cols; ++j) {
            double w = (double)want.data[row * want.cols + j];
            double d = (double)run->features.data[own * want.cols + j] - w;
            difference += d * d;
            size += w * w;
        }
        double error = sqrt(difference / size);
        if (!(error <= row_bound))
            fail_msg("%s: relative error %.3g, allowed %.3g", name, error, row_bound);
        worst = error > worst ? error : worst;
    }
    print_message("%zu photos, worst relative error %.2g\n", want.rows, worst);
    fclose(list);
    covey_run_free(run);
    covey_matrix_fini(&want);
    covey_files_free(files);
    covey_weights_free(weights);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_photo_has_the_reference_features)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
