/* SPDX-License-Identifier: MIT */
/* --memory SIZE: a limit for all that a command holds. */
#ifndef COVEY_MEMORY_OPTION_H
#define COVEY_MEMORY_OPTION_H

/* Sets the limit that `text` asks for ("512M", "1.5G"; NULL: none) before anything large is read.
 * Returns the exit code. */
int memory_option_take(const char *text);

#endif
