/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base_internal.h"

void covey__sha256(uint8_t digest[32], const void *data, size_t size) {
    EVP_Digest(data, size, digest, NULL, EVP_sha256(), NULL);
}

covey_status covey__sha256_file(uint8_t digest[32], uint64_t *size, const char *path,
                                covey_error *err) {
    covey_status status = COVEY_OK;
    unsigned char buffer[65536];
    uint64_t total = 0;
    EVP_MD_CTX *context = NULL;
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return covey__fail_errno(err, path, "could not be opened");
    if (fstat(fd, &info)) {
        status = covey__fail_errno(err, path, "could not be examined");
        goto done;
    }
    COVEY_FAIL_IF(!S_ISREG(info.st_mode), err, COVEY_E_FORMAT, path,
                  "is not a regular file; name a file");
    context = EVP_MD_CTX_new();
    COVEY_NOMEM_IF(!context || !EVP_DigestInit_ex(context, EVP_sha256(), NULL), err);
    for (;;) {
        ssize_t n = read(fd, buffer, sizeof buffer);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            status = covey__fail_errno(err, path, "could not be read");
            goto done;
        }
        if (n == 0)
            break;
        EVP_DigestUpdate(context, buffer, (size_t)n);
        total += (uint64_t)n;
    }
    EVP_DigestFinal_ex(context, digest, NULL);
    if (size)
        *size = total;
done:
    EVP_MD_CTX_free(context);
    close(fd);
    return status;
}

void covey__hex(char *out, const uint8_t *bytes, size_t n) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; ++i) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * n] = '\0';
}
