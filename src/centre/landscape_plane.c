/* SPDX-License-Identifier: MIT */
/* The plane of a landscape: the two leading eigenvectors of the rows' covariance by subspace
 * iteration with Rayleigh-Ritz [GolubVanLoan2013, section 8.2], or two random directions.
 *
 * The block is a few vectors wider than needed: it converges like (lambda_7 / lambda_2)^steps.
 * Sums over rows run by the chunks and the tree of sum_internal.h. */
#include <math.h>
#include <string.h>

#include "landscape_internal.h"
#include "random_internal.h"
#include "solvers_internal.h"
#include "sum_internal.h"

enum { BLOCK = 6, ITERATIONS = 100, SWEEPS = 30 };

static const double SETTLED = 1e-9; /* change of the two variances, of the larger one */

typedef struct block {
    const covey__scene *scene;
    size_t p;         /* vectors */
    double *mean;     /* [d] */
    double *v;        /* [p][d], orthonormal */
    double *partial;  /* [chunks][p][d]; the sum of all: covariance times v, times rows */
    double *residual; /* [workers][d] */
} block;

static void multiply_chunk(void *context, size_t chunk, int worker) {
    block *b = context;
    const covey__scene *scene = b->scene;
    size_t d = scene->d, first = chunk * COVEY__CHUNK_ROWS;
    size_t end = first + COVEY__CHUNK_ROWS < scene->rows ? first + COVEY__CHUNK_ROWS : scene->rows;
    double *y = b->partial + chunk * b->p * d, *u = b->residual + (size_t)worker * d;
    memset(y, 0, b->p * d * sizeof *y);
    for (size_t i = first; i < end; ++i) {
        for (size_t j = 0; j < d; ++j)
            u[j] = scene->x[i * d + j] - b->mean[j];
        for (size_t k = 0; k < b->p; ++k) {
            double along = covey__dot(u, b->v + k * d, d), *out = y + k * d;
            for (size_t j = 0; j < d; ++j)
                out[j] += along * u[j];
        }
    }
}

/* Makes v [p][d] orthonormal by Gram-Schmidt, done twice; what vanishes is drawn anew. */
static void orthonormalise(double *v, size_t p, size_t d, uint64_t seed) {
    for (size_t k = 0; k < p; ++k) {
        double *own = v + k * d;
        for (uint64_t attempt = 0;; ++attempt) {
            double before = sqrt(covey__dot(own, own, d));
            for (int twice = 0; twice < 2; ++twice)
                for (size_t l = 0; l < k; ++l) {
                    double along = covey__dot(own, v + l * d, d);
                    for (size_t j = 0; j < d; ++j)
                        own[j] -= along * v[l * d + j];
                }
            double length = sqrt(covey__dot(own, own, d));
            if (length > 1e-10 * before && length > 0) {
                for (size_t j = 0; j < d; ++j)
                    own[j] /= length;
                break;
            }
            for (size_t j = 0; j < d; ++j)
                own[j] = covey__normal(seed, COVEY__PURPOSE_SLICE, k + BLOCK * (attempt + 1), j);
        }
    }
}

/* Eigenvectors q (columns) of the symmetric a [p][p] by Jacobi's rotations, the largest first;
 * a's diagonal becomes the eigenvalues. */
static void eigen_small(double a[BLOCK][BLOCK], double q[BLOCK][BLOCK], size_t p) {
    for (size_t i = 0; i < p; ++i)
        for (size_t j = 0; j < p; ++j)
            q[i][j] = i == j;
    for (int sweep = 0; sweep < SWEEPS; ++sweep)
        for (size_t i = 0; i < p; ++i)
            for (size_t j = i + 1; j < p; ++j) {
                if (a[i][j] == 0)
                    continue;
                double theta = (a[j][j] - a[i][i]) / (2 * a[i][j]);
                double t = (theta < 0 ? -1 : 1) / (fabs(theta) + sqrt(theta * theta + 1));
                double c = 1 / sqrt(t * t + 1), s = t * c;
                for (size_t k = 0; k < p; ++k) {
                    double x = a[k][i], y = a[k][j];
                    a[k][i] = c * x - s * y;
                    a[k][j] = s * x + c * y;
                }
                for (size_t k = 0; k < p; ++k) {
                    double x = a[i][k], y = a[j][k];
                    a[i][k] = c * x - s * y;
                    a[j][k] = s * x + c * y;
                    x = q[k][i], y = q[k][j];
                    q[k][i] = c * x - s * y;
                    q[k][j] = s * x + c * y;
                }
            }
    for (size_t i = 0; i < p; ++i)
        for (size_t j = i + 1; j < p; ++j)
            if (a[j][j] > a[i][i]) {
                double swap = a[i][i];
                a[i][i] = a[j][j];
                a[j][j] = swap;
                for (size_t k = 0; k < p; ++k) {
                    swap = q[k][i];
                    q[k][i] = q[k][j];
                    q[k][j] = swap;
                }
            }
}

