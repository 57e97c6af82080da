/* SPDX-License-Identifier: MIT */
/* The rows of the table of losses, one per loss_NAME.c, from the one list in losses.def. */
#ifndef COVEY_LOSS_INTERNAL_H
#define COVEY_LOSS_INTERNAL_H

#include "covey/loss.h"

#define COVEY_LOSS_ROW(name) extern const covey_loss_ops covey__loss_##name;
#include "losses.def"
#undef COVEY_LOSS_ROW

#endif
