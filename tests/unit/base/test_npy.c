/* SPDX-License-Identifier: MIT */
#include "covey_test.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base_internal.h"
#include "covey/npy.h"

static char folder[256], path[300];

static int set_up(void **state) {
    (void)state;
    covey_test_folder(folder);
    snprintf(path, sizeof path, "%s/x.npy", folder);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    covey_test_remove(folder);
    return 0;
}

/* A .npy of the given version with this dictionary and data. */
static void write_npy(int version, const char *dictionary, const void *data, size_t size) {
    covey__text text = {0};
    uint32_t length = (uint32_t)strlen(dictionary) + 1;
    unsigned char head[12] = {0x93, 'N', 'U', 'M', 'P', 'Y', (unsigned char)version, 0};
    memcpy(head + 8, &length, 4);
    covey__text_add_bytes(&text, head, version == 1 ? 10 : 12);
    covey__text_addf(&text, "%s\n", dictionary);
    covey__text_add_bytes(&text, data, size);
    covey_test_write(path, text.data, text.size);
    covey__text_fini(&text);
}

#define DICT(descr, order, shape)                                                                \
    "{'descr': '" descr "', 'fortran_order': " order ", 'shape': " shape ", }"

static const float floats[6] = {1, -2, 3.5f, 0.25f, 1e-30f, 7};
static const double doubles[6] = {1, -2, 3.5, 0.25, 1.0 / 3.0, 7};

static void all_versions_are_read(void **state) {
    (void)state;
    covey_error err;
    for (int version = 1; version <= 3; ++version) {
        covey_matrix m;
        double *wide;
        size_t rows, cols;
        write_npy(version, DICT("<f4", "False", "(2, 3)"), floats, sizeof floats);
        assert_ok(covey_matrix_load(&m, path, &err));
        assert_int_equal(m.rows, 2);
        assert_int_equal(m.cols, 3);
        assert_int_equal((uintptr_t)m.data % 64, 0);
        assert_memory_equal(m.data, floats, sizeof floats);
        covey_matrix_fini(&m);
        assert_null(m.data);
        covey_matrix_fini(&m);
        covey_matrix_fini(NULL);
        assert_ok(covey_npy_load_f64(&wide, &rows, &cols, path, &err));
        assert_array_close(wide, floats, 6, 0, 0);
        covey_free(wide);
        write_npy(version, DICT("<f8", "False", "(3, 2)"), doubles, sizeof doubles);
        assert_ok(covey_matrix_load(&m, path, &err));
        assert_int_equal(m.rows, 3);
        for (int i = 0; i < 6; ++i)
            assert_true(m.data[i] == (float)doubles[i]);
        covey_matrix_fini(&m);
        assert_ok(covey_npy_load_f64(&wide, &rows, &cols, path, &err));
        assert_int_equal(rows, 3);
        assert_int_equal(cols, 2);
        assert_memory_equal(wide, doubles, sizeof doubles);
        covey_free(wide);
    }
}

static void other_spellings_of_the_header_are_read(void **state) {
    (void)state;
    covey_error err;
    static const char *const headers[] = {
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}",
        "{'shape': (2, 3), 'fortran_order': False, 'descr': '<f4'}",
        "{'descr':'<f4','fortran_order':False,'shape':(2,3),}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2L, 3L), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': ( 2 , 3 ), }                ",
    };
    for (size_t i = 0; i < LENGTH(headers); ++i) {
        covey_matrix m;
        write_npy(1, headers[i], floats, sizeof floats);
        assert_ok(covey_matrix_load(&m, path, &err));
        assert_int_equal(m.rows, 2);
        assert_int_equal(m.cols, 3);
        covey_matrix_fini(&m);
    }
}

