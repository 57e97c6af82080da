/* SPDX-License-Identifier: MIT */
/* What the network sees in the covers of a run. */
#ifndef COVEY_COVER_MAPS_H
#define COVEY_COVER_MAPS_H

#include "covey/covey.h"
#include "options.h"

/* Fills run->maps: the write-up's layers, COVEY_RUN_MAP_CHANNELS channels each, of the covers of the
 * COVEY_RUN_MAP_COVERS largest groups of the first loss. A photo that cannot be read any more has
 * none, and where the drawing program fails the rest is left out with a sentence. Returns the exit
 * code. */
int cover_maps(covey_run *run, const options *options);

#endif
