/* SPDX-License-Identifier: MIT */
/* Groups found again from features.npy as recorded, and set beside the tables, byte for byte. */
#include <math.h>
#include <string.h>

#include "covey/labels.h"
#include "run_verify_internal.h"

/* Another instruction set may round the last digits of objectives. */
static const double OBJECTIVE_BOUND = 1e-6;

typedef struct regrouping {
    const covey_run *run;
    covey_run *fresh; /* borrows photos, roots and features of `run` */
    covey_verified *out;
    const covey_verify_params *params;
    covey_compare_params compare;
    covey_loss *losses;
    double *start; /* given centres, or NULL */
    float *x;
    size_t columns;
    int is_alike; /* the same instruction set */
} regrouping;

/* ---- tables ---------------------------------------------------------------------------------- */

static int shown_length(const char *line) {
    enum { SHOWN = 120 };
    size_t n = strcspn(line, "\n");
    return n < SHOWN ? (int)n : SHOWN;
}

/* The first line that differs, in words. */
static void note_line(covey_verified *out, covey_verdict verdict, const char *name,
                      const char *then, const char *here) {
    size_t line = 1, at = 0, begin = 0;
    for (; then[at] && then[at] == here[at]; ++at)
        if (then[at] == '\n') {
            ++line;
            begin = at + 1;
        }
    covey__verify_note(out, verdict, -1, name, "line %zu is '%.*s' in the folder and '%.*s' here",
                       line, shown_length(then + begin), then + begin,
                       shown_length(here + begin), here + begin);
}

/* 1: the file holds `text`; otherwise noted. */
static covey_status compare_text(const regrouping *r, covey_verified *out, covey_verdict verdict,
                                 const char *name, const char *text, size_t size,
                                 covey_error *err) {
    covey_status status = COVEY_OK;
    char *path = covey__path_join(r->run->folder, name), *then = NULL;
    size_t then_size;
    COVEY_NOMEM_IF(!path, err);
    COVEY_TRY(covey__file_read(&then, &then_size, path, (size_t)1 << 40, err));
    if (then_size != size || memcmp(then, text, size) != 0)
        note_line(out, verdict, name, then, text);
done:
    covey__free(path);
    covey__free(then);
    return status;
}

static covey_status compare_table(const regrouping *r, covey_verified *out, covey_verdict verdict,
                                  const char *name, void (*table)(covey__text *, const covey_run *),
                                  covey_error *err) {
    covey_status status = COVEY_OK;
    covey__text text = {0};
    table(&text, r->fresh);
    COVEY_NOMEM_IF(text.failed, err);
    COVEY_TRY(compare_text(r, out, verdict, name, text.data, text.size, err));
done:
    covey__text_fini(&text);
    return status;
}

/* ---- duplicates ------------------------------------------------------------------------------ */

static covey_status check_duplicates(regrouping *r, covey_error *err) {
    covey_status status = COVEY_OK;
    static const double usual = 0.95; /* what folders that do not record it were made with */
    covey_verified *out = &r->out[COVEY_PART_DUPLICATES];
    double threshold = r->run->facts.duplicates;
    if (!r->run->n_photos || threshold == 0)
        return COVEY_OK;
    out->verdict = COVEY_VERDICT_EQUAL;
    out->checked = r->run->features.rows;
    COVEY_TRY(covey_run_find_duplicates(r->fresh, threshold < 0 ? usual : threshold,
                                        r->params->threads, r->params->progress,
                                        r->params->progress_user, err));
    COVEY_TRY(compare_table(r, out, COVEY_VERDICT_DIFFERENT, "duplicates.csv",
                            covey__run_duplicates_csv, err));
done:
    return status;
}

/* ---- the request ----------------------------------------------------------------------------- */

/* The content of `path` is what it was: COVEY_OK, or the sentence in *err. */
static covey_status check_input(const char *path, const char *sha256, covey_error *err) {
    uint8_t digest[32];
    char hex[65];
    covey_status status = covey__sha256_file(digest, NULL, path, err);
    if (status != COVEY_OK)
        return status;
    covey__hex(hex, digest, sizeof digest);
    return sha256 && strcmp(hex, sha256) == 0
               ? COVEY_OK
               : covey__fail(err, COVEY_E_DIGEST, path, "has changed since the run was made");
}

static covey_empty empty_of(const char *word) {
    for (int i = COVEY_EMPTY_REFILL; word && i <= COVEY_EMPTY_ERROR; ++i)
        if (strcmp(covey_empty_name((covey_empty)i), word) == 0)
            return (covey_empty)i;
    return COVEY_EMPTY_REFILL;
}

