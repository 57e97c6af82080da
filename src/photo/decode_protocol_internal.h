/* SPDX-License-Identifier: MIT */
/* What the library and a covey-decode worker say to each other.
 *
 * A worker is started with a SOCK_SEQPACKET socket and a memfd at fixed descriptors. The library
 * sends one setup, the worker answers one hello; then, one at a time, a request with the photo's
 * open file attached, and its reply. A worker never learns a path: it needs no file system once it
 * runs, and enters a sandbox before its hello. The memfd is the worker's alone: whatever a photo does to
 * its decoder, other photos' pixels are out of reach, and the library copies them out before it
 * sends the next request.
 *
 *     memfd:  | result (one page) | rgb [224][224][3] | thumbnail, up to thumb_room bytes |
 *
 * The thumbnail is JPEG, or [thumb_height][thumb_width][3] where the setup says raw.
 */
#ifndef COVEY_DECODE_PROTOCOL_INTERNAL_H
#define COVEY_DECODE_PROTOCOL_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

enum {
    COVEY__DECODE_SOCKET = 3,
    COVEY__DECODE_SHARED = 4,
    COVEY__DECODE_VERSION = 3,
    COVEY__REASON_BYTES = 384,
    COVEY__RGB_AT = 4096,
    COVEY__RGB_BYTES = 224 * 224 * 3,
    COVEY__THUMB_AT = COVEY__RGB_AT + COVEY__RGB_BYTES,
    COVEY__THUMB_LARGEST = 2048
};

enum {
    COVEY__DECODE_SETUP = 0x43560001,
    COVEY__DECODE_HELLO = 0x43560002,
    COVEY__DECODE_REQUEST = 0x43560003,
    COVEY__DECODE_REPLY = 0x43560004
};

typedef struct covey__decode_setup {
    uint32_t magic, version;
    uint32_t full, orient, icc, alpha, crop;
    uint32_t thumb;
    uint64_t max_pixels;
    uint64_t thumb_room;
    uint32_t seconds; /* on one photo, after which the worker ends by itself: nobody else might */
    uint32_t thumb_raw;
} covey__decode_setup;

typedef struct covey__decode_hello {
    uint32_t magic, version;
    char decoder[64];    /* "vips-8.14.1 codecs-1a2b3c4d" */
    char isolation[128]; /* "seccomp, limits, no new privileges" */
} covey__decode_hello;

typedef struct covey__decode_request {
    uint32_t magic;
    uint32_t name_kind; /* covey__kind that the name suggests, for the wording of reasons */
    uint64_t id;
} covey__decode_request;

typedef struct covey__decode_reply {
    uint32_t magic;
    int32_t status; /* covey_status */
    uint64_t id;
    uint32_t width, height;
    uint32_t thumb_bytes, thumb_width, thumb_height;
    char reason[COVEY__REASON_BYTES]; /* NUL-terminated */
} covey__decode_reply;

/* Filled before decoding begins, so that it survives a crash of the decoder. */
typedef struct covey__decode_result {
    uint64_t bytes;
    uint32_t hashed;
    uint8_t sha256[32];
} covey__decode_result;

/* Room for the thumbnail: its pixels, or more than JPEG needs for noise at a modest quality. */
static inline uint64_t covey__thumb_room(uint64_t side, uint32_t raw) {
    if (raw)
        return side * side * 3;
    return side ? side * side * 3 / 2 + 65536 : 0;
}

#endif
