/* SPDX-License-Identifier: MIT */
/* Files put in place without ever overwriting one, and the list that undoes moves. */
#ifndef COVEY_ORGANIZE_INTERNAL_H
#define COVEY_ORGANIZE_INTERNAL_H

#include "covey/organize.h"
#include "run_internal.h"

/* Puts the regular file `from`, whose content is `digest`, at `name` within the open folder: 0, or an
 * errno value (EEXIST: the place is taken; EILSEQ: the content changed on the way). */
int covey__place_copy(int folder, const char *name, const char *from, const uint8_t digest[32],
                      int durable);
/* Removes from the open folder what copies that were killed left half made. Copies hold a lock. */
void covey__place_sweep(int folder);
int covey__place_move(int folder, const char *name, const char *from, const uint8_t digest[32]);

/* The reason in words. */
void covey__placing_refuse(covey_placed *photo, const char *reason);
void covey__placing_refuse_errno(covey_placed *photo, int error);

/* An absolute path without "." and ".." and empty parts. */
int covey__path_is_plain(const char *path);

/* Creates FOLDER/undo.sh (undo-2.sh, ...) with its heading, on disk. */
covey_status covey__undo_list_new(int *fd, char **path, const char *folder, covey_error *err);
/* One move, on disk when this returns: 0 or an errno value, after which the list may end in half a line and
 * takes no other. */
int covey__undo_list_add(int fd, const char *from, const char *to);

#endif
