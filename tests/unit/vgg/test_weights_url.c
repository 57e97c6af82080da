/* SPDX-License-Identifier: MIT */
/* Downloads by libcurl, from this machine alone. */
#include "weights_files.h"

#include <arpa/inet.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "weights_get_internal.h"

typedef struct setting {
    file_model model;
    covey__known_weights known;
    covey__fetch fetch;
    char folder[320], url[400];
} setting;

static int stop_at_once(void *user, const char *stage, size_t done, size_t total) {
    (void)user, (void)stage, (void)done, (void)total;
    return 1;
}

static void set_up(setting *s, const char *content) {
    char served[320];
    memset(s, 0, sizeof *s);
    model_init(&s->model, tiny_channels);
    model_path(s->folder, &s->model, "fetch");
    model_path(served, &s->model, "served");
    assert_int_equal(mkdir(s->folder, 0777), 0);
    covey_test_write(served, content, strlen(content));
    snprintf(s->url, sizeof s->url, "file://%s", served);
    s->known = (covey__known_weights){.name = "test",
                                      .url = s->url,
                                      .checkpoint = "file.pth",
                                      /* of "abc" (FIPS 180-2) */
                                      .file_sha256 = "ba7816bf"};
    s->fetch = (covey__fetch){.known = &s->known, .folder = s->folder, .protocols = "file,https"};
}

static void a_whole_file_of_the_right_digest_is_kept(void **state) {
    (void)state;
    covey_error err;
    setting s;
    char *file;
    set_up(&s, "abc");
    assert_ok(covey__fetch_url(&file, &s.fetch, &err));
    covey__text text = {0};
    read_whole(&text, file);
    assert_string_equal(text.data, "abc");
    covey__text_fini(&text);
    covey__free(file);
    model_fini(&s.model);
}

static void another_digest_is_refused(void **state) {
    (void)state;
    covey_error err;
    setting s;
    char *file;
    set_up(&s, "abd");
    assert_status(covey__fetch_url(&file, &s.fetch, &err), COVEY_E_DIGEST);
    assert_non_null(strstr(err.message, s.url));
    model_fini(&s.model);
}

static void only_https_is_spoken(void **state) {
    (void)state;
    covey_error err;
    setting s;
    char *file;
    set_up(&s, "abc");
    s.fetch.protocols = NULL;
    assert_status(covey__fetch_url(&file, &s.fetch, &err), COVEY_E_IO);
    s.known.url = "http://127.0.0.1:9/file";
    assert_status(covey__fetch_url(&file, &s.fetch, &err), COVEY_E_IO);
    assert_non_null(strstr(err.message, s.known.url));
    model_fini(&s.model);
}

/* A server that takes the connection and says nothing. */
static int silent_server(char url[64]) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int server = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(server >= 0);
    assert_int_equal(bind(server, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(server, 4), 0);
    assert_int_equal(getsockname(server, (struct sockaddr *)&address, &size), 0);
    snprintf(url, 64, "https://127.0.0.1:%d/file", ntohs(address.sin_port));
    return server;
}

static void a_silent_server_can_be_left(void **state) {
    (void)state;
    covey_error err;
    setting s;
    char *file, url[64];
    set_up(&s, "abc");
    int server = silent_server(url);
    s.known.url = url;
    s.fetch.progress = stop_at_once;
    assert_status(covey__fetch_url(&file, &s.fetch, &err), COVEY_E_CANCELLED);
    close(server);
    /* Nobody listens there any more. */
    s.fetch.progress = NULL;
    assert_status(covey__fetch_url(&file, &s.fetch, &err), COVEY_E_IO);
    assert_non_null(strstr(err.message, url));
    model_fini(&s.model);
}

static void a_full_disk_is_said(void **state) {
    (void)state;
    setting s;
    char *content = calloc(1, 300001);
    assert_non_null(content);
    memset(content, 'x', 300000);
    set_up(&s, content);
    free(content);
    pid_t id = fork();
    if (id == 0) {
        covey_error err = {.message = ""};
        char *file;
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){20000, 20000});
        covey_status status = covey__fetch_url(&file, &s.fetch, &err);
        _exit(status == COVEY_E_IO && strstr(err.message, "could not be written") ? 0 : 1);
    }
    int ended;
    assert_int_equal(waitpid(id, &ended, 0), id);
    assert_int_equal(ended, 0);
    model_fini(&s.model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_file_of_the_right_digest_is_kept),
        cmocka_unit_test(another_digest_is_refused),
        cmocka_unit_test(only_https_is_spoken),
        cmocka_unit_test(a_silent_server_can_be_left),
        cmocka_unit_test(a_full_disk_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
