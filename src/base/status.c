/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "base_internal.h"

const char *covey_status_str(covey_status status) {
    switch (status) {
#define COVEY_STATUS_CASE(name, value, sentence)                                                 \
    case COVEY_##name:                                                                           \
        return sentence;
        COVEY_STATUS_MAP(COVEY_STATUS_CASE)
#undef COVEY_STATUS_CASE
    }
    return "unknown status";
}

const char *covey_version(void) {
    return COVEY_VERSION;
}

/* Cuts the sentence to whole characters and makes it valid UTF-8 without control characters, in
 * place: names of files and their content get into it. */
static void clean_message(char *message) {
    char *out = message;
    for (const char *in = message; *in;) {
        size_t n = covey__utf8_length(in);
        if (n == 0 || (n == 1 && (*in < 0x20 || *in == 0x7F))) {
            *out++ = '?';
            ++in;
            continue;
        }
        memmove(out, in, n);
        out += n;
        in += n;
    }
    *out = '\0';
}

covey_status (covey__fail)(covey_error *err, covey_status status, const char *path,
                           const char *fmt, ...) {
    if (err) {
        va_list args;
        va_start(args, fmt);
        err->status = status;
        locale_t kept = covey__c_locale_begin();
        vsnprintf(err->message, sizeof err->message, fmt, args);
        covey__c_locale_end(kept);
        va_end(args);
        clean_message(err->message);
        snprintf(err->path, sizeof err->path, "%s", path ? path : "");
    }
    return status;
}

covey_status (covey__fail_errno)(covey_error *err, const char *path, const char *what) {
    int code = errno;
    char text[128];
    const char *reason = strerror_r(code, text, sizeof text);
    covey_status status = code == ENOENT   ? COVEY_E_NOT_FOUND
                          : code == ENOMEM ? COVEY_E_NOMEM
                                           : COVEY_E_IO;
    return covey__fail(err, status, path, "%s: %s", what, reason);
}
