/* SPDX-License-Identifier: MIT */
/* Help on stdout, made from the two tables. */
#include <stdio.h>
#include <string.h>

#include "options.h"

void help_all(void) {
    puts("Covey turns a folder of photos into groups that make sense, and shows why.\n\n"
         "Usage: covey COMMAND [OPTIONS] ...\n\nCommands:");
    for (int i = 0; i < COMMAND_COUNT; ++i) {
        const command_row *row = &command_rows[i];
        char head[64];
        snprintf(head, sizeof head, "%s%s%s", row->name, *row->operands ? " " : "", row->operands);
        if (strlen(head) > 38)
            printf("  %s\n  %-38s  %s\n", head, "", row->summary);
        else
            printf("  %-38s  %s\n", head, row->summary);
    }
    puts("\n'covey help COMMAND' shows a command's options and examples, 'covey help duplicates' (or any\n"
         "other task, in a word or two) the commands for it; 'covey --version' the version, the\n"
         "instruction set in use and the libraries.\n\n"
         "Data goes to stdout, everything for people to stderr. Exit codes: 0 done, 1 failed,\n"
         "2 misuse, 3 done with --strict while photos were skipped, 130 stopped by Ctrl-C with\n"
         "everything computed so far kept.");
}

/* Words of `text` from column `indent` on, at most 98 wide; the first line is begun already. */
static void print_wrapped(const char *text, size_t indent) {
    enum { WIDTH = 98 };
    size_t column = indent;
    while (*text) {
        size_t length = strcspn(text, " ");
        if (column > indent && column + 1 + length > WIDTH) {
            printf("\n%*s", (int)indent, "");
            column = indent;
        }
        if (column > indent) {
            putchar(' ');
            ++column;
        }
        fwrite(text, 1, length, stdout);
        column += length;
        text += length;
        text += strspn(text, " ");
    }
    putchar('\n');
}

void help_option(option_id id) {
    const option_row *row = &option_rows[id];
    enum { INDENT = 30 };
    char head[80], text[1024];
    int n = row->short_name ? snprintf(head, sizeof head, "  -%c, --%s", row->short_name, row->name)
                            : snprintf(head, sizeof head, "      --%s", row->name);
    if (row->argument)
        snprintf(head + n, sizeof head - (size_t)n, " %s", row->argument);
    const char *fallback = row->fallback;
    snprintf(text, sizeof text, "%s%s%s%s%s%s%s%s", row->help,
             row->kind == KIND_LIST ? "; may be repeated" : "", row->choices ? " [" : "",
             row->choices ? row->choices : "", row->choices ? "]" : "",
             fallback ? " (default: " : "", fallback ? fallback : "", fallback ? ")" : "");
    if (strlen(head) >= INDENT - 1)
        printf("%s\n%*s", head, INDENT, "");
    else
        printf("%-*s", INDENT, head);
    print_wrapped(text, INDENT);
}

void help_command(command_id command) {
    const command_row *row = &command_rows[command];
    printf("Usage: covey %s%s%s [OPTIONS]\n\n%s\n\nOptions:\n", row->name,
           *row->operands ? " " : "", row->operands, row->about);
    for (int i = 0; i < OPTION_COUNT; ++i)
        if (option_rows[i].commands & (1u << command))
            help_option((option_id)i);
    puts("\nExamples:");
    for (const char *line = row->examples; *line;) {
        size_t length = strcspn(line, "\n");
        printf("  %.*s\n", (int)length, line);
        line += length + (line[length] == '\n');
    }
}
