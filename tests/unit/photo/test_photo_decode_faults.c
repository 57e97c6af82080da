/* SPDX-License-Identifier: MIT */
/* Bad decoders. This program plays them itself: started with --worker it speaks the protocol, and
 * then does to each photo what the photo's first byte says. */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base_internal.h"
#include "decode_protocol_internal.h"
#include "photo_test_decoder.h"

/* ---- the bad decoder ----------------------------------------------------------------------- */

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

static int misbehave(void) {
    covey__decode_setup setup;
    covey__decode_hello hello = {COVEY__DECODE_HELLO, COVEY__DECODE_VERSION, "bad-1", "none"};
    covey__decode_request request;
    struct rlimit none = {0, 0};
    int fd = -1;
    setrlimit(RLIMIT_CORE, &none);
    if (!receive(&setup, sizeof setup, &fd))
        return 1;
    uint8_t *shared = mmap(NULL, COVEY__THUMB_AT, PROT_READ | PROT_WRITE, MAP_SHARED,
                           COVEY__DECODE_SHARED, 0);
    say(&hello, sizeof hello);
    while (receive(&request, sizeof request, &fd)) {
        covey__decode_reply reply = {
            .magic = COVEY__DECODE_REPLY, .id = request.id, .width = 1, .height = 1};
        char what = 0;
        ssize_t n = read(fd, &what, 1);
        (void)n;
        close(fd);
        memset(shared + COVEY__RGB_AT, 7, COVEY__RGB_BYTES);
        switch (what) {
        case 'c': /* crash */
            signal(SIGSEGV, SIG_DFL); /* sanitizers catch it otherwise */
            raise(SIGSEGV);
            break;
        case 'e':
            return 3;
        case 'h': /* hang */
            for (;;)
                pause();
        case 'g': /* answer garbage, or for another photo, or more than there is room for */
            memset(&reply, 0x55, sizeof reply);
            break;
        case 'i':
            reply.id ^= 1;
            break;
        case 't':
            reply.thumb_bytes = 0xFFFFFFFF;
            break;
        case 'z':
            reply.width = 0;
            break;
        case 's':
            say(&reply, 5);
            continue;
        case 'l': {
            char longer[4096] = {0};
            memcpy(longer, &reply, sizeof reply);
            say(longer, sizeof longer);
            continue;
        }
        case 'r': /* a reason without an end, of control characters */
            reply.status = COVEY_E_FORMAT;
            memset(reply.reason, 0x9B, sizeof reply.reason);
            break;
        case 'p': /* a status that does not exist */
            reply.status = 77;
            memcpy(reply.reason, "positive", 9);
            break;
        case 'q': { /* cut the shared memory off */
            int cut = ftruncate(COVEY__DECODE_SHARED, 0);
            (void)cut;
            break;
        }
        default:
            break;
        }
        say(&reply, sizeof reply);
        if (what == 'd') /* speaks twice */
            say(&reply, sizeof reply);
    }
    return 0;
}

/* ---- the tests ----------------------------------------------------------------------------- */

static char self[4096];

static size_t open_descriptors(void) {
    size_t n = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (readdir(folder))
        ++n;
    closedir(folder);
    return n;
}

static void assert_sevens(const taken *t) {
    assert_used(t);
    for (size_t i = 0; i < sizeof t->rgb; ++i)
        assert_int_equal(t->rgb[i], 7);
}

