/* SPDX-License-Identifier: MIT */
/* Every command: parse -> params -> library call -> print. Each returns the exit code, its reason
 * on stderr. */
#ifndef COVEY_COMMANDS_H
#define COVEY_COMMANDS_H

#include "options.h"

#define COMMAND(id, name, ...) int cmd_##name(const options *options);
#include "commands.def"
#undef COMMAND

#endif
