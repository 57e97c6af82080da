/* SPDX-License-Identifier: MIT */
#include "cluster_options.h"

#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "ranks_option.h"

/* ---- losses and their parameters ---------------------------------------------------------- */

static int add_loss(cluster_request *out, const covey_loss *loss) {
    for (size_t i = 0; i < out->n_losses; ++i)
        if (out->losses[i].ops == loss->ops)
            return misuse("--loss: %s is listed twice", loss->ops->name);
    covey_loss *grown = realloc(out->losses, (out->n_losses + 1) * sizeof *grown);
    if (!grown)
        return fail_memory();
    grown[out->n_losses++] = *loss;
    out->losses = grown;
    return EXIT_DONE;
}

static int add_all_losses(cluster_request *out) {
    covey_error err;
    int code = EXIT_DONE;
    for (size_t i = 0; i < covey_loss_count() && code == EXIT_DONE; ++i) {
        covey_loss loss;
        covey_status status = covey_loss_find(&loss, covey_loss_get(i)->name, &err);
        code = status == COVEY_OK ? add_loss(out, &loss) : misuse_status(status, &err);
    }
    return code;
}

/* "huber,square" */
static int add_named_losses(cluster_request *out, const char *text) {
    char name[64];
    covey_error err;
    for (const char *at = text;; ++at) {
        size_t length = strcspn(at, ",");
        covey_loss loss;
        if (length == 0 || length >= sizeof name)
            return misuse("--loss: '%s' is not a list of names such as huber,square", text);
        memcpy(name, at, length);
        name[length] = '\0';
        covey_status status = covey_loss_find(&loss, name, &err);
        if (status != COVEY_OK)
            return misuse_status(status, &err);
        int code = add_loss(out, &loss);
        if (code != EXIT_DONE)
            return code;
        at += length;
        if (!*at)
            return EXIT_DONE;
    }
}

static int read_losses(cluster_request *out, const options *options) {
    int single = options->command == COMMAND_CLUSTER || options->command == COMMAND_DESCEND;
    const option_value *value = &options->values[single ? OPT_LOSS : OPT_LOSSES];
    for (size_t i = 0; i < value->n_items; ++i) {
        int code = strcmp(value->items[i], "all") == 0 ? add_all_losses(out)
                                                       : add_named_losses(out, value->items[i]);
        if (code != EXIT_DONE)
            return code;
    }
    if (single && out->n_losses > 1)
        return misuse("%s takes one loss; 'covey compare' takes several",
                      command_rows[options->command].name);
    return EXIT_DONE;
}

static int has_param(const covey_loss *loss, const char *name) {
    for (int i = 0; i < COVEY_LOSS_PARAMS && loss->ops->params[i].name; ++i)
        if (strcmp(loss->ops->params[i].name, name) == 0)
            return 1;
    return 0;
}

/* "delta=1.0" for every loss that has a delta; "huber.delta=1.0" for one. */
static int read_param(cluster_request *out, const char *text) {
    char name[64];
    const char *equals = strchr(text, '=');
    if (!equals || !equals[1] || equals == text || (size_t)(equals - text) >= sizeof name)
        return misuse("--param: write '%s' as NAME=VALUE or LOSS.NAME=VALUE", text);
    memcpy(name, text, (size_t)(equals - text));
    name[equals - text] = '\0';
    covey_error err;
    covey_loss only = {0};
    char *param = name, *dot = strchr(name, '.');
    if (dot) {
        *dot = '\0';
        param = dot + 1;
        covey_status status = covey_loss_find(&only, name, &err);
        if (status != COVEY_OK)
            return misuse_status(status, &err);
    }
    int met = 0;
    for (size_t i = 0; i < out->n_losses; ++i) {
        covey_loss *loss = &out->losses[i];
        if (only.ops ? loss->ops != only.ops : !has_param(loss, param))
            continue;
        covey_status status = covey_loss_set_param(loss, param, equals + 1, &err);
        if (status != COVEY_OK)
            return misuse_status(status, &err);
        met = 1;
    }
    if (!met && only.ops)
        return misuse("--param %s: %s is not among the losses of --loss", text, only.ops->name);
    if (!met)
        return misuse("--param %s: no loss of --loss has a parameter '%s'", text, param);
    return EXIT_DONE;
}

