/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "loss_internal.h"
#include "solvers_internal.h"

/* ---- names of the solvers ------------------------------------------------------------------ */

static const char *const solver_names[] = {"auto", "exact",  "irls", "lbfgs",
                                           "bfgs", "newton", "descent", NULL};

const char *covey_solver_name(covey_solver solver) {
    return (int)solver >= 0 && solver <= COVEY_SOLVER_DESCENT ? solver_names[solver] : "unknown";
}

covey_status covey_solver_find(covey_solver *out, const char *name, covey_error *err) {
    char plain[32] = "";
    for (size_t i = 0, used = 0; name[i] && used + 1 < sizeof plain; ++i)
        if (name[i] != '-' && name[i] != '_')
            plain[used++] = name[i];
    for (int i = 0; solver_names[i]; ++i)
        if (strcmp(plain, solver_names[i]) == 0) {
            *out = (covey_solver)i;
            return COVEY_OK;
        }
    const char *near = covey__nearest_name(name, solver_names);
    if (near)
        return covey__fail(err, COVEY_E_ARGUMENT, NULL,
                           "no solver named '%.40s'; did you mean '%s'?", name, near);
    return covey__fail(err, COVEY_E_ARGUMENT, NULL,
                       "no solver named '%.40s'; use auto, exact, irls, lbfgs, bfgs, newton or "
                       "descent",
                       name);
}

/* ---- the choice of the method -------------------------------------------------------------- */

typedef covey_status (*solve_fn)(double *centre, covey__solver_call *call, covey_error *err);

typedef struct method {
    solve_fn solve;
    size_t (*bytes)(const covey__points *points);
} method;

static const method exact = {covey__solve_exact, covey__exact_bytes};
static const method irls = {covey__solve_irls, covey__irls_bytes};
static const method newton = {covey__solve_newton, covey__newton_bytes};
static const method quasi = {covey__solve_quasi, covey__quasi_bytes};
static const method lbfgs = {covey__solve_lbfgs, covey__lbfgs_bytes};
static const method bfgs = {covey__solve_bfgs, covey__bfgs_bytes};
static const method descent = {covey__solve_descent, covey__descent_bytes};
static const method tube = {covey__solve_tube, covey__tube_bytes};

/* The fastest that reaches the optimum. */
static method choose_auto(const covey_loss_ops *ops, covey__effort effort) {
    if (ops->exact_centre)
        return exact;
    if (ops == &covey__loss_epsilon_insensitive)
        return effort == COVEY__EFFORT_STEP ? quasi : tube;
    if (ops->geometry == COVEY_GEOMETRY_COORDINATE) {
        /* A user's own loss may have no psi': the bracket then takes many passes, and one of them
         * alone would go nowhere. */
        int step = effort == COVEY__EFFORT_STEP && !ops->curvature;
        return ops->traits & COVEY_LOSS_CONVEX && !step ? newton : irls;
    }
    return quasi;
}

static method choose(const covey__centre_options *options, const covey_loss_ops *ops) {
    switch (options->solver) {
    case COVEY_SOLVER_EXACT:
        return exact;
    case COVEY_SOLVER_IRLS:
        return irls;
    case COVEY_SOLVER_LBFGS:
        return lbfgs;
    case COVEY_SOLVER_BFGS:
        return bfgs;
    case COVEY_SOLVER_NEWTON:
        return newton;
    case COVEY_SOLVER_DESCENT:
        return descent;
    case COVEY_SOLVER_AUTO:
        break;
    }
    return choose_auto(ops, options->effort);
}

enum { WIDEST_MATRIX = 16384 };

static covey_status check_suits(covey_solver solver, const covey_loss_ops *ops, size_t d,
                                covey_error *err) {
    if (ops->traits & COVEY_LOSS_SPHERICAL && solver != COVEY_SOLVER_AUTO &&
        solver != COVEY_SOLVER_EXACT)
        return covey__fail(err, COVEY_E_ARGUMENT, NULL,
                           "the centres of the loss %s lie on the unit sphere, which this solver "
                           "would leave; use --solver exact",
                           ops->name);
    if (solver == COVEY_SOLVER_EXACT && !ops->exact_centre)
        return covey__fail(err, COVEY_E_ARGUMENT, NULL,
                           "the loss %s has no exact centre; use --solver auto", ops->name);
    if (solver == COVEY_SOLVER_NEWTON && (ops->geometry != COVEY_GEOMETRY_COORDINATE ||
                                          !(ops->traits & COVEY_LOSS_CONVEX)))
        return covey__fail(err, COVEY_E_ARGUMENT, NULL,
                           "Newton's method per coordinate does not fit the loss %s, which is %s; "
                           "use --solver auto",
                           ops->name,
                           ops->geometry == COVEY_GEOMETRY_RADIAL ? "radial" : "not convex");
    if (solver == COVEY_SOLVER_BFGS && d > WIDEST_MATRIX)
        return covey__fail(err, COVEY_E_LIMIT, NULL,
                           "BFGS keeps a %zu by %zu matrix, which is too large; use --solver lbfgs",
                           d, d);
    return COVEY_OK;
}

