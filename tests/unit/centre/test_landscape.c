/* SPDX-License-Identifier: MIT */
#include "centre_cases.h"

#include "base_internal.h"
#include "covey/landscape.h"

enum { M = 240, D = 12, SIDE = 11 };

static covey_error err;
static float x[M * D];

/* Long along the first and then the second coordinate, so that the plane is known. */
static void fill(void) {
    for (size_t i = 0; i < M; ++i)
        for (size_t j = 0; j < D; ++j)
            x[i * D + j] = (float)(covey__normal(3, COVEY__PURPOSE_TEST, i, j) *
                                   (j == 0 ? 9 : j == 1 ? 5 : 0.4));
}

static double total(const covey_loss *loss, const double *mu) {
    double sum = 0, row[D];
    for (size_t i = 0; i < M; ++i) {
        for (size_t j = 0; j < D; ++j)
            row[j] = (double)x[i * D + j];
        sum += covey_loss_compute(loss, row, mu, D);
    }
    return sum;
}

static covey_landscape_params small(void) {
    covey_landscape_params params = covey_landscape_params_default();
    params.side = SIDE;
    params.starts = 3;
    params.threads = 1;
    return params;
}

static void check_landscape(const covey_landscape *l, const covey_loss *loss, double tolerance) {
    double mu[D], least = INFINITY;
    assert_close(l->objective, total(loss, l->origin), 0, 1e-12);
    for (size_t r = 0; r < SIDE; ++r)
        for (size_t c = 0; c < SIDE; ++c) {
            double u = l->half_width * (2. * (double)c / (SIDE - 1) - 1);
            double v = l->half_width * (2. * (double)r / (SIDE - 1) - 1);
            for (size_t j = 0; j < D; ++j)
                mu[j] = l->origin[j] + u * l->axes[j] + v * l->axes[D + j];
            assert_close(l->grid[r * SIDE + c], total(loss, mu), 1e-12, tolerance);
            least = fmin(least, l->grid[r * SIDE + c]);
        }
    /* The centre of the window is the centre found: nothing on the plane is below it. */
    assert_close(l->grid[SIDE / 2 * SIDE + SIDE / 2], l->objective, 1e-12, tolerance);
    assert_true(least >= l->objective * (1 - tolerance));
    assert_true(l->grid_error <= tolerance);
    for (int a = 0; a < 2; ++a)
        for (int b = 0; b <= a; ++b) {
            double dot = 0;
            for (size_t j = 0; j < D; ++j)
                dot += l->axes[a * D + (int)j] * l->axes[b * D + (int)j];
            assert_close(dot, a == b, 1e-12, 0);
        }
    assert_int_equal(l->n_paths, 5);
    for (size_t p = 0; p < l->n_paths; ++p) {
        const covey_landscape_path *path = &l->paths[p];
        /* On the plateau of a bounded loss nothing moves. */
        assert_true(path->n_steps >= (loss->ops->traits & COVEY_LOSS_BOUNDED ? 1 : 2));
        assert_close(path->steps[0].away, 0, 1e-9, 0); /* starts lie on the plane */
        assert_true(fabs(path->steps[0].u) <= l->half_width);
        assert_int_equal(path->steps[0].iteration, 0);
        for (size_t s = 1; s < path->n_steps; ++s)
            assert_true(path->steps[s].objective <= path->steps[s - 1].objective * (1 + 1e-12));
        assert_true(path->steps[path->n_steps - 1].objective >= l->objective * (1 - 1e-9));
    }
    /* IRLS and L-BFGS begin where the first descent does. */
    for (size_t p = 3; p < 5; ++p) {
        assert_int_equal(l->paths[p].start, 0);
        assert_close(l->paths[p].steps[0].u, l->paths[0].steps[0].u, 0, 0);
    }
    assert_int_equal(l->paths[3].solver, COVEY_SOLVER_IRLS);
    assert_int_equal(l->paths[4].solver, COVEY_SOLVER_LBFGS);
}

static void test_every_loss(void **state) {
    (void)state;
    covey_landscape_params params = small();
    fill();
    for (size_t i = 0; i < covey_loss_count(); ++i) {
        covey_landscape l;
        covey_loss loss = loss_with(covey_loss_get(i)->name, 4);
        if (is_spherical(&loss)) {
            assert_status(covey_landscape_compute(&l, x, M, D, &loss, &params, &err),
                          COVEY_E_ARGUMENT);
            continue;
        }
        assert_ok(covey_landscape_compute(&l, x, M, D, &loss, &params, &err));
        check_landscape(&l, &loss, 1e-11);
        covey_landscape_fini(&l);
    }
}

/* A grid so fine that plain sums are too many: the table, whose error is measured and small. */
static void test_table(void **state) {
    (void)state;
    static const char *const names[] = {"absolute", "huber", "log_cosh", "quantile"};
    covey_landscape_params params = small();
    params.side = 401;
    params.starts = 0;
    params.steps = 1;
    fill();
    for (size_t i = 0; i < 4; ++i) {
        covey_landscape l;
        covey_loss loss = loss_with(names[i], 4);
        double mu[D];
        assert_ok(covey_landscape_compute(&l, x, M, D, &loss, &params, &err));
        assert_true(l.grid_error < 1e-5);
        assert_true(l.grid_error > 0); /* a table it is */
        for (size_t k = 0; k < 401; k += 37) {
            double u = l.half_width * (2. * (double)k / 400 - 1);
            for (size_t j = 0; j < D; ++j)
                mu[j] = l.origin[j] + u * l.axes[j] - l.half_width * l.axes[D + j];
            assert_close(l.grid[k], total(&loss, mu), 0, 1e-5);
        }
        covey_landscape_fini(&l);
    }
}