/* The original took 1.0 for every scale that was not given. */
static void set_classic_params(cluster_request *out) {
    for (size_t i = 0; i < out->n_losses; ++i) {
        covey_loss *loss = &out->losses[i];
        for (int p = 0; p < COVEY_LOSS_PARAMS && loss->ops->params[p].name; ++p) {
            if (!loss->is_auto[p] || loss->ops->params[p].constant == 0)
                continue;
            loss->params[p] = 1.0;
            loss->is_auto[p] = 0;
        }
    }
}

/* ---- the alternation ----------------------------------------------------------------------- */

static int read_clusters(cluster_request *out, const char *text) {
    unsigned long long low, high;
    char first[32];
    const char *dots = strstr(text, "..");
    if (strcmp(text, "auto") == 0)
        return EXIT_DONE;
    if (!dots) {
        if (parse_count(&low, text) || low < 1 || low > 1000000)
            return misuse("-k: '%s' is not a number from 1 on, 'auto', or a range such as 2..20",
                          text);
        out->params.cluster.k = (size_t)low;
        return EXIT_DONE;
    }
    snprintf(first, sizeof first, "%.*s", (int)(dots - text < 31 ? dots - text : 31), text);
    if (parse_count(&low, first) || parse_count(&high, dots + 2) || low < 2 || high < low ||
        high > 1000000)
        return misuse("-k: '%s' is not a range such as 2..20 (from 2 on, the smaller first)", text);
    out->params.k_low = (size_t)low;
    out->params.k_high = (size_t)high;
    return EXIT_DONE;
}

static int read_start(cluster_request *out, const options *options) {
    const char *text = options->values[OPT_START].text;
    covey_cluster_params *cluster = &out->params.cluster;
    size_t length = strlen(text), rows;
    /* kmeans_parallel: what a shell takes without quotes. */
    static const struct {
        const char *word, *name;
        covey_start start;
    } known[] = {{"kmeans++", "kmeans++", COVEY_START_KMEANSPP},
                 {"loss++", "loss++", COVEY_START_LOSSPP},
                 {"kmeans||", "kmeans||", COVEY_START_KMEANS_PARALLEL},
                 {"kmeans_parallel", "kmeans||", COVEY_START_KMEANS_PARALLEL},
                 {"kmeans-parallel", "kmeans||", COVEY_START_KMEANS_PARALLEL},
                 {"random", "random", COVEY_START_RANDOM}};
    for (size_t i = 0; i < sizeof known / sizeof *known; ++i)
        if (strcmp(text, known[i].word) == 0) {
            out->start_name = known[i].name;
            cluster->start = known[i].start;
            return EXIT_DONE;
        }
    out->start_name = text;
    if (length < 4 || strcmp(text + length - 4, ".npy") != 0)
        return misuse("--start: '%s' is not kmeans++, loss++, kmeans_parallel, random, or a .npy "
                      "file with the centres",
                      text);
    covey_error err;
    covey_status status = covey_npy_load_f64(&out->start, &rows, &out->start_cols, text, &err);
    if (status != COVEY_OK)
        return fail_status(status, &err);
    if ((options->values[OPT_CLUSTERS].given || options->values[OPT_GROUPS].given) &&
        cluster->k != rows)
        return misuse("--start %s has %zu centres, and -k asks for something else; leave -k out",
                      text, rows);
    cluster->k = rows;
    cluster->start = COVEY_START_CENTRES;
    cluster->centres = out->start;
    cluster->restarts = 1;
    out->params.seeds = 0; /* nothing is left to chance, so seeds have nothing to say */
    return EXIT_DONE;
}

