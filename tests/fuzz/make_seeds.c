/* SPDX-License-Identifier: MIT */
/* Seeds for fuzzing: make_seeds FOLDER writes small sound files of every form, by the writers that
 * the tests use, into FOLDER/TARGET/. */
#include <sys/stat.h>

#include "catalogue_fixture.h"
#include "organize_internal.h"
#include "run_fixture.h"
#include "unit/vgg/weights_files.h"
#ifdef COVEY_TEST_PHOTOS
#include <vips/vips.h>
#endif

static const char *root;

/* Not a test, though it uses what tests use. */
static void in_folder(char path[512], const char *target, const char *name) {
    assert_true(snprintf(path, 512, "%s/%s", root, target) < 512);
    mkdir(path, 0777);
    assert_true(snprintf(path, 512, "%s/%s/%s", root, target, name) < 512);
}

static void copy_as(const char *target, const char *name, const char *data, size_t size) {
    char path[512];
    in_folder(path, target, name);
    covey_test_write(path, data, size);
}

/* ---- matrices and weights ---------------------------------------------------------------------
 */

static void seed_npy(void **state) {
    (void)state;
    covey_error err;
    char path[512];
    float x[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    double y[6] = {1, 2, 3, 4, 5, 6};
    in_folder(path, "npy", "f32");
    assert_ok(covey_npy_save_f32(path, x, 4, 3, &err));
    in_folder(path, "npy", "f64");
    assert_ok(covey_npy_save_f64(path, y, 2, 3, &err));
}

/* The same array in an .npz, and one tensor of two dimensions. */
static void seed_features(void **state) {
    (void)state;
    static const char header[] =
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]}}";
    const float x[4] = {1, 2, 3, 4};
    covey_error err;
    char path[512];
    covey__text npy = {0}, tensors = {0};
    in_folder(path, "features", "npy");
    assert_ok(covey_npy_save_f32(path, x, 2, 2, &err));
    read_whole(&npy, path);
    in_folder(path, "features", "npz");
    zip_t *zip = create_zip(path);
    add_entry(zip, "labels.npy", npy.data, 20, ZIP_CM_STORE);
    add_entry(zip, "x.npy", npy.data, npy.size, ZIP_CM_DEFLATE);
    assert_int_equal(zip_close(zip), 0);
    unsigned char length[8] = {sizeof header - 1};
    covey__text_add_bytes(&tensors, length, 8);
    covey__text_add_bytes(&tensors, header, sizeof header - 1);
    covey__text_add_bytes(&tensors, x, sizeof x);
    copy_as("features", "safetensors", tensors.data, tensors.size);
    covey__text_fini(&npy);
    covey__text_fini(&tensors);
}

/* Two tensors of a few numbers. */
static void small_model(file_model *model, covey__dtype dtype) {
    static const uint64_t shapes[2][4] = {{2, 3, 3, 3}, {2}};
    memset(model, 0, sizeof *model);
    model->count = 2;
    for (size_t i = 0; i < 2; ++i) {
        file_tensor *t = &model->tensor[i];
        snprintf(t->name, sizeof t->name, "features.0.%s", i ? "bias" : "weight");
        t->rank = i ? 1 : 4;
        t->dtype = dtype;
        memcpy(t->shape, shapes[i], sizeof t->shape);
        t->count = i ? 2 : 54;
        t->value = calloc(t->count, sizeof *t->value);
        assert_non_null(t->value);
        t->value[0] = 0.5f;
    }
}

static void seed_weights(void **state) {
    (void)state;
    for (int type = COVEY__DTYPE_F32; type <= COVEY__DTYPE_BF16; ++type) {
        file_model model;
        char path[512], name[32];
        small_model(&model, (covey__dtype)type);
        snprintf(name, sizeof name, "%d", type);
        in_folder(path, "torch", name);
        write_torch_zip(path, &model, type % 2 ? ZIP_CM_DEFLATE : ZIP_CM_STORE, NULL, "little");
        in_folder(path, "legacy", name);
        write_legacy(path, &model);
        in_folder(path, "safetensors", name);
        write_safetensors(path, &model);
        if (type == COVEY__DTYPE_F32) {
            covey__text pickle = {0};
            pickle_state_dict(&pickle, &model, 0);
            copy_as("pickle", "state", pickle.data, pickle.size);
            covey__text_fini(&pickle);
        }
        for (size_t i = 0; i < model.count; ++i)
            free(model.tensor[i].value);
    }
}

