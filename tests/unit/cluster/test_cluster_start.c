/* SPDX-License-Identifier: MIT */
/* Start rows: drawn with the probabilities that each kind of start promises, on any number of
 * threads, and always k distinct ones. */
#include "covey_test.h"

#include "base_internal.h"
#include "cluster_internal.h"
#include "cluster_test.h"

static const covey_start KINDS[] = {COVEY_START_KMEANSPP, COVEY_START_RANDOM, COVEY_START_LOSSPP,
                                    COVEY_START_KMEANS_PARALLEL};

/* rows [restarts][k], freed with free(). */
static int64_t *starts_of(const float *x, size_t n, size_t d, const covey_loss *loss,
                          covey_start start, size_t k, int restarts, int threads) {
    covey_error err;
    covey__data data = {0}, unit = {0};
    const covey__data *seen = NULL;
    covey_cluster_params params = params_of(k, restarts, threads);
    int64_t *rows = malloc((size_t)restarts * k * sizeof *rows);
    params.start = start;
    assert_non_null(rows);
    assert_ok(covey__data_init(&data, x, n, d, threads, &err));
    assert_ok(covey__data_for(&seen, &unit, &data, loss, &err));
    assert_ok(covey__start_rows(rows, &data, seen, loss, &params, COVEY__PURPOSE_START, &err));
    covey__data_fini(&unit);
    covey__data_fini(&data);
    return rows;
}

static void assert_distinct(const float *x, size_t d, const int64_t *rows, size_t k) {
    for (size_t a = 0; a < k; ++a)
        for (size_t b = 0; b < a; ++b)
            assert_true(memcmp(x + (size_t)rows[a] * d, x + (size_t)rows[b] * d,
                               d * sizeof *x) != 0);
}

static void same_rows_on_any_number_of_threads(void **state) {
    (void)state;
    enum { N = 13001, D = 7, K = 12, RESTARTS = 3 }; /* four chunks, the last one short */
    float *x = make_rows(N, D, 9, 1.5, 31);
    for (size_t s = 0; s < LENGTH(KINDS); ++s)
        for (size_t l = 0; l < covey_loss_count(); ++l) {
            covey_loss loss = loss_named(covey_loss_get(l)->name);
            if (l && KINDS[s] != COVEY_START_LOSSPP)
                continue; /* these do not look at the loss */
            int64_t *one = starts_of(x, N, D, &loss, KINDS[s], K, RESTARTS, 1);
            for (int r = 0; r < RESTARTS; ++r)
                assert_distinct(x, D, one + r * K, K);
            for (int threads = 2; threads <= 3; ++threads) {
                int64_t *more = starts_of(x, N, D, &loss, KINDS[s], K, RESTARTS, threads);
                if (memcmp(one, more, RESTARTS * K * sizeof *one))
                    fail_msg("start %d under %s differs on %d threads", (int)KINDS[s],
                             loss.ops->name, threads);
                free(more);
            }
            free(one);
        }
    free(x);
}

/* A restart's rows do not depend on how many restarts there are. */
static void a_restart_stands_alone(void **state) {
    (void)state;
    enum { N = 5000, D = 5, K = 8 };
    float *x = make_rows(N, D, 6, 1, 32);
    covey_loss loss = loss_named("cauchy");
    for (size_t s = 0; s < LENGTH(KINDS); ++s) {
        int64_t *few = starts_of(x, N, D, &loss, KINDS[s], K, 2, 1);
        int64_t *many = starts_of(x, N, D, &loss, KINDS[s], K, 5, 1);
        assert_memory_equal(few, many, 2 * K * sizeof *few);
        assert_true(memcmp(many, many + K, K * sizeof *many) != 0);
        free(few);
        free(many);
    }
    free(x);
}

/* With 20,000 restarts a frequency of p is off by less than 5 sqrt(p / 20,000), five standard
 * deviations. */
