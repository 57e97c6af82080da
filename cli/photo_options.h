/* SPDX-License-Identifier: MIT */
/* From the options of run, extract and maps to photos, decoder and network. */
#ifndef COVEY_PHOTO_OPTIONS_H
#define COVEY_PHOTO_OPTIONS_H

#include "covey/covey.h"
#include "options.h"

/* Finds the photos of the operands and --files-from, checks that the target of -o may be written,
 * and refuses an empty find. Returns the exit code, the reason on stderr; *out is freed by
 * covey_files_free. */
int photo_options_find(covey_files **out, const options *options);

/* The photos of the operands from `first` on and of --files-from; --out is checked where it was
 * given. As above otherwise. */
int photo_options_list(covey_files **out, const options *options, size_t first);

/* Decoder and network parameters; thumbnails and progress as for extract. */
void photo_options_decode(covey_decode_params *out, const options *options);
void photo_options_extract(covey_extract_params *out, const options *options);

/* Opens --weights; missing: the one line that gets them. */
int photo_options_weights(covey_weights **out, const options *options);

/* Ranks agree on the exit code so far; all but rank 0 then help it to describe photos, until it has no
 * more. Returns the exit code. */
int photo_options_help(const options *options, int code);

/* find, weights, extract: what run and extract share, into a new run. A stop by signal is
 * EXIT_STOPPED with the photos so far in *out; *out is freed by covey_run_free in every case. */
int photo_options_describe(covey_run **out, const options *options, covey_files *files);

/* EXIT_DONE or, with --strict and photos skipped, EXIT_SKIPPED; says the totals. */
int photo_options_totals(const covey_run *run, const options *options);

/* Whether -o - was given: the data goes to stdout in place of a folder. */
int photo_options_to_stdout(const options *options);

#endif