/* 0 where the groups cannot be found again, which is then noted. */
static int read_start(regrouping *r) {
    static const struct {
        const char *word;
        covey_start start;
    } known[] = {{"kmeans++", COVEY_START_KMEANSPP},
                 {"random", COVEY_START_RANDOM},
                 {"loss++", COVEY_START_LOSSPP},
                 {"kmeans||", COVEY_START_KMEANS_PARALLEL}};
    const covey_run_facts *facts = &r->run->facts;
    covey_verified *out = &r->out[COVEY_PART_GROUPS];
    covey_cluster_params *cluster = &r->compare.cluster;
    covey_error err = {0};
    size_t rows = 0, columns = 0;
    for (size_t i = 0; facts->start && i < sizeof known / sizeof *known; ++i)
        if (strcmp(known[i].word, facts->start) == 0) {
            cluster->start = known[i].start;
            return 1;
        }
    const char *file = facts->start_file ? facts->start_file : facts->start;
    if (!facts->start_sha256 || check_input(file, facts->start_sha256, &err) != COVEY_OK ||
        covey_npy_load_f64(&r->start, &rows, &columns, file, &err) != COVEY_OK ||
        columns != r->columns) {
        covey__verify_note(out, COVEY_VERDICT_UNKNOWN, -1, file ? file : "",
                           "the centres to start from %.300s",
                           *err.message ? err.message : "are not recorded");
        return 0;
    }
    cluster->start = COVEY_START_CENTRES;
    cluster->centres = r->start;
    cluster->k = rows;
    return 1;
}

static covey_status read_request(regrouping *r, covey_error *err) {
    covey_status status = COVEY_OK;
    const covey_run_facts *facts = &r->run->facts;
    const covey_comparison *c = &r->run->comparison;
    covey_cluster_params *cluster = &r->compare.cluster;
    r->compare = covey_compare_params_default();
    cluster->k = facts->k_automatic ? 0 : c->k_chosen;
    cluster->restarts = facts->restarts;
    cluster->max_rounds = facts->max_rounds;
    cluster->batch = facts->batch;
    cluster->tolerance = facts->tolerance;
    cluster->seed = facts->seed;
    cluster->classic = facts->classic;
    cluster->threads = r->params->threads;
    cluster->progress = r->params->progress;
    cluster->progress_user = r->params->progress_user;
    cluster->empty = empty_of(facts->empty);
    COVEY_TRY(covey_solver_find(&cluster->solver, facts->solver ? facts->solver : "auto", err));
    r->compare.seeds = facts->seeds;
    if (facts->k_automatic) {
        r->compare.k_low = facts->k_low;
        r->compare.k_high = facts->k_high;
        if (!facts->solver && c->n_k_table) { /* not recorded then: as far as was tried */
            r->compare.k_low = c->k_table[0].k;
            r->compare.k_high = c->k_table[c->n_k_table - 1].k;
        }
    }
    r->losses = covey__alloc_array(c->n_losses, sizeof *r->losses);
    COVEY_NOMEM_IF(!r->losses, err);
    for (size_t l = 0; l < c->n_losses; ++l)
        r->losses[l] = c->clusterings[l].loss;
done:
    return status;
}

static covey_status normalise(regrouping *r, covey_error *err) {
    covey_status status = COVEY_OK;
    const covey_matrix *features = &r->run->features;
    covey_normalizer *normalizer = NULL;
    covey_normalize how = COVEY_NORMALIZE_NONE;
    size_t cells = 0, zero_rows;
    if (r->run->facts.normalize)
        COVEY_TRY(covey_normalize_find(&how, r->run->facts.normalize, err));
    COVEY_TRY(covey_normalizer_new(&normalizer, features->data, features->rows, features->cols,
                                   how, err));
    r->columns = covey_normalizer_columns(normalizer);
    COVEY_NOMEM_IF(covey__mul_size(&cells, features->rows, r->columns), err);
    r->x = covey__alloc_array(cells, sizeof *r->x);
    COVEY_NOMEM_IF(!r->x, err);
    COVEY_TRY(covey_normalizer_apply(normalizer, r->x, features->data, features->rows, &zero_rows,
                                     err));
done:
    covey_normalizer_free(normalizer);
    return status;
}

/* ---- groups ---------------------------------------------------------------------------------- */

