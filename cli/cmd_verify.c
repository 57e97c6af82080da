/* SPDX-License-Identifier: MIT */
/* covey verify FOLDER */
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "console.h"
#include "json_out.h"
#include "run_output.h"

/* ---- the recorded engine and weights ------------------------------------------------------------ */

/* Lowers the instruction set to what `engine` ("avx2-f32-p3", "avx2") was computed with, unless the
 * user has set one; a machine that lacks it takes its own. */
static void take_isa(const char *engine, int chosen) {
    char isa[32];
    covey_isa ignored;
    if (chosen)
        return;
    unsetenv("COVEY_ISA");
    if (!engine)
        return;
    snprintf(isa, sizeof isa, "%s", engine);
    isa[strcspn(isa, "-")] = '\0';
    if (setenv("COVEY_ISA", isa, 1))
        return; /* out of memory: another engine is then said to be another */
    if (covey_isa_in_use(&ignored, NULL) != COVEY_OK)
        unsetenv("COVEY_ISA");
}

/* The installed set of the recorded digest, whatever its name; *out NULL where there is none. */
static int find_weights(covey_weights **out, const covey_run *run) {
    covey_weights_info *sets = NULL;
    size_t n = 0;
    covey_error err;
    const char *digest = run->facts.weights_digest;
    *out = NULL;
    if (!run->n_photos || !digest)
        return EXIT_DONE;
    covey_status status = covey_weights_list(&sets, &n, &err);
    for (size_t i = 0; status == COVEY_OK && i < n && !*out; ++i)
        if (sets[i].installed && strcmp(sets[i].digest, digest) == 0)
            status = covey_weights_open(out, sets[i].name, &err);
    covey_free(sets);
    return status == COVEY_OK ? EXIT_DONE : fail_status(status, &err);
}

/* ---- what came of it ---------------------------------------------------------------------------- */

/* The worst of all parts, or NONE. */
static covey_verdict verdict_of(const covey_verified *parts) {
    covey_verdict worst = COVEY_VERDICT_NONE;
    for (int i = 0; i < COVEY_PART_COUNT; ++i) {
        covey_verdict v = parts[i].verdict;
        if (v == COVEY_VERDICT_DIFFERENT)
            return v;
        worst = v > worst ? v : worst;
    }
    return worst;
}

static const char *sentence_of(covey_verdict verdict) {
    switch (verdict) {
    case COVEY_VERDICT_NONE:
    case COVEY_VERDICT_EQUAL:
        return "the run reproduces, equal to the bit";
    case COVEY_VERDICT_WITHIN:
        return "the run reproduces within the bound for another engine";
    case COVEY_VERDICT_DIFFERENT:
        return "the run does not reproduce";
    case COVEY_VERDICT_UNKNOWN:
        break;
    }
    return "not all of the run could be checked";
}

static void print_part(covey_part part, const covey_verified *v) {
    int is_photo = part <= COVEY_PART_SKIPPED;
    printf("%-11s %-16s", covey_part_name(part), covey_verdict_name(v->verdict));
    if (v->checked)
        printf("  %zu %s", v->checked, is_photo ? "photos" : "rows");
    if (v->different && is_photo)
        printf(", %zu different", v->different);
    if (v->error > 0)
        printf(", largest relative distance %.2g", v->error);
    putchar('\n');
    if (!*v->why)
        return;
    fputs("            ", stdout);
    if (v->row >= 0)
        printf("row %lld, ", (long long)v->row);
    print_clean(stdout, v->file);
    fputs(*v->file ? ": " : "", stdout);
    print_clean(stdout, v->why);
    putchar('\n');
}

