/* SPDX-License-Identifier: MIT */
/* A run: photos described, grouped and compared, kept in a folder that a script can read and a
 * report is made from.
 *
 * The folder (docs/guide/run-folder.md) is built aside and moved in; run.json comes last, and
 * readers refuse a folder without it. A covey_run belongs to one thread at a time. */
#ifndef COVEY_RUN_H
#define COVEY_RUN_H

#include "covey/catalogue.h"
#include "covey/compare.h"
#include "covey/dial.h"
#include "covey/network.h"
#include "covey/npy.h"
#include "covey/photo.h"
#include "covey/strangers.h"

COVEY_BEGIN_DECLS

/* A photo of a run: where it lies and what it looks like. */
typedef struct covey_run_photo {
    const char *path; /* relative to its root, raw bytes */
    size_t root;
    uint32_t width, height;
    uint64_t bytes;
    uint8_t sha256[32];
    const uint8_t *thumb; /* JPEG, longest side as asked for; NULL where there is none */
    size_t thumb_bytes;
} covey_run_photo;

/* A file that was not used, and why. */
typedef struct covey_run_skip {
    const char *path;
    size_t root;
    const char *reason;
} covey_run_skip;

/* One loss under one solver, summed over its clusters' centres, each solved again from its mean. */
typedef struct covey_solver_row {
    const char *loss, *solver; /* names, static */
    double objective;
    double gap; /* of the objective to the best of this loss's solvers */
    long long iterations, evaluations;
    size_t clusters, converged;
    double seconds;
    double from_exact; /* largest distance of a centre to the exact one; NaN: there is none */
} covey_solver_row;

/* The layers of the write-up, and what is kept of each for the covers of the largest groups. */
#define COVEY_WRITE_UP_LAYERS 1, 2, 3, 8, 15, 22, 29
enum { COVEY_RUN_MAP_COVERS = 6, COVEY_RUN_MAP_CHANNELS = 8, COVEY_RUN_MAP_SIDE = 56 };
/* Feature maps of one photo at one layer, as a picture. */
typedef struct covey_run_map {
    int64_t row;
    int layer;
    const uint8_t *png; /* the first channels side by side: covey_figure_encode_strip */
    size_t bytes;
} covey_run_map;

/* A photo that is nearly the same as an earlier one: a copy saved again, a frame of a burst. */
typedef struct covey_duplicate {
    size_t row, of_row; /* of_row < row: the most similar of the earlier ones, ties to the lower */
    double similarity;  /* cosine of the two descriptions */
} covey_duplicate;

/* Facts of the passport that do not vary between machines or times, and those that do. */
typedef struct covey_run_facts {
    const char *version, *command; /* the command line, quoted */
    const char *weights_name, *weights_digest, *engine_id, *preparation, *normalize, *start;
    const char *pooling; /* "mean", "max", "gem"; NULL where no photo was described */
    uint64_t seed;
    size_t found, others;
    int restarts, max_rounds, seeds;
    size_t batch; /* rows per mini-batch, 0: none */
    double tolerance;
    int classic;
    int k_automatic;
    size_t k_low, k_high; /* range that k was chosen from; 0: the default */
    int renumbered;       /* 1: cluster numbers were matched to the run before in the folder */
    const char *libraries; /* covey_libraries() */
    /* NULL or 0 in folders that were written before these were recorded: */
    const char *solver, *empty; /* the words of the command line */
    const char *cluster_isa;    /* of the grouping, which may be later than the features */
    const char *start_file, *start_sha256;   /* given centres: absolute path, digest */
    const char *labels_file, *labels_sha256; /* given labels; "folders" and NULL */
    int partial_labels;
    uint64_t max_pixels;
    double time_limit;
    double duplicates; /* threshold, 0: not sought; -1: not recorded */
    /* vary: */
    const char *host, *cpu;
    const char *isolation; /* of the decoders: covey_decoder_isolation; NULL if none decoded */
    int threads;
    size_t recalled; /* photos that the catalogue knew */
    double seconds_extract, seconds_cluster, seconds_total;
    long long started; /* seconds since 1970, UTC */
} covey_run_facts;

