/* SPDX-License-Identifier: MIT */
/* covey losses: the table of losses, from the library's own rows. */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "console.h"
#include "json_out.h"
#include "losses_plot.h"

/* How an auto parameter is found, in words. */
static void describe_auto(char *out, size_t size, const covey_loss_ops *ops,
                          const covey_loss_param *param) {
    if (param->constant == 0)
        snprintf(out, size, "%s = %g", param->name, param->fallback);
    else if (param->quantile == 0.5)
        snprintf(out, size, "%s = %.4g x median %s", param->name, param->constant,
                 ops->geometry == COVEY_GEOMETRY_RADIAL ? "r" : "|u|");
    else
        snprintf(out, size, "%s = %.4g x the %g %% quantile of %s", param->name, param->constant,
                 100 * param->quantile, ops->geometry == COVEY_GEOMETRY_RADIAL ? "r" : "|u|");
}

/* Squares of coordinates sum to the square of the distance: the one loss whose centre is the mean
 * is of both kinds. */
static const char *geometry_name(const covey_loss_ops *ops) {
    if (ops->exact_centre && strcmp(ops->exact_centre, "mean") == 0)
        return "both";
    return ops->geometry == COVEY_GEOMETRY_RADIAL ? "radial" : "coordinate";
}

static json_t *loss_json(const covey_loss_ops *ops) {
    static const struct {
        unsigned bit;
        const char *name;
    } traits[] = {{COVEY_LOSS_CONVEX, "convex"},
                  {COVEY_LOSS_SMOOTH, "smooth"},
                  {COVEY_LOSS_BOUNDED, "bounded"},
                  {COVEY_LOSS_HALF_QUADRATIC, "half_quadratic"},
                  {COVEY_LOSS_PANEL, "panel"},
                  {COVEY_LOSS_TRIMS, "trims"},
                  {COVEY_LOSS_SPHERICAL, "spherical"}};
    json_t *loss = json_object(), *aliases = json_array(), *params = json_array();
    json_object_set_new(loss, "name", json_string(ops->name));
    json_object_set_new(loss, "title", json_string(ops->title));
    for (const char *const *alias = ops->aliases; alias && *alias; ++alias)
        json_array_append_new(aliases, json_string(*alias));
    json_object_set_new(loss, "aliases", aliases);
    json_object_set_new(loss, "geometry", json_string(geometry_name(ops)));
    json_object_set_new(loss, "formula", json_string(ops->formula));
    json_object_set_new(loss, "exact_centre",
                        ops->exact_centre ? json_string(ops->exact_centre) : json_null());
    for (size_t i = 0; i < sizeof traits / sizeof *traits; ++i)
        json_object_set_new(loss, traits[i].name, json_boolean(ops->traits & traits[i].bit));
    for (int i = 0; i < COVEY_LOSS_PARAMS && ops->params[i].name; ++i) {
        char text[128];
        describe_auto(text, sizeof text, ops, &ops->params[i]);
        json_t *param = json_object();
        json_object_set_new(param, "name", json_string(ops->params[i].name));
        json_object_set_new(param, "above", json_number(ops->params[i].lower));
        json_object_set_new(param, "below", json_number(ops->params[i].upper));
        json_object_set_new(param, "fallback", json_number(ops->params[i].fallback));
        json_object_set_new(param, "default", json_string(text));
        json_array_append_new(params, param);
    }
    json_object_set_new(loss, "params", params);
    json_object_set_new(loss, "source", json_string(ops->citation));
    return loss;
}

static void print_loss(const covey_loss_ops *ops) {
    printf("%s", ops->name);
    for (const char *const *alias = ops->aliases; alias && *alias; ++alias)
        printf("%s%s", alias == ops->aliases ? " (" : ", ", *alias);
    printf("%s\n", ops->aliases && *ops->aliases ? ")" : "");
    printf("  geometry  %s, %s\n", geometry_name(ops),
           ops->geometry == COVEY_GEOMETRY_RADIAL ? "r = |x - mu|" : "u = x_j - mu_j");
    printf("  rho       %s\n", ops->formula);
    printf("  centre    %s%s%s\n",
           ops->traits & COVEY_LOSS_TRIMS ? "mean of the rows kept"
           : ops->exact_centre            ? ops->exact_centre
                                          : "numeric",
           ops->traits & COVEY_LOSS_CONVEX ? ", convex" : ", not convex",
           ops->traits & COVEY_LOSS_BOUNDED ? ", bounded" : "");
    for (int i = 0; i < COVEY_LOSS_PARAMS && ops->params[i].name; ++i) {
        char text[128];
        describe_auto(text, sizeof text, ops, &ops->params[i]);
        printf("  %s %s by default\n", i ? "         " : "parameter", text);
    }
    printf("  source    %s\n", ops->citation);
}

int cmd_losses(const options *options) {
    if (options->n_operands)
        return misuse("losses takes no '%s'", options->operands[0]);
    if (options->values[OPT_PLOT].given) {
        int code = losses_plot(options->values[OPT_PLOT].text);
        if (code != EXIT_DONE || !options->values[OPT_JSON].given)
            return code;
    }
    if (options->values[OPT_JSON].given) {
        json_t *list = json_array();
        for (size_t i = 0; i < covey_loss_count(); ++i)
            json_array_append_new(list, loss_json(covey_loss_get(i)));
        return json_print(list);
    }
    for (size_t i = 0; i < covey_loss_count(); ++i) {
        if (i)
            putchar('\n');
        print_loss(covey_loss_get(i));
    }
    return EXIT_DONE;
}
