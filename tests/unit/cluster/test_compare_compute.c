/* SPDX-License-Identifier: MIT */
#include "covey_test.h"

#include "base_internal.h"
#include "cluster_test.h"
#include "compare_internal.h"

enum { MOST_LOSSES = 32 };

static size_t all_losses(covey_loss losses[MOST_LOSSES]) {
    size_t count = covey_loss_count();
    assert_true(count <= MOST_LOSSES);
    for (size_t l = 0; l < count; ++l)
        losses[l] = loss_named(covey_loss_get(l)->name);
    return count;
}

static void compare_small(covey_comparison *out, const float *x, size_t n, size_t d, size_t k,
                          int threads) {
    covey_error err;
    covey_loss losses[MOST_LOSSES];
    covey_compare_params params = covey_compare_params_default();
    size_t count = all_losses(losses);
    params.cluster.k = k;
    params.cluster.restarts = 3;
    params.cluster.threads = threads;
    params.seeds = 4;
    assert_ok(covey_compare_compute(out, x, n, d, losses, count, &params, &err));
}

static int trimming(const covey_clustering *c) {
    return (c->loss.ops->traits & COVEY_LOSS_TRIMS) != 0;
}

/* Four groups far apart, of sizes 40, 30, 20 and 10: every loss and seed must find them. */
static float *clear_groups(size_t d) {
    enum { N = 100 };
    float *x = malloc(N * d * sizeof *x);
    assert_non_null(x);
    for (size_t i = 0; i < N; ++i) {
        size_t group = i < 40 ? 2 : i < 70 ? 0 : i < 90 ? 3 : 1;
        for (size_t j = 0; j < d; ++j)
            x[i * d + j] = (float)(20 * covey__normal(1, COVEY__PURPOSE_TEST, group, j) +
                                   covey__normal(1, COVEY__PURPOSE_TEST, 50 + i, j));
    }
    return x;
}

static void clear_groups_are_agreed_on(void **state) {
    (void)state;
    enum { N = 100, D = 6 };
    float *x = clear_groups(D);
    covey_comparison out;
    compare_small(&out, x, N, D, 4, 1);
    assert_int_equal(out.k_all, 4);
    assert_int_equal(out.k_chosen, 4);
    assert_string_equal(out.k_reason, "");
    assert_int_equal(out.n_seeds, 4);
    int panel = 0;
    for (size_t l = 0; l < out.n_losses; ++l) {
        const covey_clustering *c = out.clusterings + l;
        panel += out.in_panel[l];
        for (size_t i = 0; i < N; ++i) /* numbered by size, whatever the loss */
            assert_int_equal(c->nearest[i], i < 40 ? 0 : i < 70 ? 1 : i < 90 ? 2 : 3);
        int trims = trimming(c);
        if (!trims) {
            assert_int_equal(c->sizes[0], 40);
            assert_int_equal(c->sizes[3], 10);
        }
        for (size_t j = 0; j < 4; ++j) {
            assert_int_equal(c->labels[c->representatives[j]], j);
            assert_int_equal(c->rank[c->representatives[j]], 0);
            assert_int_equal(c->labels[c->medoids[j]], j);
            for (size_t i = 0; i < N; ++i)
                if (c->labels[i] == (int32_t)j)
                    assert_true(c->distance[i] >= c->distance[c->representatives[j]]);
        }
        assert_true(out.silhouette[l] > 0.8);
        assert_close(out.silhouette[l], out.silhouette[0], 0, 0);
        for (size_t m = 0; m < out.n_losses; ++m) {
            /* Rows trimmed off are a class of their own. */
            int same = l == m || !(trims || trimming(out.clusterings + m));
            assert_true((out.ari[l * out.n_losses + m] == 1) == same);
            assert_true((out.vi[l * out.n_losses + m] == 0) == same);
        }
    }
    assert_int_equal(panel, out.panel_size);
    for (size_t i = 0; i < N; ++i)
        assert_true(out.disagreement[i] == 0);
    for (size_t j = 0; j < 4; ++j)
        assert_close(out.stability[j], 1, 0, 1e-14);
    int sum[4] = {0};
    for (size_t v = 0; v < out.n_votes; ++v) {
        const covey_vote *vote = out.votes + v;
        sum[vote->cluster] += vote->losses;
        if (v && vote->cluster == vote[-1].cluster)
            assert_true(vote->losses <= vote[-1].losses);
        else if (v)
            assert_true(vote->cluster > vote[-1].cluster);
        if (vote->row == out.clusterings[0].representatives[vote->cluster])
            assert_int_equal(vote->seeds, 4); /* the groups are found from every seed */
    }
    for (size_t j = 0; j < 4; ++j)
        assert_int_equal(sum[j], panel);
    covey_comparison_fini(&out);
    free(x);
}

