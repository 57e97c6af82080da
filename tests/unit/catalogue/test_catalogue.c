/* SPDX-License-Identifier: MIT */
/* What is kept comes back to the bit, under its own recipe alone; damage costs the damaged part and
 * is never an answer; what cannot be used is said. */
#include <sys/wait.h>

#include "catalogue_internal.h"
#include "covey_test.h"

enum { CHANNELS = 48, PHOTOS = 20 };

static const covey__recipe recipe = {"digest of weights", "224 bilinear", "scalar-f32-p1", "mean",
                                     CHANNELS};

typedef struct place {
    char folder[256], file[300];
} place;

static int setup(void **state) {
    place *p = calloc(1, sizeof *p);
    covey_test_folder(p->folder);
    snprintf(p->file, sizeof p->file, "%s/catalogue.sqlite", p->folder);
    *state = p;
    return 0;
}

static int teardown(void **state) {
    covey_test_remove(((place *)*state)->folder);
    free(*state);
    return 0;
}

static covey_catalogue *open_at(const place *p) {
    covey_error err;
    covey_catalogue *c = NULL;
    assert_ok(covey_catalogue_open(&c, p->folder, 1, &err));
    return c;
}

static covey__kept photo_of(size_t i, float features[CHANNELS], uint8_t thumb[100]) {
    for (size_t j = 0; j < CHANNELS; ++j)
        features[j] = (float)(i * 100 + j) / 7;
    memset(thumb, (int)i + 1, 100);
    covey__kept kept = {.width = (uint32_t)(100 + i), .height = 50, .bytes = 1000 + i,
                        .thumb = i % 3 ? thumb : NULL, .thumb_bytes = i % 3 ? 100 : 0};
    memset(kept.sha256, (int)i + 1, 32);
    return kept;
}

static void keep_all(covey_catalogue *c) {
    float features[CHANNELS];
    uint8_t thumb[100];
    covey__catalogue_begin(c);
    for (size_t i = 0; i < PHOTOS; ++i) {
        covey__kept kept = photo_of(i, features, thumb);
        covey__catalogue_put(c, &kept, features);
    }
    covey__catalogue_commit(c);
    assert_null(covey_catalogue_trouble(c));
}

/* How many are known; those are right to the bit. */
static size_t count_known(covey_catalogue *c) {
    size_t known = 0;
    for (size_t i = 0; i < PHOTOS; ++i) {
        float want[CHANNELS], got[CHANNELS] = {0};
        uint8_t thumb[100];
        covey__kept kept = photo_of(i, want, thumb), found = {0};
        if (!covey__catalogue_find(c, &found, got, kept.sha256))
            continue;
        ++known;
        assert_memory_equal(got, want, sizeof want);
        assert_memory_equal(found.sha256, kept.sha256, 32);
        assert_int_equal(found.width, kept.width);
        assert_int_equal(found.height, kept.height);
        assert_int_equal(found.bytes, kept.bytes);
        assert_int_equal(found.thumb_bytes, kept.thumb_bytes);
        assert_true(!found.thumb == !kept.thumb);
        if (found.thumb)
            assert_memory_equal(found.thumb, kept.thumb, kept.thumb_bytes);
    }
    return known;
}

static void what_is_kept_comes_back(void **state) {
    const place *p = *state;
    covey_catalogue *c = open_at(p);
    covey__catalogue_use(c, &recipe);
    assert_int_equal(count_known(c), 0);
    assert_false(covey__catalogue_has_size(c, 1003));
    keep_all(c);
    keep_all(c); /* again: nothing doubles */
    assert_int_equal(count_known(c), PHOTOS);
    covey_catalogue_free(c);
    c = open_at(p);
    covey__catalogue_use(c, &recipe);
    assert_int_equal(count_known(c), PHOTOS);
    assert_true(covey__catalogue_has_size(c, 1003));
    assert_false(covey__catalogue_has_size(c, 999));
    covey_catalogue_info info;
    covey_error err;
    assert_ok(covey_catalogue_get_info(&info, c, &err));
    assert_int_equal(info.photos, PHOTOS);
    assert_int_equal(info.n_recipes, 1);
    assert_int_equal(info.recipes[0].photos, PHOTOS);
    assert_string_equal(info.recipes[0].weights_digest, recipe.weights);
    assert_int_equal(info.recipes[0].bytes, PHOTOS * CHANNELS * 4 + 13 * 100);
    covey_catalogue_info_fini(&info);
    covey_catalogue_free(c);
}

