/* SPDX-License-Identifier: MIT */
/* Seeded sets, and what an open set tells. */
#include "covey_test.h"

#include "base_internal.h"
#include "covey/weights.h"

static const int small[13] = {16, 16, 32, 32, 16, 16, 16, 16, 16, 16, 16, 16, 48};

static void seeded_sets_have_the_shapes_asked_for(void **state) {
    (void)state;
    covey_error err;
    covey_weights *weights;
    assert_ok(covey_weights_new_seeded(&weights, 7, small, &err));
    const float *previous = NULL;
    for (int i = 0; i < 13; ++i) {
        const float *weight, *bias;
        int out, in;
        assert_int_equal(covey_weights_get_layer(weights, i, &weight, &bias, &out, &in), COVEY_OK);
        assert_int_equal(out, small[i]);
        assert_int_equal(in, i ? small[i - 1] : 3);
        assert_int_equal((uintptr_t)weight % 64, 0);
        assert_int_equal((uintptr_t)bias % 64, 0);
        assert_ptr_equal(bias, weight + (size_t)out * (size_t)in * 9);
        if (previous)
            assert_ptr_equal(weight, previous);
        previous = bias + out;
        double sum = 0, square = 0;
        size_t n = (size_t)out * (size_t)in * 9;
        for (size_t j = 0; j < n; ++j) {
            sum += (double)weight[j];
            square += (double)weight[j] * (double)weight[j];
        }
        /* He: variance 2 / (9 in). Five standard errors of mean and variance of n normals. */
        double variance = 2.0 / (9.0 * in), root = sqrt((double)n);
        assert_close(sum / (double)n, 0.0, 5 * sqrt(variance) / root, 0);
        assert_close(square / (double)n, variance, 5 * sqrt(2.0) * variance / root, 0);
    }
    assert_int_equal(covey_weights_get_layer(weights, 13, NULL, NULL, NULL, NULL),
                     COVEY_E_ARGUMENT);
    assert_int_equal(covey_weights_get_layer(weights, -1, NULL, NULL, NULL, NULL),
                     COVEY_E_ARGUMENT);
    assert_int_equal(covey_weights_get_layer(weights, 0, NULL, NULL, NULL, NULL), COVEY_OK);
    assert_string_equal(covey_weights_name(weights), "seeded");
    covey_weights_free(weights);
    covey_weights_free(NULL);
}

static void seed_alone_decides(void **state) {
    (void)state;
    covey_error err;
    covey_weights *a, *b, *c;
    assert_ok(covey_weights_new_seeded(&a, 1, small, &err));
    assert_ok(covey_weights_new_seeded(&b, 1, small, &err));
    assert_ok(covey_weights_new_seeded(&c, 2, small, &err));
    assert_string_equal(covey_weights_digest(a), covey_weights_digest(b));
    assert_string_not_equal(covey_weights_digest(a), covey_weights_digest(c));
    assert_int_equal(strlen(covey_weights_digest(a)), 64);
    covey_weights_free(a);
    covey_weights_free(b);
    covey_weights_free(c);
}

static void digest_is_that_of_the_tensors_in_order(void **state) {
    (void)state;
    covey_error err;
    covey_weights *weights;
    assert_ok(covey_weights_new_seeded(&weights, 3, small, &err));
    covey__text all = {0};
    for (int i = 0; i < 13; ++i) {
        const float *weight, *bias;
        int out, in;
        assert_int_equal(covey_weights_get_layer(weights, i, &weight, &bias, &out, &in), COVEY_OK);
        covey__text_add_bytes(&all, weight, sizeof(float) * 9 * (size_t)out * (size_t)in);
        covey__text_add_bytes(&all, bias, sizeof(float) * (size_t)out);
    }
    uint8_t bytes[32];
    char digest[65];
    covey__sha256(bytes, all.data, all.size);
    covey__hex(digest, bytes, 32);
    assert_string_equal(covey_weights_digest(weights), digest);
    covey__text_fini(&all);
    covey_weights_free(weights);
}

static void impossible_channels_are_refused(void **state) {
    (void)state;
    covey_error err;
    static const int wrong[] = {0, -16, 8, 17, 528};
    for (size_t i = 0; i < LENGTH(wrong); ++i) {
        int channels[13];
        memcpy(channels, small, sizeof channels);
        channels[5] = wrong[i];
        covey_weights *weights = NULL;
        assert_status(covey_weights_new_seeded(&weights, 0, channels, &err), COVEY_E_ARGUMENT);
        assert_null(weights);
    }
}

static void memory_may_run_out(void **state) {
    (void)state;
    covey_error err;
    covey_weights *weights = NULL;
    covey_status status = COVEY_E_NOMEM;
    for (size_t k = 1; status != COVEY_OK; ++k) {
        assert_true(k < 100);
        covey__alloc_fail_at(k);
        status = covey_weights_new_seeded(&weights, 0, small, &err);
        covey__alloc_fail_at(0);
        if (status != COVEY_OK) {
            assert_int_equal(status, COVEY_E_NOMEM);
            assert_null(weights);
        }
    }
    covey_weights_free(weights);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seeded_sets_have_the_shapes_asked_for),
        cmocka_unit_test(seed_alone_decides),
        cmocka_unit_test(digest_is_that_of_the_tensors_in_order),
        cmocka_unit_test(impossible_channels_are_refused),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
