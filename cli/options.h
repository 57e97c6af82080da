/* SPDX-License-Identifier: MIT */
/* The command line: one table of commands (commands.def), one of options (options.def). */
#ifndef COVEY_OPTIONS_H
#define COVEY_OPTIONS_H

#include <stddef.h>

typedef enum command_id {
#define COMMAND(id, name, operands, summary, about, examples) COMMAND_##id,
#include "commands.def"
#undef COMMAND
    COMMAND_COUNT
} command_id;

typedef enum option_id {
#define OPTION(id, ...) OPT_##id,
#include "options.def"
#undef OPTION
    OPTION_COUNT
} option_id;

typedef enum option_kind {
    KIND_FLAG,
    KIND_TEXT,   /* the last one given holds */
    KIND_LIST,   /* may be repeated, all are kept */
    KIND_COUNT,  /* whole number */
    KIND_REAL,   /* finite decimal number */
    KIND_CHOICE  /* one of a few words */
} option_kind;

typedef struct option_row {
    const char *name;
    char short_name; /* 0: none */
    option_kind kind;
    const char *argument;
    const char *fallback;
    double lower, upper;
    const char *choices;
    unsigned commands;
    const char *help;
} option_row;

typedef struct option_value {
    int given; /* on the command line, not by default */
    const char *text;
    unsigned long long count;
    double real;
    int choice;         /* index into the row's choices */
    const char **items; /* [n_items], KIND_LIST */
    size_t n_items;
} option_value;

typedef struct options {
    command_id command;
    option_value values[OPTION_COUNT];
    const char **operands; /* [n_operands] */
    size_t n_operands;
    char *line; /* the whole command line, quoted for a shell */
} options;

typedef struct command_row {
    const char *name, *operands, *summary, *about, *examples;
    int (*run)(const options *options);
} command_row;

extern const command_row command_rows[COMMAND_COUNT];
extern const option_row option_rows[OPTION_COUNT];

/* -1 and a "did you mean" on stderr if there is no such command. */
int command_find(command_id *out, const char *name);

/* Parses argv[2..] for `command`. Returns EXIT_DONE, or another code once the reason is on
 * stderr. options_fini in every case. */
int options_parse(options *out, command_id command, int argc, char **argv);
void options_fini(options *options);

/* One value by the rules of its row; EXIT_MISUSE once the reason is on stderr. */
int options_set(options *options, option_id id, const char *text, const char *shown);

/* Strict: the whole string, no sign, no space. 0, or -1. */
int parse_count(unsigned long long *out, const char *text);
int parse_real(double *out, const char *text);

/* The candidate nearest to `word` (hyphens as underscores), or NULL if none is near. */
const char *nearest_word(const char *word, const char *const *candidates, size_t n);

/* Help on stdout (options_help.c). */
void help_all(void);
void help_command(command_id command);
void help_option(option_id option);

/* The commands that the words name best, with their options that do; 0 if there is none. */
int help_task(const char *const *words, size_t n);

/* Manual pages in man(7): covey(1), and of one command. */
void man_all(void);
void man_command(command_id command);

/* Completions for shell 0..2, in the order of --completion's choices. */
void completion_print(int shell);

#endif