static void seed_onnx(void **state) {
    (void)state;
    file_model model;
    covey__text graph = {0}, out = {0};
    small_model(&model, COVEY__DTYPE_F32);
    for (size_t i = 0; i < 2; ++i) {
        onnx_options options = {.packed = (int)i};
        add_onnx_tensor(&graph, &model.tensor[i], &options);
    }
    add_bytes_field(&out, 7, graph.data, graph.size);
    copy_as("onnx", "tensors", out.data, out.size);
    char path[512], inner[512];
    in_folder(path, "zip", "wheel");
    in_folder(inner, "zip", "ordinary");
    zip_t *zip = create_zip(path);
    add_entry(zip, "package/models/a_vgg16.onnx", out.data, out.size, ZIP_CM_DEFLATE);
    assert_int_equal(zip_close(zip), 0);
    zip = create_zip(inner);
    add_entry(zip, "../../outside.txt", "harm", 4, ZIP_CM_STORE);
    assert_int_equal(zip_close(zip), 0);
    covey__text_fini(&graph);
    covey__text_fini(&out);
    for (size_t i = 0; i < model.count; ++i)
        free(model.tensor[i].value);
}

/* ---- tables, runs, catalogues ------------------------------------------------------------------
 */

static void seed_csv(void **state) {
    (void)state;
    static const char paths[] =
        "path,label\na.jpg,cat\n\"b, \"\"c\"\".jpg\",dog\n\"new\nline\",x\n";
    static const char rows[] = "label,row,other\r\ncat,0,1\r\ndog,1,\r\n";
    copy_as("csv", "paths", paths, sizeof paths - 1);
    copy_as("csv", "rows", rows, sizeof rows - 1);
}

static void seed_run(void **state) {
    (void)state;
    static const char *const names[] = {
        "run.json",    "images.csv",     "clusters.csv", "history.csv",        "comparison.json",
        "skipped.csv", "duplicates.csv", "timings.csv",  "features.npy",       "centres/square.npy",
        "centres/huber.npy"};
    covey_error err;
    covey__text all = {0};
    char folder[256], target[300], path[400];
    covey_run *run = fixture_run("/photos");
    covey_test_folder(folder);
    snprintf(target, sizeof target, "%s/run", folder);
    assert_ok(covey_run_save(run, target, NULL, NULL, &err));
    for (size_t i = 0; i < LENGTH(names); ++i) {
        char *text;
        size_t size;
        snprintf(path, sizeof path, "%s/%s", target, names[i]);
        assert_ok(covey__file_read(&text, &size, path, 1 << 20, &err));
        covey__text_addf(&all, "%s%%%%%s\n", i ? "\n" : "", names[i]);
        covey__text_add_bytes(&all, text, size);
        covey__free(text);
    }
    copy_as("run", "fixture", all.data, all.size);
    covey__text_fini(&all);
    covey_run_free(run);
    covey_test_remove(folder);
}

static void seed_catalogue(void **state) {
    (void)state;
    covey_error err;
    covey_catalogue *catalogue;
    char folder[256], path[300], *text;
    size_t size;
    covey_test_folder(folder);
    assert_ok(covey_catalogue_open(&catalogue, folder, 1, &err));
    keep_photo(catalogue, "weights");
    covey_catalogue_free(catalogue);
    snprintf(path, sizeof path, "%s/catalogue.sqlite", folder);
    assert_ok(covey__file_read(&text, &size, path, 1 << 20, &err));
    copy_as("catalogue", "small", text, size);
    static const char *const statements[] = {
        "UPDATE photo SET width=-1, bytes=NULL, used='x';",
        "UPDATE content SET features=zeroblob(15), thumb=1e308;",
        "UPDATE content SET checksum=x'00'; UPDATE seen SET sha256='short';",
        "UPDATE recipe SET channels=9223372036854775807, weights=zeroblob(40000);",
        "DROP TABLE content; CREATE VIEW content AS SELECT * FROM photo;",
        "CREATE TRIGGER t AFTER INSERT ON photo BEGIN DELETE FROM recipe; END;",
        "DROP TABLE seen; CREATE TABLE seen(device, inode, size AS (1), mtime, ctime, sha256);",
        "PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql='CREATE TABLE photo(id)';",
        "INSERT INTO photo SELECT id+1, recipe, x'02', bytes, width, height, used FROM photo;"};
    for (size_t i = 0; i < LENGTH(statements); ++i) {
        char name[16], script[256];
        snprintf(name, sizeof name, "sql%zu", i);
        snprintf(script, sizeof script, "SQL\n%s", statements[i]);
        copy_as("catalogue", name, script, strlen(script));
    }
    covey__free(text);
    covey_test_remove(folder);
}

