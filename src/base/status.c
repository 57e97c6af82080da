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

covey_status covey__fail(covey_error *err, covey_status status, const char *path, const char *fmt,
                         ...) {
    if (err) {
        va_list args;
        va_start(args, fmt);
        err->status = status;
        vsnprintf(err->message, sizeof err->message, fmt, args);
        va_end(args);
        snprintf(err->path, sizeof err->path, "%s", path ? path : "");
    }
    return status;
}

covey_status covey__fail_errno(covey_error *err, const char *path, const char *what) {
    int code = errno;
    char text[128];
    const char *reason = strerror_r(code, text, sizeof text);
    covey_status status = code == ENOENT   ? COVEY_E_NOT_FOUND
                          : code == ENOMEM ? COVEY_E_NOMEM
                                           : COVEY_E_IO;
    return covey__fail(err, status, path, "%s: %s", what, reason);
}
