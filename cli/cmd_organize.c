/* SPDX-License-Identifier: MIT */
/* covey organize FOLDER --into DIR, and covey organize --undo FILE */
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "console.h"
#include "json_out.h"

static const char *const verbs[] = {"linked", "copied", "moved"};

/* ---- printing --------------------------------------------------------------------------------- */

static json_t *photo_json(const covey_placed *photo) {
    static const char *const states[] = {"not reached", "done", "before", "refused"};
    json_t *object = json_object();
    if (photo->row >= 0)
        json_object_set_new(object, "row", json_integer(photo->row));
    json_set_path(object, "from", photo->from);
    if (photo->to)
        json_set_path(object, "to", photo->to);
    json_object_set_new(object, "state", json_string(states[photo->state]));
    if (photo->state == COVEY_PLACING_REFUSED)
        json_set_path(object, "reason", photo->reason);
    return object;
}

static int print_json(const covey_organization *made, int dry_run) {
    json_t *root = json_object(), *photos = json_array();
    json_object_set_new(root, "dry_run", json_boolean(dry_run));
    json_object_set_new(root, "done", json_integer((json_int_t)made->done));
    json_object_set_new(root, "before", json_integer((json_int_t)made->before));
    json_object_set_new(root, "refused", json_integer((json_int_t)made->refused));
    if (made->undo_list)
        json_set_path(root, "undo_list", made->undo_list);
    for (size_t i = 0; i < made->n; ++i)
        json_array_append_new(photos, photo_json(&made->photos[i]));
    json_object_set_new(root, "photos", photos);
    return json_print(root);
}

static void print_plan(const covey_organization *made) {
    for (size_t i = 0; i < made->n; ++i) {
        const covey_placed *photo = &made->photos[i];
        if (photo->state != COVEY_PLACING_DONE)
            continue;
        print_clean(stdout, photo->from);
        printf(" -> ");
        print_clean(stdout, photo->to);
        putchar('\n');
    }
}

static int report(const covey_organization *made, const options *options, const char *verb) {
    const option_value *values = options->values;
    int dry_run = values[OPT_DRY_RUN].given, code = EXIT_DONE;
    if (values[OPT_JSON].given)
        code = print_json(made, dry_run);
    else if (dry_run)
        print_plan(made);
    for (size_t i = 0; i < made->n; ++i)
        if (made->photos[i].state == COVEY_PLACING_REFUSED)
            say("skipped %s: %s", made->photos[i].from, made->photos[i].reason);
    say("%zu of %zu photos %s%s; %zu were there before, %zu skipped", made->done, made->n,
        dry_run ? "would be " : "", verb, made->before, made->refused);
    if (made->undo_list)
        say("to move them back: covey organize --undo %s", made->undo_list);
    if (code == EXIT_DONE && made->refused && made->done + made->before == 0)
        code = fail("no photo could be %s", verb);
    if (code == EXIT_DONE && made->refused && values[OPT_STRICT].given)
        code = EXIT_SKIPPED;
    return code;
}

/* ---- asking ----------------------------------------------------------------------------------- */

static int may_move(const covey_run *run, const options *options) {
    const option_value *values = options->values;
    if (!values[OPT_MOVE].given || values[OPT_DRY_RUN].given || values[OPT_YES].given)
        return EXIT_DONE;
    if (!isatty(STDIN_FILENO))
        return misuse("--move takes photos out of their folders: say --yes too, or look at "
                      "--dry-run first");
    char answer[16] = "";
    fprintf(stderr, "Move %zu photos out of their folders, into ", run->n_photos);
    print_clean(stderr, values[OPT_INTO].text);
    fputs("? [y/N] ", stderr);
    if (!fgets(answer, sizeof answer, stdin) ||
        (strcmp(answer, "y\n") != 0 && strcmp(answer, "yes\n") != 0))
        return fail("nothing was moved");
    return EXIT_DONE;
}

/* ---- the command ------------------------------------------------------------------------------ */

static int choose_loss(size_t *out, const covey_run *run, const char *name) {
    covey_loss loss;
    covey_error err;
    const covey_comparison *c = &run->comparison;
    *out = 0;
    if (!c->n_losses)
        return fail("%s: has no groups yet; make them with 'covey cluster %s -o FOLDER'",
                    run->folder, run->folder);
    if (!name)
        return EXIT_DONE;
    covey_status status = covey_loss_find(&loss, name, &err);
    if (status != COVEY_OK)
        return misuse_status(status, &err);
    for (size_t l = 0; l < c->n_losses; ++l)
        if (c->clusterings[l].loss.ops == loss.ops) {
            *out = l;
            return EXIT_DONE;
        }
    return fail("%s: holds no groups under %s", run->folder, loss.ops->name);
}

static int undo(const options *options) {
    covey_organization made = {0};
    covey_error err;
    if (options->n_operands || options->values[OPT_INTO].given ||
        options->values[OPT_MOVE].given || options->values[OPT_COPY].given)
        return misuse("--undo takes the list alone: 'covey organize --undo DIR/undo.sh'");
    covey_status status = covey_organize_undo(&made, options->values[OPT_UNDO].text,
                                              options->values[OPT_DRY_RUN].given, &err);
    int code = status == COVEY_OK ? report(&made, options, "moved back")
                                  : fail_status(status, &err);
    covey_organization_fini(&made);
    return code;
}

int cmd_organize(const options *options) {
    const option_value *values = options->values;
    covey_run *run = NULL;
    covey_organization made = {0};
    covey_error err = {0};
    covey_organize_params params = covey_organize_params_default();
    if (values[OPT_UNDO].given)
        return undo(options);
    if (options->n_operands != 1 || !values[OPT_INTO].given)
        return misuse("name a run folder and where to: 'covey organize out/ --into DIR'");
    if (values[OPT_COPY].given && values[OPT_MOVE].given)
        return misuse("--copy and --move exclude each other");
    covey_status status = covey_run_load(&run, options->operands[0], &err);
    int code = status == COVEY_OK ? EXIT_DONE : fail_status(status, &err);
    if (code == EXIT_DONE)
        code = choose_loss(&params.loss, run, values[OPT_ONE_LOSS].text);
    if (code == EXIT_DONE)
        code = may_move(run, options);
    if (code == EXIT_DONE) {
        params.how = values[OPT_MOVE].given   ? COVEY_ORGANIZE_MOVE
                     : values[OPT_COPY].given ? COVEY_ORGANIZE_COPY
                                              : COVEY_ORGANIZE_LINK;
        params.dry_run = values[OPT_DRY_RUN].given;
        params.progress = console_progress;
        status = covey_run_organize(&made, run, values[OPT_INTO].text, &params, &err);
        console_clear();
        if (status != COVEY_OK)
            code = fail_status(status, &err);
        int told = made.n ? report(&made, options, verbs[params.how]) : EXIT_DONE;
        code = code == EXIT_DONE ? told : code;
    }
    covey_organization_fini(&made);
    covey_run_free(run);
    return code;
}
