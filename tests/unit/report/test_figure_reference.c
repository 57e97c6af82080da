/* SPDX-License-Identifier: MIT */
/* Feature maps after the write-up's normalisation: NumPy's bytes, every one. */
#include "covey_test.h"

#include <zip.h>

#include "covey/report.h"

/* The data of a member, its .npy header skipped; *count: its values. */
static void *read_member(zip_t *zip, const char *name, size_t value, size_t *count) {
    zip_stat_t stat;
    assert_int_equal(zip_stat(zip, name, 0, &stat), 0);
    unsigned char *bytes = malloc(stat.size);
    assert_non_null(bytes);
    zip_file_t *file = zip_fopen(zip, name, 0);
    assert_non_null(file);
    assert_int_equal(zip_fread(file, bytes, stat.size), stat.size);
    zip_fclose(file);
    size_t header = 10u + bytes[8] + 256u * bytes[9];
    *count = (stat.size - header) / value;
    memmove(bytes, bytes + header, stat.size - header);
    return bytes;
}

static void test_reference_maps_to_the_bit(void **state) {
    (void)state;
    static const int layers[] = {1, 2, 3, 8, 15, 22, 29};
    enum { CHANNELS = 8 };
    char path[512], name[64];
    if (!covey_test_shared(path, sizeof path, "reference/maps-activations.npz"))
        skip();
    zip_t *zip = zip_open(path, ZIP_RDONLY, NULL);
    assert_non_null(zip);
    for (size_t l = 0; l < LENGTH(layers); ++l) {
        size_t count, same;
        snprintf(name, sizeof name, "layer_%d.npy", layers[l]);
        float *maps = read_member(zip, name, sizeof *maps, &count);
        snprintf(name, sizeof name, "layer_%d_u8.npy", layers[l]);
        uint8_t *want = read_member(zip, name, 1, &same);
        assert_int_equal(count, same);
        assert_true(count > 0);
        size_t n = count / CHANNELS;
        uint8_t *out = malloc(n);
        assert_non_null(out);
        for (size_t c = 0; c < CHANNELS; ++c) {
            covey_figure_normalise_map(out, maps + c * n, n);
            for (size_t i = 0; i < n; ++i)
                if (out[i] != want[c * n + i])
                    fail_msg("layer %d, channel %zu, value %zu is %d, not %d", layers[l], c, i,
                             out[i], want[c * n + i]);
        }
        free(out);
        free(maps);
        free(want);
    }
    zip_discard(zip);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_reference_maps_to_the_bit)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