static void seed_undo(void **state) {
    (void)state;
    covey_error err;
    char folder[256], *path, *text;
    size_t size;
    int fd;
    covey_test_folder(folder);
    assert_ok(covey__undo_list_new(&fd, &path, folder, &err));
    assert_int_equal(covey__undo_list_add(fd, "/photos/it's.jpg", "/groups/cluster_00/it's.jpg"), 0);
    assert_int_equal(covey__undo_list_add(fd, "/etc/passwd", "/etc/hosts"), 0);
    close(fd);
    assert_ok(covey__file_read(&text, &size, path, 1 << 20, &err));
    copy_as("undo", "two", text, size);
    covey__free(text);
    covey__free(path);
    covey_test_remove(folder);
}

/* ---- photos ------------------------------------------------------------------------------------
 */

#ifdef COVEY_TEST_PHOTOS
/* Samples that are prepared in different ways. */
static const struct image_kind {
    const char *name;
    int bands, turned;
    VipsInterpretation meaning;
    VipsBandFormat format;
} image_kinds[] = {
    {"rgb", 3, 0, VIPS_INTERPRETATION_sRGB, VIPS_FORMAT_UCHAR},
    {"turned", 3, 6, VIPS_INTERPRETATION_sRGB, VIPS_FORMAT_UCHAR},
    {"rgba", 4, 0, VIPS_INTERPRETATION_sRGB, VIPS_FORMAT_UCHAR},
    {"grey", 1, 0, VIPS_INTERPRETATION_B_W, VIPS_FORMAT_UCHAR},
    {"rgb16", 3, 0, VIPS_INTERPRETATION_RGB16, VIPS_FORMAT_USHORT},
    {"grey16", 1, 8, VIPS_INTERPRETATION_GREY16, VIPS_FORMAT_USHORT},
    {"cmyk", 4, 0, VIPS_INTERPRETATION_CMYK, VIPS_FORMAT_UCHAR},
    {"bands6", 6, 3, VIPS_INTERPRETATION_MULTIBAND, VIPS_FORMAT_UCHAR},
    {"float", 3, 0, VIPS_INTERPRETATION_scRGB, VIPS_FORMAT_FLOAT},
};

static VipsImage *image_of(const struct image_kind *kind) {
    VipsImage *black, *cast, *image;
    assert_int_equal(vips_black(&black, 24, 16, "bands", kind->bands, NULL), 0);
    assert_int_equal(vips_cast(black, &cast, kind->format, NULL), 0);
    assert_int_equal(vips_copy(cast, &image, "interpretation", kind->meaning, NULL), 0);
    if (kind->turned)
        vips_image_set_int(image, VIPS_META_ORIENTATION, kind->turned);
    g_object_unref(black);
    g_object_unref(cast);
    return image;
}

static void seed_images(void **state) {
    (void)state;
    static const char *const suffixes[] = {".jpg", ".png",  ".webp", ".tif",
                                           ".gif", ".heic", ".avif"};
    size_t written = 0;
    for (size_t k = 0; k < LENGTH(image_kinds); ++k) {
        VipsImage *image = image_of(&image_kinds[k]);
        for (size_t i = 0; i < LENGTH(suffixes); ++i) {
            void *bytes = NULL;
            size_t size = 0;
            char name[32];
            covey__text out = {0};
            if (vips_image_write_to_buffer(image, suffixes[i], &bytes, &size, NULL)) {
                vips_error_clear(); /* a library or a format that cannot hold it */
                continue;
            }
            covey__text_add_bytes(&out, "\x0e", 1); /* orient, icc, drop alpha */
            covey__text_add_bytes(&out, bytes, size);
            snprintf(name, sizeof name, "%s.%s", image_kinds[k].name, suffixes[i] + 1);
            copy_as("image", name, out.data, out.size);
            covey__text_fini(&out);
            g_free(bytes);
            ++written;
        }
        g_object_unref(image);
    }
    assert_true(written > 20);
}
#endif

int main(int argc, char **argv) {
    const struct CMUnitTest seeds[] = {
        cmocka_unit_test(seed_npy),       cmocka_unit_test(seed_features),
        cmocka_unit_test(seed_weights),   cmocka_unit_test(seed_onnx),
        cmocka_unit_test(seed_csv),       cmocka_unit_test(seed_run),
        cmocka_unit_test(seed_catalogue), cmocka_unit_test(seed_undo),
#ifdef COVEY_TEST_PHOTOS
        cmocka_unit_test(seed_images),
#endif
    };
    if (argc != 2)
        return 2;
    root = argv[1];
    mkdir(root, 0777);
    setenv("COVEY_DECODE", COVEY_TEST_BUILD "/covey-decode", 1);
#ifdef COVEY_TEST_PHOTOS
    if (VIPS_INIT(argv[0]))
        return 1;
#endif
    return cmocka_run_group_tests(seeds, NULL, NULL);
}
