/* SPDX-License-Identifier: MIT */
#include "covey_test.h"

#include "base_internal.h"
#include "covey/npy.h"

static void blocks_are_aligned_and_usable(void **state) {
    (void)state;
    static const size_t sizes[] = {0, 1, 63, 64, 65, 4096, 1000003};
    for (size_t i = 0; i < LENGTH(sizes); ++i) {
        unsigned char *block = covey__alloc(sizes[i]);
        assert_non_null(block);
        assert_int_equal((uintptr_t)block % 64, 0);
        memset(block, 0xA5, sizes[i]);
        covey_free(block);
    }
    unsigned char *zeros = covey__calloc(1000, 3);
    assert_non_null(zeros);
    for (size_t i = 0; i < 3000; ++i)
        assert_int_equal(zeros[i], 0);
    covey__free(zeros);
    covey__free(NULL);
    covey_free(NULL);
}

static void products_that_overflow_are_refused(void **state) {
    (void)state;
    size_t out = 7;
    assert_int_equal(covey__mul_size(&out, SIZE_MAX / 2, 3), -1);
    assert_int_equal(covey__mul_size(&out, SIZE_MAX / 2, 2), 0);
    assert_int_equal(out, SIZE_MAX - 1);
    assert_int_equal(covey__mul_size(&out, 0, SIZE_MAX), 0);
    assert_int_equal(out, 0);
    assert_int_equal(covey__add_size(&out, SIZE_MAX, 1), -1);
    assert_int_equal(covey__add_size(&out, SIZE_MAX - 1, 1), 0);
    assert_null(covey__alloc_array(SIZE_MAX / 4, 8));
    assert_null(covey__calloc(SIZE_MAX / 4, 8));
    assert_null(covey__alloc(SIZE_MAX));
    assert_null(covey__alloc(SIZE_MAX - 32));
}

static void growing_keeps_the_content(void **state) {
    (void)state;
    char *block = covey__alloc(6);
    memcpy(block, "covey", 6);
    block = covey__realloc(block, 6, 5000);
    assert_non_null(block);
    assert_string_equal(block, "covey");
    block = covey__realloc(block, 5000, 3);
    assert_memory_equal(block, "cov", 3);
    covey__free(block);
    block = covey__realloc(NULL, 0, 10);
    assert_non_null(block);
    /* On failure the old block stays valid. */
    memcpy(block, "old", 4);
    assert_null(covey__realloc(block, 10, SIZE_MAX));
    assert_string_equal(block, "old");
    covey__free(block);
}

static void strings_are_copied(void **state) {
    (void)state;
    char *a = covey__strdup("flock"), *b = covey__strndup("flock", 3),
         *c = covey__strndup("flock", 50), *d = covey__asprintf("%s-%03d", "x", 7),
         *e = covey__strdup("");
    assert_string_equal(a, "flock");
    assert_string_equal(b, "flo");
    assert_string_equal(c, "flock");
    assert_string_equal(d, "x-007");
    assert_string_equal(e, "");
    covey__free(a);
    covey__free(b);
    covey__free(c);
    covey__free(d);
    covey__free(e);
}

static void allocations_fail_on_demand(void **state) {
    (void)state;
    covey__alloc_fail_at(3);
    void *a = covey__alloc(1), *b = covey__strdup("x");
    assert_non_null(a);
    assert_non_null(b);
    assert_null(covey__alloc(1));
    assert_null(covey__calloc(1, 1));
    assert_null(covey__asprintf("x"));
    assert_null(covey__realloc(a, 1, 2));
    assert_int_equal(covey__alloc_count(), 6);
    covey__alloc_fail_at(0);
    assert_int_equal(covey__alloc_count(), 0);
    void *c = covey__alloc(1);
    assert_non_null(c);
    assert_int_equal(covey__alloc_count(), 1);
    covey__free(a);
    covey__free(b);
    covey__free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_aligned_and_usable),
        cmocka_unit_test(products_that_overflow_are_refused),
        cmocka_unit_test(growing_keeps_the_content),
        cmocka_unit_test(strings_are_copied),
        cmocka_unit_test(allocations_fail_on_demand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