/* The same groups, up to the last digits of their objectives. */
static int is_within(const covey_comparison *a, const covey_comparison *b) {
    if (a->n_losses != b->n_losses || a->k_all != b->k_all)
        return 0;
    for (size_t l = 0; l < a->n_losses; ++l) {
        const covey_clustering *x = &a->clusterings[l], *y = &b->clusterings[l];
        if (x->k != y->k || memcmp(x->labels, y->labels, a->n * sizeof *x->labels) != 0 ||
            !(fabs(x->objective - y->objective) <= OBJECTIVE_BOUND * fabs(y->objective)))
            return 0;
    }
    return 1;
}

static void compare_centres(const regrouping *r, covey_verified *out, covey_verdict verdict) {
    const covey_comparison *then = &r->run->comparison, *here = &r->fresh->comparison;
    for (size_t l = 0; l < then->n_losses; ++l) {
        const covey_clustering *a = &then->clusterings[l], *b = &here->clusterings[l];
        char name[160];
        snprintf(name, sizeof name, "centres/%s.npy", a->loss.ops->name);
        if (a->k != b->k || a->d != b->d)
            covey__verify_note(out, verdict, -1, name, "holds %zu groups, here are %zu", a->k,
                               b->k);
        for (size_t i = 0; a->k == b->k && a->d == b->d && i < a->k * a->d; ++i)
            if (memcmp(a->centres + i, b->centres + i, sizeof *a->centres) != 0) {
                covey__verify_note(out, verdict, -1, name,
                                   "group %zu, number %zu: %.17g in the folder and %.17g here",
                                   i / a->d, i % a->d, a->centres[i], b->centres[i]);
                break;
            }
    }
}

static covey_status compare_groups(const regrouping *r, covey_verified *out, covey_error *err) {
    covey_status status = COVEY_OK;
    char *json = NULL;
    covey_verdict verdict = !r->is_alike && is_within(&r->fresh->comparison, &r->run->comparison)
                                ? COVEY_VERDICT_WITHIN
                                : COVEY_VERDICT_DIFFERENT;
    COVEY_TRY(compare_table(r, out, verdict, "history.csv", covey__run_history_csv, err));
    compare_centres(r, out, verdict);
    COVEY_TRY(compare_table(r, out, verdict, "clusters.csv", covey__run_clusters_csv, err));
    COVEY_TRY(covey__run_comparison_json(&json, r->fresh, err));
    COVEY_TRY(compare_text(r, out, verdict, "comparison.json", json, strlen(json), err));
done:
    covey__free(json);
    return status;
}

/* Into `out`; `renumber`: numbers as in the folder, which had them from a run before. */
static covey_status group_again(regrouping *r, covey_verified *out, int renumber,
                                covey_error *err) {
    covey_status status = COVEY_OK;
    const covey_comparison *then = &r->run->comparison;
    covey_comparison here = {0};
    r->compare.previous = renumber ? then->clusterings[0].nearest : NULL;
    r->compare.previous_k = renumber ? then->k_all : 0;
    status = covey_compare_compute(&here, r->x, r->run->features.rows, r->columns, r->losses,
                                   then->n_losses, &r->compare, err);
    if (status == COVEY_E_ARGUMENT || status == COVEY_E_NUMERIC) {
        covey__verify_note(out, COVEY_VERDICT_DIFFERENT, -1, NULL, "cannot be found again: %.300s",
                           err ? err->message : covey_status_str(status));
        return COVEY_OK;
    }
    if (status != COVEY_OK)
        return status;
    covey_comparison_fini(&r->fresh->comparison);
    r->fresh->comparison = here;
    r->fresh->scores = r->run->scores; /* judged as a part of their own */
    return compare_groups(r, out, err);
}

static covey_status check_groups(regrouping *r, covey_error *err) {
    covey_status status = COVEY_OK;
    covey_verified *out = &r->out[COVEY_PART_GROUPS];
    const covey_run_facts *facts = &r->run->facts;
    covey_isa isa;
    const char *then = facts->cluster_isa ? facts->cluster_isa : facts->engine_id;
    COVEY_TRY(covey_isa_in_use(&isa, err));
    const char *here = covey_isa_name(isa);
    size_t n = then ? strcspn(then, "-") : 0;
    r->is_alike = !then || (strlen(here) == n && strncmp(then, here, n) == 0);
    COVEY_TRY(normalise(r, err));
    COVEY_TRY(read_request(r, err));
    out->verdict = COVEY_VERDICT_EQUAL;
    out->checked = r->run->features.rows * r->run->comparison.n_losses;
    if (!read_start(r))
        goto done;
    covey_verified first = *out;
    COVEY_TRY(group_again(r, &first, facts->renumbered, err));
    if (first.verdict == COVEY_VERDICT_DIFFERENT && !facts->solver) {
        /* A folder of before does not say whether its numbers come from an earlier run. */
        covey_verified second = *out;
        COVEY_TRY(group_again(r, &second, 1, err));
        if (second.verdict != COVEY_VERDICT_DIFFERENT)
            first = second;
        else
            snprintf(first.why + strlen(first.why), sizeof first.why - strlen(first.why),
                     "; this folder does not record --solver and --empty, which were taken to be "
                     "auto and refill");
    }
    *out = first;
    if (!r->is_alike && (out->verdict == COVEY_VERDICT_DIFFERENT ||
                         out->verdict == COVEY_VERDICT_WITHIN)) {
        size_t used = strlen(out->why);
        snprintf(out->why + used, sizeof out->why - used, "; %s here, %.*s then", here, (int)n,
                 then);
    }
done:
    return status;
}