static json_t *part_json(covey_part part, const covey_verified *v) {
    json_t *object = json_object();
    json_object_set_new(object, "part", json_string(covey_part_name(part)));
    json_object_set_new(object, "verdict", json_string(covey_verdict_name(v->verdict)));
    json_object_set_new(object, "checked", json_integer((json_int_t)v->checked));
    json_object_set_new(object, "different", json_integer((json_int_t)v->different));
    if (part == COVEY_PART_FEATURES)
        json_object_set_new(object, "largest_distance", json_number(v->error));
    if (v->row >= 0)
        json_object_set_new(object, "row", json_integer(v->row));
    if (*v->file)
        json_set_path(object, "file", v->file);
    if (*v->why)
        json_set_path(object, "why", v->why);
    return object;
}

static int print_result(const covey_verified *parts, const options *options) {
    covey_verdict verdict = verdict_of(parts);
    int reproduces = verdict <= COVEY_VERDICT_WITHIN, code = EXIT_DONE;
    if (options->values[OPT_JSON].given) {
        json_t *root = json_object(), *list = json_array();
        json_object_set_new(root, "reproduces", json_boolean(reproduces));
        json_object_set_new(root, "verdict", json_string(covey_verdict_name(verdict)));
        for (int i = 0; i < COVEY_PART_COUNT; ++i)
            if (parts[i].verdict != COVEY_VERDICT_NONE)
                json_array_append_new(list, part_json((covey_part)i, &parts[i]));
        json_object_set_new(root, "parts", list);
        code = json_print(root);
    } else {
        for (int i = 0; i < COVEY_PART_COUNT; ++i)
            if (parts[i].verdict != COVEY_VERDICT_NONE)
                print_part((covey_part)i, &parts[i]);
        printf("%s\n", sentence_of(verdict));
    }
    return code != EXIT_DONE || reproduces ? code : EXIT_FAILED;
}

/* A folder that was edited does not come to the point of being computed. */
static int print_unreadable(covey_status status, const covey_error *err, const options *options) {
    if (options->values[OPT_JSON].given &&
        (status == COVEY_E_DIGEST || status == COVEY_E_FORMAT)) {
        json_t *root = json_object(), *part = json_object(), *list = json_array();
        json_object_set_new(part, "part", json_string("folder"));
        json_object_set_new(part, "verdict",
                            json_string(covey_verdict_name(COVEY_VERDICT_DIFFERENT)));
        json_set_path(part, "file", err->path);
        json_set_path(part, "why", err->message);
        json_array_append_new(list, part);
        json_object_set_new(root, "reproduces", json_false());
        json_object_set_new(root, "verdict",
                            json_string(covey_verdict_name(COVEY_VERDICT_DIFFERENT)));
        json_object_set_new(root, "parts", list);
        json_print(root);
    }
    return fail_status(status, err);
}

int cmd_verify(const options *options) {
    covey_run *run = NULL;
    covey_weights *weights = NULL;
    covey_error err = {0};
    covey_verified *parts = calloc(COVEY_PART_COUNT, sizeof *parts);
    const char *wish = getenv("COVEY_ISA");
    int chosen = wish && *wish;
    if (!parts)
        return fail_memory();
    if (options->n_operands != 1) {
        free(parts);
        return misuse("name one run folder: 'covey verify out/'");
    }
    covey_verify_params params = covey_verify_params_default();
    params.threads = (int)options->values[OPT_THREADS].count;
    params.batch = (size_t)options->values[OPT_BATCH].count;
    params.progress = console_progress;
    covey_status status = covey_run_load(&run, options->operands[0], &err);
    int code = status == COVEY_OK ? find_weights(&weights, run)
                                  : print_unreadable(status, &err, options);
    if (code == EXIT_DONE) {
        take_isa(run->facts.engine_id, chosen);
        status = covey_run_verify_photos(parts, run, weights, &params, &err);
        if (status == COVEY_OK) {
            take_isa(run->facts.cluster_isa ? run->facts.cluster_isa : run->facts.engine_id,
                     chosen);
            status = covey_run_verify_groups(parts, run, &params, &err);
        }
        console_clear();
        code = status == COVEY_OK ? print_result(parts, options) : fail_status(status, &err);
    }
    covey_weights_free(weights);
    covey_run_free(run);
    free(parts);
    return code;
}
