/* SPDX-License-Identifier: MIT */
#include "run_fixture.h"

#include "covey/diff.h"

static void a_run_equals_itself(void **state) {
    (void)state;
    covey_error err;
    covey_run *a = fixture_run("/photos"), *b = fixture_run("/elsewhere");
    covey_diff diff = {0};
    assert_ok(covey_diff_compute(&diff, a, b, NULL, &err));
    assert_int_equal(diff.n_pairs, FIXTURE_ROWS);
    assert_int_equal(diff.moved + diff.covers_changed + diff.changed_content, 0);
    assert_int_equal(diff.n_only_a + diff.n_only_b, 0);
    assert_int_equal(diff.n_matched, FIXTURE_GROUPS);
    assert_true(diff.ari == 1 && diff.nmi == 1);
    covey_diff_fini(&diff);
    covey_run_free(a);
    covey_run_free(b);
}

/* Numbers swapped, one photo moved, a cover changed, one file edited, one renamed, one replaced. */
static void what_changed_is_found(void **state) {
    (void)state;
    covey_error err;
    covey_run *a = fixture_run("/photos"), *b = fixture_run("/photos");
    covey_clustering *c = &b->comparison.clusterings[0];
    for (size_t i = 0; i < FIXTURE_ROWS; ++i)
        c->labels[i] = (c->labels[i] + 1) % FIXTURE_GROUPS;
    int32_t from = a->comparison.clusterings[0].labels[4];
    c->labels[4] = (from + 2) % FIXTURE_GROUPS;
    const int64_t kept[FIXTURE_GROUPS] = {c->representatives[0], c->representatives[1],
                                          c->representatives[2]};
    for (size_t j = 0; j < FIXTURE_GROUPS; ++j)
        c->representatives[(j + 1) % FIXTURE_GROUPS] = kept[j];
    int64_t cover = 11 == kept[11 % 3] ? 14 : 11; /* of group 11 % 3's, not its cover */
    int32_t changed = c->labels[cover];
    c->representatives[changed] = cover;
    memset(b->photos[20].sha256, 0xEE, 32);      /* edited: same path */
    b->photos[21].path = "another name.jpg";     /* renamed: same content */
    memset(b->photos[22].sha256, 0xDD, 32);      /* replaced: neither */
    b->photos[22].path = "new.jpg";
    covey_diff diff = {0};
    assert_ok(covey_diff_compute(&diff, a, b, "square", &err));
    assert_int_equal(diff.n_pairs, FIXTURE_ROWS - 1);
    assert_int_equal(diff.n_only_a, 1);
    assert_int_equal(diff.only_a[0], 22);
    assert_int_equal(diff.n_only_b, 1);
    assert_int_equal(diff.only_b[0], 22);
    assert_int_equal(diff.changed_content, 1);
    assert_int_equal(diff.moved, 1);
    for (size_t p = 0; p < diff.n_pairs; ++p) {
        assert_int_equal(diff.pairs[p].moved, diff.pairs[p].row_a == 4);
        assert_int_equal(diff.pairs[p].same_content, diff.pairs[p].row_a != 20);
        assert_int_equal(diff.pairs[p].row_a, diff.pairs[p].row_b);
    }
    assert_int_equal(diff.covers_changed, 1);
    for (size_t g = 0; g < diff.n_groups; ++g) {
        assert_int_equal(diff.groups[g].cluster_b, (diff.groups[g].cluster_a + 1) % 3);
        assert_int_equal(diff.groups[g].cover_changed, diff.groups[g].cluster_b == changed);
    }
    assert_true(diff.ari < 1 && diff.ari > 0.8);
    covey_diff_fini(&diff);
    covey_run_free(a);
    covey_run_free(b);
}

static void what_cannot_be_compared_is_refused(void **state) {
    (void)state;
    covey_error err;
    covey_run *a = fixture_run("/photos"), *b = fixture_run("/photos");
    covey_diff diff = {0};
    assert_status(covey_diff_compute(&diff, a, b, "tukey", &err), COVEY_E_ARGUMENT);
    size_t photos = b->n_photos;
    b->n_photos = 0;
    assert_status(covey_diff_compute(&diff, a, b, NULL, &err), COVEY_E_ARGUMENT);
    b->n_photos = photos;
    covey_comparison_fini(&b->comparison);
    assert_status(covey_diff_compute(&diff, a, b, NULL, &err), COVEY_E_ARGUMENT);
    assert_null(diff.pairs);
    covey_run_free(a);
    covey_run_free(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_equals_itself),
        cmocka_unit_test(what_changed_is_found),
        cmocka_unit_test(what_cannot_be_compared_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