static void same_bytes_on_any_number_of_threads(void **state) {
    (void)state;
    enum { N = 4500, D = 7, K = 6 };
    float *x = make_rows(N, D, 5, 0.7, 31);
    covey_comparison out[3];
    for (int t = 0; t < 3; ++t)
        compare_small(&out[t], x, N, D, K, t + 1);
    for (int t = 1; t < 3; ++t) {
        size_t n_losses = out[0].n_losses, square = n_losses * n_losses;
        assert_int_equal(out[0].k_all, out[t].k_all);
        assert_int_equal(out[0].n_votes, out[t].n_votes);
        for (size_t l = 0; l < n_losses; ++l)
            assert_memory_equal(out[0].clusterings[l].labels, out[t].clusterings[l].labels,
                                N * sizeof(int32_t));
#define SAME(field, count)                                                                       \
    assert_memory_equal(out[0].field, out[t].field, (count) * sizeof *out[0].field)
        SAME(ari, square);
        SAME(vi, square);
        SAME(votes, out[0].n_votes);
        SAME(disagreement, N);
        SAME(stability, out[0].k_all);
        SAME(silhouette, n_losses);
        SAME(sum_l2, n_losses);
        SAME(sum_l1, n_losses);
#undef SAME
    }
    int some = 0;
    for (size_t i = 0; i < N; ++i)
        some |= out[0].disagreement[i] > 0;
    assert_true(some); /* these groups overlap: someone must be undecided */
    for (int t = 0; t < 3; ++t)
        covey_comparison_fini(&out[t]);
    free(x);
}

static void earlier_numbers_are_kept(void **state) {
    (void)state;
    covey_error err;
    enum { N = 100, D = 6 };
    float *x = clear_groups(D);
    int32_t previous[N];
    covey_loss losses[2] = {loss_named("square"), loss_named("absolute")};
    covey_compare_params params = covey_compare_params_default();
    covey_comparison out;
    for (int32_t i = 0; i < N; ++i) /* the group of 20 was unknown then, number 2 has no heir */
        previous[i] = i < 40 ? 4 : i < 70 ? 0 : i < 90 ? -1 : 1;
    params.cluster.k = 4;
    params.cluster.restarts = 2;
    params.seeds = 0;
    params.previous = previous;
    params.previous_k = 5;
    assert_ok(covey_compare_compute(&out, x, N, D, losses, 2, &params, &err));
    assert_int_equal(out.k_all, 6);
    for (size_t l = 0; l < 2; ++l) {
        const covey_clustering *c = out.clusterings + l;
        assert_int_equal(c->k, 6);
        for (int32_t i = 0; i < N; ++i)
            assert_int_equal(c->labels[i], i < 40 ? 4 : i < 70 ? 0 : i < 90 ? 5 : 1);
        assert_int_equal(c->sizes[2], 0);
        assert_int_equal(c->representatives[2], -1);
        assert_true(isnan(c->centres[2 * D]) && !isnan(c->centres[5 * D]));
    }
    covey_comparison_fini(&out);
    previous[3] = 5;
    assert_status(covey_compare_compute(&out, x, N, D, losses, 2, &params, &err),
                  COVEY_E_ARGUMENT);
    free(x);
}

