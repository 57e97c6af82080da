/* SPDX-License-Identifier: MIT */
/* dial.json: the frames of the robustness dial, there and back. Minus infinity, which JSON has no
 * number for, is "-inf"; weights are whole ten-thousandths. */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "run_dial_internal.h"
#include "run_json_internal.h"

enum { WEIGHT_ONE = 10000, MOST_FRAMES = 64 };

/* ---- there ----------------------------------------------------------------------------------- */

static json_t *integers(covey__json *j, const int64_t *values, size_t n) {
    json_t *array = covey__json_array(j);
    for (size_t i = 0; i < n; ++i)
        covey__json_append(j, array, json_integer(values[i]));
    return array;
}

static json_t *frame_json(covey__json *j, const covey_dial *dial, const covey_dial_frame *frame) {
    json_t *object = covey__json_object(j), *sizes = covey__json_array(j),
           *shift = covey__json_array(j);
    json_t *labels = covey__json_array(j), *weights = covey__json_array(j);
    covey__json_set(j, object, "alpha",
                    isinf(frame->alpha) ? json_string("-inf") : json_real(frame->alpha));
    covey__json_set(j, object, "objective", json_real(frame->objective));
    covey__json_set(j, object, "rounds", json_integer(frame->rounds));
    covey__json_set(j, object, "converged", json_boolean(frame->converged));
    covey__json_set(j, object, "moved", json_integer((json_int_t)frame->moved));
    for (size_t g = 0; g < dial->k; ++g) {
        covey__json_append(j, sizes, json_integer((json_int_t)frame->sizes[g]));
        covey__json_append(j, shift, json_real(frame->shift[g]));
    }
    covey__json_set(j, object, "sizes", sizes);
    covey__json_set(j, object, "covers", integers(j, frame->covers, dial->k));
    covey__json_set(j, object, "shift", shift);
    for (size_t i = 0; i < dial->n_rows; ++i) {
        covey__json_append(j, labels, json_integer(frame->labels[i]));
        covey__json_append(j, weights,
                           json_integer((json_int_t)lround(frame->weights[i] * WEIGHT_ONE)));
    }
    covey__json_set(j, object, "labels", labels);
    covey__json_set(j, object, "weights", weights);
    return object;
}

covey_status covey__run_dial_json(char **out, const covey_run *run, covey_error *err) {
    const covey_dial *dial = &run->dial;
    covey__json json = {0}, *j = &json;
    json_t *root = covey__json_object(j), *frames = covey__json_array(j);
    covey__json_set(j, root, "loss", json_string("barron"));
    covey__json_set(j, root, "c", json_real(dial->c));
    covey__json_set(j, root, "k", json_integer((json_int_t)dial->k));
    covey__json_set(j, root, "rows", integers(j, dial->rows, dial->n_rows));
    for (size_t f = 0; f < dial->n_frames; ++f)
        covey__json_append(j, frames, frame_json(j, dial, &dial->frames[f]));
    covey__json_set(j, root, "frames", frames);
    return covey__json_finish(out, j, root, JSON_COMPACT | JSON_REAL_PRECISION(17), err);
}

/* ---- and back -------------------------------------------------------------------------------- */

/* out [n] <- whole numbers low .. high; -1: the array is not that. */
static int read_integers(int64_t *out, size_t n, const json_t *array, int64_t low, int64_t high) {
    if (json_array_size(array) != n)
        return -1;
    for (size_t i = 0; i < n; ++i) {
        const json_t *value = json_array_get(array, i);
        out[i] = json_integer_value(value);
        if (!json_is_integer(value) || out[i] < low || out[i] > high)
            return -1;
    }
    return 0;
}

static int read_alpha(double *out, const json_t *value) {
    const char *text = json_string_value(value);
    if (text && strcmp(text, "-inf") == 0)
        *out = -INFINITY;
    else if (json_is_number(value))
        *out = json_number_value(value);
    else
        return -1;
    return *out <= 2 ? 0 : -1;
}

