/* SPDX-License-Identifier: MIT */
/* covey cache info|prune|verify */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "commands.h"
#include "console.h"
#include "json_out.h"

static const double MEGABYTE = 1e6;

static void print_day(const char *words, long long seconds) {
    time_t t = (time_t)seconds;
    struct tm day;
    char text[32];
    if (seconds > 0 && localtime_r(&t, &day) && strftime(text, sizeof text, "%Y-%m-%d", &day))
        printf("%s %s\n", words, text);
}

static void print_info(const covey_catalogue_info *info) {
    print_clean(stdout, info->path);
    printf("\n%zu photos, %.1f MB; %zu files known by size and times\n", info->photos,
           (double)info->bytes / MEGABYTE, info->files);
    print_day("longest unused since", info->oldest_use);
    print_day("last used", info->newest_use);
    for (size_t i = 0; i < info->n_recipes; ++i) {
        const covey_catalogue_recipe *r = &info->recipes[i];
        printf("%8zu photos, %.1f MB: weights %.12s, ", r->photos, (double)r->bytes / MEGABYTE,
               r->weights_digest);
        print_clean(stdout, r->engine_id);
        fputs(", ", stdout);
        print_clean(stdout, r->preparation);
        putchar('\n');
    }
}

static int info_json(const covey_catalogue_info *info) {
    json_t *root = json_object(), *recipes = json_array();
    json_set_path(root, "file", info->path);
    json_object_set_new(root, "bytes", json_integer((json_int_t)info->bytes));
    json_object_set_new(root, "photos", json_integer((json_int_t)info->photos));
    json_object_set_new(root, "files", json_integer((json_int_t)info->files));
    json_object_set_new(root, "oldest_use", json_integer(info->oldest_use));
    json_object_set_new(root, "newest_use", json_integer(info->newest_use));
    for (size_t i = 0; i < info->n_recipes; ++i) {
        const covey_catalogue_recipe *r = &info->recipes[i];
        json_t *recipe = json_object();
        json_set_path(recipe, "weights_digest", r->weights_digest);
        json_set_path(recipe, "engine", r->engine_id);
        json_set_path(recipe, "pooling", r->pooling);
        json_set_path(recipe, "preparation", r->preparation);
        json_object_set_new(recipe, "photos", json_integer((json_int_t)r->photos));
        json_object_set_new(recipe, "bytes", json_integer((json_int_t)r->bytes));
        json_array_append_new(recipes, recipe);
    }
    json_object_set_new(root, "recipes", recipes);
    return json_print(root);
}

static int info(covey_catalogue *catalogue, const options *options) {
    covey_catalogue_info info;
    covey_error err;
    covey_status status = covey_catalogue_get_info(&info, catalogue, &err);
    if (status != COVEY_OK)
        return fail_status(status, &err);
    int code = EXIT_DONE;
    if (options->values[OPT_JSON].given)
        code = info_json(&info);
    else
        print_info(&info);
    covey_catalogue_info_fini(&info);
    return code;
}

static int prune_by(covey_catalogue *catalogue, const covey_prune_params *params,
                    const options *options) {
    size_t removed;
    covey_error err;
    covey_status status = covey_catalogue_prune(&removed, catalogue, params, &err);
    if (status != COVEY_OK)
        return fail_status(status, &err);
    if (options->values[OPT_JSON].given)
        return json_print(json_pack("{s:I}", "removed", (json_int_t)removed));
    printf("%zu photos removed\n", removed);
    return EXIT_DONE;
}

static int prune(covey_catalogue *catalogue, const options *options) {
    const option_value *values = options->values;
    covey_prune_params params = covey_prune_params_default();
    covey_weights_info *sets = NULL;
    const char **digests = NULL;
    size_t n;
    covey_error err;
    if (values[OPT_OLDER_THAN].given)
        params.older_than = values[OPT_OLDER_THAN].real;
    if (values[OPT_MAX_SIZE].given)
        params.max_bytes = (uint64_t)(values[OPT_MAX_SIZE].real * MEGABYTE);
    if (values[OPT_MISSING_WEIGHTS].given) {
        covey_status status = covey_weights_list(&sets, &n, &err);
        if (status != COVEY_OK)
            return fail_status(status, &err);
        digests = malloc((n + 1) * sizeof *digests);
        if (!digests) {
            covey_free(sets);
            return fail_memory();
        }
        for (size_t i = 0; i < n; ++i)
            if (sets[i].installed)
                digests[params.n_weights++] = sets[i].digest;
        params.weights_digests = digests;
    }
    int code = prune_by(catalogue, &params, options);
    free(digests);
    covey_free(sets);
    return code;
}

static int verify(covey_catalogue *catalogue, const options *options) {
    covey_catalogue_check check;
    covey_error err;
    covey_status status =
        covey_catalogue_verify(&check, catalogue, console_progress, NULL, &err);
    console_clear();
    if (status != COVEY_OK)
        return fail_status(status, &err);
    int sound = !check.damaged && !*check.first_fault, code = EXIT_DONE;
    if (options->values[OPT_JSON].given)
        code = json_print(json_pack("{s:I,s:I,s:s}", "checked", (json_int_t)check.checked,
                                    "damaged", (json_int_t)check.damaged, "fault",
                                    check.first_fault));
    else
        printf("%zu photos checked, %zu damaged\n", check.checked, check.damaged);
    if (*check.first_fault)
        say("the file's structure is damaged (%s); remove it: what is missing is computed again",
            check.first_fault);
    else if (check.damaged)
        say("the next run computes the damaged ones again");
    return code != EXIT_DONE || sound ? code : EXIT_FAILED;
}

/* Which of the three; -1 with the code set. */
static int find_verb(const options *options, int *code) {
    static const char *const verbs[] = {"info", "prune", "verify"};
    const char *verb = options->n_operands ? options->operands[0] : "";
    if (options->n_operands > 1) {
        *code = misuse("'covey cache %s' takes nothing more", verb);
        return -1;
    }
    for (int i = 0; i < 3; ++i)
        if (!strcmp(verb, verbs[i]))
            return i;
    const char *near = nearest_word(verb, verbs, 3);
    *code = near ? misuse("cache: '%s' is not info, prune or verify; did you mean '%s'?", verb,
                          near)
                 : misuse("cache: say 'info', 'prune' or 'verify'");
    return -1;
}

int cmd_cache(const options *options) {
    const option_value *values = options->values;
    int code = EXIT_DONE, verb = find_verb(options, &code);
    int rules = values[OPT_OLDER_THAN].given || values[OPT_MAX_SIZE].given ||
                values[OPT_MISSING_WEIGHTS].given;
    covey_catalogue *catalogue;
    covey_error err;
    if (verb < 0)
        return code;
    if (verb == 1 && !rules)
        return misuse("say what to remove: --older-than DAYS, --max-size MB or "
                      "--missing-weights; --older-than 0 removes everything");
    if (verb != 1 && rules)
        return misuse("--older-than, --max-size and --missing-weights belong to 'covey cache "
                      "prune'");
    covey_status status = covey_catalogue_open(&catalogue, values[OPT_CACHE].text, 0, &err);
    if (status != COVEY_OK)
        return fail_status(status, &err);
    if (verb == 0)
        code = info(catalogue, options);
    else
        code = verb == 1 ? prune(catalogue, options) : verify(catalogue, options);
    covey_catalogue_free(catalogue);
    return code;
}
