/* SPDX-License-Identifier: MIT */
#include "k_table_print.h"

#include <math.h>
#include <stdio.h>

#include "json_out.h"

enum { MEASURES = 4 };

static void measures_of(double out[MEASURES], const covey_k_row *row) {
    out[0] = row->silhouette;
    out[1] = row->calinski_harabasz;
    out[2] = row->elbow;
    out[3] = row->stability;
}

/* The highest of each measure is marked; ties go to the smaller k, as in the recommendation. */
void k_table_print(const covey_comparison *comparison) {
    size_t best[MEASURES] = {0}, n = comparison->n_k_table;
    double highest[MEASURES], values[MEASURES];
    if (n < 2)
        return;
    for (int m = 0; m < MEASURES; ++m)
        highest[m] = -INFINITY;
    for (size_t i = 0; i < n; ++i) {
        measures_of(values, &comparison->k_table[i]);
        for (int m = 0; m < MEASURES; ++m)
            if (values[m] > highest[m]) {
                highest[m] = values[m];
                best[m] = i;
            }
    }
    printf("\n    k       objective  silhouette  variance ratio     elbow  stability\n");
    for (size_t i = 0; i < n; ++i) {
        static const int widths[MEASURES] = {11, 15, 9, 10};
        measures_of(values, &comparison->k_table[i]);
        printf("%5zu %15.8g", comparison->k_table[i].k, comparison->k_table[i].objective);
        for (int m = 0; m < MEASURES; ++m) {
            if (isnan(values[m]))
                printf(" %*s ", widths[m] - 1, "-");
            else
                printf(" %*.4g%c", widths[m] - 1, values[m],
                       i == best[m] ? '*' : ' ');
        }
        putchar('\n');
    }
    printf("* the highest of its column\n");
}

json_t *k_table_json(const covey_comparison *comparison) {
    json_t *array = json_array();
    for (size_t i = 0; i < comparison->n_k_table; ++i) {
        const covey_k_row *row = &comparison->k_table[i];
        json_t *object = json_object();
        json_object_set_new(object, "k", json_integer((json_int_t)row->k));
        json_object_set_new(object, "objective", json_number(row->objective));
        json_object_set_new(object, "silhouette", json_number(row->silhouette));
        json_object_set_new(object, "calinski_harabasz", json_number(row->calinski_harabasz));
        json_object_set_new(object, "elbow", json_number(row->elbow));
        json_object_set_new(object, "stability", json_number(row->stability));
        json_array_append_new(array, object);
    }
    return array;
}
