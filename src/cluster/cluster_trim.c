/* SPDX-License-Identifier: MIT */
/* Trimming: the rows that fit worst take no part in the centres [CuestaAlbertosEtAl1997;
 * ChawlaGionis2013, algorithm 1]. docs/maths/alternation.md, section 2. */
#include <math.h>
#include <string.h>

#include "base_internal.h"
#include "cluster_internal.h"

size_t covey__trim_count(const covey_loss *loss, size_t n, size_t k) {
    if (!(loss->ops->traits & COVEY_LOSS_TRIMS))
        return 0;
    /* 0.29 * 100 is a little below 29 in binary. */
    size_t count = (size_t)floor(loss->params[0] * (double)n + 1e-9);
    return count < n - k ? count : n - k;
}

/* The bits of the value that `rank` values precede. Non-negative numbers order as their bits do:
 * eight passes of counting bytes find it without moving a value, and counts of ranks add up. */
static uint64_t bits_of_rank(const covey__share *share, const double *value, size_t stride,
                             size_t rank) {
    uint64_t found = 0;
    int64_t left = (int64_t)rank;
    for (int shift = 56; shift >= 0; shift -= 8) {
        int64_t counts[256] = {0}, byte = 0;
        for (size_t i = share->first; i < share->end; ++i) {
            uint64_t bits;
            memcpy(&bits, value + i * stride, sizeof bits);
            if (shift == 56 || bits >> (shift + 8) == found >> (shift + 8))
                ++counts[bits >> shift & 255];
        }
        share->ranks->reduce(counts, 256, COVEY__SUM);
        while (left >= counts[byte])
            left -= counts[byte++];
        found |= (uint64_t)byte << shift;
    }
    return found;
}

double covey__trim_edge(const covey__share *share, const double *value, size_t stride,
                        size_t count) {
    uint64_t bits = bits_of_rank(share, value, stride, share->n - count);
    double edge;
    memcpy(&edge, &bits, sizeof edge);
    return edge;
}

void covey__trim(int32_t *labels, const double *value, size_t n, size_t count) {
    if (!count)
        return;
    covey__share all = covey__share_all(n);
    double edge = covey__trim_edge(&all, value, 1, count);
    size_t left = count;
    for (size_t i = 0; i < n; ++i)
        if (value[i] > edge) {
            labels[i] = -1;
            --left;
        }
    for (size_t i = n; left && i-- > 0;) /* of those on the edge the higher rows go */
        if (value[i] == edge) {
            labels[i] = -1;
            --left;
        }
}

void covey__place_trimmed(int32_t *labels, const covey__data *data, const covey_loss *loss,
                          const double *centres, size_t k) {
    covey__measure measure = covey__measure_of(loss, data->kernels, data->d);
    for (size_t i = data->share.first; i < data->share.end; ++i) {
        double least = INFINITY;
        covey__spill_look(i);
        if (labels[i] >= 0)
            continue;
        for (size_t j = 0; j < k; ++j) {
            double value = covey__measure_row(&measure, data->x + i * data->d,
                                              centres + j * data->d);
            if (value < least || labels[i] < 0) {
                least = value;
                labels[i] = (int32_t)j;
            }
        }
    }
    covey__exchange_rows(&data->share, labels, sizeof *labels);
}
