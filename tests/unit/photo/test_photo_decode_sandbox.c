/* SPDX-License-Identifier: MIT */
/* Hostile decoders. This program plays them itself: started with --worker it enters the sandbox of
 * covey-decode, and then tries with each photo what the photo's first byte says; the rest of the
 * photo is a path. What it tries costs that photo, and nothing else. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "decode_protocol_internal.h"
#include "decode_sandbox_internal.h"
#include "photo_test_decoder.h"

/* ---- the hostile decoder --------------------------------------------------------------------- */

/* Exit codes: the attempt was refused, as it should be; or it was not. */
enum { REFUSED = 40, SUCCEEDED = 41 };

static int receive(void *message, size_t size, int *fd) {
    char control[CMSG_SPACE(sizeof(int))];
    struct iovec data = {message, size};
    struct msghdr header = {.msg_iov = &data,
                            .msg_iovlen = 1,
                            .msg_control = control,
                            .msg_controllen = sizeof control};
    if (recvmsg(COVEY__DECODE_SOCKET, &header, 0) != (ssize_t)size)
        return 0;
    struct cmsghdr *part = CMSG_FIRSTHDR(&header);
    if (part)
        memcpy(fd, CMSG_DATA(part), sizeof *fd);
    return 1;
}

static void say(const void *message, size_t size) {
    if (send(COVEY__DECODE_SOCKET, message, size, MSG_NOSIGNAL) < 0)
        _exit(1);
}

static void verdict(int succeeded) {
    _exit(succeeded ? SUCCEEDED : REFUSED);
}

static void *add_one(void *number) {
    ++*(int *)number;
    return NULL;
}

static void connect_somewhere(int family) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(9)};
    int fd = socket(family, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connect(fd, (struct sockaddr *)&address, sizeof address);
    verdict(fd >= 0);
}

static void eat_memory(size_t most) {
    size_t block = (size_t)16 << 20, eaten = 0;
    /* Volatile: a compiler may leave out memory that nobody reads. */
    for (char *volatile p; eaten < most && (p = malloc(block)); eaten += block)
        memset(p, 1, block);
    verdict(eaten >= most);
}

static void try_file(char what, const char *path, int photo) {
    int fd;
    switch (what) {
    case 'w':
        fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        verdict(fd >= 0 && write(fd, "harm", 4) == 4);
        break;
    case 'a':
        fd = open(path, O_RDWR | O_APPEND);
        verdict(fd >= 0 && write(fd, "harm", 4) == 4);
        break;
    case 'W':
        verdict(write(photo, "harm", 4) == 4);
        break;
    case 'u':
        verdict(!unlink(path));
        break;
    case 'n':
        verdict(!rename(path, "/tmp/covey-stolen"));
        break;
    case 'o':
        verdict(open(path, O_RDONLY) >= 0);
        break;
    case 'R': /* what was opened for reading only stays so */
        verdict(mmap(NULL, 4, PROT_READ | PROT_WRITE, MAP_SHARED, photo, 0) != MAP_FAILED);
        break;
    default:
        break;
    }
}

static void try_process(char what) {
    static char shell[] = "/bin/true";
    char *const arguments[] = {shell, NULL};
    switch (what) {
    case 's':
        connect_somewhere(AF_INET);
        break;
    case 'x':
        execv(shell, arguments);
        verdict(0);
        break;
    case 'f':
        verdict(fork() >= 0);
        break;
    case 'k':
        verdict(!kill(-1, SIGWINCH) || !kill(1, 0));
        break;
    case 'P':
        verdict(!ptrace(PTRACE_TRACEME, 0, NULL, NULL));
        break;
    case 'M':
        verdict(memfd_create("x", 0) >= 0);
        break;
    default:
        break;
    }
}

static void try_limits(char what) {
    struct rlimit more = {4096, 4096};
    switch (what) {
    case 'm': /* the limit is 512 MiB and 8 bytes a pixel */
        eat_memory((size_t)600 << 20);
        break;
    case 'S':
        verdict(mmap(NULL, (size_t)600 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                     -1, 0) != MAP_FAILED);
        break;
    case 'E':
        verdict(mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
                     -1, 0) != MAP_FAILED);
        break;
    case 'l':
        verdict(!setrlimit(RLIMIT_NOFILE, &more) || !setrlimit(RLIMIT_FSIZE, &more));
        break;
    case 'C': /* the parent's deadline is far, the alarm off */
        decode_sandbox_renew(0);
        for (volatile int spin = 1; spin;)
            ;
        break;
    case 'h':
        signal(SIGALRM, SIG_IGN);
        for (volatile int spin = 1; spin;)
            ;
        break;
    case 'c':
        abort();
    default:
        break;
    }
}

