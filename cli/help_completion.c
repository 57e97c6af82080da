/* SPDX-License-Identifier: MIT */
/* Completions for bash, zsh and fish, made from the two tables: `covey help --completion bash`. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "covey/loss.h"
#include "options.h"

/* What may stand where a value is wanted. */
typedef enum value_form { VALUE_OTHER, VALUE_WORDS, VALUE_LOSSES, VALUE_FILE, VALUE_FOLDER } value_form;

static value_form form_of(const option_row *row) {
    if (row->kind == KIND_CHOICE)
        return VALUE_WORDS;
    if (strcmp(row->name, "loss") == 0)
        return VALUE_LOSSES;
    if (row->kind == KIND_COUNT || row->kind == KIND_REAL)
        return VALUE_OTHER;
    if (strstr(row->argument, "FOLDER") || strstr(row->argument, "DIR"))
        return VALUE_FOLDER;
    return strstr(row->argument, "FILE") || strstr(row->argument, "PATH") ? VALUE_FILE : VALUE_OTHER;
}

/* The words that begin a command's operands ("list | get NAME | import FILE": list, get, import), or
 * the commands themselves for help. Each is followed by a blank. */
static void print_operand_words(command_id command) {
    if (command == COMMAND_HELP)
        for (int i = 0; i < COMMAND_COUNT; ++i)
            printf("%s ", command_rows[i].name);
    else if (strchr(command_rows[command].operands, '|'))
        for (const char *at = command_rows[command].operands; *at;) {
            size_t word = strspn(at, "abcdefghijklmnopqrstuvwxyz");
            if (word && (at[word] == ' ' || !at[word]))
                printf("%.*s ", (int)word, at);
            at += strcspn(at, "|");
            at += strspn(at, "| ");
        }
}

static void print_losses(void) {
    for (size_t i = 0; i < covey_loss_count(); ++i)
        printf("%s ", covey_loss_get(i)->name);
    fputs("all", stdout);
}

static void print_choices(const char *choices) {
    for (; *choices; ++choices)
        putchar(*choices == ',' ? ' ' : *choices);
}

/* `text` within single quotes of a shell, letters of `escaped` behind a backslash. */
static void print_quoted(const char *text, const char *escaped, const char *quote) {
    for (; *text; ++text)
        if (*text == '\'')
            fputs(quote, stdout);
        else {
            if (strchr(escaped, *text))
                putchar('\\');
            putchar(*text);
        }
}

/* ---- bash ------------------------------------------------------------------------------- */

static void bash_value(const option_row *row) {
    printf("        --%s", row->name);
    if (row->short_name)
        printf(" | -%c", row->short_name);
    fputs(") ", stdout);
    switch (form_of(row)) {
    case VALUE_WORDS:
        fputs("_covey_words '", stdout);
        print_choices(row->choices);
        puts("'; return ;;");
        return;
    case VALUE_LOSSES:
        fputs("_covey_list '", stdout);
        print_losses();
        puts("'; return ;;");
        return;
    case VALUE_FILE: puts("_covey_paths -f; return ;;"); return;
    case VALUE_FOLDER: puts("_covey_paths -d; return ;;"); return;
    case VALUE_OTHER: puts("return ;;"); return;
    }
}

static void bash_command(command_id command) {
    printf("    %s)\n        operands='", command_rows[command].name);
    print_operand_words(command);
    fputs("'\n        options='", stdout);
    for (int i = 0; i < OPTION_COUNT; ++i)
        if (option_rows[i].commands & (1u << command)) {
            if (option_rows[i].short_name)
                printf("-%c ", option_rows[i].short_name);
            printf("--%s ", option_rows[i].name);
        }
    puts("'\n        case $previous in");
    for (int i = 0; i < OPTION_COUNT; ++i)
        if (option_rows[i].commands & (1u << command) && option_rows[i].kind != KIND_FLAG)
            bash_value(&option_rows[i]);
    puts("        esac ;;");
}

static void bash(void) {
    puts("# bash completion for covey; made by 'covey help --completion bash'\n"
         "_covey_words() { mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$current\"); }\n"
         "# The last of a list with commas.\n"
         "_covey_list() {\n"
         "    local before=\n"
         "    [[ $current == *,* ]] && before=${current%,*},\n"
         "    mapfile -t COMPREPLY < <(compgen -P \"$before\" -W \"$1\" -- \"${current##*,}\")\n"
         "}\n"
         "_covey_paths() {\n"
         "    compopt -o filenames 2>/dev/null\n"
         "    mapfile -t COMPREPLY < <(compgen \"$1\" -- \"$current\")\n"
         "}\n"
         "_covey() {\n"
         "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
         "    local operands= options=\n"
         "    # Bash may take --loss=huber for three words.\n"
         "    if [[ $current == = ]]; then\n"
         "        current=\n"
         "    elif [[ $previous == = && COMP_CWORD -gt 2 ]]; then\n"
         "        previous=${COMP_WORDS[COMP_CWORD-2]}\n"
         "    fi\n"
         "    COMPREPLY=()");
    fputs("    if ((COMP_CWORD == 1)); then\n        _covey_words '", stdout);
    for (int i = 0; i < COMMAND_COUNT; ++i)
        printf("%s ", command_rows[i].name);
    puts("--help --version'\n        return\n    fi\n    case ${COMP_WORDS[1]} in");
    for (int i = 0; i < COMMAND_COUNT; ++i)
        bash_command((command_id)i);
    puts("    esac\n"
         "    if [[ $current == -* ]]; then\n"
         "        _covey_words \"$options\"\n"
         "    elif [[ -n $operands && COMP_CWORD -eq 2 ]]; then\n"
         "        _covey_words \"$operands\"\n"
         "    else\n"
         "        _covey_paths -f\n"
         "    fi\n"
         "}\n"
         "complete -F _covey covey");
}