static void test_principal_plane(void **state) {
    (void)state;
    covey_landscape l;
    covey_landscape_params params = small();
    covey_loss loss = loss_with("square", 1);
    fill();
    assert_ok(covey_landscape_compute(&l, x, M, D, &loss, &params, &err));
    assert_true(l.axes[0] > 0.99 && l.axes[D + 1] > 0.99);
    assert_true(l.variance[0] > l.variance[1] && l.variance[1] > 10);
    /* Eigenvectors: C v = lambda v, with the covariance summed here. */
    double mean[D] = {0};
    for (size_t i = 0; i < M; ++i)
        for (size_t j = 0; j < D; ++j)
            mean[j] += (double)x[i * D + j] / M;
    for (int a = 0; a < 2; ++a) {
        double image[D] = {0};
        for (size_t i = 0; i < M; ++i) {
            double along = 0;
            for (size_t j = 0; j < D; ++j)
                along += ((double)x[i * D + j] - mean[j]) * l.axes[a * D + (int)j];
            for (size_t j = 0; j < D; ++j)
                image[j] += along * ((double)x[i * D + j] - mean[j]) / M;
        }
        for (size_t j = 0; j < D; ++j)
            assert_close(image[j], l.variance[a] * l.axes[a * D + (int)j], 1e-4 * l.variance[a],
                         0);
    }
    covey_landscape_fini(&l);
    params.slice = COVEY_SLICE_RANDOM;
    assert_ok(covey_landscape_compute(&l, x, M, D, &loss, &params, &err));
    assert_true(fabs(l.axes[0]) < 0.9);
    check_landscape(&l, &loss, 1e-11);
    covey_landscape_fini(&l);
}

static void test_threads_change_nothing(void **state) {
    (void)state;
    covey_landscape one, three;
    covey_landscape_params params = small();
    covey_loss loss = loss_with("cauchy", 4);
    fill();
    assert_ok(covey_landscape_compute(&one, x, M, D, &loss, &params, &err));
    params.threads = 3;
    assert_ok(covey_landscape_compute(&three, x, M, D, &loss, &params, &err));
    assert_memory_equal(one.grid, three.grid, SIDE * SIDE * sizeof(double));
    assert_memory_equal(one.axes, three.axes, 2 * D * sizeof(double));
    for (size_t p = 0; p < one.n_paths; ++p) {
        assert_int_equal(one.paths[p].n_steps, three.paths[p].n_steps);
        for (size_t t = 0; t < one.paths[p].n_steps; ++t) {
            const covey_landscape_step *a = &one.paths[p].steps[t], *b = &three.paths[p].steps[t];
            assert_int_equal(a->iteration, b->iteration);
            assert_true(a->u == b->u && a->v == b->v && a->away == b->away &&
                        a->objective == b->objective);
        }
    }
    covey_landscape_fini(&one);
    covey_landscape_fini(&three);
}

static void test_degenerate_rows(void **state) {
    (void)state;
    covey_landscape l;
    covey_landscape_params params = small();
    covey_loss loss = loss_with("huber", 1);
    float same[3 * 2] = {1, 2, 1, 2, 1, 2};
    assert_ok(covey_landscape_compute(&l, same, 3, 2, &loss, &params, &err));
    assert_close(l.half_width, 1, 0, 0);
    assert_close(l.objective, 0, 1e-15, 0);
    covey_landscape_fini(&l);
    fill();
    params.max_rows = 50;
    assert_ok(covey_landscape_compute(&l, x, M, D, &loss, &params, &err));
    assert_int_equal(l.rows, 50);
    assert_int_equal(l.m, M);
    covey_landscape_fini(&l);
}

static int stop(void *user, const char *stage, size_t done, size_t all) {
    (void)stage;
    (void)done;
    (void)all;
    return --*(int *)user < 0;
}

static void test_refused(void **state) {
    (void)state;
    covey_landscape l;
    covey_landscape_params params = small();
    covey_loss loss = loss_with("huber", 1);
    int calls = 2;
    fill();
    assert_status(covey_landscape_compute(&l, x, M, 1, &loss, &params, &err), COVEY_E_ARGUMENT);
    assert_status(covey_landscape_compute(&l, x, 0, D, &loss, &params, &err), COVEY_E_ARGUMENT);
    params.side = 1;
    assert_status(covey_landscape_compute(&l, x, M, D, &loss, &params, &err), COVEY_E_ARGUMENT);
    params = small();
    params.steps = 0;
    assert_status(covey_landscape_compute(&l, x, M, D, &loss, &params, &err), COVEY_E_ARGUMENT);
    params = small();
    x[7] = NAN;
    assert_status(covey_landscape_compute(&l, x, M, D, &loss, &params, &err), COVEY_E_NUMERIC);
    fill();
    params.progress = stop;
    params.progress_user = &calls;
    assert_status(covey_landscape_compute(&l, x, M, D, &loss, &params, &err), COVEY_E_CANCELLED);
}

static void test_memory_runs_out(void **state) {
    (void)state;
    covey_landscape_params params = small();
    covey_loss loss = loss_with("huber", 1);
    fill();
    size_t k = 1;
    for (; k < 1000; ++k) {
        covey_landscape l;
        covey__alloc_fail_at(k);
        covey_status status = covey_landscape_compute(&l, x, M, D, &loss, &params, &err);
        covey__alloc_fail_at(0);
        if (status == COVEY_OK) {
            covey_landscape_fini(&l);
            break;
        }
        assert_int_equal(status, COVEY_E_NOMEM);
    }
    assert_true(k > 10 && k < 1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_loss),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_principal_plane),
        cmocka_unit_test(test_threads_change_nothing),
        cmocka_unit_test(test_degenerate_rows),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
