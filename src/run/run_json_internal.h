/* SPDX-License-Identifier: MIT */
/* Building JSON so that memory that runs out is noticed: jansson's setters take a missing value for
 * an error that nobody reads, and the file would lack a key. */
#ifndef COVEY_RUN_JSON_INTERNAL_H
#define COVEY_RUN_JSON_INTERNAL_H

#include <jansson.h>
#include <math.h>
#include <stddef.h>

#include "covey/status.h"

typedef struct covey__json {
    int failed; /* sticky: ask once, at the end */
} covey__json;

static inline json_t *covey__json_object(covey__json *json) {
    json_t *object = json_object();
    json->failed |= !object;
    return object;
}

static inline json_t *covey__json_array(covey__json *json) {
    json_t *array = json_array();
    json->failed |= !array;
    return array;
}

/* Both take `value` over. */
static inline void covey__json_set(covey__json *json, json_t *object, const char *key,
                                   json_t *value) {
    json->failed |= json_object_set_new(object, key, value) != 0;
}

static inline void covey__json_append(covey__json *json, json_t *array, json_t *value) {
    json->failed |= json_array_append_new(array, value) != 0;
}

/* NaN and infinity have no JSON number: null. */
static inline json_t *covey__json_real(double value) {
    return isfinite(value) ? json_real(value) : json_null();
}

/* And back: what is no number is NaN. */
static inline double covey__json_number(const json_t *object, const char *key) {
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

/* The cleaned text; NULL gives null. */
json_t *covey__json_text(covey__json *json, const char *s);

/* `root`, which is released, as text with jansson's JSON_ flags; freed with covey__free. */
covey_status covey__json_finish(char **out, const covey__json *json, json_t *root, size_t flags,
                                covey_error *err);

#endif