/* ---- zsh -------------------------------------------------------------------------------- */

static void zsh_option(const option_row *row) {
    fputs("            '", stdout);
    if (row->kind == KIND_LIST)
        putchar('*');
    else if (row->short_name)
        printf("(-%c --%s)", row->short_name, row->name);
    if (row->short_name)
        printf("'{-%c%s,--%s%s}'", row->short_name, row->kind == KIND_FLAG ? "" : "+", row->name,
               row->kind == KIND_FLAG ? "" : "=");
    else
        printf("--%s%s", row->name, row->kind == KIND_FLAG ? "" : "=");
    putchar('[');
    print_quoted(row->help, "[]:\\", "'\\''");
    putchar(']');
    if (row->kind != KIND_FLAG) {
        putchar(':');
        print_quoted(row->argument, "[]:\\", "'\\''");
        putchar(':');
        switch (form_of(row)) {
        case VALUE_WORDS:
            putchar('(');
            print_choices(row->choices);
            putchar(')');
            break;
        case VALUE_LOSSES:
            fputs("_values -s , loss ", stdout);
            print_losses();
            break;
        case VALUE_FILE: fputs("_files", stdout); break;
        case VALUE_FOLDER: fputs("_files -/", stdout); break;
        case VALUE_OTHER: putchar(' '); break;
        }
    }
    puts("' \\");
}

static void zsh(void) {
    puts("#compdef covey\n# zsh completion for covey; made by 'covey help --completion zsh'\n"
         "_covey() {\n    local -a commands\n    commands=(");
    for (int i = 0; i < COMMAND_COUNT; ++i) {
        printf("        '%s:", command_rows[i].name);
        print_quoted(command_rows[i].summary, ":\\", "'\\''");
        puts("'");
    }
    puts("    )\n    if ((CURRENT == 2)); then\n        _describe command commands\n        return\n"
         "    fi\n    local command=$words[2]\n    shift words\n    ((CURRENT--))\n"
         "    case $command in");
    for (int c = 0; c < COMMAND_COUNT; ++c) {
        printf("    %s)\n        _arguments -s -S \\\n", command_rows[c].name);
        for (int i = 0; i < OPTION_COUNT; ++i)
            if (option_rows[i].commands & (1u << c))
                zsh_option(&option_rows[i]);
        if (c == COMMAND_HELP || strchr(command_rows[c].operands, '|')) {
            fputs("            '1:operand:(", stdout);
            print_operand_words((command_id)c);
            puts(")' \\");
        }
        puts("            '*:operand:_files'\n        ;;");
    }
    puts("    esac\n}\n\nif [ \"$funcstack[1]\" = _covey ]; then\n    _covey \"$@\"\nelse\n"
         "    compdef _covey covey\nfi");
}

/* ---- fish ------------------------------------------------------------------------------- */

static void fish_option(command_id command, const option_row *row) {
    printf("complete -c covey -n '__fish_seen_subcommand_from %s' -l %s", command_rows[command].name,
           row->name);
    if (row->short_name)
        printf(" -s %c", row->short_name);
    if (row->kind != KIND_FLAG) {
        value_form form = form_of(row);
        fputs(form == VALUE_FILE ? " -r -F" : " -x", stdout);
        if (form == VALUE_FOLDER)
            fputs(" -a '(__fish_complete_directories)'", stdout);
        if (form == VALUE_WORDS) {
            fputs(" -a '", stdout);
            print_choices(row->choices);
            putchar('\'');
        }
        if (form == VALUE_LOSSES) {
            fputs(" -a '(__fish_append , ", stdout);
            print_losses();
            fputs(")'", stdout);
        }
    }
    fputs(" -d '", stdout);
    print_quoted(row->help, "\\", "\\'");
    puts("'");
}

static void fish(void) {
    puts("# fish completion for covey; made by 'covey help --completion fish'");
    for (int c = 0; c < COMMAND_COUNT; ++c) {
        printf("complete -c covey -n __fish_use_subcommand -f -a %s -d '", command_rows[c].name);
        print_quoted(command_rows[c].summary, "\\", "\\'");
        puts("'");
        if (c == COMMAND_HELP || strchr(command_rows[c].operands, '|')) {
            printf("complete -c covey -n '__fish_seen_subcommand_from %s' -a '",
                   command_rows[c].name);
            print_operand_words((command_id)c);
            puts("'");
        }
        for (int i = 0; i < OPTION_COUNT; ++i)
            if (option_rows[i].commands & (1u << c))
                fish_option((command_id)c, &option_rows[i]);
    }
}

void completion_print(int shell) {
    void (*const shells[])(void) = {bash, zsh, fish};
    shells[shell]();
}
