/* SPDX-License-Identifier: MIT */
#include "sum_internal.h"

void covey__sum_tree(double *partial, size_t chunks, size_t width) {
    for (size_t step = 1; step < chunks; step *= 2)
        for (size_t left = 0; left + step < chunks; left += 2 * step) {
            double *a = partial + left * width;
            const double *b = partial + (left + step) * width;
            for (size_t j = 0; j < width; ++j)
                a[j] += b[j];
        }
}