/* As a kernel that offers no seccomp would answer. */
static void refuse_seccomp(void) {
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (!filter ||
        seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(seccomp), 0) ||
        seccomp_rule_add(filter, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(prctl), 1,
                         SCMP_A0(SCMP_CMP_EQ, PR_SET_SECCOMP, 0)) ||
        seccomp_load(filter))
        _exit(9);
    seccomp_release(filter);
}

static int misbehave(const char *program) {
    covey__decode_setup setup;
    covey__decode_hello hello = {.magic = COVEY__DECODE_HELLO, .version = COVEY__DECODE_VERSION};
    covey__decode_request request;
    int fd = -1;
    if (strstr(program, "no-seccomp"))
        refuse_seccomp();
    if (!receive(&setup, sizeof setup, &fd))
        return 1;
    uint8_t *shared = mmap(NULL, COVEY__THUMB_AT, PROT_READ | PROT_WRITE, MAP_SHARED,
                           COVEY__DECODE_SHARED, 0);
    decode_sandbox_enter(hello.isolation, sizeof hello.isolation, setup.max_pixels);
    say(&hello, sizeof hello);
    while (receive(&request, sizeof request, &fd)) {
        covey__decode_reply reply = {
            .magic = COVEY__DECODE_REPLY, .id = request.id, .width = 1, .height = 1};
        char text[1024] = "";
        if (read(fd, text, sizeof text - 1) < 1)
            return 1;
        memset(shared + COVEY__RGB_AT, 7, COVEY__RGB_BYTES);
        try_file(text[0], text + 1, fd);
        try_process(text[0]);
        try_limits(text[0]);
        if (text[0] == 'T') { /* what decoders need works */
            pthread_t thread;
            int number = 0;
            if (pthread_create(&thread, NULL, add_one, &number) || pthread_join(thread, NULL) ||
                number != 1)
                _exit(SUCCEEDED);
        }
        close(fd);
        say(&reply, sizeof reply);
    }
    return 0;
}

/* ---- the tests ------------------------------------------------------------------------------- */

static char self[4096];

static void isolation_of(char *out, size_t size, const covey_decode_params *params) {
    covey_error err;
    covey_decoder *decoder = NULL;
    assert_ok(covey_decoder_new(&decoder, 1, params, &err));
    snprintf(out, size, "%s", covey_decoder_isolation(decoder));
    covey_decoder_free(decoder);
}

/* Where there is no seccomp there is nothing to test; a test says so and does not pass. */
static void needs_seccomp(void) {
    covey_decode_params params = covey_decode_params_default();
    char how[160];
    params.program = self;
    isolation_of(how, sizeof how, &params);
    if (strncmp(how, "seccomp", 7) != 0) {
        print_message("SKIP: isolation here is: %s\n", how);
        skip();
    }
}

static void photo_that_says(bench *b, const char *name, char what, const char *path) {
    char text[1024];
    int n = snprintf(text, sizeof text, "%c%s", what, path);
    covey_test_write(bench_add(b, name), text, (size_t)n);
}

/* Photos ok, attempt, ok: the attempt costs its photo alone, and `says` is said of it. */
static void attempt(bench *b, char what, const char *path, const char *says) {
    covey_decode_params params = covey_decode_params_default();
    params.program = self;
    params.threads = 1;
    params.max_pixels = 1000000;
    params.time_limit = what == 'h' ? 1 : 60;
    photo_that_says(b, "0.jpg", 'K', "");
    photo_that_says(b, "1.jpg", what, path);
    photo_that_says(b, "2.jpg", 'K', "");
    taken *all = bench_decode(b, 3, &params);
    assert_used(all);
    if (says)
        assert_skipped(all + 1, COVEY_E_DECODER, says);
    else
        assert_used(all + 1);
    assert_used(all + 2);
    taken_free(all, 3);
    bench_clear(b);
}

