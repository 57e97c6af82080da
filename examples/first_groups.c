/* SPDX-License-Identifier: MIT */
/* The smallest complete use: six points on a plane into two groups under the Huber loss. */
#include <covey/covey.h>
#include <stdio.h>

int main(void) {
    const float points[6][2] = {{0.0f, 0.1f}, {0.2f, 0.0f}, {0.1f, 0.2f},
                                {5.0f, 5.1f}, {5.2f, 4.9f}, {9.0f, 9.0f}};
    covey_error err;
    covey_loss loss;
    covey_clustering groups;
    covey_cluster_params params = covey_cluster_params_default();
    params.k = 2;

    if (covey_loss_find(&loss, "huber", &err) != COVEY_OK ||
        covey_cluster_compute(&groups, &points[0][0], 6, 2, &loss, &params, &err) != COVEY_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    for (size_t i = 0; i < groups.n; ++i)
        printf("point %zu: group %d, weight %.2f\n", i, (int)groups.labels[i], groups.weight[i]);
    covey_clustering_fini(&groups);
    return 0;
}