/* Whatever a description depends on keeps it apart. */
static void recipes_are_apart(void **state) {
    covey_catalogue *c = open_at(*state);
    covey__catalogue_use(c, &recipe);
    keep_all(c);
    covey__recipe others[5];
    for (int i = 0; i < 5; ++i)
        others[i] = recipe;
    others[0].weights = "other weights";
    others[1].preparation = "224 bilinear no-icc";
    others[2].engine = "avx2-f32-p1";
    others[3].pooling = "max";
    others[4].channels = 2 * CHANNELS;
    for (int i = 0; i < 5; ++i) {
        covey__catalogue_use(c, &others[i]);
        float features[2 * CHANNELS];
        uint8_t sha256[32];
        covey__kept kept;
        memset(sha256, 1, 32);
        assert_false(covey__catalogue_find(c, &kept, features, sha256));
        assert_false(covey__catalogue_has_size(c, 1003));
    }
    covey__catalogue_use(c, &recipe);
    assert_int_equal(count_known(c), PHOTOS);
    covey_catalogue_free(c);
}

static void any_change_of_a_file_shows(void **state) {
    covey_catalogue *c = open_at(*state);
    const covey__stamp stamp = {1, 2, 3, 4000000000, 5000000000};
    uint8_t sha256[32] = {7}, got[32];
    covey__catalogue_use(c, &recipe);
    covey__catalogue_begin(c);
    covey__catalogue_put_stamp(c, &stamp, sha256);
    covey__catalogue_commit(c);
    assert_true(covey__catalogue_find_stamp(c, got, &stamp));
    assert_memory_equal(got, sha256, 32);
    for (int i = 0; i < 5; ++i) {
        covey__stamp other = stamp;
        int64_t *fields[] = {&other.device, &other.inode, &other.size, &other.mtime, &other.ctime};
        ++*fields[i];
        assert_false(covey__catalogue_find_stamp(c, got, &other));
    }
    /* Less than two seconds old, or from the future: it could change unseen. */
    assert_true(covey__stamp_is_settled(&stamp, 7000000001));
    assert_false(covey__stamp_is_settled(&stamp, 7000000000));
    assert_false(covey__stamp_is_settled(&stamp, 1000000000));
    covey_catalogue_free(c);
}

