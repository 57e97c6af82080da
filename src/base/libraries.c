/* SPDX-License-Identifier: MIT */
/* The libraries this one runs on, by their own account at run time. */
#include <jansson.h>
#include <nlopt.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <zip.h>

#include "covey/status.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char text[256];

static void collect(void) {
    int major, minor, patch;
    char crypto[64] = "unknown"; /* "OpenSSL 3.0.19 27 Jan 2026": the second word */
    (void)sscanf(OpenSSL_version(OPENSSL_VERSION), "%*s %63s", crypto);
    nlopt_version(&major, &minor, &patch);
    snprintf(text, sizeof text,
             "nlopt %d.%d.%d, jansson %s, libzip %s, libcrypto %s, sqlite %s", major, minor, patch,
             jansson_version_str(), zip_libzip_version(), crypto,
             sqlite3_libversion());
}

const char *covey_libraries(void) {
    pthread_once(&once, collect);
    return text;
}