static void check_refused(covey_status code, const char *words) {
    covey_error err;
    covey_matrix m = {(float *)1, 2, 3};
    double *wide = (double *)1;
    size_t rows = 5, cols = 6;
    assert_status(covey_matrix_load(&m, path, &err), code);
    if (!strstr(err.message, words))
        fail_msg("\"%s\" is not in: %s", words, err.message);
    assert_string_equal(err.path, path);
    assert_status(covey_npy_load_f64(&wide, &rows, &cols, path, &err), code);
    /* Untouched. */
    assert_true(m.data == (float *)1 && m.rows == 2 && m.cols == 3);
    assert_true(wide == (double *)1 && rows == 5 && cols == 6);
}

static void wrong_files_say_what_to_do(void **state) {
    (void)state;
    static const struct {
        const char *dictionary;
        covey_status status;
        const char *words;
    } cases[] = {
        {DICT(">f4", "False", "(2, 3)"), COVEY_E_UNSUPPORTED, "astype('<f4')"},
        {DICT("<f2", "False", "(2, 3)"), COVEY_E_UNSUPPORTED, "astype"},
        {DICT("<i8", "False", "(2, 3)"), COVEY_E_UNSUPPORTED, "'<i8'"},
        {DICT("|O", "False", "(2, 3)"), COVEY_E_UNSUPPORTED, "'|O'"},
        {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2, 3), }",
         COVEY_E_UNSUPPORTED, "[('a'"},
        {DICT("<f4", "True", "(2, 3)"), COVEY_E_UNSUPPORTED, "ascontiguousarray"},
        {DICT("<f4", "False", "(6,)"), COVEY_E_FORMAT, "1 dimensions"},
        {DICT("<f4", "False", "()"), COVEY_E_FORMAT, "0 dimensions"},
        {DICT("<f4", "False", "(1, 2, 3)"), COVEY_E_FORMAT, "reshape"},
        {DICT("<f4", "False", "(0, 3)"), COVEY_E_FORMAT, "empty: 0 rows"},
        {DICT("<f4", "False", "(2, 0)"), COVEY_E_FORMAT, "of 0 numbers"},
        {DICT("<f4", "False", "(2, 4)"), COVEY_E_FORMAT, "2 rows of 4 numbers"},
        {DICT("<f8", "False", "(2, 3)"), COVEY_E_FORMAT, "truncated"},
        {DICT("<f4", "False", "(4294967296, 4294967296)"), COVEY_E_FORMAT, "truncated"},
        {DICT("<f4", "False", "(1152921504606846975, 1152921504606846975)"), COVEY_E_FORMAT,
         "truncated"},
        {DICT("<f4", "False", "(99999999999999999999999, 3)"), COVEY_E_FORMAT, "impossible"},
        {DICT("<f4", "False", "(-2, 3)"), COVEY_E_FORMAT, "shape"},
        {DICT("<f4", "False", "(2, 3"), COVEY_E_FORMAT, "shape"},
        {DICT("<f4", "False", "[2, 3]"), COVEY_E_FORMAT, "shape"},
        {DICT("<f4", "False", "(2, three)"), COVEY_E_FORMAT, "shape"},
        {"{'descr': '<f4', 'shape': (2, 3), }", COVEY_E_FORMAT, "numpy.save"},
        {"{'fortran_order': False, 'shape': (2, 3), }", COVEY_E_FORMAT, "numpy.save"},
        {"{'descr' '<f4', 'fortran_order': False, 'shape': (2, 3), }", COVEY_E_FORMAT,
         "numpy.save"},
        {"", COVEY_E_FORMAT, "numpy.save"},
    };
    for (size_t i = 0; i < LENGTH(cases); ++i) {
        write_npy(1, cases[i].dictionary, floats, sizeof floats);
        check_refused(cases[i].status, cases[i].words);
    }
}

