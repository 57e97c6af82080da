/* SPDX-License-Identifier: MIT */
/* The filter of system calls has three answers. What decoding needs is allowed, with its arguments
 * where they matter. What only an intruder would do (a file to write, a socket, a process) ends the
 * worker, so that it is noticed and costs the photo. Everything else fails with EPERM, since image
 * libraries ask for things that they can do without: a locale, a configuration, the number of
 * processors. */
#include "decode_sandbox_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "decode_protocol_internal.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                        \
    __has_feature(memory_sanitizer)
#define IS_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED 0
#endif

/* ---- limits --------------------------------------------------------------------------------- */

/* The socket, the memory, the photo, and a few for libraries. */
enum { DESCRIPTORS = 16 };

/* libvips, its libraries and what the network is given. */
static const uint64_t WORKING_SET = (uint64_t)512 << 20;

static int limit(int what, uint64_t value) {
    struct rlimit now, wanted = {value, value};
    if (getrlimit((__rlimit_resource_t)what, &now))
        return -1;
    if (now.rlim_max < wanted.rlim_max) /* an administrator's lower limit stays */
        wanted.rlim_cur = wanted.rlim_max = now.rlim_max;
    return setrlimit((__rlimit_resource_t)what, &wanted);
}

/* A deep, interlaced photo with alpha is 8 bytes a pixel, held whole; beside it lies the file,
 * mapped, which may be as large again. */
static int limit_all(uint64_t max_pixels) {
    const uint64_t most = UINT64_MAX / 32;
    uint64_t photo = 8 * (max_pixels < most ? max_pixels : most);
    return limit(RLIMIT_CORE, 0) | limit(RLIMIT_FSIZE, 0) | limit(RLIMIT_NOFILE, DESCRIPTORS) |
           limit(RLIMIT_DATA, WORKING_SET + photo) | limit(RLIMIT_AS, 2 * (WORKING_SET + photo));
}

void decode_sandbox_renew(unsigned seconds) {
    struct rlimit time;
    struct rusage used;
    if (getrlimit(RLIMIT_CPU, &time) || getrusage(RUSAGE_SELF, &used))
        return;
    /* +1: the kernel counts whole seconds, and so do we */
    time.rlim_cur = (rlim_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec + 1) + seconds + 1;
    if (time.rlim_cur > time.rlim_max)
        time.rlim_cur = time.rlim_max;
    setrlimit(RLIMIT_CPU, &time);
}

/* ---- the filter ------------------------------------------------------------------------------ */

/* Names, not numbers: what an architecture or an older libseccomp does not know is left out. */
static int add_all(scmp_filter_ctx filter, uint32_t action, const char *const *names) {
    int code = 0;
    for (; *names && !code; ++names) {
        int number = seccomp_syscall_resolve_name(*names);
        if (number != __NR_SCMP_ERROR)
            code = seccomp_rule_add(filter, action, number, 0);
        if (code == -EDOM) /* not on this architecture */
            code = 0;
    }
    return code;
}

static int allow_plain(scmp_filter_ctx filter) {
    static const char *const names[] = {
        /* memory */
        "munmap", "mremap", "brk", "madvise",
        /* the photo, mapped by its descriptor */
        "read", "pread64", "readv", "preadv", "lseek", "close", "fstat",
        /* threads of decoders (HEIC, AVIF) */
        "futex", "futex_time64", "set_robust_list", "rseq", "sched_yield", "sched_getaffinity",
        "gettid", "getpid", "membarrier", "exit", "exit_group",
        /* time */
        "clock_gettime", "clock_gettime64", "clock_getres", "gettimeofday", "time",
        "clock_nanosleep", "nanosleep", "times", "getrusage", "alarm", "setitimer",
        /* signals, also for abort() */
        "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigreturn", "sigaltstack",
        "restart_syscall", "getrandom", "sysinfo", NULL};
    return add_all(filter, SCMP_ACT_ALLOW, names);
}

static int allow_with_arguments(scmp_filter_ctx filter) {
    const pid_t self = getpid();
#define ALLOW(call, ...) seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(call), __VA_ARGS__)
    int bad = 0;
    /* No page is both written and run, and none is shared with anybody. */
    bad |= ALLOW(mmap, 2, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
                 SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_SHARED, 0));
    bad |= ALLOW(mprotect, 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    bad |= ALLOW(newfstatat, 1, SCMP_A3(SCMP_CMP_EQ, AT_EMPTY_PATH, 0)); /* fstat of glibc */
    bad |= ALLOW(recvmsg, 1, SCMP_A0(SCMP_CMP_EQ, COVEY__DECODE_SOCKET, 0));
    bad |= ALLOW(sendto, 1, SCMP_A0(SCMP_CMP_EQ, COVEY__DECODE_SOCKET, 0));
    bad |= ALLOW(write, 1, SCMP_A0(SCMP_CMP_LE, STDERR_FILENO, 0)); /* /dev/null */
    bad |= ALLOW(writev, 1, SCMP_A0(SCMP_CMP_LE, STDERR_FILENO, 0));
    bad |= ALLOW(clone, 1, SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
    bad |= ALLOW(tgkill, 1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)self, 0));
    bad |= ALLOW(prctl, 1, SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME, 0));
    bad |= ALLOW(prlimit64, 2, SCMP_A0(SCMP_CMP_EQ, 0, 0), /* reading */
                 SCMP_A2(SCMP_CMP_EQ, 0, 0));
    bad |= ALLOW(prlimit64, 2, SCMP_A0(SCMP_CMP_EQ, 0, 0),
                 SCMP_A1(SCMP_CMP_EQ, RLIMIT_CPU, 0));
