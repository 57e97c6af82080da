/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "console.h"

#define ON(id) (1u << COMMAND_##id)
#define EVERY_COMMAND (~0u)

const option_row option_rows[OPTION_COUNT] = {
#define OPTION(id, name, short_name, kind, ...)                                                  \
    [OPT_##id] = {name, short_name, KIND_##kind, __VA_ARGS__},
#include "options.def"
#undef OPTION
};

const command_row command_rows[COMMAND_COUNT] = {
#define COMMAND(id, name, operands, summary, about, examples)                                    \
    [COMMAND_##id] = {#name, operands, summary, about, examples, cmd_##name},
#include "commands.def"
#undef COMMAND
};

/* ---- words ------------------------------------------------------------------------------ */

static char plain(char c) {
    if (c == '-')
        return '_';
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Edits (insert, delete, replace, swap of neighbours) between two words of at most 31 letters. */
static size_t edit_distance(const char *a, const char *b) {
    enum { LIMIT = 32 };
    size_t m = strlen(a), n = strlen(b), rows[3][LIMIT];
    if (m >= LIMIT || n >= LIMIT)
        return LIMIT;
    for (size_t j = 0; j <= n; ++j)
        rows[0][j] = j;
    for (size_t i = 1; i <= m; ++i) {
        size_t *now = rows[i % 3], *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= n; ++j) {
            size_t best = last[j - 1] + (plain(a[i - 1]) != plain(b[j - 1]));
            if (last[j] + 1 < best)
                best = last[j] + 1;
            if (now[j - 1] + 1 < best)
                best = now[j - 1] + 1;
            if (i > 1 && j > 1 && plain(a[i - 1]) == plain(b[j - 2]) &&
                plain(a[i - 2]) == plain(b[j - 1]) && before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            now[j] = best;
        }
    }
    return rows[m % 3][n];
}

const char *nearest_word(const char *word, const char *const *candidates, size_t n) {
    const char *nearest = NULL;
    size_t best = strlen(word) <= 3 ? 2 : strlen(word) <= 7 ? 3 : 4; /* first distance too far */
    for (size_t i = 0; i < n; ++i) {
        size_t distance = edit_distance(word, candidates[i]);
        if (distance < best && distance < strlen(candidates[i])) {
            best = distance;
            nearest = candidates[i];
        }
    }
    return nearest;
}

int command_find(command_id *out, const char *name) {
    const char *names[COMMAND_COUNT];
    for (int i = 0; i < COMMAND_COUNT; ++i) {
        names[i] = command_rows[i].name;
        if (strcmp(name, names[i]) == 0) {
            *out = (command_id)i;
            return 0;
        }
    }
    const char *near = nearest_word(name, names, COMMAND_COUNT);
    if (near)
        misuse("'%s' is not a command; did you mean '%s'?", name, near);
    else
        misuse("'%s' is not a command; 'covey help' lists them", name);
    return -1;
}

/* ---- numbers ---------------------------------------------------------------------------- */

int parse_count(unsigned long long *out, const char *text) {
    if (!*text || strspn(text, "0123456789") != strlen(text))
        return -1;
    errno = 0;
    unsigned long long value = strtoull(text, NULL, 10);
    if (errno)
        return -1;
    *out = value;
    return 0;
}

int parse_real(double *out, const char *text) {
    /* No spaces, hexadecimal, "inf" or "nan": what strtod takes beyond decimal numbers. */
    if (!*text || strspn(text, "0123456789.eE+-") != strlen(text))
        return -1;
    char *end;
    errno = 0;
    double value = strtod(text, &end);
    if (*end || end == text || !isfinite(value) || (errno && fabs(value) > 1))
        return -1;
    *out = value;
    return 0;
}

/* ---- one option ------------------------------------------------------------------------- */

static int set_choice(option_value *value, const option_row *row, const char *text,
                      const char *shown) {
    char copy[256];
    const char *words[16];
    size_t n = 0;
    snprintf(copy, sizeof copy, "%s", row->choices);
    for (char *word = strtok(copy, ","); word && n < 16; word = strtok(NULL, ","))
        words[n++] = word;
    for (size_t i = 0; i < n; ++i) {
        if (edit_distance(words[i], text) == 0) {
            value->choice = (int)i;
            value->text = text;
            return EXIT_DONE;
        }
    }
    const char *near = nearest_word(text, words, n);
    if (near)
        return misuse("%s: '%s' is not one of %s; did you mean '%s'?", shown, text, row->choices,
                      near);
    return misuse("%s: '%s' is not one of %s", shown, text, row->choices);
}

static int set_number(option_value *value, const option_row *row, const char *text,
                      const char *shown) {
    double number;
    if (row->kind == KIND_COUNT) {
        if (parse_count(&value->count, text))
            return misuse("%s: '%s' is not a whole number from %.0f on", shown, text, row->lower);
        number = (double)value->count;
    } else {
        if (parse_real(&value->real, text))
            return misuse("%s: '%s' is not a number; write it as 0.5 or 1e-6", shown, text);
        number = value->real;
    }
    if (number < row->lower || number > row->upper)
        return misuse("%s: %s is outside %.15g to %.15g", shown, text, row->lower, row->upper);
    value->text = text;
    return EXIT_DONE;
}

int options_set(options *options, option_id id, const char *text, const char *shown) {
    const option_row *row = &option_rows[id];
    option_value *value = &options->values[id];
    switch (row->kind) {
    case KIND_FLAG:
        return EXIT_DONE;
    case KIND_TEXT:
        if (!*text)
            return misuse("%s needs a value that is not empty", shown);
        value->text = text;
        return EXIT_DONE;
    case KIND_LIST: {
        if (!*text)
            return misuse("%s needs a value that is not empty", shown);
        if (!value->given)
            value->n_items = 0; /* what is given replaces the default */
        const char **items = realloc(value->items, (value->n_items + 1) * sizeof *items);
        if (!items)
            return fail_memory();
        items[value->n_items++] = text;
        value->items = items;
        return EXIT_DONE;
    }
    case KIND_COUNT:
    case KIND_REAL:
        return set_number(value, row, text, shown);
    case KIND_CHOICE:
        return set_choice(value, row, text, shown);
    }
    return EXIT_DONE;
}

/* ---- the line --------------------------------------------------------------------------- */

static option_id find_option(command_id command, const char *name, size_t length, char letter) {
    for (int i = 0; i < OPTION_COUNT; ++i) {
        const option_row *row = &option_rows[i];
        if (!(row->commands & (1u << command)))
            continue;
        if (letter ? row->short_name == letter
                   : strlen(row->name) == length && memcmp(row->name, name, length) == 0)
            return (option_id)i;
    }
    return OPTION_COUNT;
}

static int unknown_option(command_id command, const char *name) {
    const char *own = command_rows[command].name, *names[OPTION_COUNT];
    char others[160] = "";
    size_t n = 0;
    for (int i = 0; i < OPTION_COUNT; ++i) {
        const option_row *row = &option_rows[i];
        if (row->commands & (1u << command))
            names[n++] = row->name;
        else if (strcmp(row->name, name) == 0)
            for (int c = 0; c < COMMAND_COUNT; ++c)
                if (row->commands & (1u << c))
                    snprintf(others + strlen(others), sizeof others - strlen(others), "%s%s",
                             *others ? ", " : "", command_rows[c].name);
    }
    const char *near = nearest_word(name, names, n);
    if (*others)
        return misuse("--%s is not an option of 'covey %s'; it belongs to %s", name, own, others);
    if (near)
        return misuse("'covey %s' has no option --%s; did you mean --%s?", own, name, near);
    return misuse("'covey %s' has no option --%s; 'covey help %s' lists them", own, name, own);
}

/* An option where its value should stand is a forgotten value far more often than a strange
 * file name; "-" and negative numbers are values. */
static int looks_like_option(const char *text) {
    return text[0] == '-' && text[1] && !strchr("0123456789.", text[1]);
}

static int take(options *out, option_id id, const char *attached, int *next, int argc, char **argv,
                const char *shown) {
    const option_row *row = &option_rows[id];
    if (row->kind == KIND_FLAG) {
        if (attached)
            return misuse("%s takes no value", shown);
        out->values[id].given = 1;
        return EXIT_DONE;
    }
    const char *text = attached;
    if (!text) {
        if (*next >= argc)
            return misuse("%s needs a value: %s", shown, row->argument);
        text = argv[*next];
        if (looks_like_option(text))
            return misuse("%s needs a value (%s), and '%s' looks like an option; write %s%s%s if "
                          "it is meant",
                          shown, row->argument, text, shown, shown[1] == '-' ? "=" : "", text);
        ++*next;
    }
    int code = options_set(out, id, text, shown);
    out->values[id].given = 1;
    return code;
}

static int take_long(options *out, const char *word, int *next, int argc, char **argv) {
    const char *name = word + 2, *equals = strchr(name, '=');
    size_t length = equals ? (size_t)(equals - name) : strlen(name);
    char shown[64];
    snprintf(shown, sizeof shown, "--%.*s", length < 60 ? (int)length : 60, name);
    option_id id = find_option(out->command, name, length, 0);
    if (id == OPTION_COUNT)
        return unknown_option(out->command, shown + 2);
    return take(out, id, equals ? equals + 1 : NULL, next, argc, argv, shown);
}

/* -q, -k 6, -k6, and flags in a bundle: -0q. */
static int take_short(options *out, const char *word, int *next, int argc, char **argv) {
    for (const char *letter = word + 1; *letter; ++letter) {
        char shown[3] = {'-', *letter, '\0'};
        option_id id = find_option(out->command, NULL, 0, *letter);
        if (id == OPTION_COUNT)
            return misuse("'covey %s' has no option %s; 'covey help %s' lists them",
                          command_rows[out->command].name, word, command_rows[out->command].name);
        if (option_rows[id].kind != KIND_FLAG)
            return take(out, id, letter[1] ? letter + 1 : NULL, next, argc, argv, shown);
        out->values[id].given = 1;
    }
    return EXIT_DONE;
}

/* For the passport: the command line as a shell would take it again. */
static char *quoted_line(int argc, char **argv) {
    size_t size = sizeof "covey";
    for (int i = 1; i < argc; ++i)
        size += 4 * strlen(argv[i]) + 3;
    char *line = malloc(size), *out = line;
    if (!line)
        return NULL;
    out += sprintf(out, "covey");
    for (int i = 1; i < argc; ++i) {
        const char *safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                           "_-./=,:+@%";
        *out++ = ' ';
        if (*argv[i] && strspn(argv[i], safe) == strlen(argv[i])) {
            out += sprintf(out, "%s", argv[i]);
            continue;
        }
        *out++ = '\'';
        for (const char *c = argv[i]; *c; ++c)
            out += sprintf(out, *c == '\'' ? "'\\''" : "%c", *c);
        *out++ = '\'';
    }
    *out = '\0';
    return line;
}

int options_parse(options *out, command_id command, int argc, char **argv) {
    memset(out, 0, sizeof *out);
    out->command = command;
    out->line = quoted_line(argc, argv);
    out->operands = malloc((size_t)argc * sizeof *out->operands);
    if (!out->line || !out->operands)
        return fail_memory();
    int code = EXIT_DONE, ended = 0;
    for (int i = 0; i < OPTION_COUNT && code == EXIT_DONE; ++i)
        if (option_rows[i].fallback && option_rows[i].commands & (1u << command))
            code = options_set(out, (option_id)i, option_rows[i].fallback, option_rows[i].name);
    for (int next = 2; next < argc && code == EXIT_DONE;) {
        const char *word = argv[next++];
        if (ended || word[0] != '-' || !word[1])
            out->operands[out->n_operands++] = word;
        else if (strcmp(word, "--") == 0)
            ended = 1;
        else if (word[1] == '-')
            code = take_long(out, word, &next, argc, argv);
        else
            code = take_short(out, word, &next, argc, argv);
    }
    return code;
}

void options_fini(options *options) {
    for (int i = 0; i < OPTION_COUNT; ++i)
        free(options->values[i].items);
    free(options->operands);
    free(options->line);
    memset(options, 0, sizeof *options);
}
