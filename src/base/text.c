/* SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base_internal.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static locale_t c_locale;

static void make_c_locale(void) {
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

locale_t covey__c_locale_begin(void) {
    pthread_once(&once, make_c_locale);
    return c_locale ? uselocale(c_locale) : (locale_t)0;
}

void covey__c_locale_end(locale_t kept) {
    if (kept)
        uselocale(kept);
}

static int reserve(covey__text *text, size_t more) {
    size_t need;
    if (text->failed || covey__add_size(&need, text->size, more) ||
        covey__add_size(&need, need, 1)) {
        text->failed = 1;
        return -1;
    }
    if (need <= text->capacity)
        return 0;
    size_t capacity = text->capacity ? text->capacity : 256;
    while (capacity < need)
        capacity = capacity > SIZE_MAX / 2 ? need : capacity * 2;
    char *data = covey__realloc(text->data, text->size, capacity);
    if (!data) {
        text->failed = 1;
        return -1;
    }
    text->data = data;
    text->capacity = capacity;
    return 0;
}

void covey__text_add_bytes(covey__text *text, const void *bytes, size_t n) {
    if (reserve(text, n))
        return;
    if (n)
        memcpy(text->data + text->size, bytes, n);
    text->size += n;
    text->data[text->size] = '\0';
}

void covey__text_add(covey__text *text, const char *s) {
    covey__text_add_bytes(text, s, strlen(s));
}

void covey__text_addf(covey__text *text, const char *fmt, ...) {
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    locale_t kept = covey__c_locale_begin();
    int length = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (length < 0)
        text->failed = 1;
    else if (!reserve(text, (size_t)length)) {
        vsnprintf(text->data + text->size, (size_t)length + 1, fmt, again);
        text->size += (size_t)length;
    }
    covey__c_locale_end(kept);
    va_end(again);
}

void covey__text_add_csv(covey__text *text, const char *field) {
    if (!strpbrk(field, ",\"\r\n")) {
        covey__text_add(text, field);
        return;
    }
    covey__text_add(text, "\"");
    for (const char *quote; (quote = strchr(field, '"')); field = quote + 1) {
        covey__text_add_bytes(text, field, (size_t)(quote - field));
        covey__text_add(text, "\"\"");
    }
    covey__text_add(text, field);
    covey__text_add(text, "\"");
}

size_t covey__utf8_length(const char *text) {
    const unsigned char *s = (const unsigned char *)text;
    if (s[0] < 0x80)
        return 1;
    if (s[0] >= 0xC2 && s[0] <= 0xDF)
        return (s[1] & 0xC0) == 0x80 ? 2 : 0;
    if (s[0] >= 0xE0 && s[0] <= 0xEF) {
        unsigned low = s[0] == 0xE0 ? 0xA0 : 0x80, high = s[0] == 0xED ? 0x9F : 0xBF;
        return s[1] >= low && s[1] <= high && (s[2] & 0xC0) == 0x80 ? 3 : 0;
    }
    if (s[0] >= 0xF0 && s[0] <= 0xF4) {
        unsigned low = s[0] == 0xF0 ? 0x90 : 0x80, high = s[0] == 0xF4 ? 0x8F : 0xBF;
        return s[1] >= low && s[1] <= high && (s[2] & 0xC0) == 0x80 && (s[3] & 0xC0) == 0x80 ? 4
                                                                                             : 0;
    }
    return 0;
}

static void add_clean(covey__text *text, const char *s, int html, int *changed) {
    const unsigned char *p = (const unsigned char *)s;
    while (*p) {
        size_t n = covey__utf8_length((const char *)p);
        const char *entity = NULL;
        if (n == 0 || *p < 0x20 || *p == 0x7F) {
            entity = "\xEF\xBF\xBD";
            n = n ? n : 1;
            *changed = 1;
        } else if (html) {
            entity = *p == '&'    ? "&amp;"
                     : *p == '<'  ? "&lt;"
                     : *p == '>'  ? "&gt;"
                     : *p == '"'  ? "&quot;"
                     : *p == '\'' ? "&#39;"
                                  : NULL;
        }
        if (entity)
            covey__text_add(text, entity);
        else
            covey__text_add_bytes(text, p, n);
        p += n;
    }
}

void covey__text_add_html(covey__text *text, const char *s) {
    int changed = 0;
    add_clean(text, s, 1, &changed);
}

char *covey__utf8_clean(const char *s, int *changed) {
    covey__text text = {0};
    *changed = 0;
    covey__text_add(&text, "");
    add_clean(&text, s, 0, changed);
    if (text.failed) {
        covey__text_fini(&text);
        return NULL;
    }
    return text.data;
}

static void add_shortest(covey__text *text, double value, int least, int most, int single) {
    if (isnan(value)) {
        covey__text_add(text, "nan");
        return;
    }
    if (isinf(value)) {
        covey__text_add(text, value < 0 ? "-inf" : "inf");
        return;
    }
    char number[40];
    locale_t kept = covey__c_locale_begin();
    for (int digits = least; digits <= most; ++digits) {
        snprintf(number, sizeof number, "%.*g", digits, value);
        if (single ? strtof(number, NULL) == (float)value : strtod(number, NULL) == value)
            break;
    }
    covey__c_locale_end(kept);
    covey__text_add(text, number);
}

void covey__text_add_double(covey__text *text, double value) {
    /* Up to 15 digits survive the way there and back, so that printing 15 drops none that a
     * shorter one has; subnormal numbers have fewer. */
    add_shortest(text, value, fabs(value) < DBL_MIN ? 1 : 15, 17, 0);
}

