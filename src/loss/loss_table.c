/* SPDX-License-Identifier: MIT */
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base_internal.h"
#include "loss_internal.h"

#define COVEY_LOSS_ROW(name) &covey__loss_##name,
static const covey_loss_ops *const rows[] = {
#include "losses.def"
};
#undef COVEY_LOSS_ROW

enum { ROWS = sizeof rows / sizeof rows[0], LONGEST_NAME = 63, MAX_NAMES = 256 };

size_t covey_loss_count(void) {
    return ROWS;
}

const covey_loss_ops *covey_loss_get(size_t index) {
    return index < ROWS ? rows[index] : NULL;
}

/* Lower case, hyphens and spaces as underscores; -1 where the name is too long to be one. */
static int canonical(char out[LONGEST_NAME + 1], const char *name) {
    size_t length = strlen(name);
    if (length > LONGEST_NAME)
        return -1;
    for (size_t i = 0; i <= length; ++i) {
        char c = name[i];
        out[i] = c == '-' || c == ' ' ? '_' : (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    return 0;
}

static int answers_to(const covey_loss_ops *ops, const char *name) {
    if (strcmp(ops->name, name) == 0)
        return 1;
    for (const char *const *alias = ops->aliases; *alias; ++alias)
        if (strcmp(*alias, name) == 0)
            return 1;
    return 0;
}

static covey_status unknown_loss(covey_error *err, const char *given, const char *name) {
    const char *names[MAX_NAMES + 1];
    size_t count = 0;
    for (size_t i = 0; i < ROWS; ++i) {
        names[count++] = rows[i]->name;
        const char *const *alias = rows[i]->aliases;
        for (; *alias && count < MAX_NAMES - ROWS; ++alias)
            names[count++] = *alias;
    }
    names[count] = NULL;
    const char *near = covey__nearest_name(name, names);
    if (near)
        return covey__fail(err, COVEY_E_ARGUMENT, NULL, "no loss named '%s'; did you mean '%s'?",
                           given, near);
    covey__text list = {0};
    for (size_t i = 0; i < ROWS; ++i)
        covey__text_addf(&list, "%s%s", i ? ", " : "", rows[i]->name);
    covey_status status =
        covey__fail(err, COVEY_E_ARGUMENT, NULL, "no loss named '%.60s'; the losses are: %s", given,
                    list.failed ? "listed by `covey losses`" : list.data);
    covey__text_fini(&list);
    return status;
}

covey_status covey_loss_find(covey_loss *out, const char *name, covey_error *err) {
    char wanted[LONGEST_NAME + 1];
    if (!name || !*name)
        return covey__fail(err, COVEY_E_ARGUMENT, NULL, "a loss needs a name; see `covey losses`");
    if (canonical(wanted, name))
        return covey__fail(err, COVEY_E_ARGUMENT, NULL, "no loss has a name as long as '%.40s...'",
                           name);
    for (size_t i = 0; i < ROWS; ++i) {
        if (!answers_to(rows[i], wanted))
            continue;
        *out = (covey_loss){.ops = rows[i]};
        for (int p = 0; p < COVEY_LOSS_PARAMS && rows[i]->params[p].name; ++p) {
            out->params[p] = rows[i]->params[p] .fallback;
            /* No scale (an exponent, a share): a default, not an estimate. */
            out->is_auto[p] = rows[i]->params[p].constant != 0;
        }
        return COVEY_OK;
    }
    return unknown_loss(err, name, wanted);
}

/* The whole of `text` as a decimal number, whatever the host's locale; -1 if it is not one. */
static int parse_number(double *out, const char *text) {
    char first = *text == '-' || *text == '+' ? text[1] : *text;
    if (!((first >= '0' && first <= '9') || first == '.' || first == 'i'))
        return -1;
    if (strpbrk(text, "xXpP"))
        return -1;
    locale_t plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    if (!plain)
        return -1;
    char *end;
    double value = strtod_l(text, &end, plain);
    freelocale(plain);
    if (*end || isnan(value))
        return -1;
    *out = value;
    return 0;
}

static int in_domain(const covey_loss_param *param, double value) {
    int above = param->closed & 1 ? value >= param->lower : value > param->lower;
    int below = param->closed & 2 ? value <= param->upper : value < param->upper;
    return above && below;
}

static void describe_domain(char *out, size_t size, const covey_loss_param *param) {
    const char *from = param->closed & 1 ? "at least" : "greater than";
    const char *to = param->closed & 2 ? "at most" : "less than";
    if (isinf(param->lower) && isinf(param->upper))
        snprintf(out, size, "a number");
    else if (isinf(param->upper))
        snprintf(out, size, "a number %s %g", from, param->lower);
    else if (isinf(param->lower))
        snprintf(out, size, "a number %s %g%s", to, param->upper,
                 param->closed & 1 ? " (-inf included)" : "");
    else
        snprintf(out, size, "a number %s %g and %s %g", from, param->lower, to, param->upper);
}

static covey_status unknown_param(const covey_loss_ops *ops, const char *name, covey_error *err) {
    const char *names[COVEY_LOSS_PARAMS + 1];
    int count = 0;
    while (count < COVEY_LOSS_PARAMS && ops->params[count].name) {
        names[count] = ops->params[count].name;
        ++count;
    }
    names[count] = NULL;
    if (count == 0)
        return covey__fail(err, COVEY_E_ARGUMENT, NULL,
                           "the loss %s has no parameter, so '%.40s' cannot be set", ops->name,
                           name);
    const char *near = covey__nearest_name(name, names);
    if (near)
        return covey__fail(err, COVEY_E_ARGUMENT, NULL,
                           "the loss %s has no parameter '%.40s'; did you mean '%s'?", ops->name,
                           name, near);
    return covey__fail(err, COVEY_E_ARGUMENT, NULL,
                       "the loss %s has no parameter '%.40s'; it has %s%s%s", ops->name, name,
                       names[0], count > 1 ? " and " : "", count > 1 ? names[1] : "");
}

covey_status covey_loss_set_param(covey_loss *loss, const char *name, const char *value,
                                  covey_error *err) {
    for (int p = 0; p < COVEY_LOSS_PARAMS && loss->ops->params[p].name; ++p) {
        const covey_loss_param *param = &loss->ops->params[p];
        if (strcmp(param->name, name) != 0)
            continue;
        if (strcmp(value, "auto") == 0) {
            loss->params[p] = param->fallback;
            loss->is_auto[p] = param->constant != 0;
            return COVEY_OK;
        }
        double number;
        char domain[128];
        describe_domain(domain, sizeof domain, param);
        if (parse_number(&number, value))
            return covey__fail(err, COVEY_E_ARGUMENT, NULL,
                               "%s.%s is '%.40s', which is not a number; give %s, or auto",
                               loss->ops->name, param->name, value, domain);
        if (!in_domain(param, number))
            return covey__fail(err, COVEY_E_ARGUMENT, NULL,
                               "%s.%s is %.40s, outside its range; give %s, or auto",
                               loss->ops->name, param->name, value, domain);
        loss->params[p] = number;
        loss->is_auto[p] = 0;
        return COVEY_OK;
    }
    return unknown_param(loss->ops, name, err);
}

/* Squared distance of the directions of x and mu; 2, that of a right angle, where one has none. */
static double squared_chord(const double *x, const double *mu, size_t d) {
    double x_square = 0, mu_square = 0, sum = 0;
    for (size_t j = 0; j < d; ++j) {
        x_square += x[j] * x[j];
        mu_square += mu[j] * mu[j];
    }
    if (x_square == 0 || mu_square == 0)
        return 2;
    double x_length = sqrt(x_square), mu_length = sqrt(mu_square);
    for (size_t j = 0; j < d; ++j) {
        double u = x[j] / x_length - mu[j] / mu_length;
        sum += u * u;
    }
    return sum;
}

double covey_loss_compute(const covey_loss *loss, const double *x, const double *mu, size_t d) {
    double sum = 0;
    if (loss->ops->geometry == COVEY_GEOMETRY_COORDINATE) {
        for (size_t j = 0; j < d; ++j)
            sum += loss->ops->rho(x[j] - mu[j], loss->params);
        return sum;
    }
    if (loss->ops->traits & COVEY_LOSS_SPHERICAL)
        return loss->ops->rho(sqrt(squared_chord(x, mu, d)), loss->params);
    for (size_t j = 0; j < d; ++j)
        sum += (x[j] - mu[j]) * (x[j] - mu[j]);
    return loss->ops->rho(sqrt(sum), loss->params);
}