static void rows_are_drawn_in_proportion_to_the_loss(void **state) {
    (void)state;
    enum { N = 6, RESTARTS = 20000 };
    static const char *const names[] = {"square",   "absolute",   "huber", "correntropy",
                                        "cauchy",   "log_cosh",   "lp",    "epsilon_insensitive",
                                        "quantile", "pseudo_huber"};
    static const float x[N] = {0, 0.5F, 1, 3, 7, -2};
    for (size_t l = 0; l < LENGTH(names); ++l) {
        covey_loss loss = loss_named(names[l]);
        int seen[N][N] = {{0}}, first[N] = {0};
        for (int p = 0; p < COVEY_LOSS_PARAMS; ++p)
            loss.params[p] = loss.ops->params[p].fallback;
        int64_t *rows = starts_of(x, N, 1, &loss, COVEY_START_LOSSPP, 2, RESTARTS, 1);
        for (int r = 0; r < RESTARTS; ++r) {
            ++seen[rows[2 * r]][rows[2 * r + 1]];
            ++first[rows[2 * r]];
        }
        for (int a = 0; a < N; ++a) {
            double total = 0, losses[N];
            assert_close(first[a], RESTARTS / (double)N, 5 * sqrt(RESTARTS / (double)N), 0);
            for (int b = 0; b < N; ++b) {
                double from = x[a], to = x[b];
                losses[b] = covey_loss_compute(&loss, &to, &from, 1);
                total += losses[b];
            }
            assert_true(total > 0);
            for (int b = 0; b < N; ++b) {
                double wanted = first[a] * losses[b] / total;
                assert_close(seen[a][b], wanted, 5 * sqrt(wanted), 0);
            }
        }
        free(rows);
    }
}

static void by_the_square_loss_it_is_kmeanspp(void **state) {
    (void)state;
    enum { N = 9000, D = 6, K = 20, RESTARTS = 4 };
    float *x = make_rows(N, D, 5, 1, 33);
    covey_loss loss = loss_named("square");
    int64_t *a = starts_of(x, N, D, &loss, COVEY_START_KMEANSPP, K, RESTARTS, 1);
    int64_t *b = starts_of(x, N, D, &loss, COVEY_START_LOSSPP, K, RESTARTS, 1);
    assert_memory_equal(a, b, K * RESTARTS * sizeof *a);
    free(a);
    free(b);
    free(x);
}

/* Rows 0..9 of 200 lie far off: squared distances go for them, the trimmed loss never does (but
 * for the first row, which is drawn evenly), a bounded one no more than for others. */
static void strangers_do_not_attract_robust_losses(void **state) {
    (void)state;
    enum { N = 200, D = 4, K = 6, FAR = 10, RESTARTS = 200 };
    float *x = make_rows(N, D, 4, 2, 34);
    int taken[3] = {0};
    for (size_t i = 0; i < FAR; ++i)
        for (size_t j = 0; j < D; ++j)
            x[i * D + j] += 1e4F * (float)(1 + i);
    covey_loss loss[3] = {loss_named("square"), loss_named("trimmed"), loss_named("correntropy")};
    loss[1].params[0] = 0.05;
    loss[2].params[0] = 2;
    for (int l = 0; l < 3; ++l) {
        int64_t *rows = starts_of(x, N, D, &loss[l], COVEY_START_LOSSPP, K, RESTARTS, 1);
        for (int r = 0; r < RESTARTS; ++r)
            for (int j = 1; j < K; ++j)
                taken[l] += rows[r * K + j] < FAR;
        free(rows);
    }
    assert_true(taken[0] > RESTARTS * (K - 2)); /* nearly every draw */
    assert_int_equal(taken[1], 0);
    assert_true(taken[2] < RESTARTS * (K - 1) / 5); /* a twentieth of the rows */
    free(x);
}

