/* SPDX-License-Identifier: MIT */
#include "program_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base_internal.h"

extern char **environ;

/* The folder of the running program followed by `tail`. */
static char *beside_program(const char *tail) {
    char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n <= 0)
        return NULL;
    path[n] = '\0';
    char *slash = strrchr(path, '/');
    if (!slash)
        return NULL;
    *slash = '\0';
    return covey__path_join(path, tail);
}

covey_status covey__program_find(char **path, const char *named, const covey__program *program,
                                 covey_error *err) {
    covey_status status = COVEY_OK;
    char *found = NULL;
    if (!named)
        named = getenv(program->variable);
    if (named && *named) {
        found = covey__strdup(named);
        COVEY_NOMEM_IF(!found, err);
    }
    static const char *const folders[] = {"", "../libexec/"};
    for (size_t i = 0; !found && i < sizeof folders / sizeof *folders; ++i) {
        char tail[64];
        snprintf(tail, sizeof tail, "%s%s", folders[i], program->name);
        found = beside_program(tail);
        if (found && access(found, X_OK)) {
            covey__free(found);
            found = NULL;
        }
    }
    if (!found) {
        found = covey__path_join(COVEY_LIBEXECDIR, program->name);
        COVEY_NOMEM_IF(!found, err);
    }
    if (access(found, X_OK)) {
        char sentence[160];
        snprintf(sentence, sizeof sentence,
                 "%s is not there to be run; install it, or name it in %s", program->what,
                 program->variable);
        status = covey__fail_errno(err, found, sentence);
        goto done;
    }
    *path = found;
    found = NULL;
done:
    covey__free(found);
    return status;
}

int covey__fd_lift(int fd) {
    if (fd < 0)
        return -1;
    int lifted = fcntl(fd, F_DUPFD_CLOEXEC, 10);
    int code = errno == EINVAL ? EMFILE : errno; /* 10 is beyond what this process may have */
    close(fd);
    errno = code;
    return lifted;
}

static void pick_environment(char **out, size_t room, const char *const *more) {
    static const char *const kept[] = {
        "PATH=",         "LD_LIBRARY_PATH=", "LD_PRELOAD=",  "LIBHEIF_PLUGIN_PATH=", "VIPSHOME=",
        "COVEY_ISA=",    "COVEY_SANDBOX=",   "ASAN_OPTIONS=", "UBSAN_OPTIONS=", "LSAN_OPTIONS=",
        "TSAN_OPTIONS=", "GCOV_PREFIX=",     "LLVM_PROFILE_FILE=", NULL};
    static const char *const none[] = {NULL};
    static char locale[] = "LC_ALL=C";
    const char *const *const lists[] = {kept, more ? more : none};
    size_t n = 0;
    out[n++] = locale;
    for (char **entry = environ; *entry; ++entry)
        for (size_t l = 0; l < 2; ++l)
            for (const char *const *name = lists[l]; *name && n + 1 < room; ++name)
                if (!strncmp(*entry, *name, strlen(*name)))
                    out[n++] = *entry;
    out[n] = NULL;
}

#if !__GLIBC_PREREQ(2, 34)
/* Before glibc 2.34: what is open now, one by one. What another thread closes meanwhile is no error. */
static int close_from(posix_spawn_file_actions_t *actions, int first) {
    DIR *folder = opendir("/proc/self/fd");
    const struct dirent *entry;
    int code = 0;
    while (folder && !code && (entry = readdir(folder))) {
        int fd = atoi(entry->d_name);
        if (fd >= first && fd != dirfd(folder))
            code = posix_spawn_file_actions_addclose(actions, fd);
    }
    if (folder)
        closedir(folder);
    return code;
}
#else
static int close_from(posix_spawn_file_actions_t *actions, int first) {
    return posix_spawn_file_actions_addclosefrom_np(actions, first);
}
#endif

int covey__program_start(pid_t *pid, const char *path, const int *fds, size_t n,
                         const char *const *more) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    char *environment[48], argument[] = "--worker";
    char *arguments[] = {(char *)(uintptr_t)path, argument, NULL};
    pick_environment(environment, sizeof environment / sizeof *environment, more);
    int code = posix_spawn_file_actions_init(&actions);
    if (code)
        return code;
    code = posix_spawnattr_init(&attributes);
    if (code) {
        posix_spawn_file_actions_destroy(&actions);
        return code;
    }
    sigemptyset(&none);
    sigfillset(&all);
    short flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    if (!(code = posix_spawnattr_setflags(&attributes, flags)) &&
        !(code = posix_spawnattr_setpgroup(&attributes, 0)) &&
        !(code = posix_spawnattr_setsigmask(&attributes, &none)) &&
        !(code = posix_spawnattr_setsigdefault(&attributes, &all)) &&
        !(code = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)) &&
        !(code = posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)))
        code = posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    int next = COVEY__PROGRAM_FD;
    for (size_t i = 0; i < n && !code; ++i)
        code = posix_spawn_file_actions_adddup2(&actions, fds[i], next++);
    if (!code)
        code = close_from(&actions, next);
    if (!code)
        code = posix_spawn(pid, path, &actions, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return code;
}

void covey__program_how(char *how, size_t size, int code) {
    if (WIFSIGNALED(code))
        snprintf(how, size, "%s signal %d",
                 WTERMSIG(code) == SIGSYS ? "tried what no decoder may do and was ended by"
                                          : "was ended by",
                 WTERMSIG(code));
    else if (WIFEXITED(code))
        snprintf(how, size, "ended with exit code %d", WEXITSTATUS(code));
}