static void set_classic(cluster_request *out, const options *options) {
    covey_cluster_params *cluster = &out->params.cluster;
    cluster->classic = 1;
    if (!options->values[OPT_START].given) {
        cluster->start = COVEY_START_RANDOM;
        out->start_name = "random";
    }
    if (!options->values[OPT_RESTARTS].given)
        cluster->restarts = 1;
    if (!options->values[OPT_MAX_ROUNDS].given)
        cluster->max_rounds = 3;
    if (!options->values[OPT_TOLERANCE].given)
        cluster->tolerance = 1e-4;
    if (!out->normalize_given)
        out->normalize = COVEY_NORMALIZE_NONE;
    out->normalize_given = 1;
    set_classic_params(out);
    say("classic: the original write-up's procedure (%s features, %s start, parameters 1.0 unless "
        "given, %d rounds, tolerance %g); its objective may rise",
        out->normalize == COVEY_NORMALIZE_NONE ? "raw" : "normalised", out->start_name,
        cluster->max_rounds, cluster->tolerance);
}

int cluster_request_read(cluster_request *out, const options *options) {
    const option_value *values = options->values;
    memset(out, 0, sizeof *out);
    out->params = covey_compare_params_default();
    covey_cluster_params *cluster = &out->params.cluster;
    cluster->k = 0;
    cluster->restarts = (int)values[OPT_RESTARTS].count;
    cluster->max_rounds = (int)values[OPT_MAX_ROUNDS].count;
    cluster->batch = values[OPT_MINI_BATCH].given ? (size_t)values[OPT_MINI_BATCH].count : 0;
    cluster->tolerance = values[OPT_TOLERANCE].real;
    cluster->seed = values[OPT_SEED].count;
    cluster->threads = (int)values[OPT_THREADS].count;
    cluster->empty = (covey_empty)values[OPT_EMPTY].choice;
    cluster->progress = console_progress;
    out->params.seeds = options->command == COMMAND_CLUSTER ? 0 : (int)values[OPT_SEEDS].count;
    out->normalize_given = values[OPT_NORMALIZE].given;
    covey_error err;
    covey_status status =
        out->normalize_given
            ? covey_normalize_find(&out->normalize, values[OPT_NORMALIZE].text, &err)
            : COVEY_OK;
    if (status != COVEY_OK)
        return misuse_status(status, &err);
    if ((int)out->normalize >= COVEY_NORMALIZE_PCA && options->command == COMMAND_DESCEND)
        return misuse("--normalize %s: descend draws the features themselves; take l2",
                      values[OPT_NORMALIZE].text);
    const char *solver = values[OPT_SOLVER].text; /* descend shows solvers, and has no such choice */
    status = covey_solver_find(&cluster->solver, solver ? solver : "auto", &err);
    if (status != COVEY_OK)
        return misuse_status(status, &err);
    int code = EXIT_DONE;
    if (options->command == COMMAND_DESCEND)
        cluster->k = (size_t)values[OPT_GROUPS].count;
    else
        code = read_clusters(out, values[OPT_CLUSTERS].text);
    if (code == EXIT_DONE)
        code = read_losses(out, options);
    for (size_t i = 0; i < values[OPT_PARAM].n_items && code == EXIT_DONE; ++i)
        code = read_param(out, values[OPT_PARAM].items[i]);
    if (code == EXIT_DONE)
        code = read_start(out, options);
    if (code == EXIT_DONE && values[OPT_CLASSIC].given)
        set_classic(out, options);
    out->partial_labels = values[OPT_PARTIAL_LABELS].given;
    if (code == EXIT_DONE && out->partial_labels && !values[OPT_LABELS].given)
        code = misuse("--partial-labels says how to take --labels; give that too");
    if (code == EXIT_DONE && values[OPT_LABELS].given) {
        if (strcmp(values[OPT_LABELS].text, "folders") != 0)
            out->labels_source = values[OPT_LABELS].text;
        status = covey_labels_new(&out->labels, values[OPT_LABELS].text, &err);
        code = status == COVEY_OK ? EXIT_DONE : fail_status(status, &err);
    }
    return code;
}

