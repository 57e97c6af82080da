/* SPDX-License-Identifier: MIT */
#include "console.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "json_out.h"

static volatile sig_atomic_t stop_asked;

static struct {
    int quiet;
    int silent; /* another rank speaks */
    char failure[256];
    int events;     /* JSON lines in place of sentences */
    int terminal;   /* stderr can redraw a line */
    int drawn;      /* a progress line stands unfinished */
    int plain_said; /* lines of this stage, where stderr is no terminal */
    char stage[32];
    double stage_start, last;
    size_t stage_first; /* units done when the stage was first heard of */
    size_t stage_done;
} console;

double console_clock(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void on_signal(int number) {
    (void)number;
    stop_asked = 1;
}

void console_start(void) {
    struct sigaction stop = {.sa_handler = on_signal, .sa_flags = (int)(SA_RESTART | SA_RESETHAND)};
    sigemptyset(&stop.sa_mask);
    /* What was ignored from the start stays so: nohup, and jobs that a shell put aside. */
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; ++i) {
        struct sigaction before;
        if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(numbers[i], &stop, NULL);
    }
    /* A reader that goes away is met as EPIPE in console_finish, once all is cleaned up. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* ulimit -f: a write that fails, and a sentence */
    const char *term = getenv("TERM"), *no_progress = getenv("NO_PROGRESS");
    console.terminal = isatty(STDERR_FILENO) && term && *term && strcmp(term, "dumb") != 0 &&
                       !(no_progress && *no_progress);
}

void console_set_quiet(int quiet) {
    console.quiet = quiet || console.silent;
}

void console_set_silent(void) {
    console.silent = console.quiet = 1;
    if (!freopen("/dev/null", "w", stdout)) /* what is no output of ours is not worth an end */
        fclose(stdout);
}

const char *console_last_failure(void) {
    return console.failure;
}

void console_set_events(int events) {
    console.events = events && !console.silent;
}

/* Prints and releases; what cannot be printed is not worth ending the work for. */
static void print_event(json_t *event) {
    if (event)
        json_dumpf(event, stderr, JSON_COMPACT);
    fputc('\n', stderr);
    fflush(stderr);
    json_decref(event);
}

int console_stopped(void) {
    return stop_asked != 0;
}

void console_clear(void) {
    if (console.drawn)
        fputs("\r\033[K", stderr);
    console.drawn = 0;
}

static int close_stdout(int code) {
    int failed = fflush(stdout) != 0 || ferror(stdout);
    int reason = errno;
    if (!failed && fclose(stdout) != 0) {
        failed = errno != EBADF;
        reason = errno;
    }
    if (!failed)
        return code;
    if (reason == EPIPE)
        return code;
    fail("stdout: %s; the output is not complete", strerror(reason));
    return EXIT_FAILED;
}

int console_finish(int code) {
    console_clear();
    code = close_stdout(code);
    if (console.events)
        print_event(json_pack("{s:s, s:i}", "event", "end", "exit", code));
    return code;
}

/* ---- sentences -------------------------------------------------------------------------- */