/* Every row lies within the tube of any other, or at a distance whose loss is 0 in float64. */
static void where_the_loss_says_nothing_distances_do(void **state) {
    (void)state;
    enum { N = 60, D = 3, K = 9, RESTARTS = 5 };
    static const char *const names[] = {"epsilon_insensitive", "trimmed", "correntropy"};
    float *x = make_rows(N, D, 3, 1, 35);
    for (size_t l = 0; l < LENGTH(names); ++l) {
        covey_loss loss = loss_named(names[l]);
        loss.params[0] = l == 1 ? 0.8 : 1e200; /* trimmed keeps 12 rows of 60 */
        int64_t *rows = starts_of(x, N, D, &loss, COVEY_START_LOSSPP, K, RESTARTS, 1);
        for (int r = 0; r < RESTARTS; ++r)
            assert_distinct(x, D, rows + r * K, K);
        free(rows);
    }
    free(x);
}

/* As many groups as rows differ, among many copies: each kind of start finds them all. */
static void copies_are_never_taken_twice(void **state) {
    (void)state;
    enum { N = 5000, D = 4, K = 17, RESTARTS = 3 };
    float *x = make_rows(N, D, 4, 1, 36);
    for (size_t i = K; i < N; ++i) /* row 16 once, the others some 300 times */
        memcpy(x + i * D, x + i % (K - 1) * D, D * sizeof *x);
    covey_loss loss = loss_named("tukey");
    loss.params[0] = 3;
    for (size_t s = 0; s < LENGTH(KINDS); ++s) {
        int64_t *rows = starts_of(x, N, D, &loss, KINDS[s], K, RESTARTS, 2);
        for (int r = 0; r < RESTARTS; ++r)
            assert_distinct(x, D, rows + r * K, K);
        free(rows);
    }
    free(x);
}

/* Groups far apart, of very different sizes: one start in each, nearly always. Random rows miss
 * the small ones. */
static void kmeans_parallel_finds_every_group(void **state) {
    (void)state;
    enum { N = 6000, D = 3, K = 20, RESTARTS = 20 };
    float *x = malloc(N * D * sizeof *x);
    int complete[2] = {0};
    assert_non_null(x);
    for (size_t i = 0; i < N; ++i) /* groups 0..18 have 20 rows each, the last has the rest */
        for (size_t j = 0; j < D; ++j)
            x[i * D + j] = (float)(1000 * covey__normal(1, COVEY__PURPOSE_TEST,
                                                        i < 380 ? i / 20 : 19, j) +
                                   covey__normal(1, COVEY__PURPOSE_TEST, 100 + i, j));
    covey_loss loss = loss_named("square");
    for (int s = 0; s < 2; ++s) {
        int64_t *rows = starts_of(x, N, D, &loss,
                                  s ? COVEY_START_RANDOM : COVEY_START_KMEANS_PARALLEL, K,
                                  RESTARTS, 1);
        for (int r = 0; r < RESTARTS; ++r) {
            uint32_t met = 0;
            for (int j = 0; j < K; ++j) {
                int64_t row = rows[r * K + j];
                met |= 1u << (row < 380 ? row / 20 : 19);
            }
            complete[s] += met == (1u << K) - 1;
        }
        free(rows);
    }
    assert_true(complete[0] >= RESTARTS * 4 / 5); /* k-means++ has 19 of 20 */
    assert_int_equal(complete[1], 0);
    free(x);
}

/* What a start is worth: the square objective of its nearest-row partition. On rows without clear
 * groups k-means|| is no worse than k-means++ on average [BahmaniEtAl2012, section 5]. */
static void kmeans_parallel_starts_as_well(void **state) {
    (void)state;
    enum { N = 4000, D = 8, K = 25, RESTARTS = 12 };
    float *x = make_rows(N, D, 40, 1, 37);
    covey_loss loss = loss_named("square");
    double mean[2] = {0};
    for (int s = 0; s < 2; ++s) {
        int64_t *rows = starts_of(x, N, D, &loss, s ? COVEY_START_KMEANS_PARALLEL
                                                    : COVEY_START_KMEANSPP, K, RESTARTS, 1);
        for (int r = 0; r < RESTARTS; ++r)
            for (size_t i = 0; i < N; ++i) {
                double least = INFINITY;
                for (int j = 0; j < K; ++j) {
                    const float *centre = x + (size_t)rows[r * K + j] * D;
                    double sum = 0;
                    for (size_t c = 0; c < D; ++c)
                        sum += ((double)x[i * D + c] - centre[c]) * ((double)x[i * D + c] - centre[c]);
                    least = sum < least ? sum : least;
                }
                mean[s] += least;
            }
        free(rows);
    }
    assert_true(mean[1] < mean[0]);
    free(x);
}

