/* SPDX-License-Identifier: MIT */
/* What ranks do together is what one process does: sums over the fixed tree to the bit, rows fetched
 * from their owners, failures that all of them hear of. */
#include "covey_test.h"

#include "base_internal.h"
#include "random_internal.h"
#include "ranks_threads.h"
#include "sum_internal.h"

enum { WIDTH = 3, CHUNKS_MOST = 75 };

/* ---- the tree ------------------------------------------------------------------------------- */

typedef struct tree_case {
    size_t chunks;
    uint64_t present; /* bit c % 64: whether chunk c has anything */
    double values[CHUNKS_MOST][WIDTH];
    double total[THREADS_MOST][WIDTH];
} tree_case;

static int is_present(const tree_case *c, size_t chunk) {
    return (int)(c->present >> chunk % 64 & 1);
}

static void sum_on_rank(const covey__ranks *ranks, void *context) {
    tree_case *c = context;
    covey__share share = threads_share(ranks, c->chunks * COVEY__CHUNK_ROWS - 5);
    size_t room = covey__tree_room(c->chunks, 1);
    double *nodes = calloc(room * WIDTH, sizeof *nodes);
    covey__tree tree;
    covey__tree_init(&tree, nodes, WIDTH, &share);
    size_t end = covey__chunk_count(share.end);
    for (size_t chunk = share.first / COVEY__CHUNK_ROWS; chunk < end; ++chunk)
        if (is_present(c, chunk)) {
            memcpy(covey__tree_next(&tree, chunk), c->values[chunk], sizeof c->values[chunk]);
            if (tree.top > room)
                abort();
        }
    if (covey__tree_total(&tree, &share) != COVEY_OK)
        abort();
    memcpy(c->total[ranks->rank], nodes, sizeof c->total[0]);
    free(nodes);
}

static void sums_are_those_of_one_process(void **state) {
    (void)state;
    static tree_case c;
    static const uint64_t patterns[] = {~0ull, 0, 1, 0x8000000000000001ull, 0xaaaaaaaaaaaaaaaaull,
                                        0x00ff0000f0000011ull, 0x9249249249249249ull};
    double all[CHUNKS_MOST][WIDTH];
    for (c.chunks = 1; c.chunks <= CHUNKS_MOST; c.chunks += c.chunks < 20 ? 1 : 11)
        for (size_t p = 0; p < LENGTH(patterns); ++p) {
            c.present = patterns[p];
            for (size_t i = 0; i < c.chunks; ++i)
                for (size_t j = 0; j < WIDTH; ++j)
                    c.values[i][j] =
                        is_present(&c, i)
                            ? covey__normal(1, COVEY__PURPOSE_TEST, i * WIDTH + j, p) * 1e6
                            : 0;
            memcpy(all, c.values, sizeof all);
            covey__sum_tree(&all[0][0], c.chunks, WIDTH);
            for (int count = 1; count <= THREADS_MOST; count += count < 5 ? 1 : 3) {
                threads_run(count, sum_on_rank, &c);
                for (int r = 0; r < count; ++r)
                    for (size_t j = 0; j < WIDTH; ++j)
                        if (c.total[r][j] != all[0][j])
                            fail_msg("rank %d of %d, %zu chunks, pattern %zu: %.17g, not %.17g", r,
                                     count, c.chunks, p, c.total[r][j], all[0][j]);
            }
        }
}

/* ---- who has what ---------------------------------------------------------------------------- */

static void every_row_has_one_owner(void **state) {
    (void)state;
    covey__ranks ranks = covey__ranks_single;
    static const size_t rows[] = {1, 4096, 4097, 40000, 123456, (size_t)1 << 40};
    for (size_t c = 0; c < LENGTH(rows); ++c)
        for (ranks.count = 1; ranks.count < 40; ++ranks.count) {
            assert_int_equal(covey__rank_first(&ranks, rows[c], 0), 0);
            assert_int_equal(covey__rank_first(&ranks, rows[c], ranks.count), rows[c]);
            for (int r = 0; r < ranks.count; ++r) {
                size_t first = covey__rank_first(&ranks, rows[c], r);
                size_t end = covey__rank_first(&ranks, rows[c], r + 1);
                assert_true(first <= end);
                assert_true(first == rows[c] || first % COVEY__CHUNK_ROWS == 0);
                if (first < end) {
                    assert_int_equal(covey__rank_of_row(&ranks, rows[c], first), r);
                    assert_int_equal(covey__rank_of_row(&ranks, rows[c], end - 1), r);
                }
            }
        }
}

/* ---- rows from their owners ------------------------------------------------------------------- */

enum { FETCH_ROWS = 5 * COVEY__CHUNK_ROWS + 17, FETCH_D = 3 };

static void fetch_on_rank(const covey__ranks *ranks, void *context) {
    covey__share share = threads_share(ranks, FETCH_ROWS);
    float *x = calloc(FETCH_ROWS * FETCH_D, sizeof *x);
    int64_t list[2500];
    for (size_t i = share.first * FETCH_D; i < share.end * FETCH_D; ++i)
        x[i] = (float)i + 1;
    for (size_t i = 0; i < LENGTH(list); ++i)
        list[i] = (int64_t)(i * 7919 % FETCH_ROWS);
    list[1] = list[0];
    covey_error err = {0};
    int *wrong = (int *)context + ranks->rank;
    *wrong = covey__fetch_rows(&share, x, FETCH_D, list, LENGTH(list), &err) != COVEY_OK;
    for (size_t i = 0; i < LENGTH(list); ++i)
        for (size_t j = 0; j < FETCH_D; ++j)
            *wrong += x[(size_t)list[i] * FETCH_D + j] !=
                      (float)((size_t)list[i] * FETCH_D + j) + 1;
    free(x);
}

static void rows_come_from_their_owners(void **state) {
    (void)state;
    for (int count = 1; count <= 4; ++count) {
        int wrong[THREADS_MOST] = {0};
        threads_run(count, fetch_on_rank, wrong);
        for (int r = 0; r < count; ++r)
            assert_int_equal(wrong[r], 0);
    }
}

/* ---- agreement -------------------------------------------------------------------------------- */

static void fail_on_two(const covey__ranks *ranks, void *context) {
    covey_error *errors = context;
    covey_error *err = errors + ranks->rank;
    covey_status status = COVEY_OK;
    if (ranks->rank == 2)
        status = covey__fail(err, COVEY_E_FORMAT, "a.npy", "is truncated");
    if (ranks->rank == 3)
        status = covey__fail(err, COVEY_E_NOMEM, NULL, "memory ran out");
    status = covey__ranks_agree(ranks, status, err);
    if (status != COVEY_E_FORMAT || err->status != COVEY_E_FORMAT)
        snprintf(err->message, sizeof err->message, "status %d", (int)status);
}

static void all_hear_of_the_lowest_failure(void **state) {
    (void)state;
    covey_error errors[4] = {0};
    threads_run(4, fail_on_two, errors);
    for (int r = 0; r < 4; ++r) {
        assert_string_equal(errors[r].path, "a.npy");
        assert_string_equal(errors[r].message, "is truncated (said rank 2 of 4, on this host)");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_are_those_of_one_process),
        cmocka_unit_test(every_row_has_one_owner),
        cmocka_unit_test(rows_come_from_their_owners),
        cmocka_unit_test(all_hear_of_the_lowest_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