static void change_by_sql(const char *file, const char *sql) {
    sqlite3 *db;
    assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* Each changes one thing that a description says; the row then is not known, and is counted. */
static void a_changed_row_is_not_believed(void **state) {
    const place *p = *state;
    static const char *const changes[] = {
        ("UPDATE content SET features=zeroblob(length(features)) "
         "WHERE id=(SELECT max(id) FROM photo)"),
        "UPDATE content SET features=x'00' WHERE id=(SELECT max(id) FROM photo)",
        "UPDATE content SET thumb=x'ffd8' WHERE id=(SELECT max(id) FROM photo)",
        "UPDATE content SET checksum=x'00' WHERE id=(SELECT max(id) FROM photo)",
        "UPDATE photo SET width=width+1 WHERE id=(SELECT max(id) FROM photo)",
        "UPDATE photo SET bytes=bytes+1 WHERE id=(SELECT max(id) FROM photo)",
        "UPDATE photo SET height='tall' WHERE id=(SELECT max(id) FROM photo)",
    };
    covey_error err;
    covey_catalogue_check check;
    for (size_t i = 0; i < LENGTH(changes); ++i) {
        covey_catalogue *c = open_at(p);
        covey__catalogue_use(c, &recipe);
        keep_all(c);
        assert_ok(covey_catalogue_verify(&check, c, NULL, NULL, &err));
        assert_int_equal(check.checked, PHOTOS);
        assert_int_equal(check.damaged, 0);
        assert_string_equal(check.first_fault, "");
        change_by_sql(p->file, changes[i]);
        assert_int_equal(count_known(c), PHOTOS - 1);
        assert_ok(covey_catalogue_verify(&check, c, NULL, NULL, &err));
        assert_int_equal(check.damaged, 1);
        keep_all(c); /* computed again: whole again */
        assert_int_equal(count_known(c), PHOTOS);
        assert_null(covey_catalogue_trouble(c));
        covey_catalogue_free(c);
    }
}

static void what_cannot_be_used_is_said(void **state) {
    const place *p = *state;
    covey_error err;
    covey_catalogue *c = NULL;
    char other[300];
    assert_status(covey_catalogue_open(&c, p->folder, 0, &err), COVEY_E_NOT_FOUND);
    covey_test_write(p->file, "this is no database, but long enough to look like a file", 56);
    assert_status(covey_catalogue_open(&c, p->folder, 1, &err), COVEY_E_FORMAT);
    assert_int_equal(unlink(p->file), 0);
    change_by_sql(p->file, "CREATE TABLE theirs(x)");
    assert_status(covey_catalogue_open(&c, p->folder, 1, &err), COVEY_E_FORMAT);
    assert_int_equal(unlink(p->file), 0);
    covey_catalogue_free(open_at(p));
    change_by_sql(p->file, "PRAGMA user_version=2");
    assert_status(covey_catalogue_open(&c, p->folder, 1, &err), COVEY_E_UNSUPPORTED);
    assert_non_null(strstr(err.message, "newer"));
    assert_status(covey_catalogue_open(&c, p->file, 1, &err), COVEY_E_IO); /* no folder */
    snprintf(other, sizeof other, "%s/a/b/c", p->folder);
    assert_ok(covey_catalogue_open(&c, other, 1, &err));
    covey_catalogue_free(c);
    assert_status(covey_catalogue_open(&c, "/proc/covey", 1, &err), COVEY_E_NOT_FOUND);
}

/* A catalogue that breaks while it is used answers "not known", and says so once asked. */
static void a_break_on_the_way_fails_nothing(void **state) {
    const place *p = *state;
    covey_catalogue *c = open_at(p);
    covey__catalogue_use(c, &recipe);
    keep_all(c);
    change_by_sql(p->file, "DROP TABLE content");
    assert_int_equal(count_known(c), 0);
    assert_non_null(covey_catalogue_trouble(c));
    assert_true(covey_catalogue_trouble(c)->message[0] != '\0');
    covey__catalogue_begin(c);
    float features[CHANNELS];
    uint8_t thumb[100];
    covey__kept kept = photo_of(0, features, thumb);
    covey__catalogue_put(c, &kept, features);
    covey__catalogue_commit(c);
    covey_catalogue_free(c);
}

/* Bytes of the file turned over everywhere: whatever is answered is right, and nothing crashes. */
static void a_damaged_file_gives_no_wrong_answer(void **state) {
    const place *p = *state;
    covey_catalogue *c = open_at(p);
    covey_error err;
    char *good;
    size_t size, refused = 0, whole = 0, partly = 0;
    covey__catalogue_use(c, &recipe);
    keep_all(c);
    covey_catalogue_free(c); /* which brings the log into the file */
    assert_ok(covey__file_read(&good, &size, p->file, 1 << 24, &err));
    char *bad = malloc(size);
    for (size_t at = 0; at < size; at += 97) {
        memcpy(bad, good, size);
        bad[at] = (char)~bad[at];
        covey_test_write(p->file, bad, size);
        c = NULL;
        if (covey_catalogue_open(&c, p->folder, 1, &err) != COVEY_OK) {
            ++refused;
            continue;
        }
        covey__catalogue_use(c, &recipe);
        size_t known = count_known(c); /* compares what it finds */
        *(known == PHOTOS ? &whole : &partly) += 1;
        covey_catalogue_free(c);
    }
    assert_true(refused > 0 && whole > 0 && partly > 0);
    free(bad);
    covey__free(good);
}

static void prune_takes_what_it_is_told(void **state) {
    const place *p = *state;
    covey_error err;
    size_t removed;
    covey_catalogue *c = open_at(p);
    covey__recipe other = recipe;
    other.weights = "gone";
    covey__catalogue_use(c, &other);
    keep_all(c);
    covey__catalogue_use(c, &recipe);
    keep_all(c);
    covey_prune_params params = covey_prune_params_default();
    assert_ok(covey_catalogue_prune(&removed, c, &params, &err));
    assert_int_equal(removed, 0);
    params.weights_digests = &recipe.weights;
    params.n_weights = 1;
    assert_ok(covey_catalogue_prune(&removed, c, &params, &err));
    assert_int_equal(removed, PHOTOS);
    assert_int_equal(count_known(c), PHOTOS);
    /* Used in the order of their numbers, a day apart: the last three fit. */
    change_by_sql(p->file, "UPDATE photo SET used=used-86400*(20-id%20)");
    params = covey_prune_params_default();
    params.max_bytes = 3 * (CHANNELS * 4 + 100);
    assert_ok(covey_catalogue_prune(&removed, c, &params, &err));
    assert_int_equal(removed, PHOTOS - count_known(c));
    assert_in_range(count_known(c), 3, 4);
    params = covey_prune_params_default();
    params.older_than = 1.5;
    assert_ok(covey_catalogue_prune(&removed, c, &params, &err));
    assert_int_equal(count_known(c), 1);
    params.older_than = 0;
    assert_ok(covey_catalogue_prune(&removed, c, &params, &err));
    assert_int_equal(count_known(c), 0);
    assert_null(covey_catalogue_trouble(c));
    covey_catalogue_free(c);
}

/* Four processes begin on nothing at once and keep the same photos, batch by batch. */
static void several_at_once(void **state) {
    const place *p = *state;
    pid_t children[4];
    for (size_t k = 0; k < LENGTH(children); ++k) {
        children[k] = fork();
        assert_true(children[k] >= 0);
        if (children[k])
            continue;
        covey_catalogue *c = NULL;
        if (covey_catalogue_open(&c, p->folder, 1, NULL) != COVEY_OK)
            _exit(1);
        covey__catalogue_use(c, &recipe);
        for (size_t i = 0; i < PHOTOS; ++i) {
            float features[CHANNELS];
            uint8_t thumb[100];
            covey__kept kept = photo_of(i, features, thumb);
            covey__catalogue_begin(c);
            covey__catalogue_put(c, &kept, features);
            covey__catalogue_commit(c);
        }
        _exit(covey_catalogue_trouble(c) ? 2 : 0);
    }
    for (size_t k = 0; k < LENGTH(children); ++k) {
        int how;
        assert_int_equal(waitpid(children[k], &how, 0), children[k]);
        assert_int_equal(how, 0);
    }
    covey_catalogue *c = open_at(p);
    covey__catalogue_use(c, &recipe);
    assert_int_equal(count_known(c), PHOTOS);
    covey_catalogue_free(c);
}

static void every_allocation_may_fail(void **state) {
    const place *p = *state;
    covey_error err;
    covey_catalogue_free(open_at(p));
    for (size_t k = 1, made = k; k <= made; ++k) {
        covey_catalogue *c = NULL;
        covey__alloc_fail_at(k);
        covey_status status = covey_catalogue_open(&c, p->folder, 1, &err);
        if (status == COVEY_OK) {
            covey__catalogue_use(c, &recipe);
            covey__catalogue_begin(c);
            float features[CHANNELS];
            uint8_t thumb[100];
            covey__kept kept = photo_of(1, features, thumb);
            covey__catalogue_put(c, &kept, features);
            covey__catalogue_commit(c);
            if (covey_catalogue_trouble(c))
                status = covey_catalogue_trouble(c)->status;
        }
        made = covey__alloc_count();
        covey__alloc_fail_at(0);
        covey_catalogue_free(c);
        assert_true(status == (k <= made ? COVEY_E_NOMEM : COVEY_OK));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_kept_comes_back, setup, teardown),
        cmocka_unit_test_setup_teardown(recipes_are_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(any_change_of_a_file_shows, setup, teardown),
        cmocka_unit_test_setup_teardown(a_changed_row_is_not_believed, setup, teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_used_is_said, setup, teardown),
        cmocka_unit_test_setup_teardown(a_break_on_the_way_fails_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(a_damaged_file_gives_no_wrong_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(prune_takes_what_it_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(several_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(every_allocation_may_fail, setup, teardown),
    };
    return cmocka_run_group_tests_name("catalogue", tests, NULL, NULL);
}