static void k_is_chosen_and_explained(void **state) {
    (void)state;
    covey_error err;
    enum { N = 100, D = 6 };
    float *x = clear_groups(D);
    covey_loss loss = loss_named("square");
    covey_compare_params params = covey_compare_params_default();
    covey_comparison out;
    params.seeds = 0;
    params.k_high = 8;
    assert_ok(covey_compare_compute(&out, x, N, D, &loss, 1, &params, &err));
    assert_int_equal(out.k_chosen, 4);
    assert_non_null(strstr(out.k_reason, "k = 4 has the highest"));
    covey_comparison_fini(&out);
    free(x);
    enum { WIDE = 200 };
    x = make_rows(N, WIDE, 1, 0, 5); /* one cloud, no groups */
    assert_ok(covey_compare_compute(&out, x, N, WIDE, &loss, 1, &params, &err));
    assert_non_null(strstr(out.k_reason, "no clear k"));
    covey_comparison_fini(&out);
    for (size_t i = 3; i < N; ++i) /* three distinct rows: the range shrinks to what there is */
        memcpy(x + i * WIDE, x + i % 3 * WIDE, WIDE * sizeof *x);
    assert_ok(covey_compare_compute(&out, x, N, WIDE, &loss, 1, &params, &err));
    assert_in_range(out.k_chosen, 2, 3);
    covey_comparison_fini(&out);
    params.k_low = 9;
    assert_status(covey_compare_compute(&out, x, N, WIDE, &loss, 1, &params, &err),
                  COVEY_E_ARGUMENT);
    assert_status(covey_compare_compute(&out, x, N, WIDE, &loss, 0, &params, &err),
                  COVEY_E_ARGUMENT);
    free(x);
}

/* The yardsticks against their definitions, on a partition no loss had a hand in. */
static void yardsticks_follow_their_definition(void **state) {
    (void)state;
    covey_error err;
    enum { N = 37, D = 3, K = 5 };
    float *x = make_rows(N, D, 3, 2, 14);
    int32_t labels[N];
    double mean[K][D] = {{0}}, size[K] = {0}, want = 0, want_l2 = 0, silhouette, l2, l1;
    covey__data data;
    for (int32_t i = 0; i < N; ++i)
        labels[i] = i == 0 ? 4 : i % 3; /* cluster 3 is empty, cluster 4 has one row */
    for (size_t i = 0; i < N; ++i) {
        size[labels[i]] += 1;
        for (size_t j = 0; j < D; ++j)
            mean[labels[i]][j] += x[i * D + j];
    }
    for (size_t k = 0; k < K; ++k)
        for (size_t j = 0; j < D; ++j)
            mean[k][j] /= size[k] > 0 ? size[k] : 1;
    for (size_t i = 0; i < N; ++i) {
        double own = 0, other = INFINITY;
        for (int32_t k = 0; k < K; ++k) {
            double square = 0;
            for (size_t j = 0; j < D; ++j)
                square += (x[i * D + j] - mean[k][j]) * (x[i * D + j] - mean[k][j]);
            if (k == labels[i])
                own = square;
            else if (size[k] > 0 && square < other)
                other = square;
        }
        want_l2 += own;
        double a = sqrt(own), b = sqrt(other);
        if (size[labels[i]] > 1)
            want += (b - a) / (a > b ? a : b) / N;
    }
    assert_ok(covey__data_init(&data, x, N, D, 1, &err));
    assert_ok(covey__yardsticks(&silhouette, &l2, &l1, &data, labels, K, &err));
    assert_close(silhouette, want, 0, 1e-12);
    assert_close(l2, want_l2, 0, 1e-12);
    double want_l1 = 0;
    for (int32_t k = 0; k < K; ++k)
        for (size_t j = 0; j < D; ++j) { /* the median's sum is the least of all members' */
            double least = INFINITY;
            for (size_t c = 0; c < N; ++c)
                if (labels[c] == k) {
                    double sum = 0;
                    for (size_t i = 0; i < N; ++i)
                        if (labels[i] == k)
                            sum += fabs((double)x[i * D + j] - x[c * D + j]);
                    least = sum < least ? sum : least;
                }
            want_l1 += isfinite(least) ? least : 0;
        }
    assert_close(l1, want_l1, 0, 1e-12);
    covey__data_fini(&data);
    free(x);
}

