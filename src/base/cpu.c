/* SPDX-License-Identifier: MIT */
#include "covey/cpu.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base_internal.h"

static const char *const isa_names[] = {"scalar", "avx2", "avx512", "avx512_bf16", NULL};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static covey_isa machine_isa;
static atomic_int highest = COVEY_ISA_AVX512_BF16;
static char cpu_name[64] = "unknown";

static void detect(void) {
#if defined(__x86_64__)
    /* The compilers' runtime tests CPUID and, through XGETBV, that the system saves the
     * registers. */
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        machine_isa = COVEY_ISA_AVX2;
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
            __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
            machine_isa = COVEY_ISA_AVX512;
            if (__builtin_cpu_supports("avx512bf16"))
                machine_isa = COVEY_ISA_AVX512_BF16;
        }
    }
#endif
    FILE *file = fopen("/proc/cpuinfo", "re");
    if (!file)
        return;
    char line[256];
    while (fgets(line, sizeof line, file)) {
        char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) == 0 && colon) {
            colon[strcspn(colon, "\n")] = '\0';
            snprintf(cpu_name, sizeof cpu_name, "%.63s", colon[1] ? colon + 2 : "unknown");
            break;
        }
    }
    fclose(file);
}

covey_isa covey_isa_machine(void) {
    pthread_once(&once, detect);
    return machine_isa;
}

const char *covey_cpu_name(void) {
    pthread_once(&once, detect);
    return cpu_name;
}

const char *covey_isa_name(covey_isa isa) {
    return (int)isa >= 0 && isa <= COVEY_ISA_AVX512_BF16 ? isa_names[isa] : "unknown";
}

covey_status covey_isa_in_use(covey_isa *isa, covey_error *err) {
    covey_isa best = covey_isa_machine();
    const char *wish = getenv("COVEY_ISA");
    if (wish && *wish) {
        int found = -1;
        for (int i = 0; isa_names[i]; ++i)
            if (strcmp(wish, isa_names[i]) == 0)
                found = i;
        if (found < 0)
            return covey__fail(err, COVEY_E_ARGUMENT, NULL,
                               "COVEY_ISA=%.40s is not known; use scalar, avx2, avx512 or "
                               "avx512_bf16, or leave it unset",
                               wish);
        if (found < (int)best)
            best = (covey_isa)found;
    }
    int limit = atomic_load_explicit(&highest, memory_order_relaxed);
    *isa = (int)best < limit ? best : (covey_isa)limit;
    return COVEY_OK;
}

void covey__isa_limit(covey_isa isa) {
    atomic_store(&highest, (int)isa);
}

int covey_cpu_count(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        return CPU_COUNT(&set);
    return 1;
}
