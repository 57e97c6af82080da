/* SPDX-License-Identifier: MIT */
/* The command `covey`: finds the command named first and runs it. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "commands.h"
#include "console.h"
#include "options.h"
#include "ranks_option.h"

static int print_version(void) {
    covey_isa isa;
    covey_error err;
    covey_status status = covey_isa_in_use(&isa, &err);
    if (status != COVEY_OK)
        return misuse_status(status, &err);
    printf("covey %s\n", covey_version());
    printf("isa        %s (this machine: %s)\n", covey_isa_name(isa),
           covey_isa_name(covey_isa_machine()));
    printf("cpu        %s, %d cores\n", covey_cpu_name(), covey_cpu_count());
    printf("libraries  %s\n", covey_libraries());
    return EXIT_DONE;
}

/* Commands whose progress a program may want to follow: --json makes stderr events for them. */
static int command_is_long(command_id command) {
    return command == COMMAND_RUN || command == COMMAND_EXTRACT || command == COMMAND_CLUSTER ||
           command == COMMAND_COMPARE || command == COMMAND_ASSIGN || command == COMMAND_ORGANIZE;
}

static int run_named(int argc, char **argv) {
    command_id command;
    struct stat entry;
    if (argv[1][0] != '-' && strchr(argv[1], '/') && stat(argv[1], &entry) == 0)
        return misuse("'%s' is not a command; did you mean 'covey run %s -o out/'?", argv[1],
                      argv[1]);
    if (argv[1][0] == '-')
        return misuse("'%s': options come after the command; 'covey help' lists the commands",
                      argv[1]);
    if (command_find(&command, argv[1]))
        return EXIT_MISUSE;
    options options;
    int idle = 0, code = options_parse(&options, command, argc, argv);
    console_set_quiet(options.values[OPT_QUIET].given);
    if (options.values[OPT_JSON].given && !options.values[OPT_QUIET].given &&
        command_is_long(command))
        console_set_events(1);
    if (options.values[OPT_HELP].given && code == EXIT_DONE)
        help_command(command);
    else if (code == EXIT_DONE && (code = ranks_join(&idle, command, argc, argv)) == EXIT_DONE &&
             !idle)
        code = command_rows[command].run(&options);
    options_fini(&options);
    return ranks_leave(code);
}

int main(int argc, char **argv) {
    console_start();
    ranks_hush();
    if (argc < 2) {
        misuse("say what to do: 'covey run PHOTOS -o out/', or 'covey help' for all commands");
        return console_finish(EXIT_MISUSE);
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
        return console_finish(print_version());
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        help_all();
        return console_finish(EXIT_DONE);
    }
    return console_finish(run_named(argc, argv));
}
