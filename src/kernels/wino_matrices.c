/* SPDX-License-Identifier: MIT */
/* Winograd's matrices by the Cook-Toom construction [BarabaszEtAl2019]
 * (docs/maths/winograd.md derives them): for n-1 finite points p_j and infinity,
 *
 *   A^T[i][j] = p_j^i,                 the last column being 1 in the last row only
 *   G[j][k]   = p_j^k / prod_{l != j} (p_j - p_l), the last row picking g_2
 *   B^T[j]    = coefficients of prod_{l != j} (x - p_l), the last row of prod_l (x - p_l)
 *
 * The points are short dyadic fractions, so A and B are exact in float32. */
#include "kernels_internal.h"

#include <assert.h>

#include "wino_points_internal.h"

static const double points4[] = {0, WINO4_P, -WINO4_P, WINO4_Q, -WINO4_Q};
static const double points6[] = {0,       WINO6_P,  -WINO6_P, WINO6_Q,
                                 -WINO6_Q, WINO6_R, -WINO6_R};
static const double points7[] = {WINO7_P,  -WINO7_P, WINO7_Q,  -WINO7_Q,
                                 WINO7_R, -WINO7_R, WINO7_S, -WINO7_S};

/* coefficients [n], lowest first, of prod (x - p_l) over the finite points, `skip` left out. */
static void product(double coefficients[COVEY__WINO_MAX], const double *points, int count,
                    int skip) {
    for (int i = 0; i < COVEY__WINO_MAX; ++i)
        coefficients[i] = 0;
    coefficients[0] = 1;
    int degree = 0;
    for (int l = 0; l < count; ++l) {
        if (l == skip)
            continue;
        ++degree;
        for (int i = degree; i > 0; --i)
            coefficients[i] = coefficients[i - 1] - points[l] * coefficients[i];
        coefficients[0] *= -points[l];
    }
}

void covey__wino_matrices_compute(covey__wino_matrices *out, int m) {
    assert(m == 4 || m == 6 || m == 7);
    const double *points = m == 4 ? points4 : m == 6 ? points6 : points7;
    int n = m + 2, count = n - 1;
    out->m = m;
    out->n = n;
    for (int j = 0; j < n; ++j) {
        int finite = j < count;
        product(out->bt[j], points, count, finite ? j : -1);
        double scale = 1;
        for (int l = 0; finite && l < count; ++l)
            if (l != j)
                scale *= points[j] - points[l];
        double power = 1;
        for (int i = 0; i < m; ++i) {
            out->at[i][j] = finite ? power : i == m - 1;
            if (i < 3)
                out->g[j][i] = finite ? power / scale : i == 2;
            power *= finite ? points[j] : 0;
        }
    }
}