void cluster_request_fini(cluster_request *request) {
    free(request->losses);
    covey_free(request->start);
    if (!request->x_borrowed)
        covey_free(request->x);
    covey_labels_free(request->labels);
    memset(request, 0, sizeof *request);
}

int cluster_request_check(const cluster_request *request, size_t n, size_t d, const char *what) {
    const covey_cluster_params *cluster = &request->params.cluster;
    if (cluster->k > n)
        return fail("-k %zu is more than there are %s (%zu); ask for at most %zu groups",
                    cluster->k, what, n, n);
    if (request->params.k_low > n)
        return fail("-k %zu..%zu begins above the number of %s (%zu)", request->params.k_low,
                    request->params.k_high, what, n);
    if (d && request->start && request->start_cols != d)
        return fail("--start %s has rows of %zu numbers, the features %zu; both must come from the "
                    "same network",
                    request->start_name, request->start_cols, d);
    return EXIT_DONE;
}

/* ---- the work ------------------------------------------------------------------------------ */

typedef struct known_path {
    const char *path, *root;
    int32_t label;
} known_path;

static int compare_known(const void *a, const void *b) {
    const known_path *x = a, *y = b;
    int order = strcmp(x->path, y->path);
    return order ? order : strcmp(x->root, y->root);
}

/* labels [n] of the previous run's reference loss for the rows of `run`, -1 where it did not know
 * the row; NULL if it knew none. */
static int32_t *previous_labels(const covey_run *run, const covey_run *previous) {
    if (!previous || previous->comparison.n_losses == 0)
        return NULL;
    size_t n = run->features.rows, known = 0;
    const int32_t *old = previous->comparison.clusterings[0].labels;
    int32_t *labels = malloc((n ? n : 1) * sizeof *labels);
    known_path *paths = malloc((previous->n_photos + 1) * sizeof *paths);
    for (size_t i = 0; paths && i < previous->n_photos; ++i) {
        const covey_run_photo *photo = &previous->photos[i];
        paths[i] = (known_path){photo->path, previous->roots[photo->root], old[i]};
    }
    if (paths)
        qsort(paths, previous->n_photos, sizeof *paths, compare_known);
    for (size_t i = 0; labels && paths && i < n; ++i) {
        labels[i] = -1;
        if (!run->n_photos) {
            if (previous->comparison.n == n && !previous->n_photos)
                labels[i] = old[i];
        } else {
            const covey_run_photo *photo = &run->photos[i];
            known_path key = {photo->path, run->roots[photo->root], 0};
            const known_path *found =
                bsearch(&key, paths, previous->n_photos, sizeof *paths, compare_known);
            if (found)
                labels[i] = found->label;
        }
        known += labels[i] >= 0;
    }
    free(paths);
    if (known)
        return labels;
    free(labels);
    return NULL;
}

/* ---- names of groups ------------------------------------------------------------------------- */

typedef struct kept_names {
    const char **names; /* [n], strings of the run they come from */
    size_t n;
    int32_t *labels; /* [rows of the new run]: the old group of each, or -1; NULL: none known */
} kept_names;

static int has_names(const covey_run *run) {
    for (size_t j = 0; run && j < run->n_names; ++j)
        if (run->names[j])
            return 1;
    return 0;
}

/* Before grouping: the names that `previous` gave, else those of the groups that `run` comes with.
 * Returns the exit code. */
static int keep_names(kept_names *kept, const covey_run *run, const covey_run *previous) {
    const covey_run *from = has_names(previous) ? previous : run;
    memset(kept, 0, sizeof *kept);
    if (!has_names(from))
        return EXIT_DONE;
    kept->names = malloc(from->n_names * sizeof *kept->names);
    if (!kept->names)
        return fail_memory();
    memcpy(kept->names, from->names, from->n_names * sizeof *kept->names);
    kept->n = from->n_names;
    kept->labels = previous_labels(run, from);
    return EXIT_DONE;
}