/* scratch [max(k, n_rows)]. The frame's arrays are there. */
static int fill_frame(covey_dial_frame *out, const covey_dial *dial, const json_t *object, size_t n,
                      int64_t *scratch) {
    const json_t *shift = json_object_get(object, "shift");
    json_int_t rounds = json_integer_value(json_object_get(object, "rounds"));
    json_int_t moved = json_integer_value(json_object_get(object, "moved"));
    if (read_alpha(&out->alpha, json_object_get(object, "alpha")) || rounds < 0 ||
        rounds > 1 << 30 || moved < 0 || (size_t)moved > n || json_array_size(shift) != dial->k)
        return -1;
    out->rounds = (int)rounds;
    out->moved = (size_t)moved;
    out->objective = json_number_value(json_object_get(object, "objective"));
    out->converged = json_is_true(json_object_get(object, "converged"));
    for (size_t j = 0; j < dial->k; ++j)
        out->shift[j] = json_number_value(json_array_get(shift, j));
    if (read_integers(out->covers, dial->k, json_object_get(object, "covers"), -1,
                      (int64_t)n - 1) ||
        read_integers(scratch, dial->k, json_object_get(object, "sizes"), 0, (int64_t)n))
        return -1;
    for (size_t j = 0; j < dial->k; ++j)
        out->sizes[j] = (size_t)scratch[j];
    if (read_integers(scratch, dial->n_rows, json_object_get(object, "labels"), 0,
                      (int64_t)dial->k - 1))
        return -1;
    for (size_t i = 0; i < dial->n_rows; ++i)
        out->labels[i] = (int32_t)scratch[i];
    if (read_integers(scratch, dial->n_rows, json_object_get(object, "weights"), 0, WEIGHT_ONE))
        return -1;
    for (size_t i = 0; i < dial->n_rows; ++i)
        out->weights[i] = (double)scratch[i] / WEIGHT_ONE;
    return 0;
}

static int load(covey_dial *dial, const json_t *root, size_t n, size_t k) {
    const json_t *rows = json_object_get(root, "rows"), *frames = json_object_get(root, "frames");
    size_t count = json_array_size(frames), kept = json_array_size(rows),
           most = k > kept ? k : kept;
    json_int_t said = json_integer_value(json_object_get(root, "k"));
    dial->c = json_number_value(json_object_get(root, "c"));
    dial->k = k;
    if (said != (json_int_t)k || count == 0 || count > MOST_FRAMES || kept == 0 || kept > n ||
        !(dial->c > 0))
        return -1;
    dial->rows = covey__calloc(kept, sizeof *dial->rows);
    dial->frames = covey__calloc(count, sizeof *dial->frames);
    int64_t *scratch = covey__calloc(most, sizeof *scratch);
    int bad = !dial->rows || !dial->frames || !scratch ||
              read_integers(dial->rows, kept, rows, 0, (int64_t)n - 1);
    dial->n_rows = kept;
    for (size_t i = 1; !bad && i < kept; ++i)
        bad = dial->rows[i] <= dial->rows[i - 1];
    for (size_t f = 0; !bad && f < count; ++f) {
        covey_dial_frame *frame = &dial->frames[f];
        dial->n_frames = f + 1;
        frame->sizes = covey__calloc(k, sizeof *frame->sizes);
        frame->covers = covey__calloc(k, sizeof *frame->covers);
        frame->shift = covey__calloc(k, sizeof *frame->shift);
        frame->labels = covey__calloc(kept, sizeof *frame->labels);
        frame->weights = covey__calloc(kept, sizeof *frame->weights);
        bad = !frame->sizes || !frame->covers || !frame->shift || !frame->labels ||
              !frame->weights || fill_frame(frame, dial, json_array_get(frames, f), n, scratch) ||
              (f && !(frame->alpha < dial->frames[f - 1].alpha));
    }
    covey__free(scratch);
    return bad ? -1 : 0;
}

int covey__run_dial_load(covey_run *run, const json_t *root) {
    const covey_comparison *c = &run->comparison;
    if (c->n_losses == 0 || load(&run->dial, root, c->n, c->clusterings[0].k)) {
        covey_dial_fini(&run->dial);
        return -1;
    }
    return 0;
}
