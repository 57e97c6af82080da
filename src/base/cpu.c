/* SPDX-License-Identifier: MIT */
#include "covey/cpu.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__) && defined(COVEY_HAVE_AMX)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "base_internal.h"

static const char *const isa_names[] = {"scalar", "avx2", "avx512", "avx512_bf16", "neon", "amx"};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static covey_isa machine_isa;
static atomic_int highest = -1; /* an ISA that all ranks have; -1: none was agreed on */
static char cpu_name[64] = "unknown";

/* x86 tells its name; ARM the numbers of who made it and what it is. */
static void name_cpu(void) {
    FILE *file = fopen("/proc/cpuinfo", "re");
    unsigned implementer = 0, part = 0;
    char line[256];
    if (!file)
        return;
    while (fgets(line, sizeof line, file)) {
        char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) == 0 && colon) {
            colon[strcspn(colon, "\n")] = '\0';
            snprintf(cpu_name, sizeof cpu_name, "%.63s", colon[1] ? colon + 2 : "unknown");
            break;
        }
        if (strncmp(line, "CPU implementer", 15) == 0 && colon)
            implementer = (unsigned)strtoul(colon + 1, NULL, 0);
        if (strncmp(line, "CPU part", 8) == 0 && colon) {
            part = (unsigned)strtoul(colon + 1, NULL, 0);
            snprintf(cpu_name, sizeof cpu_name, "ARM implementer 0x%02x, part 0x%03x", implementer,
                     part);
            break;
        }
    }
    fclose(file);
}

#if defined(__x86_64__) && defined(COVEY_HAVE_AMX)
/* AMX: CPUID leaf 7, EDX bits 22 (bfloat16) and 24 (tiles); and Linux gives a process the tiles' 8 KiB
 * only when it asks (arch_prctl; refused where an alternate signal stack is too small for them).
 * Threads that are started afterwards have them too. */
static int has_amx(void) {
    enum { REQUEST_PERMISSION = 0x1023, TILE_DATA = 18 };
    const unsigned both = 1u << 22 | 1u << 24;
    unsigned eax, ebx, ecx, edx;
    if (!__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) || (edx & both) != both)
        return 0;
    return syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
}
#elif defined(__x86_64__)
static int has_amx(void) {
    return 0;
}
#endif

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
                machine_isa = has_amx() ? COVEY_ISA_AMX : COVEY_ISA_AVX512_BF16;
        }
    }
#elif defined(__aarch64__)
    machine_isa = COVEY_ISA_NEON; /* Linux on AArch64 does not start without */
#endif
    name_cpu();
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
    return (unsigned)isa < COVEY__ISA_COUNT ? isa_names[isa] : "unknown";
}

/* NEON is a ladder of one step. */
static const covey_isa x86_ladder[] = {COVEY_ISA_AVX2, COVEY_ISA_AVX512, COVEY_ISA_AVX512_BF16,
                                       COVEY_ISA_AMX};

int covey_isa_has(covey_isa isa, covey_isa other) {
    int found = 0;
    if (other == COVEY_ISA_SCALAR || other == isa)
        return 1;
    for (size_t i = 0; i < sizeof x86_ladder / sizeof *x86_ladder; ++i) {
        if (x86_ladder[i] == isa)
            return found;
        found |= x86_ladder[i] == other;
    }
    return 0;
}

static int same_ladder(covey_isa a, covey_isa b) {
    return covey_isa_has(a, b) || covey_isa_has(b, a);
}

covey_status covey_isa_in_use(covey_isa *isa, covey_error *err) {
    covey_isa best = covey_isa_machine();
    const char *wish = getenv("COVEY_ISA");
    if (wish && *wish) {
        int i = 0;
        while (i < COVEY__ISA_COUNT && strcmp(wish, isa_names[i]))
            ++i;
        if (i == COVEY__ISA_COUNT)
            return covey__fail(err, COVEY_E_ARGUMENT, NULL,
                               "COVEY_ISA=%.40s is not known; use scalar, avx2, avx512, "
                               "avx512_bf16, amx or neon, or leave it unset",
                               wish);
        covey_isa found = (covey_isa)i;
        if (!same_ladder(found, best))
            return covey__fail(err, COVEY_E_ARGUMENT, NULL,
                               "COVEY_ISA=%s is of another architecture; this machine has %s: use "
                               "that or scalar, or leave it unset",
                               wish, isa_names[best]);
        if (covey_isa_has(best, found))
            best = found;
    }
    int limit = atomic_load_explicit(&highest, memory_order_relaxed);
    if (limit < 0 || covey_isa_has((covey_isa)limit, best))
        *isa = best;
    else
        *isa = covey_isa_has(best, (covey_isa)limit) ? (covey_isa)limit : COVEY_ISA_SCALAR;
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
