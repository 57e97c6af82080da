/* SPDX-License-Identifier: MIT */
/* Covey: photos into groups, and why. Includes every public header. */
#ifndef COVEY_COVEY_H
#define COVEY_COVEY_H

#include "covey/assign.h"
#include "covey/catalogue.h"
#include "covey/chart.h"
#include "covey/cluster.h"
#include "covey/compare.h"
#include "covey/cpu.h"
#include "covey/dial.h"
#include "covey/diff.h"
#include "covey/features.h"
#include "covey/labels.h"
#include "covey/landscape.h"
#include "covey/loss.h"
#include "covey/memory.h"
#include "covey/network.h"
#include "covey/npy.h"
#include "covey/organize.h"
#include "covey/photo.h"
#include "covey/ranks.h"
#include "covey/report.h"
#include "covey/run.h"
#include "covey/status.h"
#include "covey/strangers.h"
#include "covey/verify.h"
#include "covey/weights.h"

#endif