static const char forbidden[] = "signal 31", refused[] = "exit code 40";

static void files_are_out_of_reach(void **state) {
    bench *b = *state;
    char decoy[600], fresh[600], text[8] = "";
    needs_seccomp();
    snprintf(decoy, sizeof decoy, "%s/decoy", b->root);
    snprintf(fresh, sizeof fresh, "%s/fresh", b->root);
    covey_test_write(decoy, "whole", 5);
    attempt(b, 'w', fresh, forbidden);
    attempt(b, 'w', decoy, forbidden);
    attempt(b, 'a', decoy, forbidden);
    attempt(b, 'u', decoy, forbidden);
    attempt(b, 'n', decoy, forbidden);
    attempt(b, 'W', "", forbidden);
    attempt(b, 'o', decoy, refused);
    attempt(b, 'R', "", refused);
    assert_int_equal(access(fresh, F_OK), -1);
    int fd = open(decoy, O_RDONLY);
    assert_int_equal(read(fd, text, sizeof text), 5);
    assert_string_equal(text, "whole");
    close(fd);
}

static void networks_and_processes_are_out_of_reach(void **state) {
    needs_seccomp();
    for (const char *what = "sxfkPM"; *what; ++what)
        attempt(*state, *what, "", forbidden);
}

static void memory_and_rights_are_limited(void **state) {
    needs_seccomp();
    for (const char *what = "mSEl"; *what; ++what)
        attempt(*state, *what, "", refused);
}

static void hangs_and_crashes_end(void **state) {
    needs_seccomp();
    attempt(*state, 'h', "", "longer to decode than the limit");
    attempt(*state, 'C', "", "signal 24"); /* SIGXCPU, should nobody else be there to end it */
    attempt(*state, 'c', "", "signal 6");
}

static void threads_work(void **state) {
    needs_seccomp();
    attempt(*state, 'T', "", NULL);
}

/* Without seccomp the limits hold: a file may be opened, and cannot grow. */
static void a_kernel_without_seccomp(void **state) {
    bench *b = *state;
    char program[600], fresh[600], how[160];
    struct stat info;
    covey_decode_params params = covey_decode_params_default();
    needs_seccomp();
    snprintf(program, sizeof program, "%s/no-seccomp", b->root);
    snprintf(fresh, sizeof fresh, "%s/fresh", b->root);
    assert_int_equal(symlink(self, program), 0);
    params.program = program;
    params.threads = 1;
    params.max_pixels = 1000000;
    isolation_of(how, sizeof how, &params);
    if (strncmp(how, "limits, no new privileges; no seccomp here (", 44) != 0)
        fail_msg("isolation: %s", how);
    photo_that_says(b, "0.jpg", 'w', fresh);
    photo_that_says(b, "1.jpg", 'm', "");
    photo_that_says(b, "2.jpg", 'K', "");
    taken *all = bench_decode(b, 3, &params);
    assert_skipped(all, COVEY_E_DECODER, "signal 25"); /* SIGXFSZ */
    assert_skipped(all + 1, COVEY_E_DECODER, refused);
    assert_used(all + 2);
    taken_free(all, 3);
    assert_int_equal(stat(fresh, &info), 0);
    assert_int_equal(info.st_size, 0);
}

static void covey_decode_says_how_it_is_kept(void **state) {
    (void)state;
    char how[160];
    needs_seccomp();
    isolation_of(how, sizeof how, NULL);
    assert_string_equal(how, "seccomp, limits, no new privileges");
    setenv("COVEY_SANDBOX", "off", 1);
    isolation_of(how, sizeof how, NULL);
    unsetenv("COVEY_SANDBOX");
    assert_string_equal(how, "no new privileges; COVEY_SANDBOX=off");
}

int main(int argc, char **argv) {
    if (argc == 2 && !strcmp(argv[1], "--worker"))
        return misbehave(argv[0]);
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n <= 0)
        return 1;
    self[n] = '\0';
#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
    const struct CMUnitTest tests[] = {
        TEST(files_are_out_of_reach),
        TEST(networks_and_processes_are_out_of_reach),
        TEST(memory_and_rights_are_limited),
        TEST(hangs_and_crashes_end),
        TEST(threads_work),
        TEST(a_kernel_without_seccomp),
        TEST(covey_decode_says_how_it_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
