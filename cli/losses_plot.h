/* SPDX-License-Identifier: MIT */
/* covey losses --plot FILE: rho, psi and weight of every loss. */
#ifndef COVEY_LOSSES_PLOT_H
#define COVEY_LOSSES_PLOT_H

/* One panel per loss, parameters at their fallbacks. Returns the exit code. */
int losses_plot(const char *path);

#endif
