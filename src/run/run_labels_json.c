/* SPDX-License-Identifier: MIT */
#include "run_labels_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "covey/labels.h"
#include "json_internal.h"
#include "run_internal.h"

static json_t *score_of(covey__json *j, const covey_label_score *score, const covey_clustering *c,
                        size_t classes) {
    json_t *object = covey__json_object(j), *table = covey__json_array(j);
    covey__json_set(j, object, "name", json_string(c->loss.ops->name));
    covey__json_set(j, object, "ari", json_real(score->ari));
    covey__json_set(j, object, "nmi", json_real(score->nmi));
    covey__json_set(j, object, "purity", json_real(score->purity));
    for (size_t i = 0; i < c->k; ++i) {
        json_t *row = covey__json_array(j);
        for (size_t t = 0; t < classes; ++t)
            covey__json_append(j, row,
                                  json_integer((json_int_t)score->confusion[i * classes + t]));
        covey__json_append(j, table, row);
    }
    covey__json_set(j, object, "confusion", table);
    return object;
}

json_t *covey__run_labels_json(covey__json *j, const covey_run *run) {
    const covey_label_scores *scores = run->scores;
    if (!scores)
        return NULL;
    json_t *object = covey__json_object(j), *classes = covey__json_array(j);
    json_t *losses = covey__json_array(j);
    covey__json_set(j, object, "source", covey__json_text(j, scores->source));
    covey__json_set(j, object, "labelled", json_integer((json_int_t)scores->labelled));
    for (size_t t = 0; t < scores->n_classes; ++t)
        covey__json_append(j, classes, covey__json_text(j, scores->classes[t]));
    covey__json_set(j, object, "classes", classes);
    for (size_t l = 0; l < run->comparison.n_losses; ++l)
        covey__json_append(j, losses, score_of(j, &scores->losses[l],
                                               &run->comparison.clusterings[l],
                                               scores->n_classes));
    covey__json_set(j, object, "losses", losses);
    return object;
}

covey_status covey_labels_json(char **json, const covey_run *run, covey_error *err) {
    covey_status status = COVEY_OK;
    covey__json j = {0};
    json_t *object = NULL;
    COVEY_FAIL_IF(!run->scores, err, COVEY_E_ARGUMENT, NULL,
                  "the run has not been held against labels");
    object = covey__run_labels_json(&j, run);
    status = covey__json_dump(json, j.failed ? NULL : object, JSON_COMPACT);
    COVEY_NOMEM_IF(status != COVEY_OK, err);
done:
    json_decref(object);
    return status;
}

static int load_score(covey_label_score *score, covey_run *run, const covey_clustering *c,
                      const json_t *object, size_t classes) {
    const json_t *table = json_object_get(object, "confusion");
    size_t cells = 0, bytes = 0;
    if (json_array_size(table) != c->k || covey__mul_size(&cells, c->k, classes) ||
        covey__mul_size(&bytes, cells, sizeof(size_t)) ||
        !(score->confusion = covey__run_alloc(run, bytes)))
        return -1;
    for (size_t j = 0; j < c->k; ++j) {
        const json_t *row = json_array_get(table, j);
        if (json_array_size(row) != classes)
            return -1;
        for (size_t t = 0; t < classes; ++t) {
            json_int_t count = json_integer_value(json_array_get(row, t));
            if (count < 0 || (size_t)count > c->n)
                return -1;
            score->confusion[j * classes + t] = (size_t)count;
        }
    }
    score->ari = json_number_value(json_object_get(object, "ari"));
    score->nmi = json_number_value(json_object_get(object, "nmi"));
    score->purity = json_number_value(json_object_get(object, "purity"));
    return 0;
}

int covey__run_labels_load(covey_run *run, const json_t *object) {
    if (!object)
        return 0;
    const json_t *classes = json_object_get(object, "classes");
    const json_t *losses = json_object_get(object, "losses");
    const char *source = json_string_value(json_object_get(object, "source"));
    size_t n_classes = json_array_size(classes), n_losses = run->comparison.n_losses;
    json_int_t labelled = json_integer_value(json_object_get(object, "labelled"));
    if (!source || !n_classes || n_classes > run->features.rows || labelled < 1 ||
        (size_t)labelled > run->features.rows || json_array_size(losses) != n_losses)
        return -1;
    covey_label_scores *made = covey__run_alloc(run, sizeof *made);
    if (!made)
        return -1;
    *made = (covey_label_scores){.source = covey_run_copy_string(run, source),
                                 .n_classes = n_classes,
                                 .labelled = (size_t)labelled};
    made->classes = covey__run_alloc(run, n_classes * sizeof *made->classes);
    made->losses = covey__run_alloc(run, n_losses * sizeof *made->losses);
    if (!made->source || !made->classes || !made->losses)
        return -1;
    for (size_t t = 0; t < n_classes; ++t) {
        const char *name = json_string_value(json_array_get(classes, t));
        made->classes[t] = name ? covey_run_copy_string(run, name) : NULL;
        if (!made->classes[t])
            return -1;
    }
    for (size_t l = 0; l < n_losses; ++l)
        if (load_score(&made->losses[l], run, &run->comparison.clusterings[l],
                       json_array_get(losses, l), n_classes))
            return -1;
    run->scores = made;
    return 0;
}
