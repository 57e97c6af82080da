/* SPDX-License-Identifier: MIT */
/* Three losses from the same starts on two blobs and a few strangers: the groups agree, and the
 * mean is the only centre that the strangers drag along. */
#include <covey/covey.h>
#include <math.h>
#include <stdio.h>

enum { ROWS = 44, STRANGERS = 4 };

static void make_rows(float x[ROWS][2]) {
    for (int i = 0; i < ROWS - STRANGERS; ++i) { /* rings of radius 1 around (0, 0) and (10, 0) */
        x[i][0] = (float)(i % 2 * 10 + cos(0.3 * i));
        x[i][1] = (float)sin(0.3 * i);
    }
    for (int i = ROWS - STRANGERS; i < ROWS; ++i) { /* far above the second blob */
        x[i][0] = 10;
        x[i][1] = (float)(8 + i - ROWS);
    }
}

int main(void) {
    static const char *const names[] = {"square", "huber", "geometric_median"};
    float x[ROWS][2];
    covey_loss losses[3];
    covey_comparison result;
    covey_error err;
    covey_status status = COVEY_OK;
    covey_compare_params params = covey_compare_params_default();
    params.cluster.k = 2;
    params.seeds = 0;

    make_rows(x);
    for (int l = 0; l < 3 && status == COVEY_OK; ++l)
        status = covey_loss_find(&losses[l], names[l], &err);
    if (status == COVEY_OK)
        status = covey_compare_compute(&result, &x[0][0], ROWS, 2, losses, 3, &params, &err);
    if (status != COVEY_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    for (size_t l = 0; l < result.n_losses; ++l) {
        const covey_clustering *c = &result.clusterings[l];
        printf("%-17s agreement with square %.2f, centres", c->loss.ops->name, result.ari[l]);
        for (size_t j = 0; j < c->k; ++j)
            printf(" (%.1f, %.1f)", c->centres[2 * j] + 0.0, fabs(c->centres[2 * j + 1]));
        printf("\n");
    }
    covey_comparison_fini(&result);
    return 0;
}
