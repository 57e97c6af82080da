/* SPDX-License-Identifier: MIT */
/* One robust centre of five points, the last a blunder, and the way of IRLS to it. */
#include <covey/covey.h>
#include <stdio.h>
#include <string.h>

static void on_step(void *user, int iteration, const double *centre, double objective) {
    int *shown = user;
    if ((*shown)++ < 4)
        printf("  step %d: (%.3f, %.3f), loss %.3f\n", iteration, centre[0], centre[1], objective);
}

int main(void) {
    const double points[5][2] = {{1, 1}, {1.2, 0.9}, {0.9, 1.1}, {1.1, 1.2}, {20, -15}};
    const char *const names[] = {"square", "geometric_median"};
    for (int i = 0; i < 2; ++i) {
        double centre[2] = {4, 4};
        int shown = 0;
        covey_loss loss;
        covey_centre_report report;
        covey_error err;
        covey_status status = covey_loss_find(&loss, names[i], &err);
        printf("%s\n", names[i]);
        if (status == COVEY_OK)
            status = covey_centre_trace(centre, &report, &points[0][0], 5, 2, NULL, &loss,
                                        COVEY_SOLVER_IRLS, 0, on_step, &shown, &err);
        if (status != COVEY_OK) {
            fprintf(stderr, "%s\n", err.message);
            return 1;
        }
        printf("  centre (%.3f, %.3f)%s\n", centre[0], centre[1],
               report.converged ? "" : ", not converged");
    }
    return 0;
}
