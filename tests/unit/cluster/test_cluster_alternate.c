/* SPDX-License-Identifier: MIT */
/* The promises of the alternation, for every loss there is. */
#include "covey_test.h"

#include "base_internal.h"
#include "cluster_internal.h"
#include "cluster_test.h"

static void objective_never_rises_under_any_loss(void **state) {
    (void)state;
    covey_error err;
    enum { N = 400, D = 9, K = 6 };
    float *x = make_rows(N, D, 5, 1.2, 3);
    for (size_t l = 0; l < covey_loss_count(); ++l) {
        covey_loss loss = loss_named(covey_loss_get(l)->name);
        covey_cluster_params params = params_of(K, 4, 1);
        covey_clustering out;
        assert_ok(covey_cluster_compute(&out, x, N, D, &loss, &params, &err));
        size_t rounds = 0;
        double best = INFINITY;
        for (size_t i = 0; i < out.n_history; ++i) {
            const covey_round *now = out.history + i, *last = now - 1;
            rounds += now->round > 1;
            if (now->round > 1)
                assert_true(now->objective <= last->objective * (1 + 1e-12));
            if (i + 1 == out.n_history || now[1].restart != now->restart) {
                if (now->restart == out.restart)
                    assert_true(now->objective == out.objective);
                if (now->restart < out.restart) /* ties go to the lower restart */
                    assert_true(now->objective > out.objective);
                best = now->objective < best ? now->objective : best;
            }
        }
        assert_true(rounds > 8); /* otherwise the loop above saw nothing */
        assert_true(best == out.objective);
        assert_true(out.converged);
        double sum = 0, row[D];
        for (size_t i = 0; i < N; ++i)
            if (out.labels[i] >= 0) {
                for (size_t j = 0; j < D; ++j)
                    row[j] = x[i * D + j];
                sum += covey_loss_compute(&out.loss, row, out.centres + (size_t)out.labels[i] * D,
                                          D);
            }
        /* Rows on the sphere are kept in float32. */
        int spherical = (loss.ops->traits & COVEY_LOSS_SPHERICAL) != 0;
        assert_close(out.objective, sum, 0, spherical ? 1e-7 : 1e-11);
        covey_clustering_fini(&out);
    }
    free(x);
}

static void same(const void *a, const void *b, size_t bytes, const char *what, const char *loss,
                 int threads) {
    if (memcmp(a, b, bytes))
        fail_msg("%s under %s differs between 1 and %d threads", what, loss, threads);
}

