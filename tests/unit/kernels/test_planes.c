/* SPDX-License-Identifier: MIT */
/* The convolution of planes of bfloat16 parts, of every ISA this machine has, against float64. */
#include <float.h>

#include "guard_test.h"

#include "kernels_internal.h"

/* bfloat16 values that end at a guard page. */
typedef struct halves {
    guarded memory;
    uint16_t *data;
} halves;

static halves halves_new(size_t n, uint32_t seed) {
    halves h = {.memory = guarded_new((n + 1) / 2)};
    h.data = (uint16_t *)h.memory.data + n % 2;
    for (size_t i = 0; i < n; ++i)
        h.data[i] = covey__to_bf16(test_number(&seed));
    return h;
}

static const covey__kernels *kernels_of(int isa) {
    return covey__kernels_get((covey_isa)isa);
}

/* ISAs with a kernel of their own: those between have scalar's. */
static int has_own(int isa) {
    return isa == COVEY_ISA_SCALAR ||
           kernels_of(isa)->planes_convolve != kernels_of(COVEY_ISA_SCALAR)->planes_convolve;
}

typedef struct problem {
    covey__planes_shape shape;
    size_t positions;
    const uint16_t *in, *weights;
} problem;

static double want_sum(const problem *p, size_t position, size_t o, double *size) {
    static const size_t of_input[] = {0, 0, 1}, of_weights[] = {0, 1, 0};
    const covey__planes_shape *shape = &p->shape;
    double sum = 0;
    *size = 0;
    for (size_t c = 0; c < shape->chunks; ++c)
        for (size_t t = 0; t < shape->taps; ++t)
            for (size_t product = 0; product < (shape->parts == 2 ? 3 : 1); ++product)
                for (size_t k = 0; k < COVEY__CHUNK; ++k) {
                    const uint16_t *a = p->in + position * shape->step + c * shape->plane +
                                        of_input[product] * shape->part + shape->tap[t] + k;
                    const uint16_t *w =
                        p->weights + ((c * shape->taps + t) * shape->parts + of_weights[product]) *
                                         COVEY__PANEL_STEP;
                    double x = (double)covey__from_bf16(*a) *
                               covey__from_bf16(w[o / 16 * 512 + k / 2 * 32 + o % 16 * 2 + k % 2]);
                    sum += x;
                    *size += fabs(x);
                }
    return sum;
}

static void check_convolve(int isa, size_t chunks, size_t parts, size_t taps, size_t positions) {
    problem p = {.positions = positions};
    size_t blocks = (positions + COVEY__POSITIONS - 1) / COVEY__POSITIONS;
    size_t whole = blocks * COVEY__POSITIONS, pitch = 5;
    p.shape = (covey__planes_shape){.chunks = chunks, .parts = parts, .taps = taps};
    size_t lead = pitch + 1, count = lead + whole + pitch + 1;
    p.shape.step = taps == 9 ? COVEY__CHUNK : 4;
    p.shape.plane = count * COVEY__CHUNK;
    p.shape.part = taps == 9 ? chunks * p.shape.plane : (count + 8) * 4;
    for (size_t t = 0; t < taps; ++t)
        p.shape.tap[t] = taps == 9 ? ((ptrdiff_t)(t / 3 * pitch + t % 3) - (ptrdiff_t)lead) * COVEY__CHUNK
                                   : ((ptrdiff_t)(t * pitch) - (ptrdiff_t)lead) * 4;
    halves in = halves_new(parts * p.shape.part, 1);
    halves weights = halves_new(chunks * taps * parts * COVEY__PANEL_STEP, 2);
    guarded sums = guarded_new(whole * COVEY__CHUNK), one = guarded_new(COVEY__POSITIONS * COVEY__CHUNK);
    p.in = in.data + lead * p.shape.step;
    p.weights = weights.data;
    covey__planes_convolve_fn *convolve = kernels_of(isa)->planes_convolve;
    convolve(sums.data, p.in, &p.shape, p.weights, positions);
    for (size_t i = 0; i < positions; ++i) {
        for (size_t o = 0; o < COVEY__CHUNK; ++o) {
            double size, want = want_sum(&p, i, o, &size);
            double steps = (double)(chunks * taps * COVEY__CHUNK * (parts == 2 ? 3 : 1));
            assert_close(sums.data[i * COVEY__CHUNK + o], want, steps * (FLT_EPSILON / 2) * size, 0);
        }
        /* The same bits whatever is computed beside it. */
        if (i + COVEY__POSITIONS <= whole) {
            convolve(one.data, p.in + i * p.shape.step, &p.shape, p.weights, 1);
            assert_memory_equal(one.data, sums.data + i * COVEY__CHUNK, COVEY__CHUNK * sizeof(float));
        }
    }
    guarded_free(&in.memory), guarded_free(&weights.memory), guarded_free(&sums), guarded_free(&one);
}

static void test_convolve(void **state) {
    (void)state;
    const size_t positions[] = {1, 15, 16, 17, 33, 48, 49, 79, 112};
    for (int isa = 0; isa <= (int)covey_isa_machine(); isa = next_isa(isa)) {
        if (!has_own(isa))
            continue;
        print_message("%s\n", covey_isa_name((covey_isa)isa));
        for (size_t i = 0; i < LENGTH(positions); ++i)
            for (size_t parts = 1; parts <= 2; ++parts) {
                check_convolve(isa, 1, parts, 3, positions[i]); /* of the photo */
                check_convolve(isa, 1, parts, 9, positions[i]);
                check_convolve(isa, 5, parts, 9, positions[i]);
            }
    }
}