/* ---- starts of a non-convex loss ------------------------------------------------------------ */

/* Up to MEMBERS rows the loss is descended from every one of them, and the medoid is among them;
 * beyond, the medoid of up to SAMPLE rows stands for it, chosen evenly by place. */
enum { MEMBERS = 64, SAMPLE = 256 };

typedef struct search {
    covey__problem *problem;
    covey__solver_call *call;
    method method;
    double *start, *trial; /* [padded] */
    size_t mark;           /* of the work memory, where the method's own begins */
    double *best;          /* [d], the caller's centre */
    double best_value;
    covey__solver_call best_call;
} search;

static void read_row(double *out, covey__problem *problem, size_t i) {
    memset(problem->here, 0, problem->padded * sizeof *problem->here);
    covey__residual(problem, problem->residual, i, problem->here);
    memcpy(out, problem->residual, problem->d * sizeof *out);
}

/* Descends from s->start and keeps the answer where it is better. */
static covey_status descend(search *s, covey_error *err) {
    covey_status status = COVEY_OK;
    covey__solver_call call = *s->call;
    call.iterations = 0;
    s->call->work->used = s->mark;
    memcpy(s->trial, s->start, s->problem->d * sizeof *s->trial);
    COVEY_TRY(s->method.solve(s->trial, &call, err));
    double value = covey__problem_value(s->problem, s->trial);
    s->best_call.iterations += call.iterations;
    if (value < s->best_value) {
        s->best_value = value;
        s->best_call.converged = call.converged;
        memcpy(s->best, s->trial, s->problem->d * sizeof *s->best);
    }
done:
    return status;
}

/* The row of the evenly placed sample with the least summed distance to that sample. */
static size_t sampled_medoid(search *s) {
    covey__problem *problem = s->problem;
    size_t m = problem->points->m, count = m < SAMPLE ? m : SAMPLE, best = 0;
    double least = INFINITY;
    size_t entries[SAMPLE];
    for (size_t a = 0; a < count; ++a)
        entries[a] = a * m / count;
    covey__points_fetch(problem->points, entries, count);
    for (size_t a = 0; a < count; ++a) {
        double sum = 0;
        read_row(s->trial, problem, a * m / count);
        for (size_t b = 0; b < count; ++b)
            sum += covey__row_weight(problem->points, b * m / count) *
                   sqrt(covey__residual(problem, problem->residual, b * m / count, s->trial));
        if (sum < least) {
            least = sum;
            best = a * m / count;
        }
    }
    return best;
}

static covey_status try_all_starts(search *s, covey_error *err) {
    covey_status status = COVEY_OK;
    covey__problem *problem = s->problem;
    size_t m = problem->points->m;
    memcpy(s->start, s->best, problem->d * sizeof *s->start);
    COVEY_TRY(descend(s, err));
    covey__weighted_mean(s->start, problem);
    COVEY_TRY(descend(s, err));
    s->call->work->used = s->mark;
    covey__coordinate_median(
        s->start, problem,
        covey__work_take(s->call->work, 1, covey__median_bytes(problem->points)));
    COVEY_TRY(descend(s, err));
    if (m > MEMBERS) {
        size_t medoid = sampled_medoid(s);
        read_row(s->start, problem, medoid);
        COVEY_TRY(descend(s, err));
    } else {
        size_t entries[MEMBERS];
        for (size_t i = 0; i < m; ++i)
            entries[i] = i;
        covey__points_fetch(problem->points, entries, m);
        for (size_t i = 0; i < m; ++i) {
            read_row(s->start, problem, i);
            COVEY_TRY(descend(s, err));
        }
    }
done:
    return status;
}