/* v <- v q, the rows of v being the vectors. */
static void rotate(double *v, double q[BLOCK][BLOCK], size_t p, size_t d) {
    for (size_t j = 0; j < d; ++j) {
        double old[BLOCK];
        for (size_t k = 0; k < p; ++k)
            old[k] = v[k * d + j];
        for (size_t k = 0; k < p; ++k) {
            double sum = 0;
            for (size_t l = 0; l < p; ++l)
                sum += old[l] * q[l][k];
            v[k * d + j] = sum;
        }
    }
}

/* Leaves in b->v the Ritz vectors and in values [p] their variances times rows. */
static void iterate(block *b, double *values) {
    const covey__scene *scene = b->scene;
    size_t d = scene->d, p = b->p, chunks = covey__chunk_count(scene->rows);
    double a[BLOCK][BLOCK], q[BLOCK][BLOCK];
    double *y = b->partial;
    for (int step = 0; step < ITERATIONS; ++step) {
        double before[2] = {values[0], values[1]};
        covey__pool_run(scene->pool, chunks, multiply_chunk, b);
        covey__sum_tree(b->partial, chunks, p * d);
        for (size_t k = 0; k < p; ++k)
            for (size_t l = 0; l <= k; ++l)
                a[k][l] = a[l][k] = covey__dot(b->v + k * d, y + l * d, d);
        eigen_small(a, q, p);
        for (size_t k = 0; k < p; ++k)
            values[k] = fmax(a[k][k], 0);
        rotate(b->v, q, p, d);
        int settled = step > 0;
        for (int k = 0; k < 2; ++k)
            settled &= fabs(values[k] - before[k]) <= SETTLED * values[0];
        if (settled || step + 1 == ITERATIONS || values[0] == 0)
            return;
        rotate(y, q, p, d);
        memcpy(b->v, y, p * d * sizeof *y);
        orthonormalise(b->v, p, d, scene->params->seed);
    }
}

static void variances(block *b, double *values) {
    const covey__scene *scene = b->scene;
    size_t d = scene->d;
    for (size_t k = 0; k < 2; ++k) {
        values[k] = 0;
        for (size_t i = 0; i < scene->rows; ++i) {
            const double *row = scene->x + i * d;
            double along = covey__dot(row, b->v + k * d, d) - covey__dot(b->mean, b->v + k * d, d);
            values[k] += along * along;
        }
    }
}

/* The largest coordinate of an axis is positive: eigenvectors have no sign of their own. */
static void fix_sign(double *axis, size_t d) {
    size_t most = 0;
    for (size_t j = 1; j < d; ++j)
        if (fabs(axis[j]) > fabs(axis[most]))
            most = j;
    for (size_t j = 0; j < d && axis[most] < 0; ++j)
        if (j != most)
            axis[j] = -axis[j];
    axis[most] = fabs(axis[most]);
}

covey_status covey__landscape_plane(covey__scene *scene, covey_error *err) {
    covey_status status = COVEY_OK;
    size_t d = scene->d, chunks = covey__chunk_count(scene->rows);
    int principal = scene->params->slice == COVEY_SLICE_PRINCIPAL;
    block b = {.scene = scene, .p = !principal ? 2 : d < BLOCK ? d : BLOCK};
    double values[BLOCK] = {0};
    b.mean = covey__calloc(d, sizeof *b.mean);
    b.v = covey__alloc_array(b.p * d, sizeof *b.v);
    b.partial = covey__alloc_array(chunks * b.p * d, sizeof *b.partial);
    b.residual = covey__alloc_array((size_t)covey__pool_size(scene->pool) * d, sizeof(double));
    COVEY_NOMEM_IF(!b.mean || !b.v || !b.partial || !b.residual, err);
    for (size_t i = 0; i < scene->rows; ++i)
        for (size_t j = 0; j < d; ++j)
            b.mean[j] += scene->x[i * d + j];
    for (size_t j = 0; j < d; ++j)
        b.mean[j] /= (double)scene->rows;
    for (size_t k = 0; k < b.p; ++k)
        for (size_t j = 0; j < d; ++j)
            b.v[k * d + j] = covey__normal(scene->params->seed, COVEY__PURPOSE_SLICE, k, j);
    orthonormalise(b.v, b.p, d, scene->params->seed);
    if (principal)
        iterate(&b, values);
    else
        variances(&b, values);
    for (size_t k = 0; k < 2; ++k) {
        if (principal)
            fix_sign(b.v + k * d, d);
        scene->out->variance[k] = values[k] / (double)scene->rows;
    }
    memcpy(scene->out->axes, b.v, 2 * d * sizeof *b.v);
done:
    covey__free(b.mean);
    covey__free(b.v);
    covey__free(b.partial);
    covey__free(b.residual);
    return status;
}