/* How the groups of one loss agree with given labels, over the rows that have one. */
typedef struct covey_label_score {
    double ari, nmi; /* [HubertArabie1985]; NMI by the mean of the entropies */
    double purity;   /* share of the rows whose label is the most frequent of their group */
    size_t *confusion; /* [k][n_classes], rows of each group by label */
} covey_label_score;

/* The scores of all losses of a run. */
typedef struct covey_label_scores {
    const char *source;   /* the file, or "folders" */
    const char **classes; /* [n_classes], bytewise order */
    size_t n_classes;
    size_t labelled;          /* rows that have a label */
    covey_label_score *losses; /* [n_losses] */
} covey_label_scores;

/* Everything about a run. Owned by the struct: free with covey_run_free. A run made from a foreign
 * features file has no photos (n_photos 0) and `features.rows` rows. */
typedef struct covey_run {
    covey_run_facts facts;
    const char **roots; /* [n_roots], absolute */
    size_t n_roots;
    covey_run_photo *photos; /* [n_photos], row order of features */
    size_t n_photos;
    covey_run_skip *skips; /* [n_skips] */
    size_t n_skips;
    covey_matrix features; /* as extracted, before normalisation */
    covey_comparison comparison; /* n_losses 0 after extract alone */
    char *folder; /* it was loaded from, or NULL */
    const char **names; /* [n_names], by cluster number: names users gave, NULL where none */
    size_t n_names;
    covey_label_scores *scores; /* against labels (covey/labels.h), or NULL */
    covey_duplicate *duplicates; /* [n_duplicates], by row */
    size_t n_duplicates;
    covey_strangers strangers;     /* n_rows 0: not looked into */
    covey_solver_row *solver_rows; /* [n_solver_rows], as covey compare --solvers finds them */
    size_t n_solver_rows;
    covey_run_map *maps; /* [n_maps], those of one photo together, by layer */
    size_t n_maps;
    covey_dial dial; /* of the comparison's groups; n_frames 0: none */
    void *arena; /* internal: strings and thumbnails */
    int arena_failed; /* internal: 1 once memory for them ran out */
    void *thumbs; /* internal: more thumbnails, in a temporary file */
} covey_run;

/* What is extracted how. */
typedef struct covey_extract_params {
    covey_decode_params decode;
    covey_network_params network;
    double duplicates; /* cosine from which on photos are near-duplicates (0.95; 0: not sought) */
    covey_catalogue *catalogue; /* borrowed; NULL (the default): every photo is computed */
    int rehash;                 /* 1: photos are known by content alone, never by their times */
    covey_progress_fn progress;
    void *progress_user;
} covey_extract_params;
/* As covey_decode_params_default and covey_network_params_default, thumbnails on, no catalogue. */
COVEY_API covey_extract_params covey_extract_params_default(void);

/* Parameters that describe photos as those of `run` were described, as far as this machine can:
 * decoding and precision by its passport, no thumbnails, no catalogue, no search for duplicates. */
COVEY_API covey_extract_params covey_extract_params_of(const covey_run *run);

/* An empty run; the caller frees *out with covey_run_free. */
COVEY_API COVEY_NODISCARD covey_status covey_run_new(covey_run **out, covey_error *err);
COVEY_API void covey_run_free(covey_run *run); /* accepts NULL */

/* A copy of `s` that lives as long as the run; NULL when memory runs out. */
COVEY_API const char *covey_run_copy_string(covey_run *run, const char *s);

/* *path and *sha256 (64 hexadecimal digits) of a file that a run reads beside its photos (centres to
 * start from, labels), for its facts: they live as long as the run. */
COVEY_API COVEY_NODISCARD covey_status covey_run_record_input(covey_run *run, const char **path,
                                                              const char **sha256,
                                                              const char *file, covey_error *err);

/* Adds a picture of feature maps, copied, after those that are there: COVEY_E_ARGUMENT for a row
 * that is no photo and beyond COVEY_RUN_MAP_COVERS photos of the write-up's layers. */
COVEY_API COVEY_NODISCARD covey_status covey_run_add_map(covey_run *run, int64_t row, int layer,
                                                         const uint8_t *png, size_t bytes);

