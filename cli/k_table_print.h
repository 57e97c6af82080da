/* SPDX-License-Identifier: MIT */
/* What speaks for each number of groups. */
#ifndef COVEY_K_TABLE_PRINT_H
#define COVEY_K_TABLE_PRINT_H

#include <jansson.h>

#include "covey/covey.h"

/* Nothing where k was given. */
void k_table_print(const covey_comparison *comparison);
json_t *k_table_json(const covey_comparison *comparison);

#endif