/* Photos ok, fault, ok, ok: the fault costs its photo alone. */
static void each_fault_costs_one_photo(void **state) {
    bench *b = *state;
    static const struct {
        char what;
        const char *says;
    } faults[] = {
        {'c', "signal 11"},      {'e', "exit code 3"},     {'h', "longer to decode than the limit"},
        {'g', "answer nonsense"}, {'i', "answer nonsense"}, {'t', "answer nonsense"},
        {'z', "answer nonsense"}, {'s', "decoder"},         {'l', "decoder"},
    };
    size_t before = open_descriptors();
    covey_decode_params params = covey_decode_params_default();
    params.program = self;
    params.time_limit = 1;
    for (size_t f = 0; f < LENGTH(faults); ++f) {
        char content[] = "okay";
        content[0] = faults[f].what;
        for (int i = 0; i < 4; ++i) {
            char name[16];
            snprintf(name, sizeof name, "%d.jpg", i);
            covey_test_write(bench_add(b, name), i == 1 ? content : "okay", 4);
        }
        for (params.threads = 1; params.threads <= 2; ++params.threads) {
            taken *all = bench_decode(b, 3, &params);
            assert_sevens(all);
            assert_skipped(all + 1, COVEY_E_DECODER, faults[f].says);
            assert_sevens(all + 2);
            assert_sevens(all + 3);
            taken_free(all, 4);
        }
        bench_clear(b);
    }
    assert_int_equal(open_descriptors(), before);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static void all_faults_at_once(void **state) {
    bench *b = *state;
    static const char what[] = "ccocecgcitzslooooccccodqo";
    covey_decode_params params = covey_decode_params_default();
    params.program = self;
    params.threads = 3;
    for (size_t i = 0; i < sizeof what - 1; ++i) {
        char name[16];
        snprintf(name, sizeof name, "%zu.jpg", i);
        covey_test_write(bench_add(b, name), what + i, 1);
    }
    taken *all = bench_decode(b, 5, &params);
    for (size_t i = 0; i < b->n; ++i)
        if (strchr("odq", what[i])) {
            /* one that follows a decoder speaking twice may fall with it */
            if (all[i].photo.status == COVEY_OK)
                assert_sevens(all + i);
            else
                assert_true(i > 0 && strchr(what, 'd') < what + i);
        } else {
            assert_skipped(all + i, COVEY_E_DECODER, "decoder");
        }
    taken_free(all, b->n);
}

static void reasons_are_plain(void **state) {
    bench *b = *state;
    covey_decode_params params = covey_decode_params_default();
    params.program = self;
    covey_test_write(bench_add(b, "r.jpg"), "r", 1);
    covey_test_write(bench_add(b, "p.jpg"), "p", 1);
    taken *all = bench_decode(b, 2, &params);
    assert_skipped(all, COVEY_E_FORMAT, "????");
    assert_int_equal(strlen(all->reason), COVEY__REASON_BYTES - 1);
    assert_skipped(all + 1, COVEY_E_DECODER, "positive");
    taken_free(all, 2);
}

static void script(bench *b, const char *text, char *path, size_t size) {
    snprintf(path, size, "%s/decoder.sh", b->root);
    covey_test_write(path, text, strlen(text));
    assert_int_equal(chmod(path, 0700), 0);
}

static void decoders_that_never_start(void **state) {
    bench *b = *state;
    covey_error err;
    covey_decoder *decoder = NULL;
    char path[1024];
    covey_decode_params params = covey_decode_params_default();
    size_t before = open_descriptors();
    params.program = path;
    static const char *const scripts[] = {"#!/bin/sh\nexit 3\n", "#!/bin/sh\necho hello >&3\n",
                                          "#!/bin/sh\nkill -9 $$\n"};
    for (size_t i = 0; i < LENGTH(scripts); ++i) {
        script(b, scripts[i], path, sizeof path);
        assert_status(covey_decoder_new(&decoder, 4, &params, &err), COVEY_E_DECODER);
        assert_string_equal(err.path, path);
    }
    script(b, "neither a script nor a program", path, sizeof path);
    assert_status(covey_decoder_new(&decoder, 4, &params, &err), COVEY_E_IO);
    params.program = "/nowhere/covey-decode";
    assert_status(covey_decoder_new(&decoder, 4, &params, &err), COVEY_E_NOT_FOUND);
    assert_non_null(strstr(err.message, "COVEY_DECODE"));
    assert_null(decoder);
    assert_int_equal(open_descriptors(), before);
    /* the environment is asked when nothing is named */
    setenv("COVEY_DECODE", "/nowhere/else", 1);
    assert_status(covey_decoder_new(&decoder, 4, NULL, &err), COVEY_E_NOT_FOUND);
    assert_string_equal(err.path, "/nowhere/else");
}

/* A decoder that is gone when a worker is to be replaced ends the run with an error. */
static void a_decoder_that_vanishes(void **state) {
    bench *b = *state;
    covey_error err;
    covey_decoder *decoder = NULL;
    char path[1024], command[8192];
    covey_decode_params params = covey_decode_params_default();
    snprintf(path, sizeof path, "%s/copy", b->root);
    snprintf(command, sizeof command, "cp '%s' '%s'", self, path);
    assert_int_equal(system(command), 0);
    params.program = path;
    params.threads = 1;
    covey_test_write(bench_add(b, "a.jpg"), "c", 1);
    covey_test_write(bench_add(b, "b.jpg"), "o", 1);
    assert_ok(covey_decoder_new(&decoder, 4, &params, &err));
    assert_string_equal(covey_decoder_preparation(decoder),
                        "224 bilinear orient icc alpha=white shrink bad-1");
    assert_int_equal(unlink(path), 0);
    assert_ok(covey_decoder_start(decoder, (const char *const *)b->paths, 2, &err));
    covey_photo photo;
    assert_ok(covey_decoder_next(decoder, &photo, &err));
    assert_int_equal(photo.status, COVEY_E_DECODER);
    covey_decoder_release(decoder, &photo);
    assert_status(covey_decoder_next(decoder, &photo, &err), COVEY_E_NOT_FOUND);
    covey_decoder_free(decoder);
}

static void order_of_calls(void **state) {
    bench *b = *state;
    covey_error err;
    covey_decoder *decoder = NULL;
    covey_photo held[3], photo;
    covey_decode_params params = covey_decode_params_default();
    params.program = self;
    for (int i = 0; i < 6; ++i) {
        char name[16];
        snprintf(name, sizeof name, "%d.jpg", i);
        covey_test_write(bench_add(b, name), "o", 1);
    }
    const char *const *paths = (const char *const *)b->paths;
    assert_ok(covey_decoder_new(&decoder, 2, &params, &err));
    assert_status(covey_decoder_next(decoder, &photo, &err), COVEY_E_ARGUMENT);
    assert_ok(covey_decoder_start(decoder, paths, 6, &err));
    assert_status(covey_decoder_start(decoder, paths, 6, &err), COVEY_E_ARGUMENT);
    /* one is held for long, while others come and go */
    assert_ok(covey_decoder_next(decoder, held, &err));
    for (size_t i = 1; i < 5; ++i) {
        assert_ok(covey_decoder_next(decoder, held + 1, &err));
        assert_int_equal(held[1].index, i);
        assert_status(covey_decoder_next(decoder, held + 2, &err), COVEY_E_ARGUMENT);
        covey_decoder_release(decoder, held + 1);
    }
    assert_int_equal(held[0].rgb[0], 7);
    covey_decoder_release(decoder, held);
    assert_ok(covey_decoder_next(decoder, &photo, &err));
    covey_decoder_release(decoder, &photo);
    /* again, and left in the middle */
    assert_ok(covey_decoder_start(decoder, paths, 6, &err));
    assert_ok(covey_decoder_next(decoder, &photo, &err));
    assert_int_equal(photo.index, 0);
    covey_decoder_free(decoder);
    covey_decoder_free(NULL);
    bench_clear(b);
}

static void wrong_parameters(void **state) {
    (void)state;
    covey_error err;
    covey_decoder *decoder = NULL;
    covey_decode_params p;
#define REFUSED(change, ahead)                                                                   \
    do {                                                                                         \
        p = covey_decode_params_default();                                                       \
        p.program = self;                                                                        \
        change;                                                                                  \
        assert_status(covey_decoder_new(&decoder, ahead, &p, &err), COVEY_E_ARGUMENT);           \
    } while (0)
    REFUSED((void)0, 0);
    REFUSED(p.threads = -1, 1);
    REFUSED(p.thumb = 2049, 1);
    REFUSED(p.time_limit = 0, 1);
    REFUSED(p.time_limit = NAN, 1);
    REFUSED(p.alpha = (covey_alpha)7, 1);
    REFUSED(p.max_pixels = 0, 1);
#undef REFUSED
}

/* A host that ignores its children's ends, and one that would be killed by SIGPIPE. */
static void hosts_with_signals_of_their_own(void **state) {
    bench *b = *state;
    covey_decode_params params = covey_decode_params_default();
    params.program = self;
    signal(SIGCHLD, SIG_IGN);
    signal(SIGPIPE, SIG_DFL);
    for (int i = 0; i < 8; ++i) {
        char name[16];
        snprintf(name, sizeof name, "%d.jpg", i);
        covey_test_write(bench_add(b, name), i % 2 ? "o" : "e", 1);
    }
    taken *all = bench_decode(b, 4, &params);
    for (size_t i = 0; i < 8; ++i)
        assert_true((all[i].photo.status == COVEY_OK) == (i % 2 == 1));
    taken_free(all, 8);
    signal(SIGCHLD, SIG_DFL);
}

static void allocation_failures_are_reported(void **state) {
    (void)state;
    covey_error err;
    covey_decode_params params = covey_decode_params_default();
    params.program = self;
    params.threads = 1;
    params.thumb = 32;
    size_t k = 1;
    for (;; ++k) {
        covey_decoder *decoder = NULL;
        covey__alloc_fail_at(k);
        covey_status got = covey_decoder_new(&decoder, 1, &params, &err);
        covey__alloc_fail_at(0);
        if (got == COVEY_OK) {
            covey_decoder_free(decoder);
            break;
        }
        assert_int_equal(got, COVEY_E_NOMEM);
        assert_null(decoder);
    }
    assert_true(k > 5);
}

int main(int argc, char **argv) {
    if (argc == 2 && !strcmp(argv[1], "--worker"))
        return misbehave();
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n <= 0)
        return 1;
    self[n] = '\0';
#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
    const struct CMUnitTest tests[] = {
        TEST(each_fault_costs_one_photo),
        TEST(all_faults_at_once),
        TEST(reasons_are_plain),
        TEST(decoders_that_never_start),
        TEST(a_decoder_that_vanishes),
        TEST(order_of_calls),
        TEST(wrong_parameters),
        TEST(hosts_with_signals_of_their_own),
        TEST(allocation_failures_are_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
