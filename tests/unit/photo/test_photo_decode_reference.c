/* SPDX-License-Identifier: MIT */
/* Real photos, decoded exactly, against what torchvision on Pillow makes of them; where the team's
 * reference material is at hand. */
#include "photo_test_decoder.h"
#include "photo_test_npy.h"

enum { ROW = 224 * 224 * 3 };

/* Lists the eight photos of the reference in the bench; 0 if they are not here. */
static int list_photos(bench *b) {
    char rows[512], folder[512];
    if (!covey_test_shared(rows, sizeof rows, "reference/features-float64-rows.txt") ||
        !covey_test_shared(folder, sizeof folder, "photos/animals"))
        return 0;
    snprintf(b->root, sizeof b->root, "%s", folder);
    FILE *file = fopen(rows, "r");
    assert_non_null(file);
    char line[256];
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        if (*line)
            bench_add(b, line);
    }
    fclose(file);
    assert_int_equal(b->n, 8);
    return 1;
}

static void exact_mode_equals_torchvision(void **state) {
    (void)state;
    bench b = {.n = 0};
    char path[512];
    if (!list_photos(&b) || !covey_test_shared(path, sizeof path, "reference/resized-uint8.npy"))
        skip();
    size_t size, shape[4];
    uint8_t *file = test_read(path, &size);
    const uint8_t *want = test_npy_u8(file, size, shape);
    assert_int_equal(shape[0], 8);
    covey_decode_params params = covey_decode_params_default();
    covey_decode_params_set_exact(&params);
    taken *all = bench_decode(&b, 4, &params);
    for (size_t i = 0; i < 8; ++i) {
        assert_used(all + i);
        assert_array_close(all[i].rgb, want + i * ROW, ROW, 0, 0);
    }
    taken_free(all, 8);
    free(file);
    bench_clear(&b);
}

static void crop_equals_torchvision(void **state) {
    (void)state;
    bench b = {.n = 0};
    char path[512];
    if (!list_photos(&b) || !covey_test_shared(path, sizeof path, "reference/maps-input-uint8.npy"))
        skip();
    size_t size, shape[4];
    uint8_t *file = test_read(path, &size);
    const uint8_t *want = test_npy_u8(file, size, shape);
    covey_decode_params params = covey_decode_params_default();
    covey_decode_params_set_exact(&params);
    params.crop = 1;
    taken *all = bench_decode(&b, 1, &params);
    assert_used(all);
    assert_array_close(all->rgb, want, ROW, 0, 0);
    taken_free(all, b.n);
    free(file);
    bench_clear(&b);
}

int main(void) {
    setenv("COVEY_DECODE", COVEY_TEST_BUILD "/covey-decode", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_mode_equals_torchvision),
        cmocka_unit_test(crop_equals_torchvision),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
