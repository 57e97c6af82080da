/* SPDX-License-Identifier: MIT */
#include "commands.h"
#include "console.h"

int cmd_help(const options *options) {
    command_id command;
    if (options->n_operands > 1)
        return misuse("help takes one command, not %zu", options->n_operands);
    if (options->n_operands == 0)
        help_all();
    else if (command_find(&command, options->operands[0]))
        return EXIT_MISUSE;
    else
        help_command(command);
    return EXIT_DONE;
}