void print_clean(FILE *file, const char *text) {
    for (; *text; ++text)
        putc((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text, file);
}

void print_csv(FILE *file, const char *text) {
    if (!text[strcspn(text, ",\"\r\n")]) {
        fputs(text, file);
        return;
    }
    putc('"', file);
    for (; *text; ++text) {
        if (*text == '"')
            putc('"', file);
        putc(*text, file);
    }
    putc('"', file);
}

size_t text_columns(const char *text) {
    size_t columns = 0;
    for (; *text; ++text)
        columns += ((unsigned char)*text & 0xC0) != 0x80;
    return columns;
}

static void print_line(const char *prefix, const char *format, va_list args) {
    char buffer[8192];
    vsnprintf(buffer, sizeof buffer, format, args);
    if (*prefix)
        snprintf(console.failure, sizeof console.failure, "%.255s", buffer);
    if (console.silent)
        return;
    if (console.events) {
        json_t *event = json_pack("{s:s}", "event", *prefix ? "error" : "remark");
        if (event)
            json_set_path(event, "text", buffer);
        print_event(event);
        return;
    }
    console_clear();
    fputs(prefix, stderr);
    print_clean(stderr, buffer);
    putc('\n', stderr);
}

void say(const char *format, ...) {
    if (console.quiet)
        return;
    va_list args;
    va_start(args, format);
    print_line("", format, args);
    va_end(args);
}

int (misuse)(const char *format, ...) {
    va_list args;
    va_start(args, format);
    print_line("covey: ", format, args);
    va_end(args);
    return EXIT_MISUSE;
}

int (fail)(const char *format, ...) {
    va_list args;
    va_start(args, format);
    print_line("covey: ", format, args);
    va_end(args);
    return EXIT_FAILED;
}

int (fail_memory)(void) {
    return fail("memory ran out; use fewer photos or threads");
}

int (fail_status)(covey_status status, const covey_error *err) {
    const char *text = err && err->message[0] ? err->message : covey_status_str(status);
    if (err && err->path[0])
        fail("%s: %s", err->path, text);
    else
        fail("%s", text);
    return status == COVEY_E_CANCELLED ? EXIT_STOPPED : EXIT_FAILED;
}

int (misuse_status)(covey_status status, const covey_error *err) {
    return fail_status(status, err) == EXIT_FAILED ? EXIT_MISUSE : EXIT_STOPPED;
}

/* ---- progress --------------------------------------------------------------------------- */

static void format_time(char out[24], double seconds) {
    unsigned long whole = seconds < 1e7 ? (unsigned long)(seconds + 0.5) : 10000000ul;
    if (whole >= 3600)
        snprintf(out, 24, "%lu:%02lu:%02lu", whole / 3600, whole / 60 % 60, whole % 60);
    else
        snprintf(out, 24, "%lu:%02lu", whole / 60, whole % 60);
}

static void format_progress(char *out, size_t size, const char *stage, size_t done, size_t total,
                            double now) {
    double passed = now - console.stage_start;
    size_t fresh = done - console.stage_first;
    int n = total ? snprintf(out, size, "%s %zu/%zu", stage, done, total)
                  : snprintf(out, size, "%s %zu", stage, done);
    if (fresh == 0 || passed <= 0.2 || n < 0 || (size_t)n >= size)
        return;
    double rate = (double)fresh / passed;
    n += snprintf(out + n, size - (size_t)n, rate >= 10 ? "  %.0f/s" : "  %.2g/s", rate);
    if (total > done) {
        char left[24];
        format_time(left, (double)(total - done) / rate);
        snprintf(out + n, size - (size_t)n, "  %s left", left);
    }
}

/* The beginning and the end of a stage, and about one a second between. */
static void progress_event(const char *stage, int begins, size_t done, size_t total, double now) {
    if (!begins && done != total && now - console.last < 1)
        return;
    console.last = now;
    json_t *event = json_pack("{s:s, s:s, s:I, s:I, s:f}", "event", "progress", "stage", stage,
                              "done", (json_int_t)done, "total", (json_int_t)total, "seconds",
                              now - console.stage_start);
    size_t fresh = done - console.stage_first;
    if (event && fresh && now > console.stage_start) {
        double rate = (double)fresh / (now - console.stage_start);
        json_object_set_new(event, "rate", json_real(rate));
        if (total > done)
            json_object_set_new(event, "left", json_real((double)(total - done) / rate));
    }
    print_event(event);
}

int console_progress(void *user, const char *stage, size_t done, size_t total) {
    (void)user;
    enum { PLAIN_SECONDS = 5 };
    int begins = 0;
    if (console.quiet)
        return console_stopped();
    double now = console_clock();
    /* A count that falls back is the same stage again, for another loss or seed. */
    if (strncmp(stage, console.stage, sizeof console.stage - 1) != 0 ||
        done < console.stage_done) {
        if (!*console.stage)
            console.last = now;
        begins = 1;
        snprintf(console.stage, sizeof console.stage, "%s", stage);
        console.stage_start = now;
        console.stage_first = done;
        console.plain_said = 0;
    }
    console.stage_done = done;
    if (console.events) {
        progress_event(stage, begins, done, total, now);
        return console_stopped();
    }
    char line[160];
    if (console.terminal) {
        if (now - console.last < 0.1 && done != total && console.drawn)
            return console_stopped();
        format_progress(line, sizeof line, stage, done, total, now);
        fprintf(stderr, "\r%s\033[K", line);
        console.drawn = 1;
        console.last = now;
    } else if (now - console.last >= PLAIN_SECONDS ||
               (done == total && console.plain_said && total)) {
        format_progress(line, sizeof line, stage, done, total, now);
        fprintf(stderr, "%s\n", line);
        console.plain_said = done != total;
        console.last = now;
    }
    fflush(stderr);
    return console_stopped();
}