static void running_out_of_memory_is_an_answer(void **state) {
    (void)state;
    covey_error err;
    float *x = make_rows(30, 3, 3, 2, 12);
    covey_loss losses[2] = {loss_named("square"), loss_named("huber")};
    covey_compare_params params = covey_compare_params_default();
    params.cluster.restarts = 1;
    params.cluster.threads = 1;
    params.k_high = 3;
    params.seeds = 2;
    for (size_t k = 1;; ++k) {
        covey_comparison out;
        covey__alloc_fail_at(k);
        covey_status status = covey_compare_compute(&out, x, 30, 3, losses, 2, &params, &err);
        covey__alloc_fail_at(0);
        if (status == COVEY_OK) {
            assert_true(k > 50);
            covey_comparison_fini(&out);
            break;
        }
        assert_int_equal(status, COVEY_E_NOMEM);
    }
    free(x);
}

/* A loss set to equal a row of the panel shares its vote. */
static void equal_losses_vote_once(void **state) {
    (void)state;
    static const struct {
        const char *losses[3]; /* NAME or NAME=first parameter */
        int votes[3];
    } cases[] = {{{"quantile", "absolute", "square"}, {0, 1, 1}},
                 {{"quantile", "square", NULL}, {1, 1, 0}},
                 {{"quantile=0.9", "absolute", NULL}, {0, 1, 0}},
                 {{"barron=0", "cauchy", NULL}, {0, 1, 0}},
                 {{"barron=2", "square", "lp=2"}, {0, 1, 0}},
                 {{"barron=2", "lp=2", "trimmed=0"}, {1, 0, 0}},
                 {{"barron=1", "pseudo_huber_radial", "lp=1"}, {0, 1, 1}},
                 {{"barron=-2", "geman_mcclure", NULL}, {0, 1, 0}},
                 {{"barron=-inf", "correntropy", NULL}, {0, 1, 0}},
                 {{"barron=0.5", "cauchy", "cauchy"}, {0, 1, 0}},
                 {{"trimmed", "square", "cosine"}, {1, 1, 1}}};
    for (size_t c = 0; c < LENGTH(cases); ++c) {
        covey_clustering clusterings[3];
        int in_panel[3], total = 0;
        memset(clusterings, 0, sizeof clusterings);
        covey_comparison out = {.clusterings = clusterings, .in_panel = in_panel};
        covey_error err;
        for (; out.n_losses < 3 && cases[c].losses[out.n_losses]; ++out.n_losses) {
            char name[32];
            const char *text = cases[c].losses[out.n_losses], *equals = strchr(text, '=');
            snprintf(name, sizeof name, "%.*s", (int)strcspn(text, "="), text);
            clusterings[out.n_losses].loss = loss_named(name);
            covey_loss *loss = &clusterings[out.n_losses].loss;
            if (equals)
                assert_ok(covey_loss_set_param(loss, loss->ops->params[0].name, equals + 1, &err));
        }
        covey__choose_panel(&out);
        for (size_t l = 0; l < out.n_losses; ++l) {
            total += cases[c].votes[l];
            if (in_panel[l] != cases[c].votes[l])
                fail_msg("case %zu: %s has %d votes", c, cases[c].losses[l], in_panel[l]);
        }
        assert_int_equal(out.panel_size, total);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clear_groups_are_agreed_on),
        cmocka_unit_test(same_bytes_on_any_number_of_threads),
        cmocka_unit_test(earlier_numbers_are_kept),
        cmocka_unit_test(k_is_chosen_and_explained),
        cmocka_unit_test(yardsticks_follow_their_definition),
        cmocka_unit_test(running_out_of_memory_is_an_answer),
        cmocka_unit_test(equal_losses_vote_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
