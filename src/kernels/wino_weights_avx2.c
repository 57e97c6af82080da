/* SPDX-License-Identifier: MIT */
/* U = G g G^T (wino_weights_internal.h), vectorised by the compiler for this ISA. Runs once per
 * network; what it costs is memory traffic. */
#include "wino_weights_internal.h"

#if !defined(__AVX2__)
#error "the build gives this file its instruction set by suffix"
#endif

void covey__wino_weights_avx2(float *u, size_t stride, const float *w, size_t outputs,
                             size_t inputs, size_t first, size_t tile_n, int m) {
    wino_weights(u, stride, w, outputs, inputs, first, tile_n, m);
}
