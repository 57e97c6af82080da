/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "covey_test.h"

#include "base_internal.h"
#include "covey/dial.h"
#include "random_internal.h"

enum { N = 203, D = 6, K = 3, STRANGERS = 3 };

static covey_error err;
static float x[N * D];

/* Three clumps, and the last rows far from all of them on the side of the first. */
static void fill(void) {
    for (size_t i = 0; i < N; ++i)
        for (size_t j = 0; j < D; ++j)
            x[i * D + j] = (float)(covey__normal(5, COVEY__PURPOSE_TEST, i, j) +
                                   (j == i % K && i < N - STRANGERS ? 14.0 : 0.0) +
                                   (i >= N - STRANGERS ? (j == 0 ? 17.0 : j == 4 ? 12.0 : 0) : 0));
}

static void compare(covey_comparison *out, covey_compare_params *params, int threads) {
    covey_loss loss;
    *params = covey_compare_params_default();
    params->cluster.k = K;
    params->cluster.restarts = 4;
    params->cluster.threads = threads;
    params->seeds = 0;
    assert_ok(covey_loss_find(&loss, "square", &err));
    fill();
    assert_ok(covey_compare_compute(out, x, N, D, &loss, 1, params, &err));
}

/* At alpha = 2 the dial is the square loss; turned, strangers count less at every place, and the
 * centre that they had pulled moves back. */
static void strangers_sink(void **state) {
    (void)state;
    covey_comparison c;
    covey_compare_params params;
    covey_dial dial;
    compare(&c, &params, 1);
    assert_ok(covey_dial_compute(&dial, &c, x, N, D, &params.cluster, &err));
    assert_int_equal(dial.n_frames, COVEY_DIAL_FRAMES);
    assert_int_equal(dial.k, K);
    assert_int_equal(dial.n_rows, N);
    const covey_dial_frame *first = &dial.frames[0], *last = &dial.frames[dial.n_frames - 1];
    assert_true(first->alpha == 2 && isinf(last->alpha));
    assert_memory_equal(first->labels, c.clusterings[0].labels, N * sizeof(int32_t));
    assert_memory_equal(first->covers, c.clusterings[0].representatives, K * sizeof(int64_t));
    for (size_t i = 0; i < N; ++i)
        assert_true(first->weights[i] == 1);
    for (size_t f = 1; f < dial.n_frames; ++f) {
        const covey_dial_frame *frame = &dial.frames[f];
        size_t sum = 0;
        assert_true(frame->alpha < frame[-1].alpha);
        for (size_t i = N - STRANGERS; i < N; ++i)
            if (frame->weights[i] >= frame[-1].weights[i])
                fail_msg("stranger %zu weighs %g at alpha %g and %g before", i, frame->weights[i],
                         frame->alpha, frame[-1].weights[i]);
        for (size_t j = 0; j < K; ++j)
            sum += frame->sizes[j];
        assert_int_equal(sum, N);
    }
    assert_true(last->weights[N - 1] < 0.1);
    size_t pulled = (size_t)last->labels[N - 1];
    for (size_t j = 0; j < K; ++j)
        if (j != pulled)
            assert_true(last->shift[j] < last->shift[pulled]);
    assert_true(dial.c > 1.5 && dial.c < 3.5); /* sqrt(6) or so */
    covey_dial_fini(&dial);
    covey_comparison_fini(&c);
}

static void any_number_of_threads_gives_the_same(void **state) {
    (void)state;
    covey_comparison c;
    covey_compare_params params;
    covey_dial one, three;
    compare(&c, &params, 1);
    assert_ok(covey_dial_compute(&one, &c, x, N, D, &params.cluster, &err));
    params.cluster.threads = 3;
    assert_ok(covey_dial_compute(&three, &c, x, N, D, &params.cluster, &err));
    for (size_t f = 0; f < one.n_frames; ++f) {
        const covey_dial_frame *a = &one.frames[f], *b = &three.frames[f];
        assert_true(a->objective == b->objective);
        assert_memory_equal(a->weights, b->weights, N * sizeof(double));
        assert_memory_equal(a->shift, b->shift, K * sizeof(double));
        assert_memory_equal(a->covers, b->covers, K * sizeof(int64_t));
    }
    covey_dial_fini(&one);
    covey_dial_fini(&three);
    assert_status(covey_dial_compute(&one, &c, x, N - 1, D, &params.cluster, &err),
                  COVEY_E_ARGUMENT);
    covey_comparison_fini(&c);
}

/* A number that a run before had and this one has no group for: it has no centre, and stays empty
 * at every place; the others are as without it. */
static void a_number_without_a_group_stays_empty(void **state) {
    (void)state;
    enum { WIDE = K + 1, HOLE = 1 };
    covey_comparison c;
    covey_compare_params params;
    covey_dial plain, holed;
    compare(&c, &params, 1);
    assert_ok(covey_dial_compute(&plain, &c, x, N, D, &params.cluster, &err));
    covey_clustering *from = &c.clusterings[0], kept = *from;
    double centres[WIDE * D];
    size_t sizes[WIDE];
    for (size_t j = 0; j < WIDE; ++j) {
        size_t old = j - (j > HOLE);
        sizes[j] = j == HOLE ? 0 : kept.sizes[old];
        for (size_t i = 0; i < D; ++i)
            centres[j * D + i] = j == HOLE ? NAN : kept.centres[old * D + i];
    }
    from->k = WIDE;
    from->centres = centres;
    from->sizes = sizes;
    assert_ok(covey_dial_compute(&holed, &c, x, N, D, &params.cluster, &err));
    *from = kept;
    assert_int_equal(holed.k, WIDE);
    for (size_t f = 0; f < holed.n_frames; ++f) {
        const covey_dial_frame *a = &plain.frames[f], *b = &holed.frames[f];
        assert_true(b->sizes[HOLE] == 0 && b->covers[HOLE] == -1 && b->shift[HOLE] == 0);
        assert_true(a->objective == b->objective && a->moved == b->moved);
        for (size_t j = 0; j < K; ++j) {
            assert_int_equal(a->sizes[j], b->sizes[j + (j >= HOLE)]);
            assert_int_equal(a->covers[j], b->covers[j + (j >= HOLE)]);
        }
        for (size_t i = 0; i < N; ++i)
            assert_int_equal(b->labels[i], a->labels[i] + (a->labels[i] >= HOLE));
    }
    covey_dial_fini(&plain);
    covey_dial_fini(&holed);
    covey_comparison_fini(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strangers_sink),
        cmocka_unit_test(any_number_of_threads_gives_the_same),
        cmocka_unit_test(a_number_without_a_group_stays_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