static void what_is_no_npy_is_refused(void **state) {
    (void)state;
    check_refused(COVEY_E_NOT_FOUND, "could not be opened");
    covey_test_write(path, "", 0);
    check_refused(COVEY_E_FORMAT, "only 0 bytes");
    covey_test_write(path, "\x93NUMPY\x01\0", 8);
    check_refused(COVEY_E_FORMAT, "only 8 bytes");
    covey_test_write(path, "row,path\n1,a.jpg\n", 17);
    check_refused(COVEY_E_FORMAT, "is not a .npy file");
    covey_test_write(path, "\x93NUMPY\x04\0\x10\0{}0123456789", 22);
    check_refused(COVEY_E_FORMAT, "is not a .npy file");
    covey_test_write(path, "\x93NUMPY\x01\0\xff\xff{}0123456789", 22);
    check_refused(COVEY_E_FORMAT, "longer than the file");
    covey_test_write(path, "\x93NUMPY\x02\0\xff\xff\xff\xff{}0123456789", 24);
    check_refused(COVEY_E_FORMAT, "longer than the file");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    check_refused(COVEY_E_FORMAT, "regular file");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    check_refused(COVEY_E_FORMAT, "regular file");
}

static void every_cut_is_refused(void **state) {
    (void)state;
    covey_error err;
    covey_matrix m;
    struct stat info;
    assert_ok(covey_npy_save_f32(path, floats, 2, 3, &err));
    assert_int_equal(stat(path, &info), 0);
    for (off_t n = info.st_size - 1; n >= 0; --n) {
        assert_int_equal(truncate(path, n), 0);
        assert_status(covey_matrix_load(&m, path, &err), COVEY_E_FORMAT);
    }
}

static void numbers_that_are_none_name_their_row(void **state) {
    (void)state;
    static const double bad[] = {NAN, INFINITY, -INFINITY};
    float narrow[6];
    double wide[6];
    for (int i = 0; i < 3; ++i) {
        memcpy(narrow, floats, sizeof narrow);
        memcpy(wide, doubles, sizeof wide);
        narrow[3] = narrow[5] = (float)bad[i];
        wide[3] = wide[5] = bad[i];
        write_npy(1, DICT("<f4", "False", "(3, 2)"), narrow, sizeof narrow);
        check_refused(COVEY_E_NUMERIC, "row 1 ");
        write_npy(1, DICT("<f8", "False", "(3, 2)"), wide, sizeof wide);
        check_refused(COVEY_E_NUMERIC, "row 1 ");
    }
    /* A float64 that float32 cannot hold is infinite as one, and fine as a float64. */
    covey_error err;
    covey_matrix m;
    double *data;
    size_t rows, cols;
    wide[0] = 1e300;
    wide[3] = wide[5] = 0;
    write_npy(1, DICT("<f8", "False", "(3, 2)"), wide, sizeof wide);
    assert_status(covey_matrix_load(&m, path, &err), COVEY_E_NUMERIC);
    assert_ok(covey_npy_load_f64(&data, &rows, &cols, path, &err));
    assert_true(data[0] == 1e300);
    covey_free(data);
}

static void what_is_saved_is_read_back(void **state) {
    (void)state;
    covey_error err;
    covey_matrix m;
    double *wide;
    size_t rows, cols, n = 20011 * 2; /* more than one piece of the rounding reader */
    float *many = malloc(n * sizeof *many);
    double *wanted = malloc(n * sizeof *wanted);
    assert_true(many && wanted);
    for (size_t i = 0; i < n; ++i) {
        wanted[i] = 1.0 / (double)(i + 1);
        many[i] = (float)wanted[i];
    }
    assert_ok(covey_npy_save_f32(path, many, 20011, 2, &err));
    assert_ok(covey_matrix_load(&m, path, &err));
    assert_memory_equal(m.data, many, n * sizeof *many);
    covey_matrix_fini(&m);
    assert_ok(covey_npy_save_f64(path, wanted, 2, 20011, &err));
    assert_ok(covey_npy_load_f64(&wide, &rows, &cols, path, &err));
    assert_int_equal(rows, 2);
    assert_int_equal(cols, 20011);
    assert_memory_equal(wide, wanted, n * sizeof *wanted);
    covey_free(wide);
    assert_ok(covey_matrix_load(&m, path, &err));
    assert_memory_equal(m.data, many, n * sizeof *many);
    covey_matrix_fini(&m);
    free(many);
    free(wanted);
}