/* ---- one centre ------------------------------------------------------------------------------ */

static size_t more(size_t a, size_t b) {
    return a > b ? a : b;
}

static void fill_report(covey_centre_report *report, covey__problem *problem,
                        const covey__solver_call *call, const double *centre,
                        covey__evaluation *e, covey__effort effort) {
    *report = (covey_centre_report){.objective = call->value,
                                    .iterations = call->iterations,
                                    .evaluations = problem->evaluations,
                                    .converged = call->converged,
                                    .gradient = NAN};
    if (effort == COVEY__EFFORT_STEP && !isnan(call->value))
        return; /* the pass for the gradient would be half the price of the step */
    covey__problem_evaluate(e, problem, centre);
    report->objective = e->value;
    if (problem->loss->ops->traits & COVEY_LOSS_SPHERICAL) {
        /* What points out of the sphere cannot be followed. */
        double outwards = covey__dot(e->gradient, centre, problem->d);
        for (size_t j = 0; j < problem->d; ++j)
            e->gradient[j] -= outwards * centre[j];
    }
    report->gradient = covey__optimality(problem, e);
}

covey_status covey__centre_solve(double *centre, covey_centre_report *report,
                                 const covey__points *points, const covey_loss *loss,
                                 const covey__centre_options *options, covey__centre_work *work,
                                 covey_error *err) {
    covey_status status = COVEY_OK;
    static const covey_loss median = {.ops = &covey__loss_absolute};
    if (options->solver == COVEY_SOLVER_AUTO && covey__shape_of(loss) == COVEY__SHAPE_ABSOLUTE)
        loss = &median; /* lp with p = 1, which has a centre with a formula too */
    const covey_loss_ops *ops = loss->ops;
    method method = choose(options, ops);
    covey__problem problem;
    covey__evaluation e;
    int automatic = options->solver == COVEY_SOLVER_AUTO;
    int several = automatic && options->effort == COVEY__EFFORT_FULL && !ops->exact_centre &&
                  !(ops->traits & COVEY_LOSS_CONVEX);
    size_t vector = covey__work_bytes(covey__padded(points->d), sizeof(double));
    COVEY_TRY(check_suits(options->solver, ops, points->d, err));
    COVEY_TRY(covey__work_reserve(work,
                                  covey__problem_bytes(points) + covey__evaluation_bytes(points) +
                                      2 * vector +
                                      more(method.bytes(points),
                                           several ? covey__median_bytes(points) : 0),
                                  err));
    covey__problem_init(&problem, points, loss, work);
    covey__evaluation_init(&e, &problem, work);
    covey__solver_call call = {
        .problem = &problem, .work = work, .limit = options->iteration_limit,
        .value = NAN, .step = options->step, .step_user = options->step_user};
    if (automatic && options->effort == COVEY__EFFORT_STEP && !call.limit)
        call.limit = 1;
    if (problem.total_weight == 0) {
        call.converged = 1; /* nobody to stand in the middle of: the centre stays */
    } else if (several) {
        search s = {.problem = &problem, .call = &call, .method = method, .best = centre};
        s.start = covey__work_take(work, problem.padded, sizeof(double));
        s.trial = covey__work_take(work, problem.padded, sizeof(double));
        s.mark = work->used;
        s.best_value = covey__problem_value(&problem, centre);
        COVEY_TRY(try_all_starts(&s, err));
        call = s.best_call;
    } else {
        COVEY_TRY(method.solve(centre, &call, err));
    }
    if (report)
        fill_report(report, &problem, &call, centre, &e, options->effort);
done:
    return status;
}

covey_status covey__centre_objective(double *out, const double *centre,
                                     const covey__points *points, const covey_loss *loss,
                                     covey__centre_work *work, covey_error *err) {
    covey_status status = COVEY_OK;
    covey__problem problem;
    COVEY_TRY(covey__work_reserve(work, covey__problem_bytes(points), err));
    covey__problem_init(&problem, points, loss, work);
    *out = covey__problem_value(&problem, centre);
done:
    return status;
}

