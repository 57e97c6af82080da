/* SPDX-License-Identifier: MIT */
/* ONNX: the graph decides, the wire format is not trusted. */
#include "weights_files.h"

static void names_do_not_matter(void **state) {
    (void)state;
    covey_error err;
    file_model model;
    char path[320];
    model_init(&model, tiny_channels);
    for (int i = 0; i < 26; ++i)
        snprintf(model.tensor[i].name, sizeof model.tensor[i].name, "tensor %d", (i * 7) % 26);
    model_path(path, &model, "x.onnx");
    write_onnx(path, &model, &(onnx_options){0});
    assert_imports(&model, path);
    model_fini(&model);
}

static void other_networks_are_refused(void **state) {
    (void)state;
    covey_error err;
    file_model model;
    char path[320];
    model_init(&model, tiny_channels);
    model_path(path, &model, "x.onnx");
    write_onnx(path, &model, &(onnx_options){.convolutions = 12});
    assert_refused(path, COVEY_E_FORMAT, "12 convolutions");
    write_onnx(path, &model, &(onnx_options){.convolutions = 14});
    assert_refused(path, COVEY_E_FORMAT, "14 convolutions where VGG16 has 13");
    write_onnx(path, &model, &(onnx_options){.convolutions = 40});
    assert_refused(path, COVEY_E_FORMAT, "more than 16");
    write_onnx(path, &model, &(onnx_options){.external = 1});
    assert_refused(path, COVEY_E_UNSUPPORTED, "another file");
    model.count = 25;
    write_onnx(path, &model, &(onnx_options){0});
    assert_refused(path, COVEY_E_FORMAT, "no tensor features.28.bias");
    model.count = 26;
    model_fini(&model);
}

static void too_few_numbers_are_refused(void **state) {
    (void)state;
    covey_error err;
    file_model model;
    char path[320];
    model_init(&model, tiny_channels);
    model_path(path, &model, "x.onnx");
    --model.tensor[4].count;
    write_onnx(path, &model, &(onnx_options){0});
    assert_refused(path, COVEY_E_FORMAT, "features.5.weight reaches beyond");
    ++model.tensor[4].count;
    model.tensor[4].dtype = COVEY__DTYPE_OTHER;
    write_onnx(path, &model, &(onnx_options){0});
    assert_refused(path, COVEY_E_UNSUPPORTED, "other than float");
    model_fini(&model);
}

static void broken_wire_format_is_refused(void **state) {
    (void)state;
    covey_error err;
    file_model model;
    char path[320];
    model_init(&model, tiny_channels);
    model_path(path, &model, "x.onnx");
    static const struct {
        const char *bytes;
        size_t size;
    } cases[] = {
#define CASE(literal) {literal "0123456789abcdef", sizeof(literal) + 15}
        CASE("\x08\x07\x3a\xff\xff\xff\xff\xff\xff\xff\xff\x7f"),     /* a graph of 2^63 bytes */
        CASE("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),     /* a number without end */
        CASE("\x08\x07\x3a\x06\x2a\x7f\x08\x01\x08\x01"),             /* longer than its parent */
        CASE("\x08\x07\x0b"),                                         /* a group */
        CASE("\x08\x07\x3a\x04\x2a\x02\x0a\x7f"),                     /* dims beyond the tensor */
        CASE("\x08\x07\x3a\x16\x2a\x14\x08\x01\x08\x01\x08\x01\x08\x01\x08\x01\x08\x01\x08\x01"
             "\x08\x01\x08\x01\x08\x01"),                             /* ten dimensions */
#undef CASE
    };
    for (size_t i = 0; i < LENGTH(cases); ++i) {
        covey_test_write(path, cases[i].bytes, cases[i].size);
        assert_refused(path, COVEY_E_FORMAT, " ");
    }
    covey__text out = {0}, name = {0}, tensor = {0}, graph = {0};
    for (int i = 0; i < 300; ++i)
        covey__text_add(&name, "n");
    add_bytes_field(&tensor, 8, name.data, name.size);
    add_bytes_field(&graph, 5, tensor.data, tensor.size);
    add_field(&out, 1, 7);
    add_bytes_field(&out, 7, graph.data, graph.size);
    write_text(path, &out);
    assert_refused(path, COVEY_E_LIMIT, "name of more than");
    covey__text_fini(&name);
    covey__text_fini(&tensor);
    covey__text_fini(&graph);
    model_fini(&model);
}

static void damage_is_survived(void **state) {
    (void)state;
    file_model model;
    char path[320];
    covey__text whole = {0};
    model_init(&model, tiny_channels);
    model_path(path, &model, "flips.onnx");
    write_onnx(path, &model, &(onnx_options){0});
    read_whole(&whole, path);
    for (size_t i = 0; i < 600; ++i) {
        /* The nodes lie in the first two thousand bytes. */
        size_t at = i % 2 ? i * 3 : (i * 2654435761u) % whole.size;
        poke(path, at, (char)(i * 37));
        assert_survives(path);
        poke(path, at, whole.data[at]);
    }
    covey__text_fini(&whole);
    model_fini(&model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_do_not_matter),
        cmocka_unit_test(other_networks_are_refused),
        cmocka_unit_test(too_few_numbers_are_refused),
        cmocka_unit_test(broken_wire_format_is_refused),
        cmocka_unit_test(damage_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
