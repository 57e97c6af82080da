/* SPDX-License-Identifier: MIT */
/* What a decoder never needs, it cannot do: docs/design/safety.md lists it. Linux only. */
#ifndef DECODE_SANDBOX_INTERNAL_H
#define DECODE_SANDBOX_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

/* From now on this process cannot gain rights, write a file, open one, reach a network or another
 * process, or hold more memory than photos of `max_pixels` need. What this kernel does not offer is
 * left out. `how` [size] names what holds: "seccomp, limits, no new privileges". COVEY_SANDBOX=off
 * in the environment leaves out all but the last, and so do builds with a sanitizer, which needs
 * files and address space of its own. */
void decode_sandbox_enter(char *how, size_t size, uint64_t max_pixels);

/* Before each photo: `seconds` of processor time from now, then SIGXCPU. */
void decode_sandbox_renew(unsigned seconds);

#endif
