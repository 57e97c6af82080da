/* SPDX-License-Identifier: MIT */
#include "memory_option.h"

#include <stdint.h>
#include <string.h>

#include "console.h"
#include "covey/covey.h"
#include "options.h"

/* "512M", "1.5GiB", "2g": powers of 1024. 0, or -1 if it is none. */
static int parse_size(size_t *out, const char *text) {
    static const char units[] = "KMGT";
    char number[32];
    double value;
    size_t length = strspn(text, "0123456789.");
    if (!length || length >= sizeof number)
        return -1;
    memcpy(number, text, length);
    number[length] = '\0';
    const char *unit = text + length;
    const char *at = *unit ? strchr(units, *unit & ~0x20) : NULL;
    if (!at || (unit[1] && strcmp(unit + 1, "B") != 0 && strcmp(unit + 1, "iB") != 0) ||
        parse_real(&value, number))
        return -1;
    for (const char *u = units; u <= at; ++u)
        value *= 1024;
    if (!(value < (double)(SIZE_MAX / 2)))
        return -1;
    *out = (size_t)value;
    return 0;
}

int memory_option_take(const char *text) {
    size_t limit;
    covey_error err = {0};
    if (!text)
        return EXIT_DONE;
    if (parse_size(&limit, text))
        return misuse("--memory: '%s' is not a size such as 512M or 4G", text);
    if (limit < COVEY_MEMORY_LEAST)
        return misuse("--memory: %s is too little to work in; allow at least 64M", text);
    covey_status status = covey_memory_limit(limit, NULL, &err);
    return status == COVEY_OK ? EXIT_DONE : fail_status(status, &err);
}