static covey_status carry_names(covey_run *run, const kept_names *kept, covey_error *err) {
    size_t lost = 0;
    covey_status status = covey_run_carry_names(run, &lost, kept->labels, kept->names, kept->n, err);
    if (lost)
        say("%zu group name%s not kept: no group of this run has most of the same photos", lost,
            lost == 1 ? " is" : "s are");
    return status;
}

/* What was read beside the rows. Returns the exit code. */
static int enter_inputs(const cluster_request *request, covey_run *run) {
    covey_run_facts *facts = &run->facts;
    covey_error err = {0};
    covey_status status = COVEY_OK;
    facts->start_file = facts->start_sha256 = NULL;
    facts->labels_file = facts->labels_sha256 = NULL;
    facts->partial_labels = request->partial_labels;
    if (request->start)
        status = covey_run_record_input(run, &facts->start_file, &facts->start_sha256,
                                        request->start_name, &err);
    if (status == COVEY_OK && request->labels_source)
        status = covey_run_record_input(run, &facts->labels_file, &facts->labels_sha256,
                                        request->labels_source, &err);
    return status == COVEY_OK ? EXIT_DONE : fail_status(status, &err);
}

static int enter_facts(const cluster_request *request, covey_run *run) {
    const covey_cluster_params *cluster = &request->params.cluster;
    covey_run_facts *facts = &run->facts;
    char name[32];
    covey_normalize_name(name, request->normalize);
    facts->normalize = covey_run_copy_string(run, name);
    facts->start = covey_run_copy_string(run, request->start_name);
    facts->seed = cluster->seed;
    facts->restarts = cluster->restarts;
    facts->max_rounds = cluster->max_rounds;
    facts->batch = cluster->batch;
    facts->seeds = request->params.seeds;
    facts->tolerance = cluster->tolerance;
    facts->classic = cluster->classic;
    facts->k_automatic = cluster->k == 0;
    facts->threads = cluster->threads ? cluster->threads : covey_cpu_count();
    facts->k_low = request->params.k_low;
    facts->k_high = request->params.k_high;
    facts->renumbered = request->params.previous && request->params.previous_k;
    facts->solver = covey_solver_name(cluster->solver);
    facts->empty = covey_empty_name(cluster->empty);
    covey_isa isa;
    covey_error err = {0};
    covey_status status = covey_isa_in_use(&isa, &err);
    if (status != COVEY_OK)
        return fail_status(status, &err);
    facts->cluster_isa = covey_isa_name(isa);
    return enter_inputs(request, run);
}

/* request->x <- the features normalised, [rows][*columns]. Rows that stay as they are are not copied. */
static int normalise(cluster_request *request, const covey_run *run, size_t *columns,
                     size_t *zero_rows) {
    size_t n = run->features.rows, d = run->features.cols;
    covey_normalizer *normalizer = NULL;
    covey_error err = {0};
    if (request->normalize == COVEY_NORMALIZE_NONE) {
        request->x = run->features.data;
        request->x_borrowed = 1;
        return EXIT_DONE;
    }
    covey_status status = covey_normalizer_new(&normalizer, run->features.data, n, d,
                                               request->normalize, &err);
    if (status != COVEY_OK)
        return fail_status(status, &err);
    *columns = covey_normalizer_columns(normalizer);
    request->x = covey_memory_new_rows(run->features.data, n, *columns * sizeof *request->x);
    if (request->x)
        status = covey_normalizer_apply(normalizer, request->x, run->features.data, n, zero_rows,
                                        &err);
    covey_normalizer_free(normalizer);
    if (!request->x)
        return fail_memory();
    return status == COVEY_OK ? EXIT_DONE : fail_status(status, &err);
}

static int check_labels(const cluster_request *request, covey_run *run) {
    covey_error err = {0};
    covey_status status = covey_labels_check(run, request->labels, &err);
    return status == COVEY_OK ? EXIT_DONE : fail_status(status, &err);
}

/* The numbers of groups that are kept are rank 0's, which alone may know a run before. Returns the exit
 * code. */
