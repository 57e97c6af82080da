/* SPDX-License-Identifier: MIT */
/* Sentences and numbers of the page. Numbers are written the same whatever the host program's
 * locale says: a decimal comma would end up in the page's data. */
#include <math.h>
#include <string.h>

#include "report_internal.h"

/* A row without its second language, or with an empty one, does not compile. */
#define COVEY_MESSAGE(name, english, persian)                                                      \
    _Static_assert(sizeof english > 1 && sizeof persian > 1, #name " is empty in a language");
#define COVEY_LOSS_TITLE(name, persian)                                                            \
    _Static_assert(sizeof persian > 1, #name " has no title in Persian");
#include "report_messages.def"
#undef COVEY_MESSAGE
#undef COVEY_LOSS_TITLE

static const char *const messages[COVEY_LANGUAGE_COUNT][COVEY__MSG_COUNT] = {
#define COVEY_LOSS_TITLE(name, persian)
#define COVEY_MESSAGE(name, english, persian) [COVEY_LANGUAGE_EN][COVEY__MSG_##name] = english,
#include "report_messages.def"
#undef COVEY_MESSAGE
#define COVEY_MESSAGE(name, english, persian) [COVEY_LANGUAGE_FA][COVEY__MSG_##name] = persian,
#include "report_messages.def"
#undef COVEY_MESSAGE
#undef COVEY_LOSS_TITLE
};

/* In the order of losses.def; a loss that has no title in the catalogue does not compile. */
enum {
#define COVEY_MESSAGE(name, english, persian)
#define COVEY_LOSS_TITLE(name, persian) TITLE_##name,
#include "report_messages.def"
#undef COVEY_LOSS_TITLE
    TITLE_COUNT
};
static const char *const loss_titles[TITLE_COUNT] = {
#define COVEY_LOSS_TITLE(name, persian) [TITLE_##name] = persian,
#include "report_messages.def"
#undef COVEY_LOSS_TITLE
#undef COVEY_MESSAGE
};
static const int title_of_loss[] = {
#define COVEY_LOSS_ROW(name) TITLE_##name,
#include "losses.def"
#undef COVEY_LOSS_ROW
};

const char *covey__message_get(covey_language language, covey__message message) {
    return messages[language][message];
}

const char *covey__loss_title(covey_language language, const covey_loss_ops *ops) {
    if (language == COVEY_LANGUAGE_FA)
        for (size_t i = 0; i < sizeof title_of_loss / sizeof *title_of_loss; ++i)
            if (covey_loss_get(i) == ops)
                return loss_titles[title_of_loss[i]];
    return ops->title ? ops->title : ops->name; /* a user's own loss has the title it came with */
}

void covey__page_say(covey__page *page, covey__message message, const char *const *args) {
    const char *at = messages[page->language][message];
    for (const char *open; (open = strchr(at, '{')) && open[1] >= '0' && open[1] <= '9';
         at = open + 3) {
        char *before = covey__strndup(at, (size_t)(open - at));
        if (!before) {
            page->text.failed = 1;
            return;
        }
        covey__text_add_html(&page->text, before);
        covey__free(before);
        covey__text_add_html(&page->text, args[open[1] - '0']);
    }
    covey__text_add_html(&page->text, at);
}

/* Appends at most what fits, whole UTF-8 characters only. */
static void append(covey__short *to, const char *s, size_t n) {
    size_t used = strlen(to->s), room = sizeof to->s - 1 - used;
    if (n > room) {
        n = room;
        while (n && ((unsigned char)s[n] & 0xC0) == 0x80)
            --n;
    }
    memcpy(to->s + used, s, n);
    to->s[used + n] = '\0';
}

covey__short covey__phrase(covey_language language, covey__message message, const char *a,
                           const char *b, const char *c) {
    const char *args[3] = {a, b, c};
    covey__short out = {""};
    const char *at = messages[language][message];
    for (const char *open; (open = strchr(at, '{')); at = open + 3) {
        append(&out, at, (size_t)(open - at));
        const char *arg = open[1] >= '0' && open[1] <= '2' ? args[open[1] - '0'] : NULL;
        append(&out, arg ? arg : "", arg ? strlen(arg) : 0);
    }
    append(&out, at, strlen(at));
    return out;
}

covey__short covey__plural(covey_language language, covey__message one, covey__message many,
                           size_t n) {
    return covey__phrase(language, n == 1 ? one : many, covey__count(language, n).s, NULL, NULL);
}

covey__short covey__prose(covey_language language, covey__short number) {
    const char *digits = messages[language][COVEY__MSG_DIGITS];
    size_t width = strlen(digits) / 10; /* bytes of one digit */
    covey__short out = {""};
    for (const char *p = number.s; *p; ++p)
        if (*p >= '0' && *p <= '9')
            append(&out, digits + (size_t)(*p - '0') * width, width);
        else if (*p == '.')
            append(&out, messages[language][COVEY__MSG_DECIMAL],
                   strlen(messages[language][COVEY__MSG_DECIMAL]));
        else
            append(&out, p, 1);
    return out;
}

covey__short covey__count(covey_language language, size_t n) {
    char digits[32];
    int length = snprintf(digits, sizeof digits, "%zu", n);
    const char *comma = messages[language][COVEY__MSG_THOUSANDS];
    covey__short out = {""};
    for (int i = 0; i < length; ++i) {
        if (i && (length - i) % 3 == 0)
            append(&out, comma, strlen(comma));
        covey__short digit = covey__prose(language, (covey__short){{digits[i], '\0'}});
        append(&out, digit.s, strlen(digit.s));
    }
    return out;
}

static covey__short number(const char *format, int digits, double value) {
    covey__short out = {""};
    if (!isfinite(value)) {
        memcpy(out.s, "\xE2\x80\x93", 4);
        return out;
    }
    snprintf(out.s, sizeof out.s, format, digits, value);
    for (char *p = out.s; *p; ++p)
        if (*p == ',')
            *p = '.';
    return out;
}

covey__short covey__fixed(double value, int digits) {
    if (isfinite(value) && fabs(value) >= 1e15)
        return number("%.*g", 6, value);
    return number("%.*f", digits, value);
}

covey__short covey__nine_digits(double value) { return number("%.*g", 9, value); }

covey__short covey__six_digits(double value) { return number("%.*g", 6, value); }

covey__short covey__significant(double value) {
    double size = fabs(value);
    if (!isfinite(value) || (size != 0 && size < 1e-4) || size >= 1e7)
        return number("%.*g", 4, value);
    int digits = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : size >= 0.1 ? 3 : 5;
    return number("%.*f", digits, value);
}

covey__short covey__percent(covey_language language, double share) {
    double percent = 100 * share;
    /* Never 0 % for something, never 100 % for not all. */
    int digits = (percent > 0 && percent < 1) || (percent > 99 && percent < 100) ? 1 : 0;
    covey__short shown = covey__prose(language, number("%.*f", digits, percent));
    return covey__phrase(language, COVEY__MSG_PERCENT, shown.s, NULL, NULL);
}

covey__short covey__duration(covey_language language, double seconds) {
    if (!isfinite(seconds) || seconds < 0)
        return number("%.*f", 0, NAN);
    if (seconds < 100) {
        covey__short shown =
            covey__prose(language, number("%.*f", seconds < 10 ? 1 : 0, seconds));
        return covey__phrase(language, COVEY__MSG_SECONDS_LONG, shown.s, NULL, NULL);
    }
    size_t whole = (size_t)(seconds + 0.5);
    if (whole < 6000)
        return covey__phrase(language, COVEY__MSG_MINUTES_SECONDS,
                             covey__count(language, whole / 60).s,
                             covey__count(language, whole % 60).s, NULL);
    return covey__phrase(language, COVEY__MSG_HOURS_MINUTES,
                         covey__count(language, whole / 3600).s,
                         covey__count(language, whole / 60 % 60).s, NULL);
}

void covey__page_add(covey__page *page, const char *html) { covey__text_add(&page->text, html); }

void covey__page_escape(covey__page *page, const char *raw) {
    covey__text_add_html(&page->text, raw);
}

void covey__page_json(covey__page *page, const char *raw) {
    int changed;
    char *clean = covey__utf8_clean(raw, &changed);
    if (!clean) {
        page->text.failed = 1;
        return;
    }
    covey__text_add(&page->text, "\"");
    for (const char *p = clean; *p; ++p) {
        unsigned char c = (unsigned char)*p;
        if (c == '"' || c == '\\')
            covey__text_addf(&page->text, "\\%c", c);
        else if (c < 0x20 || c == '<' || c == '>' || c == '&')
            covey__text_addf(&page->text, "\\u%04x", c);
        else
            covey__text_add_bytes(&page->text, p, 1);
    }
    covey__text_add(&page->text, "\"");
    covey__free(clean);
}

void covey__page_base64(covey__text *text, const void *data, size_t size) {
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *in = data;
    char block[4 * 256];
    size_t filled = 0;
    for (size_t i = 0; i < size; i += 3) {
        unsigned have = size - i < 3 ? (unsigned)(size - i) : 3;
        unsigned v = (unsigned)in[i] << 16 | (have > 1 ? (unsigned)in[i + 1] << 8 : 0) |
                     (have > 2 ? in[i + 2] : 0);
        block[filled++] = alphabet[v >> 18];
        block[filled++] = alphabet[v >> 12 & 63];
        block[filled++] = have > 1 ? alphabet[v >> 6 & 63] : '=';
        block[filled++] = have > 2 ? alphabet[v & 63] : '=';
        if (filled == sizeof block) {
            covey__text_add_bytes(text, block, filled);
            filled = 0;
        }
    }
    covey__text_add_bytes(text, block, filled);
}