static void every_start_clusters_under_every_loss(void **state) {
    (void)state;
    covey_error err;
    enum { N = 300, D = 5, K = 6 };
    float *x = make_rows(N, D, 5, 1.5, 38);
    for (size_t s = 0; s < LENGTH(KINDS); ++s)
        for (size_t l = 0; l < covey_loss_count(); ++l) {
            covey_loss loss = loss_named(covey_loss_get(l)->name);
            covey_cluster_params params = params_of(K, 2, 1);
            covey_clustering out;
            params.start = KINDS[s];
            assert_ok(covey_cluster_compute(&out, x, N, D, &loss, &params, &err));
            for (size_t i = 1; i < out.n_history; ++i)
                if (out.history[i].round > 1)
                    assert_true(out.history[i].objective <=
                                out.history[i - 1].objective * (1 + 1e-12));
            assert_true(out.converged);
            covey_clustering_fini(&out);
        }
    free(x);
}

/* Negative and NaN values of a user's own loss draw nothing, and break nothing. */
static double odd_rho(double u, const double *params) {
    (void)params;
    return u > 3 ? NAN : u - 1;
}

static double odd_psi(double u, const double *params) {
    (void)u;
    (void)params;
    return 1;
}

static double odd_weight(double u, const double *params) {
    (void)params;
    return u > 0 ? 1 / u : INFINITY;
}

static void an_odd_callback_draws_rows_too(void **state) {
    (void)state;
    enum { N = 50, D = 2, K = 7 };
    static const covey_loss_ops ops = {.name = "odd",
                                       .geometry = COVEY_GEOMETRY_RADIAL,
                                       .rho = odd_rho,
                                       .psi = odd_psi,
                                       .weight = odd_weight};
    covey_loss loss = {.ops = &ops};
    float *x = make_rows(N, D, 3, 1, 39);
    int64_t *rows = starts_of(x, N, D, &loss, COVEY_START_LOSSPP, K, 3, 1);
    for (int r = 0; r < 3; ++r)
        assert_distinct(x, D, rows + r * K, K);
    free(rows);
    free(x);
}

static void running_out_of_memory_is_an_answer(void **state) {
    (void)state;
    covey_error err;
    enum { N = 40, D = 3, K = 4 };
    float *x = make_rows(N, D, 3, 2, 40);
    covey_loss loss = loss_named("trimmed");
    for (size_t s = 0; s < LENGTH(KINDS); ++s)
        for (size_t k = 1;; ++k) {
            covey_cluster_params params = params_of(K, 2, 1);
            covey_clustering out;
            params.start = KINDS[s];
            covey__alloc_fail_at(k);
            covey_status status = covey_cluster_compute(&out, x, N, D, &loss, &params, &err);
            covey__alloc_fail_at(0);
            if (status == COVEY_OK) {
                assert_true(k > 15);
                covey_clustering_fini(&out);
                break;
            }
            assert_int_equal(status, COVEY_E_NOMEM);
        }
    free(x);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_rows_on_any_number_of_threads),
        cmocka_unit_test(a_restart_stands_alone),
        cmocka_unit_test(rows_are_drawn_in_proportion_to_the_loss),
        cmocka_unit_test(by_the_square_loss_it_is_kmeanspp),
        cmocka_unit_test(strangers_do_not_attract_robust_losses),
        cmocka_unit_test(where_the_loss_says_nothing_distances_do),
        cmocka_unit_test(copies_are_never_taken_twice),
        cmocka_unit_test(kmeans_parallel_finds_every_group),
        cmocka_unit_test(kmeans_parallel_starts_as_well),
        cmocka_unit_test(every_start_clusters_under_every_loss),
        cmocka_unit_test(an_odd_callback_draws_rows_too),
        cmocka_unit_test(running_out_of_memory_is_an_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