static int share_previous(cluster_request *request, int32_t **labels, size_t n) {
    covey_compare_params *params = &request->params;
    uint64_t told[2] = {*labels != NULL, params->previous_k};
    covey_ranks_tell(told, sizeof told);
    if (told[0] && !*labels)
        *labels = malloc((n ? n : 1) * sizeof **labels);
    if (told[0] && !*labels)
        return fail_memory();
    if (told[0])
        covey_ranks_tell(*labels, n * sizeof **labels);
    params->previous = told[0] ? *labels : NULL;
    params->previous_k = (size_t)told[1];
    return EXIT_DONE;
}

/* What a rank can do, and fail in, by itself. */
static int prepare(cluster_request *request, covey_run *run, kept_names *kept, int32_t **labels,
                   const covey_run *previous) {
    int code = EXIT_DONE;
    if (request->labels && !request->partial_labels)
        code = check_labels(request, run);
    if (code == EXIT_DONE)
        code = keep_names(kept, run, previous);
    if (code != EXIT_DONE)
        return code;
    *labels = previous_labels(run, previous);
    request->params.previous_k = *labels ? previous->comparison.k_all : 0;
    return EXIT_DONE;
}

static covey_status compare(cluster_request *request, covey_run *run, size_t d,
                            const kept_names *kept, covey_error *err) {
    covey_comparison comparison = {0};
    covey_status status =
        covey_compare_compute(&comparison, request->x, run->features.rows, d, request->losses,
                              request->n_losses, &request->params, err);
    console_clear();
    if (status != COVEY_OK)
        return status;
    covey_comparison_fini(&run->comparison);
    run->comparison = comparison;
    run->scores = NULL;
    covey_dial_fini(&run->dial); /* of the groups before */
    covey_strangers_fini(&run->strangers);
    run->n_solver_rows = 0;
    run->n_maps = 0;
    status = carry_names(run, kept, err);
    if (status == COVEY_OK && request->labels)
        status = covey_labels_score(run, request->labels, err);
    return status;
}

int cluster_request_compute(cluster_request *request, covey_run *run, int own,
                            const covey_run *previous) {
    size_t n = run->features.rows, d = run->features.cols, zero_rows = 0;
    if (!request->normalize_given)
        request->normalize = own ? COVEY_NORMALIZE_L2 : COVEY_NORMALIZE_NONE;
    int code = normalise(request, run, &d, &zero_rows);
    if (code == EXIT_DONE)
        code = cluster_request_check(request, n, d, run->n_photos ? "photos" : "rows");
    if (code != EXIT_DONE)
        return code;
    kept_names kept = {0};
    int32_t *labels = NULL;
    code = ranks_agree(prepare(request, run, &kept, &labels, previous));
    if (code == EXIT_DONE)
        code = share_previous(request, &labels, n);
    if (code == EXIT_DONE)
        code = enter_facts(request, run);
    if (code == EXIT_DONE) {
        double start = console_clock();
        covey_error err = {0};
        if (zero_rows)
            say("%zu rows are all zero and stay so", zero_rows);
        covey_status status = compare(request, run, d, &kept, &err);
        run->facts.seconds_cluster = console_clock() - start;
        code = status == COVEY_OK ? EXIT_DONE : fail_status(status, &err);
    }
    request->params.previous = NULL;
    free(labels);
    free(kept.names);
    free(kept.labels);
    return code;
}

void cluster_request_forget_labels(cluster_request *request) {
    covey_labels_free(request->labels);
    request->labels = NULL;
}

int cluster_request_explore(const cluster_request *request, covey_run *run) {
    covey_error err = {0};
    double start = console_clock();
    covey_status status =
        covey_dial_compute(&run->dial, &run->comparison, request->x, run->comparison.n,
                           run->comparison.d, &request->params.cluster, &err);
    console_clear();
    run->facts.seconds_cluster += console_clock() - start;
    return status == COVEY_OK ? EXIT_DONE : fail_status(status, &err);
}
