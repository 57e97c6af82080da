/* SPDX-License-Identifier: MIT */
/* Fetching torchvision's file from where torchvision publishes it, by libcurl: HTTPS only, into a
 * temporary file whose SHA-256 must be the published one.
 *
 * libcurl is opened when a file is fetched, once in the life of an installation: linked, it and what
 * it needs (LDAP, Kerberos, two TLS libraries, ...) would be four fifths of what it takes to start any
 * command. */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include <curl/curl.h>

#include "base_internal.h"
#include "weights_get_internal.h"

#define SIZE_LIMIT ((curl_off_t)1 << 30) /* the largest of them has 528 MB */

typedef struct transfer {
    const covey__fetch *fetch;
    FILE *file;
    int write_error; /* errno */
    covey_status told;
    covey_error *err;
    curl_off_t received;
} transfer;

/* The functions used, under the names they have in libcurl. */
static struct {
    CURLcode (*global_init)(long flags);
    CURL *(*easy_init)(void);
    CURLcode (*easy_setopt)(CURL *curl, CURLoption option, ...);
    CURLcode (*easy_perform)(CURL *curl);
    void (*easy_cleanup)(CURL *curl);
    const char *(*easy_strerror)(CURLcode code);
} curl;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int opened; /* 1: every function is there and libcurl has started */

static void open_curl(void) {
    /* The ABI of 4 has been one since 2006; the second is Debian's with another TLS library. */
    static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4", "libcurl.4.dylib"};
    const struct {
        const char *name;
        void *to;
    } functions[] = {
        {"curl_global_init", &curl.global_init},   {"curl_easy_init", &curl.easy_init},
        {"curl_easy_setopt", &curl.easy_setopt},   {"curl_easy_perform", &curl.easy_perform},
        {"curl_easy_cleanup", &curl.easy_cleanup}, {"curl_easy_strerror", &curl.easy_strerror},
    };
    void *library = NULL;
    for (size_t i = 0; !library && i < sizeof names / sizeof *names; ++i)
        library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return;
    for (size_t i = 0; i < sizeof functions / sizeof *functions; ++i) {
        void *function = dlsym(library, functions[i].name);
        if (!function)
            return;
        memcpy(functions[i].to, &function, sizeof function); /* ISO C has no cast for this */
    }
    opened = curl.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

static size_t on_data(char *data, size_t size, size_t n, void *user) {
    transfer *t = user;
    t->received += (curl_off_t)(size * n);
    if (t->received > SIZE_LIMIT)
        return 0;
    size_t written = fwrite(data, size, n, t->file);
    if (written != n)
        t->write_error = errno ? errno : EIO;
    return written * size;
}

static int on_progress(void *user, curl_off_t total, curl_off_t done, curl_off_t up_total,
                       curl_off_t up) {
    transfer *t = user;
    (void)up_total;
    (void)up;
    t->told = covey__fetch_tell(t->fetch, (size_t)done, (size_t)total, t->err);
    return t->told != COVEY_OK;
}

#if LIBCURL_VERSION_NUM < 0x075500
/* "https" or "http,https" as older versions of libcurl take them: as bits. */
static long protocol_bits(const char *names) {
    static const struct {
        const char *name;
        long bit;
    } known[] = {{"http", CURLPROTO_HTTP}, {"https", CURLPROTO_HTTPS}, {"file", CURLPROTO_FILE}};
    long bits = 0;
    for (const char *at = names; *at; at += strcspn(at, ","), at += *at == ',')
        for (size_t i = 0; i < sizeof known / sizeof *known; ++i)
            if (strcspn(at, ",") == strlen(known[i].name) &&
                strncmp(at, known[i].name, strlen(known[i].name)) == 0)
                bits |= known[i].bit;
    return bits;
}
#endif

static CURLcode configure(CURL *handle, transfer *t, char problem[CURL_ERROR_SIZE]) {
    CURLcode code = CURLE_OK;
    const char *protocols = t->fetch->protocols ? t->fetch->protocols : "https";
#define SET(option, value)                                                                       \
    if (code == CURLE_OK)                                                                        \
    code = curl.easy_setopt(handle, option, value)
    SET(CURLOPT_URL, t->fetch->known->url);
#if LIBCURL_VERSION_NUM < 0x075500
    SET(CURLOPT_PROTOCOLS, protocol_bits(protocols));
    SET(CURLOPT_REDIR_PROTOCOLS, protocol_bits(protocols));
#else
    SET(CURLOPT_PROTOCOLS_STR, protocols);
    SET(CURLOPT_REDIR_PROTOCOLS_STR, protocols);
#endif
    SET(CURLOPT_FOLLOWLOCATION, 1L);
    SET(CURLOPT_MAXREDIRS, 5L);
    SET(CURLOPT_FAILONERROR, 1L);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_CONNECTTIMEOUT, 20L);
    /* A transfer that stands still for half a minute is over. */
    SET(CURLOPT_LOW_SPEED_LIMIT, 1000L);
    SET(CURLOPT_LOW_SPEED_TIME, 30L);
    SET(CURLOPT_MAXFILESIZE_LARGE, SIZE_LIMIT);
    SET(CURLOPT_USERAGENT, "covey/" COVEY_VERSION);
    SET(CURLOPT_ERRORBUFFER, problem);
    SET(CURLOPT_WRITEFUNCTION, on_data);
    SET(CURLOPT_WRITEDATA, t);
    SET(CURLOPT_NOPROGRESS, 0L);
    SET(CURLOPT_XFERINFOFUNCTION, on_progress);
    SET(CURLOPT_XFERINFODATA, t);
#undef SET
    return code;
}

