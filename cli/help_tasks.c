/* SPDX-License-Identifier: MIT */
/* `covey help TASK`: which commands do what a few words name. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "console.h"
#include "options.h"

static const struct {
    command_id command;
    const char *words;
} tasks[] = {
#define TASK(command, words) {COMMAND_##command, words},
#include "tasks.def"
#undef TASK
};

enum { WORD_LIMIT = 40, SHOWN_COMMANDS = 5, SHOWN_OPTIONS = 3 };

/* Letters and digits of `word` in lower case; a plural loses its s. 0 if nothing is left. */
static size_t fold(char out[WORD_LIMIT], const char *word, size_t length) {
    size_t n = 0;
    for (size_t i = 0; i < length && n + 1 < WORD_LIMIT; ++i)
        out[n++] = word[i] == '_' ? '-' : (char)tolower((unsigned char)word[i]);
    if (n > 3 && out[n - 1] == 's' && out[n - 2] != 's')
        --n;
    out[n] = '\0';
    return n;
}

static int is_word(char c) {
    return isalnum((unsigned char)c) || c == '-' || c == '_' || (unsigned char)c >= 0x80;
}

/* Whether a word of `text` is `wanted`, or begins with it where it is long enough to tell. */
static int mentions(const char *text, const char *wanted) {
    size_t length = strlen(wanted);
    while (*text) {
        if (!is_word(*text)) {
            ++text;
            continue;
        }
        size_t n = 0;
        char word[WORD_LIMIT];
        while (is_word(text[n]))
            ++n;
        fold(word, text, n);
        if (strcmp(word, wanted) == 0 || (length >= 4 && strncmp(word, wanted, length) == 0))
            return 1;
        text += n;
    }
    return 0;
}

static int score_word(command_id command, const char *word) {
    const command_row *row = &command_rows[command];
    int score = 0;
    if (mentions(row->name, word))
        score += 16;
    for (size_t i = 0; i < sizeof tasks / sizeof *tasks; ++i)
        if (tasks[i].command == command && mentions(tasks[i].words, word))
            score += 8;
    if (mentions(row->summary, word))
        score += 6;
    if (mentions(row->about, word))
        score += 2;
    for (int i = 0; i < OPTION_COUNT; ++i)
        if (option_rows[i].commands & (1u << command)) {
            if (mentions(option_rows[i].name, word))
                score += 5;
            else if (mentions(option_rows[i].help, word))
                score += 1;
        }
    return score;
}

/* Words that say nothing about the task. */
static int is_filler(const char *word) {
    static const char fillers[] = " a an and as at by do for from get how i in into is it make me my "
                                  "of on or please show the them to what with covey ";
    char spaced[WORD_LIMIT + 2];
    snprintf(spaced, sizeof spaced, " %s ", word);
    return strstr(fillers, spaced) != NULL;
}

static void print_hit(command_id command, char words[][WORD_LIMIT], size_t n_words) {
    const command_row *row = &command_rows[command];
    printf("\n  covey %s%s%s\n      %s\n", row->name, *row->operands ? " " : "", row->operands,
           row->summary);
    int shown = 0;
    for (int i = 0; i < OPTION_COUNT && shown < SHOWN_OPTIONS; ++i) {
        const option_row *option = &option_rows[i];
        int named = 0;
        if (!(option->commands & (1u << command)))
            continue;
        /* Of several words, one that an option happens to use says little. */
        for (size_t w = 0; w < n_words; ++w)
            named |= mentions(option->name, words[w]) ||
                     (n_words == 1 && mentions(option->help, words[w]));
        if (named && ++shown)
            help_option((option_id)i);
    }
}

int help_task(const char *const *arguments, size_t n) {
    char words[16][WORD_LIMIT];
    size_t n_words = 0;
    for (size_t i = 0; i < n; ++i)
        for (const char *at = arguments[i]; *at;) {
            size_t length = 0;
            while (is_word(at[length]))
                ++length;
            if (length && n_words < 16 && fold(words[n_words], at, length) &&
                !is_filler(words[n_words]))
                ++n_words;
            at += length + (length == 0);
        }
    int scores[COMMAND_COUNT] = {0}, any = 0;
    for (size_t w = 0; w < n_words; ++w)
        for (int c = 0; c < COMMAND_COUNT; ++c)
            any |= scores[c] += score_word((command_id)c, words[w]);
    if (!any)
        return 0;
    int top = 0;
    for (int c = 0; c < COMMAND_COUNT; ++c)
        top = scores[c] > top ? scores[c] : top;
    puts("These commands may be what you look for:");
    for (int shown = 0; shown < SHOWN_COMMANDS; ++shown) {
        int best = 0;
        for (int c = 1; c < COMMAND_COUNT; ++c)
            if (scores[c] > scores[best])
                best = c;
        if (scores[best] <= 0 || scores[best] * 5 < top)
            break;
        print_hit((command_id)best, words, n_words);
        scores[best] = 0;
    }
    puts("\n'covey help COMMAND' shows everything a command can do, with examples.");
    return 1;
}
