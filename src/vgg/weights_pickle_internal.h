/* SPDX-License-Identifier: MIT */
/* Python pickles, parsed and never executed; and the state dicts of PyTorch in them. */
#ifndef COVEY_WEIGHTS_PICKLE_INTERNAL_H
#define COVEY_WEIGHTS_PICKLE_INTERNAL_H

#include "weights_source_internal.h"

/* A .pth in the zip form, whose data.pkl is entry `index`. */
covey_status covey__source_parse_torch_zip(covey__source *source, uint64_t index,
                                           covey_error *err);

#endif
