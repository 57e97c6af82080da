/* SPDX-License-Identifier: MIT */
/* Real features with fixed labels: no centre's objective is above what scipy 1.17's
 * minimize(method='BFGS', maxiter=20) reached from the mean with finite differences, and our own
 * BFGS of 20 iterations lies within 1 % of it. */
#include "centre_cases.h"

#include "centre_internal.h"
#include "covey/npy.h"

enum { CLUSTERS = 18, APART = 14 };

/* Rows go to the nearest of rows 0, 14, 28, ...; the objective of the cluster under the loss. */
static const struct {
    const char *loss;
    double param;
    int cluster;
    double scipy;
} reference[] = {
    {"huber", 1, 0, 960.558205280379},
    {"huber", 1, 1, 13256.5788241332},
    {"huber", 1, 2, 1123.23897992682},
    {"huber", 1, 3, 6075.69970869655},
    {"huber", 1, 4, 29361.0231624763},
    {"huber", 1, 5, 14865.8557400981},
    {"huber", 1, 6, 21966.3789390383},
    {"huber", 1, 7, 5625.16312118204},
    {"huber", 1, 8, 11441.3834863586},
    {"huber", 1, 10, 3147.16539190018},
    {"huber", 1, 11, 1293.22181568355},
    {"huber", 1, 14, 23263.8152068158},
    {"huber", 1, 15, 40728.9147401224},
    {"huber", 1, 16, 16460.1364141361},
    {"huber", 1, 17, 13316.0023893111},
    {"pseudo_huber", 1, 0, 852.07557261829},
    {"pseudo_huber", 1, 1, 12167.7257957909},
    {"pseudo_huber", 1, 2, 1002.78211601325},
    {"pseudo_huber", 1, 3, 5583.99152546413},
    {"pseudo_huber", 1, 4, 26849.0684035869},
    {"pseudo_huber", 1, 5, 13662.4290611138},
    {"pseudo_huber", 1, 6, 20110.8263979524},
    {"pseudo_huber", 1, 7, 5151.13942271205},
    {"pseudo_huber", 1, 8, 10475.8253011336},
    {"pseudo_huber", 1, 10, 2935.17296367775},
    {"pseudo_huber", 1, 11, 1157.05679429942},
    {"pseudo_huber", 1, 14, 21439.9515263617},
    {"pseudo_huber", 1, 15, 37364.6061258722},
    {"pseudo_huber", 1, 16, 14946.2249663687},
    {"pseudo_huber", 1, 17, 12203.6156703211},
    {"correntropy", 60, 0, 0.581142368321451},
    {"correntropy", 60, 1, 10.0864582727746},
    {"correntropy", 60, 2, 0.733992588700867},
    {"correntropy", 60, 3, 4.24517769646202},
    {"correntropy", 60, 4, 21.0991832235715},
    {"correntropy", 60, 5, 10.1640302432032},
    {"correntropy", 60, 6, 16.145368323004},
    {"correntropy", 60, 7, 4.20832356596393},
    {"correntropy", 60, 8, 9.21721546272314},
    {"correntropy", 60, 10, 1.94249727332426},
    {"correntropy", 60, 11, 0.818623052966222},
    {"correntropy", 60, 14, 15.861626078208},
    {"correntropy", 60, 15, 29.1861832531583},
    {"correntropy", 60, 16, 13.5417762565082},
    {"correntropy", 60, 17, 9.51578585313859},
    {"epsilon_insensitive", 1, 0, 97.4328888376917},
    {"epsilon_insensitive", 1, 1, 1439.47073583536},
    {"epsilon_insensitive", 1, 2, 112.759031362036},
    {"epsilon_insensitive", 1, 3, 587.333363039351},
    {"epsilon_insensitive", 1, 4, 2900.27240117042},
    {"epsilon_insensitive", 1, 5, 1549.59555045356},
    {"epsilon_insensitive", 1, 6, 2266.43911372676},
    {"epsilon_insensitive", 1, 7, 636.570219732688},
    {"epsilon_insensitive", 1, 8, 1278.32336505197},
    {"epsilon_insensitive", 1, 10, 318.650831676365},
    {"epsilon_insensitive", 1, 11, 121.135030441616},
    {"epsilon_insensitive", 1, 14, 2202.69131397481},
    {"epsilon_insensitive", 1, 15, 4056.04143029474},
    {"epsilon_insensitive", 1, 16, 2063.2908527495},
    {"epsilon_insensitive", 1, 17, 1299.85678612818},
    {"epsilon_insensitive", 55, 0, 0},
    {"epsilon_insensitive", 55, 1, 483.007320068449},
    {"epsilon_insensitive", 55, 2, 4.75903136203553},
    {"epsilon_insensitive", 55, 3, 209.333363037346},
    {"epsilon_insensitive", 55, 4, 1119.29634178301},
    {"epsilon_insensitive", 55, 5, 589.381092315432},
    {"epsilon_insensitive", 55, 6, 916.439113684949},
    {"epsilon_insensitive", 55, 7, 167.247808240481},
    {"epsilon_insensitive", 55, 8, 370.1631219959},
    {"epsilon_insensitive", 55, 10, 156.65083171834},
    {"epsilon_insensitive", 55, 11, 13.1350304416161},
    {"epsilon_insensitive", 55, 14, 1014.69131388418},
    {"epsilon_insensitive", 55, 15, 1680.04143043054},
    {"epsilon_insensitive", 55, 16, 233.209672603441},
    {"epsilon_insensitive", 55, 17, 543.856786118778},
};

