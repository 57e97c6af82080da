/* SPDX-License-Identifier: MIT */
#include "json_out.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"

/* Bytes of the valid UTF-8 character at `s`, 0 if there is none (overlong forms, surrogates and
 * values above U+10FFFF are not valid). */
static size_t character_bytes(const unsigned char *s) {
    if (s[0] < 0x80)
        return 1;
    size_t n = s[0] >= 0xF0 ? 4 : s[0] >= 0xE0 ? 3 : 2;
    if (s[0] < 0xC2 || s[0] > 0xF4)
        return 0;
    for (size_t i = 1; i < n; ++i)
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    if ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F) ||
        (s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] > 0x8F))
        return 0;
    return n;
}

void json_set_path(json_t *object, const char *key, const char *path) {
    size_t length = strlen(path), size = 0;
    char *clean = malloc(3 * length + 1), *hex = malloc(2 * length + 1);
    int lost = 0;
    if (clean && hex) {
        for (const unsigned char *s = (const unsigned char *)path; *s;) {
            size_t n = character_bytes(s);
            memcpy(clean + size, n ? (const char *)s : "\xEF\xBF\xBD", n ? n : 3);
            size += n ? n : 3;
            s += n ? n : 1;
            lost |= !n;
        }
        clean[size] = '\0';
        json_object_set_new(object, key, json_string(clean));
        if (lost) {
            char name[64];
            for (size_t i = 0; i < length; ++i)
                sprintf(hex + 2 * i, "%02x", (unsigned char)path[i]);
            snprintf(name, sizeof name, "%s_hex", key);
            json_object_set_new(object, name, json_string(hex));
        }
    }
    free(clean);
    free(hex);
}

json_t *json_number(double value) {
    return isfinite(value) ? json_real(value) : json_null();
}

int json_print(json_t *value) {
    if (!value)
        return fail_memory();
    int bad = json_dumpf(value, stdout, JSON_INDENT(1));
    putchar('\n');
    json_decref(value);
    if (bad && !ferror(stdout))
        return fail_memory();
    return EXIT_DONE;
}
