/* SPDX-License-Identifier: MIT */
/* choose_k FEATURES.npy: chooses the number of groups, and prints row,cluster as CSV. */
#include <covey/covey.h>
#include <stdio.h>

int main(int argc, char **argv) {
    covey_matrix x = {0};
    covey_comparison result = {0};
    covey_loss loss;
    covey_error err;
    covey_compare_params params = covey_compare_params_default(); /* k 0: chosen from 2..20 */
    params.seeds = 0;
    if (argc != 2) {
        fprintf(stderr, "usage: choose_k FEATURES.npy\n");
        return 2;
    }
    covey_status status = covey_matrix_load(&x, argv[1], &err);
    if (status == COVEY_OK)
        status = covey_loss_find(&loss, "square", &err);
    if (status == COVEY_OK)
        status = covey_compare_compute(&result, x.data, x.rows, x.cols, &loss, 1, &params, &err);
    if (status == COVEY_OK) {
        fprintf(stderr, "%zu groups: %s\n", result.k_chosen, result.k_reason);
        printf("row,cluster\n");
        for (size_t i = 0; i < result.n; ++i)
            printf("%zu,%d\n", i, (int)result.clusterings[0].labels[i]);
    } else
        fprintf(stderr, "%s: %s\n", argv[1], err.message);
    covey_comparison_fini(&result);
    covey_matrix_fini(&x);
    return status == COVEY_OK ? 0 : 1;
}