/* run->solver_rows <- a copy of rows [n]; n may be 0. */
COVEY_API COVEY_NODISCARD covey_status covey_run_keep_solvers(covey_run *run,
                                                              const covey_solver_row *rows,
                                                              size_t n, covey_error *err);

/* Describes every photo of `files`, decoding beside the network. What the catalogue knows is not
 * computed, and what is computed is kept there as it comes; the result is the same to the byte.
 * Trouble with the catalogue ends nothing: see covey_catalogue_trouble. Photos that cannot be used
 * go to skips: found = photos + skips. Cancelled: COVEY_E_CANCELLED with the photos so far in `run`. No
 * usable photo: COVEY_E_NOT_FOUND, skips filled. */
COVEY_API COVEY_NODISCARD covey_status covey_run_extract(covey_run *run, const covey_files *files,
                                                         const covey_weights *weights,
                                                         const covey_extract_params *params,
                                                         covey_error *err);

/* For the other ranks of a job (covey/ranks.h) while rank 0 is in covey_run_extract: describes the
 * photos it hands out, and returns when it has no more. weights and params must be the same on all
 * ranks. Nothing on rank 0. */
COVEY_API COVEY_NODISCARD covey_status covey_run_extract_help(const covey_weights *weights,
                                                              const covey_extract_params *params,
                                                              covey_error *err);

/* Fills run->duplicates from run->features: rows whose cosine to an earlier row is at least
 * `threshold` (above 0, at most 1), each with the nearest of those (ties: the first). Every pair is
 * looked at, most of them through a bound (src/run/sketch_internal.h); covey_run_extract calls it.
 * The same for any number of threads. `progress` (may be NULL) hears of the stage "duplicates" and
 * stops it: COVEY_E_CANCELLED, run->duplicates as before. */
COVEY_API COVEY_NODISCARD covey_status covey_run_find_duplicates(covey_run *run, double threshold,
                                                                 int threads,
                                                                 covey_progress_fn progress,
                                                                 void *progress_user,
                                                                 covey_error *err);

/* Refuses a non-empty folder that no run made (COVEY_E_EXISTS), and one inside a photo root. Call
 * before the work, so that hours are not lost. */
COVEY_API COVEY_NODISCARD covey_status covey_run_check_target(const char *folder,
                                                              const char *const *roots,
                                                              size_t n_roots, covey_error *err);

/* Writes the whole folder: built as FOLDER.partial-XXXXXX beside it, then moved in. `extras` (may
 * be NULL) is called with the folder being built, to add report and pictures before it moves in. */
typedef covey_status (*covey_run_extras_fn)(void *user, const covey_run *run, const char *folder,
                                            covey_error *err);
/* Saves a run; `extras`: see above. COVEY_E_EXISTS: the folder is not ours to replace. */
COVEY_API COVEY_NODISCARD covey_status covey_run_save(const covey_run *run, const char *folder,
                                                      covey_run_extras_fn extras, void *user,
                                                      covey_error *err);

/* Reads a run folder back, checking digests; thumbnails from thumbs/ where kept. Incomplete, newer
 * or edited: COVEY_E_FORMAT or COVEY_E_DIGEST with a sentence. */
COVEY_API COVEY_NODISCARD covey_status covey_run_load(covey_run **out, const char *folder,
                                                      covey_error *err);

/* ---- names of groups ----------------------------------------------------------------------- */

/* Names group `cluster` (0 .. k_all-1), in memory: one line of UTF-8, at most 200 bytes, copied
 * without blanks at its ends; NULL or "" takes the name away. COVEY_E_ARGUMENT: no such group, or
 * no such name. */
COVEY_API COVEY_NODISCARD covey_status covey_run_set_name(covey_run *run, size_t cluster,
                                                          const char *name, covey_error *err);

/* Writes the names into run.json of the folder that the run was loaded from: atomically, the rest
 * of the file as it is. The page and the pictures are not touched. COVEY_E_EXISTS: another run
 * has taken the folder meanwhile. */
COVEY_API COVEY_NODISCARD covey_status covey_run_save_names(const covey_run *run,
                                                            covey_error *err);

