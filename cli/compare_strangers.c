/* SPDX-License-Identifier: MIT */
#include "compare_strangers.h"

#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "json_out.h"
#include "table_file.h"

int strangers_read(double *share, const char *text) {
    char number[32];
    size_t n = strlen(text);
    int percent = n > 1 && text[n - 1] == '%';
    snprintf(number, sizeof number, "%.*s", (int)(n - (size_t)percent), text);
    if (n >= sizeof number || parse_real(share, number))
        return misuse("--strangers: '%s' is not a share such as 10%% or 0.1", text);
    if (percent)
        *share /= 100;
    if (!(*share > 0 && *share <= 1))
        return misuse("--strangers: %s is outside 0 to 100%% of the rows", text);
    return EXIT_DONE;
}

int strangers_compute(covey_strangers *out, const covey_run *run, const float *x,
                      const cluster_request *request, double share) {
    covey_strangers_params params = covey_strangers_params_default();
    covey_error err;
    params.share = share;
    covey_status status = covey_strangers_compute(out, &run->comparison, x, run->comparison.n,
                                                  run->comparison.d, &request->params.cluster,
                                                  &params, &err);
    console_clear();
    return status == COVEY_OK ? EXIT_DONE : fail_status(status, &err);
}

static const char *loss_name(const covey_comparison *comparison, const covey_strangers_row *row) {
    return comparison->clusterings[row->loss].loss.ops->name;
}

void strangers_print(const covey_strangers *strangers, const covey_comparison *comparison) {
    printf("\nstrangers: far-off rows mixed in; moves in median distances to the centre (%.4g)\n"
           "%-20s %7s %9s %11s %11s %14s %8s %6s %7s\n",
           strangers->unit, "loss", "share", "strangers", "centre mean", "centre most",
           "representative", "changed", "taken", "ARI");
    for (size_t i = 0; i < strangers->n_rows; ++i) {
        const covey_strangers_row *row = &strangers->rows[i];
        if (row->strangers)
            printf("%-20s %6.1f%% %9zu %11.4f %11.4f %14.4f %8zu %6zu %7.3f\n",
                   loss_name(comparison, row), 100 * row->share, row->strangers,
                   row->centre_mean, row->centre_most, row->representative_mean, row->changed,
                   row->taken, row->ari);
    }
}

void strangers_print_csv(const covey_strangers *strangers, const covey_comparison *comparison) {
    puts("loss,share,strangers,centre_mean,centre_most,representative_mean,changed,taken,ari");
    for (size_t i = 0; i < strangers->n_rows; ++i) {
        const covey_strangers_row *row = &strangers->rows[i];
        const double moves[] = {row->centre_mean, row->centre_most, row->representative_mean};
        printf("%s,", loss_name(comparison, row));
        table_number(stdout, row->share);
        printf(",%zu,", row->strangers);
        for (int m = 0; m < 3; ++m) {
            table_number(stdout, moves[m]);
            putchar(',');
        }
        printf("%zu,%zu,", row->changed, row->taken);
        table_number(stdout, row->ari);
        putchar('\n');
    }
}

json_t *strangers_json(const covey_strangers *strangers, const covey_comparison *comparison) {
    json_t *root = json_object(), *list = json_array();
    json_object_set_new(root, "unit", json_number(strangers->unit));
    for (size_t i = 0; i < strangers->n_rows; ++i) {
        const covey_strangers_row *row = &strangers->rows[i];
        json_t *object = json_object();
        json_object_set_new(object, "loss", json_string(loss_name(comparison, row)));
        json_object_set_new(object, "share", json_number(row->share));
        json_object_set_new(object, "strangers", json_integer((json_int_t)row->strangers));
        json_object_set_new(object, "centre_mean", json_number(row->centre_mean));
        json_object_set_new(object, "centre_most", json_number(row->centre_most));
        json_object_set_new(object, "representative_mean",
                            json_number(row->representative_mean));
        json_object_set_new(object, "changed", json_integer((json_int_t)row->changed));
        json_object_set_new(object, "taken", json_integer((json_int_t)row->taken));
        json_object_set_new(object, "ari", json_number(row->ari));
        json_array_append_new(list, object);
    }
    json_object_set_new(root, "fits", list);
    return root;
}

int strangers_plot(const char *path, const covey_strangers *strangers,
                   const covey_comparison *comparison) {
    enum { CURVES = 3 };
    static const char *const titles[CURVES] = {"centres, mean move", "centres, largest move",
                                               "representatives, mean move"};
    size_t n = strangers->n_rows, losses = comparison->n_losses, per_loss = strangers->points + 1;
    double *numbers = malloc((CURVES + 1) * n * sizeof *numbers);
    covey_series *series = calloc(CURVES * losses, sizeof *series);
    covey_panel panels[CURVES] = {{0}};
    char note[160];
    int code = numbers && series ? EXIT_DONE : fail_memory();
    for (size_t i = 0; i < n && code == EXIT_DONE; ++i) {
        const covey_strangers_row *row = &strangers->rows[i];
        numbers[i] = 100 * row->share;
        numbers[n + i] = row->centre_mean;
        numbers[2 * n + i] = row->centre_most;
        numbers[3 * n + i] = row->representative_mean;
    }
    for (size_t c = 0; c < CURVES && code == EXIT_DONE; ++c) {
        for (size_t l = 0; l < losses; ++l)
            series[c * losses + l] = (covey_series){
                comparison->clusterings[l].loss.ops->name, numbers + l * per_loss,
                numbers + (c + 1) * n + l * per_loss, per_loss, (int)per_loss, 0};
        panels[c] = (covey_panel){.title = titles[c],
                                  .x_label = "strangers, % of the rows",
                                  .y_label = "median distances",
                                  .series = series + c * losses,
                                  .n_series = losses};
    }
    if (code == EXIT_DONE) {
        snprintf(note, sizeof note,
                 "Strangers: copies of random rows, moved by 10 median distances (%.4g each) along "
                 "one random direction.",
                 strangers->unit);
        covey_figure figure = {.title = "How far strangers move the centres", .note = note,
                               .panels = panels, .n_panels = CURVES, .columns = CURVES,
                               .height = 260};
        code = figure_save_one(path, &figure);
    }
    free(numbers);
    free(series);
    return code;
}