static void label_rows(int *labels, const covey_matrix *x) {
    for (size_t i = 0; i < x->rows; ++i) {
        double nearest = INFINITY;
        for (int c = 0; c < CLUSTERS; ++c) {
            const float *seed = x->data + (size_t)(c * APART) * x->cols;
            double distance = 0;
            for (size_t j = 0; j < x->cols; ++j) {
                double u = (double)x->data[i * x->cols + j] - seed[j];
                distance += u * u;
            }
            if (distance < nearest) {
                nearest = distance;
                labels[i] = c;
            }
        }
    }
}

static void test_against_scipy(void **state) {
    (void)state;
    char path[512];
    covey_error err;
    covey_matrix x;
    if (!covey_test_shared(path, sizeof path, "reference/animals-features-float32.npy"))
        skip();
    assert_ok(covey_matrix_load(&x, path, &err));
    int *labels = malloc(x.rows * sizeof *labels);
    uint32_t *rows = malloc(x.rows * sizeof *rows);
    double *centre = malloc(x.cols * sizeof *centre);
    covey__centre_work work = {0};
    label_rows(labels, &x);
    for (size_t r = 0; r < LENGTH(reference); ++r) {
        covey_loss loss = loss_with(reference[r].loss, reference[r].param);
        covey_loss square = loss_with("square", 1);
        covey__points points = {.x32 = x.data, .rows = rows, .d = x.cols};
        for (size_t i = 0; i < x.rows; ++i)
            if (labels[i] == reference[r].cluster)
                rows[points.m++] = (uint32_t)i;
        covey__centre_options options = {.solver = COVEY_SOLVER_AUTO,
                                         .effort = COVEY__EFFORT_FULL};
        covey_centre_report report;
        assert_ok(covey__centre_solve(centre, NULL, &points, &square, &options, &work, &err));
        options = (covey__centre_options){
            .solver = COVEY_SOLVER_BFGS, .effort = COVEY__EFFORT_LOCAL, .iteration_limit = 20};
        assert_ok(covey__centre_solve(centre, &report, &points, &loss, &options, &work, &err));
        covey_test_close(report.objective, reference[r].scipy, 0, 0.01, r, loss.ops->name, __FILE__,
                         __LINE__);
        memset(centre, 0, x.cols * sizeof *centre);
        options = (covey__centre_options){
            .solver = COVEY_SOLVER_AUTO, .effort = COVEY__EFFORT_FULL};
        assert_ok(covey__centre_solve(centre, &report, &points, &loss, &options, &work, &err));
        /* 1e-12: the last digit of sums of some thousand terms, where both are at the optimum. */
        if (!(report.objective <= reference[r].scipy * (1 + 1e-12)))
            fail_msg("%s, cluster %d: %.15g, scipy %.15g", loss.ops->name, reference[r].cluster,
                     report.objective, reference[r].scipy);
        assert_true(report.converged);
    }
    covey__centre_work_fini(&work);
    covey_matrix_fini(&x);
    free(labels);
    free(rows);
    free(centre);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_scipy)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