void covey__text_add_float(covey__text *text, float value) {
    add_shortest(text, (double)value, fabsf(value) < FLT_MIN ? 1 : 6, 9, 1);
}

void covey__text_fini(covey__text *text) {
    covey__free(text->data);
    *text = (covey__text){0};
}

int covey__csv_next(char **cursor, char *end, char **fields, int max) {
    char *in = *cursor;
    if (in >= end)
        return 0;
    int count = 0;
    for (;;) {
        char *start, *out;
        if (in < end && *in == '"') {
            start = out = ++in;
            for (;;) {
                if (in >= end)
                    return -1;
                if (*in == '"') {
                    if (in + 1 >= end || in[1] != '"')
                        break;
                    ++in;
                }
                *out++ = *in++;
            }
            ++in;
            if (in < end && *in != ',' && *in != '\n' && *in != '\r')
                return -1;
        } else {
            start = in;
            while (in < end && *in != ',' && *in != '\n' && *in != '\r')
                ++in;
            out = in;
        }
        char stop = in < end ? *in : '\n';
        if (in < end)
            ++in;
        if (stop == '\r' && in < end && *in == '\n')
            ++in;
        *out = '\0'; /* the buffer has one byte beyond `end` (covey__file_read adds it) */
        if (count < max)
            fields[count] = start;
        ++count;
        if (stop != ',')
            break;
    }
    *cursor = in;
    return count;
}

static size_t edit_distance(const char *a, const char *b) {
    size_t row[64], la = strlen(a), lb = strlen(b);
    if (la > 60 || lb > 60)
        return SIZE_MAX;
    for (size_t j = 0; j <= lb; ++j)
        row[j] = j;
    for (size_t i = 1; i <= la; ++i) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= lb; ++j) {
            size_t change = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            size_t other = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            row[j] = change < other ? change : other;
        }
    }
    return row[lb];
}

const char *covey__nearest_name(const char *word, const char *const *names) {
    const char *best = NULL;
    size_t best_distance = strlen(word) / 3 + 2;
    for (; *names; ++names) {
        size_t distance = edit_distance(word, *names);
        if (distance < best_distance) {
            best_distance = distance;
            best = *names;
        }
    }
    return best;
}
