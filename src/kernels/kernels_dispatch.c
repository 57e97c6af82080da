/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <pthread.h>

#include "base_internal.h"
#include "kernels_internal.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static covey__kernels tables[COVEY__ISA_COUNT];

static void fill(void) {
    for (int isa = 0; isa < COVEY__ISA_COUNT; ++isa) {
        covey__kernels *table = &tables[isa];
        table->isa = (covey_isa)isa;
        /* Rows stand in rising order of ISA, so the last that is allowed stays. */
#define COVEY_KERNEL(family_, isa_, function, m, n)                                              \
    if (covey_isa_has((covey_isa)isa, COVEY_ISA_##isa_)) {                                       \
        table->family_ = function;                                                               \
        table->family_##_tile_m = m;                                                             \
        table->family_##_tile_n = n;                                                             \
    }
#include "kernels.def"
    }
}

const covey__kernels *covey__kernels_get(covey_isa isa) {
    assert(covey_isa_has(covey_isa_machine(), isa));
    pthread_once(&once, fill);
    return &tables[isa];
}