/* The bytes that numpy.save writes for a [2][3] of float32, so that checksums agree. */
static void the_bytes_are_numpys(void **state) {
    (void)state;
    covey_error err;
    char *data;
    size_t size;
    assert_ok(covey_npy_save_f32(path, floats, 2, 3, &err));
    assert_ok(covey__file_read(&data, &size, path, 4096, &err));
    static const char head[] = "\x93NUMPY\x01\0v\0{'descr': '<f4', 'fortran_order': False, "
                               "'shape': (2, 3), }";
    assert_int_equal(size, 128 + sizeof floats);
    assert_memory_equal(data, head, sizeof head - 1);
    for (size_t i = sizeof head - 1; i < 127; ++i)
        assert_int_equal(data[i], ' ');
    assert_int_equal(data[127], '\n');
    assert_memory_equal(data + 128, floats, sizeof floats);
    covey__free(data);
}

static void what_cannot_be_written_is_named(void **state) {
    (void)state;
    covey_error err;
    char missing[320];
    snprintf(missing, sizeof missing, "%s/none/x.npy", folder);
    assert_status(covey_npy_save_f32(missing, floats, 2, 3, &err), COVEY_E_NOT_FOUND);
    assert_string_equal(err.path, missing);
}

static void memory_may_run_out(void **state) {
    (void)state;
    for (int call = 0; call < 4; ++call) {
        covey_status status = COVEY_E_NOMEM;
        write_npy(1, DICT("<f8", "False", "(3, 2)"), doubles, sizeof doubles);
        for (size_t k = 1; status != COVEY_OK; ++k) {
            covey_error err = {.message = ""};
            covey_matrix m = {0};
            double *wide = NULL;
            size_t rows, cols;
            assert_true(k < 50);
            covey__alloc_fail_at(k);
            status = call == 0   ? covey_matrix_load(&m, path, &err)
                     : call == 1 ? covey_npy_load_f64(&wide, &rows, &cols, path, &err)
                     : call == 2 ? covey_npy_save_f32(path, floats, 2, 3, &err)
                                 : covey_npy_save_f64(path, doubles, 2, 3, &err);
            covey__alloc_fail_at(0);
            if (status != COVEY_OK)
                assert_true(status == COVEY_E_NOMEM && err.message[0] && !m.data && !wide);
            covey_matrix_fini(&m);
            covey_free(wide);
        }
    }
}

static void any_header_is_survived(void **state) {
    (void)state;
    covey_error err;
    char *data;
    size_t size;
    assert_ok(covey_npy_save_f32(path, floats, 2, 3, &err));
    assert_ok(covey__file_read(&data, &size, path, 4096, &err));
    int fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
    for (size_t i = 0; i < 70; ++i)
        for (int value = 0; value < 256; value += 3) {
            char byte = (char)value;
            covey_matrix m = {0};
            assert_int_equal(pwrite(fd, &byte, 1, (off_t)i), 1);
            err.message[0] = '\0';
            if (covey_matrix_load(&m, path, &err) != COVEY_OK)
                assert_true(err.message[0] != '\0');
            else
                assert_true(m.rows * m.cols <= 6);
            covey_matrix_fini(&m);
            assert_int_equal(pwrite(fd, &data[i], 1, (off_t)i), 1);
        }
    close(fd);
    covey__free(data);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(all_versions_are_read),
        TEST(other_spellings_of_the_header_are_read),
        TEST(wrong_files_say_what_to_do),
        TEST(what_is_no_npy_is_refused),
        TEST(every_cut_is_refused),
        TEST(numbers_that_are_none_name_their_row),
        TEST(what_is_saved_is_read_back),
        TEST(the_bytes_are_numpys),
        TEST(what_cannot_be_written_is_named),
        TEST(memory_may_run_out),
        TEST(any_header_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
