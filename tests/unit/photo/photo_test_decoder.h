/* SPDX-License-Identifier: MIT */
/* A decoder over files in a scratch folder, for the tests of decoding. */
#ifndef PHOTO_TEST_DECODER_H
#define PHOTO_TEST_DECODER_H

#include "covey_test.h"

#include "covey/photo.h"

typedef struct bench {
    char root[512];
    char *paths[64];
    size_t n;
} bench;

/* The path of a file of that name, which the bench lists. */
static inline const char *bench_add(bench *b, const char *name) {
    assert_true(b->n < LENGTH(b->paths));
    char *path = malloc(strlen(b->root) + strlen(name) + 2);
    assert_non_null(path);
    sprintf(path, "%s/%s", b->root, name);
    return b->paths[b->n++] = path;
}

static inline void bench_clear(bench *b) {
    for (size_t i = 0; i < b->n; ++i)
        free(b->paths[i]);
    b->n = 0;
}

static inline int bench_setup(void **state) {
    bench *b = calloc(1, sizeof *b);
    covey_test_folder(b->root);
    setenv("COVEY_DECODE", COVEY_TEST_BUILD "/covey-decode", 1);
    *state = b;
    return 0;
}

static inline int bench_teardown(void **state) {
    bench *b = *state;
    bench_clear(b);
    covey_test_remove(b->root);
    free(b);
    return 0;
}

/* A photo that owns what it points to. */
typedef struct taken {
    covey_photo photo;
    uint8_t rgb[224 * 224 * 3];
    uint8_t *thumb;
    char reason[512];
} taken;

/* Decodes everything listed; the caller frees the array with taken_free. */
static inline taken *bench_decode(bench *b, size_t ahead, const covey_decode_params *params) {
    covey_error err;
    covey_decoder *decoder = NULL;
    taken *all = calloc(b->n ? b->n : 1, sizeof *all);
    assert_non_null(all);
    assert_ok(covey_decoder_new(&decoder, ahead, params, &err));
    assert_ok(covey_decoder_start(decoder, (const char *const *)b->paths, b->n, &err));
    for (size_t i = 0; i < b->n; ++i) {
        taken *t = all + i;
        assert_ok(covey_decoder_next(decoder, &t->photo, &err));
        assert_int_equal(t->photo.index, i);
        snprintf(t->reason, sizeof t->reason, "%s", t->photo.reason);
        assert_true((t->photo.status == COVEY_OK) == (t->photo.rgb != NULL));
        assert_true((t->photo.status == COVEY_OK) == (t->reason[0] == '\0'));
        if (t->photo.rgb)
            memcpy(t->rgb, t->photo.rgb, sizeof t->rgb);
        if (t->photo.thumb) {
            t->thumb = malloc(t->photo.thumb_bytes);
            memcpy(t->thumb, t->photo.thumb, t->photo.thumb_bytes);
        }
        covey_decoder_release(decoder, &t->photo);
    }
    covey_photo none;
    assert_status(covey_decoder_next(decoder, &none, &err), COVEY_E_ARGUMENT);
    covey_decoder_free(decoder);
    return all;
}

static inline void taken_free(taken *all, size_t n) {
    for (size_t i = 0; i < n; ++i)
        free(all[i].thumb);
    free(all);
}

static inline void assert_used(const taken *t) {
    if (t->photo.status != COVEY_OK)
        fail_msg("photo %zu was skipped: %s", t->photo.index, t->reason);
}

static inline void assert_skipped(const taken *t, covey_status status, const char *part) {
    if (t->photo.status != status || !strstr(t->reason, part))
        fail_msg("photo %zu: status %d, reason \"%s\"; expected %d with \"%s\"", t->photo.index,
                 (int)t->photo.status, t->reason, (int)status, part);
}

#endif
