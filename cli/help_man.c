/* SPDX-License-Identifier: MIT */
/* Manual pages in man(7), made from the two tables: `covey help --man`, `covey help run --man`. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "covey/status.h"
#include "options.h"

/* When the words of the tables last changed much: a manual page wants a date, and the same source
 * makes the same page. */
#define MANUAL_DATE "2026-11-25"

/* Text of a page: what roff would take for commands or typographic signs is escaped. */
static void print_roff(const char *text) {
    int line_start = 1;
    for (; *text; ++text) {
        if (line_start && (*text == '.' || *text == '\''))
            fputs("\\&", stdout);
        if (*text == '\\')
            fputs("\\e", stdout);
        else if (*text == '-')
            fputs("\\-", stdout);
        else if (*text == '`')
            fputs("\\(ga", stdout);
        else if (*text == '~')
            fputs("\\(ti", stdout);
        else if (*text == '^')
            fputs("\\(ha", stdout);
        else if (*text == '\'')
            fputs("\\(aq", stdout);
        else
            putchar(*text);
        line_start = *text == '\n';
    }
}

static void print_title(const char *name) {
    fputs(".\\\" Made from the command's own tables; edit those.\n.TH ", stdout);
    for (const char *c = name; *c; ++c) {
        if (*c == '-')
            putchar('\\');
        putchar(toupper((unsigned char)*c));
    }
    printf(" 1 %s \"covey %s\" \"Covey Manual\"\n", MANUAL_DATE, covey_version());
}

static void print_option_entry(const option_row *row) {
    fputs(".TP\n", stdout);
    fputs("\\fB", stdout);
    if (row->short_name)
        printf("\\-%c\\fR, \\fB", row->short_name);
    fputs("\\-\\-", stdout);
    print_roff(row->name);
    fputs("\\fR", stdout);
    if (row->argument) {
        fputs(" \\fI", stdout);
        print_roff(row->argument);
        fputs("\\fR", stdout);
    }
    putchar('\n');
    print_roff(row->help);
    if (row->kind == KIND_LIST)
        fputs("; may be repeated", stdout);
    if (row->choices) {
        fputs(" [", stdout);
        print_roff(row->choices);
        putchar(']');
    }
    if (row->fallback) {
        fputs(" (default: ", stdout);
        print_roff(row->fallback);
        putchar(')');
    }
    putchar('\n');
}

static void print_exit_status(void) {
    puts(".SH EXIT STATUS\n"
         ".TP\n0\nDone.\n"
         ".TP\n1\nFailed, with a sentence on standard error that says what to do.\n"
         ".TP\n2\nThe command line is wrong.\n"
         ".TP\n3\nDone, but photos were skipped and \\-\\-strict was given.\n"
         ".TP\n130\nStopped by Ctrl\\-C or SIGTERM, everything computed so far kept.");
}

static void print_examples(const char *examples) {
    puts(".SH EXAMPLES\n.nf");
    print_roff(examples);
    puts(".fi");
}

void man_all(void) {
    print_title("covey");
    puts(".SH NAME\ncovey \\- a folder of photos into groups that make sense, and why\n"
         ".SH SYNOPSIS\n.B covey\n.I command\n.RI [ options ]\\ .\\|.\\|.\n"
         ".SH DESCRIPTION\n"
         "Covey describes each photo by 512 numbers of VGG16\\(aqs convolutional layers, groups the\n"
         "descriptions by generalized clustering under any of a family of loss functions, shows each\n"
         "group by the photo that stands for it, and lays the losses side by side.\n"
         "It works offline once the weights are there, and never writes into the photo folder.\n"
         ".PP\nData goes to standard output, everything for people to standard error.\n"
         ".SH COMMANDS\nEach has a page of its own, \\fBcovey\\-\\fIcommand\\fR(1).");
    for (int i = 0; i < COMMAND_COUNT; ++i) {
        printf(".TP\n\\fB%s\\fR", command_rows[i].name);
        if (*command_rows[i].operands) {
            fputs(" \\fI", stdout);
            print_roff(command_rows[i].operands);
            fputs("\\fR", stdout);
        }
        putchar('\n');
        print_roff(command_rows[i].summary);
        putchar('\n');
    }
    print_exit_status();
    puts(".SH ENVIRONMENT\n"
         ".TP\n.B COVEY_HOME\nWhere weights are kept (else $XDG_DATA_HOME/covey, else\n"
         "\\(ti/.local/share/covey).\n"
         ".TP\n.B XDG_CACHE_HOME\nKept features lie in covey/ in it (else in \\(ti/.cache/covey).\n"
         ".TP\n.B COVEY_ISA\nscalar, avx2, avx512, avx512_bf16, amx or, on ARM, neon: use no instruction set beyond it.\n"
         ".TP\n.B COVEY_DECODE\nThe program that decodes photos, in place of covey\\-decode beside "
         "the installed command.\n"
         ".TP\n.B COVEY_DRAW\nThe program that draws figures, in place of covey\\-draw beside "
         "the installed command.\n"
         ".TP\n.B NO_PROGRESS, TERM=dumb\nPlain lines of progress in place of one that is redrawn.");
    print_examples(command_rows[COMMAND_RUN].examples);
    fputs(".SH SEE ALSO\n", stdout);
    for (int i = 0; i < COMMAND_COUNT; ++i)
        printf(".BR covey\\-%s (1)%s\n", command_rows[i].name, i + 1 < COMMAND_COUNT ? "," : "");
}

void man_command(command_id command) {
    const command_row *row = &command_rows[command];
    char name[48];
    snprintf(name, sizeof name, "covey-%s", row->name);
    print_title(name);
    printf(".SH NAME\ncovey\\-%s \\- ", row->name);
    print_roff(row->summary);
    printf("\n.SH SYNOPSIS\n\\fBcovey %s\\fR", row->name);
    if (*row->operands) {
        fputs(" \\fI", stdout);
        print_roff(row->operands);
        fputs("\\fR", stdout);
    }
    puts(" [\\fIoptions\\fR]\n.SH DESCRIPTION");
    print_roff(row->about);
    puts("\n.SH OPTIONS");
    for (int i = 0; i < OPTION_COUNT; ++i)
        if (option_rows[i].commands & (1u << command))
            print_option_entry(&option_rows[i]);
    print_exit_status();
    print_examples(row->examples);
    puts(".SH SEE ALSO\n.BR covey (1)");
}
