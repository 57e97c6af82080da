/* SPDX-License-Identifier: MIT */
#include "ranks_option.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"

static int shares_work(command_id command) {
    return command == COMMAND_CLUSTER || command == COMMAND_COMPARE ||
           command == COMMAND_EXTRACT || command == COMMAND_RUN;
}

void ranks_hush(void) {
    if (covey_ranks_launched() > 0)
        console_set_silent();
}

/* The arguments behind the program's name, one after the other. NULL if memory runs out. */
static char *joined(int argc, char **argv) {
    size_t size = 1;
    for (int i = 1; i < argc; ++i)
        size += strlen(argv[i]) + 1;
    char *text = malloc(size), *to = text;
    for (int i = 1; text && i < argc; ++i) {
        size_t n = strlen(argv[i]);
        memcpy(to, argv[i], n);
        to += n;
        *to++ = ' ';
    }
    if (text)
        *to = '\0';
    return text;
}

int ranks_join(int *idle, command_id command, int argc, char **argv) {
    covey_error err = {0};
    int launched = covey_ranks_launched();
    *idle = 0;
    if (launched < 0)
        return EXIT_DONE;
    if (!shares_work(command)) {
        *idle = launched > 0;
        say("%s does not share its work: one rank does it", command_rows[command].name);
        return EXIT_DONE;
    }
    covey_status status = covey_ranks_begin(&err);
    if (status != COVEY_OK)
        return fail_status(status, &err);
    if (covey_ranks_count() == 1) {
        say("1 rank: as without mpirun");
        return EXIT_DONE;
    }
    char *line = joined(argc, argv);
    status = line ? covey_ranks_same("command line", line, &err) : COVEY_E_NOMEM;
    free(line);
    if (status == COVEY_E_ARGUMENT)
        return misuse_status(status, &err);
    if (status != COVEY_OK)
        return fail_status(status, &err);
    say("%s", covey_ranks_words());
    (void)covey_ranks_split(command == COMMAND_CLUSTER || command == COMMAND_COMPARE);
    return EXIT_DONE;
}

int ranks_agree(int code) {
    covey_error err = {0};
    if (code != EXIT_DONE)
        snprintf(err.message, sizeof err.message, "%s", console_last_failure());
    covey_status status =
        covey_ranks_agree(code == EXIT_DONE ? COVEY_OK : COVEY_E_ARGUMENT, &err);
    if (status == COVEY_OK || code != EXIT_DONE)
        return code;
    return covey_ranks_rank() == 0 ? fail_status(status, &err) : EXIT_FAILED;
}

int ranks_leave(int code) {
    char said[256];
    uint64_t calls, bytes;
    double seconds;
    int ranks = covey_ranks_count();
    double busy = covey_ranks_busy();
    covey_ranks_traffic(&calls, &bytes, &seconds);
    int all = covey_ranks_end(code, console_last_failure(), said);
    if (*said)
        fail("%s", said);
    else if (ranks > 1 && all == EXIT_DONE)
        say("rank 0 of %d: %.3f MB given in %llu calls, %.2f s in them; %.3f s of processor time "
            "outside of them",
            ranks, 1e-6 * (double)bytes, (unsigned long long)calls, seconds, busy);
    return all;
}
