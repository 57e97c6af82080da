/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <pthread.h>

#include "kernels_internal.h"

enum { ISAS = COVEY_ISA_AVX512_BF16 + 1 };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static covey__kernels tables[ISAS];

static void fill(void) {
    for (int isa = 0; isa < ISAS; ++isa) {
        covey__kernels *table = &tables[isa];
        table->isa = (covey_isa)isa;
        /* Rows stand in rising order of ISA, so the last that is allowed stays. */
#define COVEY_KERNEL(family_, isa_, function, m, n)                                              \
    if ((int)COVEY_ISA_##isa_ <= isa) {                                                          \
        table->family_ = function;                                                               \
        table->family_##_tile_m = m;                                                             \
        table->family_##_tile_n = n;                                                             \
    }
#include "kernels.def"
    }
}

const covey__kernels *covey__kernels_get(covey_isa isa) {
    assert((int)isa >= 0 && isa <= covey_isa_machine());
    pthread_once(&once, fill);
    return &tables[isa];
}
