/* SPDX-License-Identifier: MIT */
/* A table that grows line by line and is written to stdout or into a folder. */
#ifndef COVEY_TABLE_FILE_H
#define COVEY_TABLE_FILE_H

#include <stdio.h>

#include "covey/covey.h"

/* FOLDER/name opened for writing; NULL once the reason is on stderr. */
FILE *table_open(const char *folder, const char *name);
/* Closes; a failed write (full disk) is EXIT_FAILED with a sentence that names the file. */
int table_close(FILE *file, const char *folder, const char *name);

/* A number that reads back as the same; an empty field for NaN. */
void table_number(FILE *file, double value);

/* FOLDER/name.png and FOLDER/name.svg. Returns the exit code. */
int figure_save_both(const char *folder, const char *name, const covey_figure *figure);

/* One figure where its suffix says; a wrong suffix is misuse. Says where. */
int figure_save_one(const char *path, const covey_figure *figure);

#endif