/* Names of a run before for the groups of `run`, whatever was in run->names. `labels` [rows]: the
 * old group of each row under the reference loss, -1 where there was none (NULL: none known). A name goes to the group
 * that holds more than half of the old one's rows and has more than half of its own known rows from
 * it, so to one at most; `*lost` (may be NULL) counts those that found none. `names` [n_names],
 * NULL where there is none; they may not be run->names. */
COVEY_API COVEY_NODISCARD covey_status covey_run_carry_names(covey_run *run, size_t *lost,
                                                             const int32_t *labels,
                                                             const char **names,
                                                             size_t n_names, covey_error *err);

/* ---- nearest photos ------------------------------------------------------------------------- */

/* A row and how near it is. */
typedef struct covey_neighbour {
    int64_t row;
    double cosine; /* of the angle between the descriptions as extracted: 1 is the same direction */
} covey_neighbour;

/* out [*n] <- the rows nearest to `features` [run->features.cols], nearest first, ties to the lower
 * row; `except`: a row to leave out, or -1. Rows that are all zero have no direction and are left
 * out. `*n` comes back smaller where the run holds fewer. COVEY_E_ARGUMENT: `features` is all
 * zero or not finite. */
COVEY_API COVEY_NODISCARD covey_status covey_run_similar(covey_neighbour *out, size_t *n,
                                                         const covey_run *run,
                                                         const float *features, int64_t except,
                                                         covey_error *err);

/* out [rows][count] <- for every row, the rows nearest to it as covey_run_similar finds them, itself
 * left out; {-1, 0} where there are fewer and for rows that are all zero. Every pair is looked at:
 * about a second for 10,000 photos, a hundred times that for ten times as many. The same for any
 * number of threads (0: all cores). */
COVEY_API COVEY_NODISCARD covey_status covey_run_find_near(covey_neighbour *out, size_t count,
                                                           const covey_run *run, int threads,
                                                           covey_error *err);

/* out [rows][2] <- the rows, each scaled to length 1, on the plane of their two principal
 * components (found on at most 8192 of them, evenly chosen); share: of the variance along each. The same
 * for any number of threads (0: all cores). */
COVEY_API COVEY_NODISCARD covey_status covey_run_find_map(double *out, double share[2],
                                                          const covey_run *run, int threads,
                                                          covey_error *err);

enum { COVEY_TSNE_ROWS = 3000 };

/* out [rows][2] <- the rows, each scaled to length 1, on a plane where neighbours are kept together:
 * t-SNE [MaatenHinton2008] with perplexity 30 (fewer than 91 rows: (rows - 1) / 3), begun at their
 * principal components. Every pair is looked at in each of 700 steps: about a tenth of a second for
 * 255 rows and ten seconds of one core for 3,000; more than COVEY_TSNE_ROWS: COVEY_E_ARGUMENT. The
 * same for any number of threads (0: all cores). */
COVEY_API COVEY_NODISCARD covey_status covey_run_find_tsne(double *out, const covey_run *run,
                                                           int threads, covey_error *err);

/* The row of a photo named as in images.csv, or by a path that leads to the same file; -1 where the
 * run has none such. */
COVEY_API int64_t covey_run_find_photo(const covey_run *run, const char *path);

/* ---- larger pictures ---------------------------------------------------------------------- */

/* A decoded photo, upright. */
typedef struct covey_picture {
    uint8_t *rgb; /* [height][width][3]; NULL where the photo cannot be had any more */
    size_t width, height;
} covey_picture;

/* Pictures of the photos `rows` [n], longest side `side`, decoded from the originals, else from the
 * run's thumbnails: `*out` [n], freed with covey_pictures_free(out, n). A row of -1 stays empty. */
COVEY_API COVEY_NODISCARD covey_status covey_pictures_new(covey_picture **out,
                                                          const covey_run *run,
                                                          const int64_t *rows, size_t n,
                                                          size_t side, covey_error *err);
COVEY_API void covey_pictures_free(covey_picture *pictures, size_t n); /* accepts NULL */

COVEY_END_DECLS

#endif