static void same_bytes_on_any_number_of_threads(void **state) {
    (void)state;
    covey_error err;
    enum { N = 9001, D = 19, K = 7 };
    float *x = make_rows(N, D, 6, 0.8, 8);
    for (size_t l = 0; l < covey_loss_count(); ++l) {
        covey_loss loss = loss_named(covey_loss_get(l)->name);
        covey_clustering out[3];
        for (int t = 0; t < 3; ++t) {
            covey_cluster_params params = params_of(K, 2, t + 1);
            params.max_rounds = 6;
            assert_ok(covey_cluster_compute(&out[t], x, N, D, &loss, &params, &err));
        }
        for (int t = 1; t < 3; ++t) {
            const char *name = loss.ops->name;
#define SAME(field, count)                                                                       \
    same(out[0].field, out[t].field, (count) * sizeof *out[0].field, #field, name, t + 1)
            assert_int_equal(out[0].n_history, out[t].n_history);
            for (size_t i = 0; i < out[0].n_history; ++i) {
                const covey_round *a = out[0].history + i, *b = out[t].history + i;
                same(&a->objective, &b->objective, sizeof a->objective, "objective", name, t + 1);
                same(&a->shift, &b->shift, sizeof a->shift, "shift", name, t + 1);
                assert_int_equal(a->moved, b->moved);
            }
            SAME(centres, (size_t)K * D);
            SAME(labels, N);
            SAME(nearest, N);
            SAME(distance, N);
            SAME(weight, N);
            SAME(margin, N);
            SAME(rank, N);
            SAME(sizes, K);
            SAME(representatives, K);
            SAME(medoids, K);
            same(out[0].loss.params, out[t].loss.params, sizeof out[0].loss.params, "params", name,
                 t + 1);
#undef SAME
        }
        for (int t = 0; t < 3; ++t)
            covey_clustering_fini(&out[t]);
    }
    free(x);
}

/* Every row has the label that float64 arithmetic alone would give, ties to the lower. */
static void labels_are_those_of_float64(void **state) {
    (void)state;
    covey_error err;
    enum { N = 700, D = 33, K = 9 };
    static const char *const names[] = {"square", "absolute", "huber", "pseudo_huber"};
    float *x = make_rows(N, D, 3, 0.01, 4);
    for (size_t i = 0; i < N * D; ++i)
        x[i] = 300 + 1e-3F * x[i]; /* float32 scores cannot tell these apart */
    double centres[K * D];
    for (size_t i = 0; i < K * D; ++i)
        centres[i] = x[i];
    memcpy(centres + 3 * D, centres + 2 * D, D * sizeof *centres); /* an exact tie */
    covey__data data;
    assert_ok(covey__data_init(&data, x, N, D, 2, &err));
    for (size_t l = 0; l < LENGTH(names); ++l) {
        covey_loss loss = loss_named(names[l]);
        loss.params[0] = 1e-3;
        covey__measure measure = covey__measure_of(&loss, data.kernels, D);
        covey__packed packed;
        int32_t labels[N], second[N];
        double value[N], second_value[N];
        memset(labels, 0xFF, sizeof labels);
        assert_ok(covey__packed_init(&packed, &data, K, &err));
        covey__packed_set(&packed, &data, &measure, centres, K);
        assert_ok(covey__assign(NULL, labels, NULL, NULL, NULL, &data, &measure, &packed, &err));
        int32_t only_label[N];
        memcpy(only_label, labels, sizeof labels);
        assert_ok(covey__assign(NULL, labels, value, second, second_value, &data, &measure,
                                &packed, &err));
        for (size_t i = 0; i < N; ++i) {
            int32_t best = 0, next = -1;
            double values[K];
            for (int32_t j = 0; j < K; ++j)
                values[j] = covey__measure_row(&measure, x + i * D, centres + j * D);
            for (int32_t j = 1; j < K; ++j)
                if (values[j] < values[best])
                    best = j;
            for (int32_t j = 0; j < K; ++j)
                if (j != best && (next < 0 || values[j] < values[next]))
                    next = j;
            assert_int_equal(only_label[i], best);
            assert_int_equal(labels[i], best);
            assert_true(value[i] == values[best] && second_value[i] == values[next]);
            assert_true(best != 3);
        }
        covey__packed_fini(&packed);
    }
    covey__data_fini(&data);
    free(x);
}

/* Centres so far away that no row is theirs: what each policy makes of them. */
static void empty_clusters_follow_the_policy(void **state) {
    (void)state;
    covey_error err;
    enum { N = 60, D = 3, K = 4 };
    float *x = make_rows(N, D, 2, 4, 21);
    double centres[K * D];
    for (size_t i = 0; i < K * D; ++i)
        centres[i] = i < 2 * D ? x[i] : 1e6 * (double)(i / D);
    covey_loss loss = loss_named("square");
    covey_cluster_params params = params_of(K, 1, 1);
    params.start = COVEY_START_CENTRES;
    params.centres = centres;
    covey_clustering out;

    params.max_rounds = 1;
    assert_ok(covey_cluster_compute(&out, x, N, D, &loss, &params, &err));
    assert_int_equal(out.refilled, 2);
    assert_int_equal(out.k, K);
    for (size_t j = 0; j < K; ++j)
        assert_true(out.sizes[j] >= 1);
    covey_clustering_fini(&out);

    params.max_rounds = 100;
    assert_ok(covey_cluster_compute(&out, x, N, D, &loss, &params, &err));
    for (size_t i = 1; i < out.n_history; ++i)
        assert_true(out.history[i].objective <= out.history[i - 1].objective * (1 + 1e-12));
    covey_clustering_fini(&out);

    params.empty = COVEY_EMPTY_KEEP;
    assert_ok(covey_cluster_compute(&out, x, N, D, &loss, &params, &err));
    assert_int_equal(out.sizes[2] + out.sizes[3], 0);
    assert_int_equal(out.representatives[2], -1);
    assert_int_equal(out.medoids[3], -1);
    assert_true(out.centres[3 * D] == centres[3 * D]);
    covey_clustering_fini(&out);

    params.empty = COVEY_EMPTY_DROP;
    assert_ok(covey_cluster_compute(&out, x, N, D, &loss, &params, &err));
    assert_int_equal(out.k, 2);
    assert_int_equal(out.sizes[0] + out.sizes[1], N);
    covey_clustering_fini(&out);

    params.empty = COVEY_EMPTY_ERROR;
    assert_status(covey_cluster_compute(&out, x, N, D, &loss, &params, &err), COVEY_E_NUMERIC);
    assert_non_null(strstr(err.message, "lost all its rows"));
    free(x);
}

static void bad_input_gets_a_sentence(void **state) {
    (void)state;
    covey_error err;
    enum { N = 50, D = 4 };
    float *x = make_rows(N, D, 2, 3, 2);
    covey_loss loss = loss_named("huber");
    covey_clustering out;
    covey_cluster_params params = params_of(8, 2, 1);
    for (size_t i = 7; i < N; ++i) /* 7 distinct rows */
        memcpy(x + i * D, x + i % 7 * D, D * sizeof *x);
    for (size_t i = 2; i < N; i += 7) /* copies up to the sign of a zero */
        x[i * D + 1] = i % 2 ? -0.0F : 0.0F;
    assert_status(covey_cluster_compute(&out, x, N, D, &loss, &params, &err), COVEY_E_ARGUMENT);
    assert_non_null(strstr(err.message, "only 7 of the 50 rows"));
    params.k = 7; /* as many clusters as there are distinct rows is fine */
    assert_ok(covey_cluster_compute(&out, x, N, D, &loss, &params, &err));
    assert_close(out.objective, 0, 1e-12, 0);
    covey_clustering_fini(&out);
    params.start = COVEY_START_RANDOM;
    assert_ok(covey_cluster_compute(&out, x, N, D, &loss, &params, &err));
    assert_close(out.objective, 0, 1e-12, 0);
    covey_clustering_fini(&out);
    params.k = 0;
    assert_status(covey_cluster_compute(&out, x, N, D, &loss, &params, &err), COVEY_E_ARGUMENT);
    params.k = N + 1;
    assert_status(covey_cluster_compute(&out, x, N, D, &loss, &params, &err), COVEY_E_ARGUMENT);
    params.k = 2;
    params.restarts = 0;
    assert_status(covey_cluster_compute(&out, x, N, D, &loss, &params, &err), COVEY_E_ARGUMENT);
    params.restarts = 1;
    x[13 * D + 1] = NAN;
    assert_status(covey_cluster_compute(&out, x, N, D, &loss, &params, &err), COVEY_E_NUMERIC);
    assert_non_null(strstr(err.message, "row 13 "));
    x[13 * D + 1] = INFINITY;
    assert_status(covey_cluster_compute(&out, x, N, D, &loss, &params, &err), COVEY_E_NUMERIC);
    free(x);
}

/* Extremes of k and of magnitude that need no special case from the caller. */
static void small_and_huge_things_work(void **state) {
    (void)state;
    covey_error err;
    enum { N = 30, D = 5 };
    static const double scales[] = {1, 1e-20, 1e25};
    for (size_t l = 0; l < covey_loss_count(); ++l)
        for (size_t s = 0; s < LENGTH(scales); ++s)
            for (size_t k = 1; k <= N; k += N - 1) {
                float *x = make_rows(N, D, 3, 2, 6);
                for (size_t i = 0; i < N * D; ++i)
                    x[i] = (float)(x[i] * scales[s]);
                covey_loss loss = loss_named(covey_loss_get(l)->name);
                covey_cluster_params params = params_of(k, 1, 1);
                covey_clustering out;
                /* A row on the sphere is kept in float32, its centre in float64. */
                double off = loss.ops->traits & COVEY_LOSS_SPHERICAL ? 2e-7 : 0;
                assert_ok(covey_cluster_compute(&out, x, N, D, &loss, &params, &err));
                assert_int_equal(out.k, k);
                for (size_t i = 0; i < N; ++i) {
                    assert_true(out.weight[i] >= 0 && out.weight[i] <= 1);
                    assert_true(out.margin[i] >= 0 && out.margin[i] <= 1);
                    if (k == N)
                        assert_true(out.distance[i] <= off && out.rank[i] == 0);
                    else
                        assert_true(out.margin[i] == 1);
                }
                covey_clustering_fini(&out);
                free(x);
            }
    float one[3] = {1, 2, 3};
    covey_loss loss = loss_named("absolute");
    covey_cluster_params params = params_of(1, 3, 1);
    covey_clustering out;
    assert_ok(covey_cluster_compute(&out, one, 1, 3, &loss, &params, &err));
    assert_true(out.objective == 0 && out.representatives[0] == 0 && out.medoids[0] == 0);
    covey_clustering_fini(&out);
}

static int stop_at_second(void *user, const char *stage, size_t done, size_t total) {
    (void)stage;
    (void)done;
    (void)total;
    return ++*(int *)user > 1;
}

static void cancelling_stops(void **state) {
    (void)state;
    covey_error err;
    float *x = make_rows(100, 3, 4, 1, 9);
    int calls = 0;
    covey_loss loss = loss_named("square");
    covey_cluster_params params = params_of(5, 3, 1);
    params.progress = stop_at_second;
    params.progress_user = &calls;
    covey_clustering out;
    assert_status(covey_cluster_compute(&out, x, 100, 3, &loss, &params, &err), COVEY_E_CANCELLED);
    assert_int_equal(calls, 2);
    free(x);
}

static void running_out_of_memory_is_an_answer(void **state) {
    (void)state;
    covey_error err;
    float *x = make_rows(40, 3, 3, 2, 12);
    covey_loss loss = loss_named("pseudo_huber");
    covey_cluster_params params = params_of(3, 2, 1);
    for (size_t k = 1;; ++k) {
        covey_clustering out;
        covey__alloc_fail_at(k);
        covey_status status = covey_cluster_compute(&out, x, 40, 3, &loss, &params, &err);
        covey__alloc_fail_at(0);
        if (status == COVEY_OK) {
            assert_true(k > 20);
            covey_clustering_fini(&out);
            break;
        }
        assert_int_equal(status, COVEY_E_NOMEM);
    }
    free(x);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objective_never_rises_under_any_loss),
        cmocka_unit_test(same_bytes_on_any_number_of_threads),
        cmocka_unit_test(labels_are_those_of_float64),
        cmocka_unit_test(empty_clusters_follow_the_policy),
        cmocka_unit_test(bad_input_gets_a_sentence),
        cmocka_unit_test(small_and_huge_things_work),
        cmocka_unit_test(cancelling_stops),
        cmocka_unit_test(running_out_of_memory_is_an_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
