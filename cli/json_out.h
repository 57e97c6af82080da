/* SPDX-License-Identifier: MIT */
/* JSON on stdout. A failed allocation inside jansson is noticed when printing. */
#ifndef COVEY_JSON_OUT_H
#define COVEY_JSON_OUT_H

#include <jansson.h>

/* Sets `key` to `path`; bytes that are not UTF-8 become U+FFFD, and KEY_hex then holds them all. */
void json_set_path(json_t *object, const char *key, const char *path);
/* NaN and infinity become null. */
json_t *json_number(double value);
/* Prints and releases `value`; returns the exit code. */
int json_print(json_t *value);

#endif
