/* SPDX-License-Identifier: MIT */
/* covey weights list|get NAME|import FILE */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "console.h"
#include "json_out.h"

static int list_json(const covey_weights_info *sets, size_t n) {
    json_t *list = json_array();
    for (size_t i = 0; i < n; ++i) {
        json_t *set = json_object();
        json_object_set_new(set, "name", json_string(sets[i].name));
        json_object_set_new(set, "title", json_string(sets[i].title));
        json_object_set_new(set, "licence", json_string(sets[i].licence));
        json_object_set_new(set, "installed", json_boolean(sets[i].installed));
        json_object_set_new(set, "digest", json_string(sets[i].digest));
        json_set_path(set, "file", sets[i].path);
        json_array_append_new(list, set);
    }
    return json_print(list);
}

static int list(const options *options) {
    covey_weights_info *sets;
    size_t n;
    covey_error err;
    covey_status status = covey_weights_list(&sets, &n, &err);
    if (status != COVEY_OK)
        return fail_status(status, &err);
    int code = EXIT_DONE;
    if (options->values[OPT_JSON].given)
        code = list_json(sets, n);
    for (size_t i = 0; i < n && !options->values[OPT_JSON].given; ++i) {
        printf("%-16s %s\n", sets[i].name,
               sets[i].installed ? "installed" : "not installed");
        printf("    %s\n    %s\n    ", sets[i].title, sets[i].licence);
        print_clean(stdout, sets[i].path);
        putchar('\n');
        if (sets[i].digest[0])
            printf("    sha256 of the tensors %s\n", sets[i].digest);
    }
    covey_free(sets);
    return code;
}

static int get(const char *name) {
    covey_error err;
    covey_status status = covey_weights_get(name, console_progress, NULL, &err);
    if (status != COVEY_OK)
        return fail_status(status, &err);
    say("the weights %s are installed", name);
    return EXIT_DONE;
}

static int import(const char *path, const char *name) {
    covey_error err;
    char *stored;
    covey_status status = covey_weights_import(&stored, path, name, &err);
    if (status != COVEY_OK)
        return fail_status(status, &err);
    say("%s: stored as %s; use it with --weights %s", path, stored, stored);
    covey_free(stored);
    return EXIT_DONE;
}

int cmd_weights(const options *options) {
    const char *verb = options->n_operands ? options->operands[0] : "";
    const char *name = options->values[OPT_NAME].text;
    static const char *const verbs[] = {"list", "get", "import"};
    int is_import = strcmp(verb, "import") == 0;
    if (name && !is_import)
        return misuse("--name belongs to 'covey weights import FILE'");
    if (strcmp(verb, "list") == 0)
        return options->n_operands == 1 ? list(options)
                                        : misuse("'covey weights list' takes nothing more");
    if (options->values[OPT_JSON].given)
        return misuse("--json belongs to 'covey weights list'");
    if (strcmp(verb, "get") == 0)
        return options->n_operands == 2
                   ? get(options->operands[1])
                   : misuse("say which one: 'covey weights get oxford'; 'covey weights list' "
                            "shows them");
    if (is_import)
        return options->n_operands == 2
                   ? import(options->operands[1], name)
                   : misuse("name one file: 'covey weights import FILE'");
    const char *near = nearest_word(verb, verbs, 3);
    if (near)
        return misuse("weights: '%s' is not list, get or import; did you mean '%s'?", verb, near);
    return misuse("weights: say 'list', 'get NAME' or 'import FILE'");
}
