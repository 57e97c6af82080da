/* SPDX-License-Identifier: MIT */
/* What the files of src/run share: strings that live as long as the run, and the folder's names. */
#ifndef COVEY_RUN_INTERNAL_H
#define COVEY_RUN_INTERNAL_H

#include "base_internal.h"
#include "covey/run.h"

/* format_version of run.json: raised when a reader of before could misread a folder. */
enum { COVEY__RUN_FORMAT = 1, COVEY__RUN_THUMB_SIDE = 256, COVEY__RUN_COVER_SIDE = 800 };

/* The files under the byte contract, in the order run.json lists their digests. */
extern const char *const covey__run_contract_files[]; /* NULL-terminated */

/* Memory owned by the run, freed with it; NULL when memory runs out. */
void *covey__run_alloc(covey_run *run, size_t bytes);

/* A copy of a thumbnail that lives as long as the run, in memory or in a file; NULL when memory runs
 * out. Readers of many call covey__run_rest_thumbs now and then: what lies in the file is let go of. */
const uint8_t *covey__run_keep_thumb(covey_run *run, const uint8_t *jpeg, size_t bytes);
void covey__run_rest_thumbs(const covey_run *run);
void covey__run_free_thumbs(covey_run *run);

/* ROOT/path of a photo; freed by the caller. */
char *covey__run_full_path(const covey_run *run, size_t row);

/* The absolute path of `folder`, which need not exist: its longest existing parent is resolved. NULL
 * when memory runs out; freed by the caller. */
char *covey__run_absolute_path(const char *folder);
/* `path` is `root` or lies below it; both absolute. "/" holds nothing. */
int covey__run_is_inside(const char *path, const char *root);

/* JPEGs of the photos `rows` [n], longest side `side`: sink is called in order for rows >= 0, with
 * NULL where neither the original nor a thumbnail can be had. */
typedef covey_status (*covey__jpeg_sink)(void *user, size_t index, const uint8_t *jpeg,
                                         size_t bytes, covey_error *err);
covey_status covey__run_jpegs(const covey_run *run, const int64_t *rows, size_t n, size_t side,
                              covey__jpeg_sink sink, void *user, covey_error *err);

/* "maps/000012_layer_29.png" */
void covey__run_map_name(char out[48], int64_t row, int layer);
/* Fills run->maps from the folder, after the comparison. */
covey_status covey__run_load_maps(covey_run *run, const char *folder, covey_error *err);

/* The texts of the folder's tables; covey__text.failed is sticky and checked by the caller. */
void covey__run_images_csv(covey__text *text, const covey_run *run);
void covey__run_clusters_csv(covey__text *text, const covey_run *run);
void covey__run_history_csv(covey__text *text, const covey_run *run);
void covey__run_duplicates_csv(covey__text *text, const covey_run *run);
void covey__run_skipped_csv(covey__text *text, const covey_run *run);
void covey__run_timings_csv(covey__text *text, const covey_run *run);

/* comparison.json and run.json; freed with covey_free. `folder` holds the files already, whose
 * digests run.json lists. */
covey_status covey__run_comparison_json(char **out, const covey_run *run, covey_error *err);
covey_status covey__run_passport_json(char **out, const covey_run *run, const char *folder,
                                      covey_error *err);

#endif
