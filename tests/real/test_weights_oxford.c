/* SPDX-License-Identifier: MIT */
/* The oxford weights as they are installed, against values that others published. */
#include "covey_test.h"

#include "covey/weights.h"

static void published_values_are_there(void **state) {
    (void)state;
    covey_error err;
    covey_weights *weights;
    assert_ok(covey_weights_open(&weights, NULL, &err));
    assert_string_equal(covey_weights_name(weights), "oxford");
    assert_string_equal(covey_weights_digest(weights),
                        "25d244c5fdb86c278c3442bce00783954c822e6564e34bea523f31bddfdcc4d1");
    const float *weight, *bias;
    int out, in;
    assert_int_equal(covey_weights_get_layer(weights, 0, &weight, NULL, &out, &in), COVEY_OK);
    assert_int_equal(out, 64);
    assert_int_equal(in, 3);
    /* Published in BGR order, so that blue's kernel, the third of RGB, begins with these; eight
     * digits were printed. */
    static const float row[3] = {0.42947057f, 0.373467f, -0.06136011f};
    assert_array_close(weight + 18, row, 3, 0, 1e-7);
    assert_int_equal(covey_weights_get_layer(weights, 12, NULL, &bias, &out, &in), COVEY_OK);
    assert_int_equal(out, 512);
    assert_int_equal(in, 512);
    double mean = 0, square = 0, least = INFINITY, most = -INFINITY;
    for (int i = 0; i < 512; ++i)
        mean += (double)bias[i] / 512;
    for (int i = 0; i < 512; ++i) {
        square += ((double)bias[i] - mean) * ((double)bias[i] - mean) / 512;
        least = fmin(least, (double)bias[i]);
        most = fmax(most, (double)bias[i]);
    }
    assert_close(mean, 0.14986369, 0, 1e-6);
    assert_close(sqrt(square), 0.4928213, 0, 1e-6);
    assert_close(least, -0.50036746, 0, 1e-7);
    assert_close(most, 9.431553, 0, 1e-7);
    float colour[3], deviation[3];
    covey_weights_get_colour(weights, colour, deviation);
    static const float expected[3] = {0.48235f, 0.45882f, 0.40784f};
    assert_array_close(colour, expected, 3, 0, 0);
    assert_close(deviation[0] * 255.0f, 1.0, 0, 1e-7);
    covey_weights_free(weights);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_values_are_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
