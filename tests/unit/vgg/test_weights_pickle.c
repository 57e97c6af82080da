/* SPDX-License-Identifier: MIT */
/* The pickle machine: it builds values, names what it refuses, and survives anything. */
#include "weights_files.h"

#include "weights_pickle_internal.h"

#define PARSE(pickle, literal)                                                                   \
    covey__pickle_parse((pickle), (const unsigned char *)(literal), sizeof(literal) - 1, "x.pth", \
                        &err)

static const covey__pickle_value *item(const covey__pickle *p, const covey__pickle_value *of,
                                       uint32_t i) {
    uint32_t cell = of->first;
    while (i--)
        cell = p->cell[cell].next;
    return &p->value[p->cell[cell].value];
}

static void values_are_read(void **state) {
    (void)state;
    covey_error err;
    covey__pickle p;
    /* pickletools: (None, True, -2, 255, 65535, 2**40, -1, b'', 'abc', 1.5, [1, 2], {'a': 1}) */
    assert_ok(PARSE(&p, "\x80\x04(N\x88J\xfe\xff\xff\xffK\xffM\xff\xff\x8a\x06\0\0\0\0\0\x01"
                        "\x8a\x01\xff\x8a\0C\0\x8c\x03" "abcG?\xf8\0\0\0\0\0\0](K\x01K\x02" "e"
                        "}X\x01\0\0\0aK\x01st."));
    const covey__pickle_value *root = &p.value[p.root];
    assert_int_equal(root->kind, COVEY__PICKLE_TUPLE);
    assert_int_equal(root->count, 13);
    static const int64_t numbers[] = {0, 1, -2, 255, 65535, (int64_t)1 << 40, -1, 0};
    assert_int_equal(item(&p, root, 0)->kind, COVEY__PICKLE_NONE);
    assert_int_equal(item(&p, root, 1)->kind, COVEY__PICKLE_BOOL);
    for (uint32_t i = 1; i < LENGTH(numbers); ++i)
        assert_int_equal(item(&p, root, i)->number, numbers[i]);
    assert_true(covey__pickle_is(item(&p, root, 8), ""));
    assert_true(covey__pickle_is(item(&p, root, 9), "abc"));
    assert_false(covey__pickle_is(item(&p, root, 9), "ab"));
    assert_int_equal(item(&p, root, 10)->kind, COVEY__PICKLE_FLOAT);
    const covey__pickle_value *list = item(&p, root, 11), *dict = item(&p, root, 12);
    assert_int_equal(list->kind, COVEY__PICKLE_LIST);
    assert_int_equal(list->count, 2);
    assert_int_equal(item(&p, list, 1)->number, 2);
    assert_int_equal(dict->kind, COVEY__PICKLE_DICT);
    assert_int_equal(dict->count, 1);
    assert_true(covey__pickle_is(item(&p, dict, 0), "a"));
    assert_int_equal(p.at, p.size);
    covey__pickle_fini(&p);
}

static void memo_refers_to_what_was_put(void **state) {
    (void)state;
    covey_error err;
    covey__pickle p;
    assert_ok(PARSE(&p, "\x80\x02(K\x07q\x05K\x08r\x00\x03\0\0h\x05j\x00\x03\0\0t."));
    const covey__pickle_value *root = &p.value[p.root];
    assert_int_equal(root->count, 4);
    assert_int_equal(item(&p, root, 2)->number, 7);
    assert_int_equal(item(&p, root, 3)->number, 8);
    covey__pickle_fini(&p);
    /* MEMOIZE counts from 0; a frame's length is stepped over. */
    assert_ok(PARSE(&p, "\x80\x04\x95\x08\0\0\0\0\0\0\0(K\x07\x94K\x08\x94h\x01h\0t."));
    root = &p.value[p.root];
    assert_int_equal(item(&p, root, 2)->number, 8);
    assert_int_equal(item(&p, root, 3)->number, 7);
    covey__pickle_fini(&p);
    assert_status(PARSE(&p, "\x80\x02h\x05."), COVEY_E_FORMAT);
    covey__pickle_fini(&p);
    assert_status(PARSE(&p, "\x80\x02K\x01r\xff\xff\xff\xff."), COVEY_E_LIMIT);
    covey__pickle_fini(&p);
}

static void globals_of_a_state_dict_are_known(void **state) {
    (void)state;
    covey_error err;
    covey__pickle p;
    static const char *const names[] = {
        "collections\nOrderedDict",     "torch._utils\n_rebuild_tensor",
        "torch._utils\n_rebuild_tensor_v2", "torch._utils\n_rebuild_parameter",
        "torch.nn.parameter\nParameter", "torch\nFloatStorage",
        "torch\nDoubleStorage",         "torch\nHalfStorage",
        "torch\nBFloat16Storage",       "torch\nLongStorage",
        "torch\nBoolStorage"};
    for (size_t i = 0; i < LENGTH(names); ++i) {
        char text[96];
        int n = snprintf(text, sizeof text, "\x80\x02" "c%s\n.", names[i]);
        assert_ok(covey__pickle_parse(&p, (unsigned char *)text, (size_t)n, "x", &err));
        assert_int_equal(p.value[p.root].kind, COVEY__PICKLE_GLOBAL);
        covey__pickle_fini(&p);
    }
}