#undef ALLOW
    /* Its flags lie in memory, where no filter sees them; glibc then takes clone. */
    int number = seccomp_syscall_resolve_name("clone3");
    if (number != __NR_SCMP_ERROR)
        bad |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), number, 0);
    return bad;
}

static int kill_hostile(scmp_filter_ctx filter) {
    static const char *const names[] = {
        /* networks and other processes */
        "socket", "socketpair", "connect", "bind", "listen", "accept", "accept4", "sendmmsg",
        "kill", "tkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_open",
        "pidfd_send_signal", "pidfd_getfd", "ptrace", "process_vm_readv", "process_vm_writev",
        "process_madvise", "shmget", "shmat", "msgget", "semget", "mq_open",
        /* programs */
        "execve", "execveat", "fork", "vfork", "memfd_create", "memfd_secret",
        /* files */
        "creat", "truncate", "rename", "renameat", "renameat2", "unlink", "unlinkat", "mkdir",
        "mkdirat", "rmdir", "link", "linkat", "symlink", "symlinkat", "mknod", "mknodat", "chmod",
        "fchmod", "fchmodat", "chown", "fchown", "lchown", "fchownat", "utime", "utimes",
        "utimensat", "futimesat", "setxattr", "lsetxattr", "fsetxattr", "removexattr",
        "lremovexattr", "fremovexattr", "open_by_handle_at", "sendfile", "copy_file_range",
        /* the machine */
        "mount", "umount", "umount2", "move_mount", "fsopen", "open_tree", "pivot_root", "chroot",
        "unshare", "setns", "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid",
        "setgroups", "setfsuid", "setfsgid", "capset", "bpf", "perf_event_open", "userfaultfd",
        "io_uring_setup", "io_uring_enter", "add_key", "keyctl", "request_key", "init_module",
        "finit_module", "delete_module", "kexec_load", "reboot", "swapon", "swapoff", "syslog",
        "sethostname", "settimeofday", "clock_settime", "adjtimex", "ioperm", "iopl", NULL};
    int bad = add_all(filter, SCMP_ACT_KILL_PROCESS, names);
#define KILL(call, ...)                                                                           \
    seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(call), __VA_ARGS__)
    static const int writing[] = {O_WRONLY, O_RDWR, O_CREAT, O_TRUNC};
    for (size_t i = 0; i < sizeof writing / sizeof *writing; ++i) {
        scmp_datum_t flag = (scmp_datum_t)writing[i];
        bad |= KILL(open, 1, SCMP_A1(SCMP_CMP_MASKED_EQ, flag, flag));
        bad |= KILL(openat, 1, SCMP_A2(SCMP_CMP_MASKED_EQ, flag, flag));
    }
    bad |= KILL(clone, 1, SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
    bad |= KILL(sendto, 1, SCMP_A0(SCMP_CMP_NE, COVEY__DECODE_SOCKET, 0));
    bad |= KILL(write, 1, SCMP_A0(SCMP_CMP_GT, STDERR_FILENO, 0));
    bad |= KILL(pwrite64, 0);
#undef KILL
    return bad;
}

/* 0, or an errno. */
static int load_filter(void) {
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    if (!filter)
        return ENOMEM;
    int code = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    if (!code)
        code = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1); /* threads of libraries too */
    if (!code)
        code = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    if (!code)
        code = seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1);
    if (!code)
        code = allow_plain(filter);
    if (!code && (allow_with_arguments(filter) || kill_hostile(filter)))
        code = -EINVAL;
    if (!code)
        code = seccomp_load(filter);
    seccomp_release(filter);
    return code < 0 ? -code : 0;
}

void decode_sandbox_enter(char *how, size_t size, uint64_t max_pixels) {
    static const char privileges[] = "no new privileges";
    const char *wish = getenv("COVEY_SANDBOX");
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (IS_SANITIZED) {
        snprintf(how, size, "%s; no limits and no seccomp in a build with a sanitizer", privileges);
        return;
    }
    if (wish && !strcmp(wish, "off")) {
        snprintf(how, size, "%s; COVEY_SANDBOX=off", privileges);
        return;
    }
    int code = limit_all(max_pixels);
    const char *limits = code ? "" : "limits, ";
    /* A debugger or a second worker could read what this one holds. */
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    code = load_filter();
    if (code)
        snprintf(how, size, "%s%s; no seccomp here (%s)", limits, privileges, strerror(code));
    else
        snprintf(how, size, "seccomp, %s%s", limits, privileges);
}
