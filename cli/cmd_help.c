/* SPDX-License-Identifier: MIT */
/* covey help [COMMAND | TASK...] */
#include <string.h>

#include "commands.h"
#include "console.h"

static int is_command(command_id *out, const char *name) {
    for (int i = 0; i < COMMAND_COUNT; ++i)
        if (strcmp(name, command_rows[i].name) == 0) {
            *out = (command_id)i;
            return 1;
        }
    return 0;
}

int cmd_help(const options *options) {
    const option_value *values = options->values;
    command_id command;
    int man = values[OPT_MAN].given;
    if (values[OPT_COMPLETION].given) {
        if (options->n_operands || man)
            return misuse("--completion covers all commands; give it alone");
        completion_print(values[OPT_COMPLETION].choice);
        return EXIT_DONE;
    }
    if (options->n_operands == 0) {
        if (man)
            man_all();
        else
            help_all();
        return EXIT_DONE;
    }
    if (options->n_operands == 1 && is_command(&command, options->operands[0])) {
        if (man)
            man_command(command);
        else
            help_command(command);
        return EXIT_DONE;
    }
    if (man)
        return misuse("--man takes one command, or none for covey(1)");
    if (help_task(options->operands, options->n_operands))
        return EXIT_DONE;
    if (options->n_operands == 1 && command_find(&command, options->operands[0]))
        return EXIT_MISUSE;
    return misuse("no command is known for that; 'covey help' lists them all");
}