static void any_other_global_is_refused_by_name(void **state) {
    (void)state;
    covey_error err;
    covey__pickle p;
    static const struct {
        const char *pickle, *name;
        size_t size;
    } cases[] = {
#define CASE(literal, name) {literal, name, sizeof(literal) - 1}
        CASE("\x80\x02" "cposix\nsystem\n(X\x02\0\0\0idtR.", "posix.system"),
        CASE("\x80\x02" "cbuiltins\neval\n)R.", "builtins.eval"),
        CASE("\x80\x02" "cos\nsystem\n.", "os.system"),
        CASE("\x80\x02" "ctorch\nload\n.", "torch.load"),
        CASE("\x80\x02" "ctorch._utils\n_rebuild\n.", "torch._utils._rebuild"),
        CASE("\x80\x02" "ccollections\nOrderedDictionary\n.", "collections.OrderedDictionary"),
        CASE("\x80\x02" "(iposix\nsystem\n.", "posix.system"),
        CASE("\x80\x04\x8c\x02os\x8c\x06system\x93.", "os.system"),
        CASE("\x80\x02" "ctorchvision.models.vgg\nVGG\n.", "torchvision.models.vgg.VGG"),
#undef CASE
    };
    for (size_t i = 0; i < LENGTH(cases); ++i) {
        assert_status(covey__pickle_parse(&p, (const unsigned char *)cases[i].pickle,
                                          cases[i].size, "x.pth", &err),
                      COVEY_E_UNSUPPORTED);
        if (!strstr(err.message, cases[i].name))
            fail_msg("%s is not named in: %s", cases[i].name, err.message);
        covey__pickle_fini(&p);
    }
}

static void misuse_of_the_stack_is_refused(void **state) {
    (void)state;
    covey_error err;
    covey__pickle p;
    static const struct {
        const char *pickle;
        size_t size;
    } cases[] = {
#define CASE(literal) {literal, sizeof(literal) - 1}
        CASE(""),                                    /* nothing */
        CASE("\x80\x02."),                           /* no value */
        CASE("\x80\x02NN."),                         /* two values */
        CASE("\x80\x02(N."),                         /* an open mark */
        CASE("\x80\x02N"),                           /* no STOP */
        CASE("\x80\x01N."),                          /* protocol 1 */
        CASE("\x80\x09N."),                          /* and 9 */
        CASE("\x80\x02t."),                          /* a tuple without a mark */
        CASE("\x80\x02N\x86."),                      /* a pair of one */
        CASE("\x80\x02NK\x01" "a."),                 /* appended to None */
        CASE("\x80\x02]K\x01K\x02s."),               /* an item set in a list */
        CASE("\x80\x02}(K\x01u."),                   /* a key without a value */
        CASE("\x80\x02(K\x01" "d."),                 /* the same */
        CASE("\x80\x02]((e."),                       /* marks left */
        CASE("\x80\x02K\x01)R."),                    /* a number called */
        CASE("\x80\x02" "ccollections\nOrderedDict\nNR."),    /* not a tuple */
        CASE("\x80\x02" "ccollections\nOrderedDict\nK\x01\x85R."), /* not a list */
        CASE("\x80\x02" "ccollections\nOrderedDict\n](K\x01" "e\x85R."), /* not pairs */
        CASE("\x80\x02" "ctorch\nFloatStorage\n)R."), /* a storage called */
        CASE("\x80\x02" "ctorch._utils\n_rebuild_tensor\n)R."),
        CASE("\x80\x02" "ctorch._utils\n_rebuild_tensor_v2\n(NK\0))tR."),
        CASE("\x80\x02" "ctorch._utils\n_rebuild_parameter\n)R."),
        CASE("\x80\x02" "ctorch._utils\n_rebuild_parameter\nN\x85R."),
        CASE("\x80\x02(X\x07\0\0\0storageNNNNtQ."),  /* a storage of None */
        CASE("\x80\x02X\x05\0\0\0ab."),              /* text beyond the end */
        CASE("\x80\x02\x8d\xff\xff\xff\xff\xff\xff\xff\xff" "a."),
        CASE("\x80\x02\x8b\xff\xff\xff\xffN."),
        CASE("\x80\x02" "ccollections."),            /* a line without an end */
        CASE("\x80\x02NNb."),                        /* attributes of None */
        CASE("\x80\x02\x93."),
        CASE("\x80\x02q\0."),
#undef CASE
    };
    for (size_t i = 0; i < LENGTH(cases); ++i) {
        memset(&err, 0, sizeof err);
        covey_status status = covey__pickle_parse(&p, (const unsigned char *)cases[i].pickle,
                                                  cases[i].size, "x.pth", &err);
        if (status != COVEY_E_FORMAT || !err.message[0])
            fail_msg("case %zu: status %d: %s", i, (int)status, err.message);
        covey__pickle_fini(&p);
    }
    assert_status(PARSE(&p, "\x80\x02(X\x06\0\0\0moduletQ."), COVEY_E_UNSUPPORTED);
    covey__pickle_fini(&p);
    assert_status(PARSE(&p, "\x80\x02I1\n."), COVEY_E_UNSUPPORTED);
    assert_non_null(strstr(err.message, "0x49"));
    covey__pickle_fini(&p);
}

