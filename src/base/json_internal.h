/* SPDX-License-Identifier: MIT */
#ifndef COVEY_JSON_INTERNAL_H
#define COVEY_JSON_INTERNAL_H

#include <jansson.h>

#include "covey/status.h"

/* One JSON value without duplicate keys: COVEY_OK, COVEY_E_FORMAT, or COVEY_E_NOMEM. *out is freed
 * with json_decref, and untouched on failure. */
covey_status covey__json_load(json_t **out, const char *text, size_t size);

/* `root` as text with jansson's JSON_ flags; NULL (a value that could not be made) and memory that
 * runs out are COVEY_E_NOMEM. *out is freed with covey__free, and untouched on failure. */
covey_status covey__json_dump(char **out, const json_t *root, size_t flags);

#endif