/* out [m][d] <- x, centre [d] <- itself, both scaled to length 1. */
static covey_status to_sphere(double *out, double *centre, const double *x, size_t m, size_t d,
                              const covey_loss_ops *ops, covey_error *err) {
    covey_status status = COVEY_OK;
    for (size_t i = 0; i <= m; ++i) {
        const double *from = i < m ? x + i * d : centre;
        double *to = i < m ? out + i * d : centre;
        double square = covey__dot(from, from, d);
        COVEY_FAIL_IF(square == 0 && i < m, err, COVEY_E_NUMERIC, NULL,
                      "row %zu is all zero and so has no direction, which the loss %s needs", i,
                      ops->name);
        if (square == 0) { /* a start without a direction: any will do */
            memset(to, 0, d * sizeof *to);
            to[0] = 1;
            continue;
        }
        for (size_t j = 0; j < d; ++j)
            to[j] = from[j] / sqrt(square);
    }
done:
    return status;
}

static covey_status solve_checked(double *centre, covey_centre_report *report, const double *x,
                                  size_t m, size_t d, const double *weights,
                                  const covey_loss *loss, const covey__centre_options *options,
                                  covey_error *err) {
    covey_status status = COVEY_OK;
    covey__centre_work work = {0};
    double *answer = NULL, *unit = NULL;
    size_t cells = 0;
    covey__points points = {.x64 = x, .weights = weights, .m = m, .d = d};
    covey_centre_report ours;
    COVEY_FAIL_IF(m == 0 || d == 0, err, COVEY_E_ARGUMENT, NULL,
                  "a centre needs at least one row and one column");
    COVEY_FAIL_IF(options->iteration_limit < 0, err, COVEY_E_ARGUMENT, NULL,
                  "an iteration limit is 0 (the solver's own) or more");
    for (size_t i = 0; i < m; ++i) {
        for (size_t j = 0; j < d; ++j)
            COVEY_FAIL_IF(!isfinite(x[i * d + j]), err, COVEY_E_NUMERIC, NULL,
                          "row %zu has NaN or infinity in column %zu; leave such rows out", i, j);
        COVEY_FAIL_IF(weights && !(weights[i] >= 0 && isfinite(weights[i])), err, COVEY_E_ARGUMENT,
                      NULL, "the weight of row %zu is not a number at least 0", i);
    }
    for (size_t j = 0; j < d; ++j)
        COVEY_FAIL_IF(!isfinite(centre[j]), err, COVEY_E_NUMERIC, NULL,
                      "the start has NaN or infinity in column %zu", j);
    answer = covey__alloc_array(d, sizeof *answer);
    COVEY_NOMEM_IF(!answer, err);
    memcpy(answer, centre, d * sizeof *answer);
    if (loss->ops->traits & COVEY_LOSS_SPHERICAL) {
        unit = covey__mul_size(&cells, m, d) ? NULL : covey__alloc_array(cells, sizeof *unit);
        COVEY_NOMEM_IF(!unit, err);
        COVEY_TRY(to_sphere(unit, answer, x, m, d, loss->ops, err));
        points.x64 = unit;
    }
    if (options->step) {
        double value;
        COVEY_TRY(covey__centre_objective(&value, answer, &points, loss, &work, err));
        options->step(options->step_user, 0, answer, value);
    }
    COVEY_TRY(covey__centre_solve(answer, &ours, &points, loss, options, &work, err));
    if (options->step)
        options->step(options->step_user, ours.iterations, answer, ours.objective);
    memcpy(centre, answer, d * sizeof *answer);
    if (report)
        *report = ours;
done:
    covey__free(answer);
    covey__free(unit);
    covey__centre_work_fini(&work);
    return status;
}

covey_status covey_centre_compute(double *centre, covey_centre_report *report, const double *x,
                                  size_t m, size_t d, const double *weights,
                                  const covey_loss *loss, covey_solver solver,
                                  int iteration_limit, covey_error *err) {
    covey__centre_options options = {
        .solver = solver, .effort = COVEY__EFFORT_FULL, .iteration_limit = iteration_limit};
    return solve_checked(centre, report, x, m, d, weights, loss, &options, err);
}

covey_status covey_centre_trace(double *centre, covey_centre_report *report, const double *x,
                                size_t m, size_t d, const double *weights, const covey_loss *loss,
                                covey_solver solver, int iteration_limit, covey_step_fn step,
                                void *user, covey_error *err) {
    covey__centre_options options = {.solver = solver,
                                     .effort = COVEY__EFFORT_LOCAL,
                                     .iteration_limit = iteration_limit,
                                     .step = step,
                                     .step_user = user};
    return solve_checked(centre, report, x, m, d, weights, loss, &options, err);
}