/* ---- labels ---------------------------------------------------------------------------------- */

static covey_status score_again(regrouping *r, const char *source, covey_error *err) {
    covey_status status = COVEY_OK;
    covey_verified *out = &r->out[COVEY_PART_LABELS];
    covey_labels *labels = NULL;
    char *then = NULL, *here = NULL;
    r->fresh->scores = NULL;
    COVEY_TRY(covey_labels_new(&labels, source, err));
    COVEY_TRY(covey_labels_score(r->fresh, labels, err));
    r->fresh->scores->source = r->run->scores->source; /* as it was written on the line */
    COVEY_TRY(covey_labels_json(&then, r->run, err));
    COVEY_TRY(covey_labels_json(&here, r->fresh, err));
    out->checked = r->fresh->scores->labelled;
    if (strcmp(then, here) != 0)
        note_line(out, COVEY_VERDICT_DIFFERENT, "comparison.json", then, here);
done:
    r->fresh->scores = NULL;
    covey_labels_free(labels);
    covey__free(then);
    covey__free(here);
    return status;
}

static covey_status check_labels(regrouping *r, covey_error *err) {
    covey_verified *out = &r->out[COVEY_PART_LABELS];
    const covey_run_facts *facts = &r->run->facts;
    covey_error why = {0};
    out->verdict = COVEY_VERDICT_EQUAL;
    if (r->fresh->comparison.n_losses != r->run->comparison.n_losses) {
        covey__verify_note(out, COVEY_VERDICT_UNKNOWN, -1, NULL, "there are no groups to score");
        return COVEY_OK;
    }
    if (strcmp(r->run->scores->source, "folders") == 0)
        return score_again(r, "folders", err);
    if (!facts->labels_file || !facts->labels_sha256) {
        covey__verify_note(out, COVEY_VERDICT_UNKNOWN, -1, r->run->scores->source,
                           "this folder does not record where the labels lie");
        return COVEY_OK;
    }
    if (check_input(facts->labels_file, facts->labels_sha256, &why) != COVEY_OK) {
        covey__verify_note(out, COVEY_VERDICT_UNKNOWN, -1, facts->labels_file, "%.400s",
                           why.message);
        return COVEY_OK;
    }
    return score_again(r, facts->labels_file, err);
}

covey_status covey_run_verify_groups(covey_verified *out, const covey_run *run,
                                     const covey_verify_params *params, covey_error *err) {
    covey_status status = COVEY_OK;
    covey_verify_params defaults = covey_verify_params_default();
    regrouping r = {.run = run, .out = out, .params = params ? params : &defaults};
    for (int part = COVEY_PART_DUPLICATES; part < COVEY_PART_COUNT; ++part)
        out[part] = (covey_verified){.row = -1};
    COVEY_FAIL_IF(!run->folder, err, COVEY_E_ARGUMENT, NULL,
                  "this run was not loaded from a folder, which it could be compared with");
    COVEY_TRY(covey_run_new(&r.fresh, err));
    r.fresh->facts = run->facts;
    r.fresh->roots = run->roots;
    r.fresh->n_roots = run->n_roots;
    r.fresh->photos = run->photos;
    r.fresh->n_photos = run->n_photos;
    r.fresh->features = run->features;
    COVEY_TRY(check_duplicates(&r, err));
    if (run->comparison.n_losses)
        COVEY_TRY(check_groups(&r, err));
    if (run->comparison.n_losses && run->scores)
        COVEY_TRY(check_labels(&r, err));
done:
    if (r.fresh) { /* what was borrowed stays */
        r.fresh->roots = NULL;
        r.fresh->photos = NULL;
        r.fresh->features = (covey_matrix){0};
        r.fresh->scores = NULL;
    }
    covey_run_free(r.fresh);
    covey__free(r.losses);
    covey__free(r.start);
    covey__free(r.x);
    return status;
}