/* ---- what follows ---------------------------------------------------------------------------- */

static float want_output(const float *sums, size_t pitch, float bias, int flags) {
    float x = sums[0];
    if (flags & COVEY__POOL)
        x = fmaxf(fmaxf(x, sums[COVEY__CHUNK]),
                  fmaxf(sums[pitch * COVEY__CHUNK], sums[(pitch + 1) * COVEY__CHUNK]));
    x += bias;
    return flags & COVEY__RELU ? fmaxf(x, 0) : x;
}

static void check_store(int isa, size_t height, size_t width, size_t parts, int flags) {
    size_t step = flags & COVEY__POOL ? 2 : 1, pitch = width * step + 1;
    guarded sums = guarded_new(height * step * pitch * COVEY__CHUNK), bias = guarded_new(COVEY__CHUNK);
    test_fill(sums.data, height * step * pitch * COVEY__CHUNK, 3);
    test_fill(bias.data, COVEY__CHUNK, 4);
    halves planes = halves_new(parts * height * (width + 1) * COVEY__CHUNK, 5);
    covey__planes_target target = {.planes = planes.data,
                                   .part = height * (width + 1) * COVEY__CHUNK,
                                   .parts = parts,
                                   .height = height,
                                   .width = width};
    kernels_of(isa)->planes_store(&target, sums.data, pitch, bias.data, flags);
    for (size_t i = 0; i < target.part; ++i) {
        size_t o = i % COVEY__CHUNK, x = i / COVEY__CHUNK % (width + 1);
        size_t y = i / COVEY__CHUNK / (width + 1);
        uint16_t want[2] = {0, 0};
        if (x < width)
            covey__split_bf16(want,
                              want_output(sums.data + (y * pitch + x) * step * COVEY__CHUNK + o, pitch,
                                          bias.data[o], flags),
                              parts);
        for (size_t part = 0; part < parts; ++part) /* +0 and -0 are one */
            assert_int_equal((uint16_t)(planes.data[part * target.part + i] << 1),
                             (uint16_t)(want[part] << 1));
    }
    for (size_t channels = 16; channels <= 32; channels += 16) {
        size_t n = (height * width - 1) * 48 + channels; /* 48: a further panel lies beside it */
        guarded floats = guarded_new(n);
        test_fill(floats.data, n, 6);
        float beside = height * width > 1 ? floats.data[channels] : 0;
        target.planes = NULL;
        target.floats = floats.data;
        target.stride = 48;
        target.channels = channels;
        kernels_of(isa)->planes_store(&target, sums.data, pitch, bias.data, flags);
        for (size_t i = 0; i < height * width * channels; ++i) {
            size_t o = i % channels, x = i / channels % width, y = i / channels / width;
            assert_true(floats.data[(y * width + x) * 48 + o] ==
                        want_output(sums.data + (y * pitch + x) * step * COVEY__CHUNK + o, pitch,
                                    bias.data[o], flags));
        }
        if (height * width > 1)
            assert_true(floats.data[channels] == beside);
        guarded_free(&floats);
    }
    guarded_free(&sums), guarded_free(&bias), guarded_free(&planes.memory);
}

static void test_store(void **state) {
    (void)state;
    const size_t sides[][2] = {{1, 1}, {2, 7}, {3, 16}, {1, 33}};
    for (int isa = 0; isa <= (int)covey_isa_machine(); isa = next_isa(isa))
        for (size_t i = 0; has_own(isa) && i < LENGTH(sides); ++i)
            for (size_t parts = 1; parts <= 2; ++parts)
                for (int flags = 0; flags < 4; ++flags)
                    check_store(isa, sides[i][0], sides[i][1], parts, flags);
}

/* Rounding: to the nearest, ties to even; two parts keep 16 bits. */
static void test_parts(void **state) {
    (void)state;
    assert_int_equal(covey__to_bf16(1), 0x3f80);
    assert_int_equal(covey__to_bf16(1 + 0x1p-8f), 0x3f80);             /* a tie, to even */
    assert_int_equal(covey__to_bf16(1 + 0x1p-8f + 0x1p-20f), 0x3f81);
    assert_int_equal(covey__to_bf16(1 + 3 * 0x1p-8f), 0x3f82);         /* a tie, to even */
    assert_int_equal(covey__to_bf16(-1.5f), 0xbfc0);
    assert_int_equal(covey__to_bf16(1e-40f), 0);                       /* subnormal */
    uint32_t seed = 7;
    for (int i = 0; i < 10000; ++i) {
        float x = test_number(&seed);
        uint16_t part[2];
        covey__split_bf16(part, x, 2);
        double sum = (double)covey__from_bf16(part[0]) + covey__from_bf16(part[1]);
        assert_true(fabs(sum - x) <= 0x1p-17 * fabsf(x) + 1e-30);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_convolve),
        cmocka_unit_test(test_store),
        cmocka_unit_test(test_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