static void storages_and_views_are_read(void **state) {
    (void)state;
    covey_error err;
    covey__pickle p;
#define STORAGE                                                                                  \
    "\x80\x02(X\x07\0\0\0storage"                                                                \
    "ctorch\nHalfStorage\nX\x01\0\0\0"                                                          \
    "5X\x03\0\0\0cpuK\x14"
    assert_ok(PARSE(&p, STORAGE "tQ."));
    const covey__pickle_value *storage = &p.value[p.root];
    assert_int_equal(storage->kind, COVEY__PICKLE_STORAGE);
    assert_int_equal(storage->elements, 20);
    assert_string_equal(covey__storage_types[storage->part[0]].dtype_name, "float16");
    covey__pickle_fini(&p);
    assert_ok(PARSE(&p, STORAGE "(X\x01\0\0\0" "9K\x06K\x0ettQ."));
    storage = &p.value[p.root];
    assert_int_equal(storage->number, 6);
    assert_int_equal(storage->elements, 14);
    covey__pickle_fini(&p);
    /* Views that begin or end beyond the storage. */
    assert_status(PARSE(&p, STORAGE "(X\x01\0\0\0" "9K\x15K\0ttQ."), COVEY_E_FORMAT);
    covey__pickle_fini(&p);
    assert_status(PARSE(&p, STORAGE "(X\x01\0\0\0" "9K\x06K\x0fttQ."), COVEY_E_FORMAT);
    covey__pickle_fini(&p);
#undef STORAGE
}

static void a_flood_of_objects_is_stopped(void **state) {
    (void)state;
    covey_error err;
    covey__pickle p;
    size_t n = 3 << 20;
    unsigned char *flood = malloc(n);
    assert_non_null(flood);
    for (int kind = 0; kind < 2; ++kind) {
        memset(flood, kind ? '(' : 'N', n);
        memcpy(flood, "\x80\x02", 2);
        assert_status(covey__pickle_parse(&p, flood, n, "x", &err), COVEY_E_LIMIT);
        covey__pickle_fini(&p);
    }
    free(flood);
}

static void damaged_pickles_are_survived(void **state) {
    (void)state;
    covey_error err;
    file_model model;
    covey__text whole = {0};
    model_init(&model, tiny_channels);
    size_t count = model.count;
    model.count = 3; /* short enough to try every byte */
    pickle_state_dict(&whole, &model, 1);
    model.count = count;
    covey__pickle p;
    unsigned char *copy = malloc(whole.size);
    assert_non_null(copy);
    for (size_t n = 0; n < whole.size; ++n) {
        memcpy(copy, whole.data, whole.size);
        assert_status(covey__pickle_parse(&p, copy, n, "x", &err), COVEY_E_FORMAT);
        covey__pickle_fini(&p);
    }
    /* Every byte becomes every value: many instructions, few of them sensible. */
    size_t refused = 0;
    for (size_t i = 0; i < whole.size; ++i)
        for (int value = 0; value < 256; ++value) {
            memcpy(copy, whole.data, whole.size);
            copy[i] = (unsigned char)value;
            err.message[0] = '\0';
            covey_status status = covey__pickle_parse(&p, copy, whole.size, "x", &err);
            if (status != COVEY_OK) {
                assert_true(err.message[0] != '\0');
                ++refused;
            }
            covey__pickle_fini(&p);
        }
    assert_true(refused > whole.size * 64);
    free(copy);
    covey__text_fini(&whole);
    model_fini(&model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_read),
        cmocka_unit_test(memo_refers_to_what_was_put),
        cmocka_unit_test(globals_of_a_state_dict_are_known),
        cmocka_unit_test(any_other_global_is_refused_by_name),
        cmocka_unit_test(misuse_of_the_stack_is_refused),
        cmocka_unit_test(storages_and_views_are_read),
        cmocka_unit_test(a_flood_of_objects_is_stopped),
        cmocka_unit_test(damaged_pickles_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
