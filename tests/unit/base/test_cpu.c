/* SPDX-License-Identifier: MIT */
#include "covey_test.h"

#include <sched.h>

#include "base_internal.h"
#include "covey/cpu.h"

static void the_environment_can_only_lower(void **state) {
    (void)state;
    covey_error err;
    covey_isa machine = covey_isa_machine(), isa;
    assert_true((int)machine >= 0 && (int)machine < COVEY__ISA_COUNT);
    unsetenv("COVEY_ISA");
    assert_ok(covey_isa_in_use(&isa, &err));
    assert_int_equal(isa, machine);
    setenv("COVEY_ISA", "", 1);
    assert_ok(covey_isa_in_use(&isa, &err));
    assert_int_equal(isa, machine);
    for (int i = 0; i < COVEY__ISA_COUNT; ++i) {
        covey_isa wish = (covey_isa)i;
        setenv("COVEY_ISA", covey_isa_name(wish), 1);
        if (!covey_isa_has(machine, wish) && !covey_isa_has(wish, machine)) {
            assert_status(covey_isa_in_use(&isa, &err), COVEY_E_ARGUMENT);
            assert_non_null(strstr(err.message, "another architecture"));
            assert_non_null(strstr(err.message, covey_isa_name(machine)));
            continue;
        }
        assert_ok(covey_isa_in_use(&isa, &err));
        assert_int_equal(isa, covey_isa_has(machine, wish) ? wish : machine);
    }
    static const char *const unknown[] = {"avx", "AVX2", "sve", "avx2 ", "0"};
    for (size_t i = 0; i < LENGTH(unknown); ++i) {
        isa = (covey_isa)77;
        setenv("COVEY_ISA", unknown[i], 1);
        assert_status(covey_isa_in_use(&isa, &err), COVEY_E_ARGUMENT);
        assert_non_null(strstr(err.message, "avx512"));
        assert_int_equal(isa, 77);
    }
    unsetenv("COVEY_ISA");
}

/* Two ladders from one ground. */
static void steps_have_those_below(void **state) {
    (void)state;
    for (int i = 0; i < COVEY__ISA_COUNT; ++i)
        for (int j = 0; j < COVEY__ISA_COUNT; ++j) {
            int same = i == j || j == COVEY_ISA_SCALAR;
            int lower = j < i && i != COVEY_ISA_NEON && j != COVEY_ISA_NEON;
            assert_int_equal(covey_isa_has((covey_isa)i, (covey_isa)j), same || lower);
        }
    assert_int_equal(covey_isa_has(COVEY_ISA_AVX512, (covey_isa)-1), 0);
    assert_int_equal(covey_isa_has((covey_isa)77, COVEY_ISA_AVX2), 0);
}

static void names_are_total(void **state) {
    (void)state;
    assert_string_equal(covey_isa_name(COVEY_ISA_SCALAR), "scalar");
    assert_string_equal(covey_isa_name(COVEY_ISA_AVX2), "avx2");
    assert_string_equal(covey_isa_name(COVEY_ISA_AVX512), "avx512");
    assert_string_equal(covey_isa_name(COVEY_ISA_AVX512_BF16), "avx512_bf16");
    assert_string_equal(covey_isa_name(COVEY_ISA_NEON), "neon");
    assert_string_equal(covey_isa_name(COVEY_ISA_AMX), "amx");
    assert_string_equal(covey_isa_name((covey_isa)COVEY__ISA_COUNT), "unknown");
    assert_string_equal(covey_isa_name((covey_isa)-1), "unknown");
    assert_true(covey_cpu_name()[0] != '\0');
}

/* What the kernel lists for this CPU; machines without the list are not tested. */
static void the_machine_is_as_the_kernel_says(void **state) {
    (void)state;
#if defined(__aarch64__)
    assert_int_equal(covey_isa_machine(), COVEY_ISA_NEON);
    return;
#elif !defined(__x86_64__)
    assert_int_equal(covey_isa_machine(), COVEY_ISA_SCALAR);
    return;
#endif
    FILE *file = fopen("/proc/cpuinfo", "r");
    static char line[16384];
    int avx2 = 0, avx512 = 0, found = 0;
    while (file && !found && fgets(line, sizeof line, file))
        if (strncmp(line, "flags", 5) == 0) {
            found = 1;
            avx2 = strstr(line, " avx2") && strstr(line, " fma");
            avx512 = avx2 && strstr(line, " avx512f") && strstr(line, " avx512bw") &&
                     strstr(line, " avx512dq") && strstr(line, " avx512vl");
        }
    if (file)
        fclose(file);
    if (!found) {
        print_message("skipped: the kernel lists no flags of this CPU\n");
        skip();
    }
    assert_int_equal(covey_isa_has(covey_isa_machine(), COVEY_ISA_AVX2), avx2);
    assert_int_equal(covey_isa_has(covey_isa_machine(), COVEY_ISA_AVX512), avx512);
}

static void the_affinity_mask_counts(void **state) {
    (void)state;
    cpu_set_t kept, one;
    assert_int_equal(sched_getaffinity(0, sizeof kept, &kept), 0);
    assert_int_equal(covey_cpu_count(), CPU_COUNT(&kept));
    CPU_ZERO(&one);
    for (int i = 0; i < CPU_SETSIZE; ++i)
        if (CPU_ISSET(i, &kept)) {
            CPU_SET(i, &one);
            break;
        }
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_int_equal(covey_cpu_count(), 1);
    assert_int_equal(sched_setaffinity(0, sizeof kept, &kept), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_environment_can_only_lower),
        cmocka_unit_test(steps_have_those_below),
        cmocka_unit_test(names_are_total),
        cmocka_unit_test(the_machine_is_as_the_kernel_says),
        cmocka_unit_test(the_affinity_mask_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
