/* SPDX-License-Identifier: MIT */
/* read_a_run FOLDER: the groups of a run folder under its first loss, and what stands for each. */
#include <covey/covey.h>
#include <stdio.h>

int main(int argc, char **argv) {
    covey_run *run;
    covey_error err;
    if (argc != 2) {
        fprintf(stderr, "usage: read_a_run FOLDER\n");
        return 2;
    }
    if (covey_run_load(&run, argv[1], &err) != COVEY_OK) {
        fprintf(stderr, "%s: %s\n", argv[1], err.message);
        return 1;
    }
    if (run->comparison.n_losses == 0)
        printf("described, but not grouped yet\n");
    else {
        const covey_clustering *groups = &run->comparison.clusterings[0];
        printf("loss %s\n", groups->loss.ops->name);
        for (size_t j = 0; j < groups->k; ++j) {
            int64_t row = groups->representatives[j];
            const char *name = j < run->n_names ? run->names[j] : NULL;
            printf("group %zu (%s): %zu rows, represented by ", j, name ? name : "no name",
                   groups->sizes[j]);
            if (row >= 0 && run->n_photos)
                printf("%s\n", run->photos[row].path);
            else
                printf("row %lld\n", (long long)row);
        }
    }
    covey_run_free(run);
    return 0;
}