static covey_status download(const char *path, const covey__fetch *fetch, covey_error *err) {
    covey_status status = COVEY_OK;
    char problem[CURL_ERROR_SIZE] = "";
    transfer t = {.fetch = fetch, .err = err};
    CURL *handle = NULL;
    pthread_once(&once, open_curl);
    if (!opened)
        return covey__fail(err, COVEY_E_UNSUPPORTED, NULL,
                           "libcurl (libcurl.so.4), which would fetch %s, is not on this machine",
                           fetch->known->url);
    t.file = fopen(path, "wbe");
    if (!t.file)
        return covey__fail_errno(err, path, "could not be created");
    handle = curl.easy_init();
    COVEY_NOMEM_IF(!handle, err);
    CURLcode code = configure(handle, &t, problem);
    if (code == CURLE_OK)
        code = curl.easy_perform(handle);
    if (t.told != COVEY_OK) {
        status = t.told;
        goto done;
    }
    if (!t.write_error && fflush(t.file))
        t.write_error = errno;
    if (t.write_error) {
        errno = t.write_error;
        status = covey__fail_errno(err, path, "could not be written");
        goto done;
    }
    COVEY_FAIL_IF(code != CURLE_OK, err, COVEY_E_IO, NULL, "%s could not be fetched: %.200s",
                  fetch->known->url, problem[0] ? problem : curl.easy_strerror(code));
done:
    if (handle)
        curl.easy_cleanup(handle);
    fclose(t.file);
    return status;
}

covey_status covey__fetch_url(char **file, const covey__fetch *fetch, covey_error *err) {
    covey_status status = COVEY_OK;
    char *path = covey__path_join(fetch->folder, fetch->known->checkpoint);
    COVEY_NOMEM_IF(!path, err);
    COVEY_TRY(download(path, fetch, err));
    uint8_t digest[32];
    char hexadecimal[65];
    COVEY_TRY(covey__sha256_file(digest, NULL, path, err));
    covey__hex(hexadecimal, digest, sizeof digest);
    COVEY_FAIL_IF(strncmp(hexadecimal, fetch->known->file_sha256,
                          strlen(fetch->known->file_sha256)) != 0,
                  err, COVEY_E_DIGEST, NULL,
                  "%s gave a file with another SHA-256 (%.12s...) than the one published "
                  "(%.12s...)",
                  fetch->known->url, hexadecimal, fetch->known->file_sha256);
    *file = path;
    path = NULL;
done:
    covey__free(path);
    return status;
}
